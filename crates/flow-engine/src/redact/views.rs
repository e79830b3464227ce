//! Other ways to read a text: with the escapes undone that a program may have put in.

/// A text read another way.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Where each byte, and the end, is in the original text.
    pub(super) places: Vec<usize>,
}

/// A way to read a text; none when it makes no difference.
pub(super) type Way = fn(&[u8], &dyn Fn(usize) -> usize) -> Option<View>;

/// Every way.
pub(super) const WAYS: [Way; 3] = [percent, form, json];

/// With percent-encoding undone (RFC 3986 §2.1).
fn percent(bytes: &[u8], place: &dyn Fn(usize) -> usize) -> Option<View> {
    bytes.contains(&b'%').then(|| read(bytes, place, percent_byte))
}

/// With the encoding of forms undone, where a space is `+`.
fn form(bytes: &[u8], place: &dyn Fn(usize) -> usize) -> Option<View> {
    let read_one = |rest: &[u8], out: &mut Vec<u8>| match rest {
        [b'+', ..] => {
            out.push(b' ');
            Some(1)
        }
        _ => percent_byte(rest, out),
    };
    bytes.contains(&b'+').then(|| read(bytes, place, read_one))
}

/// With the escapes of JSON undone (RFC 8259 §7).
fn json(bytes: &[u8], place: &dyn Fn(usize) -> usize) -> Option<View> {
    bytes.contains(&b'\\').then(|| read(bytes, place, json_escape))
}

/// Reads a text: `read_one` reads an escape at the beginning of what is left, writes what it stands for and says how long
/// it is. What is none stands for itself.
fn read(
    bytes: &[u8],
    place: &dyn Fn(usize) -> usize,
    read_one: impl Fn(&[u8], &mut Vec<u8>) -> Option<usize>,
) -> View {
    let mut view =
        View { bytes: Vec::with_capacity(bytes.len()), places: Vec::with_capacity(bytes.len() + 1) };
    let mut at = 0;
    while at < bytes.len() {
        let length = read_one(&bytes[at..], &mut view.bytes).unwrap_or_else(|| {
            view.bytes.push(bytes[at]);
            1
        });
        view.places.resize(view.bytes.len(), place(at));
        at += length;
    }
    view.places.push(place(bytes.len()));
    view
}

fn percent_byte(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let [b'%', high, low, ..] = rest else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    out.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
    Some(3)
}

fn json_escape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let [b'\\', kind, ..] = rest else { return None };
    let byte = match kind {
        b'"' | b'\\' | b'/' => *kind,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode_escape(rest, out),
        _ => return None,
    };
    out.push(byte);
    Some(2)
}

fn unicode_escape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let unit = |at: usize| {
        let escape = str::from_utf8(rest.get(at..at + 6)?).ok()?;
        u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
    };
    let first = unit(0)?;
    let units = [first, unit(6).unwrap_or(0)];
    let character = char::decode_utf16(units).next()?.ok()?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(6 * character.len_utf16())
}
