//! The codes of failures: those that steps and runs can have are described in `docs/FLOWS.md`, and those that are
//! described are asserted by some test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where failures of steps and runs are made.
const MAKERS: [&str; 3] = ["flow-engine", "flow-expr", "flow-steps"];

/// What stands before the code of one.
const BEGINNINGS: [&str; 6] = [
    "RunError::new(",
    "StepError::new(",
    "FunctionError::new(",
    "ValueRefused::new(",
    "with_faults(",
    "StepError { code: ",
];

/// Where codes are the arms of a `match`.
const MATCHES: [&str; 7] = [
    "flow-expr/src/error.rs",
    "flow-expr/src/script.rs",
    "flow-engine/src/engine/limits.rs",
    "flow-engine/src/drive/children.rs",
    "flow-steps/src/http_request/failure.rs",
    "flow-steps/src/llm/failure.rs",
    "flow-engine/src/drive/files.rs",
];

/// What no run ever fails with: an evaluation that waits for its scripts, and the steps of a unit's own tests.
const INTERNAL: [&str; 3] = ["script_pending", "again", "never"];

/// What is written like a code in the description and is none.
const NO_CODES: [&str; 3] = ["flow_completed", "max_tokens", "api_trigger"];

/// What no test brings about: it takes gigabytes of secrets.
const UNMET: [&str; 1] = ["secret_too_large"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Rust files under a folder, by their paths.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn described() -> String {
    fs::read_to_string(root().join("docs/FLOWS.md")).unwrap()
}

/// The code in quotes that a text begins with, white space aside.
fn quoted(text: &str) -> Option<&str> {
    let code = text.trim_start().strip_prefix('"')?.split('"').next()?;
    let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_code.then_some(code)
}

/// The codes that the sources can make.
fn made() -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for maker in MAKERS {
        let mut files = Vec::new();
        sources(&root().join("crates").join(maker).join("src"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let is_match = MATCHES.iter().any(|path| file.ends_with(path));
            let beginnings = BEGINNINGS.into_iter().chain(is_match.then_some("=> "));
            for beginning in beginnings {
                made.extend(text.split(beginning).skip(1).filter_map(quoted).map(str::to_owned));
            }
        }
    }
    made.retain(|code| !INTERNAL.contains(&code.as_str()));
    made
}

/// The codes in the description: words with `_`, in backticks.
fn documented(text: &str) -> BTreeSet<&str> {
    let words = text.split('`').skip(1).step_by(2);
    let is_code = |word: &&str| {
        word.contains('_')
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            && !NO_CODES.contains(word)
    };
    words.filter(is_code).chain(["timeout", "network"]).collect()
}

#[test]
fn every_code_that_a_run_can_fail_with_is_described() {
    let made = made();
    for code in
        ["wait_expired", "http_status", "llm_refused", "type_error", "output_too_deep", "no_api_trigger"]
    {
        assert!(made.contains(code), "the sources aren't read as they are written: no {code} in {made:?}");
    }
    let text = described();
    let missing: Vec<_> = made.iter().filter(|code| !text.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "docs/FLOWS.md doesn't describe {missing:?}");
}

#[test]
fn every_code_that_is_described_is_asserted_by_a_test() {
    let mut files = Vec::new();
    for crates in ["crates", "bins"] {
        for package in fs::read_dir(root().join(crates)).unwrap() {
            let tests = package.unwrap().path().join("tests");
            if tests.is_dir() {
                sources(&tests, &mut files);
            }
        }
    }
    files.retain(|file| !file.ends_with("flow-testkit/tests/codes.rs"));
    let tests: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let words: BTreeSet<_> = tests.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let text = described();
    let codes = documented(&text);
    assert!(codes.len() > 60, "the description isn't read as it is written: {codes:?}");
    let missing: Vec<_> =
        codes.into_iter().filter(|code| !words.contains(code) && !UNMET.contains(code)).collect();
    assert!(missing.is_empty(), "no test asserts {missing:?}");
}
