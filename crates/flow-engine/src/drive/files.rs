//! Files that an evaluation met: looked up, while everything else of the run goes on.

use std::panic::AssertUnwindSafe;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_model::{FileId, RunError, WorkspaceId};
use futures_util::FutureExt;
use serde_json::Value;

use crate::engine::{Pauses, Shared};
use crate::scope::{FilePart, MetFiles, WantedFiles};
use crate::{FileRecord, FilesError, StoreError};

/// How often a place that is away is asked again.
const REPEATS: usize = 3;

/// Looks up what is wanted.
///
/// # Errors
/// What the step fails with.
pub(super) async fn look_up(
    shared: &Shared,
    workspace: WorkspaceId,
    met: &mut MetFiles,
    wanted: WantedFiles,
) -> Result<(), RunError> {
    for (file, part) in wanted {
        let found = AssertUnwindSafe(persist(shared, workspace, file, part)).catch_unwind().await;
        let value = found.unwrap_or_else(|_| {
            tracing::error!("the files panicked");
            Err(RunError::new("files_unavailable", "the place of the files has a fault: it panicked"))
        })?;
        met.learn(file, part, value);
    }
    Ok(())
}

/// Asks again while the place of the files is away: before it has begun a step can't be tried again.
async fn persist(
    shared: &Shared,
    workspace: WorkspaceId,
    file: FileId,
    part: FilePart,
) -> Result<Value, RunError> {
    let mut pauses = Pauses::default();
    for _ in 0..REPEATS {
        match find(shared, workspace, file, part).await {
            Err(FilesError::Unavailable { .. } | FilesError::Store(StoreError::Unavailable { .. })) => {
                pauses.next(&*shared.clock).await;
            }
            found => return found.unwrap_or_else(|error| Err(failure(&error))),
        }
    }
    find(shared, workspace, file, part).await.unwrap_or_else(|error| Err(failure(&error)))
}

async fn find(
    shared: &Shared,
    workspace: WorkspaceId,
    file: FileId,
    part: FilePart,
) -> Result<Result<Value, RunError>, FilesError> {
    let files = shared.files()?;
    let Some(record) = files.get(workspace, file).await? else {
        return Ok(Err(not_found(&format!("the workspace has no file {file} any more"))));
    };
    if part == FilePart::Record {
        return Ok(Ok(record.to_value()));
    }
    let most = shared.limits.file_bytes;
    if record.size > most as u64 {
        return Ok(Err(too_large(&record, most)));
    }
    let bytes = files.read_whole(&record).await?;
    Ok(match part {
        FilePart::Base64 => Ok(Value::String(STANDARD.encode(bytes))),
        FilePart::Text | FilePart::Record => text(&record, &bytes).map(Value::String),
    })
}

/// Half-read text would be worse than none: what isn't UTF-8 is an error.
fn text(record: &FileRecord, bytes: &[u8]) -> Result<String, RunError> {
    // A mark of the byte order is no part of the text.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let message = format!(
            "`{}` isn't text in UTF-8 (byte {} isn't); use its `base64`, or send it in UTF-8",
            record.name,
            error.valid_up_to() + 1
        );
        RunError::new("file_not_text", message)
    })
}

fn too_large(record: &FileRecord, most: usize) -> RunError {
    let message = format!(
        "`{}` has {} bytes, and expressions read files of {most} at the most; hand the file itself to a step that \
         takes files",
        record.name, record.size
    );
    RunError::new("file_too_large", message)
}

fn not_found(what: &str) -> RunError {
    RunError::new("file_not_found", format!("{what}; upload it again and start a new run"))
}

/// What the inside is like is for the log.
fn failure(error: &FilesError) -> RunError {
    match error {
        FilesError::Lost(file) => not_found(&format!("the bytes of file {file} are gone")),
        FilesError::NotKept => RunError::new("files_unavailable", error.to_string()),
        FilesError::Full | FilesError::Unavailable { .. } | FilesError::Store(_) => {
            tracing::warn!(?error, "a file can't be read");
            RunError::new("files_unavailable", "the file can't be read for now; try again in a moment")
        }
    }
}
