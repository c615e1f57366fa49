//! The numbered statements about an endpoint, from `requirements.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use pushproof_report::Level;
use pushproof_report::RequirementHead;

use crate::diagnostic::Diagnostic;
use crate::fields::Reader;
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
        if let Some(mut fields) = reader.map(&node, "the file") {
            reader.format(&mut fields);
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
        let Some(mut fields) = reader.map(node, "a requirement") else {
            return;
        };
        let id = fields.need_text("id");
        let levels = [
            ("must", Level::Must),
            ("should", Level::Should),
            ("may", Level::May),
        ];
        let level = fields
            .need("level")
            .and_then(|node| reader.word(node, "level", &levels));
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
        self.list.push(Requirement {
            span: id.span,
            id: id.value,
            level,
            statement: statement.value.trim().to_owned(),
            why,
            source: origin.value,
            extended,
        });
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
