//! Calls of methods and of global functions.

use super::Evaluator;
use crate::{
    ast::{Item, MethodCall, Span},
    builtin::{Call, Function, Method},
    error::EvalError,
    scope::Lookup,
    value::{Key, Val, View},
};

/// What a value has by the name of a method.
enum Callee {
    Method,
    /// A member of its own, which hides the method and is no function.
    Value,
    /// Nothing, or a member without a value.
    Nothing,
    /// Nothing can define it.
    Unknown,
}

impl<'a> Evaluator<'a> {
    pub(super) fn call(
        &self,
        function: &'static Function,
        args: &'a [Item],
        span: Span,
    ) -> Result<Val<'a>, EvalError> {
        let call = self.arguments(args)?;
        if self.is_hidden(function.root()) {
            return Err(self.hidden_function(function, span));
        }
        (function.call)(call).map_err(|fault| self.failure(fault, span))
    }

    /// Calls a method of the value that stands at `owner`; none when `?.` keeps it from being called.
    pub(super) fn method(
        &self,
        value: Val<'a>,
        call: &'a MethodCall,
        owner: Span,
        span: Span,
    ) -> Result<Option<Val<'a>>, EvalError> {
        let MethodCall { method, args, optional } = call;
        if value.is_nullish() {
            return Err(self.no_members(&value, owner, span, Key::Name(method.name.into())));
        }
        match callee(&value, method) {
            Callee::Method => {
                let call = self.arguments(args)?;
                method.call(value, call).map(Some).map_err(|fault| self.failure(fault, span))
            }
            Callee::Nothing if *optional => Ok(None),
            Callee::Unknown => {
                let owner_object = if let Val::Demand(object) = value { Some(object) } else { None };
                Err(self.unknown_member(owner_object, owner, Key::Name(method.name.into())))
            }
            Callee::Nothing | Callee::Value => {
                self.arguments(args)?;
                Err(self.no_method(&value, method, owner, span))
            }
        }
    }

    fn arguments(&self, args: &'a [Item]) -> Result<Call<'a, '_>, EvalError> {
        Ok(Call { args: self.items(args)?, budget: self.budget, surroundings: &self.surroundings })
    }
}

fn callee(value: &Val<'_>, method: &Method) -> Callee {
    let own = match value.view() {
        View::Map(map) => map.get(method.name).map(|member| member.is_null()),
        View::Fields(fields) => fields.get(method.name).map(Val::is_nullish),
        _ => match value {
            Val::Demand(object) => match object.member(method.name) {
                Lookup::Unknown if !method.is_of(value) => return Callee::Unknown,
                Lookup::Unknown => None,
                Lookup::Undefined => Some(true),
                Lookup::Value(member) => Some(member.is_null()),
                Lookup::Part(member) => Some(member.is_null()),
                Lookup::Object(_) => Some(false),
            },
            _ => None,
        },
    };
    match own {
        Some(true) => Callee::Nothing,
        Some(false) => Callee::Value,
        None if method.is_of(value) => Callee::Method,
        None => Callee::Nothing,
    }
}
