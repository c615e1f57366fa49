//! Polls: their cadence and limits, and what happens meanwhile.

use super::Parser;
use crate::ast::{Every, Meanwhile, Poll, Settles, Trigger};
use crate::covers;
use crate::expr::Expr;
use crate::fields::Fields;
use crate::grammar;
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

impl Parser<'_> {
    pub(super) fn poll(&self, fields: &mut Fields<'_>) -> Option<Poll> {
        let exchange = self.exchange(fields, "poll");
        let every = fields.need("every").and_then(|node| self.every(node));
        let give_up = fields.need("give_up_after");
        let give_up_after = give_up.and_then(|node| {
            Some(Spanned::new(
                self.reader.duration(node, "`give_up_after`")?,
                node.span,
            ))
        });
        let max_polls = fields
            .take("max_polls")
            .and_then(|node| self.reader.count(node, "`max_polls`"));
        let insist = self.flag(fields, "insist");
        let outcomes = fields
            .need("outcomes")
            .and_then(|node| Some((self.some_texts(node, "`outcomes`")?, node.span)));
        let meanwhile = fields
            .take("meanwhile")
            .map(|node| self.meanwhile(node))
            .unwrap_or_default();
        let settles_within = fields
            .take("settles_within")
            .and_then(|node| self.settles(node));
        let (outcomes, outcomes_span) = outcomes?;
        Some(Poll {
            exchange: exchange?,
            every: every?,
            give_up_after: give_up_after?,
            max_polls,
            insist,
            outcomes,
            outcomes_span,
            meanwhile,
            settles_within,
        })
    }

    fn every(&self, node: &Node) -> Option<Every> {
        if let Kind::Scalar { text, .. } = &node.kind
            && let Some(word) = grammar::CADENCES.get(text)
        {
            return Some(word.into());
        }
        match &node.kind {
            Kind::List(items) => {
                let obedient = items.split_last().filter(|(last, _)| {
                    matches!(&last.kind, Kind::Scalar { text, .. } if grammar::LAST_GAPS.get(text).is_some())
                });
                let gaps = obedient
                    .map_or(&items[..], |(_, before)| before)
                    .iter()
                    .map(|item| self.reader.duration(item, "a gap"))
                    .collect::<Option<Vec<_>>>()?;
                if gaps.is_empty() {
                    self.reader
                        .error("E0103", node.span, "the list of gaps is empty");
                    return None;
                }
                Some(match obedient {
                    Some(_) => Every::GapsThenProfile(gaps),
                    None => Every::Gaps(gaps),
                })
            }
            _ => self.reader.duration(node, "`every`").map(Every::Interval),
        }
    }

    fn meanwhile(&self, node: &Node) -> Vec<Meanwhile> {
        self.reader
            .list(node, "`meanwhile`")
            .iter()
            .filter_map(|item| self.meanwhile_one(item))
            .collect()
    }

    fn meanwhile_one(&self, node: &Node) -> Option<Meanwhile> {
        let mut fields = self.reader.map(node, &grammar::MEANWHILE)?;
        let after = fields
            .take("after_poll")
            .and_then(|node| Expr::read(self.reader, node));
        let at = fields.take("at").and_then(|node| self.moment(node));
        let act = self.act(&mut fields);
        let expect = self.act_expect(&mut fields);
        let covers = covers::read(self.reader, &mut fields, self.requirements);
        fields.finish();
        let trigger = match (after, at) {
            (Some(after), None) => Trigger::AfterPoll(after),
            (None, Some(at)) => at,
            _ => {
                let help = "write `after_poll: 2` (0 is before the first), `at: 3s`, or `at: { between: [0s, 5s] }`";
                self.reader
                    .error_with_help("E0109", node.span, "an action needs one moment", help);
                return None;
            }
        };
        Some(Meanwhile {
            trigger,
            act: act?,
            expect,
            span: node.span,
            covers,
        })
    }

    /// `3s`, or `{ between: [0s, 5s] }`.
    fn moment(&self, node: &Node) -> Option<Trigger> {
        let Kind::Map(_) = node.kind else {
            return self.reader.duration(node, "`at`").map(Trigger::At);
        };
        let mut fields = self.reader.map(node, &grammar::MOMENT)?;
        let between = fields.need("between");
        fields.finish();
        let items = self.reader.list(between?, "`between`");
        let ends: Option<Vec<_>> = items
            .iter()
            .map(|item| self.reader.duration(item, "`between`"))
            .collect();
        match ends?[..] {
            [first, last] if first < last => Some(Trigger::Between(first, last)),
            _ => {
                let help = "write the earlier one first: `at: { between: [0s, 5s] }`";
                let message = "`between` takes two times";
                self.reader
                    .error_with_help("E0109", node.span, message, help);
                None
            }
        }
    }

    fn settles(&self, node: &Node) -> Option<Spanned<Settles>> {
        let mut fields = self.reader.map(node, &grammar::SETTLES)?;
        let polls = fields
            .take("polls")
            .and_then(|node| self.reader.count(node, "`polls`"));
        let time = fields.duration("time");
        fields.finish();
        let settles = match (polls, time) {
            (Some(0), None) => {
                let help = "`{ polls: 1 }` is the first poll after the decision";
                let message = "a decision cannot show before anybody asks";
                self.reader
                    .error_with_help("E0109", node.span, message, help);
                return None;
            }
            (Some(polls), None) => Settles::Polls(polls),
            (None, Some(time)) => Settles::Time(time),
            _ => {
                let help = "write `{ polls: 2 }` or `{ time: 2s }`";
                self.reader.error_with_help(
                    "E0109",
                    node.span,
                    "`settles_within` needs one measure",
                    help,
                );
                return None;
            }
        };
        Some(Spanned::new(settles, node.span))
    }
}
