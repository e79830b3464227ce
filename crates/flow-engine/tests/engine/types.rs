//! Every type of control step by tables: its settings and what it comes to, and each failure that the description of
//! flows names for it.

mod failures;
mod results;
mod waits;

use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

/// A flow that takes any inputs, whose only step is `the-step`, and whose output is that step's result.
fn alone(kind: &str, data: Value) -> Value {
    started(kind, data).done("end", [("it", "{{the_step}}")]).build()
}

fn started(kind: &str, data: Value) -> Builder {
    let start = flow("alone").api("start", []).data("fields", Value::Null);
    start.step("the-step", kind, data).with("nextStepId", "end")
}

fn transform(id: &str, expression: &str) -> Value {
    json!({ "id": id, "type": "transform", "data": { "expression": expression } })
}

fn failing(id: &str) -> Value {
    json!({ "id": id, "type": "fail", "data": { "message": "no", "code": "refused" } })
}
