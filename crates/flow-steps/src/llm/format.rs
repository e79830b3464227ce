//! Asks for an answer of some form, and asks once more when it hasn't got it.

use flow_engine::{StepContext, StepError};
use flow_model::Schema;
use serde_json::{Value, json};

use super::failure::cut;
use super::schema::problems;
use super::{Answer, Llm, Message, Request, Usage};

/// The most characters of a useless answer that a failure shows.
const MOST_SHOWN: usize = 2_000;

/// What an answer must be.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// Any text.
    Text,
    /// Any JSON value.
    Json,
    /// A JSON value that fits.
    Schema(Schema),
}

/// What a step asks.
#[derive(Debug)]
pub(crate) struct Question {
    /// The model, if the step names one.
    pub(crate) model: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) user: Message,
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) format: Format,
}

/// The answer to it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) text: String,
    /// Its value, unless any text would do.
    pub(crate) value: Option<Value>,
    pub(crate) model: String,
    /// Of both rounds, if there were two.
    pub(crate) usage: Usage,
}

impl Llm {
    /// Asks, and tells the model once what is wrong with an answer of the wrong form.
    pub(crate) async fn reply(&self, question: Question, context: &StepContext) -> Result<Reply, StepError> {
        self.configured()?;
        let limit = self.limits.total;
        tokio::time::timeout(limit, self.rounds(question, context)).await.unwrap_or_else(|_| {
            let message = format!("the model had not answered after {} s", limit.as_secs_f32());
            Err(StepError::new("timeout", message))
        })
    }

    async fn rounds(&self, question: Question, context: &StepContext) -> Result<Reply, StepError> {
        let key = context.execution.to_string();
        let format = question.format.clone();
        let mut request = self.request(question)?;
        let answer = self.ask(&request, &key).await?;
        context.usage.add(answer.usage.of(&request.model));
        let problems = match format.value(&answer).await? {
            Ok(value) => return Ok(reply(request, answer, value)),
            Err(problems) => problems,
        };
        request.messages.push(Message::assistant(answer.text));
        request.messages.push(Message::user(complaint(&problems, &format)));
        // Another question than the first, so it needs another key.
        let second = self.ask(&request, &format!("{key}:repair")).await?;
        context.usage.add(second.usage.of(&request.model));
        let second = Answer { usage: answer.usage.plus(second.usage), ..second };
        match format.value(&second).await? {
            Ok(value) => Ok(reply(request, second, value)),
            Err(problems) => Err(invalid(&request, &second, &problems)),
        }
    }

    fn request(&self, question: Question) -> Result<Request, StepError> {
        let Question { model, system, user, temperature, max_tokens, format } = question;
        let system = [system, format.instruction()].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let system = (!system.is_empty()).then(|| Message::system(system));
        Ok(Request {
            model: self.model(model)?,
            messages: system.into_iter().chain([user]).collect(),
            temperature,
            max_tokens,
            response_format: format.on_the_wire(),
        })
    }
}

impl Format {
    /// In words too, since some endpoints ignore the setting and others refuse it without the word JSON.
    fn instruction(&self) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Json => Some("Answer with JSON and nothing else.".to_owned()),
            Self::Schema(schema) => Some(format!(
                "Answer with JSON that fits this JSON Schema, and nothing else:\n{}",
                schema.written()
            )),
        }
    }

    /// Not `strict`, which allows few schemas only; the answer is checked here.
    fn on_the_wire(&self) -> Option<Value> {
        match self {
            Self::Text => None,
            Self::Json => Some(json!({ "type": "json_object" })),
            Self::Schema(schema) => Some(json!({
                "type": "json_schema",
                "json_schema": { "name": "answer", "schema": schema.written() },
            })),
        }
    }

    /// The value of an answer, or what is wrong with it.
    async fn value(&self, answer: &Answer) -> Result<Result<Option<Value>, Vec<String>>, StepError> {
        if matches!(self, Self::Text) {
            return Ok(Ok(None));
        }
        let value: Value = match serde_json::from_str(unfenced(&answer.text)) {
            Ok(value) => value,
            Err(_) if answer.finish.as_deref() == Some("length") => {
                return Ok(Err(vec!["it was cut off at the limit of tokens".to_owned()]));
            }
            Err(error) => return Ok(Err(vec![format!("it is not JSON: {error}")])),
        };
        let problems = match self {
            Self::Text | Self::Json => Vec::new(),
            Self::Schema(schema) => problems(schema, value.clone()).await?,
        };
        Ok(if problems.is_empty() { Ok(Some(value)) } else { Err(problems) })
    }
}

/// Models like to put JSON between the marks of Markdown for code.
fn unfenced(text: &str) -> &str {
    let inside = text.trim().strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.map_or(text, |inside| inside.strip_prefix("json").unwrap_or(inside))
}

fn complaint(problems: &[String], format: &Format) -> String {
    let fits = match format {
        Format::Text | Format::Json => "JSON",
        Format::Schema(_) => "JSON that fits the schema",
    };
    format!("That can't be used:\n- {}\nAnswer again with {fits} and nothing else.", problems.join("\n- "))
}

fn reply(request: Request, answer: Answer, value: Option<Value>) -> Reply {
    let model = answer.model.unwrap_or(request.model);
    Reply { text: answer.text, value, model, usage: answer.usage }
}

fn invalid(request: &Request, answer: &Answer, problems: &[String]) -> StepError {
    let message =
        format!("the model's answer can't be used, nor could its first one: {}", problems.join("; "));
    let details = json!({
        "problems": problems,
        "response": cut(&answer.text, MOST_SHOWN),
        "model": answer.model.as_ref().unwrap_or(&request.model),
        "usage": answer.usage.shown(),
    });
    StepError { details: Some(Box::new(details)), ..StepError::new("llm_answer_invalid", message) }
}

#[cfg(test)]
mod tests {
    use super::unfenced;

    #[test]
    fn the_marks_of_code_are_taken_off() {
        for text in ["[1]", "```json\n[1]\n```", "```\n[1]```", "  ```json [1] ```\n"] {
            assert_eq!(unfenced(text).trim(), "[1]", "{text:?}");
        }
        assert_eq!(unfenced("```"), "```");
        assert_eq!(unfenced("a ```b```"), "a ```b```");
    }
}
