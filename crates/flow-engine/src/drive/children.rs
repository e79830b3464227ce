//! Runs that others started, and what their ends mean to those.

use flow_model::{Resolution, RunEnd, Timestamp};

use crate::ports::{Resolve, RunRecord};

/// The answer that a run's end is to the run that waits for it; none when none does.
pub(super) fn answer(record: &RunRecord, at: Timestamp, end: &RunEnd) -> Option<Resolve> {
    let parent = record.parent.as_ref().filter(|parent| parent.waits)?;
    let resolution = Resolution::ChildEnded { run: record.id, end: end.clone() };
    Some(Resolve { run: parent.run, visit: parent.visit.clone(), resolution, now: at })
}
