//! The run has been active for longer than the flow allows.

use flow_model::{EventKind, RunError};

use super::{Context, Decision, Refused};

/// Allowed on every run that has started and not ended. No handler runs: it would need the time that is over.
pub(super) fn decide(cx: Context<'_>) -> Result<Decision, Refused> {
    if cx.state.start().is_none() || cx.state.end().is_some() {
        let reason = "the run hasn't started, or has ended".to_owned();
        return Err(Refused { command: "timed out", reason });
    }
    let millis = cx.flow.timeout.unwrap_or_default().as_millis();
    let message = format!("the run was active for more than {millis} ms, which is the flow's `timeoutMs`");
    let error = RunError::new("run_timeout", message);
    Ok(Decision { events: vec![EventKind::RunFailed { error }], ..Decision::default() })
}
