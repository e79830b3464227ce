//! The logs of flows.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use flow_engine::LogQuery;
use flow_model::{Faults, FlowId, LogLevel};

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::extract::{Id, Page, Query, ReadRuns, Scoped, judged, unless_faulty};
use crate::view::{List, LogBody, LogCursor};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flow/{id}/logs", [(Method::GET, web::route().to(list))]));
}

async fn list(api: Data<Api>, caller: Scoped<ReadRuns>, id: Id, query: Query) -> Result<HttpResponse> {
    let (flow, flows) = (id.flow()?, api.engine.flows());
    let (page, wanted) = judged(read(flow, &query), flows.get(caller.workspace, flow)).await?;
    let total = match page.counts {
        true => Some(flows.log_count(caller.workspace, wanted.clone()).await?),
        false => None,
    };
    let found = flows.logs(caller.workspace, wanted).await?;
    Ok(List::of(&page, found, total, LogCursor::of, LogBody::from))
}

fn read(flow: FlowId, query: &Query) -> Result<(Page<LogCursor>, LogQuery)> {
    let faults = Faults::new();
    let page = Page::read(query, &faults);
    let wanted = LogQuery {
        run: query.parsed("runId", &faults),
        step: query.get("stepId").map(str::to_owned),
        levels: levels(query, &faults),
        since: query.parsed("since", &faults),
        until: query.parsed("until", &faults),
        search: query.get("search").map(str::to_owned),
        after: page.after.as_ref().map(|cursor: &LogCursor| cursor.0),
        skip: page.skip,
        ..LogQuery::of(flow, page.ask())
    };
    unless_faulty((page, wanted), faults)
}

/// Some levels, with commas between them.
fn levels(query: &Query, faults: &Faults) -> Vec<LogLevel> {
    let named = query.get("level").into_iter().flat_map(|levels| levels.split(','));
    let known = named.filter_map(|name| {
        let found = LogLevel::ALL.into_iter().find(|level| level.as_str() == name.trim());
        if found.is_none() {
            let levels = LogLevel::ALL.map(LogLevel::as_str).join(", ");
            let message = format!("`level`: there is no such level; use {levels}, or several with commas");
            faults.error("?level", "invalid_parameter", message);
        }
        found
    });
    known.collect()
}
