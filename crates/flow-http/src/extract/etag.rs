//! A flow's revision as an `ETag`, and the one that a caller saw.

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;

/// The `ETag` of a revision.
pub(crate) fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// The revisions that a caller takes the flow to be at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Any: the caller said nothing.
    Any,
    /// One of these. A tag that we never gave matches no revision.
    OneOf(Vec<i64>),
}

impl IfMatch {
    /// What `If-Match` says, and `revision` in the body; both must hold when both are given.
    pub(crate) fn read(request: &HttpRequest, in_body: Option<i64>) -> Self {
        let headers = request.headers().get_all(IF_MATCH).map(|value| value.to_str().unwrap_or_default());
        let header = headers.fold(Self::Any, |all, header| all.and(&Self::parse(header)));
        in_body.map_or_else(|| header.clone(), |revision| header.and(&Self::OneOf(vec![revision])))
    }

    /// Weak tags are taken as strong ones: a proxy that compresses marks ours as weak.
    fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let tags = header.split(',').map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
        Self::OneOf(tags.filter_map(|tag| tag.parse().ok()).collect())
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, narrower) | (narrower, Self::Any) => narrower.clone(),
            (Self::OneOf(ours), Self::OneOf(theirs)) => {
                Self::OneOf(ours.iter().copied().filter(|revision| theirs.contains(revision)).collect())
            }
        }
    }

    /// The revisions, as the engine takes them.
    pub(crate) fn revisions(self) -> Option<Vec<i64>> {
        match self {
            Self::Any => None,
            Self::OneOf(revisions) => Some(revisions),
        }
    }
}
