//! The body that makes a flow.

use flow_engine::{FlowInput, Visibility};
use flow_model::Fields;
use serde_json::Value;

use super::text;

/// Reads `{name, description?, definition?, settings?, visibility?, tags?}`. Whatever is wrong inside the
/// definition is an issue of the draft and no fault of the request.
pub(crate) fn new_flow(fields: &Fields<'_>) -> FlowInput {
    let name = fields.required_string("name");
    if name.is_some_and(|name| name.trim().is_empty()) {
        fields.faults().error(fields.at("name"), "required", "the name is empty; give the flow one");
    }
    let description = fields.string("description");
    for (key, text, longest) in [("name", name, text::NAME), ("description", description, text::PROSE)] {
        text::check(fields, key, text.unwrap_or_default(), longest);
    }
    FlowInput {
        name: name.unwrap_or_default().to_owned(),
        description: description.map(str::to_owned),
        definition: fields.object("definition").cloned(),
        settings: fields.object("settings").cloned(),
        visibility: visibility(fields).unwrap_or(Visibility::Workspace),
        tags: tags(fields),
    }
}

fn visibility(fields: &Fields<'_>) -> Option<Visibility> {
    let text = fields.string("visibility")?;
    let known = Visibility::ALL.into_iter().find(|visibility| visibility.as_str() == text);
    if known.is_none() {
        let message = format!("`{text}` is no visibility; use private, shared or workspace");
        fields.faults().error(fields.at("visibility"), "unknown_value", message);
    }
    known
}

fn tags(fields: &Fields<'_>) -> Vec<String> {
    let mut tags = Vec::new();
    for (index, tag) in fields.list("tags").unwrap_or_default().iter().enumerate() {
        match tag {
            Value::String(tag) if !tag.trim().is_empty() => tags.push(tag.clone()),
            _ => {
                let at = format!("{}/{index}", fields.at("tags"));
                fields.faults().error(at, "wrong_type", "a tag must be a string that isn't empty");
            }
        }
    }
    tags
}
