//! Compiled definitions, kept by their hash within a bound.

use std::sync::Arc;

use flow_model::DefinitionHash;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Flow;

/// Compiled flows by content hash. A definition never changes under its hash, so nothing here goes stale.
pub(crate) struct FlowCache {
    flows: Cache<DefinitionHash, Cached, ByBytes>,
}

#[derive(Clone)]
struct Cached {
    flow: Arc<Flow>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<DefinitionHash, Cached> for ByBytes {
    fn weight(&self, _: &DefinitionHash, cached: &Cached) -> u64 {
        cached.bytes
    }
}

/// A compiled flow takes a few times the bytes of its JSON text.
const BYTES_PER_BYTE_OF_JSON: u64 = 4;

impl FlowCache {
    /// A cache of at most about `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        const USUAL_FLOW: u64 = 8 * 1024;
        let usual = usize::try_from(bytes / USUAL_FLOW).unwrap_or(usize::MAX);
        Self { flows: Cache::with_weighter(usual, bytes, ByBytes) }
    }

    pub(crate) fn get(&self, hash: &DefinitionHash) -> Option<Arc<Flow>> {
        self.flows.get(hash).map(|cached| cached.flow)
    }

    /// Keeps a flow whose JSON text has `json_bytes` bytes.
    pub(crate) fn insert(&self, flow: &Arc<Flow>, json_bytes: usize) {
        let bytes = BYTES_PER_BYTE_OF_JSON * u64::try_from(json_bytes).unwrap_or(u64::MAX / 8).max(1);
        self.flows.insert(flow.hash, Cached { flow: flow.clone(), bytes });
    }
}
