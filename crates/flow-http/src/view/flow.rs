//! A flow with its working definition.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use flow_engine::FlowView;
use flow_model::{Document, Fault, Faults, Tool, VersionNumber, tools};
use serde::Serialize;
use serde_json::{Map, Value};

use super::json_with;
use crate::extract::etag;

/// A flow, as its routes show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowBody<'a> {
    #[serde(rename = "_id")]
    id: String,
    name: &'a str,
    description: Option<&'a str>,
    tags: &'a [String],
    visibility: &'static str,
    definition: Part<'a>,
    settings: Part<'a>,
    latest_published_version: Option<VersionNumber>,
    current_draft_version: Option<VersionNumber>,
    revision: i64,
    created_at: String,
    updated_at: String,
    issues: &'a [Fault],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody>,
}

/// What the flow offers to assistants.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolBody {
    trigger_id: String,
    description: Option<String>,
    parameters: Value,
}

/// A part of a document; `{}` where the document has none.
pub(super) struct Part<'a>(Option<&'a Value>);

impl<'a> Part<'a> {
    pub(super) fn of(document: &'a Value, key: &str) -> Self {
        Self(document.get(key))
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(part) => part.serialize(serializer),
            None => Map::new().serialize(serializer),
        }
    }
}

impl<'a> FlowBody<'a> {
    fn of(view: &'a FlowView) -> Self {
        let record = &view.record;
        Self {
            id: record.id.to_string(),
            name: &record.name,
            description: record.description.as_deref(),
            tags: &record.tags,
            visibility: record.visibility.as_str(),
            definition: Part::of(&view.document, "definition"),
            settings: Part::of(&view.document, "settings"),
            latest_published_version: record.latest,
            current_draft_version: record.draft,
            revision: record.revision,
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            issues: &view.faults,
            tools: tools(&Document::read(&view.document, &Faults::new()))
                .into_iter()
                .map(ToolBody::of)
                .collect(),
        }
    }

    /// The flow, as found.
    pub(crate) fn found(view: &'a FlowView) -> HttpResponse {
        json_with(StatusCode::OK, &Self::of(view), &[(ETAG, etag(view.record.revision))])
    }

    /// The flow, just made.
    pub(crate) fn created(view: &'a FlowView) -> HttpResponse {
        let headers =
            [(ETAG, etag(view.record.revision)), (LOCATION, format!("/v1/flow/{}", view.record.id))];
        json_with(StatusCode::CREATED, &Self::of(view), &headers)
    }
}

impl ToolBody {
    fn of(tool: Tool) -> Self {
        let Tool { trigger, description, parameters } = tool;
        Self { trigger_id: trigger.to_string(), description, parameters }
    }
}
