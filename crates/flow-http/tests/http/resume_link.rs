//! Waits answered by whoever has their link.

use actix_web::http::Method;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::{Answer, Ask, Server};

/// Asks under a name that could be HTML, after it has told the link to the world.
fn asking() -> Value {
    flow("Ask <b>")
        .api("start", [])
        .step("tell", "work", json!({ "url": "{{resumeUrl('ask')}}" }))
        .approval("ask", "Pay 5 < 6 & go on?")
        .approval("again", "Sure?")
        .done("end", [("said", "{{ask.decision}}"), ("by", "{{ask.decidedBy}}"), ("why", "{{ask.message}}")])
        .build()
}

/// The path of the link that a run has told, and the run.
async fn link(server: &Server) -> (String, String) {
    let run = server.run(asking(), json!({})).await.run();
    let told = server.work.calls().last().unwrap().input["url"].as_str().unwrap().to_owned();
    let path = told.strip_prefix("https://flows.test").expect("it leads to the server").to_owned();
    assert!(path.starts_with(&format!("/v1/flowrun/resume/{run}?executionId={run}%3Aask&token=")), "{path}");
    (path, run)
}

/// A request of somebody without an account.
fn stranger<'s>(server: &'s Server, method: Method, path: &str) -> Ask<'s> {
    server.ask(method, path).header("authorization", "")
}

fn form<'s>(server: &'s Server, path: &str, body: &'static str) -> Ask<'s> {
    stranger(server, Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

fn is_page(answer: &Answer) {
    let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("referrer-policy"), Some("no-referrer"));
    assert!(header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}

#[actix_web::test]
async fn looking_at_a_link_shows_the_question_and_decides_nothing() {
    let server = Server::start().await;
    let (path, run) = link(&server).await;
    for _ in 0..2 {
        let page = stranger(&server, Method::GET, &path).send().await;
        assert_eq!(page.status, 200);
        is_page(&page);
        assert!(
            page.text.contains("Ask &lt;b&gt;") && page.text.contains("Pay 5 &lt; 6 &amp; go on?"),
            "{}",
            page.text
        );
        assert!(page.text.contains(r#"value="approve""#) && page.text.contains(r#"value="reject""#));
    }
    let only = stranger(&server, Method::GET, &format!("{path}&decision=reject")).send().await.text;
    assert!(!only.contains(r#"value="approve""#) && only.contains(r#"value="reject""#));
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await;
    assert_eq!(poll.json()["status"], "waiting");
}

#[actix_web::test]
async fn the_page_decides_once() {
    let server = Server::start().await;
    let (path, run) = link(&server).await;
    let page = form(&server, &path, "message=Fine+%3C&decision=approve").send().await;
    assert_eq!(page.status, 200);
    is_page(&page);
    assert!(page.text.contains("your answer was taken"), "{}", page.text);
    let again = form(&server, &path, "decision=reject").send().await;
    again.problem(409, "run_not_waiting");
    let gone = stranger(&server, Method::GET, &path).send().await;
    assert_eq!(gone.status, 410);
    is_page(&gone);
    server.post(&format!("/v1/flowrun/resume/{run}")).json(json!({ "decision": "approve" })).send().await;
    let ended = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
    assert_eq!(ended["output"], json!({ "said": "approve", "by": "link", "why": "Fine <" }), "{ended}");
}

#[actix_web::test]
async fn a_program_answers_with_json_and_sees_no_more_than_the_status() {
    let server = Server::start().await;
    let (path, run) = link(&server).await;
    let answer = stranger(&server, Method::POST, &path).json(json!({ "decision": "reject" })).send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (200, json!({ "status": "waiting", "appRunId": run }))
    );
}

#[actix_web::test]
async fn a_link_is_for_its_own_wait_alone() {
    let server = Server::start().await;
    let (path, run) = link(&server).await;
    let other = json!({ "decision": "approve", "executionId": format!("{run}:again") });
    let answer = stranger(&server, Method::POST, &path).json(other).send().await;
    answer.problem(409, "execution_mismatch");
    let token = path.split("token=").nth(1).unwrap();
    let (_, second) = link(&server).await;
    let made_up = |run: &str, execution: &str, token: &str| {
        format!("/v1/flowrun/resume/{run}?executionId={execution}&token={token}")
    };
    for path in [
        made_up(&run, &format!("{run}:again"), token),
        made_up(&second, &format!("{second}:ask"), token),
        made_up(&second, &format!("{run}:ask"), token),
        made_up(&run, &format!("{run}:ask"), &token[1..]),
        made_up(&run, &format!("{run}:ask"), "!"),
        made_up(&run, "nonsense", token),
        format!("/v1/flowrun/resume/{run}?token={token}"),
    ] {
        stranger(&server, Method::GET, &path).send().await.problem(404, "link_invalid");
        form(&server, &path, "decision=approve").send().await.problem(404, "link_invalid");
    }
}

#[actix_web::test]
async fn without_a_link_or_a_token_nobody_answers() {
    let server = Server::start().await;
    let (_, run) = link(&server).await;
    let path = format!("/v1/flowrun/resume/{run}");
    stranger(&server, Method::POST, &path)
        .json(json!({ "decision": "approve" }))
        .send()
        .await
        .problem(401, "unauthorized");
    stranger(&server, Method::GET, &path).send().await.problem(401, "unauthorized");
    server.get(&path).send().await.problem(404, "link_invalid");
    let page = server
        .post(&path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("decision=approve");
    page.send().await.problem(415, "unsupported_media_type");
}

#[actix_web::test]
async fn what_a_form_leaves_out_is_a_fault() {
    let server = Server::start().await;
    let (path, _) = link(&server).await;
    form(&server, &path, "").send().await.problem(422, "invalid_request");
    form(&server, &path, "decision=maybe").send().await.problem(422, "invalid_request");
}

#[actix_web::test]
async fn a_link_for_one_decision_is_for_no_other_answer() {
    let server = Server::start().await;
    let document = flow("Bound")
        .api("start", [])
        .step("tell", "work", json!({ "url": "{{resumeUrl('ask', 'reject')}}" }))
        .approval("ask", "Go on?")
        .done("end", [("said", "{{ask.decision}}")]);
    let run = server.run(document.build(), json!({})).await.run();
    let url = server.work.calls()[0].input["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("https://flows.test").unwrap().to_owned();
    let page = stranger(&server, Method::GET, &path).send().await.text;
    assert!(page.contains("Reject") && !page.contains("Approve"), "{page}");
    // Whatever is made of the address, it isn't one that approves.
    let bare = path.replace("&decision=reject", "");
    for path in [&path, &bare, &path.replace("decision=reject", "decision=approve")] {
        form(&server, path, "decision=approve").send().await.problem(422, "answer_mismatch");
        let approve = stranger(&server, Method::POST, path).json(json!({ "decision": "approve" }));
        approve.send().await.problem(422, "answer_mismatch");
    }
    let page = stranger(&server, Method::GET, &bare).send().await.text;
    assert!(page.contains("Reject") && !page.contains("Approve"), "{page}");
    assert_eq!(form(&server, &path, "decision=reject").send().await.status, 200);
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await;
    assert_eq!(poll.json()["output"], json!({ "said": "reject" }), "{}", poll.text);
}

#[actix_web::test]
async fn a_link_works_before_its_wait_opens_and_in_the_scope_that_it_was_made_in() {
    let server = Server::start().await;
    let tell = json!({ "id": "tell", "type": "work", "data": { "url": "{{resumeUrl('ask', 'approve')}}" }, "nextStepId": "ask" });
    let ask = json!({ "id": "ask", "type": "user-approval", "data": { "message": "{{item}}?" } });
    let document = flow("Each")
        .api("start", [])
        .step(
            "loop",
            "each",
            json!({ "arrayVariable": "{{['a', 'b']}}", "concurrency": 2, "steps": [tell, ask] }),
        )
        .done("end", [("said", "{{loop.results}}")])
        .build();
    let run = server.run(document, json!({})).await.run();
    let told: Vec<_> =
        server.work.calls().iter().map(|call| call.input["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told.len(), 2);
    for url in told.iter().rev() {
        assert!(url.ends_with("&decision=approve"), "{url}");
        let path = url.strip_prefix("https://flows.test").unwrap();
        assert_eq!(form(&server, path, "decision=approve").send().await.status, 200);
    }
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await;
    assert_eq!(poll.json()["status"], "completed", "{}", poll.text);
}
