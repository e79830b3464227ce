//! The forms in which the value of a secret is looked for.
//!
//! What a view of the text undoes (see `views`) needs no form of its own: percent-encoding and the escapes of JSON.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Values of fewer bytes are not looked for: they would be found wherever they stand by chance.
pub(super) const SHORTEST: usize = 4;

/// A form of a value.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    /// A base64 digit before it holds some bits of the value.
    pub(super) shares_first: bool,
    /// A base64 digit behind it holds some bits of the value.
    pub(super) shares_last: bool,
}

impl Form {
    fn whole(text: impl Into<Vec<u8>>) -> Self {
        Self { bytes: text.into(), shares_first: false, shares_last: false }
    }
}

/// Every form of a value. The white space round it, which servers and clients drop, is nobody's secret.
pub(super) fn forms(value: &str) -> BTreeSet<Form> {
    let value = value.trim();
    // A host, and the name of a header, are told in lower case; `\`, tabs and line breaks don't outlive in a URL.
    let in_url = value.replace(['\t', '\n', '\r'], "").replace('\\', "/");
    let texts = [value.to_owned(), value.to_lowercase(), in_url];
    let texts = texts.into_iter().filter(|text| text.len() >= SHORTEST).map(Form::whole);
    let mut forms: BTreeSet<_> = texts.collect();
    if value.len() >= SHORTEST {
        written(value).iter().for_each(|text| forms.extend(encoded(text)));
    }
    forms
}

/// How a value may be written in a text that is encoded as a whole: as it is, in JSON, in a form, in a URL.
fn written(value: &str) -> BTreeSet<String> {
    let json = serde_json::Value::from(value).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    BTreeSet::from([value.to_owned(), json, form.replace('+', "%20"), form])
}

/// A text in hex and base64.
fn encoded(text: &str) -> impl Iterator<Item = Form> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = [STANDARD_NO_PAD, URL_SAFE_NO_PAD];
    let base64 =
        base64.into_iter().flat_map(|engine| [0, 1, 2].map(|before| base64_form(&engine, text, before)));
    base64.chain([hex.to_uppercase(), hex].map(Form::whole))
}

/// The base64 digits that hold nothing but bits of the value, when `before` bytes of a group of three stand before it
/// (RFC 4648 §4).
fn base64_form(engine: &GeneralPurpose, value: &str, before: usize) -> Form {
    let bytes = [&[0; 2][..before], value.as_bytes()].concat();
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    let digits = engine.encode(&bytes).into_bytes();
    Form { shares_first: before > 0, shares_last: end < digits.len(), bytes: digits[first..end].to_vec() }
}
