//! What comes back: a chat completion, whole or chunk by chunk.

use flow_model::ModelUsage;
use serde::Deserialize;
use serde_json::{Value, json};

/// A model's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    /// What it says.
    pub(crate) text: String,
    /// The model, as the endpoint names it.
    pub(crate) model: Option<String>,
    pub(crate) usage: Usage,
    /// Why the model won't say anything.
    pub(super) refusal: String,
    /// Why it ended; none when it hasn't.
    pub(super) finish: Option<String>,
}

/// The tokens that were used; none where the endpoint doesn't count them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Usage {
    #[serde(rename = "prompt_tokens")]
    input: Option<u64>,
    #[serde(rename = "completion_tokens")]
    output: Option<u64>,
}

impl Usage {
    /// As a flow sees it.
    pub(crate) fn shown(self) -> Value {
        json!({ "inputTokens": self.input, "outputTokens": self.output })
    }

    /// As it is charged for. What isn't counted costs nothing.
    pub(crate) fn of(self, model: &str) -> ModelUsage {
        let (input_tokens, output_tokens) = (self.input.unwrap_or(0), self.output.unwrap_or(0));
        ModelUsage { model: model.to_owned(), input_tokens, output_tokens }
    }

    /// Of two requests together.
    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        Self { input: sum(self.input, other.input), output: sum(self.output, other.output) }
    }
}

/// A chunk of a stream; a whole completion looks the same but for its `message`.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    choices: Option<Vec<Choice>>,
    model: Option<String>,
    usage: Option<Usage>,
    /// What some endpoints send when they fail in the middle.
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
}

impl Answer {
    /// Takes a chunk in.
    pub(super) fn add(&mut self, chunk: Chunk) {
        for choice in chunk.choices.into_iter().flatten() {
            let delta = choice.delta.unwrap_or(Delta { content: None, refusal: None });
            self.text.push_str(&delta.content.unwrap_or_default());
            self.refusal.push_str(&delta.refusal.unwrap_or_default());
            self.finish = choice.finish_reason.or(self.finish.take());
        }
        self.model = chunk.model.filter(|model| !model.is_empty()).or(self.model.take());
        self.usage = chunk.usage.unwrap_or(self.usage);
    }

    /// The bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.refusal.len()
    }
}
