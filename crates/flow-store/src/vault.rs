//! The secrets of workspaces, encrypted before they get to the database.
//!
//! Whoever has the database alone learns their names and lengths. The key stays with the server.

mod rows;
mod seal;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{SecretRecord, SecretString, Secrets, SecretsUnavailable, StoreError, Vault};
use flow_model::{SecretName, Timestamp, WorkspaceId};

use crate::SqlStore;
use crate::order::Order;
use seal::Sealer;

/// Secrets in a database, under a key of the server's own. Clones are handles of the same.
#[derive(Clone)]
pub struct SqlVault {
    store: SqlStore,
    sealer: Arc<Sealer>,
}

impl SqlVault {
    /// The secrets in that database under that key. All servers of a database must have the same one.
    pub fn new(store: SqlStore, key: [u8; 32]) -> Self {
        Self { store, sealer: Arc::new(Sealer::new(key)) }
    }
}

#[async_trait]
impl Secrets for SqlVault {
    async fn secrets_of(
        &self,
        workspace: WorkspaceId,
        names: &[SecretName],
    ) -> Result<BTreeMap<SecretName, SecretString>, SecretsUnavailable> {
        let wanted = names.to_vec();
        let sealed = self.store.read(move |connection| rows::get(connection, workspace, &wanted)).await;
        let sealed = sealed.map_err(|error| SecretsUnavailable { reason: error.to_string() })?;
        let open = sealed.into_iter().map(|(name, sealed)| {
            let value = self.sealer.open(workspace, &name, &sealed);
            value.map(|value| (name, value)).map_err(|reason| SecretsUnavailable { reason })
        });
        open.collect()
    }
}

#[async_trait]
impl Vault for SqlVault {
    async fn secret_put(
        &self,
        workspace: WorkspaceId,
        name: SecretName,
        value: SecretString,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sealed = self.sealer.seal(workspace, &name, &value)?;
        let put = move |connection: &mut _| rows::put(connection, workspace, &name, &sealed, now);
        self.store.write(Order::Alone, put).await
    }

    async fn secret_delete(&self, workspace: WorkspaceId, name: SecretName) -> Result<bool, StoreError> {
        let delete = move |connection: &mut _| rows::delete(connection, workspace, &name);
        self.store.write(Order::Alone, delete).await
    }

    async fn secret_list(&self, workspace: WorkspaceId) -> Result<Vec<SecretRecord>, StoreError> {
        self.store.read(move |connection| rows::list(connection, workspace)).await
    }
}
