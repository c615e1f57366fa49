//! The run record, `record.jsonl`: one [`Line`] of JSON for each event, flushed as it happens.
//!
//! [`RecordWriter`] is the gate through which every event passes before any report sees it: it takes learnt
//! secrets out, numbers the line, and refuses to write a line in which a secret still stands. What it looks at are the texts of a line: the
//! names of members and the words from our own lists come from nobody else. [`read`] takes
//! what a killed run left behind: at most the last line is cut, and that is said, not an error.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use crate::{Event, Line, Redactor};

/// Why an event could not be recorded.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A secret would have been written; the line was not. The run ends with
    /// [`exit::SECRET_IN_OUTPUT`](crate::exit::SECRET_IN_OUTPUT).
    #[error("secret `{label}` stands in line {seq} of the record")]
    Secret {
        /// What kind of secret it is.
        label: String,
        /// The number of the line.
        seq: u64,
    },
    /// The output failed.
    #[error("writing line {seq} of the record")]
    Io {
        /// The number of the line.
        seq: u64,
        /// Why.
        source: io::Error,
    },
}

/// Writes a record. The caller says when an event happened; see [`RecordWriter::write`].
#[derive(Debug)]
pub struct RecordWriter<W> {
    out: W,
    redactor: Arc<Redactor>,
    seq: u64,
}

impl<W: Write> RecordWriter<W> {
    /// A writer that begins with line 0.
    pub fn new(out: W, redactor: Arc<Redactor>) -> Self {
        Self {
            out,
            redactor,
            seq: 0,
        }
    }

    /// Writes one event, `at_ms` real milliseconds after the run began, and gives back the event as it was
    /// written: without secrets. Reports of the running run are made of that one, so that they say what the
    /// record says.
    ///
    /// # Errors
    ///
    /// See [`WriteError`]. After [`WriteError::Secret`] the record goes on with the same number.
    pub fn write(&mut self, at_ms: u64, event: Event) -> Result<Event, WriteError> {
        let seq = self.seq;
        let (value, event) = self.line(at_ms, event);
        if let Some(label) = scan_value(&value, &self.redactor) {
            return Err(WriteError::Secret { label, seq });
        }
        let text = format!("{value}\n");
        self.out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
            .map_err(|source| WriteError::Io { seq, source })?;
        self.seq += 1;
        Ok(event)
    }

    /// The output, when the record is complete.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The line, and the event that it holds.
    fn line(&self, at_ms: u64, event: Event) -> (Value, Event) {
        // Nothing has come from the endpoint yet: what these say is no secret, whatever is handed out later.
        let is_told_before = matches!(event, Event::RunStarted { .. } | Event::CasePlanned { .. });
        let line = Line {
            v: Line::VERSION,
            seq: self.seq,
            at_ms,
            event,
        };
        let mut value = serde_json::to_value(&line).expect("a line is plain data");
        redact(&mut value, &self.redactor);
        if is_told_before {
            each_text(&value, &mut |text| self.redactor.spare(text));
        }
        let line: Line =
            serde_json::from_value(value.clone()).expect("redaction leaves our own words alone");
        (value, line.event)
    }
}

/// Members whose values are words of our own, from a closed list. A secret that equals one of them (the
/// password `acknowledged`) cannot be told from it.
const OWN_WORDS: [&str; 4] = ["kind", "level", "result", "verdict"];

fn redact(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.redact(text),
        Value::Array(items) => {
            for item in items {
                redact(item, redactor);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if !OWN_WORDS.contains(&name.as_str()) {
                    redact(member, redactor);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The label of a secret that stands in a line of a record, perhaps because it was learnt after the line was written.
pub fn scan_line(line: &str, redactor: &Redactor) -> Option<String> {
    match serde_json::from_str(line) {
        Ok(value) => scan_value(&value, redactor),
        Err(_) => redactor.scan(line),
    }
}

fn scan_value(value: &Value, redactor: &Redactor) -> Option<String> {
    let mut found = None;
    each_text(value, &mut |text| {
        found = found.take().or_else(|| redactor.scan(text));
    });
    found
}

/// Every text of a line that is not one of our own words.
fn each_text(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, look)),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !OWN_WORDS.contains(&name.as_str()))
            .for_each(|(_, member)| each_text(member, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a record holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Read {
    /// The whole lines, in order.
    pub lines: Vec<Line>,
    /// The last line, if it is not whole: the run was killed while it wrote.
    pub cut: Option<Cut>,
}

impl Read {
    /// The events, for [`Run::fold`](crate::Run::fold).
    pub fn events(self) -> impl Iterator<Item = Event> {
        self.lines.into_iter().map(|line| line.event)
    }
}

/// A last line that was cut.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// Line number in the file, 1-based.
    pub line: usize,
    /// How many bytes of it there are.
    pub bytes: usize,
}

/// Why something is not a record.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The input failed.
    #[error("reading line {line} of the record")]
    Io {
        /// Line number in the file, 1-based.
        line: usize,
        /// Why.
        source: io::Error,
    },
    /// Not a line of a record.
    #[error("line {line} of the record is not an event")]
    NotAnEvent {
        /// Line number in the file, 1-based.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A version that this code does not know.
    #[error(
        "line {line} of the record has version {version}, known is {}",
        Line::VERSION
    )]
    Version {
        /// Line number in the file, 1-based.
        line: usize,
        /// The version it has.
        version: u64,
    },
    /// Lines are missing, doubled or in another order.
    #[error("line {line} of the record has number {found} instead of {expected}")]
    Order {
        /// Line number in the file, 1-based.
        line: usize,
        /// The number it has.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
}

/// Reads a record. Only its last line may be cut, since each line is flushed whole before the next.
///
/// # Errors
///
/// See [`ReadError`]; each names its line.
pub fn read(mut input: impl BufRead) -> Result<Read, ReadError> {
    let mut read = Read::default();
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        input
            .read_until(b'\n', &mut text)
            .map_err(|source| ReadError::Io { line, source })?;
        if text.is_empty() {
            break;
        }
        // An editor may have left one.
        if text.trim_ascii().is_empty() {
            continue;
        }
        let whole = text.ends_with(b"\n");
        match parse(&text, line, read.lines.len() as u64) {
            Ok(parsed) => read.lines.push(parsed),
            Err(_) if !whole => {
                let bytes = text.len();
                read.cut = Some(Cut { line, bytes });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn parse(text: &[u8], line: usize, expected: u64) -> Result<Line, ReadError> {
    let not_an_event = |source| ReadError::NotAnEvent { line, source };
    let value: Value = serde_json::from_slice(text).map_err(not_an_event)?;
    match value["v"].as_u64() {
        Some(version) if version != u64::from(Line::VERSION) => {
            return Err(ReadError::Version { line, version });
        }
        _ => {}
    }
    let parsed: Line = serde_json::from_value(value).map_err(not_an_event)?;
    match parsed.seq {
        found if found != expected => Err(ReadError::Order {
            line,
            found,
            expected,
        }),
        _ => Ok(parsed),
    }
}
