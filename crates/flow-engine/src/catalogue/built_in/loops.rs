//! Steps that hold others.

use schemars::JsonSchema;
use serde_json::Value;

use super::{Row, Steps};
use crate::catalogue::{EntryEffect, StepAbout, StepRef};

const CATEGORY: &str = "loops and branches";

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Each {
    /// The list: a name, path or expression (`order.rows`), a `{{ }}` text, or a list of values. JSON text of a list is
    /// read.
    array_variable: List,
    /// What is done for an item: a graph of its own, which begins at the first step listed.
    #[schemars(length(min = 1))]
    steps: Steps,
    /// How many items are open at a time.
    #[schemars(range(min = 1, max = 100), extend("default" = 1))]
    concurrency: Option<u8>,
    /// How many items are gone through at the most; all when it is missing.
    #[schemars(range(min = 1))]
    max_items: Option<u64>,
    /// `stop`: the first item that fails ends the loop, and what is open of others is closed. `continue`: the others go
    /// on.
    #[schemars(extend("default" = "stop"))]
    on_item_error: Option<OnItemError>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum List {
    Text(String),
    Values(Vec<Value>),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum OnItemError {
    Stop,
    Continue,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct While {
    /// An expression; there is another pass as long as it holds.
    condition: String,
    /// What is done in a pass: a graph of its own, which begins at the first step listed.
    #[schemars(length(min = 1))]
    steps: Steps,
    /// How many passes there are at the most; 2000 unless the server is set up otherwise.
    #[schemars(range(min = 1), extend("default" = 200))]
    max_iterations: Option<u64>,
}

#[derive(JsonSchema)]
struct Parallel {
    /// What is done at the same time; 1000 at the most unless the server is set up otherwise.
    #[schemars(length(min = 1))]
    branches: Vec<Branch>,
    /// When the step ends, and with what; see below.
    #[schemars(extend("default" = "all"))]
    join: Option<Join>,
}

#[derive(JsonSchema)]
struct Branch {
    /// What the result calls the branch; `branch_1` and so on when it is missing.
    name: Option<StepRef>,
    /// A graph of its own, which begins at the first step listed.
    #[schemars(length(min = 1))]
    steps: Steps,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Join {
    All,
    Any,
    Settled,
}

pub(super) fn rows() -> Vec<Row> {
    let each = StepAbout::new("For each", "Takes its steps for every item of a list.")
        .settings::<Each>()
        .output("item", "any", "the last item")
        .output("items", "array", "the items that were gone through")
        .output(
            "results",
            "array",
            "`{index, item, …}` for each, with the outputs of its steps, and `error` if it failed",
        )
        .output("errors", "array", "`{index, error}` for each item that failed")
        .output("successfulItems", "integer", "how many ended well")
        .output("failedItems", "integer", "how many failed")
        .output("totalItems", "integer", "how many the list has, those beyond `maxItems` too")
        .output("processedItems", "integer", "how many were gone through");
    let round = StepAbout::new("While", "Goes round its steps as long as a condition holds.")
        .settings::<While>()
        .output("iterations", "integer", "how many passes there were")
        .output("results", "array", "`{iteration, …}` for each, with the outputs of its steps")
        .output("errors", "array", "what ended the loop early")
        .output("lastIteration", "any", "the last of the results");
    let parallel = StepAbout::new("Parallel", "Takes several branches at the same time.")
        .settings::<Parallel>()
        .result("an object with a member for each branch: what its last step came to");
    [("each", each), ("while", round), ("parallel", parallel)]
        .map(|(key, about)| (key, EntryEffect::Pure, about.category(CATEGORY)))
        .into()
}
