//! What starts a run.

use schemars::JsonSchema;
use serde_json::Value;

use super::Row;
use crate::catalogue::schema::json_object;
use crate::catalogue::{EntryEffect, InputFieldSettings, StepAbout};

/// The key that stands for `webhook.` with any id.
pub(super) const WEBHOOK: &str = "webhook.<id>";

#[derive(JsonSchema)]
struct Api {
    /// The inputs that are checked before a run exists. Without them it takes any object.
    fields: Option<Vec<InputFieldSettings>>,
    /// A JSON Schema of the inputs, instead of `fields`.
    #[schemars(schema_with = "json_object", default)]
    schema: Value,
}

#[derive(JsonSchema)]
struct Form {
    /// What people see above the form.
    title: Option<String>,
    /// What they see beneath the title.
    description: Option<String>,
    /// The fields of the form.
    fields: Option<Vec<InputFieldSettings>>,
}

#[derive(JsonSchema)]
struct Schedule {
    /// When a run is started, as a cron expression of five fields.
    cron: String,
    /// The time zone that it is read in, such as `Europe/Berlin`.
    #[schemars(extend("default" = "UTC"))]
    timezone: Option<String>,
    /// The inputs of every run.
    #[schemars(schema_with = "json_object", default)]
    inputs: Value,
}

#[derive(JsonSchema)]
struct PeerMessage {}

#[derive(JsonSchema)]
struct PeerAction {
    /// What the assistant is told of the tool.
    description: Option<String>,
    /// The tool's parameters.
    fields: Option<Vec<InputFieldSettings>>,
}

#[derive(JsonSchema)]
struct Webhook {
    /// The methods that are taken, of `GET`, `POST`, `PUT`, `PATCH` and `DELETE`.
    #[schemars(length(min = 1), extend("default" = ["POST"]))]
    methods: Option<Vec<String>>,
    /// The name of the workspace's secret that calls must be signed with; without it anybody can call who knows the
    /// address.
    secret: Option<String>,
    /// How they are signed: by [Standard Webhooks](https://www.standardwebhooks.com), within five minutes, where the secret
    /// may begin with `whsec_`; or by `X-Hub-Signature-256`.
    #[schemars(extend("default" = "standard"))]
    signature: Option<Signature>,
    /// `accepted`: 202 as soon as the run is stored; `output`: as a client's execution is answered.
    #[schemars(extend("default" = "accepted"))]
    respond: Option<Respond>,
    /// A JSON Schema that the body must fit.
    #[schemars(schema_with = "json_object", default)]
    schema: Value,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Signature {
    Standard,
    HubSha256,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Respond {
    Accepted,
    Output,
}

pub(super) fn rows() -> Vec<Row> {
    let api = StepAbout::new("API", "A client, a dashboard or another flow executes the flow.")
        .settings::<Api>()
        .result("the inputs, defaults filled in");
    let form = StepAbout::new("Form", "Somebody fills in a form.")
        .settings::<Form>()
        .result("the values of the fields, defaults filled in");
    let schedule = StepAbout::new("Schedule", "It is time.").settings::<Schedule>().result("the inputs");
    let message = StepAbout::new("Message", "An assistant receives a message.")
        .settings::<PeerMessage>()
        .output("messages", "array", "the conversation so far")
        .output("conversationId", "string", "the conversation")
        .output("messageId", "string", "the message that was received")
        .output("responseMessageId", "string", "the message that the answer becomes")
        .output("attachments", "array", "what came with it");
    let action = StepAbout::new("Action", "An assistant calls the flow as a tool.")
        .settings::<PeerAction>()
        .result("the tool's arguments");
    let webhook = StepAbout::new("Webhook", "Somebody calls the flow's inbound URL.")
        .settings::<Webhook>()
        .output("method", "string", "the request's method")
        .output("headers", "object", "its headers")
        .output("query", "object", "its query")
        .output("body", "any", "its body");
    [
        ("api", api),
        ("form", form),
        ("schedule", schedule),
        ("peer.message", message),
        ("peer.action", action),
        (WEBHOOK, webhook),
    ]
    .map(|(key, about)| (key, EntryEffect::Pure, about.category("trigger")))
    .into()
}
