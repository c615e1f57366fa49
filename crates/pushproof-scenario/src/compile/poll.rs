//! Poll steps: their cadence, their pattern, what phones do meanwhile, and whether all that fits into their limits.

use std::time::Duration;

use pushproof_polling::{Cadence, First, Meaning, Policy};

use super::Compiler;
use super::scope::Scope;
use crate::ast::{self, Every};
use crate::dialect::Outcomes;
use crate::expr::Expr;
use crate::fields::Reader;
use crate::pattern::Pattern;
use crate::program::{Action, Exchange, Meanwhile, Operand, Poll, Trigger};
use crate::source::Span;

/// How many actions one poll step may hold; a session keeps a bit for each.
const MEANWHILE_MAX: usize = 30;
/// Consecutive failures after which a poll step gives up.
const FAILURES_MAX: u32 = 3;

impl Compiler<'_> {
    pub(super) fn poll(&mut self, poll: &ast::Poll, scope: &mut Scope) -> Option<(Action, Span)> {
        let meanwhile: Vec<_> = poll
            .meanwhile
            .iter()
            .map(|one| self.meanwhile(one, scope))
            .collect();
        let exchange = self.exchange(&poll.exchange, scope);
        let reader = &self.readers[scope.reader];
        let operation = self.operation(&poll.exchange)?;
        let pattern = Pattern::read(reader, &poll.outcomes, &|name| {
            self.outcome(reader, name, operation)
        })?;
        if let Some(one) = poll.meanwhile.get(MEANWHILE_MAX) {
            let message = format!("more than {MEANWHILE_MAX} actions in one step");
            reader.error("E0174", one.span, message);
        }
        let meanwhile = meanwhile.into_iter().collect::<Option<Vec<_>>>()?;
        let policy = self.policy(poll);
        self.check_limits(reader, poll, &policy, &pattern);
        self.check_end(reader, poll, &pattern);
        self.check_final(reader, poll, &pattern);
        check_reach(reader, &meanwhile, &policy, &pattern);
        check_settles(reader, poll, &meanwhile);
        let exchange = exchange?;
        let begun_by = self.begun_by(&exchange);
        let settles = poll.settles_within.as_ref();
        let compiled = Poll {
            exchange,
            follows_hints: matches!(
                poll.every,
                Every::Profile | Every::Server | Every::GapsThenProfile(_)
            ),
            own_pace: !matches!(poll.every, Every::Profile | Every::GapsThenProfile(_)),
            begun_by,
            policy,
            pattern,
            meanwhile,
            settles: settles.map(|settles| (settles.value, settles.span)),
        };
        Some((Action::Poll(Box::new(compiled)), poll.outcomes_span))
    }

    fn policy(&self, poll: &ast::Poll) -> Policy {
        let rules = &self.against.dialect.poll;
        let (interval, cadence) = match &poll.every {
            Every::Profile | Every::Server => (rules.interval, Cadence::Steady),
            Every::Times(_) => (rules.interval, Cadence::Gaps([Duration::ZERO].into())),
            Every::Interval(interval) => (*interval, Cadence::Steady),
            Every::Gaps(gaps) => (rules.interval, Cadence::Gaps(gaps.clone().into())),
            Every::GapsThenProfile(gaps) => {
                (rules.interval, Cadence::GapsThenSteady(gaps.clone().into()))
            }
        };
        Policy {
            interval,
            first: rules.first,
            cadence,
            slow_down_adds: rules.slow_down_adds,
            deadline: match poll.every {
                Every::Profile => poll.give_up_after.value.min(rules.deadline),
                Every::Server
                | Every::Interval(_)
                | Every::Gaps(_)
                | Every::GapsThenProfile(_)
                | Every::Times(_) => poll.give_up_after.value,
            },
            polls_max: poll.max_polls,
            failures_max: FAILURES_MAX,
            insist: poll.insist,
            jitter_max: Duration::ZERO,
            long_poll: false,
        }
    }

    /// A limit that stops the step before its pattern can be fulfilled is a mistake of the author.
    fn check_limits(&self, reader: &Reader, poll: &ast::Poll, policy: &Policy, pattern: &Pattern) {
        let least = u32::try_from(pattern.least()).unwrap_or(u32::MAX);
        if let Some(most) = policy.polls_max.filter(|most| *most < least) {
            let message = format!(
                "`max_polls: {most}` is fewer than the {least} answers the pattern asks for"
            );
            reader.error("E0175", poll.outcomes_span, message);
        }
        let needed = due(policy, least);
        if needed > policy.deadline {
            let limit = if policy.deadline < poll.give_up_after.value {
                "`every: profile`"
            } else {
                "`give_up_after`"
            };
            let message = format!(
                "the pattern needs at least {} and {limit} allows {}",
                humantime::format_duration(needed),
                humantime::format_duration(policy.deadline)
            );
            reader.error("E0176", poll.give_up_after.span, message);
        }
    }

    /// A step must be able to end by what it sees, or by the number of its polls.
    fn check_end(&self, reader: &Reader, poll: &ast::Poll, pattern: &Pattern) {
        if let Every::Times(times) = poll.every {
            let times = times as usize;
            if let Some(most) = pattern.most().filter(|most| *most < times) {
                let message = format!("`times: {times}`, and the pattern is over after {most}");
                reader.error("E0175", poll.outcomes_span, message);
            }
            return;
        }
        if poll.every == Every::Server && self.against.dialect.poll.interval_path.is_none() {
            let help = "write `every: profile`, or a duration";
            let message = "endpoints of this dialect name no interval";
            reader.error_with_help("E0144", poll.give_up_after.span, message, help);
        }
        if poll.max_polls.is_some() || pattern.most().is_some() {
            return;
        }
        let may_end = |outcomes: Outcomes| self.may_be_final(outcomes);
        if !pattern.ends_with(&may_end) {
            let help = "end it with an outcome after which nobody asks again, or add `max_polls`";
            let message = "the pattern can go on for ever: nothing in it ends the polling";
            reader.error_with_help("E0143", poll.outcomes_span, message, help);
        }
    }

    /// Whether polling may be over after one of these.
    fn may_be_final(&self, outcomes: Outcomes) -> bool {
        let profile = self.against.profile;
        let mut named = outcomes.positions();
        outcomes.meets(Outcomes::REFUSED)
            || named.any(|position| {
                let outcome = profile.outcomes.get(position).and_then(Option::as_ref);
                outcome
                    .is_none_or(|outcome| outcome.means.is_none_or(|means| means == Meaning::Final))
            })
    }

    /// After a final outcome an obedient client does not ask again.
    fn check_final(&self, reader: &Reader, poll: &ast::Poll, pattern: &Pattern) {
        if poll.insist {
            return;
        }
        let profile = self.against.profile;
        let is_final = |outcomes: Outcomes| {
            let classes = [Outcomes::REFUSED, Outcomes::THROTTLED, Outcomes::BROKEN];
            let mut named = outcomes.positions();
            !classes.iter().any(|class| outcomes.meets(*class))
                && named.all(|position| {
                    let outcome = profile.outcomes.get(position).and_then(Option::as_ref);
                    outcome.is_some_and(|outcome| outcome.means == Some(Meaning::Final))
                })
        };
        if let Some(element) = pattern.goes_on_after(&is_final) {
            let message = format!(
                "`{}` comes after a final outcome, and nobody asks again after one",
                element.text
            );
            let help = "add `insist: true` to ask again all the same";
            reader.error_with_help("E0141", element.span, message, help);
        }
    }

    /// The step that gave the newest value of a poll began its transaction: its reply's interval and expiry count.
    fn begun_by(&mut self, exchange: &Exchange) -> Option<usize> {
        let slots = exchange.template.slots();
        let newest = slots
            .into_iter()
            .filter_map(|slot| self.captured_by.get(&slot))
            .max()
            .copied()?;
        let step = self.steps.get_mut(newest)?;
        if let Action::Call { exchange, .. } = &mut step.action {
            exchange.begins_transaction = true;
        }
        Some(newest)
    }

    fn meanwhile(&mut self, one: &ast::Meanwhile, scope: &mut Scope) -> Option<Meanwhile> {
        let act = self.act(&one.act, scope)?;
        let trigger = match &one.trigger {
            ast::Trigger::At(time) => Trigger::At(*time),
            ast::Trigger::Between(first, last) => Trigger::Between(*first, *last),
            ast::Trigger::AfterPoll(expr) => Trigger::AfterPoll(self.after_poll(expr, one, scope)?),
        };
        Some(Meanwhile {
            trigger,
            expect: one.expect,
            act,
            span: one.span,
            covers: one.covers.clone(),
        })
    }

    fn after_poll(&self, expr: &Expr, one: &ast::Meanwhile, scope: &mut Scope) -> Option<u32> {
        let operand = self.operand(expr, scope)?;
        let number = match &operand {
            Operand::Const(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        if number.is_none() {
            let message = "`after_poll` must be a whole number, or a matrix value that is one";
            self.readers[scope.reader].error("E0177", one.span, message);
        }
        number
    }
}

/// The earliest time since the step began at which so many polls have been sent.
fn due(policy: &Policy, polls: u32) -> Duration {
    match &policy.cadence {
        Cadence::Steady => {
            let gaps = match policy.first {
                First::AfterInterval => polls,
                First::AtOnce => polls.saturating_sub(1),
            };
            policy.interval.saturating_mul(gaps)
        }
        Cadence::Gaps(gaps) => {
            let listed = gaps.iter().take(polls as usize);
            let listed = listed.fold(Duration::ZERO, |sum, gap| sum.saturating_add(*gap));
            let more = polls.saturating_sub(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
            let last = gaps.last().copied().unwrap_or_default();
            listed.saturating_add(last.saturating_mul(more))
        }
        Cadence::GapsThenSteady(gaps) => {
            let listed = gaps.iter().take(polls as usize);
            let listed = listed.fold(Duration::ZERO, |sum, gap| sum.saturating_add(*gap));
            let more = polls.saturating_sub(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
            listed.saturating_add(policy.interval.saturating_mul(more))
        }
    }
}

/// An action must come before the last poll can, or it shows in nothing.
fn check_reach(reader: &Reader, meanwhile: &[Meanwhile], policy: &Policy, pattern: &Pattern) {
    for one in meanwhile {
        let deadline = humantime::format_duration(policy.deadline);
        let late = match one.trigger {
            Trigger::At(time) | Trigger::Between(_, time) => {
                let time_is_up = time > policy.deadline;
                time_is_up.then(|| format!("the time is up after {deadline}"))
            }
            Trigger::AfterPoll(after) => {
                let most = policy.polls_max.filter(|most| after >= *most);
                let longest = pattern.most().filter(|most| after as usize >= *most);
                let due = due(policy, after.saturating_add(1));
                if let Some(most) = most {
                    Some(format!("`max_polls` is {most}"))
                } else if let Some(longest) = longest {
                    Some(format!("the pattern is over after {longest}"))
                } else if due > policy.deadline {
                    let due = humantime::format_duration(due);
                    Some(format!(
                        "the next poll is due after {due}, and the time is up after {deadline}"
                    ))
                } else {
                    None
                }
            }
        };
        if let Some(why) = late {
            let what = match one.trigger {
                Trigger::At(time) | Trigger::Between(_, time) => {
                    format!("at {}", humantime::format_duration(time))
                }
                Trigger::AfterPoll(after) => format!("after poll {after}"),
            };
            let message = format!("the action {what} comes too late: {why}");
            reader.error("E0178", one.span, message);
        }
    }
}

/// Something must be decided before it can show.
fn check_settles(reader: &Reader, poll: &ast::Poll, meanwhile: &[Meanwhile]) {
    let Some(settles) = &poll.settles_within else {
        return;
    };
    if !meanwhile.iter().any(|one| one.act.decides()) {
        let help = "add the action to `meanwhile`: `enrol`, `approve`, `reject` or `unenrol`";
        let message = "`settles_within` without a decision in `meanwhile`";
        reader.error_with_help("E0142", settles.span, message, help);
    }
}
