//! How deep a JSON text is nested, without parsing it.

/// Line and column, from 1, of the bracket that opens one level too many; none when the text stays within
/// the limit. Brackets inside strings don't count. Of a text that is no JSON the answer means little, and
/// the parser says the rest.
pub(super) fn exceeded(text: &[u8], limit: usize) -> Option<(usize, usize)> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return Some(position(text, at));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn position(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, at - line_start + 1)
}

#[cfg(test)]
mod tests {
    use super::exceeded;

    #[test]
    fn counts_brackets_outside_of_strings() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(exceeded(nested(128).as_bytes(), 128), None);
        assert_eq!(exceeded(nested(129).as_bytes(), 128), Some((1, 129)));
        assert_eq!(exceeded(br#"["[[[", "\"[[", [], {}]"#, 2), None);
        assert_eq!(exceeded(b"[\n [\n  {}]]", 2), Some((3, 3)));
    }
}
