//! What a check demanded and what was seen, in words: from a [`Note`](crate::Note) to the text of a finding.

use std::fmt::Write as _;
use std::sync::Arc;

use pushproof_polling::Because;
use pushproof_report::{Cover, Mask, sanitize};
use serde_json::Value;

use crate::ast::{ActExpect, Settles};
use crate::dialect::{Outcome, Outcomes, Recognition};
use crate::matcher::Matcher;
use crate::path::{Path, Root, Seen, each_below};
use crate::program::{Action, AtOnce, Count, Expect, Operand, Poll, Program, Step};
use crate::session::{CheckRef, Reply, SECRET_LENGTH_MIN, Session, holds_secret};
use crate::source::{Source, Span};
use crate::template::{Values, plain};

/// A check in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The check's name within its step: `expect`, `outcomes`, `settles_within`, `meanwhile.0`, or a path.
    pub check: String,
    /// The requirements it judges.
    pub covers: Vec<Cover>,
    /// What was demanded.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// The file in which it is demanded.
    pub source: Arc<Source>,
    /// Where.
    pub span: Span,
    /// What stands under the caret.
    pub label: String,
}

/// What a check was decided on.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The session, for the values that checks compare with.
    pub session: &'a Session,
    /// The reply, if there is one.
    pub reply: Option<&'a Reply<'a>>,
    /// What it was recognised as.
    pub recognition: Option<Recognition>,
    /// What the step's replies were recognised as, the last one included.
    pub history: &'a [Outcomes],
    /// Why polling ended, if it did.
    pub over: Option<Because>,
    /// How a device's action was answered, in words.
    pub answer: Option<&'a str>,
    /// The placeholder for a secret, from its label and text.
    pub hide: &'a dyn Fn(&str, &str) -> String,
}

/// Longest value that is shown, in characters.
const SHOWN_MAX: usize = 120;

impl Program {
    /// A check of a step in words.
    #[must_use]
    pub fn words(&self, step: usize, check: CheckRef, evidence: Evidence<'_>) -> Words {
        let step = &self.steps[step];
        let mut words = Words {
            check: step.action.check_name().to_owned(),
            covers: step.covers.clone(),
            expected: String::new(),
            actual: self.actual(evidence),
            source: Arc::clone(&step.source),
            span: step.span,
            label: String::new(),
        };
        match (check, &step.action) {
            (CheckRef::Expect, Action::Call { expect, .. }) => {
                words.expected = self.expected(*expect);
                if !expect.any_but {
                    self.weak_words(expect.outcomes, evidence, &mut words);
                }
            }
            (CheckRef::Expect, Action::AtOnce(race)) => self.race_words(race, evidence, &mut words),
            (CheckRef::Expect, Action::Set { .. }) => {
                words.expected = "the switches to be set".to_owned();
                words.actual = evidence.answer.unwrap_or("no answer").to_owned();
            }
            (CheckRef::Expect, Action::Device { expect, .. }) => {
                words.expected = answer(*expect).to_owned();
                words.actual = evidence.answer.unwrap_or("no answer").to_owned();
            }
            (CheckRef::Outcomes, Action::Poll(poll)) => {
                self.pattern_words(poll, evidence, &mut words)
            }
            (CheckRef::Settles, Action::Poll(poll)) => settles_words(poll, &mut words),
            (CheckRef::Meanwhile(at), Action::Poll(poll)) => {
                let one = &poll.meanwhile[usize::from(at)];
                words.check = format!("meanwhile.{at}");
                words.covers.clone_from(&one.covers);
                words.expected = answer(one.expect).to_owned();
                words.actual = evidence.answer.unwrap_or("no answer").to_owned();
                words.span = one.span;
            }
            (CheckRef::Check(at), action) => {
                if let Some(check) = action
                    .exchange()
                    .and_then(|exchange| exchange.checks.get(usize::from(at)))
                {
                    words.check.clone_from(&check.name);
                    words.covers.clone_from(&check.covers);
                    words.span = check.span;
                    words.expected = check
                        .matcher
                        .says(&|operand| self.show_operand(operand, evidence));
                    words.actual = match check.matcher {
                        Matcher::HoldsNoSecrets => Self::secrets_in(&check.that, evidence),
                        _ => None,
                    }
                    .unwrap_or_else(|| self.found(step, &check.that, evidence));
                }
            }
            (CheckRef::Always(at), _) => {
                let always = &self.dialect.always[usize::from(at)];
                words.check = always.that.to_string();
                words.covers.clone_from(&always.covers);
                words.source = Arc::clone(&self.dialect.source);
                words.span = always.place.span;
                words.expected = always.matcher.says(&plain);
                words.actual = match always.matcher {
                    Matcher::HoldsNoSecrets => Self::secrets_in(&always.that, evidence),
                    _ => None,
                }
                .unwrap_or_else(|| self.found(step, &always.that, evidence));
            }
            (
                CheckRef::Expect | CheckRef::Outcomes | CheckRef::Settles | CheckRef::Meanwhile(_),
                _,
            ) => {}
        }
        words
    }

    /// The outcomes an expectation allows, with their forms.
    fn expected(&self, expect: Expect) -> String {
        let forms = self.forms(expect.outcomes);
        if expect.any_but {
            format!("anything but {forms}")
        } else {
            forms
        }
    }

    /// What came of all requests of a race.
    fn race_words(&self, race: &AtOnce, evidence: Evidence<'_>, words: &mut Words) {
        let count = |count: &Count| {
            let name = self.dialect.names(count.outcome).join(" or ");
            let bounds = match (count.at_least, count.at_most) {
                (least, Some(most)) if least == most => format!("exactly {most}"),
                (0, Some(most)) => format!("at most {most}"),
                (least, None) => format!("at least {least}"),
                (least, Some(most)) => format!("{least} to {most}"),
            };
            format!("{bounds} {name}")
        };
        let mut wanted: Vec<String> = race.counts.iter().map(count).collect();
        if race.others.any_but || !race.others.outcomes.is_empty() {
            let others = self.dialect.names(race.others.outcomes).join(" or ");
            let others = if race.others.any_but {
                format!("anything but {others}")
            } else {
                others
            };
            wanted.push(if race.counts.is_empty() {
                format!("{others}, each")
            } else {
                format!("otherwise {others}")
            });
        }
        let mut seen: Vec<(String, usize)> = Vec::new();
        for outcomes in evidence.history {
            let name = self.dialect.names(*outcomes).join(", ");
            match seen.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => *times += 1,
                None => seen.push((name, 1)),
            }
        }
        let seen = seen.iter().map(|(name, times)| format!("{times} × {name}"));
        words.expected = format!("of {}: {}", race.times, wanted.join(", "));
        words.actual = seen.collect::<Vec<_>>().join(", ");
    }

    /// `rejected (400 access_denied | 403 invalid_grant)`, several joined by `or`.
    fn forms(&self, outcomes: Outcomes) -> String {
        self.forms_of(outcomes, Outcome::forms)
    }

    fn forms_of(&self, outcomes: Outcomes, forms: fn(&Outcome) -> String) -> String {
        let named = outcomes.positions().map(|position| {
            let name = &self.dialect.outcomes[position];
            let outcome = self.profile.outcomes.get(position);
            match outcome.and_then(Option::as_ref) {
                Some(outcome) => format!("{name} ({})", forms(outcome)),
                None => name.clone(),
            }
        });
        let classes = [Outcomes::REFUSED, Outcomes::THROTTLED, Outcomes::BROKEN];
        let classes = classes.into_iter().zip(Outcomes::CLASSES);
        let classes = classes
            .filter(|(class, _)| outcomes.meets(*class))
            .map(|(_, name)| name.to_owned());
        named.chain(classes).collect::<Vec<_>>().join(" or ")
    }

    /// `tokens (200)`, `pending in another form (418 authorization_pending)`, `broken (502)`.
    fn actual(&self, evidence: Evidence<'_>) -> String {
        let (Some(recognition), Some(reply)) = (evidence.recognition, evidence.reply) else {
            return "no reply".to_owned();
        };
        let mut form = reply.status.to_string();
        let error = serde_json::from_slice::<Value>(reply.body).ok();
        if let Some(error) = error
            .as_ref()
            .and_then(|body| body.get("error"))
            .and_then(Value::as_str)
        {
            let _ = write!(form, " {}", sanitize(error, SHOWN_MAX));
        } else if error.is_none() && !reply.body.is_empty() {
            form.push_str(", not JSON");
        }
        if recognition.near.is_empty() || recognition.outcomes.positions().next().is_some() {
            format!(
                "{} ({form})",
                self.dialect.names(recognition.outcomes).join(", ")
            )
        } else {
            format!(
                "{} in another form ({form})",
                self.dialect.names(recognition.near).join(", ")
            )
        }
    }

    /// A reply that only tolerated forms cover: the forms that are right, and the one that came.
    fn weak_words(&self, allowed: Outcomes, evidence: Evidence<'_>, words: &mut Words) {
        let Some(recognition) = evidence.recognition else {
            return;
        };
        let met = recognition.outcomes.and(allowed);
        if met.is_empty() || !met.without(recognition.weak).is_empty() {
            return;
        }
        words.expected = self.forms_of(met, Outcome::firm_forms);
        words.actual = format!("{}, a form that is only tolerated", words.actual);
    }

    fn pattern_words(&self, poll: &Poll, evidence: Evidence<'_>, words: &mut Words) {
        let before = evidence.history.len().saturating_sub(1);
        let advance = |replies: &[Outcomes]| {
            replies.iter().fold(poll.pattern.start(), |live, reply| {
                poll.pattern.advance(live, *reply)
            })
        };
        let after = advance(evidence.history);
        if poll.pattern.accepts(after) {
            let all = poll.pattern.elements().map(|element| element.text.as_str());
            words.expected = all.collect::<Vec<_>>().join(", ");
            return self.weak_words(poll.pattern.outcomes(), evidence, words);
        }
        // A reply that was not allowed is judged against what was allowed before it; a limit, against what was still missing.
        let live = if after.is_dead() {
            advance(&evidence.history[..before])
        } else {
            after
        };
        words.expected = self.forms(poll.pattern.allowed(live));
        if let Some(element) = poll.pattern.awaited(live) {
            words.span = element.span;
        }
        if after.is_dead() {
            words.label = format!("answer {} is not this", evidence.history.len());
            return;
        }
        let ended = match evidence.over {
            Some(Because::Deadline) => "the time was up",
            Some(Because::Polls) => "the last poll was answered",
            Some(Because::Final) => "a final answer came",
            Some(Because::Failures | Because::Cancelled) | None => "polling ended",
        };
        words.label = format!("still missing when {ended}");
        words.actual = format!("{} when {ended}", words.actual);
    }

    /// The value at a path, secrets hidden: those that stand there by the dialect's word, and those that the case knows.
    fn found(&self, step: &Step, path: &Path, evidence: Evidence<'_>) -> String {
        let Some(reply) = evidence.reply else {
            return "no reply".to_owned();
        };
        let json = serde_json::from_slice::<Value>(reply.body).ok();
        let seen = Seen {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            json: json.as_ref(),
            elapsed: reply.elapsed,
        };
        let Some(value) = path.get(seen) else {
            return "absent".to_owned();
        };
        let exchange = step.action.exchange();
        let operation = exchange.map(|exchange| &self.dialect.operations[exchange.operation]);
        let mut value = value.into_owned();
        let label = |name: &str| self.dialect.secret_name(name);
        let mut hide = evidence.hide;
        let mut mask = Mask::new(&label, &mut hide);
        let secrets = operation
            .iter()
            .flat_map(|operation| operation.secrets.iter().chain(&operation.hidden));
        for secret in secrets {
            if path.is_within(secret) {
                return (evidence.hide)(&path.to_string(), &plain(&value));
            }
            if secret.is_within(path) {
                each_below(
                    &mut value,
                    &secret.steps[path.steps.len()..],
                    &mut |place| mask.all(&secret.to_string(), place),
                );
            }
        }
        if let Some(label) = path.steps.iter().find_map(|name| label(name)) {
            return (evidence.hide)(label, &plain(&value));
        }
        mask.json(&mut value);
        let mut text = plain(&value);
        for (label, secret) in evidence.session.secrets() {
            if secret.len() >= SECRET_LENGTH_MIN && text.contains(secret) {
                text = text.replace(secret, &(evidence.hide)(label, secret));
            }
        }
        sanitize(&text, SHOWN_MAX)
    }

    /// Which of the case's secrets stand in a text that should hold none.
    fn secrets_in(path: &Path, evidence: Evidence<'_>) -> Option<String> {
        let reply = evidence.reply?;
        let text = match &path.root {
            Root::Header(name) => crate::path::header(reply.headers, name)?.into(),
            _ => String::from_utf8_lossy(reply.body),
        };
        let secrets = evidence.session.secrets();
        let held = secrets.filter(|(_, secret)| holds_secret(text.as_bytes(), secret.as_bytes()));
        let held: Vec<String> = held.map(|(label, _)| format!("`{label}`")).collect();
        (!held.is_empty()).then(|| format!("a text that holds {}", held.join(", ")))
    }

    fn show_operand(&self, operand: &Operand, evidence: Evidence<'_>) -> String {
        match evidence.session.value(operand) {
            Some(value) => match (value.secret(), operand) {
                (Some(secret), Operand::Slot(slot)) => {
                    (evidence.hide)(&self.slots[*slot].label, secret)
                }
                (Some(secret), _) => (evidence.hide)("client_secret", secret),
                (None, _) => sanitize(&plain(&value.to_json()), SHOWN_MAX),
            },
            None => match operand {
                Operand::Const(value) => value.to_string(),
                _ => evidence
                    .session
                    .resolve(operand)
                    .map_or_else(String::new, |value| sanitize(&plain(&value), SHOWN_MAX)),
            },
        }
    }
}

fn settles_words(poll: &Poll, words: &mut Words) {
    words.check = "settles_within".to_owned();
    let Some((settles, span)) = poll.settles else {
        return;
    };
    words.span = span;
    let limit = match settles {
        Settles::Polls(1) => "1 poll".to_owned(),
        Settles::Polls(polls) => format!("{polls} polls"),
        Settles::Time(time) => humantime::format_duration(time).to_string(),
    };
    words.expected = format!("the decision to show within {limit}");
    words.label = "the decision was acknowledged, and these did not show it".to_owned();
}

const fn answer(expect: ActExpect) -> &'static str {
    match expect {
        ActExpect::Acknowledged => "acknowledged",
        ActExpect::Refused => "refused",
        ActExpect::Either => "acknowledged or refused",
        ActExpect::Something => "something to read",
        ActExpect::Nothing => "nothing to read",
    }
}
