//! [`Path`]: a place in a reply.

use std::fmt;

/// A place in a reply, from the top. Written with dots: `mfa_requirements.challenge.*.type`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into the elements of an array, or the values of a map. Written `*`.
    Each,
    /// Into the member so named. Written bare, or as a JSON string if it is not a plain word.
    Member(String),
}

/// A path of no segments, which is the reply itself, is written `.`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        for (at, segment) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            match segment {
                Segment::Each => f.write_str("*")?,
                Segment::Member(name) => f.write_str(&label(name))?,
            }
        }
        Ok(())
    }
}

/// A member's name as it is written: bare if it is a plain word, else quoted.
pub(crate) fn label(name: &str) -> String {
    if is_plain(name) {
        name.to_owned()
    } else {
        quote(name)
    }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A JSON string in which nothing is left that moves a terminal's cursor, hides or reorders text.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            _ if is_shown(char) => quoted.push(char),
            _ => {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    quoted.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Not shown: control characters, line and paragraph separators, blanks other than the space, and the invisible
/// formatting characters of Unicode (zero width, bidirectional controls, tags).
fn is_shown(char: char) -> bool {
    let is_format = matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    char == ' ' || !(char.is_control() || char.is_whitespace() || is_format)
}

/// A pattern cut at its dots; a quoted segment is one name, whatever stands in it.
pub(crate) fn split(pattern: &str) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let (cut, after) = first_cut(rest);
        cuts.push(cut);
        rest = after;
    }
    cuts
}

/// A segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As it stands; `*`, `**` and digits have a meaning.
    Bare(String),
    /// A name and nothing else.
    Name(String),
}

fn first_cut(rest: &str) -> (Cut, &str) {
    if rest.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        if let Some(Ok(name)) = values.next() {
            let after = &rest[values.byte_offset()..];
            return (Cut::Name(name), after.strip_prefix('.').unwrap_or(after));
        }
    }
    let (cut, after) = rest.split_once('.').unwrap_or((rest, ""));
    (Cut::Bare(cut.to_owned()), after)
}
