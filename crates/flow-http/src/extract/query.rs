//! The query of a request, read parameter by parameter.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use flow_model::Faults;

use crate::ApiError;
use crate::error::Result;

/// The parameters of a query. One that is empty counts as absent; of two with one name the first counts.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The query of a request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// A parameter as sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, value)| key == name && !value.is_empty())?;
        Some(value)
    }

    /// A parameter parsed, with a fault at `?name` when it can't be.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, name: &str, faults: &Faults) -> Option<T> {
        match self.get(name)?.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                faults.error(format!("?{name}"), "invalid_parameter", format!("`{name}`: {error}"));
                None
            }
        }
    }
}

/// What was read, unless it has faults.
pub(crate) fn unless_faulty<T>(read: T, faults: Faults) -> Result<T> {
    if faults.has_errors() { Err(ApiError::Invalid(faults.into_vec())) } else { Ok(read) }
}

impl FromRequest for Query {
    type Error = ApiError;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
