//! Flows and their versions.

pub(crate) mod draft;
pub(crate) mod flow;
pub(crate) mod hook;
pub(crate) mod publish;
pub(crate) mod version;
