//! How a value is written where it stands: in a form, in JSON, in a path, in a header.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// A whole JSON value.
    Json,
    /// Inside a JSON string.
    JsonInner,
    /// A path segment.
    Segment,
    /// A header.
    Raw,
    /// Any text, as it is.
    Verbatim,
}

/// A value as text: a text without its quotes.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        _ => value.to_string(),
    }
}

pub(super) fn encode(value: &Json, encoding: Encoding, into: &mut String) {
    match (value, encoding) {
        (Json::String(text), _) => encode_text(text, encoding, into),
        (Json::Null, Encoding::Form | Encoding::Segment | Encoding::Raw | Encoding::Verbatim) => {}
        (_, Encoding::Json | Encoding::JsonInner) => {
            write!(into, "{value}").expect("writing to a String does not fail")
        }
        _ => encode_text(&value.to_string(), encoding, into),
    }
}

pub(super) fn encode_text(text: &str, encoding: Encoding, into: &mut String) {
    match encoding {
        Encoding::Form => encode_form(text, into),
        Encoding::Segment => encode_segment(text, into),
        Encoding::Raw => into.extend(text.chars().filter(|char| !char.is_control())),
        Encoding::Verbatim => into.push_str(text),
        Encoding::Json => {
            into.push('"');
            encode_json(text, into);
            into.push('"');
        }
        Encoding::JsonInner => encode_json(text, into),
    }
}

/// The WHATWG form encoding: `*-._` and alphanumerics stay, a space is `+`, all else is `%XX`.
pub(crate) fn encode_form(text: &str, into: &mut String) {
    escape_runs(text, into, is_form_plain, |byte, into| match byte {
        b' ' => into.push('+'),
        _ => percent(byte, into),
    });
}

/// A path segment: RFC 3986 unreserved characters stay.
fn encode_segment(text: &str, into: &mut String) {
    escape_runs(
        text,
        into,
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'),
        percent,
    );
}

const fn is_form_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_')
}

fn encode_json(text: &str, into: &mut String) {
    escape_runs(
        text,
        into,
        |byte| byte >= 0x20 && byte != b'"' && byte != b'\\',
        |byte, into| match byte {
            b'"' => into.push_str("\\\""),
            b'\\' => into.push_str("\\\\"),
            b'\n' => into.push_str("\\n"),
            b'\r' => into.push_str("\\r"),
            b'\t' => into.push_str("\\t"),
            _ => write!(into, "\\u{byte:04x}").expect("writing to a String does not fail"),
        },
    );
}

fn percent(byte: u8, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    into.push('%');
    into.push(char::from(HEX[usize::from(byte >> 4)]));
    into.push(char::from(HEX[usize::from(byte & 15)]));
}

/// How many bytes are looked at together; a whole block without a special byte is copied at once.
const BLOCK: usize = 32;

/// Copies runs of plain bytes whole and escapes the others. Tokens are two kilobytes of nearly only plain bytes, so the plain blocks are
/// what must be fast: the test over a fixed-size block has no branches and is vectorised.
fn escape_runs(
    text: &str,
    into: &mut String,
    plain: impl Fn(u8) -> bool,
    escape: impl Fn(u8, &mut String),
) {
    let bytes = text.as_bytes();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(block) = bytes.get(at..at + BLOCK)
            && block.iter().fold(true, |all, byte| all & plain(*byte))
        {
            at += BLOCK;
            continue;
        }
        let end = (at + BLOCK).min(bytes.len());
        while at < end {
            if !plain(bytes[at]) {
                // Non-ASCII bytes count as plain only for JSON, where whole characters are copied; so a cut here is at a boundary.
                into.push_str(&text[start..at]);
                escape(bytes[at], into);
                start = at + 1;
                while !text.is_char_boundary(start) {
                    escape(bytes[start], into);
                    start += 1;
                }
                at = start;
            } else {
                at += 1;
            }
        }
    }
    into.push_str(&text[start.min(text.len())..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, encoding: Encoding) -> String {
        let mut out = String::new();
        encode_text(text, encoding, &mut out);
        out
    }

    proptest! {
        #[test]
        fn a_form_value_reads_back(text in "\\PC{0,80}") {
            let body = format!("k={}", encoded(&text, Encoding::Form));
            let read: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
            prop_assert_eq!(&read[0].1, &text);
            let reference: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(&body[2..], reference);
        }

        #[test]
        fn a_json_text_reads_back(text in any::<String>()) {
            let read: String = serde_json::from_str(&encoded(&text, Encoding::Json)).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn a_segment_has_no_separator(text in any::<String>()) {
            let segment = encoded(&text, Encoding::Segment);
            prop_assert!(!segment.contains(['/', '?', '#', '|', ' ']));
            let url = url::Url::parse(&format!("http://h/{segment}x")).unwrap();
            prop_assert!(url.path().ends_with('x'));
        }

        #[test]
        fn a_header_stays_on_its_line(text in any::<String>()) {
            prop_assert!(!encoded(&text, Encoding::Raw).contains(['\r', '\n']));
        }
    }
}
