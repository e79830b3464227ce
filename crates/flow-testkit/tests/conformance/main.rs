//! The suite on the store in memory, and a check that no case is left out of the macro.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use flow_engine::MemoryStore;

flow_testkit::conformance_tests!((Arc::new(MemoryStore::new()), ()));

/// A case that nobody instantiates checks nothing.
#[test]
fn the_macro_lists_every_case() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let listed = fs::read_to_string(source.join("macros.rs")).unwrap();
    let listed: BTreeSet<(String, String)> = listed.split("@group ").flat_map(group).collect();
    let mut written = BTreeSet::new();
    for file in fs::read_dir(&source).unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let cases = text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('));
        written.extend(cases.map(|(case, _)| (module.clone(), case.to_owned())));
    }
    assert!(written.len() > 50, "the cases are found: {written:?}");
    assert_eq!(written.difference(&listed).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

/// The cases in one `@group` of the macro.
fn group(text: &str) -> Vec<(String, String)> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default().to_owned();
    words.map_while(|word| word.strip_suffix(',')).map(|case| (name.clone(), case.to_owned())).collect()
}
