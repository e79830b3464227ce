//! A caller's inputs against the fields that a trigger declares.

use flow_engine::{EngineError, Execute, Registry, StartedBy};
use flow_testkit::documents::{defaulted, flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, output};

fn document() -> Value {
    flow("inputs")
        .api(
            "start",
            [required("n", "number"), defaulted("topic", "string", "renewal"), optional("tags", "array")],
        )
        .done("end", [("all", "{{inputs}}"), ("topic", "{{topic}}")])
        .build()
}

#[tokio::test]
async fn defaults_are_filled_in_and_null_counts_as_absent() {
    let cases = [
        (json!({ "n": 1 }), json!({ "n": 1, "topic": "renewal" })),
        (json!({ "n": 1, "topic": null }), json!({ "n": 1, "topic": "renewal" })),
        (json!({ "n": 0, "topic": "", "tags": [] }), json!({ "n": 0, "topic": "", "tags": [] })),
        (json!({ "n": 1, "tags": null }), json!({ "n": 1, "tags": null, "topic": "renewal" })),
        (json!({ "n": 1, "more": { "a": 1 } }), json!({ "n": 1, "more": { "a": 1 }, "topic": "renewal" })),
    ];
    let world = World::new();
    for (inputs, all) in cases {
        let view = world.run_alone(&document(), inputs.clone()).await;
        assert_eq!(output(&view)["all"], all, "{inputs}");
    }
}

#[tokio::test]
async fn every_fault_is_reported_before_any_run_exists() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let refused = world.try_run(&engine, &document(), json!({ "topic": 5, "tags": "a" })).await;
    let Err(EngineError::InvalidInputs(faults)) = refused else { panic!("{refused:?}") };
    let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(found, [("/n", "required"), ("/topic", "wrong_type"), ("/tags", "wrong_type")]);
    assert_eq!(store.commits(), []);
}

#[tokio::test]
async fn a_flow_is_started_by_a_trigger_that_it_has() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let trigger = StartedBy::Type { kind: "form".into(), data: json!({}).into() };
    let call = Execute { trigger, ..world.call(&document(), json!({ "n": 1 })) };
    let refused = engine.execute(call).await;
    assert!(matches!(&refused, Err(EngineError::NoTrigger(kind)) if kind == "form"), "{refused:?}");
}
