//! Steps that ask a language model, against a local endpoint that speaks as it is told to.

mod answers;
mod extract;
mod failures;
mod fake;
mod formats;
mod in_a_run;
mod settings;
mod stream;

use std::sync::Arc;

use flow_engine::{Step, StepContext, StepError};
use flow_model::ModelUsage;
use flow_steps::{AskToLlm, ExtractData, Llm, LlmOptions};
use serde_json::Value;

use crate::support::{KEY, WORKSPACE, run};
use fake::Fake;

/// What no message and no event may hold.
const API_KEY: &str = "sk-very-secret";

fn options(base_url: String) -> LlmOptions {
    LlmOptions { base_url, api_key: API_KEY.to_owned(), default_model: "small".to_owned() }
}

async fn ask(fake: &Fake, settings: Value) -> Result<Value, StepError> {
    run(AskToLlm::new(fake.llm()), settings).await
}

/// What a question was answered with, and what was told of the tokens that it took.
async fn asked_and_used(fake: &Fake, settings: Value) -> (Result<Value, StepError>, Vec<ModelUsage>) {
    let context = StepContext::new(KEY.parse().unwrap(), WORKSPACE);
    let result = AskToLlm::new(fake.llm()).run(context.clone(), Arc::new(settings)).await;
    (result, context.usage.take())
}

async fn extract(fake: &Fake, settings: Value) -> Result<Value, StepError> {
    run(ExtractData::new(fake.llm()), settings).await
}

/// No model at all.
fn nobody() -> Llm {
    Llm::new(LlmOptions::default()).unwrap()
}
