//! `run`: a flow from a file, with no server and nothing stored.

mod ask;
mod progress;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use flow_engine::Clock;
use flow_engine::{
    Engine, EngineError, Execute, MemoryStore, OpenWait, Patience, RunView, StartedBy, SystemClock, Target,
    WaitChoice,
};
use flow_model::{Fault, RunId, RunStatus, WorkspaceId};
use serde_json::{Map, Value, json};

use crate::args::RunArgs;
use crate::config::Config;
use crate::parts::{block_on, random, registry, scripts};
use crate::validate::{Written, shown};
use crate::{exit, say, tell};

/// How long to wait for the next event before asking again.
const POLL: Duration = Duration::from_secs(30);

pub(crate) fn run(config: &Config, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let document = Arc::new(Written::read(&args.file)?.document);
    let inputs: Map<String, Value> =
        serde_json::from_str(&args.inputs).context("`--inputs` must be a JSON object")?;
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let engine = Engine::builder().store(store).steps(registry(config, None)?).scripts(scripts(config)?);
        let engine = engine.limits(config.limits()).prices(config.credits.prices()?).build().await?;
        let workspace = WorkspaceId::new(SystemClock.now(), random());
        let started = engine.execute(Execute {
            workspace,
            target: Target::Document(document),
            trigger: StartedBy::Any,
            inputs,
            current_user: Arc::new(json!({})),
            idempotency: None,
            patience: Patience::UntilStored,
        });
        let started = match started.await {
            Ok(reply) => reply.view.id(),
            Err(EngineError::InvalidDefinition(faults) | EngineError::InvalidInputs(faults)) => {
                if args.json {
                    say(&json!({ "status": "refused", "issues": faults }).to_string())?;
                } else {
                    tell_faults(&faults);
                }
                return Ok(ExitCode::from(exit::CANNOT));
            }
            Err(error) => return Err(error.into()),
        };
        let view = follow(&engine, workspace, started, args.json).await?;
        report(&view, args.json)
    })
}

/// Shows a run's progress until it ends, or waits with nobody there to answer.
async fn follow(engine: &Engine, workspace: WorkspaceId, run: RunId, quiet: bool) -> anyhow::Result<RunView> {
    let mut seen = 0;
    loop {
        let poll = engine.poll(workspace, run, seen, POLL).await?;
        for event in &poll.events {
            seen = event.seq;
            if !quiet {
                progress::show(&poll.view, event);
            }
        }
        match poll.view.status() {
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => return Ok(poll.view),
            RunStatus::Waiting => {
                let waits = poll.view.open_waits();
                let asks = waits.iter().find(|wait| wait.wait.request.kind().asks_someone());
                let goes_on = match asks {
                    Some(wait) => answer(engine, workspace, wait).await?,
                    // By itself, when the clock says so. Nobody can send an event to this process.
                    None => waits.iter().any(|wait| wait.wait.expires_at.is_some()),
                };
                if !goes_on {
                    return Ok(poll.view);
                }
            }
            RunStatus::Queued | RunStatus::Running => {}
        }
    }
}

/// Has a wait answered by the person at the terminal; false when nobody is there.
async fn answer(engine: &Engine, workspace: WorkspaceId, wait: &OpenWait) -> anyhow::Result<bool> {
    let run = wait.execution.run;
    while let Some(answer) = ask::ask(wait)? {
        let choice = WaitChoice::Named(wait.execution.to_string());
        match engine.resume(workspace, run, choice, answer, Patience::UntilStored).await {
            Ok(_) => return Ok(true),
            Err(EngineError::InvalidInputs(faults)) => tell_faults(&faults),
            // The clock was faster; what became of the run is in its next events.
            Err(EngineError::WaitExpired(_) | EngineError::RunNotWaiting { .. }) => {
                tell("  too late: the question is closed");
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

fn tell_faults(faults: &[Fault]) {
    faults.iter().for_each(|fault| tell(&shown(fault)));
}

fn report(view: &RunView, as_json: bool) -> anyhow::Result<ExitCode> {
    let error = match view.state.end() {
        Some((_, flow_model::RunEnd::Failed { error })) => Some(error),
        _ => None,
    };
    if as_json {
        let status = view.status().as_str();
        say(&json!({ "status": status, "output": view.output(), "error": error }).to_string())?;
    } else if let Some(output) = view.output() {
        say(&format!("{output:#}"))?;
    } else if let Some(error) = error {
        tell(&format!("failed with {}: {}", error.code, error.message));
    }
    Ok(match view.status() {
        RunStatus::Completed => ExitCode::SUCCESS,
        RunStatus::Failed | RunStatus::Cancelled => ExitCode::from(exit::FAILED),
        RunStatus::Waiting | RunStatus::Queued | RunStatus::Running => ExitCode::from(exit::WAITING),
    })
}
