//! Who keeps the secrets of workspaces.

use std::collections::BTreeMap;

use async_trait::async_trait;
use flow_model::{SecretName, Timestamp, WorkspaceId};
pub use secrecy::{ExposeSecret, SecretString};

use super::StoreError;

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

/// Where the secrets of workspaces are managed. Values go in, and none comes out but to the steps that use it.
#[async_trait]
pub trait Vault: Secrets {
    /// Makes a secret or changes its value; true when it was made. A repeat changes nothing more.
    async fn secret_put(
        &self,
        workspace: WorkspaceId,
        name: SecretName,
        value: SecretString,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Deletes a secret; false when the workspace has none of that name.
    async fn secret_delete(&self, workspace: WorkspaceId, name: SecretName) -> Result<bool, StoreError>;

    /// The workspace's secrets by name, without their values.
    async fn secret_list(&self, workspace: WorkspaceId) -> Result<Vec<SecretRecord>, StoreError>;
}

/// A secret, as far as it is ever shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// Its name.
    pub name: SecretName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its value was given last.
    pub updated_at: Timestamp,
}
