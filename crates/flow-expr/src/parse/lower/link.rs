//! One member access, or one call of a method, in the parser's tree.

use oxc_ast::ast::{CallExpression, ChainElement, Expression};

use super::call::path_of;
use crate::builtin;

pub(super) struct Link<'e> {
    pub(super) object: &'e Expression<'e>,
    pub(super) kind: LinkKind<'e>,
    pub(super) optional: bool,
    pub(super) span: oxc_span::Span,
}

pub(super) enum LinkKind<'e> {
    Name(&'e str),
    Computed(&'e Expression<'e>),
    Method(&'e str, &'e CallExpression<'e>),
}

impl<'e> Link<'e> {
    pub(super) fn of(expression: &'e Expression<'e>) -> Option<Self> {
        match expression {
            Expression::StaticMemberExpression(member) => Some(Self {
                object: &member.object,
                kind: LinkKind::Name(&member.property.name),
                optional: member.optional,
                span: member.span,
            }),
            Expression::ComputedMemberExpression(member) => Some(Self {
                object: &member.object,
                kind: LinkKind::Computed(&member.expression),
                optional: member.optional,
                span: member.span,
            }),
            Expression::CallExpression(call) => Self::of_call(call),
            _ => None,
        }
    }

    pub(super) fn of_chain(chain: &'e ChainElement<'e>) -> Option<Self> {
        match chain {
            ChainElement::StaticMemberExpression(member) => Some(Self {
                object: &member.object,
                kind: LinkKind::Name(&member.property.name),
                optional: member.optional,
                span: member.span,
            }),
            ChainElement::ComputedMemberExpression(member) => Some(Self {
                object: &member.object,
                kind: LinkKind::Computed(&member.expression),
                optional: member.optional,
                span: member.span,
            }),
            ChainElement::CallExpression(call) => Self::of_call(call),
            _ => None,
        }
    }

    /// A call of a method; none when a function is called.
    fn of_call(call: &'e CallExpression<'e>) -> Option<Self> {
        let (object, name, optional) = match &call.callee {
            Expression::StaticMemberExpression(member) => {
                (&member.object, &*member.property.name, member.optional)
            }
            Expression::ComputedMemberExpression(member) => match &member.expression {
                Expression::StringLiteral(name) => (&member.object, &*name.value, member.optional),
                _ => return None,
            },
            _ => return None,
        };
        if path_of(&call.callee).is_some_and(|path| builtin::function(&path).is_some()) {
            return None;
        }
        Some(Self { object, kind: LinkKind::Method(name, call), optional, span: call.span })
    }
}
