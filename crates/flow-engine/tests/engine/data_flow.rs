//! What publishing says of names that can't be set where they are used, or may be unset there.

mod foretold;
mod triggers;

use std::time::Instant;

use flow_engine::{Limits, validate_document};
use flow_model::{Fault, Severity};
use serde_json::{Value, json};

use crate::world::{echo, steps};

pub(crate) fn validated(document: &Value) -> Vec<Fault> {
    validate_document(document, &steps(&echo()), &Limits::default())
}

/// A document of these steps behind a trigger with an input `n`, each of which leads to the next one unless it says
/// otherwise. The last one is a `final` that shows `uses`.
fn document(inside: Value, uses: &[&str]) -> Value {
    let mut steps = vec![json!({ "id": "start", "type": "api", "data": { "fields": [{ "name": "n" }] } })];
    steps.extend(inside.as_array().unwrap().iter().cloned());
    let outputs: Vec<_> =
        uses.iter().map(|used| json!({ "name": "x", "output": format!("{{{{{used}}}}}") })).collect();
    steps.push(json!({ "id": "end", "type": "final", "data": { "outputs": outputs } }));
    for index in 0..steps.len() - 1 {
        if steps[index].get("nextStepId").is_none() {
            steps[index]["nextStepId"] = steps[index + 1]["id"].clone();
        }
    }
    json!({ "name": "flow", "definition": { "steps": steps }, "settings": {} })
}

fn set(id: &str, name: &str, value: &str) -> Value {
    json!({ "id": id, "type": "set-variables", "data": { "variables": [{ "name": name, "value": value }] } })
}

fn choice(yes: &str, no: &str) -> Value {
    let branch = json!({ "condition": "n == 1", "nextStepId": yes });
    json!({ "id": "pick", "type": "condition", "data": { "branches": [branch], "elseStepId": no } })
}

fn with(mut step: Value, key: &str, value: Value) -> Value {
    step[key] = value;
    step
}

/// A row: the steps, what the `final` uses, and of each fault the severity, the code and a part of its words.
type Row<'a> = (Value, Vec<&'a str>, Vec<(Severity, &'a str, &'a str)>);

const NEVER: &str = "variable_not_set_yet";
const MAYBE: &str = "variable_maybe_unset";
use Severity::{Error, Warning};

#[track_caller]
fn check(rows: Vec<Row<'_>>) {
    for (inside, uses, expected) in rows {
        let document = document(inside, &uses);
        let found = validated(&document);
        let found_codes: Vec<_> = found.iter().map(|fault| (fault.severity, fault.code)).collect();
        let codes: Vec<_> = expected.iter().map(|(severity, code, _)| (*severity, *code)).collect();
        assert_eq!(found_codes, codes, "{document} {found:#?}");
        for (fault, (_, _, words)) in found.iter().zip(expected) {
            assert!(fault.message.contains(words), "`{words}`: {fault:?}");
        }
    }
}

#[test]
fn a_name_is_set_by_the_steps_before_it() {
    let care = |to: &str| json!({ "stepId": to });
    let work = |id: &str| json!({ "id": id, "type": "work", "data": {} });
    check(vec![
        (json!([set("a", "x", "1")]), vec!["x", "a.x", "steps.a.x", "n"], vec![]),
        (
            json!([set("a", "x", "{{y}}"), set("b", "y", "1")]),
            vec!["x"],
            vec![(Error, NEVER, "`b` sets it, and comes later")],
        ),
        (json!([set("a", "x", "{{a}}")]), vec![], vec![(Error, NEVER, "what `a` itself comes to")]),
        (
            json!([set("a", "x", "{{steps.b}}"), set("b", "y", "1")]),
            vec![],
            vec![(Error, NEVER, "`steps.b` is always undefined")],
        ),
        (
            json!([set("a", "x", "1")]),
            vec!["steps.aa"],
            vec![(Error, "unknown_name", "did you mean `steps.a`?")],
        ),
        (
            json!([set("a", "x", "1")]),
            vec!["approval.decision"],
            vec![(Error, NEVER, "no approval comes before")],
        ),
        (json!([set("a", "x", "1")]), vec!["error.code"], vec![(Error, NEVER, "no failure leads here")]),
        // Made for it to be undefined: no harm is done.
        (
            json!([set("a", "x", "1")]),
            vec!["error?.code ?? 'none'"],
            vec![(Warning, NEVER, "no failure leads here")],
        ),
        // One branch sets it.
        (
            json!([
                choice("a", "b"),
                with(set("a", "x", "1"), "nextStepId", json!("end")),
                set("b", "y", "{{x}}")
            ]),
            vec!["x", "x ?? 1", "y", "y?.z", "x && x.z", "b?.y"],
            vec![
                (Error, NEVER, "`a` sets it, and stands on another path"),
                (Warning, MAYBE, "on the way by `b`"),
                (Warning, MAYBE, "on the way by `a`"),
            ],
        ),
        (
            json!([choice("a", "end"), set("a", "x", "1")]),
            vec!["x", "steps.a.x"],
            vec![(Warning, MAYBE, "on the way by `pick`"), (Warning, MAYBE, "on the way by `pick`")],
        ),
        // Both do.
        (
            json!([
                choice("a", "b"),
                with(set("a", "x", "1"), "nextStepId", json!("end")),
                set("b", "x", "2")
            ]),
            vec!["x"],
            vec![],
        ),
        // What is passed over has a result, and sets no variables.
        (
            json!([with(set("a", "x", "1"), "when", json!("n"))]),
            vec!["a", "x"],
            vec![(Warning, MAYBE, "when `a` is passed over")],
        ),
        (
            json!([with(set("a", "x", "1"), "disabled", json!(true))]),
            vec!["a", "x"],
            vec![(Error, NEVER, "it is disabled")],
        ),
        (json!([with(work("w"), "when", json!("w"))]), vec!["w"], vec![(Error, NEVER, "itself")]),
        (json!([with(work("w"), "onError", json!("continue"))]), vec!["w.error"], vec![]),
        // A failure's own path.
        (
            json!([
                with(with(work("w"), "onError", care("help")), "nextStepId", json!("end")),
                set("help", "x", "{{error.code}} {{w}}"),
            ]),
            vec!["w", "error?.code", "error.code"],
            vec![
                (Error, NEVER, "`w` sets it, but a run gets here when it has failed"),
                (Warning, MAYBE, "on the way by `help`"),
                (Warning, MAYBE, "on the way by `w`"),
            ],
        ),
        (
            json!([with(work("w"), "onError", care("end"))]),
            vec!["w"],
            vec![(Warning, MAYBE, "when `w` fails")],
        ),
    ]);
}

#[test]
fn approvals_say_what_was_decided_behind_them_alone() {
    let ask = json!({ "id": "ask", "type": "user-approval", "data": { "message": "?", "onExpire": "late", "expiresInMs": 5 },
        "nextStepId": "end", "rejectNextStepId": "no" });
    let late = with(set("late", "x", "{{approval.decision}} {{ask.decision}}"), "nextStepId", json!("end"));
    let no = set("no", "y", "{{approval.message}}");
    check(vec![
        (
            json!([ask, late, no]),
            vec!["approval.decision", "x"],
            vec![(Warning, MAYBE, "on the way by `ask`")],
        ),
        (
            json!([with(with(ask, "when", json!("n")), "data", json!({ "message": "{{approval.by}}" })), no]),
            vec!["approval.decision"],
            vec![(Error, NEVER, "what `ask` itself"), (Warning, MAYBE, "when `ask` is passed over")],
        ),
    ]);
}

#[test]
fn loops_and_branches() {
    let each = |inside: Value, more: Value| {
        let mut data = json!({ "arrayVariable": "[1, 2]", "steps": inside });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "id": "loop", "type": "each", "data": data })
    };
    let round = |condition: &str, inside: Value| json!({ "id": "loop", "type": "while", "data": { "condition": condition, "steps": inside } });
    let two = |one: Value, other: Value| json!({ "id": "fan", "type": "parallel", "data": { "branches": [{ "steps": [one] }, { "steps": [other] }] } });
    let by = |x: &str| json!([set("t", "x", x)]);
    check(vec![
        (json!([each(by("{{item}} {{index}} {{_each.total}}"), json!({}))]), vec!["loop.results"], vec![]),
        (
            json!([each(by("1"), json!({}))]),
            vec!["item"],
            vec![(Error, NEVER, "`item` exists only inside an `each`")],
        ),
        (json!([each(by("{{loop}}"), json!({}))]), vec![], vec![(Error, NEVER, "what `loop` itself")]),
        (
            json!([round("iteration < 2", by("{{_while.run}}"))]),
            vec!["iteration"],
            vec![(Error, NEVER, "only inside a `while`")],
        ),
        (
            json!([with(round("true", by("1")), "when", json!("iteration"))]),
            vec![],
            vec![(Error, NEVER, "only inside a `while`")],
        ),
        // Not a single item; the pass before; all of them at a time.
        (
            json!([each(by("1"), json!({}))]),
            vec!["x", "steps.t"],
            vec![
                (Warning, MAYBE, "when `loop` doesn't go round"),
                (Warning, MAYBE, "when `loop` doesn't go round"),
            ],
        ),
        (
            json!([each(by("{{t}}"), json!({}))]),
            vec![],
            vec![(Warning, MAYBE, "when `loop` goes round for the first time")],
        ),
        (
            json!([each(by("{{t}}"), json!({ "concurrency": 2 }))]),
            vec!["x"],
            vec![
                (Error, NEVER, "what `t` itself"),
                (
                    Error,
                    NEVER,
                    "`t` sets it inside of `loop`, where it is seen alone; use the result of `loop`",
                ),
            ],
        ),
        (json!([round("x < 2", by("1"))]), vec![], vec![(Warning, MAYBE, "")]),
        (json!([set("a", "x", "0"), round("x < 2", by("{{x + 1}}"))]), vec!["x"], vec![]),
        (
            json!([set("a", "x", "0"), two(set("t", "y", "{{x}}"), set("u", "z", "{{y}}"))]),
            vec!["fan.branch_1.y", "z"],
            vec![
                (Error, NEVER, "`t` sets it inside of `fan`"),
                (Error, NEVER, "`u` sets it inside of `fan`"),
            ],
        ),
    ]);
}

#[test]
fn triggers_bring_their_own_inputs() {
    let mut document = document(json!([set("a", "x", "{{n}}"), set("b", "y", "{{m}}")]), &["n", "m"]);
    let other =
        json!({ "id": "other", "type": "api", "data": { "fields": [{ "name": "m" }] }, "nextStepId": "b" });
    document["definition"]["steps"].as_array_mut().unwrap().push(other);
    let found: Vec<_> = validated(&document).into_iter().map(|fault| (fault.code, fault.message)).collect();
    let [(MAYBE, _), (MAYBE, n), (MAYBE, _)] = &found[..] else { panic!("{found:#?}") };
    assert!(n.contains("when `other` starts the run"), "{n}");
    document["definition"]["steps"][4]["nextStepId"] = json!("end");
    let found: Vec<_> = validated(&document).into_iter().map(|fault| (fault.code, fault.message)).collect();
    assert!(
        matches!(&found[0], (NEVER, words) if words.contains("an input of the trigger `other`")),
        "{found:#?}"
    );
}

#[test]
fn a_trigger_that_declares_nothing_may_bring_any_name() {
    let mut document = document(json!([set("a", "x", "{{y}} {{z}}"), set("b", "y", "1")]), &["x"]);
    document["definition"]["steps"][0]["data"] = json!({});
    let found = validated(&document);
    assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), [MAYBE], "{found:#?}");
}

#[test]
fn the_flows_handler_is_not_asked_what_it_cant_know() {
    let mut document = document(json!([choice("a", "end"), set("a", "x", "1")]), &[]);
    let steps = document["definition"]["steps"].as_array_mut().unwrap();
    steps.push(with(set("help", "h", "{{x}} {{error.code}} {{a}} {{late}}"), "nextStepId", json!("late")));
    steps.push(with(set("late", "i", "{{h}}"), "nextStepId", json!("end")));
    document["settings"]["onError"] = json!({ "stepId": "help" });
    let found = validated(&document);
    assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), [NEVER], "{found:#?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time")]
fn hostile_documents_are_judged_in_time() {
    const STEPS: usize = 10_000;
    let uses: String = (0..5).map(|n| format!("{{{{v{n}}}}}")).collect();
    let chain: Vec<_> = (0..STEPS)
        .map(|n| set(&format!("s{n}"), &format!("v{n}"), &format!("{{{{v{}}}}} {uses}", STEPS - 1 - n)))
        .collect();
    let mut fan: Vec<_> = (0..STEPS)
        .map(|n| {
            with(
                set(&format!("s{n}"), &format!("v{n}"), &format!("{{{{v{}}}}}", (n + 1) % STEPS)),
                "nextStepId",
                json!("end"),
            )
        })
        .collect();
    let branches: Vec<_> =
        (0..STEPS).map(|n| json!({ "condition": "n", "nextStepId": format!("s{n}") })).collect();
    fan.insert(0, json!({ "id": "pick", "type": "condition", "data": { "branches": branches } }));
    let all: Vec<_> = (0..STEPS).map(|n| format!("v{n}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    for steps in [chain, fan] {
        let document = document(json!(steps), &all);
        let began = Instant::now();
        assert!(validated(&document).len() > 1_000);
        // Unoptimized, and on a machine that has other things to do.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
