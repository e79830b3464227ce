//! A file in a multipart body, which goes to its place as it comes: it is never whole in memory.

use actix_multipart::{Field, Multipart, MultipartError};
use flow_engine::{Caller, FileRecord, NewFile, Upload};
use flow_model::FileId;
use futures_util::StreamExt;

use super::{Body, bearable, in_time};
use crate::error::Result;
use crate::{Api, ApiError};

/// The field that has the file.
const FIELD: &str = "file";

impl Body {
    /// Keeps the one file that the body has; nothing is kept of a body that is refused or broken off.
    pub(crate) async fn upload(self, api: &Api, caller: &Caller) -> Result<FileRecord> {
        if let Some(encoding) = self.encoding() {
            return Err(ApiError::NotMultipart(format!("encoding `{encoding}`")));
        }
        match self.essence().as_deref() {
            Some("multipart/form-data") => {}
            Some(other) => return Err(ApiError::NotMultipart(format!("type `{other}`"))),
            None => return Err(ApiError::NotMultipart("no type".to_owned())),
        }
        let limit = api.options.upload_limit;
        if self.declared_length().is_some_and(|length| length > bearable(limit)) {
            return Err(ApiError::FileTooLarge { limit });
        }
        let received = Received { api, caller, bytes: 0, files: 0, upload: None };
        let parts = Multipart::new(self.request.headers(), self.payload);
        in_time(api, api.options.upload_seconds, received.read(parts)).await
    }
}

/// What came of a body so far.
struct Received<'a> {
    api: &'a Api,
    caller: &'a Caller,
    /// The bytes of all parts.
    bytes: usize,
    /// How many files.
    files: usize,
    /// The first of them, unless it is too large.
    upload: Option<Upload>,
}

impl Received<'_> {
    /// What is too much is taken in and dropped as far as is bearable, as it is of any body.
    async fn read(mut self, mut parts: Multipart) -> Result<FileRecord> {
        while let Some(part) = parts.next().await {
            self.part(part.map_err(malformed)?).await?;
        }
        let fault = |code, message| Err(ApiError::fault(format!("/{FIELD}"), code, message));
        match (self.files, self.upload) {
            (0, _) => fault("required", "the body has no file; send it as the field `file`"),
            (1, Some(upload)) => Ok(upload.finish().await?),
            (1, None) => Err(ApiError::FileTooLarge { limit: self.api.options.upload_limit }),
            _ => fault("too_many", "the body has several files; send each in a request of its own"),
        }
    }

    async fn part(&mut self, mut part: Field) -> Result<()> {
        let is_file = part.name() == Some(FIELD);
        self.files += usize::from(is_file);
        let is_kept = is_file && self.files == 1;
        if is_kept {
            self.upload = Some(self.api.engine.files()?.upload(self.new_file(&part)).await?);
        }
        let limit = self.api.options.upload_limit;
        while let Some(bytes) = part.next().await {
            let bytes = bytes.map_err(malformed)?;
            self.bytes = self.bytes.saturating_add(bytes.len());
            if self.bytes > bearable(limit) {
                return Err(ApiError::FileTooLarge { limit });
            }
            let Some(upload) = self.upload.as_mut().filter(|_| is_kept) else { continue };
            if upload.size().saturating_add(bytes.len() as u64) > limit as u64 {
                self.upload = None;
            } else {
                upload.write(bytes).await?;
            }
        }
        Ok(())
    }

    fn new_file(&self, part: &Field) -> NewFile {
        let mut random = [0; 10];
        self.api.engine.entropy().fill(&mut random);
        let now = self.api.now();
        let name = part.content_disposition().and_then(|disposition| disposition.get_filename());
        NewFile {
            id: FileId::new(now, random),
            workspace: self.caller.workspace,
            name: name.unwrap_or_default().to_owned(),
            content_type: part.content_type().map(ToString::to_string).unwrap_or_default(),
            created_by: Some(self.caller.user.id),
            now,
        }
    }
}

fn malformed(error: MultipartError) -> ApiError {
    match error {
        MultipartError::Payload(error) => ApiError::BodyIncomplete(error),
        MultipartError::Incomplete => {
            ApiError::BodyIncomplete(actix_web::error::PayloadError::Incomplete(None))
        }
        other => ApiError::MalformedMultipart(other.to_string()),
    }
}
