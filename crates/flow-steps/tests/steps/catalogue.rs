//! The catalogue of every built-in type: its schemas agree with the checks that are written by hand, and the description
//! of flows shows what it says.
//!
//! The page's test fails when it differs; `UPDATE_DOCS=1 cargo test -p flow-steps --test steps catalogue` writes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_engine::{Entry, Limits, Registry, Step, validate_document};
use flow_model::{Faults, Fields, Severity};
use flow_steps::{AskToLlm, ExtractData, HttpRequest, Llm, LlmOptions, Outbound};
use serde_json::{Value, json};

fn steps() -> [Box<dyn Step>; 3] {
    let llm = Llm::new(LlmOptions::default()).unwrap();
    [Box::new(http_request()), Box::new(AskToLlm::new(llm.clone())), Box::new(ExtractData::new(llm))]
}

fn http_request() -> HttpRequest {
    HttpRequest::new(Outbound::new("".parse().unwrap()).unwrap())
}

fn registry() -> Registry {
    let llm = Llm::new(LlmOptions::default()).unwrap();
    Registry::new().with(http_request()).with(AskToLlm::new(llm.clone())).with(ExtractData::new(llm))
}

/// What the hand-written check says of settings: whether they have faults, and the fields that it asked for.
fn checked(step: &dyn Step, data: &Value) -> (bool, BTreeSet<&'static str>) {
    let faults = Faults::new();
    let fields = Fields::new(data.as_object().unwrap(), "", &faults);
    step.check(&fields);
    let known = fields.known().into_iter().collect();
    (faults.into_vec().iter().all(|fault| fault.severity != Severity::Error), known)
}

/// Settings of a type that can be published, and such that can't.
fn rows(kind: &str) -> (Value, Value) {
    match kind {
        "http-request" => (
            json!([
                { "url": "https://a" },
                { "url": "{{x}}", "method": "post", "bodyType": "JSON", "responseType": "Auto", "body": [1] },
                { "url": "https://a", "method": "{{x}}", "bodyType": "{{x}}", "responseType": "{{x}}" },
                { "url": "https://a", "headers": { "A": "b", "C": 1 }, "query": [{ "key": "a", "value": [1, 2] }] },
                { "url": "https://a", "headers": "{{x}}", "query": "{{x}}", "auth": "{{x}}" },
                { "url": "https://a", "auth": { "type": "Basic", "secret": "{{secrets.A}}" } },
                { "url": "https://a", "auth": { "type": "{{x}}", "secret": "s" }, "followRedirects": "{{x}}" },
                { "url": "https://a", "failOnStatus": false, "followRedirects": true, "method": null },
            ]),
            json!([
                {}, { "url": 5 }, { "url": null }, { "url": "a", "method": "FETCH" }, { "url": "a", "method": 5 },
                { "url": "a", "bodyType": "xml" }, { "url": "a", "responseType": "xml" },
                { "url": "a", "headers": "none" }, { "url": "a", "headers": 5 }, { "url": "a", "headers": [1] },
                { "url": "a", "query": [{ "value": 1 }] }, { "url": "a", "query": [{ "key": 1 }] },
                { "url": "a", "followRedirects": "yes" }, { "url": "a", "failOnStatus": 1 },
                { "url": "a", "auth": "key" }, { "url": "a", "auth": {} }, { "url": "a", "auth": { "type": "bearer" } },
                { "url": "a", "auth": { "type": "digest", "secret": "s" } },
                { "url": "a", "auth": { "type": "basic", "secret": 5 } },
            ]),
        ),
        "ask-to-llm" => (
            json!([
                { "prompt": "Hello" },
                { "prompt": "{{x}}", "system": "s", "model": "m", "temperature": 0.5, "maxTokens": 1 },
                { "prompt": "p", "temperature": "{{x}}", "maxTokens": "{{x}}", "responseFormat": "{{x}}", "images": "{{x}}" },
                { "prompt": "p", "temperature": 2, "responseFormat": "json", "images": ["{{x}}", "https://a/b.png"] },
                { "prompt": "p", "responseFormat": "text", "model": "" },
                { "prompt": "p", "responseFormat": { "schema": { "type": "object" } } },
                { "prompt": "p", "responseFormat": { "schema": "{{x}}" } },
            ]),
            json!([
                {}, { "prompt": "" }, { "prompt": 5 }, { "prompt": "p", "system": [] }, { "prompt": "p", "model": 1 },
                { "prompt": "p", "temperature": "hot" }, { "prompt": "p", "temperature": -0.1 },
                { "prompt": "p", "temperature": 2.1 }, { "prompt": "p", "maxTokens": 0 }, { "prompt": "p", "maxTokens": 1.5 },
                { "prompt": "p", "responseFormat": "xml" }, { "prompt": "p", "responseFormat": 1 },
                { "prompt": "p", "responseFormat": {} }, { "prompt": "p", "responseFormat": { "schema": "string" } },
                { "prompt": "p", "images": "https://a/b.png" }, { "prompt": "p", "images": [5] },
            ]),
        ),
        "extract-data" => (
            json!([
                { "text": "t", "fields": [{ "name": "a" }] },
                { "text": "{{x}}", "fields": "{{x}}", "instructions": "i", "model": "m" },
                { "text": "t", "fields": [{ "name": "a", "type": "date", "required": true, "description": "d" },
                    { "name": "b", "type": "select", "options": ["x", { "label": "Y", "value": "y" }], "default": "x" }] },
                { "text": "t", "schema": { "type": "object" } },
                { "text": "t", "schema": { "type": "{{x}}" }, "fields": null },
            ]),
            json!([
                {}, { "text": "t" }, { "text": "", "fields": [{ "name": "a" }] }, { "text": 5, "fields": [{ "name": "a" }] },
                { "text": "t", "fields": [] }, { "text": "t", "fields": {} }, { "text": "t", "fields": "all" },
                { "text": "t", "fields": [1] }, { "text": "t", "fields": [{}] }, { "text": "t", "fields": [{ "name": 1 }] },
                { "text": "t", "fields": [{ "name": "a", "type": "odd" }] }, { "text": "t", "schema": "string" },
                { "text": "t", "fields": [{ "name": "a" }], "model": 1 },
                { "text": "t", "fields": [{ "name": "a" }], "instructions": [] },
            ]),
        ),
        other => panic!("`{other}` has no rows; add settings that can be published and such that can't"),
    }
}

#[test]
fn a_schema_accepts_what_the_check_does_and_names_the_same_fields() {
    let catalogue = registry().catalogue();
    for step in steps() {
        let kind = step.kind();
        let entry: &Entry = catalogue.steps.iter().find(|entry| entry.key == kind).unwrap();
        let (good, bad) = rows(kind);
        let mut asked = BTreeSet::new();
        for data in good.as_array().unwrap() {
            let (is_fine, fields) = checked(&*step, data);
            assert!(is_fine, "the check of {kind} refuses {data}");
            assert!(entry.accepts(data), "the schema of {kind} refuses {data}");
            asked.extend(fields);
        }
        for data in bad.as_array().unwrap() {
            assert!(!checked(&*step, data).0, "the check of {kind} accepts {data}");
            assert!(!entry.accepts(data), "the schema of {kind} accepts {data}");
        }
        let named: BTreeSet<_> = entry.settings().into_iter().map(|setting| setting.name).collect();
        assert_eq!(named, asked.into_iter().map(str::to_owned).collect(), "{kind}");
        let secret = entry.secret_fields.iter().map(|field| (*field).to_owned()).collect::<BTreeSet<_>>();
        assert!(secret.is_subset(&named), "{kind}");
    }
}

/// What both find is told of once, in the words of the check.
#[test]
fn a_mistake_is_told_of_once() {
    for step in steps() {
        let kind = step.kind();
        for mut data in rows(kind).1.as_array().unwrap().clone() {
            data["more"] = json!(1);
            let document = json!({ "name": "f", "settings": {}, "definition": { "steps": [
                { "id": "start", "type": "api", "data": {}, "nextStepId": "it" },
                { "id": "it", "type": kind, "data": data, "nextStepId": "end" },
                { "id": "end", "type": "final", "data": {} },
            ] } });
            let faults = validate_document(&document, &registry(), &Limits::default());
            let mut found: Vec<_> = faults.iter().map(|fault| (&*fault.pointer, fault.code)).collect();
            let by_hand = Faults::new();
            let at = "/definition/steps/1/data";
            step.check(&Fields::new(data.as_object().unwrap(), at, &by_hand));
            let by_hand = by_hand.into_vec();
            let mut expected: Vec<_> = by_hand.iter().map(|fault| (&*fault.pointer, fault.code)).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{kind} {data}");
        }
    }
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FLOWS.md");
const END: &str = "<!-- end -->";

fn begin(what: &str) -> String {
    format!("<!-- {what}: made from the code -->\n")
}

fn overview_of_steps(entries: &[Arc<Entry>]) -> String {
    let rows = entries.iter().map(|entry| {
        let (key, description) = (&entry.key, &entry.about.description);
        format!("| [`{key}`](#{key}) | {description} | {} |\n", entry.effect.as_str())
    });
    "| Type | What it does | Effect |\n|---|---|---|\n".to_owned() + &rows.collect::<String>()
}

fn overview_of_triggers(entries: &[Arc<Entry>]) -> String {
    let rows = entries.iter().map(|entry| format!("| `{}` | {} |\n", entry.key, entry.about.description));
    "| Type | When a run starts |\n|---|---|\n".to_owned() + &rows.collect::<String>()
}

fn settings(entry: &Entry) -> String {
    let settings = entry.settings();
    if settings.is_empty() {
        return "It has no settings.\n".to_owned();
    }
    let mut text = "| Setting | What it is | Meaning | Default |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let default = setting.default.map(|default| format!("`{}`", default.trim_matches('"')));
        let default =
            default.unwrap_or_else(|| if setting.required { "must be there".into() } else { String::new() });
        let row = [format!("`{}`", setting.name), setting.kind, setting.description, default];
        text += &format!("| {} |\n", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text
}

/// The page with what stands between the marks of `what` replaced.
fn with(page: &str, what: &str, made: &str) -> String {
    let begin = begin(what);
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/FLOWS.md has no `{begin}`"));
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{begin}{made}{END}{after}")
}

#[test]
fn the_page_shows_the_settings_of_every_type() {
    let written = std::fs::read_to_string(PAGE).unwrap();
    let catalogue = registry().catalogue();
    let mut page = with(&written, "types of step", &overview_of_steps(&catalogue.steps));
    page = with(&page, "types of trigger", &overview_of_triggers(&catalogue.triggers));
    for entry in catalogue.steps.iter().chain(&catalogue.triggers) {
        page = with(&page, &format!("settings of {}", entry.key), &settings(entry));
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(PAGE, page).unwrap();
    }
    assert!(
        page == written,
        "docs/FLOWS.md differs from the code: write it by UPDATE_DOCS=1 cargo test -p flow-steps --test steps catalogue"
    );
}
