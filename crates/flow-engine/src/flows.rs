//! Flows and versions: made, checked, published and chosen.

mod label;
mod publish;
mod secrets;
mod sub_flows;

use std::sync::Arc;

use flow_model::{
    Bump, DefinitionHash, Fault, FlowId, UserId, VersionSelector, Webhook, WebhookId, WorkspaceId,
};
use serde_json::{Map, Value, json};

use crate::engine::Shared;
use crate::flow::{Flow, validate_document};
use crate::ports::{
    Catalog, FlowLog, FlowRecord, LogQuery, NewFlow, VersionRecord, VersionStatus, Visibility,
};
use crate::{Chosen, EngineError, MadeHook, StoreError, Target, hooks};

/// The flows of an engine's catalog.
#[derive(Clone)]
pub struct Flows {
    catalog: Arc<dyn Catalog>,
    shared: Arc<Shared>,
}

/// A flow to be made. Everything but the name may be left out.
#[derive(Debug, Clone)]
pub struct FlowInput {
    /// Its name; may not be empty.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// `{steps: […]}`; an empty draft when none.
    pub definition: Option<Map<String, Value>>,
    /// The flow's settings.
    pub settings: Option<Map<String, Value>>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Labels to find it by.
    pub tags: Vec<String>,
}

/// A draft to be published. Everything may be left out.
#[derive(Debug, Clone, Default)]
pub struct Publish {
    /// What the author says of the version.
    pub summary: Option<String>,
    /// The least that the label shall rise by.
    pub bump: Option<Bump>,
    /// The revisions of the flow that the caller takes it to be at; any when none.
    pub revisions: Option<Vec<i64>>,
}

/// A flow with its working definition.
#[derive(Debug, Clone)]
pub struct FlowView {
    /// Its row.
    pub record: FlowRecord,
    /// The working definition: `{name, definition, settings}`.
    pub document: Arc<Value>,
    /// What is wrong with it and what is worth knowing.
    pub faults: Vec<Fault>,
}

/// A version with its definition.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// Its row.
    pub record: VersionRecord,
    /// Its definition: `{name, definition, settings}`.
    pub document: Arc<Value>,
    /// Who may see the flow.
    pub visibility: Visibility,
    /// The webhooks that this publish gave an address, whose tokens are told this once.
    pub hooks: Vec<MadeHook>,
}

impl Flows {
    pub(crate) fn new(catalog: Arc<dyn Catalog>, shared: Arc<Shared>) -> Self {
        Self { catalog, shared }
    }

    /// Makes a flow. Its draft may be incomplete; what is wrong with it comes back as faults.
    ///
    /// # Errors
    /// The store is away, or the definition is nested too deep to be kept.
    pub async fn create(
        &self,
        workspace: WorkspaceId,
        user: Option<UserId>,
        input: FlowInput,
    ) -> Result<FlowView, EngineError> {
        let now = self.shared.clock.now();
        let definition = input.definition.map_or_else(|| json!({ "steps": [] }), Value::Object);
        let settings = input.settings.unwrap_or_default();
        let document = json!({ "name": input.name, "definition": definition, "settings": settings });
        if let Some(fault) = Flow::refusal(&document) {
            return Err(EngineError::InvalidDefinition(vec![fault]));
        }
        let document = Arc::new(document);
        let record = self.catalog.flow_create(NewFlow {
            id: FlowId::new(now, self.shared.random()),
            workspace,
            name: input.name,
            description: input.description,
            tags: input.tags,
            visibility: input.visibility,
            hash: DefinitionHash::of(&document),
            definition: document.clone(),
            created_by: user,
            now,
        });
        let record = record.await?;
        let faults = self.check(workspace, record.id, &document).await?;
        Ok(FlowView { record, document, faults })
    }

    /// A flow with its working definition.
    ///
    /// # Errors
    /// The workspace has no such flow.
    pub async fn get(&self, workspace: WorkspaceId, flow: FlowId) -> Result<FlowView, EngineError> {
        let record = self.record(workspace, flow).await?;
        let document = self.document(record.definition).await?;
        let faults = self.check(workspace, flow, &document).await?;
        Ok(FlowView { record, document, faults })
    }

    /// The workspace's flow of that name, the oldest first; none when there is none.
    ///
    /// # Errors
    /// The store is away.
    pub async fn named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRecord>, EngineError> {
        Ok(self.catalog.flow_named(workspace, name).await?)
    }

    /// Checks the draft strictly and makes it the latest published version. Its label is computed from what
    /// changed in the interface; `bump` may raise it.
    ///
    /// # Errors
    /// There is no such flow or no draft, the flow is at another revision than the caller saw, the draft has
    /// faults, or `bump` is less than what changed.
    pub async fn publish(
        &self,
        workspace: WorkspaceId,
        user: Option<UserId>,
        flow: FlowId,
        publish: Publish,
    ) -> Result<VersionView, EngineError> {
        publish::publish(self, workspace, user, flow, publish).await
    }

    /// Entries of the log of one of the workspace's flows, newest first.
    ///
    /// # Errors
    /// The workspace has no such flow.
    pub async fn logs(&self, workspace: WorkspaceId, query: LogQuery) -> Result<Vec<FlowLog>, EngineError> {
        self.record(workspace, query.flow).await?;
        Ok(self.shared.store.log_list(query).await?)
    }

    /// How many entries there are, whatever the query's `after`, `skip` and `limit` are.
    ///
    /// # Errors
    /// The workspace has no such flow.
    pub async fn log_count(&self, workspace: WorkspaceId, query: LogQuery) -> Result<u64, EngineError> {
        self.record(workspace, query.flow).await?;
        Ok(self.shared.store.log_count(query).await?)
    }

    /// Gives a webhook of a flow another address: by its id, else by that of its trigger. The one before opens nothing
    /// from then on.
    ///
    /// # Errors
    /// There is no such flow, or its latest version has no such webhook.
    pub async fn rotate_hook(
        &self,
        workspace: WorkspaceId,
        flow: FlowId,
        trigger: &str,
    ) -> Result<MadeHook, EngineError> {
        let chosen = self.choose(workspace, &Target::Published(flow, VersionSelector::Latest)).await?;
        let compiled = self.shared.flow(chosen.hash).await?;
        let known = |id: &WebhookId| compiled.triggers.iter().any(|known| known.kind == Webhook::kind_of(id));
        let by_trigger = || {
            let trigger = compiled.triggers.iter().find(|known| known.id.as_str() == trigger)?;
            Webhook::id_of(&trigger.kind)?.ok()
        };
        let webhook = trigger.parse().ok().filter(known).or_else(by_trigger);
        let webhook = webhook.ok_or(EngineError::HookNotFound)?;
        hooks::rotate(&*self.catalog, &*self.shared.entropy, flow, webhook).await
    }

    /// The definition that a target stands for.
    ///
    /// # Errors
    /// There is no such flow or version.
    pub async fn choose(&self, workspace: WorkspaceId, target: &Target) -> Result<Chosen, EngineError> {
        match target {
            Target::Document(document) => self.store_document(document).await,
            Target::Published(flow, selector) => {
                self.record(workspace, *flow).await?;
                self.published(*flow, selector).await
            }
            Target::Draft(flow) => {
                let record = self.record(workspace, *flow).await?;
                match record.draft {
                    Some(_) => Ok(Chosen { flow: Some(*flow), version: None, hash: record.definition }),
                    None => self.published(*flow, &VersionSelector::Latest).await,
                }
            }
        }
    }

    /// Every fault of a flow's document, those of the flows and secrets that it names included.
    async fn check(
        &self,
        workspace: WorkspaceId,
        flow: FlowId,
        document: &Value,
    ) -> Result<Vec<Fault>, EngineError> {
        let mut faults = self.validate(document);
        faults.extend(sub_flows::check(self, workspace, flow, document).await?);
        faults.extend(secrets::check(self, workspace, document).await);
        Ok(faults)
    }

    /// Checks a document `{name, definition, settings}` as publishing would, but for the flows that it names.
    pub fn validate(&self, document: &Value) -> Vec<Fault> {
        validate_document(document, &self.shared.registry, &self.shared.limits)
    }

    /// A bare document: checked before it is stored, so that nothing invalid is.
    async fn store_document(&self, document: &Arc<Value>) -> Result<Chosen, EngineError> {
        if let Some(fault) = Flow::refusal(document) {
            return Err(EngineError::InvalidDefinition(vec![fault]));
        }
        let hash = DefinitionHash::of(document);
        if self.shared.cached(&hash).is_none() {
            let flow = Flow::compile(hash, document, &self.shared.registry, Some(&self.shared.limits));
            let flow = Arc::new(flow.map_err(EngineError::InvalidDefinition)?);
            self.shared.store.definition_store(hash, document.clone()).await?;
            // Only now: what is in the cache counts as stored.
            self.shared.keep(&flow, document);
        }
        Ok(Chosen { flow: None, version: None, hash })
    }

    async fn published(&self, flow: FlowId, selector: &VersionSelector) -> Result<Chosen, EngineError> {
        let found = match selector {
            VersionSelector::Latest => self.catalog.version_latest(flow).await?,
            VersionSelector::Number(number) => self.catalog.version_get(flow, *number).await?,
            VersionSelector::Label(wanted) => {
                self.newest(flow, |version| version.label.as_ref() == Some(wanted)).await?
            }
            VersionSelector::Range(range) => {
                self.newest(flow, |version| version.label.as_ref().is_some_and(|label| range.matches(label)))
                    .await?
            }
        };
        let found = found.filter(|version| version.status == VersionStatus::Published);
        match (found, selector) {
            (Some(version), _) => {
                Ok(Chosen { flow: Some(flow), version: Some(version.number), hash: version.definition })
            }
            (None, VersionSelector::Latest) => Err(EngineError::NoPublishedVersion(flow)),
            (None, wanted) => Err(EngineError::VersionNotFound { flow, wanted: wanted.to_string() }),
        }
    }

    /// The published version with the highest label among those that fit.
    async fn newest(
        &self,
        flow: FlowId,
        fits: impl Fn(&VersionRecord) -> bool,
    ) -> Result<Option<VersionRecord>, EngineError> {
        let versions = self.catalog.version_list(flow).await?.into_iter();
        let fitting = versions.filter(|version| version.status == VersionStatus::Published && fits(version));
        Ok(fitting.max_by(|one, other| one.label.cmp(&other.label)))
    }

    async fn record(&self, workspace: WorkspaceId, flow: FlowId) -> Result<FlowRecord, EngineError> {
        self.catalog.flow_get(workspace, flow).await?.ok_or(EngineError::FlowNotFound(flow))
    }

    async fn document(&self, hash: DefinitionHash) -> Result<Arc<Value>, EngineError> {
        let document = self.shared.store.definition_load(hash).await?;
        document.ok_or_else(|| {
            let what = format!("definition {hash}");
            StoreError::Corrupt { what, reason: "it is missing".to_owned() }.into()
        })
    }
}
