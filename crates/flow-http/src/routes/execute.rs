//! Runs started, by clients and from dashboards.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use flow_engine::{EngineError, Execute, IdempotencyKey, StartedBy, Target};
use flow_model::{Fault, Faults, FlowId, VersionSelector};
use serde_json::{Map, Value};

use super::resource;
use crate::error::Result;
use crate::extract::{
    Body, Id, Mode, Prefer, Query, RunFlows, Scoped, idempotency_key, judged, unless_faulty,
};
use crate::view::{self, Start};
use crate::{Api, ApiError};

pub(super) fn mount(config: &mut ServiceConfig) {
    let client = (Method::POST, web::route().to(client));
    config.service(resource("/v1/client/flow/{id}/execute", [client]));
    config.service(resource("/v1/flow/execute/{id}", [(Method::POST, web::route().to(dashboard))]));
}

/// What a caller sent, with everything that could be wrong with it judged.
struct Sent {
    target: Target,
    trigger: StartedBy,
    inputs: Map<String, Value>,
    idempotency: Option<IdempotencyKey>,
    metadata: bool,
}

async fn client(
    api: Data<Api>,
    caller: Scoped<RunFlows>,
    id: Id,
    prefer: Prefer,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse> {
    let flow = id.flow()?;
    let read = read_client(&api, flow, &request, body).await;
    let sent = judged(read, api.engine.flows().get(caller.workspace, flow)).await?;
    let reply = api.engine.execute(sent.execute(&api, &caller, prefer)).await?;
    view::bare(&reply, prefer)
}

async fn dashboard(
    api: Data<Api>,
    caller: Scoped<RunFlows>,
    id: Id,
    prefer: Prefer,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse> {
    let flow = id.flow()?;
    let read = read_dashboard(&api, flow, &request, body).await;
    let sent = judged(read, api.engine.flows().get(caller.workspace, flow)).await?;
    let metadata = sent.metadata;
    let reply = api.engine.execute(sent.execute(&api, &caller, prefer)).await.map_err(in_envelope)?;
    if metadata { Ok(view::metadata(&reply, prefer)) } else { view::bare(&reply, prefer) }
}

/// Bare inputs, and a published version by the query.
async fn read_client(api: &Api, flow: FlowId, request: &HttpRequest, body: Body) -> Result<Sent> {
    let faults = Faults::new();
    let version = Query::of(request).parsed("version", &faults).unwrap_or(VersionSelector::Latest);
    let version = unless_faulty(version, faults)?;
    let body = body.object(api).await?;
    Ok(Sent {
        target: Target::Published(flow, version),
        trigger: StartedBy::Type { kind: "api".to_owned(), data: Arc::new(Value::Object(Map::new())) },
        idempotency: idempotency_key(api, request, Mode::Client, flow, &body.bytes)?,
        inputs: body.object,
        metadata: false,
    })
}

/// Inputs in an envelope that chooses the rest.
async fn read_dashboard(api: &Api, flow: FlowId, request: &HttpRequest, body: Body) -> Result<Sent> {
    let mut body = body.object(api).await?;
    let start = body.read(Start::read)?;
    Ok(Sent {
        target: start.version.map_or(Target::Draft(flow), |version| Target::Published(flow, version)),
        trigger: start.trigger,
        idempotency: idempotency_key(api, request, Mode::Dashboard, flow, &body.bytes)?,
        inputs: view::inputs_of(&mut body.object),
        metadata: start.metadata,
    })
}

impl Sent {
    fn execute(self, api: &Api, caller: &Scoped<RunFlows>, prefer: Prefer) -> Execute {
        Execute {
            workspace: caller.workspace,
            target: self.target,
            trigger: self.trigger,
            inputs: self.inputs,
            current_user: Arc::new(caller.current_user()),
            idempotency: self.idempotency,
            patience: prefer.patience(&api.options),
        }
    }
}

/// The engine points into the inputs or the payload; in this body they stand further down.
fn in_envelope(error: EngineError) -> ApiError {
    match error {
        EngineError::InvalidInputs(faults) => EngineError::InvalidInputs(below("/inputs", faults)).into(),
        EngineError::InvalidPayload(faults) => {
            EngineError::InvalidPayload(below("/trigger/data/body", faults)).into()
        }
        other => other.into(),
    }
}

fn below(place: &str, mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.iter_mut().for_each(|fault| fault.pointer.insert_str(0, place));
    faults
}
