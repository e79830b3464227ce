//! The logs of flows, made of the runs' events whenever they are asked for.

use std::cmp::Reverse;

use flow_model::LogEntry;

use super::runs::Runs;
use crate::{FlowLog, LogQuery};

/// Newest first.
pub(super) fn list(runs: &Runs, query: &LogQuery) -> Vec<FlowLog> {
    let mut found: Vec<_> = matching(runs, query).collect();
    found.retain(|row| query.after.is_none_or(|after| row.place() < after));
    found.sort_by_key(|row| Reverse(row.place()));
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    found.into_iter().skip(number(query.skip)).take(number(query.limit)).collect()
}

pub(super) fn count(runs: &Runs, query: &LogQuery) -> u64 {
    matching(runs, query).count() as u64
}

fn matching(runs: &Runs, query: &LogQuery) -> impl Iterator<Item = FlowLog> {
    let of_flow = runs.all().filter(|run| {
        run.record.flow == Some(query.flow) && query.run.is_none_or(|wanted| run.record.id == wanted)
    });
    of_flow.flat_map(|run| {
        let entries = run.events().flat_map(LogEntry::of);
        entries
            .filter(|entry| fits(query, entry))
            .map(|entry| FlowLog { run: run.record.id, entry })
            .collect::<Vec<_>>()
    })
}

fn fits(query: &LogQuery, entry: &LogEntry) -> bool {
    let LogQuery { step, levels, since, until, search, .. } = query;
    let has = |text: &str| entry.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
    step.as_deref().is_none_or(|step| entry.step.as_deref() == Some(step))
        && (levels.is_empty() || levels.contains(&entry.level))
        && since.is_none_or(|since| entry.time >= since)
        && until.is_none_or(|until| entry.time < until)
        && search.as_deref().is_none_or(has)
}
