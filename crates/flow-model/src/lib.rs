//! What a flow is and what a run is, as plain values.
//!
//! The leaf of the workspace: ids and names, the flow document with its validation, version labels,
//! the events of a run, and the one total function [`apply`] that folds them into a [`RunState`].
//! It has no async, no clock, no randomness and no I/O; callers pass times and random bytes in.
//! What a step's settings mean, and expressions, belong to `flow-engine` and `flow-expr`.
#![warn(missing_docs)]

mod credits;
mod document;
mod error;
mod event;
mod fault;
mod hash;
mod ids;
mod inputs;
mod interface;
mod json_beginning;
mod json_size;
mod log;
mod names;
mod present;
mod schema;
mod state;
mod time;
mod tool;
mod validate;
mod version;
mod visit;
mod wait;
mod webhook;

pub use credits::{ChargeRow, Charged, Charges, Credits, ModelPrice, ModelUsage};
pub use document::{
    After, Concurrency, Document, Edge, Graph, OnError, Retry, Settings, Step, TRIGGER_TYPES, edges,
    is_trigger_type, loop_names,
};
pub use error::RunError;
pub use event::{Binding, EVENT_SCHEMA, EventKind, Fold, Handling, RunEvent, RunStart, Trigger};
pub use fault::{Fault, Faults, Fields, Severity, excerpt, pointer_token};
pub use hash::{DefinitionHash, text_hash};
pub use ids::{BatchId, EventId, FileId, FlowId, NodeId, ParseIdError, RunId, TokenId, UserId, WorkspaceId};
pub use inputs::{FieldType, InputField, InputSchema};
pub use interface::{Bump, Interface};
pub use json_beginning::json_beginning;
pub use json_size::json_size;
pub use log::{LogEntry, LogLevel, LogLine};
pub use names::{InvalidName, SecretName, StepId, VariableName, WebhookId};
pub use schema::{Problem, Schema};
pub use state::{
    Container, IllegalTransition, RunEnd, RunState, RunStatus, STATE_SCHEMA, Variable, Visit, VisitStatus,
    apply,
};
pub use time::{InvalidTimestamp, Timestamp};
pub use tool::{TOOL_TRIGGER, Tool, tools};
pub use validate::validate;
pub use version::{InvalidSelector, VersionNumber, VersionSelector};
pub use visit::{ExecutionId, Place, VisitPath};
pub use wait::{Decision, OnExpire, Resolution, Wait, WaitKind, WaitRequest};
pub use webhook::{Method, Respond, Signature, Signed, Webhook};
