//! From the parser's tree to our own.
//!
//! What nests to the left (`a.b.c`, `a + b + c`) is walked in a loop and becomes one flat node. What is not
//! supported is refused here, where the place and the kind of the construct are known; a construct that gains
//! support gets an arm in [`Lowering::expression`].

mod call;
pub(super) mod guard;
mod link;
mod literal;

use oxc_ast::ast::{
    BinaryExpression, BinaryOperator, Expression, LogicalExpression, LogicalOperator, UnaryExpression,
    UnaryOperator,
};
use oxc_span::GetSpan;

use self::{
    call::constant_at,
    guard::Asked,
    link::{Link, LinkKind},
};
use super::{NESTING_LIMIT, Parsed, Root, refuse, too_deep};
use crate::{
    ast::{BinaryOp, Literal, LogicalOp, Node, NodeKind, Span, Step, StepKey, StepKind, UnaryOp},
    error::{SyntaxError, SyntaxErrorKind, snippet},
    expression::FreeName,
    value::{array_index, number_to_text},
};

pub(super) fn lower(expression: &Expression<'_>, text: &str, offset: usize) -> Result<Parsed, SyntaxError> {
    let mut lowering = Lowering { text, offset, depth: 0, free_names: Vec::new(), asked: Asked::default() };
    let root = lowering.expression(expression)?;
    lowering.asked.guard(&mut lowering.free_names);
    Ok(Parsed { root: Root::Native(root), free_names: lowering.free_names })
}

struct Lowering<'t> {
    text: &'t str,
    /// Where the expression starts in the text.
    offset: usize,
    depth: usize,
    free_names: Vec<FreeName>,
    /// What the expression asks about.
    asked: Asked,
}

type Lowered<T> = Result<T, SyntaxError>;

impl Lowering<'_> {
    fn expression(&mut self, expression: &Expression<'_>) -> Lowered<Node> {
        let span = self.span(expression.span());
        if self.depth == NESTING_LIMIT {
            return Err(SyntaxError::new(
                SyntaxErrorKind::TooDeep,
                too_deep(),
                self.text,
                span.start as usize,
            ));
        }
        self.depth += 1;
        let kind = self.kind(expression, span)?;
        self.depth -= 1;
        Ok(Node { span, kind })
    }

    fn kind(&mut self, expression: &Expression<'_>, span: Span) -> Lowered<NodeKind> {
        match expression {
            Expression::BooleanLiteral(literal) => Ok(NodeKind::Literal(Literal::Bool(literal.value))),
            Expression::NullLiteral(_) => Ok(NodeKind::Literal(Literal::Null)),
            Expression::NumericLiteral(literal) => self.number(literal, span),
            Expression::StringLiteral(literal) => self.string(literal, span),
            Expression::TemplateLiteral(literal) => self.template(literal),
            Expression::ArrayExpression(literal) => self.array(literal),
            Expression::ObjectExpression(literal) => self.object(literal),
            Expression::Identifier(name) => Ok(self.name(&name.name, span)),
            Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_) => {
                self.path(Link::of(expression), expression)
            }
            Expression::CallExpression(call) => match Link::of(expression) {
                Some(link) => self.path(Some(link), expression),
                None => self.function(call, span),
            },
            Expression::ChainExpression(chain) => match Link::of_chain(&chain.expression) {
                Some(link) => self.path(Some(link), expression),
                None => Err(self.refuse(refuse::CALL, span)),
            },
            Expression::UnaryExpression(unary) => self.unary(unary, span),
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::LogicalExpression(logical) => self.logical(logical),
            Expression::ConditionalExpression(choice) => Ok(NodeKind::Choice {
                test: self.asked(&choice.test)?.into(),
                then: self.expression(&choice.consequent)?.into(),
                otherwise: self.expression(&choice.alternate)?.into(),
            }),
            Expression::ParenthesizedExpression(inner) => self.kind(&inner.expression, span),
            other => Err(self.refuse(refuse::construct(other), span)),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> NodeKind {
        match name {
            "undefined" => NodeKind::Literal(Literal::Undefined),
            "NaN" => NodeKind::Literal(Literal::Number(f64::NAN)),
            "Infinity" => NodeKind::Literal(Literal::Number(f64::INFINITY)),
            name => {
                let range = span.start as usize..span.end as usize;
                self.free_names.push(guard::free_name(name, range));
                NodeKind::Name(name.into())
            }
        }
    }

    fn path<'e>(&mut self, mut link: Option<Link<'e>>, whole: &'e Expression<'e>) -> Lowered<NodeKind> {
        let mut links = Vec::new();
        let mut base = whole;
        while let Some(next) = link {
            base = next.object;
            link = Link::of(base);
            links.push(next);
        }
        let base = match links.pop_if(|link| constant_at(link).is_some()) {
            Some(link) => self.constant(&link),
            None => self.base(base, &links)?,
        };
        let base = base.into();
        let steps = links.into_iter().rev().map(|link| {
            let span = self.span(link.span);
            let kind = match link.kind {
                LinkKind::Name(name) => StepKind::Member(StepKey::Name(name.into())),
                LinkKind::Computed(key) => StepKind::Member(step_key(self.expression(key)?)),
                LinkKind::Method(name, call) => StepKind::Method(self.method(name, call, span)?),
            };
            Ok(Step { kind, optional: link.optional, end: span.end })
        });
        let steps = steps.collect::<Lowered<_>>()?;
        Ok(NodeKind::Path { base, steps })
    }

    fn unary(&mut self, unary: &UnaryExpression<'_>, span: Span) -> Lowered<NodeKind> {
        let op = match unary.operator {
            UnaryOperator::LogicalNot => UnaryOp::Not,
            UnaryOperator::UnaryNegation => UnaryOp::Minus,
            UnaryOperator::UnaryPlus => UnaryOp::Plus,
            UnaryOperator::Typeof => UnaryOp::TypeOf,
            UnaryOperator::BitwiseNot => UnaryOp::BitNot,
            UnaryOperator::Void => UnaryOp::Void,
            other => return Err(self.refuse(refuse::unary(other), span)),
        };
        let argument = match op {
            UnaryOp::Not | UnaryOp::TypeOf => self.asked(&unary.argument),
            UnaryOp::Minus | UnaryOp::Plus | UnaryOp::BitNot | UnaryOp::Void => {
                self.expression(&unary.argument)
            }
        };
        Ok(NodeKind::Unary(op, argument?.into()))
    }

    fn binary(&mut self, binary: &BinaryExpression<'_>) -> Lowered<NodeKind> {
        let mut spine = vec![(binary.operator, &binary.right)];
        let mut first = &binary.left;
        while let Expression::BinaryExpression(inner) = first {
            spine.push((inner.operator, &inner.right));
            first = &inner.left;
        }
        let whole = binary.span;
        let compares = |op: BinaryOperator| op.is_equality();
        let first = match spine.last() {
            Some((op, _)) if compares(*op) => self.asked(first)?.into(),
            _ => self.expression(first)?.into(),
        };
        let rest = spine.into_iter().rev().map(|(op, right)| match binary_op(op) {
            Some(op_here) if compares(op) => Ok((op_here, self.asked(right)?)),
            Some(op) => Ok((op, self.expression(right)?)),
            None => Err(self.refuse(refuse::binary(op), self.span(whole))),
        });
        Ok(NodeKind::Binary { first, rest: rest.collect::<Lowered<_>>()? })
    }

    fn logical(&mut self, logical: &LogicalExpression<'_>) -> Lowered<NodeKind> {
        let mut spine = vec![(logical.operator, &logical.right)];
        let mut first = &logical.left;
        while let Expression::LogicalExpression(inner) = first {
            spine.push((inner.operator, &inner.right));
            first = &inner.left;
        }
        let first = self.operand(first, spine.last().map(|(op, _)| *op))?.into();
        let mut behind: Vec<_> = spine.iter().map(|(op, _)| *op).collect();
        behind.pop();
        let rest = spine.into_iter().rev().map(|(op, right)| {
            let op = match op {
                LogicalOperator::And => LogicalOp::And,
                LogicalOperator::Or => LogicalOp::Or,
                LogicalOperator::Coalesce => LogicalOp::Coalesce,
            };
            Ok((op, self.operand(right, behind.pop())?))
        });
        Ok(NodeKind::Logical { first, rest: rest.collect::<Lowered<_>>()? })
    }

    /// The span in the whole text.
    fn span(&self, span: oxc_span::Span) -> Span {
        // The parser has made sure that every position in the text fits.
        let offset = self.offset as u32;
        Span { start: offset + span.start, end: offset + span.end }
    }

    fn refuse(&self, construct: &str, span: Span) -> SyntaxError {
        let snippet = snippet(self.text, span);
        let message = format!("`{snippet}`: {construct} is not supported; {}", refuse::SUPPORTED);
        SyntaxError::new(SyntaxErrorKind::Unsupported, message, self.text, span.start as usize)
    }
}

/// A key whose text is known when parsed needs no evaluation.
fn step_key(node: Node) -> StepKey {
    match node.kind {
        NodeKind::Literal(Literal::Text(name)) => StepKey::Name(name),
        NodeKind::Literal(Literal::Number(number)) => {
            let name = number_to_text(number);
            array_index(&name).map_or_else(|| StepKey::Name((&*name).into()), StepKey::Index)
        }
        kind => StepKey::Computed(Node { kind, ..node }),
    }
}

fn binary_op(op: BinaryOperator) -> Option<BinaryOp> {
    Some(match op {
        BinaryOperator::StrictEquality => BinaryOp::StrictEqual,
        BinaryOperator::StrictInequality => BinaryOp::StrictNotEqual,
        BinaryOperator::Equality => BinaryOp::Equal,
        BinaryOperator::Inequality => BinaryOp::NotEqual,
        BinaryOperator::LessThan => BinaryOp::Less,
        BinaryOperator::LessEqualThan => BinaryOp::LessOrEqual,
        BinaryOperator::GreaterThan => BinaryOp::Greater,
        BinaryOperator::GreaterEqualThan => BinaryOp::GreaterOrEqual,
        BinaryOperator::Addition => BinaryOp::Add,
        BinaryOperator::Subtraction => BinaryOp::Subtract,
        BinaryOperator::Multiplication => BinaryOp::Multiply,
        BinaryOperator::Division => BinaryOp::Divide,
        BinaryOperator::Remainder => BinaryOp::Remainder,
        BinaryOperator::Exponential => BinaryOp::Power,
        BinaryOperator::BitwiseAnd => BinaryOp::BitAnd,
        BinaryOperator::BitwiseOR => BinaryOp::BitOr,
        BinaryOperator::BitwiseXOR => BinaryOp::BitXor,
        BinaryOperator::ShiftLeft => BinaryOp::ShiftLeft,
        BinaryOperator::ShiftRight => BinaryOp::ShiftRight,
        BinaryOperator::ShiftRightZeroFill => BinaryOp::ShiftRightZeroFill,
        BinaryOperator::In => BinaryOp::In,
        BinaryOperator::Instanceof => return None,
    })
}
