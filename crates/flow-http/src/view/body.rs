//! Bodies as callers send them, read with all their faults at once.

mod event;
mod execute;
mod flow;
mod publish;
mod resume;
mod text;

pub(crate) use event::Event;
pub(crate) use execute::{Start, inputs_of};
pub(crate) use flow::new_flow;
pub(crate) use publish::Publish;
pub(crate) use resume::{Resume, Said};
