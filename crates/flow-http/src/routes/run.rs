//! Runs: polled, looked into, cancelled.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use flow_model::Faults;

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::extract::{Id, Prefer, Query, ReadRuns, ResumeRuns, Scoped, judged, unless_faulty};
use crate::view::{self, Details, Polled, run_error};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flowrun/poll/{id}", [(Method::GET, web::route().to(poll))]));
    config.service(resource("/v1/flowrun/details/{id}", [(Method::GET, web::route().to(details))]));
    config.service(resource("/v1/flowrun/cancel/{id}", [(Method::POST, web::route().to(cancel))]));
}

async fn poll(api: Data<Api>, caller: Scoped<ReadRuns>, id: Id, query: Query) -> Result<HttpResponse> {
    let run = id.run()?;
    let read = since_and_wait(&query, api.options.poll_max_seconds);
    let (since, wait) = judged(read, api.engine.inspect(caller.workspace, run)).await?;
    let poll = api.engine.poll(caller.workspace, run, since, wait).await?;
    Ok(view::json(StatusCode::OK, &Polled::of(&poll, run_error(&poll.view).as_ref())))
}

fn since_and_wait(query: &Query, longest: u64) -> Result<(u64, Duration)> {
    let faults = Faults::new();
    let since = query.parsed("since", &faults).unwrap_or(0);
    let wait = query.parsed::<u64>("wait", &faults).unwrap_or(0).min(longest);
    unless_faulty((since, Duration::from_secs(wait)), faults)
}

async fn details(api: Data<Api>, caller: Scoped<ReadRuns>, id: Id) -> Result<HttpResponse> {
    let view = api.engine.inspect(caller.workspace, id.run()?).await?;
    let error = run_error(&view);
    Ok(view::json(StatusCode::OK, &Details::of(&view, error.as_ref(), api.options.preview_bytes)))
}

async fn cancel(api: Data<Api>, caller: Scoped<ResumeRuns>, id: Id, prefer: Prefer) -> Result<HttpResponse> {
    let reply = api.engine.cancel(caller.workspace, id.run()?).await?;
    Ok(view::metadata(&reply, prefer))
}
