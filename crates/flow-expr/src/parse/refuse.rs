//! What JavaScript has and an expression here has not, by the name that a message gives it.

use oxc_ast::ast::{BinaryOperator, Expression, UnaryOperator};

/// What a message says is supported.
pub(super) const SUPPORTED: &str = "supported are paths such as `a.b[0]?.c`, literals, comparisons, `&& || ?? !`, \
                                    arithmetic, `typeof`, `? :`, template, array and object literals, and calls of \
                                    the methods and functions that need no function of their own";

/// A call of what is no method and no function known by its name.
pub(super) const CALL: &str = "a call";

/// A call with arguments that need more than is here.
pub(super) const SHAPE: &str = "a call with these arguments";

/// The name of an expression that is not supported.
pub(super) fn construct(expression: &Expression<'_>) -> &'static str {
    match expression {
        Expression::CallExpression(_) => CALL,
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => "a function",
        Expression::AssignmentExpression(_) => "an assignment (`===` compares)",
        Expression::UpdateExpression(_) => "an assignment",
        Expression::AwaitExpression(_) => "`await`",
        Expression::YieldExpression(_) => "`yield`",
        Expression::BigIntLiteral(_) => "a BigInt, which JSON can't hold",
        Expression::RegExpLiteral(_) => "a regular expression",
        Expression::ClassExpression(_) => "a class",
        Expression::ImportExpression(_) | Expression::ImportMeta(_) => "`import`",
        Expression::NewExpression(_) | Expression::NewTarget(_) => "`new`",
        Expression::SequenceExpression(_) => "a comma sequence (write one expression)",
        Expression::TaggedTemplateExpression(_) => "a tagged template literal",
        Expression::ThisExpression(_) => "`this`",
        Expression::Super(_) => "`super`",
        Expression::PrivateFieldExpression(_) | Expression::PrivateInExpression(_) => "a private name",
        _ => "a construct",
    }
}

pub(super) fn binary(op: BinaryOperator) -> &'static str {
    match op {
        BinaryOperator::Instanceof => "the operator `instanceof`",
        _ => "an operator",
    }
}

pub(super) fn unary(op: UnaryOperator) -> &'static str {
    match op {
        UnaryOperator::Delete => "the operator `delete`",
        _ => "an operator",
    }
}
