//! Events, and the waits that they answer.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Append, Appended, CancelOutcome, PublishEvent, ResolveOutcome, StoredWait, WaitState};
use flow_model::{
    EventId, EventKind, Resolution, RunId, RunStatus, Timestamp, Wait, WaitRequest, WorkspaceId,
};
use serde_json::{Value, json};

use super::Backend;
use super::world::{ODD, Owned, World, at, at_once, visit};

fn wait(name: &str, key: Option<&str>, expires_at: Option<Timestamp>) -> Wait {
    let request = WaitRequest::Event { name: name.to_owned(), key: key.map(str::to_owned) };
    Wait { request, expires_at }
}

fn event(world: &World, name: &str, key: Option<&str>, millis: i64) -> PublishEvent {
    PublishEvent {
        id: EventId::new(at(millis), world.random()),
        workspace: world.workspace,
        name: name.to_owned(),
        key: key.map(str::to_owned),
        data: Arc::new(json!({ "at": millis })),
        received_at: at(millis),
        expires_at: at(millis + 1_000),
    }
}

fn received(event: &PublishEvent) -> Resolution {
    Resolution::EventReceived { event: event.id, data: event.data.clone() }
}

/// An append that opens those waits, one event for each, in their order.
fn opening(world: &World, owned: &Owned, now: Timestamp, waits: Vec<(&str, Wait)>) -> Append {
    let waits: Vec<_> = waits.into_iter().map(|(name, wait)| (visit(name), wait)).collect();
    let opened =
        waits.iter().map(|(visit, wait)| EventKind::WaitOpened { visit: visit.clone(), wait: wait.clone() });
    let mut append = world.append(owned, now, RunStatus::Waiting, opened.collect());
    append.commit.waits_opened = waits;
    append.commit.release = true;
    append
}

/// A run that rests and waits for an event.
async fn waiting(world: &World, millis: i64, visit: &str, wait: Wait) -> Owned {
    let mut owned = world.queued(millis).await;
    let appended = world.accepted(opening(world, &owned, at(millis), vec![(visit, wait)]), &mut owned).await;
    assert_eq!(appended, Appended { released: true, ..Appended::default() });
    owned
}

async fn publish(world: &World, event: &PublishEvent) -> Vec<RunId> {
    world.store.event_publish(event.clone()).await.unwrap().woken
}

async fn states(world: &World, run: RunId) -> Vec<(String, WaitState)> {
    let waits = world.store.wait_list(run).await.unwrap();
    waits.into_iter().map(|StoredWait { visit, state, .. }| (visit.to_string(), state)).collect()
}

/// The data of the answers that wait to be taken up.
async fn told(world: &World, run: RunId) -> Vec<(String, Value)> {
    let answers = world.store.run_signals(run).await.unwrap().unwrap().resolved;
    let data = answers.into_iter().map(|answer| match answer.resolution {
        Resolution::EventReceived { data, .. } => (answer.visit.to_string(), (*data).clone()),
        other => panic!("{other:?}"),
    });
    data.collect()
}

fn sorted<const N: usize>(mut runs: [RunId; N]) -> Vec<RunId> {
    runs.sort_unstable();
    runs.to_vec()
}

/// An event answers every open wait for it, and calls their runs up; the waits have no timer from then on.
pub async fn one_answers_every_open_wait(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let first = waiting(&world, 0, "w", wait("paid", Some("7"), None)).await;
    let second = waiting(&world, 1, "deep#1/w", wait("paid", Some("7"), Some(at(90)))).await;
    let sent = event(&world, "paid", Some("7"), 5);
    assert_eq!(publish(&world, &sent).await, sorted([first.run, second.run]));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    for (owned, name) in [(first, "w"), (second, "deep#1/w")] {
        let state = WaitState::Resolved { resolution: received(&sent), resolved_at: at(5) };
        assert_eq!(states(&world, owned.run).await, [(name.to_owned(), state.clone())]);
        let late = world.resolve(owned.run, name, Resolution::Expired, at(95)).await;
        assert_eq!(late, ResolveOutcome::NotOpen(state));
        let mut owned = world.claim_run(world.node, &owned).await.unwrap();
        let mut taking = world.step(&owned, at(6));
        taking.commit.waits_taken = vec![visit(name)];
        assert_eq!(world.accepted(taking, &mut owned).await, Appended::default());
    }
}

/// Name, key and workspace all have to be equal, to the letter; no key is unlike every key.
pub async fn only_equal_topics_meet(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let topics: [(&str, Option<&str>); 8] = [
        ("a", None),
        ("a", Some("")),
        ("a", Some("b")),
        ("a", Some("B")),
        ("ab", None),
        ("A", None),
        (ODD, Some(ODD)),
        (ODD, None),
    ];
    let mut runs = Vec::new();
    for (name, key) in topics {
        runs.push(waiting(&world, 0, "w", wait(name, key, None)).await.run);
    }
    let other = World { workspace: world.workspace("other").await, ..world.clone() };
    assert_eq!(publish(&other, &event(&other, "a", None, 1)).await, []);
    for ((name, key), run) in topics.into_iter().zip(runs) {
        assert_eq!(publish(&world, &event(&world, name, key, 1)).await, [run], "{name:?} {key:?}");
    }
    let theirs = waiting(&other, 0, "w", wait("a", Some("b"), None)).await;
    assert_eq!(told(&other, theirs.run).await, [], "it takes none of another workspace");
    let longest = ("漢".repeat(256), "字".repeat(512));
    let owned = waiting(&world, 2, "w", wait(&longest.0, Some(&longest.1), None)).await;
    assert_eq!(publish(&world, &event(&world, &longest.0, Some(&longest.1), 3)).await, [owned.run]);
}

/// Who asks a person, or waits for the clock, isn't answered by events.
pub async fn other_waits_take_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let clock = Wait { request: WaitRequest::Wait {}, expires_at: Some(at(50)) };
    let owned = waiting(&world, 0, "w", clock).await;
    world.waiting(0, &[("ask", None)]).await;
    assert_eq!(publish(&world, &event(&world, "", None, 1)).await, []);
    assert_eq!(states(&world, owned.run).await, [("w".to_owned(), WaitState::Open)]);
}

/// A wait that opens after the event came is stored answered, and its owner is told at once and keeps the run.
pub async fn a_later_wait_takes_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let sent = event(&world, "paid", None, 5);
    assert_eq!(publish(&world, &sent).await, []);
    let commit = opening(&world, &owned, at(9), vec![("w", wait("paid", None, Some(at(90))))]);
    let appended = world.accepted(commit.clone(), &mut owned).await;
    assert!(!appended.released && !appended.cancel_requested, "{appended:?}");
    assert_eq!(appended.resolved.len(), 1);
    let answer = &appended.resolved[0];
    assert_eq!((answer.visit.as_str(), &answer.resolution), ("w", &received(&sent)));
    assert_eq!(answer.resolved_at, at(9));
    assert_eq!(world.store.run_append(commit).await.unwrap(), Ok(appended), "a repeat is told the same");
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    // It is no last open wait whose answer a cancel would overtake.
    let cancelled = world.store.run_cancel(owned.run, at(10), false).await.unwrap();
    assert_eq!(cancelled, CancelOutcome::Resuming);
    let mut taking = world.append(&owned, at(11), RunStatus::Waiting, vec![super::world::step_started("x")]);
    taking.commit.waits_taken = vec![visit("w")];
    taking.commit.release = true;
    assert!(world.accepted(taking, &mut owned).await.released);
}

/// So it is when the run's first commit opens the wait.
pub async fn a_create_takes_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let sent = event(&world, "paid", Some("1"), 5);
    publish(&world, &sent).await;
    let mut create = world.create(5);
    create.record.status = RunStatus::Waiting;
    create.record.seq = 2;
    let owned = Owned { run: create.record.id, node: create.node, epoch: 1, seq: 1 };
    let opened = opening(&world, &owned, at(7), vec![("w", wait("paid", Some("1"), Some(at(90))))]);
    create.commit.events.extend(opened.commit.events);
    create.commit.waits_opened = opened.commit.waits_opened;
    create.commit.release = true;
    let expected = world.store.run_create(create.clone()).await.unwrap();
    let flow_engine::Created::New(appended) = &expected else { panic!("{expected:?}") };
    assert!(!appended.released);
    assert_eq!(appended.resolved[0].resolution, received(&sent));
    assert_eq!(world.store.run_create(create).await.unwrap(), expected, "a repeat is told the same");
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    world.kill(world.node).await;
    assert_eq!(world.claim(world.living_node().await, 10).await.len(), 1);
}

/// A run takes the oldest event first, and each one once, whatever waits it has.
pub async fn a_run_takes_each_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    for millis in [7, 5, 6] {
        publish(&world, &event(&world, "tick", None, millis)).await;
    }
    let mut told_so_far = Vec::new();
    for (number, expected) in [5, 6, 7].into_iter().enumerate() {
        let name = format!("w{number}");
        let commit = opening(&world, &owned, at(10), vec![(&name, wait("tick", None, None))]);
        let appended = world.accepted(commit, &mut owned).await;
        told_so_far.push((name.clone(), json!({ "at": expected })));
        assert_eq!(told(&world, owned.run).await, told_so_far);
        assert_eq!(appended.resolved.len(), told_so_far.len());
        if number == 1 {
            let mut taking = world.step(&owned, at(11));
            taking.commit.waits_taken = vec![visit("w0"), visit("w1")];
            world.accepted(taking, &mut owned).await;
            told_so_far.clear();
        }
    }
    let commit = opening(&world, &owned, at(12), vec![("w3", wait("tick", None, None))]);
    world.accepted(commit, &mut owned).await;
    assert_eq!(states(&world, owned.run).await[3].1, WaitState::Open, "there is no fourth");
    // Another run has them all before it.
    let mut other = world.queued(0).await;
    let commit = opening(&world, &other, at(13), vec![("w", wait("tick", None, None))]);
    assert_eq!(world.accepted(commit, &mut other).await.resolved.len(), 1);
}

/// Waits that one commit opens take the events in the order in which they open, however they are listed.
pub async fn waits_of_one_commit_share_out(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    for millis in [3, 4] {
        publish(&world, &event(&world, "tick", None, millis)).await;
    }
    let tick = || wait("tick", None, None);
    let mut commit =
        opening(&world, &owned, at(9), vec![("z", tick()), ("closed", tick()), ("m", tick()), ("a", tick())]);
    commit.commit.closed = vec![visit("closed")];
    commit.commit.waits_opened.reverse();
    world.accepted(commit, &mut owned).await;
    let expected = [("z".to_owned(), json!({ "at": 3 })), ("m".to_owned(), json!({ "at": 4 }))];
    assert_eq!(told(&world, owned.run).await, expected);
    let states = states(&world, owned.run).await;
    let state = |name: &str| states.iter().find(|(visit, _)| visit == name).map(|(_, state)| state.clone());
    assert_eq!(state("a"), Some(WaitState::Open));
    assert_eq!(state("closed"), Some(WaitState::Closed));
}

/// Of several open waits of one run, an event answers the oldest; the next event the next.
pub async fn one_wait_of_a_run_at_a_time(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let tick = |expires_at| wait("tick", None, expires_at);
    let waits = vec![("over", tick(Some(at(5)))), ("z", tick(None)), ("a", tick(None))];
    world.accepted(opening(&world, &owned, at(1), waits), &mut owned).await;
    assert_eq!(publish(&world, &event(&world, "tick", None, 5)).await, [owned.run]);
    assert_eq!(
        told(&world, owned.run).await,
        [("z".to_owned(), json!({ "at": 5 }))],
        "one whose time is over takes none"
    );
    assert_eq!(publish(&world, &event(&world, "tick", None, 6)).await, [owned.run]);
    assert_eq!(told(&world, owned.run).await.len(), 2);
    assert_eq!(publish(&world, &event(&world, "tick", None, 7)).await, []);
    assert_eq!(world.resolve(owned.run, "over", Resolution::Expired, at(8)).await, ResolveOutcome::Won);
}

/// What came before a run was created is none of its business; what came in that very millisecond is.
pub async fn older_than_the_run_is_not_taken(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, &event(&world, "tick", None, 4)).await;
    let owned = waiting(&world, 5, "w", wait("tick", None, None)).await;
    assert_eq!(told(&world, owned.run).await, []);
    publish(&world, &event(&world, "other", None, 5)).await;
    let mut owned = world.queued(5).await;
    let commit = opening(&world, &owned, at(5), vec![("w", wait("other", None, None))]);
    assert_eq!(world.accepted(commit, &mut owned).await.resolved.len(), 1);
}

/// An event expires on the millisecond, also when it isn't deleted yet; who has it keeps it.
pub async fn it_expires_on_the_millisecond(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let sent = event(&world, "tick", None, 5);
    publish(&world, &sent).await;
    let mut late = world.queued(0).await;
    let commit = opening(&world, &late, at(1_005), vec![("w", wait("tick", None, None))]);
    assert!(world.accepted(commit, &mut late).await.released);
    let mut owned = world.queued(0).await;
    let commit = opening(&world, &owned, at(1_004), vec![("w", wait("tick", None, None))]);
    world.accepted(commit, &mut owned).await;
    assert_eq!(world.store.expired_purge(at(1_004)).await.unwrap(), 0);
    assert_eq!(world.store.expired_purge(at(1_005)).await.unwrap(), 1);
    assert_eq!(world.store.expired_purge(at(1_005)).await.unwrap(), 0);
    assert_eq!(told(&world, owned.run).await.len(), 1);
    let mut later = world.queued(0).await;
    let commit = opening(&world, &later, at(100), vec![("w", wait("tick", None, None))]);
    assert_eq!(world.accepted(commit, &mut later).await.resolved, [], "it is deleted");
    // One that lives for no time still answers whoever waits as it comes.
    let sent = PublishEvent { expires_at: at(1_006), ..event(&world, "tick", None, 1_006) };
    assert_eq!(publish(&world, &sent).await, sorted([late.run, later.run]));
}

/// A purge deletes as many as there are.
pub async fn a_purge_deletes_them_all(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for index in 0..600 {
        publish(&world, &event(&world, "tick", Some(&index.to_string()), 5)).await;
    }
    assert_eq!(world.store.expired_purge(at(1_005)).await.unwrap(), 600);
}

/// A repeat wakes nobody again, and is told who has the event by now.
pub async fn a_repeat_is_the_same_event(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = waiting(&world, 0, "w", wait("tick", None, None)).await;
    let sent = event(&world, "tick", None, 5);
    assert_eq!(publish(&world, &sent).await, [owned.run]);
    let mut later = world.queued(0).await;
    let commit = opening(&world, &later, at(6), vec![("w", wait("tick", None, None))]);
    world.accepted(commit, &mut later).await;
    let other = waiting(&world, 6, "w", wait("tick", None, None)).await;
    let mut again = world.claim_run(world.node, &owned).await.unwrap();
    let commit = opening(&world, &again, at(7), vec![("w2", wait("tick", None, None))]);
    world.accepted(commit, &mut again).await;
    let before = [world.snapshot(owned.run).await, world.snapshot(other.run).await];
    let repeat = PublishEvent { received_at: at(8), ..sent };
    assert_eq!(publish(&world, &repeat).await, sorted([owned.run, later.run]));
    assert_eq!([world.snapshot(owned.run).await, world.snapshot(other.run).await], before);
}

/// Another event under the id of a stored one is told so, and nothing comes of it.
pub async fn an_id_is_one_event(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let sent = event(&world, "tick", None, 5);
    assert!(publish(&world, &sent).await.is_empty());
    let owned = waiting(&world, 0, "w", wait("tock", None, None)).await;
    let others = [
        PublishEvent { name: "tock".to_owned(), ..sent.clone() },
        PublishEvent { key: Some(String::new()), ..sent.clone() },
        PublishEvent { data: Arc::new(serde_json::json!("other")), ..sent.clone() },
    ];
    for other in others {
        let published = world.store.event_publish(other).await.unwrap();
        assert_eq!((published.woken, published.is_another), (Vec::new(), true));
    }
    assert_eq!(states(&world, owned.run).await, [("w".to_owned(), WaitState::Open)]);
    let later = PublishEvent { received_at: at(9), expires_at: at(99), ..sent };
    assert!(!world.store.event_publish(later).await.unwrap().is_another, "its times don't matter");
}

/// A wait that can't be answered any more as it is stored takes no event: once a cancel was asked for, or with the
/// run's end, or when its time is over.
pub async fn a_wait_that_is_over_takes_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, &event(&world, "tick", None, 5)).await;
    let tick = |expires_at| wait("tick", None, expires_at);
    let mut owned = world.queued(0).await;
    world.store.run_cancel(owned.run, at(6), true).await.unwrap();
    let appended = world.accepted(opening(&world, &owned, at(7), vec![("w", tick(None))]), &mut owned).await;
    assert_eq!(appended, Appended { cancel_requested: true, ..Appended::default() });
    assert_eq!(states(&world, owned.run).await, [("w".to_owned(), WaitState::Closed)]);

    let mut owned = world.queued(0).await;
    let mut ending = opening(&world, &owned, at(7), vec![("w", tick(None))]);
    ending.status = RunStatus::Failed;
    ending.finished_at = Some(at(7));
    assert!(world.accepted(ending, &mut owned).await.released);
    assert_eq!(states(&world, owned.run).await, [("w".to_owned(), WaitState::Closed)]);

    let mut owned = world.queued(0).await;
    let late = opening(&world, &owned, at(8), vec![("late", tick(Some(at(8)))), ("w", tick(None))]);
    world.accepted(late, &mut owned).await;
    assert_eq!(told(&world, owned.run).await, [("w".to_owned(), json!({ "at": 5 }))]);
    let expired = world.resolve(owned.run, "late", Resolution::Expired, at(8)).await;
    assert_eq!(expired, ResolveOutcome::Won);
}

/// An event for a closed visit counts as taken up: it is never offered, and doesn't come again.
pub async fn a_closed_wait_keeps_its_event(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut commit = opening(&world, &owned, at(1), vec![("w", wait("tick", None, None))]);
    commit.commit.release = false;
    world.accepted(commit, &mut owned).await;
    publish(&world, &event(&world, "tick", None, 5)).await;
    let mut closing = opening(&world, &owned, at(6), vec![("w2", wait("tick", None, None))]);
    closing.commit.closed = vec![visit("w")];
    assert_eq!(world.accepted(closing, &mut owned).await, Appended { released: true, ..Appended::default() });
}

/// What an event brings comes back to the letter.
pub async fn its_data_is_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let deep = (0..150).fold(json!(null), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!({ "z": ODD, "a": [0.1, i64::MIN, u64::MAX] }),
        json!("x".repeat(1024 * 1024)),
        deep,
    ];
    for (number, value) in values.into_iter().enumerate() {
        let name = format!("e{number}");
        let early = waiting(&world, 0, "w", wait(&name, None, None)).await;
        let sent = PublishEvent { data: Arc::new(value.clone()), ..event(&world, &name, None, 5) };
        publish(&world, &sent).await;
        let mut late = world.queued(0).await;
        world.accepted(opening(&world, &late, at(6), vec![("w", wait(&name, None, None))]), &mut late).await;
        for run in [early.run, late.run] {
            assert_eq!(told(&world, run).await, [("w".to_owned(), value.clone())]);
        }
    }
}

/// The ends of time are times.
pub async fn extremes_are_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let ever =
        PublishEvent { expires_at: Timestamp::from_millis(i64::MAX), ..event(&world, "tick", None, 5) };
    publish(&world, &ever).await;
    let never = PublishEvent {
        received_at: Timestamp::from_millis(i64::MIN),
        expires_at: Timestamp::from_millis(i64::MIN),
        ..event(&world, "tick", None, 5)
    };
    publish(&world, &never).await;
    assert_eq!(world.store.expired_purge(at(0)).await.unwrap(), 1);
    let mut owned = world.queued(0).await;
    let commit = opening(&world, &owned, at(6), vec![("w", wait("tick", None, None))]);
    assert_eq!(world.accepted(commit, &mut owned).await.resolved[0].resolution, received(&ever));
}

/// An event and the waits for it at the same moment: whichever comes first, no run misses it.
pub async fn races_the_waits(store: Arc<dyn Backend>) {
    const RUNS: usize = 6;
    let world = World::new(store).await;
    for round in 0..15 {
        let name = format!("e{round}");
        let mut commits = Vec::new();
        for _ in 0..RUNS {
            let owned = world.queued(0).await;
            commits.push(opening(&world, &owned, at(5), vec![("w", wait(&name, None, Some(at(90))))]));
        }
        let sent = event(&world, &name, None, 5);
        let outcomes = at_once(RUNS + 1, |index| {
            let (world, commit, sent) = (world.clone(), commits.get(index).cloned(), sent.clone());
            async move {
                match commit {
                    Some(commit) => Err(world.store.run_append(commit).await.unwrap().unwrap()),
                    None => Ok(publish(&world, &sent).await),
                }
            }
        })
        .await;
        let woken = outcomes[RUNS].clone().unwrap();
        for (commit, outcome) in commits.iter().zip(&outcomes) {
            let appended = outcome.clone().unwrap_err();
            assert_eq!(appended.resolved.is_empty(), woken.contains(&commit.run), "by one of the two");
            assert_eq!(appended.released, appended.resolved.is_empty());
            assert_eq!(told(&world, commit.run).await.len(), 1, "an event was lost");
        }
    }
}

/// An event, an expiry and a cancel at the same moment: one of them ends the wait.
pub async fn races_other_ends(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for round in 0..15 {
        let name = format!("e{round}");
        let owned = waiting(&world, 0, "w", wait(&name, None, Some(at(5)))).await;
        // By a clock that is behind, so that both are in time.
        let sent = event(&world, &name, None, 4);
        let won = at_once(3, |index| {
            let (world, sent) = (world.clone(), sent.clone());
            async move {
                match index {
                    0 => publish(&world, &sent).await.contains(&owned.run),
                    1 => {
                        world.resolve(owned.run, "w", Resolution::Expired, at(5)).await == ResolveOutcome::Won
                    }
                    _ => {
                        world.store.run_cancel(owned.run, at(5), false).await.unwrap()
                            == CancelOutcome::Requested
                    }
                }
            }
        })
        .await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        assert_eq!(world.store.timer_next().await.unwrap(), None);
    }
}

/// Many events for many waits at the same moment: a wait takes one, a run none twice.
pub async fn many_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        let mut owned = world.queued(0).await;
        let names: Vec<String> = (0..4).map(|number| format!("w{number}")).collect();
        let waits = names.iter().map(|name| (name.as_str(), wait("tick", None, None))).collect();
        world.accepted(opening(&world, &owned, at(1), waits), &mut owned).await;
        runs.push(owned.run);
    }
    let woken = at_once(10, |index| {
        let world = world.clone();
        async move { publish(&world, &event(&world, "tick", None, 5 + index as i64)).await.len() }
    });
    assert_eq!(woken.await.iter().sum::<usize>(), 20);
    for run in runs {
        let mut data: Vec<_> =
            told(&world, run).await.into_iter().map(|(_, data)| data.to_string()).collect();
        data.sort_unstable();
        data.dedup();
        assert_eq!(data.len(), 4);
    }
}

/// A workspace that isn't there has no runs, and its events harm nobody.
pub async fn an_unknown_workspace_wakes_nobody(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    waiting(&world, 0, "w", wait("tick", None, None)).await;
    let nowhere = WorkspaceId::new(at(0), world.random());
    let sent = PublishEvent { workspace: nowhere, ..event(&world, "tick", None, 5) };
    assert_eq!(publish(&world, &sent).await, []);
}
