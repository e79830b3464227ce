//! The bytes of files, in a folder.
//!
//! A file is written under another name and gets its own once all of it is on the disk, so half a file is never read.
//! The folder is laid out as `<workspace>/<file>`. Servers that share a database must share it too.

use std::error::Error as _;
use std::io;
use std::path::Path as FolderPath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use flow_engine::{FileBytes, FileContents, FilePlace, FileWriter, FilesError};
use flow_model::FileId;
use futures_util::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, WriteMultipart};

use crate::OpenError;

/// How many bytes are written at once.
const PART_BYTES: usize = 256 * 1024;
/// How many parts may be on their way to the disk before a sender waits.
const PARTS_UNDER_WAY: usize = 2;

/// The bytes of files, in a folder. A cheap handle.
#[derive(Debug, Clone)]
pub struct FileFolder {
    store: Arc<dyn ObjectStore>,
}

impl FileFolder {
    /// A folder, made if it isn't there.
    ///
    /// # Errors
    /// [`OpenError::File`] when it can't be made.
    pub fn open(path: &FolderPath) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        let store =
            LocalFileSystem::new_with_prefix(path).map_err(|error| failed(io::Error::other(error)))?;
        // What was acknowledged outlives a loss of power, as rows do.
        Ok(Self { store: Arc::new(store.with_fsync(true)) })
    }
}

#[async_trait]
impl FileContents for FileFolder {
    async fn write(&self, place: FilePlace) -> Result<Box<dyn FileWriter>, FilesError> {
        let upload = self.store.put_multipart(&path(place)).await;
        let upload = upload.map_err(|error| failure(place.file, &error))?;
        let parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        Ok(Box::new(Writer { file: place.file, parts }))
    }

    async fn read(&self, place: FilePlace) -> Result<FileBytes, FilesError> {
        let found = self.store.get(&path(place)).await.map_err(|error| failure(place.file, &error))?;
        let bytes = found.into_stream();
        Ok(bytes.map(move |chunk| chunk.map_err(|error| failure(place.file, &error))).boxed())
    }
}

/// Removes what was written when it is dropped before its end.
struct Writer {
    file: FileId,
    parts: WriteMultipart,
}

#[async_trait]
impl FileWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        let room = self.parts.wait_for_capacity(PARTS_UNDER_WAY).await;
        room.map_err(|error| failure(self.file, &error))?;
        self.parts.put(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), FilesError> {
        let Self { file, parts } = *self;
        parts.finish().await.map_err(|error| failure(file, &error))?;
        Ok(())
    }
}

fn path(place: FilePlace) -> Path {
    Path::from_iter([place.workspace.to_string(), place.file.to_string()])
}

fn failure(file: FileId, error: &Error) -> FilesError {
    if matches!(error, Error::NotFound { .. }) {
        return FilesError::Lost(file);
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let kind = inner.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
            return FilesError::Full;
        }
        cause = inner.source();
    }
    FilesError::Unavailable { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_is_away() {
        let file = FileId::from_bytes([7; 16]);
        let of = |kind: io::ErrorKind| Error::Generic {
            store: "test",
            source: Box::new(Error::Generic { store: "inner", source: Box::new(io::Error::from(kind)) }),
        };
        assert!(matches!(failure(file, &of(io::ErrorKind::StorageFull)), FilesError::Full));
        assert!(matches!(failure(file, &of(io::ErrorKind::QuotaExceeded)), FilesError::Full));
        let away = failure(file, &of(io::ErrorKind::PermissionDenied));
        assert!(matches!(away, FilesError::Unavailable { .. }), "{away:?}");
    }
}
