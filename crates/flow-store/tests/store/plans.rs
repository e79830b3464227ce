//! What is asked all the time is found by an index, however many runs wait or have ended.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::backend::File;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(connection: &mut SqliteConnection, sql: &str) -> String {
    let steps = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load::<Step>(connection).unwrap();
    steps.into_iter().map(|step| step.detail + "; ").collect()
}

/// In the words that diesel finds for them; a parameter in place of the bare `wake` would read every run.
#[tokio::test]
async fn frequent_questions_have_an_index() {
    let file = File::new();
    drop(file.open().await);
    let connection = &mut SqliteConnection::establish(&file.path()).unwrap();
    for (sql, index) in [
        (
            "SELECT id FROM runs WHERE runs.wake AND runs.event_schema <= ? AND NOT (EXISTS (SELECT 1 FROM nodes \
             WHERE nodes.id = runs.lease_node AND nodes.expires_at > ?)) AND (runs.slot IS NULL OR \
             runs.lease_node IS NOT NULL OR runs.cancel_requested_at IS NOT NULL) ORDER BY created_at, id LIMIT ?",
            "runs_awake",
        ),
        (
            "SELECT id FROM runs WHERE runs.wake AND (runs.slot IS NULL OR runs.lease_node IS NOT NULL OR \
             runs.cancel_requested_at IS NOT NULL) AND runs.lease_node = ?",
            "runs_awake",
        ),
        (
            "SELECT id, slot_limit FROM runs WHERE runs.wake AND runs.slot IS NOT NULL AND runs.lease_node IS NULL \
             AND runs.cancel_requested_at IS NULL AND runs.slot = ? AND runs.event_schema <= ? \
             ORDER BY created_at, id LIMIT ?",
            "runs_for_slot (slot=?)",
        ),
        (
            "SELECT slot, min(created_at), max(slot_limit) FROM runs WHERE runs.wake AND runs.slot IS NOT NULL \
             AND runs.lease_node IS NULL AND runs.cancel_requested_at IS NULL GROUP BY slot",
            "runs_for_slot",
        ),
        (
            "SELECT count(*) FROM runs WHERE runs.slot = ? AND runs.lease_node IS NOT NULL",
            "runs_in_slot (slot=?)",
        ),
        (
            "SELECT slot, count(*) FROM runs WHERE runs.slot IS NOT NULL AND runs.lease_node IS NOT NULL \
             GROUP BY slot",
            "runs_in_slot",
        ),
        ("SELECT * FROM runs WHERE parent_run_id = ? ORDER BY created_at, id", "runs_by_parent"),
        (
            "SELECT id FROM runs WHERE parent_run_id = ? AND finished_at IS NULL AND cancel_requested_at IS NULL \
             AND parent_waits = ? ORDER BY created_at, id",
            "runs_by_parent",
        ),
        ("SELECT min(due_at) FROM timers", "timers_due"),
        ("SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at, run_id, visit LIMIT ?", "timers_due"),
        ("SELECT * FROM run_events WHERE run_id = ? AND last_seq > ? ORDER BY last_seq", "USING PRIMARY KEY"),
        ("SELECT * FROM waits WHERE run_id = ? AND taken = ?", "USING PRIMARY KEY"),
        ("SELECT run_id, visit FROM waits WHERE topic = ? AND state = ?", "waits_by_topic"),
        ("SELECT run_id FROM waits WHERE event_id = ? ORDER BY run_id", "waits_by_event"),
        (
            "SELECT id, data FROM events WHERE topic = ? AND received_at >= ? AND expires_at > ? AND NOT (EXISTS \
             (SELECT * FROM waits WHERE waits.event_id = events.id AND waits.run_id = ?)) \
             ORDER BY received_at, id LIMIT ?",
            "events_by_topic",
        ),
        ("SELECT * FROM waits WHERE event_id = ? AND run_id = ?", "waits_by_event (event_id=? AND run_id=?)"),
        ("SELECT id FROM events WHERE expires_at <= ? ORDER BY expires_at LIMIT ?", "events_expiry"),
        (
            "SELECT * FROM idempotency_keys WHERE expires_at <= ? ORDER BY expires_at",
            "idempotency_keys_expiry",
        ),
        ("SELECT * FROM tokens WHERE hash = ?", "USING INDEX"),
        ("SELECT * FROM flows WHERE workspace_id = ? AND name = ? ORDER BY created_at, id", "flows_by_name"),
        ("SELECT * FROM versions WHERE flow_id = ? AND is_latest", "versions_latest"),
    ] {
        let plan = plan(connection, sql);
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}
