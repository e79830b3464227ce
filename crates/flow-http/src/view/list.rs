//! A part of a list.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use super::json;
use crate::extract::Page;

/// Rows, and how to get at the next ones.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<R> {
    data: Vec<R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    limit: u64,
    skip: u64,
    next_cursor: Option<String>,
}

impl<R: Serialize> List<R> {
    /// The reply of a page whose rows were asked for by [`Page::ask`]. `cursor` is the place of a row.
    pub(crate) fn of<T, C>(
        page: &Page<C>,
        mut found: Vec<T>,
        total: Option<u64>,
        cursor: impl Fn(&T) -> String,
        row: impl Fn(T) -> R,
    ) -> HttpResponse {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| has_more).map(cursor);
        let data = found.into_iter().map(row).collect();
        json(StatusCode::OK, &Self { data, total, limit: page.limit, skip: page.skip, next_cursor })
    }
}
