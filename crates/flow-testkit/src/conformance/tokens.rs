//! Tokens: who calls with them, until when.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Caller, NewToken, Scope, TokenHash, TokenRecord, UserRecord};
use flow_model::{Timestamp, TokenId, WorkspaceId};

use super::Backend;
use super::accounts::{new_user, user};
use super::world::{ODD, World, at};

fn token(world: &World, user: &UserRecord, hash: TokenHash, millis: i64) -> NewToken {
    NewToken {
        id: TokenId::new(at(millis), world.random()),
        workspace: world.workspace,
        user: user.id,
        hash,
        prefix: ODD.to_owned(),
        scopes: vec![Scope::FlowsRun],
        expires_at: None,
        now: at(millis),
    }
}

async fn caller(world: &World, hash: TokenHash, now: Timestamp) -> Option<Caller> {
    world.store.token_caller(hash, now).await.unwrap()
}

async fn listed(world: &World, workspace: Option<WorkspaceId>) -> Vec<TokenRecord> {
    world.store.token_list(workspace).await.unwrap()
}

/// A token tells who calls and what they may do; an unknown one nothing.
pub async fn a_token_tells_the_caller(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let user = user(&world, "a@example.com").await;
    for (number, scopes) in [Vec::new(), Scope::ALL.to_vec(), vec![Scope::RunsRead]].into_iter().enumerate() {
        let hash = [number as u8; 32];
        assert_eq!(caller(&world, hash, at(1)).await, None);
        let new = NewToken { scopes, ..token(&world, &user, hash, 0) };
        world.store.token_create(new.clone()).await.unwrap();
        world.store.token_create(new.clone()).await.unwrap();
        let mut found = caller(&world, hash, at(1)).await.unwrap();
        found.scopes.sort();
        let mut scopes = new.scopes.clone();
        scopes.sort();
        let expected = Caller { token: new.id, workspace: world.workspace, user: user.clone(), scopes };
        assert_eq!(found, expected);
    }
    assert_eq!(listed(&world, None).await.len(), 3);
}

/// A token ends at its millisecond.
pub async fn a_token_expires_on_the_millisecond(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let user = user(&world, "a@example.com").await;
    let last = Timestamp::from_millis(i64::MAX);
    for (number, expires_at) in [Some(at(100)), Some(last), None].into_iter().enumerate() {
        let new = NewToken { expires_at, ..token(&world, &user, [number as u8; 32], 0) };
        world.store.token_create(new).await.unwrap();
    }
    assert!(caller(&world, [0; 32], at(99)).await.is_some());
    assert!(caller(&world, [0; 32], at(100)).await.is_none());
    assert!(caller(&world, [1; 32], Timestamp::from_millis(i64::MAX - 1)).await.is_some());
    assert!(caller(&world, [1; 32], last).await.is_none());
    assert!(caller(&world, [2; 32], last).await.is_some());
    assert_eq!(listed(&world, None).await.len(), 3, "an expired token is still listed");
}

/// A revoked token ends at once, by whichever name, and the first revocation's time stays.
pub async fn a_revoked_token_ends_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let user = user(&world, "a@example.com").await;
    let by_id = token(&world, &user, [1; 32], 1);
    let by_hash = token(&world, &user, [2; 32], 2);
    let kept = token(&world, &user, [3; 32], 3);
    for new in [&by_id, &by_hash, &kept] {
        world.store.token_create(new.clone()).await.unwrap();
    }
    for now in [at(50), at(60)] {
        assert!(world.store.token_revoke(by_id.id, now).await.unwrap());
        assert!(world.store.token_revoke_hash(by_hash.hash, now).await.unwrap());
    }
    assert!(!world.store.token_revoke(TokenId::new(at(0), world.random()), at(50)).await.unwrap());
    assert!(!world.store.token_revoke_hash([9; 32], at(50)).await.unwrap());
    for hash in [by_id.hash, by_hash.hash] {
        for now in [at(0), at(50), at(51)] {
            assert_eq!(caller(&world, hash, now).await, None);
        }
    }
    assert!(caller(&world, kept.hash, at(51)).await.is_some());
    let revoked: Vec<_> = listed(&world, None).await.into_iter().map(|row| row.revoked_at).collect();
    assert_eq!(revoked, [None, Some(at(50)), Some(at(50))]);
}

/// A token with the same hash is replaced whole, also a revoked one: it can be made to exist.
pub async fn a_token_can_be_made_to_exist(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (one, two) = (user(&world, "a@example.com").await, user(&world, "b@example.com").await);
    let old = token(&world, &one, [1; 32], 0);
    world.store.token_create(old.clone()).await.unwrap();
    world.store.token_revoke(old.id, at(1)).await.unwrap();
    let mut new = token(&world, &two, [1; 32], 5);
    new.scopes = vec![Scope::WorkspaceAdmin];
    world.store.token_create(new.clone()).await.unwrap();
    let found = caller(&world, [1; 32], at(6)).await.unwrap();
    assert_eq!((found.token, found.user, found.scopes), (new.id, two, new.scopes));
    let rows = listed(&world, None).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].id, rows[0].created_at, rows[0].revoked_at), (new.id, at(5), None));
    assert!(!world.store.token_revoke(old.id, at(7)).await.unwrap(), "the old name is gone");
    assert!(caller(&world, [1; 32], at(8)).await.is_some());
}

/// The list shows every token of a workspace, or of all, the newest first.
pub async fn the_list_is_the_newest_first(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let here = user(&world, "a@example.com").await;
    let workspace = world.workspace("other").await;
    let there = flow_engine::NewUser { workspace, ..new_user(&world, "a@example.com") };
    let there = world.store.user_ensure(there).await.unwrap();
    let mut expected = Vec::new();
    for (hash, millis) in [(1, 20), (2, 10), (3, 30)] {
        let mut new = token(&world, &here, [hash; 32], millis);
        new.expires_at = Some(at(1000));
        let mut name = "conformance";
        if hash == 3 {
            (new.workspace, new.user, name) = (workspace, there.id, "other");
        }
        world.store.token_create(new.clone()).await.unwrap();
        expected.push(TokenRecord {
            id: new.id,
            workspace: name.to_owned(),
            user: if hash == 3 { there.clone() } else { here.clone() },
            prefix: new.prefix,
            scopes: new.scopes,
            created_at: new.now,
            expires_at: new.expires_at,
            revoked_at: None,
        });
    }
    expected.sort_by_key(|row| std::cmp::Reverse(row.created_at));
    assert_eq!(listed(&world, None).await, expected);
    assert_eq!(listed(&world, Some(world.workspace)).await, expected[1..]);
    assert_eq!(listed(&world, Some(workspace)).await, expected[..1]);
    assert_eq!(listed(&world, Some(WorkspaceId::new(at(0), world.random()))).await, []);
}
