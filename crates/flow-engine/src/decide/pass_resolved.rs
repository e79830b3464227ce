//! A pass of a `while` has ended and its condition was resolved again.

use flow_model::{EventKind, Fold, Place, RunError, VisitPath, VisitStatus};

use super::{Context, Decision, Effect, Refused, container_of, find, refuse, status};
use crate::control::{Control, Resolved, While};
use crate::flow::CompiledStep;

/// Allowed on an open `while` between two passes.
pub(super) fn decide(cx: Context<'_>, visit: VisitPath, resolved: Resolved) -> Result<Decision, Refused> {
    let command = "pass resolved";
    let step = find(command, cx.flow, &visit)?;
    match (status(command, cx.state, &visit)?, container_of(step)) {
        (VisitStatus::Running, Some(Control::While(control))) => {
            let mut decision = Decision::default();
            decision.next_pass(cx, step, control, visit, resolved);
            Ok(decision)
        }
        (VisitStatus::Running, _) => Err(Refused { command, reason: format!("visit {visit} is no `while`") }),
        (
            other @ (VisitStatus::Entered
            | VisitStatus::Waiting
            | VisitStatus::Resolved
            | VisitStatus::BackingOff { .. }
            | VisitStatus::Completed { .. }
            | VisitStatus::Failed { .. }
            | VisitStatus::Skipped { .. }
            | VisitStatus::Cancelled),
            _,
        ) => refuse(command, &visit, other),
    }
}

impl Decision {
    /// Begins a pass, or ends the loop.
    pub(super) fn next_pass(
        &mut self,
        cx: Context<'_>,
        step: &CompiledStep,
        control: &While,
        visit: VisitPath,
        resolved: Resolved,
    ) {
        let passes = cx.state.container(visit.as_str()).map_or(0, flow_model::Container::entered);
        match resolved {
            Resolved::Pass(true) if (passes as u64) < control.most_passes.min(cx.limits.loop_passes) => {
                let first = visit.inside(Place::Pass(passes), &control.first);
                self.effects.push(Effect::Resolve(first.clone()));
                self.events.push(EventKind::ScopeEntered { visit, next: vec![first], isolated: false });
            }
            Resolved::Pass(true) => {
                let bound = if passes as u64 == control.most_passes {
                    "the loop's `maxIterations`"
                } else {
                    "the limit `loop_passes` of the engine"
                };
                let message = format!("the condition still holds after {passes} passes, which is {bound}");
                let stopped = Some(RunError::new("max_iterations", message));
                self.complete_container(cx, step, visit, Fold::Passes { stopped });
            }
            Resolved::Failure(error) => self.fail(cx, step, visit, error),
            _ => self.complete_container(cx, step, visit, Fold::Passes { stopped: None }),
        }
    }
}
