//! One run of a case: what its session asks for becomes requests, acts of phones and waits; answers go back in. All waiting of a run is in
//! [`Driver::wait`]; no protocol decision is here.
//!
//! Between an answer and the session stands one question: is it the endpoint's own word? If not, the same request is sent again where that does
//! no harm. Where it might, the run goes on and what it sees from then on accuses nobody, because the endpoint may have done what we do not know of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, Response};
use pushproof_polling::{Because, Meaning};
use pushproof_report::{ActResult, Attribution, Event, Redactor, Remedy, Secret, ShownRequest};
use pushproof_scenario::{
    Action, CheckRef, Evidence, Fact, Flight, Held, Input, Note, Operation, Outcomes, Output,
    Program, Recognition, Reply, RequestBuffer, Root, Session, Stop, UserValues, Words,
};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Context;
use crate::clock::Ticket;
use crate::evidence;
use crate::judge::{Finished, Grounds, Judge};
use crate::providers::aids::Aids;
use crate::providers::devices::{Act, Acted, PUBLIC, Phones};
use crate::providers::users::User;
use crate::site::Place;
use crate::transport::{Exchanged, Failure, FailureKind};
use crate::trouble::{Fate, Trouble, TroubleKind};

/// Bound on the outputs of one run; a run that needs more is a bug of ours.
const OUTPUTS_MAX: usize = 1_000_000;

/// How often one request is sent again.
const AGAIN_MAX: u32 = 3;

/// The rest before a request is sent again for the first time; each further one is four times as long.
const REST: Duration = Duration::from_millis(30);

/// How many polls in a row may be answered by something else before one of these answers is taken for the endpoint's.
const FRONTS_MAX: u32 = 2;

/// How long all waits for a throttling endpoint may take on a clock that jumps; on a real one it is `limits.wait`.
const PATIENCE: Duration = Duration::from_secs(600);

/// What one run of a case came to.
pub(super) struct Attempt {
    pub(super) finished: Finished,
    /// What came between, if that decided the run.
    pub(super) spoilt: Option<String>,
    /// The endpoint's throttling decided the run.
    pub(super) throttled: Option<String>,
    /// How often something came between, by operation.
    pub(super) troubles: BTreeMap<String, u32>,
    /// A request that does no harm and was properly answered.
    pub(super) safe: Option<Safe>,
    /// Protocol time since the case began, at the end.
    pub(super) at_ms: u64,
}

/// A request that may be sent again to see whether the endpoint is alive.
#[derive(Clone)]
pub(super) struct Safe {
    pub(super) operation: usize,
    pub(super) request: Request<Vec<u8>>,
    /// The exchange in which it was answered.
    pub(super) answered: u64,
}

/// Something that came back.
enum Landed {
    Exchange(Flight, Result<Exchanged, Failure>),
    /// With every secret that the phones hold by now.
    Act(Flight, Acted, Vec<(&'static str, Secret)>),
}

/// What was sent, until and after its answer.
struct Sent {
    step: u16,
    operation: usize,
    number: u64,
    at: Duration,
    shown: ShownRequest,
    request: Request<Vec<u8>>,
    /// How often it was sent again.
    again: u32,
    response: Option<(Response<Vec<u8>>, Duration)>,
    /// Why the response may not be the endpoint's own.
    trouble: Option<Trouble>,
}

/// What was done by a phone.
struct Done {
    at: Duration,
    actor: String,
    action: String,
    after_poll: Option<u32>,
    detail: Option<String>,
    result: ActResult,
    spoilt: bool,
}

pub(super) struct Driver<'a> {
    context: &'a Context,
    place: &'a Place,
    program: Arc<Program>,
    session: Session,
    ticket: Ticket,
    /// Clock time at which this run began, and the case's first run.
    began: Duration,
    case_began: Duration,
    phones: Arc<Mutex<Phones>>,
    aids: Arc<Aids>,
    flights: JoinSet<Landed>,
    /// Requests that wait for their time to be sent again, by session time.
    held: Vec<(Duration, Flight)>,
    /// What is left of the time for such waits.
    patience: Duration,
    sent: BTreeMap<Flight, Sent>,
    acts: BTreeMap<Flight, Done>,
    judge: Judge,
    buffer: RequestBuffer,
    /// What the replies of the running step were, for the words of its pattern.
    history: Vec<Outcomes>,
    polls: u32,
    recognition: Option<Recognition>,
    over: Option<Because>,
    /// Polls in a row that something else answered.
    fronts: u32,
    /// The endpoint may have done what this run does not know of, and why.
    unsure: Option<String>,
    /// The last answer that was lost, whatever became of its request.
    lost: Option<String>,
    spoilt: Option<String>,
    throttled: Option<String>,
    troubles: BTreeMap<String, u32>,
    safe: Option<Safe>,
    /// Users of this run whom others may have had before.
    leased: Vec<String>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        context: &'a Context,
        place: &'a Place,
        program: &Arc<Program>,
        ticket: Ticket,
        case_began: Duration,
        users: &[User],
        seed: u64,
    ) -> Self {
        let values = users.iter().map(|user| UserValues {
            username: user.username.clone(),
            password: user.password.reveal().to_owned(),
            email: user.email.clone(),
            phone: user.phone.clone(),
        });
        let session = Session::new(
            Arc::clone(program),
            Arc::clone(place.environment()),
            values,
            seed,
        );
        let patience = if place.clock.is_real() {
            place.target.limits.wait
        } else {
            PATIENCE
        };
        Self {
            context,
            place,
            program: Arc::clone(program),
            session,
            began: ticket.at(),
            case_began,
            ticket,
            phones: Arc::new(Mutex::new(place.phones(fastrand::Rng::with_seed(seed)))),
            aids: Arc::new(place.aids()),
            flights: JoinSet::new(),
            held: Vec::new(),
            patience,
            sent: BTreeMap::new(),
            acts: BTreeMap::new(),
            judge: Judge::default(),
            buffer: RequestBuffer::default(),
            history: Vec::new(),
            polls: 0,
            recognition: None,
            over: None,
            fronts: 0,
            unsure: None,
            lost: None,
            spoilt: None,
            throttled: None,
            troubles: BTreeMap::new(),
            safe: None,
            leased: users
                .iter()
                .filter(|user| user.is_leased)
                .map(|user| format!("`{}`", user.username))
                .collect(),
        }
    }

    /// Time since this run began, as its session reckons.
    fn now(&self) -> Duration {
        self.ticket.at().saturating_sub(self.began)
    }

    /// Session time as reports reckon: since the case began.
    fn told_ms(&self, at: Duration) -> u64 {
        millis(at + self.began.saturating_sub(self.case_began))
    }

    fn tell(&self, event: Event) {
        (self.context.tell)(event);
    }

    /// One input, then drain the outputs, until the session is done or the run stops.
    pub(super) async fn run(mut self) -> Attempt {
        let mut stop = self.context.stop.clone();
        self.session.handle(Duration::ZERO, Input::Begin);
        let mut over = false;
        let mut interrupted = false;
        for _ in 0..OUTPUTS_MAX {
            match self.session.next_output() {
                Output::Send(flight, step) => self.send(flight, step),
                Output::Act(flight, step) => self.act(flight, step),
                Output::Note(note) => self.note(note),
                Output::Done => {
                    over = true;
                    break;
                }
                Output::Wait(until) => {
                    let stopped = tokio::select! {
                        biased;
                        _ = stop.wait_for(|stop| *stop), if !interrupted => {
                            interrupted = true;
                            self.interrupt();
                            None
                        }
                        failed = self.wait(until) => failed,
                    };
                    if let Some(reason) = stopped {
                        self.judge.stand_in_the_way(reason);
                        over = true;
                        break;
                    }
                }
            }
        }
        if !over {
            let reason =
                format!("more than {OUTPUTS_MAX} steps of the interpreter: a bug of pushproof");
            self.judge.stand_in_the_way(reason);
        }
        self.flights.abort_all();
        Attempt {
            at_ms: self.told_ms(self.now()),
            finished: self.judge.finish(&self.program, self.context.strict),
            spoilt: self.spoilt,
            throttled: self.throttled,
            troubles: self.troubles,
            safe: self.safe,
        }
    }

    /// Nobody wants to know any more. What runs in any case still does: a switch is put back.
    fn interrupt(&mut self) {
        self.judge
            .stand_in_the_way("the run was interrupted".to_owned());
        // Dropped whole, so that nobody hears of what was under way.
        self.flights = JoinSet::new();
        self.held.clear();
        self.session.handle(self.now(), Input::Cancelled);
    }

    /// Waits for whatever comes first: an answer, or the instant that the session or a held request waits for. Protocol time jumps only when
    /// nothing is in flight; on a real clock both are watched at once. Gives a reason if the case cannot go on.
    async fn wait(&mut self, until: Duration) -> Option<String> {
        let held = self.held.iter().map(|(at, _)| *at);
        let first = held.fold(until, Duration::min);
        let instant = self.began.saturating_add(first);
        let timed = first < Duration::MAX;
        if self.flights.is_empty() {
            if !timed {
                return Some(
                    "nothing is in flight and nothing is waited for: a bug of pushproof".to_owned(),
                );
            }
            if let Err(error) = self.ticket.wait_until(instant).await {
                return Some(error.to_string());
            }
            self.woken(until);
            return None;
        }
        let real = self.place.clock.is_real() && timed;
        tokio::select! {
            landed = self.flights.join_next() => match landed {
                Some(Ok(landed)) => self.land(landed),
                Some(Err(error)) => return Some(format!("a task ended early: {error}")),
                None => {}
            },
            failed = self.ticket.wait_until(instant), if real => {
                if let Err(error) = failed {
                    return Some(error.to_string());
                }
                self.woken(until);
            }
        }
        None
    }

    /// An instant has come: of requests that were held, and perhaps the session's own.
    fn woken(&mut self, until: Duration) {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.held = later;
        let due: Vec<(Duration, Flight)> = due;
        for (_, flight) in due {
            self.send_again(flight, Duration::ZERO);
        }
        if until <= now {
            self.session.handle(now, Input::Woken);
        }
    }

    fn send(&mut self, flight: Flight, step: u16) {
        let Some(exchange) = self.program.steps[usize::from(step)].action.exchange() else {
            return;
        };
        let (operation, method) = (exchange.operation, exchange.template.method.clone());
        let base_url = &self.place.target.base_url;
        let shown = evidence::request(&self.session, step, base_url, &self.context.redactor);
        self.session.render(step, &mut self.buffer);
        let sent = Sent {
            step,
            operation,
            number: self.context.exchanges.fetch_add(1, Ordering::Relaxed),
            at: self.now(),
            shown,
            request: request(method, base_url, &self.buffer),
            again: 0,
            response: None,
            trouble: None,
        };
        self.fly(flight, sent.request.clone(), Duration::ZERO);
        self.sent.insert(flight, sent);
    }

    /// The same request once more, as an exchange of its own.
    fn send_again(&mut self, flight: Flight, rest: Duration) {
        let now = self.now();
        let number = self.context.exchanges.fetch_add(1, Ordering::Relaxed);
        let Some(sent) = self.sent.get_mut(&flight) else {
            return;
        };
        (sent.number, sent.at) = (number, now);
        sent.again += 1;
        let request = sent.request.clone();
        self.fly(flight, request, rest);
    }

    fn fly(&mut self, flight: Flight, request: Request<Vec<u8>>, rest: Duration) {
        let transport = self.place.transport.clone();
        self.flights.spawn(async move {
            if !rest.is_zero() {
                tokio::time::sleep(rest).await;
            }
            Landed::Exchange(flight, transport.exchange(request).await)
        });
    }

    fn act(&mut self, flight: Flight, step: u16) {
        let Some(view) = self.session.action(flight, step) else {
            return;
        };
        let with = view.with.iter().map(|(name, value)| {
            if let Some(secret) = value.secret() {
                self.context.redactor.learn(name, secret);
            }
            let value = match value.to_json() {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            ((*name).to_owned(), value)
        });
        let act = Act {
            actor: view.actor.to_owned(),
            owner_username: view.username.to_owned(),
            action: view.action.to_owned(),
            with: with.collect(),
            now: self.ticket.now(),
        };
        self.acts.insert(
            flight,
            Done {
                at: self.ticket.at().saturating_sub(self.began),
                actor: act.actor.clone(),
                action: act.action.clone(),
                after_poll: view.meanwhile.is_some().then_some(self.polls),
                detail: None,
                result: ActResult::Unavailable,
                spoilt: false,
            },
        );
        let (aids, phones) = (Arc::clone(&self.aids), Arc::clone(&self.phones));
        if view.is_set {
            let switches = view.with.iter();
            let switches = switches.map(|(name, value)| ((*name).to_owned(), value.to_json()));
            let switches = switches.collect();
            self.flights
                .spawn(async move { Landed::Act(flight, aids.set(&switches).await, Vec::new()) });
        } else if let Some((channel, address)) = view.messages {
            let address = address.to_owned();
            self.flights.spawn(async move {
                Landed::Act(flight, aids.read(channel, &address).await, Vec::new())
            });
        } else {
            self.flights
                .spawn(async move { acted(flight, &phones, act).await });
        }
    }

    fn land(&mut self, landed: Landed) {
        match landed {
            Landed::Exchange(flight, result) => match self.trouble(flight, &result) {
                Some(trouble) => self.troubled(flight, result, trouble),
                None => match result {
                    Ok(exchanged) => self.answered_properly(flight, exchanged),
                    Err(failure) => self.failed(flight, &failure),
                },
            },
            Landed::Act(flight, acted, secrets) => {
                for (label, secret) in secrets {
                    self.context.redactor.learn(label, secret.reveal());
                }
                self.acted(flight, acted);
            }
        }
    }

    /// What came between, if something did. In a sandbox of this program nothing does.
    fn trouble(&self, flight: Flight, result: &Result<Exchanged, Failure>) -> Option<Trouble> {
        let sent = self.sent.get(&flight).filter(|_| self.place.is_remote())?;
        let exchanged = match result {
            Ok(exchanged) => exchanged,
            Err(failure) => return Some(Trouble::of_failure(failure)),
        };
        let is = self.recognise(sent.operation, &exchanged.response);
        let action = &self.program.steps[usize::from(sent.step)].action;
        Trouble::of_reply(&exchanged.response, is, wants_throttled(action))
    }

    fn recognise(&self, operation: usize, response: &Response<Vec<u8>>) -> Recognition {
        let among = self.program.dialect.operations[operation].outcomes;
        let status = response.status().as_u16();
        self.program
            .profile
            .recognise(among, status, response.headers(), response.body())
    }

    fn operation(&self, sent: &Sent) -> &Operation {
        &self.program.dialect.operations[sent.operation]
    }

    fn answered_properly(&mut self, flight: Flight, exchanged: Exchanged) {
        self.fronts = 0;
        if let Some(sent) = self.sent.get(&flight) {
            let operation = self.operation(sent);
            if self.place.is_remote() {
                self.context.weather.proper(&operation.name);
            }
            if operation.may_be_repeated() {
                self.safe = Some(Safe {
                    operation: sent.operation,
                    request: sent.request.clone(),
                    answered: sent.number,
                });
            }
        }
        self.replied(flight, exchanged);
    }

    /// Decides what is done about something that came between.
    fn troubled(&mut self, flight: Flight, result: Result<Exchanged, Failure>, trouble: Trouble) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let operation = self.operation(sent).name.clone();
        self.context.weather.trouble(&operation);
        *self.troubles.entry(operation).or_default() += 1;
        let harmless = trouble.fate == Fate::NotDone || self.operation(sent).may_be_repeated();
        let (again, step) = (sent.again, usize::from(sent.step));
        let poll = match &self.program.steps[step].action {
            Action::Poll(poll) => Some(poll),
            _ => None,
        };
        // A step that counts its polls is about how often one may ask: a throttled poll is its answer.
        let counts = counts_polls(&self.program.steps[step].action);
        let is_poll = poll.is_some();
        let may_again = again < AGAIN_MAX && harmless;
        match trouble.kind {
            TroubleKind::Throttled => {
                let wait = trouble.wait.unwrap_or(self.program.dialect.poll.interval);
                let waits = may_again && !counts && wait <= self.patience;
                if waits {
                    self.remember(flight, &result, &trouble, Remedy::Waited);
                    self.patience = self.patience.saturating_sub(wait);
                    self.held.push((self.now().saturating_add(wait), flight));
                    return;
                }
                self.throttled.get_or_insert_with(|| match trouble.wait {
                    Some(wait) => format!("{}, and {} s to wait", trouble.what, wait.as_secs()),
                    None => trouble.what.clone(),
                });
            }
            TroubleKind::NoReply | TroubleKind::Front if may_again => {
                self.remember(flight, &result, &trouble, Remedy::SentAgain);
                return self.send_again(flight, REST * 4_u32.pow(again));
            }
            TroubleKind::NoReply | TroubleKind::Front => {}
        }
        self.lost = Some(trouble.what.clone());
        if !harmless {
            self.unsure.get_or_insert_with(|| trouble.what.clone());
        }
        match result {
            Ok(exchanged)
                if is_poll && trouble.kind == TroubleKind::Front && self.fronts < FRONTS_MAX =>
            {
                self.fronts += 1;
                self.remember(flight, &Ok(exchanged), &trouble, Remedy::WentOn);
                self.polls += 1;
                let input = Input::Failed {
                    flight,
                    timed_out: false,
                };
                self.session.handle(self.now(), input);
            }
            Ok(exchanged) => {
                if let Some(sent) = self.sent.get_mut(&flight) {
                    sent.trouble = Some(trouble);
                }
                self.replied(flight, exchanged);
            }
            Err(failure) => {
                let then = if is_poll {
                    Remedy::WentOn
                } else {
                    Remedy::GaveUp
                };
                self.tell_trouble(flight, &trouble, then);
                if let Some(sent) = self.sent.get_mut(&flight) {
                    sent.trouble = Some(trouble);
                }
                self.failed(flight, &failure);
            }
        }
    }

    /// Tells an exchange that the session never hears of, and what was done about it.
    fn remember(
        &self,
        flight: Flight,
        result: &Result<Exchanged, Failure>,
        trouble: &Trouble,
        then: Remedy,
    ) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let poll = self.poll_of(sent.step).map(|polls| polls + 1);
        let event = match result {
            Ok(Exchanged { response, took }) => {
                let is = self.recognise(sent.operation, response);
                let shown = evidence::reply(self.operation(sent), response, &self.context.redactor);
                self.exchanged(sent, poll, Some(shown), None, self.names(is), *took)
            }
            Err(failure) => {
                let (text, took) = (failure.to_string(), failure.took());
                self.exchanged(sent, poll, None, Some(text), Vec::new(), took)
            }
        };
        self.tell(event);
        self.tell_trouble(flight, trouble, then);
    }

    fn tell_trouble(&self, flight: Flight, trouble: &Trouble, then: Remedy) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let step = &self.program.steps[usize::from(sent.step)].id;
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: step.clone(),
            exchange: Some(sent.number),
            at_ms: self.told_ms(self.now()),
            what: trouble.what.clone(),
            to: Attribution::Environment,
            then,
        });
    }

    /// What came between decides this run.
    fn spoil(&mut self, step: usize, what: &str) {
        let reason = format!(
            "environment: step `{}`: {what}",
            self.program.steps[step].id
        );
        self.judge.stand_in_the_way(reason.clone());
        self.spoilt.get_or_insert(reason);
    }

    /// A breach, or what would have held, that is not the endpoint's word.
    fn set_aside(&self, step: usize, flight: Flight, what: String) {
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            exchange: self.sent.get(&flight).map(|sent| sent.number),
            at_ms: self.told_ms(self.now()),
            what,
            to: Attribution::Environment,
            then: Remedy::SetAside,
        });
    }

    fn replied(&mut self, flight: Flight, exchanged: Exchanged) {
        let at = self.now();
        let Some(sent) = self.sent.get_mut(&flight) else {
            return;
        };
        let (response, took) = (exchanged.response, exchanged.took);
        let (parts, body) = response.into_parts();
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: &parts.headers,
            body: &body,
            elapsed: took,
        };
        self.session.handle(at, Input::Reply(flight, &reply));
        sent.response = Some((Response::from_parts(parts, body), took));
    }

    fn failed(&mut self, flight: Flight, failure: &Failure) {
        let timed_out = failure.kind() == FailureKind::TimedOut;
        if let Some(sent) = self.sent.get(&flight) {
            let poll = self.poll_of(sent.step).map(|polls| polls + 1);
            let event = self.exchanged(
                sent,
                poll,
                None,
                Some(failure.to_string()),
                Vec::new(),
                failure.took(),
            );
            self.polls = poll.unwrap_or(self.polls);
            self.tell(event);
        }
        self.session
            .handle(self.now(), Input::Failed { flight, timed_out });
    }

    fn acted(&mut self, flight: Flight, acted: Acted) {
        if let Some(done) = self.acts.get_mut(&flight) {
            done.detail.clone_from(&acted.detail);
            done.result = acted.result;
            done.spoilt = acted.spoilt;
        }
        let values: Vec<(String, String)> = acted
            .values
            .iter()
            .map(|(name, value): &(String, Secret)| (name.clone(), value.reveal().to_owned()))
            .collect();
        for (name, value) in &values {
            if !PUBLIC.contains(&name.as_str()) {
                self.context.redactor.learn(name, value);
            }
        }
        let input = match acted.result {
            ActResult::Acknowledged => Input::Acknowledged(flight, &values),
            ActResult::Refused => Input::Refused(flight),
            ActResult::Unavailable => Input::Unavailable(flight),
        };
        self.session.handle(self.now(), input);
    }

    fn poll_of(&self, step: u16) -> Option<u32> {
        matches!(
            self.program.steps[usize::from(step)].action,
            Action::Poll(_)
        )
        .then_some(self.polls)
    }

    /// A fact of the session, with its evidence, as an event or as something to judge.
    fn note(&mut self, note: Note) {
        let step = usize::from(note.step);
        match note.fact {
            Fact::Entered => {
                self.history.clear();
                (self.polls, self.recognition, self.over, self.fronts) = (0, None, None, 0);
                let entered = &self.program.steps[step];
                self.tell(Event::StepStarted {
                    case: self.program.id.clone(),
                    step: entered.id.clone(),
                    say: entered.say.clone(),
                });
            }
            Fact::Answered {
                flight,
                poll,
                recognition,
            } => self.answered(flight, poll, recognition),
            Fact::Judged {
                check,
                held,
                flight,
            } => self.judged(step, check, held, flight),
            Fact::Acted(flight, _) => self.tell_act(step, flight),
            Fact::Waits { from, until } => {
                let why = match &self.program.steps[step].action {
                    Action::Wait { why, .. } => why.clone(),
                    _ => String::new(),
                };
                self.tell(Event::Waited {
                    case: self.program.id.clone(),
                    step: self.program.steps[step].id.clone(),
                    from_ms: self.told_ms(from),
                    until_ms: self.told_ms(until),
                    why,
                });
            }
            Fact::PollingOver(because) => self.over = Some(because),
            Fact::Left => {}
            Fact::Stopped(stop) => self.stopped(step, stop),
        }
    }

    fn answered(&mut self, flight: Flight, poll: u32, recognition: Recognition) {
        self.history.push(recognition.outcomes);
        self.recognition = Some(recognition);
        self.polls = poll;
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let Some((response, took)) = &sent.response else {
            return;
        };
        let names = self.names(recognition);
        let reply = evidence::reply(self.operation(sent), response, &self.context.redactor);
        let event = self.exchanged(
            sent,
            (poll > 0).then_some(poll),
            Some(reply),
            None,
            names,
            *took,
        );
        for (label, secret) in self.session.secrets() {
            self.context.redactor.learn(label, secret);
        }
        self.tell(event);
    }

    fn names(&self, recognition: Recognition) -> Vec<String> {
        let outcomes = recognition.outcomes.with(recognition.near);
        let names = self.program.dialect.names(outcomes);
        names.into_iter().map(str::to_owned).collect()
    }

    fn exchanged(
        &self,
        sent: &Sent,
        poll: Option<u32>,
        reply: Option<pushproof_report::ShownReply>,
        failure: Option<String>,
        outcomes: Vec<String>,
        took: Duration,
    ) -> Event {
        Event::Exchanged {
            case: self.program.id.clone(),
            step: self.program.steps[usize::from(sent.step)].id.clone(),
            exchange: sent.number,
            poll,
            at_ms: self.told_ms(sent.at),
            operation: self.operation(sent).name.clone(),
            request: sent.shown.clone(),
            reply,
            failure,
            outcomes,
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        }
    }

    fn tell_act(&self, step: usize, flight: Flight) {
        let Some(done) = self.acts.get(&flight) else {
            return;
        };
        self.tell(Event::Acted {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            at_ms: self.told_ms(done.at),
            actor: done.actor.clone(),
            action: done.action.clone(),
            after_poll: done.after_poll,
            result: done.result,
            detail: done.detail.clone(),
        });
    }

    fn judged(&mut self, step: usize, check: CheckRef, held: Held, flight: Flight) {
        if let CheckRef::Always(position) = check
            && self.judge.knows_always(position, held)
        {
            return;
        }
        let words = self.words(step, check, flight);
        if step >= self.program.finally && words.covers.is_empty() {
            // It judges nobody; if it does not hold, the step ends and that is told.
            return;
        }
        self.take(step, check, held, words, flight);
    }

    /// Takes a decided check in, unless what it rests on is not the endpoint's word.
    fn take(&mut self, step: usize, check: CheckRef, held: Held, words: Words, flight: Flight) {
        let sent = self.sent.get(&flight);
        let trouble = sent.and_then(|sent| sent.trouble.clone());
        let number = sent.map(|sent| sent.number);
        let contrast = format!("got {}, expected {}", words.actual, words.expected);
        let always = matches!(check, CheckRef::Always(_));
        match (&trouble, held) {
            (Some(_), Held::Yes | Held::Weakly) if always => return,
            (Some(trouble), Held::Yes | Held::Weakly) => {
                self.set_aside(
                    step,
                    flight,
                    format!("`{}` held by {}", words.check, trouble.what),
                );
                return self.spoil(step, &trouble.what.clone());
            }
            // Throttling says nothing about the rest, except where a step is about how often one may ask.
            (Some(trouble), Held::No)
                if words.covers.is_empty()
                    || trouble.kind == TroubleKind::Throttled
                        && !counts_polls(&self.program.steps[step].action) =>
            {
                if always {
                    return;
                }
                self.tell_trouble(flight, trouble, Remedy::GaveUp);
                return self.spoil(step, &trouble.what.clone());
            }
            (Some(_), Held::No) | (None, Held::Yes | Held::Weakly) => {}
            (None, Held::No) if self.is_used(check) => {
                let users = self.leased.join(", ");
                let reason = format!("{users} of the pool is not fresh: {contrast}");
                return self.judge.stand_in_the_way(reason);
            }
            (None, Held::No) => {
                if let Some(unsure) = self.unsure.clone() {
                    self.set_aside(
                        step,
                        flight,
                        format!("`{}`: {contrast}, after {unsure}", words.check),
                    );
                    return self.spoil(
                        step,
                        &format!("{contrast}, but an earlier answer was lost: {unsure}"),
                    );
                }
            }
        }
        let grounds = Grounds {
            silent: self.is_silent(step, check),
            trouble: trouble.map(|trouble| match trouble.kind {
                TroubleKind::Throttled => format!("{} on poll {}", trouble.what, self.polls),
                TroubleKind::NoReply | TroubleKind::Front => trouble.what,
            }),
            operation: sent_operation(&self.program, self.sent.get(&flight)),
        };
        self.judge.take(step, check, held, words, number, grounds);
    }

    /// Whether a reply says that a user was used before, who was not made for this run.
    fn is_used(&self, check: CheckRef) -> bool {
        let says = |is: Recognition| is.outcomes.meets(self.program.dialect.not_fresh);
        let demanded = matches!(check, CheckRef::Expect | CheckRef::Outcomes);
        demanded && !self.leased.is_empty() && self.recognition.is_some_and(says)
    }

    /// Whether a check rests on silence or slowness.
    fn is_silent(&self, step: usize, check: CheckRef) -> bool {
        let pending = self
            .recognition
            .is_some_and(|is| is.meaning == Meaning::Pending);
        match check {
            CheckRef::Settles => true,
            CheckRef::Outcomes => pending,
            CheckRef::Check(at) => {
                let exchange = self.program.steps[step].action.exchange();
                let check = exchange.and_then(|exchange| exchange.checks.get(usize::from(at)));
                check.is_some_and(|check| check.that.root == Root::Elapsed)
            }
            CheckRef::Expect | CheckRef::Meanwhile(_) | CheckRef::Always(_) => false,
        }
    }

    fn words(&self, step: usize, check: CheckRef, flight: Flight) -> Words {
        let redactor: &Redactor = &self.context.redactor;
        let hide = |label: &str, secret: &str| redactor.placeholder(label, secret);
        let response = self
            .sent
            .get(&flight)
            .and_then(|sent| sent.response.as_ref());
        let reply = response.map(|(response, took)| Reply {
            status: response.status().as_u16(),
            headers: response.headers(),
            body: response.body(),
            elapsed: *took,
        });
        let answer = self.acts.get(&flight).map(|done| {
            let result = match done.result {
                ActResult::Acknowledged => "acknowledged",
                ActResult::Refused => "refused",
                ActResult::Unavailable => "unavailable",
            };
            done.detail.as_ref().map_or_else(
                || result.to_owned(),
                |detail| format!("{result} ({detail})"),
            )
        });
        self.program.words(
            step,
            check,
            Evidence {
                session: &self.session,
                reply: reply.as_ref(),
                recognition: self.recognition,
                history: &self.history,
                over: self.over,
                answer: answer.as_deref(),
                hide: &hide,
            },
        )
    }

    /// The case ended before its last step.
    fn stopped(&mut self, step: usize, stop: Stop) {
        // What could not be put back says nothing of the endpoint, and whoever runs the target must know.
        if step >= self.program.finally {
            let stopped = &self.program.steps[step];
            let detail = match stop {
                Stop::Device(flight) => self.acts.get(&flight),
                _ => None,
            };
            let detail = detail.and_then(|done| done.detail.clone());
            let why = detail.map_or_else(String::new, |detail| format!(": {detail}"));
            return self.tell(Event::LeftBehind {
                case: self.program.id.clone(),
                what: format!("what step `{}` undoes ({}){why}", stopped.id, stopped.say),
            });
        }
        let id = &self.program.steps[step].id;
        match stop {
            // A breach of a judging check is told by the check; one of setup has been noted as an obstacle.
            Stop::Breached => {}
            Stop::Missing { capture, flight } => {
                let label = &self.program.slots[usize::from(capture)].label;
                let check = format!("capture.{label}");
                let mut words = self.words(step, CheckRef::Expect, flight);
                if words.covers.is_empty() {
                    words.covers.clone_from(&self.program.steps[step].covers);
                }
                words.check = check;
                words.expected = format!("a value for `{label}`");
                words.actual = "nothing there".to_owned();
                // Under a reference of its own, so that it is no second verdict on what the step demands.
                self.take(step, CheckRef::Check(u16::MAX), Held::No, words, flight);
            }
            Stop::Transport(flight) | Stop::Unanswered(flight) if self.place.is_remote() => {
                let trouble = self
                    .sent
                    .get(&flight)
                    .and_then(|sent| sent.trouble.as_ref());
                let what = trouble
                    .map(|trouble| trouble.what.clone())
                    .or_else(|| self.unsure.clone().or_else(|| self.lost.clone()));
                match what {
                    Some(what) => self.spoil(step, &what),
                    None => self
                        .judge
                        .stand_in_the_way(format!("step `{id}` got no answer to judge")),
                }
            }
            Stop::Transport(_) => self
                .judge
                .stand_in_the_way(format!("step `{id}` got no reply from the endpoint")),
            Stop::Unanswered(_) => {
                self.judge.stand_in_the_way(format!(
                    "step `{id}` got too many polls in a row without a readable reply"
                ));
            }
            Stop::Device(flight) => {
                let done = self.acts.get(&flight);
                let detail = done.and_then(|done| done.detail.clone());
                let detail = detail.unwrap_or_else(|| "no reason given".to_owned());
                if done.is_some_and(|done| done.spoilt) && self.place.is_remote() {
                    self.context.weather.trouble(DEVICE);
                    self.spoil(step, &format!("the device: {detail}"));
                } else {
                    self.judge.stand_in_the_way(format!(
                        "step `{id}` could not use the device: {detail}"
                    ));
                }
            }
        }
    }
}

/// What a phone's own exchanges with the endpoint count as.
const DEVICE: &str = "a device";

fn sent_operation(program: &Program, sent: Option<&Sent>) -> String {
    sent.map_or_else(
        || DEVICE.to_owned(),
        |sent| program.dialect.operations[sent.operation].name.clone(),
    )
}

/// Whether a step says how often it asks, so that being throttled is an answer to it.
fn counts_polls(action: &Action) -> bool {
    matches!(action, Action::Poll(poll) if poll.policy.polls_max.is_some())
}

/// Whether a step is about being throttled.
fn wants_throttled(action: &Action) -> bool {
    match action {
        Action::Call { expect, .. } => {
            !expect.any_but && expect.outcomes.meets(Outcomes::THROTTLED)
        }
        Action::AtOnce(race) => {
            let counted = race.counts.iter().map(|count| count.outcome);
            let wanted = counted.fold(race.others.outcomes, Outcomes::with);
            race.others.any_but || wanted.meets(Outcomes::THROTTLED)
        }
        Action::Poll(poll) => poll.pattern.outcomes().meets(Outcomes::THROTTLED),
        _ => false,
    }
}

async fn acted(flight: Flight, phones: &Mutex<Phones>, act: Act) -> Landed {
    let mut phones = phones.lock().await;
    let acted = phones.act(act).await;
    Landed::Act(flight, acted, phones.secrets())
}

/// The rendered call as a request of the HTTP client.
fn request(method: http::Method, base_url: &str, buffer: &RequestBuffer) -> Request<Vec<u8>> {
    let mut request = Request::new(buffer.body.clone().into_bytes());
    *request.method_mut() = method;
    // A base URL that is no URI is refused when the target is read; a path is percent-encoded.
    *request.uri_mut() = format!("{base_url}{}", buffer.path)
        .parse()
        .unwrap_or_default();
    for (name, value) in buffer.header_lines() {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            request.headers_mut().append(name, value);
        }
    }
    request
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
