//! Schemas in words, for messages and pages.

use serde_json::Value;

use super::schema::TEMPLATE;

/// What a value may be. That it may be left out, or come of a template, goes without saying.
pub(super) fn of(schema: &Value) -> String {
    let ways = ["anyOf", "oneOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(ways) = ways {
        // A pattern beside words is their other spellings.
        let has_words = ways.iter().any(|way| way.get("enum").is_some());
        let is_spelling = |way: &Value| has_words && way.get("pattern").is_some();
        let said = ways.iter().filter(|way| !is_template(way) && !is_spelling(way) && way["type"] != "null");
        return or(said.map(of));
    }
    let words =
        schema["enum"].as_array().map(Vec::as_slice).or(schema.get("const").map(std::slice::from_ref));
    if let Some(words) = words {
        return or(words.iter().filter(|word| !word.is_null()).map(|word| format!("`{}`", plain(word))));
    }
    match &schema["type"] {
        Value::String(kind) => of_type(kind, schema),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            or(kinds.map(|kind| of_type(kind, schema)))
        }
        _ => "any value".to_owned(),
    }
}

/// The bounds of a number, with a space before them.
fn range(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of {least} or more"),
        (None, Some(most)) => format!(" of {most} or less"),
        (None, None) => String::new(),
    }
}

fn of_type(kind: &str, schema: &Value) -> String {
    match kind {
        "string" => "a string".to_owned(),
        "boolean" => "true or false".to_owned(),
        "number" => format!("a number{}", range(schema)),
        "integer" => format!("a whole number{}", range(schema)),
        "array" => match members(&schema["items"]) {
            Some(members) => format!("a list of {members}"),
            None if schema["items"]["type"] == "string" => "a list of strings".to_owned(),
            None => "a list".to_owned(),
        },
        "object" => members(schema).unwrap_or_else(|| "an object".to_owned()),
        other => other.to_owned(),
    }
}

/// The members of an object, as `{a, b}`; none when the schema names none.
fn members(schema: &Value) -> Option<String> {
    let ways = schema["anyOf"].as_array().into_iter().flatten();
    let known = std::iter::once(schema).chain(ways).find_map(|way| way["properties"].as_object())?;
    let names: Vec<_> = known.keys().map(String::as_str).collect();
    Some(format!("`{{{}}}`", names.join(", ")))
}

fn is_template(schema: &Value) -> bool {
    schema["pattern"] == TEMPLATE
}

/// A word without quotes, any other value as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn or(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.dedup();
    let last = words.pop().unwrap_or_else(|| "any value".to_owned());
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}
