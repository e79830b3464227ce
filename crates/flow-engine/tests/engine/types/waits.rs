//! What each step that asks somebody asks for, what an answer makes of it, and what happens without one.

use flow_engine::WaitChoice::Only;
use flow_engine::{Answer, Clock, Execute, Patience, Registry};
use flow_model::RunStatus;
use serde_json::{Value, json};

use super::{alone, started};
use crate::world::{World, approve, error, form, output, reject, tool};

/// Stands for the moment of the decision.
const AT: &str = "then";

#[tokio::test]
async fn an_answer_becomes_the_result() {
    let fields =
        json!([{ "name": "who", "required": true }, { "name": "size", "type": "number", "default": 3 }]);
    let asking = json!({ "message": "{{n}}?" });
    let decided = |decision: &str| json!({ "decision": decision, "decidedAt": AT, "decidedBy": "Ada", "message": "as agreed" });
    for (kind, data, answer, expected) in [
        ("user-approval", asking.clone(), approve(), decided("approve")),
        ("user-approval", asking, reject(), decided("reject")),
        (
            "client-tool",
            json!({ "toolName": "t", "parameters": { "n": "{{n}}" } }),
            tool(json!([1])),
            json!([1]),
        ),
        ("client-tool", json!({ "toolName": "t" }), tool(Value::Null), Value::Null),
        (
            "show-form",
            json!({ "title": "{{n}}", "fields": fields }),
            form(json!({ "who": "Ada" })),
            json!({ "who": "Ada", "size": 3 }),
        ),
    ] {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let view = world.run(&engine, &alone(kind, data), json!({ "n": 7 })).await;
        assert_eq!(view.status(), RunStatus::Waiting, "{kind}");
        let mut got = output(&world.resume(&engine, view.id(), Only, answer).await.unwrap().view);
        if let Some(at) = got.pointer_mut("/it/decidedAt") {
            assert_eq!(at, &json!(Clock::now(&world.clock).to_string()));
            *at = json!(AT);
        }
        assert_eq!(got, json!({ "it": expected }), "{kind}");
    }
}

#[tokio::test]
async fn nobody_answers() {
    let expiring = |data: Value| {
        let mut data = data;
        data["expiresInMs"] = json!(1_000);
        data
    };
    for (kind, data) in [
        ("user-approval", json!({ "message": "?" })),
        ("user-approval", json!({ "message": "?", "onExpire": "fail" })),
        ("client-tool", json!({ "toolName": "t" })),
        ("show-form", json!({ "title": "t", "fields": [] })),
        ("wait", json!({ "event": { "name": "e", "key": "{{n}}" } })),
    ] {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let document = alone(kind, expiring(data.clone()));
        let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({ "n": 7 })) };
        let view = engine.execute(call).await.unwrap().view;
        assert_eq!(error(&world.until_ended(&engine, view.id()).await).code, "wait_expired", "{kind} {data}");
    }
    for (on_expire, expected) in [("reject", "no"), ("no", "no"), ("end", "end")] {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let data = expiring(json!({ "message": "?", "onExpire": on_expire }));
        let document = started("user-approval", data).with("rejectNextStepId", "no");
        let document = document.done("end", [("way", "end")]).done("no", [("way", "no")]).build();
        let view = world.run(&engine, &document, json!({})).await;
        assert_eq!(
            output(&world.until_ended(&engine, view.id()).await),
            json!({ "way": expected }),
            "{on_expire}"
        );
    }
}

#[tokio::test]
async fn a_tool_that_fails_fails_the_step() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &alone("client-tool", json!({ "toolName": "t" })), json!({})).await;
    let reply = world.resume(&engine, view.id(), Only, Answer::Tool(Err("it is off".into()))).await.unwrap();
    let error = error(&reply.view);
    assert_eq!((&*error.code, &*error.message), ("tool_failed", "it is off"));
}
