//! Uploaded files: what is known of each, and its bytes.
//!
//! Two ports, since they live in different places: rows in the database, bytes in a folder or a bucket.
//! [`Files`](crate::Files) puts them together.

use async_trait::async_trait;
use bytes::Bytes;
use flow_model::{FileId, Timestamp, UserId, WorkspaceId};
use futures_util::stream::BoxStream;

use super::StoreError;

/// Where it is kept what is known of files. Files of one workspace are invisible to every other: a foreign id is a
/// missing one.
#[async_trait]
pub trait FileRecords: Send + Sync + 'static {
    /// Stores what is known of a file; a repeat changes nothing.
    async fn file_store(&self, file: FileRecord) -> Result<(), StoreError>;

    /// A file; none when the workspace has no such file.
    async fn file_get(&self, workspace: WorkspaceId, file: FileId) -> Result<Option<FileRecord>, StoreError>;
}

/// Where the bytes of files live.
#[async_trait]
pub trait FileContents: Send + Sync + 'static {
    /// Begins to write a file's bytes. Nothing is there to be read before [`FileWriter::finish`], and after it
    /// everything is, for good.
    async fn write(&self, place: FilePlace) -> Result<Box<dyn FileWriter>, FilesError>;

    /// The bytes of a file, read as they are asked for. Bytes that aren't there are [`FilesError::Lost`].
    async fn read(&self, place: FilePlace) -> Result<FileBytes, FilesError>;
}

/// A file's bytes on their way in. Dropping it before its end leaves nothing behind.
#[async_trait]
pub trait FileWriter: Send {
    /// Adds bytes to the end.
    async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError>;

    /// Keeps what was written for good.
    async fn finish(self: Box<Self>) -> Result<(), FilesError>;
}

/// A file's bytes on their way out.
pub type FileBytes = BoxStream<'static, Result<Bytes, FilesError>>;

/// Whose bytes: what a folder or a key is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePlace {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The file.
    pub file: FileId,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The file.
    pub id: FileId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name, without a path, made harmless.
    pub name: String,
    /// Its media type, as whoever sent it said.
    pub content_type: String,
    /// How many bytes it has.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Who uploaded it.
    pub created_by: Option<UserId>,
}

/// Why a file can't be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Nobody keeps files.
    #[error("files aren't kept here; give the engine files by `EngineBuilder::files`")]
    NotKept,
    /// There is no room for more.
    #[error("there is no room for the file; make some, or send a smaller one")]
    Full,
    /// The place of the bytes can't be reached for now.
    #[error("the files can't be reached: {reason}")]
    Unavailable {
        /// What went wrong, for the log.
        reason: String,
    },
    /// The file is known and its bytes aren't there: somebody removed them.
    #[error("the bytes of file {0} are gone; upload it again")]
    Lost(FileId),
    /// The database failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}
