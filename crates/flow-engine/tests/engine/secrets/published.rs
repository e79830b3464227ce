//! Secrets that a flow uses are looked for when it is published.

use flow_engine::{EngineError, Publish, Registry};
use flow_model::Severity;
use flow_testkit::KnownSecrets;
use serde_json::json;

use super::{engine, sender, sending};
use crate::flows::created;
use crate::world::World;

#[tokio::test]
async fn a_flow_that_uses_an_unknown_secret_isnt_published() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let engine = engine(&world, &sender(), &secrets).await;
    let data = json!({
        "url": "{{secrets.KEY}}",
        "body": { "a/b": ["{{secrets.NEW}} {{secrets.KEY}}", "{{secrets.NEW}}"] },
    });
    let flow = created(&world, &engine, &sending(data)).await;
    let publish = || engine.flows().publish(world.workspace, None, flow, Publish::default());
    let Err(EngineError::InvalidDefinition(faults)) = publish().await else { panic!("it was published") };
    let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let at = "/definition/steps/1/data/body/a~1b";
    assert_eq!(found, [(&*format!("{at}/0"), "secret_unknown"), (&*format!("{at}/1"), "secret_unknown")]);
    secrets.set("NEW", "another-value");
    publish().await.unwrap();
}

#[tokio::test]
async fn secrets_that_cant_be_looked_for_are_left_to_the_run() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, []);
    secrets.be_away(2);
    let engine = engine(&world, &sender(), &secrets).await;
    let flow = created(&world, &engine, &sending(json!({ "url": "{{secrets.KEY}}" }))).await;
    engine.flows().publish(world.workspace, None, flow, Publish::default()).await.unwrap();

    let alone = world.engine(Registry::new().with(sender())).await;
    let view = alone.flows().get(world.workspace, flow).await.unwrap();
    let found: Vec<_> = view.faults.iter().map(|fault| (fault.code, fault.severity)).collect();
    assert_eq!(found, [("secrets_unavailable", Severity::Warning)]);
}
