//! The tests of templates and expressions.

mod builtins;
mod errors;
mod flow_functions;
mod guards;
mod held;
mod hostile;
mod javascript;
mod json_templates;
mod objects;
mod properties;
mod refused;
mod scripts;
mod support;
mod templates;
