//! A source of secrets that a test fills, changes and takes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use flow_engine::{SecretString, Secrets, SecretsUnavailable};
use flow_model::{SecretName, WorkspaceId};

/// Secrets of one workspace. Clones are handles of the same ones.
#[derive(Clone)]
pub struct KnownSecrets {
    workspace: WorkspaceId,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    values: BTreeMap<SecretName, SecretString>,
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
