//! The examples do what they show.

use serde_json::json;

#[path = "../../examples/embed.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod embed;
#[path = "../../examples/pause_resume.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod pause_resume;

#[tokio::test]
async fn a_step_of_ones_own_greets() {
    assert_eq!(embed::greet_ada().await.unwrap(), json!({ "greeting": "Hello, Ada!" }));
}

#[tokio::test]
async fn a_run_waits_and_goes_on() {
    let shown = pause_resume::ask_and_approve().await.unwrap();
    assert_eq!(shown["asked"]["user-approval"]["message"], "Send the quote?");
    assert_eq!(shown["output"], json!({ "decision": "approve", "by": "Ada" }));
}
