//! Ids, names, times and version choices: what parses, and that printing and parsing agree.

use std::time::Duration;

use flow_model::{
    DefinitionHash, ExecutionId, FlowId, RunId, SecretName, StepId, Timestamp, VariableName, VersionSelector,
    VisitPath,
};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #[test]
    fn an_id_prints_and_parses(bytes in any::<[u8; 16]>(), millis in 0_i64..(1 << 47), random in any::<[u8; 10]>()) {
        let id = RunId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse::<RunId>().unwrap(), id);
        prop_assert_eq!(RunId::from_bytes(*id.as_bytes()), id);
        let made = RunId::new(Timestamp::from_millis(millis), random);
        let later = RunId::new(Timestamp::from_millis(millis + 1), random);
        prop_assert!(made < later && made.to_string() < later.to_string(), "ids sort by their time");
        let text = serde_json::to_string(&made).unwrap();
        prop_assert_eq!(serde_json::from_str::<RunId>(&text).unwrap(), made);
    }

    #[test]
    fn an_execution_id_prints_and_parses(bytes in any::<[u8; 16]>(), visit in "[a-z0-9_:#/\\[\\]-]{0,40}") {
        let id = ExecutionId { run: RunId::from_bytes(bytes), visit: VisitPath::from_stored(&visit) };
        prop_assert_eq!(id.to_string().parse::<ExecutionId>().unwrap(), id);
    }

    #[test]
    fn any_text_is_something_or_an_error(text in any::<String>()) {
        let _ = text.parse::<ExecutionId>();
        if let Ok(id) = text.parse::<RunId>() {
            prop_assert_eq!(id.to_string(), text.clone(), "an id has one spelling");
        }
        if let Ok(name) = text.parse::<StepId>() {
            prop_assert_eq!(name.as_str(), text.as_str());
            let _ = name.default_variable();
        }
        if let Ok(selector) = text.parse::<VersionSelector>() {
            prop_assert_eq!(selector.to_string().parse::<VersionSelector>().unwrap(), selector);
        }
        if let Err(error) = text.repeat(50).parse::<VariableName>() {
            prop_assert!(error.to_string().len() < 1000, "an error quotes a part");
        }
    }

    #[test]
    fn a_choice_of_a_version_prints_and_parses(
        text in prop_oneof![
            "[1-9][0-9]{0,8}", "v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}", "[\\^~=><]{1,2}[0-9]{1,2}(\\.[0-9]{1,2}){0,2}",
            "[0-9]\\.[x*]", ">=1\\.[0-9], <[2-9]",
        ],
    ) {
        if let Ok(selector) = text.parse::<VersionSelector>() {
            prop_assert_eq!(selector.to_string().parse::<VersionSelector>().unwrap(), selector);
        }
    }

    #[test]
    fn moments_order_and_add(millis in any::<i64>(), delay in any::<u64>()) {
        let at = Timestamp::from_millis(millis);
        let later = at.after(Duration::from_millis(delay));
        prop_assert!(later >= at);
        prop_assert!(later.since(at) <= Duration::from_millis(delay));
        prop_assert_eq!(at.since(later), if later == at { later.since(at) } else { Duration::ZERO });
        prop_assert!(!at.to_string().is_empty());
        prop_assert_eq!(serde_json::from_value::<Timestamp>(json!(millis)).unwrap(), at);
    }
}

#[test]
fn an_id_has_one_spelling() {
    let id = FlowId::from_bytes([0xab; 16]);
    let text = id.to_string();
    let wrong = [
        text.to_uppercase(),
        text.replace('-', ""),
        format!("{{{text}}}"),
        format!("urn:uuid:{text}"),
        format!(" {text}"),
        format!("{text}\n"),
        String::new(),
        "ä".repeat(18),
        text.replacen('-', "+", 1),
    ];
    for wrong in wrong {
        assert!(wrong.parse::<FlowId>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_moment_is_shown_as_rfc_3339_in_utc() {
    let shown = |millis| Timestamp::from_millis(millis).to_string();
    assert_eq!(shown(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(shown(1_767_225_600_001), "2026-01-01T00:00:00.001Z");
    assert_eq!(shown(-1), "1969-12-31T23:59:59.999Z");
    let ends = [i64::MIN, i64::MAX].map(shown);
    assert!(ends.iter().all(|text| text.ends_with('Z')));
}

#[test]
fn names_keep_their_rules() {
    let long = "a".repeat(64);
    for right in ["a", "A-b_9", "0", long.as_str()] {
        assert!(right.parse::<StepId>().is_ok(), "{right}");
    }
    let too_long = "a".repeat(65);
    for wrong in ["", "a b", "a/b", "a.b", "ä", too_long.as_str(), "a\n"] {
        assert!(wrong.parse::<StepId>().is_err(), "{wrong}");
    }
    let umlauts = "ä".repeat(64);
    for right in ["a", "_", "$x", "größe", "x9", long.as_str(), umlauts.as_str()] {
        assert!(right.parse::<VariableName>().is_ok(), "{right}");
    }
    for wrong in ["", "9a", "a-b", "a b", "a.b", too_long.as_str(), "٣a", "class", "null", "true", "this"] {
        assert!(wrong.parse::<VariableName>().is_err(), "{wrong}");
    }
    let variable = |id: &str| id.parse::<StepId>().unwrap().default_variable().map(|name| name.to_string());
    assert_eq!(variable("load-it").as_deref(), Some("load_it"));
    assert_eq!(variable("9"), None);
    assert_eq!(serde_json::from_value::<StepId>(json!("a b")).ok(), None, "stored names are checked too");
}

#[test]
fn version_choices() {
    use VersionSelector::{Label, Latest, Number, Range};
    let parse = |text: &str| text.parse::<VersionSelector>();
    assert_eq!(parse("latest"), Ok(Latest));
    assert_eq!(parse(" 3 "), Ok(Number(3)));
    assert!(matches!(parse("1.4.0"), Ok(Label(_))));
    assert_eq!(parse("v1.4.0"), parse("1.4.0"));
    for range in ["^1.2", "~1", ">=1, <3", "1.2", "*", "=1.2.3", "1.x"] {
        assert!(matches!(parse(range), Ok(Range(_))), "{range}");
    }
    for wrong in ["", "0", "-1", "newest", "v", "1.2.3.4", "^", "1..2"] {
        let error = parse(wrong).unwrap_err().to_string();
        assert!(error.contains("`latest`"), "{error}");
    }
    assert!(parse(&"x".repeat(10_000)).unwrap_err().to_string().len() < 300);
}

#[test]
fn a_visit_names_its_step() {
    let step = |path| VisitPath::from_stored(path).step().to_owned();
    assert_eq!(step("ask"), "ask");
    assert_eq!(step("orders[17]/call"), "call");
    assert_eq!(step("fan:left/loop#3/ask"), "ask");
    assert_eq!(VisitPath::top(&"ask".parse().unwrap()).as_str(), "ask");
}

#[test]
fn a_definitions_hash_is_that_of_its_text() {
    let one = DefinitionHash::of(&json!({ "a": 1, "b": 2 }));
    assert_ne!(one, DefinitionHash::of(&json!({ "b": 2, "a": 1 })), "the author's order counts");
    assert_eq!(one, DefinitionHash::from_bytes(*one.as_bytes()));
    assert_eq!(
        one.to_string(),
        // printf '{"a":1,"b":2}' | sha256sum
        "43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777"
    );
}

#[test]
fn a_secret_is_named_by_letters_digits_and_underscores() {
    let long = "A".repeat(128);
    for right in ["A", "_", "key", "API_KEY_2", "_9", "class", &long] {
        assert!(right.parse::<SecretName>().is_ok(), "{right}");
    }
    for wrong in ["", "9", "a-b", "a.b", "a b", "ü", "$a", "A}}", &format!("{long}A")] {
        assert!(wrong.parse::<SecretName>().is_err(), "{wrong}");
    }
}
