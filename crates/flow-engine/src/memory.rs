//! A store that lives in memory, for embedders without durability and for tests.
//!
//! It keeps every promise of the ports but that of surviving the process, by the same rules as a database:
//! rows, leases and epochs, so that what is tested on it holds elsewhere. One lock guards all tables; each
//! call holds it for a few look-ups and never across an await, and clones event batches by reference.
//! Nothing is ever written out and nothing is evicted: retention is up to whoever owns the process.

mod accounts;
mod awake;
mod catalog;
mod children;
mod claim;
mod events;
mod files;
mod logs;
mod run;
mod runs;
mod store;
mod timers;
mod wait;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use flow_model::{DefinitionHash, FileId};

use self::accounts::People;
use self::catalog::Flows;
use self::runs::Runs;
use crate::{FilePlace, FileRecord, RunRecord, StoreError, StoredDefinition};

/// An empty store, implementing [`Store`](crate::Store), [`Catalog`](crate::Catalog), [`Accounts`](crate::Accounts),
/// and both ports of files. Clones are handles of the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    definitions: HashMap<DefinitionHash, StoredDefinition>,
    runs: Runs,
    flows: Flows,
    people: People,
    files: HashMap<FileId, FileRecord>,
    contents: HashMap<FilePlace, Bytes>,
}

impl MemoryStore {
    /// A store without any rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables, locked. Every change is checked before it is begun, so a panic of one caller leaves
    /// rows that the next one can use.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    /// Without the rows, which may be millions and hold what users sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Tables {
    fn check_definitions<'r>(
        &self,
        records: impl IntoIterator<Item = &'r RunRecord>,
    ) -> Result<(), StoreError> {
        let missing = records.into_iter().find(|record| !self.definitions.contains_key(&record.definition));
        match missing {
            Some(record) => Err(rejected(format!("the definition {} isn't stored", record.definition))),
            None => Ok(()),
        }
    }
}

/// What a database's constraint would say.
fn rejected(reason: impl Into<String>) -> StoreError {
    StoreError::Rejected { reason: reason.into() }
}
