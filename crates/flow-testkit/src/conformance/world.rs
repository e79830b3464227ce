//! What the cases begin with: a workspace, a flow, a node, and runs in the states they need.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    Append, AppendRefused, Appended, Claim, Claimable, ClaimedRun, Commit, Create, Created, NewFlow, Resolve,
    ResolveOutcome, RunRecord, StoredRun, Visibility,
};
use flow_model::{
    BatchId, Decision, DefinitionHash, EventKind, FlowId, NodeId, Resolution, RunEvent, RunId, RunStart,
    RunStatus, Timestamp, Trigger, VisitPath, Wait, WaitRequest, WorkspaceId,
};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::Backend;
use crate::SeededEntropy;
use crate::documents::flow;

/// Long enough for every case, by any clock.
pub(super) const LEASE: Duration = Duration::from_secs(3600);

/// Text that a careless store would change: case, quotes, blanks, combining and astral characters.
pub(super) const ODD: &str = " O'Hare \"q\" \\ %_ ; -- {{x}} \t\r\n é e\u{301} ß 漢字 🧑‍🚀 \u{202e}\u{feff} ";

/// The moment `millis` after the cases' own beginning of time.
pub(super) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + millis)
}

pub(super) fn visit(text: &str) -> VisitPath {
    VisitPath::from_stored(text)
}

/// A store with a workspace, a definition, a flow and a living node.
#[derive(Clone)]
pub(super) struct World {
    pub(super) store: Arc<dyn Backend>,
    pub(super) workspace: WorkspaceId,
    pub(super) flow: FlowId,
    pub(super) definition: DefinitionHash,
    pub(super) node: NodeId,
    pub(super) entropy: Arc<SeededEntropy>,
}

/// A run as its owner sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owned {
    pub(super) run: RunId,
    pub(super) node: NodeId,
    pub(super) epoch: i64,
    pub(super) seq: u64,
}

impl World {
    pub(super) async fn new(store: Arc<dyn Backend>) -> Self {
        let entropy = Arc::new(SeededEntropy::new(7));
        let document = document("conformance");
        let definition = DefinitionHash::of(&document);
        let mut world = Self {
            store,
            workspace: WorkspaceId::new(at(0), ten(&entropy)),
            flow: FlowId::new(at(0), ten(&entropy)),
            definition,
            node: NodeId::new(at(0), ten(&entropy)),
            entropy,
        };
        world.workspace = world.workspace("conformance").await;
        world.flow = world.flow_named(world.workspace, "conformance", at(0)).await;
        world.store.node_renew(world.node, at(0), LEASE).await.unwrap();
        world
    }

    pub(super) fn random(&self) -> [u8; 10] {
        ten(&self.entropy)
    }

    pub(super) async fn workspace(&self, name: &str) -> WorkspaceId {
        let id = WorkspaceId::new(at(0), self.random());
        self.store.workspace_ensure(name, id, at(0)).await.unwrap()
    }

    pub(super) fn new_flow(&self, workspace: WorkspaceId, name: &str, now: Timestamp) -> NewFlow {
        let definition = document(name);
        NewFlow {
            id: FlowId::new(now, self.random()),
            workspace,
            name: name.to_owned(),
            description: None,
            tags: Vec::new(),
            visibility: Visibility::Workspace,
            hash: DefinitionHash::of(&definition),
            definition: Arc::new(definition),
            created_by: None,
            now,
        }
    }

    pub(super) async fn flow_named(&self, workspace: WorkspaceId, name: &str, now: Timestamp) -> FlowId {
        self.store.flow_create(self.new_flow(workspace, name, now)).await.unwrap().id
    }

    pub(super) async fn living_node(&self) -> NodeId {
        let node = NodeId::new(at(0), self.random());
        self.store.node_renew(node, at(0), LEASE).await.unwrap();
        node
    }

    /// Ends a node's lease as its shutdown does.
    pub(super) async fn kill(&self, node: NodeId) {
        self.store.node_renew(node, at(0), Duration::ZERO).await.unwrap();
    }

    pub(super) fn batch(&self) -> BatchId {
        BatchId::new(at(0), self.random())
    }

    /// A create of a queued run, accepted `millis` after the beginning.
    pub(super) fn create(&self, millis: i64) -> Create {
        let now = at(millis);
        let record = RunRecord {
            id: RunId::new(now, self.random()),
            workspace: self.workspace,
            flow: Some(self.flow),
            version: None,
            definition: self.definition,
            trigger: "api".to_owned(),
            status: RunStatus::Queued,
            seq: 1,
            created_at: now,
            finished_at: None,
            cancel_requested_at: None,
            parent: None,
            // The store doesn't look whether it is there: a run may outlive those that it repeats.
            retry_of: Some(RunId::new(at(millis), self.random())),
            slot: None,
        };
        let commit = self.commit(0, now, vec![run_started(json!({}))]);
        Create { record, idempotency: None, node: self.node, queued: false, commit }
    }

    pub(super) fn commit(&self, seq: u64, time: Timestamp, kinds: Vec<EventKind>) -> Commit {
        let events = (seq + 1..).zip(kinds).map(|(seq, kind)| RunEvent { seq, time, kind });
        Commit {
            batch: self.batch(),
            events: events.collect(),
            waits_opened: Vec::new(),
            timers_set: Vec::new(),
            waits_taken: Vec::new(),
            closed: Vec::new(),
            release: false,
            children: Vec::new(),
            answer: None,
        }
    }

    pub(super) async fn created(&self, create: Create) -> Owned {
        let owned = Owned { run: create.record.id, node: create.node, epoch: 1, seq: create.record.seq };
        let created = self.store.run_create(create).await.unwrap();
        assert!(matches!(created, Created::New(_)), "{created:?}");
        owned
    }

    /// A queued run, owned by the world's node.
    pub(super) async fn queued(&self, millis: i64) -> Owned {
        self.created(self.create(millis)).await
    }

    /// A run that waits for those visits and is owned by nobody.
    pub(super) async fn waiting(&self, millis: i64, waits: &[(&str, Option<Timestamp>)]) -> Owned {
        let mut owned = self.queued(millis).await;
        let mut append = self.opening(&owned, at(millis), waits);
        append.commit.release = true;
        let appended = self.accepted(append, &mut owned).await;
        assert!(appended.released, "nothing held the run: {appended:?}");
        owned
    }

    pub(super) fn append(
        &self,
        owned: &Owned,
        now: Timestamp,
        status: RunStatus,
        kinds: Vec<EventKind>,
    ) -> Append {
        Append {
            run: owned.run,
            node: owned.node,
            epoch: owned.epoch,
            expected_seq: owned.seq,
            status,
            finished_at: status.is_finished().then_some(now),
            commit: self.commit(owned.seq, now, kinds),
        }
    }

    /// An append of one step's start.
    pub(super) fn step(&self, owned: &Owned, now: Timestamp) -> Append {
        self.append(owned, now, RunStatus::Running, vec![step_started("load")])
    }

    /// An append that opens waits for those visits.
    pub(super) fn opening(
        &self,
        owned: &Owned,
        now: Timestamp,
        waits: &[(&str, Option<Timestamp>)],
    ) -> Append {
        let waits: Vec<_> =
            waits.iter().map(|(name, expires_at)| (visit(name), approval(*expires_at))).collect();
        let opened = |(visit, wait): &(VisitPath, Wait)| EventKind::WaitOpened {
            visit: visit.clone(),
            wait: wait.clone(),
        };
        let mut append = self.append(owned, now, RunStatus::Waiting, waits.iter().map(opened).collect());
        append.commit.waits_opened = waits;
        append
    }

    /// An append that ends the run.
    pub(super) fn ending(&self, owned: &Owned, now: Timestamp, status: RunStatus) -> Append {
        self.append(owned, now, status, vec![ended(status)])
    }

    /// Appends what must be accepted.
    pub(super) async fn accepted(&self, append: Append, owned: &mut Owned) -> Appended {
        let seq = append.expected_seq + append.commit.events.len() as u64;
        let appended = self.store.run_append(append).await.unwrap().unwrap();
        owned.seq = seq;
        appended
    }

    /// Appends what must be refused, and checks that nothing was stored.
    pub(super) async fn refused(&self, append: Append) -> AppendRefused {
        let (run, before) = (append.run, self.snapshot(append.run).await);
        let refused = self.store.run_append(append).await.unwrap().unwrap_err();
        assert_eq!(before, self.snapshot(run).await, "a refused append changed something");
        refused
    }

    /// All that the port shows of a run, and when the next timer is due.
    pub(super) async fn snapshot(&self, run: RunId) -> String {
        let (loaded, waits) =
            (self.store.run_load(run).await.unwrap(), self.store.wait_list(run).await.unwrap());
        format!("{loaded:?} {waits:?} {:?}", self.store.timer_next().await.unwrap())
    }

    pub(super) async fn loaded(&self, run: RunId) -> StoredRun {
        self.store.run_load(run).await.unwrap().unwrap()
    }

    pub(super) async fn record(&self, run: RunId) -> RunRecord {
        self.store.run_record(run).await.unwrap().unwrap()
    }

    pub(super) async fn claim(&self, node: NodeId, limit: usize) -> Vec<ClaimedRun> {
        self.store
            .run_claim(Claim {
                node,
                of: Claimable::Any,
                limit,
                now: at(0),
                id: self.batch(),
                repeated: false,
            })
            .await
            .unwrap()
    }

    /// Claims one run only; none when it can't be taken.
    pub(super) async fn claim_run(&self, node: NodeId, owned: &Owned) -> Option<Owned> {
        let claim = Claim {
            node,
            of: Claimable::Run(owned.run),
            limit: 10,
            now: at(0),
            id: self.batch(),
            repeated: false,
        };
        let claimed = self.store.run_claim(claim).await.unwrap();
        assert!(claimed.iter().all(|claimed| claimed.run == owned.run), "{claimed:?}");
        let seq = self.record(owned.run).await.seq;
        claimed.first().map(|claimed| Owned { node, epoch: claimed.epoch, seq, ..*owned })
    }

    pub(super) async fn resolve(
        &self,
        run: RunId,
        visit_name: &str,
        resolution: Resolution,
        now: Timestamp,
    ) -> ResolveOutcome {
        let resolve = Resolve { run, visit: visit(visit_name), resolution, now };
        self.store.wait_resolve(resolve).await.unwrap()
    }

    /// Answers a wait that must be open.
    pub(super) async fn answered(&self, run: RunId, visit_name: &str, now: Timestamp) {
        assert_eq!(self.resolve(run, visit_name, approved(), now).await, ResolveOutcome::Won);
    }
}

fn ten(entropy: &SeededEntropy) -> [u8; 10] {
    use flow_engine::Entropy;

    let mut random = [0; 10];
    entropy.fill(&mut random);
    random
}

pub(super) fn document(name: &str) -> Value {
    flow(name).api("start", []).done("end", [("answer", 42)]).build()
}

pub(super) fn run_started(inputs: Value) -> EventKind {
    let trigger =
        Trigger { step: "start".parse().unwrap(), kind: "api".to_owned(), data: Arc::new(json!({})) };
    EventKind::RunStarted(Box::new(RunStart {
        trigger,
        inputs: Arc::new(inputs),
        current_user: Arc::new(json!({})),
        seed: u64::MAX,
        next: Some(visit("load")),
    }))
}

pub(super) fn step_started(visit_name: &str) -> EventKind {
    EventKind::StepStarted { visit: visit(visit_name), input: None }
}

pub(super) fn ended(status: RunStatus) -> EventKind {
    match status {
        RunStatus::Completed => EventKind::RunCompleted { output_of: None },
        RunStatus::Failed => EventKind::RunFailed { error: flow_model::RunError::new("http_status", ODD) },
        RunStatus::Cancelled => EventKind::RunCancelled {},
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => panic!("{status:?} is no end"),
    }
}

pub(super) fn approval(expires_at: Option<Timestamp>) -> Wait {
    let request = WaitRequest::UserApproval { message: ODD.to_owned(), approvers: vec![ODD.to_owned()] };
    Wait { request, expires_at }
}

pub(super) const fn approved() -> Resolution {
    Resolution::Decided { decision: Decision::Approve, message: None, decided_by: None }
}

/// Makes `count` calls from as many tasks at the same moment.
pub(super) async fn at_once<T, F>(count: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let start = |index| {
        let (barrier, call) = (barrier.clone(), call(index));
        tokio::spawn(async move {
            barrier.wait().await;
            call.await
        })
    };
    let tasks: Vec<_> = (0..count).map(start).collect();
    futures_util::future::join_all(tasks).await.into_iter().map(|task| task.unwrap()).collect()
}
