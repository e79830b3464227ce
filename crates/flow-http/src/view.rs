//! What goes over the wire, apart from the domain: bodies as callers send them, and replies as they read
//! them. Names are camelCase, ids and times their text.

mod body;
mod details;
mod error;
mod event;
mod event_sent;
mod file;
mod flow;
mod list;
mod log;
pub(crate) mod page;
mod preferences;
mod preview;
mod reply;
mod secret;
mod version;
mod wait;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use serde::Serialize;

pub(crate) use body::{Event, Publish, Resume, Said, Start, inputs_of, new_flow};
pub(crate) use details::Details;
pub(crate) use error::{ErrorView, run_error};
pub(crate) use event::Polled;
pub(crate) use event_sent::EventBody;
pub(crate) use file::{download, uploaded};
pub(crate) use flow::FlowBody;
pub(crate) use list::List;
pub(crate) use log::{LogBody, LogCursor};
pub(crate) use preferences::Preferences;
pub(crate) use reply::{bare, metadata, status};
pub(crate) use secret::{SecretList, secret_value};
pub(crate) use version::{VersionBody, WebhookBody};

/// Names the run of an execution.
pub(crate) const RUN_ID_HEADER: HeaderName = HeaderName::from_static("x-app-run-id");

/// A JSON reply.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    json_with(status, body, &[])
}

/// A JSON reply with headers of its own.
pub(crate) fn json_with(
    status: StatusCode,
    body: &impl Serialize,
    headers: &[(HeaderName, String)],
) -> HttpResponse {
    let text = match serde_json::to_vec(body) {
        Ok(text) => text,
        Err(error) => {
            return HttpResponse::from_error(crate::ApiError::Internal(format!("unserializable: {error}")));
        }
    };
    let mut reply = HttpResponse::build(status);
    reply.content_type("application/json; charset=utf-8");
    for (name, value) in headers {
        reply.insert_header((name.clone(), value.as_str()));
    }
    reply.body(text)
}
