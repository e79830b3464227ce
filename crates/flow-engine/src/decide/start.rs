//! A run begins.

use flow_model::{EventKind, RunStart, RunState};

use super::{Decision, Effect, Refused};

/// Allowed before the first event only.
pub(super) fn decide(state: &RunState, start: RunStart) -> Result<Decision, Refused> {
    if state.seq() > 0 {
        return Err(Refused { command: "start", reason: "the run has started already".to_owned() });
    }
    let next = start.next.clone();
    let mut decision = Decision::default();
    decision.events.push(EventKind::RunStarted(Box::new(start)));
    match next {
        Some(next) => decision.effects.push(Effect::Resolve(next)),
        None => decision.events.push(EventKind::RunCompleted { output_of: None }),
    }
    Ok(decision)
}
