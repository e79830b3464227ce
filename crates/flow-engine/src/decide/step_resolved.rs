//! A ready visit's settings were resolved: it starts, and ends at once unless it needs the outside.

use std::ops::Range;
use std::sync::Arc;

use flow_model::{Binding, EventKind, Fold, LogLine, Place, RunError, Timestamp, VisitPath, Wait};
use serde_json::Value;

use super::charged::limit_reached;
use super::{Context, Decision, Effect, Refused, container_of, find};
use crate::control::{Control, Each, Expiry, Parallel, Resolved};
use crate::flow::CompiledStep;

/// Allowed on a ready visit only.
pub(super) fn decide(
    cx: Context<'_>,
    visit: VisitPath,
    resolved: Resolved,
    logs: Vec<LogLine>,
) -> Result<Decision, Refused> {
    let command = "step resolved";
    let step = find(command, cx.flow, &visit)?;
    if !cx.state.is_ready(visit.as_str()) {
        return Err(Refused { command, reason: format!("visit {visit} isn't ready") });
    }
    let mut decision = Decision::default();
    if cx.state.visits_started() >= cx.limits.run_steps {
        let message = format!("the run has taken {} steps, which is the limit", cx.limits.run_steps);
        let error = RunError::new("too_many_steps", message);
        decision.events.push(EventKind::RunFailed { error });
    } else if visit.scope().is_some() && cx.state.collected_bytes() > cx.limits.collected_bytes {
        decision.collect_too_much(cx, &visit);
    } else if resolved == Resolved::Skip {
        decision.skip(cx, step, visit);
    } else if let Some(end) = limit_reached(cx, step) {
        decision.events.push(end);
    } else {
        decision.start(cx, step, visit, resolved, logs);
    }
    Ok(decision)
}

impl Decision {
    fn start(
        &mut self,
        cx: Context<'_>,
        step: &CompiledStep,
        visit: VisitPath,
        resolved: Resolved,
        mut logs: Vec<LogLine>,
    ) {
        let input = match &resolved {
            Resolved::Task(input) | Resolved::Items(input) | Resolved::Child(input) => Some(input.clone()),
            _ => None,
        };
        self.events.push(EventKind::StepStarted { visit: visit.clone(), input });
        if let Resolved::Logged(line) = &resolved {
            logs.push(line.clone());
        }
        if !logs.is_empty() {
            self.events.push(EventKind::StepLogged { visit: visit.clone(), lines: logs });
        }
        let whole = Binding::Whole(step.variable.clone());
        let next = step.next.clone();
        match resolved {
            Resolved::Skip => {}
            Resolved::Variables(output) => {
                self.complete(cx, visit, output, Binding::Members(step.variable.clone()), next);
            }
            Resolved::Value(output) => self.complete(cx, visit, output, whole, next),
            Resolved::Logged(_) => self.complete(cx, visit, Arc::new(Value::Null), whole, next),
            Resolved::Branch { output, next: chosen } => {
                self.complete(cx, visit, output, whole, chosen.or(next));
            }
            Resolved::Output(output) => {
                let binding = Binding::None;
                let completed =
                    EventKind::StepCompleted { visit: visit.clone(), output, binding, next: None };
                self.events.push(completed);
                self.events.push(EventKind::RunCompleted { output_of: Some(visit) });
            }
            Resolved::Failure(error) => self.fail(cx, step, visit, error),
            Resolved::Wait { request, expiry } => {
                let expires_at = expires_at(cx.now, expiry);
                self.events.push(EventKind::WaitOpened { visit, wait: Wait { request, expires_at } });
            }
            Resolved::Task(input) | Resolved::Child(input) => {
                self.effects.push(Effect::work(step, visit, input));
            }
            Resolved::Items(_) | Resolved::Pass(_) | Resolved::Branches => {
                self.enter(cx, step, visit, resolved);
            }
        }
    }

    /// A container begins.
    fn enter(&mut self, cx: Context<'_>, step: &CompiledStep, visit: VisitPath, resolved: Resolved) {
        match (container_of(step), resolved) {
            (Some(Control::Each(each)), Resolved::Items(input)) => {
                match input.get("items").and_then(Value::as_array).map_or(0, Vec::len) {
                    0 => self.complete_container(cx, step, visit, Fold::Items),
                    items if items > cx.limits.loop_items => {
                        let message = format!(
                            "the list has {items} items, and a loop goes through {} at the most; set `maxItems`",
                            cx.limits.loop_items
                        );
                        self.fail(cx, step, visit, RunError::new("too_many_items", message));
                    }
                    items => self.enter_items(&visit, each, 0..items.min(each.concurrency)),
                }
            }
            (Some(Control::While(control)), resolved) => self.next_pass(cx, step, control, visit, resolved),
            (Some(Control::Parallel(parallel)), Resolved::Branches) => self.enter_branches(visit, parallel),
            _ => {}
        }
    }

    pub(super) fn enter_items(&mut self, visit: &VisitPath, each: &Each, places: Range<usize>) {
        let next: Vec<_> = places.map(|index| visit.inside(Place::Item(index), &each.first)).collect();
        self.effects.extend(next.iter().cloned().map(Effect::Resolve));
        let isolated = each.isolates();
        self.events.push(EventKind::ScopeEntered { visit: visit.clone(), next, isolated });
    }

    fn enter_branches(&mut self, visit: VisitPath, parallel: &Parallel) {
        let branches = parallel.branches.iter();
        let next: Vec<_> =
            branches.map(|branch| visit.inside(Place::Branch(branch.name.as_str()), &branch.first)).collect();
        self.effects.extend(next.iter().cloned().map(Effect::Resolve));
        self.events.push(EventKind::ScopeEntered { visit, next, isolated: true });
    }
}

fn expires_at(now: Timestamp, expiry: Expiry) -> Option<Timestamp> {
    match expiry {
        Expiry::Never => None,
        Expiry::In(delay) => Some(now.after(delay)),
        Expiry::At(at) => Some(at),
    }
}
