//! `validate`: checks flow documents as publishing would.

mod place;
mod report;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use flow_engine::validate_document;
use flow_model::{Fault, Severity};
use serde_json::{Value, json};

use crate::args::ValidateArgs;
use crate::config::Config;
use crate::parts::registry;
use crate::{complain, exit, say};

pub(crate) fn validate(config: &Config, args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let (registry, limits) = (registry(config, None)?, config.limits());
    let (mut failed, mut unreadable) = (false, false);
    for path in &args.files {
        let (text, faults) = match Written::read(path) {
            Ok(written) => {
                let faults = validate_document(&written.document, &registry, &limits);
                (written.text, faults)
            }
            Err(error) => {
                unreadable = true;
                complain(&format!("{error:#}"));
                if !args.json {
                    continue;
                }
                let (pointer, message, severity) = (String::new(), format!("{error:#}"), Severity::Error);
                (String::new(), vec![Fault { pointer, code: "unreadable", message, severity }])
            }
        };
        let invalid = faults.iter().any(|fault| fault.severity == Severity::Error);
        failed |= invalid;
        if args.json {
            let file = path.display().to_string();
            say(&json!({ "file": file, "valid": !invalid, "issues": faults }).to_string())?;
        } else {
            print(path, &text, &faults)?;
        }
    }
    Ok(match (unreadable, failed) {
        (true, _) => ExitCode::from(exit::CANNOT),
        (false, true) => ExitCode::from(exit::FAILED),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// What some editors put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A flow document as its author wrote it.
pub(crate) struct Written {
    pub(crate) text: String,
    /// The document; a name that the text lacks is that of its file.
    pub(crate) document: Value,
}

impl Written {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let text = text.trim_start_matches(BYTE_ORDER_MARK).to_owned();
        let mut document: Value =
            serde_json::from_str(&text).with_context(|| format!("{} isn't JSON", path.display()))?;
        let map = document.as_object_mut().with_context(|| {
            format!("{} isn't a flow document: write an object with name and definition", path.display())
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        map.entry("name").or_insert(Value::String(stem));
        Ok(Self { text, document })
    }
}

/// A fault as a line on the terminal.
pub(crate) fn shown(fault: &Fault) -> String {
    let severity = match fault.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{severity}[{}] at {}: {}", fault.code, fault.pointer, fault.message)
}

fn print(path: &Path, text: &str, faults: &[Fault]) -> anyhow::Result<()> {
    for report in report::shown(path, text, faults) {
        say(&format!("{report}\n"))?;
    }
    let path = path.display();
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    match errors {
        0 => say(&format!("{path}: can be published")),
        1 => say(&format!("{path}: 1 fault")),
        more => say(&format!("{path}: {more} faults")),
    }
}
