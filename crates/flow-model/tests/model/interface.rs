//! How much a change of a flow's interface breaks.

use flow_model::{Bump, Document, Faults, Interface};
use semver::Version;
use serde_json::{Value, json};

fn interface(triggers: Value, outputs: &[&str]) -> Interface {
    let mut steps: Vec<Value> = triggers.as_array().unwrap().clone();
    let rows: Vec<Value> = outputs.iter().map(|name| json!({ "name": name })).collect();
    steps.push(json!({ "id": "end", "type": "final", "data": { "outputs": rows } }));
    let document = json!({ "name": "f", "definition": { "steps": steps } });
    Interface::of(&Document::read(&document, &Faults::new()))
}

fn api(fields: Value) -> Value {
    json!([{ "id": "start", "type": "api", "data": { "fields": fields } }])
}

fn choice(options: &[&str]) -> Value {
    api(json!([{ "name": "x", "type": "select", "options": options }]))
}

/// A text `x` with more settings.
fn bounded(settings: Value) -> Value {
    let mut field = json!({ "name": "x", "type": "string" });
    field.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    api(json!([field]))
}

fn schema(properties: Value, required: &[&str]) -> Value {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!([{ "id": "start", "type": "api", "data": { "schema": schema } }])
}

#[test]
fn bumps() {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let must = |name: &str, kind: &str| json!({ "name": name, "type": kind, "required": true });
    let preset = json!({ "name": "x", "type": "string", "required": true, "default": "d" });
    let open = json!([{ "id": "start", "type": "api", "data": {} }]);
    let both = json!([
        { "id": "start", "type": "api", "data": { "fields": [] } },
        { "id": "form", "type": "form", "data": { "fields": [must("y", "string")] } },
    ]);
    let (none, x) = (api(json!([])), api(json!([field("x", "string")])));
    let cases = [
        ("nothing", x.clone(), x.clone(), Bump::Patch),
        ("an input added", none.clone(), x.clone(), Bump::Minor),
        ("an input that must be given added", none.clone(), api(json!([must("x", "string")])), Bump::Major),
        ("an input with a default added", none.clone(), api(json!([preset])), Bump::Minor),
        ("an input removed", x.clone(), none.clone(), Bump::Major),
        ("an input retyped", x.clone(), api(json!([field("x", "number")])), Bump::Major),
        ("a type of the same values", x.clone(), api(json!([field("x", "text")])), Bump::Patch),
        ("a type of fewer values", x.clone(), api(json!([field("x", "email")])), Bump::Major),
        ("a type of more values", api(json!([field("x", "email")])), x.clone(), Bump::Minor),
        ("an option less", choice(&["a", "b"]), choice(&["a"]), Bump::Major),
        ("an option more", choice(&["a"]), choice(&["a", "b"]), Bump::Minor),
        ("a bound set", x.clone(), bounded(json!({ "max": 5 })), Bump::Major),
        ("a bound drawn in", bounded(json!({ "min": 1 })), bounded(json!({ "min": 2 })), Bump::Major),
        ("a bound let out", bounded(json!({ "max": 5 })), bounded(json!({ "max": 6 })), Bump::Minor),
        ("a pattern set", x.clone(), bounded(json!({ "pattern": "a+" })), Bump::Major),
        ("other words for people", x.clone(), bounded(json!({ "label": "X", "help": "?" })), Bump::Patch),
        ("the same as a schema", x.clone(), schema(json!({ "x": { "type": "string" } }), &[]), Bump::Patch),
        ("a property added", schema(json!({}), &[]), schema(json!({ "x": {} }), &[]), Bump::Minor),
        (
            "a property must be given",
            schema(json!({ "x": {} }), &[]),
            schema(json!({ "x": {} }), &["x"]),
            Bump::Major,
        ),
        ("an input must be given now", x.clone(), api(json!([must("x", "string")])), Bump::Major),
        ("an input needn't be given now", api(json!([must("x", "string")])), x.clone(), Bump::Patch),
        (
            "must be given, has a default now",
            api(json!([must("x", "string")])),
            api(json!([preset])),
            Bump::Patch,
        ),
        (
            "had a default, must be given now",
            api(json!([preset])),
            api(json!([must("x", "string")])),
            Bump::Major,
        ),
        ("an input renamed", x.clone(), api(json!([field("y", "string")])), Bump::Major),
        ("fields declared", open.clone(), x.clone(), Bump::Minor),
        ("a trigger added, whatever it needs", none.clone(), both.clone(), Bump::Minor),
        ("a trigger removed", both, none, Bump::Major),
    ];
    for (what, before, after, bump) in cases {
        let found = interface(after, &["a"]).bump_from(&interface(before, &["a"]));
        assert_eq!(found, bump, "{what}");
    }
    let outputs = |names: &[&str]| interface(x.clone(), names);
    assert_eq!(outputs(&["a", "b"]).bump_from(&outputs(&["a"])), Bump::Minor, "an output added");
    assert_eq!(outputs(&["a"]).bump_from(&outputs(&["a", "b"])), Bump::Major, "an output removed");
    assert_eq!(outputs(&["b", "a"]).bump_from(&outputs(&["a", "b"])), Bump::Patch, "outputs reordered");
}

#[test]
fn changes_are_told_in_words_the_breaking_ones_first() {
    let before = interface(api(json!([{ "name": "x" }])), &["a"]);
    let after = interface(api(json!([{ "name": "y" }])), &["b"]);
    let changes = after.changes_from(&before);
    assert_eq!(
        changes,
        [
            "the output was removed: `a`",
            "the input was removed: `x`",
            "an output was added: `b`",
            "an input was added: `y`",
        ]
    );
    assert!(after.changes_from(&after).is_empty());
}

#[test]
fn labels_follow() {
    let highest = Version::new(1, 4, 2);
    assert_eq!(Bump::Patch.next(&highest), Version::new(1, 4, 3));
    assert_eq!(Bump::Minor.next(&highest), Version::new(1, 5, 0));
    assert_eq!(Bump::Major.next(&highest), Version::new(2, 0, 0));
    let odd = Version::parse("1.4.2-beta+build").unwrap();
    assert_eq!(Bump::Patch.next(&odd).to_string(), "1.4.3");
}
