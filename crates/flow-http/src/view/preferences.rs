//! What flows can be made of on this server, and within which bounds.

use flow_engine::Catalogue;
use serde::Serialize;

use crate::{Api, Options};

/// The catalogue, the limits, and what is switched on.
#[derive(Serialize)]
pub(crate) struct Preferences<'a> {
    #[serde(flatten)]
    catalogue: Catalogue,
    limits: Limits,
    models: &'a [String],
    features: Features,
}

/// Those that an author may meet; see the engine's limits and the options of this crate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    body_bytes: usize,
    json_depth: usize,
    wait_default_seconds: u64,
    wait_max_seconds: u64,
    poll_max_seconds: u64,
    idempotency_seconds: u64,
    output_bytes: usize,
    output_depth: usize,
    collected_bytes: usize,
    run_steps: usize,
    loop_items: usize,
    loop_passes: u64,
    nesting_depth: usize,
    parallel_branches: usize,
    subflow_depth: u16,
    concurrent_runs: usize,
    queued_runs: usize,
}

/// What this server can do beside the rest, which every one can.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Features {
    llm: bool,
    scripts: bool,
    secrets: bool,
    resume_links: bool,
}

impl<'a> Preferences<'a> {
    pub(crate) fn of(api: &'a Api) -> Self {
        let features = api.engine.features();
        Self {
            catalogue: api.engine.catalogue(),
            limits: Limits::of(&api.options, api.engine.limits()),
            models: api.models.as_deref().unwrap_or_default(),
            features: Features {
                llm: api.models.is_some(),
                scripts: features.scripts,
                secrets: features.secrets,
                resume_links: features.resume_links,
            },
        }
    }
}

impl Limits {
    const fn of(options: &Options, engine: &flow_engine::Limits) -> Self {
        Self {
            body_bytes: options.body_limit,
            json_depth: options.json_depth,
            wait_default_seconds: options.wait_default_seconds,
            wait_max_seconds: options.wait_max_seconds,
            poll_max_seconds: options.poll_max_seconds,
            idempotency_seconds: options.idempotency_seconds,
            output_bytes: engine.output_bytes,
            output_depth: engine.output_depth,
            collected_bytes: engine.collected_bytes,
            run_steps: engine.run_steps,
            loop_items: engine.loop_items,
            loop_passes: engine.loop_passes,
            nesting_depth: engine.nesting_depth,
            parallel_branches: engine.parallel_branches,
            subflow_depth: engine.subflow_depth,
            concurrent_runs: engine.concurrent_runs,
            queued_runs: engine.queued_runs,
        }
    }
}
