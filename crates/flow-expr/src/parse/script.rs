//! What isn't evaluated natively: expressions that become scripts, and the code of a step.
//!
//! The text goes to a script engine as it is. What has to be known of it here is whether it is correct, which names it
//! takes from outside, and how much of each.

use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_ast::{
    AstKind,
    ast::{Expression, LogicalOperator, Statement, UnaryOperator},
};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{AstNode, Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType};

use super::{
    globals,
    lower::guard::{self, Asked},
    refuse,
};
use crate::{
    ast::Span,
    error::{SyntaxError, SyntaxErrorKind, snippet},
    expression::FreeName,
    pick::Picks,
};

/// Strict code, as it is evaluated. A comment at the end of the text ends before the bracket.
const BEFORE: &str = "\"use strict\";(";
const BEHIND: &str = "\n)";

/// What a script takes from outside.
#[derive(Debug)]
pub(crate) struct Needs {
    /// The names that aren't JavaScript's own, in the order of the text.
    pub(crate) free_names: Vec<FreeName>,
    /// All names, and what of them is read.
    pub(crate) picks: Picks,
}

/// Looks through a part of a text that is an expression, as is known already.
pub(super) fn expression(text: &str, range: Range<usize>) -> Result<Needs, SyntaxError> {
    let allocator = Allocator::default();
    let source = format!("{BEFORE}{}{BEHIND}", &text[range.clone()]);
    let options = ParseOptions { parse_regular_expression: true, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, &source, SourceType::script()).with_options(options).parse();
    let place = Origin { text, start: range.start, before: BEFORE.len(), end: range.end };
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(place.syntax_error("not a JavaScript expression", diagnostic));
    }
    let built =
        SemanticBuilder::new().with_check_syntax_error(true).with_build_nodes(true).build(&parsed.program);
    if let Some(diagnostic) = built.diagnostics.first() {
        return Err(place.syntax_error("not a JavaScript expression", diagnostic));
    }
    if let Some(Statement::ExpressionStatement(statement)) = parsed.program.body.first()
        && let Some(construct) = refused_as_a_whole(statement.expression.without_parentheses())
    {
        return Err(place.refuse(construct, statement.expression.span()));
    }
    place.needs(&built.semantic)
}

/// Looks through the body of a function.
pub(super) fn function(text: &str) -> Result<Needs, SyntaxError> {
    let allocator = Allocator::default();
    let options = ParseOptions {
        allow_return_outside_function: true,
        parse_regular_expression: true,
        ..ParseOptions::default()
    };
    // A module: strict, and one may `await` in it.
    let parsed = Parser::new(&allocator, text, SourceType::mjs()).with_options(options).parse();
    let place = Origin { text, start: 0, before: 0, end: text.len() };
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(place.syntax_error("not JavaScript", diagnostic));
    }
    if let Some(module) = parsed.program.body.iter().find(|statement| statement.is_module_declaration()) {
        return Err(place.refuse("a module's `import` or `export`", module.span()));
    }
    let built =
        SemanticBuilder::new().with_check_syntax_error(true).with_build_nodes(true).build(&parsed.program);
    if let Some(diagnostic) = built.diagnostics.first() {
        return Err(place.syntax_error("not JavaScript", diagnostic));
    }
    place.needs(&built.semantic)
}

/// What has no value that JSON can hold, or is most likely a slip.
fn refused_as_a_whole(expression: &Expression<'_>) -> Option<&'static str> {
    match expression {
        Expression::ArrowFunctionExpression(_)
        | Expression::FunctionExpression(_)
        | Expression::ClassExpression(_)
        | Expression::AssignmentExpression(_)
        | Expression::UpdateExpression(_)
        | Expression::SequenceExpression(_)
        | Expression::BigIntLiteral(_)
        | Expression::AwaitExpression(_)
        | Expression::YieldExpression(_)
        | Expression::ThisExpression(_)
        | Expression::Super(_) => Some(refuse::construct(expression)),
        _ => None,
    }
}

/// Where the parsed text comes from.
struct Origin<'t> {
    text: &'t str,
    /// Where the part starts in the text, and where it ends.
    start: usize,
    end: usize,
    /// How much stands before it in what was parsed.
    before: usize,
}

impl Origin<'_> {
    fn span(&self, span: oxc_span::Span) -> Span {
        let at = |position: u32| {
            (self.start + (position as usize).saturating_sub(self.before)).min(self.end) as u32
        };
        Span { start: at(span.start), end: at(span.end) }
    }

    fn syntax_error(&self, what: &str, diagnostic: &oxc_diagnostics::OxcDiagnostic) -> SyntaxError {
        let label = diagnostic.labels.first();
        let start = label.map_or(0, |label| label.offset());
        let end = label.map_or(0, |label| label.offset() + label.len());
        super::error_at(self.text, what, &diagnostic.message, self.span(oxc_span::Span::new(start, end)))
    }

    fn refuse(&self, construct: &str, span: oxc_span::Span) -> SyntaxError {
        let span = self.span(span);
        let message = format!("`{}`: {construct} is not supported here", snippet(self.text, span));
        SyntaxError::new(SyntaxErrorKind::Unsupported, message, self.text, span.start as usize)
    }

    fn needs(&self, semantic: &Semantic<'_>) -> Result<Needs, SyntaxError> {
        let mut needs = Needs { free_names: Vec::new(), picks: Picks::default() };
        let mut asked = Asked::default();
        for node in semantic.nodes().iter() {
            match node.kind() {
                AstKind::ImportExpression(import) => return Err(self.refuse("`import`", import.span)),
                AstKind::ImportMeta(meta) => return Err(self.refuse("`import`", meta.span)),
                AstKind::IdentifierReference(name) if semantic.is_reference_to_global_variable(name) => {
                    let reference = semantic.scoping().get_reference(name.reference_id());
                    if reference.is_write() {
                        let what = "an assignment to what the script was given (`===` compares; `let` makes a variable)";
                        return Err(self.refuse(what, name.span));
                    }
                    needs.picks.add(&name.name, &path(semantic, node));
                    if !globals::is_global(&name.name) {
                        let span = self.span(name.span);
                        let mut free = guard::free_name(&name.name, span.start as usize..span.end as usize);
                        asked_of(semantic, node, &mut free, &mut asked);
                        needs.free_names.push(free);
                    }
                }
                _ => {}
            }
        }
        asked.guard(&mut needs.free_names);
        Ok(needs)
    }
}

/// Fills in which member of a name is read, and whether the script is made for either to be undefined.
fn asked_of(semantic: &Semantic<'_>, name: &AstNode<'_>, free: &mut FreeName, asked: &mut Asked) {
    let nodes = semantic.nodes();
    let mut reached = name;
    loop {
        let (here, is_member) = (reached.kind().span(), free.member.is_some());
        let parent = nodes.parent_node(reached.id());
        let mut guard = || {
            let guarded = if is_member { &mut free.is_member_guarded } else { &mut free.is_guarded };
            *guarded = true;
        };
        match parent.kind() {
            AstKind::ChainExpression(_) | AstKind::ParenthesizedExpression(_) => {}
            AstKind::StaticMemberExpression(member) if member.object.span() == here => {
                if member.optional {
                    guard();
                }
                if is_member {
                    return;
                }
                let is_called = matches!(nodes.parent_kind(parent.id()),
                    AstKind::CallExpression(call) if call.callee.span() == member.span);
                if is_called {
                    return;
                }
                free.member = Some(member.property.name.as_str().into());
            }
            AstKind::LogicalExpression(logical) if logical.left.span() == here => {
                guard();
                if logical.operator != LogicalOperator::Coalesce {
                    asked.about(free, is_member);
                }
                return;
            }
            AstKind::ConditionalExpression(choice) if choice.test.span() == here => {
                return asked.about(free, is_member);
            }
            AstKind::BinaryExpression(binary) if binary.operator.is_equality() => {
                return asked.about(free, is_member);
            }
            AstKind::UnaryExpression(unary)
                if matches!(unary.operator, UnaryOperator::LogicalNot | UnaryOperator::Typeof) =>
            {
                return asked.about(free, is_member);
            }
            _ => return,
        }
        reached = parent;
    }
}

/// The members behind a name that are named in the text, as far as nothing else of what is before them can be seen.
fn path<'a>(semantic: &Semantic<'a>, name: &AstNode<'a>) -> Vec<&'a str> {
    let nodes = semantic.nodes();
    let (mut path, mut reached) = (Vec::new(), name);
    loop {
        let parent = nodes.parent_node(reached.id());
        match parent.kind() {
            AstKind::ChainExpression(_) | AstKind::ParenthesizedExpression(_) => {}
            AstKind::StaticMemberExpression(member) if member.object.span() == reached.kind().span() => {
                path.push(member.property.name.as_str());
            }
            // The method is looked up on what stands before it.
            AstKind::CallExpression(call) if call.callee.span() == reached.kind().span() => {
                path.pop();
                return path;
            }
            AstKind::TaggedTemplateExpression(call) if call.tag.span() == reached.kind().span() => {
                path.pop();
                return path;
            }
            _ => return path,
        }
        reached = parent;
    }
}
