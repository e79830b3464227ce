//! The files of the workspace that a step works for.

use flow_engine::{FileBytes, FileRecord, Files, FilesError};
use flow_engine::{StepContext, StepError};
use flow_model::{FileId, WorkspaceId};

/// The files that a step may read.
#[derive(Debug, Clone)]
pub(crate) struct OwnFiles {
    files: Option<Files>,
    workspace: WorkspaceId,
}

impl OwnFiles {
    pub(crate) fn new(files: &Option<Files>, context: &StepContext) -> Self {
        Self { files: files.clone(), workspace: context.workspace }
    }

    /// What is known of a file, which must be there.
    pub(crate) async fn get(&self, file: FileId) -> Result<FileRecord, StepError> {
        let found = self.files()?.get(self.workspace, file).await.map_err(|error| failure(&error))?;
        found.ok_or_else(|| {
            let message = format!("the workspace has no file {file}; upload it, and mend the `fileId`");
            StepError::new("file_not_found", message)
        })
    }

    /// Its bytes, read as they are asked for.
    pub(crate) async fn read(&self, file: &FileRecord) -> Result<FileBytes, StepError> {
        self.files()?.read(file).await.map_err(|error| failure(&error))
    }

    /// Its bytes, all at once.
    pub(crate) async fn read_whole(&self, file: &FileRecord) -> Result<bytes::Bytes, StepError> {
        self.files()?.read_whole(file).await.map_err(|error| failure(&error))
    }

    fn files(&self) -> Result<&Files, StepError> {
        self.files.as_ref().ok_or_else(|| failure(&FilesError::NotKept))
    }
}

/// What a step fails with. What the inside is like is for the log of whoever keeps the files.
pub(crate) fn failure(error: &FilesError) -> StepError {
    match error {
        FilesError::Lost(_) => StepError::new("file_not_found", error.to_string()),
        FilesError::NotKept => StepError::new("files_unavailable", "this server keeps no files"),
        FilesError::Full | FilesError::Unavailable { .. } | FilesError::Store(_) => {
            StepError::new("files_unavailable", "the file can't be read for now; try again in a moment")
        }
    }
}
