//! What a server makes for itself: the sample flows and an admin token at its first start, and the admin token
//! of the environment at every start.

use std::net::SocketAddr;

use flow_engine::{Accounts, Clock, Engine, EngineError, FlowInput, Publish, Scope, SystemClock, Visibility};
use flow_model::{FlowId, WorkspaceId};
use serde_json::Value;

use crate::config::{Config, DEFAULT_WORKSPACE};
use crate::parts::random;
use crate::tell;
use crate::token::{self, Wanted};

/// The sample flows. The first one is shown in the welcome.
const SAMPLES: [&str; 4] = [
    include_str!("../../../../docs/examples/discount-approval.json"),
    include_str!("../../../../docs/examples/client-tool.json"),
    include_str!("../../../../docs/examples/customer-risk.json"),
    include_str!("../../../../docs/examples/retry-and-report.json"),
];

/// What a person who starts the server for the first time needs.
pub(super) struct Welcome {
    token: String,
    sample: Option<FlowId>,
}

/// Makes what is missing; a welcome at the first start without a configured token. It can be broken off at any
/// line: the token that marks the first start as done is made last.
pub(super) async fn prepare(
    config: &Config,
    engine: &Engine,
    accounts: &dyn Accounts,
) -> anyhow::Result<Option<Welcome>> {
    let first = accounts.token_list(None).await?.is_empty();
    let now = SystemClock.now();
    let workspace =
        accounts.workspace_ensure(DEFAULT_WORKSPACE, WorkspaceId::new(now, random()), now).await?;
    let sample = if first && !config.no_samples { load_samples(engine, workspace).await? } else { None };
    let admin = Wanted {
        workspace: DEFAULT_WORKSPACE,
        user: "admin",
        email: "admin@localhost",
        scopes: Scope::ALL.to_vec(),
        expires_at: None,
    };
    if !config.admin_token.is_empty() {
        token::ensure(accounts, admin, &config.admin_token).await?;
        return Ok(None);
    }
    if !first {
        return Ok(None);
    }
    let token = token::create(accounts, admin).await?;
    Ok(Some(Welcome { token, sample }))
}

/// Publishes the samples that the workspace lacks, and returns the first.
async fn load_samples(engine: &Engine, workspace: WorkspaceId) -> anyhow::Result<Option<FlowId>> {
    let mut first = None;
    for text in SAMPLES {
        let document: Value = serde_json::from_str(text)?;
        let text_of = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
        let object_of = |key: &str| document.get(key).and_then(Value::as_object).cloned();
        let name = text_of("name").unwrap_or_default();
        let flow = match engine.flows().named(workspace, &name).await? {
            Some(record) => record,
            None => {
                let input = FlowInput {
                    name,
                    description: text_of("description"),
                    definition: object_of("definition"),
                    settings: object_of("settings"),
                    visibility: Visibility::Workspace,
                    tags: vec!["sample".to_owned()],
                };
                engine.flows().create(workspace, None, input).await?.record
            }
        };
        if flow.latest.is_none() {
            let publish = Publish { summary: Some("Sample".to_owned()), ..Publish::default() };
            match engine.flows().publish(workspace, None, flow.id, publish).await {
                // Another server that starts for the first time on this database has just done so.
                Ok(_) | Err(EngineError::NothingToPublish(_) | EngineError::DraftChanged(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        first.get_or_insert(flow.id);
    }
    Ok(first)
}

impl Welcome {
    /// Prints the token and what to do with it.
    pub(super) fn print(&self, address: SocketAddr) {
        let token = &self.token;
        tell(&format!("\nAn admin token was made for you. It is shown this once:\n\n  {token}\n"));
        let Some(sample) = self.sample else { return };
        let post = |path: &str, body: &str| {
            format!(
                "  curl -s http://{address}/v1/{path} -H 'Authorization: Bearer {token}' \\\n    \
                 -H 'Content-Type: application/json' -d '{body}'\n"
            )
        };
        let execute = format!("client/flow/{sample}/execute");
        let inputs = r#"{"customer":"Ada","amount":120,"discountPercent":30}"#;
        tell("Execute a sample flow. It asks for an approval, and its answer has an `appRunId`:\n");
        tell(&post(&execute, inputs));
        tell("Approve, with that id in the place of RUN:\n");
        tell(&post("flowrun/resume/RUN", r#"{"decision":"approve"}"#));
    }
}
