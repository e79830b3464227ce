//! The runs that a run waits for, and those that they wait for in turn.
//!
//! A caller who waits for a run is answered when a run below it asks someone: nothing goes on until that is
//! answered. The children themselves are claimed, driven and ended like every other run.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_model::{RunId, RunState, RunStatus, WaitRequest};

use super::{Shared, view};
use crate::ports::{StoredWait, WaitState};
use crate::{EngineError, RunView};

/// The most runs below one that are looked at, the oldest first.
const MOST: usize = 100;

/// Where a run is, to a caller who waits for it.
pub(super) enum Standing {
    /// It has ended, or it or a run below it asks someone.
    Settled,
    /// It goes on, and waits for the ends of these.
    Busy(BTreeSet<RunId>),
}

/// Looks at what a run waits for, by its open waits.
pub(super) async fn below(shared: &Shared, waits: &[StoredWait]) -> Result<Standing, EngineError> {
    let mut found = BTreeSet::new();
    let mut to_see: Vec<RunId> = children(waits).collect();
    while let Some(run) = to_see.pop() {
        if found.len() >= MOST || !found.insert(run) {
            continue;
        }
        let Some(record) = shared.store.run_record(run).await? else { continue };
        if record.status == RunStatus::Waiting && record.cancel_requested_at.is_none() {
            let waits = shared.store.wait_list(run).await?;
            if asks_someone(&waits) {
                return Ok(Standing::Settled);
            }
            to_see.extend(children(&waits));
        }
    }
    Ok(Standing::Busy(found))
}

/// Whether a caller has something to answer: a wait for the clock, or for another run, holds the call instead.
pub(super) fn asks_someone(waits: &[StoredWait]) -> bool {
    waits.iter().any(|wait| wait.state == WaitState::Open && wait.wait.request.kind().asks_someone())
}

fn children(waits: &[StoredWait]) -> impl Iterator<Item = RunId> {
    waits.iter().filter(|wait| wait.state == WaitState::Open).filter_map(|wait| child(&wait.wait.request))
}

const fn child(request: &WaitRequest) -> Option<RunId> {
    match request {
        WaitRequest::RunFlow { run } => Some(*run),
        WaitRequest::UserApproval { .. }
        | WaitRequest::ClientTool { .. }
        | WaitRequest::ShowForm { .. }
        | WaitRequest::Wait {}
        | WaitRequest::Event { .. } => None,
    }
}

/// The runs that a run waits for, as they stand, with those below them. What can't be read is left out.
pub(super) async fn views(shared: &Arc<Shared>, state: &RunState) -> Vec<RunView> {
    let mut views = Vec::new();
    for run in state.open_waits().filter_map(|(_, _, wait)| child(&wait.request)).take(MOST) {
        // Boxed, since a view holds the views below it.
        match Box::pin(view::inspect(shared, None, run)).await {
            Ok(view) => views.push(view),
            Err(error) => tracing::debug!(%run, %error, "a child couldn't be shown"),
        }
    }
    views
}
