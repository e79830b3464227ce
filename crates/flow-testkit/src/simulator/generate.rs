//! Random plans.
//!
//! Every plan is a valid document by its making: ids are counted, names are read only after the step that gives
//! them a value, and paths join again. Steps like to depend on what came before them, so that a result that is
//! lost, repeated or given to the wrong branch changes what the run comes to.

mod calls;
mod containers;
mod steps;

use serde_json::json;

use super::chance::Chance;
use super::expression::{Expr, Test};
use super::plan::{Block, Flow, Kind, OnError, Plan, Step};

/// Whether plans have `each`, `while` and `parallel`.
pub(super) const CONTAINERS: bool = true;

/// How many of a hundred settings are scripts.
const SCRIPTS: usize = 12;

/// How deep loops and branches are nested.
const DEEPEST: usize = 2;

pub(super) fn plan(seed: u64) -> Plan {
    let chance = Chance::new(seed);
    let list: Vec<usize> = (0..chance.below(4)).map(|_| chance.below(100)).collect();
    let inputs = json!({ "n": chance.below(100), "list": list });
    let budget = chance.between(2, 12);
    let mut generator = Generator {
        chance,
        ids: 0,
        flows: Vec::new(),
        calls: 0,
        budget,
        names: vec![Name::number("n", &[])],
        own_from: 0,
        depth: 0,
        is_handler: false,
    };
    let main = generator.flow(budget, 5);
    Plan { inputs, main, others: generator.flows }
}

struct Generator {
    chance: Chance,
    ids: usize,
    /// The flows that others run, as far as they are done.
    flows: Vec<Flow>,
    /// How many calls lead to the present flow.
    calls: usize,
    /// How many steps may still be made.
    budget: usize,
    /// What expressions may name.
    names: Vec<Name>,
    /// The first of them that belongs to the present scope: those before it can't be written.
    own_from: usize,
    /// How many loops and branches stand round the present block.
    depth: usize,
    is_handler: bool,
}

/// A name, and a number that can be read from it.
#[derive(Debug, Clone)]
struct Name {
    name: String,
    path: Vec<String>,
    /// The text that stands there, if it is no number.
    text: Option<&'static str>,
    /// Whether `set-variables` made it.
    is_variable: bool,
}

impl Name {
    fn number(name: &str, path: &[&str]) -> Self {
        let path = path.iter().map(|member| (*member).to_owned()).collect();
        Self { name: name.to_owned(), path, text: None, is_variable: false }
    }

    fn text(name: &str, path: &[&str], text: &'static str) -> Self {
        Self { text: Some(text), ..Self::number(name, path) }
    }
}

impl Generator {
    /// A flow of about so many steps, of which that share of a hundred has a time that may be over.
    fn flow(&mut self, most: usize, timed: usize) -> Flow {
        let mut body = self.block(most);
        body.push(self.end());
        let handler = self.chance.percent(35).then(|| self.handler());
        // Short enough to cut into some runs, and into most of those whose process dies.
        let timeout_ms = self.chance.percent(timed).then(|| *self.chance.pick(&[20, 300, 10_000]));
        Flow { body, handler, timeout_ms }
    }

    /// Up to so many steps, fewer when the budget is used up.
    fn block(&mut self, most: usize) -> Block {
        let mut block = Vec::new();
        while block.len() < most && self.budget > 0 {
            self.budget -= 1;
            self.step(&mut block);
        }
        block
    }

    /// A block of at least one step.
    fn some_block(&mut self, most: usize) -> Block {
        let count = self.chance.between(1, most);
        let mut block = self.block(count);
        if block.is_empty() {
            block.push(self.work());
        }
        block
    }

    /// A block that may be empty, or end the run.
    fn branch(&mut self) -> Block {
        let count = self.chance.below(3);
        let mut block = self.block(count);
        if self.chance.percent(8) {
            let end = if self.depth == 0 && self.chance.percent(50) { self.end() } else { self.fail() };
            block.push(end);
        }
        block
    }

    fn handler(&mut self) -> Block {
        self.is_handler = true;
        self.budget = self.chance.between(1, 3);
        let mut block = self.some_block(3);
        if self.chance.percent(60) {
            block.push(self.end());
        }
        block
    }

    fn id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}{}", self.ids)
    }

    /// A step with settings that any step can have.
    fn plain(&mut self, id: String, kind: Kind) -> Step {
        let when = self.chance.percent(12).then(|| self.test());
        let disabled = self.chance.percent(4);
        Step { id, output: None, kind, when, disabled, on_error: OnError::Fail }
    }

    /// What a failure leads to; for a step that fails rather surely, mostly something that the run goes on by.
    fn on_error(&mut self, fails: bool) -> OnError {
        match self.chance.below(if fails { 10 } else { 40 }) {
            0..4 => OnError::Continue,
            4..8 => OnError::GoTo(self.some_block(2)),
            _ => OnError::Fail,
        }
    }

    /// A test that may be part of an expression.
    fn plain_test(&mut self) -> Test {
        if self.chance.percent(60) {
            Test::Less(self.expression(1), self.expression(1))
        } else {
            Test::Even(self.expression(1))
        }
    }

    /// A test that is the whole of a setting, and may be a script.
    fn test(&mut self) -> Test {
        let test = self.plain_test();
        if self.chance.percent(SCRIPTS) { Test::Script(test.into()) } else { test }
    }

    /// An expression that is the whole of a setting, and may be a script.
    fn setting(&mut self, depth: usize) -> Expr {
        let expression = self.expression(depth);
        if self.chance.percent(SCRIPTS) { Expr::Script(expression.into()) } else { expression }
    }

    fn expression(&mut self, depth: usize) -> Expr {
        match self.chance.below(if depth == 0 { 7 } else { 12 }) {
            0 => Expr::Int(self.small()),
            1..7 => self.read(),
            7..11 => Expr::Mix(self.expression(depth - 1).into(), self.expression(depth - 1).into()),
            _ => {
                let test = Test::Less(self.expression(0), self.expression(0));
                Expr::Choice(
                    test.into(),
                    self.expression(depth - 1).into(),
                    self.expression(depth - 1).into(),
                )
            }
        }
    }

    /// The value of a name, mostly of a late one.
    fn read(&self) -> Expr {
        let late = self.names.len().min(3);
        let place = if self.chance.percent(70) {
            self.names.len() - 1 - self.chance.below(late)
        } else {
            self.chance.below(self.names.len())
        };
        let Name { name, path, text, .. } = self.names[place].clone();
        match text {
            Some(text) => Expr::Is { name, path, text },
            None => Expr::Number { name, path, otherwise: self.small() },
        }
    }

    fn small(&self) -> i64 {
        i64::try_from(self.chance.below(10)).unwrap_or(0)
    }

    /// A `final` that shows what the run has come to know.
    fn end(&mut self) -> Step {
        let count = self.names.len().min(8);
        let mut outputs: Vec<_> = (0..count).map(|place| (format!("o{place}"), self.read())).collect();
        outputs.push(("mix".to_owned(), self.expression(3)));
        if self.chance.percent(40) {
            outputs.push(("code".to_owned(), Expr::ErrorCode));
        }
        let id = self.id("end");
        Step {
            id,
            output: None,
            kind: Kind::Final(outputs),
            when: None,
            disabled: false,
            on_error: OnError::Fail,
        }
    }

    fn fail(&mut self) -> Step {
        let id = self.id("fail");
        let kind = Kind::Fail(format!("code_{}", self.chance.below(5)));
        Step { id, output: None, kind, when: None, disabled: false, on_error: OnError::Fail }
    }
}
