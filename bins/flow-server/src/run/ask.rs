//! Asks the person at the terminal what a run waits for.

use std::io::BufRead;
use std::sync::Arc;

use flow_engine::{Answer, OpenWait};
use flow_model::{Decision, WaitRequest};
use serde_json::{Map, Value};

use crate::tell;

/// The answer to a wait that asks someone, read from standard input; none when nobody is there.
pub(super) fn ask(wait: &OpenWait) -> anyhow::Result<Option<Answer>> {
    match &wait.wait.request {
        WaitRequest::UserApproval { message, .. } => {
            tell(&format!("  {message}"));
            decision()
        }
        WaitRequest::ClientTool { tool_name, args } => {
            tell(&format!("  tool {tool_name} with {args}"));
            tool_result()
        }
        WaitRequest::ShowForm { title, description, fields } => {
            tell(&format!("  {title}"));
            description.iter().for_each(|more| tell(&format!("  {more}")));
            fields.as_array().into_iter().flatten().for_each(|field| tell(&format!("    {}", about(field))));
            form()
        }
        // The clock answers, whoever sends the event, or the other run's end.
        WaitRequest::Wait {} | WaitRequest::Event { .. } | WaitRequest::RunFlow { .. } => Ok(None),
    }
}

fn line(question: &str) -> anyhow::Result<Option<String>> {
    tell(question);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn decision() -> anyhow::Result<Option<Answer>> {
    while let Some(text) = line("  approve or reject, and a remark if you like?")? {
        let (word, remark) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        let decision = match word {
            "approve" | "a" | "y" | "yes" => Decision::Approve,
            "reject" | "r" | "n" | "no" => Decision::Reject,
            _ => continue,
        };
        let message = (!remark.is_empty()).then(|| remark.trim().to_owned());
        return Ok(Some(Answer::Decision { decision, message, decided_by: None }));
    }
    Ok(None)
}

fn tool_result() -> anyhow::Result<Option<Answer>> {
    while let Some(text) = line("  its output as JSON, or `error` and a message?")? {
        if let Some(message) = text.strip_prefix("error") {
            return Ok(Some(Answer::Tool(Err(message.trim().to_owned()))));
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(output) => return Ok(Some(Answer::Tool(Ok(Arc::new(output))))),
            Err(error) => tell(&format!("  that isn't JSON: {error}")),
        }
    }
    Ok(None)
}

/// A form's field in one line: `name (type, required): label`.
fn about(field: &Value) -> String {
    let text = |key| field.get(key).and_then(Value::as_str);
    let required = field.get("required").and_then(Value::as_bool).unwrap_or(false);
    let name = text("name").unwrap_or_default();
    let kind = text("type").unwrap_or("string");
    let required = if required { ", required" } else { "" };
    let label = text("label").map_or_else(String::new, |label| format!(": {label}"));
    format!("{name} ({kind}{required}){label}")
}

fn form() -> anyhow::Result<Option<Answer>> {
    while let Some(text) = line("  its values as a JSON object, in one line?")? {
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(values) => return Ok(Some(Answer::Form(values))),
            Err(error) => tell(&format!("  that isn't a JSON object: {error}")),
        }
    }
    Ok(None)
}
