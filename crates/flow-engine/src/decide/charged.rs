//! What attempts cost: charged in the commit of their ends, whichever command led to these.

use flow_model::{EventKind, ModelUsage, RunError, VisitPath};

use super::{Context, Decision};
use crate::flow::{Action, CompiledStep};

impl Decision {
    /// Puts what the attempts that end here cost before their ends. `used` are the models that the step asked which the
    /// command is about. An attempt that fails as it begins was none: its settings have no value.
    pub(super) fn charge(mut self, cx: Context<'_>, used: &[ModelUsage]) -> Self {
        if cx.prices.steps.is_empty() && (used.is_empty() || cx.prices.models.is_empty()) {
            return self;
        }
        let mut used = Some(used);
        let events = std::mem::take(&mut self.events);
        for event in events {
            if let Some(visit) = attempt_of(&event)
                && let Some(step) = cx.flow.step(visit)
                && !(matches!(event, EventKind::StepFailed { .. }) && self.begins(visit))
            {
                let asked = used.take().into_iter().flatten().filter_map(|usage| cx.prices.of_model(usage));
                let charges: Vec<_> = cx.prices.of_step(&step.kind).into_iter().chain(asked).collect();
                let visit = visit.clone();
                let charge =
                    |(credits, charged)| EventKind::StepCharged { visit: visit.clone(), credits, charged };
                self.events.extend(charges.into_iter().map(charge));
            }
            self.events.push(event);
        }
        self
    }

    fn begins(&self, wanted: &VisitPath) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, EventKind::StepStarted { visit, .. } if visit == wanted))
    }
}

/// The visit of which the event ends an attempt.
const fn attempt_of(event: &EventKind) -> Option<&VisitPath> {
    match event {
        EventKind::StepCompleted { visit, .. }
        | EventKind::ContainerCompleted { visit, .. }
        | EventKind::StepFailed { visit, .. }
        | EventKind::StepRetrying { visit, .. } => Some(visit),
        EventKind::RunStarted(_)
        | EventKind::StepStarted { .. }
        | EventKind::StepSkipped { .. }
        | EventKind::StepCharged { .. }
        | EventKind::ScopeEntered { .. }
        | EventKind::TimerFired { .. }
        | EventKind::StepLogged { .. }
        | EventKind::WaitOpened { .. }
        | EventKind::WaitResolved { .. }
        | EventKind::ChildStarted { .. }
        | EventKind::ChildFinished { .. }
        | EventKind::RunCompleted { .. }
        | EventKind::RunFailed { .. }
        | EventKind::RunCancelled {} => None,
    }
}

/// The end of a run that may not begin an attempt that has a price, since it was charged for as much as its flow allows.
/// No handler runs: it would cost more.
pub(super) fn limit_reached(cx: Context<'_>, step: &CompiledStep) -> Option<EventKind> {
    let charged = cx.state.charges().total();
    let limit = cx.flow.credit_limit.filter(|limit| charged >= *limit)?;
    let asks = matches!(&step.action, Action::Task { step, .. } if step.asks_models());
    let has_price = cx.prices.of_step(&step.kind).is_some() || (asks && !cx.prices.models.is_empty());
    let message = format!(
        "the run was charged {charged} credits, and the flow's `creditLimit` is {limit}; `{}` would cost more",
        step.title
    );
    has_price.then(|| EventKind::RunFailed { error: RunError::new("credit_limit_reached", message) })
}
