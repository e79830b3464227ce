//! Time is the run's, and local time is UTC.

use serde_json::{Value, json};

use crate::support::{NOW, expressions, pools, value};

#[test]
fn the_clock_stands_still() {
    let cases = [
        ("Date.now()", json!(NOW)),
        ("new Date().getTime()", json!(NOW)),
        ("new Date()", json!("2026-01-31T09:00:00.000Z")),
        ("Date().slice(0, 24)", json!("Sat Jan 31 2026 09:00:00")),
        ("typeof Date(0)", json!("string")),
        ("Reflect.construct(Date, []).getTime()", json!(NOW)),
        ("new (class extends Date {})().getTime()", json!(NOW)),
        ("new (class extends Date { twice() { return this * 2 } })(4).twice()", json!(8)),
        ("new (new Date(5).constructor)().getTime()", json!(NOW)),
        ("Date.bind(null)().slice(0, 3)", json!("Sat")),
        ("new (Date.bind(null))().getTime()", json!(NOW)),
        ("Object.getPrototypeOf(new Date()) === Date.prototype", json!(true)),
        ("new Date() instanceof Date", json!(true)),
        ("(() => { for (let i = 0; i < 1e5; i++); return Date.now() })()", json!(NOW)),
        ("typeof performance", json!("undefined")),
        ("Date.now.name + Date.now.length", json!("now0")),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn dates_work_as_ever() {
    let cases = [
        ("new Date(2020, 1, 29).toISOString()", json!("2020-02-29T00:00:00.000Z")),
        ("new Date('2020-07-01T12:00').toISOString()", json!("2020-07-01T12:00:00.000Z")),
        ("new Date('2020-07-01T12:00:00+02:00').getHours()", json!(10)),
        ("Date.parse('2020-07-01')", json!(1_593_561_600_000_i64)),
        ("Date.UTC(2020, 0)", json!(1_577_836_800_000_i64)),
        ("new Date(undefined).getTime()", json!(null)),
        ("new Date(new Date(5)).getTime()", json!(5)),
        ("[Date.name, Date.length, typeof Date]", json!(["Date", 7, "function"])),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[tokio::test]
async fn local_time_is_utc() {
    let source = "[new Date(2020, 6, 1).toISOString(), new Date(0).getTimezoneOffset(), \
                  new Date(0).toString(), new Date(1.59e12).getHours() - new Date(1.59e12).getUTCHours()]";
    let expected: Value =
        json!(["2020-07-01T00:00:00.000Z", 0, "Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)", 0]);
    for (name, engine) in pools() {
        let mut outcome = engine.evaluate(expressions(&[source])).await;
        assert_eq!(outcome.failure, None);
        // The name of the zone is the system's.
        let shown = outcome.values[0][2].take();
        assert!(shown.as_str().unwrap().starts_with("Thu Jan 01 1970 00:00:00 GMT+0000"), "{name}: {shown}");
        outcome.values[0][2] = expected[2].clone();
        assert_eq!(outcome.values[0], expected, "{name}");
    }
}
