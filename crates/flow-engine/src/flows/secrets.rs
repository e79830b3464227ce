//! Faults of the secrets that a document's steps use: those that the workspace hasn't.
//!
//! What passes is looked up again whenever a step uses it: secrets come and go after flows were published.

use std::collections::BTreeSet;

use flow_model::{Fault, SecretName, Severity, WorkspaceId};
use serde_json::Value;

use super::Flows;
use crate::flow::named_secrets;

/// The faults of what a flow's document names.
pub(super) async fn check(flows: &Flows, workspace: WorkspaceId, document: &Value) -> Vec<Fault> {
    let named = named_secrets(document, &flows.shared.registry);
    if named.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<_> = named.iter().map(|(_, name)| name.clone()).collect();
    let names: Vec<_> = names.into_iter().collect();
    let known = match &flows.shared.secrets {
        Some(source) => source.secrets_of(workspace, &names).await.map_err(|error| error.to_string()),
        None => Err("the engine has no source of secrets".to_owned()),
    };
    match known {
        Ok(known) => {
            let missing = named.into_iter().filter(|(_, name)| !known.contains_key(name));
            missing.map(|(pointer, name)| unknown(pointer, &name)).collect()
        }
        Err(reason) => {
            tracing::warn!(%reason, "the secrets of a flow couldn't be checked");
            named.into_iter().take(1).map(|(pointer, name)| unchecked(pointer, &name)).collect()
        }
    }
}

fn unknown(pointer: String, name: &SecretName) -> Fault {
    let message = format!("the workspace has no secret `{name}`; store it, or mend its name here");
    Fault { pointer, code: "secret_unknown", message, severity: Severity::Error }
}

fn unchecked(pointer: String, name: &SecretName) -> Fault {
    let message = format!(
        "whether the workspace has the secret `{name}`, and the others that the flow uses, can't be told for now; a run \
         finds out"
    );
    Fault { pointer, code: "secrets_unavailable", message, severity: Severity::Warning }
}
