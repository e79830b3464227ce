//! How long a small script takes: here, through threads, and through processes.
//!
//! `cargo run --release -p flow-script --example latency`
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and is for people")]

use std::{env, sync::Arc, time::Instant};

use flow_engine::ScriptEngine;
use flow_expr::{ChanceSource, Script, ScriptCode, ScriptExpression};
use flow_script::{Error, Limits, ProcessPool, ProcessPoolOptions, ThreadPool, ThreadPoolOptions};
use serde_json::{Value, json};

fn script(source: &str, names: &[(&str, &Arc<Value>)]) -> Script {
    let expression = ScriptExpression { source: source.into(), chance_index: 0, as_truth: false };
    Script {
        code: ScriptCode::Expressions(vec![expression]),
        names: names.iter().map(|(name, value)| ((*name).into(), Arc::clone(value))).collect(),
        undefined: Vec::new(),
        now_ms: 0,
        chance: ChanceSource { seed: 1, place: "step".into() },
        resume_urls: Vec::new(),
        owner: flow_expr::ScriptOwner::default(),
        time_limit_ms: None,
    }
}

fn report(what: &str, mut times: Vec<u128>) {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100];
    println!("{what:50} p50 {:6} µs   p99 {:6} µs", at(50) / 1_000, at(99) / 1_000);
}

async fn through(name: &str, engine: &dyn ScriptEngine, scripts: &[(&str, Script)]) {
    for (what, script) in scripts {
        let mut times = Vec::new();
        for _ in 0..200 {
            let start = Instant::now();
            let outcome = engine.evaluate(script.clone()).await;
            times.push(start.elapsed().as_nanos());
            assert_eq!(outcome.failure, None);
        }
        report(&format!("{name}: {what}"), times);
    }
}

fn main() -> Result<(), Error> {
    // The same program is the worker.
    if env::args().nth(1).as_deref() == Some("js-worker") {
        return flow_script::worker::run();
    }
    measure()
}

#[tokio::main]
async fn measure() -> Result<(), Error> {
    let small = Arc::new(json!([3, 1, 2]));
    let rows =
        |count: usize| (0..count).map(|id| json!({"id": id, "name": format!("Person {id}")})).collect();
    let large: Arc<Value> = Arc::new(Value::Array(rows(25_000)));
    let size = large.to_string().len() >> 10;
    let scripts = [
        ("a map of 3 numbers", script("xs.map(x => x + 1)", &[("xs", &small)])),
        (
            "the same beside 1 MB that it doesn't use",
            script("xs.map(x => x + 1)", &[("xs", &small), ("big", &large)]),
        ),
        ("a filter over 1 MB", script("big.filter(row => row.id > 24990).length", &[("big", &large)])),
    ];
    println!("the large value has {size} KiB");
    for (what, script) in &scripts {
        let time = |_| {
            let start = Instant::now();
            let outcome = flow_script::evaluate(script, &Limits::default());
            assert_eq!(outcome.failure, None, "{:?}", start.elapsed());
            start.elapsed().as_nanos()
        };
        report(&format!("here: {what}"), (0..10).map(time).collect());
    }
    let threads = ThreadPool::start(ThreadPoolOptions::default())?;
    through("thread", &threads, &scripts).await;
    let program = env::current_exe()?;
    let processes = ProcessPool::start(ProcessPoolOptions::new(program, ["js-worker"]))?;
    through("process", &processes, &scripts).await;
    Ok(())
}
