//! The last look at what was written: does a secret stand in it, as it is or under the escapes of its format?

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use pushproof_report::{Redactor, scan_line};

use crate::command::Problem;

/// The label of a secret that stands in a file of JSON lines: as it is written, or in what is written.
pub(super) fn scan_file(path: &Path, redactor: &Redactor) -> Result<Option<String>, Problem> {
    let failed =
        |error: io::Error| Problem::usage(format!("reading `{}` again: {error}", path.display()));
    for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
        let line = line.map_err(failed)?;
        let text = String::from_utf8_lossy(&line);
        if let Some(label) = scan_line(&text, redactor) {
            return Ok(Some(label));
        }
    }
    Ok(None)
}

/// Every text in a JSON value, without the escapes of JSON. The names of members are our own.
pub(super) fn json_strings(text: &str) -> Option<String> {
    fn collect(value: &serde_json::Value, into: &mut String) {
        match value {
            serde_json::Value::String(text) => {
                into.push_str(text);
                into.push('\n');
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            serde_json::Value::Object(members) => {
                members.values().for_each(|member| collect(member, into));
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            }
        }
    }
    let mut strings = String::new();
    collect(&serde_json::from_str(text).ok()?, &mut strings);
    Some(strings)
}

/// XML's text without the references that the JUnit report uses.
pub(super) fn without_references(xml: &str) -> String {
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&amp;", "&"),
    ];
    references
        .into_iter()
        .fold(xml.to_owned(), |text, (reference, char)| {
            text.replace(reference, char)
        })
}
