//! Files that runs are given: looked for before the run exists, and read where an expression names them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flow_engine::WaitChoice::Only;
use flow_engine::{
    Engine, EngineError, FileBytes, FileContents, FilePlace, FileRecord, FileWriter, Files, FilesError,
    Limits, NewFile, Registry, RunView,
};
use flow_model::{FileId, RunStatus, Timestamp, WorkspaceId};
use flow_testkit::documents::{Builder, flow, optional, required};
use flow_testkit::{ScriptedEngine, script_values};
use serde_json::{Value, json};

use crate::world::{World, echo, error, form, output, steps, until};

/// The world's files, read from a place that counts, and fails as often as it is told to.
#[derive(Clone)]
struct Place {
    world: World,
    reads: Arc<AtomicUsize>,
    outages: Arc<AtomicUsize>,
}

#[async_trait]
impl FileContents for Place {
    async fn write(&self, place: FilePlace) -> Result<Box<dyn FileWriter>, FilesError> {
        self.world.store.write(place).await
    }

    async fn read(&self, place: FilePlace) -> Result<FileBytes, FilesError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let fails = |left: usize| left.checked_sub(1);
        match self.outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails) {
            Ok(_) => Err(FilesError::Unavailable { reason: "the cable".to_owned() }),
            Err(_) => self.world.store.read(place).await,
        }
    }
}

impl Place {
    fn new(limits: Limits) -> Self {
        let world = World { limits, ..World::new() };
        Self { world, reads: Arc::default(), outages: Arc::default() }
    }

    fn files(&self) -> Files {
        Files::new(self.world.store.clone(), Arc::new(self.clone()))
    }

    async fn engine(&self, registry: Registry) -> Engine {
        let world = &self.world;
        let scripts = ScriptedEngine::new(|script| {
            let given = script.names.iter().map(|(name, value)| (name.to_string(), (**value).clone()));
            script_values([given.collect::<Value>()])
        });
        let builder = Engine::builder().store(world.store.clone()).steps(registry).files(self.files());
        let builder = builder.clock(Arc::new(world.clock.clone())).entropy(world.entropy.clone());
        builder.scripts(Arc::new(scripts)).limits(world.limits.clone()).build().await.unwrap()
    }

    async fn upload(&self, workspace: WorkspaceId, bytes: &'static [u8]) -> FileRecord {
        let new = NewFile {
            id: FileId::new(Timestamp::from_millis(1), [workspace.as_bytes()[15]; 10]),
            workspace,
            name: "data.csv".to_owned(),
            content_type: "text/csv".to_owned(),
            created_by: None,
            now: Timestamp::from_millis(1),
        };
        let mut upload = self.files().upload(new).await.unwrap();
        upload.write(Bytes::from_static(bytes)).await.unwrap();
        upload.finish().await.unwrap()
    }

    /// Runs a flow whose trigger takes a file `doc`, and another one that isn't given.
    async fn run(&self, bytes: &'static [u8], build: impl FnOnce(Builder) -> Builder) -> RunView {
        let file = self.upload(self.world.workspace, bytes).await;
        let engine = self.engine(steps(&echo())).await;
        let fields = [required("doc", "file"), optional("other", "file")];
        let document = build(flow("files").api("start", fields)).build();
        let inputs = json!({ "doc": file.id });
        self.world.as_time_passes(self.world.run(&engine, &document, inputs)).await
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_is_known_of_a_file_is_told_without_reading_it() {
    let place = Place::new(Limits::default());
    let view = place.run(b"a,b", |flow| {
        flow.done(
            "end",
            [("file", "{{files.doc}}"), ("name", "{{files.doc.name}}"), ("no", "{{files.other}}")],
        )
    });
    let view = view.await;
    let output = output(&view);
    let record = place.upload(place.world.workspace, b"a,b").await;
    let known = json!({
        "fileId": record.id, "name": "data.csv", "size": 3, "contentType": "text/csv",
        "sha256": record.sha256_hex(),
    });
    assert_eq!(output, json!({ "file": known, "name": "data.csv", "no": null }));
    assert_eq!(place.reads(), 0);
}

#[tokio::test]
async fn text_and_base64_are_read_where_they_are_named() {
    let place = Place::new(Limits::default());
    let view = place.run("\u{feff}ä,b\n1,2".as_bytes(), |flow| {
        flow.step(
            "send",
            "work",
            json!({ "rows": "{{files.doc.text.split('\\n')}}", "a": "{{files.doc.base64}}" }),
        )
        .condition("large", [("yes", "files.doc.text.length > 3", "end")], None)
        .done("end", [("sent", "{{send}}"), ("large", "{{large.branch}}")])
    });
    let sent = json!({ "rows": ["ä,b", "1,2"], "a": STANDARD.encode("\u{feff}ä,b\n1,2") });
    assert_eq!(output(&view.await), json!({ "sent": sent, "large": "yes" }));
    assert_eq!(place.reads(), 3, "each part once for each step");
}

#[tokio::test]
async fn a_script_gets_the_text_that_it_names() {
    let place = Place::new(Limits::default());
    let view = place.run(b"a,b", |flow| {
        flow.step("rows", "transform", json!({ "expression": "files.doc.text.split(',').map(x => x)" }))
            .done("end", [("given", "{{rows}}")])
    });
    assert_eq!(output(&view.await), json!({ "given": { "files": { "doc": { "text": "a,b" } } } }));
}

#[tokio::test]
async fn the_condition_of_a_loop_may_name_a_file() {
    let place = Place::new(Limits::default());
    let view = place.run(b"xxx", |flow| {
        let inner = json!([{ "id": "note", "type": "log", "data": { "message": "x" } }]);
        let data = json!({ "condition": "iteration < files.doc.text.length", "steps": inner });
        flow.step("round", "while", data).done("end", [("passes", "{{round.iterations}}")])
    });
    assert_eq!(output(&view.await), json!({ "passes": 3 }));
}

#[tokio::test]
async fn what_cant_be_read_fails_the_step_and_says_why() {
    let reading = |flow: Builder| flow.done("end", [("text", "{{files.doc.text}}")]);
    let place = Place::new(Limits { file_bytes: 3, ..Limits::default() });
    let failure = error(&place.run(b"four", reading).await);
    assert_eq!((&*failure.code, place.reads()), ("file_too_large", 0), "{failure:?}");
    assert!(failure.message.contains("`data.csv` has 4 bytes"), "{failure:?}");

    let place = Place::new(Limits::default());
    let failure = error(&place.run(b"ab\xff", reading).await);
    assert_eq!(failure.code, "file_not_text");
    assert!(failure.message.contains("byte 3"), "{failure:?}");

    let place = Place::new(Limits::default());
    let unknown = |flow: Builder| flow.done("end", [("text", "{{files.dok.text}}")]);
    let failure = error(&place.run(b"x", unknown).await);
    assert_eq!(failure.code, "unknown_name");
    let missing = |flow: Builder| flow.done("end", [("text", "{{files.other.text}}")]);
    assert_eq!(error(&Place::new(Limits::default()).run(b"x", missing).await).code, "type_error");
}

#[tokio::test]
async fn a_place_that_comes_back_is_asked_again_and_one_that_doesnt_fails_the_step() {
    let reading = |flow: Builder| flow.done("end", [("text", "{{files.doc.text}}")]);
    let place = Place::new(Limits::default());
    place.outages.store(3, Ordering::SeqCst);
    assert_eq!(output(&place.run(b"x", reading).await), json!({ "text": "x" }));

    let place = Place::new(Limits::default());
    place.outages.store(4, Ordering::SeqCst);
    let failure = error(&place.run(b"x", reading).await);
    assert_eq!(failure.code, "files_unavailable");
    assert!(!failure.message.contains("cable"), "it tells of the inside: {failure:?}");
}

fn refused(refused: Result<impl std::fmt::Debug, EngineError>) -> Vec<(String, &'static str)> {
    match refused {
        Err(EngineError::InvalidInputs(faults)) => {
            faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
        }
        other => panic!("it should have been refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_that_the_workspace_hasnt_is_refused_before_a_run_exists() {
    let place = Place::new(Limits::default());
    let world = &place.world;
    let foreign = place.upload(WorkspaceId::from_bytes([9; 16]), b"x").await;
    let engine = place.engine(Registry::new()).await;
    let fields = [required("doc", "file"), optional("other", "file")];
    let document = flow("files").api("start", fields).done("end", [("x", 1)]).build();
    let inputs = json!({ "doc": foreign.id, "other": "no id" });
    let expected = [("/doc".to_owned(), "file_unknown"), ("/other".to_owned(), "file_unknown")];
    assert_eq!(refused(world.try_run(&engine, &document, inputs).await), expected);
    let without = world.engine(Registry::new()).await;
    let own = place.upload(world.workspace, b"x").await;
    assert_eq!(refused(world.try_run(&without, &document, json!({ "doc": own.id })).await), expected[..1]);
}

#[tokio::test]
async fn a_form_is_held_to_it_too() {
    let place = Place::new(Limits::default());
    let world = &place.world;
    let engine = place.engine(Registry::new()).await;
    let data = json!({ "title": "?", "fields": [required("doc", "file")] });
    let document = flow("asks").api("start", []).step("ask", "show-form", data);
    let document = document.done("end", [("doc", "{{ask.doc}}")]).build();
    let run = world.run(&engine, &document, json!({})).await;
    assert_eq!(run.status(), RunStatus::Waiting);
    let answer = |doc: &str| form(json!({ "doc": doc }));
    let wrong = world.resume(&engine, run.id(), Only, answer("nothing")).await;
    assert_eq!(refused(wrong), [("/formData/doc".to_owned(), "file_unknown")]);
    let file = place.upload(world.workspace, b"x").await;
    let right = world.resume(&engine, run.id(), Only, answer(&file.id.to_string())).await.unwrap();
    assert_eq!(output(&right.view), json!({ "doc": file.id }));
}

/// Nothing of an evaluation is recorded before it is through, and what was recorded is sent again as it was.
#[tokio::test]
async fn a_process_that_dies_with_a_file_in_its_hands_leaves_the_step_to_the_next() {
    let place = Place::new(Limits::default());
    let file = place.upload(place.world.workspace, b"a,b").await;
    let held = echo().held();
    let engine = place.engine(steps(&held)).await;
    let document = flow("files").api("start", [required("doc", "file")]);
    let document = document.step("send", "work", json!({ "text": "{{files.doc.text}}" }));
    let document = document.done("end", [("sent", "{{send.text}}")]).build();
    let call = place.world.call(&document, json!({ "doc": file.id }));
    let call = flow_engine::Execute { patience: flow_engine::Patience::UntilStored, ..call };
    let run = engine.execute(call).await.unwrap().view.id();
    until(|| held.calls().len() == 1).await;
    engine.stop(std::time::Duration::ZERO).await;
    drop(engine);

    let step = echo();
    let next = place.engine(steps(&step)).await;
    let view = place.world.until_ended(&next, run).await;
    assert_eq!(output(&view), json!({ "sent": "a,b" }));
    assert_eq!(*step.calls()[0].input, json!({ "text": "a,b" }));
    assert_eq!(place.reads(), 1, "the recorded input is sent again");
}
