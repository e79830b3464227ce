//! The logs of flows.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::LogQuery;
use flow_model::{EventKind, Handling, LogEntry, LogLevel, LogLine, RunError, RunStatus, VisitPath};
use serde_json::json;

use super::Backend;
use super::world::{ODD, Owned, World, at, visit};

fn line(level: LogLevel, message: &str) -> LogLine {
    LogLine { level, message: message.to_owned(), data: None }
}

fn logged(step: &str, lines: Vec<LogLine>) -> EventKind {
    EventKind::StepLogged { visit: visit(step), lines }
}

/// A run that wrote those lines in one commit, `millis` after the beginning.
async fn writing(world: &World, millis: i64, step: &str, lines: Vec<LogLine>) -> Owned {
    let mut owned = world.queued(millis).await;
    let append = world.append(&owned, at(millis), RunStatus::Running, vec![logged(step, lines)]);
    world.accepted(append, &mut owned).await;
    owned
}

async fn messages(world: &World, query: &LogQuery) -> Vec<String> {
    let found = world.store.log_list(query.clone()).await.unwrap();
    assert_eq!(world.store.log_count(query.clone()).await.unwrap(), found.len() as u64, "{query:?}");
    found.into_iter().map(|row| row.entry.message).collect()
}

/// A flow without runs has no entries, and a run without lines makes none.
pub async fn begin_empty(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    world.queued(1).await;
    assert_eq!(messages(&world, &LogQuery::of(world.flow, 10)).await, [""; 0]);
}

/// What a commit's events say is in the log whole, with what goes with it.
pub async fn hold_what_events_say(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(1).await;
    let error = RunError {
        attempt: Some(2),
        details: Some(Arc::new(json!({ "status": 503, "body": ODD }))),
        ..RunError::new("http_status", "it answered 503")
    };
    let odd = LogLine { data: Some(Arc::new(json!([1, null, { "a": ODD }]))), ..line(LogLevel::Debug, ODD) };
    let events = vec![
        logged("note", vec![odd, line(LogLevel::Info, "a\0b")]),
        EventKind::StepRetrying { visit: visit("call"), error: error.clone(), due_at: at(9) },
        EventKind::StepFailed { visit: visit("call"), error, handling: Handling::Nobody, next: None },
        EventKind::RunFailed { error: RunError::new("run_timeout", "it took too long") },
    ];
    let append = world.append(&owned, at(5), RunStatus::Failed, events);
    let mut expected: Vec<_> = append.commit.events.iter().flat_map(LogEntry::of).collect();
    world.accepted(append, &mut owned).await;
    expected.reverse();
    assert_eq!(expected.len(), 5);
    let found = world.store.log_list(LogQuery::of(world.flow, 10)).await.unwrap();
    assert!(found.iter().all(|row| row.run == owned.run));
    assert_eq!(found.into_iter().map(|row| row.entry).collect::<Vec<_>>(), expected);
}

/// Each condition leaves out what doesn't meet it, and all of them together do.
pub async fn are_searched(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let other = world.flow_named(world.workspace, "other", at(0)).await;
    let first =
        writing(&world, 10, "one", vec![line(LogLevel::Info, "Hello 100%"), line(LogLevel::Warn, "a_b")])
            .await;
    writing(&world, 20, "two", vec![line(LogLevel::Error, "hello again"), line(LogLevel::Info, "axb")]).await;
    let all = LogQuery::of(world.flow, 10);
    assert_eq!(messages(&world, &all).await, ["axb", "hello again", "a_b", "Hello 100%"]);
    assert_eq!(messages(&world, &LogQuery { flow: other, ..all.clone() }).await, [""; 0]);
    let of_run = LogQuery { run: Some(first.run), ..all.clone() };
    assert_eq!(messages(&world, &of_run).await, ["a_b", "Hello 100%"]);
    let of_step = LogQuery { step: Some("two".to_owned()), ..all.clone() };
    assert_eq!(messages(&world, &of_step).await, ["axb", "hello again"]);
    let loud = LogQuery { levels: vec![LogLevel::Warn, LogLevel::Error], ..all.clone() };
    assert_eq!(messages(&world, &loud).await, ["hello again", "a_b"]);
    let late = LogQuery { since: Some(at(20)), ..all.clone() };
    assert_eq!(messages(&world, &late).await, ["axb", "hello again"]);
    let early = LogQuery { until: Some(at(20)), ..all.clone() };
    assert_eq!(messages(&world, &early).await, ["a_b", "Hello 100%"]);
    for (search, found) in [("HELLO", 2), ("a_b", 1), ("0%", 1), ("%", 1), ("\\", 0), ("nothing", 0)] {
        let query = LogQuery { search: Some(search.to_owned()), ..all.clone() };
        assert_eq!(messages(&world, &query).await.len(), found, "{search}");
    }
    let both = LogQuery { run: Some(first.run), search: Some("hello".to_owned()), ..all };
    assert_eq!(messages(&world, &both).await, ["Hello 100%"]);
}

/// Page by page every entry comes once, also among entries of one moment, and while new ones come.
pub async fn are_read_in_pages(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for run in 0..5 {
        let lines = (0..3).map(|number| line(LogLevel::Info, &format!("{run}.{number}"))).collect();
        writing(&world, 10 + run / 2, "note", lines).await;
    }
    let whole = messages(&world, &LogQuery::of(world.flow, 100)).await;
    assert_eq!(whole.len(), 15);
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = LogQuery { after, ..LogQuery::of(world.flow, 4) };
        let page = world.store.log_list(page).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        seen.extend(page.into_iter().map(|row| row.entry.message));
        writing(&world, 100, "note", vec![line(LogLevel::Info, "late")]).await;
    }
    assert_eq!(seen, whole);
    let skipping = LogQuery { skip: 6, ..LogQuery::of(world.flow, 4) };
    let late = world.store.log_count(LogQuery { since: Some(at(100)), ..LogQuery::of(world.flow, 1) }).await;
    let at_six = 6 - usize::try_from(late.unwrap()).unwrap();
    let skipped = world.store.log_list(skipping).await.unwrap();
    assert_eq!(
        skipped.into_iter().map(|row| row.entry.message).collect::<Vec<_>>(),
        whole[at_six..at_six + 4]
    );
}

/// A repeated commit, and one that is refused, add nothing.
pub async fn count_a_commit_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(1).await;
    let line = || logged("note", vec![line(LogLevel::Info, "once")]);
    let append = world.append(&owned, at(2), RunStatus::Running, vec![line()]);
    let repeated = append.clone();
    let stale = world.append(&owned, at(2), RunStatus::Running, vec![line()]);
    world.accepted(append, &mut owned).await;
    world.store.run_append(repeated).await.unwrap().unwrap();
    world.store.run_append(stale).await.unwrap().unwrap_err();
    assert_eq!(messages(&world, &LogQuery::of(world.flow, 10)).await, ["once"]);
}

/// A run of a bare definition has no flow whose log it could write into.
pub async fn need_a_flow(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(1);
    create.record.flow = None;
    let mut owned = world.created(create).await;
    let lines = vec![line(LogLevel::Info, "unheard")];
    let append = world.append(&owned, at(2), RunStatus::Running, vec![logged("note", lines)]);
    world.accepted(append, &mut owned).await;
    assert_eq!(messages(&world, &LogQuery::of(world.flow, 10)).await, [""; 0]);
    let stored = world.store.run_load(owned.run).await.unwrap().unwrap();
    assert_eq!(
        stored.events.last().and_then(|event| event.kind.visit()),
        Some(&VisitPath::from_stored("note"))
    );
}
