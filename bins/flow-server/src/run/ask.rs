//! Asks the person at the terminal what a run waits for.

use std::io::BufRead;
use std::sync::Arc;

use flow_engine::{Answer, OpenWait};
use flow_model::{Decision, WaitRequest};
use serde_json::Value;

use crate::tell;

/// The answer to a wait, read from standard input; none when nobody is there.
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
