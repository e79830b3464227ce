//! A run's events as lines on the terminal.

use flow_engine::RunView;
use flow_model::{EventKind, RunEvent, VisitPath};

use crate::tell;

/// Shows an event, if it tells a person something.
pub(super) fn show(view: &RunView, event: &RunEvent) {
    let title = |visit: &VisitPath| view.step_title(visit);
    let line = match &event.kind {
        EventKind::RunStarted(_) => "• started".to_owned(),
        // A pure step ends in the moment it starts; only the others are worth a line of their own.
        EventKind::StepStarted { visit, input: Some(_) } => format!("… {}", title(visit)),
        EventKind::StepStarted { input: None, .. } | EventKind::WaitResolved { .. } => return,
        EventKind::StepCompleted { visit, .. } => format!("✔ {}{}", title(visit), took(view, event, visit)),
        EventKind::StepFailed { visit, error } => {
            format!("✘ {}: {}: {}", title(visit), error.code, error.message)
        }
        EventKind::WaitOpened { visit, .. } => format!("⏸ {}", title(visit)),
        EventKind::RunCompleted { .. } => "• completed".to_owned(),
        EventKind::RunFailed { .. } => "• failed".to_owned(),
        EventKind::RunCancelled {} => "• cancelled".to_owned(),
    };
    tell(&line);
}

fn took(view: &RunView, event: &RunEvent, visit: &VisitPath) -> String {
    let started = view.state.visit(visit.as_str()).map(|visit| visit.started_at);
    let millis = started.map_or(0, |started| event.time.since(started).as_millis());
    if millis == 0 { String::new() } else { format!(" ({millis} ms)") }
}
