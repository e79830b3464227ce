//! Values as people read them: like JSON, but with whatever JSON can't hold.

use rquickjs::{Exception, Result, Type, Value, convert::Coerced};

use super::text;

/// How deeply arrays and objects are shown.
const DEPTH: usize = 6;

/// A value in about `room` bytes at most. Getters of the script are called, and what they throw is left out.
pub(super) fn inspect(value: &Value<'_>, room: usize) -> String {
    let mut shown = Shown { out: String::new(), room, around: Vec::new() };
    if shown.value(value).is_err() {
        value.ctx().catch();
        shown.out.push_str("[unreadable]");
    }
    shown.out
}

struct Shown<'js> {
    out: String,
    room: usize,
    /// The arrays and objects that the current one is in.
    around: Vec<Value<'js>>,
}

impl<'js> Shown<'js> {
    fn value(&mut self, value: &Value<'js>) -> Result<()> {
        match value.type_of() {
            Type::String => {
                let mut text = value.as_string().map(text::string).transpose()?.unwrap_or_default();
                // Before it grows by what quoting adds.
                text.truncate(text.floor_char_boundary(self.room));
                self.out.push_str(&serde_json::Value::String(text).to_string());
            }
            Type::BigInt => {
                self.out.push_str(&value.get::<Coerced<String>>()?.0);
                self.out.push('n');
            }
            Type::Symbol => self.out.push_str("[symbol]"),
            Type::Function | Type::Constructor => self.out.push_str("[function]"),
            Type::Promise => self.out.push_str("[promise]"),
            Type::Proxy => self.out.push_str("[proxy]"),
            Type::Exception => self.error(value),
            Type::Array => self.inside(value, Self::array)?,
            Type::Object => self.inside(value, Self::object)?,
            _ => self.out.push_str(&value.get::<Coerced<String>>()?.0),
        }
        Ok(())
    }

    fn error(&mut self, value: &Value<'js>) {
        let Some(error) = value.as_object().and_then(|object| Exception::from_object(object.clone())) else {
            return;
        };
        let name = text::property(&error, "name").unwrap_or_else(|| "Error".to_owned());
        self.out.push_str(&name);
        if let Some(message) = text::property(&error, "message").filter(|message| !message.is_empty()) {
            self.out.push_str(": ");
            self.out.push_str(&message);
        }
        value.ctx().catch();
    }

    fn inside(&mut self, value: &Value<'js>, show: fn(&mut Self, &Value<'js>) -> Result<()>) -> Result<()> {
        if self.around.contains(value) {
            self.out.push_str("[circular]");
        } else if self.around.len() == DEPTH {
            self.out.push('…');
        } else {
            self.around.push(value.clone());
            show(self, value)?;
            self.around.pop();
        }
        Ok(())
    }

    /// Separates what is listed; false when there is room for no more of it.
    fn next(&mut self, first: bool) -> bool {
        if self.out.len() > self.room {
            self.out.push('…');
            return false;
        }
        if !first {
            self.out.push_str(", ");
        }
        true
    }

    fn array(&mut self, value: &Value<'js>) -> Result<()> {
        let Some(array) = value.as_array() else { return Ok(()) };
        self.out.push('[');
        for at in 0..array.len() {
            if !self.next(at == 0) {
                break;
            }
            self.value(&array.get(at)?)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn object(&mut self, value: &Value<'js>) -> Result<()> {
        let Some(object) = value.as_object() else { return Ok(()) };
        // A Date, or whatever else says itself what it is as JSON.
        if object.get::<_, Value<'_>>("toJSON")?.is_function() {
            let json = value.ctx().json_stringify(value.clone())?;
            self.out.push_str(&json.map(|json| json.to_string()).transpose()?.unwrap_or_default());
            return Ok(());
        }
        self.out.push('{');
        for (at, member) in object.props::<String, Value<'js>>().enumerate() {
            if !self.next(at == 0) {
                break;
            }
            let (key, value) = member?;
            self.out.push_str(&key);
            self.out.push_str(": ");
            self.value(&value)?;
        }
        self.out.push('}');
        Ok(())
    }
}
