//! `Prefer` (RFC 7240): whether and how long the caller waits.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use flow_engine::Patience;

use crate::{ApiError, Options};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What the caller prefers. Preferences that aren't understood are passed over, as the RFC asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prefer {
    respond_async: bool,
    wait: Option<u64>,
}

impl Prefer {
    /// No result now, however fast it is there.
    pub(crate) const AT_ONCE: Self = Self { respond_async: true, wait: None };

    fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Self {
        let mut prefer = Self::default();
        for preference in headers.flat_map(|header| header.split(',')) {
            let preference = preference.split(';').next().unwrap_or_default().trim();
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => prefer.respond_async = true,
                "wait" => prefer.wait = prefer.wait.or_else(|| value.trim().trim_matches('"').parse().ok()),
                _ => {}
            }
        }
        prefer
    }

    /// Whether the caller wants no result now, however fast it is there. With a `wait` beside it, it does
    /// within that time (RFC 7240 §4.3).
    pub(crate) const fn at_once(self) -> bool {
        self.respond_async && self.wait.is_none()
    }

    /// How long to wait for the run. Even a caller without any patience is told of a run only once it is
    /// stored.
    pub(crate) fn patience(self, options: &Options) -> Patience {
        match options.wait(self.wait) {
            _ if self.at_once() => Patience::UntilStored,
            Duration::ZERO => Patience::UntilStored,
            wait => Patience::UpTo(wait),
        }
    }
}

impl FromRequest for Prefer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers().get_all(PREFER);
        ready(Ok(Self::read(headers.filter_map(|value| value.to_str().ok()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_knows_and_passes_over_the_rest() {
        let read = |headers: &[&str]| Prefer::read(headers.iter().copied());
        let prefer = |respond_async, wait| Prefer { respond_async, wait };
        assert_eq!(read(&["respond-async"]), prefer(true, None));
        assert_eq!(read(&["Respond-Async; x=1, handling=lenient"]), prefer(true, None));
        assert_eq!(read(&["wait=10", "wait=20"]), prefer(false, Some(10)));
        assert_eq!(read(&["respond-async, wait=\"5\""]), prefer(true, Some(5)));
        assert_eq!(read(&["wait=soon", "wait=-1", "wait"]), prefer(false, None));
    }

    #[test]
    fn waits_within_bounds() {
        let options = Options::default();
        let patience = |wait| Prefer { respond_async: false, wait }.patience(&options);
        let seconds = |seconds| Patience::UpTo(Duration::from_secs(seconds));
        assert_eq!(patience(None), seconds(60));
        assert_eq!(patience(Some(0)), Patience::UntilStored);
        assert_eq!(patience(Some(u64::MAX)), seconds(600));
    }
}
