//! What the texts of some types of field must look like.

use std::cmp::Ordering;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde_json::Value;
use url::Url;

use super::FieldType;

/// # Errors
/// The code and the rule that a value of this type breaks.
pub(super) fn check(field_type: FieldType, value: &Value) -> Result<(), (&'static str, &'static str)> {
    let Some(text) = value.as_str() else { return Ok(()) };
    let (is_right, code, rule) = match field_type {
        FieldType::Date => (
            Date::read(text).is_some(),
            "invalid_date",
            "a date such as 2026-01-31, or with a time and its offset: 2026-01-31T09:00:00Z",
        ),
        FieldType::Email => (is_email(text), "invalid_email", "an email address such as ada@example.com"),
        FieldType::Url => (is_url(text), "invalid_url", "an absolute URL such as https://example.com/path"),
        _ => return Ok(()),
    };
    if is_right { Ok(()) } else { Err((code, rule)) }
}

/// A day, or a moment of one (RFC 3339 §5.6: `full-date` or `date-time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Date {
    Day(NaiveDate),
    Moment(DateTime<FixedOffset>),
}

impl Date {
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.len() {
            10 => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Day),
            _ => DateTime::parse_from_rfc3339(text).ok().map(Self::Moment),
        }
    }

    /// A moment is compared with a day by the day that it has where it was written.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Moment(one), Self::Moment(other)) => one.cmp(&other),
            (one, other) => one.day().cmp(&other.day()),
        }
    }

    fn day(self) -> NaiveDate {
        match self {
            Self::Day(day) => day,
            Self::Moment(moment) => moment.date_naive(),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Moment(moment) => f.write_str(&moment.to_rfc3339()),
        }
    }
}

/// The rule of HTML's forms, which refuses what nobody has (quotes, comments), and takes letters of other scripts too.
fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let in_name = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= 254 && !name.is_empty() && name.chars().all(in_name) && domain.split('.').all(is_label)
}

/// With a host, so that neither `mailto:` nor `javascript:` is one.
fn is_url(text: &str) -> bool {
    !text.contains(char::is_whitespace) && Url::parse(text).is_ok_and(|url| url.has_host())
}
