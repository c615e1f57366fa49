//! The numbered statements about an endpoint, from `requirements.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use pushproof_report::Level;
use pushproof_report::RequirementHead;

use crate::diagnostic::Diagnostic;
use crate::fields::Reader;
use crate::grammar;
use crate::source::{Source, Span};
use crate::yaml;

/// One statement about the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// `RECOV-003`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// In plain words.
    pub statement: String,
    /// Why it matters, where that is not obvious.
    pub why: Option<String>,
    /// Where the fact comes from.
    pub source: String,
    /// Rests mostly on inference; run, but reported apart.
    pub extended: bool,
    /// Where its id stands.
    pub span: Span,
}

/// All of a dialect, in the file's order.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    list: Vec<Requirement>,
    by_id: BTreeMap<String, usize>,
    /// What the keys in `source` stand for, in the file's order; a key may end in `*`.
    legend: Vec<(String, String)>,
    source: Option<Arc<Source>>,
}

impl Requirements {
    /// Reads `requirements.yaml`, with every problem found.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> (Self, Vec<Diagnostic>) {
        let node = match yaml::parse(source) {
            Ok(node) => node,
            Err(problem) => return (Self::default(), vec![*problem]),
        };
        let reader = Reader::new(source);
        let mut all = Self {
            source: Some(Arc::clone(source)),
            ..Self::default()
        };
        if let Some(mut fields) = reader.map(&node, &grammar::REQUIREMENTS) {
            reader.format(&mut fields);
            if let Some(legend) = fields.take("sources") {
                for entry in reader.entries(legend, "`sources`") {
                    if let Some(meaning) = reader.text(&entry.value, "what a source is") {
                        all.legend.push((entry.key.clone(), meaning.value));
                    }
                }
            }
            if let Some(list) = fields.need("requirements") {
                for item in reader.list(list, "`requirements`") {
                    all.read_one(&reader, item);
                }
            }
            fields.finish();
        }
        (all, reader.into_problems())
    }

    fn read_one(&mut self, reader: &Reader, node: &yaml::Node) {
        let Some(mut fields) = reader.map(node, &grammar::REQUIREMENT) else {
            return;
        };
        let id = fields.need_text("id");
        let level = fields
            .need("level")
            .and_then(|node| reader.word(node, "level", &grammar::LEVELS));
        let statement = fields.need_text("statement");
        let why = fields.text("why").map(|why| why.value);
        let origin = fields.need_text("source");
        let extended = fields
            .take("extended")
            .and_then(|node| reader.boolean(node, "`extended`"))
            .unwrap_or(false);
        fields.finish();
        let (Some(id), Some(level), Some(statement), Some(origin)) = (id, level, statement, origin)
        else {
            return;
        };
        if self
            .by_id
            .insert(id.value.clone(), self.list.len())
            .is_some()
        {
            reader.error(
                "E0004",
                id.span,
                format!("requirement `{}` is given twice", id.value),
            );
        }
        let requirement = Requirement {
            span: id.span,
            id: id.value,
            level,
            statement: statement.value.trim().to_owned(),
            why,
            source: origin.value,
            extended,
        };
        if !self.legend.is_empty() && self.sources_of(&requirement).is_empty() {
            reader.warn(
                "W0130",
                origin.span,
                format!("nothing under `sources` explains `{}`", requirement.source),
                "give its key a line there; a key may end in `*`",
            );
        }
        self.list.push(requirement);
    }

    /// The file they stand in.
    #[must_use]
    pub const fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.by_id.get(id).map(|position| &self.list[*position])
    }

    /// All, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.list.iter()
    }

    /// What the keys in the `source` of a requirement stand for, as the file's `sources` tell it: key and meaning, in the
    /// order of the text. Words that are no keys are passed over.
    ///
    /// With `R-*: recorded from the real service`, the source `seed 001:267, R-OOB-OK` has the key `R-OOB-OK`.
    #[must_use]
    pub fn sources_of<'a>(&'a self, requirement: &'a Requirement) -> Vec<(&'a str, &'a str)> {
        let words = requirement
            .source
            .split(|char: char| char.is_whitespace() || ",;()".contains(char));
        let mut found: Vec<(&str, &str)> = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            if let Some(meaning) = self.meaning(word)
                && !found.iter().any(|(known, _)| *known == word)
            {
                found.push((word, meaning));
            }
        }
        found
    }

    fn meaning(&self, word: &str) -> Option<&str> {
        let exact = self.legend.iter().find(|(key, _)| key == word);
        let found = exact.or_else(|| {
            self.legend.iter().find(|(key, _)| {
                key.strip_suffix('*')
                    .is_some_and(|start| word.starts_with(start))
            })
        });
        found.map(|(_, meaning)| meaning.as_str())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// As the record of a run keeps them.
    #[must_use]
    pub fn heads(&self) -> Vec<RequirementHead> {
        let head = |requirement: &Requirement| RequirementHead {
            id: requirement.id.clone(),
            level: requirement.level,
            statement: requirement.statement.clone(),
            source: requirement.source.clone(),
            extended: requirement.extended,
        };
        self.list.iter().map(head).collect()
    }
}
