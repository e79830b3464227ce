//! What handlers take from a request. Only the caller is judged before a handler runs; the rest is read by
//! it, so that a missing token always comes first and an unknown id before a bad body.

mod answerer;
mod body;
mod caller;
mod etag;
mod idempotency;
mod page;
mod path;
mod prefer;
mod query;
pub(crate) mod signature;

pub(crate) use answerer::Answerer;
pub(crate) use body::{Body, Call};
pub(crate) use caller::{
    AdminWorkspace, PublishFlows, ReadFlows, ReadRuns, ResumeRuns, RunFlows, Scoped, WriteFlows,
};
pub(crate) use etag::{IfMatch, etag};
pub(crate) use idempotency::{Mode, event_id, hook_key, idempotency_key};
pub(crate) use page::Page;
pub(crate) use path::{Id, Named, judged};
pub(crate) use prefer::Prefer;
pub(crate) use query::{Query, unless_faulty};
