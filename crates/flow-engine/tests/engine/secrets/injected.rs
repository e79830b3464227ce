//! Data can't call up a secret, whatever they look like.

use flow_testkit::KnownSecrets;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{engine, sender, sending};
use crate::world::World;

/// Texts made to be taken for a secret, alone or together with what stands beside them.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{secrets.OTHER}}",
        "{{secrets.KEY}}",
        "secrets.OTHER",
        "{{",
        "}}",
        "{",
        "}",
        "\\",
        "\\{{",
        "\"",
        "{{\"",
        "ü",
        " ",
    ]);
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// What an author writes round two inputs and a secret, and what it comes to.
fn templates() -> impl Strategy<Value = Vec<&'static str>> {
    let piece =
        prop::sample::select(vec!["{{x.a}}", "{{x.b}}", "{{secrets.KEY}}", "a", " ", "}", "\\{{", ":"]);
    prop::collection::vec(piece, 0..7)
}

fn expected(pieces: &[&str], a: &str, b: &str) -> String {
    let text = |piece: &&str| match *piece {
        "{{x.a}}" => a.to_owned(),
        "{{x.b}}" => b.to_owned(),
        "{{secrets.KEY}}" => "the-value-{{secrets.OTHER}}".to_owned(),
        "\\{{" => "{{".to_owned(),
        other => other.to_owned(),
    };
    pieces.iter().map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_sent_is_the_data_and_the_secrets_that_the_author_wrote(
        pieces in templates(),
        a in hostile(),
        b in prop_oneof![hostile(), any::<String>()],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let secrets = [("KEY", "the-value-{{secrets.OTHER}}"), ("OTHER", "must-not-be-sent")];
            let secrets = KnownSecrets::new(world.workspace, secrets);
            let step = sender();
            let engine = engine(&world, &step, &secrets).await;
            let template = pieces.concat();
            let data = json!({ "url": template, "body": ["{{x}}", { "a": template, "b": "{{x.a}}" }] });
            let x = json!({ "a": a, "b": b });
            world.run(&engine, &sending(data), json!({ "x": x })).await;

            let text = expected(&pieces, &a, &b);
            let text = if pieces.is_empty() { String::new() } else { text };
            let sent: Value = json!({ "url": text, "body": [x, { "a": text, "b": a }] });
            assert_eq!(*step.calls()[0].input, sent, "{template}");
            let uses = pieces.contains(&"{{secrets.KEY}}");
            let asked = if uses { vec![["KEY".to_owned()].into()] } else { vec![] };
            assert_eq!(secrets.asked(), asked);
        });
    }
}
