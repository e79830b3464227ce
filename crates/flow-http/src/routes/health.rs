//! Whether the process lives, and whether it takes calls.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::view;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/healthz", [(Method::GET, web::route().to(alive))]));
    config.service(resource("/readyz", [(Method::GET, web::route().to(ready))]));
}

async fn alive() -> HttpResponse {
    view::json(StatusCode::OK, &Health { status: "ok" })
}

async fn ready(api: Data<Api>) -> Result<HttpResponse> {
    api.engine.ready().await?;
    Ok(view::json(StatusCode::OK, &Health { status: "ready" }))
}
