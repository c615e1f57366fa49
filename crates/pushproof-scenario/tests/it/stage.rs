//! A stage for one session: an endpoint and a phone that answer from a script, on a clock that jumps, and a transcript of what happens.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use pushproof_scenario::{
    CheckRef, Environment, Evidence, Fact, Flight, Held, Input, Library, Note, Output, Program,
    Recognition, Reply, Session, Stop, UserValues,
};

use crate::support;

/// A small dialect, so that a transcript holds nothing but its point.
pub(crate) const DIALECT: &str = r#"--- dialect.yaml
format: 1
dialect: small
title: A small dialect
features: [a.phone]
lifetimes: { code: 5m }
operations:
  open: { http: POST /open, form: { user: $user }, outcomes: [opened], secrets: [body.code] }
  ask:
    http: POST /ask
    form: { code: $code, extra: { of: $extra, optional: true } }
    outcomes: [pending, slow_down, tokens, rejected, expired]
    secrets: [body.token]
poll: { interval: [challenge.body.interval, 5s], expires: [challenge.body.expires_in, 5m], slow_down_adds: 5s, deadline: 5m, first: after_interval }
profiles:
  usual:
    opened: { status: 200, has: code }
    pending: { any: [{ status: 400, error: authorization_pending }, { status: 403, error: authorization_pending, level: should }], means: pending }
    slow_down: { status: 400, error: slow_down, means: slow_down, wait: [header.retry-after, body.interval] }
    tokens: { status: 200, has: token, means: final }
    rejected: { status: 400, error: access_denied, means: final }
    expired: { status: 400, error: expired_token, means: final }
--- requirements.yaml
format: 1
requirements:
  - { id: A-001, level: must, statement: It answers., source: test }
  - { id: A-002, level: should, statement: It answers well., source: test }
"#;

const HEAD: &str = "--- s.yaml
format: 1
id: case
title: A case
actors:
  alice: { user: fresh }
  phone: { device: push, owner: alice }
steps:
";

const OPEN: &str = "  - { id: open, call: open, with: { user: $alice.username }, expect: opened, capture: { code: body.code } }
  - id: wait
    poll: ask
    with: { code: $code }
";

/// Compiles the one case of a text's only scenario.
pub(crate) fn program(text: &str) -> Arc<Program> {
    let files = support::split(text);
    let (library, problems) = Library::read(&files);
    assert!(
        problems.iter().all(|one| !one.is_error()),
        "{}",
        support::rendered(&problems)
    );
    let library = library.expect("a library");
    let profile = library.profiles().next().expect("a profile").to_owned();
    let (programs, problems) = library.compile(&profile).expect("its profile");
    assert!(
        problems.iter().all(|one| !one.is_error()),
        "{}",
        support::rendered(&problems)
    );
    programs.into_iter().next().expect("a case")
}

/// Plays a poll step given by its keys, after a challenge that was answered with `code`.
/// Sections `--- endpoint` and `--- phone` hold the answers, one a line.
pub(crate) fn poll(script: &str) -> String {
    let (keys, answers) = script
        .trim()
        .split_once("--- endpoint")
        .expect("an endpoint");
    let mut steps = OPEN.to_owned();
    for line in keys.trim().lines() {
        let _ = writeln!(steps, "    {}", line.trim_end());
    }
    let opened = if answers.contains("opened") {
        ""
    } else {
        "opened\n"
    };
    play(&steps, &format!("{opened}{}", answers.trim_start()))
}

/// Plays steps in the small dialect.
pub(crate) fn steps(script: &str) -> String {
    let (steps, answers) = script
        .trim_start_matches('\n')
        .split_once("--- endpoint")
        .expect("an endpoint");
    play(steps, answers.trim_start())
}

fn play(steps: &str, answers: &str) -> String {
    let (endpoint, phone) = answers.split_once("--- phone").unwrap_or((answers, ""));
    let program = program(&format!("{DIALECT}{HEAD}{steps}"));
    let lines = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    Stage::new(program, lines(endpoint), lines(phone)).play()
}

/// What is under way.
enum Coming {
    Reply(Flight, Answer),
    Failed(Flight, bool),
    Acted(Flight, String),
}

#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

struct Stage {
    session: Session,
    endpoint: std::vec::IntoIter<String>,
    phone: std::vec::IntoIter<String>,
    coming: BTreeMap<(Duration, u32), Coming>,
    order: u32,
    text: String,
    /// The last reply to each flight, for words.
    replies: Vec<(Flight, Answer, Recognition)>,
    history: Vec<pushproof_scenario::Outcomes>,
    over: Option<pushproof_polling::Because>,
    /// How the phone's last action ended.
    answered: String,
}

/// A bound on every transcript.
const TURNS_MAX: u32 = 2_000;

impl Stage {
    fn new(program: Arc<Program>, endpoint: Vec<String>, phone: Vec<String>) -> Self {
        let user = UserValues {
            username: "alice@example.com".into(),
            password: "correct horse".into(),
            email: None,
            phone: None,
        };
        Self {
            session: Session::new(program, Arc::new(Environment::default()), [user], 7),
            endpoint: endpoint.into_iter(),
            phone: phone.into_iter(),
            coming: BTreeMap::new(),
            order: 0,
            text: String::new(),
            replies: Vec::new(),
            history: Vec::new(),
            over: None,
            answered: String::new(),
        }
    }

    fn play(mut self) -> String {
        let mut now = Duration::ZERO;
        self.session.handle(now, Input::Begin);
        for _ in 0..TURNS_MAX {
            let Some(until) = self.drain(now) else {
                return self.text;
            };
            let next = self.coming.first_key_value().map(|(key, _)| *key);
            match next {
                Some(key) if key.0 <= until => {
                    now = now.max(key.0);
                    let coming = self.coming.remove(&key).expect("it was there");
                    self.deliver(now, coming);
                }
                _ => {
                    if until == Duration::MAX {
                        self.line(now, "waits for ever");
                        return self.text;
                    }
                    now = now.max(until);
                    self.session.handle(now, Input::Woken);
                }
            }
        }
        self.line(now, "never ends");
        self.text
    }

    fn line(&mut self, now: Duration, text: &str) {
        let seconds = now.as_millis() as f64 / 1000.0;
        let _ = writeln!(self.text, "{seconds:>5}s  {text}");
    }

    fn drain(&mut self, now: Duration) -> Option<Duration> {
        loop {
            match self.session.next_output() {
                Output::Send(flight, step) => self.send(now, flight, step),
                Output::Act(flight, step) => self.act(now, flight, step),
                Output::Note(note) => self.note(now, note),
                Output::Wait(until) => return Some(until),
                Output::Done => return None,
            }
        }
    }

    fn send(&mut self, now: Duration, flight: Flight, step: u16) {
        let shown = self
            .session
            .show(step, &|label, _| format!("‹{label}›"))
            .expect("a call");
        self.line(
            now,
            &format!("sends {} {} {}", shown.method, shown.path, shown.body),
        );
        let script = self.endpoint.next().unwrap_or_else(|| "pending".to_owned());
        let (answer, after) = split_delay(&script);
        let coming = match answer {
            "timeout" => Coming::Failed(flight, true),
            "reset" => Coming::Failed(flight, false),
            "never" => return,
            answer => Coming::Reply(flight, reply(answer)),
        };
        self.push(now + after, coming);
    }

    fn act(&mut self, now: Duration, flight: Flight, step: u16) {
        let view = self.session.action(flight, step).expect("an action");
        let what = format!("{} of {} is to {}", view.actor, view.owner, view.action);
        self.line(now, &what);
        let script = self
            .phone
            .next()
            .unwrap_or_else(|| "acknowledged".to_owned());
        let (answer, after) = split_delay(&script);
        if answer != "never" {
            let answer = answer.to_owned();
            self.push(now + after, Coming::Acted(flight, answer));
        }
    }

    fn push(&mut self, at: Duration, coming: Coming) {
        self.order += 1;
        self.coming.insert((at, self.order), coming);
    }

    fn deliver(&mut self, now: Duration, coming: Coming) {
        match coming {
            Coming::Reply(flight, answer) => {
                let headers: Vec<(&str, &str)> = answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let headers = &headers[..];
                let reply = Reply {
                    status: answer.status,
                    headers: &headers,
                    body: answer.body.as_bytes(),
                    elapsed: Duration::from_millis(20),
                };
                self.replies.push((flight, answer.clone(), EMPTY));
                self.session.handle(now, Input::Reply(flight, &reply));
            }
            Coming::Failed(flight, timed_out) => {
                self.line(
                    now,
                    if timed_out {
                        "no reply in time"
                    } else {
                        "the connection broke"
                    },
                );
                self.session
                    .handle(now, Input::Failed { flight, timed_out });
            }
            Coming::Acted(flight, answer) => match answer.as_str() {
                "acknowledged" => self.session.handle(now, Input::Acknowledged(flight, &[])),
                "refused" => self.session.handle(now, Input::Refused(flight)),
                "unavailable" => self.session.handle(now, Input::Unavailable(flight)),
                read => {
                    let (name, value) = read.split_once('=').expect("`name=value`");
                    self.session.handle(
                        now,
                        Input::Acknowledged(flight, &[(name.to_owned(), value.to_owned())]),
                    );
                }
            },
        }
    }

    fn note(&mut self, now: Duration, note: Note) {
        let program = Arc::clone(self.session.program());
        let step = usize::from(note.step);
        let text = match note.fact {
            Fact::Entered => {
                self.history.clear();
                self.over = None;
                format!("step `{}`", program.steps[step].id)
            }
            Fact::Answered {
                flight,
                poll,
                recognition,
            } => {
                self.history.push(recognition.outcomes);
                for (known, _, what) in &mut self.replies {
                    if *known == flight {
                        *what = recognition;
                    }
                }
                let names = program.dialect.names(recognition.outcomes).join(", ");
                let number = if poll == 0 {
                    "answer".to_owned()
                } else {
                    format!("answer {poll}")
                };
                let wait = recognition
                    .wait
                    .map_or_else(String::new, |wait| format!(", wait {wait:?}"));
                format!("{number}: {names}{wait}")
            }
            Fact::Judged {
                check,
                held,
                flight,
            } => self.judged(&program, step, check, held, flight),
            Fact::Acted(_, result) => {
                self.answered = format!("{result:?}").to_lowercase();
                format!("the phone's action: {}", self.answered)
            }
            Fact::Waits { from, until } => format!("waits {:?}", until - from),
            Fact::PollingOver(because) => {
                self.over = Some(because);
                format!("polling is over: {because:?}").to_lowercase()
            }
            Fact::Left => return,
            Fact::Stopped(stop) => match stop {
                Stop::Missing { capture, .. } => {
                    format!(
                        "stops: nothing to keep as `{}`",
                        program.slots[usize::from(capture)].label
                    )
                }
                Stop::Breached => "stops: breached".to_owned(),
                Stop::Transport(_) => "stops: no reply".to_owned(),
                Stop::Unanswered(_) => "stops: unanswered".to_owned(),
                Stop::Device(_) => "stops: the device could not act".to_owned(),
                Stop::Late(_) => "stops: the device acted too late".to_owned(),
                Stop::RanOut { lost_ms } => {
                    format!("stops: out of time, {lost_ms} ms lost")
                }
            },
        };
        self.line(now, &text);
    }

    fn judged(
        &self,
        program: &Program,
        step: usize,
        check: CheckRef,
        held: Held,
        flight: Flight,
    ) -> String {
        let known = self
            .replies
            .iter()
            .rev()
            .find(|(known, ..)| *known == flight);
        let headers: Vec<(&str, &str)> = known
            .map(|(_, answer, _)| {
                answer
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect()
            })
            .unwrap_or_default();
        let headers = &headers[..];
        let reply = known.map(|(_, answer, _)| Reply {
            status: answer.status,
            headers: &headers,
            body: answer.body.as_bytes(),
            elapsed: Duration::from_millis(20),
        });
        let words = program.words(
            step,
            check,
            Evidence {
                session: &self.session,
                reply: reply.as_ref(),
                recognition: known.map(|(.., recognition)| *recognition),
                history: &self.history,
                over: self.over,
                answer: Some(self.answered.as_str()).filter(|answer| !answer.is_empty()),
                hide: &|label, _| format!("‹{label}›"),
            },
        );
        match held {
            Held::Yes => format!("{} held", words.check),
            Held::Absent => format!("{} had nothing to judge", words.check),
            Held::Weakly => format!(
                "{} held weakly: expected {}, got {}",
                words.check, words.expected, words.actual
            ),
            Held::Unknown => format!("{} compares with what nobody told", words.check),
            Held::No => format!(
                "{} BREACHED: expected {}, got {}",
                words.check, words.expected, words.actual
            ),
        }
    }
}

const EMPTY: Recognition = Recognition {
    outcomes: pushproof_scenario::Outcomes::NONE,
    weak: pushproof_scenario::Outcomes::NONE,
    near: pushproof_scenario::Outcomes::NONE,
    meaning: pushproof_polling::Meaning::Broken,
    wait: None,
};

/// `pending in 2s` comes two seconds later.
fn split_delay(script: &str) -> (&str, Duration) {
    match script.rsplit_once(" in ") {
        Some((answer, after)) => (
            answer,
            pushproof_scenario::fields::parse_duration(after).expect("a duration"),
        ),
        None => (script, Duration::ZERO),
    }
}

/// A word for the usual replies, or `STATUS [name=value …] BODY`.
fn reply(script: &str) -> Answer {
    let (word, rest) = script.split_once(' ').unwrap_or((script, ""));
    let error = |status: u16, error: &str| Answer {
        status,
        headers: Vec::new(),
        body: format!(r#"{{"error":"{error}"}}"#),
    };
    let seconds = |mut answer: Answer| {
        if !rest.is_empty() {
            answer
                .headers
                .push(("retry-after".to_owned(), rest.to_owned()));
        }
        answer
    };
    match word {
        "opened" => {
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(",{rest}")
            };
            Answer {
                status: 200,
                headers: Vec::new(),
                body: format!(r#"{{"code":"code-0123456789"{more}}}"#),
            }
        }
        "pending" => error(400, "authorization_pending"),
        "slow_down" => seconds(error(400, "slow_down")),
        "throttled" => seconds(error(429, "too_many_requests")),
        "rejected" => error(400, "access_denied"),
        "expired" => error(400, "expired_token"),
        "tokens" => Answer {
            status: 200,
            headers: Vec::new(),
            body: r#"{"token":"token-0123456789"}"#.to_owned(),
        },
        status => {
            let status = status.parse().expect("a word or a status");
            Answer {
                status,
                headers: Vec::new(),
                body: rest.to_owned(),
            }
        }
    }
}
