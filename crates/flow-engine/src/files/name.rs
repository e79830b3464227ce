//! Names and media types of files, as strangers send them, made fit for headers and for other people's disks.

/// The longest name, in bytes: what file systems allow.
const LONGEST_NAME: usize = 255;
/// The longest media type, in bytes; those of RFC 6838 have 255 with their slash.
const LONGEST_TYPE: usize = 255;
/// What has no name.
const NAMELESS: &str = "file";
/// What may be anything.
const ANYTHING: &str = "application/octet-stream";

/// The name without a path before it, control characters and characters that turn the direction of text, which can make
/// `exe.pdf` of `fdp.exe`. Too long a name loses the end of its stem and keeps its extension.
pub(super) fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    let kept = kept.trim().trim_matches('.').trim();
    if kept.is_empty() {
        return NAMELESS.to_owned();
    }
    let dot = kept.rfind('.').filter(|dot| *dot > 0 && kept.len() - dot <= LONGEST_NAME / 2);
    let (stem, extension) = kept.split_at(dot.unwrap_or(kept.len()));
    let end = stem.floor_char_boundary(LONGEST_NAME - extension.len());
    format!("{}{extension}", &stem[..end.min(stem.len())])
}

const fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The media type, if it can stand in a header.
pub(super) fn content_type(given: &str) -> &str {
    let given = given.trim();
    let is_sane = given.len() <= LONGEST_TYPE
        && given.contains('/')
        && given.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if is_sane { given } else { ANYTHING }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_harmless() {
        for (sent, kept) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\photo 1.jpg", "photo 1.jpg"),
            ("a\0b\r\nc\u{7f}.txt", "abc.txt"),
            ("gnp\u{202e}fdp.exe", "gnpfdp.exe"),
            (" .hidden. ", "hidden"),
            ("Überblick 漢字.csv", "Überblick 漢字.csv"),
            ("..", "file"),
            ("", "file"),
            ("dir/", "file"),
        ] {
            assert_eq!(harmless(sent), kept, "{sent:?}");
        }
        let long = harmless(&format!("{}.tar", "é".repeat(400)));
        assert!(long.len() <= 255 && long.len() > 250 && long.ends_with("é.tar"), "{long}");
        assert_eq!(harmless(&format!("a.{}", "x".repeat(400))).len(), 255);
    }

    #[test]
    fn a_media_type_can_stand_in_a_header() {
        assert_eq!(content_type(" text/csv; charset=utf-8 "), "text/csv; charset=utf-8");
        for odd in ["", "csv", "text/a\r\nX-Evil: 1", "text/\u{e9}", &"a/b".repeat(200)] {
            assert_eq!(content_type(odd), "application/octet-stream", "{odd:?}");
        }
    }
}
