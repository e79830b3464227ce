//! Runs that other runs start: begun with them, ended for them, cancelled with them.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{
    Append, AppendRefused, CancelOutcome, NewChild, Parent, Resolve, ResolvedWait, RunRecord, StoreError,
    WaitState,
};
use flow_model::{
    DefinitionHash, Resolution, RunEnd, RunEvent, RunId, RunStatus, Timestamp, Wait, WaitRequest,
};
use serde_json::json;

use super::Backend;
use super::world::{ODD, Owned, World, at, at_once, run_started, step_started, visit};

/// A run to be started at a visit of another one.
fn child(world: &World, parent: &Owned, name: &str, waits: bool, millis: i64) -> NewChild {
    let record = world.create(millis).record;
    let from = Parent { run: parent.run, visit: visit(name), waits, depth: 1 };
    let event = RunEvent { seq: 1, time: at(millis), kind: run_started(json!({ "odd": ODD })) };
    NewChild { record: RunRecord { parent: Some(from), ..record }, events: vec![event] }
}

/// An append that starts children, and opens a wait for each whose end is waited for.
fn starting(world: &World, parent: &Owned, now: Timestamp, children: Vec<NewChild>) -> Append {
    let events =
        children.iter().map(|child| step_started(child.record.parent.as_ref().unwrap().visit.as_str()));
    let mut append = world.append(parent, now, RunStatus::Waiting, events.collect());
    for child in &children {
        let from = child.record.parent.as_ref().unwrap();
        if from.waits {
            let wait = Wait { request: WaitRequest::RunFlow { run: child.record.id }, expires_at: None };
            append.commit.waits_opened.push((from.visit.clone(), wait));
        }
    }
    append.commit.release = true;
    append.commit.children = children;
    append
}

/// Starts one child at `name` and returns it unclaimed. The parent keeps its owner.
async fn started(world: &World, parent: &mut Owned, name: &str, waits: bool) -> Owned {
    let child = child(world, parent, name, waits, 1);
    let run = child.record.id;
    let mut append = starting(world, parent, at(1), vec![child]);
    append.commit.release = false;
    world.accepted(append, parent).await;
    Owned { run, node: world.node, epoch: 1, seq: 1 }
}

/// A parent that rests and waits for a child, and the child, owned by the world's node.
async fn waited_for(world: &World, name: &str) -> (Owned, Owned) {
    let mut parent = world.queued(0).await;
    let child = started(world, &mut parent, name, true).await;
    let mut rests = world.append(&parent, at(1), RunStatus::Waiting, vec![step_started("load")]);
    rests.commit.release = true;
    world.accepted(rests, &mut parent).await;
    (parent, world.claim_run(world.node, &child).await.unwrap())
}

fn end(status: RunStatus) -> RunEnd {
    match status {
        RunStatus::Completed => RunEnd::Completed { output: Arc::new(json!({ "odd": ODD, "none": null })) },
        RunStatus::Failed => RunEnd::Failed { error: flow_model::RunError::new("http_status", ODD) },
        RunStatus::Cancelled => RunEnd::Cancelled,
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => panic!("{status:?} is no end"),
    }
}

/// The append that ends a child and answers its parent.
fn ending(world: &World, child: &Owned, parent: RunId, name: &str, status: RunStatus) -> Append {
    let mut append = world.ending(child, at(9), status);
    let resolution = Resolution::ChildEnded { run: child.run, end: end(status) };
    append.commit.answer = Some(Resolve { run: parent, visit: visit(name), resolution, now: at(9) });
    append
}

async fn is_cancelling(world: &World, run: RunId) -> Option<Timestamp> {
    world.record(run).await.cancel_requested_at
}

/// The state of a run's only wait.
async fn wait(world: &World, run: RunId) -> WaitState {
    let waits = world.store.wait_list(run).await.unwrap();
    assert_eq!(waits.len(), 1, "{waits:?}");
    waits.into_iter().next().unwrap().state
}

/// A commit that starts runs stores them whole, unowned and up for a claim.
pub async fn a_commit_starts_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut parent = world.queued(0).await;
    let children = vec![child(&world, &parent, ODD, true, 5), child(&world, &parent, "b", false, 3)];
    let append = starting(&world, &parent, at(6), children.clone());
    let appended = world.accepted(append, &mut parent).await;
    assert!(appended.released, "a child is no reason to go on: {appended:?}");
    for NewChild { record, events } in &children {
        let loaded = world.loaded(record.id).await;
        assert_eq!((&loaded.record, &loaded.events), (record, events));
        assert_eq!(loaded.waits, []);
    }
    let rows = world.store.run_children(parent.run).await.unwrap();
    assert_eq!(rows, [children[1].record.clone(), children[0].record.clone()], "the oldest first");
    assert_eq!(world.store.run_children(children[0].record.id).await.unwrap(), []);
    assert_eq!(world.store.run_children(RunId::new(at(0), world.random())).await.unwrap(), []);
    let claimed = world.claim(world.living_node().await, 10).await;
    let claimed: Vec<_> = claimed.iter().map(|it| (it.run, it.epoch, it.attempts)).collect();
    assert_eq!(claimed, [(children[1].record.id, 2, 1), (children[0].record.id, 2, 1)]);
}

/// So does the first commit of a run.
pub async fn a_create_starts_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    let parent = Owned { run: create.record.id, node: world.node, epoch: 1, seq: 0 };
    let child = child(&world, &parent, "call", true, 1);
    let starts = starting(&world, &parent, at(1), vec![child.clone()]);
    create.commit = flow_engine::Commit { events: create.commit.events, ..starts.commit };
    create.record.status = RunStatus::Waiting;
    world.created(create.clone()).await;
    assert_eq!(world.store.run_children(parent.run).await.unwrap(), std::slice::from_ref(&child.record));
    world.created(create).await;
    assert_eq!(world.store.run_children(parent.run).await.unwrap(), [child.record], "a repeat starts none");
    assert_eq!(wait(&world, parent.run).await, WaitState::Open);
}

/// A repeat of the commit starts nothing, and leaves alone what was started.
pub async fn a_repeat_starts_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut parent = world.queued(0).await;
    let append = starting(&world, &parent, at(1), vec![child(&world, &parent, "call", true, 1)]);
    let run = append.commit.children[0].record.id;
    world.accepted(append.clone(), &mut parent).await;
    let started = Owned { run, node: world.node, epoch: 1, seq: 1 };
    let mut owned = world.claim_run(world.node, &started).await.unwrap();
    world.accepted(world.step(&owned, at(2)), &mut owned).await;
    let before = world.snapshot(run).await;
    world.accepted(append, &mut parent).await;
    assert_eq!(world.snapshot(run).await, before);
    assert_eq!(world.store.run_children(parent.run).await.unwrap().len(), 1);
    world.accepted(world.step(&owned, at(3)), &mut owned).await;
}

/// A commit that is refused starts nothing; one that can't start a run isn't stored at all.
pub async fn a_refused_commit_starts_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let parent = world.queued(0).await;
    let other = world.queued(0).await;
    let mut stale = starting(&world, &parent, at(1), vec![child(&world, &parent, "call", true, 1)]);
    stale.epoch = 7;
    let run = stale.commit.children[0].record.id;
    assert_eq!(world.refused(stale).await, AppendRefused::Stale);
    assert_eq!(world.store.run_record(run).await.unwrap(), None);
    let mut taken = child(&world, &parent, "call", true, 1);
    taken.record.id = other.run;
    let mut undefined = child(&world, &parent, "call", true, 1);
    undefined.record.definition = DefinitionHash::of(&json!("never stored"));
    let before = (world.snapshot(parent.run).await, world.snapshot(other.run).await);
    for wrong in [taken, undefined] {
        let outcome = world.store.run_append(starting(&world, &parent, at(1), vec![wrong])).await;
        assert!(matches!(outcome, Err(StoreError::Rejected { .. })), "{outcome:?}");
    }
    assert_eq!(before, (world.snapshot(parent.run).await, world.snapshot(other.run).await));
    assert_eq!(world.store.run_children(parent.run).await.unwrap(), []);
}

/// The end of a run is, in the same commit, the answer to the wait of the run that started it.
pub async fn an_end_answers_the_parent(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled] {
        let (parent, mut child) = waited_for(&world, "call").await;
        assert!(world.claim_run(world.node, &parent).await.is_none(), "it rests");
        let append = ending(&world, &child, parent.run, "call", status);
        let resolution = append.commit.answer.as_ref().unwrap().resolution.clone();
        world.accepted(append, &mut child).await;
        let resolved = WaitState::Resolved { resolution: resolution.clone(), resolved_at: at(9) };
        assert_eq!(wait(&world, parent.run).await, resolved);
        let mut parent = world.claim_run(world.node, &parent).await.expect("it has an answer to take up");
        let told = world.accepted(world.step(&parent, at(10)), &mut parent).await.resolved;
        assert_eq!(told, [ResolvedWait { visit: visit("call"), resolution, resolved_at: at(9) }]);
    }
}

/// The end counts whether anybody waits for it or not.
pub async fn an_end_needs_no_wait(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    // Nobody ever waited.
    let mut parent = world.queued(0).await;
    let child = started(&world, &mut parent, "call", false).await;
    let mut child = world.claim_run(world.node, &child).await.unwrap();
    let before = world.snapshot(parent.run).await;
    world.accepted(ending(&world, &child, parent.run, "call", RunStatus::Completed), &mut child).await;
    assert_eq!(world.snapshot(parent.run).await, before);
    // The parent has ended.
    let (parent, mut child) = waited_for(&world, "call").await;
    world.store.run_cancel(parent.run, at(2), true).await.unwrap();
    let mut parent = world.claim_run(world.node, &parent).await.unwrap();
    world.accepted(world.ending(&parent, at(3), RunStatus::Cancelled), &mut parent).await;
    world.accepted(ending(&world, &child, parent.run, "call", RunStatus::Cancelled), &mut child).await;
    assert_eq!(wait(&world, parent.run).await, WaitState::Closed);
    assert!(world.claim_run(world.node, &parent).await.is_none());
    // There is no such run.
    let mut child = world.queued(0).await;
    let nowhere = RunId::new(at(0), world.random());
    world.accepted(ending(&world, &child, nowhere, "call", RunStatus::Completed), &mut child).await;
}

/// An end that is refused answers nobody, and one that is repeated answers once.
pub async fn a_repeated_end_answers_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (parent, mut child) = waited_for(&world, "call").await;
    let mut stale = ending(&world, &child, parent.run, "call", RunStatus::Failed);
    stale.epoch = 1;
    let before = world.snapshot(parent.run).await;
    assert_eq!(world.refused(stale).await, AppendRefused::Stale);
    assert_eq!(world.snapshot(parent.run).await, before);
    let append = ending(&world, &child, parent.run, "call", RunStatus::Completed);
    world.accepted(append.clone(), &mut child).await;
    let mut parent = world.claim_run(world.node, &parent).await.unwrap();
    let mut takes = world.step(&parent, at(10));
    takes.commit.waits_taken.push(visit("call"));
    world.accepted(takes, &mut parent).await;
    let before = world.snapshot(parent.run).await;
    world.accepted(append, &mut child).await;
    assert_eq!(world.snapshot(parent.run).await, before);
    assert_eq!(world.loaded(parent.run).await.waits, []);
}

/// A step that is tried again waits for another child at the same visit, once the first answer is taken up, also
/// by the same commit.
pub async fn a_second_follows_the_first(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for at_once in [true, false] {
        let (parent, mut first) = waited_for(&world, "call").await;
        world.accepted(ending(&world, &first, parent.run, "call", RunStatus::Failed), &mut first).await;
        let mut parent = world.claim_run(world.node, &parent).await.unwrap();
        if !at_once {
            let mut takes = world.step(&parent, at(10));
            takes.commit.waits_taken.push(visit("call"));
            world.accepted(takes, &mut parent).await;
        }
        let second = child(&world, &parent, "call", true, 11);
        let run = second.record.id;
        let mut again = starting(&world, &parent, at(11), vec![second]);
        if at_once {
            again.commit.waits_taken.push(visit("call"));
        }
        let appended = world.accepted(again, &mut parent).await;
        assert!(appended.resolved.is_empty() && appended.released, "{appended:?}");
        assert_eq!(wait(&world, parent.run).await, WaitState::Open);
        let second = Owned { run, node: world.node, epoch: 1, seq: 1 };
        let mut second = world.claim_run(world.node, &second).await.unwrap();
        world.accepted(ending(&world, &second, parent.run, "call", RunStatus::Completed), &mut second).await;
        let WaitState::Resolved { resolution: Resolution::ChildEnded { run: ended, .. }, .. } =
            wait(&world, parent.run).await
        else {
            panic!("the second one's end is an answer too")
        };
        assert_eq!(ended, run);
        assert!(world.claim_run(world.node, &parent).await.is_some());
    }
}

/// A cancel reaches every unfinished run below, waited for or not, and closes what they wait for.
pub async fn a_cancel_reaches_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (parent, mut child) = waited_for(&world, "call").await;
    let mut grandchild = started(&world, &mut child, "deeper", false).await;
    grandchild = world.claim_run(world.node, &grandchild).await.unwrap();
    let over = started(&world, &mut grandchild, "over", false).await;
    let mut over = world.claim_run(world.node, &over).await.unwrap();
    world.accepted(world.ending(&over, at(3), RunStatus::Completed), &mut over).await;
    let mut asking = started(&world, &mut child, "asking", true).await;
    asking = world.claim_run(world.node, &asking).await.unwrap();
    let asks = world.opening(&asking, at(2), &[("ask", Some(at(50)))]);
    world.accepted(asks, &mut asking).await;
    let before = world.record(over.run).await;
    for force in [false, true] {
        let outcome = world.store.run_cancel(parent.run, at(5), force).await.unwrap();
        assert_eq!(outcome, CancelOutcome::Requested);
    }
    for run in [parent.run, child.run, grandchild.run, asking.run] {
        assert_eq!(is_cancelling(&world, run).await, Some(at(5)));
    }
    assert_eq!(wait(&world, asking.run).await, WaitState::Closed);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    assert_eq!(world.record(over.run).await, before);
    assert_eq!(
        world.refused(world.ending(&grandchild, at(6), RunStatus::Failed)).await,
        AppendRefused::Cancelling
    );
    assert_eq!(wait(&world, parent.run).await, WaitState::Closed);
}

/// A child's cancel is the child's alone, and later ones keep the time of the first.
pub async fn a_cancel_goes_down_only(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (parent, child) = waited_for(&world, "call").await;
    world.store.run_cancel(child.run, at(4), false).await.unwrap();
    assert_eq!(is_cancelling(&world, parent.run).await, None);
    assert_eq!(wait(&world, parent.run).await, WaitState::Open);
    world.store.run_cancel(parent.run, at(5), false).await.unwrap();
    assert_eq!(is_cancelling(&world, child.run).await, Some(at(4)));
}

/// A run's end cancels the children that it waits for, and leaves the others alone unless it is cancelled itself.
pub async fn an_end_reaches_those_waited_for(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled] {
        let mut parent = world.queued(0).await;
        let children = vec![child(&world, &parent, "a", true, 1), child(&world, &parent, "b", false, 1)];
        let [waited, loose] = [children[0].record.id, children[1].record.id];
        let mut append = starting(&world, &parent, at(1), children);
        append.commit.release = false;
        world.accepted(append, &mut parent).await;
        world.accepted(world.ending(&parent, at(2), status), &mut parent).await;
        assert_eq!(is_cancelling(&world, waited).await, Some(at(2)));
        let expected = (status == RunStatus::Cancelled).then(|| at(2));
        assert_eq!(is_cancelling(&world, loose).await, expected, "{status:?}");
        for run in [waited, loose] {
            let child = Owned { run, node: world.node, epoch: 1, seq: 1 };
            assert!(world.claim_run(world.node, &child).await.is_some());
        }
    }
}

/// A visit that is closed takes the child with it that it waits for, and no other one.
pub async fn a_closed_visit_reaches_its_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut parent = world.queued(0).await;
    let children = ["a", "b"].map(|name| child(&world, &parent, name, true, 1));
    let loose = child(&world, &parent, "c", false, 1);
    let [first, second, third] = [children[0].record.id, children[1].record.id, loose.record.id];
    let children = children.into_iter().chain([loose]).collect();
    let mut append = starting(&world, &parent, at(1), children);
    append.commit.release = false;
    world.accepted(append, &mut parent).await;
    let mut closing = world.step(&parent, at(2));
    closing.commit.closed = vec![visit("a"), visit("c"), visit("nothing")];
    world.accepted(closing, &mut parent).await;
    assert_eq!(is_cancelling(&world, first).await, Some(at(2)));
    assert_eq!(is_cancelling(&world, second).await, None);
    assert_eq!(is_cancelling(&world, third).await, None);
    let child = Owned { run: first, node: world.node, epoch: 1, seq: 1 };
    let mut child = world.claim_run(world.node, &child).await.unwrap();
    let before = world.snapshot(parent.run).await;
    world.accepted(ending(&world, &child, parent.run, "a", RunStatus::Cancelled), &mut child).await;
    assert_eq!(world.snapshot(parent.run).await, before);
}

/// What a run starts once its cancelling was asked for is to be cancelled too.
pub async fn later_ones_are_cancelled(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut parent = world.queued(0).await;
    world.store.run_cancel(parent.run, at(1), false).await.unwrap();
    let child = started(&world, &mut parent, "call", false).await;
    assert_eq!(is_cancelling(&world, child.run).await, Some(at(1)));
    assert!(world.claim_run(world.node, &child).await.is_some());
}

/// A child's end and its parent's cancel at the same moment: one of them comes first, for both runs.
pub async fn an_end_races_a_cancel(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for _ in 0..30 {
        let (parent, child) = waited_for(&world, "call").await;
        let ends = ending(&world, &child, parent.run, "call", RunStatus::Completed);
        let both = at_once(2, |index| {
            let (world, ends) = (world.clone(), ends.clone());
            async move {
                if index == 0 {
                    return Some(world.store.run_append(ends).await.unwrap());
                }
                let cancelled = world.store.run_cancel(parent.run, at(90), true).await.unwrap();
                assert_eq!(cancelled, CancelOutcome::Requested);
                None
            }
        });
        let ended = both.await.into_iter().next().unwrap().unwrap();
        match (ended, wait(&world, parent.run).await) {
            (Ok(_), WaitState::Resolved { .. }) => {
                assert_eq!(is_cancelling(&world, child.run).await, None);
            }
            (Err(AppendRefused::Cancelling), WaitState::Closed) => {}
            other => panic!("it was answered and cancelled, or neither: {other:?}"),
        }
    }
}

/// The children of one run end all at once: each answers.
pub async fn many_end_at_once(store: Arc<dyn Backend>) {
    const MANY: usize = 20;
    let world = World::new(store).await;
    let mut parent = world.queued(0).await;
    let names: Vec<String> = (0..MANY).map(|index| format!("item[{index}]/call")).collect();
    let children: Vec<_> = names.iter().map(|name| child(&world, &parent, name, true, 1)).collect();
    let mut owned = Vec::new();
    let runs: Vec<_> = children.iter().map(|child| child.record.id).collect();
    world.accepted(starting(&world, &parent, at(1), children), &mut parent).await;
    for run in runs {
        let child = Owned { run, node: world.node, epoch: 1, seq: 1 };
        owned.push(world.claim_run(world.node, &child).await.unwrap());
    }
    let ends = names.iter().zip(&owned);
    let ends: Vec<_> =
        ends.map(|(name, child)| ending(&world, child, parent.run, name, RunStatus::Completed)).collect();
    let all = at_once(MANY, |index| {
        let (world, ends) = (world.clone(), ends[index].clone());
        async move { world.store.run_append(ends).await.unwrap().unwrap() }
    });
    all.await;
    let mut parent = world.claim_run(world.node, &parent).await.unwrap();
    let told = world.accepted(world.step(&parent, at(10)), &mut parent).await.resolved;
    assert_eq!(told.len(), MANY);
}
