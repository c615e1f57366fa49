//! Calls: one, several of one kind, several of different kinds.

use std::time::Duration;

use super::Parser;
use crate::ast::{AtOnce, Call, Count, Every, Expect, Poll, Step, StepKind};
use crate::fields::Fields;
use crate::grammar::{self, AT_ONCE_MAX, TIMES_MAX};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

/// How long `times` may take in all: the replies decide, so this is only a bound.
const TIMES_TIME: Duration = Duration::from_secs(3_600);

impl Parser<'_> {
    /// A `call` or an `http` request: once, `at_once`, or `times`.
    pub(super) fn sends(&self, fields: &mut Fields<'_>, word: &'static str) -> Option<StepKind> {
        let at_once = fields.take("at_once");
        let times = fields.take("times");
        match (at_once, times) {
            (None, None) => self.call(fields, word).map(StepKind::Call),
            (Some(node), None) => {
                fields.narrow("at_once");
                let number = self.several(node, "`at_once`", AT_ONCE_MAX);
                self.at_once(fields, word, number).map(StepKind::AtOnce)
            }
            (None, Some(node)) => {
                fields.narrow("times");
                let number = self.several(node, "`times`", TIMES_MAX);
                self.times(fields, word, number).map(StepKind::Poll)
            }
            (Some(_), Some(node)) => {
                let help = "`at_once` is at the same moment, `times` is one after the other";
                let message = "a step with both `at_once` and `times`";
                self.reader
                    .error_with_help("E0108", node.span, message, help);
                // Its other keys are right or wrong all the same.
                self.call(fields, word).and(None)
            }
        }
    }

    /// At least two, and a bounded number.
    fn several(&self, node: &Node, what: &str, most: u32) -> Option<Spanned<u32>> {
        let number = self.reader.count(node, what)?;
        if !(2..=most).contains(&number) {
            let message = format!("{what} must be 2 to {most}, this is {number}");
            self.reader.error("E0116", node.span, message);
            return None;
        }
        Some(Spanned::new(number, node.span))
    }

    fn call(&self, fields: &mut Fields<'_>, word: &'static str) -> Option<Call> {
        let exchange = self.exchange(fields, word);
        let expect = fields.need("expect").and_then(|node| self.expect(node));
        Some(Call {
            exchange: exchange?,
            expect: expect?,
        })
    }

    fn at_once(
        &self,
        fields: &mut Fields<'_>,
        word: &'static str,
        times: Option<Spanned<u32>>,
    ) -> Option<AtOnce> {
        self.only_one(fields, "at_once");
        let exchange = self.exchange(fields, word);
        let node = fields.need("expect")?;
        let (counts, others) = self.counts(node)?;
        Some(AtOnce {
            exchange: exchange?,
            times: times?,
            counts,
            others,
            span: node.span,
        })
    }

    /// What looks at a single reply.
    fn only_one(&self, fields: &Fields<'_>, word: &str) {
        for key in fields.which(&["check", "capture", "control"]) {
            let message = format!("`{key}` looks at one reply, and `{word}` brings several");
            let help = "put it on a `call` of its own";
            self.reader
                .error_with_help("E0117", fields.span(), message, help);
        }
    }

    /// `{ tokens: { at_most: 1 }, else: [refused] }`, or what `expect` of a single call may be, for each.
    fn counts(&self, node: &Node) -> Option<(Vec<Count>, Option<Expect>)> {
        let counted = match &node.kind {
            Kind::Map(entries) => entries.iter().any(|entry| entry.key != "any_but"),
            _ => false,
        };
        if !counted {
            return Some((Vec::new(), Some(self.expect(node)?)));
        }
        let mut others = None;
        let mut counts = Vec::new();
        for entry in self.reader.entries(node, "`expect`") {
            if entry.key == "else" {
                others = Some(self.expect(&entry.value)?);
                continue;
            }
            let mut fields = self.reader.map(&entry.value, &grammar::COUNT)?;
            let span = fields.span();
            let mut bound = |key| {
                fields
                    .take(key)
                    .and_then(|node| self.reader.count(node, "a bound"))
            };
            let (at_least, at_most) = (bound("at_least"), bound("at_most"));
            fields.finish();
            let bounds = (at_least.unwrap_or(0), at_most.unwrap_or(u32::MAX));
            if at_least.is_none() && at_most.is_none() || bounds.0 > bounds.1 {
                let help = "write `{ at_least: 1, at_most: 1 }`, or one of the two";
                let message = format!("`{}` has no count that can be", entry.key);
                self.reader.error_with_help("E0116", span, message, help);
                return None;
            }
            counts.push(Count {
                name: super::name_of(entry),
                at_least: bounds.0,
                at_most,
            });
        }
        Some((counts, others))
    }

    /// One after the other without a rest: what an impatient client would do.
    fn times(
        &self,
        fields: &mut Fields<'_>,
        word: &'static str,
        times: Option<Spanned<u32>>,
    ) -> Option<Poll> {
        let exchange = self.exchange(fields, word);
        let outcomes = fields
            .need("outcomes")
            .and_then(|node| Some((self.some_texts(node, "`outcomes`")?, node.span)));
        let (times, (outcomes, outcomes_span)) = (times?, outcomes?);
        Some(Poll {
            exchange: exchange?,
            every: Every::Times(times.value),
            give_up_after: Spanned::new(TIMES_TIME, times.span),
            max_polls: Some(times.value),
            insist: true,
            outcomes,
            outcomes_span,
            meanwhile: Vec::new(),
            settles_within: None,
        })
    }

    /// Calls that are sent at the same moment.
    pub(super) fn together(&self, fields: &mut Fields<'_>) -> Option<StepKind> {
        let node = fields.need("together")?;
        let steps = self.steps(node);
        if let Kind::List(items) = &node.kind
            && items.len() < 2
        {
            let help =
                "write the calls as a list: `together: [{ id: …, call: … }, { id: …, call: … }]`";
            let message = "`together` needs two steps or more";
            self.reader
                .error_with_help("E0116", node.span, message, help);
        }
        let is_call = |step: &&Step| matches!(step.kind, StepKind::Call(_));
        for step in steps.iter().filter(|step| !is_call(step)) {
            let message = format!("`{}` is no single call", step.id.value);
            let help = "what happens together are `call` steps; others come before or after";
            self.reader
                .error_with_help("E0117", step.id.span, message, help);
        }
        let calls: Vec<Step> = steps.into_iter().filter(|step| is_call(&step)).collect();
        Some(StepKind::Together(calls))
    }
}
