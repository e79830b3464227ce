//! Events sent to the runs that wait for them.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::extract::{Body, ResumeRuns, Scoped, event_id};
use crate::view::{self, Event, EventBody};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flowrun/event", [(Method::POST, web::route().to(send))]));
}

async fn send(
    api: Data<Api>,
    caller: Scoped<ResumeRuns>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse> {
    let event = body.object(&api).await?.read(Event::read)?;
    let event = event.named(caller.workspace, event_id(&request, caller.workspace)?);
    let published = api.engine.publish_event(event).await?;
    Ok(view::json(StatusCode::OK, &EventBody::of(published)))
}
