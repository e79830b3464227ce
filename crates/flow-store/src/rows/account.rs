//! The rows of users and tokens.

use diesel::prelude::*;
use flow_engine::{Caller, Scope, TokenRecord, UserRecord};
use flow_model::{Timestamp, TokenId, UserId, WorkspaceId};

use super::{bytes, moment, read};
use crate::failure::Corrupt;
use crate::schema::{tokens, users};

/// A user.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: Vec<u8>,
    name: String,
    surname: Option<String>,
    role: Option<String>,
    email: String,
}

impl TryFrom<UserRow> for UserRecord {
    type Error = Corrupt;

    fn try_from(row: UserRow) -> Result<Self, Corrupt> {
        let id = read("user", &row.id, || bytes("id", &row.id))?;
        let UserRow { name, surname, role, email, .. } = row;
        Ok(Self { id: UserId::from_bytes(id), name, surname, role, email })
    }
}

/// A token.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub(crate) struct TokenRow {
    id: Vec<u8>,
    workspace_id: Vec<u8>,
    prefix: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TokenRow {
    fn id(&self) -> Result<TokenId, String> {
        bytes("id", &self.id).map(TokenId::from_bytes)
    }

    fn scopes(&self) -> Result<Vec<Scope>, String> {
        let scopes = self.scopes.split_ascii_whitespace();
        scopes.map(|scope| scope.parse().map_err(|error| format!("`scopes`: {error}"))).collect()
    }
}

/// Scopes as they are stored.
pub(crate) fn scopes_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn caller((token, user): (TokenRow, UserRow)) -> Result<Caller, Corrupt> {
    let user = UserRecord::try_from(user)?;
    read("token", &token.id, || {
        let workspace = WorkspaceId::from_bytes(bytes("workspace_id", &token.workspace_id)?);
        Ok(Caller { token: token.id()?, workspace, user, scopes: token.scopes()? })
    })
}

/// A token with its user and the name of its workspace.
pub(crate) fn token((token, user, workspace): (TokenRow, UserRow, String)) -> Result<TokenRecord, Corrupt> {
    let user = UserRecord::try_from(user)?;
    read("token", &token.id, || {
        Ok(TokenRecord {
            id: token.id()?,
            workspace,
            user,
            prefix: token.prefix.clone(),
            scopes: token.scopes()?,
            created_at: Timestamp::from_millis(token.created_at),
            expires_at: moment(token.expires_at),
            revoked_at: moment(token.revoked_at),
        })
    })
}
