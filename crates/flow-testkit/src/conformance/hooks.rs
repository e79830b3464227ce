//! The addresses of webhooks, made and deleted by publishes.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{HookRecord, NewHook, PublishDraft, TokenHash};
use flow_model::{FlowId, WebhookId};

use super::Backend;
use super::versions::{drafted, publishing};
use super::world::{World, at};

fn hook(id: &str, token: u8) -> NewHook {
    NewHook { webhook: id.parse().unwrap(), token: [token; 32] }
}

async fn publish(world: &World, number: i64, hooks: Vec<NewHook>) {
    if number > 1 {
        drafted(world, &format!("v{number}"), number).await;
    }
    let publish = publishing(world, &format!("{number}.0.0"), number).await;
    assert!(world.store.draft_publish(PublishDraft { hooks, ..publish }).await.unwrap().is_some());
}

async fn list(world: &World) -> Vec<String> {
    let hooks: Vec<WebhookId> = world.store.hook_list(world.flow).await.unwrap();
    hooks.iter().map(ToString::to_string).collect()
}

async fn opens(world: &World, token: u8) -> Option<String> {
    let found = world.store.hook_get([token; 32] as TokenHash).await.unwrap();
    found.map(|found| found.webhook.to_string())
}

/// A publish makes the hooks of its draft, which their tokens find.
pub async fn a_publish_makes_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    assert_eq!((list(&world).await, opens(&world, 1).await), (Vec::new(), None));
    publish(&world, 1, vec![hook("b", 1), hook("A-1_", 2)]).await;
    let mut listed = list(&world).await;
    listed.sort_unstable();
    assert_eq!(listed, ["A-1_", "b"]);
    let expected =
        HookRecord { workspace: world.workspace, flow: world.flow, webhook: "A-1_".parse().unwrap() };
    assert_eq!(world.store.hook_get([2; 32]).await.unwrap(), Some(expected));
    assert_eq!(opens(&world, 3).await, None);
}

/// A later publish keeps the tokens of the hooks that it has too, makes those that are new and deletes the others.
pub async fn a_later_publish_keeps_them(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, 1, vec![hook("kept", 1), hook("gone", 2)]).await;
    publish(&world, 2, vec![hook("kept", 3), hook("new", 4)]).await;
    assert_eq!(list(&world).await, ["kept", "new"]);
    assert_eq!(
        (opens(&world, 1).await.as_deref(), opens(&world, 4).await.as_deref()),
        (Some("kept"), Some("new"))
    );
    assert_eq!((opens(&world, 2).await, opens(&world, 3).await), (None, None));
    publish(&world, 3, Vec::new()).await;
    assert_eq!((list(&world).await, opens(&world, 1).await), (Vec::new(), None));
    publish(&world, 4, vec![hook("gone", 5)]).await;
    assert_eq!((opens(&world, 2).await, opens(&world, 5).await.as_deref()), (None, Some("gone")));
}

/// A publish that comes to nothing makes and deletes none.
pub async fn a_refused_publish_changes_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, 1, vec![hook("kept", 1)]).await;
    drafted(&world, "next", 2).await;
    let refused = PublishDraft { hooks: vec![hook("new", 2)], ..publishing(&world, "1.0.0", 3).await };
    assert_eq!(world.store.draft_publish(refused).await.unwrap(), None);
    assert_eq!((list(&world).await, opens(&world, 2).await), (vec!["kept".to_owned()], None));
}

/// A token is replaced at once; a webhook without an address gets none.
pub async fn a_token_is_replaced(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, 1, vec![hook("a", 1), hook("b", 2)]).await;
    assert!(world.store.hook_rotate(world.flow, hook("a", 3)).await.unwrap());
    assert_eq!((opens(&world, 1).await, opens(&world, 3).await.as_deref()), (None, Some("a")));
    assert_eq!(opens(&world, 2).await.as_deref(), Some("b"));
    assert!(!world.store.hook_rotate(world.flow, hook("c", 4)).await.unwrap());
    let nobody = FlowId::new(at(0), world.random());
    assert!(!world.store.hook_rotate(nobody, hook("a", 4)).await.unwrap());
    assert_eq!(opens(&world, 4).await, None);
    publish(&world, 2, vec![hook("a", 5), hook("b", 6)]).await;
    assert_eq!(opens(&world, 3).await.as_deref(), Some("a"), "it is kept like the first");
}

/// Two flows have webhooks of the same id, each with a token of its own.
pub async fn each_flow_has_its_own(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    publish(&world, 1, vec![hook("a", 1)]).await;
    let other = world.flow_named(world.workspace, "other", at(1)).await;
    let record = world.store.flow_get(world.workspace, other).await.unwrap().unwrap();
    let published = PublishDraft {
        flow: other,
        draft: 1,
        hash: record.definition,
        label: "1.0.0".parse().unwrap(),
        hooks: vec![hook("a", 2)],
        summary: None,
        published_by: None,
        now: at(2),
    };
    assert!(world.store.draft_publish(published).await.unwrap().is_some());
    assert_eq!(world.store.hook_get([1; 32]).await.unwrap().unwrap().flow, world.flow);
    assert_eq!(world.store.hook_get([2; 32]).await.unwrap().unwrap().flow, other);
    assert!(world.store.hook_rotate(other, hook("a", 3)).await.unwrap());
    assert_eq!(opens(&world, 1).await.as_deref(), Some("a"));
}
