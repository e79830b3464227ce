use flow_model::{RunId, Timestamp, VisitPath, WorkspaceId};
use serde_json::json;

use super::*;

fn call(step: &ScriptedStep, visit: &str) -> tokio::task::JoinHandle<Result<Value, StepError>> {
    let run = RunId::new(Timestamp::from_millis(0), [0; 10]);
    let execution = ExecutionId { run, visit: VisitPath::from_stored(visit) };
    let context = StepContext::new(execution, WorkspaceId::from_bytes([1; 16]));
    let step = step.clone();
    tokio::spawn(async move { step.run(context, Arc::new(json!({ "at": 1 }))).await })
}

#[tokio::test]
async fn follows_the_script() {
    let step = ScriptedStep::new("http-request").returns(json!(1)).fails("network", "away");
    assert_eq!(call(&step, "a").await.unwrap(), Ok(json!(1)));
    assert_eq!(call(&step, "b").await.unwrap(), Err(StepError::new("network", "away")));
    assert_eq!(call(&step, "c").await.unwrap().unwrap_err().code, "unscripted");
    let step = step.answers(|call| Ok(json!({ "visit": call.execution.visit, "input": call.input })));
    assert_eq!(call(&step, "d").await.unwrap(), Ok(json!({ "visit": "d", "input": { "at": 1 } })));
    let visits: Vec<_> = step.calls().iter().map(|call| call.execution.visit.to_string()).collect();
    assert_eq!(visits, ["a", "b", "c", "d"]);
    assert_eq!((step.finished(), step.dropped()), (4, 0));
}

#[tokio::test]
async fn holds_until_released() {
    let step = ScriptedStep::new("nodejs").pure().returns(json!(1)).held();
    assert_eq!(step.effect(), Effect::Pure);
    let (first, second) = (call(&step, "a"), call(&step, "b"));
    step.until_begun(2).await;
    assert_eq!(step.finished(), 0);
    first.abort();
    step.until_dropped(1).await;
    step.release(1);
    assert_eq!(second.await.unwrap(), Ok(json!(1)), "a dropped call takes no result");
    let third = call(&step, "c");
    step.until_begun(3).await;
    step.release_all();
    assert_eq!(third.await.unwrap().unwrap_err().code, "unscripted");
    step.until_finished(2).await;
}
