//! The settings of an `ask-to-llm`.

use flow_model::{Fields, excerpt};
use serde_json::Value;
use url::Url;

use crate::llm::{Format, Message, Question, Written};

/// Reads them; none, and a fault, when something that must be there isn't.
pub(super) fn read(written: Written<'_>) -> Option<Question> {
    let prompt = written.required_text("prompt");
    let system = written.text("system");
    let model = written.name("model");
    let temperature = temperature(written);
    let max_tokens = max_tokens(written);
    let format = format(written);
    let images = images(written);
    written.data.warn_of_unknown();
    let user = Message::user_with_images(prompt?, images);
    Some(Question { model, system, user, temperature, max_tokens, format })
}

fn temperature(written: Written<'_>) -> Option<f64> {
    let value = written.closed("temperature")?;
    let fault = |code, message| written.data.faults().error(written.data.at("temperature"), code, message);
    let Some(number) = value.as_f64() else {
        fault("wrong_type", "this must be a number from 0 to 2".to_owned());
        return None;
    };
    if !(0.0..=2.0).contains(&number) {
        fault("out_of_range", format!("{number} is no temperature; use a number from 0 to 2"));
    }
    Some(number)
}

fn max_tokens(written: Written<'_>) -> Option<u64> {
    written.closed("maxTokens")?;
    let number = written.data.whole_number("maxTokens")?;
    if number == 0 {
        let message = "nothing can be said in no tokens; give a number of 1 or more, or leave it out";
        written.data.faults().error(written.data.at("maxTokens"), "out_of_range", message);
    }
    Some(number)
}

fn format(written: Written<'_>) -> Format {
    let fault = |code, message: String| {
        written.data.faults().error(written.data.at("responseFormat"), code, message);
    };
    match written.closed("responseFormat") {
        None => Format::Text,
        Some(Value::String(word)) => match word.as_str() {
            "text" => Format::Text,
            "json" => Format::Json,
            other => {
                let message =
                    format!("`{}` can't be used here; use text, json or {{schema}}", excerpt(other));
                fault("value_unknown", message);
                Format::Text
            }
        },
        Some(Value::Object(map)) => {
            let inside = Fields::new(map, written.data.at("responseFormat"), written.data.faults());
            inside.required_value("schema");
            let schema = written.of(&inside).schema("schema");
            inside.warn_of_unknown();
            schema.map_or(Format::Text, Format::Schema)
        }
        Some(_) => {
            fault("wrong_type", "this must be text, json or {schema}".to_owned());
            Format::Text
        }
    }
}

/// The model fetches them, so whether it may is its own affair.
fn images(written: Written<'_>) -> Vec<String> {
    if written.closed("images").is_none() {
        return Vec::new();
    }
    let rows = written.data.list("images").unwrap_or_default().iter().enumerate();
    let urls = rows.filter(|(_, row)| !written.is_open(row)).filter_map(|(index, row)| {
        let at = format!("{}/{index}", written.data.at("images"));
        match row.as_str().map(image) {
            Some(Ok(url)) => return Some(url.to_owned()),
            Some(Err(wrong)) => written.data.faults().error(at, "url_invalid", wrong),
            None => written.data.faults().error(at, "wrong_type", "this must be the URL of an image"),
        }
        None
    });
    urls.collect()
}

fn image(text: &str) -> Result<&str, String> {
    let shown = excerpt(text);
    let url = Url::parse(text).map_err(|error| format!("`{shown}` is no URL: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(text),
        "data" if url.path().starts_with("image/") => Ok(text),
        "data" => Err(format!("`{shown}` holds no image; begin it with data:image/")),
        other => Err(format!("`{other}` URLs can't be used for images; use http, https or data")),
    }
}
