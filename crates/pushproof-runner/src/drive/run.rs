//! One run of a case: what its session asks for becomes requests, acts of phones and waits; answers go back in. All waiting of a run is in
//! [`Driver::wait`]; no protocol decision is here.
//!
//! Between an answer and the session stands one question: is it the endpoint's own word? If not, the same request is sent again where that does
//! no harm. Where it might, the run goes on and what it sees from then on accuses nobody, because the endpoint may have done what we do not know of.

mod between;
mod notes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use pushproof_polling::{Because, Meaning};
use pushproof_report::{ActResult, Attribution, Event, Redactor, Remedy, Secret, ShownRequest};
use pushproof_scenario::{
    Action, CAME_AT, CheckRef, Evidence, Fact, Flight, Headers, Held, Input, Note, Operation,
    Outcomes, Output, Program, Recognition, Reply, RequestBuffer, Root, Session, Stop, UserValues,
    Words,
};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Context;
use crate::clock::Ticket;
use crate::evidence;
use crate::judge::{Finished, Grounds, Judge};
use crate::providers::aids::Aids;
use crate::providers::devices::{Act, Acted, Loan, Phones, SECRET};
use crate::providers::users::User;
use crate::site::Place;
use crate::transport::{Exchanged, Failure, FailureKind};
use crate::trouble::{Fate, Trouble, TroubleKind};

/// Bound on the outputs of one run; a run that needs more is a bug of ours.
const OUTPUTS_MAX: usize = 1_000_000;

/// How often a throttled request is sent again, each time after the wait that was asked for.
const THROTTLED_MAX: u32 = 10;

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
    /// The longest wait that the endpoint asked for.
    pub(super) told: Duration,
    /// How many requests the session sent.
    pub(super) sent: u32,
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
    /// How often it was sent again, and how often of these because it was throttled.
    again: u32,
    throttled: u32,
    response: Option<(Response<Vec<u8>>, Duration)>,
    /// Why the response may not be the endpoint's own.
    trouble: Option<Trouble>,
}

/// What was done by a phone.
struct Done {
    step: u16,
    /// The step demands that the endpoint takes it.
    is_to_be_taken: bool,
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
    told: Duration,
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
        (seed, keys): (u64, &Arc<Loan>),
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
            phones: Arc::new(Mutex::new(
                place.phones(fastrand::Rng::with_seed(seed), keys),
            )),
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
            told: Duration::ZERO,
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
            told: self.told,
            sent: u32::try_from(self.sent.len()).unwrap_or(u32::MAX),
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
            throttled: 0,
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
                step,
                is_to_be_taken: self.is_to_be_taken(step, view.meanwhile),
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

    fn replied(&mut self, flight: Flight, exchanged: Exchanged) {
        let at = self.now();
        let Some(sent) = self.sent.get_mut(&flight) else {
            return;
        };
        let (response, took) = (exchanged.response, exchanged.took);
        let (parts, body) = response.into_parts();
        let dated = Dated::new(&parts.headers, self.ticket.now());
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: &dated,
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

    fn acted(&mut self, flight: Flight, mut acted: Acted) {
        if let Some(lost) = acted.lost.take() {
            self.lost_answer(flight, lost, &mut acted);
        }
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
            if SECRET.contains(&name.as_str()) || self.program.dialect.secret_name(name).is_some() {
                self.context.redactor.learn(name, value);
            }
        }
        let input = match acted.result {
            ActResult::Acknowledged => Input::Acknowledged(flight, &values),
            ActResult::Refused => Input::Refused(flight),
            ActResult::Unavailable => Input::Unavailable(flight),
        };
        self.session.handle(self.now(), input);
        self.learn_captures();
    }

    /// What the session keeps as a secret must be known before anything is told of it.
    fn learn_captures(&self) {
        for (label, secret) in self.session.secrets() {
            self.context.redactor.learn(label, secret);
        }
    }

    fn poll_of(&self, step: u16) -> Option<u32> {
        matches!(
            self.program.steps[usize::from(step)].action,
            Action::Poll(_)
        )
        .then_some(self.polls)
    }
}

/// The headers of a reply, with the tenant's time at which it came: `Retry-After` may be a date where the reply has none of its own.
struct Dated<'a> {
    headers: &'a HeaderMap,
    came_at: String,
}

impl<'a> Dated<'a> {
    fn new(headers: &'a HeaderMap, now: SystemTime) -> Self {
        Self {
            headers,
            came_at: httpdate::fmt_http_date(now),
        }
    }
}

impl Headers for Dated<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        if name == CAME_AT {
            return Some(&self.came_at);
        }
        self.headers.header(name)
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

/// Whether a step says how often it asks and at which pace, so that being throttled is an answer to it. One that keeps the pace that clients are
/// told to keep waits where it is told to wait.
fn counts_polls(action: &Action) -> bool {
    matches!(action, Action::Poll(poll) if poll.policy.polls_max.is_some() && poll.own_pace)
}

/// Whether a step asks how often one may ask.
pub(super) fn is_about_throttling(action: &Action) -> bool {
    wants_throttled(action) || counts_polls(action)
}

/// Whether a step judges how often it is throttled; in a race it may be no more than one of the answers that are put up with.
pub(super) fn counts_throttled(action: &Action) -> bool {
    match action {
        Action::AtOnce(race) => {
            let mut counted = race.counts.iter();
            counted.any(|count| count.outcome.meets(Outcomes::THROTTLED))
        }
        Action::Poll(_) => is_about_throttling(action),
        _ => false,
    }
}

/// Whether a step takes being throttled for an answer.
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
