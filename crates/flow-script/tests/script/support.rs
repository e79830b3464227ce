//! Scripts, and what comes of them.

use std::sync::Arc;

use flow_engine::ScriptEngine;
use flow_expr::{
    ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind, ScriptOutcome,
};
use flow_script::{Limits, ProcessPool, ProcessPoolOptions, ThreadPool, ThreadPoolOptions};
use serde_json::Value;

/// 2026-01-31T09:00:00.000Z
pub(crate) const NOW: i64 = 1_769_850_000_000;

pub(crate) fn script(code: ScriptCode) -> Script {
    Script {
        code,
        names: Vec::new(),
        undefined: Vec::new(),
        now_ms: NOW,
        chance: ChanceSource { seed: 7, place: "step".into() },
        resume_urls: Vec::new(),
        owner: flow_expr::ScriptOwner::default(),
        time_limit_ms: None,
    }
}

/// A script of expressions.
pub(crate) fn expressions(sources: &[&str]) -> Script {
    let expression = |(index, source): (usize, &&str)| ScriptExpression {
        source: (*source).into(),
        chance_index: index as u64,
        as_truth: false,
    };
    script(ScriptCode::Expressions(sources.iter().enumerate().map(expression).collect()))
}

/// A script of the body of a function.
pub(crate) fn function(body: &str) -> Script {
    script(ScriptCode::Function(body.into()))
}

pub(crate) fn with(mut script: Script, name: &str, value: Value) -> Script {
    script.names.push((name.into(), Arc::new(value)));
    script
}

pub(crate) fn run(script: &Script) -> ScriptOutcome {
    flow_script::evaluate(script, &Limits::default())
}

#[track_caller]
pub(crate) fn value_of(script: &Script) -> Value {
    let mut outcome = run(script);
    assert_eq!(outcome.failure, None, "{:?}", script.code);
    outcome.values.pop().expect("a value or a failure")
}

/// The value of an expression without names.
#[track_caller]
pub(crate) fn value(source: &str) -> Value {
    value_of(&expressions(&[source]))
}

#[track_caller]
pub(crate) fn failure_of(script: &Script) -> ScriptFailure {
    let outcome = run(script);
    outcome.failure.unwrap_or_else(|| panic!("{:?} has the values {:?}", script.code, outcome.values))
}

/// The failure of an expression without names.
#[track_caller]
pub(crate) fn failure(source: &str) -> ScriptFailure {
    failure_of(&expressions(&[source]))
}

#[track_caller]
pub(crate) fn assert_fails(source: &str, kind: ScriptFailureKind, message: &str) {
    let failure = failure(source);
    assert_eq!(failure.kind, kind, "{source}: {failure}");
    assert!(failure.message.contains(message), "{source}: {failure}");
}

pub(crate) fn process_options() -> ProcessPoolOptions {
    ProcessPoolOptions { workers: 2, ..ProcessPoolOptions::new(env!("CARGO_BIN_EXE_js-worker"), [""; 0]) }
}

pub(crate) fn thread_options() -> ThreadPoolOptions {
    ThreadPoolOptions { workers: 2, ..ThreadPoolOptions::default() }
}

pub(crate) fn processes(options: ProcessPoolOptions) -> ProcessPool {
    ProcessPool::start(options).expect("the options are right")
}

pub(crate) fn threads(options: ThreadPoolOptions) -> ThreadPool {
    ThreadPool::start(options).expect("the options are right")
}

/// Both pools, by their names.
pub(crate) fn pools() -> [(&'static str, Arc<dyn ScriptEngine>); 2] {
    [("processes", Arc::new(processes(process_options()))), ("threads", Arc::new(threads(thread_options())))]
}
