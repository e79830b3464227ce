//! The table of errors, whole: a change of a code, a status or a title is a change of the contract.

use flow_http::Code;

#[test]
fn every_code_with_its_status_and_title() {
    let rows = Code::ALL.iter();
    let rows = rows.map(|code| format!("{} {} {}", code.status().as_u16(), code.as_str(), code.title()));
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}
