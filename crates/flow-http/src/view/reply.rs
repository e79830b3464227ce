//! What an execution or a resume is answered with: the bare output, or the run with it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use flow_engine::{Reply, RunView};
use flow_model::{RunId, RunStatus, VersionNumber};
use serde::Serialize;
use serde_json::Value;

use super::error::run_error;
use super::wait::Waits;
use super::{ErrorView, RUN_ID_HEADER, json_with};
use crate::ApiError;
use crate::error::Result;
use crate::extract::Prefer;

/// A run that goes on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    status: &'static str,
    app_run_id: String,
}

/// A run that waits for someone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Paused {
    status: &'static str,
    app_run_id: String,
    #[serde(flatten)]
    waits: Option<Waits>,
}

/// A run with its result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    status: &'static str,
    app_run_id: String,
    output: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    #[serde(flatten)]
    waits: Option<Waits>,
    version: Option<VersionNumber>,
    duration_ms: u64,
}

/// The output alone; a failed run is a problem.
pub(crate) fn bare(reply: &Reply, prefer: Prefer) -> Result<HttpResponse> {
    let view = &reply.view;
    if goes_on(reply, prefer) {
        return Ok(accepted(view));
    }
    match view.status() {
        RunStatus::Completed => Ok(shown(view, &view.output().map(Arc::as_ref))),
        RunStatus::Waiting => {
            let app_run_id = view.id().to_string();
            Ok(shown(
                view,
                &Paused { status: view.status().as_str(), app_run_id, waits: Waits::asking(view) },
            ))
        }
        RunStatus::Failed => {
            let error = run_error(view).unwrap_or_else(|| {
                flow_model::RunError::new("run_failed", "the run failed, and its record doesn't tell why")
            });
            Err(ApiError::RunFailed { run: view.id(), error: Box::new(error) })
        }
        RunStatus::Cancelled => Err(ApiError::RunCancelled(view.id())),
        RunStatus::Queued | RunStatus::Running => Ok(accepted(view)),
    }
}

/// How the run stands, and no more: for whoever may answer one of its waits and see nothing else of it.
pub(crate) fn status(view: &RunView) -> HttpResponse {
    shown(view, &Accepted { status: view.status().as_str(), app_run_id: view.id().to_string() })
}

/// The run with its output, error or waits, whatever became of it.
pub(crate) fn metadata(reply: &Reply, prefer: Prefer) -> HttpResponse {
    let view = &reply.view;
    if goes_on(reply, prefer) {
        return accepted(view);
    }
    let error = run_error(view);
    let until = view.record.finished_at.or(view.state.updated_at()).unwrap_or(view.record.created_at);
    let body = Metadata {
        status: view.status().as_str(),
        app_run_id: view.id().to_string(),
        output: view.output().map(Arc::as_ref),
        error: error.as_ref().map(ErrorView::of),
        waits: Waits::asking(view),
        version: view.record.version,
        duration_ms: u64::try_from(until.since(view.record.created_at).as_millis()).unwrap_or(u64::MAX),
    };
    shown(view, &body)
}

fn goes_on(reply: &Reply, prefer: Prefer) -> bool {
    prefer.at_once() || !reply.settled
}

/// Any run that is under way is `running` here, also one that waits for a timer, or that ended before a
/// caller who didn't want to wait was answered: the place to look is the poll.
fn accepted(view: &RunView) -> HttpResponse {
    let status = match view.status() {
        RunStatus::Queued => RunStatus::Queued,
        RunStatus::Running
        | RunStatus::Waiting
        | RunStatus::Completed
        | RunStatus::Failed
        | RunStatus::Cancelled => RunStatus::Running,
    };
    let body = Accepted { status: status.as_str(), app_run_id: view.id().to_string() };
    let headers = [run_id(view.id()), (LOCATION, format!("/v1/flowrun/poll/{}", view.id()))];
    json_with(StatusCode::ACCEPTED, &body, &headers)
}

fn shown(view: &RunView, body: &impl Serialize) -> HttpResponse {
    json_with(StatusCode::OK, body, &[run_id(view.id())])
}

fn run_id(run: RunId) -> (actix_web::http::header::HeaderName, String) {
    (RUN_ID_HEADER, run.to_string())
}
