//! Webhooks: the addresses that others call to start a flow.

use flow_model::{Document, Faults, FlowId, SecretName, VersionNumber, Webhook, WebhookId, WorkspaceId};
use secrecy::SecretString;
use serde_json::Value;

use crate::engine::Shared;
use crate::ports::{Catalog, Entropy, NewHook};
use crate::token::{new_token, token_hash};
use crate::{EngineError, Flows, Target};

/// What the token of an address begins with.
const PREFIX: &str = "whk_";

/// A webhook that was given an address: its token is told this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeHook {
    /// The webhook.
    pub webhook: WebhookId,
    /// What opens it.
    pub token: String,
}

/// A webhook that is called.
#[derive(Debug, Clone)]
pub struct Hook {
    /// The flow's workspace.
    pub workspace: WorkspaceId,
    /// The flow.
    pub flow: FlowId,
    /// Its latest published version, whose settings these are.
    pub version: VersionNumber,
    /// Which of the flow's webhooks it is.
    pub id: WebhookId,
    /// What it says of its calls.
    pub settings: Webhook,
}

/// The webhooks of a document, each with a new token.
pub(crate) fn of_document(document: &Value, entropy: &dyn Entropy) -> Vec<MadeHook> {
    let document = Document::read(document, &Faults::new());
    let ids = document.steps.iter().filter_map(|step| Webhook::id_of(&step.kind)?.ok());
    ids.map(|webhook| MadeHook { webhook, token: new_token(PREFIX, entropy) }).collect()
}

impl MadeHook {
    /// What is stored of it.
    pub(crate) fn stored(&self) -> NewHook {
        NewHook { webhook: self.webhook.clone(), token: token_hash(&self.token) }
    }
}

/// The webhook whose address has that token, if the latest version of its flow has it still.
pub(crate) async fn find(shared: &Shared, flows: &Flows, token: &str) -> Result<Hook, EngineError> {
    let record = shared.catalog.hook_get(token_hash(token)).await?.ok_or(EngineError::HookNotFound)?;
    let latest = Target::Published(record.flow, flow_model::VersionSelector::Latest);
    let chosen = flows.choose(record.workspace, &latest).await;
    let chosen = chosen.map_err(|error| match error {
        EngineError::NoPublishedVersion(_) | EngineError::FlowNotFound(_) => EngineError::HookNotFound,
        other => other,
    })?;
    let (kind, version) =
        (Webhook::kind_of(&record.webhook), chosen.version.ok_or(EngineError::HookNotFound)?);
    let flow = shared.flow(chosen.hash).await?;
    let trigger = flow.triggers.iter().find(|trigger| trigger.kind == kind);
    let settings = trigger.and_then(|trigger| trigger.webhook.clone()).ok_or(EngineError::HookNotFound)?;
    Ok(Hook { workspace: record.workspace, flow: record.flow, version, id: record.webhook, settings })
}

/// Gives a webhook of a flow another address, after which the one before opens nothing.
pub(crate) async fn rotate(
    catalog: &dyn Catalog,
    entropy: &dyn Entropy,
    flow: FlowId,
    webhook: WebhookId,
) -> Result<MadeHook, EngineError> {
    let made = MadeHook { webhook, token: new_token(PREFIX, entropy) };
    if catalog.hook_rotate(flow, made.stored()).await? { Ok(made) } else { Err(EngineError::HookNotFound) }
}

/// The secret that calls of a webhook are signed with.
pub(crate) async fn secret(
    shared: &Shared,
    hook: &Hook,
    name: &SecretName,
) -> Result<SecretString, EngineError> {
    let unavailable = |reason: String| {
        tracing::warn!(flow = %hook.flow, webhook = %hook.id, secret = %name, reason, "a webhook can't be checked");
        EngineError::HookSecretUnavailable
    };
    let source =
        shared.secrets.as_ref().ok_or_else(|| unavailable("the server has no secrets".to_owned()))?;
    let values = source.secrets_of(hook.workspace, std::slice::from_ref(name)).await;
    let mut values = values.map_err(|error| unavailable(error.to_string()))?;
    values.remove(name).ok_or_else(|| unavailable("the workspace has no such secret".to_owned()))
}
