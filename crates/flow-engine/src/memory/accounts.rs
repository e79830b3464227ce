//! Workspaces, users and tokens in memory.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use flow_model::{Timestamp, TokenId, UserId, WorkspaceId};

use super::{MemoryStore, rejected};
use crate::{Accounts, Caller, NewToken, NewUser, StoreError, TokenHash, TokenRecord, UserRecord};

/// The tables about who calls.
#[derive(Default)]
pub(super) struct People {
    workspaces: HashMap<WorkspaceId, String>,
    workspace_names: HashMap<String, WorkspaceId>,
    users: HashMap<UserId, UserRecord>,
    emails: HashMap<(WorkspaceId, String), UserId>,
    tokens: HashMap<TokenHash, TokenRow>,
    token_ids: HashMap<TokenId, TokenHash>,
}

struct TokenRow {
    token: NewToken,
    revoked_at: Option<Timestamp>,
}

impl People {
    /// A user's row, for records that name one.
    pub(super) fn user(&self, user: UserId) -> Option<UserRecord> {
        self.users.get(&user).cloned()
    }

    fn workspace_ensure(&mut self, name: &str, id: WorkspaceId) -> Result<WorkspaceId, StoreError> {
        if let Some(found) = self.workspace_names.get(name) {
            return Ok(*found);
        }
        if self.workspaces.contains_key(&id) {
            return Err(rejected(format!("the workspace {id} has another name")));
        }
        self.workspaces.insert(id, name.to_owned());
        self.workspace_names.insert(name.to_owned(), id);
        Ok(id)
    }

    fn user_ensure(&mut self, new: NewUser) -> Result<UserRecord, StoreError> {
        let NewUser { id, workspace, name, email, .. } = new;
        let place = (workspace, email.clone());
        if let Some(found) = self.emails.get(&place).and_then(|id| self.users.get(id)) {
            return Ok(found.clone());
        }
        if !self.workspaces.contains_key(&workspace) {
            return Err(rejected(format!("there is no workspace {workspace}")));
        }
        if self.users.contains_key(&id) {
            return Err(rejected(format!("the user {id} has another email")));
        }
        let user = UserRecord { id, name, surname: None, role: None, email };
        self.emails.insert(place, id);
        self.users.insert(id, user.clone());
        Ok(user)
    }

    fn token_create(&mut self, token: NewToken) -> Result<(), StoreError> {
        if !self.users.contains_key(&token.user) || !self.workspaces.contains_key(&token.workspace) {
            return Err(rejected("a token needs a user and a workspace"));
        }
        if self.token_ids.get(&token.id).is_some_and(|hash| *hash != token.hash) {
            return Err(rejected(format!("the token {} has another hash", token.id)));
        }
        if let Some(replaced) = self.tokens.get(&token.hash) {
            self.token_ids.remove(&replaced.token.id);
        }
        self.token_ids.insert(token.id, token.hash);
        self.tokens.insert(token.hash, TokenRow { token, revoked_at: None });
        Ok(())
    }

    fn token_caller(&self, hash: &TokenHash, now: Timestamp) -> Option<Caller> {
        let TokenRow { token, revoked_at } = self.tokens.get(hash)?;
        if revoked_at.is_some() || token.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        let user = self.user(token.user)?;
        Some(Caller { token: token.id, workspace: token.workspace, user, scopes: token.scopes.clone() })
    }

    fn token_list(&self, workspace: Option<WorkspaceId>) -> Vec<TokenRecord> {
        let rows = self.tokens.values().filter(|row| workspace.is_none_or(|id| id == row.token.workspace));
        let mut records: Vec<TokenRecord> = rows.filter_map(|row| self.token_record(row)).collect();
        records.sort_by_key(|record| Reverse((record.created_at, record.id)));
        records
    }

    fn token_record(&self, row: &TokenRow) -> Option<TokenRecord> {
        let token = &row.token;
        Some(TokenRecord {
            id: token.id,
            workspace: self.workspaces.get(&token.workspace)?.clone(),
            user: self.user(token.user)?,
            prefix: token.prefix.clone(),
            scopes: token.scopes.clone(),
            created_at: token.now,
            expires_at: token.expires_at,
            revoked_at: row.revoked_at,
        })
    }

    /// A second revocation changes nothing: the token ended at the first.
    fn token_revoke(&mut self, hash: &TokenHash, now: Timestamp) -> bool {
        let row = self.tokens.get_mut(hash);
        row.map(|row| row.revoked_at.get_or_insert(now)).is_some()
    }
}

#[async_trait]
impl Accounts for MemoryStore {
    async fn workspace_ensure(
        &self,
        name: &str,
        id: WorkspaceId,
        _now: Timestamp,
    ) -> Result<WorkspaceId, StoreError> {
        self.tables().people.workspace_ensure(name, id)
    }

    async fn user_ensure(&self, user: NewUser) -> Result<UserRecord, StoreError> {
        self.tables().people.user_ensure(user)
    }

    async fn token_create(&self, token: NewToken) -> Result<(), StoreError> {
        self.tables().people.token_create(token)
    }

    async fn token_caller(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Caller>, StoreError> {
        Ok(self.tables().people.token_caller(&hash, now))
    }

    async fn token_list(&self, workspace: Option<WorkspaceId>) -> Result<Vec<TokenRecord>, StoreError> {
        Ok(self.tables().people.token_list(workspace))
    }

    async fn token_revoke(&self, token: TokenId, now: Timestamp) -> Result<bool, StoreError> {
        let people = &mut self.tables().people;
        let hash = people.token_ids.get(&token).copied();
        Ok(hash.is_some_and(|hash| people.token_revoke(&hash, now)))
    }

    async fn token_revoke_hash(&self, hash: TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.tables().people.token_revoke(&hash, now))
    }
}
