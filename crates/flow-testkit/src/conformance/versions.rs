//! Publishing drafts, and the versions that come of it.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{FlowRecord, PublishDraft, VersionRecord, VersionStatus};
use flow_model::FlowId;

use super::Backend;
use super::accounts::user;
use super::catalog::draft;
use super::world::{ODD, World, at, at_once};

async fn flow(world: &World) -> FlowRecord {
    world.store.flow_get(world.workspace, world.flow).await.unwrap().unwrap()
}

/// A publish of the working draft as it stands.
pub(super) async fn publishing(world: &World, label: &str, millis: i64) -> PublishDraft {
    let flow = flow(world).await;
    PublishDraft {
        flow: flow.id,
        draft: flow.draft.unwrap(),
        hash: flow.definition,
        label: label.parse().unwrap(),
        hooks: Vec::new(),
        summary: None,
        published_by: None,
        now: at(millis),
    }
}

async fn publish(world: &World, label: &str, millis: i64) -> Option<VersionRecord> {
    world.store.draft_publish(publishing(world, label, millis).await).await.unwrap()
}

pub(super) async fn drafted(world: &World, name: &str, millis: i64) -> FlowRecord {
    world.store.draft_store(draft(world, world.flow, name, millis)).await.unwrap().unwrap()
}

/// A published draft is a version like any other to read: labelled, latest, with its author and publisher.
pub async fn a_publish_makes_a_version(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (author, publisher) =
        (user(&world, "author@example.com").await, user(&world, "boss@example.com").await);
    let mut new = world.new_flow(world.workspace, "authored", at(1));
    new.created_by = Some(author.id);
    let before = world.store.flow_create(new.clone()).await.unwrap();
    assert_eq!(world.store.version_latest(new.id).await.unwrap(), None);
    let publish = PublishDraft {
        flow: new.id,
        draft: 1,
        hash: new.hash,
        label: "1.0.0-rc.1+build.5".parse().unwrap(),
        hooks: Vec::new(),
        summary: Some(ODD.to_owned()),
        published_by: Some(publisher.id),
        now: at(9),
    };
    let expected = VersionRecord {
        flow: new.id,
        number: 1,
        label: Some(publish.label.clone()),
        status: VersionStatus::Published,
        is_latest: true,
        definition: new.hash,
        summary: publish.summary.clone(),
        created_by: Some(author),
        published_by: Some(publisher),
        created_at: at(1),
        published_at: Some(at(9)),
    };
    assert_eq!(world.store.draft_publish(publish).await.unwrap(), Some(expected.clone()));
    assert_eq!(world.store.version_latest(new.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(world.store.version_get(new.id, 1).await.unwrap(), Some(expected.clone()));
    assert_eq!(world.store.version_list(new.id).await.unwrap(), [expected]);
    let after = world.store.flow_get(world.workspace, new.id).await.unwrap();
    let expected = FlowRecord { draft: None, latest: Some(1), revision: 2, updated_at: at(9), ..before };
    assert_eq!(after, Some(expected));
}

/// The next draft gets the next number and leaves what is published alone; the latest moves on.
pub async fn numbers_go_up(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for number in 1..=12 {
        if number > 1 {
            let flow = drafted(&world, &format!("v{number}"), number * 10).await;
            assert_eq!((flow.draft, flow.latest), (Some(number as i32), Some(number as i32 - 1)));
            let drafted = drafted(&world, &format!("v{number}b"), number * 10 + 1).await;
            assert_eq!(drafted.draft, Some(number as i32), "a second change is the same draft");
        }
        let published = publish(&world, &format!("{number}.0.0"), number * 10 + 2).await.unwrap();
        assert_eq!((published.number, published.is_latest), (number as i32, true));
        assert_eq!(flow(&world).await.latest, Some(number as i32));
    }
    let versions = world.store.version_list(world.flow).await.unwrap();
    assert!(versions.iter().map(|version| version.number).eq((1..=12).rev()), "the newest first");
    assert!(versions.iter().all(|version| version.is_latest == (version.number == 12)));
    for version in &versions {
        let found = world.store.version_get(world.flow, version.number).await.unwrap();
        assert_eq!(found.as_ref(), Some(version));
        assert!(world.store.definition_load(version.definition).await.unwrap().is_some());
    }
    for number in [0, 13, -1, i32::MAX, i32::MIN] {
        assert_eq!(world.store.version_get(world.flow, number).await.unwrap(), None);
    }
    assert_eq!(world.store.version_latest(world.flow).await.unwrap().as_ref(), versions.first());
}

/// A draft that isn't what the caller checked isn't published.
pub async fn a_changed_draft_is_not_published(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let seen = publishing(&world, "1.0.0", 1).await;
    drafted(&world, "changed", 2).await;
    let before = (flow(&world).await, world.store.version_list(world.flow).await.unwrap());
    let now = publishing(&world, "1.0.0", 3).await;
    let wrong = [
        seen,
        PublishDraft { draft: 2, ..now.clone() },
        PublishDraft { draft: 0, ..now.clone() },
        PublishDraft { flow: FlowId::new(at(0), world.random()), ..now.clone() },
    ];
    for wrong in wrong {
        assert_eq!(world.store.draft_publish(wrong).await.unwrap(), None);
        assert_eq!((flow(&world).await, world.store.version_list(world.flow).await.unwrap()), before);
    }
    assert!(world.store.draft_publish(now.clone()).await.unwrap().is_some());
    let again = PublishDraft { label: "2.0.0".parse().unwrap(), ..now };
    assert_eq!(world.store.draft_publish(again).await.unwrap(), None, "there is no draft any more");
}

/// A label is given once in a flow, for ever; another flow may give it too.
pub async fn a_label_is_given_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for (number, label) in ["1.0.0", "1.0.0-rc.1", "1.0.0+b", "0.9.0"].into_iter().enumerate() {
        let millis = number as i64 * 10;
        if number > 0 {
            drafted(&world, &format!("v{number}"), millis).await;
        }
        assert!(publish(&world, label, millis + 1).await.is_some(), "{label}");
    }
    drafted(&world, "next", 90).await;
    for label in ["1.0.0", "1.0.0-rc.1", "1.0.0+b", "0.9.0"] {
        assert_eq!(publish(&world, label, 91).await, None, "{label}");
    }
    let flow = flow(&world).await;
    assert_eq!((flow.draft, flow.latest), (Some(5), Some(4)), "the newest published is the latest");
    let huge = format!("{0}.{0}.{0}", u64::MAX);
    let label = publish(&world, &huge, 92).await.unwrap().label.unwrap();
    assert_eq!(label.to_string(), huge);

    let other = world.flow_named(world.workspace, "other", at(1)).await;
    let other_flow = world.store.flow_get(world.workspace, other).await.unwrap().unwrap();
    let published = PublishDraft {
        flow: other,
        draft: 1,
        hash: other_flow.definition,
        label: "1.0.0".parse().unwrap(),
        hooks: Vec::new(),
        summary: None,
        published_by: None,
        now: at(100),
    };
    assert!(world.store.draft_publish(published).await.unwrap().is_some());
}

/// Of many publishes of one draft at the same moment one counts.
pub async fn one_of_many_publishes(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let publish = publishing(&world, "1.0.0", 1).await;
    let published = at_once(20, |index| {
        let label = semver::Version::new(1, index as u64 / 2, 0);
        let (store, publish) = (world.store.clone(), PublishDraft { label, ..publish.clone() });
        async move { store.draft_publish(publish).await.unwrap() }
    });
    let published: Vec<VersionRecord> = published.await.into_iter().flatten().collect();
    assert_eq!(published.len(), 1);
    assert_eq!(world.store.version_list(world.flow).await.unwrap(), published);
}

/// A change and a publish at the same moment: the published version is what its caller checked.
pub async fn races_a_change(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for round in 1..=20 {
        let before = drafted(&world, &format!("seen{round}"), round).await;
        let publish = publishing(&world, &format!("{round}.0.0"), round).await;
        let change = draft(&world, world.flow, &format!("change{round}"), round);
        let published = at_once(2, |index| {
            let (store, publish, change) = (world.store.clone(), publish.clone(), change.clone());
            async move {
                if index == 0 {
                    store.draft_publish(publish).await.unwrap()
                } else {
                    store.draft_store(change).await.unwrap().unwrap();
                    None
                }
            }
        });
        let published = published.await.into_iter().flatten().next();
        let flow = flow(&world).await;
        assert_eq!(flow.definition, change.hash);
        match published {
            Some(version) => {
                assert_eq!(version.definition, before.definition);
                assert_eq!(flow.draft, Some(version.number + 1));
            }
            None => assert_eq!(flow.draft, before.draft),
        }
    }
}
