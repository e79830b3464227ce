//! Literals: numbers, texts, template, array and object literals.

use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, NumberBase, NumericLiteral, ObjectExpression, ObjectProperty,
    ObjectPropertyKind, PropertyKey, PropertyKind, StringLiteral, TemplateLiteral,
};
use oxc_span::GetSpan;

use super::{Lowered, Lowering};
use crate::{
    ast::{Field, Item, Literal, NodeKind, Span, TextPart},
    value::number_to_text,
};

const HALF_PAIR: &str = "half of a surrogate pair";

impl Lowering<'_> {
    pub(super) fn number(&self, literal: &NumericLiteral<'_>, span: Span) -> Lowered<NodeKind> {
        let raw = literal.raw.as_deref().unwrap_or_default().as_bytes();
        // `010` is 8 to old scripts and an error to strict code; people may mean 10.
        if raw.len() > 1 && raw[0] == b'0' && raw[1].is_ascii_digit() && literal.base != NumberBase::Hex {
            return Err(self.refuse("a number with a leading zero", span));
        }
        Ok(NodeKind::Literal(Literal::Number(literal.value)))
    }

    pub(super) fn string(&self, literal: &StringLiteral<'_>, span: Span) -> Lowered<NodeKind> {
        self.plain(literal, span).map(|text| NodeKind::Literal(Literal::Text(text)))
    }

    /// The text of a literal.
    fn plain(&self, literal: &StringLiteral<'_>, span: Span) -> Lowered<Box<str>> {
        if literal.lone_surrogates {
            return Err(self.refuse(HALF_PAIR, span));
        }
        if literal.raw.as_deref().is_some_and(has_octal_escape) {
            return Err(self.refuse("an octal escape", span));
        }
        Ok(literal.value.as_str().into())
    }

    pub(super) fn template(&mut self, literal: &TemplateLiteral<'_>) -> Lowered<NodeKind> {
        let mut parts = Vec::new();
        let mut values = literal.expressions.iter();
        for quasi in &literal.quasis {
            match quasi.value.cooked.as_deref() {
                Some(text) if !quasi.lone_surrogates => {
                    if !text.is_empty() {
                        parts.push(TextPart::Text(text.into()));
                    }
                }
                _ => return Err(self.refuse(HALF_PAIR, self.span(quasi.span))),
            }
            if let Some(value) = values.next() {
                parts.push(TextPart::Value(self.expression(value)?));
            }
        }
        Ok(NodeKind::Text(parts.into()))
    }

    pub(super) fn array(&mut self, literal: &ArrayExpression<'_>) -> Lowered<NodeKind> {
        let items = literal.elements.iter().map(|element| match element {
            ArrayExpressionElement::SpreadElement(spread) => {
                Ok(Item::Spread(self.expression(&spread.argument)?))
            }
            ArrayExpressionElement::Elision(hole) => {
                Err(self.refuse("a hole in an array", self.span(hole.span)))
            }
            element => match element.as_expression() {
                Some(value) => Ok(Item::Value(self.expression(value)?)),
                None => Err(self.refuse("a construct", self.span(element.span()))),
            },
        });
        Ok(NodeKind::Array(items.collect::<Lowered<_>>()?))
    }

    pub(super) fn object(&mut self, literal: &ObjectExpression<'_>) -> Lowered<NodeKind> {
        let fields = literal.properties.iter().map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => self.field(property),
            ObjectPropertyKind::SpreadProperty(spread) => {
                Ok(Field::Spread(self.expression(&spread.argument)?))
            }
        });
        Ok(NodeKind::Object(fields.collect::<Lowered<_>>()?))
    }

    fn field(&mut self, property: &ObjectProperty<'_>) -> Lowered<Field> {
        let span = self.span(property.span);
        if property.method || property.kind != PropertyKind::Init {
            return Err(self.refuse("a function", span));
        }
        let name: Box<str> = match &property.key {
            PropertyKey::StaticIdentifier(name) => name.name.as_str().into(),
            PropertyKey::StringLiteral(literal) => self.plain(literal, span)?,
            PropertyKey::NumericLiteral(literal) => (&*number_to_text(literal.value)).into(),
            key => {
                return match key.as_expression() {
                    Some(key) => {
                        Ok(Field::Computed(self.expression(key)?, self.expression(&property.value)?))
                    }
                    None => Err(self.refuse("a private name", span)),
                };
            }
        };
        // In a literal this sets the prototype and makes no member.
        if &*name == "__proto__" && !property.computed && !property.shorthand {
            return Err(self.refuse("setting a prototype", span));
        }
        Ok(Field::Named(name, self.expression(&property.value)?))
    }
}

/// Whether a literal has an escape such as `\101`, which is an error to strict code, and so to a script.
fn has_octal_escape(literal: &str) -> bool {
    let mut rest = literal;
    while let Some(at) = rest.find('\\') {
        let mut escaped = rest[at + 1..].chars();
        match (escaped.next(), escaped.clone().next()) {
            (Some('1'..='9'), _) | (Some('0'), Some('0'..='9')) => return true,
            _ => rest = escaped.as_str(),
        }
    }
    false
}
