//! Random steps, a method a kind.

use super::super::expression::Expr;
use super::super::plan::{Ask, Block, Does, Expiry, Kind, OnError, OnExpire, Pause, Retry, Step, Whom, Work};
use super::{CONTAINERS, DEEPEST, Generator, Name};

impl Generator {
    /// Adds a step, with one before it where it needs that.
    pub(super) fn step(&mut self, block: &mut Block) {
        let with_containers = CONTAINERS && self.depth < DEEPEST && !self.is_handler;
        let step = match self.chance.below(if with_containers { 138 } else { 118 }) {
            0..38 => self.work(),
            38..50 => self.set(),
            50..56 => self.transform(),
            56..59 => self.log(),
            59..68 => self.condition(),
            68..73 => self.switch(),
            73..88 => self.ask(),
            88..93 => self.pause(),
            93..96 => self.handled_fail(),
            96..107 => self.event(),
            107..118 if self.may_call() => self.call(),
            107..118 => self.work(),
            118..125 => self.each(),
            125..130 => self.while_loop(block),
            _ => self.parallel(),
        };
        block.push(step);
    }

    pub(super) fn give(&mut self, step: &mut Step, names: &[(&[&str], Option<&'static str>)]) {
        if self.chance.percent(12) {
            step.output = Some(self.id("o"));
        }
        for (path, text) in names {
            let name = Name::number(step.variable(), path);
            self.names.push(Name { text: *text, ..name });
        }
    }

    pub(super) fn work(&mut self) -> Step {
        let id = self.id("work");
        let mut input = vec![("a".to_owned(), self.setting(2))];
        if self.chance.percent(40) {
            input.push(("b".to_owned(), self.setting(1)));
        }
        if self.chance.percent(15) {
            input.push(("code".to_owned(), Expr::ErrorCode));
        }
        let does = match self.chance.below(100) {
            0..70 => Does::Return,
            70..82 => Does::Flaky(u32::try_from(self.chance.between(1, 2)).unwrap_or(1)),
            82..94 => Does::Fail(self.chance.pick::<&str>(&["network", "broken", "refused"])),
            _ => Does::Hang,
        };
        let must_retry = matches!(does, Does::Flaky(_));
        let retry = (must_retry || self.chance.percent(15)).then(|| Retry {
            // Above what a flaky call takes.
            max_attempts: if must_retry { 4 } else { 2 },
            delay_ms: *self.chance.pick(&[0, 10, 40, 250]),
            exponential: self.chance.percent(50),
            jitter: self.chance.percent(30),
        });
        let latency_ms = *self.chance.pick(&[0, 0, 0, 5, 30]);
        let timeout_ms = match does {
            Does::Hang => Some(40),
            // Longer than any process lives here.
            Does::Return | Does::Flaky(_) | Does::Fail(_) => self.chance.percent(10).then_some(3_600_000),
        };
        let fails = matches!(does, Does::Fail(_) | Does::Hang);
        let mut step = self.plain(id, Kind::Work(Work { input, does, latency_ms, retry, timeout_ms }));
        step.on_error = self.on_error(fails);
        self.give(&mut step, &[(&["n"], None)]);
        step
    }

    fn set(&mut self) -> Step {
        let id = self.id("set");
        let mut variables = Vec::new();
        for _ in 0..self.chance.between(1, 2) {
            let value = self.setting(2);
            let own: Vec<_> = self.names[self.own_from..].iter().filter(|name| name.is_variable).collect();
            let name = if !own.is_empty() && self.chance.percent(40) {
                self.chance.pick(&own).name.clone()
            } else {
                self.id("v")
            };
            variables.push((name, value));
        }
        let names = variables.iter().map(|(name, _)| Name { is_variable: true, ..Name::number(name, &[]) });
        let names: Vec<_> = names.collect();
        let step = self.plain(id, Kind::Set(variables));
        self.names.extend(names);
        step
    }

    fn transform(&mut self) -> Step {
        let id = self.id("sum");
        let kind = Kind::Transform(self.setting(3));
        let mut step = self.plain(id, kind);
        self.give(&mut step, &[(&[], None)]);
        step
    }

    fn log(&mut self) -> Step {
        let id = self.id("log");
        let kind = Kind::Log(self.setting(1));
        self.plain(id, kind)
    }

    fn condition(&mut self) -> Step {
        let id = self.id("if");
        let branches = (0..self.chance.between(1, 2))
            .map(|place| (format!("b{place}"), self.test(), self.branch()))
            .collect();
        let otherwise = self.branch();
        let mut step = self.plain(id, Kind::Condition { branches, otherwise });
        self.give(&mut step, &[(&["branch"], Some("b0"))]);
        step
    }

    fn switch(&mut self) -> Step {
        let id = self.id("case");
        // A number below 3, so that cases are met.
        let value = Expr::Choice(self.plain_test().into(), Expr::Int(0).into(), self.choice().into());
        let cases = (0..self.chance.between(1, 3))
            .map(|place| (i64::try_from(place).unwrap_or(0), self.branch()))
            .collect();
        let otherwise = self.branch();
        self.plain(id, Kind::Switch { value, cases, otherwise })
    }

    fn choice(&mut self) -> Expr {
        Expr::Choice(self.plain_test().into(), Expr::Int(1).into(), Expr::Int(2).into())
    }

    pub(super) fn ask(&mut self) -> Step {
        let id = self.id("ask");
        let whom = *self.chance.pick(&[Whom::Approval, Whom::Approval, Whom::Tool, Whom::Form]);
        let about = self.expression(1);
        let is_approval = whom == Whom::Approval;
        let expiry = match self.chance.below(10) {
            0..5 => Expiry::Never,
            5..7 => Expiry::Far,
            _ => {
                let then = match self.chance.below(3) {
                    0 if is_approval => OnExpire::Reject,
                    1 if is_approval => OnExpire::GoTo(self.some_block(2)),
                    _ => OnExpire::Fail,
                };
                Expiry::Soon { ms: *self.chance.pick(&[20, 100, 600]), then }
            }
        };
        let reject = (is_approval && self.chance.percent(40)).then(|| self.some_block(2));
        let fails = matches!(expiry, Expiry::Soon { then: OnExpire::Fail, .. }) || whom == Whom::Tool;
        let mut step = self.plain(id, Kind::Ask(Ask { whom, about, expiry, reject }));
        step.on_error = self.on_error(fails);
        match whom {
            Whom::Approval => {
                self.give(&mut step, &[(&["decision"], Some("approve"))]);
                self.names.push(Name::text("approval", &["decision"], "approve"));
            }
            Whom::Tool | Whom::Form => self.give(&mut step, &[(&["n"], None)]),
        }
        step
    }

    fn pause(&mut self) -> Step {
        let id = self.id("wait");
        let pause = match self.chance.below(4) {
            0 => Pause::UntilThePast,
            _ => Pause::For(*self.chance.pick(&[0, 30, 250, 1_500])),
        };
        self.plain(id, Kind::Pause(pause))
    }

    /// A `fail` that the run goes on after.
    fn handled_fail(&mut self) -> Step {
        let mut step = self.fail();
        step.on_error = match self.chance.below(2) {
            0 => OnError::Continue,
            _ => OnError::GoTo(self.some_block(2)),
        };
        step
    }
}
