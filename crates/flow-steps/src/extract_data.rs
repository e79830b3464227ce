//! `extract-data`: has a language model find values in a text.

mod about;
mod fields;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{Step, StepAbout, StepContext, StepError};
use flow_model::Fields;
use serde_json::Value;

use crate::Llm;
use crate::llm::{Written, resolved};

/// The `extract-data` step. Its result is what was found, of the form that the settings ask for.
///
/// It fails with `settings_invalid`, and as every question to a model does; see [`AskToLlm`](crate::AskToLlm).
#[derive(Debug, Clone)]
pub struct ExtractData {
    llm: Llm,
}

impl ExtractData {
    /// The step, with the model that it asks.
    pub fn new(llm: Llm) -> Self {
        Self { llm }
    }
}

#[async_trait]
impl Step for ExtractData {
    fn kind(&self) -> &'static str {
        "extract-data"
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
        let (question, wanted) = resolved(&input, settings::read)?;
        let reply = self.llm.reply(question, &context).await?;
        Ok(wanted.complete(reply.value.unwrap_or_default()))
    }
}
