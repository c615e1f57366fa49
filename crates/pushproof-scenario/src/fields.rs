//! From a tree to typed values, collecting every problem on the way: [`Reader`] for a file, [`Fields`] for one of its maps.
//!
//! A map is read by taking the keys that its table, a [`Map`], says it may have; what is left at the end is an unknown key, reported with the
//! nearest known name. So one pass finds all mistakes of a file, and a reader function and its table cannot differ for long: see [`grammar`].
//!
//! [`grammar`]: crate::grammar

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::fix::{self, Fix};
use crate::grammar::{Map, WordList as _, Words};
use crate::source::{Source, Span, Spanned};
use crate::yaml::{Entry, Kind, Node};

/// Longest value that a message repeats, in characters.
const SHOWN_MAX: usize = 40;

/// Reads one file; keeps its problems.
#[derive(Debug)]
pub struct Reader {
    source: Arc<Source>,
    problems: RefCell<Vec<Diagnostic>>,
}

impl Reader {
    /// A reader without problems yet.
    #[must_use]
    pub fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            problems: RefCell::default(),
        }
    }

    /// The file being read.
    #[must_use]
    pub const fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Every problem found, in the order of their places.
    #[must_use]
    pub fn into_problems(self) -> Vec<Diagnostic> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.span);
        problems
    }

    /// Reports an error at a place.
    pub fn error(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(code, Severity::Error, span, message.into(), None);
    }

    /// Reports an error with advice.
    pub fn error_with_help(
        &self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(
            code,
            Severity::Error,
            span,
            message.into(),
            Some(help.into()),
        );
    }

    /// Reports an unknown name with the nearest of the known ones, or all of them when they are few.
    pub fn unknown<'a>(
        &self,
        code: &'static str,
        span: Span,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        // A name that is known, but not as what it is needed for, is no suggestion.
        let known: Vec<&str> = known.into_iter().filter(|known| *known != name).collect();
        let right = fix::meant(name, known.iter().copied());
        self.push(self.misspelt(code, span, what, name, &known, right));
    }

    /// An unknown name; `right` is the one that certainly was meant, if one was.
    fn misspelt(
        &self,
        code: &'static str,
        span: Span,
        what: &str,
        name: &str,
        known: &[&str],
        right: Option<&str>,
    ) -> Diagnostic {
        let near = right.or_else(|| nearest(name, known.iter().copied()));
        let help = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None => Some(format!("known here: {}", listed(known))),
        };
        let message = format!("unknown {what} `{name}`");
        let fix = right.and_then(|right| fix::respell(&self.source, span, name, right));
        Diagnostic {
            fixes: fix.into_iter().collect(),
            ..self.problem(code, Severity::Error, span, message, help)
        }
    }

    /// Reports an error that quotes around `value` may put right.
    pub fn unquoted(
        &self,
        code: &'static str,
        span: Span,
        value: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let fixes: Vec<Fix> = fix::quote(&self.source, value).into_iter().collect();
        let help = Some(help.into());
        self.push(Diagnostic {
            fixes,
            ..self.problem(code, Severity::Error, span, message.into(), help)
        });
    }

    /// Reports a warning with advice.
    pub fn warn(
        &self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(
            code,
            Severity::Warning,
            span,
            message.into(),
            Some(help.into()),
        );
    }

    /// Reports that something is not there.
    pub fn note(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(code, Severity::Note, span, message.into(), None);
    }

    fn report(
        &self,
        code: &'static str,
        severity: Severity,
        span: Span,
        message: String,
        help: Option<String>,
    ) {
        self.push(self.problem(code, severity, span, message, help));
    }

    fn problem(
        &self,
        code: &'static str,
        severity: Severity,
        span: Span,
        message: String,
        help: Option<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message,
            source: Arc::clone(&self.source),
            span,
            label: String::new(),
            related: None,
            help,
            fixes: Vec::new(),
        }
    }

    /// Adds a problem found elsewhere.
    pub fn push(&self, problem: Diagnostic) {
        self.problems.borrow_mut().push(problem);
    }

    /// The node as a map, or an error that says what it is instead.
    pub fn map<'a>(&'a self, node: &'a Node, map: &'static Map) -> Option<Fields<'a>> {
        match &node.kind {
            Kind::Map(entries) => Some(Fields {
                reader: self,
                all: entries,
                entries: entries.iter().map(Some).collect(),
                asked: Vec::new(),
                missing: Vec::new(),
                span: node.span,
                map,
            }),
            _ => self.wrong(node, map.what, "a map"),
        }
    }

    fn has_errors(&self) -> bool {
        self.problems.borrow().iter().any(Diagnostic::is_error)
    }

    /// The entries of a map whose keys are the author's own names.
    pub fn entries<'a>(&self, node: &'a Node, what: &str) -> &'a [Entry] {
        match &node.kind {
            Kind::Map(entries) => entries,
            _ => self.wrong(node, what, "a map").unwrap_or(&[]),
        }
    }

    /// The items of a list.
    pub fn list<'a>(&self, node: &'a Node, what: &str) -> &'a [Node] {
        match &node.kind {
            Kind::List(items) => items,
            _ => self.wrong(node, what, "a list").unwrap_or(&[]),
        }
    }

    /// One value or a list of them.
    #[must_use]
    pub fn one_or_many<'a>(&self, node: &'a Node) -> Vec<&'a Node> {
        match &node.kind {
            Kind::List(items) => items.iter().collect(),
            _ => vec![node],
        }
    }

    /// A text; numbers and booleans written plainly are taken as their text.
    pub fn text(&self, node: &Node, what: &str) -> Option<Spanned<String>> {
        match &node.kind {
            Kind::Scalar { text, .. } if !node.to_json().is_null() => {
                Some(Spanned::new(text.clone(), node.span))
            }
            Kind::Scalar { .. } => {
                self.error("E0103", node.span, format!("{what} is empty"));
                None
            }
            _ => self.wrong(node, what, "a single value"),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self, node: &Node, what: &str) -> Option<bool> {
        match node.to_json() {
            serde_json::Value::Bool(value) => Some(value),
            _ => self.wrong(node, what, "`true` or `false`"),
        }
    }

    /// A whole number from 0.
    pub fn count(&self, node: &Node, what: &str) -> Option<u32> {
        let number = node
            .to_json()
            .as_u64()
            .and_then(|number| u32::try_from(number).ok());
        number.or_else(|| self.wrong(node, what, "a whole number"))
    }

    /// A duration with its unit, `500ms`, `30s`, `5m`.
    pub fn duration(&self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        let parsed = parse_duration(&text.value);
        if parsed.is_none() {
            let help = "write a number with its unit: `500ms`, `30s`, `5m`, `1h`";
            self.error_with_help(
                "E0104",
                node.span,
                format!("{what} `{}` is not a duration", text.value),
                help,
            );
        }
        parsed
    }

    /// One word out of a few.
    pub fn word<T: Copy + Sync + std::fmt::Debug>(
        &self,
        node: &Node,
        what: &str,
        words: &'static Words<T>,
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = words.get(&text.value);
        if found.is_none() {
            let known = words.words().into_iter().map(|(word, _)| word);
            self.unknown("E0105", node.span, what, &text.value, known);
        }
        found
    }

    /// Reports that a node is not what it should be.
    pub fn wrong<T>(&self, node: &Node, what: &str, wanted: &str) -> Option<T> {
        let message = match &node.kind {
            Kind::Scalar {
                text,
                quoted: false,
            } if text.is_empty() => {
                format!("{what} must be {wanted}, and nothing is given")
            }
            Kind::Scalar { text, .. } if text.chars().count() <= SHOWN_MAX => {
                format!("{what} must be {wanted}, this is `{text}`")
            }
            _ => format!("{what} must be {wanted}, this is {}", node.what()),
        };
        self.error("E0103", node.span, message);
        None
    }

    /// The items of a list that must hold at least one, or a single value.
    pub fn some<'a>(&self, node: &'a Node, what: &str) -> Option<Vec<&'a Node>> {
        let items = self.one_or_many(node);
        if items.is_empty() {
            self.error("E0103", node.span, format!("{what} is empty"));
            return None;
        }
        Some(items)
    }

    /// Checks the `format:` line that every file starts with.
    pub fn format(&self, fields: &mut Fields<'_>) {
        if let Some(node) = fields.need("format")
            && node.to_json() != 1
        {
            self.error_with_help(
                "E0106",
                node.span,
                "unknown format of this file",
                "this pushproof reads `format: 1`",
            );
        }
    }
}

/// A duration as people write it, or `None`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    humantime::parse_duration(text).ok()
}

/// `a, b, c` in backticks, cut where it would be a wall of names.
fn listed(names: &[&str]) -> String {
    let mut text: Vec<String> = names
        .iter()
        .take(12)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > 12 {
        text.push(format!("and {} more", names.len() - 12));
    }
    text.join(", ")
}

/// One map while it is read.
#[derive(Debug)]
pub struct Fields<'a> {
    reader: &'a Reader,
    all: &'a [Entry],
    entries: Vec<Option<&'a Entry>>,
    asked: Vec<&'static str>,
    /// Keys that are needed and not there; they may be there under another name, which is known when the map has been read.
    missing: Vec<&'static str>,
    span: Span,
    map: &'static Map,
}

impl<'a> Fields<'a> {
    /// Where the map stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.span
    }

    /// It is known what the map is, one of [`Map::kinds`]: the table of that variant holds from now on.
    pub fn narrow(&mut self, kind: &str) {
        if let Some(variant) = self.map.variant(kind) {
            self.map = variant;
        }
    }

    /// Takes a key that has no place here, to say so in words of its own.
    pub fn refuse(&mut self, key: &str) -> Option<&'a Entry> {
        self.slot(key)
    }

    fn slot(&mut self, key: &str) -> Option<&'a Entry> {
        let slot = self
            .entries
            .iter_mut()
            .find(|entry| entry.is_some_and(|entry| entry.key == key))?;
        slot.take()
    }

    /// Takes a key that may be absent.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.take_entry(key).map(|entry| &entry.value)
    }

    /// Takes a key that may be absent, with the place of the key itself.
    pub fn take_entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        debug_assert!(
            self.map.key(key).is_some(),
            "`{key}` is read and not in the table of `{}`",
            self.map.name
        );
        self.asked.push(key);
        self.slot(key)
    }

    /// Takes a key that must be there.
    pub fn need(&mut self, key: &'static str) -> Option<&'a Node> {
        let found = self.take(key);
        if found.is_none() {
            self.missing.push(key);
        }
        found
    }

    /// Takes a text that must be there.
    pub fn need_text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.need(key)?;
        self.reader.text(node, &format!("`{key}`"))
    }

    /// Takes a text that may be absent.
    pub fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.take(key)?;
        self.reader.text(node, &format!("`{key}`"))
    }

    /// Takes a duration that may be absent.
    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let node = self.take(key)?;
        self.reader.duration(node, &format!("`{key}`"))
    }

    /// Takes a list of texts, or a single one; absent is empty.
    pub fn texts(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let items = self.reader.one_or_many(node);
        items
            .into_iter()
            .filter_map(|item| self.reader.text(item, &format!("`{key}`")))
            .collect()
    }

    /// Which of the given keys the map has, without taking any.
    #[must_use]
    pub fn which(&self, keys: &[&'static str]) -> Vec<&'static str> {
        let has = |key: &&&'static str| {
            self.entries
                .iter()
                .flatten()
                .any(|entry| entry.key == **key)
        };
        keys.iter().filter(has).copied().collect()
    }

    /// Which of the keys that say what the map is it has.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        self.which(&self.map.kinds())
    }

    /// Reports a key that stands for one of [`Map::kinds`], and for no other key of the map or its variants; whether there was any.
    pub(crate) fn kind_is_misspelt(&self) -> bool {
        let kinds = self.map.kinds();
        let mut keys = Vec::new();
        all_keys(self.map, &mut keys);
        let mut any = false;
        for entry in self.all {
            let name = &entry.key;
            let right = fix::meant(name, keys.iter().copied())
                .or_else(|| fix::called_here(name, kinds.iter().copied()))
                .filter(|right| kinds.contains(right));
            if right.is_some() {
                // Nothing of the map is read before it is known what it is.
                self.report_key(entry, &kinds, right, self.span);
                any = true;
            }
        }
        any
    }

    /// Ends reading: every key that the table does not have is unknown.
    pub fn finish(mut self) {
        let map = self.map;
        let known: Vec<&str> = map.keys().map(|key| key.name).collect();
        for entry in std::mem::take(&mut self.entries).into_iter().flatten() {
            if map.key(&entry.key).is_some() {
                continue;
            }
            let free = known.iter().copied().filter(|key| !self.has(key));
            let right =
                fix::meant(&entry.key, free.clone()).or_else(|| fix::called_here(&entry.key, free));
            // One mistake, one message.
            self.missing.retain(|missing| Some(*missing) != right);
            self.report_key(entry, &known, right, entry.value.span);
        }
        if cfg!(debug_assertions) && self.missing.is_empty() && !self.reader.has_errors() {
            let kinds = map.kinds();
            for key in map.keys() {
                assert!(
                    self.asked.contains(&key.name) || kinds.contains(&key.name),
                    "`{}` is in the table of `{}` and not read",
                    key.name,
                    map.name
                );
            }
        }
    }

    /// Reports an unknown key; `hidden` is what nobody looks at because of it.
    fn report_key(&self, entry: &Entry, known: &[&str], right: Option<&str>, hidden: Span) {
        let what = format!("key in {}", self.map.what);
        let (span, name) = (entry.key_span, &entry.key);
        let reader = self.reader;
        let mut problem = reader.misspelt("E0101", span, &what, name, known, right);
        for fix in &mut problem.fixes {
            fix.reveals = Some(hidden);
        }
        reader.push(problem);
    }

    fn has(&self, key: &str) -> bool {
        self.all.iter().any(|entry| entry.key == key)
    }
}

/// The keys of a map and of all its variants.
fn all_keys(map: &Map, into: &mut Vec<&'static str>) {
    into.extend(map.keys().map(|key| key.name));
    for kind in map.kinds() {
        if let Some(variant) = map.variant(kind) {
            all_keys(variant, into);
        }
    }
}

/// What is missing is said when the map has been read, whether to its end or not.
impl Drop for Fields<'_> {
    fn drop(&mut self) {
        let first = Span::new(self.span.start, self.span.start + 1);
        for key in &self.missing {
            let message = format!("{} has no `{key}`", self.map.what);
            self.reader.error("E0102", first, message);
        }
    }
}
