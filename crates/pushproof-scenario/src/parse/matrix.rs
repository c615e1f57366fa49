//! The cases of a scenario: `matrix`, what it leaves out, and `repeat`.

use serde_json::Value;

use super::{Parser, name_of};
use crate::ast::{Dimension, Exclusion};
use crate::grammar::REPEAT_MAX;
use crate::template::plain;
use crate::yaml::{Entry, Kind, Node};

impl Parser<'_> {
    /// The lists of a matrix, and what it leaves out.
    pub(super) fn matrix(&self, node: &Node) -> (Vec<Dimension>, Vec<Exclusion>) {
        let dimension = |entry: &Entry| {
            self.check_name(entry);
            let items = self.reader.list(&entry.value, "a matrix list");
            if items.is_empty() && matches!(entry.value.kind, Kind::List(_)) {
                let message = format!("matrix list `{}` is empty", entry.key);
                self.reader.error("E0103", entry.value.span, message);
            }
            let mut values: Vec<Value> = Vec::new();
            for item in items {
                let value = item.to_json();
                // Case ids are made of their texts, and must be unique.
                if values.iter().any(|known| plain(known) == plain(&value)) {
                    let message = format!("matrix value `{}` is given twice", plain(&value));
                    self.reader.error("E0151", item.span, message);
                }
                values.push(value);
            }
            Dimension {
                name: name_of(entry),
                values,
            }
        };
        let entries = self.reader.entries(node, "`matrix`");
        let (exclude, lists): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| entry.key == "exclude");
        let exclude = exclude.iter().flat_map(|entry| self.exclude(&entry.value));
        let exclude = exclude.collect();
        (lists.into_iter().map(dimension).collect(), exclude)
    }

    /// `[{ a: 1, b: x }]`: rows that have all of these values make no case.
    fn exclude(&self, node: &Node) -> Vec<Exclusion> {
        let member = |entry: &Entry| (name_of(entry), entry.value.to_json());
        let exclusion = |item: &Node| {
            let entries = self.reader.entries(item, "an exclusion");
            let members = entries.iter().map(member).collect();
            Exclusion {
                members,
                span: item.span,
            }
        };
        self.reader
            .list(node, "`exclude`")
            .iter()
            .map(exclusion)
            .collect()
    }

    /// How many fresh instances of each case there are.
    pub(super) fn repeat(&self, node: &Node) -> Option<u32> {
        let repeat = self.reader.count(node, "`repeat`")?;
        if !(1..=REPEAT_MAX).contains(&repeat) {
            let message = format!("`repeat` must be 1 to {REPEAT_MAX}, this is {repeat}");
            self.reader.error("E0116", node.span, message);
            return None;
        }
        Some(repeat)
    }
}
