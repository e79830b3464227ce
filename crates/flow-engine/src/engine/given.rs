//! The files that callers name, in the inputs of a run and in the answer to a form: they are there before anything is
//! recorded.

use flow_model::{Faults, FieldType, FileId, InputSchema, WorkspaceId, pointer_token};
use serde_json::Value;

use super::Shared;
use crate::EngineError;

/// Refuses values that name a file that the workspace hasn't, each with its place behind `pointer`. Of the values it is
/// known that they fit the fields.
pub(crate) async fn check_files(
    shared: &Shared,
    workspace: WorkspaceId,
    schema: &InputSchema,
    values: &Value,
    pointer: &str,
) -> Result<(), EngineError> {
    let faults = Faults::new();
    let fields = schema.fields.iter().flatten().filter(|field| field.field_type == FieldType::File);
    for field in fields {
        let name = field.name.as_str();
        let Some(given) = values.get(name).and_then(Value::as_str) else { continue };
        if !is_there(shared, workspace, given).await? {
            let shown: String = given.chars().take(64).collect();
            let message = format!(
                "`{name}`: the workspace has no file `{shown}`; upload it with POST /v1/flow/file and give its `fileId`"
            );
            faults.error(format!("{pointer}/{}", pointer_token(name)), "file_unknown", message);
        }
    }
    if faults.has_errors() { Err(EngineError::InvalidInputs(faults.into_vec())) } else { Ok(()) }
}

async fn is_there(shared: &Shared, workspace: WorkspaceId, given: &str) -> Result<bool, EngineError> {
    let (Some(files), Ok(file)) = (&shared.files, given.parse::<FileId>()) else { return Ok(false) };
    Ok(files.get(workspace, file).await?.is_some())
}
