//! A visit ends: where its path goes on, or what the end of its scope leads to.

use std::sync::Arc;

use flow_model::{Binding, EventKind, Fold, Handling, OnError, RunError, StepId, VisitPath, json_size};
use serde_json::{Map, Value};

use super::{Context, Decision, Effect, described};
use crate::control::{Control, Join};
use crate::flow::{Action, CompiledStep};

/// What is behind a visit that ended.
enum Behind {
    /// Another visit.
    Visit(VisitPath),
    /// The end of its item, pass or branch.
    ScopeEnd,
    /// The end of the run.
    RunEnd(EventKind),
}

impl Decision {
    /// A visit ends well, and its path goes on at `next`.
    pub(super) fn complete(
        &mut self,
        cx: Context<'_>,
        visit: VisitPath,
        output: Arc<Value>,
        binding: Binding,
        next: Option<StepId>,
    ) {
        let collects = visit.scope().is_some();
        let collected = cx.state.collected_bytes() + if collects { json_size(&output) } else { 0 };
        let behind = Behind::of(cx, &visit, next);
        let next = behind.visit();
        self.events.push(EventKind::StepCompleted { visit: visit.clone(), output, binding, next });
        if collects && collected > cx.limits.collected_bytes {
            return self.collect_too_much(cx, &visit);
        }
        self.go_on(cx, &visit, behind);
    }

    /// A visit is passed over.
    pub(super) fn skip(&mut self, cx: Context<'_>, step: &CompiledStep, visit: VisitPath) {
        let behind = Behind::of(cx, &visit, step.next.clone());
        let binding = Binding::Whole(step.variable.clone());
        self.events.push(EventKind::StepSkipped { visit: visit.clone(), binding, next: behind.visit() });
        self.go_on(cx, &visit, behind);
    }

    /// A visit fails for good: its step takes care of that, or the flow does, or what it is part of fails.
    pub(super) fn fail(&mut self, cx: Context<'_>, step: &CompiledStep, visit: VisitPath, error: RunError) {
        let error = described(cx.state, step, &visit, error);
        self.close_inside(cx, &visit);
        let (handling, behind) = match &step.on_error {
            OnError::Continue => {
                let binding = Binding::Whole(step.variable.clone());
                (Handling::Continue(binding), Behind::of(cx, &visit, step.next.clone()))
            }
            OnError::GoTo(target) => (Handling::Step, Behind::of(cx, &visit, Some(target.clone()))),
            OnError::Fail if visit.scope().is_some() => (Handling::Nobody, Behind::ScopeEnd),
            OnError::Fail => match cx.flow.on_error.as_ref().filter(|_| cx.state.failing().is_none()) {
                // The top graph is one path: nothing is open but what was inside of the failed visit.
                Some(handler) => (Handling::Flow, Behind::of(cx, &visit, Some(handler.clone()))),
                None => {
                    let error = cx.state.failing().unwrap_or(&error).clone();
                    (Handling::Nobody, Behind::RunEnd(EventKind::RunFailed { error }))
                }
            },
        };
        let next = behind.visit();
        let is_unhandled = handling.is_nobody();
        let failed = EventKind::StepFailed { visit: visit.clone(), error: error.clone(), handling, next };
        self.events.push(failed);
        match behind {
            Behind::ScopeEnd if is_unhandled => self.scope_ended(cx, &visit, Some(error)),
            behind => self.go_on(cx, &visit, behind),
        }
    }

    fn go_on(&mut self, cx: Context<'_>, visit: &VisitPath, behind: Behind) {
        match behind {
            Behind::Visit(next) => self.effects.push(Effect::Resolve(next)),
            Behind::ScopeEnd => self.scope_ended(cx, visit, None),
            Behind::RunEnd(end) => self.events.push(end),
        }
    }

    /// The scope of a visit ends with it, well or with a failure: its container goes on or ends.
    fn scope_ended(&mut self, cx: Context<'_>, visit: &VisitPath, failure: Option<RunError>) {
        let Some((container, step)) = enclosing(cx, visit) else { return };
        let scopes = cx.state.container(container.as_str());
        let entered = scopes.map_or(0, flow_model::Container::entered);
        // The state doesn't know of this end yet.
        let is_last = scopes.is_none_or(|scopes| scopes.open() <= 1);
        match &step.action {
            Action::Control(Control::Each(each)) => {
                let items = items(cx, &container);
                if failure.is_some() && each.stops_at_error {
                    self.complete_container(cx, step, container, Fold::Items);
                } else if entered < items {
                    self.enter_items(&container, each, entered..entered + 1);
                } else if is_last {
                    self.complete_container(cx, step, container, Fold::Items);
                }
            }
            Action::Control(Control::While(_)) if failure.is_some() => {
                self.complete_container(cx, step, container, Fold::Passes { stopped: None });
            }
            Action::Control(Control::While(_)) => self.effects.push(Effect::ResolvePass(container)),
            Action::Control(Control::Parallel(parallel)) => match (parallel.join, failure) {
                (Join::All, Some(error)) => self.fail(cx, step, container, error),
                (Join::Any, Some(error)) if is_last => {
                    let error = all_failed(cx, &container, visit, &error);
                    self.fail(cx, step, container, error);
                }
                (Join::Any, None) => self.complete_container(cx, step, container, Fold::Branches),
                (Join::All, None) if is_last => {
                    self.complete_container(cx, step, container, Fold::Branches);
                }
                (Join::Settled, _) if is_last => {
                    self.complete_container(cx, step, container, Fold::Settled);
                }
                (Join::All | Join::Any | Join::Settled, _) => {}
            },
            Action::Control(_) | Action::Task { .. } => {}
        }
    }

    /// A container ends well; what is still open inside of it is closed.
    pub(super) fn complete_container(
        &mut self,
        cx: Context<'_>,
        step: &CompiledStep,
        visit: VisitPath,
        fold: Fold,
    ) {
        // Loops inside of each other make more of what they hold with each level, and no step in between would tell.
        if cx.state.collected_bytes() > cx.limits.collected_bytes {
            return self.fail(cx, step, visit, collected_too_large(cx));
        }
        self.close_inside(cx, &visit);
        let behind = Behind::of(cx, &visit, step.next.clone());
        self.events.push(EventKind::ContainerCompleted {
            visit: visit.clone(),
            fold,
            binding: Binding::Whole(step.variable.clone()),
            next: behind.visit(),
        });
        self.go_on(cx, &visit, behind);
    }

    /// The results of loops and branches are more than one run may collect.
    pub(super) fn collect_too_much(&mut self, cx: Context<'_>, visit: &VisitPath) {
        let Some((container, step)) = enclosing(cx, visit) else { return };
        self.fail(cx, step, container, collected_too_large(cx));
    }

    /// Closes what is open inside of a container, but what these events have ended or closed already.
    fn close_inside(&mut self, cx: Context<'_>, container: &VisitPath) {
        let is_over = |path: &VisitPath| self.events.iter().any(|event| ends(event, path));
        self.closed.extend(cx.state.inside(container, is_over));
    }
}

fn collected_too_large(cx: Context<'_>) -> RunError {
    let message = format!(
        "what the steps inside of loops and branches record has more than {} bytes; give them less, and return less \
         from them",
        cx.limits.collected_bytes
    );
    RunError::new("collected_too_large", message)
}

impl Behind {
    /// Where a path goes on. Where it ends the scope or the run ends, and the run as failed if that is what its
    /// handler was for. A handler may lead to a step that the run has been at; it can't be there twice.
    fn of(cx: Context<'_>, visit: &VisitPath, next: Option<StepId>) -> Self {
        let Some(next) = next.map(|next| visit.sibling(&next)) else {
            return match cx.state.failing() {
                _ if visit.scope().is_some() => Self::ScopeEnd,
                Some(error) => Self::RunEnd(EventKind::RunFailed { error: error.clone() }),
                None => Self::RunEnd(EventKind::RunCompleted { output_of: None }),
            };
        };
        if cx.state.visit(next.as_str()).is_none() && !cx.state.is_ready(next.as_str()) {
            return Self::Visit(next);
        }
        let message = format!("the run can't go on at `{next}`: it has been there");
        Self::RunEnd(EventKind::RunFailed { error: RunError::new("step_revisited", message) })
    }

    fn visit(&self) -> Option<VisitPath> {
        match self {
            Self::Visit(next) => Some(next.clone()),
            Self::ScopeEnd | Self::RunEnd(_) => None,
        }
    }
}

/// Whether an event is the end of a visit.
fn ends(event: &EventKind, path: &VisitPath) -> bool {
    match event {
        EventKind::StepCompleted { visit, .. }
        | EventKind::StepSkipped { visit, .. }
        | EventKind::StepFailed { visit, .. }
        | EventKind::ContainerCompleted { visit, .. } => visit == path,
        EventKind::RunStarted(_)
        | EventKind::StepStarted { .. }
        | EventKind::ScopeEntered { .. }
        | EventKind::StepRetrying { .. }
        | EventKind::TimerFired { .. }
        | EventKind::StepLogged { .. }
        | EventKind::StepCharged { .. }
        | EventKind::WaitOpened { .. }
        | EventKind::WaitResolved { .. }
        | EventKind::ChildStarted { .. }
        | EventKind::ChildFinished { .. }
        | EventKind::RunCompleted { .. }
        | EventKind::RunFailed { .. }
        | EventKind::RunCancelled {} => false,
    }
}

/// The container that a visit is directly in.
fn enclosing<'a>(cx: Context<'a>, visit: &VisitPath) -> Option<(VisitPath, &'a CompiledStep)> {
    let container = VisitPath::from_stored(visit.container()?.0);
    let step = cx.flow.step(&container)?;
    Some((container, step))
}

/// How many items the loop goes through.
fn items(cx: Context<'_>, container: &VisitPath) -> usize {
    let input = cx.state.visit(container.as_str()).and_then(|visit| visit.input.as_deref());
    input.and_then(|input| input.get("items")?.as_array()).map_or(0, Vec::len)
}

/// The failure of a `parallel` none of whose branches ended well.
fn all_failed(cx: Context<'_>, container: &VisitPath, last: &VisitPath, error: &RunError) -> RunError {
    let shown = |error: &RunError| serde_json::to_value(error).unwrap_or_default();
    let before = cx.state.container(container.as_str());
    let before = before.into_iter().flat_map(|scopes| scopes.failed_branches());
    let mut errors: Map<_, _> = before.map(|(name, error)| (name.to_owned(), shown(error))).collect();
    if let Some((_, flow_model::Place::Branch(name))) = last.container() {
        errors.insert(name.to_owned(), shown(error));
    }
    let message = format!("all {} branches failed, the last one with: {}", errors.len(), error.message);
    let details = Some(Arc::new(Value::Object(errors)));
    RunError { details, ..RunError::new("all_branches_failed", message) }
}
