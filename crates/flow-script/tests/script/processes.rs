//! What is so about processes alone.

use std::{env, fs, process::Command, sync::Arc, thread, time::Duration};

use flow_engine::ScriptEngine;
use flow_expr::{Script, ScriptFailureKind as Kind, ScriptOwner};
use flow_script::{Limits, ProcessPool, ProcessPoolOptions};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, dup},
};
use serde_json::json;

use crate::support::{expressions, function, process_options, processes, with};

const HONEST: &str = "[1, 2].map(x => x * 2)";

/// Never looks at the clock.
const STUCK: &str = "Array(2 ** 31).join('')";

/// One worker, which takes its time. It can be told from those of other tests by its argument.
fn patient(test: &str) -> ProcessPoolOptions {
    let limits = Limits { time_ms: 60_000, ..Limits::default() };
    ProcessPoolOptions {
        workers: 1,
        args: vec![format!("worker-of-{test}").into()],
        limits,
        ..process_options()
    }
}

/// The processes that have `argument`.
fn workers(argument: &str) -> Vec<Pid> {
    let argument = format!("\0worker-of-{argument}\0");
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let found = entries.filter(|entry| {
        fs::read_to_string(entry.path().join("cmdline")).is_ok_and(|line| line.ends_with(&argument))
    });
    found.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw)).collect()
}

fn proc(pid: Pid, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// The clock ticks that a process has computed.
fn ticks(pid: Pid) -> u64 {
    let stat = proc(pid, "stat");
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Whether nothing of a process is left but its entry.
fn is_over(pid: Pid) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    threads == 0 || threads == 1 && proc(pid, "stat").contains(") Z ")
}

async fn until(condition: impl Fn() -> bool) {
    let waits = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.expect("the condition comes true");
}

async fn until_busy(pid: Pid) {
    let before = ticks(pid);
    until(|| ticks(pid) > before + 2).await;
}

async fn assert_honest(pool: &ProcessPool) {
    let outcome = pool.evaluate(expressions(&[HONEST])).await;
    assert_eq!((outcome.failure, outcome.values), (None, vec![json!([2, 4])]));
}

/// A pool whose one worker is warm.
async fn warm(test: &str) -> (Arc<ProcessPool>, Pid) {
    let pool = Arc::new(processes(patient(test)));
    assert_honest(&pool).await;
    let found = workers(test);
    assert_eq!(found.len(), 1, "one worker");
    (pool, found[0])
}

#[tokio::test]
async fn a_worker_stays_warm() {
    let (pool, pid) = warm("warm").await;
    for _ in 0..20 {
        assert_honest(&pool).await;
    }
    assert_eq!(workers("warm"), [pid]);
    drop(pool);
    until(|| workers("warm").is_empty()).await;
}

#[tokio::test]
async fn a_worker_that_dies_takes_its_script_along_and_no_other() {
    let (pool, pid) = warm("dies").await;
    let script = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.evaluate(expressions(&[STUCK])).await }
    });
    until_busy(pid).await;
    kill(pid, Signal::SIGKILL).unwrap();
    let failure = script.await.unwrap().failure.unwrap();
    assert_eq!(failure.kind, Kind::Crashed, "{failure}");
    assert!(failure.message.contains("signal: 9"), "{failure}");
    assert_honest(&pool).await;

    // One that dies while it is idle is missed by nobody.
    let idle = workers("dies")[0];
    kill(idle, Signal::SIGKILL).unwrap();
    until(|| is_over(idle)).await;
    assert_honest(&pool).await;
}

#[tokio::test]
async fn a_script_that_nobody_waits_for_is_stopped() {
    for (test, source) in [("gone-a", STUCK), ("gone-b", "(() => { for (;;); })()")] {
        let (pool, pid) = warm(test).await;
        let script = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.evaluate(expressions(&[source])).await }
        });
        until_busy(pid).await;
        script.abort();
        assert_honest(&pool).await;
        until(|| is_over(pid)).await;
    }
}

/// Whoever has many scripts that take all their time makes others wait for the one that runs.
#[tokio::test]
async fn owners_take_turns() {
    let limits = Limits { time_ms: 200, ..Limits::default() };
    let pool =
        Arc::new(ProcessPool::start(ProcessPoolOptions { workers: 1, limits, ..process_options() }).unwrap());
    let of = |workspace: &str, source: &str| {
        let owner = ScriptOwner { workspace: workspace.to_owned(), flow: "flow".to_owned() };
        let (pool, script) = (Arc::clone(&pool), Script { owner, ..expressions(&[source]) });
        tokio::spawn(async move { pool.evaluate(script).await })
    };
    let greedy: Vec<_> = (0..20).map(|_| of("greedy", "(() => { for (;;); })()")).collect();
    // All of them wait before the other one comes.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let outcome = of("modest", HONEST).await.unwrap();
    assert_eq!(outcome.values, [json!([2, 4])]);
    let over = greedy.iter().filter(|one| one.is_finished()).count();
    assert!(over < 10, "{over} of 20 came first");
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn too_many_scripts_are_refused() {
    let pool = processes(ProcessPoolOptions { queue: 1, ..patient("queue") });
    let stuck = || pool.evaluate(expressions(&[STUCK]));
    let first = tokio::select! {
        outcome = stuck() => outcome,
        outcome = stuck() => outcome,
        outcome = stuck() => outcome,
    };
    let failure = first.failure.unwrap();
    assert_eq!(failure.kind, Kind::Busy);
    assert!(failure.message.contains("1 scripts are running and 1 wait"), "{failure}");
    // Those that were dropped made room.
    assert_honest(&pool).await;
}

#[tokio::test]
async fn workers_are_replaced_after_a_while() {
    let pool = processes(ProcessPoolOptions { scripts_per_worker: 2, ..patient("replaced") });
    assert_honest(&pool).await;
    let first = workers("replaced");
    assert_honest(&pool).await;
    assert_honest(&pool).await;
    until(|| workers("replaced").len() == 1).await;
    assert_ne!(workers("replaced"), first);

    let pool = processes(ProcessPoolOptions { resident_bytes: 1, ..patient("grown") });
    assert_honest(&pool).await;
    until(|| workers("grown").is_empty()).await;
    assert_honest(&pool).await;
}

#[tokio::test]
async fn a_worker_has_nothing_of_the_servers() {
    // Without the mark that closes it in children.
    let inherited = dup(std::io::stderr()).unwrap();
    let (pool, pid) = warm("confined").await;
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let mut descriptors: Vec<_> = descriptors.map(|entry| entry.unwrap().file_name()).collect();
    descriptors.sort();
    assert_eq!(descriptors, ["0", "1", "2"]);
    drop(inherited);
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap().to_str(), Some("/"));
    assert!(proc(pid, "status").contains("NoNewPrivs:\t1"));
    assert_eq!(proc(pid, "environ"), "TZ=UTC\0");
    let limits = proc(pid, "limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max address space"), ["536870912", "536870912"]);
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    assert_eq!(limit("Max processes"), ["0", "0"]);
    assert_eq!(limit("Max open files"), ["16", "16"]);
    drop(pool);
}

#[tokio::test]
async fn a_program_that_doesnt_start_says_why_and_isnt_started_over_and_over() {
    for (program, hint) in [("/no/such/program", "No such file"), ("/bin/false", "exit status: 1")] {
        let pool = processes(ProcessPoolOptions { program: program.into(), ..process_options() });
        for _ in 0..50 {
            let failure = pool.evaluate(expressions(&[HONEST])).await.failure.unwrap();
            assert_eq!(failure.kind, Kind::Unavailable, "{failure}");
            assert!(failure.message.contains(program) && failure.message.contains(hint), "{failure}");
        }
    }
}

#[tokio::test]
async fn large_values_come_through() {
    let text = "Ærø ".repeat(1 << 20);
    let (pool, _) = warm("large").await;
    let script = with(expressions(&["[text].concat('end')"]), "text", json!(text));
    let outcome = pool.evaluate(script).await;
    assert_eq!(outcome.failure, None);
    assert!(outcome.values[0] == json!([text, "end"]), "the text is another one");
}

#[tokio::test]
async fn a_callers_runtime_may_come_and_go() {
    let pool = Arc::new(processes(patient("runtimes")));
    for _ in 0..3 {
        let pool = Arc::clone(&pool);
        let call = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(assert_honest(&pool));
        };
        thread::spawn(call).join().unwrap();
    }
    assert_eq!(workers("runtimes").len(), 1);
}

/// In another process, this is a server with a script that never ends.
#[tokio::test]
async fn as_a_server() {
    let Ok(test) = env::var("FLOW_SCRIPT_SERVER") else { return };
    let pool = processes(patient(&test));
    pool.evaluate(endless()).await;
}

fn endless() -> Script {
    function(&format!("console.log('begun'); return {STUCK}"))
}

#[tokio::test]
async fn workers_dont_outlive_the_server() {
    let mut server = Command::new(env::current_exe().unwrap());
    server.args(["--exact", "processes::as_a_server"]).env("FLOW_SCRIPT_SERVER", "orphan");
    let mut server = server.stdout(std::process::Stdio::null()).spawn().unwrap();
    until(|| workers("orphan").len() == 1).await;
    let pid = workers("orphan")[0];
    until_busy(pid).await;
    server.kill().unwrap();
    server.wait().unwrap();
    until(|| workers("orphan").is_empty()).await;
}
