//! Waits, and the one answer that counts.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{ResolveOutcome, StoredWait, WaitState};
use flow_model::{Decision, EventKind, Resolution, RunId, RunStatus, Wait, WaitRequest};
use serde_json::json;

use super::Backend;
use super::world::{ODD, World, approval, approved, at, at_once, visit};

async fn names(world: &World, run: RunId) -> Vec<String> {
    let waits = world.store.wait_list(run).await.unwrap();
    waits.into_iter().map(|wait| wait.visit.to_string()).collect()
}

/// An opened wait is a row that tells all about it.
pub async fn an_open_wait_is_a_row(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let requests = [
        WaitRequest::UserApproval { message: ODD.to_owned(), approvers: vec![ODD.to_owned(), String::new()] },
        WaitRequest::UserApproval { message: String::new(), approvers: Vec::new() },
        WaitRequest::ClientTool {
            tool_name: ODD.to_owned(),
            args: Arc::new(json!({ "z": 1, "a": [u64::MAX] })),
        },
    ];
    let mut rows = Vec::new();
    for (number, request) in requests.into_iter().enumerate() {
        let opened_at = at(number as i64 + 1);
        let wait = Wait { request, expires_at: (number > 0).then_some(at(1000)) };
        let row = StoredWait { visit: visit(&format!("w{number}")), opened_at, wait, state: WaitState::Open };
        let opened = EventKind::WaitOpened { visit: row.visit.clone(), wait: row.wait.clone() };
        let mut append = world.append(&owned, opened_at, RunStatus::Waiting, vec![opened]);
        append.commit.waits_opened = vec![(row.visit.clone(), row.wait.clone())];
        world.accepted(append, &mut owned).await;
        rows.push(row);
    }
    assert_eq!(world.store.wait_list(owned.run).await.unwrap(), rows);
    assert_eq!(world.loaded(owned.run).await.waits, rows);
}

/// A wait was opened when its event says, whatever else its commit holds.
pub async fn opened_when_its_event_says(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut opening = world.opening(&owned, at(9), &[("a", None), ("b", None), ("c", None)]);
    for (event, millis) in opening.commit.events.iter_mut().zip([4, 6, 9]) {
        event.time = at(millis);
    }
    // The rows may be given in any order.
    opening.commit.waits_opened.reverse();
    world.accepted(opening, &mut owned).await;
    let waits = world.store.wait_list(owned.run).await.unwrap();
    let opened: Vec<_> = waits.iter().map(|wait| (wait.visit.as_str(), wait.opened_at)).collect();
    assert_eq!(opened, [("a", at(4)), ("b", at(6)), ("c", at(9))]);
}

/// Paths of visits are kept apart to the letter, and are a run's own.
pub async fn every_path_is_its_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let long = "loop#1/".repeat(200);
    let paths =
        ["a", "A", "a/b", "orders[17]/ask", "orders[1]/ask", "fan:left/ask", "a%", "a_", long.as_str()];
    let owned = world.waiting(0, &paths.map(|path| (path, None))).await;
    let other = world.waiting(1, &paths.map(|path| (path, None))).await;
    for path in paths {
        world.answered(owned.run, path, at(2)).await;
        let open = world.store.wait_list(owned.run).await.unwrap();
        let is_open = |wait: &&StoredWait| wait.state == WaitState::Open;
        assert!(!open.iter().filter(is_open).any(|wait| wait.visit == visit(path)), "{path}");
    }
    assert_eq!(world.loaded(other.run).await.waits.len(), paths.len());
    assert_eq!(names(&world, owned.run).await.len(), paths.len());
}

/// A wait or a run that isn't there is missing.
pub async fn unknown_is_missing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", None)]).await;
    let nobody = RunId::new(at(0), world.random());
    for (run, name) in [(owned.run, "as"), (owned.run, "ASK"), (owned.run, ""), (nobody, "ask")] {
        assert_eq!(world.resolve(run, name, approved(), at(1)).await, ResolveOutcome::Missing);
    }
}

/// The first answer is stored as it was given; every later one learns of it.
pub async fn the_first_answer_wins(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let text = || Some(ODD.to_owned());
    let answers = [
        Resolution::Decided { decision: Decision::Approve, message: text(), decided_by: text() },
        Resolution::Decided { decision: Decision::Reject, message: None, decided_by: None },
        Resolution::ToolSucceeded { output: Arc::new(json!({ "z": ODD, "a": null, "n": [i64::MIN, 0.1] })) },
        Resolution::ToolSucceeded { output: Arc::new(json!(null)) },
        Resolution::ToolSucceeded { output: Arc::new(json!("x".repeat(1024 * 1024))) },
        Resolution::ToolFailed { error: ODD.to_owned() },
    ];
    for resolution in answers {
        let owned = world.waiting(0, &[("ask", Some(at(90)))]).await;
        let won = world.resolve(owned.run, "ask", resolution.clone(), at(5)).await;
        assert_eq!(won, ResolveOutcome::Won);
        let state = WaitState::Resolved { resolution: resolution.clone(), resolved_at: at(5) };
        for later in [resolution, approved(), Resolution::Expired] {
            let late = world.resolve(owned.run, "ask", later, at(95)).await;
            assert_eq!(late, ResolveOutcome::NotOpen(state.clone()));
        }
        assert_eq!(world.loaded(owned.run).await.waits[0].state, state);
        assert_eq!(world.store.timer_next().await.unwrap(), None, "its timer is dropped");
    }
}

/// Of fifty answers at the same moment one wins, and the others learn which.
pub async fn one_of_fifty_wins(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", None)]).await;
    let answer = |index: usize| Resolution::ToolFailed { error: index.to_string() };
    let outcomes = at_once(50, |index| {
        let world = world.clone();
        async move { world.resolve(owned.run, "ask", answer(index), at(index as i64)).await }
    });
    let outcomes = outcomes.await;
    let won: Vec<usize> = (0..50).filter(|index| outcomes[*index] == ResolveOutcome::Won).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    let state = WaitState::Resolved { resolution: answer(won[0]), resolved_at: at(won[0] as i64) };
    assert_eq!(world.store.wait_list(owned.run).await.unwrap()[0].state, state);
    let lost = outcomes.iter().filter(|outcome| **outcome != ResolveOutcome::Won);
    assert!(lost.clone().all(|outcome| *outcome == ResolveOutcome::NotOpen(state.clone())));
}

/// An answer counts while the run's owner is at work, too.
pub async fn needs_no_ownership(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut opening = world.opening(&owned, at(1), &[("ask", None)]);
    opening.status = RunStatus::Running;
    world.accepted(opening, &mut owned).await;
    world.answered(owned.run, "ask", at(2)).await;
    let appended = world.accepted(world.step(&owned, at(3)), &mut owned).await;
    assert_eq!(appended.resolved[0].resolution, approved());
    assert_eq!(appended.resolved[0].resolved_at, at(2));
}

/// What is taken up or closed isn't loaded with the run, and stays in the list, oldest first.
pub async fn the_list_keeps_all(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    for (millis, name) in [(1, "z"), (2, "m"), (3, "a")] {
        let opening = world.opening(&owned, at(millis), &[(name, None)]);
        world.accepted(opening, &mut owned).await;
    }
    for name in ["a", "z"] {
        world.answered(owned.run, name, at(4)).await;
    }
    let mut takes = world.step(&owned, at(5));
    takes.commit.waits_taken = vec![visit("z")];
    world.accepted(takes, &mut owned).await;
    let pending = world.loaded(owned.run).await.waits;
    assert_eq!(pending.iter().map(|wait| wait.visit.as_str()).collect::<Vec<_>>(), ["m", "a"]);
    assert_eq!(names(&world, owned.run).await, ["z", "m", "a"]);
    world.store.run_cancel(owned.run, at(6), true).await.unwrap();
    let pending = world.loaded(owned.run).await.waits;
    assert_eq!(pending.iter().map(|wait| wait.visit.as_str()).collect::<Vec<_>>(), ["a"]);
    let waits = world.store.wait_list(owned.run).await.unwrap();
    assert_eq!(waits[1].state, WaitState::Closed);
    assert_eq!(waits[1].wait, approval(None));
}
