//! Steps that ask a person to fill in a form.

use flow_engine::WaitChoice::Only;
use flow_engine::{Engine, EngineError, Registry, RunView};
use flow_model::{RunStatus, WaitRequest};
use flow_testkit::documents::{defaulted, flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, approve, error, form, output, tool};

fn document() -> Value {
    let fields = [
        json!({ "name": "who", "type": "string", "required": true, "label": "Who is it?" }),
        defaulted("count", "number", 3),
        optional("sure", "boolean"),
    ];
    flow("form")
        .api("start", [required("n", "number")])
        .step(
            "ask",
            "show-form",
            json!({ "title": "Order {{n}}", "description": "for {{n + 1}}", "fields": fields }),
        )
        .expires_in(60_000)
        .done("end", [("all", "{{ask}}"), ("who", "{{ask.who}}")])
        .build()
}

async fn asked(world: &World) -> (Engine, RunView) {
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &document(), json!({ "n": 1 })).await;
    assert_eq!(view.status(), RunStatus::Waiting);
    (engine, view)
}

#[tokio::test]
async fn it_shows_its_texts_and_its_fields_as_they_were_declared() {
    let world = World::new();
    let (_, view) = asked(&world).await;
    let open = view.open_waits();
    let WaitRequest::ShowForm { title, description, fields } = &open[0].wait.request else {
        panic!("{open:?}")
    };
    assert_eq!((title.as_str(), description.as_deref()), ("Order 1", Some("for 2")));
    assert_eq!(**fields, document()["definition"]["steps"][1]["data"]["fields"]);
}

#[tokio::test]
async fn its_values_are_the_steps_output_with_the_defaults_filled_in() {
    let world = World::new();
    let (engine, view) = asked(&world).await;
    let reply =
        world.resume(&engine, view.id(), Only, form(json!({ "who": "Ada", "more": [1] }))).await.unwrap();
    let all = json!({ "who": "Ada", "more": [1], "count": 3 });
    assert_eq!(output(&reply.view), json!({ "all": all, "who": "Ada" }));
    let again = world.resume(&engine, view.id(), Only, form(json!({ "who": "Bob" }))).await;
    assert!(matches!(again, Err(EngineError::RunNotWaiting { .. })), "{again:?}");
}

#[tokio::test]
async fn what_doesnt_fit_is_refused_with_its_place_and_the_form_stays_open() {
    let world = World::new();
    let (engine, view) = asked(&world).await;
    let cases = [
        (json!({}), vec!["/formData/who required"]),
        (json!({ "who": null }), vec!["/formData/who required"]),
        (
            json!({ "who": 5, "count": "3", "sure": 1 }),
            vec!["/formData/who wrong_type", "/formData/count wrong_type", "/formData/sure wrong_type"],
        ),
    ];
    for (values, expected) in cases {
        let refused = world.resume(&engine, view.id(), Only, form(values.clone())).await;
        let Err(EngineError::InvalidInputs(faults)) = refused else { panic!("{values}: {refused:?}") };
        let faults: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
        assert_eq!(faults, expected, "{values}");
    }
    for answer in [approve(), tool(json!({ "who": "Ada" }))] {
        let refused = world.resume(&engine, view.id(), Only, answer).await;
        assert!(
            matches!(refused, Err(EngineError::AnswerMismatch { wanted: "show-form", .. })),
            "{refused:?}"
        );
    }
    let huge = form(json!({ "who": "x".repeat(2 * 1024 * 1024) }));
    let refused = world.resume(&engine, view.id(), Only, huge).await;
    assert!(matches!(refused, Err(EngineError::AnswerTooLarge(_))), "{refused:?}");
    assert_eq!(world.inspect(&engine, view.id()).await.state, view.state, "nothing was changed");
    assert!(world.resume(&engine, view.id(), Only, form(json!({ "who": "Ada" }))).await.unwrap().settled);
}

#[tokio::test]
async fn a_form_that_nobody_fills_in_fails_its_step() {
    let world = World::new();
    let (engine, view) = asked(&world).await;
    assert_eq!(error(&world.until_ended(&engine, view.id()).await).code, "wait_expired");
}

#[tokio::test]
async fn a_form_without_fields_takes_anything() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document =
        flow("free").api("start", []).step("ask", "show-form", json!({ "title": "t", "fields": [] }));
    let view = world.run(&engine, &document.done("end", [("all", "{{ask}}")]).build(), json!({})).await;
    let reply = world.resume(&engine, view.id(), Only, form(json!({ "a": { "b": 1 } }))).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "all": { "a": { "b": 1 } } }));
}
