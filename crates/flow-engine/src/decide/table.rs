//! The table of states and commands in docs/STATE-MACHINE.md, made by asking `decide` for each cell.
//!
//! The test fails when the page differs from the code; `UPDATE_DOCS=1 cargo test -p flow-engine --lib` writes it.

use std::sync::Arc;

use async_trait::async_trait;
use flow_model::{
    Decision as Verdict, DefinitionHash, EventKind, Fields, Resolution, RunEnd, RunError, RunEvent, RunId,
    RunStart, RunState, Timestamp, Trigger, VisitPath, Wait, WaitRequest, apply,
};
use serde_json::{Value, json};

use super::{Command, Context, Decision, Effect, decide};
use crate::Limits;
use crate::control::Resolved;
use crate::flow::Flow;
use crate::{Registry, Step, StepContext, StepError};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/STATE-MACHINE.md");
const BEGIN: &str = "<!-- made from the code: begin -->\n";
const END: &str = "<!-- made from the code: end -->";
const NOW: Timestamp = Timestamp::from_millis(1_000);

/// A step that is never run here.
struct Work;

#[async_trait]
impl Step for Work {
    fn kind(&self) -> &'static str {
        "work"
    }

    fn check(&self, _: &Fields<'_>) {}

    async fn run(&self, _: StepContext, _: Arc<Value>) -> Result<Value, StepError> {
        Err(StepError::new("never", "this step is never run"))
    }
}

fn flow() -> Flow {
    let document = json!({
        "name": "table",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": {}, "nextStepId": "work" },
            { "id": "work", "type": "work", "data": {}, "nextStepId": "ask",
              "retry": { "maxAttempts": 2, "retryOn": ["again"] } },
            { "id": "ask", "type": "user-approval", "data": { "message": "?" }, "nextStepId": "loop" },
            { "id": "loop", "type": "while", "nextStepId": "call", "data": { "condition": "true", "steps": [
                { "id": "pass", "type": "work", "data": {} },
            ] } },
            { "id": "call", "type": "run-flow", "nextStepId": "end",
              "data": { "flowId": "0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10" },
              "retry": { "maxAttempts": 2, "retryOn": ["again"] } },
            { "id": "end", "type": "final", "data": { "outputs": [] } },
        ] },
    });
    Flow::compile(DefinitionHash::of(&document), &document, &Registry::new().with(Work), None).unwrap()
}

fn visit(id: &str) -> VisitPath {
    VisitPath::from_stored(id)
}

fn child() -> RunId {
    RunId::from_bytes([7; 16])
}

fn start() -> RunStart {
    let empty = Arc::new(json!({}));
    let trigger = Trigger { step: "start".parse().unwrap(), kind: "api".to_owned(), data: empty.clone() };
    RunStart { trigger, inputs: empty.clone(), current_user: empty, seed: 7, next: Some(visit("work")) }
}

fn input() -> Arc<Value> {
    Arc::new(json!({}))
}

/// A state by its name, with the visit that the commands are about.
fn state(events: Vec<EventKind>) -> RunState {
    let mut state = RunState::new();
    for (seq, kind) in (1..).zip(events) {
        apply(&mut state, &RunEvent { seq, time: Timestamp::from_millis(0), kind }).unwrap();
    }
    state
}

fn states() -> Vec<(&'static str, RunState, VisitPath)> {
    let started = || EventKind::RunStarted(Box::new(start()));
    let running = || EventKind::StepStarted { visit: visit("work"), input: Some(input()) };
    let retrying = |due_at| EventKind::StepRetrying {
        visit: visit("work"),
        error: RunError::new("again", "…"),
        due_at: Timestamp::from_millis(due_at),
    };
    let completed = EventKind::StepCompleted {
        visit: visit("work"),
        output: input(),
        binding: flow_model::Binding::None,
        next: Some(visit("ask")),
    };
    let asked = EventKind::StepStarted { visit: visit("ask"), input: None };
    let request = WaitRequest::UserApproval { message: "?".to_owned(), approvers: Vec::new() };
    let opened = EventKind::WaitOpened { visit: visit("ask"), wait: Wait { request, expires_at: None } };
    let cancelled = EventKind::RunCancelled {};
    let begun = || RunStart { next: Some(visit("loop")), ..start() };
    let looping = || EventKind::RunStarted(Box::new(begun()));
    let looped = || EventKind::StepStarted { visit: visit("loop"), input: None };
    let first = || VisitPath::from_stored("loop#0/pass");
    let entered = || EventKind::ScopeEntered { visit: visit("loop"), next: vec![first()], isolated: false };
    let passing = || EventKind::StepStarted { visit: first(), input: Some(input()) };
    let passed = || EventKind::StepCompleted {
        visit: first(),
        output: input(),
        binding: flow_model::Binding::None,
        next: None,
    };
    let calling = || EventKind::RunStarted(Box::new(RunStart { next: Some(visit("call")), ..start() }));
    let called = || EventKind::StepStarted { visit: visit("call"), input: Some(input()) };
    let waited_for = || EventKind::ChildStarted { visit: visit("call"), run: child(), waits: true };
    vec![
        ("not started", RunState::new(), visit("work")),
        ("step ready", state(vec![started()]), visit("work")),
        ("step running", state(vec![started(), running()]), visit("work")),
        ("step backing off", state(vec![started(), running(), retrying(9_000)]), visit("work")),
        ("step backing off, due", state(vec![started(), running(), retrying(500)]), visit("work")),
        ("step waiting", state(vec![started(), running(), completed.clone(), asked, opened]), visit("ask")),
        ("step completed", state(vec![started(), running(), completed]), visit("work")),
        ("loop in a pass", state(vec![looping(), looped(), entered(), passing()]), visit("loop")),
        (
            "loop between passes",
            state(vec![looping(), looped(), entered(), passing(), passed()]),
            visit("loop"),
        ),
        ("child to be started", state(vec![calling(), called()]), visit("call")),
        ("child under way", state(vec![calling(), called(), waited_for()]), visit("call")),
        ("run ended", state(vec![started(), running(), cancelled]), visit("work")),
    ]
}

fn commands(visit: &VisitPath) -> Vec<(&'static str, Command)> {
    let failed = |code: &str| Command::StepFailed {
        visit: visit.clone(),
        error: RunError::new(code, "…"),
        retry_after: None,
        used: Vec::new(),
    };
    let ended = |end| Command::WaitResolved {
        visit: visit.clone(),
        resolution: Resolution::ChildEnded { run: child(), end },
        resolved_at: NOW,
    };
    let decided = Resolution::Decided { decision: Verdict::Approve, message: None, decided_by: None };
    let resolved =
        Command::StepResolved { visit: visit.clone(), resolved: Resolved::Task(input()), logs: Vec::new() };
    vec![
        ("start", Command::Start(start())),
        ("step resolved", resolved),
        (
            "pass resolved, holds",
            Command::PassResolved { visit: visit.clone(), resolved: Resolved::Pass(true) },
        ),
        ("pass resolved", Command::PassResolved { visit: visit.clone(), resolved: Resolved::Pass(false) }),
        ("step finished", Command::StepFinished { visit: visit.clone(), output: input(), used: Vec::new() }),
        ("step failed, to be retried", failed("again")),
        ("step failed", failed("broken")),
        ("timer fired", Command::TimerFired { visit: visit.clone() }),
        (
            "wait resolved",
            Command::WaitResolved { visit: visit.clone(), resolution: decided, resolved_at: NOW },
        ),
        ("child started", Command::ChildStarted { visit: visit.clone(), run: child(), waits: true }),
        (
            "child started, not waited for",
            Command::ChildStarted { visit: visit.clone(), run: child(), waits: false },
        ),
        ("child completed", ended(RunEnd::Completed { output: input() })),
        ("child failed, to be retried", ended(RunEnd::Failed { error: RunError::new("again", "…") })),
        ("child cancelled", ended(RunEnd::Cancelled)),
        ("timed out", Command::TimedOut),
        ("cancel", Command::Cancel),
        ("recover", Command::Recover),
    ]
}

fn cell(decision: &Decision) -> String {
    let events = decision.events.iter().map(|event| format!("`{}`", event.name()));
    let effects = decision.effects.iter().map(|effect| match effect {
        Effect::Resolve(visit) => format!("→ resolve {visit}"),
        Effect::ResolvePass(visit) => format!("→ resolve the next pass of {visit}"),
        Effect::Perform { visit, .. } => format!("→ perform {visit}"),
        Effect::StartChild { visit, .. } => format!("→ start the run of {visit}"),
    });
    let all: Vec<_> = events.chain(effects).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(" ") }
}

/// A `work` costs something, so that the page shows where that is charged.
fn prices() -> crate::Prices {
    let price = flow_model::Credits::from_millionths(1);
    crate::Prices { steps: [("work".to_owned(), price)].into(), ..crate::Prices::default() }
}

fn table() -> String {
    let (flow, limits, prices) = (flow(), Limits::default(), prices());
    let mut text = String::new();
    for (name, state, visit) in states() {
        text += &format!("\n### {name}\n\n| Command | What is decided |\n|---|---|\n");
        for (command_name, command) in commands(&visit) {
            let cx = Context { flow: &flow, state: &state, limits: &limits, prices: &prices, now: NOW };
            let decided = match decide(cx, command) {
                Ok(decision) => {
                    assert_applies(&state, &decision);
                    cell(&decision)
                }
                Err(refused) => format!("refused: {}", refused.reason),
            };
            text += &format!("| {command_name} | {decided} |\n");
        }
    }
    text
}

/// Whatever is decided, the fold takes it.
fn assert_applies(state: &RunState, decision: &Decision) {
    let mut state = state.clone();
    for kind in decision.events.iter().cloned() {
        let event = RunEvent { seq: state.seq() + 1, time: NOW, kind };
        apply(&mut state, &event).unwrap();
    }
}

#[test]
fn the_page_shows_what_the_code_decides() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let made = format!("{}\n", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert!(
        shown == made,
        "docs/STATE-MACHINE.md differs from the code: write it by UPDATE_DOCS=1 cargo test -p flow-engine --lib"
    );
}
