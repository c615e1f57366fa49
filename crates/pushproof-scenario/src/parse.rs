//! From a file's tree to its [`Scenario`] or [`Fragment`], with every problem in one pass. Names are checked later, by `compile`.

mod acts;
mod exchange;
mod head;
mod many;
mod matrix;
mod polls;
mod send;
mod steps;

use std::sync::Arc;

use crate::ast::{Fragment, Scenario};
use crate::diagnostic::Diagnostic;
use crate::dialect::Requirements;
use crate::expr::is_name;
use crate::fields::{Fields, Reader};
use crate::grammar;
use crate::source::{Source, Spanned};
use crate::yaml::{self, Entry, Node};

/// A file of the language.
#[derive(Debug)]
pub enum File {
    /// Has `id`.
    Scenario(Scenario),
    /// Has `fragment`.
    Fragment(Fragment),
}

/// Reads a file. With problems there may still be a file, so that other checks go on.
#[must_use]
pub fn parse(source: &Arc<Source>, requirements: &Requirements) -> (Option<File>, Vec<Diagnostic>) {
    match yaml::parse(source) {
        Ok(node) => parse_tree(source, &node, requirements),
        Err(problem) => (None, vec![*problem]),
    }
}

/// Reads a file whose tree is known.
pub(crate) fn parse_tree(
    source: &Arc<Source>,
    node: &Node,
    requirements: &Requirements,
) -> (Option<File>, Vec<Diagnostic>) {
    let reader = Reader::new(source);
    let mut file = Parser {
        reader: &reader,
        requirements,
    }
    .file(node);
    let problems = reader.into_problems();
    let incomplete = problems.iter().any(Diagnostic::is_error);
    match &mut file {
        Some(File::Scenario(scenario)) => scenario.incomplete = incomplete,
        Some(File::Fragment(fragment)) => fragment.incomplete = incomplete,
        None => {}
    }
    (file, problems)
}

struct Parser<'a> {
    reader: &'a Reader,
    requirements: &'a Requirements,
}

impl Parser<'_> {
    fn file(&self, node: &Node) -> Option<File> {
        let mut fields = self.reader.map(node, &grammar::FILE)?;
        self.reader.format(&mut fields);
        let file = if fields.kinds().contains(&"fragment") {
            fields.narrow("fragment");
            self.fragment(&mut fields).map(File::Fragment)
        } else {
            fields.narrow("id");
            self.scenario(&mut fields).map(File::Scenario)
        };
        if let Some(entry) = fields.refuse("covers") {
            let help = "put it on the step or check that judges, so that the finding has a place";
            self.reader
                .error_with_help("E0132", entry.key_span, "`covers` on a whole file", help);
        }
        fields.finish();
        file
    }

    /// At least one text.
    fn some_texts(&self, node: &Node, what: &str) -> Option<Vec<Spanned<String>>> {
        let items = self.reader.some(node, what)?.into_iter();
        items.map(|item| self.reader.text(item, what)).collect()
    }

    fn texts(&self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        let items = self.reader.one_or_many(node);
        items
            .into_iter()
            .filter_map(|item| self.reader.text(item, what))
            .collect()
    }

    fn flag(&self, fields: &mut Fields<'_>, key: &'static str) -> bool {
        let node = fields.take(key);
        node.and_then(|node| self.reader.boolean(node, &format!("`{key}`")))
            .unwrap_or(false)
    }

    /// A name that is bound must be one that `$name` can refer to.
    fn check_name(&self, entry: &Entry) {
        if !is_name(&entry.key) || entry.key.contains('.') {
            let help = "use letters, digits, `_` and `-`, and begin with a letter";
            self.reader.error_with_help(
                "E0112",
                entry.key_span,
                format!("`{}` cannot be a name", entry.key),
                help,
            );
        }
    }
}

fn name_of(entry: &Entry) -> Spanned<String> {
    Spanned::new(entry.key.clone(), entry.key_span)
}
