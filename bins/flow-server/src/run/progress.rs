//! A run's events as lines on the terminal.

use std::time::Duration;

use flow_engine::RunView;
use flow_model::{EventKind, Handling, RunError, RunEvent, VisitPath, WaitRequest};
use serde_json::Value;

use crate::tell;

/// Shows an event, if it tells a person something.
pub(super) fn show(view: &RunView, event: &RunEvent) {
    let title = |visit: &VisitPath| match visit.scope() {
        None => view.step_title(visit).to_owned(),
        Some(scope) => format!("{scope} {}", view.step_title(visit)),
    };
    let line = match &event.kind {
        EventKind::RunStarted(_) => "• started".to_owned(),
        EventKind::StepStarted { visit, input: Some(noted) } if is_log(view, visit) => logged(noted),
        // A pure step ends in the moment it starts; only the others are worth a line of their own.
        EventKind::StepStarted { visit, input: Some(_) } => format!("… {}", title(visit)),
        EventKind::StepStarted { input: None, .. }
        | EventKind::ScopeEntered { .. }
        | EventKind::WaitResolved { .. }
        | EventKind::ChildFinished { .. } => return,
        // Its line was the note itself.
        EventKind::StepCompleted { visit, .. } if is_log(view, visit) => return,
        EventKind::StepCompleted { visit, .. } | EventKind::ContainerCompleted { visit, .. } => {
            format!("✔ {}{}", title(visit), took(view, event, visit))
        }
        EventKind::StepFailed { visit, error, handling, .. } => {
            format!("✘ {}: {}{}", title(visit), why(error), then(handling))
        }
        EventKind::StepRetrying { visit, error, due_at } => {
            let pause = shown(due_at.since(event.time));
            format!("↻ {}: {}; again in {pause}", title(visit), why(error))
        }
        EventKind::TimerFired { visit } => format!("… {}, again", title(visit)),
        EventKind::StepLogged { lines, .. } => {
            let lines = lines.iter().map(|line| format!("  {}: {}", line.level.as_str(), line.message));
            lines.collect::<Vec<_>>().join("\n")
        }
        EventKind::StepCharged { visit, credits, .. } => format!("  {}: {credits} credits", title(visit)),
        EventKind::StepSkipped { visit, .. } => format!("− {}, skipped", title(visit)),
        EventKind::WaitOpened { visit, wait } => {
            let until = wait.expires_at.filter(|_| !wait.request.kind().asks_someone());
            let until = until.map_or_else(String::new, |until| format!(", until {until}"));
            let event = match &wait.request {
                WaitRequest::Event { name, .. } => format!(", for event `{name}`"),
                WaitRequest::UserApproval { .. }
                | WaitRequest::ClientTool { .. }
                | WaitRequest::ShowForm { .. }
                | WaitRequest::RunFlow { .. }
                | WaitRequest::Wait {} => String::new(),
            };
            format!("⏸ {}{event}{until}", title(visit))
        }
        EventKind::ChildStarted { visit, run, .. } => format!("→ {} as run {run}", title(visit)),
        EventKind::RunCompleted { .. } => "• completed".to_owned(),
        EventKind::RunFailed { .. } => "• failed".to_owned(),
        EventKind::RunCancelled {} => "• cancelled".to_owned(),
    };
    tell(&line);
}

fn took(view: &RunView, event: &RunEvent, visit: &VisitPath) -> String {
    let started = view.state.visit(visit.as_str()).map(|visit| visit.started_at);
    let took = started.map_or(Duration::ZERO, |started| event.time.since(started));
    if took.is_zero() { String::new() } else { format!(" ({})", shown(took)) }
}

fn shown(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

fn why(error: &RunError) -> String {
    format!("{}: {}", error.code, error.message)
}

/// What follows a failure; nothing when the run's own end says it.
const fn then(handling: &Handling) -> &'static str {
    match handling {
        Handling::Nobody => "",
        Handling::Continue(_) => "; the flow goes on",
        Handling::Step => "; the step's `onError` goes on",
        Handling::Flow => "; the flow's `onError` goes on",
    }
}

fn is_log(view: &RunView, visit: &VisitPath) -> bool {
    view.flow.as_ref().and_then(|flow| flow.step(visit)).is_some_and(|step| &*step.kind == "log")
}

/// A `log` step's note.
fn logged(noted: &Value) -> String {
    let text = |key| noted.get(key).and_then(Value::as_str).unwrap_or_default();
    let data = noted.get("data").map_or_else(String::new, |data| format!(" {data}"));
    format!("  {}: {}{data}", text("level"), text("message"))
}
