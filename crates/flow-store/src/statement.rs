//! Updates that are prepared once for each connection.
//!
//! Diesel prepares every `UPDATE` anew, since a changeset with optional columns has many texts. The ones here
//! always have the same, and one of them is in every commit. Never give it a changeset with a column that may
//! be left out, nor a filter by a list: each text of it would be kept.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::SelectableExpression;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, IntoUpdateTarget, Query, QueryFragment, QueryId, UpdateTarget};

/// Changes the rows that a filtered table names.
pub(crate) fn update<R, C>(rows: R, change: C) -> Update<R::Table, R::WhereClause, C::Changeset>
where
    R: IntoUpdateTarget,
    C: AsChangeset<Target = R::Table>,
{
    Update { rows: rows.into_update_target(), change: change.as_changeset() }
}

/// An `UPDATE`.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is run"]
pub(crate) struct Update<T, W, C> {
    rows: UpdateTarget<T, W>,
    change: C,
}

/// An `UPDATE … RETURNING`.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is run"]
pub(crate) struct Returning<U, E> {
    update: U,
    columns: E,
}

impl<T, W, C> Update<T, W, C> {
    /// Gives columns of the changed rows back, as they are after the change.
    pub(crate) fn returning<E: SelectableExpression<T>>(self, columns: E) -> Returning<Self, E> {
        Returning { update: self, columns }
    }
}

/// Without an id by type the cache goes by the text.
impl<T, W, C> QueryId for Update<T, W, C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<U, E> QueryId for Returning<U, E> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, W, C, DB> QueryFragment<DB> for Update<T, W, C>
where
    DB: Backend,
    T: QueryFragment<DB>,
    W: QueryFragment<DB>,
    C: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.rows.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.change.walk_ast(out.reborrow())?;
        self.rows.where_clause.walk_ast(out)
    }
}

impl<U, E, DB> QueryFragment<DB> for Returning<U, E>
where
    DB: Backend,
    U: QueryFragment<DB>,
    E: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.update.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING ");
        self.columns.walk_ast(out)
    }
}

impl<U, E: Expression> Query for Returning<U, E> {
    type SqlType = E::SqlType;
}

impl<T, W, C, Conn> RunQueryDsl<Conn> for Update<T, W, C> {}

impl<U, E, Conn> RunQueryDsl<Conn> for Returning<U, E> {}
