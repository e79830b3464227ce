//! A run that waits for a person, and goes on when they have decided: `cargo run --example pause_resume`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Answer, Engine, Execute, MemoryStore, Patience, StartedBy, Target, WaitChoice};
use flow_model::{Decision, WorkspaceId};
use serde_json::{Map, Value, json};

/// Starts a run, approves what it asks, and returns the question with the run's output.
pub(crate) async fn ask_and_approve() -> Result<Value, Box<dyn Error>> {
    let flow = json!({
        "name": "Quote",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "confirm" },
            { "id": "confirm", "type": "user-approval", "data": { "message": "Send the quote?" },
              "nextStepId": "end" },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "decision", "output": "{{confirm.decision}}" },
                { "name": "by", "output": "{{confirm.decidedBy}}" },
            ] } },
        ] },
    });
    let workspace = WorkspaceId::from_bytes([0; 16]);
    let patience = Patience::UpTo(Duration::from_secs(60));
    let engine = Engine::builder().store(Arc::new(MemoryStore::new())).build().await?;
    let reply = engine.execute(Execute {
        workspace,
        target: Target::Document(Arc::new(flow)),
        trigger: StartedBy::Any,
        inputs: Map::new(),
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience,
    });
    let waiting = reply.await?.view;
    // Nothing of the run is left in this process now but its rows in the store; any process may go on with it.
    let open = waiting.open_waits().into_iter().next().ok_or("the run should wait")?;
    let question = serde_json::to_value(&open.wait.request)?;
    let answer =
        Answer::Decision { decision: Decision::Approve, message: None, decided_by: Some("Ada".to_owned()) };
    let choice = WaitChoice::Named(open.execution.to_string());
    let ended = engine.resume(workspace, waiting.id(), choice, answer, patience).await?.view;
    Ok(json!({ "asked": question, "output": ended.output().map(|output| &**output) }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", ask_and_approve().await?);
    Ok(())
}
