//! A row of a flow's log.

use std::sync::Arc;

use diesel::prelude::*;
use flow_engine::FlowLog;
use flow_model::{LogEntry, LogLevel, RunId, Timestamp};

use super::{bytes, json, named, number, read};
use crate::failure::Corrupt;
use crate::schema::flow_logs;

/// An entry.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = flow_logs)]
pub(crate) struct LogRow {
    flow_id: Vec<u8>,
    logged_at: i64,
    run_id: Vec<u8>,
    seq: i64,
    line: i32,
    level: String,
    step: String,
    message: String,
    data: Option<String>,
}

impl TryFrom<LogRow> for FlowLog {
    type Error = Corrupt;

    fn try_from(row: LogRow) -> Result<Self, Corrupt> {
        read("log of flow", &row.flow_id, || {
            let entry = LogEntry {
                time: Timestamp::from_millis(row.logged_at),
                seq: number("seq", row.seq)?,
                line: u32::try_from(row.line).map_err(|_| format!("`line` is {}", row.line))?,
                level: named("level", &LogLevel::ALL, LogLevel::as_str, &row.level)?,
                step: Some(row.step.clone()).filter(|step| !step.is_empty()),
                message: row.message.clone(),
                data: row.data.as_deref().map(|data| json("data", data).map(Arc::new)).transpose()?,
            };
            Ok(Self { run: RunId::from_bytes(bytes("run_id", &row.run_id)?), entry })
        })
    }
}
