//! Faults as a compiler shows them, with their place in the file.

use std::io::IsTerminal;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use flow_model::{Fault, Severity};

use super::place::Places;

/// The faults of a file, each with the line that it is about.
pub(super) fn shown(path: &Path, text: &str, faults: &[Fault]) -> Vec<String> {
    let path = path.display().to_string();
    let places = Places::of(text);
    let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    let shown = faults.iter().map(|fault| {
        let level = match fault.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(fault.message.as_str()).id(fault.code);
        let pointer =
            Level::NOTE.message(if fault.pointer.is_empty() { "the whole document" } else { &fault.pointer });
        let report = match places.find(&fault.pointer) {
            Some(span) => {
                let snippet =
                    Snippet::source(text).path(path.as_str()).annotation(AnnotationKind::Primary.span(span));
                title.element(snippet).element(pointer)
            }
            None => title.element(pointer),
        };
        renderer.render(&[report])
    });
    shown.collect()
}
