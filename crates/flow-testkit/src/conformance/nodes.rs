//! Nodes that come and go. How long they last is in [`leases`](super::leases).
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_model::NodeId;

use super::Backend;
use super::world::{LEASE, World, at};

/// The database answers.
pub async fn the_store_answers(store: Arc<dyn Backend>) {
    store.ping().await.unwrap();
    store.ping().await.unwrap();
}

/// A zero lease says that the node is going: its runs are up for a claim at once.
pub async fn a_zero_lease_gives_all_up(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(0).await;
    let other = world.living_node().await;
    world.kill(world.node).await;
    assert!(world.claim_run(other, &owned).await.is_some());
}

/// A node that comes back before another one took its runs owns them still.
pub async fn a_node_can_come_back(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let other = world.living_node().await;
    world.kill(world.node).await;
    world.accepted(world.step(&owned, at(1)), &mut owned).await;
    world.store.node_renew(world.node, at(1), LEASE).await.unwrap();
    assert_eq!(world.claim(other, 10).await, []);
    world.accepted(world.step(&owned, at(2)), &mut owned).await;
}

/// A node that never said it lives doesn't: what it creates is up for a claim.
pub async fn an_unknown_node_is_dead(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.node = NodeId::new(at(0), world.random());
    let mut owned = world.created(create).await;
    world.accepted(world.step(&owned, at(1)), &mut owned).await;
    assert_eq!(world.claim(world.node, 10).await.len(), 1);
}

/// A purge deletes the rows of nodes that have gone, whose runs stay up for a claim.
pub async fn a_purge_keeps_their_runs(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(0).await;
    let other = world.living_node().await;
    world.kill(world.node).await;
    world.store.expired_purge(at(0)).await.unwrap();
    assert_eq!(world.store.expired_purge(at(0)).await.unwrap(), 0);
    assert!(world.claim_run(other, &owned).await.is_some());
    assert_eq!(world.claim(world.living_node().await, 10).await, [], "the living one stays");
}
