//! Webhooks: flows started by whoever calls an address. The token in it is all that a caller needs.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use flow_engine::{Execute, Hook, StartedBy, Target};
use flow_model::{Respond, VersionSelector, Webhook};
use serde_json::{Map, json};

use super::resource;
use crate::error::Result;
use crate::extract::{Body, Call, Id, Prefer, PublishFlows, Scoped, hook_key, signature};
use crate::view::{self, WebhookBody};
use crate::{Api, ApiError};

pub(super) fn mount(config: &mut ServiceConfig) {
    let rotate = (Method::POST, web::route().to(rotate));
    config.service(resource("/v1/flow/{id}/webhook/{trigger}/rotate", [rotate]));
    // Which methods it takes is the trigger's to say.
    config.service(web::resource("/v1/hooks/{token}").to(call));
}

async fn rotate(
    api: Data<Api>,
    caller: Scoped<PublishFlows>,
    id: Id,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let trigger = request.match_info().get("trigger").unwrap_or_default();
    let made = api.engine.flows().rotate_hook(caller.workspace, id.flow()?, trigger).await?;
    Ok(view::json(StatusCode::OK, &WebhookBody::of(&made, &api)))
}

async fn call(api: Data<Api>, request: HttpRequest, prefer: Prefer, body: Body) -> Result<HttpResponse> {
    let hook = api.engine.hook(request.match_info().get("token").unwrap_or_default()).await?;
    check_method(&hook, &request)?;
    let call = body.call(&api).await?;
    check_signature(&api, &hook, &request, &call).await?;
    let prefer = match hook.settings.respond {
        Respond::Accepted => Prefer::AT_ONCE,
        Respond::Output => prefer,
    };
    let reply = api.engine.execute(execute(&api, hook, &request, &call, prefer)?).await?;
    view::bare(&reply, prefer)
}

fn check_method(hook: &Hook, request: &HttpRequest) -> Result<()> {
    let method = request.method().as_str();
    let allowed: Vec<_> = hook.settings.methods.iter().map(|method| method.as_str()).collect();
    if allowed.contains(&method) {
        return Ok(());
    }
    Err(ApiError::MethodNotAllowed { method: method.to_owned(), allowed: allowed.join(", ") })
}

async fn check_signature(api: &Api, hook: &Hook, request: &HttpRequest, call: &Call) -> Result<()> {
    let Some(signed) = &hook.settings.signed else { return Ok(()) };
    let secret = api.engine.hook_secret(hook, &signed.secret).await?;
    signature::check(signed.by, &secret, request.headers(), &call.bytes, api.now())
}

/// The run that a call asks for: of the version whose settings it was judged by.
fn execute(api: &Api, hook: Hook, request: &HttpRequest, call: &Call, prefer: Prefer) -> Result<Execute> {
    let data = call.trigger_data(request, api.options.json_depth)?;
    Ok(Execute {
        workspace: hook.workspace,
        idempotency: hook_key(api, request, &hook, &call.bytes)?,
        target: Target::Published(hook.flow, VersionSelector::Number(hook.version)),
        trigger: StartedBy::Type { kind: Webhook::kind_of(&hook.id), data: Arc::new(data) },
        inputs: Map::new(),
        current_user: Arc::new(json!({"name": null, "surname": null, "role": null, "email": null})),
        patience: prefer.patience(&api.options),
    })
}
