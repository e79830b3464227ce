//! The settings of an `http-request`: checked as written, read once resolved.

use flow_engine::StepError;
use flow_model::{Faults, Fields};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::auth;
use super::body::Body;
use super::failure::from_outbound;
use crate::Outbound;

pub(super) const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
pub(super) const BODY_TYPES: [&str; 6] = ["json", "form", "text", "multipart", "binary", "none"];
pub(super) const RESPONSE_TYPES: [&str; 4] = ["auto", "json", "text", "binary"];

/// Resolved settings.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) response_type: ResponseType,
    pub(super) follow_redirects: bool,
    pub(super) fail_on_status: bool,
}

/// What the answer's body becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseType {
    /// JSON when the answer says that it is, else text.
    Auto,
    Json,
    Text,
    /// Base64.
    Binary,
}

/// What an answer is read by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) response_type: ResponseType,
    pub(super) fail_on_status: bool,
    pub(super) is_head: bool,
}

/// Checks settings as an author wrote them: what a template fills in is left to the run.
pub(super) fn check(data: &Fields<'_>) {
    data.required_string("url");
    one_of(data, "method", &METHODS);
    one_of(data, "bodyType", &BODY_TYPES);
    one_of(data, "responseType", &RESPONSE_TYPES);
    match data.string("bodyType") {
        Some(kind) if kind.eq_ignore_ascii_case("multipart") => pairs_shape(data, "body"),
        _ => _ = data.value("body"),
    }
    pairs_shape(data, "headers");
    check_framing(data);
    pairs_shape(data, "query");
    flag(data, "followRedirects");
    flag(data, "failOnStatus");
    auth::check(data);
    data.warn_of_unknown();
}

pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

pub(super) fn one_of(data: &Fields<'_>, key: &'static str, allowed: &[&str]) {
    let Some(text) = data.string(key) else { return };
    if !is_template(text) && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(text)) {
        let message = format!("`{text}` can't be used here; use one of {}", allowed.join(", "));
        data.faults().error(data.at(key), "value_unknown", message);
    }
}

fn flag(data: &Fields<'_>, key: &'static str) {
    if data.value(key).and_then(Value::as_str).is_none_or(|text| !is_template(text)) {
        data.boolean(key);
    }
}

fn pairs_shape(data: &Fields<'_>, key: &'static str) {
    match data.value(key) {
        None | Some(Value::Object(_)) => {}
        Some(Value::String(text)) if is_template(text) => {}
        Some(Value::Array(_)) => {
            for row in data.objects(key) {
                row.required_string("key");
                row.value("value");
                row.warn_of_unknown();
            }
        }
        Some(_) => {
            data.object(key);
        }
    }
}

impl Settings {
    /// Reads settings whose templates are resolved.
    pub(super) fn read(input: &Value) -> Result<Self, StepError> {
        let empty = Map::new();
        let faults = Faults::new();
        let data = Fields::new(input.as_object().unwrap_or(&empty), "", &faults);
        let url = data.required_string("url").unwrap_or_default().to_owned();
        let method = data.string("method").unwrap_or("GET").to_ascii_uppercase();
        let body_type = data.string("bodyType").map(str::to_ascii_lowercase);
        let response_type = data.string("responseType").map(str::to_ascii_lowercase);
        let follow_redirects = data.boolean("followRedirects").unwrap_or(true);
        let fail_on_status = data.boolean("failOnStatus").unwrap_or(true);
        let query = pairs(data.value("query"), "query", &faults);
        let headers = pairs(data.value("headers"), "headers", &faults);
        let body = data.value("body");
        let response_type = match response_type.as_deref() {
            None | Some("auto") => ResponseType::Auto,
            Some("json") => ResponseType::Json,
            Some("text") => ResponseType::Text,
            Some("binary") => ResponseType::Binary,
            Some(other) => {
                let message =
                    format!("`{other}` is no type of response; use one of {}", RESPONSE_TYPES.join(", "));
                faults.error("/responseType", "value_unknown", message);
                ResponseType::Auto
            }
        };
        let method_read = METHODS.contains(&method.as_str()).then(|| method.parse::<Method>().ok()).flatten();
        if method_read.is_none() {
            let message = format!("`{method}` can't be used; use one of {}", METHODS.join(", "));
            faults.error("/method", "value_unknown", message);
        }
        let mut headers = header_map(headers, &faults);
        auth::apply(data.value("auth"), &mut headers, &faults);
        let body = Body::read(body, body_type.as_deref(), &mut headers, &faults);
        if let Some(fault) = faults.into_vec().into_iter().next() {
            let message = format!("`{}`: {}", fault.pointer.trim_start_matches('/'), fault.message);
            return Err(StepError::new("settings_invalid", message));
        }
        let mut url = Outbound::parse(&url).map_err(from_outbound)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let method = method_read.unwrap_or(Method::GET);
        Ok(Self { method, url, headers, body, response_type, follow_redirects, fail_on_status })
    }

    pub(super) fn expected(&self) -> Expected {
        Expected {
            response_type: self.response_type,
            fail_on_status: self.fail_on_status,
            is_head: self.method == Method::HEAD,
        }
    }
}

/// Pairs as authors write them: an object, or a list of `{key, value}`. A list as a value repeats the key,
/// null leaves it out.
pub(super) fn rows<'v>(value: Option<&'v Value>, key: &str, faults: &Faults) -> Vec<(String, &'v Value)> {
    let mut rows = Vec::new();
    let mut add = |name: &str, value: &'v Value| {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        rows.extend(values.iter().filter(|value| !value.is_null()).map(|value| (name.to_owned(), value)));
    };
    match value {
        None => {}
        Some(Value::Object(map)) => map.iter().for_each(|(name, value)| add(name, value)),
        Some(Value::Array(written)) => {
            for row in written {
                match row.get("key").and_then(Value::as_str) {
                    Some(name) => add(name, row.get("value").unwrap_or(&Value::Null)),
                    None => faults.error(format!("/{key}"), "wrong_type", "a row has no text `key`; add one"),
                }
            }
        }
        Some(_) => {
            faults.error(format!("/{key}"), "wrong_type", "this must be an object or a list of {key, value}");
        }
    }
    rows
}

/// The same with texts as values; any other value is its JSON.
pub(super) fn pairs(value: Option<&Value>, key: &str, faults: &Faults) -> Vec<(String, String)> {
    let rows = rows(value, key, faults).into_iter();
    rows.filter_map(|(name, value)| Some((name, text(value)?))).collect()
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Headers that say how a message is carried, which is the client's to say: an author's `Content-Length` that is
/// too small cuts the body off, and the rest of it is read as another request.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn is_framing(name: &str) -> bool {
    FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

fn framing_fault(pointer: String, name: &str, faults: &Faults) {
    let message = format!("`{name}` says how the request is carried, and is set by the server; leave it out");
    faults.error(pointer, "value_unknown", message);
}

/// Finds such headers as an author wrote them.
fn check_framing(data: &Fields<'_>) {
    let at = data.at("headers");
    match data.value("headers") {
        Some(Value::Object(map)) => {
            for name in map.keys().filter(|name| is_framing(name)) {
                framing_fault(format!("{at}/{name}"), name, data.faults());
            }
        }
        Some(Value::Array(rows)) => {
            for (index, row) in rows.iter().enumerate() {
                if let Some(name) = row.get("key").and_then(Value::as_str).filter(|name| is_framing(name)) {
                    framing_fault(format!("{at}/{index}/key"), name, data.faults());
                }
            }
        }
        _ => {}
    }
}

fn header_map(pairs: Vec<(String, String)>, faults: &Faults) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if is_framing(&name) {
            framing_fault("/headers".to_owned(), &name, faults);
            continue;
        }
        match (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            (Err(_), _) => {
                faults.error("/headers", "value_unknown", format!("`{name}` can't be a header's name"))
            }
            (_, Err(_)) => {
                let message = format!("the value of `{name}` has a character that no header may have");
                faults.error("/headers", "value_unknown", message);
            }
        }
    }
    headers
}
