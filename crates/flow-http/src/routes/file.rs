//! Files: uploaded and downloaded.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};

use super::resource;
use crate::Api;
use crate::error::Result;
use crate::extract::{Body, Id, ReadFlows, RunFlows, Scoped};
use crate::view;

pub(super) fn mount(config: &mut ServiceConfig) {
    config.service(resource("/v1/flow/file", [(Method::POST, web::route().to(upload))]));
    config.service(resource("/v1/flow/file/{id}", [(Method::GET, web::route().to(download))]));
}

async fn upload(api: Data<Api>, caller: Scoped<RunFlows>, body: Body) -> Result<HttpResponse> {
    let file = body.upload(&api, &caller).await?;
    Ok(view::uploaded(&file))
}

async fn download(api: Data<Api>, caller: Scoped<ReadFlows>, id: Id) -> Result<HttpResponse> {
    let (files, wanted) = (api.engine.files()?, id.file()?);
    let file = files.get(caller.workspace, wanted).await?.ok_or_else(|| id.no_file())?;
    let bytes = files.read(&file).await?;
    Ok(view::download(&file, bytes))
}
