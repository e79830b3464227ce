//! A run's row.

use diesel::prelude::*;
use flow_engine::{Parent, RunRecord};
use flow_model::{DefinitionHash, FlowId, RunId, RunStatus, Timestamp, VisitPath, WorkspaceId};

use super::{bytes, moment, named, number, read};
use crate::event::arrival::Taker;
use crate::failure::Corrupt;
use crate::run::slot;
use crate::schema::runs;

/// What lists show of a run.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct RunRow {
    id: Vec<u8>,
    workspace_id: Vec<u8>,
    flow_id: Option<Vec<u8>>,
    version_number: Option<i32>,
    definition_hash: Vec<u8>,
    trigger_type: String,
    status: String,
    seq: i64,
    created_at: i64,
    finished_at: Option<i64>,
    cancel_requested_at: Option<i64>,
    parent_run_id: Option<Vec<u8>>,
    parent_visit: Option<String>,
    parent_waits: Option<bool>,
    depth: i32,
    retry_of: Option<Vec<u8>>,
    slot: Option<String>,
    slot_limit: Option<i32>,
}

impl TryFrom<RunRow> for RunRecord {
    type Error = Corrupt;

    fn try_from(row: RunRow) -> Result<Self, Corrupt> {
        read("run", &row.id, || {
            let status = status(&row.status)?;
            if status.is_finished() != row.finished_at.is_some() {
                return Err(match row.finished_at {
                    Some(_) => format!("it is {} and has an end", row.status),
                    None => format!("it is {} and has no end", row.status),
                });
            }
            let retry_of = row.retry_of.as_deref().map(|id| bytes("retry_of", id)).transpose()?;
            let flow = row.flow_id.as_deref().map(|id| bytes("flow_id", id)).transpose()?;
            Ok(Self {
                id: RunId::from_bytes(bytes("id", &row.id)?),
                workspace: WorkspaceId::from_bytes(bytes("workspace_id", &row.workspace_id)?),
                flow: flow.map(FlowId::from_bytes),
                version: row.version_number,
                definition: DefinitionHash::from_bytes(bytes("definition_hash", &row.definition_hash)?),
                trigger: row.trigger_type.clone(),
                status,
                seq: number("seq", row.seq)?,
                created_at: Timestamp::from_millis(row.created_at),
                finished_at: moment(row.finished_at),
                cancel_requested_at: moment(row.cancel_requested_at),
                parent: row.parent()?,
                retry_of: retry_of.map(RunId::from_bytes),
                slot: slot::read(row.slot.as_deref(), row.slot_limit)?,
            })
        })
    }
}

impl RunRow {
    fn parent(&self) -> Result<Option<Parent>, String> {
        match (&self.parent_run_id, &self.parent_visit, self.parent_waits, self.depth) {
            (None, None, None, 0) => Ok(None),
            (Some(run), Some(visit), Some(waits), depth @ 1..) => Ok(Some(Parent {
                run: RunId::from_bytes(bytes("parent_run_id", run)?),
                visit: VisitPath::from_stored(visit),
                waits,
                depth: u16::try_from(depth).map_err(|_| format!("`depth` is {depth}"))?,
            })),
            (.., depth) => Err(format!("it says in part only where it was started from, at depth {depth}")),
        }
    }
}

/// What a change from outside must know of a run before it makes it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct LockedRun {
    pub(crate) workspace_id: Vec<u8>,
    pub(crate) status: String,
    pub(crate) created_at: i64,
    pub(crate) cancel_requested_at: Option<i64>,
    pub(crate) waits_open: i32,
    pub(crate) answers_stored: i32,
    pub(crate) answers_taken: i32,
    pub(crate) children: i32,
}

impl LockedRun {
    /// The run as it meets events.
    pub(crate) fn taker(&self, run: RunId) -> Taker<'_> {
        Taker { run, workspace: &self.workspace_id, created_at: self.created_at }
    }

    pub(crate) fn status(&self, run: RunId) -> Result<RunStatus, Corrupt> {
        read("run", run.as_bytes(), || status(&self.status))
    }
}

/// What a commit must tell the owner of a run.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct OwnedRun {
    pub(crate) lease_node: Option<Vec<u8>>,
    pub(crate) epoch: i64,
    pub(crate) waits_open: i32,
    pub(crate) answers_stored: i32,
    pub(crate) answers_taken: i32,
    pub(crate) cancel_requested_at: Option<i64>,
    pub(crate) children: i32,
}

fn status(text: &str) -> Result<RunStatus, String> {
    named("status", &RunStatus::ALL, RunStatus::as_str, text)
}
