//! Slots: how many runs of one name have an owner, and who is next.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::collections::HashSet;
use std::sync::Arc;

use flow_engine::{
    Append, Appended, Claim, Claimable, ClaimedRun, Create, Created, NewChild, Parent, RunRecord, Slot,
};
use flow_model::{NodeId, RunEvent, RunId, RunStatus};
use serde_json::json;

use super::Backend;
use super::world::{LEASE, ODD, Owned, World, at, at_once, run_started, step_started, visit};

fn slot(name: &str, limit: u32) -> Slot {
    Slot { name: name.to_owned(), limit }
}

fn in_slot(world: &World, millis: i64, slot: Slot) -> Create {
    let mut create = world.create(millis);
    create.record.slot = Some(slot);
    create
}

/// Stores a run and tells whether it got a place.
async fn stored(world: &World, create: Create) -> (Owned, bool) {
    let owned = Owned { run: create.record.id, node: create.node, epoch: 1, seq: create.record.seq };
    match world.store.run_create(create).await.unwrap() {
        Created::New(told) => {
            assert_eq!(told, Appended { released: told.released, ..Appended::default() });
            (owned, !told.released)
        }
        other => panic!("{other:?}"),
    }
}

/// A run that got a place.
async fn driven(world: &World, millis: i64, slot: Slot) -> Owned {
    let (owned, is_driven) = stored(world, in_slot(world, millis, slot)).await;
    assert!(is_driven);
    owned
}

/// A run that got none.
async fn in_line(world: &World, millis: i64, slot: Slot) -> Owned {
    let (owned, is_driven) = stored(world, in_slot(world, millis, slot)).await;
    assert!(!is_driven);
    owned
}

async fn claim(world: &World, of: Claimable, limit: usize) -> Vec<ClaimedRun> {
    let claim = Claim { node: world.node, of, limit, now: at(0), id: world.batch(), repeated: false };
    world.store.run_claim(claim).await.unwrap()
}

async fn claim_of(world: &World, name: &str, limit: usize) -> Vec<RunId> {
    ids(&claim(world, Claimable::Slot(name.to_owned()), limit).await)
}

fn ids(claimed: &[ClaimedRun]) -> Vec<RunId> {
    claimed.iter().map(|claimed| claimed.run).collect()
}

async fn end(world: &World, owned: &mut Owned) {
    let ending = world.ending(owned, at(50), RunStatus::Completed);
    assert!(world.accepted(ending, owned).await.released);
}

/// An append after which the run rests.
fn resting(world: &World, owned: &Owned) -> Append {
    let mut append = world.opening(owned, at(1), &[("ask", None)]);
    append.commit.release = true;
    append
}

/// The slot is a part of the row, of a child's too, whatever its name.
pub async fn it_is_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut parent = driven(&world, 0, slot(ODD.trim(), 1)).await;
    assert_eq!(world.record(parent.run).await.slot, Some(slot(ODD.trim(), 1)));
    assert_eq!(world.loaded(parent.run).await.record.slot, Some(slot(ODD.trim(), 1)));
    assert_eq!(world.record(world.queued(0).await.run).await.slot, None);
    let from = Parent { run: parent.run, visit: visit("call"), waits: false, depth: 1 };
    let record =
        RunRecord { parent: Some(from), slot: Some(slot("child", 10_000)), ..world.create(1).record };
    let event = RunEvent { seq: 1, time: at(1), kind: run_started(json!({})) };
    let mut append = world.step(&parent, at(1));
    append.commit.children.push(NewChild { record: record.clone(), events: vec![event] });
    world.accepted(append, &mut parent).await;
    assert_eq!(world.record(record.id).await.slot, record.slot);
    assert_eq!(claim_of(&world, "child", 10).await, [record.id]);
}

/// A run that finds no place is stored as it is, has no owner, and is claimed once there is one: the oldest first.
pub async fn the_oldest_is_next(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let later = in_line(&world, 20, slot("a", 1)).await;
    let sooner = in_line(&world, 10, slot("a", 1)).await;
    assert_eq!(world.record(later.run).await.status, RunStatus::Queued);
    assert_eq!(world.loaded(later.run).await.events.len(), 1);
    assert_eq!(claim(&world, Claimable::Any, 10).await, []);
    assert_eq!(claim_of(&world, "a", 10).await, []);
    assert!(world.claim_run(world.node, &sooner).await.is_none());
    end(&world, &mut first).await;
    assert!(world.claim_run(world.node, &later).await.is_none(), "an older one goes before it");
    let claimed = claim(&world, Claimable::Any, 10).await;
    assert_eq!(ids(&claimed), [sooner.run]);
    assert_eq!((claimed[0].epoch, claimed[0].attempts), (2, 1));
    let mut owned = Owned { epoch: 2, ..sooner };
    end(&world, &mut owned).await;
    assert!(world.claim_run(world.node, &later).await.is_some());
}

/// A newcomer doesn't take the place that one in line is about to get.
pub async fn nobody_jumps_the_line(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let second = in_line(&world, 1, slot("a", 1)).await;
    end(&world, &mut first).await;
    let third = in_line(&world, 2, slot("a", 1)).await;
    assert_eq!(claim_of(&world, "a", 10).await, [second.run]);
    assert_eq!(claim_of(&world, "a", 10).await, []);
    assert!(world.claim_run(world.node, &third).await.is_none());
}

/// Names share nothing, and runs without a slot are in nobody's way.
pub async fn each_name_is_its_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    driven(&world, 0, slot("a", 1)).await;
    driven(&world, 1, slot("b", 2)).await;
    driven(&world, 2, slot("b", 2)).await;
    let a = in_line(&world, 3, slot("a", 1)).await;
    let b = in_line(&world, 4, slot("b", 2)).await;
    let mut free = world.create(5);
    free.node = world.living_node().await;
    let free = world.created(free).await;
    world.kill(free.node).await;
    assert_eq!(ids(&claim(&world, Claimable::Any, 1).await), [free.run], "those in line don't hide it");
    assert!(world.claim_run(world.node, &a).await.is_none());
    assert!(world.claim_run(world.node, &b).await.is_none());
    assert_eq!(claim_of(&world, "none", 10).await, []);
}

/// A run that rests holds no place, and needs one again to go on.
pub async fn who_rests_holds_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let second = in_line(&world, 1, slot("a", 1)).await;
    world.accepted(resting(&world, &first), &mut first).await;
    assert_eq!(claim_of(&world, "a", 10).await, [second.run]);
    world.answered(first.run, "ask", at(2)).await;
    assert!(world.claim_run(world.node, &first).await.is_none());
    assert_eq!(claim(&world, Claimable::Any, 10).await, []);
    let mut second = Owned { epoch: 2, ..second };
    end(&world, &mut second).await;
    assert_eq!(ids(&claim(&world, Claimable::Any, 10).await), [first.run]);
}

/// A run that ends or rests at once needs no place.
pub async fn who_never_goes_on_needs_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    driven(&world, 0, slot("a", 1)).await;
    let mut create = in_slot(&world, 1, slot("a", 1));
    create.commit.release = true;
    create.record.status = RunStatus::Running;
    let (rests, is_driven) = stored(&world, create).await;
    assert!(!is_driven);
    assert!(world.claim_run(world.node, &rests).await.is_none());
}

/// A dead node's run keeps its place until it is taken over, which needs no other.
pub async fn an_orphan_holds_its_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = in_slot(&world, 5, slot("a", 1));
    create.node = world.living_node().await;
    let dying = create.node;
    let (orphan, is_driven) = stored(&world, create).await;
    assert!(is_driven);
    let older = in_line(&world, 1, slot("a", 1)).await;
    world.kill(dying).await;
    assert!(world.claim_run(world.node, &older).await.is_none());
    assert_eq!(claim_of(&world, "a", 10).await, []);
    assert_eq!(ids(&claim(&world, Claimable::Any, 10).await), [orphan.run]);
    assert!(world.claim_run(world.node, &older).await.is_none());
}

/// A node that leaves gives the places of its runs back with them.
pub async fn who_leaves_holds_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = in_slot(&world, 5, slot("a", 1));
    create.node = world.living_node().await;
    let leaving = create.node;
    let (given_back, _) = stored(&world, create).await;
    let older = in_line(&world, 1, slot("a", 1)).await;
    world.store.node_leave(leaving).await.unwrap();
    assert_eq!(claim_of(&world, "a", 10).await, [older.run]);
    assert!(world.claim_run(world.node, &given_back).await.is_none());
}

/// A cancel needs no place, and what it takes is given back.
pub async fn a_cancel_needs_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let second = in_line(&world, 1, slot("a", 1)).await;
    let third = in_line(&world, 2, slot("a", 1)).await;
    world.store.run_cancel(second.run, at(3), false).await.unwrap();
    assert_eq!(world.store.run_queued(10).await.unwrap(), 1);
    let mut second = world.claim_run(world.node, &second).await.unwrap();
    let ending = world.ending(&second, at(4), RunStatus::Cancelled);
    world.accepted(ending, &mut second).await;
    assert_eq!(claim_of(&world, "a", 10).await, []);
    end(&world, &mut first).await;
    assert_eq!(claim_of(&world, "a", 10).await, [third.run]);
}

/// Each run goes by the limit of its own version, and waits for those before it.
pub async fn each_goes_by_its_own_limit(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for millis in 0..3 {
        driven(&world, millis, slot("a", 3)).await;
    }
    let strict = in_line(&world, 3, slot("a", 1)).await;
    assert_eq!(claim_of(&world, "a", 10).await, []);
    let loose = in_line(&world, 4, slot("a", 4)).await;
    assert_eq!(claim_of(&world, "a", 10).await, [], "it would overtake the one before it");
    assert!(world.claim_run(world.node, &strict).await.is_none());
    world.store.run_cancel(strict.run, at(5), false).await.unwrap();
    assert_eq!(claim_of(&world, "a", 10).await, [loose.run]);
}

/// A claim takes no more than there are places, and than it asked for.
pub async fn a_claim_fills_the_places(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = Vec::new();
    for millis in 0..3 {
        owned.push(driven(&world, millis, slot("a", 3)).await);
    }
    let mut line = Vec::new();
    for millis in 3..9 {
        line.push(in_line(&world, millis, slot("a", 3)).await.run);
    }
    for owned in &mut owned {
        end(&world, owned).await;
    }
    assert_eq!(claim_of(&world, "a", 0).await, []);
    assert_eq!(claim_of(&world, "a", 1).await, line[..1]);
    assert_eq!(claim_of(&world, "a", 10).await, line[1..3]);
    assert_eq!(claim_of(&world, "a", 10).await, []);
}

/// A claim whose reply was lost is told what it took, also of a slot.
pub async fn a_repeated_claim_takes_the_same(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let second = in_line(&world, 1, slot("a", 1)).await;
    in_line(&world, 2, slot("a", 1)).await;
    end(&world, &mut first).await;
    for of in [Claimable::Slot("a".to_owned()), Claimable::Any, Claimable::Run(second.run)] {
        let claim = Claim { node: world.node, of, limit: 10, now: at(0), id: world.batch(), repeated: false };
        let taken = world.store.run_claim(claim.clone()).await.unwrap();
        assert_eq!(ids(&taken), [second.run]);
        let again = Claim { repeated: true, ..claim };
        assert_eq!(world.store.run_claim(again).await.unwrap(), taken);
        world.store.node_leave(world.node).await.unwrap();
        world.store.node_renew(world.node, at(0), LEASE).await.unwrap();
    }
}

/// A repeated create is told how things stand.
pub async fn a_repeated_create_is_told_the_same(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let first = in_slot(&world, 0, slot("a", 1));
    let second = in_slot(&world, 1, slot("a", 1));
    for _ in 0..2 {
        assert!(stored(&world, first.clone()).await.1);
        assert!(!stored(&world, second.clone()).await.1);
    }
}

/// A node without room stores a run for whoever has some; and how many of them there are is known.
pub async fn a_run_can_be_queued(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let create = Create { queued: true, ..world.create(0) };
    let (queued, is_driven) = stored(&world, create.clone()).await;
    assert!(!is_driven);
    assert!(!stored(&world, create).await.1, "a repeat is told the same");
    world.queued(1).await;
    driven(&world, 2, slot("a", 1)).await;
    in_line(&world, 3, slot("a", 1)).await;
    let mut begun = world.queued(4).await;
    world.accepted(world.step(&begun, at(5)), &mut begun).await;
    assert_eq!(world.store.run_queued(10).await.unwrap(), 2);
    assert_eq!(world.store.run_queued(1).await.unwrap(), 1);
    assert_eq!(world.store.run_queued(0).await.unwrap(), 0);
    assert_eq!(ids(&claim(&world, Claimable::Any, 10).await), [queued.run]);
    assert_eq!(world.store.run_queued(10).await.unwrap(), 1);
}

/// What the runs of one slot do at the same moment, on several nodes, never gives it more owners than places; and
/// every run gets its turn.
pub async fn many_at_once_never_exceed_it(store: Arc<dyn Backend>) {
    const RUNS: usize = 24;
    const LIMIT: usize = 3;
    let world = World::new(store).await;
    let creates: Vec<Create> = (0..RUNS)
        .map(|index| in_slot(&world, i64::try_from(index).unwrap(), slot("a", u32::try_from(LIMIT).unwrap())))
        .collect();
    let all: HashSet<RunId> = creates.iter().map(|create| create.record.id).collect();
    let created = at_once(RUNS, |index| {
        let (world, create) = (world.clone(), creates[index].clone());
        async move { stored(&world, create).await }
    });
    let mut owned: Vec<Owned> =
        created.await.into_iter().filter(|(_, is_driven)| *is_driven).map(|(owned, _)| owned).collect();
    let mut done = HashSet::new();
    while done.len() < RUNS {
        assert!(owned.len() <= LIMIT, "{owned:?}");
        let ends = owned.pop();
        if let Some(mut one) = ends {
            end(&world, &mut one).await;
            assert!(done.insert(one.run));
        }
        // Who is left owns a place, and the rest is contended for.
        let claims = at_once(6, |index| {
            let world = world.clone();
            let next = all.iter().nth(index).copied();
            async move {
                let of = match index % 3 {
                    0 => Claimable::Any,
                    1 => Claimable::Slot("a".to_owned()),
                    _ => next.map_or(Claimable::Any, Claimable::Run),
                };
                claim(&world, of, 10).await
            }
        });
        for claimed in claims.await.into_iter().flatten() {
            let ClaimedRun { run, epoch, .. } = claimed;
            owned.push(Owned { run, node: world.node, epoch, seq: 1 });
        }
        if owned.is_empty() && done.len() < RUNS {
            // A claim may pass over what another one looks at.
            for claimed in claim(&world, Claimable::Any, 10).await {
                let ClaimedRun { run, epoch, .. } = claimed;
                owned.push(Owned { run, node: world.node, epoch, seq: 1 });
            }
            assert!(!owned.is_empty(), "{} of {RUNS} are done", done.len());
        }
    }
    assert_eq!(done, all);
}

/// A run that was claimed goes on under the fence of its claim alone.
pub async fn it_goes_on_where_it_stood(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut first = driven(&world, 0, slot("a", 1)).await;
    let mut queued = in_line(&world, 1, slot("a", 1)).await;
    world.refused(world.step(&queued, at(2))).await;
    end(&world, &mut first).await;
    let node: NodeId = world.living_node().await;
    queued = world.claim_run(node, &queued).await.unwrap();
    let kinds = vec![step_started("load")];
    let append = world.append(&queued, at(3), RunStatus::Running, kinds);
    assert_eq!(world.accepted(append, &mut queued).await, Appended::default());
    end(&world, &mut queued).await;
}
