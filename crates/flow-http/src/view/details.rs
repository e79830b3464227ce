//! The overview of a run: its row, its waits, and a row for each step, with payloads cut to previews.

mod step;
mod wait;

use std::sync::Arc;

use flow_engine::RunView;
use flow_model::{RunError, Timestamp, VersionNumber};
use serde::Serialize;
use serde_json::Value;

use super::ErrorView;
use super::preview::Preview;
use super::wait::Waits;
use step::StepRow;
use wait::WaitRow;

/// A run, as the overview shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details<'a> {
    #[serde(rename = "_id")]
    id: String,
    app_run_id: String,
    flow_id: Option<String>,
    version: Option<VersionNumber>,
    definition_hash: String,
    status: &'static str,
    trigger: &'a str,
    created_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    duration_ms: Option<u64>,
    seq: u64,
    #[serde(flatten)]
    inputs: Inputs<'a>,
    #[serde(flatten)]
    output: Output<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    #[serde(flatten)]
    open: Option<Waits>,
    waits: Vec<WaitRow<'a>>,
    steps: Vec<StepRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inputs<'a> {
    inputs: Option<Preview<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inputs_truncated: bool,
}

/// An output, and whether some of it is missing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    output: Option<Preview<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    output_truncated: bool,
}

impl<'a> Output<'a> {
    fn of(value: Option<&'a Arc<Value>>, limit: usize) -> Self {
        let (output, output_truncated) = preview(value, limit);
        Self { output, output_truncated }
    }
}

impl<'a> Details<'a> {
    /// The overview. `error` is the run's, if it failed; previews take `limit` bytes at most.
    pub(crate) fn of(view: &'a RunView, error: Option<&'a RunError>, limit: usize) -> Self {
        let record = &view.record;
        let start = view.state.start();
        let (inputs, inputs_truncated) = preview(start.map(|(_, start)| &start.inputs), limit);
        Self {
            id: record.id.to_string(),
            app_run_id: record.id.to_string(),
            flow_id: record.flow.map(|flow| flow.to_string()),
            version: record.version,
            definition_hash: record.definition.to_string(),
            status: view.status().as_str(),
            trigger: &record.trigger,
            created_at: record.created_at.to_string(),
            started_at: start.map(|(at, _)| at.to_string()),
            ended_at: record.finished_at.map(|at| at.to_string()),
            duration_ms: duration_ms(record.created_at, record.finished_at),
            seq: view.state.seq(),
            inputs: Inputs { inputs, inputs_truncated },
            output: Output::of(view.output(), limit),
            error: error.map(ErrorView::of),
            open: Waits::all(view),
            waits: view.state.visits().filter_map(|(path, visit)| WaitRow::of(view, path, visit)).collect(),
            steps: view.state.visits().map(|(path, visit)| StepRow::of(view, path, visit, limit)).collect(),
        }
    }
}

fn preview(value: Option<&Arc<Value>>, limit: usize) -> (Option<Preview<'_>>, bool) {
    let preview = value.map(|value| Preview::of(value, limit));
    let cut = preview.as_ref().is_some_and(Preview::is_cut);
    (preview, cut)
}

fn duration_ms(from: Timestamp, to: Option<Timestamp>) -> Option<u64> {
    u64::try_from(to?.since(from).as_millis()).ok()
}
