//! What the engine needs from outside, as traits that it owns.
//!
//! A backend implements [`Store`] to run flows, and [`Catalog`] and [`Accounts`] too to serve them: the
//! HTTP layer sees the database only through these. Nothing here knows SQL.

mod accounts;
mod catalog;
mod clock;
mod error;
mod event;
mod files;
mod log;
mod run;
mod script;
mod secrets;
mod step;
mod store;

pub use accounts::{
    Accounts, Caller, InvalidScope, NewToken, NewUser, Scope, TokenHash, TokenRecord, UserRecord,
};
pub use catalog::{
    Catalog, FlowRecord, HookRecord, NewDraft, NewFlow, NewHook, PublishDraft, VersionRecord, VersionStatus,
    Visibility,
};
pub use clock::{Clock, Entropy, OsEntropy, SystemClock};
pub use error::StoreError;
pub use event::{PublishEvent, Published};
pub use files::{FileBytes, FileContents, FilePlace, FileRecord, FileRecords, FileWriter, FilesError};
pub use log::{FlowLog, LogPlace, LogQuery};
pub use run::{
    Append, AppendRefused, Appended, CancelOutcome, Claim, Claimable, ClaimedRun, Commit, Create, Created,
    IdempotencyKey, LeaseDuration, NewChild, Parent, Resolve, ResolveOutcome, ResolvedWait, RunRecord,
    Signals, Slot, StoredDefinition, StoredRun, StoredWait, Timer, TimerKind, WaitState,
};
pub use script::{
    ChanceSource, Script, ScriptCode, ScriptEngine, ScriptExpression, ScriptFailure, ScriptFailureKind,
    ScriptLog, ScriptLogLevel, ScriptOutcome, ScriptOwner,
};
pub use secrets::{ExposeSecret, SecretRecord, SecretString, Secrets, SecretsUnavailable, Vault};
pub use step::{Effect, Step, StepContext, StepError};
pub use store::Store;
