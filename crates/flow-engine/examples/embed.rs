//! The engine inside a program of one's own, with a step of one's own: `cargo run --example embed`.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::sync::Arc;

use flow_engine::{
    Engine, Execute, MemoryStore, Patience, Registry, StartedBy, Step, StepAbout, StepContext, StepError,
    Target,
};
use flow_model::WorkspaceId;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// A type of step: it greets whoever `data.name` names.
struct Greet;

/// Its settings: documents are checked against them, and editors show them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the schema is made of it; `run` gets JSON")]
struct Settings {
    /// Who is greeted.
    name: String,
}

#[async_trait::async_trait]
impl Step for Greet {
    fn kind(&self) -> &'static str {
        "greet"
    }

    fn about(&self) -> StepAbout {
        let about = StepAbout::new("Greet", "Says hello.").settings::<Settings>();
        about.output("text", "string", "what was said")
    }

    async fn run(&self, _context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        match input["name"].as_str() {
            Some(name) => Ok(json!({ "text": format!("Hello, {name}!") })),
            None => Err(StepError::new("name_missing", "there is nobody to greet; give a `name`")),
        }
    }
}

/// Runs a flow that greets Ada, and returns its output.
pub(crate) async fn greet_ada() -> Result<Value, Box<dyn Error>> {
    let flow = json!({
        "name": "Greeting",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": { "fields": [{ "name": "who", "type": "string" }] },
              "nextStepId": "greet" },
            { "id": "greet", "type": "greet", "data": { "name": "{{who}}" }, "nextStepId": "end" },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "greeting", "output": "{{greet.text}}" },
            ] } },
        ] },
    });
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::builder().store(store).steps(Registry::new().with(Greet)).build().await?;
    let reply = engine.execute(Execute {
        workspace: WorkspaceId::from_bytes([0; 16]),
        target: Target::Document(Arc::new(flow)),
        trigger: StartedBy::Any,
        inputs: Map::from_iter([("who".to_owned(), json!("Ada"))]),
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience: Patience::UpTo(std::time::Duration::from_secs(60)),
    });
    let output = reply.await?.view.output().map(|output| Value::clone(output));
    Ok(output.unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", greet_ada().await?);
    Ok(())
}
