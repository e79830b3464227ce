//! What every part of one engine shares.

use std::future::Future;
use std::sync::Arc;

use flow_model::DefinitionHash;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::hub::Hub;
use super::node::Node;
use super::pauses::Pauses;
use super::turns::{Turn, Turns};
use crate::flow::{Flow, FlowCache};
use crate::ports::{Catalog, Clock, Entropy, ScriptEngine, Secrets, Store};
use crate::{EngineError, Files, FilesError, Prices, Registry, ResumeLinks, StoreError};

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) registry: Registry,
    pub(crate) scripts: Option<Arc<dyn ScriptEngine>>,
    pub(crate) secrets: Option<Arc<dyn Secrets>>,
    pub(crate) files: Option<Files>,
    pub(crate) links: Option<ResumeLinks>,
    pub(crate) limits: Limits,
    pub(crate) prices: Prices,
    pub(crate) runtime: Handle,
    pub(crate) node: Node,
    pub(crate) hub: Hub,
    /// Drivers of this engine, so that a stop can wait for them.
    pub(crate) tracker: TaskTracker,
    /// A timer was added: the one that is slept for may not be the earliest any more.
    pub(crate) timers: Notify,
    pub(super) cache: FlowCache,
    /// New callers should go elsewhere.
    pub(super) draining: CancellationToken,
    /// Which runs may be driven.
    pub(crate) turns: Turns,
    /// No new work is taken.
    pub(super) stopping: CancellationToken,
    /// The patience of a stop is over: drivers are dropped where they are.
    pub(crate) abandoning: CancellationToken,
    /// The lease is given back: until then it is renewed, also while steps under way come to their commit.
    pub(super) leaving: CancellationToken,
}

impl Shared {
    /// A compiled definition, from the cache or the store.
    pub(crate) async fn flow(&self, hash: DefinitionHash) -> Result<Arc<Flow>, EngineError> {
        if let Some(flow) = self.cache.get(&hash) {
            return Ok(flow);
        }
        let stored = self.store.definition_load(hash).await?;
        let document = stored.ok_or_else(|| StoreError::Corrupt {
            what: format!("definition {hash}"),
            reason: "it is missing".to_owned(),
        })?;
        self.compile(hash, &document)
    }

    /// A compiled definition, if it is in the cache.
    pub(crate) fn cached(&self, hash: &DefinitionHash) -> Option<Arc<Flow>> {
        self.cache.get(hash)
    }

    /// Compiles a definition that is stored and keeps the result.
    pub(crate) fn compile(
        &self,
        hash: DefinitionHash,
        document: &serde_json::Value,
    ) -> Result<Arc<Flow>, EngineError> {
        let flow =
            Flow::compile(hash, document, &self.registry, None).map_err(EngineError::InvalidDefinition)?;
        let flow = Arc::new(flow);
        self.keep(&flow, document);
        Ok(flow)
    }

    /// The files, if there are any.
    pub(crate) fn files(&self) -> Result<&Files, FilesError> {
        self.files.as_ref().ok_or(FilesError::NotKept)
    }

    /// Keeps the compiled form of a definition that is stored.
    pub(crate) fn keep(&self, flow: &Arc<Flow>, document: &serde_json::Value) {
        self.cache.insert(flow, flow_model::json_size(document));
    }

    /// Asks the store again and again while it is away. For what has to come to its end: a run that is owned
    /// would be stranded otherwise.
    pub(crate) async fn persist<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        let mut pauses = Pauses::default();
        loop {
            match ask().await {
                Err(StoreError::Unavailable { reason }) => {
                    tracing::warn!(%reason, "the store is away and is asked again");
                    pauses.next(&*self.clock).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A turn for a new run; none when it has to be queued. `needs_place` is there for a run that may be queued all the
    /// same. Counting the queue costs as much as it is long, so it is left alone while there is room.
    ///
    /// # Errors
    /// The queue is full.
    pub(super) async fn admit(&self, needs_place: bool) -> Result<Option<Turn>, EngineError> {
        let turn = self.turns.try_begin();
        let most = self.limits.queued_runs;
        if (turn.is_none() || needs_place) && self.store.run_queued(most).await? >= most {
            return Err(EngineError::QueueFull { most });
        }
        Ok(turn)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Whether the lease was given back: what this node took from now on would be nobody's.
    pub(crate) fn has_left(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Returns once the engine stops.
    pub(crate) async fn stopped(&self) {
        self.stopping.cancelled().await;
    }

    pub(crate) fn refuse_when_stopping(&self) -> Result<(), EngineError> {
        if self.is_stopping() { Err(EngineError::Stopping) } else { Ok(()) }
    }
}
