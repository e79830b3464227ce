//! `nightly-report.json`.

use std::time::Duration;

use serde_json::json;

use super::hosts::{Call, reply};
use super::stage::Stage;

fn world(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "shop" => reply(200, json!({ "orders": 3, "revenue": 30.5 })),
        "wholesale" if call.number == 0 => reply(503, json!({})),
        // Slow enough to be under way when another one fails.
        "wholesale" => {
            reply(200, json!({ "orders": 1, "revenue": 900 })).set_delay(Duration::from_millis(150))
        }
        "outlet" => reply(500, json!({ "error": "closed" })),
        "mail" => reply(202, json!({})),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_report_adds_up_what_is_there_and_names_what_is_missing() {
    let stage = Stage::new(world).await;
    let flow = stage.publish("nightly-report", |_| {}).await;
    let done = stage.execute(&flow, json!({ "day": "2026-01-31" })).await;
    let expected = json!({ "orders": 4, "revenue": 930.5, "missing": ["Outlet"] });
    assert_eq!((done.status, &done.body), (200, &expected), "{}", done.body);

    for (host, count) in [("shop", 1), ("wholesale", 2), ("outlet", 2)] {
        let calls = stage.hosts.calls(host);
        assert_eq!(calls.len(), count, "{host}");
        assert_eq!(calls[0].query["day"], "2026-01-31");
        assert_eq!(calls[0].headers["x-api-key"], "value-of-STATS_KEY");
    }
    let mail = &stage.hosts.calls("mail")[0];
    assert_eq!(mail.authorization(), "Bearer value-of-MAIL_TOKEN");
    let text = "Wholesale: 1 orders, 900.00 EUR\nShop: 3 orders, 30.50 EUR\nMissing: Outlet";
    let expected = json!({
        "to": ["team@example.com"], "subject": "2026-01-31: 4 orders, 930.50 EUR", "text": text,
    });
    assert_eq!(mail.json(), expected);
    assert!(stage.log(&flow).await.iter().any(|line| line == "without Outlet"));

    let refused = stage.execute(&flow, json!({ "day": "2026-01-31", "recipients": [] })).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("below_min")));
}
