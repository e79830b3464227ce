//! An entry of the catalogue.

use jsonschema::{PatternOptions, Validator};
use serde::Serialize;
use serde_json::Value;

use super::{StepAbout, words};
use crate::{Effect, Step};

/// A type of step or trigger, as an editor needs it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The type, as documents name it. That of a webhook's trigger is `webhook.<id>`, whatever the id.
    pub key: String,
    /// What it tells of itself.
    #[serde(flatten)]
    pub about: StepAbout,
    /// What its work means for the world.
    pub effect: EntryEffect,
    /// The settings in which a secret may stand.
    pub secret_fields: Vec<&'static str>,
    #[serde(skip)]
    pub(super) validator: Validator,
}

/// What the work of a type means for the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryEffect {
    /// Nothing: it may be done again freely.
    Pure,
    /// It talks to the world, and happens at least once.
    Effect,
    /// It waits for the world, and survives restarts meanwhile.
    Wait,
}

/// A setting in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it may be.
    pub kind: String,
    /// What it means.
    pub description: String,
    /// The value that stands in for it as JSON, if one does.
    pub default: Option<String>,
}

impl EntryEffect {
    /// The word that stands for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Effect => "effect",
            Self::Wait => "wait",
        }
    }
}

impl From<Effect> for EntryEffect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Pure => Self::Pure,
            Effect::World => Self::Effect,
        }
    }
}

impl Entry {
    /// # Panics
    /// The schema of its settings is no JSON Schema, or refers to another one: whoever wrote it finds that out at the
    /// first start.
    pub(super) fn new(key: impl Into<String>, about: StepAbout, effect: EntryEffect) -> Self {
        let key = key.into();
        // A pattern takes time in proportion to the text, which costs it look-around and back-references.
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        let validator = options.build(&about.data_schema).unwrap_or_else(|error| {
            panic!("the `data_schema` of the step type `{key}` is no JSON Schema that can be used: {error}")
        });
        Self { key, about, effect, secret_fields: Vec::new(), validator }
    }

    /// The entry of a type that touches the world. Each of its strings is a template, so its schema allows them.
    pub(crate) fn of_step(step: &dyn Step) -> Self {
        let mut about = step.about();
        super::schema::allow_templates(&mut about.data_schema);
        let entry = Self::new(step.kind(), about, step.effect().into());
        Self { secret_fields: step.secret_fields().to_vec(), ..entry }
    }

    /// Whether the schema has nothing against these settings.
    pub fn accepts(&self, data: &Value) -> bool {
        self.validator.is_valid(data)
    }

    /// The settings in words, in the order of the schema.
    pub fn settings(&self) -> Vec<Setting> {
        let schema = &self.about.data_schema;
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
        };
        let settings = self.properties().map(|(name, setting)| Setting {
            name: name.clone(),
            required: required(name),
            kind: words::of(setting),
            description: setting["description"].as_str().unwrap_or_default().to_owned(),
            default: setting.get("default").filter(|default| !default.is_null()).map(Value::to_string),
        });
        settings.collect()
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.about.data_schema["properties"].as_object().into_iter().flatten()
    }
}
