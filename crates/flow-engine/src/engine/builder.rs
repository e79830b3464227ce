//! How an engine is put together.

use std::sync::Arc;

use flow_model::NodeId;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hub::Hub;
use super::node::Node;
use super::turns::Turns;
use super::{Engine, Limits, Shared, background};
use crate::flow::FlowCache;
use crate::ports::{Catalog, Clock, Entropy, OsEntropy, ScriptEngine, Secrets, Store, SystemClock};
use crate::{EngineError, Files, Flows, Prices, Registry, ResumeLinks};

/// Puts an [`Engine`] together.
#[derive(Default)]
pub struct EngineBuilder {
    store: Option<Arc<dyn Store>>,
    catalog: Option<Arc<dyn Catalog>>,
    registry: Registry,
    scripts: Option<Arc<dyn ScriptEngine>>,
    secrets: Option<Arc<dyn Secrets>>,
    files: Option<Files>,
    links: Option<ResumeLinks>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    runtime: Option<Handle>,
    limits: Limits,
    prices: Prices,
}

impl EngineBuilder {
    /// Where runs, flows and versions live.
    #[must_use]
    pub fn store<S: Store + Catalog>(mut self, store: Arc<S>) -> Self {
        self.catalog = Some(store.clone());
        self.store = Some(store);
        self
    }

    /// The types of step beside the control steps; none by default.
    #[must_use]
    pub fn steps(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Who evaluates JavaScript beyond what the engine evaluates itself; nobody by default, and then an expression
    /// with a callback, say, fails its step.
    #[must_use]
    pub fn scripts(mut self, scripts: Arc<dyn ScriptEngine>) -> Self {
        self.scripts = Some(scripts);
        self
    }

    /// Who keeps the secrets of workspaces; nobody by default, and then a step that uses one fails.
    #[must_use]
    pub fn secrets(mut self, secrets: Arc<dyn Secrets>) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// The files that runs can be given; none by default, and then a `file` input is refused.
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// What `resumeUrl(…)` makes its links with; without it that function fails.
    #[must_use]
    pub fn resume_links(mut self, links: ResumeLinks) -> Self {
        self.links = Some(links);
        self
    }

    /// The clock; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The source of chance; the operating system's by default.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// The runtime that runs live on; the present one by default. It must have more than one thread if the
    /// callers' own runtimes may stop before it.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What attempts of steps and requests to models are charged; nothing by default.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// Starts the engine: takes a lease, then takes up the runs that nobody drives.
    ///
    /// # Errors
    /// The store is away.
    ///
    /// # Panics
    /// No store was given.
    pub async fn build(self) -> Result<Engine, EngineError> {
        let (Some(store), Some(catalog)) = (self.store, self.catalog) else {
            panic!("an engine needs a store: call `EngineBuilder::store` before `build`");
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let entropy = self.entropy.unwrap_or_else(|| Arc::new(OsEntropy));
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let shared = Arc::new(Shared {
            store,
            catalog: catalog.clone(),
            node: Node::new(NodeId::new(clock.now(), random), self.limits.lease),
            clock,
            entropy,
            registry: self.registry,
            scripts: self.scripts,
            secrets: self.secrets,
            files: self.files,
            links: self.links,
            cache: FlowCache::new(self.limits.definition_cache_bytes),
            turns: Turns::new(self.limits.concurrent_runs),
            limits: self.limits,
            prices: self.prices,
            runtime: self.runtime.unwrap_or_else(Handle::current),
            hub: Hub::default(),
            tracker: TaskTracker::new(),
            timers: Notify::new(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            abandoning: CancellationToken::new(),
            leaving: CancellationToken::new(),
        });
        shared.node.renew(&*shared.store, &*shared.clock).await?;
        background::start(&shared);
        let flows = Flows::new(catalog, shared.clone());
        Ok(Engine { shared, flows })
    }
}
