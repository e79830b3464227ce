//! Secrets: where they may stand, that they are sent and never recorded, and that nothing that comes back shows them.

mod injected;
mod published;
mod redacted;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::{
    Catalog, Engine, ExposeSecret, Registry, SecretString, Secrets, SecretsUnavailable, StepError, Store,
};
use flow_model::{EventKind, RunId, RunStatus, SecretName, WorkspaceId};
use flow_testkit::documents::{Builder, flow, optional};
use flow_testkit::{Fate, FaultyStore, KnownSecrets, ScriptedStep};
use serde_json::{Value, json};

use crate::attempts::Attempts;
use crate::world::{LEASE, World, echo, error, output, soon, steps};

/// A step of type `work` that answers with its input, and takes secrets in `url` and `body`.
fn sender() -> ScriptedStep {
    takes_secrets(echo())
}

fn takes_secrets(step: ScriptedStep) -> ScriptedStep {
    step.with_secrets_in(&["url", "body"])
}

async fn engine_on<S: Store + Catalog>(
    world: &World,
    store: Arc<S>,
    steps: Registry,
    secrets: &KnownSecrets,
) -> Engine {
    let builder = Engine::builder().store(store).steps(steps).limits(world.limits.clone());
    let builder = builder.clock(Arc::new(world.clock.clone())).entropy(world.entropy.clone());
    builder.secrets(Arc::new(secrets.clone())).build().await.unwrap()
}

async fn engine(world: &World, step: &ScriptedStep, secrets: &KnownSecrets) -> Engine {
    engine_on(world, world.store.clone(), steps(step), secrets).await
}

fn document(build: impl FnOnce(Builder) -> Builder) -> Value {
    build(flow("secrets").api("start", [optional("x", "object")])).build()
}

/// A flow of one `work` with those settings, whose output it returns.
fn sending(data: Value) -> Value {
    document(|flow| flow.step("send", "work", data).done("end", [("a", "{{send}}")]))
}

/// All that is stored of a run, as text.
async fn stored(world: &World, engine: &Engine, run: RunId) -> String {
    let events = world.store.run_events(run, 0).await.unwrap();
    format!("{events:?} {:?}", world.inspect(engine, run).await)
}

#[tokio::test]
async fn a_secret_is_sent_and_recorded_by_its_name_alone() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value"), ("OTHER", "never-asked")]);
    let step = sender();
    let engine = engine(&world, &step, &secrets).await;
    let data = json!({
        "url": "https://x/?key={{ secrets.KEY }}&x={{x.a}}",
        "body": { "k": "{{secrets['KEY']}}", "x": "{{x}}" },
        "plain": "{{x.a}}",
    });
    let view = world.run(&engine, &sending(data), json!({ "x": { "a": "never-asked" } })).await;
    let sent = json!({
        "url": "https://x/?key=s3cr3t-value&x=never-asked",
        "body": { "k": "s3cr3t-value", "x": { "a": "never-asked" } },
        "plain": "never-asked",
    });
    assert_eq!(*step.calls()[0].input, sent);
    let recorded = json!({
        "url": "https://x/?key={{secrets.KEY}}&x=never-asked",
        "body": { "k": "{{secrets.KEY}}", "x": { "a": "never-asked" } },
        "plain": "never-asked",
    });
    assert_eq!(view.state.visit("send").unwrap().input.as_deref(), Some(&recorded));
    assert_eq!(output(&view)["a"]["body"]["k"], "[secret KEY]");
    assert_eq!(output(&view)["a"]["plain"], "never-asked", "the step makes no use of that one");
    let stored = stored(&world, &engine, view.id()).await;
    assert!(!stored.contains("s3cr3t") && stored.contains("{{secrets.KEY}}"), "{stored}");
    assert_eq!(secrets.asked(), [["KEY".to_owned()].into()]);
}

#[tokio::test]
async fn a_step_without_secrets_asks_for_none_and_is_left_as_it_is() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let step = sender();
    let engine = engine(&world, &step, &secrets).await;
    let x = json!({ "a": r"{{secrets.KEY}} \{{ s3cr3t-value" });
    let view =
        world.run(&engine, &sending(json!({ "url": "{{x.a}}", "body": ["{{x}}"] })), json!({ "x": x })).await;
    assert_eq!(output(&view)["a"], json!({ "url": x["a"], "body": [x] }));
    assert!(secrets.asked().is_empty());
}

#[tokio::test]
async fn each_attempt_is_sent_what_the_secret_is_by_then() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "first-value")]);
    let rotated = secrets.clone();
    let attempts = Attempts::new(&world, move |call| match call {
        1 => {
            rotated.set("KEY", "second-value");
            Err(StepError::new("network", "first-value was refused"))
        }
        _ => Ok(json!("second-value was taken")),
    });
    let step = takes_secrets(attempts.step);
    let engine = engine(&world, &step, &secrets).await;
    let document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" }))
            .with("retry", json!({}))
            .done("end", [("a", "{{send}}")])
    });
    let call = world.call(&document, json!({}));
    let view = world.as_time_passes(engine.execute(call)).await.unwrap().view;
    assert_eq!(output(&view), json!({ "a": "[secret KEY] was taken" }));
    let sent: Vec<_> = step.calls().iter().map(|call| call.input["url"].clone()).collect();
    assert_eq!(sent, ["first-value", "second-value"]);
    let events = world.store.run_events(view.id(), 0).await.unwrap();
    let retried = events.iter().find_map(|event| match &event.kind {
        EventKind::StepRetrying { error, .. } => Some(error.message.clone()),
        _ => None,
    });
    assert_eq!(retried.as_deref(), Some("[secret KEY] was refused"));
}

#[tokio::test]
async fn after_a_crash_the_same_is_sent_with_the_present_secret() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "first-value")]);
    let step = sender().held();
    let dying = FaultyStore::new(world.store.clone());
    let first = engine_on(&world, Arc::new(dying.clone()), steps(&step), &secrets).await;
    let call = tokio::spawn({
        let call = world.call(
            &sending(json!({ "url": "{{x}}:{{secrets.KEY}}" })),
            json!({ "x": { "a": "{{secrets.X}}" } }),
        );
        async move { first.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    dying.set_rule(|_| Fate::Die);
    step.release_all();
    soon(dying.until_dead()).await;
    call.abort();
    secrets.set("KEY", "second-value");
    world.clock.advance(LEASE);
    let run = dying.commits()[0].run;
    let next = engine(&world, &step, &secrets).await;
    let view = world.until_ended(&next, run).await;
    assert_eq!(view.status(), RunStatus::Completed);
    let calls = step.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].execution, calls[1].execution);
    assert_eq!(calls[0].input["url"], r#"{"a":"{{secrets.X}}"}:first-value"#);
    assert_eq!(calls[1].input["url"], r#"{"a":"{{secrets.X}}"}:second-value"#);
}

#[tokio::test]
async fn a_secret_that_isnt_there_fails_the_step_by_its_name() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let step = sender();
    let engine = engine(&world, &step, &secrets).await;
    let document = sending(json!({ "url": "{{secrets.KEY}}{{secrets.GONE}}" }));
    let error = error(&world.run(&engine, &document, json!({})).await);
    assert_eq!((&*error.code, error.step_id.as_deref()), ("secret_unknown", Some("send")));
    assert!(error.message.contains("`GONE`") && !error.message.contains("KEY"), "{error:?}");
    assert!(step.calls().is_empty(), "nothing is sent without its secret");
}

#[tokio::test]
async fn secrets_of_another_workspace_are_unknown() {
    let world = World::new();
    let elsewhere = KnownSecrets::new(WorkspaceId::from_bytes([9; 16]), [("KEY", "s3cr3t-value")]);
    let engine = engine(&world, &sender(), &elsewhere).await;
    let view = world.run(&engine, &sending(json!({ "url": "{{secrets.KEY}}" })), json!({})).await;
    assert_eq!(error(&view).code, "secret_unknown");
}

#[tokio::test]
async fn an_engine_that_keeps_no_secrets_says_what_to_do() {
    let world = World::new();
    let engine = world.engine(steps(&sender())).await;
    let error = error(&world.run(&engine, &sending(json!({ "url": "{{secrets.KEY}}" })), json!({})).await);
    assert_eq!(error.code, "secrets_unavailable");
    assert!(error.message.contains("`KEY`") && error.message.contains("EngineBuilder::secrets"), "{error:?}");
}

#[tokio::test]
async fn a_source_that_is_away_fails_the_attempt_and_not_the_run() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    secrets.be_away(2);
    let step = sender();
    let engine = engine(&world, &step, &secrets).await;
    let document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" }))
            .with("retry", json!({}))
            .done("end", [("a", "{{send}}")])
    });
    let call = world.call(&document, json!({}));
    let view = world.as_time_passes(engine.execute(call)).await.unwrap().view;
    assert_eq!(output(&view)["a"]["url"], "[secret KEY]");
    assert_eq!((secrets.asked().len(), step.calls().len()), (3, 1));
    let stored = stored(&world, &engine, view.id()).await;
    assert!(stored.contains("secrets_unavailable") && !stored.contains("keeper of keys"), "{stored}");
}

#[tokio::test]
async fn no_other_step_and_no_parent_sees_the_value() {
    let world = World::new();
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let step = ScriptedStep::new("work").answers(|call| match call.input["url"].as_str() {
        Some("s3cr3t-value") => Err(StepError::new("refused", "s3cr3t-value is wrong")),
        _ => Ok((*call.input).clone()),
    });
    let step = takes_secrets(step);
    let engine = engine(&world, &step, &secrets).await;
    let document = document(|flow| {
        flow.step("first", "work", json!({ "body": "{{secrets.KEY}}" }))
            .step("second", "work", json!({ "url": "{{secrets.KEY}}", "body": "{{steps.first}}" }))
            .with("onError", "continue")
            .step("third", "work", json!({ "plain": "{{first.body}} {{str(second)}} {{str(steps)}}" }))
            .done("end", [("a", "{{third.plain}}")])
    });
    let view = world.run(&engine, &document, json!({})).await;
    let seen = output(&view)["a"].as_str().unwrap().to_owned();
    assert!(seen.starts_with("[secret KEY] ") && seen.contains("[secret KEY] is wrong"), "{seen}");
    assert!(!seen.contains("s3cr3t"), "{seen}");
    assert!(!stored(&world, &engine, view.id()).await.contains("s3cr3t"));
}

#[tokio::test]
async fn a_secret_does_not_show_itself() {
    let secret = SecretString::from("s3cr3t-value");
    assert!(!format!("{secret:?} {secret:#?}").contains("s3cr3t"));
    assert_eq!(secret.expose_secret(), "s3cr3t-value");
}

#[tokio::test]
async fn the_time_of_an_attempt_bounds_the_asking_for_secrets_too() {
    let world = World::new();
    let builder = Engine::builder().store(world.store.clone()).steps(steps(&sender()));
    let builder = builder.clock(Arc::new(world.clock.clone())).entropy(world.entropy.clone());
    let engine = builder.secrets(Arc::new(Silent)).build().await.unwrap();
    let document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" }))
            .with("timeoutMs", 50)
            .done("end", [("a", 1)])
    });
    let call = world.call(&document, json!({}));
    let view = world.as_time_passes(engine.execute(call)).await.unwrap().view;
    assert_eq!(error(&view).code, "timeout");
    soon(engine.stop(Duration::from_secs(1))).await;
}

/// Never answers.
struct Silent;

#[async_trait]
impl Secrets for Silent {
    async fn secrets_of(
        &self,
        _: WorkspaceId,
        _: &[SecretName],
    ) -> Result<BTreeMap<SecretName, SecretString>, SecretsUnavailable> {
        std::future::pending().await
    }
}
