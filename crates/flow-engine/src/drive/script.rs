//! Scripts and files: asked for while everything else of the run goes on.
//!
//! What needs one is begun again with it. Until it is through nothing of it is recorded, so a crash in between loses
//! nothing: the same is evaluated again, on the same values and with the same chance.

use std::panic::AssertUnwindSafe;

use flow_expr::{
    Script, ScriptFailure, ScriptFailureKind, ScriptLogLevel, ScriptOutcome, ScriptOwner, Scripts,
};
use flow_model::{LogLevel, LogLine, RunError, Timestamp, VisitPath};
use futures_util::FutureExt;

use super::files::look_up;
use super::task::TaskEnd;
use super::{Driver, Stop};
use crate::ScriptEngine;
use crate::control::Resolved;
use crate::decide::{Command, Effect};
use crate::scope::{MetFiles, WantedFiles};

/// The evaluation of a step's settings, or of a loop's condition.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// When it began.
    pub(super) began: Timestamp,
    pub(super) scripts: Scripts,
    pub(super) files: MetFiles,
    /// Why what it wanted isn't to be had.
    failure: Option<RunError>,
    /// What its scripts wrote.
    logs: Vec<LogLine>,
    /// Whether it waited for anything.
    waited: bool,
}

/// What an evaluation waits for.
enum Wanted {
    /// They come first: what was made of their absence means nothing.
    Files(WantedFiles),
    Script(Script),
}

impl Evaluation {
    pub(super) fn new(began: Timestamp) -> Self {
        Self {
            began,
            scripts: Scripts::new(),
            files: MetFiles::default(),
            failure: None,
            logs: Vec::new(),
            waited: false,
        }
    }

    fn wanted(&mut self) -> Option<Wanted> {
        let script = self.scripts.wanted().map(Wanted::Script);
        self.files.wanted().map(Wanted::Files).or(script)
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
    /// Resolves the settings of a ready visit, and decides on what comes of it; or asks for what that needs first.
    pub(super) fn resolve_visit(&mut self, visit: VisitPath, mut evaluation: Evaluation) -> Result<(), Stop> {
        let resolved = match evaluation.failure.take() {
            Some(error) => Resolved::Failure(error),
            None => self.resolve(&visit, &evaluation)?,
        };
        match evaluation.wanted() {
            Some(wanted) => self.begin(Effect::Resolve(visit), evaluation, wanted),
            None => {
                let now = self.decided_at(&evaluation);
                self.decide_at(Command::StepResolved { visit, resolved, logs: evaluation.logs }, now)
            }
        }
    }

    /// Resolves whether a `while` has another pass; or asks for what that needs first.
    pub(super) fn resolve_next_pass(
        &mut self,
        visit: VisitPath,
        mut evaluation: Evaluation,
    ) -> Result<(), Stop> {
        let resolved = match evaluation.failure.take() {
            Some(error) => Resolved::Failure(error),
            None => self.resolve_pass(&visit, &evaluation)?,
        };
        match evaluation.wanted() {
            Some(wanted) => self.begin(Effect::ResolvePass(visit), evaluation, wanted),
            None => {
                let now = self.decided_at(&evaluation);
                self.decide_at(Command::PassResolved { visit, resolved }, now)
            }
        }
    }

    /// What waited for nothing was evaluated in no time: the start that is recorded is the moment that it was told.
    fn decided_at(&self, evaluation: &Evaluation) -> Timestamp {
        if evaluation.waited { self.shared.clock.now() } else { evaluation.began }
    }

    fn begin(&mut self, effect: Effect, evaluation: Evaluation, wanted: Wanted) -> Result<(), Stop> {
        match wanted {
            Wanted::Files(files) => {
                self.begin_look_up(effect, evaluation, files);
                Ok(())
            }
            Wanted::Script(script) => self.begin_script(effect, evaluation, script),
        }
    }

    fn begin_look_up(&mut self, effect: Effect, mut evaluation: Evaluation, wanted: WantedFiles) {
        let (shared, workspace, visit) = (self.shared.clone(), self.record.workspace, effect.visit().clone());
        let work = async move {
            let found = look_up(&shared, workspace, &mut evaluation.files, wanted).await;
            evaluation.failure = found.err();
            evaluation.scripts.begin_again();
            evaluation.waited = true;
            TaskEnd::Wanted { effect, evaluation: evaluation.into() }
        };
        let abort = self.tasks.spawn_on(work, &self.shared.runtime);
        self.aborts.insert(visit, abort);
    }

    fn begin_script(
        &mut self,
        effect: Effect,
        mut evaluation: Evaluation,
        mut script: Script,
    ) -> Result<(), Stop> {
        let Some(engine) = self.shared.scripts.clone() else {
            evaluation.push(no_engine());
            return self.evaluate_again(effect, evaluation);
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
            TaskEnd::Wanted { effect, evaluation: evaluation.into() }
        };
        let abort = self.tasks.spawn_on(work, &self.shared.runtime);
        self.aborts.insert(visit, abort);
        Ok(())
    }

    /// Begins again what needed the script or the files.
    pub(super) fn evaluate_again(&mut self, effect: Effect, evaluation: Evaluation) -> Result<(), Stop> {
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
