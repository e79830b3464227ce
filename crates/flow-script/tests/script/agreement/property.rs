//! Random cases, many in one context.
//!
//! `FLOW_AGREE_CASES` says how many, and `FLOW_AGREE_SEED` plays those of a failure again.

use std::{
    env,
    hash::{BuildHasher as _, RandomState},
    str::FromStr,
};

use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{RngAlgorithm, TestCaseError, TestCaseResult, TestRng, TestRunner},
};

use super::{
    both::{Case, in_quickjs},
    calculation::calculation,
    choices::Choices,
    generate,
    source::Source,
};

const CASES: usize = 10_000;

/// The cases that share a context.
const TOGETHER: usize = 50;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[test]
fn random_expressions_agree() {
    check(generate::any, setting("FLOW_AGREE_CASES").unwrap_or(CASES));
}

#[test]
fn random_calculations_agree() {
    check(calculation, setting("FLOW_AGREE_CASES").unwrap_or(CASES) / 2);
}

fn check(source: fn(&mut Choices<'_>) -> Source, cases: usize) {
    let strategy = (vec(any::<u16>(), 0..80), vec(any::<u16>(), 0..60))
        .prop_map(|(numbers, values)| Case::of(source, &numbers, &values));
    let seed: u64 = setting("FLOW_AGREE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (mut done, mut drawn) = (0, 0);
    while done < cases {
        let mut trees = Vec::new();
        while trees.len() < TOGETHER {
            let tree = strategy.new_tree(&mut runner).expect("no case is refused");
            drawn += 1;
            if let Some(native) = tree.current().natively() {
                trees.push((tree, native));
            }
        }
        let batch: Vec<Case> = trees.iter().map(|(tree, _)| tree.current()).collect();
        for ((tree, native), script) in trees.into_iter().zip(in_quickjs(batch.iter())) {
            if !tree.current().agrees(&native, &script) {
                let failure = runner.run_one(tree, |case| alone(&case));
                panic!("FLOW_AGREE_SEED={seed}: {failure:?}");
            }
        }
        done += batch.len();
    }
    assert!(done * 10 > drawn * 8, "of {drawn} expressions only {done} are native and small");
}

/// Checks one case, to find the smallest one that fails.
fn alone(case: &Case) -> TestCaseResult {
    let Some(native) = case.natively() else { return Ok(()) };
    let script = in_quickjs([case].into_iter()).pop().expect("one case has one outcome");
    if case.agrees(&native, &script) {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("natively {native:?}, in QuickJS {script:?}")))
}
