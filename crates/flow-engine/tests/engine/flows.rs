//! Flows and versions: made, published, labelled and chosen.

use std::sync::Arc;

use flow_engine::{
    Catalog, Engine, EngineError, Execute, FlowInput, NewDraft, Publish, Registry, Target, VersionStatus,
    Visibility,
};
use flow_model::{Bump, DefinitionHash, FlowId, VersionSelector, WorkspaceId};
use flow_testkit::documents::{flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, object, output, soon};

fn input(document: &Value) -> FlowInput {
    FlowInput {
        name: document["name"].as_str().unwrap().to_owned(),
        description: Some("What it is for".into()),
        definition: Some(object(document["definition"].clone())),
        settings: Some(object(document["settings"].clone())),
        visibility: Visibility::Workspace,
        tags: vec!["a".into()],
    }
}

fn returning(value: i64) -> Value {
    flow("numbers").api("start", []).done("end", [("n", value)]).build()
}

pub(crate) async fn created(world: &World, engine: &Engine, document: &Value) -> FlowId {
    engine.flows().create(world.workspace, None, input(document)).await.unwrap().record.id
}

/// Changes the draft, as an editor does.
pub(crate) async fn edit(world: &World, flow: FlowId, document: &Value) {
    let draft = NewDraft {
        workspace: world.workspace,
        flow,
        name: document["name"].as_str().unwrap().to_owned(),
        hash: DefinitionHash::of(document),
        definition: Arc::new(document.clone()),
        changed_by: None,
        now: flow_engine::Clock::now(&world.clock),
    };
    world.store.draft_store(draft).await.unwrap().unwrap();
}

pub(crate) async fn publish(world: &World, engine: &Engine, flow: FlowId) -> String {
    let version = engine.flows().publish(world.workspace, None, flow, Publish::default()).await.unwrap();
    version.record.label.unwrap().to_string()
}

async fn run(world: &World, engine: &Engine, target: Target) -> Result<Value, EngineError> {
    let call = Execute { target, ..world.call(&json!({}), json!({})) };
    soon(engine.execute(call)).await.map(|reply| output(&reply.view))
}

fn published(flow: FlowId, selector: &str) -> Target {
    Target::Published(flow, selector.parse().unwrap())
}

#[tokio::test]
async fn a_flow_is_made_with_an_incomplete_draft_and_says_what_is_missing() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let empty = FlowInput {
        name: "Empty".into(),
        description: None,
        definition: None,
        settings: None,
        visibility: Visibility::Private,
        tags: Vec::new(),
    };
    let view = engine.flows().create(world.workspace, None, empty).await.unwrap();
    let codes: Vec<_> = view.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["no_trigger", "no_final"]);
    assert_eq!((view.record.draft, view.record.latest, view.record.revision), (Some(1), None, 1));
    let again = engine.flows().get(world.workspace, view.record.id).await.unwrap();
    assert_eq!((again.record, again.faults), (view.record.clone(), view.faults));
    let refused = engine.flows().publish(world.workspace, None, view.record.id, Publish::default()).await;
    assert!(
        matches!(&refused, Err(EngineError::InvalidDefinition(faults)) if faults.len() == 2),
        "{refused:?}"
    );
    let refused = run(&world, &engine, Target::Draft(view.record.id)).await;
    assert!(matches!(refused, Err(EngineError::InvalidDefinition(_))), "{refused:?}");
}

#[tokio::test]
async fn labels_follow_the_interface() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let start = |fields: Vec<Value>| flow("labels").api("start", fields);
    let first = start(vec![]).done("end", [("a", 1)]).build();
    let id = created(&world, &engine, &first).await;
    let steps: [(Value, &str); 8] = [
        (first.clone(), "1.0.0"),
        (start(vec![]).done("end", [("a", 2)]).build(), "1.0.1"),
        (start(vec![]).done("end", [("a", 2), ("b", 1)]).build(), "1.1.0"),
        (start(vec![optional("x", "string")]).done("end", [("a", 2), ("b", 1)]).build(), "1.2.0"),
        (start(vec![required("x", "string")]).done("end", [("a", 2), ("b", 1)]).build(), "2.0.0"),
        (start(vec![required("x", "number")]).done("end", [("a", 2), ("b", 1)]).build(), "3.0.0"),
        (start(vec![optional("x", "number")]).done("end", [("a", 2), ("b", 1)]).build(), "3.0.1"),
        (start(vec![optional("x", "number")]).done("end", [("b", 1)]).build(), "4.0.0"),
    ];
    for (number, (document, label)) in steps.into_iter().enumerate() {
        edit(&world, id, &document).await;
        assert_eq!(publish(&world, &engine, id).await, label, "version {}", number + 1);
    }
}

#[tokio::test]
async fn a_bump_may_raise_the_label_and_never_lower_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let id = created(&world, &engine, &returning(1)).await;
    publish(&world, &engine, id).await;
    let publish_with = |bump| {
        engine.flows().publish(
            world.workspace,
            None,
            id,
            Publish { summary: Some("why".into()), bump: Some(bump), revisions: None },
        )
    };
    edit(&world, id, &returning(2)).await;
    let version = publish_with(Bump::Minor).await.unwrap().record;
    assert_eq!(
        (version.label.unwrap().to_string().as_str(), version.summary.as_deref()),
        ("1.1.0", Some("why"))
    );
    let breaking = flow("numbers").api("start", []).done("end", [("other", 1)]).build();
    edit(&world, id, &breaking).await;
    for bump in [Bump::Patch, Bump::Minor] {
        let refused = publish_with(bump).await;
        let Err(EngineError::BumpTooSmall { needed: Bump::Major, changes }) = refused else {
            panic!("{refused:?}")
        };
        assert!(changes.contains("`n`"), "{changes}");
    }
    assert_eq!(publish_with(Bump::Major).await.unwrap().record.label.unwrap().to_string(), "2.0.0");
    let refused = publish_with(Bump::Major).await;
    assert!(matches!(refused, Err(EngineError::NothingToPublish(_))), "{refused:?}");
}

#[tokio::test]
async fn a_version_is_chosen_by_number_label_range_or_as_the_latest() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let id = created(&world, &engine, &returning(1)).await;
    let refused = run(&world, &engine, published(id, "latest")).await;
    assert!(matches!(refused, Err(EngineError::NoPublishedVersion(_))), "{refused:?}");
    publish(&world, &engine, id).await; // 1.0.0
    edit(&world, id, &returning(2)).await;
    publish(&world, &engine, id).await; // 1.0.1
    edit(&world, id, &flow("numbers").api("start", []).done("end", [("m", 3)]).build()).await;
    publish(&world, &engine, id).await; // 2.0.0
    edit(&world, id, &returning(4)).await;
    let cases = [
        ("latest", json!({ "m": 3 })),
        ("1", json!({ "n": 1 })),
        ("2", json!({ "n": 2 })),
        ("1.0.0", json!({ "n": 1 })),
        ("v1.0.1", json!({ "n": 2 })),
        ("^1", json!({ "n": 2 })),
        ("~1.0", json!({ "n": 2 })),
        (">=1", json!({ "m": 3 })),
        ("*", json!({ "m": 3 })),
        ("<1.0.1", json!({ "n": 1 })),
    ];
    for (selector, expected) in cases {
        assert_eq!(run(&world, &engine, published(id, selector)).await.unwrap(), expected, "{selector}");
    }
    for selector in ["4", "99", "1.2.3", "^3", ">2"] {
        let refused = run(&world, &engine, published(id, selector)).await;
        let Err(EngineError::VersionNotFound { wanted, .. }) = &refused else {
            panic!("{selector}: {refused:?}")
        };
        assert!(!wanted.is_empty());
    }
    assert_eq!(run(&world, &engine, Target::Draft(id)).await.unwrap(), json!({ "n": 4 }));
    publish(&world, &engine, id).await;
    let chosen = engine.flows().choose(world.workspace, &Target::Draft(id)).await.unwrap();
    assert_eq!(chosen.version, Some(4), "without a draft the latest published version runs");
}

#[tokio::test]
async fn a_run_is_pinned_to_its_definition_for_life() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let asking =
        |n: i64| flow("pinned").api("start", []).approval("ask", "?").done("end", [("n", n)]).build();
    let id = created(&world, &engine, &asking(1)).await;
    let mut runs = Vec::new();
    for target in [Target::Draft(id), Target::Published(id, VersionSelector::Latest)] {
        if matches!(target, Target::Published(..)) {
            publish(&world, &engine, id).await;
        }
        let call = Execute { target, ..world.call(&json!({}), json!({})) };
        runs.push(soon(engine.execute(call)).await.unwrap().view);
    }
    assert_eq!((runs[0].record.version, runs[1].record.version), (None, Some(1)));
    edit(&world, id, &asking(2)).await;
    publish(&world, &engine, id).await;
    soon(engine.stop(std::time::Duration::from_secs(5))).await;
    let next = world.engine(Registry::new()).await;
    for view in runs {
        let reply =
            world.resume(&next, view.id(), flow_engine::WaitChoice::Only, crate::world::approve()).await;
        assert_eq!(output(&reply.unwrap().view), json!({ "n": 1 }));
    }
}

#[tokio::test]
async fn a_flow_of_another_workspace_isnt_there() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let id = created(&world, &engine, &returning(1)).await;
    publish(&world, &engine, id).await;
    let elsewhere = WorkspaceId::from_bytes([9; 16]);
    let flows = engine.flows();
    assert!(matches!(flows.get(elsewhere, id).await, Err(EngineError::FlowNotFound(_))));
    assert!(matches!(
        flows.publish(elsewhere, None, id, Publish::default()).await,
        Err(EngineError::FlowNotFound(_))
    ));
    assert!(flows.named(elsewhere, "numbers").await.unwrap().is_none());
    assert!(flows.named(world.workspace, "numbers").await.unwrap().is_some());
    for target in [published(id, "latest"), published(id, "1"), Target::Draft(id)] {
        let call = Execute { workspace: elsewhere, target, ..world.call(&json!({}), json!({})) };
        let refused = soon(engine.execute(call)).await;
        assert!(matches!(refused, Err(EngineError::FlowNotFound(_))), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_publish_one_draft_one_does() {
    for _ in 0..50 {
        let world = World::new();
        let (engine, _) = world.faulty_engine(Registry::new()).await;
        let id = created(&world, &engine, &returning(1)).await;
        let publishing = (0..4).map(|_| {
            let (engine, workspace) = (engine.clone(), world.workspace);
            tokio::spawn(async move { engine.flows().publish(workspace, None, id, Publish::default()).await })
        });
        let results = soon(futures_util::future::join_all(publishing)).await;
        let published: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(published.iter().filter(|result| result.is_ok()).count(), 1, "{published:?}");
        let versions = world.store.version_list(id).await.unwrap();
        assert_eq!(versions.len(), 1);
        assert_eq!(versions[0].status, VersionStatus::Published);
    }
}
