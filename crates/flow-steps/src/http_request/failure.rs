//! What a failed request says of itself.

use std::error::Error;

use flow_engine::StepError;
use reqwest::Method;
use url::Url;

use crate::OutboundError;

/// The failure of a request that may not leave.
pub(super) fn from_outbound(error: OutboundError) -> StepError {
    let code = match &error {
        OutboundError::UrlInvalid { .. } => "url_invalid",
        OutboundError::SchemeUnsupported(_) => "scheme_unsupported",
        OutboundError::Denied { .. } => "outbound_denied",
        OutboundError::Client(_) => "network",
    };
    StepError::new(code, error.to_string())
}

/// The failure of a request under way.
pub(super) fn from_client(method: &Method, url: &Url, error: &reqwest::Error) -> StepError {
    if let Some(OutboundError::Denied { host, address }) =
        causes(error).find_map(|cause| cause.downcast_ref())
    {
        return from_outbound(OutboundError::Denied { host: host.clone(), address: *address });
    }
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return crate::files::failure(error);
    }
    let code = if error.is_timeout() { "timeout" } else { "network" };
    // The outermost text only repeats the URL; the innermost says what happened.
    let cause = causes(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    StepError::new(code, format!("{method} {url} failed: {cause}"))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| {
        let cause: &(dyn Error + 'static) = *cause;
        cause.source()
    })
}
