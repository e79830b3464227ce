//! Scripts: given to the script engine, while everything else of the run goes on.
//!
//! What needs a script is begun again with its outcome. Until it is through nothing of it is recorded, so a crash in
//! between loses nothing: the same is evaluated again, on the same values and with the same chance.

use std::panic::AssertUnwindSafe;

use flow_expr::{
    Script, ScriptFailure, ScriptFailureKind, ScriptLogLevel, ScriptOutcome, ScriptOwner, Scripts,
};
use flow_model::{LogLevel, LogLine, Timestamp, VisitPath};
use futures_util::FutureExt;

use super::task::TaskEnd;
use super::{Driver, Stop};
use crate::ScriptEngine;
use crate::decide::{Command, Effect};

/// The evaluation of a step's settings, or of a loop's condition.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// When it began.
    pub(super) began: Timestamp,
    pub(super) scripts: Scripts,
    /// What its scripts wrote.
    logs: Vec<LogLine>,
    /// Whether it waited for any.
    waited: bool,
}

impl Evaluation {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, scripts: Scripts::new(), logs: Vec::new(), waited: false }
    }

    fn push(&mut self, mut outcome: ScriptOutcome) {
        let lines = outcome.logs.drain(..);
        self.logs.extend(lines.map(|line| LogLine {
            level: level(line.level),
            message: line.message,
            data: None,
        }));
        self.scripts.push(outcome);
        self.waited = true;
    }
}

const fn level(level: ScriptLogLevel) -> LogLevel {
    match level {
        ScriptLogLevel::Debug => LogLevel::Debug,
        ScriptLogLevel::Info => LogLevel::Info,
        ScriptLogLevel::Warn => LogLevel::Warn,
        ScriptLogLevel::Error => LogLevel::Error,
    }
}

impl Driver {
    /// Resolves the settings of a ready visit, and decides on what comes of it; or has a script evaluated first.
    pub(super) fn resolve_visit(&mut self, visit: VisitPath, mut evaluation: Evaluation) -> Result<(), Stop> {
        let resolved = self.resolve(&visit, &evaluation)?;
        match evaluation.scripts.wanted() {
            Some(script) => self.begin_script(Effect::Resolve(visit), evaluation, script),
            None => {
                let now = self.decided_at(&evaluation);
                self.decide_at(Command::StepResolved { visit, resolved, logs: evaluation.logs }, now)
            }
        }
    }

    /// Resolves whether a `while` has another pass; or has a script evaluated first.
    pub(super) fn resolve_next_pass(
        &mut self,
        visit: VisitPath,
        mut evaluation: Evaluation,
    ) -> Result<(), Stop> {
        let resolved = self.resolve_pass(&visit, &evaluation)?;
        match evaluation.scripts.wanted() {
            Some(script) => self.begin_script(Effect::ResolvePass(visit), evaluation, script),
            None => {
                let now = self.decided_at(&evaluation);
                self.decide_at(Command::PassResolved { visit, resolved }, now)
            }
        }
    }

    /// What waited for no script was evaluated in no time: the start that is recorded is the moment that it was told.
    fn decided_at(&self, evaluation: &Evaluation) -> Timestamp {
        if evaluation.waited { self.shared.clock.now() } else { evaluation.began }
    }

    fn begin_script(
        &mut self,
        effect: Effect,
        mut evaluation: Evaluation,
        mut script: Script,
    ) -> Result<(), Stop> {
        let Some(engine) = self.shared.scripts.clone() else {
            evaluation.push(no_engine());
            return self.script_ended(effect, evaluation);
        };
        let flow = match self.record.flow {
            Some(flow) => flow.to_string(),
            None => self.record.definition.to_string(),
        };
        script.owner = ScriptOwner { workspace: self.record.workspace.to_string(), flow };
        let visit = effect.visit().clone();
        let time_limit = self.flow.step(&visit).and_then(|step| step.timeout);
        script.time_limit_ms = time_limit.map(|limit| limit.as_millis().try_into().unwrap_or(u64::MAX));
        let work = async move {
            evaluation.push(evaluate(&*engine, script).await);
            TaskEnd::Script { effect, evaluation: evaluation.into() }
        };
        let abort = self.tasks.spawn_on(work, &self.shared.runtime);
        self.aborts.insert(visit, abort);
        Ok(())
    }

    /// Begins again what needed the script.
    pub(super) fn script_ended(&mut self, effect: Effect, evaluation: Evaluation) -> Result<(), Stop> {
        match effect {
            Effect::Resolve(visit) => self.resolve_visit(visit, evaluation),
            Effect::ResolvePass(visit) => self.resolve_next_pass(visit, evaluation),
            Effect::Perform { .. } | Effect::StartChild { .. } => Ok(()),
        }
    }
}

async fn evaluate(engine: &dyn ScriptEngine, script: Script) -> ScriptOutcome {
    let outcome = AssertUnwindSafe(async { engine.evaluate(script).await }).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        tracing::error!("the script engine panicked");
        failed(ScriptFailureKind::Crashed, "the script engine has a fault: it panicked")
    })
}

fn no_engine() -> ScriptOutcome {
    failed(
        ScriptFailureKind::Unavailable,
        "this is evaluated by a script engine, and the engine was built without one: give it one with \
         `EngineBuilder::scripts`",
    )
}

fn failed(kind: ScriptFailureKind, message: &str) -> ScriptOutcome {
    let failure = ScriptFailure { kind, message: message.to_owned(), line: None, column: None };
    ScriptOutcome { failure: Some(failure), ..ScriptOutcome::default() }
}
