//! The logs of flows.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use flow_engine::{FlowLog, LogQuery};
use flow_model::{LogEntry, RunEvent, RunId};

use crate::connection::{AnyBackend, AnyConnection};
use crate::failure::{Corrupt, Outcome};
use crate::rows::log::LogRow;
use crate::rows::stored_number;
use crate::schema::{flow_logs, runs};

diesel::define_sql_function! {
    /// Of ASCII letters on SQLite, and at least of those on PostgreSQL.
    fn lower(text: Text) -> Text;
}

/// The entries that a commit adds to its flow's log, made before its job is queued.
#[derive(Debug)]
pub(crate) struct NewEntries(Vec<(LogEntry, Option<String>)>);

impl NewEntries {
    pub(crate) fn of(events: &[RunEvent]) -> Self {
        let entries = events.iter().flat_map(LogEntry::of);
        let with_text = entries.map(|entry| {
            let data = entry.data.as_deref().map(ToString::to_string);
            (entry, data)
        });
        Self(with_text.collect())
    }

    /// Stores them in the log of the run's flow, if it has one. The run's row is there.
    pub(crate) fn store(&self, connection: &mut AnyConnection, run: RunId) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let row = runs::table.filter(runs::id.eq(run.as_bytes().as_slice()));
        let Some(flow) = row.select(runs::flow_id).first::<Option<Vec<u8>>>(connection)? else {
            return Ok(());
        };
        let rows = self.0.iter().map(|(entry, data)| {
            (
                flow_logs::flow_id.eq(flow.as_slice()),
                flow_logs::logged_at.eq(entry.time.millis()),
                flow_logs::run_id.eq(run.as_bytes().as_slice()),
                flow_logs::seq.eq(stored_number(entry.seq)),
                flow_logs::line.eq(i32::try_from(entry.line).unwrap_or(i32::MAX)),
                flow_logs::level.eq(entry.level.as_str()),
                flow_logs::step.eq(entry.step.as_deref().unwrap_or_default()),
                flow_logs::message.eq(entry.message.as_str()),
                flow_logs::data.eq(data.as_deref()),
            )
        });
        match connection {
            AnyConnection::Sqlite(sqlite) => {
                for row in rows {
                    diesel::insert_into(flow_logs::table).values(row).execute(sqlite)?;
                }
            }
            AnyConnection::Postgres(postgres) => {
                // A statement has 65,535 parameters at the most.
                const ROWS: usize = 5_000;
                let rows: Vec<_> = rows.collect();
                for rows in rows.chunks(ROWS) {
                    diesel::insert_into(flow_logs::table).values(rows).execute(postgres)?;
                }
            }
        }
        Ok(())
    }
}

/// Newest first.
pub(crate) fn list(connection: &mut AnyConnection, query: &LogQuery) -> Outcome<Vec<FlowLog>> {
    let mut rows = flow_logs::table.filter(matching(query)).select(LogRow::as_select()).into_boxed();
    if let Some(after) = query.after {
        let (time, run) = (after.time.millis(), after.run);
        let (seq, line) = (stored_number(after.seq), i32::try_from(after.line).unwrap_or(i32::MAX));
        let same_seq = flow_logs::seq.eq(seq).and(flow_logs::line.lt(line));
        let same_run = flow_logs::run_id.eq(run.as_bytes().to_vec()).and(flow_logs::seq.lt(seq).or(same_seq));
        let same_time =
            flow_logs::logged_at.eq(time).and(flow_logs::run_id.lt(run.as_bytes().to_vec()).or(same_run));
        // The first condition says what the second one does, in the words that the index understands.
        rows = rows.filter(flow_logs::logged_at.le(time)).filter(flow_logs::logged_at.lt(time).or(same_time));
    }
    let rows: Vec<LogRow> = rows
        .order((
            flow_logs::logged_at.desc(),
            flow_logs::run_id.desc(),
            flow_logs::seq.desc(),
            flow_logs::line.desc(),
        ))
        .offset(stored_number(query.skip))
        .limit(stored_number(query.limit))
        .load(connection)?;
    let found: Result<_, Corrupt> = rows.into_iter().map(FlowLog::try_from).collect();
    Ok(found?)
}

pub(crate) fn count(connection: &mut AnyConnection, query: &LogQuery) -> Outcome<u64> {
    let found: i64 = flow_logs::table.filter(matching(query)).count().get_result(connection)?;
    Ok(found.unsigned_abs())
}

/// The condition that a row fits the query, its `after`, `skip` and `limit` aside.
fn matching(query: &LogQuery) -> Condition {
    let LogQuery { flow, run, step, levels, since, until, search, .. } = query;
    let mut all: Vec<Condition> = Vec::new();
    if let Some(run) = run {
        all.push(Box::new(flow_logs::run_id.eq(run.as_bytes().to_vec())));
    }
    if let Some(step) = step {
        all.push(Box::new(flow_logs::step.eq(step.clone())));
    }
    if !levels.is_empty() {
        let levels: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
        all.push(Box::new(flow_logs::level.eq_any(levels)));
    }
    if let Some(since) = since {
        all.push(Box::new(flow_logs::logged_at.ge(since.millis())));
    }
    if let Some(until) = until {
        all.push(Box::new(flow_logs::logged_at.lt(until.millis())));
    }
    if let Some(search) = search {
        let pattern = format!("%{}%", escaped(&search.to_ascii_lowercase()));
        all.push(Box::new(lower(flow_logs::message).like(pattern).escape('\\')));
    }
    let of_flow: Condition = Box::new(flow_logs::flow_id.eq(flow.as_bytes().to_vec()));
    all.into_iter().fold(of_flow, |so_far, more| Box::new(so_far.and(more)))
}

type Condition = Box<dyn BoxableExpression<flow_logs::table, AnyBackend, SqlType = Bool>>;

/// A text that a pattern of `LIKE` takes for itself.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
