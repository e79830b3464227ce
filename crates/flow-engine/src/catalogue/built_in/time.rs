//! Time and events.

use schemars::JsonSchema;

use super::Row;
use crate::catalogue::{EntryEffect, OrTemplate, StepAbout};

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[schemars(extend("anyOf" = [{"required": ["durationMs"]}, {"required": ["until"]}, {"required": ["event"]}]))]
struct Wait {
    /// How many milliseconds to wait.
    duration_ms: Option<OrTemplate<Millis>>,
    /// The time to wait for, such as `2026-01-31T09:00:00Z`.
    until: Option<String>,
    /// The event to wait for.
    event: Option<Event>,
    /// How long an event is waited for, in milliseconds; for ever when it is missing.
    #[schemars(range(min = 1))]
    expires_in_ms: Option<u64>,
}

/// A number, or the text of one.
struct Millis;

impl JsonSchema for Millis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Millis".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": "^\\s*\\+?[0-9]+\\s*$" },
        ] })
    }
}

#[derive(JsonSchema)]
struct Event {
    /// The event's name, of 1 to 256 characters.
    #[schemars(length(min = 1))]
    name: String,
    /// Its key, of 512 characters at the most.
    key: Option<String>,
}

pub(super) fn rows() -> Vec<Row> {
    let wait = StepAbout::new("Wait", "Lets time pass, or waits for an event.")
        .category("time")
        .settings::<Wait>()
        .result("`{until}` for a time, what the event brought for an event");
    vec![("wait", EntryEffect::Wait, wait)]
}
