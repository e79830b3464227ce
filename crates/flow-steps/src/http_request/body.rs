//! The body of a request.
//!
//! A redirect may have it sent again, so what it is made of is kept, and a stored file is opened each time that it is
//! sent: its bytes are never whole in memory.

use bytes::Bytes;
use flow_model::Faults;
use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part as SentPart};
use serde_json::Value;

use super::attachment::{Attachment, is_attachment};
use super::settings::{BODY_TYPES, pairs, rows, text};
use crate::files::OwnFiles;
use flow_engine::StepError;

/// What is sent.
#[derive(Debug)]
pub(super) enum Body {
    Empty,
    Bytes(Bytes),
    /// A file by itself.
    File(Attachment),
    Multipart(Vec<(String, Part)>),
}

/// A part of a `multipart/form-data` body.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Json(String),
    File(Attachment),
}

impl Body {
    /// Reads the body as its type says, and puts that type among the headers unless the author gave one.
    pub(super) fn read(
        body: Option<&Value>,
        body_type: Option<&str>,
        headers: &mut HeaderMap,
        faults: &Faults,
    ) -> Self {
        const TEXT: &str = "text/plain; charset=utf-8";
        const JSON: &str = "application/json";
        let Some(body) = body else { return Self::Empty };
        let (bytes, content_type) = match (body_type, body) {
            (Some("none"), _) => return Self::Empty,
            (Some("multipart"), body) => return multipart(body, headers, faults),
            (Some("binary"), body) => {
                return Attachment::read(body, "/body", faults).map_or(Self::Empty, Self::File);
            }
            (Some("text") | None, Value::String(text)) => (text.clone().into_bytes(), TEXT),
            (Some("text"), body) => (body.to_string().into_bytes(), TEXT),
            (Some("json") | None, body) => (body.to_string().into_bytes(), JSON),
            (Some("form"), body) => {
                let pairs = pairs(Some(body), "body", faults);
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                (form.into_bytes(), "application/x-www-form-urlencoded")
            }
            (Some(other), _) => {
                let message = format!("`{other}` is no type of body; use one of {}", BODY_TYPES.join(", "));
                faults.error("/bodyType", "value_unknown", message);
                return Self::Empty;
            }
        };
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        Self::Bytes(bytes.into())
    }

    /// Gives it to a request.
    pub(super) async fn attach(
        &self,
        request: RequestBuilder,
        headers: &HeaderMap,
        files: &OwnFiles,
    ) -> Result<RequestBuilder, StepError> {
        Ok(match self {
            Self::Empty => request,
            Self::Bytes(bytes) => request.body(bytes.clone()),
            Self::File(attachment) => {
                let opened = attachment.open(files).await?;
                let request = match headers.contains_key(CONTENT_TYPE) {
                    true => request,
                    false => request.header(CONTENT_TYPE, opened.content_type),
                };
                request.header(CONTENT_LENGTH, opened.size).body(opened.body)
            }
            Self::Multipart(parts) => {
                // Quotes and line breaks of names are escaped, as browsers do; the rest stays as it is.
                let mut form = Form::new().percent_encode_noop();
                for (name, part) in parts {
                    form = form.part(name.clone(), part.open(files).await?);
                }
                request.multipart(form)
            }
        })
    }
}

impl Part {
    async fn open(&self, files: &OwnFiles) -> Result<SentPart, StepError> {
        Ok(match self {
            Self::Text(text) => SentPart::text(text.clone()),
            Self::Json(json) => {
                typed(SentPart::text(json.clone()), HeaderValue::from_static("application/json"))
            }
            Self::File(attachment) => {
                let opened = attachment.open(files).await?;
                let part = SentPart::stream_with_length(opened.body, opened.size);
                typed(part.file_name(opened.filename), opened.content_type)
            }
        })
    }
}

fn typed(part: SentPart, content_type: HeaderValue) -> SentPart {
    part.headers(HeaderMap::from_iter([(CONTENT_TYPE, content_type)]))
}

fn multipart(body: &Value, headers: &HeaderMap, faults: &Faults) -> Body {
    if headers.contains_key(CONTENT_TYPE) {
        let message = "the `Content-Type` of a multipart body names what parts it, which is the server's to choose; \
                       leave the header out";
        faults.error("/headers", "value_unknown", message);
    }
    let rows = rows(Some(body), "body", faults).into_iter();
    let parts = rows.filter_map(|(name, value)| {
        let part = match value {
            value if is_attachment(value) => {
                Part::File(Attachment::read(value, &format!("/body/{name}"), faults)?)
            }
            Value::Object(_) => Part::Json(value.to_string()),
            value => Part::Text(text(value)?),
        };
        Some((name, part))
    });
    Body::Multipart(parts.collect())
}
