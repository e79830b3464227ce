//! Whom a run asks, and what it shows.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::Row;
use crate::catalogue::{EntryEffect, InputFieldSettings, StepAbout, StepRef};

const CATEGORY: &str = "people";

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Approval {
    /// What is asked.
    message: String,
    /// Who is asked, for whoever shows the question.
    approvers: Option<Vec<Value>>,
    /// How long an answer is waited for, in milliseconds; for ever when it is missing.
    #[schemars(range(min = 1))]
    expires_in_ms: Option<u64>,
    /// What happens then: `fail` (with `wait_expired`), `reject`, or the id of a step to go on at.
    #[schemars(extend("default" = "fail"))]
    on_expire: Option<StepRef>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ShowForm {
    /// What people see above the form.
    title: String,
    /// What they see beneath the title.
    description: Option<String>,
    /// The fields, declared like those of an `api` trigger.
    fields: Vec<InputFieldSettings>,
    /// How long it is waited for, in milliseconds; for ever when it is missing.
    #[schemars(range(min = 1))]
    expires_in_ms: Option<u64>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ClientTool {
    /// The client's tool.
    tool_name: String,
    /// Its arguments: an object, a list of `{key, value}`, or the JSON text of either.
    parameters: Option<Parameters>,
    /// How long an answer is waited for, in milliseconds; for ever when it is missing.
    #[schemars(range(min = 1))]
    expires_in_ms: Option<u64>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Parameters {
    Object(Map<String, Value>),
    List(Vec<Parameter>),
    Text(String),
}

#[derive(JsonSchema)]
struct Parameter {
    /// The argument's name.
    key: String,
    /// Its value.
    #[schemars(default)]
    value: Value,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct AddWidget {
    /// Which widget the client shows.
    widget_id: String,
    /// What it is called; its id when it is missing.
    widget_name: Option<String>,
    /// What it begins with.
    initial_state: Option<Value>,
}

#[derive(JsonSchema)]
struct EndSession {
    /// Why it ends, for programs.
    #[schemars(extend("default" = "flow_completed"))]
    reason: Option<String>,
}

pub(super) fn rows() -> Vec<Row> {
    let approval = StepAbout::new("Ask for approval", "Asks a person to approve or reject.")
        .settings::<Approval>()
        .output("decision", "string", "`approve` or `reject`")
        .output("decidedAt", "string", "when")
        .output("decidedBy", "any", "by whom, null when nobody says")
        .output("message", "string|null", "what the person wrote with it");
    let form = StepAbout::new("Show a form", "Asks a person to fill in a form.")
        .settings::<ShowForm>()
        .result("the values of the fields, defaults filled in");
    let tool = StepAbout::new("Client tool", "Asks the client to run one of its own tools.")
        .settings::<ClientTool>()
        .result("the tool's output");
    let widget = StepAbout::new("Add a widget", "Has the client show a widget with a message.")
        .settings::<AddWidget>()
        .output(
            "messageWidgetId",
            "string",
            "what this widget is known by: the same however often the step is repeated",
        )
        .output("widgetId", "string", "the setting")
        .output("widgetName", "string", "the setting, or the id")
        .output("initialState", "any", "the setting");
    let end = StepAbout::new("End the session", "Ends the conversation that started the run.")
        .settings::<EndSession>()
        .output("success", "boolean", "whether there was a conversation to end")
        .output("message", "string", "the same in words")
        .output("sessionId", "string|null", "the session, if the trigger named it")
        .output("endReason", "string", "the reason")
        .output("endedAt", "string", "when")
        .output("conversationId", "string|null", "the conversation")
        .output("error", "string|null", "why there was nothing to end");
    [
        ("user-approval", EntryEffect::Wait, approval),
        ("show-form", EntryEffect::Wait, form),
        ("client-tool", EntryEffect::Wait, tool),
        ("add-widget-to-message", EntryEffect::Pure, widget),
        ("end-session", EntryEffect::Pure, end),
    ]
    .map(|(key, effect, about)| (key, effect, about.category(CATEGORY)))
    .into()
}
