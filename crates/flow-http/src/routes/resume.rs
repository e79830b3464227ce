//! Waits answered, by a caller with a token or by whoever has the wait's link.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use flow_engine::{Answer, EngineError, LinkAllows, OpenWait, Patience, RunView, WaitChoice};
use flow_model::{ExecutionId, RunId, WaitKind};

use super::resource;
use crate::error::Result;
use crate::extract::{Answerer, Body, Id, Prefer, Query, judged};
use crate::view::{self, Resume, Said};
use crate::{Api, ApiError};

pub(super) fn mount(config: &mut ServiceConfig) {
    let routes = [(Method::POST, web::route().to(resume)), (Method::GET, web::route().to(show))];
    config.service(resource("/v1/flowrun/resume/{id}", routes));
}

/// What a link leads to: the question, and nothing is decided by looking at it.
async fn show(api: Data<Api>, from: Answerer, id: Id, query: Query) -> Result<HttpResponse> {
    let Some((execution, allows)) = from.link else { return Err(ApiError::LinkMissing) };
    let view = api.engine.inspect(from.workspace, id.run()?).await?;
    let decision = match allows {
        LinkAllows::Only(decision) => Some(decision.as_str()),
        LinkAllows::AnyAnswer => query.get("decision"),
    };
    Ok(view::page::wait(&view, &execution, decision))
}

async fn resume(api: Data<Api>, from: Answerer, id: Id, prefer: Prefer, body: Body) -> Result<HttpResponse> {
    let (run, engine, by_page) = (id.run()?, &api.engine, from.link.is_some() && body.is_form());
    let body = if by_page { body.form(&api).await } else { body.object(&api).await };
    let read = body.and_then(|body| body.read(|fields| Resume::read(fields, &from.name)));
    let Resume { choice, said } = match judged(read, engine.inspect(from.workspace, run)).await? {
        Some(resume) => resume,
        None => return Err(ApiError::Internal("an unread answer without a fault".to_owned())),
    };
    let choice = linked(choice, from.link.as_ref().map(|(execution, _)| execution), run)?;
    let answer = match said {
        Said::Answer(answer) => allowed(answer, from.link.as_ref().map(|(_, allows)| *allows))?,
        Said::Unfit { sent } => {
            return Err(misfit(&engine.inspect(from.workspace, run).await?, &choice, sent));
        }
    };
    // Nobody waits in front of a page for what comes after the answer.
    let patience = if by_page { Patience::UpTo(Duration::ZERO) } else { prefer.patience(&api.options) };
    let reply = engine.resume(from.workspace, run, choice, answer, patience).await?;
    Ok(match from.link {
        Some(_) if by_page => view::page::answered(&reply.view),
        Some(_) => view::status(&reply.view),
        None => view::metadata(&reply, prefer),
    })
}

/// A link is for one wait, whatever else the body may name.
fn linked(choice: WaitChoice, link: Option<&ExecutionId>, run: RunId) -> Result<WaitChoice> {
    let Some(link) = link else { return Ok(choice) };
    match choice {
        WaitChoice::Named(given) if given != link.to_string() => {
            Err(EngineError::ExecutionMismatch { run, given }.into())
        }
        WaitChoice::Named(_) | WaitChoice::Only => Ok(WaitChoice::Named(link.to_string())),
    }
}

/// A link for one decision is for no other answer.
fn allowed(answer: Answer, link: Option<LinkAllows>) -> Result<Answer> {
    match (link, &answer) {
        (None | Some(LinkAllows::AnyAnswer), _) => Ok(answer),
        (Some(LinkAllows::Only(only)), Answer::Decision { decision, .. }) if *decision == only => Ok(answer),
        (Some(LinkAllows::Only(only)), _) => Err(ApiError::AnswerMismatch(format!(
            r#"this link is for one answer alone; send {{"decision": "{}"}}"#,
            only.as_str()
        ))),
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
