//! The flows of `docs/examples`: each is published, started as its trigger says, and plays with local stand-ins of
//! the hosts that it calls. That they validate is a test of the command line.

mod assistant;
mod finance;
mod hosts;
mod integration;
mod on_call;
mod onboarding;
mod report;
mod sales;
mod stage;

/// Where they are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");

#[test]
fn the_table_of_examples_names_each_with_its_secrets_and_hosts() {
    let table = std::fs::read_to_string(format!("{FOLDER}/README.md")).unwrap();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let row = table.lines().find(|line| line.starts_with(&format!("| [{name}]({name}) |")));
        let row = row.unwrap_or_else(|| panic!("{name} has no row"));
        let document = std::fs::read_to_string(&path).unwrap();
        for needed in stage::secrets_of(&document).into_iter().chain(stage::hosts_of(&document)) {
            assert!(row.contains(&format!("`{needed}`")), "{name}: {needed} is missing in {row}");
        }
    }
}
