//! Runs with loops and branches, as clients see them.

use std::time::Duration;

use actix_web::rt;
use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

fn ask(id: &str, message: &str) -> Value {
    json!({ "id": id, "name": format!("Ask {id}"), "type": "user-approval", "data": { "message": message } })
}

fn fan(branches: Value) -> Value {
    flow("Fan")
        .api("start", [])
        .step("fan", "parallel", json!({ "branches": branches }))
        .done("end", [("fan", "{{fan}}")])
        .build()
}

fn two() -> Value {
    fan(json!([
        { "name": "legal", "steps": [ask("law", "Is it legal?")] },
        { "name": "money", "steps": [{ "id": "form", "type": "show-form", "data": { "title": "Costs", "fields": [] } }] },
        { "name": "later", "steps": [{ "id": "pause", "type": "wait", "data": { "durationMs": 60_000 } }] },
    ]))
}

async fn resume(server: &Server, run: &str, body: Value) -> Answer {
    server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await
}

#[actix_web::test]
async fn every_open_wait_is_listed_and_each_is_answered_by_its_execution() {
    let server = Server::start().await;
    let answer = server.run(two(), json!({})).await;
    let (run, body) = (answer.run(), answer.json());
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("waiting")));
    let (law, form) = (format!("{run}:fan:legal/law"), format!("{run}:fan:money/form"));
    let ids = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["executionId"].as_str().unwrap().to_owned()).collect()
    };
    for path in ["poll", "details"] {
        let shown = server.get(&format!("/v1/flowrun/{path}/{run}")).send().await.json();
        // The overview shows the wait for the clock too; nobody can do anything about it.
        let clock = format!("{run}:fan:later/pause");
        let states = if path == "poll" {
            vec![law.clone(), form.clone()]
        } else {
            vec![law.clone(), form.clone(), clock]
        };
        assert_eq!(ids(&shown["waitStates"]), states, "{path}");
        assert_eq!(ids(&shown["pendingActions"]), [law.clone(), form.clone()], "{path}");
        assert_eq!(shown["waitState"], shown["waitStates"][0], "{path}");
        assert_eq!(shown["pendingAction"], shown["pendingActions"][0], "{path}");
        let state = &shown["waitState"];
        assert_eq!(
            (&state["stepId"], &state["stepName"], &state["message"]),
            (&json!("law"), &json!("Ask law"), &json!("Is it legal?"))
        );
    }
    assert_eq!(ids(&body["waitStates"]), [law.clone(), form.clone()]);

    for bare in [
        json!({"decision": "approve"}),
        json!({"decision": "approve", "executionId": run}),
        json!({"formData": {}}),
    ] {
        resume(&server, &run, bare).await.problem(409, "wait_ambiguous");
    }
    let wrong = json!({"decision": "approve", "executionId": format!("{run}:fan:legal/other")});
    resume(&server, &run, wrong).await.problem(409, "execution_mismatch");
    let mixed = json!({"decision": "approve", "executionId": form});
    resume(&server, &run, mixed).await.problem(422, "answer_mismatch");

    let again = resume(&server, &run, json!({"formData": {"sum": 5}, "executionId": form})).await;
    let body = again.json();
    assert_eq!((again.status.as_u16(), &body["status"]), (200, &json!("waiting")), "{body}");
    assert_eq!(ids(&body["waitStates"]), std::slice::from_ref(&law));
    resume(&server, &run, json!({"formData": {}, "executionId": form})).await.problem(409, "run_not_waiting");
    // Only one is left that a person can answer, so that it needs no name.
    let last = resume(&server, &run, json!({"decision": "reject"}));
    let time = async {
        loop {
            let shown = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
            if shown["pendingActions"] == json!([]) {
                break server.clock.advance(Duration::from_secs(60));
            }
        }
    };
    let (last, ()) = join(last, time).await;
    let body = last.json();
    assert_eq!(body["status"], "completed", "{body}");
    let fan = &body["output"]["fan"];
    assert_eq!((&fan["legal"]["decision"], &fan["money"]), (&json!("reject"), &json!({"sum": 5})));
}

#[actix_web::test]
async fn a_branch_that_lost_is_closed_for_its_answer_and_shown_so() {
    let server = Server::start().await;
    let mut document = fan(json!([
        { "name": "legal", "steps": [ask("law", "Is it legal?")] },
        { "name": "money", "steps": [ask("sum", "Is it cheap?")] },
    ]));
    document["definition"]["steps"][1]["data"]["join"] = json!("any");
    let run = server.run(document, json!({})).await.run();
    let body =
        resume(&server, &run, json!({"decision": "approve", "executionId": format!("{run}:fan:money/sum")}))
            .await
            .json();
    assert_eq!(
        (&body["status"], &body["output"]["fan"]["money"]["decision"]),
        (&json!("completed"), &json!("approve"))
    );
    let late = json!({"decision": "approve", "executionId": format!("{run}:fan:legal/law")});
    resume(&server, &run, late).await.problem(409, "run_not_waiting");
    let details = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
    let waits: Vec<_> = details["waits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["stepId"].clone(), row["status"].clone()))
        .collect();
    assert_eq!(waits, [(json!("law"), json!("closed")), (json!("sum"), json!("resolved"))]);
    let steps: Vec<_> = details["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["visit"].clone(), row["status"].clone()))
        .collect();
    let expected = [
        ("fan", "completed"),
        ("fan:legal/law", "cancelled"),
        ("fan:money/sum", "completed"),
        ("end", "completed"),
    ];
    assert_eq!(steps, expected.map(|(visit, status)| (json!(visit), json!(status))));
}

#[actix_web::test]
async fn while_another_branch_is_busy_a_wait_can_be_answered_already() {
    let server = Server::start().await;
    let document = fan(json!([
        { "name": "busy", "steps": [{ "id": "job", "type": "slow", "data": {} }] },
        { "name": "legal", "steps": [ask("law", "Is it legal?")] },
    ]));
    let flow = server.publish(document).await;
    let path = format!("/v1/client/flow/{flow}/execute");
    let begun = server.post(&path).header("prefer", "respond-async").json(json!({})).send().await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let run = begun.run();
    server.slow.until_begun(1).await;
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
    assert_eq!((&poll["status"], &poll["waitState"]["stepId"]), (&json!("running"), &json!("law")));
    // The run goes on past the call's bound of a second.
    let answer = server
        .post(&format!("/v1/flowrun/resume/{run}"))
        .header("prefer", "wait=1")
        .json(json!({"decision": "approve"}));
    let time = async {
        for _ in 0..200 {
            rt::task::yield_now().await;
        }
        server.clock.advance(Duration::from_secs(1));
    };
    let (answer, ()) = join(answer.send(), time).await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].clone()), (202, json!("running")));
    server.slow.release_all();
    let ended = async {
        loop {
            let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
            if poll["status"] == "completed" {
                break poll;
            }
            server.clock.advance(Duration::from_millis(200));
            rt::task::yield_now().await;
        }
    };
    let poll = rt::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(poll["output"]["fan"]["legal"]["decision"], "approve");
}

#[actix_web::test]
async fn a_loop_is_told_in_events_and_rows_by_its_paths() {
    let server = Server::start().await;
    let inside = json!([{ "id": "call", "type": "work", "data": { "n": "{{item}}" } }]);
    let document = flow("Loop")
        .api("start", [])
        .step("loop", "each", json!({ "arrayVariable": [7, 8], "concurrency": 2, "steps": inside }))
        .done("end", [("n", "{{loop.processedItems}}")])
        .build();
    let run = server.run(document, json!({})).await.run();
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
    let events = poll["events"].as_array().unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["visit"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(
        told[..5],
        [
            ("run.started", "-"),
            ("step.started", "loop"),
            ("scope.entered", "loop"),
            ("step.started", "loop[0]/call"),
            ("step.started", "loop[1]/call"),
        ]
    );
    assert_eq!(events[1]["data"]["input"], json!({ "items": [7, 8], "total": 2 }));
    assert_eq!(events[2]["data"], json!({ "scopes": ["loop[0]", "loop[1]"] }));
    assert_eq!(events[3]["stepId"], "call");
    let ended =
        events.iter().find(|event| event["type"] == "step.completed" && event["visit"] == "loop").unwrap();
    assert_eq!(ended["data"]["output"]["results"][1]["call"], json!({ "done": true }));
    let details = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
    let rows: Vec<_> =
        details["steps"].as_array().unwrap().iter().map(|row| row["visit"].as_str().unwrap()).collect();
    assert_eq!(rows, ["loop", "loop[0]/call", "loop[1]/call", "end"]);
}
