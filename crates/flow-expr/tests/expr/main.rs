//! The tests of templates and expressions.

mod errors;
mod hostile;
mod javascript;
mod json_templates;
mod objects;
mod properties;
mod refused;
mod scripts;
mod support;
mod templates;
