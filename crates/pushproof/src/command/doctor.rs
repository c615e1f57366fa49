//! `pushproof target doctor`: tries everything that a target file promises, and says what works, what is missing, and what that costs.
//!
//! Hooks are tried by themselves, with requests that change nothing but for one user who is made and deleted. What is the endpoint's own
//! (the clients' credentials, phones, a poll) is tried by the cheapest cases that need it, so no word of a protocol stands here either.

mod cases;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, header};
use pushproof_report::{Redactor, exit, sanitize};
use pushproof_runner::clock;
use pushproof_runner::providers::messages::{Messages, Patience};
use pushproof_runner::providers::settings::Settings;
use pushproof_runner::providers::users::{Users, Want};
use pushproof_runner::site::Place;
use pushproof_runner::target::{Target, Users as UsersFrom};
use pushproof_runner::transport::Transport;
use pushproof_scenario::{ActorKind, Program};
use tokio::sync::watch;

use self::told::{Carries, Found, State};
use super::{Problem, conformance};
use crate::args::{Args, Doctor};
use crate::signals::Signals;
use crate::{dialects, output, target};

/// An address that nobody has, for a look into an empty inbox.
const NOBODY: &str = "doctor@pushproof.invalid";
/// So far apart clocks may be before signatures and one-time codes suffer.
const DRIFT_MAX: Duration = Duration::from_secs(5);
/// By so much a clock is moved to see whether it moves.
const MOVED: Duration = Duration::from_secs(1);
/// Longest detail of one line.
const DETAIL_MAX: usize = 300;

/// The features that hang on an inbox of messages, and on a switch of the endpoint.
const MESSAGES: [&str; 4] = ["messages", "factor.sms", "factor.voice", "factor.email"];
const SWITCHES: [&str; 2] = ["switch.recovery_codes", "switch.factor.otp"];

/// What is tried with, and what was found.
struct Visit<'a> {
    target: &'a Target,
    programs: &'a [Arc<Program>],
    redactor: Arc<Redactor>,
    run: String,
    found: Vec<Found>,
    /// Turns true when nobody wants to know any more.
    stop: watch::Receiver<bool>,
    /// Who or what could not be deleted.
    left: Vec<String>,
}

pub(crate) async fn run(args: &Args, command: &Doctor, colour: bool) -> Result<u8, Problem> {
    let target = target::read(args, &command.file, colour)?;
    let library = dialects::spoken_by(args, &target, &[], colour)?;
    let profile = target
        .profile
        .clone()
        .unwrap_or_else(|| conformance::profile_unasked(&library));
    let Some((programs, problems)) = library.compile(&profile) else {
        return Err(Problem::invalid(format!(
            "unknown profile `{profile}` in `{}`",
            command.file.display()
        )));
    };
    dialects::report(&problems, colour)?;
    output::say(&format!(
        "doctor of `{}`: dialect {}, profile {profile}\n\n",
        target.name, library.dialect.name
    ));
    let (stopping, stop) = watch::channel(false);
    let interrupted = Arc::new(AtomicU8::new(exit::OK));
    let watcher = tokio::spawn(interrupt(
        Signals::watch()?,
        stopping,
        Arc::clone(&interrupted),
    ));
    let mut visit = Visit {
        target: &target,
        programs: &programs,
        redactor: conformance::redactor(&library, &target),
        run: conformance::run_id(),
        found: Vec::new(),
        stop,
        left: Vec::new(),
    };
    visit.look().await;
    watcher.abort();
    for left in &visit.left {
        output::say(&output::wrapped("left behind: ", left));
    }
    let lost = told::lost(&programs, &library.dialect.features, &target, &visit.found);
    let requirements = library.dialect.requirements.heads().len();
    let found = told::code(&visit.found, told::lost_len(&lost), requirements);
    let code = exit::first([found, interrupted.load(Ordering::SeqCst)]);
    output::say(&told::summary(&visit.found, &lost, requirements, code));
    Ok(code)
}

/// The first signal ends the visit, which then cleans up; the second ends it at once.
async fn interrupt(mut signals: Signals, stop: watch::Sender<bool>, told: Arc<AtomicU8>) {
    let (signal, code) = signals.next().await;
    told.store(code, Ordering::SeqCst);
    anstream::eprintln!("{signal}: cleaning up; once more to stop at once");
    stop.send_replace(true);
    signals.next().await;
    #[expect(
        clippy::disallowed_methods,
        reason = "the user does not want to wait for the clean-up"
    )]
    std::process::exit(i32::from(code));
}

impl Visit<'_> {
    /// Everything in order; what cannot work without what has failed is not tried.
    async fn look(&mut self) {
        self.learn();
        let (transport, hooks) = match self.ways() {
            Ok(ways) => ways,
            Err(why) => return self.tell(Found::vital("reachable", State::Broken, why)),
        };
        if !self.reachable(&transport).await {
            return;
        }
        let users = !self.needs_users() || self.users(&hooks).await;
        if self.knows(&MESSAGES) && !self.is_stopped() {
            self.messages(&hooks).await;
        }
        if self.knows(&SWITCHES) && !self.is_stopped() {
            self.settings(&hooks).await;
        }
        if !self.is_stopped()
            && let Some(place) = self.clock().await
            && users
        {
            cases::look(self, place).await;
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Whether users are lent: whoever is tried with is used up.
    fn is_lent(&self) -> bool {
        matches!(self.target.users, Some(UsersFrom::Pool { .. }))
    }

    /// Whether anybody of the dialect's scenarios has an account.
    fn needs_users(&self) -> bool {
        let mut actors = self.programs.iter().flat_map(|program| &program.actors);
        actors.any(|actor| matches!(actor.kind, ActorKind::User { .. }))
    }

    /// Whether a scenario of the dialect can need one of these features.
    fn knows(&self, features: &[&str]) -> bool {
        let mut needs = self.programs.iter().flat_map(|program| &program.needs);
        needs.any(|need| features.contains(&need.as_str()))
    }

    fn learn(&self) {
        let clients = self
            .target
            .client
            .iter()
            .chain(self.target.clients.values());
        for secret in clients.filter_map(|client| client.secret.as_ref()) {
            self.redactor.learn("client_secret", secret.reveal());
        }
    }

    /// Tells one thing at once, since the next may take its time.
    fn tell(&mut self, found: Found) {
        let detail = sanitize(&self.redactor.redact(&found.detail), DETAIL_MAX);
        let found = Found { detail, ..found };
        output::say(&found.line());
        self.found.push(found);
    }

    fn ways(&self) -> Result<(Transport, Transport), String> {
        let authorities =
            |error: std::io::Error| format!("reading the file of certificate authorities: {error}");
        let http = |options| Transport::http(&options).map_err(|error| error.to_string());
        let transport = http(self.target.http_options().map_err(authorities)?)?;
        Ok((
            transport,
            http(self.target.hook_options().map_err(authorities)?)?,
        ))
    }

    /// Any reply will do, whatever it says.
    async fn reachable(&mut self, transport: &Transport) -> bool {
        let base_url = self.target.base_url.as_str();
        let request = Request::get(format!("{base_url}/")).body(Vec::new());
        let Ok(request) = request else {
            self.tell(Found::vital(
                "reachable",
                State::Broken,
                format!("`{base_url}` is no URL"),
            ));
            return false;
        };
        let exchanged = match transport.exchange(request).await {
            Ok(exchanged) => exchanged,
            Err(failure) => {
                self.tell(Found::vital(
                    "reachable",
                    State::Broken,
                    format!("{base_url}: {failure}"),
                ));
                return false;
            }
        };
        let (status, took) = (
            exchanged.response.status().as_u16(),
            exchanged.took.as_millis(),
        );
        self.tell(Found::vital(
            "reachable",
            State::Works,
            format!("{base_url} answered {status} in {took} ms"),
        ));
        self.tls();
        if self.target.clock.is_none() {
            let date = exchanged
                .response
                .headers()
                .get(header::DATE)
                .and_then(|date| date.to_str().ok());
            self.date(date.and_then(|date| httpdate::parse_http_date(date).ok()));
        }
        true
    }

    fn tls(&mut self) {
        let (state, detail) = match (&self.target.tls.ca, self.target.tls.insecure) {
            _ if self.target.base_url.starts_with("http://") => {
                (State::Missing, "not used: the base URL is http".to_owned())
            }
            (_, true) => (
                State::Missing,
                "certificates are not verified: the file says `insecure: true`".to_owned(),
            ),
            (Some(ca), false) => (State::Works, format!("verified against `{}`", ca.display())),
            (None, false) => (
                State::Works,
                "verified against the platform's authorities".to_owned(),
            ),
        };
        self.tell(Found::new("tls", state, detail));
    }

    /// Real time: phones sign and make codes for the time here, so the tenant's must be the same.
    fn date(&mut self, date: Option<SystemTime>) {
        let (state, detail) = match date {
            None => (
                State::Missing,
                "no hook, and replies have no `Date`: taken to be as here".to_owned(),
            ),
            Some(date) => {
                let (drift, apart) = drift(date);
                let state = if apart > DRIFT_MAX {
                    State::Broken
                } else {
                    State::Works
                };
                (
                    state,
                    format!("real time, {drift} by the `Date` of its replies"),
                )
            }
        };
        self.tell(Found {
            features: vec!["clock"],
            ..Found::new("clock", state, detail)
        });
    }

    async fn users(&mut self, hooks: &Transport) -> bool {
        let (state, detail) = match self.make_user(hooks).await {
            Ok(detail) => (State::Works, detail),
            Err(why) => (
                if self.target.users.is_none() {
                    State::Missing
                } else {
                    State::Broken
                },
                why,
            ),
        };
        self.tell(Found {
            carries: Carries::Users,
            ..Found::new("users", state, detail)
        });
        state == State::Works
    }

    /// One user, made and deleted. Of a pool nobody is lent.
    async fn make_user(&mut self, hooks: &Transport) -> Result<String, String> {
        let users = Users::new(
            self.target.users.as_ref(),
            &self.target.base_url,
            hooks,
            &self.run,
        );
        let users = users.map_err(|error| error.to_string())?;
        if let Some(size) = users.pool_size() {
            return Ok(format!("the pool has {size}; one of them is used up below"));
        }
        let user = users.create(Want::default()).await;
        for (label, secret) in users.secrets().await {
            self.redactor.learn(label, secret.reveal());
        }
        let user = user.map_err(|error| error.to_string())?;
        self.redactor.learn("password", user.password.reveal());
        if let Err(left) = users.delete(&user).await {
            self.left.push(self.redactor.redact(&left));
            return Err(format!("left behind: {left}"));
        }
        Ok(format!("`{}` was made and deleted", user.username))
    }

    async fn messages(&mut self, hooks: &Transport) {
        let (state, detail) = match &self.target.messages {
            None => (State::Missing, "the file has no `messages`".to_owned()),
            Some(url) => {
                let once = Patience {
                    at_most: Duration::ZERO,
                    ..Patience::REMOTE
                };
                match Messages::new(hooks, url, once).next(NOBODY, None).await {
                    Ok(_) => (
                        State::Works,
                        "the inbox of an address could be read".to_owned(),
                    ),
                    Err(error) => (State::Broken, error.to_string()),
                }
            }
        };
        self.tell(Found {
            features: MESSAGES.to_vec(),
            ..Found::new("messages", state, detail)
        });
    }

    async fn settings(&mut self, hooks: &Transport) {
        let (state, detail) = match &self.target.settings {
            None => (State::Missing, "the file has no `settings`".to_owned()),
            Some(url) => match Settings::new(hooks, url).set(&serde_json::Map::new()).await {
                Ok(()) => (State::Works, "a change of nothing was taken".to_owned()),
                Err(error) => (State::Broken, error.to_string()),
            },
        };
        self.tell(Found {
            features: SWITCHES.to_vec(),
            ..Found::new("settings", state, detail)
        });
    }

    /// The place for cases, which asks the clock's hook for the time.
    async fn clock(&mut self) -> Option<Place> {
        match Place::reach(self.target.clone(), &self.run).await {
            Ok(place) => {
                if let Some(stuck) = self.stuck(&place).await {
                    self.tell(Found {
                        features: vec!["clock"],
                        carries: Carries::Time,
                        ..Found::new("clock", State::Broken, stuck)
                    });
                    // A clock that has failed once fails for good. What takes no time can still be tried.
                    return Place::reach(self.target.clone(), &self.run).await.ok();
                }
                if self.target.clock.is_some() {
                    let (drift, _) = drift(place.clock.now());
                    let remark = place
                        .clock
                        .remark()
                        .map_or_else(String::new, |remark| format!("; {remark}"));
                    let detail = format!("moved by its hook; {drift}{remark}");
                    self.tell(Found {
                        features: vec!["clock"],
                        ..Found::new("clock", State::Works, detail)
                    });
                }
                Some(place)
            }
            Err(error) => {
                let detail = conformance::chain(&error);
                self.tell(Found {
                    features: vec!["clock"],
                    ..Found::vital("clock", State::Broken, detail)
                });
                None
            }
        }
    }

    /// Why a hooked clock does not move, if it does not.
    async fn stuck(&self, place: &Place) -> Option<String> {
        self.target.clock.as_ref()?;
        let mut ticket = place.clock.enter();
        let until = ticket.at() + MOVED;
        let moved = ticket.wait_until(until).await;
        moved.err().map(|error| error.to_string())
    }

    fn features(&self) -> BTreeSet<String> {
        let known = self
            .programs
            .first()
            .map(|program| &program.dialect.features[..]);
        let mut features = self.target.features(known.unwrap_or_default());
        let broken = self.found.iter().filter(|found| found.is_gone());
        broken
            .flat_map(|found| &found.features)
            .for_each(|feature| {
                features.remove(*feature);
            });
        features
    }
}

/// How far a tenant's clock is from the one here, in words and as a time.
fn drift(there: SystemTime) -> (String, Duration) {
    let seconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    };
    let (here, there) = (seconds(clock::wall()), seconds(there));
    let apart = Duration::from_secs(here.abs_diff(there));
    let shown = humantime::format_duration(apart);
    let words = match there.cmp(&here) {
        std::cmp::Ordering::Less => format!("{shown} behind the clock here"),
        std::cmp::Ordering::Equal => "as the clock here".to_owned(),
        std::cmp::Ordering::Greater => format!("{shown} ahead of the clock here"),
    };
    (words, apart)
}

/// The code for a target that cannot be used, where something that every case needs is not there.
const UNUSABLE: u8 = exit::TARGET_UNUSABLE;
