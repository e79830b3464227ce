//! Runs: their rows, their events, and who owns them.

pub(crate) mod append;
pub(crate) mod cancel;
pub(crate) mod children;
pub(crate) mod claim;
mod close;
pub(crate) mod commit;
pub(crate) mod create;
mod key;
pub(crate) mod load;
pub(crate) mod slot;
pub(crate) mod snapshot;
pub(crate) mod told;
