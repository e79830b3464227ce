//! The length of a lease, for stores that measure it by the caller's clock.
//!
//! A store that goes by the database's clock leaves this group out: nobody moves that clock for a test.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{AppendRefused, Claim, Claimable};
use flow_model::{NodeId, Timestamp};

use super::Backend;
use super::world::{Owned, World, at};

const SECOND: Duration = Duration::from_secs(1);

async fn taken(world: &World, node: NodeId, millis: i64) -> usize {
    let claim =
        Claim { node, of: Claimable::Any, limit: 10, now: at(millis), id: world.batch(), repeated: false };
    world.store.run_claim(claim).await.unwrap().len()
}

async fn leased(world: &World, millis: i64) -> Owned {
    let node = NodeId::new(at(0), world.random());
    world.store.node_renew(node, at(millis), SECOND).await.unwrap();
    let mut create = world.create(0);
    create.node = node;
    world.created(create).await
}

/// A claim may take a node's runs from the millisecond at which its lease ends.
pub async fn end_on_the_millisecond(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    leased(&world, 0).await;
    assert_eq!(taken(&world, world.node, 999).await, 0);
    assert_eq!(taken(&world, world.node, 1000).await, 1);
}

/// A renewal counts from its own moment.
pub async fn are_renewed(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = leased(&world, 0).await;
    world.store.node_renew(owned.node, at(600), SECOND).await.unwrap();
    assert_eq!(taken(&world, world.node, 1599).await, 0);
    assert_eq!(taken(&world, world.node, 1600).await, 1);
}

/// A lapsed owner goes on until another one claims, and is fenced from then on.
pub async fn lapse_only_by_a_claim(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = leased(&world, 0).await;
    world.accepted(world.step(&owned, at(5000)), &mut owned).await;
    assert_eq!(taken(&world, world.node, 6000).await, 1);
    world.store.node_renew(owned.node, at(6001), SECOND).await.unwrap();
    assert_eq!(world.refused(world.step(&owned, at(6002))).await, AppendRefused::Stale);
}

/// A purge deletes nodes from the millisecond at which their lease ends.
pub async fn a_purge_goes_by_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    leased(&world, 0).await;
    leased(&world, 1).await;
    assert_eq!(world.store.expired_purge(at(999)).await.unwrap(), 0);
    assert_eq!(world.store.expired_purge(at(1000)).await.unwrap(), 1);
    assert_eq!(taken(&world, world.node, 1000).await, 1, "the other one lives");
    assert_eq!(world.store.expired_purge(at(1001)).await.unwrap(), 1);
}

/// The longest lease ends with the last moment that can be shown.
pub async fn can_be_of_any_length(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = leased(&world, 0).await;
    world.store.node_renew(owned.node, at(0), Duration::MAX).await.unwrap();
    let now = Timestamp::from_millis(at(0).after(Duration::MAX).millis() - 1);
    let claim = Claim {
        node: world.node,
        of: Claimable::Run(owned.run),
        limit: 1,
        now,
        id: world.batch(),
        repeated: false,
    };
    assert_eq!(world.store.run_claim(claim).await.unwrap(), []);
}
