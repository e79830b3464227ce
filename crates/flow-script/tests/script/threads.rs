//! What is so about threads alone.

use std::{env, process::Command, sync::Arc};

use flow_engine::ScriptEngine;
use flow_expr::ScriptFailureKind as Kind;
use flow_script::{Error, Limits, ThreadPool, ThreadPoolOptions};
use serde_json::json;

use crate::support::{expressions, function, thread_options, threads};

const HONEST: &str = "[1, 2].map(x => x * 2)";

fn one_thread() -> ThreadPoolOptions {
    ThreadPoolOptions { workers: 1, ..thread_options() }
}

#[tokio::test]
async fn a_thread_that_cant_be_stopped_is_written_off() {
    let limits = Limits { time_ms: 100, ..Limits::default() };
    let pool = threads(ThreadPoolOptions { written_off: 1, limits, ..one_thread() });
    for _ in 0..2 {
        let stuck = pool.evaluate(expressions(&["Array(2 ** 31).join('')"])).await;
        assert_eq!(stuck.failure.unwrap().kind, Kind::TimedOut);
    }
    // Both threads that may live are stuck.
    let failure = pool.evaluate(expressions(&[HONEST])).await.failure.unwrap();
    assert_eq!(failure.kind, Kind::Unavailable, "{failure}");
    assert!(failure.message.contains("run scripts in processes"), "{failure}");
}

#[tokio::test]
async fn a_script_that_nobody_waits_for_gives_its_thread_back() {
    let limits = Limits { time_ms: 600_000, ..Limits::default() };
    let pool = Arc::new(threads(ThreadPoolOptions { written_off: 0, limits, ..one_thread() }));
    let script = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.evaluate(function("for (;;);")).await }
    });
    // It has the only thread once another one has to wait.
    tokio::task::yield_now().await;
    script.abort();
    loop {
        let outcome = pool.evaluate(expressions(&[HONEST])).await;
        match outcome.failure {
            None => break assert_eq!(outcome.values, [json!([2, 4])]),
            Some(failure) => assert_eq!(failure.kind, Kind::Unavailable, "{failure}"),
        }
    }
}

#[tokio::test]
async fn too_many_scripts_are_refused() {
    let limits = Limits { time_ms: 60_000, ..Limits::default() };
    let pool = threads(ThreadPoolOptions { queue: 0, limits, ..one_thread() });
    let endless = || pool.evaluate(function("for (;;);"));
    let first = tokio::select! {
        outcome = endless() => outcome,
        outcome = endless() => outcome,
    };
    assert_eq!(first.failure.unwrap().kind, Kind::Busy);
}

#[tokio::test]
async fn a_thread_is_used_again() {
    let pool = threads(ThreadPoolOptions { written_off: 0, ..one_thread() });
    for _ in 0..50 {
        assert_eq!(pool.evaluate(expressions(&[HONEST])).await.values, [json!([2, 4])]);
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |options| ThreadPool::start(options).err().unwrap().to_string();
    assert!(refused(ThreadPoolOptions { workers: 0, ..thread_options() }).contains("`workers`"));
    let limits = Limits { memory_bytes: 1, ..Limits::default() };
    assert!(refused(ThreadPoolOptions { limits, ..thread_options() }).contains("`memory_bytes`"));
}

/// In another process, whose local time isn't UTC.
#[test]
fn as_elsewhere() {
    if env::var_os("FLOW_SCRIPT_ELSEWHERE").is_some() {
        assert!(matches!(ThreadPool::start(thread_options()), Err(Error::NotUtc)));
    }
}

#[test]
fn local_time_that_isnt_utc_is_refused() {
    let mut elsewhere = Command::new(env::current_exe().unwrap());
    elsewhere.args(["--exact", "threads::as_elsewhere"]);
    let output = elsewhere.env("FLOW_SCRIPT_ELSEWHERE", "1").env("TZ", "XYZ-2").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
