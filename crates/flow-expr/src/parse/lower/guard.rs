//! What an expression is made for: names that it asks about before it uses them.
//!
//! `a ?? b` and `a?.b` tolerate that `a` is undefined, there alone. Who tests a name (`a && a.b`, `a ? a.b : c`,
//! `typeof a`, `a == null`) thinks of it in the whole expression.

use std::{collections::HashSet, ops::Range};

use oxc_ast::ast::{Expression, LogicalOperator};

use super::{
    Lowered, Lowering,
    link::{Link, LinkKind},
};
use crate::{
    ast::{Node, NodeKind},
    expression::FreeName,
};

/// A name as it stands, before anything is known of what is done with it.
pub(in crate::parse) fn free_name(name: &str, span: Range<usize>) -> FreeName {
    FreeName { name: name.into(), span, member: None, is_guarded: false, is_member_guarded: false }
}

/// The names that an expression tests, and the members of names.
#[derive(Debug, Default)]
pub(in crate::parse) struct Asked(HashSet<(Box<str>, Option<Box<str>>)>);

impl Asked {
    pub(in crate::parse) fn about(&mut self, name: &FreeName, member: bool) {
        self.0.insert((name.name.clone(), name.member.clone().filter(|_| member)));
    }

    /// Every use of what is tested anywhere counts as guarded.
    pub(in crate::parse) fn guard(&self, names: &mut [FreeName]) {
        if self.0.is_empty() {
            return;
        }
        for name in names {
            name.is_guarded |= self.0.contains(&(name.name.clone(), None));
            let member = name.member.clone();
            name.is_member_guarded |= member.is_some() && self.0.contains(&(name.name.clone(), member));
        }
    }
}

impl Lowering<'_> {
    /// What a path begins with; `links` are those behind it, the nearest one last.
    pub(super) fn base(&mut self, base: &Expression<'_>, links: &[Link<'_>]) -> Lowered<Node> {
        let at = self.free_names.len();
        let node = self.expression(base)?;
        if let (NodeKind::Name(_), Some(name), [before @ .., first]) =
            (&node.kind, self.free_names.get_mut(at), links)
        {
            name.is_guarded = first.optional;
            name.member = match &first.kind {
                LinkKind::Name(member) => Some((*member).into()),
                LinkKind::Computed(Expression::StringLiteral(member)) => Some(member.value.as_str().into()),
                LinkKind::Computed(_) | LinkKind::Method(..) => None,
            };
            name.is_member_guarded = before.last().is_some_and(|second| second.optional);
        }
        Ok(node)
    }

    /// An operand of `&&`, `||` and `??`, and the operator behind it.
    pub(super) fn operand(
        &mut self,
        operand: &Expression<'_>,
        behind: Option<LogicalOperator>,
    ) -> Lowered<Node> {
        let Some(behind) = behind else { return self.expression(operand) };
        let at = self.free_names.len();
        let node =
            if behind == LogicalOperator::Coalesce { self.expression(operand) } else { self.asked(operand) }?;
        if let Some((name, is_member)) = self.free_names.get_mut(at).zip(whole(&node)) {
            let guarded = if is_member { &mut name.is_member_guarded } else { &mut name.is_guarded };
            *guarded = true;
        }
        Ok(node)
    }

    /// What is tested, whatever it is.
    pub(super) fn asked(&mut self, tested: &Expression<'_>) -> Lowered<Node> {
        let at = self.free_names.len();
        let node = self.expression(tested)?;
        if let Some((name, is_member)) = self.free_names.get(at).zip(whole(&node)) {
            self.asked.about(name, is_member);
        }
        Ok(node)
    }
}

/// Whether a node is a member of a name and nothing else, or a name and nothing else; none for others.
fn whole(node: &Node) -> Option<bool> {
    match &node.kind {
        NodeKind::Name(_) => Some(false),
        NodeKind::Path { base, steps } => {
            (matches!(base.kind, NodeKind::Name(_)) && steps.len() == 1).then_some(true)
        }
        _ => None,
    }
}
