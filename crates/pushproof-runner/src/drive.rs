//! One case, from its users to its clean-up: [`case`]. A case may take several runs, each with new users: see [`weigh`].

mod concluded;
mod run;
mod want;
mod weigh;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::{Method, Request};
use pushproof_report::{Attribution, Cover, Event, Redactor, Remedy, Verdict};
use pushproof_scenario::{Action, ActorKind, Program, WaitLength};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::concluded::name_and_contrast;
use self::run::{Attempt, Driver, counts_throttled, is_about_throttling};
use self::weigh::{Came, Mark, Scales, Weighed, doubted, left_open, weigh, worst};
use crate::clock::{HOOK_LIMIT, Stopwatch, Ticket};
use crate::judge::{Breach, Finished};
use crate::pace::Quota;
use crate::providers::devices::Loan;
use crate::providers::users::{Unavailable, User};
use crate::seat::Seat;
use crate::site::Place;
use crate::taken::Taken;
use crate::target::Limits;
use crate::trouble::{Trouble, is_gateway};
use crate::weather::Weather;

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
    pub(crate) weather: Arc<Weather>,
    /// The clients that the endpoint has taken.
    pub(crate) taken: Arc<Taken>,
    /// How many pushes are left.
    pub(crate) pushes: Arc<Quota>,
}

/// How long the clean-up of a case may take where nothing holds requests back: its users are deleted side by side.
const CLEAN_UP_LIMIT: Duration = HOOK_LIMIT;

/// The most runs of a case that come to nothing because something came between, and for how long in real time another one begins.
const SPOILT_MAX: usize = 40;
const RUNS_TIME_MAX: Duration = Duration::from_secs(600);
/// The most runs that came to something.
const TOLD_MAX: usize = 9;
/// And the most of them one after the other that something spoils in the same way.
const ALIKE_MAX: usize = 4;

/// How often a control probe is sent before the endpoint counts as not alive, and the rest between two.
const PROBES_MAX: u32 = 5;
const PROBE_REST: Duration = Duration::from_millis(100);

/// The longest rest of a case about throttling, on a clock that jumps.
const REST_MAX: Duration = Duration::from_secs(600);

/// A nap beside the probe: by how much it lasts longer is how late this program is.
const NAP: Duration = Duration::from_millis(10);
/// From here on what rests on slowness may be our own slowness.
const LAG_MAX: Duration = Duration::from_millis(500);

/// What a breach comes to that rests on silence or on a broken reply, where the control probe got nothing better.
const UNANSWERED: &str = "environment: the endpoint gives no proper answer to a control probe";

/// Runs a case to its verdict and cleans up after it.
pub(crate) async fn case(
    context: &Context,
    place: &Place,
    program: &Arc<Program>,
    seed: u64,
    seat: &mut Seat,
) -> Verdict {
    let stopwatch = Stopwatch::start();
    let case = || program.id.clone();
    (context.tell)(Event::CaseStarted { case: case() });
    let mut runs = Runs {
        context,
        place,
        program,
        seat,
        keys: place.keys(),
        n_run: 0,
        users: Vec::new(),
        left: Vec::new(),
        began: None,
        came: Vec::new(),
        doubts: Vec::new(),
        spoils: Vec::new(),
        troubles: 0,
        stopwatch,
    };
    let (verdict, reason) = runs.verdict(seed).await;
    let took_ms = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
    (context.tell)(Event::CaseFinished {
        case: case(),
        verdict,
        reason,
        took_ms,
    });
    let Runs { users, left, .. } = runs;
    for what in left
        .into_iter()
        .chain(clean_up(context, place, program, users).await)
    {
        let what = context.redactor.redact(&what);
        (context.tell)(Event::LeftBehind { case: case(), what });
    }
    verdict
}

/// Deletes users side by side and tells of each; gives what could not be deleted.
async fn clean_up(
    context: &Context,
    place: &Place,
    program: &Program,
    users: Vec<User>,
) -> Vec<String> {
    let limit = clean_up_limit(&place.target.limits, users.len());
    let mut deletions = JoinSet::new();
    for user in users {
        let provider = Arc::clone(place.users());
        deletions.spawn(async move {
            let deleted = tokio::time::timeout(limit, provider.delete(&user)).await;
            let late = |_| {
                let (name, limit) = (&user.username, limit.as_secs());
                Err(format!("user `{name}`: not deleted within {limit} s"))
            };
            let deleted = deleted.unwrap_or_else(late);
            (user, deleted)
        });
    }
    let mut left = Vec::new();
    while let Some(ended) = deletions.join_next().await {
        match ended {
            Ok((user, Ok(()))) if is_told(place, &user) => (context.tell)(Event::UserDeleted {
                case: program.id.clone(),
                user: user.username,
            }),
            Ok((_, Ok(()))) | Err(_) => {}
            Ok((_, Err(why))) => left.push(why),
        }
    }
    left.sort();
    left
}

/// Whether it is told of a user that they are made and deleted: whoever was leased stays, and a sandbox of our own goes with all its users.
fn is_told(place: &Place, user: &User) -> bool {
    place.is_remote() && !user.is_leased
}

/// How long the clean-up of a case may take where it has to wait for its turn among those of the other cases.
fn clean_up_limit(limits: &Limits, users: usize) -> Duration {
    let users = u32::try_from(users).unwrap_or(u32::MAX);
    let ahead = users.saturating_mul(limits.concurrency);
    let queue = limits
        .requests_per_second
        .map_or(0, |most| ahead.div_ceil(most.max(1)));
    CLEAN_UP_LIMIT.saturating_add(Duration::from_secs(queue.into()))
}

fn people(program: &Program) -> impl Iterator<Item = (usize, &str)> {
    let actors = program.actors.iter().enumerate();
    actors
        .filter(|(_, actor)| matches!(actor.kind, ActorKind::User { .. }))
        .map(|(at, actor)| (at, actor.name.as_str()))
}

/// A breach that has not been seen often enough, with all that its run judged.
struct Doubt {
    mark: Mark,
    breach: Breach,
    judged: Vec<Event>,
    verdict: Verdict,
    reason: Option<String>,
}

/// Why a run did not begin.
struct Unready {
    reason: String,
    /// Something came between, and another run may begin.
    spoilt: bool,
}

impl Unready {
    fn for_good(reason: String) -> Self {
        Self {
            reason,
            spoilt: false,
        }
    }
}

/// The runs of one case.
struct Runs<'a> {
    context: &'a Context,
    place: &'a Place,
    program: &'a Arc<Program>,
    seat: &'a mut Seat,
    keys: Arc<Loan>,
    /// How often it was run, whatever that came to.
    n_run: u64,
    /// Everybody who was made for it, and is deleted in the end.
    users: Vec<User>,
    /// What may have been made and cannot be deleted.
    left: Vec<String>,
    /// Clock time of its first run.
    began: Option<Duration>,
    came: Vec<Came>,
    /// The breaches of earlier runs.
    doubts: Vec<Doubt>,
    /// What spoilt runs, oldest first.
    spoils: Vec<String>,
    /// How often something came between on the operation of a breach that is such a trouble.
    troubles: u32,
    stopwatch: Stopwatch,
}

impl Runs<'_> {
    /// Runs it as often as it takes. What the last run judged is told when that is known.
    async fn verdict(&mut self, seed: u64) -> (Verdict, Option<String>) {
        loop {
            // Phones of two runs must not have the same names.
            let attempt = self
                .attempt(seed ^ self.n_run.wrapping_mul(0x9E37_79B9_7F4A_7C15))
                .await;
            self.n_run += 1;
            if self.was_jostled(&attempt) {
                self.seat.alone().await;
                self.rest_for(self.rest(&attempt)).await;
                continue;
            }
            let (came, alive) = self.came(&attempt).await;
            self.spoils.extend(attempt.spoilt.clone());
            self.came.push(came);
            let sightings = self.sightings(&attempt);
            let mut scales = Scales {
                sightings,
                foul: self.context.weather.is_foul(),
                may_run_again: alive,
            };
            let mut weighed = weigh(&self.came, scales);
            if weighed == Weighed::Again && !self.may_run_again(&attempt) {
                scales.may_run_again = false;
                // Where nothing ever came between, one sighting is enough if there can be no other.
                if !self.context.weather.is_rough() {
                    scales.sightings = Some(1);
                }
                weighed = weigh(&self.came, scales);
            }
            let rest = self.rest(&attempt);
            if let Some(came_to) = self.concluded(attempt, weighed) {
                return came_to;
            }
            self.rest_for(rest).await;
        }
    }

    async fn rest_for(&self, rest: Duration) {
        if rest.is_zero() {
            return;
        }
        let mut ticket = self.place.clock.enter();
        let until = ticket.at().saturating_add(rest);
        let mut stop = self.context.stop.clone();
        // A clock that fails or a run that is stopped shows in the next run of the case.
        tokio::select! {
            _ = ticket.wait_until(until) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Whether a run met a breach in a step about throttling while other cases ran, so that it must be seen again while none does: where all
    /// users share one bucket, it may be the others' doing. Then only what the case comes to alone counts.
    fn was_jostled(&self, attempt: &Attempt) -> bool {
        let in_a_crowd = self.place.is_remote() && !self.seat.is_alone();
        let breach = attempt.finished.breaches.first();
        let counts = |breach: &&Breach| {
            let mut steps = self.program.steps.iter();
            steps.any(|step| step.id == breach.finding.step && counts_throttled(&step.action))
        };
        let Some(breach) = breach.filter(counts).filter(|_| in_a_crowd) else {
            return false;
        };
        let stopped = *self.context.stop.borrow();
        if stopped || !self.context.pushes.take(self.program.pushes()) {
            return false;
        }
        let met = name_and_contrast(breach);
        self.trouble(
            Some(breach),
            attempt.at_ms,
            format!("{met}; to be seen again while no other case runs"),
            Attribution::Unknown,
            Remedy::RanAgain,
        );
        true
    }

    fn is_about_throttling(&self) -> bool {
        let mut steps = self.program.steps.iter();
        steps.any(|step| is_about_throttling(&step.action))
    }

    /// How long a case about throttling rests before it is run again, so that it meets a full bucket once more: as long as the endpoint told or
    /// the case itself waits for that, and until as many requests as it sent would have come at the rate that is allowed.
    fn rest(&self, attempt: &Attempt) -> Duration {
        if !self.is_about_throttling() {
            return Duration::ZERO;
        }
        let own = self
            .program
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Wait {
                    length: WaitLength::For(time),
                    ..
                } => Some(*time),
                _ => None,
            });
        let sent = self
            .program
            .dialect
            .poll
            .interval
            .saturating_mul(attempt.sent);
        let rest = own.fold(attempt.told.max(sent), Duration::max);
        rest.min(if self.place.clock.is_real() {
            self.place.target.limits.wait
        } else {
            REST_MAX
        })
    }

    fn tell(&self, event: Event) {
        (self.context.tell)(event);
    }

    fn trouble(
        &self,
        breach: Option<&Breach>,
        at_ms: u64,
        what: String,
        to: Attribution,
        then: Remedy,
    ) {
        let finding = breach.map(|breach| &breach.finding);
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: finding
                .map(|finding| finding.step.clone())
                .unwrap_or_default(),
            exchange: finding.and_then(|finding| finding.exchange),
            at_ms,
            what,
            to,
            then,
        });
    }

    /// One run, from its users on.
    async fn attempt(&mut self, seed: u64) -> Attempt {
        let mut ticket = self.place.clock.enter();
        let first = self.users.len();
        let ready = self.prepare(&mut ticket).await;
        for (label, secret) in self.place.secrets().await {
            self.context.redactor.learn(label, secret.reveal());
        }
        let case_began = *self.began.get_or_insert(ticket.at());
        match ready {
            Ok(()) => {
                let users = &self.users[first..];
                let driver = Driver::new(
                    self.context,
                    self.place,
                    self.program,
                    ticket,
                    case_began,
                    users,
                    (seed, &self.keys),
                );
                let mut attempt = driver.run().await;
                if attempt.finished.is_setup
                    && let Some(leased) = self.leased(first)
                {
                    let reason = attempt.finished.reason.unwrap_or_default();
                    attempt.finished.reason = Some(format!("{reason}; {leased}"));
                }
                attempt
            }
            Err(Unready { reason, spoilt }) => {
                Attempt::stopped(reason, spoilt, ticket.at().saturating_sub(case_began))
            }
        }
    }

    /// Waits for the clock and gets a user for each person.
    async fn prepare(&mut self, ticket: &mut Ticket) -> Result<(), Unready> {
        ticket
            .settled()
            .await
            .map_err(|error| Unready::for_good(error.to_string()))?;
        for (at, name) in people(self.program) {
            if *self.context.stop.borrow() {
                return Err(Unready::for_good("the run was interrupted".to_owned()));
            }
            if let Some(dead) = self.context.weather.is_dead() {
                return Err(Unready::for_good(dead));
            }
            let wanted = want::want(self.program, at);
            let made = self.place.users().make(wanted).await;
            self.left.extend(made.maybe_made);
            if matches!(&made.user, Err(Unavailable::Hook(error)) if error.is_silence()) {
                self.context.weather.silence();
            }
            let user = made.user.map_err(|error| Unready {
                reason: format!("no user for `{name}`: {error}"),
                spoilt: self.place.is_remote() && self.place.users().may_pass(&error),
            })?;
            let label = format!("{name}.password");
            self.context.redactor.learn(&label, user.password.reveal());
            let unfit = user
                .email_verified
                .filter(|is| *is != wanted.email_verified)
                .map(|is| {
                    format!(
                        "no user for `{name}`: `email_verified` of `{}` is {is}, and the case wants {}",
                        user.username, wanted.email_verified
                    )
                });
            if is_told(self.place, &user) {
                self.tell(Event::UserMade {
                    case: self.program.id.clone(),
                    user: user.username.clone(),
                    id: user.id.clone(),
                });
            }
            let leased = user.is_leased.then(|| user.clone());
            self.users.push(user);
            unfit.map_or(Ok(()), |unfit| Err(Unready::for_good(unfit)))?;
            if let Some(user) = leased {
                self.fresh(&user)
                    .await
                    .map_err(|used| Unready::for_good(format!("no user for `{name}`: {used}")))?;
            }
        }
        Ok(())
    }

    /// Looks whether somebody who was lent is as new as the case wants, as the dialect says. What cannot be seen counts for nothing: it is the
    /// case's own to find out.
    async fn fresh(&self, user: &User) -> Result<(), String> {
        let Some(fresh) = &self.program.fresh else {
            return Ok(());
        };
        // No case of the run: nobody hears of it, and its exchanges have numbers of their own.
        let unheard = Context {
            tell: Arc::new(|_| {}),
            exchanges: Arc::default(),
            ..self.context.clone()
        };
        let ticket = self.place.clock.enter();
        let began = ticket.at();
        let users = std::slice::from_ref(user);
        let driver = Driver::new(
            &unheard,
            self.place,
            fresh,
            ticket,
            began,
            users,
            (0, &self.keys),
        );
        match driver.run().await.finished.unmet {
            Some(unmet) => Err(format!(
                "`{}` of the pool is not fresh: {unmet}",
                user.username
            )),
            None => Ok(()),
        }
    }

    /// Who of this run was leased, and so may not be as new as the case wants.
    fn leased(&self, first: usize) -> Option<String> {
        let names: Vec<String> = self.users[first..]
            .iter()
            .filter(|user| user.is_leased)
            .map(|user| format!("`{}`", user.username))
            .collect();
        let leased =
            "leased from the pool and may not be fresh: a user with an active factor is not";
        (!names.is_empty()).then(|| format!("{} was {leased}", names.join(", ")))
    }

    /// What a run came to, and whether the endpoint is alive. What rests on silence, slowness or a broken reply is believed only if it is.
    async fn came(&mut self, attempt: &Attempt) -> (Came, bool) {
        let breach = attempt.finished.breaches.first();
        let doubtful =
            breach.is_some_and(|breach| breach.grounds.silent || breach.grounds.trouble.is_some());
        let rough_setup = attempt.finished.is_setup && self.context.weather.is_rough();
        if !self.place.is_remote() || !(doubtful || attempt.spoilt.is_some() || rough_setup) {
            let came = match breach {
                Some(breach) => self.breached(breach, &attempt.finished),
                None if self.answers_doubts(&attempt.finished) => Came::Through,
                // An earlier run got further than this: it was chance, and another run may get as far.
                None if attempt.finished.is_setup => Came::Spoilt,
                None => Came::Nothing,
            };
            return (came, true);
        }
        let Some(probed) = self.probe(attempt, breach).await else {
            return (Came::Spoilt, false);
        };
        match breach {
            Some(breach) if breach.grounds.silent && probed > LAG_MAX => {
                let what = format!(
                    "{}: this program was late by {} ms",
                    breach.finding.contrast(),
                    probed.as_millis()
                );
                self.trouble(
                    Some(breach),
                    attempt.at_ms,
                    what,
                    Attribution::Pushproof,
                    Remedy::SetAside,
                );
                (Came::Spoilt, true)
            }
            Some(breach) => (self.breached(breach, &attempt.finished), true),
            None => (Came::Spoilt, true),
        }
    }

    /// Whether a run without a breach came as far as the breaches of earlier runs.
    fn answers_doubts(&self, finished: &Finished) -> bool {
        let held = |mark: &Mark| {
            finished.judged.iter().any(|event| matches!(event, Event::Judged { step, check, .. } if *step == mark.step && *check == mark.check))
        };
        finished.verdict != Verdict::CouldNotRun
            || self.doubts.iter().all(|doubt| held(&doubt.mark))
    }

    fn breached(&mut self, breach: &Breach, finished: &Finished) -> Came {
        let mark = Mark {
            step: breach.finding.step.clone(),
            check: breach.finding.check.clone(),
            trouble: breach.grounds.trouble.clone(),
        };
        self.doubts.push(Doubt {
            mark: mark.clone(),
            breach: breach.clone(),
            judged: finished.judged.clone(),
            verdict: finished.verdict,
            reason: finished.reason.clone(),
        });
        Came::Breached(mark)
    }

    /// Asks something harmless, and how late this program itself is. `None`: the endpoint gives no proper answer.
    async fn probe(&self, attempt: &Attempt, breach: Option<&Breach>) -> Option<Duration> {
        let step = breach
            .map(|breach| breach.finding.step.clone())
            .unwrap_or_default();
        let answered = self.context.weather.n_proper();
        for nth in 0..PROBES_MAX {
            let napping = Stopwatch::start();
            tokio::time::sleep(if nth == 0 { NAP } else { PROBE_REST }).await;
            let lag = napping
                .elapsed()
                .saturating_sub(if nth == 0 { NAP } else { PROBE_REST });
            let (asked, came, alive, took) = self.ask(attempt).await;
            self.tell(Event::Probed {
                case: self.program.id.clone(),
                step: step.clone(),
                at_ms: attempt.at_ms,
                asked,
                came,
                alive,
                took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                lag_us: u64::try_from(lag.as_micros()).unwrap_or(u64::MAX),
            });
            if alive {
                return Some(lag);
            }
        }
        // Others were answered in the meantime.
        (self.context.weather.n_proper() > answered).then_some(Duration::ZERO)
    }

    /// The harmless request that was answered last, or else the base URL, which any answer will do for.
    async fn ask(&self, attempt: &Attempt) -> (String, String, bool, Duration) {
        let base_url = &self.place.target.base_url;
        let (asked, request) = match &attempt.safe {
            Some(safe) => {
                let name = &self.program.dialect.operations[safe.operation].name;
                (
                    format!("`{name}` as in exchange {}", safe.answered),
                    Some(safe.request.clone()),
                )
            }
            None => {
                let request = Request::builder()
                    .method(Method::GET)
                    .uri(base_url)
                    .body(Vec::new());
                (format!("`GET {base_url}`"), request.ok())
            }
        };
        let Some(request) = request else {
            return (asked, "not sent".to_owned(), false, Duration::ZERO);
        };
        match self.place.transport.exchange(request).await {
            Err(failure) => (asked, failure.to_string(), false, failure.took()),
            Ok(exchanged) => {
                let response = &exchanged.response;
                let status = response.status();
                let trouble = attempt.safe.as_ref().and_then(|safe| {
                    let among = self.program.dialect.operations[safe.operation].outcomes;
                    let is = self.program.profile.recognise(
                        among,
                        status.as_u16(),
                        response.headers(),
                        response.body(),
                    );
                    Trouble::of_reply(response, is, false, false)
                });
                let gateway = is_gateway(status);
                let came = trouble.as_ref().map_or_else(
                    || status.as_u16().to_string(),
                    |trouble| trouble.what.clone(),
                );
                (asked, came, trouble.is_none() && !gateway, exchanged.took)
            }
        }
    }

    /// How often the breach of this run must be seen.
    fn sightings(&self, attempt: &Attempt) -> Option<u32> {
        if !self.place.is_remote() {
            return Some(1);
        }
        let grounds = attempt
            .finished
            .breaches
            .first()
            .map(|breach| &breach.grounds);
        let own = grounds.filter(|grounds| grounds.trouble.is_some());
        self.context
            .weather
            .sightings(own.map(|grounds| grounds.operation.as_str()))
    }

    fn may_run_again(&self, attempt: &Attempt) -> bool {
        let stopped = *self.context.stop.borrow();
        let spoilt = |came: &&Came| **came == Came::Spoilt;
        let spoilt = self.came.iter().filter(spoilt).count();
        let told_enough = self.came.len() - spoilt >= TOLD_MAX;
        // What spoils every run in the same way is no chance, and will spoil the next.
        let alike = self.spoils.iter().rev();
        let alike = alike.take_while(|what| Some(*what) == self.spoils.last());
        let enough = told_enough
            || spoilt >= SPOILT_MAX
            || alike.count() >= ALIKE_MAX
            || self.stopwatch.elapsed() > RUNS_TIME_MAX;
        // What is not answered before a wait that is too long will not be answered now.
        let is_calm = !self.context.weather.is_foul();
        let hopeless =
            is_calm && attempt.throttled.is_some() && attempt.finished.breaches.is_empty();
        let again = self.place.is_remote() && !stopped && !enough && !hopeless;
        again && self.context.pushes.take(self.program.pushes())
    }
}

impl Attempt {
    /// A run that did not begin.
    fn stopped(reason: String, spoilt: bool, at: Duration) -> Self {
        Self {
            finished: Finished {
                judged: Vec::new(),
                verdict: Verdict::CouldNotRun,
                reason: Some(reason.clone()),
                is_setup: false,
                unmet: None,
                breaches: Vec::new(),
            },
            spoilt: spoilt.then_some(reason),
            throttled: None,
            told: Duration::ZERO,
            sent: 0,
            troubles: Default::default(),
            safe: None,
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
