//! `http-request`: asks another server.

mod about;
mod attachment;
mod auth;
mod body;
mod failure;
mod response;
mod retry_after;
mod send;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::{Files, Step, StepAbout, StepContext, StepError};
use flow_model::Fields;
use serde_json::Value;

use crate::Outbound;
use crate::files::OwnFiles;
pub(crate) use retry_after::retry_after;
use settings::Settings;

/// The `http-request` step. Its result is `{status, headers, body, durationMs}`.
///
/// It fails with `url_invalid`, `scheme_unsupported`, `outbound_denied`, `settings_invalid`, `network`,
/// `timeout`, `too_many_redirects`, `response_not_json`, `output_too_large`, `file_not_found`, `files_unavailable`,
/// or, for an answer of 400 and above, `http_status`. A `Retry-After` of a 429 or a 503 goes with the failure.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    outbound: Outbound,
    files: Option<Files>,
    time_limit: Duration,
}

/// How long a request may take, from looking the name up to the last byte of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(60);

impl HttpRequest {
    /// The step, with the way out that it uses.
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, files: None, time_limit: TIME_LIMIT }
    }

    /// The step, with the files that it can send.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Self { files: Some(files), ..self }
    }

    /// The step, whose requests may take so long in all and not the usual minute.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }
}

#[async_trait]
impl Step for HttpRequest {
    fn kind(&self) -> &'static str {
        "http-request"
    }

    fn about(&self) -> StepAbout {
        about::about()
    }

    fn secret_fields(&self) -> &'static [&'static str] {
        &["url", "headers", "query", "body", "auth"]
    }

    fn check(&self, data: &Fields<'_>) {
        settings::check(data);
    }

    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        let settings = Settings::read(&input)?;
        let files = OwnFiles::new(&self.files, &context);
        let (outbound, key) = (&self.outbound, context.execution.to_string());
        send::send(outbound, &files, &key, self.time_limit, settings).await
    }
}
