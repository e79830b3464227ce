//! `fail`: ends the run as failed, with the author's words.

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, RunError};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The code of a failure whose author gave none.
const DEFAULT_CODE: &str = "flow_failed";

/// The longest code, in characters.
const LONGEST_CODE: usize = 128;

/// A code as it can stand in a log, a header or a database's column: programs match on it, and a template may
/// have filled in anything.
fn plain(code: &str) -> String {
    code.chars().filter(|character| !character.is_control()).take(LONGEST_CODE).collect()
}

/// What the failure says.
#[derive(Debug)]
pub(crate) struct Fail {
    message: Template,
    code: Option<Template>,
    http_status: Option<u16>,
    details: Option<JsonTemplate>,
}

impl Fail {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let message = templates.required_text(data, "message");
        let code = templates.text(data, "code");
        let details = data.value("details").and_then(|details| templates.json(details, &data.at("details")));
        let http_status = data.whole_number("httpStatus").and_then(|status| {
            let fits = u16::try_from(status).ok().filter(|status| (400..=599).contains(status));
            if fits.is_none() {
                let message = format!("{status} is no status of an error; use 400 to 599");
                data.faults().error(data.at("httpStatus"), "out_of_range", message);
            }
            fits
        });
        Some(Self { message: message?, code, http_status, details })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let text = |template: &Template| template.render_text(scope).map_err(|error| failed(&error));
        let code = self.code.as_ref().map(text).transpose()?;
        let code = code
            .map(|code| plain(&code))
            .filter(|code| !code.is_empty())
            .unwrap_or_else(|| DEFAULT_CODE.to_owned());
        let details = self.details.as_ref().map(|details| details.evaluate(scope)).transpose();
        let mut error = RunError::new(code, text(&self.message)?);
        error.http_status = self.http_status;
        error.details = details.map_err(|error| failed(&error))?;
        Ok(Resolved::Failure(error))
    }
}
