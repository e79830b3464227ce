//! Files that callers upload and steps use.
//!
//! The bytes are stored before the row, and the row is what makes a file known. So a crash between the two leaves bytes
//! that nobody knows, and never a file without bytes.

mod name;

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use flow_model::{FileId, Timestamp, UserId, WorkspaceId};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ports::{FileBytes, FileContents, FilePlace, FileRecord, FileRecords, FileWriter, FilesError};

/// The files of all workspaces. A cheap handle: clone it freely.
#[derive(Clone)]
pub struct Files {
    records: Arc<dyn FileRecords>,
    contents: Arc<dyn FileContents>,
}

/// A file to be uploaded.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The file.
    pub id: FileId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name, as sent: a path in front of it and what could do harm is taken out.
    pub name: String,
    /// Its media type; `application/octet-stream` stands for one that can't be a header.
    pub content_type: String,
    /// Who uploads it.
    pub created_by: Option<UserId>,
    /// The present moment.
    pub now: Timestamp,
}

/// A file on its way in. Dropping it before its end leaves nothing behind.
pub struct Upload {
    records: Arc<dyn FileRecords>,
    writer: Box<dyn FileWriter>,
    /// What is known so far.
    record: FileRecord,
    hash: Sha256,
}

impl Files {
    /// Files whose rows and bytes are kept there.
    pub fn new(records: Arc<dyn FileRecords>, contents: Arc<dyn FileContents>) -> Self {
        Self { records, contents }
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// The place of the bytes is away or full.
    pub async fn upload(&self, new: NewFile) -> Result<Upload, FilesError> {
        let NewFile { id, workspace, name, content_type, created_by, now } = new;
        let writer = self.contents.write(FilePlace { workspace, file: id }).await?;
        let record = FileRecord {
            id,
            workspace,
            name: name::harmless(&name),
            content_type: name::content_type(&content_type).to_owned(),
            size: 0,
            sha256: [0; 32],
            created_at: now,
            created_by,
        };
        Ok(Upload { records: self.records.clone(), writer, record, hash: Sha256::new() })
    }

    /// What is known of a file; none when the workspace has no such file.
    ///
    /// # Errors
    /// The store is away.
    pub async fn get(&self, workspace: WorkspaceId, file: FileId) -> Result<Option<FileRecord>, FilesError> {
        Ok(self.records.file_get(workspace, file).await?)
    }

    /// A file's bytes, read as they are asked for.
    ///
    /// # Errors
    /// They are gone, or their place is away.
    pub async fn read(&self, file: &FileRecord) -> Result<FileBytes, FilesError> {
        self.contents.read(FilePlace { workspace: file.workspace, file: file.id }).await
    }

    /// A file's bytes, all at once: for one whose size was looked at.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub async fn read_whole(&self, file: &FileRecord) -> Result<Bytes, FilesError> {
        let room = usize::try_from(file.size).unwrap_or_default();
        let into = |mut all: BytesMut, chunk: Bytes| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        };
        let read = self.read(file).await?.try_fold(BytesMut::with_capacity(room), into).await?;
        Ok(read.freeze())
    }
}

impl Upload {
    /// How many bytes came so far.
    pub const fn size(&self) -> u64 {
        self.record.size
    }

    /// Adds bytes to the end.
    ///
    /// # Errors
    /// The place of the bytes is away or full; then nothing is left of the upload once it is dropped.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        self.record.size += bytes.len() as u64;
        self.hash.update(&bytes);
        self.writer.write(bytes).await
    }

    /// Makes the file known.
    ///
    /// # Errors
    /// The place of the bytes is away or full, or the store is; then the file is not to be relied on.
    pub async fn finish(mut self) -> Result<FileRecord, FilesError> {
        self.writer.finish().await?;
        self.record.sha256 = self.hash.finalize().into();
        self.records.file_store(self.record.clone()).await?;
        Ok(self.record)
    }
}

impl FileRecord {
    /// The SHA-256 in hex.
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The file as callers and expressions see it: `{fileId, name, size, contentType, sha256}`.
    pub fn to_value(&self) -> Value {
        json!({
            "fileId": self.id,
            "name": self.name,
            "size": self.size,
            "contentType": self.content_type,
            "sha256": self.sha256_hex(),
        })
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("record", &self.record).finish_non_exhaustive()
    }
}
