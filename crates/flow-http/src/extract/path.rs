//! The id in a path, and what is judged first when an id and a body are both wrong.

use std::future::{Future, Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use flow_model::{FileId, FlowId, RunId, SecretName};

use crate::ApiError;
use crate::error::Result;

/// The id in the path, as sent. A text that can't be an id is an unknown one.
pub(crate) struct Id(String);

impl Id {
    /// The flow that it names.
    pub(crate) fn flow(&self) -> Result<FlowId> {
        self.0.parse().map_err(|_| ApiError::FlowNotFound(self.shown()))
    }

    /// The run that it names.
    pub(crate) fn run(&self) -> Result<RunId> {
        self.0.parse().map_err(|_| ApiError::RunNotFound(self.shown()))
    }

    /// The file that it names.
    pub(crate) fn file(&self) -> Result<FileId> {
        self.0.parse().map_err(|_| self.no_file())
    }

    /// There is no file of that name.
    pub(crate) fn no_file(&self) -> ApiError {
        ApiError::FileNotFound(self.shown())
    }

    fn shown(&self) -> String {
        self.0.chars().take(64).collect()
    }
}

impl FromRequest for Id {
    type Error = ApiError;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("id").unwrap_or_default().to_owned())))
    }
}

/// The name in the path, as sent.
pub(crate) struct Named(String);

impl Named {
    /// The secret that it names.
    pub(crate) fn secret(&self) -> Result<SecretName> {
        let parsed = self.0.parse::<SecretName>();
        parsed.map_err(|error| ApiError::fault("", "invalid_name", format!("the name in the path: {error}")))
    }
}

impl FromRequest for Named {
    type Error = ApiError;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("name").unwrap_or_default().to_owned())))
    }
}

/// What was read of a request. If that is faulty, the id is looked up first: an unknown one is the error
/// that counts. A sound request costs no lookup here.
pub(crate) async fn judged<T, L, E>(read: Result<T>, lookup: impl Future<Output = Result<L, E>>) -> Result<T>
where
    ApiError: From<E>,
{
    if read.is_err() {
        lookup.await?;
    }
    read
}
