//! `ask-to-llm`: asks a language model.

mod about;
mod images;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{Files, Step, StepAbout, StepContext, StepError};
use flow_model::Fields;
use serde_json::{Map, Value};

use crate::Llm;
use crate::files::OwnFiles;
use crate::llm::{Written, resolved};

/// The `ask-to-llm` step. Its result is `{response, json, model, usage: {inputTokens, outputTokens}}`, `json` for answers
/// in JSON alone.
///
/// It fails with `settings_invalid`, `file_not_found`, `file_too_large`, `files_unavailable`, `url_invalid`, `scheme_unsupported`, and as every question to a model does:
/// `llm_not_configured`, `llm_model_missing`, `llm_unauthorized`, `llm_refused`, `llm_unavailable`, `llm_stream_cut`,
/// `llm_answer_unreadable`, `llm_answer_invalid`, `schema_too_complex`, `output_too_large`, `network`, `timeout`.
#[derive(Debug, Clone)]
pub struct AskToLlm {
    llm: Llm,
    files: Option<Files>,
}

impl AskToLlm {
    /// The step, with the model that it asks.
    pub fn new(llm: Llm) -> Self {
        Self { llm, files: None }
    }

    /// The step, with the files that it can show to the model as images.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Self { files: Some(files), ..self }
    }
}

#[async_trait]
impl Step for AskToLlm {
    fn kind(&self) -> &'static str {
        "ask-to-llm"
    }

    fn about(&self) -> StepAbout {
        about::about()
    }

    fn asks_models(&self) -> bool {
        true
    }

    fn check(&self, data: &Fields<'_>) {
        settings::read(Written::by_author(data));
    }

    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        let input = images::filled(input, &OwnFiles::new(&self.files, &context)).await?;
        let question = resolved(&input, settings::read)?;
        let reply = self.llm.reply(question, &context).await?;
        let mut result = Map::new();
        result.insert("response".to_owned(), Value::String(reply.text));
        result.extend(reply.value.map(|value| ("json".to_owned(), value)));
        result.insert("model".to_owned(), Value::String(reply.model));
        result.insert("usage".to_owned(), reply.usage.shown());
        Ok(Value::Object(result))
    }
}
