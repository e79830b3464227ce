//! The port of what is known of files.

use async_trait::async_trait;
use flow_engine::{FileRecord, FileRecords, StoreError};
use flow_model::{FileId, WorkspaceId};

use super::SqlStore;
use crate::file;
use crate::order::Order;

#[async_trait]
impl FileRecords for SqlStore {
    async fn file_store(&self, new: FileRecord) -> Result<(), StoreError> {
        self.write(Order::Alone, move |connection| file::store(connection, &new)).await
    }

    async fn file_get(&self, workspace: WorkspaceId, file: FileId) -> Result<Option<FileRecord>, StoreError> {
        self.read(move |connection| file::get(connection, workspace, file)).await
    }
}
