//! An error on the wire: RFC 9457, and in the same object the members that older clients read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use flow_model::{Fault, Severity};
use serde::Serialize;

use super::{ApiError, Code};
use crate::view::RUN_ID_HEADER;

/// The body of an error, and what its headers are made from.
pub(crate) struct Problem<'a> {
    error: &'a ApiError,
    code: Code,
    status: StatusCode,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    message: &'a str,
    code: &'static str,
    status_code: u16,
    error: Legacy<'a>,
    errors: Vec<Row<'a>>,
    #[serde(flatten)]
    run: Option<Run<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// What older clients read.
#[derive(Serialize)]
struct Legacy<'a> {
    code: &'static str,
    message: &'a str,
    status: u16,
}

#[derive(Serialize)]
struct Row<'a> {
    pointer: &'a str,
    code: &'static str,
    message: &'a str,
}

/// Which run failed, where and with which code of the step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    app_run_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
}

impl<'a> Problem<'a> {
    /// The problem of an error.
    pub(crate) fn of(error: &'a ApiError) -> Self {
        let code = error.code();
        let message = match code {
            Code::Internal => {
                "something went wrong on the server; report it with this request's id".to_owned()
            }
            Code::DatabaseUnavailable => "the database is away; try again in a moment".to_owned(),
            Code::FilesUnavailable => "files can't be reached; try again in a moment".to_owned(),
            _ => of_faults(error).unwrap_or_else(|| error.to_string()),
        };
        Self { error, code, status: error.status(), message }
    }

    /// The reply.
    pub(crate) fn response(&self, request_id: Option<&str>, retry_after: Option<u64>) -> HttpResponse {
        let mut reply = HttpResponse::build(self.status);
        reply.content_type("application/problem+json");
        match self.error {
            ApiError::MethodNotAllowed { allowed, .. } => {
                reply.insert_header((ALLOW, allowed.as_str()));
            }
            ApiError::TokenMissing => {
                reply.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            ApiError::TokenUnknown => {
                reply.insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
            }
            ApiError::ScopeMissing(scope) => {
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scope.as_str());
                reply.insert_header((WWW_AUTHENTICATE, challenge));
            }
            _ => {}
        }
        if matches!(
            self.code,
            Code::DatabaseUnavailable | Code::FilesUnavailable | Code::Stopping | Code::QueueFull
        ) {
            reply.insert_header((RETRY_AFTER, retry_after.unwrap_or(1).to_string()));
        }
        let run = self.run();
        if let Some(run) = &run {
            reply.insert_header((RUN_ID_HEADER, run.app_run_id.as_str()));
        }
        reply.body(self.text(run, request_id))
    }

    fn text(&self, run: Option<Run<'_>>, request_id: Option<&str>) -> String {
        let (code, status) = (self.code.as_str(), self.status.as_u16());
        let body = Body {
            kind: format!("/problems/{}", code.replace('_', "-")),
            title: self.code.title(),
            status,
            detail: &self.message,
            message: &self.message,
            code,
            status_code: status,
            error: Legacy { code, message: &self.message, status },
            errors: self.error.faults().iter().filter(|fault| is_error(fault)).map(Row::of).collect(),
            run,
            request_id,
        };
        serde_json::to_string(&body).unwrap_or_default() // strings and numbers alone: it can't fail
    }

    fn run(&self) -> Option<Run<'a>> {
        match self.error {
            ApiError::RunFailed { run, error } => Some(Run {
                app_run_id: run.to_string(),
                step_id: error.step_id.as_deref(),
                step_name: error.step_name.as_deref(),
                error_code: Some(&error.code),
            }),
            ApiError::RunCancelled(run) => {
                Some(Run { app_run_id: run.to_string(), step_id: None, step_name: None, error_code: None })
            }
            _ => None,
        }
    }
}

impl<'a> Row<'a> {
    fn of(fault: &'a Fault) -> Self {
        Self { pointer: &fault.pointer, code: fault.code, message: &fault.message }
    }
}

/// The first fault in words, for whoever reads only the message.
fn of_faults(error: &ApiError) -> Option<String> {
    let mut faults = error.faults().iter().filter(|fault| is_error(fault));
    let first = faults.next()?;
    let place = if first.pointer.is_empty() { "the body" } else { &first.pointer };
    Some(match faults.count() {
        0 => format!("{place}: {}", first.message),
        more => format!("{place}: {} (and {more} more in `errors`)", first.message),
    })
}

fn is_error(fault: &Fault) -> bool {
    match fault.severity {
        Severity::Error => true,
        Severity::Warning => false,
    }
}

/// Writes what clients aren't told into the log. The request's span names the request.
pub(crate) fn log(error: &ApiError) {
    match error.code() {
        Code::Internal | Code::DatabaseUnavailable | Code::FilesUnavailable | Code::StorageFull => {
            tracing::error!(error = chain(error), code = error.code().as_str(), "a request failed");
        }
        code => tracing::debug!(error = chain(error), code = code.as_str(), "a request was refused"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
