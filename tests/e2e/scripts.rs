//! JavaScript that runs in processes of its own.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Home;

fn flow(steps: Value) -> Value {
    let mut all = vec![json!({ "id": "start", "type": "api", "data": {}, "nextStepId": "it" })];
    all.extend(steps.as_array().unwrap().iter().cloned());
    let outputs = json!([{ "name": "it", "output": "{{it}}" }]);
    all.push(json!({ "id": "end", "type": "final", "data": { "outputs": outputs } }));
    json!({ "name": "Scripts", "definition": { "steps": all } })
}

fn code(text: &str) -> Value {
    let data = json!({ "code": text, "inputs": { "orders": "{{inputs.orders}}" } });
    flow(json!([{ "id": "it", "type": "nodejs", "data": data, "nextStepId": "end" }]))
}

fn transform(expression: &str) -> Value {
    flow(
        json!([{ "id": "it", "type": "transform", "data": { "expression": expression }, "nextStepId": "end" }]),
    )
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let status = |entry: &Path| std::fs::read_to_string(entry.join("status")).ok();
    let parent = format!("PPid:\t{parent}");
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let of_it =
        entries.filter(|entry| status(entry).is_some_and(|text| text.lines().any(|line| line == parent)));
    of_it.filter_map(|entry| entry.file_name()?.to_str()?.parse().ok()).collect()
}

fn is_alive(process: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat"));
    state
        .is_ok_and(|state| !state.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']))
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let patience = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), patience).await.expect("it never happens");
}

#[tokio::test]
async fn callbacks_and_code_have_their_values_and_lines_in_the_runs_events() {
    let home = Home::sqlite();
    let server = home.start();
    let client = server.client();
    let inputs = json!({ "orders": [{ "id": 1, "total": 10.5 }, { "id": 2, "total": 4 }] });
    let sum = client.publish(transform("inputs.orders.filter(o => o.total > 5).map(o => `#${o.id}`)")).await;
    assert_eq!(client.execute(&sum, inputs.clone()).await.body, json!({ "it": ["#1"] }));
    let text = "const sum = inputs.orders.reduce((all, one) => all + one.total, 0);\n\
                console.log('sum', sum, { n: inputs.orders.length });\nreturn { sum };";
    let flow = client.publish(code(text)).await;
    let run = client.start(&flow, inputs).await;
    assert_eq!(client.until_ended(&run).await["output"], json!({ "it": { "sum": 14.5 } }));
    let logged = client.until_event(&run, "step.logged").await;
    let line = &logged["data"]["lines"][0];
    assert_eq!(line["level"], "info");
    assert!(line["message"].as_str().unwrap().starts_with("sum 14.5 {"), "{logged}");
}

#[tokio::test]
async fn a_script_that_throws_or_never_ends_fails_its_run_and_no_other() {
    let home = Home::sqlite().set("FLOW_SCRIPTS__TIME_MS", "300").set("FLOW_SCRIPTS__WORKERS", "2");
    let server = home.start();
    let client = server.client();
    let fine = client.publish(transform("[1, 2].map(x => x * 2)")).await;
    for (document, code) in [
        (code("while (true) {}"), "script_timeout"),
        (code("return Array(2**31).join('')"), "script_"),
        (code("throw new TypeError('no such order')"), "script_error"),
        (code("return new Promise(() => {})"), "script_never_settles"),
        (
            transform("[1].map(x => nothing.at.all(x))".replace("nothing", "inputs.nothing").as_str()),
            "script_error",
        ),
    ] {
        let flow = client.publish(document.clone()).await;
        let (failed, other) =
            tokio::join!(client.execute(&flow, json!({})), client.execute(&fine, json!({})));
        assert_eq!(failed.status, 500, "{document} {}", failed.body);
        let run = failed.body["appRunId"].as_str().unwrap();
        let error = client.get(&format!("/v1/flowrun/details/{run}")).await.body["error"].clone();
        assert!(error["code"].as_str().unwrap().starts_with(code), "{document}: {error}");
        assert_eq!(other.body, json!({ "it": [2, 4] }), "beside {document}");
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_is_replaced_and_all_end_with_the_server() {
    let home = Home::sqlite().set("FLOW_SCRIPTS__WORKERS", "1").set("FLOW_SCRIPTS__TIME_MS", "60000");
    let server = home.start();
    let client = server.client();
    let fine = client.publish(transform("[1, 2].map(x => x * 2)")).await;
    assert_eq!(client.execute(&fine, json!({})).await.body, json!({ "it": [2, 4] }));
    let workers = children(server.id());
    assert_eq!(workers.len(), 1, "{workers:?}");
    let killed = std::process::Command::new("kill").args(["-9", &workers[0].to_string()]).status().unwrap();
    assert!(killed.success());
    until(|| !is_alive(workers[0])).await;
    assert_eq!(client.execute(&fine, json!({})).await.body, json!({ "it": [2, 4] }));

    let endless = client.publish(code("while (true) {}")).await;
    client.start(&endless, json!({})).await;
    let workers = children(server.id());
    assert_eq!(workers.len(), 1, "{workers:?}");
    server.kill();
    until(|| !is_alive(workers[0])).await;
}
