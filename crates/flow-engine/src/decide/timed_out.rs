//! The run has been active for longer than the flow allows.

use flow_model::{EventKind, RunError, RunState};

use super::{Decision, Refused};
use crate::flow::Flow;

/// Allowed on every run that has started and not ended. No handler runs: it would need the time that is over.
pub(super) fn decide(flow: &Flow, state: &RunState) -> Result<Decision, Refused> {
    if state.start().is_none() || state.end().is_some() {
        let reason = "the run hasn't started, or has ended".to_owned();
        return Err(Refused { command: "timed out", reason });
    }
    let millis = flow.timeout.unwrap_or_default().as_millis();
    let message = format!("the run was active for more than {millis} ms, which is the flow's `timeoutMs`");
    let error = RunError::new("run_timeout", message);
    Ok(Decision { events: vec![EventKind::RunFailed { error }], effects: Vec::new() })
}
