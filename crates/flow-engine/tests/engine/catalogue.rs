//! The catalogue, and what its schemas find in documents.

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{
    EntryEffect, Limits, Registry, Step, StepAbout, StepContext, StepError, validate_document,
};
use flow_model::Fields;
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::publish_faults::around;
use crate::world::{echo, steps};

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema is made of it")]
struct Greeting {
    /// Who is greeted.
    name: String,
    /// How often.
    #[schemars(range(min = 1, max = 3))]
    times: Option<u8>,
    tone: Option<Tone>,
    rows: Option<Vec<Row>>,
    #[schemars(length(max = 4))]
    sign: Option<String>,
    #[schemars(regex(pattern = "^[a-z]+$"))]
    word: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema is made of it")]
enum Tone {
    Warm,
    Cool,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the schema is made of it")]
struct Row {
    key: String,
    count: Count,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the schema is made of it")]
enum Count {
    Number(u8),
    All(Tone),
}

/// An embedder's step that has a schema, and a check of its own for one setting at the most.
struct Greet {
    asks_for: Option<&'static str>,
}

#[async_trait]
impl Step for Greet {
    fn kind(&self) -> &'static str {
        "greet"
    }

    fn about(&self) -> StepAbout {
        StepAbout::new("Greet", "Says hello.").settings::<Greeting>().output(
            "text",
            "string",
            "what was said",
        )
    }

    fn check(&self, data: &Fields<'_>) {
        if let Some(name) = self.asks_for.and_then(|key| data.value(key))
            && name != "Ada"
        {
            data.faults().error(data.at("name"), "not_ada", "this greets Ada alone; write `Ada`");
        }
    }

    async fn run(&self, _: StepContext, _: Arc<Value>) -> Result<Value, StepError> {
        Ok(json!({}))
    }
}

/// The faults in the settings of a step, as `pointer code`, and in words.
fn found(registry: Registry, kind: &str, data: Value) -> (Vec<String>, Vec<String>) {
    let document = around(|document| document.step("it", kind, data).with("nextStepId", "end"));
    let faults = validate_document(&document, &registry, &Limits::default()).into_iter();
    let shown = |pointer: String| pointer.replace("/definition/steps/1/data", "");
    faults.map(|fault| (format!("{} {}", shown(fault.pointer), fault.code), fault.message)).unzip()
}

fn greets() -> Registry {
    Registry::new().with(Greet { asks_for: None })
}

#[test]
fn a_step_with_a_schema_is_checked_without_a_check_of_its_own() {
    let with = |key: &str, value: Value| {
        let mut settings = json!({ "name": "Ada" });
        settings[key] = value;
        settings
    };
    for (settings, expected, words) in [
        (json!({ "name": "Ada" }), vec![], ""),
        (json!({}), vec!["/name required"], "`name` is missing; add it"),
        (json!({ "name": 5 }), vec!["/name wrong_type"], "this must be a string, and it is a number"),
        (
            with("times", json!("5")),
            vec!["/times wrong_type"],
            "this must be a whole number from 1 to 3, and it is a string",
        ),
        (
            with("times", json!(0)),
            vec!["/times out_of_range"],
            "`0` can't be used here; use a whole number from 1 to 3",
        ),
        (with("times", json!("{{n}}")), vec![], ""),
        (
            with("tone", json!("hot")),
            vec!["/tone value_unknown"],
            "`hot` can't be used here; use `warm` or `cool`",
        ),
        (with("tone", json!("{{n}}")), vec![], ""),
        (with("rows", json!("{{n}}")), vec![], ""),
        (
            with("rows", json!({})),
            vec!["/rows wrong_type"],
            "this must be a list of `{key, count}`, and it is an object",
        ),
        (with("rows", json!([{ "key": "a", "count": 1 }, { "key": "{{n}}", "count": "cool" }])), vec![], ""),
        (with("rows", json!(["{{n}}", { "key": "a", "count": "{{n}}" }])), vec![], ""),
        (
            with("rows", json!([{ "count": [] }])),
            vec!["/rows/0/key required", "/rows/0/count wrong_type"],
            "`key` is missing; add it",
        ),
        (
            with("rows", json!([{ "key": "a", "count": "some" }])),
            vec!["/rows/0/count value_unknown"],
            "`some` can't be used here; use `warm` or `cool`",
        ),
        (with("sign", json!("Love, A")), vec!["/sign too_long"], "use 4 characters at the most"),
        (with("word", json!("NO")), vec!["/word value_unknown"], "`NO` doesn't match the pattern `^[a-z]+$`"),
        (
            with("a/b", json!(1)),
            vec!["/a~1b unknown_field"],
            "`a/b` is no field known here; it is kept but has no effect",
        ),
        (
            json!({ "name": 5, "times": 9, "more": 1 }),
            vec!["/name wrong_type", "/times out_of_range", "/more unknown_field"],
            "this must be a string, and it is a number",
        ),
    ] {
        let (places, messages) = found(greets(), "greet", settings.clone());
        assert_eq!(places, expected, "{settings}");
        assert_eq!(messages.first().map_or("", String::as_str), words, "{settings}");
    }
}

#[test]
fn the_words_of_a_check_of_its_own_stand() {
    let checks = |asks_for| Registry::new().with(Greet { asks_for: Some(asks_for) });
    let at_name = found(checks("name"), "greet", json!({ "name": 5, "times": 9 })).0;
    assert_eq!(at_name, ["/name not_ada", "/times out_of_range"]);
    let asked = found(checks("nick"), "greet", json!({ "name": "Ada", "nick": "Ada", "more": 1 })).0;
    assert_eq!(asked, ["/more unknown_field"], "what the check asks for is known");
    let syntax = found(greets(), "greet", json!({ "name": "{{n" })).0;
    assert_eq!(syntax, ["/name expression_syntax"]);
}

#[test]
fn a_wrong_list_is_told_of_in_a_few_faults() {
    let rows = vec![json!(1); 10_000];
    let (places, _) = found(greets(), "greet", json!({ "name": "Ada", "rows": rows }));
    assert!((1..=100).contains(&places.len()), "{}", places.len());
}

#[test]
fn the_catalogue_has_every_type() {
    let registry = greets().with(echo().with_secrets_in(&["key"]));
    let catalogue = registry.catalogue();
    let entry = |key: &str| catalogue.steps.iter().find(|entry| entry.key == key).unwrap();
    let greet = serde_json::to_value(entry("greet")).unwrap();
    assert_eq!(
        (&greet["name"], &greet["category"], &greet["effect"]),
        (&json!("Greet"), &json!("own"), &json!("effect"))
    );
    assert_eq!(
        greet["dataSchema"]["properties"]["times"],
        json!({
            "description": "How often.",
            "anyOf": [
                { "type": ["integer", "null"], "minimum": 1, "maximum": 3 },
                { "type": "string", "pattern": "\\{\\{" },
            ],
        })
    );
    assert_eq!(greet["outputs"]["properties"]["text"]["type"], "string");
    let work = entry("work");
    assert_eq!((work.about.name.as_str(), work.secret_fields.as_slice()), ("Work", &["key"][..]));
    assert!(work.accepts(&json!({ "anything": 1 })) && work.settings().is_empty());
    assert_eq!(entry("wait").effect, EntryEffect::Wait);
    assert_eq!(entry("transform").effect, EntryEffect::Pure);
    let triggers: Vec<_> = catalogue.triggers.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(triggers, ["api", "form", "schedule", "peer.message", "peer.action", "webhook.<id>"]);
    assert!(catalogue.functions.iter().any(|function| function.name == "hmacSha256"));
}

#[test]
fn a_type_of_the_registry_takes_the_place_of_the_engines_own() {
    let registry = Registry::new().with(flow_testkit::ScriptedStep::new("log"));
    let catalogue = registry.catalogue();
    let logs: Vec<_> = catalogue.steps.iter().filter(|entry| entry.key == "log").collect();
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0].effect, EntryEffect::Effect);
    assert_eq!(found(registry, "log", json!({ "loud": 1 })).0, Vec::<String>::new());
}

#[test]
fn settings_that_nobody_describes_are_nobodys_to_judge() {
    assert_eq!(found(steps(&echo()), "work", json!({ "a": [1, { "b": null }] })).0, Vec::<String>::new());
}

#[test]
#[should_panic(expected = "the `data_schema` of the step type `odd` is no JSON Schema")]
fn a_schema_that_is_none_is_found_at_the_start() {
    struct Odd;
    #[async_trait]
    impl Step for Odd {
        fn kind(&self) -> &'static str {
            "odd"
        }

        fn about(&self) -> StepAbout {
            StepAbout::new("Odd", "").settings_schema(json!({ "type": 5 }))
        }

        async fn run(&self, _: StepContext, _: Arc<Value>) -> Result<Value, StepError> {
            Ok(Value::Null)
        }
    }
    let _registry = Registry::new().with(Odd);
}
