//! Faults of the flows that a document's steps run: those that aren't there, and those that lead back to it.
//!
//! Only ids that no expression changes can be looked at. What passes is checked again when it runs: flows are
//! changed and deleted after others that name them were published.

use std::collections::{HashMap, HashSet};

use flow_model::{Document, Fault, Faults, FlowId, Severity, WorkspaceId};
use serde_json::Value;

use super::Flows;
use crate::EngineError;

/// The most flows that are looked at to find a way back.
const MOST: usize = 200;

/// What is wrong with a flow that is named.
#[derive(Clone, Copy)]
enum Wrong {
    Missing,
    Unpublished,
    LeadsBack,
}

/// The faults of what a flow's document names.
pub(super) async fn check(
    flows: &Flows,
    workspace: WorkspaceId,
    own: FlowId,
    document: &Value,
) -> Result<Vec<Fault>, EngineError> {
    let mut judged = HashMap::new();
    let mut faults = Vec::new();
    for (pointer, flow) in named(document) {
        let wrong = match judged.get(&flow) {
            Some(wrong) => *wrong,
            None => judge(flows, workspace, own, flow).await?,
        };
        judged.insert(flow, wrong);
        faults.extend(wrong.map(|wrong| wrong.fault(pointer, flow)));
    }
    Ok(faults)
}

async fn judge(
    flows: &Flows,
    workspace: WorkspaceId,
    own: FlowId,
    flow: FlowId,
) -> Result<Option<Wrong>, EngineError> {
    if flow == own {
        return Ok(Some(Wrong::LeadsBack));
    }
    if flows.catalog.flow_get(workspace, flow).await?.is_none() {
        return Ok(Some(Wrong::Missing));
    }
    if flows.catalog.version_latest(flow).await?.is_none() {
        return Ok(Some(Wrong::Unpublished));
    }
    let mut seen = HashSet::from([flow]);
    let mut to_see = vec![flow];
    while let Some(next) = to_see.pop() {
        let Some(version) = flows.catalog.version_latest(next).await? else { continue };
        let document = flows.document(version.definition).await?;
        for (_, below) in named(&document) {
            if below == own {
                return Ok(Some(Wrong::LeadsBack));
            }
            if seen.len() < MOST && seen.insert(below) {
                to_see.push(below);
            }
        }
    }
    Ok(None)
}

/// The flows that a document's steps run, and where they are named.
fn named(document: &Value) -> Vec<(String, FlowId)> {
    let document = Document::read(document, &Faults::new());
    let steps = document.all_steps().into_iter().filter(|step| step.kind == "run-flow");
    let named = steps.filter_map(|step| {
        let flow = step.data.get("flowId")?.as_str()?.trim().parse().ok()?;
        Some((format!("{}/data/flowId", step.pointer), flow))
    });
    named.collect()
}

impl Wrong {
    fn fault(self, pointer: String, flow: FlowId) -> Fault {
        let (code, severity, message) = match self {
            Self::Missing => (
                "flow_not_found",
                Severity::Error,
                format!("there is no flow {flow}; list the flows to find its id"),
            ),
            Self::Unpublished => (
                "flow_unpublished",
                Severity::Warning,
                format!("flow {flow} has no published version; publish it before this one runs"),
            ),
            Self::LeadsBack => (
                "flow_recursion",
                Severity::Error,
                format!(
                    "flow {flow} leads back to this one, which would run without an end; run another one"
                ),
            ),
        };
        Fault { pointer, code, message, severity }
    }
}
