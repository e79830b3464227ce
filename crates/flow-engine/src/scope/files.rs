//! `files.<input>`: the files that a run was given.
//!
//! An evaluation never waits. Where it meets something of a file that wasn't looked up yet it goes on with undefined and
//! leaves what it wants in [`MetFiles`]; whoever began it looks that up, and begins again.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use flow_expr::{Lookup, Object};
use flow_model::{FieldType, FileId, RunState};
use serde_json::{Map, Value};

use crate::flow::Flow;

/// Something of a file that an evaluation may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FilePart {
    /// What is known of it, without its bytes.
    Record,
    /// Its bytes as text.
    Text,
    /// Its bytes in base64.
    Base64,
}

/// What of files is wanted.
pub(crate) type WantedFiles = BTreeSet<(FileId, FilePart)>;

/// The files that an evaluation has met.
#[derive(Debug, Default)]
pub(crate) struct MetFiles {
    known: HashMap<(FileId, FilePart), Arc<Value>>,
    wanted: RefCell<WantedFiles>,
}

impl MetFiles {
    /// What was missing when the evaluation ended. As long as there is any, its value is none.
    pub(crate) fn wanted(&mut self) -> Option<WantedFiles> {
        Some(self.wanted.take()).filter(|wanted| !wanted.is_empty())
    }

    /// Adds what was looked up.
    pub(crate) fn learn(&mut self, file: FileId, part: FilePart, value: Value) {
        self.known.insert((file, part), Arc::new(value));
    }

    fn get(&self, file: FileId, part: FilePart) -> Option<&Arc<Value>> {
        let found = self.known.get(&(file, part));
        if found.is_none() {
            self.wanted.borrow_mut().insert((file, part));
        }
        found
    }
}

/// `files`: the `file` fields of the run's trigger, by name. A field that nothing was given for is undefined.
pub(super) struct GivenFiles<'a>(Vec<(&'a str, Option<GivenFile<'a>>)>);

/// A file that the run was given.
struct GivenFile<'a> {
    file: FileId,
    met: &'a MetFiles,
}

impl<'a> GivenFiles<'a> {
    pub(super) fn of(flow: &'a Flow, state: &'a RunState, met: &'a MetFiles) -> Self {
        let Some((_, start)) = state.start() else { return Self(Vec::new()) };
        let trigger = flow.triggers.iter().find(|trigger| trigger.id == start.trigger.step);
        let fields = trigger.and_then(|trigger| trigger.inputs.fields.as_deref()).unwrap_or_default();
        let files = fields.iter().filter(|field| field.field_type == FieldType::File);
        let given = files.map(|field| {
            let id = start.inputs.get(field.name.as_str()).and_then(Value::as_str);
            let file = id.and_then(|id| id.parse().ok()).map(|file| GivenFile { file, met });
            (field.name.as_str(), file)
        });
        Self(given.collect())
    }
}

impl Object for GivenFiles<'_> {
    fn member(&self, key: &str) -> Lookup<'_> {
        match self.0.iter().find(|(name, _)| *name == key) {
            Some((_, Some(file))) => Lookup::Object(file),
            Some((_, None)) => Lookup::Undefined,
            None => Lookup::Unknown,
        }
    }

    fn to_value(&self) -> Value {
        let given =
            self.0.iter().filter_map(|(name, file)| Some(((*name).to_owned(), file.as_ref()?.to_value())));
        Value::Object(given.collect::<Map<_, _>>())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// The members of what is known of a file.
const OF_RECORD: [&str; 5] = ["fileId", "name", "size", "contentType", "sha256"];

impl Object for GivenFile<'_> {
    fn member(&self, key: &str) -> Lookup<'_> {
        let part = match key {
            "text" => FilePart::Text,
            "base64" => FilePart::Base64,
            _ if OF_RECORD.contains(&key) => FilePart::Record,
            _ => return Lookup::Unknown,
        };
        match (self.met.get(self.file, part), part) {
            (None, _) => Lookup::Undefined,
            (Some(record), FilePart::Record) => record.get(key).map_or(Lookup::Undefined, Lookup::Part),
            (Some(value), FilePart::Text | FilePart::Base64) => Lookup::Value(value),
        }
    }

    /// A file as a value is a reference: its bytes are read where they are asked for by name.
    fn to_value(&self) -> Value {
        self.met.get(self.file, FilePart::Record).map_or(Value::Null, |record| (**record).clone())
    }

    fn names(&self) -> Vec<String> {
        OF_RECORD.iter().chain(&["text", "base64"]).map(|name| (*name).to_owned()).collect()
    }
}
