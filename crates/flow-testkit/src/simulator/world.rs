//! A database, a number of processes, and the time.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    Catalog, Clock, EngineError, Entropy, MemoryStore, NewFlow, PublishDraft, RunRecord, Store, StoredWait,
    Visibility,
};
use flow_model::{DefinitionHash, RunEvent, RunId, Timestamp, VisitPath, WorkspaceId};
use futures_util::FutureExt;
use serde_json::Value;

use super::document::flow_id;
use super::family;
use super::ledger::Ledger;
use super::process::{Process, Shared};
use crate::{ManualClock, SeededEntropy};

/// The lease of the engines, which is the default.
pub(super) const LEASE: Duration = Duration::from_secs(15);

pub(super) struct World {
    pub(super) shared: Shared,
    pub(super) processes: Vec<Process>,
    pub(super) workspace: WorkspaceId,
    /// How many processes have died or stalled.
    pub(super) losses: u32,
}

impl World {
    pub(super) fn new(seed: u64, is_told: bool) -> Self {
        let entropy = Arc::new(SeededEntropy::new(seed));
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let clock = ManualClock::default();
        let workspace = WorkspaceId::new(clock.now(), random);
        let ledger = Arc::new(Ledger::new(is_told));
        // A quarter of the worlds is slow.
        let tick = Duration::from_millis(if seed % 4 == 3 { 10 + seed % 7 * 8 } else { 0 });
        let shared = Shared {
            seed,
            database: Arc::new(MemoryStore::new()),
            entropy,
            ledger,
            start: clock.now(),
            clock,
            tick,
        };
        Self { shared, processes: Vec::new(), workspace, losses: 0 }
    }

    /// Publishes a flow that others run.
    pub(super) fn publish(&self, number: usize, document: &Arc<Value>) {
        let (id, hash, now_is) = (flow_id(number), DefinitionHash::of(document), self.now());
        let flow = NewFlow {
            id,
            workspace: self.workspace,
            name: "simulated".to_owned(),
            description: None,
            tags: Vec::new(),
            visibility: Visibility::Workspace,
            hash,
            definition: document.clone(),
            created_by: None,
            now: now_is,
        };
        now(self.shared.database.flow_create(flow)).expect("it is a new flow");
        let draft = PublishDraft {
            flow: id,
            draft: 1,
            hash,
            label: semver::Version::new(1, 0, 0),
            hooks: Vec::new(),
            summary: None,
            published_by: None,
            now: now_is,
        };
        now(self.shared.database.draft_publish(draft)).flatten().expect("it has a draft");
    }

    /// Starts a process and returns its number.
    pub(super) async fn start(&mut self) -> Result<usize, EngineError> {
        let number = self.processes.len();
        self.processes.push(Process::start(number, &self.shared, self.now()).await?);
        Ok(number)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Returns once nobody can go on before time passes. On a runtime whose clock is paused, a timer fires when
    /// nothing else is left to do, and no earlier.
    pub(super) async fn idle(&mut self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        // What one process took longer to do, the others have lived through too.
        let latest = self.processes.iter().filter(|process| process.is_going()).map(Process::time).max();
        if let Some(latest) = latest.filter(|latest| *latest > self.now()) {
            self.set_time(latest);
        }
    }

    /// Moves the time on to when something is due; false when nothing is.
    pub(super) fn pass(&mut self) -> bool {
        let due =
            self.processes.iter().filter_map(Process::next_due).chain(self.shared.clock.next_due()).min();
        if let Some(due) = due {
            self.set_time(due.max(self.now()));
        }
        due.is_some()
    }

    /// Moves the time on, over whatever is due meanwhile.
    pub(super) fn jump(&mut self, by: Duration) {
        self.set_time(self.now().after(by));
    }

    fn set_time(&mut self, now: Timestamp) {
        self.shared.clock.set(now);
        self.processes.iter().for_each(|process| process.set_time(now));
    }

    /// The processes that take calls.
    pub(super) fn open_processes(&self) -> Vec<usize> {
        let processes = self.processes.iter().enumerate();
        processes.filter(|(_, process)| process.takes_calls()).map(|(number, _)| number).collect()
    }

    /// The runs that are stored, each before those that its steps have started.
    pub(super) fn runs(&self) -> Vec<RunRecord> {
        let mut roots: Vec<RunId> = self.processes.iter().flat_map(|process| process.store.runs()).collect();
        roots.sort_unstable();
        roots.dedup();
        let roots = roots.into_iter().filter_map(|run| self.record(run));
        let mut runs: Vec<RunRecord> = roots.filter(|run| run.parent.is_none()).collect();
        let mut place = 0;
        while let Some(run) = runs.get(place) {
            runs.extend(self.children(run.id));
            place += 1;
        }
        runs
    }

    /// The run that the client started, once it is stored.
    pub(super) fn root(&self) -> Option<RunRecord> {
        self.runs().into_iter().next()
    }

    /// The runs that a run's steps have started.
    pub(super) fn children(&self, run: RunId) -> Vec<RunRecord> {
        now(self.shared.database.run_children(run)).unwrap_or_default()
    }

    /// A visit with the path to its run before it.
    pub(super) fn path(&self, run: RunId, visit: &VisitPath) -> String {
        format!("{}{visit}", family::path(&self.shared.database, run))
    }

    pub(super) fn record(&self, run: RunId) -> Option<RunRecord> {
        now(self.shared.database.run_record(run)).flatten()
    }

    pub(super) fn events(&self, run: RunId) -> Vec<RunEvent> {
        now(self.shared.database.run_events(run, 0)).unwrap_or_default()
    }

    pub(super) fn waits(&self, run: RunId) -> Vec<StoredWait> {
        now(self.shared.database.wait_list(run)).unwrap_or_default()
    }
}

/// The reply of the database itself, which lets nobody wait.
pub(super) fn now<T, E>(call: impl Future<Output = Result<T, E>>) -> Option<T> {
    call.now_or_never().and_then(Result::ok)
}
