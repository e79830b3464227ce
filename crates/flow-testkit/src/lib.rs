//! What tests of the engine, of stores and of servers share.
//!
//! [`ManualClock`] and [`SeededEntropy`] stand in for time and chance, [`ScriptedStep`] for the world,
//! [`ScriptedEngine`] for JavaScript, [`KnownSecrets`] for whoever keeps secrets,
//! [`FaultyStore`] for a database and a process that fail, [`documents`] builds flow documents,
//! [`conformance`] is the suite that every store must pass, run by [`conformance_tests!`], and [`simulator`] plays
//! random flows on the engine while everything goes wrong. It knows the engine's ports and the model, no backend
//! and no HTTP; it is never published and no product code depends on it.
#![warn(missing_docs)]

mod clock;
pub mod conformance;
pub mod documents;
mod entropy;
mod faulty_store;
mod script_engine;
mod secrets;
pub mod simulator;
mod step;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
pub use faulty_store::{Committed, Fate, FaultyStore, StoreCall};
pub use script_engine::{ScriptedEngine, script_failure, script_values};
pub use secrets::KnownSecrets;
pub use step::{Call, ScriptedStep};
