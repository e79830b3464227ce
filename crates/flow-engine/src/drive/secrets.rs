//! An attempt of a step that uses secrets: they are put into its input when it is sent, and taken out of what comes back.
//!
//! What is recorded has them by name alone, before and after.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use flow_model::{SecretName, WorkspaceId};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::flow::{StepSecrets, name_of};
use crate::redact::Redactor;
use crate::{Secrets, SecretsUnavailable, Step, StepContext, StepError};

type Values = BTreeMap<SecretName, SecretString>;

/// The secrets of an attempt, and who gives them.
pub(super) struct Keeper {
    pub(super) source: Option<Arc<dyn Secrets>>,
    pub(super) workspace: WorkspaceId,
    pub(super) secrets: Arc<StepSecrets>,
}

impl Keeper {
    /// Runs the step with its secrets put in.
    pub(super) async fn run(
        &self,
        step: &dyn Step,
        context: StepContext,
        input: &Value,
    ) -> Result<Value, StepError> {
        let values = self.values().await?;
        let redactor = Redactor::new(&values).map_err(|_| {
            StepError::new(
                "secret_too_large",
                "the secrets of the step are too long to be used; shorten them",
            )
        })?;
        let input = self.filled(input, &values)?;
        redactor.result(step.run(context, Arc::new(input)).await)
    }

    /// What the secrets are now.
    async fn values(&self) -> Result<Values, StepError> {
        let names = &self.secrets.names;
        let Some(source) = &self.source else {
            return Err(unavailable(names, "give the engine secrets by `EngineBuilder::secrets`"));
        };
        let asked = AssertUnwindSafe(async { source.secrets_of(self.workspace, names).await }).catch_unwind();
        let mut values = match asked.await {
            Ok(Ok(values)) => values,
            Ok(Err(SecretsUnavailable { reason })) => {
                tracing::warn!(%reason, "the secrets of a step can't be read");
                return Err(unavailable(names, "try again in a moment"));
            }
            Err(_) => {
                tracing::error!("the source of secrets panicked");
                return Err(unavailable(names, "their source has a fault: it panicked"));
            }
        };
        values.retain(|name, _| names.contains(name));
        match names.iter().find(|name| !values.contains_key(*name)) {
            None => Ok(values),
            Some(missing) => {
                let message =
                    format!("the workspace has no secret `{missing}`; make it, or mend its name in the flow");
                Err(StepError::new("secret_unknown", message))
            }
        }
    }

    /// The recorded input with the secrets in their places.
    fn filled(&self, recorded: &Value, values: &Values) -> Result<Value, StepError> {
        let mut input = recorded.clone();
        for pointer in &self.secrets.strings {
            let value = |part: &str| Some(values.get(&name_of(part)?)?.expose_secret());
            let place = input.pointer_mut(pointer);
            let filled =
                place.as_deref().and_then(Value::as_str).and_then(|text| flow_expr::fill(text, value));
            let (Some(place), Some(filled)) = (place, filled) else {
                let message =
                    format!("`{pointer}` of the recorded input isn't as the flow has it; start a new run");
                return Err(StepError::new("input_unreadable", message));
            };
            *place = Value::String(filled);
        }
        Ok(input)
    }
}

fn unavailable(names: &[SecretName], what_to_do: &str) -> StepError {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("the secrets {} can't be read; {what_to_do}", names.join(", "));
    StepError::new("secrets_unavailable", message)
}
