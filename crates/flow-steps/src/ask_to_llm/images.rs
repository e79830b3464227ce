//! Files among the images: they are sent as `data:` URLs, which are made when the question is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_engine::StepError;
use serde_json::Value;

use crate::files::OwnFiles;

/// The largest file that is shown, in bytes: it is in memory as a whole, in base64, and most models take no more.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The settings with a URL for each image that is a file, as `{{files.<input>}}` gives it.
pub(super) async fn filled(input: Arc<Value>, files: &OwnFiles) -> Result<Arc<Value>, StepError> {
    let images = input.get("images").and_then(Value::as_array);
    if !images.into_iter().flatten().any(|image| image.get("fileId").is_some()) {
        return Ok(input);
    }
    let mut input = Arc::unwrap_or_clone(input);
    for image in input.get_mut("images").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(id) = image.get("fileId") {
            *image = Value::String(data_url(id, files).await?);
        }
    }
    Ok(Arc::new(input))
}

async fn data_url(id: &Value, files: &OwnFiles) -> Result<String, StepError> {
    let id = id.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| {
        StepError::new(
            "settings_invalid",
            "`images`: a `fileId` is no id of a file; give one that an upload answered with",
        )
    })?;
    let record = files.get(id).await?;
    if record.size > MOST_BYTES {
        let message = format!(
            "`{}` has {} bytes, and images have {MOST_BYTES} at the most; shrink it",
            record.name, record.size
        );
        return Err(StepError::new("file_too_large", message));
    }
    Ok(format!("data:{};base64,{}", record.content_type, STANDARD.encode(files.read_whole(&record).await?)))
}
