//! Random loops and parallel branches.

use super::super::expression::Expr;
use super::super::plan::{Block, Each, Join, Kind, OnError, Parallel, Step, While};
use super::{Generator, Name};

impl Generator {
    pub(super) fn each(&mut self) -> Step {
        let id = self.id("each");
        let concurrency = *self.chance.pick(&[1, 1, 2, 5]);
        let stops = self.chance.percent(40);
        let body = self.inside(
            concurrency > 1,
            &[Name::number("item", &[]), Name::number("index", &[])],
            |inside| inside.some_block(3),
        );
        let mut step = self.plain(id, Kind::Each(Each { concurrency, stops, body }));
        step.on_error = self.on_error(false);
        for member in ["successfulItems", "failedItems"] {
            self.names.push(Name::number(step.variable(), &[member]));
        }
        step
    }

    /// A loop, and before it the step that sets its counter.
    pub(super) fn while_loop(&mut self, block: &mut Block) -> Step {
        let (set, id, counter) = (self.id("set"), self.id("while"), self.id("c"));
        block.push(bare(set, Kind::Set(vec![(counter.clone(), Expr::Int(0))])));
        let mut body =
            self.inside(false, &[Name::number("iteration", &[]), Name::number(&counter, &[])], |inside| {
                inside.some_block(3)
            });
        let raise = self.id("set");
        body.push(bare(raise, Kind::Set(vec![(counter.clone(), Expr::Next(counter.clone()))])));
        let below = i64::try_from(self.chance.between(0, 3)).unwrap_or(0);
        let max_iterations = if self.chance.percent(20) { 2 } else { 10 };
        let step =
            self.plain(id, Kind::While(While { counter: counter.clone(), below, max_iterations, body }));
        self.names.push(Name::number(&counter, &[]));
        self.names.push(Name::number(step.variable(), &["iterations"]));
        step
    }

    pub(super) fn parallel(&mut self) -> Step {
        let id = self.id("fan");
        let join = *self.chance.pick(&[Join::All, Join::All, Join::Any, Join::Settled]);
        let count = self.chance.between(2, 3);
        // One that asks, or runs another flow, against others that work on: an answer closes what is about to begin, and
        // what is done a run that is under way.
        let is_race = join != Join::Settled && self.chance.percent(50);
        let branches = (0..count).map(|place| {
            let block = self.inside(true, &[], |inside| match place {
                0 if is_race && inside.may_call() && inside.chance.percent(40) => vec![inside.call()],
                0 if is_race => vec![inside.ask()],
                _ if is_race => (0..3).map(|_| inside.work()).collect(),
                _ => inside.some_block(3),
            });
            (format!("b{place}"), block)
        });
        let branches: Vec<_> = branches.collect();
        let mut step = self.plain(id, Kind::Parallel(Parallel { join, branches }));
        step.on_error = self.on_error(matches!(join, Join::All | Join::Any));
        for place in 0..count {
            let branch = format!("b{place}");
            self.names.push(match join {
                Join::All | Join::Any => Name::number(step.variable(), &[&branch, "n"]),
                Join::Settled => Name::text(step.variable(), &[&branch, "status"], "completed"),
            });
        }
        step
    }

    /// A block inside of a loop or a branch, where some names are there beside those outside. Those of an isolated
    /// scope aren't seen outside of it.
    fn inside(&mut self, isolated: bool, beside: &[Name], make: impl FnOnce(&mut Self) -> Block) -> Block {
        let (outside, own_from) = (self.names.len(), self.own_from);
        self.names.extend_from_slice(beside);
        if isolated {
            self.own_from = self.names.len();
        }
        self.depth += 1;
        let block = make(self);
        self.depth -= 1;
        self.own_from = own_from;
        if isolated {
            self.names.truncate(outside);
        } else {
            // They have their old values again, or none.
            self.names.drain(outside..outside + beside.len());
        }
        block
    }
}

/// A step with no settings of its own.
fn bare(id: String, kind: Kind) -> Step {
    Step { id, output: None, kind, when: None, disabled: false, on_error: OnError::Fail }
}
