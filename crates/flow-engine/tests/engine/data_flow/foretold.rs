//! What is foretold of names holds in every run of random flows.

use flow_engine::Store;
use flow_model::{EventKind, RunId};
use serde_json::{Value, json};

use super::{MAYBE, NEVER, validated};
use crate::random_flows::{Author, Chance, go_on};
use crate::scenario::{registry, work};
use crate::world::{World, as_time_passes};

/// The names that are asked about, and how.
fn probes(names: &[String], ask: fn(&str) -> String) -> Value {
    let rows = names.iter().map(|name| (name.clone(), json!(format!("{{{{ {} }}}}", ask(name)))));
    Value::Object(rows.collect())
}

/// Puts a probe into each `log` step.
fn probed(document: &Value, names: &[String], ask: fn(&str) -> String) -> Value {
    fn visit(value: &mut Value, probes: &Value) {
        match value {
            Value::Object(map) => {
                if map.get("type").is_some_and(|kind| kind == "log") {
                    map["data"]["data"] = probes.clone();
                }
                map.values_mut().for_each(|inner| visit(inner, probes));
            }
            Value::Array(items) => items.iter_mut().for_each(|inner| visit(inner, probes)),
            _ => {}
        }
    }
    let mut document = document.clone();
    visit(&mut document, &probes(names, ask));
    document
}

/// Every name that a flow's steps set, and those that come to be.
fn names(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(id), Some(kind)) = (map.get("id").and_then(Value::as_str), map.get("type")) {
                if kind != "api" {
                    into.push(map.get("output").and_then(Value::as_str).unwrap_or(id).to_owned());
                    into.push(format!("steps.{id}"));
                }
                let rows = map["data"].get("variables").and_then(Value::as_array).into_iter().flatten();
                into.extend(rows.filter_map(|row| row["name"].as_str()).map(str::to_owned));
            }
            map.values().for_each(|inner| names(inner, into));
        }
        Value::Array(items) => items.iter().for_each(|inner| names(inner, into)),
        _ => {}
    }
}

/// What is said of each probe, by its pointer; it is surely set where nothing is said.
fn foretold(
    document: &Value,
    step: &str,
    name: &str,
    faults: &[(String, &'static str)],
) -> Option<&'static str> {
    let pointer = format!("{}/data/data/{name}", pointer_of(document, step, String::new())?);
    faults.iter().find(|(at, _)| *at == pointer).map(|(_, code)| *code)
}

fn pointer_of(value: &Value, step: &str, at: String) -> Option<String> {
    match value {
        Value::Object(map) if map.get("id").is_some_and(|id| id == step) => Some(at),
        Value::Object(map) => {
            map.iter().find_map(|(key, inner)| pointer_of(inner, step, format!("{at}/{key}")))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, inner)| pointer_of(inner, step, format!("{at}/{index}"))),
        _ => None,
    }
}

/// Whether a probe of a run agrees with what was foretold; how many there were of each kind.
async fn holds(
    world: &World,
    run: RunId,
    document: &Value,
    faults: &[(String, &'static str)],
    seen: &mut [usize; 3],
) {
    // What is behind the flow's handler is judged leniently.
    let lenient = document["settings"].get("onError").is_some();
    for event in world.store.run_events(run, 0).await.unwrap() {
        let EventKind::StepLogged { visit, lines } = &event.kind else { continue };
        let Some(probes) = lines.iter().find_map(|line| line.data.as_deref()?.as_object()) else { continue };
        for (name, kind) in probes {
            let is_set = kind != "undefined";
            let said = foretold(document, visit.step(), name, faults);
            let what = || format!("{name} in {visit}: {said:?}, and it is {kind} {document:#}");
            match said {
                Some(NEVER) => {
                    assert!(!is_set, "{}", what());
                    seen[0] += 1;
                }
                Some(MAYBE) => seen[1] += 1,
                Some(other) => panic!("{other}"),
                None => {
                    assert!(is_set || (lenient && visit.step().starts_with("help")), "{}", what());
                    seen[2] += 1;
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_foretold_of_a_name_holds_in_every_run() {
    let mut seen = [0; 3];
    for seed in 0..300 {
        let mut document = Author::logging(seed);
        // What is asked about can't come from outside. What the flows use beside that can, and doesn't.
        document["definition"]["steps"][0]["data"] =
            json!({ "fields": [{ "name": "item" }, { "name": "iteration" }] });
        let mut asked = vec!["error".to_owned(), "approval".to_owned()];
        names(&document["definition"], &mut asked);
        asked.sort();
        asked.dedup();
        let judged = probed(&document, &asked, |name| format!("[{name}]"));
        let faults: Vec<_> =
            validated(&judged).into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        let faults: Vec<_> = faults.into_iter().filter(|(_, code)| [NEVER, MAYBE].contains(code)).collect();
        let played = probed(&document, &asked, |name| format!("typeof {name}"));
        let (world, work) = (World::new(), work());
        let engine = world.engine(registry(&work)).await;
        let run = as_time_passes(&world.clock, async {
            let reply = engine.execute(world.call(&played, json!({}))).await;
            let run = reply.unwrap_or_else(|error| panic!("seed {seed}: {error:?} {played:#}")).view.id();
            go_on(&world, &engine, run, &mut Chance(seed)).await;
            run
        });
        holds(&world, run.await, &document, &faults, &mut seen).await;
    }
    assert!(seen.iter().all(|count| *count > 500), "too little was seen of some kind: {seen:?}");
}
