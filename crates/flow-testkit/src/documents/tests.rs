use flow_model::{Document, Faults, validate};

use super::*;

#[test]
fn builds_what_an_author_could_write() {
    let document = flow("Renewal check")
        .api(
            "start",
            [required("customerId", "string"), optional("note", "text"), defaulted("n", "number", 3)],
        )
        .set("vars", [("doubled", json!("{{n * 2}}"))])
        .http("load", "GET", "https://crm.example/{{customerId}}")
        .output("customer")
        .condition("risky", [("high", "customer.body.risk > 70", "ask")], Some("end"))
        .approval("ask", "Call?")
        .expires_in(60_000)
        .next("tool")
        .reject_next("sorry")
        .tool("tool", "dial", json!({ "number": "{{customer.body.phone}}" }))
        .done("end", [("risk", "{{customer.body.risk}}")])
        .fail("sorry", "rejected")
        .build();
    let faults = Faults::new();
    let read = Document::read(&document, &faults);
    validate(&read, &faults);
    assert_eq!(faults.into_vec(), []);
    let next = |id: &str| read.step(id).unwrap().next.as_ref().map(|next| next.as_str().to_owned());
    assert_eq!(next("start").as_deref(), Some("vars"));
    assert_eq!(next("risky"), None);
    assert_eq!(next("ask").as_deref(), Some("tool"));
    assert_eq!(next("end"), None);
    assert_eq!(read.step("load").unwrap().output.as_ref().unwrap().as_str(), "customer");
}

#[test]
fn adds_nothing_of_its_own() {
    let document = flow("f").step("a", "x", json!(null)).ends().step("b", "y", json!({ "k": 1 })).build();
    let steps =
        json!([{ "id": "a", "type": "x", "data": {} }, { "id": "b", "type": "y", "data": { "k": 1 } }]);
    assert_eq!(document, json!({ "name": "f", "definition": { "steps": steps }, "settings": {} }));
    let document = flow("f").setting("s", true).member("tags", json!(["t"])).build();
    assert_eq!((&document["settings"]["s"], &document["tags"][0]), (&json!(true), &json!("t")));
}
