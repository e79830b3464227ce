//! What a failed step or run says of itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a step or a run failed, as recorded and as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunError {
    /// A stable code that programs can match on, such as `http_status` or `unknown_name`.
    pub code: String,
    /// What went wrong and what to do, for a person.
    pub message: String,
    /// The step that failed; none when the run itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// That step's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_name: Option<String>,
    /// The number of the last attempt, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The HTTP status that a bare execution answers with; 500 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// More for a program: the status and body of a failed request, the faults of a bad setting, …
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::present::value")]
    pub details: Option<Arc<Value>>,
}

impl RunError {
    /// An error of no step in particular.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            step_id: None,
            step_name: None,
            attempt: None,
            http_status: None,
            details: None,
        }
    }
}
