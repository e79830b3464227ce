//! `wait`: lets time pass, or waits for an event.

mod event;

use std::time::Duration;

use flow_expr::{JsonTemplate, Scope};
use flow_model::{Fields, OnExpire, RunError, Timestamp, WaitRequest, excerpt};
use serde_json::Value;

use self::event::Event;
use super::{Expiry, Resolved};
use crate::flow::{Templates, failed};

/// How long, until when, or for what.
#[derive(Debug)]
pub(crate) enum Wait {
    Duration(JsonTemplate),
    Until(JsonTemplate),
    Event(Event),
}

/// The settings of which there must be one.
const CHOICES: [&str; 3] = ["durationMs", "until", "event"];

impl Wait {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let given = CHOICES.map(|setting| data.value(setting));
        if given.iter().flatten().count() > 1 {
            let last = CHOICES.iter().zip(given).rev().find_map(|(setting, given)| given.map(|_| setting));
            let message = "give one of `durationMs`, `until` and `event`";
            data.faults().error(data.at(last?), "setting_conflict", message);
            return None;
        }
        match given {
            [Some(duration), ..] => {
                let template = templates.json(duration, &data.at("durationMs"))?;
                // What no expression changes can be judged now.
                if template.is_constant() && whole(duration).is_none() {
                    wrong(data, "durationMs", MILLIS, duration);
                }
                Some(Self::Duration(template))
            }
            [_, Some(until), _] => {
                let template = templates.json(until, &data.at("until"))?;
                if template.is_constant() && moment(until).is_none() {
                    wrong(data, "until", TIME, until);
                }
                Some(Self::Until(template))
            }
            [.., Some(event)] => Event::compile(event, data, templates).map(Self::Event),
            [None, None, None] => {
                let message = "give `durationMs` (a number), `until` (a time such as 2026-01-31T09:00:00Z), or \
                               `event` (`{name, key}`)";
                data.faults().error(data.at("durationMs"), "required", message);
                None
            }
        }
    }

    /// What the step does when its wait expires: time was all that it waited for, or the event didn't come.
    pub(super) const fn on_expire(&self) -> OnExpire {
        match self {
            Self::Duration(_) | Self::Until(_) => OnExpire::Proceed,
            Self::Event(_) => OnExpire::Fail,
        }
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let expiry = match self {
            Self::Duration(template) => {
                let value = template.evaluate(scope).map_err(|error| failed(&error))?;
                let millis = whole(&value).ok_or_else(|| invalid("durationMs", MILLIS, &value))?;
                Expiry::In(Duration::from_millis(millis))
            }
            Self::Until(template) => {
                let value = template.evaluate(scope).map_err(|error| failed(&error))?;
                Expiry::At(moment(&value).ok_or_else(|| invalid("until", TIME, &value))?)
            }
            Self::Event(event) => return event.resolve(scope),
        };
        Ok(Resolved::Wait { request: WaitRequest::Wait {}, expiry })
    }
}

const MILLIS: &str = "a whole number of milliseconds";
const TIME: &str = "a time such as 2026-01-31T09:00:00Z";

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// A whole number, also as arithmetic makes it or as text.
fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64().filter(|number| *number >= 0.0)?;
            format!("{number:.0}").parse().ok()
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The fault of a setting, told as its failure at run time is.
fn wrong(data: &Fields<'_>, setting: &str, wanted: &str, value: &Value) {
    data.faults().error(data.at(setting), "wrong_type", told(setting, wanted, value));
}

fn invalid(setting: &str, wanted: &str, value: &Value) -> RunError {
    RunError::new("settings_invalid", told(setting, wanted, value))
}

fn told(setting: &str, wanted: &str, value: &Value) -> String {
    format!("`{setting}` is {}; it must be {wanted}", excerpt(&value.to_string()))
}
