//! Where a run goes on, and how it ends.

use schemars::JsonSchema;
use serde_json::Value;

use super::Row;
use crate::catalogue::schema::json_object;
use crate::catalogue::{EntryEffect, OrTemplate, StepAbout, StepRef};

const CATEGORY: &str = "flow";

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Condition {
    /// What can be taken, the first that holds first.
    branches: Vec<Branch>,
    /// The step to go on at when no branch holds; the step's own `nextStepId` when it is missing.
    else_step_id: Option<StepRef>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Branch {
    /// What the result calls the branch.
    name: Option<String>,
    /// An expression without braces.
    condition: String,
    /// The step to go on at; the step's own `nextStepId` when it is missing.
    next_step_id: Option<StepRef>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Switch {
    /// The value that is compared.
    value: Value,
    /// What it can be, the first that equals it as JSON is taken.
    cases: Vec<Case>,
    /// The step to go on at when no case equals it; the step's own `nextStepId` when it is missing.
    default_step_id: Option<StepRef>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Case {
    /// What the value must be.
    #[schemars(default)]
    equals: Value,
    /// The step to go on at; the step's own `nextStepId` when it is missing.
    next_step_id: Option<StepRef>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct RunFlow {
    /// The other flow, of the same workspace.
    flow_id: String,
    /// Which of its versions: a number, a label, a range or `latest`.
    #[schemars(extend("default" = "latest"))]
    version: Option<Version>,
    /// What its `api` trigger is given.
    inputs: Option<OrTemplate<Inputs>>,
    /// Whether its end is waited for. Otherwise it goes on by itself.
    #[schemars(extend("default" = true))]
    wait: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Version {
    Text(String),
    Number(f64),
}

#[derive(JsonSchema)]
struct Inputs(#[schemars(schema_with = "json_object")] Value);

#[derive(JsonSchema)]
struct Final {
    /// The members of the run's output.
    outputs: Option<Vec<Output>>,
}

#[derive(JsonSchema)]
struct Output {
    /// The member's name.
    name: String,
    /// Its value.
    #[schemars(default)]
    output: Value,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Fail {
    /// What went wrong, for people.
    message: String,
    /// What programs know the failure by; 128 characters without control characters.
    #[schemars(extend("default" = "flow_failed"))]
    code: Option<String>,
    /// The status that a bare execution answers with.
    #[schemars(range(min = 400, max = 599))]
    http_status: Option<u16>,
    /// More for programs.
    details: Option<Value>,
}

pub(super) fn rows() -> Vec<Row> {
    let condition = StepAbout::new("Condition", "Takes the first branch whose condition holds.")
        .settings::<Condition>()
        .output("branch", "string|null", "the name of the branch, null when none held");
    let switch = StepAbout::new("Switch", "Takes the first case that equals a value.")
        .settings::<Switch>()
        .output("case", "any", "the case that was taken, null when none was");
    let run_flow = StepAbout::new("Run a flow", "Runs another flow of the workspace, and waits for its end.")
        .settings::<RunFlow>()
        .result("the other run's output; `{runId}` when its end isn't waited for");
    let end = StepAbout::new("End", "Ends the run with an output.")
        .settings::<Final>()
        .result("the run's output: the object of `outputs`");
    let fail = StepAbout::new("Fail", "Ends the run as failed, with words of your own.").settings::<Fail>();
    [
        ("condition", EntryEffect::Pure, condition),
        ("switch", EntryEffect::Pure, switch),
        ("run-flow", EntryEffect::Wait, run_flow),
        ("final", EntryEffect::Pure, end),
        ("fail", EntryEffect::Pure, fail),
    ]
    .map(|(key, effect, about)| (key, effect, about.category(CATEGORY)))
    .into()
}
