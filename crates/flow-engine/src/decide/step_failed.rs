//! A step that touches the world failed.

use std::time::Duration;

use flow_model::{EventKind, RunError, RunState, VisitPath, VisitStatus};

use super::{Context, Decision, Refused, container_of, described, find, refuse, status};
use crate::flow::CompiledStep;

/// The other side can put the next attempt off by so much at the most.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// Allowed on a running visit only.
pub(super) fn decide(
    cx: Context<'_>,
    visit: VisitPath,
    error: RunError,
    retry_after: Option<Duration>,
) -> Result<Decision, Refused> {
    let command = "step failed";
    let step = find(command, cx.flow, &visit)?;
    match status(command, cx.state, &visit)? {
        VisitStatus::Running if container_of(step).is_none() => {
            let mut decision = Decision::default();
            decision.retry_or_fail(cx, step, visit, error, retry_after);
            Ok(decision)
        }
        other @ (VisitStatus::Running
        | VisitStatus::Entered
        | VisitStatus::Waiting
        | VisitStatus::Resolved
        | VisitStatus::BackingOff { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}

impl Decision {
    /// An attempt failed: another one follows, or the step fails.
    pub(super) fn retry_or_fail(
        &mut self,
        cx: Context<'_>,
        step: &CompiledStep,
        visit: VisitPath,
        error: RunError,
        retry_after: Option<Duration>,
    ) {
        match next_attempt(cx.state, step, &visit, &error) {
            Some(pause) => {
                let error = described(cx.state, step, &visit, error);
                let due_at = cx.now.after(pause.max(retry_after.unwrap_or_default().min(LONGEST_ASKED)));
                self.events.push(EventKind::StepRetrying { visit, error, due_at });
            }
            None => self.fail(cx, step, visit, error),
        }
    }
}

/// The pause before the next attempt; none when there is none.
fn next_attempt(
    state: &RunState,
    step: &CompiledStep,
    visit: &VisitPath,
    error: &RunError,
) -> Option<Duration> {
    let retry = step.retry.as_ref()?;
    let attempt = state.visit(visit.as_str())?.attempt;
    let seed = state.start().map_or(0, |(_, start)| start.seed);
    retry.follows(attempt, error).then(|| retry.delay(attempt, chance(seed, visit, attempt)))
}

/// Chance that a repeat of the decision meets again: FNV-1a over the run's seed, the visit and the attempt.
fn chance(seed: u64, visit: &VisitPath, attempt: u32) -> u64 {
    let bytes = visit.as_str().bytes().chain(attempt.to_le_bytes()).chain(seed.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
