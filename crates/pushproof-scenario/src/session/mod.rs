//! The interpreter: a [`Session`] executes one case as a value, without I/O and without a clock.
//!
//! **One input, then drain outputs until `Wait` or `Done`.** Every input carries the time since the case began. Several things may be in
//! flight at once, each under its [`Flight`]; answers to flights that nobody waits for any more are ignored.
//!
//! ```text
//! session → driver:  Send { flight, step } | Act { flight, step, meanwhile } | Note(note) | Wait(until) | Done
//! driver → session:  Begin | Reply { flight, reply } | Failed { flight, timed_out } | Acknowledged { flight, values } | Refused { flight }
//!                    | Unavailable { flight } | Woken
//! ```
//!
//! A conformance run drives a few sessions with full evidence; a load generator drives a hundred thousand of the same. So a session waiting
//! between two polls is small, and a pending poll allocates nothing.

mod judge;
mod many;
mod note;
mod polling;
mod queue;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::{Hints, Meaning};

pub(crate) use judge::{SECRET_LENGTH_MIN, holds as holds_secret};
use many::Many;
pub use note::{CheckRef, Fact, Held, Note, Stop};
use polling::PollState;
use queue::Queue;

use crate::ast::{ActExpect, Channel};
use crate::dialect::Recognition;
use crate::expr::{At, alter};
use crate::path::Headers;
use crate::program::{
    Act, Action, ActorKind, CLIENTS, Exchange, Operand, Program, Step, WaitLength,
};
use crate::template::{RequestBuffer, ShownCall, Values, encode_form};
use crate::value::Value;

/// Extra time that `wait: { past: … }` adds, so that an instant lies surely behind.
pub const PAST_MARGIN: Duration = Duration::from_secs(1);

/// How long before the end `wait: { short_of: … }` is over: enough for a few requests.
const SHORT_MARGIN: Duration = Duration::from_secs(10);

/// What a target gives to every session.
#[derive(Debug, Default)]
pub struct Environment {
    /// Id and secret of each client, in the order of [`CLIENTS`].
    pub clients: [ClientValues; CLIENTS.len()],
    /// How long things live, by name.
    pub lifetimes: BTreeMap<String, Duration>,
    /// Where requests go, for dialects that send it along.
    pub base_url: Option<Value>,
}

/// A client's credentials.
#[derive(Debug, Default)]
pub struct ClientValues {
    /// `client_id`.
    pub id: Option<Value>,
    /// `client_secret`.
    pub secret: Option<Value>,
    /// Both for an `Authorization` header.
    pub basic: Option<Value>,
    /// The target wants them there, and no secret in the body.
    pub in_header: bool,
}

impl ClientValues {
    /// The credentials of a client that has an id and, if it is not a public one, a secret. `in_header`: proves itself by HTTP Basic.
    #[must_use]
    pub fn new(id: &str, secret: Option<&str>, in_header: bool) -> Self {
        Self {
            id: Some(Value::Text(id.into())),
            secret: secret.map(|secret| Value::Secret(secret.into())),
            basic: secret.map(|secret| Self::basic(id, secret)),
            in_header: in_header && secret.is_some(),
        }
    }

    /// Who knows this client's id and not its secret. Of a public client there is no impostor.
    #[must_use]
    pub fn impostor(&self) -> Self {
        match (&self.id, &self.secret) {
            (Some(Value::Text(id)), Some(Value::Secret(secret))) => {
                Self::new(id, Some(&alter(secret, At::Middle)), self.in_header)
            }
            _ => Self::default(),
        }
    }

    /// The credentials for HTTP Basic: each form-encoded first, then joined (RFC 6749 §2.3.1).
    fn basic(id: &str, secret: &str) -> Value {
        let mut joined = String::new();
        encode_form(id, &mut joined);
        joined.push(':');
        encode_form(secret, &mut joined);
        Value::Secret(data_encoding::BASE64.encode(joined.as_bytes()).into())
    }
}

/// What a user provider gave for one actor.
#[derive(Clone, Debug, Default)]
pub struct UserValues {
    /// Name to log in with.
    pub username: String,
    /// Password.
    pub password: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
}

/// Something in flight. The lane says what it is for; the number makes it unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flight {
    number: u32,
    lane: u8,
}

/// The lane of an exchange or of a device step; lower ones are the actions of a poll step.
const MAIN_LANE: u8 = 31;

/// A reply as it came.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: &'a dyn Headers,
    /// Body.
    pub body: &'a [u8],
    /// From sending to the whole reply, in transport time.
    pub elapsed: Duration,
}

/// What happened.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// The case begins.
    Begin,
    /// The endpoint answered.
    Reply(Flight, &'a Reply<'a>),
    /// No answer came.
    Failed {
        /// What was sent.
        flight: Flight,
        /// The reply took too long; otherwise the transport failed.
        timed_out: bool,
    },
    /// The endpoint took the device's action; what the device read, if it read something.
    Acknowledged(Flight, &'a [(String, String)]),
    /// The endpoint refused it.
    Refused(Flight),
    /// The device could not act.
    Unavailable(Flight),
    /// The instant of the last `Wait` has come.
    Woken,
    /// Nobody wants to know any more. What runs in any case still does.
    Cancelled,
}

/// What the driver must do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the step's call; [`Session::render`] writes it.
    Send(Flight, u16),
    /// Let a phone act; [`Session::action`] says what.
    Act(Flight, u16),
    /// Something to be recorded or counted.
    Note(Note),
    /// Nothing to do before this time since the case began, or before something in flight is answered. Ends a drain.
    Wait(Duration),
    /// The case is over. Given again on every further call.
    Done,
}

/// A device's action, for the driver.
#[derive(Debug)]
pub struct ActView<'a> {
    /// The phone's name.
    pub actor: &'a str,
    /// Its owner's name to log in with.
    pub username: &'a str,
    /// The owner's actor name.
    pub owner: &'a str,
    /// The action's word.
    pub action: &'a str,
    /// What the step gave.
    pub with: Vec<(&'a str, Value)>,
    /// After how many polls, if it belongs to a poll step.
    pub meanwhile: Option<usize>,
    /// How the messages are sent that are to be read, and to which address.
    pub messages: Option<(&'static str, &'a str)>,
    /// It is nobody's phone: these are switches of the tenant.
    pub is_set: bool,
}

#[derive(Debug)]
enum State {
    Calling(Flight),
    Many(Box<Many>),
    Polling(PollState),
    Waiting { from: Duration, until: Duration },
    Acting(Flight),
    Over,
}

/// One case being executed.
#[derive(Debug)]
pub struct Session {
    program: Arc<Program>,
    environment: Arc<Environment>,
    slots: Box<[Option<Value>]>,
    outputs: Queue,
    state: State,
    step: u16,
    number: u32,
    offers: Vec<Offer>,
    chance: fastrand::Rng,
}

/// What a reply said that counts later: what one that began a transaction offered to a client that polls, or until when one asked to wait.
#[derive(Clone, Copy, Debug)]
struct Offer {
    /// The step, or [`ASKED`].
    step: u16,
    hints: Hints,
    at: Duration,
}

/// Stands for no step: until when the endpoint asked to wait, by the farthest of its replies. Few sessions are asked, so it takes no room of its own.
const ASKED: u16 = u16::MAX;

impl Session {
    /// A session that has not begun. `users` in the order of the program's actors; phones are passed over.
    #[must_use]
    pub fn new(
        program: Arc<Program>,
        environment: Arc<Environment>,
        users: impl IntoIterator<Item = UserValues>,
        seed: u64,
    ) -> Self {
        let mut slots: Box<[Option<Value>]> = program.slots.iter().map(|_| None).collect();
        let mut users = users.into_iter();
        for actor in &program.actors {
            let ActorKind::User {
                username,
                password,
                email,
                phone,
            } = actor.kind
            else {
                continue;
            };
            let Some(user) = users.next() else { break };
            slots[username] = Some(Value::Text(user.username.into()));
            slots[password] = Some(Value::Secret(user.password.into()));
            slots[email] = user.email.map(|email| Value::Text(email.into()));
            slots[phone] = user.phone.map(|phone| Value::Text(phone.into()));
        }
        Self {
            program,
            environment,
            slots,
            outputs: Queue::new(),
            state: State::Over,
            step: 0,
            number: 0,
            offers: Vec::new(),
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    /// The case it executes.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The position of the step that runs.
    #[must_use]
    pub fn position(&self) -> usize {
        usize::from(self.step)
    }

    /// Bytes it takes, without its secrets and without what all sessions share.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = self
            .slots
            .iter()
            .flatten()
            .filter(|value| value.secret().is_none())
            .map(Value::heap_bytes);
        std::mem::size_of::<Self>()
            + std::mem::size_of_val(&*self.slots)
            + self.outputs.heap_bytes()
            + self.offers.capacity() * std::mem::size_of::<Offer>()
            + texts.sum::<usize>()
    }

    /// Every secret it holds, with its label.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let labelled = self.program.slots.iter().zip(&self.slots);
        labelled.filter_map(|(slot, value)| Some((slot.label.as_str(), value.as_ref()?.secret()?)))
    }

    /// Takes one input. Drain the outputs before the next.
    pub fn handle(&mut self, at: Duration, input: Input<'_>) {
        match input {
            Input::Begin => self.enter(0, at),
            Input::Reply(flight, reply) => self.replied(at, flight, reply),
            Input::Failed { flight, timed_out } => self.failed(at, flight, timed_out),
            Input::Acknowledged(flight, values) => {
                self.acted(at, flight, Answer::Acknowledged(values))
            }
            Input::Refused(flight) => self.acted(at, flight, Answer::Refused),
            Input::Unavailable(flight) => self.acted(at, flight, Answer::Unavailable),
            Input::Woken => self.woken(at),
            Input::Cancelled => self.cancelled(at),
        }
    }

    /// What the driver must do next.
    #[must_use]
    pub fn next_output(&mut self) -> Output {
        let waits = match self.state {
            State::Waiting { from, until } => Some((from, until)),
            State::Calling(_)
            | State::Many(_)
            | State::Polling(_)
            | State::Acting(_)
            | State::Over => None,
        };
        if let Some(output) = self.outputs.pop(waits) {
            return output;
        }
        match &self.state {
            State::Over => Output::Done,
            State::Waiting { until, .. } => Output::Wait(*until),
            State::Calling(_) | State::Many(_) | State::Acting(_) => Output::Wait(Duration::MAX),
            State::Polling(poll) => Output::Wait(poll.wakes_at(self.poll_plan())),
        }
    }

    /// Writes a step's call for the wire.
    pub fn render(&self, step: u16, into: &mut RequestBuffer) {
        if let Some(exchange) = self.exchange(step) {
            exchange.template.render(self, into);
        }
    }

    /// Writes a step's call for people; `hide` gives the placeholder for a secret, from its label and text.
    #[must_use]
    pub fn show(&self, step: u16, hide: &dyn Fn(&str, &str) -> String) -> Option<ShownCall> {
        let label = |operand: &Operand| match operand {
            Operand::Slot(slot) => self.program.slots[*slot].label.as_str(),
            Operand::BaseUrl => "base_url",
            Operand::ClientBasic(_) => "client_credentials",
            _ => "client_secret",
        };
        let exchange = self.exchange(step)?;
        Some(
            exchange
                .template
                .show(self, &|operand, secret| hide(label(operand), secret)),
        )
    }

    /// What a phone is to do for a flight of this step.
    #[must_use]
    pub fn action(&self, flight: Flight, step: u16) -> Option<ActView<'_>> {
        let (act, meanwhile) = match &self.program.steps.get(usize::from(step))?.action {
            Action::Device { act, .. } => (act, None),
            Action::Poll(poll) => {
                let at = usize::from(flight.lane);
                (&poll.meanwhile.get(at)?.act, Some(at))
            }
            Action::Set { switches } => return Some(set_view(switches)),
            Action::Call { .. } | Action::AtOnce(_) | Action::Wait { .. } => return None,
        };
        Some(self.act_view(act, meanwhile))
    }

    fn act_view<'a>(&'a self, act: &'a Act, meanwhile: Option<usize>) -> ActView<'a> {
        let actor = &self.program.actors[act.actor];
        let (owner, username) = match actor.kind {
            ActorKind::Push { owner }
            | ActorKind::Messages { owner, .. }
            | ActorKind::Approver { owner: Some(owner) } => match self.program.actors[owner].kind {
                ActorKind::User { username, .. } => (
                    self.program.actors[owner].name.as_str(),
                    self.text(username),
                ),
                ActorKind::Push { .. }
                | ActorKind::Messages { .. }
                | ActorKind::Approver { .. } => ("", ""),
            },
            ActorKind::Approver { owner: None } => ("", ""),
            ActorKind::User { username, .. } => (actor.name.as_str(), self.text(username)),
        };
        let value = |(name, operand): &'a (String, Operand)| {
            let value = match self.value(operand) {
                Some(value) => value.clone(),
                None => Value::from_json(self.resolve(operand)?, self.is_secret(operand)),
            };
            Some((name.as_str(), value))
        };
        let messages = match actor.kind {
            ActorKind::Messages { channel, owner } => {
                Some((channel.word(), self.address(channel, owner)))
            }
            _ => None,
        };
        ActView {
            actor: &actor.name,
            username,
            owner,
            action: &act.action,
            with: act.with.iter().filter_map(value).collect(),
            meanwhile,
            messages,
            is_set: false,
        }
    }

    /// Where a person's messages go.
    fn address(&self, channel: Channel, owner: usize) -> &str {
        let ActorKind::User { email, phone, .. } = self.program.actors[owner].kind else {
            return "";
        };
        match channel {
            Channel::Sms | Channel::Voice => self.text(phone),
            Channel::Email => self.text(email),
        }
    }

    /// Whether a secret is a part of a value.
    fn is_secret(&self, operand: &Operand) -> bool {
        let slots = operand.slots();
        let mut values = slots.iter().filter_map(|slot| self.slots[*slot].as_ref());
        values.any(|value| value.secret().is_some())
    }

    fn text(&self, slot: usize) -> &str {
        match &self.slots[slot] {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn exchange(&self, step: u16) -> Option<&Exchange> {
        self.program.steps.get(usize::from(step))?.action.exchange()
    }

    fn note(&mut self, fact: Fact) {
        self.outputs.note(self.step, fact);
    }

    fn flight(&mut self, lane: u8) -> Flight {
        self.number += 1;
        Flight {
            number: self.number,
            lane,
        }
    }

    /// Begins a step, or ends the case after the last one.
    fn enter(&mut self, step: u16, at: Duration) {
        let program = Arc::clone(&self.program);
        self.step = step;
        let Some(entered) = program.steps.get(usize::from(step)) else {
            self.step = step.saturating_sub(1);
            self.state = State::Over;
            return;
        };
        if usize::from(step) >= program.finally && !self.has_values(entered) {
            return self.enter(step + 1, at);
        }
        self.note(Fact::Entered);
        match &entered.action {
            Action::Call { .. } if entered.beside > 0 => self.begin_together(step, entered.beside),
            Action::AtOnce(race) => self.begin_race(race),
            Action::Call { .. } => {
                let flight = self.flight(MAIN_LANE);
                self.outputs.send(flight, step);
                self.state = State::Calling(flight);
            }
            Action::Poll(poll) => self.begin_poll(poll, at),
            Action::Wait { length, .. } => {
                let until = self.end(length, at);
                self.note(Fact::Waits { from: at, until });
                self.state = State::Waiting { from: at, until };
            }
            Action::Device { .. } | Action::Set { .. } => {
                let flight = self.flight(MAIN_LANE);
                self.outputs.act(flight, step);
                self.state = State::Acting(flight);
            }
        }
    }

    /// When a wait that begins now is over.
    fn end(&self, length: &WaitLength, at: Duration) -> Duration {
        let asked = self.offers.iter().find(|offer| offer.step == ASKED);
        match (length, asked) {
            (
                WaitLength::Past {
                    announced: true, ..
                },
                Some(asked),
            ) => asked.at.max(at).saturating_add(PAST_MARGIN),
            _ => at.saturating_add(self.length(length)),
        }
    }

    /// What the endpoint asked a client to wait counts for the whole case: whoever keeps it keeps all that was asked before.
    fn heed(&mut self, at: Duration, recognition: Recognition) {
        let (Meaning::SlowDown | Meaning::Throttled, Some(wait)) =
            (recognition.meaning, recognition.wait)
        else {
            return;
        };
        let until = at.saturating_add(wait);
        let mut offers = self.offers.iter_mut();
        match offers.find(|offer| offer.step == ASKED) {
            Some(asked) => asked.at = asked.at.max(until),
            None => {
                self.offers.reserve_exact(1);
                self.offers.push(Offer {
                    step: ASKED,
                    hints: Hints::default(),
                    at: until,
                });
            }
        }
    }

    fn length(&self, length: &WaitLength) -> Duration {
        match length {
            WaitLength::For(time) => *time,
            WaitLength::Past { name, told, .. } => {
                let told = told
                    .as_ref()
                    .and_then(|told| seconds(&*self.resolve(told)?));
                if let Some(told) = told {
                    return Duration::from_secs(told).saturating_add(PAST_MARGIN);
                }
                self.lifetime(name).saturating_add(PAST_MARGIN)
            }
            WaitLength::ShortOf(name) => {
                let lifetime = self.lifetime(name);
                lifetime.saturating_sub(SHORT_MARGIN).max(lifetime / 2)
            }
        }
    }

    fn lifetime(&self, name: &str) -> Duration {
        let own = self.environment.lifetimes.get(name);
        let lifetime = own.or_else(|| self.program.dialect.lifetimes.get(name));
        lifetime.copied().unwrap_or_default()
    }

    fn leave(&mut self, at: Duration) {
        self.note(Fact::Left);
        self.enter(self.step + 1, at);
    }

    /// The case ends at this step, but for what runs in any case.
    fn stop(&mut self, at: Duration, stop: Stop) {
        self.stop_at(at, stop, self.step);
    }

    /// The same for one of several steps that run together; `end` is the last of them.
    fn stop_at(&mut self, at: Duration, stop: Stop, end: u16) {
        self.note(Fact::Stopped(stop));
        self.go_to_end(at, end);
    }

    /// What runs in any case does so step by step, whether or not the one before it succeeded.
    fn go_to_end(&mut self, at: Duration, end: u16) {
        let finally = u16::try_from(self.program.finally).unwrap_or(u16::MAX);
        let next = if end < finally { finally } else { end + 1 };
        self.state = State::Over;
        let step = self.step;
        self.enter(next, at);
        if let State::Over = self.state {
            self.step = step;
        }
    }

    fn cancelled(&mut self, at: Duration) {
        match self.state {
            State::Over => {}
            _ if self.position() >= self.program.finally => self.state = State::Over,
            _ => self.go_to_end(at, self.step),
        }
    }

    /// Whether everything is known that a step sends. What was never made need not be undone.
    fn has_values(&self, step: &Step) -> bool {
        let sent = step
            .action
            .exchange()
            .map(|exchange| exchange.template.slots());
        let given = match &step.action {
            Action::Device { act, .. } => {
                let slots = act.with.iter().flat_map(|(_, operand)| operand.slots());
                slots.collect()
            }
            _ => Vec::new(),
        };
        let mut slots = sent.unwrap_or_default().into_iter().chain(given);
        slots.all(|slot| self.slots[slot].is_some())
    }

    fn replied(&mut self, at: Duration, flight: Flight, reply: &Reply<'_>) {
        match &self.state {
            State::Calling(waited) if *waited == flight => self.call_replied(at, flight, reply),
            State::Many(many) if many.waits_for(flight) => self.many_replied(at, flight, reply),
            State::Polling(poll) if poll.waits_for(flight) => self.poll_replied(at, flight, reply),
            _ => {}
        }
    }

    fn failed(&mut self, at: Duration, flight: Flight, timed_out: bool) {
        match &self.state {
            State::Calling(waited) if *waited == flight => self.stop(at, Stop::Transport(flight)),
            State::Many(many) if many.waits_for(flight) => self.many_failed(at, flight),
            State::Polling(poll) if poll.waits_for(flight) => {
                self.poll_failed(at, flight, timed_out)
            }
            _ => {}
        }
    }

    fn acted(&mut self, at: Duration, flight: Flight, answer: Answer<'_>) {
        match &self.state {
            State::Acting(waited) if *waited == flight => self.device_acted(at, flight, answer),
            State::Polling(poll) if flight.lane < MAIN_LANE && poll.waits_for_act(flight) => {
                self.meanwhile_acted(at, flight, answer)
            }
            _ => {}
        }
    }

    fn woken(&mut self, at: Duration) {
        match &self.state {
            State::Waiting { until, .. } if at >= *until => self.leave(at),
            State::Polling(_) => self.poll_woken(at),
            _ => {}
        }
    }

    fn device_acted(&mut self, at: Duration, flight: Flight, answer: Answer<'_>) {
        let program = Arc::clone(&self.program);
        let (expect, captures) = match &program.steps[self.position()].action {
            Action::Device {
                expect, captures, ..
            } => (expect, &captures[..]),
            Action::Set { .. } => (&ActExpect::Acknowledged, &[][..]),
            _ => return,
        };
        self.note(Fact::Acted(flight, answer.kind()));
        if let Answer::Unavailable = answer {
            return self.stop(at, Stop::Device(flight));
        }
        let held = Held::of(answer.fits(*expect));
        self.note(Fact::Judged {
            check: CheckRef::Expect,
            held,
            flight,
        });
        if held == Held::No {
            return self.stop(at, Stop::Breached);
        }
        if let Answer::Acknowledged(values) = answer {
            for (what, slot) in captures {
                match values.iter().find(|(name, _)| name == what) {
                    Some((_, value)) => {
                        self.slots[*slot] = Some(Value::Secret(value.as_str().into()))
                    }
                    None => {
                        let capture = u16::try_from(*slot).unwrap_or(u16::MAX);
                        return self.stop(at, Stop::Missing { capture, flight });
                    }
                }
            }
        }
        self.leave(at);
    }
}

/// Switches of the tenant, as an action that is nobody's.
fn set_view(switches: &[(String, serde_json::Value)]) -> ActView<'_> {
    let with = switches.iter().map(|(name, value)| {
        let value = Value::from_json(std::borrow::Cow::Borrowed(value), false);
        (name.as_str(), value)
    });
    ActView {
        actor: "tenant",
        username: "",
        owner: "",
        action: "set",
        with: with.collect(),
        meanwhile: None,
        messages: None,
        is_set: true,
    }
}

/// How a device's action ended.
#[derive(Clone, Copy)]
enum Answer<'a> {
    Acknowledged(&'a [(String, String)]),
    Refused,
    Unavailable,
}

impl Answer<'_> {
    const fn fits(self, expect: ActExpect) -> bool {
        match (self, expect) {
            (Self::Acknowledged(values), ActExpect::Something) => !values.is_empty(),
            (Self::Acknowledged(values), ActExpect::Nothing) => values.is_empty(),
            (Self::Acknowledged(_), ActExpect::Acknowledged | ActExpect::Either)
            | (Self::Refused, ActExpect::Refused | ActExpect::Either) => true,
            (Self::Acknowledged(_), ActExpect::Refused)
            | (
                Self::Refused,
                ActExpect::Acknowledged | ActExpect::Something | ActExpect::Nothing,
            )
            | (Self::Unavailable, _) => false,
        }
    }

    const fn kind(self) -> pushproof_report::ActResult {
        match self {
            Self::Acknowledged(_) => pushproof_report::ActResult::Acknowledged,
            Self::Refused => pushproof_report::ActResult::Refused,
            Self::Unavailable => pushproof_report::ActResult::Unavailable,
        }
    }
}

impl Values for Session {
    fn value(&self, operand: &Operand) -> Option<&Value> {
        match operand {
            Operand::Slot(slot) => self.slots[*slot].as_ref(),
            Operand::ClientId(client) => self.environment.clients[*client].id.as_ref(),
            Operand::ClientSecret(client) => {
                let client = &self.environment.clients[*client];
                client.secret.as_ref().filter(|_| !client.in_header)
            }
            Operand::ClientBasic(client) => self.environment.clients[*client].basic.as_ref(),
            Operand::BaseUrl => self.environment.base_url.as_ref(),
            Operand::Const(_)
            | Operand::Text(_)
            | Operand::List(_)
            | Operand::Map(_)
            | Operand::Altered(..) => None,
        }
    }
}

/// A number of seconds, as a member of a body or as a header gives it.
fn seconds(told: &serde_json::Value) -> Option<u64> {
    told.as_u64().or_else(|| told.as_str()?.trim().parse().ok())
}

/// A step's position, as notes and outputs carry it; programs are far smaller.
impl Step {
    /// Most steps a case may have.
    pub const MAX: usize = 4_000;
}
