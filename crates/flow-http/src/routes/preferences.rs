//! What an editor needs to know before there is a flow.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};

use super::resource;
use crate::Api;
use crate::extract::{ReadFlows, Scoped};
use crate::view::{self, Preferences};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flow/preferences", [(Method::GET, web::route().to(preferences))]));
}

async fn preferences(api: Data<Api>, _caller: Scoped<ReadFlows>) -> HttpResponse {
    view::json(StatusCode::OK, &Preferences::of(&api))
}
