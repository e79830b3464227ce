//! Secrets of the workspace: stored, listed by name, deleted. No value is ever read back.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};

use super::resource;
use crate::error::Result;
use crate::extract::{AdminWorkspace, Body, Named, Scoped};
use crate::view::{self, SecretList};
use crate::{Api, ApiError};

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/secret", [(Method::GET, web::route().to(list))]));
    let one = [(Method::PUT, web::route().to(put)), (Method::DELETE, web::route().to(delete))];
    config.service(resource("/v1/secret/{name}", one));
}

async fn list(api: Data<Api>, caller: Scoped<AdminWorkspace>) -> Result<HttpResponse> {
    let secrets = api.vault()?.secret_list(caller.workspace).await?;
    Ok(view::json(StatusCode::OK, &SecretList::of(secrets)))
}

async fn put(
    api: Data<Api>,
    caller: Scoped<AdminWorkspace>,
    name: Named,
    body: Body,
) -> Result<HttpResponse> {
    let name = name.secret()?;
    let value = body.object(&api).await?.read(view::secret_value)?;
    let made = api.vault()?.secret_put(caller.workspace, name, value, api.now()).await?;
    Ok(HttpResponse::build(if made { StatusCode::CREATED } else { StatusCode::NO_CONTENT }).finish())
}

async fn delete(api: Data<Api>, caller: Scoped<AdminWorkspace>, name: Named) -> Result<HttpResponse> {
    let name = name.secret()?;
    match api.vault()?.secret_delete(caller.workspace, name.clone()).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(ApiError::SecretNotFound(name)),
    }
}
