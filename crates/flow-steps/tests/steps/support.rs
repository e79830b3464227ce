//! Runs a step by itself.

use std::sync::Arc;

use flow_engine::{Step, StepContext, StepError};
use flow_model::{ExecutionId, Faults, Fields, RunId, VisitPath, WorkspaceId};
use flow_steps::{HttpRequest, Outbound};
use serde_json::Value;
use wiremock::MockServer;

/// The key under which `send` calls.
pub(crate) const KEY: &str = "01890000-0000-7000-8000-000000000001:load";

/// The workspace for which they are run.
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);

/// Runs an `http-request` that may reach what `allow` names.
pub(crate) async fn send_allowing(allow: &str, settings: Value) -> Result<Value, StepError> {
    run(HttpRequest::new(Outbound::new(allow.parse().unwrap()).unwrap()), settings).await
}

/// Runs a step for [`WORKSPACE`].
pub(crate) async fn run(step: impl Step, settings: Value) -> Result<Value, StepError> {
    let context = StepContext::new(KEY.parse().unwrap(), WORKSPACE);
    step.run(context, Arc::new(settings)).await
}

/// Runs an `http-request` that may reach the server.
pub(crate) async fn send(server: &MockServer, settings: Value) -> Result<Value, StepError> {
    send_allowing(&server.address().to_string(), settings).await
}

/// The code of a failure.
pub(crate) fn code(result: Result<Value, StepError>) -> String {
    result.expect_err("the step should fail").code
}

/// The pointers and codes of what is wrong with settings as written.
pub(crate) fn faults(settings: &Value) -> Vec<(String, &'static str)> {
    let faults = Faults::new();
    let step = HttpRequest::new(Outbound::new("".parse().unwrap()).unwrap());
    step.check(&Fields::new(settings.as_object().unwrap(), "", &faults));
    faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

/// An execution id is what its parts say.
#[test]
fn the_key_is_the_run_and_the_visit() {
    let execution = ExecutionId {
        run: "01890000-0000-7000-8000-000000000001".parse::<RunId>().unwrap(),
        visit: VisitPath::from_stored("load"),
    };
    assert_eq!(execution.to_string(), KEY);
}
