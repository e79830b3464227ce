//! The program's other commands, and what it prints.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Home, Server};
use crate::world::World;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/discount-approval.json");

fn run(home: &Home, inputs: &str, answers: &str, json: bool) -> Output {
    run_file(home, Path::new(SAMPLE), inputs, answers, json)
}

fn run_file(home: &Home, file: &Path, inputs: &str, answers: &str, json: bool) -> Output {
    let mut command = home.command();
    command.arg("run").arg(file).args(["--inputs", inputs]).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if json {
        command.arg("--json");
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn run_shows_progress_asks_and_prints_the_output() {
    let home = Home::sqlite();
    let small = run(&home, r#"{"customer":"Ada","amount":100}"#, "", false);
    assert_eq!(small.status.code(), Some(0), "{}", text(&small.stderr));
    let output: Value = serde_json::from_slice(&small.stdout).unwrap();
    assert_eq!(output["summary"], "Ada pays 90 instead of 100");
    assert!(text(&small.stderr).contains("✔ Work out the price"), "{}", text(&small.stderr));

    let large = r#"{"customer":"Ada","amount":100,"discountPercent":30}"#;
    let refused = run(&home, large, "reject too much\n", true);
    assert_eq!(refused.status.code(), Some(0), "{}", text(&refused.stderr));
    let output: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(output["output"]["summary"], "Ada pays 100: too much");
    assert_eq!(run(&home, large, "", false).status.code(), Some(3), "nobody is there to answer");

    let missing = run(&home, r#"{"customer":"Ada"}"#, "", false);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("/amount"), "{}", text(&missing.stderr));
    let refused: Value =
        serde_json::from_slice(&run(&home, r#"{"customer":"Ada"}"#, "", true).stdout).unwrap();
    assert_eq!(
        (&refused["status"], &refused["issues"][0]["pointer"]),
        (&json!("refused"), &json!("/amount"))
    );
}

#[tokio::test]
async fn run_tells_of_attempts_waits_and_failures_that_were_taken_care_of() {
    let world = World::failing(json!({ "hello": "you" }), 1).await;
    let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", &world.address());
    let file = Path::new(SAMPLES).join("retry-and-report.json");
    let inputs = json!({ "url": world.url() }).to_string();
    let served = run_file(&home, &file, &inputs, "", false);
    let shown = text(&served.stderr);
    assert_eq!(served.status.code(), Some(0), "{shown}");
    let output: Value = serde_json::from_slice(&served.stdout).unwrap();
    assert_eq!(output, json!({ "status": 200, "body": { "hello": "you" } }));
    for line in
        ["↻ Call the URL: http_status", "again in 500 ms", "… Call the URL, again", "⏸ Wait a second, until"]
    {
        assert!(shown.contains(line), "{line} in {shown}");
    }

    let world = World::failing(json!({}), 9).await;
    let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", &world.address());
    let inputs = json!({ "url": world.url() }).to_string();
    let failed = run_file(&home, &file, &inputs, "", false);
    let shown = text(&failed.stderr);
    assert_eq!(failed.status.code(), Some(0), "{shown}");
    let output: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(output["attempts"], 3);
    assert!(shown.contains("`onError` goes on") && shown.contains("error: http://"), "{shown}");
}

#[test]
fn run_asks_for_a_form_until_it_is_filled_in_and_tells_of_what_was_passed_over() {
    let home = Home::sqlite();
    let fields =
        json!([{ "name": "street", "type": "string", "required": true, "label": "Street and number" }]);
    let document = json!({ "name": "Form", "definition": { "steps": [
        { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "off" },
        { "id": "off", "type": "log", "data": { "message": "never" }, "disabled": true, "nextStepId": "fill" },
        { "id": "fill", "type": "show-form", "data": { "title": "Your address", "fields": fields },
          "nextStepId": "end" },
        { "id": "end", "type": "final", "data": { "outputs": [{ "name": "street", "output": "{{fill.street}}" }] } },
    ] } });
    let file = home.dir.path().join("form.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let answers = "Main St\n{}\n{\"street\": \"Main St\"}\n";
    let filled = run_file(&home, &file, "{}", answers, false);
    let shown = text(&filled.stderr);
    assert_eq!(filled.status.code(), Some(0), "{shown}");
    let output: Value = serde_json::from_slice(&filled.stdout).unwrap();
    assert_eq!(output, json!({ "street": "Main St" }));
    for line in [
        "− off, skipped",
        "Your address",
        "street (string, required): Street and number",
        "isn't a JSON object",
        "/formData/street",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert_eq!(run_file(&home, &file, "{}", "", false).status.code(), Some(3), "nobody is there to answer");
}

#[test]
fn run_says_that_nobody_can_send_it_an_event() {
    let home = Home::sqlite();
    let document = json!({ "name": "Event", "definition": { "steps": [
        { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "paid" },
        { "id": "paid", "type": "wait", "data": { "event": { "name": "paid" } },
          "nextStepId": "end" },
        { "id": "end", "type": "final", "data": { "outputs": [] } },
    ] } });
    let file = home.dir.path().join("event.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let waits = run_file(&home, &file, "{}", "", false);
    let shown = text(&waits.stderr);
    assert_eq!(waits.status.code(), Some(3), "{shown}");
    assert!(shown.contains("event `paid`"), "{shown}");
}

#[test]
fn all_examples_are_valid_without_a_warning() {
    let home = Home::sqlite();
    let files: Vec<_> = std::fs::read_dir(SAMPLES)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    assert!(files.len() >= 14, "{files:?}");
    for file in files {
        let checked = home.command().args(["validate", "--json"]).arg(&file).output().unwrap();
        assert_eq!(checked.status.code(), Some(0), "{}: {}", file.display(), text(&checked.stdout));
        let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(report["issues"], json!([]), "{}", file.display());
    }
}

#[test]
fn validate_names_every_fault_and_ends_with_a_code_for_scripts() {
    let home = Home::sqlite();
    let file = home.dir.path().join("bad.json");
    std::fs::write(
        &file,
        r#"{"definition":{"steps":[{"id":"a b","type":"final"},{"id":"c","type":"nope"}]}}"#,
    )
    .unwrap();
    let bad = home.command().args(["validate", "--json"]).arg(&file).output().unwrap();
    assert_eq!(bad.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&bad.stdout).unwrap();
    let codes: Vec<_> =
        report["issues"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    for code in ["invalid_name", "no_trigger", "step_type_unknown"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn limits_are_settings() {
    let home = Home::sqlite().set("FLOW_LIMITS__RUN_STEPS", "2").set("FLOW_LIMITS__LOOP_PASSES", "3");
    let run = home
        .command()
        .args(["run", SAMPLE, "--json", "--inputs", r#"{"customer":"Ada","amount":10}"#])
        .output();
    let run = run.unwrap();
    assert!(text(&run.stdout).contains("too_many_steps"), "{} {}", text(&run.stdout), text(&run.stderr));
    let file = home.dir.path().join("loop.json");
    let document = json!({ "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "loop" },
        { "id": "loop", "type": "while", "nextStepId": "end",
          "data": { "condition": "true", "maxIterations": 4, "steps": [
            { "id": "pass", "type": "transform", "data": { "expression": "1" } }] } },
        { "id": "end", "type": "final", "data": { "outputs": [] } },
    ] } });
    std::fs::write(&file, document.to_string()).unwrap();
    let checked = home.command().arg("validate").arg(&file).output().unwrap();
    assert!(text(&checked.stdout).contains("/data/maxIterations"), "{}", text(&checked.stdout));
}

#[test]
fn validate_shows_the_line_that_is_at_fault() {
    let home = Home::sqlite();
    let file = home.dir.path().join("bad.json");
    let document = r#"{
  "definition": { "steps": [
    { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "sum" },
    { "id": "sum", "type": "transform",
      "data": { "expression": "custmer.risk + 1" }, "nextStepId": "end" },
    { "id": "end", "type": "final", "data": { "outputs": [] } },
    { "id": "end", "type": "fail", "data": {} }
  ] }
}"#;
    std::fs::write(&file, document).unwrap();
    let bad = home.command().arg("validate").arg(&file).output().unwrap();
    assert_eq!(bad.status.code(), Some(1));
    let told = text(&bad.stdout);
    for (line, column, marked) in [
        (5, 31, "\"data\": { \"expression\": \"custmer.risk + 1\" }"),
        // What isn't there is shown where it should be.
        (7, 36, "\"data\": {} }"),
    ] {
        assert!(told.contains(&format!("bad.json:{line}:{column}")), "{told}");
        assert!(told.contains(marked), "{told}");
    }
    assert!(told.contains("error[unknown_name]") && told.contains("^^^^^^^^^^^^^^^^^^"), "{told}");
    assert!(told.contains("note: /definition/steps/1/data/expression"), "{told}");
}

#[test]
fn validate_goes_on_after_a_file_that_it_cannot_read() {
    let home = Home::sqlite();
    let marked = home.dir.path().join("marked.json");
    std::fs::write(&marked, format!("\u{feff}{}", std::fs::read_to_string(SAMPLE).unwrap())).unwrap();
    let files = |json: &[&str]| {
        let mut command = home.command();
        command.arg("validate").args(json).args(["missing.json", SAMPLE]).arg(&marked).output().unwrap()
    };
    let told = files(&[]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("missing.json"), "{}", text(&told.stderr));
    assert_eq!(text(&told.stdout).matches("can be published").count(), 2, "{}", text(&told.stdout));
    let told = files(&["--json"]);
    let valid: Vec<_> = text(&told.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["valid"].as_bool().unwrap())
        .collect();
    assert_eq!((told.status.code(), valid), (Some(2), vec![false, true, true]));
}

#[test]
fn output_that_nobody_reads_is_no_panic() {
    let home = Home::sqlite();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let unread = home.command().args(["validate", SAMPLE]).stdout(closed()).output().unwrap();
    assert_eq!((unread.status.code(), text(&unread.stderr)), (Some(2), String::new()));
    let untold = home.command().args(["validate", "missing.json"]).stderr(closed()).output().unwrap();
    assert_eq!(untold.status.code(), Some(2));
}

#[tokio::test]
async fn the_first_start_prints_a_token_and_commands_that_work() {
    let home = Home::sqlite();
    let mut command = home.command();
    let stderr = home.dir.path().join("stderr");
    command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    command.stderr(std::fs::File::create(&stderr).unwrap());
    let server = Server::wait_for(command.spawn().unwrap());
    let welcome = std::fs::read_to_string(&stderr).unwrap();
    let token = welcome.split_whitespace().find(|word| word.starts_with("pat_")).unwrap();
    let sample = welcome.split_whitespace().find_map(|word| word.split_once("/v1/client/flow/")).unwrap().1;
    let client = Client::new(&server.address, token);
    let inputs = json!({ "customer": "Ada", "amount": 120, "discountPercent": 30 });
    let waiting = client.post(&format!("/v1/client/flow/{sample}"), inputs).await;
    assert_eq!(waiting.body["status"], "waiting", "{}", waiting.body);
    let done = client.approve(waiting.body["appRunId"].as_str().unwrap()).await;
    assert_eq!(done.body["output"]["total"], 84, "{}", done.body);

    drop(server);
    let mut command = home.command();
    command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    command.stderr(std::fs::File::create(&stderr).unwrap());
    let server = Server::wait_for(command.spawn().unwrap());
    assert!(!std::fs::read_to_string(&stderr).unwrap().contains("pat_"), "a token is shown once");
    assert_eq!(Client::new(&server.address, token).get("/v1/nowhere").await.status, 404);
}

#[test]
fn a_first_start_that_found_its_address_taken_is_made_up_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::sqlite();
    let listen = taken.local_addr().unwrap().to_string();
    let refused = home.command().args(["--listen", &listen]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--listen"), "{}", text(&refused.stderr));

    let stderr = home.dir.path().join("stderr");
    let mut command = home.command();
    command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    command.stderr(std::fs::File::create(&stderr).unwrap());
    let _server = Server::wait_for(command.spawn().unwrap());
    assert!(std::fs::read_to_string(&stderr).unwrap().contains("  pat_"), "the token is still to be shown");
}

#[tokio::test]
async fn tokens_are_made_and_revoked_beside_a_running_server() {
    for home in Home::each() {
        let server = home.start();
        let flow = server.client().publish(crate::world::approval()).await;
        let create =
            ["token", "create", "--user", "ci", "--email", "ci@example.com", "--scopes", "flows:read"];
        let made = home.command().args(create).args(["--expires-in", "30d"]).output().unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        let token = text(&made.stdout);
        let client = Client::new(&server.address, token.trim());
        assert_eq!(client.get(&format!("/v1/flow/{flow}")).await.status, 200);
        let denied = client.execute(&flow, json!({})).await;
        assert_eq!((denied.status, &denied.body["code"]), (403, &json!("scope_missing")));

        let listed = home.command().args(["token", "list", "--json"]).output().unwrap();
        assert!(!text(&listed.stdout).contains(token.trim()), "a token is never shown again");
        let revoked = home.command().args(["token", "revoke", token.trim()]).output().unwrap();
        assert!(revoked.status.success(), "{}", text(&revoked.stderr));
        assert_eq!(client.get(&format!("/v1/flow/{flow}")).await.status, 401);
    }
}

#[test]
fn token_commands_in_the_wrong_folder_say_so() {
    let home = Home::sqlite();
    let token = |arguments: &[&str]| home.command().arg("token").args(arguments).output().unwrap();
    for command in [["list"].as_slice(), &["revoke", "x"]] {
        let refused = token(command);
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        assert!(text(&refused.stderr).contains("--data-dir"), "{}", text(&refused.stderr));
    }
    assert!(!home.dir.path().join("flow-data").exists(), "looking makes nothing");

    let create =
        |user| token(&["create", "--user", user, "--email", "a@example.com", "--scopes", "flows:run"]);
    assert_eq!(create("").status.code(), Some(2), "a user has a name");
    let made = create("ci");
    assert!(made.status.success() && text(&made.stdout).starts_with("pat_"), "{}", text(&made.stderr));
    assert!(text(&made.stderr).contains("was made for this token"), "{}", text(&made.stderr));
    assert_eq!(text(&create("ci").stderr), "", "it is there by now");
    assert!(token(&["list"]).status.success());
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let home = Home::sqlite();
    let _first = home.start();
    let second = home.command().args(["--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(text(&second.stderr).contains("in use by another server"), "{}", text(&second.stderr));
}

#[test]
fn wrong_settings_are_named() {
    let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", "10.0.0.0/99");
    let refused = home.command().output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("FLOW_OUTBOUND__ALLOW"), "{}", text(&refused.stderr));

    let unusable = [
        ("FLOW_ADMIN_TOKEN", "a token with spaces in the middle"),
        ("FLOW_ADMIN_TOKEN", "a_token_that_ends_with_a_line_break\n"),
        ("FLOW_WORKERS", "513"),
        ("FLOW_LIMITS__CONCURRENT_RUNS", "0"),
        ("FLOW_LIMITS__OUTPUT_DEPTH", "513"),
        ("FLOW_SCRIPTS__TIME_MS", "0"),
        ("FLOW_PUBLIC_URL", "flows.example"),
        ("FLOW_LLM__BASE_URL", "localhost:11434"),
        ("FLOW_LLM__API_KEY", "a key with spaces"),
    ];
    for (name, value) in unusable {
        let refused = Home::sqlite().set(name, value).command().output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{name}: {}", text(&refused.stderr));
        let named = name.trim_start_matches("FLOW_").to_lowercase();
        let named = named.rsplit("__").next().unwrap();
        assert!(text(&refused.stderr).to_lowercase().contains(named), "{}", text(&refused.stderr));
    }

    let home = Home::sqlite();
    let file = home.dir.path().join("flow.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let refused = home.command().arg("--config").arg(&file).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("lisen"), "{}", text(&refused.stderr));
}
