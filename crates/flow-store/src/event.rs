//! Events, and the waits that they meet.

pub(crate) mod arrival;
pub(crate) mod publish;
pub(crate) mod topic;
