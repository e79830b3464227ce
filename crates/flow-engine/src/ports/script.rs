//! Who evaluates the JavaScript that the engine doesn't evaluate itself.

use async_trait::async_trait;
pub use flow_expr::{
    ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind, ScriptLog,
    ScriptLogLevel, ScriptOutcome, ScriptOwner,
};

/// Evaluates JavaScript.
#[async_trait]
pub trait ScriptEngine: Send + Sync + 'static {
    /// Evaluates a script within bounds of time and memory. Nothing of it is seen by the next one. The future is
    /// dropped when the run is cancelled: the script then ends, however it is written.
    async fn evaluate(&self, script: Script) -> ScriptOutcome;
}
