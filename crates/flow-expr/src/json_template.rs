//! A JSON value whose strings, at any depth, are templates. Keys are not.
//!
//! What holds no template is kept as one value: a template without any part is shared when evaluated, and the
//! constant parts of another are copied in one go.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    error::{EvalError, TemplateFault},
    evaluation::Evaluation,
    expression::{Expression, FreeName},
    scope::Scope,
    template::Template,
};

/// A JSON value whose strings are templates, parsed.
#[derive(Debug)]
pub struct JsonTemplate {
    root: Node,
    /// Whether a script engine evaluates any part of it.
    has_scripts: bool,
}

#[derive(Debug)]
enum Node {
    Constant(Arc<Value>),
    Text { pointer: Box<str>, template: Template },
    Array(Vec<Node>),
    Object(Vec<(Box<str>, Node)>),
}

impl JsonTemplate {
    /// Parses every string of a value.
    ///
    /// # Errors
    /// Every string that is at fault, with its JSON pointer inside the value.
    pub fn parse(value: &Value) -> Result<Self, Vec<TemplateFault>> {
        Self::parse_holding(value, &mut |_, _| None)
    }

    /// Parses every string of a value. Parts for which `holds`, given the string's JSON pointer, returns a name are held
    /// back: the string's value is then a text that [`fill`](crate::fill) completes, with the parts under those names.
    /// A name has neither `}}` nor a quote at its beginning.
    ///
    /// # Errors
    /// As for [`Self::parse`].
    pub fn parse_holding(
        value: &Value,
        holds: &mut dyn FnMut(&str, &Expression) -> Option<Box<str>>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let mut parser = Parser { pointer: String::new(), faults: Vec::new(), holds };
        let node = parser.node(value);
        if !parser.faults.is_empty() {
            return Err(parser.faults);
        }
        let mut scripts = Vec::new();
        node.scripts(&mut scripts);
        let has_scripts = !scripts.is_empty();
        Ok(Self { root: node, has_scripts })
    }

    /// Every place where a name of the scope is used, with the JSON pointer of the string that it is in.
    pub fn free_names(&self) -> Vec<(&str, &FreeName)> {
        let mut names = Vec::new();
        self.root.free_names(&mut names);
        names
    }

    /// The parts that are held back, with the JSON pointers of the strings that they are in, in the order of the text.
    pub fn held(&self) -> Vec<(&str, &str)> {
        let mut held = Vec::new();
        self.root.held(&mut held);
        held
    }

    /// Whether no string has a `{{ }}` part.
    pub fn is_constant(&self) -> bool {
        self.root.is_constant()
    }

    /// The value with its templates evaluated. A constant, and a value that is one lone variable, is shared.
    ///
    /// # Errors
    /// The first error of a template, with the JSON pointer of the string in its place.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        let mut scripts = Vec::new();
        if self.has_scripts {
            self.root.scripts(&mut scripts);
        }
        let cx = Evaluation::with_scripts(scope, &scripts, false)?;
        match &self.root {
            Node::Constant(value) => Ok(Arc::clone(value)),
            Node::Text { pointer, template } => {
                template.evaluate_within(&cx).map_err(|error| error.at_pointer(pointer))
            }
            node => node.evaluate(&cx).map(Arc::new),
        }
    }
}

impl Node {
    fn evaluate(&self, cx: &Evaluation<'_>) -> Result<Value, EvalError> {
        match self {
            Self::Constant(value) => Ok((**value).clone()),
            Self::Text { pointer, template } => {
                template.json_within(cx).map_err(|error| error.at_pointer(pointer))
            }
            Self::Array(nodes) => {
                Ok(Value::Array(nodes.iter().map(|node| node.evaluate(cx)).collect::<Result<_, _>>()?))
            }
            Self::Object(fields) => {
                let mut map = Map::with_capacity(fields.len());
                for (key, node) in fields {
                    map.insert(key.to_string(), node.evaluate(cx)?);
                }
                Ok(Value::Object(map))
            }
        }
    }

    fn free_names<'n>(&'n self, names: &mut Vec<(&'n str, &'n FreeName)>) {
        match self {
            Self::Constant(_) => {}
            Self::Text { pointer, template } => {
                names.extend(template.free_names().map(|name| (&**pointer, name)))
            }
            Self::Array(nodes) => nodes.iter().for_each(|node| node.free_names(names)),
            Self::Object(fields) => fields.iter().for_each(|(_, node)| node.free_names(names)),
        }
    }

    fn held<'n>(&'n self, held: &mut Vec<(&'n str, &'n str)>) {
        match self {
            Self::Constant(_) => {}
            Self::Text { pointer, template } => held.extend(template.held().map(|name| (&**pointer, name))),
            Self::Array(nodes) => nodes.iter().for_each(|node| node.held(held)),
            Self::Object(fields) => fields.iter().for_each(|(_, node)| node.held(held)),
        }
    }

    fn scripts<'n>(&'n self, scripts: &mut Vec<&'n Expression>) {
        match self {
            Self::Constant(_) => {}
            Self::Text { template, .. } => scripts.extend(template.scripts()),
            Self::Array(nodes) => nodes.iter().for_each(|node| node.scripts(scripts)),
            Self::Object(fields) => fields.iter().for_each(|(_, node)| node.scripts(scripts)),
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The constant, moved out: nothing else holds it while a template is parsed.
    fn into_constant(self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(Arc::unwrap_or_clone(value)),
            _ => None,
        }
    }
}

struct Parser<'h> {
    /// Where the walk is.
    pointer: String,
    faults: Vec<TemplateFault>,
    holds: &'h mut dyn FnMut(&str, &Expression) -> Option<Box<str>>,
}

impl Parser<'_> {
    fn node(&mut self, value: &Value) -> Node {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                let nodes: Vec<Node> =
                    items.iter().enumerate().map(|(at, item)| self.child(&at.to_string(), item)).collect();
                if nodes.iter().all(Node::is_constant) {
                    let items = nodes.into_iter().filter_map(Node::into_constant).collect();
                    return Node::Constant(Arc::new(Value::Array(items)));
                }
                Node::Array(nodes)
            }
            Value::Object(map) => {
                let fields: Vec<(Box<str>, Node)> =
                    map.iter().map(|(key, value)| (key.as_str().into(), self.child(key, value))).collect();
                if fields.iter().all(|(_, node)| node.is_constant()) {
                    let constant = |(key, node): (Box<str>, Node)| Some((key.into(), node.into_constant()?));
                    return Node::Constant(Arc::new(Value::Object(
                        fields.into_iter().filter_map(constant).collect(),
                    )));
                }
                Node::Object(fields)
            }
            scalar => Node::Constant(Arc::new(scalar.clone())),
        }
    }

    fn child(&mut self, key: &str, value: &Value) -> Node {
        let parent = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let node = self.node(value);
        self.pointer.truncate(parent);
        node
    }

    fn text(&mut self, text: &str) -> Node {
        let Self { pointer, holds, .. } = self;
        match Template::parse_holding(text, &mut |expression| holds(pointer, expression)) {
            Ok(template) => match template.constant() {
                Some(value) => Node::Constant(Arc::clone(value)),
                None => Node::Text { pointer: self.pointer.as_str().into(), template },
            },
            Err(error) => {
                self.faults.push(TemplateFault { pointer: self.pointer.clone(), error });
                Node::Constant(Arc::new(Value::Null))
            }
        }
    }
}
