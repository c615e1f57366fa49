//! The virtual Guardian phone: a `pushproof_device::Phone` with a way to the tenant and an inbox for its pushes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use http::{Method, Request, Response, StatusCode};
use pushproof_device::{
    Decision, DeviceError, Forgery, KeyPair, Phone, Platform, Push, Reading, Totp, Which,
};
use pushproof_report::{ActResult, Secret};

use super::{Act, Acted, template};
use crate::again::{self, AGAIN_MAX};
use crate::clock::Stopwatch;
use crate::providers::hook::{Hook, HookError};
use crate::providers::messages::Patience;
use crate::transport::{Exchanged, Failure, Transport};
use crate::trouble::{Fate, Trouble};

/// Where pushes arrive.
#[derive(Clone)]
pub(super) struct Inbox {
    hook: Hook,
    template: String,
    patience: Patience,
}

impl Inbox {
    pub(super) fn new(hooks: &Transport, template: &str, patience: Patience) -> Self {
        Self {
            hook: Hook::new("devices", hooks, template),
            template: template.to_owned(),
            patience,
        }
    }
}

/// How a phone reads the reply to what it asked.
type Read = fn(&mut Phone, &Response<Vec<u8>>) -> Result<Reading, DeviceError>;

/// One phone of a case.
pub(super) struct Guardian {
    phone: Phone,
    tenant: Transport,
    inbox: Inbox,
    /// An authenticator app's seed, where a code was scanned that is no Guardian enrolment.
    otp: Option<Totp>,
    /// Which challenge was answered for which `oob_code`: a second answer for it goes to the same one.
    answered: BTreeMap<String, String>,
    /// Challenges of other phones' pushes that were put into this one's hands.
    held: BTreeSet<String>,
    /// How many pushes have been read.
    n_read: usize,
}

/// What kept a phone from acting.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Hook(#[from] HookError),
    #[error("the tenant could not be reached by the phone: {0}")]
    Tenant(#[from] Failure),
    #[error("no push has arrived{}", within(.0))]
    NoPush(Duration),
    #[error("`{action}` needs `{name}`")]
    Missing { action: String, name: &'static str },
    #[error("a Guardian phone cannot `{0}`")]
    UnknownAction(String),
    #[error("unknown forgery `{0}`")]
    UnknownForgery(String),
    #[error("unknown platform `{0}`")]
    UnknownPlatform(String),
    #[error("`shift` is no duration")]
    Shift,
    #[error("the phone shows no codes: it is not enrolled, or without a seed for them")]
    NoCode,
}

impl Problem {
    /// Whether the endpoint was not reached, or something else answered for it.
    const fn comes_between(&self) -> bool {
        match self {
            Self::Tenant(_) => true,
            Self::Device(error) => matches!(
                error,
                DeviceError::Status { .. } | DeviceError::MediaType | DeviceError::NotJson { .. }
            ),
            Self::Hook(_)
            | Self::NoPush(_)
            | Self::Missing { .. }
            | Self::UnknownAction(_)
            | Self::UnknownForgery(_)
            | Self::UnknownPlatform(_)
            | Self::Shift
            | Self::NoCode => false,
        }
    }
}

fn within(at_most: &Duration) -> String {
    match at_most.as_secs_f32() {
        0.0 => String::new(),
        seconds => format!(" within {seconds} s"),
    }
}

impl Guardian {
    pub(super) fn new(
        base_url: &str,
        name: &str,
        key: KeyPair,
        rng: &mut fastrand::Rng,
        tenant: &Transport,
        inbox: &Inbox,
    ) -> Self {
        let identifier = format!("pushproof-{}", random_word(rng));
        let push_token = random_word(rng);
        Self {
            phone: Phone::new(base_url, name, &identifier, &push_token, key),
            tenant: tenant.clone(),
            inbox: inbox.clone(),
            otp: None,
            answered: BTreeMap::new(),
            held: BTreeSet::new(),
            n_read: 0,
        }
    }

    pub(super) async fn act(&mut self, act: &Act) -> Acted {
        let acted = match act.action.as_str() {
            "enrol" => self.enrol(act).await,
            "approve" => self.answer(act, Decision::Approve).await,
            "reject" => {
                let reason = act.with("reason").map(str::to_owned);
                self.answer(act, Decision::Reject { reason }).await
            }
            "ignore" => self.ignore(act).await,
            "unenrol" => self.unenrol(act).await,
            "read" => self.read().await,
            "code" => self.code(act),
            other => Err(Problem::UnknownAction(other.to_owned())),
        };
        acted.unwrap_or_else(|problem| Acted {
            spoilt: problem.comes_between(),
            ..Acted::unavailable(problem.to_string())
        })
    }

    /// A push of this phone that somebody else is to answer: the one that an answer with this `oob_code` would answer.
    pub(super) async fn push(&mut self, oob_code: Option<&str>) -> Result<Push, Acted> {
        let chosen = self.choose(oob_code).await;
        let challenge = chosen.map_err(|problem| Acted::unavailable(problem.to_string()))?;
        let pushes = self.phone.pushes().iter();
        let push = pushes.rev().find(|push| push.challenge() == challenge);
        Ok(push.expect("it was chosen among them").clone())
    }

    /// Takes a push that another phone got, to answer it for this `oob_code`.
    pub(super) fn hold(&mut self, push: &Push, oob_code: Option<&str>) -> Result<(), Acted> {
        let held = self.phone.hold(push);
        held.map_err(|error| Acted::unavailable(error.to_string()))?;
        self.held.insert(push.challenge().to_owned());
        if let Some(code) = oob_code {
            let challenge = push.challenge().to_owned();
            self.answered.insert(code.to_owned(), challenge);
        }
        Ok(())
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let secrets = self
            .phone
            .secrets()
            .map(|(label, secret)| (label, Secret::new(secret)));
        secrets.collect()
    }

    async fn enrol(&mut self, act: &Act) -> Result<Acted, Problem> {
        let barcode_uri = act
            .with("barcode_uri")
            .ok_or_else(|| missing(act, "barcode_uri"))?;
        if let Some(name) = act.with("platform") {
            let platform = Platform::named(name);
            let platform = platform.ok_or_else(|| Problem::UnknownPlatform(name.to_owned()))?;
            self.phone.become_like(platform);
        }
        let request = match self.phone.enrol(barcode_uri) {
            Ok(request) => request,
            Err(no_ticket) => return self.scan_seed(barcode_uri).ok_or(no_ticket.into()),
        };
        self.deliver(request, Phone::enrolled).await
    }

    /// Sends a request until the endpoint itself has answered. If an earlier one may have been done although its answer was lost, the act says so:
    /// a refusal may then mean that it was done already.
    async fn deliver(&mut self, request: Request<Vec<u8>>, read: Read) -> Result<Acted, Problem> {
        let mut lost = None;
        let mut times = 0;
        loop {
            let (problem, may_be_done) = match self.tenant.exchange(request.clone()).await {
                Ok(Exchanged { response, .. }) => match read(&mut self.phone, &response) {
                    Ok(reading) => {
                        return Ok(Acted {
                            lost,
                            ..acted(reading)
                        });
                    }
                    Err(error) => (
                        Problem::Device(error),
                        response.status() != StatusCode::TOO_MANY_REQUESTS,
                    ),
                },
                Err(failure) => {
                    let fate = Trouble::of_failure(&failure).fate;
                    (Problem::Tenant(failure), fate == Fate::Unknown)
                }
            };
            let is_sandbox = self.inbox.patience.is_none();
            if is_sandbox || !problem.comes_between() || times == AGAIN_MAX {
                return Err(problem);
            }
            if may_be_done {
                lost.get_or_insert_with(|| problem.to_string());
            }
            tokio::time::sleep(again::rest(times)).await;
            times += 1;
        }
    }

    /// A code that holds a seed instead of a ticket is for an authenticator app, and the phone has one: nobody is asked.
    fn scan_seed(&mut self, barcode_uri: &str) -> Option<Acted> {
        self.otp = Some(Totp::from_uri(barcode_uri).ok()?);
        Some(Acted::acknowledged())
    }

    async fn answer(&mut self, act: &Act, decision: Decision) -> Result<Acted, Problem> {
        let forgery = act.with("forge").map(|name| {
            name.parse()
                .map_err(|_| Problem::UnknownForgery(name.to_owned()))
        });
        let forgery: Option<Forgery> = forgery.transpose()?;
        let challenge = self.choose(act.with("oob_code")).await?;
        let which = Which::Transaction(&challenge);
        let request = match forgery {
            Some(forgery) => self.phone.forge(forgery, decision, which, act.now)?,
            None => self.phone.answer(decision, which, act.now)?,
        };
        self.deliver(request, Phone::answered).await
    }

    /// Leaves a push alone. Which one is the `oob_code`'s is settled now, so that an answer for it goes there although others come after it.
    async fn ignore(&mut self, act: &Act) -> Result<Acted, Problem> {
        if let Some(oob_code) = act.with("oob_code") {
            self.choose(Some(oob_code)).await?;
        }
        Ok(Acted::acknowledged())
    }

    /// The challenge to answer: the one that was answered for this `oob_code` before, or else the newest that has not been answered, which may
    /// still be on its way. Without an `oob_code`, and with nothing new, a person changes their mind about the newest.
    async fn choose(&mut self, oob_code: Option<&str>) -> Result<String, Problem> {
        if let Some(challenge) = oob_code.and_then(|code| self.answered.get(code)) {
            return Ok(challenge.clone());
        }
        let watching = Stopwatch::start();
        let challenge = loop {
            self.look().await?;
            if let Some(challenge) = self.newest_open() {
                break challenge;
            }
            if !self.inbox.patience.again(watching).await {
                let newest = self.phone.pushes().last().filter(|_| oob_code.is_none());
                let newest = newest.ok_or(Problem::NoPush(self.inbox.patience.at_most))?;
                break newest.challenge().to_owned();
            }
        };
        if let Some(code) = oob_code {
            self.answered.insert(code.to_owned(), challenge.clone());
        }
        Ok(challenge)
    }

    /// The newest push that is neither answered nor spoken for by an `oob_code`. One that went astray is shown to nobody: a phone looks for the
    /// account that a push names among its own.
    fn newest_open(&self) -> Option<String> {
        let spoken_for = |challenge: &str| self.answered.values().any(|taken| taken == challenge);
        let own = self.phone.enrolment_id();
        let is_shown =
            |push: &Push| Some(push.enrolment_id()) == own || self.held.contains(push.challenge());
        let newest_first = self.phone.pushes().iter().rev();
        let open = newest_first.filter(|push| is_shown(push));
        let mut open = open.filter(|push| !push.is_answered() && !spoken_for(push.challenge()));
        let open = open.next()?;
        Some(open.challenge().to_owned())
    }

    async fn look(&mut self) -> Result<(), Problem> {
        let push_token = self.phone.push_token().to_owned();
        let url = template::fill(&self.inbox.template, |name| {
            (name == "push_token").then_some(&push_token)
        });
        let hook = &self.inbox.hook;
        let answer = hook.get(&url).await?;
        let received = self.phone.receive(answer.body());
        received
            .map_err(|error| hook.nonsense(&Method::GET, format!("answered no inbox: {error}")))?;
        Ok(())
    }

    async fn read(&mut self) -> Result<Acted, Problem> {
        let watching = Stopwatch::start();
        loop {
            self.look().await?;
            if let Some(push) = self.phone.pushes().get(self.n_read) {
                self.n_read += 1;
                let values = [
                    ("challenge", push.challenge()),
                    ("sent_at", push.sent_at()),
                    ("enrolment_id", push.enrolment_id()),
                ];
                return Ok(Acted {
                    values: values
                        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
                        .into(),
                    ..Acted::acknowledged()
                });
            }
            if !self.inbox.patience.again(watching).await {
                return Ok(Acted::of(
                    ActResult::Acknowledged,
                    Some("nothing has arrived".to_owned()),
                ));
            }
        }
    }

    async fn unenrol(&mut self, act: &Act) -> Result<Acted, Problem> {
        let request = self.phone.unenrol(act.now)?;
        self.deliver(request, Phone::unenrolled).await
    }

    fn code(&self, act: &Act) -> Result<Acted, Problem> {
        let shift = act
            .with("shift")
            .map_or(Some(0), seconds)
            .ok_or(Problem::Shift)?;
        let from_app = self.otp.as_ref().map(|otp| otp.code(act.now, shift));
        let code = from_app
            .or_else(|| self.phone.one_time_code(act.now, shift))
            .ok_or(Problem::NoCode)?;
        Ok(Acted {
            values: vec![("code".to_owned(), Secret::new(code))],
            ..Acted::acknowledged()
        })
    }
}

/// A code that an authenticator app shows for what it was given, whatever stands behind the target's phones: nobody is asked.
pub(super) fn code_of_app(act: &Act) -> Option<Acted> {
    if act.action != "code" {
        return None;
    }
    let otp = match (act.with("barcode_uri"), act.with("secret")) {
        (Some(barcode_uri), _) => Totp::from_uri(barcode_uri),
        (None, Some(secret)) => Totp::new(secret),
        (None, None) => return None,
    };
    let shift = act.with("shift").map_or(Some(0), seconds);
    Some(match (otp, shift) {
        (Ok(otp), Some(shift)) => Acted {
            values: vec![("code".to_owned(), Secret::new(otp.code(act.now, shift)))],
            ..Acted::acknowledged()
        },
        (Err(error), _) => Acted::unavailable(error.to_string()),
        (Ok(_), None) => Acted::unavailable(Problem::Shift.to_string()),
    })
}

fn acted(reading: Reading) -> Acted {
    match reading {
        Reading::Acknowledged => Acted::acknowledged(),
        Reading::Refused(why) => Acted::refused(why),
    }
}

fn missing(act: &Act, name: &'static str) -> Problem {
    Problem::Missing {
        action: act.action.clone(),
        name,
    }
}

/// `30s`, `-30s`, `+1m` as seconds.
fn seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let seconds = i64::try_from(humantime::parse_duration(rest).ok()?.as_secs()).ok()?;
    Some(sign * seconds)
}

/// 26 characters that nobody guesses, if the generator is seeded so.
fn random_word(rng: &mut fastrand::Rng) -> String {
    let mut bytes = [0; 16];
    rng.fill(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn shifts_as_scenarios_write_them() {
        let cases = [
            ("30s", Some(30)),
            ("-30s", Some(-30)),
            ("+1m", Some(60)),
            ("0", Some(0)),
            ("-", None),
            ("--1s", None),
            ("30", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }
}
