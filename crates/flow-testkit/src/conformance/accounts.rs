//! Workspaces and users. What they call with is in [`tokens`](super::tokens).
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{NewUser, UserRecord};
use flow_model::{Timestamp, UserId, WorkspaceId};

use super::Backend;
use super::world::{ODD, World, at, at_once};

pub(super) fn new_user(world: &World, email: &str) -> NewUser {
    NewUser {
        id: UserId::new(at(0), world.random()),
        workspace: world.workspace,
        name: ODD.to_owned(),
        email: email.to_owned(),
        now: at(0),
    }
}

pub(super) async fn user(world: &World, email: &str) -> UserRecord {
    world.store.user_ensure(new_user(world, email)).await.unwrap()
}

/// A workspace is made once and found by its name from then on, to the letter.
pub async fn a_workspace_is_made_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let names = ["acme", "Acme", "acme ", "", ODD];
    let mut made = Vec::new();
    for name in names {
        let id = WorkspaceId::new(at(1), world.random());
        assert_eq!(world.store.workspace_ensure(name, id, at(1)).await.unwrap(), id, "{name:?}");
        made.push(id);
    }
    for (name, id) in names.into_iter().zip(made) {
        assert_eq!(world.workspace(name).await, id);
        let now = Timestamp::from_millis(i64::MAX);
        assert_eq!(world.store.workspace_ensure(name, id, now).await.unwrap(), id, "a repeat");
    }
}

/// Many may make the same workspace at the same moment: they get the same one.
pub async fn a_workspace_is_made_by_one_of_many(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let made = at_once(20, |_| {
        let world = world.clone();
        async move { world.workspace("raced").await }
    });
    let made = made.await;
    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
}

/// A user is made once and found by the email from then on, as first made.
pub async fn a_user_is_made_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for email in ["a@example.com", "A@example.com", ODD, ""] {
        let new = new_user(&world, email);
        let made = world.store.user_ensure(new.clone()).await.unwrap();
        let expected = UserRecord {
            id: new.id,
            name: new.name.clone(),
            surname: None,
            role: None,
            email: new.email.clone(),
        };
        assert_eq!(made, expected);
        assert_eq!(world.store.user_ensure(new).await.unwrap(), made, "a repeat");
        let renamed = NewUser { name: "other".to_owned(), now: at(9), ..new_user(&world, email) };
        assert_eq!(world.store.user_ensure(renamed).await.unwrap(), made);
    }
}

/// The same email in another workspace is another user.
pub async fn a_user_is_a_workspaces_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let here = user(&world, "a@example.com").await;
    let workspace = world.workspace("other").await;
    let there = NewUser { workspace, ..new_user(&world, "a@example.com") };
    let there = world.store.user_ensure(there).await.unwrap();
    assert_ne!(here.id, there.id);
    assert_eq!(user(&world, "a@example.com").await, here);
}

/// Many may make the same user at the same moment: they get the same one.
pub async fn a_user_is_made_by_one_of_many(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let made = at_once(20, |_| {
        let world = world.clone();
        async move { user(&world, "raced@example.com").await }
    });
    let made = made.await;
    assert!(made.iter().all(|user| *user == made[0]), "{made:?}");
}
