//! Workspaces, users and tokens: who calls, and what they may do.

use std::str::FromStr;

use async_trait::async_trait;
use flow_model::{Timestamp, TokenId, UserId, WorkspaceId};

use super::StoreError;

/// Where workspaces, users and tokens live.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The workspace with that name, made with the given id when it is missing.
    async fn workspace_ensure(
        &self,
        name: &str,
        id: WorkspaceId,
        now: Timestamp,
    ) -> Result<WorkspaceId, StoreError>;

    /// The workspace's user with that email, made from `user` when it is missing.
    async fn user_ensure(&self, user: NewUser) -> Result<UserRecord, StoreError>;

    /// Stores a token. A token with the same hash is replaced whole, also a revoked one, so that it can be
    /// made to exist.
    async fn token_create(&self, token: NewToken) -> Result<(), StoreError>;

    /// Who calls with the token of that hash: none when it is unknown, revoked or expired.
    async fn token_caller(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Caller>, StoreError>;

    /// Every token of a workspace, or of all, the newest first.
    async fn token_list(&self, workspace: Option<WorkspaceId>) -> Result<Vec<TokenRecord>, StoreError>;

    /// Revokes the token with that id at once, whatever `now` says; false when there is none. A second
    /// revocation keeps the time of the first.
    async fn token_revoke(&self, token: TokenId, now: Timestamp) -> Result<bool, StoreError>;

    /// Revokes the token of that hash at once; false when there is none.
    async fn token_revoke_hash(&self, hash: TokenHash, now: Timestamp) -> Result<bool, StoreError>;
}

/// SHA-256 of a token. A token has 40 random characters, so a fast hash guards it as well as a slow one.
pub type TokenHash = [u8; 32];

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read flows and versions.
    FlowsRead,
    /// Make, change and delete flows.
    FlowsWrite,
    /// Execute flows.
    FlowsRun,
    /// Publish versions.
    FlowsPublish,
    /// Inspect runs.
    RunsRead,
    /// Resume, cancel and retry runs.
    RunsResume,
    /// Make and revoke tokens.
    TokensAdmin,
    /// Everything else in the workspace.
    WorkspaceAdmin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::FlowsRead,
        Self::FlowsWrite,
        Self::FlowsRun,
        Self::FlowsPublish,
        Self::RunsRead,
        Self::RunsResume,
        Self::TokensAdmin,
        Self::WorkspaceAdmin,
    ];

    /// The scope as clients and databases spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlowsRead => "flows:read",
            Self::FlowsWrite => "flows:write",
            Self::FlowsRun => "flows:run",
            Self::FlowsPublish => "flows:publish",
            Self::RunsRead => "runs:read",
            Self::RunsResume => "runs:resume",
            Self::TokensAdmin => "tokens:admin",
            Self::WorkspaceAdmin => "workspace:admin",
        }
    }
}

/// A text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no scope; use flows:read, flows:write, flows:run, flows:publish, runs:read, runs:resume, \
     tokens:admin or workspace:admin"
)]
pub struct InvalidScope(String);

impl FromStr for Scope {
    type Err = InvalidScope;

    /// `apps.run` is what tokens of older clients call `flows:run`.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if text == "apps.run" {
            return Ok(Self::FlowsRun);
        }
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| InvalidScope(text.to_owned()))
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// The token used.
    pub token: TokenId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The user it was made for.
    pub user: UserRecord,
    /// What it allows.
    pub scopes: Vec<Scope>,
}

/// A user to be stored.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub id: UserId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// First name, or the name of a service.
    pub name: String,
    /// Unique in the workspace.
    pub email: String,
    /// The present moment.
    pub now: Timestamp,
}

/// A user's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The user.
    pub id: UserId,
    /// First name, or the name of a service.
    pub name: String,
    /// Family name.
    pub surname: Option<String>,
    /// What they do, in their own words.
    pub role: Option<String>,
    /// Unique in the workspace.
    pub email: String,
}

/// A token to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token's public name.
    pub id: TokenId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The user it is made for.
    pub user: UserId,
    /// The token's hash.
    pub hash: TokenHash,
    /// Its first characters, to tell it from others.
    pub prefix: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The present moment.
    pub now: Timestamp,
}

/// A token's row.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRecord {
    /// The token's public name.
    pub id: TokenId,
    /// The name of its workspace.
    pub workspace: String,
    /// The user it was made for.
    pub user: UserRecord,
    /// Its first characters.
    pub prefix: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
