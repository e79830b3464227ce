//! The step in a run: what is tried again, and what is recorded.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Engine, Execute, MemoryStore, Patience, Registry, RunView, StartedBy, Store, Target};
use flow_model::{EventKind, RunEnd, RunError, RunEvent, WorkspaceId};
use flow_steps::AskToLlm;
use flow_testkit::ManualClock;
use flow_testkit::documents::{Builder, flow};
use serde_json::{Map, Value, json};

use super::API_KEY;
use super::fake::{Fake, Reply, delta};

/// Longer than any machine takes.
const STUCK: Duration = Duration::from_secs(20);

fn document() -> Builder {
    flow("ask").api("start", []).step("ask", "ask-to-llm", json!({ "prompt": "Hello" }))
}

fn ended(document: Builder) -> Value {
    document.done("end", [("said", "{{ask.response}}"), ("tokens", "{{ask.usage.outputTokens}}")]).build()
}

/// Runs a document, while time passes whenever an attempt is waited for.
async fn play(fake: &Fake, document: Value) -> (RunView, Vec<RunEvent>) {
    let (store, clock) = (Arc::new(MemoryStore::new()), ManualClock::default());
    let steps = Registry::new().with(AskToLlm::new(fake.llm()));
    let builder = Engine::builder().store(store.clone()).steps(steps).clock(Arc::new(clock.clone()));
    let engine = builder.build().await.unwrap();
    let call = engine.execute(Execute {
        workspace: WorkspaceId::from_bytes([1; 16]),
        target: Target::Document(Arc::new(document)),
        trigger: StartedBy::Any,
        inputs: Map::new(),
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience: Patience::UpTo(Duration::from_secs(3600)),
    });
    let time = async {
        loop {
            tokio::task::yield_now().await;
            if let Some(due) = store.timer_next().await.unwrap() {
                clock.set(due);
            }
        }
    };
    let reply = tokio::time::timeout(STUCK, async {
        tokio::select! { reply = call => reply.unwrap(), () = time => unreachable!("time passes for ever") }
    });
    let view = reply.await.expect("it is stuck").view;
    let events = store.run_events(view.id(), 0).await.unwrap();
    (view, events)
}

fn failure(view: &RunView) -> &RunError {
    match view.state.end() {
        Some((_, RunEnd::Failed { error })) => error,
        other => panic!("the run should have failed: {other:?}"),
    }
}

#[tokio::test]
async fn the_events_hold_the_tokens_and_never_the_key() {
    let echo = format!("{{\"error\":{{\"message\":\"{API_KEY} is wrong\"}}}}");
    let fake = Fake::start([Reply::says(["Hi"]), Reply::status(401, &[], echo)]).await;
    let (view, events) = play(&fake, ended(document())).await;
    assert_eq!(**view.output().unwrap(), json!({ "said": "Hi", "tokens": 7 }));
    let stored = serde_json::to_string(&events).unwrap();
    assert!(stored.contains(r#""usage":{"inputTokens":11,"outputTokens":7}"#), "{stored}");
    assert!(!stored.contains(API_KEY), "{stored}");

    let (view, events) = play(&fake, ended(document())).await;
    assert_eq!(failure(&view).code, "llm_unauthorized");
    assert!(!serde_json::to_string(&events).unwrap().contains(API_KEY));
}

#[tokio::test]
async fn what_passes_is_tried_again_by_the_defaults_and_pauses_are_heeded() {
    let busy = Reply::status(429, &[("Retry-After", "30")], "busy");
    let replies = [busy, Reply::stream([delta("Half an ans")]).cut(), Reply::says(["Hi"])];
    let fake = Fake::start(replies).await;
    let (view, events) = play(&fake, ended(document().with("retry", json!({})))).await;
    assert_eq!(view.output().unwrap()["said"], "Hi");
    let retries = events.iter().filter_map(|event| match &event.kind {
        EventKind::StepRetrying { error, due_at, .. } => {
            Some((error.code.as_str(), due_at.since(event.time)))
        }
        _ => None,
    });
    let expected = [("llm_unavailable", 30), ("llm_stream_cut", 2)];
    assert_eq!(retries.collect::<Vec<_>>(), expected.map(|(code, secs)| (code, Duration::from_secs(secs))));
    assert!(!serde_json::to_string(&events).unwrap().contains("Half an ans"), "nothing half is recorded");
    let keys = fake
        .asked()
        .into_iter()
        .map(|asked| asked.head.lines().find(|line| line.starts_with("idempotency-key")).unwrap().to_owned());
    let keys = keys.collect::<Vec<_>>();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test]
async fn what_the_endpoint_refuses_is_not_tried_again() {
    let fake = Fake::start([Reply::status(400, &[], "no"), Reply::says(["Hi"])]).await;
    let (view, _) = play(&fake, ended(document().with("retry", json!({})))).await;
    assert_eq!((failure(&view).code.as_str(), fake.asked().len()), ("llm_refused", 1));
}
