//! Who keeps the secrets of workspaces.

use std::collections::BTreeMap;

use async_trait::async_trait;
use flow_model::{SecretName, WorkspaceId};
pub use secrecy::{ExposeSecret, SecretString};

/// Gives secrets to the steps that use them.
#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// The present values of those secrets, without the ones that the workspace hasn't. It is asked at every attempt of
    /// a step, so that a secret that was changed meanwhile is used at once.
    async fn secrets_of(
        &self,
        workspace: WorkspaceId,
        names: &[SecretName],
    ) -> Result<BTreeMap<SecretName, SecretString>, SecretsUnavailable>;
}

/// The secrets can't be read for now; the attempt fails, and another one may succeed.
#[derive(Debug, thiserror::Error)]
#[error("the secrets can't be read: {reason}")]
pub struct SecretsUnavailable {
    /// What went wrong, for the log.
    pub reason: String,
}
