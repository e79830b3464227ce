//! A file that is sent: one of the workspace's, by its id, or one that the flow wrote itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flow_engine::StepError;
use flow_model::{Faults, FileId};
use reqwest::Body;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};

use crate::files::OwnFiles;

/// What may be anything.
const ANYTHING: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A file to be sent.
#[derive(Debug)]
pub(super) struct Attachment {
    content: Content,
    filename: Option<String>,
    content_type: Option<HeaderValue>,
}

#[derive(Debug)]
enum Content {
    Stored(FileId),
    Written(Bytes),
}

/// A file on its way.
pub(super) struct Opened {
    pub(super) filename: String,
    pub(super) content_type: HeaderValue,
    pub(super) size: u64,
    pub(super) body: Body,
}

/// Whether an object among parts stands for a file, and not for its own JSON.
pub(super) fn is_attachment(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("fileId") || (has("filename") && (has("text") || has("base64")))
}

impl Attachment {
    /// Reads `{fileId, filename?, contentType?}`, of which `{{files.<input>}}` is one, or `{filename?, contentType?}` with
    /// `text` or `base64`.
    pub(super) fn read(value: &Value, pointer: &str, faults: &Faults) -> Option<Self> {
        let fault = |message: &str| faults.error(pointer, "value_unknown", message);
        let Some(object) = value.as_object() else {
            fault("this must be a file: an object with `fileId`, `text` or `base64`");
            return None;
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let content = match content(object) {
            Ok(content) => content,
            Err(message) => {
                fault(message);
                return None;
            }
        };
        let content_type = text("contentType").map(HeaderValue::from_str).transpose();
        if content_type.is_err() {
            fault("its `contentType` has a character that no header may have");
        }
        let filename = text("filename").map(str::to_owned);
        Some(Self { content, filename, content_type: content_type.ok()? })
    }

    /// Opens it anew.
    pub(super) async fn open(&self, files: &OwnFiles) -> Result<Opened, StepError> {
        let (name, content_type, size, body) = match &self.content {
            Content::Written(bytes) => {
                ("file".to_owned(), ANYTHING, bytes.len() as u64, bytes.clone().into())
            }
            Content::Stored(file) => {
                let record = files.get(*file).await?;
                let body = Body::wrap_stream(files.read(&record).await?);
                let content_type = HeaderValue::from_str(&record.content_type).unwrap_or(ANYTHING);
                (record.name, content_type, record.size, body)
            }
        };
        Ok(Opened {
            filename: self.filename.clone().unwrap_or(name),
            content_type: self.content_type.clone().unwrap_or(content_type),
            size,
            body,
        })
    }
}

fn content(object: &Map<String, Value>) -> Result<Content, &'static str> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    match (object.contains_key("fileId"), text("text"), text("base64")) {
        (true, _, _) => {
            let id = text("fileId").and_then(|id| id.parse().ok());
            id.map(Content::Stored)
                .ok_or("its `fileId` is no id of a file; give one that an upload answered with")
        }
        (false, Some(text), None) => Ok(Content::Written(text.to_owned().into())),
        (false, None, Some(base64)) => match STANDARD.decode(base64) {
            Ok(bytes) => Ok(Content::Written(bytes.into())),
            Err(_) => Err("its `base64` isn't base64"),
        },
        (false, _, _) => {
            Err("a file has either `fileId`, a text `text` or a text `base64`; give one of them")
        }
    }
}
