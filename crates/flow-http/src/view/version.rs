//! A version with its definition.

use flow_engine::{MadeHook, UserRecord, VersionView};
use flow_model::VersionNumber;
use serde::Serialize;
use serde_json::Value;

use super::flow::Part;
use crate::Api;

/// A version, as its routes show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionBody<'a> {
    entity_type: &'static str,
    entity_id: String,
    version: VersionNumber,
    semver: Option<String>,
    status: &'static str,
    is_latest: bool,
    data: Data<'a>,
    audit: Audit<'a>,
    created_at: String,
    published_at: Option<String>,
    visibility: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhooks: Vec<WebhookBody>,
}

/// A webhook with its address, which is shown when it is made and never again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookBody {
    trigger_id: String,
    url: String,
}

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    definition: Part<'a>,
    settings: Part<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Audit<'a> {
    summary: Option<&'a str>,
    created_by_user: Option<User<'a>>,
    published_by_user: Option<User<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    email: &'a str,
}

impl<'a> VersionBody<'a> {
    /// The version, with the webhooks that its publish made.
    pub(crate) fn of(view: &'a VersionView, api: &Api) -> Self {
        let record = &view.record;
        Self {
            entity_type: "flow",
            entity_id: record.flow.to_string(),
            version: record.number,
            semver: record.label.as_ref().map(ToString::to_string),
            status: record.status.as_str(),
            is_latest: record.is_latest,
            data: Data {
                name: view.document.get("name").and_then(Value::as_str).unwrap_or_default(),
                definition: Part::of(&view.document, "definition"),
                settings: Part::of(&view.document, "settings"),
            },
            audit: Audit {
                summary: record.summary.as_deref(),
                created_by_user: record.created_by.as_ref().map(User::of),
                published_by_user: record.published_by.as_ref().map(User::of),
            },
            created_at: record.created_at.to_string(),
            published_at: record.published_at.map(|at| at.to_string()),
            visibility: view.visibility.as_str(),
            webhooks: view.hooks.iter().map(|hook| WebhookBody::of(hook, api)).collect(),
        }
    }
}

impl WebhookBody {
    /// A webhook that was just made.
    pub(crate) fn of(hook: &MadeHook, api: &Api) -> Self {
        let url = api.url(&format!("/v1/hooks/{}", hook.token));
        Self { trigger_id: hook.webhook.to_string(), url }
    }
}

impl<'a> User<'a> {
    fn of(record: &'a UserRecord) -> Self {
        Self { name: &record.name, email: &record.email }
    }
}
