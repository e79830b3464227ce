//! Flows: made, shown, published.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::extract::{Body, Id, IfMatch, PublishFlows, ReadFlows, Scoped, WriteFlows, judged};
use crate::view::{self, FlowBody, Publish, VersionBody};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flow", [(Method::POST, web::route().to(create))]));
    config.service(resource("/v1/flow/{id}", [(Method::GET, web::route().to(get))]));
    config.service(resource("/v1/flow/{id}/publish", [(Method::POST, web::route().to(publish))]));
}

async fn create(api: Data<Api>, caller: Scoped<WriteFlows>, body: Body) -> Result<HttpResponse> {
    let input = body.object(&api).await?.read(view::new_flow)?;
    let flow = api.engine.flows().create(caller.workspace, Some(caller.user.id), input).await?;
    Ok(FlowBody::created(&flow))
}

async fn get(api: Data<Api>, caller: Scoped<ReadFlows>, id: Id) -> Result<HttpResponse> {
    let flow = api.engine.flows().get(caller.workspace, id.flow()?).await?;
    Ok(FlowBody::found(&flow))
}

async fn publish(
    api: Data<Api>,
    caller: Scoped<PublishFlows>,
    id: Id,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse> {
    let (flow, flows) = (id.flow()?, api.engine.flows());
    let read = body.object(&api).await.and_then(|body| body.read(Publish::read));
    let publish = judged(read, flows.get(caller.workspace, flow)).await?;
    let revisions = IfMatch::read(&request, publish.revision).revisions();
    let publish = flow_engine::Publish { summary: publish.summary, bump: publish.bump, revisions };
    let version = flows.publish(caller.workspace, Some(caller.user.id), flow, publish).await?;
    Ok(view::json(StatusCode::OK, &VersionBody::of(&version, &api)))
}
