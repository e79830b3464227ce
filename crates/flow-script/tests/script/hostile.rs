//! Scripts that mean harm, through both pools: each comes to its end in time, for the documented reason, and others
//! don't wait for it.

use std::{future::Future, sync::Arc, time::Duration};

use flow_engine::ScriptEngine;
use flow_expr::{Script, ScriptFailureKind as Kind};
use flow_script::{Limits, ProcessPoolOptions};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{expressions, function, pools, process_options, processes};

/// How long a script may take here, in milliseconds.
const LIMIT: u64 = 300;

/// Far more than any script should need, on a machine that is busy with something else.
const BOUND: Duration = Duration::from_secs(10);

/// What a hostile script may come to.
type Ends = &'static [Kind];

const TIME: Ends = &[Kind::TimedOut];
const MEMORY: Ends = &[Kind::OutOfMemory];
/// Whichever limit is met first, which depends on the machine.
const EITHER: Ends = &[Kind::OutOfMemory, Kind::TimedOut];

const EXPRESSIONS: [(&str, Ends); 26] = [
    ("(() => { for (;;); })()", TIME),
    ("(() => { try { for (;;); } finally { for (;;); } })()", TIME),
    ("(() => { for (;;) { try { null.x } catch {} } })()", TIME),
    ("/(a+)+$/.test('a'.repeat(40) + 'b')", TIME),
    ("[3, 1, 2].sort(() => { for (;;); })", TIME),
    ("({ get x() { for (;;); } })", TIME),
    ("({ toJSON() { for (;;); } })", TIME),
    ("new Proxy({}, { ownKeys() { for (;;); } })", TIME),
    ("`${{ toString() { for (;;); } }}`", TIME),
    ("[...(function* () { for (;;) yield 1 })()].length", EITHER),
    // These never look at the clock.
    ("Array(2 ** 31).join('')", TIME),
    ("'a'.repeat(2e5).indexOf('a'.repeat(1e5) + 'b')", TIME),
    ("(() => { const a = []; for (;;) a.push('x'.repeat(1e5) + a.length) })()", EITHER),
    ("(() => { const a = []; for (;;) a.push({ a: [] }) })()", EITHER),
    ("(() => { let s = 'x'; for (;;) s += s })()", &[Kind::OutOfMemory, Kind::Threw]),
    ("new Array(2 ** 32 - 1)", EITHER),
    ("new Uint8Array(2 ** 30)", &[Kind::OutOfMemory, Kind::Threw]),
    ("(() => { let a = 'x'; for (let i = 0; i < 40; i++) a = [a, a]; return a })()", EITHER),
    ("'x'.repeat(2 ** 24 + 1)", &[Kind::OutputTooLarge, Kind::TimedOut]),
    ("(function f() { return f() + 1 })()", MEMORY),
    ("(() => { const f = () => ({ x: { toJSON: f } }); return f() })()", MEMORY),
    ("JSON.parse('['.repeat(1e6))", MEMORY),
    ("parseJson('[' + '1,'.repeat(1e7) + '1]').length", EITHER),
    ("new RegExp('('.repeat(1e5))", &[Kind::OutOfMemory, Kind::Threw]),
    ("(2n ** 1000000n).toString().length", &[Kind::TimedOut, Kind::Threw]),
    ("str(new Proxy([], { get: (_, key) => key === 'length' ? 2 ** 40 : 1 }))", EITHER),
];

const FUNCTIONS: [(&str, Ends); 6] = [
    ("for (;;) await null", TIME),
    ("for (;;) console.log('x'.repeat(1e4))", TIME),
    ("for (;;) console.log({ get x() { return 'x'.repeat(1e3) } })", TIME),
    ("(function next() { Promise.resolve().then(next) })(); await new Promise(() => {})", TIME),
    ("await new Promise(() => {})", &[Kind::NeverSettles]),
    ("return { then(done) { for (;;); } }", TIME),
];

/// Where a promise can't be settled for want of memory, QuickJS ends the process.
const FATAL: [(&str, Ends); 3] = [
    ("const f = async () => { await f() }; return f()", &[Kind::Crashed, Kind::OutOfMemory]),
    ("const f = async () => f(); return f()", &[Kind::Crashed, Kind::OutOfMemory]),
    (
        "const f = async n => { await null; await Promise.all([f(n + 1), f(n + 1)]) }; return f(0)",
        &[Kind::Crashed, Kind::OutOfMemory, Kind::TimedOut],
    ),
];

async fn within_bound<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(BOUND, future).await.unwrap_or_else(|_| panic!("{what} takes longer than {BOUND:?}"))
}

async fn assert_ends(name: &str, engine: &dyn ScriptEngine, source: &str, mut script: Script, ends: Ends) {
    script.time_limit_ms = Some(LIMIT);
    let what = format!("{source} in {name}");
    let outcome = within_bound(&what, engine.evaluate(script)).await;
    let Some(failure) = outcome.failure else { panic!("{what} has the values {:?}", outcome.values) };
    assert!(ends.contains(&failure.kind), "{what}: {:?} {failure}", failure.kind);
    let written = outcome.logs.iter().map(|line| line.message.len()).sum::<usize>();
    assert!(written < 80 << 10 && outcome.logs.len() <= 1_001, "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_in_time_and_others_go_on() {
    let pools = pools().map(|(name, engine)| tokio::spawn(all_end(name, engine)));
    for pool in pools {
        pool.await.unwrap();
    }
}

async fn all_end(name: &'static str, engine: Arc<dyn ScriptEngine>) {
    let scripts = EXPRESSIONS.iter().map(|(source, ends)| (*source, expressions(&[source]), *ends));
    let scripts = scripts.chain(FUNCTIONS.iter().map(|(body, ends)| (*body, function(body), *ends)));
    for (source, script, ends) in scripts {
        let honest = async {
            let outcome = within_bound(name, engine.evaluate(expressions(&["[1, 2].map(x => x * 2)"]))).await;
            assert_eq!(
                (outcome.failure, outcome.values),
                (None, vec![json!([2, 4])]),
                "beside {source} in {name}"
            );
        };
        tokio::join!(assert_ends(name, &*engine, source, script, ends), honest);
    }
}

#[tokio::test]
async fn what_ends_the_process_ends_a_worker_alone() {
    let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let pool = processes(ProcessPoolOptions { limits, ..process_options() });
    for (body, ends) in FATAL {
        assert_ends("processes", &pool, body, function(body), ends).await;
        let outcome = within_bound(body, pool.evaluate(expressions(&["[1, 2].map(x => x * 2)"]))).await;
        assert_eq!((outcome.failure, outcome.values), (None, vec![json!([2, 4])]), "after {body}");
    }
}
