//! Replies to calls: recognised, judged, their values kept.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::Hints;
use serde_json::Value as Json;

use super::{CheckRef, Fact, Flight, Held, Offer, Reply, Session, Stop};
use crate::dialect::{Always, Outcomes, Recognition, member};
use crate::matcher::{Context, Matcher};
use crate::path::{Path, Root, Seen, descend, header};
use crate::program::{Action, ActorKind, Capture, CaptureFrom, Exchange, Expect, Operand, Poll};
use crate::template::Values;
use crate::value::Value;

impl Session {
    pub(super) fn call_replied(&mut self, at: Duration, flight: Flight, reply: &Reply<'_>) {
        let program = Arc::clone(&self.program);
        let Action::Call { exchange, expect } = &program.steps[self.position()].action else {
            return;
        };
        match self.judge_call(at, exchange, *expect, flight, reply) {
            Ok(()) => self.leave(at),
            Err(stop) => self.stop(at, stop),
        }
    }

    /// Recognises and judges the reply to a call, and keeps its values.
    pub(super) fn judge_call(
        &mut self,
        at: Duration,
        exchange: &Exchange,
        expect: Expect,
        flight: Flight,
        reply: &Reply<'_>,
    ) -> Result<(), Stop> {
        let recognition = self.recognise(exchange, reply);
        self.heed(at, recognition);
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
        let json = LazyJson::new(reply.body);
        self.judge_always(exchange, recognition.outcomes, flight, reply, &json);
        if held == Held::No {
            return Err(Stop::Breached);
        }
        if exchange.begins_transaction {
            self.keep_offer(at, reply, &json);
        }
        self.examine(exchange, flight, reply, &json)
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
        json: &LazyJson<'_>,
    ) {
        let program = Arc::clone(&self.program);
        for position in &exchange.always {
            let always = &program.dialect.always[*position];
            let other_outcome = !always.outcomes.is_empty() && !always.outcomes.meets(outcomes);
            let statuses = always.from_status..=always.to_status;
            if other_outcome || !statuses.contains(&reply.status) {
                continue;
            }
            let is_absent =
                always.matcher.allows_nothing() && look(&always.that, reply, json).is_none();
            let held = if is_absent {
                Held::Absent
            } else {
                Held::of(self.always_holds(always, &Beside::new(self, reply, json)))
            };
            let check = CheckRef::Always(u16::try_from(*position).unwrap_or(u16::MAX));
            self.note(Fact::Judged {
                check,
                held,
                flight,
            });
        }
    }

    /// The conditions that every pending poll meets are decided without making a value of what they look at.
    fn always_holds(&self, always: &Always, beside: &Beside<'_>) -> bool {
        let (reply, json) = (beside.reply, beside.json);
        match (&always.that.root, &always.that.steps[..], &always.matcher) {
            (Root::Header(name), [], matcher) => {
                return matcher.holds_header(header(reply.headers, name), beside);
            }
            (Root::Text, [], Matcher::HoldsNoSecrets) => return !self.knows_secret_in(reply.body),
            (Root::Body, [name], Matcher::Is(kind)) => {
                let found = member(reply.body, name);
                let held = found.and_then(|found| kind.fits_found(found.as_ref()));
                if let Some(held) = held {
                    return held;
                }
            }
            _ => {}
        }
        let found = look(&always.that, reply, json);
        always.matcher.holds(found.as_deref(), beside)
    }

    /// The step's own checks, then its captures.
    pub(super) fn examine(
        &mut self,
        exchange: &Exchange,
        flight: Flight,
        reply: &Reply<'_>,
        json: &LazyJson<'_>,
    ) -> Result<(), Stop> {
        for (at, check) in exchange.checks.iter().enumerate() {
            let beside = Beside::new(self, reply, json);
            let found = look(&check.that, reply, json);
            let holds = match (&check.that.root, &check.that.steps[..]) {
                (Root::Header(name), []) => {
                    let found = header(reply.headers, name);
                    check.matcher.holds_header(found, &beside)
                }
                _ => check.matcher.holds(found.as_deref(), &beside),
            };
            let held = match holds {
                _ if found.is_none() && check.matcher.allows_nothing() => Held::Absent,
                true => Held::Yes,
                false if self.compares_with_unknown(&check.matcher) => Held::Unknown,
                false => Held::No,
            };
            let check = CheckRef::Check(u16::try_from(at).unwrap_or(u16::MAX));
            self.note(Fact::Judged {
                check,
                held,
                flight,
            });
        }
        for capture in &exchange.captures {
            let secret = self.program.slots[capture.slot].secret;
            match capture.find(reply, json, self) {
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

    /// Whether a condition compares with an address or a number that the source of users did not tell.
    fn compares_with_unknown(&self, matcher: &Matcher<Operand>) -> bool {
        let is_unknown = |slot: &usize| {
            let unset = self.slots[*slot].is_none();
            unset
                && self.program.actors.iter().any(|actor| match actor.kind {
                    ActorKind::User { email, phone, .. } => *slot == email || *slot == phone,
                    _ => false,
                })
        };
        let mut compares = false;
        let _ = matcher.map(&mut |operand| {
            compares |= operand.slots().iter().any(is_unknown);
            Some(())
        });
        compares
    }

    /// The interval and the expiry that the endpoint names when it begins a transaction (CPOLL-004, CPOLL-020).
    fn keep_offer(&mut self, at: Duration, reply: &Reply<'_>, json: &LazyJson<'_>) {
        let rules = &self.program.dialect.poll;
        let seconds = |path: &Option<Path>| {
            let value = look(path.as_ref()?, reply, json)?;
            value.as_u64().map(Duration::from_secs)
        };
        let hints = Hints {
            interval: seconds(&rules.interval_path),
            expires_in: Some(seconds(&rules.expires_path).unwrap_or(rules.expires)),
        };
        let step = self.step;
        // A session is small; it begins few transactions.
        self.offers.reserve_exact(1);
        self.offers.push(Offer { step, hints, at });
    }

    /// What is left of the offer that began a poll's transaction.
    pub(super) fn hints_for(&self, poll: &Poll, at: Duration) -> Hints {
        let begun_by = poll.begun_by.filter(|_| poll.follows_hints);
        let offer = begun_by.and_then(|step| {
            let mut offers = self.offers.iter();
            offers.find(|offer| usize::from(offer.step) == step)
        });
        let Some(offer) = offer else {
            return Hints::default();
        };
        let since = at.saturating_sub(offer.at);
        let expires_in = offer.hints.expires_in;
        Hints {
            interval: offer.hints.interval,
            expires_in: expires_in.map(|expires_in| expires_in.saturating_sub(since)),
        }
    }

    /// Whether a secret that this case knows stands in a text.
    fn knows_secret_in(&self, text: &[u8]) -> bool {
        let own = self.slots.iter().flatten();
        let clients = &self.environment.clients;
        let clients = clients.iter().filter_map(|client| client.secret.as_ref());
        let mut secrets = own.chain(clients).filter_map(Value::secret);
        secrets.any(|secret| holds(text, secret.as_bytes()))
    }
}

/// Shorter secrets occur by chance.
pub(crate) const SECRET_LENGTH_MIN: usize = 6;

/// A secret of this length with one character changed, such as `{ altered: $mfa_token }` sends, gives the secret away.
const TELLING_LENGTH_MIN: usize = 16;

/// Whether a secret stands in a text, or all of a long one but a character.
pub(crate) fn holds(text: &[u8], secret: &[u8]) -> bool {
    match secret.len() {
        ..SECRET_LENGTH_MIN => false,
        SECRET_LENGTH_MIN..TELLING_LENGTH_MIN => contains(text, secret),
        TELLING_LENGTH_MIN.. => text.windows(secret.len()).any(|window| {
            let differing = window
                .iter()
                .zip(secret)
                .filter(|(one, other)| one != other);
            differing.take(2).count() < 2
        }),
    }
}

/// Most secrets are longer than the text that is searched; for the others, few places begin like them.
fn contains(text: &[u8], part: &[u8]) -> bool {
    let (Some(last), Some(first)) = (text.len().checked_sub(part.len()), part.first()) else {
        return false;
    };
    let mut at = 0;
    while let Some(next) = text[at..=last].iter().position(|byte| byte == first) {
        at += next;
        if text[at..].starts_with(part) {
            return true;
        }
        at += 1;
        if at > last {
            break;
        }
    }
    false
}

impl Expect {
    pub(super) fn held(self, recognition: Recognition) -> Held {
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
    fn find<'a>(
        &self,
        reply: &Reply<'a>,
        json: &'a LazyJson<'a>,
        session: &Session,
    ) -> Option<Cow<'a, Json>> {
        match &self.from {
            CaptureFrom::Path(path) => look(path, reply, json).filter(|value| !value.is_null()),
            CaptureFrom::Where {
                list,
                members,
                take,
            } => {
                let list = look(list, reply, json)?;
                let wanted = members.iter();
                let wanted = wanted.map(|(name, operand)| Some((name, session.resolve(operand)?)));
                let wanted: Vec<_> = wanted.collect::<Option<_>>()?;
                let fits = |item: &&Json| {
                    wanted
                        .iter()
                        .all(|(name, value)| item.get(name) == Some(&**value))
                };
                let mut fitting = list.as_array()?.iter().filter(fits);
                let (one, another) = (fitting.next()?, fitting.next());
                if another.is_some() {
                    return None;
                }
                take.iter()
                    .try_fold(Cow::Owned(one.clone()), |value, step| descend(value, step))
                    .filter(|value| !value.is_null())
            }
        }
    }
}

/// What a path finds in a reply.
fn look<'a>(path: &Path, reply: &Reply<'a>, json: &'a LazyJson<'a>) -> Option<Cow<'a, Json>> {
    path.get(Seen {
        status: reply.status,
        headers: reply.headers,
        body: reply.body,
        json: if path.root == Root::Body {
            json.get()
        } else {
            None
        },
        elapsed: reply.elapsed,
    })
}

/// A body that is parsed once, when somebody looks into it.
pub(super) struct LazyJson<'a> {
    body: &'a [u8],
    json: OnceCell<Option<Json>>,
}

impl<'a> LazyJson<'a> {
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            json: OnceCell::new(),
        }
    }

    fn get(&self) -> Option<&Json> {
        let parse = || serde_json::from_slice(self.body).ok();
        self.json.get_or_init(parse).as_ref()
    }
}

/// What a condition may look at beside the value it is about: what the case knows, and the rest of the reply.
struct Beside<'a> {
    session: &'a Session,
    reply: &'a Reply<'a>,
    json: &'a LazyJson<'a>,
}

impl<'a> Beside<'a> {
    const fn new(session: &'a Session, reply: &'a Reply<'a>, json: &'a LazyJson<'a>) -> Self {
        Self {
            session,
            reply,
            json,
        }
    }
}

/// A dialect's conditions have only literals.
impl Context<Json> for Beside<'_> {
    fn resolve<'a>(&'a self, operand: &'a Json) -> Option<Cow<'a, Json>> {
        Some(Cow::Borrowed(operand))
    }

    fn holds_secret(&self, text: &str) -> bool {
        self.session.knows_secret_in(text.as_bytes())
    }

    fn beside(&self, place: &Path) -> Option<Cow<'_, Json>> {
        look(place, self.reply, self.json)
    }
}

impl Context<Operand> for Beside<'_> {
    fn resolve<'a>(&'a self, operand: &'a Operand) -> Option<Cow<'a, Json>> {
        self.session.resolve(operand)
    }

    fn holds_secret(&self, text: &str) -> bool {
        self.session.knows_secret_in(text.as_bytes())
    }

    fn beside(&self, place: &Path) -> Option<Cow<'_, Json>> {
        look(place, self.reply, self.json)
    }
}

impl Session {
    /// The value that an operand stands for now; `None` if it has none.
    pub(crate) fn resolve<'a>(&'a self, operand: &'a Operand) -> Option<Cow<'a, Json>> {
        match operand {
            Operand::Const(value) => Some(Cow::Borrowed(value)),
            Operand::Altered(inner, at) => {
                let value = self.resolve(inner)?;
                let altered = crate::expr::alter(&crate::template::plain(&value), *at);
                Some(Cow::Owned(altered.into()))
            }
            Operand::Slot(_)
            | Operand::ClientId(_)
            | Operand::ClientSecret(_)
            | Operand::ClientBasic(_)
            | Operand::BaseUrl => self.value(operand).map(|value| Cow::Owned(value.to_json())),
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{contains, holds};
    use crate::expr::{At, alter};

    #[test]
    fn a_long_secret_is_known_although_a_character_was_changed() {
        let secret = "Fe26.2*0123456789abcdef";
        for at in [At::First, At::Middle, At::Last] {
            let text = format!("Malformed mfa_token: {}!", alter(secret, at));
            assert!(holds(text.as_bytes(), secret.as_bytes()), "{text}");
            let twice = text.replace(['4', '5'], "x");
            assert!(!holds(twice.as_bytes(), secret.as_bytes()), "{twice}");
        }
        assert!(holds(b"code 493817", b"493817"));
        assert!(!holds(b"code 493917", b"493817"), "another code");
    }

    proptest! {
        #[test]
        fn a_part_is_found_where_every_window_is_looked_at(text in "[ab]{0,12}", part in "[ab]{1,4}") {
            let windows = text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes());
            prop_assert_eq!(contains(text.as_bytes(), part.as_bytes()), windows);
        }
    }
}
