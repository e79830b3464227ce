//! Random runs of other flows, and waits for events.

use std::mem;

use super::super::plan::{Call, Event, Expiry, Kind, OnExpire, Retry, Step};
use super::{Generator, Name};

/// How deep flows run each other, at most, where they are made for it.
const DEEPEST_CALL: usize = 2;

impl Generator {
    pub(super) const fn may_call(&self) -> bool {
        self.calls < DEEPEST_CALL
    }

    /// Runs a flow of its own, or one that was made for another step.
    pub(super) fn call(&mut self) -> Step {
        let id = self.id("call");
        let n = self.expression(1);
        let flow = if !self.flows.is_empty() && self.chance.percent(30) {
            self.chance.below(self.flows.len())
        } else {
            self.other()
        };
        let waits = self.chance.percent(80);
        let retry = (waits && self.chance.percent(25)).then(|| Retry {
            max_attempts: 2,
            delay_ms: *self.chance.pick(&[0, 40, 250]),
            exponential: false,
            jitter: false,
        });
        let mut step = self.plain(id, Kind::Call(Call { flow, n, waits, retry }));
        step.on_error = self.on_error(waits);
        self.give(&mut step, &[(&["mix"], None)]);
        step
    }

    /// Makes another flow, with names of its own; returns its number.
    fn other(&mut self) -> usize {
        let names = mem::replace(&mut self.names, vec![Name::number("n", &[])]);
        let (own_from, depth) = (mem::take(&mut self.own_from), mem::take(&mut self.depth));
        let (is_handler, budget) = (mem::take(&mut self.is_handler), self.budget);
        self.budget = budget.min(4);
        let spare = budget - self.budget;
        self.calls += 1;
        let most = self.chance.between(1, 4);
        let flow = self.flow(most, 3);
        self.calls -= 1;
        self.budget = spare;
        (self.names, self.own_from, self.depth, self.is_handler) = (names, own_from, depth, is_handler);
        self.flows.push(flow);
        self.flows.len() - 1
    }

    pub(super) fn event(&mut self) -> Step {
        let id = self.id("event");
        let key = self.chance.percent(80).then(|| self.expression(1));
        let expiry = match self.chance.below(10) {
            0..6 => Expiry::Never,
            6..8 => Expiry::Far,
            _ => Expiry::Soon { ms: *self.chance.pick(&[20, 100, 600]), then: OnExpire::Fail },
        };
        let fails = matches!(expiry, Expiry::Soon { .. });
        let mut step = self.plain(id, Kind::Event(Event { key, expiry }));
        step.on_error = self.on_error(fails);
        self.give(&mut step, &[(&["n"], None)]);
        step
    }
}
