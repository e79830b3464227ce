//! `invoice-extraction.json` and `payment-reminder.json`.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use reqwest::Method;
use serde_json::{Value, json};

use super::hosts::{Call, reply, says};
use super::stage::{Stage, step};

const INVOICE: &str = "Invoice R-17 of Paper & Co\nTotal: 1.250,00 EUR, due on 2026-03-01\n";

fn accounts(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "model" => {
            let total = if call.body.contains("1.250,00") { 1250.0 } else { 12.5 };
            says(
                &json!({ "number": "R-17", "supplier": "Paper & Co", "total": total, "dueDate": "2026-03-01" }),
            )
        }
        "accounts" if call.number == 0 => reply(502, json!({})),
        "accounts" => reply(201, json!({ "entry": 4711 })),
        other => panic!("{other}"),
    }
}

async fn upload(stage: &Stage, text: &str) -> Value {
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"r-17.txt\"\r\nContent-Type: text/plain";
    let body = format!("--edge\r\n{head}\r\n\r\n{text}\r\n--edge--\r\n");
    let request = stage.client.request(Method::POST, "/v1/flow/file").body(body);
    let file = stage.client.send(request.header("Content-Type", "multipart/form-data; boundary=edge")).await;
    assert_eq!(file.status, 201, "{}", file.body);
    file.body["fileId"].clone()
}

#[tokio::test]
async fn a_large_invoice_is_filed_with_its_document_once_it_is_approved() {
    let stage = Stage::new(accounts).await;
    let flow = stage.publish("invoice-extraction", |_| {}).await;
    let inputs = json!({ "invoice": upload(&stage, INVOICE).await, "costCentre": "IT-100" });
    let waiting = stage.execute(&flow, inputs.clone()).await;
    let question = "Pay 1250 EUR to Paper & Co (R-17, r-17.txt) from IT-100?";
    assert_eq!(waiting.body["pendingAction"]["message"], question, "{}", waiting.body);
    let done = stage.client.approve(waiting.body["appRunId"].as_str().unwrap()).await;
    let expected = json!({ "entry": 4711, "number": "R-17", "total": 1250.0, "dueDate": "2026-03-01" });
    assert_eq!(done.body["output"], expected, "{}", done.body);

    let posted = stage.hosts.calls("accounts");
    assert_eq!((posted.len(), posted[0].key()), (2, posted[1].key()));
    for part in [INVOICE, "filename=\"r-17.txt\"", "name=\"costCentre\"\r\n\r\nIT-100", r#""number":"R-17""#]
    {
        assert!(posted[1].body.contains(part), "{part} in {}", posted[1].body);
    }
    // `flows:value-of-ACCOUNTS_PASSWORD`
    assert_eq!(posted[1].authorization(), "Basic Zmxvd3M6dmFsdWUtb2YtQUNDT1VOVFNfUEFTU1dPUkQ=");

    let waiting = stage.execute(&flow, inputs).await;
    let path = format!("/v1/flowrun/resume/{}", waiting.body["appRunId"].as_str().unwrap());
    stage.client.post(&path, json!({ "decision": "reject", "message": "paid already" })).await;
    let end = stage.end(&waiting.body["appRunId"]).await;
    assert_eq!(end["error"]["code"], "invoice_refused", "{end}");
    assert_eq!(end["error"]["message"], "R-17 was refused: paid already");
    assert_eq!(stage.hosts.calls("accounts").len(), 2);
}

#[tokio::test]
async fn a_small_invoice_is_filed_at_once_and_one_without_a_cost_centre_is_refused() {
    let stage = Stage::new(accounts).await;
    let flow = stage.publish("invoice-extraction", |_| {}).await;
    let file = upload(&stage, "Invoice R-17 over 12,50 EUR").await;
    let done = stage.execute(&flow, json!({ "invoice": file, "costCentre": "IT-100" })).await;
    assert_eq!((done.status, &done.body["total"]), (200, &json!(12.5)), "{}", done.body);
    assert!(!stage.hosts.calls("accounts")[0].body.contains("approvedBy"));
    let refused = stage.execute(&flow, json!({ "invoice": file, "costCentre": "IT" })).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("pattern_mismatch")));
}

fn mail(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "mail" => reply(202, json!({})),
        "collections" => reply(201, json!({ "case": "c-1" })),
        other => panic!("{other}"),
    }
}

/// Changes how long a payment is waited for.
fn waits(document: &mut Value, milliseconds: Value) {
    step(document, "rounds")["data"]["steps"][0]["data"]["expiresInMs"] = milliseconds;
}

async fn pay(stage: &Stage, invoice: &str, amount: f64) {
    let event = json!({ "name": "payment.received", "key": invoice, "data": { "amount": amount } });
    let sent = stage.client.post("/v1/flowrun/event", event).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
}

fn sent(invoice: &str) -> Value {
    json!({ "invoice": invoice, "customer": "ada@acme.example", "amount": 100 })
}

#[tokio::test]
async fn payments_in_parts_settle_an_invoice_without_a_reminder() {
    let stage = Stage::new(mail).await;
    let flow = stage.publish("payment-reminder", |_| {}).await;
    let run = stage.client.start(&flow.id, sent("i-1")).await;
    pay(&stage, "i-2", 100.0).await;
    pay(&stage, "i-1", 60.0).await;
    pay(&stage, "i-1", 40.0).await;
    let end = stage.end(&json!(run)).await;
    assert_eq!(end["output"], json!({ "state": "paid", "paid": 100, "reminders": 0 }), "{end}");
    assert!(stage.hosts.calls("mail").is_empty());
}

#[tokio::test]
async fn a_customer_who_never_pays_is_reminded_three_times_and_handed_to_collections() {
    let stage = Stage::new(mail).await;
    let flow = stage.publish("payment-reminder", |flow| waits(flow, json!(50))).await;
    let run = stage.client.start(&flow.id, sent("i-1")).await;
    let end = stage.end(&json!(run)).await;
    assert_eq!(end["output"], json!({ "state": "overdue", "paid": 0, "case": "c-1" }), "{end}");
    let mails = stage.hosts.calls("mail");
    let templates: Vec<_> = mails.iter().map(|call| call.json()["template"].clone()).collect();
    assert_eq!(templates, ["friendly", "firm", "last"]);
    assert!(mails.iter().all(|call| call.authorization() == "Bearer value-of-MAIL_TOKEN"));
    assert!(mails[0].key() != mails[1].key() && mails[1].key() != mails[2].key(), "each is one of its own");
    let case = &stage.hosts.calls("collections")[0];
    assert_eq!(case.json(), json!({ "invoice": "i-1", "customer": "ada@acme.example", "open": 100 }));
}

#[tokio::test]
async fn a_payment_after_the_first_reminder_ends_the_reminding() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let stage = Stage::new(move |call| {
        // The mail is under way until the payment is there, so the next wait finds it.
        held.lock().unwrap().recv().unwrap();
        mail(call)
    })
    .await;
    let flow = stage.publish("payment-reminder", |flow| waits(flow, json!(50))).await;
    let run = stage.client.start(&flow.id, sent("i-1")).await;
    stage.hosts.until_called("mail", 1).await;
    pay(&stage, "i-1", 100.0).await;
    release.send(()).unwrap();
    let end = stage.end(&json!(run)).await;
    assert_eq!(end["output"], json!({ "state": "paid", "paid": 100, "reminders": 1 }), "{end}");
    assert_eq!(stage.hosts.calls("mail").len(), 1);
}
