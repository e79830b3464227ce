//! The executor of durable flows, as a library.
//!
//! [`Engine`] executes flows: it decides what follows, commits that to a [`Store`], and acts. A run
//! survives the death of its process at any line; an effect happens at least once for the world and
//! exactly once for the run.
//!
//! What is inside, from the outside in: `engine` (the public calls), `drive` (the loop that commits and
//! acts), `decide` (pure decisions), `control` and `flow` (compiled definitions), `scope` (what expressions
//! see), `ports` (what the engine needs from others). It knows no HTTP and no SQL.
#![warn(missing_docs)]

mod catalogue;
mod control;
mod decide;
mod drive;
mod engine;
mod error;
mod files;
mod flow;
mod flows;
mod hooks;
mod links;
mod memory;
mod ports;
mod prices;
mod redact;
mod registry;
mod request;
mod scope;
mod token;
mod topic;

pub use catalogue::{
    Catalogue, Entry, EntryEffect, InputFieldSettings, OrTemplate, Setting, StepAbout, StepRef, json_object,
};
pub use engine::{Engine, EngineBuilder, Features, Limits};
pub use error::EngineError;
pub use files::{Files, NewFile, Upload};
pub use flow::{CompiledStep, Flow, validate_document};
pub use flows::{FlowInput, FlowView, Flows, Publish, VersionView};
pub use hooks::{Hook, MadeHook};
pub use links::{LinkAllows, ResumeLinks};
pub use memory::MemoryStore;
pub use ports::*;
pub use prices::Prices;
pub use registry::Registry;
pub use request::{
    Answer, Chosen, Execute, NewEvent, OpenWait, Patience, Poll, PublishedEvent, Reply, Retry, RunView,
    StartedBy, Target, WaitChoice,
};
pub use token::{new_token, token_hash};
