//! Workspaces, users and tokens.

pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod workspace;
