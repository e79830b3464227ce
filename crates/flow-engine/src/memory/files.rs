//! Files in memory, bytes and all.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use flow_model::{FileId, WorkspaceId};
use futures_util::{StreamExt, stream};

use super::MemoryStore;
use crate::{
    FileBytes, FileContents, FilePlace, FileRecord, FileRecords, FileWriter, FilesError, StoreError,
};

#[async_trait]
impl FileRecords for MemoryStore {
    async fn file_store(&self, file: FileRecord) -> Result<(), StoreError> {
        self.tables().files.entry(file.id).or_insert(file);
        Ok(())
    }

    async fn file_get(&self, workspace: WorkspaceId, file: FileId) -> Result<Option<FileRecord>, StoreError> {
        Ok(self.tables().files.get(&file).filter(|found| found.workspace == workspace).cloned())
    }
}

#[async_trait]
impl FileContents for MemoryStore {
    async fn write(&self, place: FilePlace) -> Result<Box<dyn FileWriter>, FilesError> {
        Ok(Box::new(Writer { store: self.clone(), place, written: BytesMut::new() }))
    }

    async fn read(&self, place: FilePlace) -> Result<FileBytes, FilesError> {
        let found = self.tables().contents.get(&place).cloned().ok_or(FilesError::Lost(place.file))?;
        Ok(stream::iter([Ok(found)]).boxed())
    }
}

struct Writer {
    store: MemoryStore,
    place: FilePlace,
    written: BytesMut,
}

#[async_trait]
impl FileWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        self.written.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), FilesError> {
        let Self { store, place, written } = *self;
        store.tables().contents.insert(place, written.freeze());
        Ok(())
    }
}
