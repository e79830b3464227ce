//! Calls, and the constants of JavaScript.
//!
//! What is built in is told by its name; whether the scope hides it is asked when it is evaluated. So a name that is
//! only used for what is built in is none of the free names.

use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_span::GetSpan;

use super::{
    Lowered, Lowering,
    link::{Link, LinkKind},
};
use crate::{
    ast::{Item, Literal, MethodCall, Node, NodeKind, Span, Step, StepKey, StepKind},
    builtin::{self, Shape},
    parse::{is_global, refuse},
};

impl Lowering<'_> {
    /// A call that is none of a method.
    pub(super) fn function(&mut self, call: &CallExpression<'_>, span: Span) -> Lowered<NodeKind> {
        let function = path_of(&call.callee).and_then(|path| builtin::function(&path));
        match function {
            Some(function) if !call.optional => {
                Ok(NodeKind::Call(function, self.arguments(call, function.shape, span)?))
            }
            _ => Err(self.refuse(refuse::CALL, span)),
        }
    }

    pub(super) fn method(
        &mut self,
        name: &str,
        call: &CallExpression<'_>,
        span: Span,
    ) -> Lowered<MethodCall> {
        let Some(method) = builtin::method(name) else {
            return Err(self.refuse(refuse::CALL, self.span(call.span)));
        };
        let args = self.arguments(call, method.shape, span)?;
        Ok(MethodCall { method, args, optional: call.optional })
    }

    /// The constant at a link of which [`constant_at`] is one.
    pub(super) fn constant(&mut self, link: &Link<'_>) -> Node {
        let (root, member, value) = constant_at(link).unwrap_or_default();
        let (root_span, span) = (self.span(link.object.span()), self.span(link.span));
        let base = Node { span: root_span, kind: NodeKind::Name(root.into()) };
        let kind = StepKind::Member(StepKey::Name(member.into()));
        let steps = [Step { kind, optional: link.optional, end: span.end }].into();
        let otherwise = Node { span, kind: NodeKind::Path { base: base.into(), steps } };
        Node { span, kind: NodeKind::Constant { root: root.into(), value, otherwise: otherwise.into() } }
    }

    fn arguments(&mut self, call: &CallExpression<'_>, shape: Shape, span: Span) -> Lowered<Box<[Item]>> {
        let args = call.arguments.iter().map(|argument| match argument {
            Argument::SpreadElement(spread) => Ok(Item::Spread(self.expression(&spread.argument)?)),
            argument => match argument.as_expression() {
                Some(value) => Ok(Item::Value(self.expression(value)?)),
                None => Err(self.refuse(refuse::SHAPE, span)),
            },
        });
        let args = args.collect::<Lowered<Box<[Item]>>>()?;
        if fits(&args, shape) { Ok(args) } else { Err(self.refuse(refuse::SHAPE, span)) }
    }
}

/// The global name, the member and the value of the constant that a link leads to.
pub(super) fn constant_at<'e>(link: &Link<'e>) -> Option<(&'e str, &'e str, f64)> {
    match (link.object, &link.kind) {
        (Expression::Identifier(root), LinkKind::Name(member)) => {
            Some((&root.name, member, builtin::constant(&format!("{}.{member}", root.name))?))
        }
        _ => None,
    }
}

/// A name, or a name and its member, as a path.
pub(super) fn path_of(callee: &Expression<'_>) -> Option<String> {
    match callee {
        Expression::Identifier(name) => Some(name.name.to_string()),
        Expression::StaticMemberExpression(member) if !member.optional => match &member.object {
            Expression::Identifier(root) => Some(format!("{}.{}", root.name, member.property.name)),
            _ => None,
        },
        _ => None,
    }
}

fn fits(args: &[Item], shape: Shape) -> bool {
    let literal = |item: &Item| match item {
        Item::Value(Node { kind: NodeKind::Literal(literal), .. }) => match literal {
            Literal::Undefined | Literal::Null => Some(None),
            Literal::Number(number) => Some(Some(*number)),
            _ => None,
        },
        _ => None,
    };
    let no_spread = args.iter().all(|item| matches!(item, Item::Value(_)));
    match shape {
        Shape::Any => true,
        Shape::One => no_spread && args.len() <= 1,
        Shape::Decimal => match args {
            [] => true,
            [base, ..] => literal(base) == Some(Some(10.0)),
        },
        Shape::Json => no_spread && args.get(1).is_none_or(|replacer| literal(replacer) == Some(None)),
        Shape::NoCallback => no_spread && !args.get(1).is_some_and(is_function),
    }
}

/// Whether an argument may be a function: one that is named.
fn is_function(item: &Item) -> bool {
    let Item::Value(node) = item else { return false };
    let base = if let NodeKind::Path { base, .. } = &node.kind { base } else { node };
    matches!(&base.kind, NodeKind::Name(name) if is_global(name))
}
