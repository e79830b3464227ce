//! A source of secrets that a test fills, changes and takes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use flow_engine::{SecretRecord, SecretString, Secrets, SecretsUnavailable, StoreError, Vault};
use flow_model::{SecretName, Timestamp, WorkspaceId};

/// Secrets of one workspace. Clones are handles of the same ones.
#[derive(Clone)]
pub struct KnownSecrets {
    workspace: WorkspaceId,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    values: BTreeMap<SecretName, SecretString>,
    times: BTreeMap<SecretName, (Timestamp, Timestamp)>,
    away: usize,
    asked: Vec<BTreeSet<String>>,
}

impl KnownSecrets {
    /// A workspace with those secrets.
    pub fn new<'a>(workspace: WorkspaceId, secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = Self { workspace, state: Arc::default() };
        secrets.into_iter().for_each(|(name, value)| known.set(name, value));
        known
    }

    /// Makes or changes a secret.
    ///
    /// # Panics
    /// No secret can have that name.
    pub fn set(&self, name: &str, value: &str) {
        let name = name.parse().unwrap_or_else(|error| panic!("{error}"));
        self.state().values.insert(name, value.into());
    }

    /// The next so many questions get no answer.
    pub fn be_away(&self, times: usize) {
        self.state().away = times;
    }

    /// The names of each question so far.
    pub fn asked(&self) -> Vec<BTreeSet<String>> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Secrets for KnownSecrets {
    /// Gives all that the workspace has, whatever was asked for: whoever asks must take no more.
    async fn secrets_of(
        &self,
        workspace: WorkspaceId,
        names: &[SecretName],
    ) -> Result<BTreeMap<SecretName, SecretString>, SecretsUnavailable> {
        let mut state = self.state();
        state.asked.push(names.iter().map(ToString::to_string).collect());
        if let Some(left) = state.away.checked_sub(1) {
            state.away = left;
            return Err(SecretsUnavailable { reason: "the keeper of keys is away".to_owned() });
        }
        let is_known = workspace == self.workspace;
        Ok(if is_known { state.values.clone() } else { BTreeMap::new() })
    }
}

/// Of that one workspace: every other has none, and can store none.
#[async_trait]
impl Vault for KnownSecrets {
    async fn secret_put(
        &self,
        workspace: WorkspaceId,
        name: SecretName,
        value: SecretString,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if workspace != self.workspace {
            return Err(StoreError::Rejected { reason: "these secrets are another workspace's".to_owned() });
        }
        let mut state = self.state();
        let made = state.values.insert(name.clone(), value).is_none();
        state.times.entry(name).or_insert((now, now)).1 = now;
        Ok(made)
    }

    async fn secret_delete(&self, workspace: WorkspaceId, name: SecretName) -> Result<bool, StoreError> {
        let mut state = self.state();
        state.times.remove(&name);
        Ok(workspace == self.workspace && state.values.remove(&name).is_some())
    }

    async fn secret_list(&self, workspace: WorkspaceId) -> Result<Vec<SecretRecord>, StoreError> {
        let state = self.state();
        let times = state.times.iter().filter(|_| workspace == self.workspace);
        let record = |(name, (created_at, updated_at)): (&SecretName, &(Timestamp, Timestamp))| {
            SecretRecord { name: name.clone(), created_at: *created_at, updated_at: *updated_at }
        };
        Ok(times.map(record).collect())
    }
}
