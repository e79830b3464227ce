//! A script engine that knows the one script that plans write, and takes its time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::{Clock, MemoryStore, Script, ScriptCode, ScriptEngine, ScriptOutcome};
use flow_expr::{Expression, Lookup, Scope};

use super::ledger::Ledger;
use crate::{FaultyStore, ManualClock, script_values};

/// What is written round an expression to make a script of it: the value stays the same.
const BEFORE: &str = "[";
const BEHIND: &str = "].map(x => x)[0]";

/// How long a script may take, in milliseconds: the last is longer than events may stay uncommitted.
const LATENCIES: [u64; 6] = [0, 0, 0, 5, 30, 300];

/// An expression as a script.
pub(super) fn written(expression: &str) -> String {
    format!("{BEFORE}{expression}{BEHIND}")
}

/// The script engine of one process.
pub(super) struct Scripts {
    /// The process's life.
    pub(super) life: FaultyStore<MemoryStore>,
    pub(super) clock: ManualClock,
    pub(super) ledger: Arc<Ledger>,
}

#[async_trait]
impl ScriptEngine for Scripts {
    async fn evaluate(&self, script: Script) -> ScriptOutcome {
        self.life.until_going().await;
        let _under_way = self.ledger.evaluate();
        let ScriptCode::Expressions(expressions) = &script.code else { return ScriptOutcome::default() };
        let takes: usize = expressions.iter().map(|expression| expression.source.len()).sum();
        self.clock
            .sleep_until(self.clock.now().after(Duration::from_millis(LATENCIES[takes % LATENCIES.len()])))
            .await;
        self.life.until_going().await;
        let value = |source: &str| {
            let inner = source.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
            Some((*Expression::parse(inner).ok()?.evaluate(&Given(&script)).ok()?).clone())
        };
        // With too few values the step fails, which no plan expects.
        script_values(expressions.iter().map_while(|expression| value(&expression.source)))
    }
}

/// The names that a script is given.
struct Given<'a>(&'a Script);

impl Scope for Given<'_> {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.0.names.iter().find(|(given, _)| &**given == name) {
            Some((_, value)) => Lookup::Value(value),
            None if self.0.undefined.iter().any(|given| &**given == name) => Lookup::Undefined,
            None => Lookup::Unknown,
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
