//! Replies to calls: recognised, judged, their values kept.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::{CheckRef, Fact, Flight, Held, Reply, Session, Stop};
use crate::dialect::{Outcomes, Recognition};
use crate::matcher::Context;
use crate::path::{Root, Seen, descend};
use crate::program::{Action, Capture, CaptureFrom, Exchange, Expect, Operand};
use crate::template::Values;
use crate::value::Value;

impl Session {
    pub(super) fn call_replied(&mut self, at: Duration, flight: Flight, reply: &Reply<'_>) {
        let program = Arc::clone(&self.program);
        let Action::Call { exchange, expect } = &program.steps[self.position()].action else {
            return;
        };
        let recognition = self.recognise(exchange, reply);
        self.note(Fact::Answered {
            flight,
            poll: 0,
            recognition,
        });
        let held = expect.held(recognition);
        self.note(Fact::Judged {
            check: CheckRef::Expect,
            held,
            flight,
        });
        let json = Json::parse_when(
            held != Held::No || self.looks_into_body(exchange),
            reply.body,
        );
        self.judge_always(exchange, recognition.outcomes, flight, reply, json.as_ref());
        if held == Held::No {
            return self.stop(Stop::Breached);
        }
        if exchange.begins_transaction {
            self.keep_hints(at, reply, json.as_ref());
        }
        if let Err(stop) = self.examine(exchange, flight, reply, json.as_ref()) {
            return self.stop(stop);
        }
        self.leave(at);
    }

    pub(super) fn recognise(&self, exchange: &Exchange, reply: &Reply<'_>) -> Recognition {
        let among = self.program.dialect.operations[exchange.operation].outcomes;
        self.program
            .profile
            .recognise(among, reply.status, reply.headers, reply.body)
    }

    /// What holds for every reply of an operation.
    pub(super) fn judge_always(
        &mut self,
        exchange: &Exchange,
        outcomes: Outcomes,
        flight: Flight,
        reply: &Reply<'_>,
        json: Option<&Json>,
    ) {
        let program = Arc::clone(&self.program);
        for position in &exchange.always {
            let always = &program.dialect.always[*position];
            let other_outcome = !always.outcomes.is_empty() && !always.outcomes.meets(outcomes);
            if other_outcome || reply.status < always.from_status {
                continue;
            }
            let held = match &always.that.root {
                // The two that every pending poll meets are looked at without making values of them.
                Root::Header(name) => {
                    let value = reply.headers.header(name);
                    always.matcher.holds_text(value, &NoOperands)
                }
                Root::Text => !self.holds_secret_bytes(reply.body),
                Root::Body | Root::Status | Root::Elapsed => {
                    let found = always.that.get(seen(reply, json));
                    always.matcher.holds(found.as_deref(), &NoOperands)
                }
            };
            let check = CheckRef::Always(u16::try_from(*position).unwrap_or(u16::MAX));
            self.note(Fact::Judged {
                check,
                held: Held::of(held),
                flight,
            });
        }
    }

    pub(super) fn looks_into_body(&self, exchange: &Exchange) -> bool {
        let always = &self.program.dialect.always;
        exchange
            .always
            .iter()
            .any(|at| always[*at].that.root == Root::Body)
    }

    /// The step's own checks, then its captures.
    pub(super) fn examine(
        &mut self,
        exchange: &Exchange,
        flight: Flight,
        reply: &Reply<'_>,
        json: Option<&Json>,
    ) -> Result<(), Stop> {
        let seen = seen(reply, json);
        for (at, check) in exchange.checks.iter().enumerate() {
            let held = Held::of(check.matcher.holds(check.that.get(seen).as_deref(), &*self));
            let check = CheckRef::Check(u16::try_from(at).unwrap_or(u16::MAX));
            self.note(Fact::Judged {
                check,
                held,
                flight,
            });
        }
        for capture in &exchange.captures {
            let secret = self.program.slots[capture.slot].secret;
            match capture.find(seen) {
                Some(value) => self.slots[capture.slot] = Some(Value::from_json(value, secret)),
                None if capture.optional => {}
                None => {
                    return Err(Stop::Missing {
                        capture: u16::try_from(capture.slot).unwrap_or(u16::MAX),
                        flight,
                    });
                }
            }
        }
        Ok(())
    }

    /// The interval and the expiry that the endpoint names when it begins a transaction (CPOLL-004, CPOLL-020).
    fn keep_hints(&mut self, at: Duration, reply: &Reply<'_>, json: Option<&Json>) {
        let rules = &self.program.dialect.poll;
        let seconds = |path: &Option<crate::path::Path>| {
            let value = path.as_ref()?.get(seen(reply, json))?;
            value.as_u64().map(Duration::from_secs)
        };
        self.hints.interval = seconds(&rules.interval_path);
        self.hints.expires_in = Some(seconds(&rules.expires_path).unwrap_or(rules.expires));
        self.hints_at = at;
    }

    fn holds_secret_bytes(&self, body: &[u8]) -> bool {
        let mut secrets = self.slots.iter().flatten().filter_map(Value::secret);
        secrets.any(|secret| secret.len() >= SECRET_LENGTH_MIN && contains(body, secret.as_bytes()))
    }
}

/// Shorter secrets occur by chance.
const SECRET_LENGTH_MIN: usize = 6;

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.len() >= part.len() && text.windows(part.len()).any(|window| window == part)
}

impl Expect {
    fn held(self, recognition: Recognition) -> Held {
        let met = recognition.outcomes.and(self.outcomes);
        match (self.any_but, met.is_empty()) {
            (true, nothing) => Held::of(nothing),
            (false, true) => Held::No,
            (false, false) if met.without(recognition.weak).is_empty() => Held::Weakly,
            (false, false) => Held::Yes,
        }
    }
}

impl Capture {
    fn find<'a>(&self, seen: Seen<'a>) -> Option<Cow<'a, Json>> {
        match &self.from {
            CaptureFrom::Path(path) => path.get(seen).filter(|value| !value.is_null()),
            CaptureFrom::Where {
                list,
                members,
                take,
            } => {
                let list = list.get(seen)?.into_owned();
                let fits = |item: &&Json| {
                    members
                        .iter()
                        .all(|(name, value)| item.get(name) == Some(value))
                };
                let mut fitting = list.as_array()?.iter().filter(fits);
                let (one, another) = (fitting.next()?, fitting.next());
                if another.is_some() {
                    return None;
                }
                take.iter()
                    .try_fold(Cow::Owned(one.clone()), |value, step| descend(value, step))
            }
        }
    }
}

pub(super) fn seen<'a>(reply: &Reply<'a>, json: Option<&'a Json>) -> Seen<'a> {
    Seen {
        status: reply.status,
        headers: reply.headers,
        body: reply.body,
        json,
        elapsed: reply.elapsed,
    }
}

/// Parses a body only when somebody will look at it.
pub(super) trait ParseWhen: Sized {
    fn parse_when(wanted: bool, body: &[u8]) -> Option<Self>;
}

impl ParseWhen for Json {
    fn parse_when(wanted: bool, body: &[u8]) -> Option<Self> {
        wanted.then(|| serde_json::from_slice(body).ok()).flatten()
    }
}

/// A dialect's conditions have only literals.
struct NoOperands;

impl Context<Json> for NoOperands {
    fn resolve<'a>(&'a self, operand: &'a Json) -> Option<Cow<'a, Json>> {
        Some(Cow::Borrowed(operand))
    }

    fn holds_secret(&self, _: &str) -> bool {
        false
    }
}

impl Context<Operand> for Session {
    fn resolve<'a>(&'a self, operand: &'a Operand) -> Option<Cow<'a, Json>> {
        match operand {
            Operand::Const(value) => Some(Cow::Borrowed(value)),
            Operand::Slot(_) | Operand::ClientId(_) | Operand::ClientSecret(_) => {
                self.value(operand).map(|value| Cow::Owned(value.to_json()))
            }
            Operand::Text(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| Some(crate::template::plain(&*self.resolve(part)?)));
                Some(Cow::Owned(parts.collect::<Option<String>>()?.into()))
            }
            Operand::List(items) => {
                let items = items
                    .iter()
                    .map(|item| self.resolve(item).map(Cow::into_owned));
                Some(Cow::Owned(items.collect::<Option<Json>>()?))
            }
            Operand::Map(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| Some((name.clone(), self.resolve(value)?.into_owned())));
                Some(Cow::Owned(Json::Object(members.collect::<Option<_>>()?)))
            }
        }
    }

    fn holds_secret(&self, text: &str) -> bool {
        self.holds_secret_bytes(text.as_bytes())
    }
}
