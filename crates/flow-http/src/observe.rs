//! What happens round every request: its id, its span and line in the log, and the shape of its error.
//!
//! Errors are rendered here and not where they arise, since only here the request's id is at hand. A panic
//! of a handler ends as a 500 like any other, and not as a broken connection.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use futures_util::FutureExt;
use tracing::Instrument;

use crate::error::{Problem, log};
use crate::{Api, ApiError};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the handling of one request.
pub(crate) async fn observe<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(api) = request.app_data::<Data<Api>>().cloned() else {
        return Err(ApiError::Internal("the routes were mounted without their data".to_owned()).into());
    };
    let id = request_id(request.headers()).unwrap_or_else(|| new_id(&api));
    let span = tracing::info_span!(
        "request",
        request_id = id,
        method = %request.method(),
        path = shown_path(request.path()),
        status = tracing::field::Empty,
        duration_ms = tracing::field::Empty,
    );
    let started = api.now();
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    span.in_scope(|| {
        let mut replied = match handled {
            Ok(Ok(replied)) => Ok(shaped(replied, &api, &id)),
            Ok(Err(error)) => Err(render(&error, &api, &id)),
            Err(_) => {
                let error = ApiError::Internal("the handler panicked".to_owned());
                Err(render(&error.into(), &api, &id))
            }
        };
        let (status, headers) = match &mut replied {
            Ok(replied) => (replied.status(), replied.headers_mut()),
            Err(reply) => (reply.status(), reply.headers_mut()),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        let duration_ms = api.now().since(started).as_millis();
        span.record("status", status.as_u16());
        span.record("duration_ms", duration_ms);
        tracing::info!("answered");
        replied.map_err(|reply| InternalError::from_response("refused before a handler", reply).into())
    })
}

/// The reply as it is, and a problem instead when it stands for an error.
fn shaped<B: MessageBody + 'static>(
    replied: ServiceResponse<B>,
    api: &Api,
    id: &str,
) -> ServiceResponse<BoxBody> {
    match replied.response().error().map(|error| render(error, api, id)) {
        Some(problem) => replied.into_response(problem),
        None => replied.map_into_boxed_body(),
    }
}

fn render(error: &Error, api: &Api, id: &str) -> HttpResponse {
    let retry_after = Some(api.options.retry_after_seconds);
    if let Some(error) = error.as_error::<ApiError>() {
        log(error);
        return Problem::of(error).response(Some(id), retry_after);
    }
    let status = error.as_response_error().status_code();
    let error = ApiError::Framework { text: error.to_string(), status };
    log(&error);
    Problem::of(&error).response(Some(id), retry_after)
}

/// A path as it may stand in a log: without the token of a webhook.
pub(crate) fn shown_path(path: &str) -> String {
    let mut before = "";
    let segments = path.split('/').map(|segment| {
        let is_token = before == "hooks" || segment.starts_with("whk_");
        before = segment;
        if is_token { "…" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The caller's own id, if it can stand in a log and a header as it is.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    ((1..=128).contains(&given.len()) && given.bytes().all(sane)).then(|| given.to_owned())
}

fn new_id(api: &Api) -> String {
    let mut random = [0; 10];
    api.engine.entropy().fill(&mut random);
    let millis = u64::try_from(api.now().millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}
