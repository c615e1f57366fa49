//! One case, from its users to its clean-up. All waiting of a case is in [`Driver::run`]; no protocol decision is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request};
use pushproof_polling::Because;
use pushproof_report::{ActResult, Event, Redactor, Secret, ShownRequest, Verdict};
use pushproof_scenario::{
    Action, ActorKind, CheckRef, Evidence, Fact, Flight, Held, Input, Note, Outcomes, Output,
    Program, Recognition, Reply, RequestBuffer, Session, Stop, UserValues, Words,
};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::clock::{Stopwatch, Ticket};
use crate::evidence;
use crate::judge::Judge;
use crate::providers::devices::{Act, Acted, Phones};
use crate::providers::users::{User, Want};
use crate::site::Place;
use crate::transport::{Exchanged, Failure, FailureKind};

/// What a case needs of its run.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) tell: Arc<dyn Fn(Event) + Send + Sync>,
    pub(crate) redactor: Arc<Redactor>,
    /// Numbers the exchanges of the whole run.
    pub(crate) exchanges: Arc<AtomicU64>,
    /// Turns true when the run must stop.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) strict: bool,
}

/// Bound on the outputs of one case; a case that needs more is a bug of ours.
const OUTPUTS_MAX: usize = 1_000_000;

/// Runs a case to its verdict and cleans up after it.
pub(crate) async fn case(
    context: &Context,
    place: &Place,
    program: &Arc<Program>,
    seed: u64,
) -> Verdict {
    let stopwatch = Stopwatch::start();
    (context.tell)(Event::CaseStarted {
        case: program.id.clone(),
    });
    let mut ticket = place.clock.enter();
    let mut users = Vec::new();
    let (verdict, reason) = match prepare(place, program, &mut ticket, &mut users).await {
        Ok(()) => {
            for (actor, user) in names(program).zip(&users) {
                context
                    .redactor
                    .learn(&format!("{actor}.password"), user.password.reveal());
            }
            Driver::new(context, place, program, ticket, &users, seed)
                .run()
                .await
        }
        Err(reason) => {
            drop(ticket);
            (Verdict::CouldNotRun, Some(reason))
        }
    };
    let took_ms = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
    (context.tell)(Event::CaseFinished {
        case: program.id.clone(),
        verdict,
        reason,
        took_ms,
    });
    for user in &users {
        if let Err(what) = place.users().delete(user).await {
            (context.tell)(Event::LeftBehind {
                case: program.id.clone(),
                what,
            });
        }
    }
    verdict
}

fn names(program: &Program) -> impl Iterator<Item = &str> {
    let people = program
        .actors
        .iter()
        .filter(|actor| matches!(actor.kind, ActorKind::User { .. }));
    people.map(|actor| actor.name.as_str())
}

/// Waits for the clock and gets a user for each person.
async fn prepare(
    place: &Place,
    program: &Program,
    ticket: &mut Ticket,
    users: &mut Vec<User>,
) -> Result<(), String> {
    ticket.settled().await.map_err(|error| error.to_string())?;
    for name in names(program) {
        let user = place.users().create(Want::default()).await;
        users.push(user.map_err(|error| format!("no user for `{name}`: {error}"))?);
    }
    Ok(())
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
    number: u64,
    at: Duration,
    shown: ShownRequest,
    response: Option<(http::Response<Vec<u8>>, Duration)>,
}

/// What was done by a phone.
struct Done {
    at: Duration,
    actor: String,
    action: String,
    after_poll: Option<u32>,
    detail: Option<String>,
    result: ActResult,
}

struct Driver<'a> {
    context: &'a Context,
    place: &'a Place,
    program: Arc<Program>,
    session: Session,
    ticket: Ticket,
    /// Protocol time at which the case began.
    began: Duration,
    phones: Arc<Mutex<Phones>>,
    flights: JoinSet<Landed>,
    sent: BTreeMap<Flight, Sent>,
    acts: BTreeMap<Flight, Done>,
    judge: Judge,
    buffer: RequestBuffer,
    /// What the replies of the running step were, for the words of its pattern.
    history: Vec<Outcomes>,
    polls: u32,
    recognition: Option<Recognition>,
    over: Option<Because>,
}

impl<'a> Driver<'a> {
    fn new(
        context: &'a Context,
        place: &'a Place,
        program: &Arc<Program>,
        ticket: Ticket,
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
        Self {
            context,
            place,
            program: Arc::clone(program),
            session,
            began: ticket.at(),
            ticket,
            phones: Arc::new(Mutex::new(place.phones(fastrand::Rng::with_seed(seed)))),
            flights: JoinSet::new(),
            sent: BTreeMap::new(),
            acts: BTreeMap::new(),
            judge: Judge::default(),
            buffer: RequestBuffer::default(),
            history: Vec::new(),
            polls: 0,
            recognition: None,
            over: None,
        }
    }

    fn now(&self) -> Duration {
        self.ticket.at().saturating_sub(self.began)
    }

    /// One input, then drain the outputs, until the session is done or the run stops.
    async fn run(mut self) -> (Verdict, Option<String>) {
        let mut stop = self.context.stop.clone();
        self.session.handle(Duration::ZERO, Input::Begin);
        let mut over = false;
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
                        _ = stop.wait_for(|stop| *stop) => Some("the run was interrupted".to_owned()),
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
        let (events, verdict, reason) =
            std::mem::take(&mut self.judge).finish(&self.program, self.context.strict);
        events
            .into_iter()
            .for_each(|event| (self.context.tell)(event));
        (verdict, reason)
    }

    /// Waits for whatever comes first: an answer, or the instant the session waits for. Protocol time jumps only when nothing is in
    /// flight; on a real clock both are watched at once. Gives a reason if the case cannot go on.
    async fn wait(&mut self, until: Duration) -> Option<String> {
        let instant = self.began.saturating_add(until);
        let timed = until < Duration::MAX;
        if self.flights.is_empty() {
            if !timed {
                return Some(
                    "nothing is in flight and nothing is waited for: a bug of pushproof".to_owned(),
                );
            }
            if let Err(error) = self.ticket.wait_until(instant).await {
                return Some(error.to_string());
            }
            self.session.handle(self.now(), Input::Woken);
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
                self.session.handle(self.now(), Input::Woken);
            }
        }
        None
    }

    fn send(&mut self, flight: Flight, step: u16) {
        let target = &self.place.target;
        let shown = evidence::request(
            &self.session,
            step,
            &target.base_url,
            &self.context.redactor,
        );
        self.session.render(step, &mut self.buffer);
        let number = self.context.exchanges.fetch_add(1, Ordering::Relaxed);
        self.sent.insert(
            flight,
            Sent {
                step,
                number,
                at: self.now(),
                shown,
                response: None,
            },
        );
        let method = self.program.steps[usize::from(step)]
            .action
            .exchange()
            .map(|exchange| exchange.template.method.clone());
        let request = request(method.unwrap_or_default(), &target.base_url, &self.buffer);
        let transport = self.place.transport.clone();
        self.flights
            .spawn(async move { Landed::Exchange(flight, transport.exchange(request).await) });
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
            },
        );
        let phones = Arc::clone(&self.phones);
        self.flights
            .spawn(async move { acted(flight, &phones, act).await });
    }

    fn land(&mut self, landed: Landed) {
        match landed {
            Landed::Exchange(flight, Ok(exchanged)) => self.replied(flight, exchanged),
            Landed::Exchange(flight, Err(failure)) => self.failed(flight, &failure),
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
        let reply = Reply {
            status: parts.status.as_u16(),
            headers: &parts.headers,
            body: &body,
            elapsed: took,
        };
        self.session.handle(at, Input::Reply(flight, &reply));
        sent.response = Some((http::Response::from_parts(parts, body), took));
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
            (self.context.tell)(event);
        }
        self.session
            .handle(self.now(), Input::Failed { flight, timed_out });
    }

    fn acted(&mut self, flight: Flight, acted: Acted) {
        if let Some(done) = self.acts.get_mut(&flight) {
            done.detail.clone_from(&acted.detail);
            done.result = acted.result;
        }
        let values: Vec<(String, String)> = acted
            .values
            .iter()
            .map(|(name, value): &(String, Secret)| (name.clone(), value.reveal().to_owned()))
            .collect();
        for (name, value) in &values {
            self.context.redactor.learn(name, value);
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
                (self.polls, self.recognition, self.over) = (0, None, None);
                let entered = &self.program.steps[step];
                (self.context.tell)(Event::StepStarted {
                    case: self.program.id.clone(),
                    step: entered.id.clone(),
                    say: entered.say.clone(),
                });
            }
            Fact::Answered {
                flight,
                poll,
                recognition,
            } => self.answered(step, flight, poll, recognition),
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
                (self.context.tell)(Event::Waited {
                    case: self.program.id.clone(),
                    step: self.program.steps[step].id.clone(),
                    from_ms: millis(from),
                    until_ms: millis(until),
                    why,
                });
            }
            Fact::PollingOver(because) => self.over = Some(because),
            Fact::Left => {}
            Fact::Stopped(stop) => self.stopped(step, stop),
        }
    }

    fn answered(&mut self, step: usize, flight: Flight, poll: u32, recognition: Recognition) {
        self.history.push(recognition.outcomes);
        self.recognition = Some(recognition);
        self.polls = poll;
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let Some((response, took)) = &sent.response else {
            return;
        };
        let names = self
            .program
            .dialect
            .names(recognition.outcomes.with(recognition.near));
        let names = names.into_iter().map(str::to_owned).collect();
        let exchange = self.program.steps[step].action.exchange();
        let reply = exchange.map(|exchange| {
            evidence::reply(
                &self.program.dialect.operations[exchange.operation],
                response,
                &self.context.redactor,
            )
        });
        let event = self.exchanged(sent, (poll > 0).then_some(poll), reply, None, names, *took);
        for (label, secret) in self.session.secrets() {
            self.context.redactor.learn(label, secret);
        }
        (self.context.tell)(event);
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
        let step = &self.program.steps[usize::from(sent.step)];
        let operation = step
            .action
            .exchange()
            .map(|exchange| &self.program.dialect.operations[exchange.operation]);
        Event::Exchanged {
            case: self.program.id.clone(),
            step: step.id.clone(),
            exchange: sent.number,
            poll,
            at_ms: millis(sent.at),
            operation: operation
                .map(|operation| operation.name.clone())
                .unwrap_or_default(),
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
        (self.context.tell)(Event::Acted {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            at_ms: millis(done.at),
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
        let number = self.sent.get(&flight).map(|sent| sent.number);
        self.judge.take(step, check, held, words, number);
    }

    fn words(&self, step: usize, check: CheckRef, flight: Flight) -> Words {
        let redactor = &self.context.redactor;
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
                let number = self.sent.get(&flight).map(|sent| sent.number);
                // Under a reference of its own, so that it is no second verdict on what the step demands.
                self.judge
                    .take(step, CheckRef::Check(u16::MAX), Held::No, words, number);
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
                let detail = self.acts.get(&flight).and_then(|done| done.detail.clone());
                let detail = detail.unwrap_or_else(|| "no reason given".to_owned());
                self.judge
                    .stand_in_the_way(format!("step `{id}` could not use the device: {detail}"));
            }
        }
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
