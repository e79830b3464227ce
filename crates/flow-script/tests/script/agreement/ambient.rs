//! Time, chance and links are the same for both.

use flow_expr::{Ambient, ChanceSource, Expression};
use serde_json::json;

use super::names::{Names, RESUME_URL};
use crate::support::{NOW, expressions, run};

const PARTS: [&str; 14] = [
    "Math.random()",
    "uuid()",
    "getDate()",
    "Date.now()",
    "Math.random() < 0.5 ? uuid() : Math.random()",
    "Math.random() < 0.5 && uuid()",
    "[uuid(), Math.random()].toReversed()",
    "Math.floor(Math.random() * 6)",
    "`${uuid()} ${Math.random()}`",
    "JSON.stringify({ at: Date.now(), id: uuid() })",
    "getDate().slice(0, 10)",
    "Date.now() % 1000",
    "resumeUrl('ask')",
    "resumeUrl('ask', Math.random() < 0.5 ? 'approve' : 'reject')",
];

#[test]
fn time_chance_and_links_agree() {
    for (at, first) in PARTS.iter().enumerate() {
        for second in PARTS {
            let source = format!("[{first}, {second}, Math.random()]");
            let chance = || ChanceSource { seed: at as u64, place: "step".into() };
            let ambient = Some(Ambient::new(NOW, "2026-01-31T09:00:00.000Z", chance()));
            let native = Expression::parse(&source).unwrap();
            assert!(!native.is_script(), "{source}");
            let native = native.evaluate(&Names { ambient, ..Names::of(&json!({})) }).unwrap();
            let mut script = expressions(&[&source]);
            script.chance = chance();
            script.resume_urls.push(("ask".into(), RESUME_URL.to_owned()));
            assert_eq!(run(&script).values, [(*native).clone()], "{source}");
        }
    }
}
