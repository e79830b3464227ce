//! The call of a webhook: a body of any type, and what a flow sees of it.

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{Body, FORM, parse};
use crate::Api;
use crate::error::Result;

/// Headers that are for the server and not for the flow.
const OURS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A body as it came.
pub(crate) struct Call {
    /// What was sent, and signed.
    pub(crate) bytes: Bytes,
    essence: Option<String>,
}

impl Body {
    /// Reads a body of any type.
    pub(crate) async fn call(mut self, api: &Api) -> Result<Call> {
        let bytes = self.whole(api).await?;
        self.check_encoding()?;
        Ok(Call { bytes, essence: self.essence() })
    }
}

impl Call {
    /// What the trigger brings: `{method, headers, query, body, bodyEncoding?}`.
    pub(crate) fn trigger_data(&self, request: &HttpRequest, depth: usize) -> Result<Value> {
        let mut headers = Map::new();
        for (name, value) in request.headers().iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            match headers.get_mut(name.as_str()) {
                Some(Value::String(before)) => *before = format!("{before}, {value}"),
                _ => _ = headers.insert(name.to_string(), Value::String(value)),
            }
        }
        let query = members(request.query_string().as_bytes());
        let (body, encoding) = self.body(depth)?;
        let mut data =
            json!({"method": request.method().as_str(), "headers": headers, "query": query, "body": body});
        if let Some(encoding) = encoding {
            data["bodyEncoding"] = json!(encoding);
        }
        Ok(data)
    }

    /// The body by its type, and how it is encoded if it is no text. No type at all is taken for JSON.
    fn body(&self, depth: usize) -> Result<(Value, Option<&'static str>)> {
        if self.bytes.is_empty() {
            return Ok((Value::Null, None));
        }
        match self.essence.as_deref() {
            None | Some("application/json") => Ok((parse(&self.bytes, depth)?, None)),
            Some(kind) if kind.starts_with("application/") && kind.ends_with("+json") => {
                Ok((parse(&self.bytes, depth)?, None))
            }
            Some(FORM) => Ok((members(&self.bytes), None)),
            Some(kind) => match std::str::from_utf8(&self.bytes) {
                Ok(text) if kind.starts_with("text/") => Ok((Value::from(text), None)),
                _ => Ok((Value::String(base64(&self.bytes)), Some("base64"))),
            },
        }
    }
}

/// An object of texts; of a name that comes more than once, a list of them.
fn members(encoded: &[u8]) -> Value {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(encoded).into_owned() {
        match members.get_mut(&name) {
            Some(Value::Array(values)) => values.push(Value::String(value)),
            Some(before) => *before = json!([before.take(), value]),
            None => _ = members.insert(name, Value::String(value)),
        }
    }
    Value::Object(members)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
