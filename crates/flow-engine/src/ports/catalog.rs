//! Flows and their versions.

use std::sync::Arc;

use async_trait::async_trait;
use flow_model::{DefinitionHash, FlowId, Timestamp, UserId, VersionNumber, WebhookId, WorkspaceId};
use semver::Version;
use serde_json::Value;

use super::{StoreError, TokenHash, UserRecord};

/// Where flows and versions live. Flows of one workspace are invisible to every other: a foreign id is
/// a missing one.
#[async_trait]
pub trait Catalog: Send + Sync + 'static {
    /// Stores a flow, its definition, and version 1 as its working draft. A repeat changes nothing and is
    /// answered with the flow as it stands.
    async fn flow_create(&self, flow: NewFlow) -> Result<FlowRecord, StoreError>;

    /// A flow; none when the workspace has no such flow.
    async fn flow_get(&self, workspace: WorkspaceId, flow: FlowId) -> Result<Option<FlowRecord>, StoreError>;

    /// The workspace's flow with that name, the oldest first; none when there is none.
    async fn flow_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRecord>, StoreError>;

    /// Makes `definition` the flow's working draft: replaces the draft there is, or adds one numbered after
    /// the highest version ever. Raises the revision. None when there is no such flow.
    async fn draft_store(&self, draft: NewDraft) -> Result<Option<FlowRecord>, StoreError>;

    /// Makes the working draft a published version and the latest, and raises the flow's revision. With it the flow has
    /// the hooks that are given and no others: one that it has keeps its token, whatever is given. None when
    /// there is no such flow, when the draft isn't what the caller saw any more, or when the label is taken:
    /// look again and decide anew.
    async fn draft_publish(&self, publish: PublishDraft) -> Result<Option<VersionRecord>, StoreError>;

    /// Every version of a flow, the newest first.
    async fn version_list(&self, flow: FlowId) -> Result<Vec<VersionRecord>, StoreError>;

    /// The version marked latest; none when none is published.
    async fn version_latest(&self, flow: FlowId) -> Result<Option<VersionRecord>, StoreError>;

    /// A version by its number; none when there is no such version.
    async fn version_get(
        &self,
        flow: FlowId,
        number: VersionNumber,
    ) -> Result<Option<VersionRecord>, StoreError>;

    /// The webhooks of a flow that have an address, by their ids.
    async fn hook_list(&self, flow: FlowId) -> Result<Vec<WebhookId>, StoreError>;

    /// Whose hook is called at the address with that token; none when there is no such hook.
    async fn hook_get(&self, token: TokenHash) -> Result<Option<HookRecord>, StoreError>;

    /// Gives a webhook of a flow another token, after which the one before opens nothing. False when it has no address.
    async fn hook_rotate(&self, flow: FlowId, hook: NewHook) -> Result<bool, StoreError>;
}

/// A flow's row.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowRecord {
    /// The flow.
    pub id: FlowId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name, as the working definition has it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Labels to find it by.
    pub tags: Vec<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The number of the working draft; none when nothing was changed since the last publish.
    pub draft: Option<VersionNumber>,
    /// The definition that the author works on: the draft's, else that of the newest version.
    pub definition: DefinitionHash,
    /// The latest published version; none when none is published.
    pub latest: Option<VersionNumber>,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// Who made it; none for a sample.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Who may see a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Its author.
    Private,
    /// Those it is shared with.
    Shared,
    /// Everyone in the workspace.
    Workspace,
}

impl Visibility {
    /// Every visibility.
    pub const ALL: [Self; 3] = [Self::Private, Self::Shared, Self::Workspace];

    /// The visibility as clients and databases spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Shared => "shared",
            Self::Workspace => "workspace",
        }
    }
}

/// A flow to be stored.
#[derive(Debug, Clone)]
pub struct NewFlow {
    /// The flow.
    pub id: FlowId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Labels to find it by.
    pub tags: Vec<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// The definition's hash.
    pub hash: DefinitionHash,
    /// The definition: `{name, definition, settings}`.
    pub definition: Arc<Value>,
    /// Who makes it; none for a sample.
    pub created_by: Option<UserId>,
    /// The present moment.
    pub now: Timestamp,
}

/// A working draft to be stored.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The flow.
    pub flow: FlowId,
    /// The flow's name from now on.
    pub name: String,
    /// The definition's hash.
    pub hash: DefinitionHash,
    /// The definition: `{name, definition, settings}`.
    pub definition: Arc<Value>,
    /// Who changes it.
    pub changed_by: Option<UserId>,
    /// The present moment.
    pub now: Timestamp,
}

/// A draft to be published.
#[derive(Debug, Clone)]
pub struct PublishDraft {
    /// The flow.
    pub flow: FlowId,
    /// The draft's number, as the caller saw it.
    pub draft: VersionNumber,
    /// The draft's definition, as the caller checked it.
    pub hash: DefinitionHash,
    /// The version's label, unique in the flow for ever.
    pub label: Version,
    /// The webhooks of the draft, each with a token for the case that it has no address yet.
    pub hooks: Vec<NewHook>,
    /// What the author says of it.
    pub summary: Option<String>,
    /// Who publishes it.
    pub published_by: Option<UserId>,
    /// The present moment.
    pub now: Timestamp,
}

/// A webhook's address to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHook {
    /// The webhook.
    pub webhook: WebhookId,
    /// The hash of the token in its address.
    pub token: TokenHash,
}

/// Whose hook it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRecord {
    /// The flow's workspace.
    pub workspace: WorkspaceId,
    /// The flow.
    pub flow: FlowId,
    /// The webhook.
    pub webhook: WebhookId,
}

/// A version's row.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// The flow.
    pub flow: FlowId,
    /// Its number.
    pub number: VersionNumber,
    /// Its label; none before its first publish.
    pub label: Option<Version>,
    /// Whether it is published.
    pub status: VersionStatus,
    /// Whether it is the latest.
    pub is_latest: bool,
    /// The definition.
    pub definition: DefinitionHash,
    /// What the author said of it.
    pub summary: Option<String>,
    /// Who made it.
    pub created_by: Option<UserRecord>,
    /// Who published it.
    pub published_by: Option<UserRecord>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

/// Whether a version is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionStatus {
    /// It is being worked on, or was unpublished.
    Draft,
    /// Callers can run it.
    Published,
}

impl VersionStatus {
    /// The status as clients and databases spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
        }
    }
}
