//! Several requests at the same moment: one call many times, or different calls.

use super::Compiler;
use super::scope::Scope;
use crate::ast;
use crate::dialect::Outcomes;
use crate::fields::Reader;
use crate::program::{Action, AtOnce, Count, Expect};
use crate::source::Span;

impl Compiler<'_> {
    pub(super) fn at_once(
        &mut self,
        several: &ast::AtOnce,
        scope: &mut Scope,
    ) -> Option<(Action, Span)> {
        let exchange = self.exchange(&several.exchange, scope);
        let reader = &self.readers[scope.reader];
        let operation = self.operation(&several.exchange)?;
        let counts = several.counts.iter().map(|count| {
            Some(Count {
                outcome: self.outcome(reader, &count.name, operation)?,
                at_least: count.at_least,
                at_most: count.at_most,
            })
        });
        let counts = counts.collect::<Option<Vec<_>>>()?;
        let others = match &several.others {
            Some(others) => self.expectation(reader, others, operation)?,
            None => Expect {
                outcomes: Outcomes::NONE,
                any_but: false,
            },
        };
        check_counts(reader, several);
        let compiled = AtOnce {
            exchange: exchange?,
            times: several.times.value,
            counts,
            others,
        };
        Some((Action::AtOnce(Box::new(compiled)), several.span))
    }

    /// The calls of `together` become steps that stand beside one another.
    pub(super) fn together(
        &mut self,
        calls: &[ast::Step],
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
        let first = self.steps.len();
        for call in calls {
            self.numbered(call, scope, prefix, depth);
        }
        self.check_together(calls, first, scope);
        let beside = (self.steps.len() - first).saturating_sub(1);
        if let Some(step) = self.steps.get_mut(first) {
            step.beside = beside;
        }
    }
}

impl Compiler<'_> {
    /// What one of them brings is not there yet when the others are sent.
    fn check_together(&self, calls: &[ast::Step], first: usize, scope: &Scope) {
        for call in calls {
            let step = scope.steps.get(&call.id.value).map(|at| &self.steps[*at]);
            let exchange = step.and_then(|step| step.action.exchange());
            let slots = exchange.map(|exchange| exchange.template.slots());
            let mut sources = slots
                .iter()
                .flatten()
                .filter_map(|slot| self.captured_by.get(slot));
            let Some(source) = sources.find(|source| **source >= first) else {
                continue;
            };
            let is_source = |other: &&ast::Step| scope.steps.get(&other.id.value) == Some(source);
            let source = calls.iter().find(is_source);
            let source = source.map_or("another", |source| source.id.value.as_str());
            let id = &call.id.value;
            let message =
                format!("`{id}` sends a value that only comes with the answer to `{source}`");
            let help = format!("the two are sent at the same moment; put `{id}` after them");
            self.readers[scope.reader].error_with_help("E0119", call.id.span, message, help);
        }
    }
}

/// Counts that no number of replies can meet are a mistake of the author.
fn check_counts(reader: &Reader, several: &ast::AtOnce) {
    let times = several.times.value;
    let least: u32 = several
        .counts
        .iter()
        .fold(0, |sum, count| sum.saturating_add(count.at_least));
    if least > times {
        let message = format!("{least} replies are asked for, and {times} requests are sent");
        reader.error("E0116", several.span, message);
    }
    let most = several.counts.iter().fold(0_u32, |sum, count| {
        sum.saturating_add(count.at_most.unwrap_or(u32::MAX))
    });
    if several.others.is_none() && most < times {
        let message = format!("{times} requests are sent, and only {most} replies have a place");
        let help = "say what the others may be: `else: [refused, pending, throttled]`";
        reader.error_with_help("E0116", several.span, message, help);
    }
}
