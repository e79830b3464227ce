//! Waits answered.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use flow_engine::{EngineError, OpenWait, RunView, WaitChoice};
use flow_model::WaitKind;

use super::resource;
use crate::error::Result;
use crate::extract::{Body, Id, Prefer, ResumeRuns, Scoped, judged};
use crate::view::{self, Resume, Said};
use crate::{Api, ApiError};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flowrun/resume/{id}", [(Method::POST, web::route().to(resume))]));
}

async fn resume(
    api: Data<Api>,
    caller: Scoped<ResumeRuns>,
    id: Id,
    prefer: Prefer,
    body: Body,
) -> Result<HttpResponse> {
    let (run, engine) = (id.run()?, &api.engine);
    let body = body.object(&api).await;
    let read = body.and_then(|body| body.read(|fields| Resume::read(fields, &caller.user.name)));
    let Resume { choice, said } = match judged(read, engine.inspect(caller.workspace, run)).await? {
        Some(resume) => resume,
        None => return Err(ApiError::Internal("an unread answer without a fault".to_owned())),
    };
    match said {
        Said::Answer(answer) => {
            let patience = prefer.patience(&api.options);
            let reply = engine.resume(caller.workspace, run, choice, answer, patience).await?;
            Ok(view::metadata(&reply, prefer))
        }
        Said::Unfit { sent } => Err(misfit(&engine.inspect(caller.workspace, run).await?, &choice, sent)),
    }
}

/// Why a body is refused that no wait takes: the run and the wait are judged before it, as with any other.
fn misfit(view: &RunView, choice: &WaitChoice, sent: &str) -> ApiError {
    let (run, mut open) = (view.id(), view.open_waits());
    // Nobody is asked by a wait for the clock, so nobody can answer it.
    open.retain(|wait| wait.wait.request.kind().asks_someone());
    let wait = match (choice, open.as_slice()) {
        (_, []) => return EngineError::RunNotWaiting { run, status: view.status() }.into(),
        (WaitChoice::Only, [wait]) => wait,
        (WaitChoice::Only, _) => return EngineError::WaitAmbiguous(run).into(),
        (WaitChoice::Named(given), [wait]) if *given == run.to_string() => wait,
        (WaitChoice::Named(given), waits) => match waits.iter().find(|wait| is_named(wait, given)) {
            Some(wait) => wait,
            None => return EngineError::ExecutionMismatch { run, given: given.clone() }.into(),
        },
    };
    let kind = wait.wait.request.kind();
    ApiError::AnswerMismatch(format!(
        "`{sent}` doesn't fit this wait, which is a {}; answer it with {}",
        kind.as_str(),
        fitting(kind)
    ))
}

fn is_named(wait: &OpenWait, given: &str) -> bool {
    wait.execution.to_string() == given
}

const fn fitting(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::UserApproval => r#"{"decision": "approve" or "reject"}"#,
        WaitKind::ClientTool => r#"{"toolResult": {"executionId", "success", "output" or "error"}}"#,
        WaitKind::ShowForm => r#"{"formData": {…}}"#,
        WaitKind::Wait => "nothing: it ends by the clock",
        WaitKind::RunFlow => "nothing: it ends with the run that it waits for",
        WaitKind::Event => "nothing: it ends by an event",
    }
}
