//! What a script costs, from a call on this thread to one in another process.
//!
//! `cargo bench -p flow-script`

#![expect(clippy::unwrap_used, reason = "a benchmark has nobody to tell")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use flow_engine::{ChanceSource, Script, ScriptCode, ScriptEngine, ScriptExpression, ScriptOutcome};
use flow_script::{Limits, ProcessPool, ProcessPoolOptions, ThreadPool, ThreadPoolOptions, evaluate};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// A callback on a list of that many orders, 80 bytes each.
fn script(orders: usize) -> Script {
    let order =
        |n: usize| json!({ "id": n, "total": n as f64 * 1.5, "lines": ["keyboard, black", "cable, 2 m"] });
    let orders: Value = (0..orders).map(order).collect();
    let code = ScriptExpression {
        source: "orders.filter(order => order.total > 10).length".into(),
        chance_index: 0,
        as_truth: false,
    };
    Script {
        code: ScriptCode::Expressions(vec![code]),
        names: vec![("orders".into(), Arc::new(orders))],
        undefined: Vec::new(),
        now_ms: 0,
        chance: ChanceSource { seed: 7, place: "it".to_owned() },
        resume_urls: Vec::new(),
        owner: flow_engine::ScriptOwner::default(),
        time_limit_ms: None,
    }
}

fn checked(outcome: &ScriptOutcome) {
    assert_eq!((outcome.values.len(), &outcome.failure), (1, &None));
}

const ORDERS: [usize; 3] = [3, 100, 10_000];

#[divan::bench(args = ORDERS)]
fn here(bencher: Bencher<'_, '_>, orders: usize) {
    let (script, limits) = (script(orders), Limits::default());
    bencher.bench_local(|| checked(&evaluate(black_box(&script), &limits)));
}

#[divan::bench(args = ORDERS)]
fn threads(bencher: Bencher<'_, '_>, orders: usize) {
    let pool = ThreadPool::start(ThreadPoolOptions::default()).unwrap();
    through(bencher, &pool, orders);
}

#[divan::bench(args = ORDERS)]
fn processes(bencher: Bencher<'_, '_>, orders: usize) {
    let pool = ProcessPool::start(ProcessPoolOptions::new(env!("CARGO_BIN_EXE_js-worker"), [""; 0])).unwrap();
    through(bencher, &pool, orders);
}

fn through(bencher: Bencher<'_, '_>, pool: &dyn ScriptEngine, orders: usize) {
    let script = script(orders);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // The first call starts the worker.
    runtime.block_on(async { checked(&pool.evaluate(script.clone()).await) });
    bencher.bench_local(|| runtime.block_on(async { checked(&pool.evaluate(script.clone()).await) }));
}
