//! Template, array and object literals. Their parts are kept as they are, without a copy.

use std::borrow::Cow;

use super::Evaluator;
use crate::{
    ast::{Field, Item, Node, TextPart},
    error::EvalError,
    value::{Fields, Val, copied_fields, copied_items, sort_index_keys, to_key, to_text},
};

impl<'a> Evaluator<'a> {
    pub(super) fn text(&self, parts: &'a [TextPart]) -> Result<Val<'a>, EvalError> {
        let mut out = String::new();
        for part in parts {
            match part {
                TextPart::Text(text) => out.push_str(text),
                TextPart::Value(node) => {
                    let value = self.eval(node)?;
                    let text = to_text(&value, self.budget).and_then(|text| {
                        self.budget.spend(text.len())?;
                        Ok(text)
                    });
                    out.push_str(&text.map_err(|fault| self.failure(fault, node.span))?);
                }
            }
        }
        Ok(Val::Text(out.into()))
    }

    pub(super) fn array(&self, items: &'a [Item]) -> Result<Val<'a>, EvalError> {
        self.items(items).map(Val::Array)
    }

    /// The elements of an array literal, or the arguments of a call.
    pub(super) fn items(&self, items: &'a [Item]) -> Result<Vec<Val<'a>>, EvalError> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Value(node) => out.push(self.eval(node)?),
                Item::Spread(node) => match copied_items(self.eval(node)?, self.budget) {
                    Ok(Some(items)) => out.extend(items),
                    Ok(None) => return Err(self.not_iterable(node.span)),
                    Err(fault) => return Err(self.failure(fault, node.span)),
                },
            }
        }
        Ok(out)
    }

    pub(super) fn object(&self, fields: &'a [Field]) -> Result<Val<'a>, EvalError> {
        let mut out = Fields::with_capacity(fields.len());
        for field in fields {
            match field {
                Field::Named(name, node) => {
                    out.insert(Cow::Borrowed(name), self.eval(node)?);
                }
                Field::Computed(key, node) => {
                    let name = self.computed_name(key)?;
                    out.insert(Cow::Owned(name), self.eval(node)?);
                }
                Field::Spread(node) => {
                    let value = self.eval(node)?;
                    copied_fields(value, &mut out, self.budget)
                        .map_err(|fault| self.failure(fault, node.span))?;
                }
            }
        }
        sort_index_keys(&mut out);
        Ok(Val::Object(Box::new(out)))
    }

    fn computed_name(&self, key: &'a Node) -> Result<String, EvalError> {
        let value = self.eval(key)?;
        let name = to_key(&value, self.budget).and_then(|key| {
            let name = key.into_name();
            self.budget.spend(name.len())?;
            Ok(name.into_owned())
        });
        name.map_err(|fault| self.failure(fault, key.span))
    }
}
