//! A JSON body: its size, type and depth are bounded before it is parsed, and what is wrong with its members
//! is collected, not told one by one.

mod call;
mod depth;
mod upload;

use std::future::{Ready, ready};
use std::pin::pin;
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, dev};
use flow_model::{Faults, Fields};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::query::unless_faulty;
use crate::error::Result;
use crate::{Api, ApiError};
pub(crate) use call::Call;

/// The type of what a page's form sends.
const FORM: &str = "application/x-www-form-urlencoded";

/// A body that hasn't been read yet.
pub(crate) struct Body {
    request: HttpRequest,
    payload: dev::Payload,
}

/// A body that is a JSON object.
pub(crate) struct Json {
    /// As sent.
    pub(crate) bytes: Bytes,
    /// As parsed.
    pub(crate) object: Map<String, Value>,
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), payload: payload.take() }))
    }
}

impl Body {
    /// Reads a JSON object. No body stands for `{}`.
    pub(crate) async fn object(mut self, api: &Api) -> Result<Json> {
        let options = &api.options;
        let bytes = self.whole(api).await?;
        if bytes.is_empty() {
            return Ok(Json { bytes, object: Map::new() });
        }
        self.check_type()?;
        match parse(&bytes, options.json_depth)? {
            Value::Object(object) => Ok(Json { bytes, object }),
            other => Err(not_an_object(&other)),
        }
    }

    /// Whether it is what a page's form sends.
    pub(crate) fn is_form(&self) -> bool {
        self.essence().as_deref() == Some(FORM)
    }

    /// Reads what a page's form sends: an object of texts, without those left empty. Of two with one name the last
    /// counts.
    pub(crate) async fn form(mut self, api: &Api) -> Result<Json> {
        let bytes = self.whole(api).await?;
        let pairs = url::form_urlencoded::parse(&bytes).into_owned().filter(|(_, value)| !value.is_empty());
        let object = pairs.map(|(name, value)| (name, Value::String(value))).collect();
        Ok(Json { bytes, object })
    }

    async fn whole(&mut self, api: &Api) -> Result<Bytes> {
        in_time(api, api.options.body_seconds, self.bytes(api.options.body_limit)).await
    }

    /// Reads the body. What is too long is taken in and dropped as far as is bearable, since a client that is
    /// still sending when the connection closes never sees why.
    async fn bytes(&mut self, limit: usize) -> Result<Bytes> {
        let too_large = || ApiError::BodyTooLarge { limit };
        let bearable = bearable(limit);
        if self.declared_length().is_some_and(|length| length > bearable) {
            return Err(too_large());
        }
        let (mut body, mut received) = (BytesMut::new(), 0_usize);
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(ApiError::BodyIncomplete)?;
            received = received.saturating_add(chunk.len());
            if received > bearable {
                return Err(too_large());
            }
            if received > limit {
                body = BytesMut::new();
            } else {
                body.extend_from_slice(&chunk);
            }
        }
        if received > limit { Err(too_large()) } else { Ok(body.freeze()) }
    }

    fn declared_length(&self) -> Option<usize> {
        self.header(CONTENT_LENGTH)?.parse().ok()
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.request.headers().get(name).map(|value| value.to_str().unwrap_or("?"))
    }

    /// The type that the body is said to be of, without its parameters.
    fn essence(&self) -> Option<String> {
        let given = self.header(CONTENT_TYPE)?;
        Some(given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// How the body is compressed, if it is.
    fn encoding(&self) -> Option<&str> {
        self.header(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    }

    /// What is compressed isn't read.
    fn check_encoding(&self) -> Result<()> {
        match self.encoding() {
            Some(encoding) => Err(ApiError::UnsupportedMediaType(format!("encoding `{encoding}`"))),
            None => Ok(()),
        }
    }

    /// No type at all is taken for JSON; a wrong one never is.
    fn check_type(&self) -> Result<()> {
        self.check_encoding()?;
        let Some(essence) = self.essence() else { return Ok(()) };
        let is_json = essence == "application/json"
            || essence.strip_prefix("application/").is_some_and(|subtype| subtype.ends_with("+json"));
        if is_json { Ok(()) } else { Err(ApiError::UnsupportedMediaType(format!("type `{essence}`"))) }
    }
}

impl Json {
    /// Reads members, and fails with every fault that `read` found.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Fields<'_>) -> T) -> Result<T> {
        let faults = Faults::new();
        let read = read(&Fields::new(&self.object, "", &faults));
        unless_faulty(read, faults)
    }
}

/// Reads within the time that a client may take: actix bounds only that of the head.
async fn in_time<T>(api: &Api, seconds: u64, reading: impl Future<Output = Result<T>>) -> Result<T> {
    let end = api.now().after(Duration::from_secs(seconds));
    match select(pin!(reading), api.engine.clock().sleep_until(end)).await {
        Either::Left((read, _)) => read,
        Either::Right(_) => Err(ApiError::BodyTimeout { seconds }),
    }
}

/// How much of what is too long is taken in and dropped.
const fn bearable(limit: usize) -> usize {
    limit.saturating_mul(4)
}

/// The depth was checked, so the parser needs no bound of its own, which is lower by one.
fn parse(bytes: &[u8], limit: usize) -> Result<Value> {
    if let Some((line, column)) = depth::exceeded(bytes, limit) {
        return Err(ApiError::JsonTooDeep { limit, line, column });
    }
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    parser.disable_recursion_limit();
    let value = Value::deserialize(&mut parser).map_err(ApiError::MalformedJson)?;
    parser.end().map_err(ApiError::MalformedJson)?;
    Ok(value)
}

fn not_an_object(value: &Value) -> ApiError {
    let faults = Faults::new();
    let _: Option<Fields<'_>> = Fields::of(value, "", &faults);
    ApiError::Invalid(faults.into_vec())
}
