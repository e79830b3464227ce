//! From text to tree.
//!
//! The JavaScript parser changes often and knows far more than is supported here, so it is seen in this module and
//! below only. It recurses without a bound of its own, so it gets a stack that even the worst text of that length
//! can't overflow; and [`nesting`] refuses what is too deep first, so that hostile texts hardly use that stack.

mod globals;
mod lower;
mod nesting;
mod refuse;
mod scan;
mod script;

use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use crate::{
    ast::{Node, Span},
    error::{SyntaxError, SyntaxErrorKind, snippet},
    expression::FreeName,
    pick::Picks,
};

pub(crate) use globals::is_global;
pub(crate) use scan::template_end;
pub(crate) use script::Needs;

/// The bytes that one expression may be long.
pub const SOURCE_LIMIT: usize = 16 * 1024;

/// The bytes that the code of a step may be long.
pub const CODE_LIMIT: usize = 64 * 1024;

/// How deeply an expression may be nested: in brackets, in operators, in the tree that they make.
pub const NESTING_LIMIT: usize = 128;

/// The stack that the parser is given for each byte of text. It takes up to 2.4 KiB, for `(((…`, when it is built
/// without optimisation. What is not used is address space only.
const STACK_PER_BYTE: usize = 6 * 1024;

/// The stack for what doesn't depend on the text's length.
const STACK_BASE: usize = 64 * 1024;

/// What parsing yields.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) root: Root,
    pub(crate) free_names: Vec<FreeName>,
}

/// Who evaluates an expression.
#[derive(Debug)]
pub(crate) enum Root {
    /// This crate.
    Native(Node),
    /// A script engine, which is given these names.
    Script(Box<Picks>),
}

/// Parses the part of a text that is one expression. Spans and errors count from the start of the text.
pub(crate) fn parse(text: &str, range: Range<usize>) -> Result<Parsed, SyntaxError> {
    let source = &text[range.clone()];
    let error = |kind, message: String, at| Err(SyntaxError::new(kind, message, text, range.start + at));
    if source.len() > SOURCE_LIMIT || u32::try_from(range.end).is_err() {
        let message = format!(
            "the expression has {} bytes, and {SOURCE_LIMIT} are allowed; compute parts of it in steps of their own",
            source.len()
        );
        return error(SyntaxErrorKind::TooLong, message, 0);
    }
    if source.trim().is_empty() {
        return error(SyntaxErrorKind::Syntax, "the expression is empty".to_owned(), 0);
    }
    if let Some(at) = nesting::too_deep(source) {
        return error(SyntaxErrorKind::TooDeep, too_deep(), at);
    }
    let stack = STACK_BASE + source.len() * STACK_PER_BYTE;
    stacker::maybe_grow(stack, stack, || parse_within(text, range))
}

/// Parses a text that is the body of a function, and returns what it takes from outside.
pub(crate) fn function(text: &str) -> Result<Needs, SyntaxError> {
    let error = |kind, message, at| Err(SyntaxError::new(kind, message, text, at));
    if text.len() > CODE_LIMIT {
        let message = format!("the code has {} bytes, and {CODE_LIMIT} are allowed", text.len());
        return error(SyntaxErrorKind::TooLong, message, 0);
    }
    if let Some(at) = nesting::too_deep(text) {
        let message = format!("the code is nested more than {NESTING_LIMIT} levels deep here");
        return error(SyntaxErrorKind::TooDeep, message, at);
    }
    let stack = STACK_BASE + text.len() * STACK_PER_BYTE;
    stacker::maybe_grow(stack, stack, || script::function(text))
}

fn parse_within(text: &str, range: Range<usize>) -> Result<Parsed, SyntaxError> {
    let allocator = Allocator::default();
    // Parentheses are told by the tree's shape alone.
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    // A script: a module reserves words that people name things, such as `package` and `public`.
    let parser = Parser::new(&allocator, &text[range.clone()], SourceType::script()).with_options(options);
    match parser.parse_expression() {
        Ok(expression) => match lower::lower(&expression, text, range.start) {
            Err(error) if error.kind == SyntaxErrorKind::Unsupported => {
                let Needs { free_names, picks } = script::expression(text, range)?;
                Ok(Parsed { root: Root::Script(picks.into()), free_names })
            }
            lowered => lowered,
        },
        Err(diagnostics) => {
            let diagnostic = diagnostics.first();
            let message = diagnostic.map_or("it could not be read", |diagnostic| &*diagnostic.message);
            let label = diagnostic.and_then(|diagnostic| diagnostic.labels.first());
            let (offset, length) =
                label.map_or((0, 0), |label| (label.offset() as usize, label.len() as usize));
            let start = (range.start + offset).min(range.end);
            let end = (start + length.max(1)).min(range.end);
            let span = Span { start: start as u32, end: end as u32 };
            Err(error_at(text, "not a JavaScript expression", message, span))
        }
    }
}

/// What the parser says of a span of a text.
fn error_at(text: &str, what: &str, message: &str, span: Span) -> SyntaxError {
    let message = message.trim_end_matches('.');
    let message = match text.get(span.start as usize..span.end as usize) {
        Some(quoted) if !quoted.is_empty() => format!("{what}: {message} at `{}`", snippet(text, span)),
        _ => format!("{what}: {message} at its end"),
    };
    SyntaxError::new(SyntaxErrorKind::Syntax, message, text, span.start as usize)
}

fn too_deep() -> String {
    format!(
        "the expression is nested more than {NESTING_LIMIT} levels deep here; compute parts of it in steps of their own"
    )
}
