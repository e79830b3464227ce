//! Runs to be stored, the same in every test.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    Append, Claim, Claimable, ClaimedRun, Commit, Create, Created, Entropy as _, IdempotencyKey, NewChild,
    OsEntropy, Parent, Resolve, RunRecord, Store as _,
};
use flow_model::{
    BatchId, Decision, DefinitionHash, EventKind, NodeId, Resolution, RunEnd, RunEvent, RunId, RunStart,
    RunStatus, Timestamp, Trigger, VisitPath, Wait, WaitRequest, WorkspaceId,
};
use flow_store::SqlStore;
use serde_json::{Value, json};

pub(crate) const LEASE: Duration = Duration::from_secs(3600);

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

pub(crate) fn random() -> [u8; 10] {
    let mut random = [0; 10];
    OsEntropy.fill(&mut random);
    random
}

pub(crate) fn node() -> NodeId {
    NodeId::new(at(0), random())
}

pub(crate) fn visit() -> VisitPath {
    VisitPath::from_stored("ask")
}

/// A definition that is stored and a node that lives.
pub(crate) struct World {
    pub(crate) definition: DefinitionHash,
    pub(crate) node: NodeId,
    pub(crate) workspace: WorkspaceId,
}

impl World {
    pub(crate) async fn new(store: &SqlStore) -> Self {
        let document = json!({ "name": "flow", "definition": { "steps": [] } });
        let definition = DefinitionHash::of(&document);
        store.definition_store(definition, Arc::new(document)).await.unwrap();
        let node = node();
        store.node_renew(node, at(0), LEASE).await.unwrap();
        Self { definition, node, workspace: WorkspaceId::new(at(0), random()) }
    }

    /// A run that has begun and is owned by the node.
    pub(crate) fn create(&self) -> Create {
        let start = RunStart {
            trigger: Trigger {
                step: "api".parse().unwrap(),
                kind: "api".to_owned(),
                data: Arc::new(Value::Null),
            },
            inputs: Arc::new(json!({ "name": "somebody" })),
            current_user: Arc::new(json!({})),
            seed: 1,
            next: None,
        };
        let record = RunRecord {
            id: RunId::new(at(0), random()),
            workspace: self.workspace,
            flow: None,
            version: None,
            definition: self.definition,
            trigger: "api".to_owned(),
            status: RunStatus::Running,
            seq: 1,
            created_at: at(0),
            finished_at: None,
            cancel_requested_at: None,
            parent: None,
            retry_of: None,
            slot: None,
        };
        let commit = commit(0, vec![EventKind::RunStarted(Box::new(start))]);
        Create { record, idempotency: None, node: self.node, queued: false, commit }
    }

    pub(crate) fn keyed(&self, key: &str) -> Create {
        let key = IdempotencyKey { key: key.to_owned(), body_hash: [1; 32], expires_at: at(1_000_000) };
        Create { idempotency: Some(key), ..self.create() }
    }

    /// A run that ends in its first commit.
    pub(crate) fn whole(&self) -> Create {
        let mut create = self.create();
        create.commit.events.push(event(2, EventKind::RunCompleted { output_of: None }));
        create.record.seq = 2;
        create.record.status = RunStatus::Completed;
        create.record.finished_at = Some(at(0));
        create
    }

    /// A run that waits and is owned by nobody.
    pub(crate) fn waiting(&self, expires_at: Option<Timestamp>) -> Create {
        let mut create = self.create();
        let request = WaitRequest::UserApproval { message: "go on?".to_owned(), approvers: Vec::new() };
        let wait = Wait { request, expires_at };
        create.commit.events.push(event(2, EventKind::WaitOpened { visit: visit(), wait: wait.clone() }));
        create.commit.waits_opened.push((visit(), wait));
        create.commit.release = true;
        create.record.seq = 2;
        create.record.status = RunStatus::Waiting;
        create
    }

    /// A run that waits for so many others, which it starts.
    pub(crate) fn family(&self, count: usize) -> (Create, Vec<RunId>) {
        let mut create = self.create();
        let mut children = Vec::new();
        for _ in 0..count {
            let child = self.create();
            let run = child.record.id;
            children.push(run);
            let parent = Parent { run: create.record.id, visit: call(run), waits: true, depth: 1 };
            let record = RunRecord { status: RunStatus::Queued, parent: Some(parent), ..child.record };
            create.commit.children.push(NewChild { record, events: child.commit.events });
            let wait = Wait { request: WaitRequest::RunFlow { run }, expires_at: None };
            create.commit.waits_opened.push((call(run), wait));
        }
        create.commit.release = true;
        create.record.status = RunStatus::Waiting;
        (create, children)
    }

    pub(crate) async fn claim(&self, store: &SqlStore, run: Option<RunId>, limit: usize) -> Vec<ClaimedRun> {
        self.claim_of(store, run.map_or(Claimable::Any, Claimable::Run), limit).await
    }

    pub(crate) async fn claim_slot(&self, store: &SqlStore, name: &str) -> Vec<ClaimedRun> {
        self.claim_of(store, Claimable::Slot(name.to_owned()), 10).await
    }

    async fn claim_of(&self, store: &SqlStore, of: Claimable, limit: usize) -> Vec<ClaimedRun> {
        store
            .run_claim(Claim {
                node: self.node,
                of,
                limit,
                now: at(0),
                id: BatchId::from_bytes([7; 16]),
                repeated: false,
            })
            .await
            .unwrap()
    }
}

pub(crate) async fn stored(store: &SqlStore, create: Create) -> RunId {
    let run = create.record.id;
    let created = store.run_create(create).await.unwrap();
    assert!(matches!(created, Created::New(_)), "{created:?}");
    run
}

pub(crate) fn event(seq: u64, kind: EventKind) -> RunEvent {
    RunEvent { seq, time: at(0), kind }
}

pub(crate) fn commit(after: u64, kinds: Vec<EventKind>) -> Commit {
    Commit {
        batch: BatchId::new(at(0), random()),
        events: (after + 1..).zip(kinds).map(|(seq, kind)| event(seq, kind)).collect(),
        waits_opened: Vec::new(),
        timers_set: Vec::new(),
        waits_taken: Vec::new(),
        closed: Vec::new(),
        release: false,
        children: Vec::new(),
        answer: None,
    }
}

/// One more event of a run that goes on.
pub(crate) fn step(run: RunId, node: NodeId, epoch: i64, after: u64) -> Append {
    let kind = EventKind::StepStarted { visit: VisitPath::from_stored("step"), input: None };
    Append {
        run,
        node,
        epoch,
        expected_seq: after,
        status: RunStatus::Running,
        finished_at: None,
        commit: commit(after, vec![kind]),
    }
}

/// The visit that starts a child.
pub(crate) fn call(child: RunId) -> VisitPath {
    VisitPath::from_stored(&format!("call {child}"))
}

/// The end of a child that was claimed once.
pub(crate) fn end_child(parent: RunId, child: RunId, node: NodeId) -> Append {
    let end = RunEnd::Completed { output: Arc::new(json!({})) };
    let resolution = Resolution::ChildEnded { run: child, end };
    let mut commit = commit(1, vec![EventKind::RunCompleted { output_of: None }]);
    commit.answer = Some(Resolve { run: parent, visit: call(child), resolution, now: at(1) });
    commit.release = true;
    let (status, finished_at) = (RunStatus::Completed, Some(at(1)));
    Append { run: child, node, epoch: 2, expected_seq: 1, status, finished_at, commit }
}

pub(crate) fn approve(run: RunId) -> Resolve {
    let resolution =
        Resolution::Decided { decision: Decision::Approve, message: None, decided_by: Some("me".to_owned()) };
    Resolve { run, visit: visit(), resolution, now: at(1) }
}
