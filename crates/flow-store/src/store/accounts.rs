//! The port of workspaces, users and tokens.

use async_trait::async_trait;
use flow_engine::{Accounts, Caller, NewToken, NewUser, StoreError, TokenHash, TokenRecord, UserRecord};
use flow_model::{Timestamp, TokenId, WorkspaceId};

use super::SqlStore;
use crate::accounts::{token, user, workspace};
use crate::order::Order;

#[async_trait]
impl Accounts for SqlStore {
    async fn workspace_ensure(
        &self,
        name: &str,
        id: WorkspaceId,
        now: Timestamp,
    ) -> Result<WorkspaceId, StoreError> {
        let name = name.to_owned();
        self.write(Order::Alone, move |connection| workspace::ensure(connection, &name, id, now)).await
    }

    async fn user_ensure(&self, new: NewUser) -> Result<UserRecord, StoreError> {
        self.write(Order::Alone, move |connection| user::ensure(connection, &new)).await
    }

    async fn token_create(&self, new: NewToken) -> Result<(), StoreError> {
        self.write(Order::Alone, move |connection| token::create(connection, &new)).await
    }

    async fn token_caller(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Caller>, StoreError> {
        self.read(move |connection| token::caller(connection, hash, now)).await
    }

    async fn token_list(&self, workspace: Option<WorkspaceId>) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(move |connection| token::list(connection, workspace)).await
    }

    async fn token_revoke(&self, token: TokenId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Order::Alone, move |connection| token::revoke(connection, token, now)).await
    }

    async fn token_revoke_hash(&self, hash: TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Order::Alone, move |connection| token::revoke_hash(connection, hash, now)).await
    }
}
