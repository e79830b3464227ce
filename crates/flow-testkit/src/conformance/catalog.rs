//! Flows and their working drafts. Publishing is in [`versions`](super::versions).
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{FlowRecord, NewDraft, StoreError, VersionStatus, Visibility};
use flow_model::{DefinitionHash, FlowId, Timestamp, WorkspaceId};

use super::Backend;
use super::accounts::user;
use super::world::{ODD, World, at, at_once, document};

pub(super) fn draft(world: &World, flow: FlowId, name: &str, millis: i64) -> NewDraft {
    let definition = document(name);
    NewDraft {
        workspace: world.workspace,
        flow,
        name: name.to_owned(),
        hash: DefinitionHash::of(&definition),
        definition: Arc::new(definition),
        changed_by: None,
        now: at(millis),
    }
}

async fn named(world: &World, workspace: WorkspaceId, name: &str) -> Option<FlowId> {
    world.store.flow_named(workspace, name).await.unwrap().map(|flow| flow.id)
}

/// A flow comes back as it was given, with its definition and version 1 as its draft.
pub async fn a_flow_is_stored_whole(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let author = user(&world, "author@example.com").await;
    for (number, visibility) in Visibility::ALL.into_iter().enumerate() {
        let mut new = world.new_flow(world.workspace, ODD, at(number as i64));
        new.visibility = visibility;
        if number > 0 {
            new.description = Some(ODD.to_owned());
            new.tags = vec![ODD.to_owned(), String::new(), "a,b".to_owned()];
            new.created_by = Some(author.id);
        }
        let expected = FlowRecord {
            id: new.id,
            workspace: new.workspace,
            name: new.name.clone(),
            description: new.description.clone(),
            tags: new.tags.clone(),
            visibility,
            draft: Some(1),
            definition: new.hash,
            latest: None,
            revision: 1,
            created_by: new.created_by,
            created_at: new.now,
            updated_at: new.now,
        };
        assert_eq!(world.store.flow_create(new.clone()).await.unwrap(), expected);
        assert_eq!(world.store.flow_get(world.workspace, new.id).await.unwrap(), Some(expected));
        assert_eq!(world.store.definition_load(new.hash).await.unwrap(), Some(new.definition));
        let versions = world.store.version_list(new.id).await.unwrap();
        assert_eq!(versions.len(), 1);
        let draft = &versions[0];
        assert_eq!((draft.flow, draft.number, draft.status), (new.id, 1, VersionStatus::Draft));
        assert_eq!((draft.is_latest, &draft.label, &draft.summary), (false, &None, &None));
        assert_eq!((draft.definition, draft.created_at, draft.published_at), (new.hash, new.now, None));
        assert_eq!(draft.created_by, new.created_by.map(|_| author.clone()));
        assert_eq!(draft.published_by, None);
    }
}

/// A repeated create is answered with the flow as it stands; another workspace can't take its id.
pub async fn a_repeat_changes_nothing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut new = world.new_flow(world.workspace, "first", at(0));
    world.store.flow_create(new.clone()).await.unwrap();
    let stands = world.store.draft_store(draft(&world, new.id, "second", 1)).await.unwrap().unwrap();
    assert_eq!(world.store.flow_create(new.clone()).await.unwrap(), stands);
    assert_eq!(world.store.version_list(new.id).await.unwrap().len(), 1);
    new.workspace = world.workspace("other").await;
    let refused = world.store.flow_create(new.clone()).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    assert_eq!(world.store.flow_get(world.workspace, new.id).await.unwrap(), Some(stands));
}

/// Another workspace's flow is a missing one.
pub async fn a_foreign_flow_is_missing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let foreign = world.workspace("foreign").await;
    assert_eq!(world.store.flow_get(foreign, world.flow).await.unwrap(), None);
    assert_eq!(named(&world, foreign, "conformance").await, None);
    let before = world.store.flow_get(world.workspace, world.flow).await.unwrap();
    let mut draft = draft(&world, world.flow, "stolen", 1);
    draft.workspace = foreign;
    assert_eq!(world.store.draft_store(draft).await.unwrap(), None);
    assert_eq!(world.store.flow_get(world.workspace, world.flow).await.unwrap(), before);
}

/// A name finds the oldest flow that has it now, to the letter.
pub async fn a_name_finds_the_oldest(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    assert_eq!(named(&world, world.workspace, "x").await, None);
    let young = world.flow_named(world.workspace, "x", at(2)).await;
    assert_eq!(named(&world, world.workspace, "x").await, Some(young));
    let old = world.flow_named(world.workspace, "x", at(1)).await;
    for name in ["X", "x ", "", ODD, "x%"] {
        assert_eq!(named(&world, world.workspace, name).await, None, "{name:?}");
    }
    assert_eq!(named(&world, world.workspace, "x").await, Some(old));
    world.store.draft_store(draft(&world, old, ODD, 3)).await.unwrap();
    assert_eq!(named(&world, world.workspace, "x").await, Some(young));
    assert_eq!(named(&world, world.workspace, ODD).await, Some(old));
}

/// A draft replaces the draft there is: same number, new definition and name, a higher revision.
pub async fn a_draft_replaces_the_draft(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let before = world.store.flow_get(world.workspace, world.flow).await.unwrap().unwrap();
    let draft = draft(&world, world.flow, "renamed", 7);
    let after = world.store.draft_store(draft.clone()).await.unwrap().unwrap();
    let expected = FlowRecord {
        name: "renamed".to_owned(),
        definition: draft.hash,
        revision: 2,
        updated_at: at(7),
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert_eq!(world.store.flow_get(world.workspace, world.flow).await.unwrap(), Some(after));
    let versions = world.store.version_list(world.flow).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].definition, versions[0].created_at), (draft.hash, at(0)));
    assert_eq!(world.store.definition_load(draft.hash).await.unwrap(), Some(draft.definition));
}

/// A flow that isn't there takes no draft and has no versions.
pub async fn unknown_is_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let flow = FlowId::new(at(0), world.random());
    assert_eq!(world.store.flow_get(world.workspace, flow).await.unwrap(), None);
    assert_eq!(world.store.draft_store(draft(&world, flow, "x", 1)).await.unwrap(), None);
    assert_eq!(world.store.version_list(flow).await.unwrap(), []);
    assert_eq!(world.store.version_latest(flow).await.unwrap(), None);
    assert_eq!(world.store.version_get(flow, 1).await.unwrap(), None);
}

/// Drafts stored at the same moment are all counted, and one of them is the working one.
pub async fn drafts_at_once_are_counted(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let drafts: Vec<NewDraft> =
        (0..20).map(|number| draft(&world, world.flow, &format!("d{number}"), number)).collect();
    let stored = at_once(drafts.len(), |index| {
        let (store, draft) = (world.store.clone(), drafts[index].clone());
        async move { store.draft_store(draft).await.unwrap().unwrap().revision }
    });
    let mut revisions = stored.await;
    revisions.sort_unstable();
    assert!(revisions.into_iter().eq(2..=21));
    let flow = world.store.flow_get(world.workspace, world.flow).await.unwrap().unwrap();
    let winner = drafts.iter().find(|draft| draft.hash == flow.definition).unwrap();
    assert_eq!(flow.name, winner.name);
    let versions = world.store.version_list(world.flow).await.unwrap();
    assert_eq!((versions.len(), versions[0].definition), (1, winner.hash));
}

/// The ends of time are times like others.
pub async fn extremes_are_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for millis in [i64::MIN, i64::MAX] {
        let mut new = world.new_flow(world.workspace, "extreme", at(0));
        new.now = Timestamp::from_millis(millis);
        let stored = world.store.flow_create(new.clone()).await.unwrap();
        assert_eq!((stored.created_at, stored.updated_at), (new.now, new.now));
        assert_eq!(world.store.flow_get(world.workspace, new.id).await.unwrap(), Some(stored));
    }
}
