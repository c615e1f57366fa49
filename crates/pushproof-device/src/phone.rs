//! The phone itself: its account, its pushes, and the requests it makes.

use std::time::{Duration, SystemTime};

use http::{Request, Response};
use serde_json::json;

use crate::answer::{self, Claims, Decision, Which};
use crate::barcode;
use crate::base::Base;
use crate::enrolment::{self, Enrolment};
use crate::error::DeviceError;
use crate::forgery::{Forgery, forge};
use crate::key::KeyPair;
use crate::platform::Platform;
use crate::push::{Push, read_inbox};
use crate::reply::{Reading, read};
use crate::request;
use crate::secret::Secret;

/// A bound on what an endpoint can make a phone keep.
const PUSHES_MAX: usize = 1000;
/// How long the phone's word about its own account is valid. Swift SDK: two hours.
const ACCOUNT_JWT_LIFE: Duration = Duration::from_secs(7200);

/// A phone with the Guardian app on it.
///
/// Requests are made by [`enrol`](Self::enrol), [`answer`](Self::answer), [`forge`](Self::forge) and
/// [`unenrol`](Self::unenrol); each has a reader for its reply. `Debug` shows no secret.
#[derive(Debug)]
pub struct Phone {
    base: String,
    name: String,
    identifier: String,
    push_token: String,
    key: KeyPair,
    platform: Platform,
    enrolment: Option<Enrolment>,
    /// Oldest first.
    pushes: Vec<Push>,
}

impl Phone {
    /// A phone that is not enrolled.
    ///
    /// `base` is the endpoint as configured in the app, e.g. `https://tenant.example.com`; it is looked at when the first
    /// request is made. `name` is what the user's list of authenticators will show, `identifier` the device's own name
    /// for itself (the `iss` of its answers), `push_token` the address at the push service.
    #[must_use]
    pub fn new(base: &str, name: &str, identifier: &str, push_token: &str, key: KeyPair) -> Self {
        Self {
            base: base.to_owned(),
            name: name.to_owned(),
            identifier: identifier.to_owned(),
            push_token: push_token.to_owned(),
            key,
            platform: Platform::default(),
            enrolment: None,
            pushes: Vec::new(),
        }
    }

    /// The same phone with the habits of a real platform.
    #[must_use]
    pub fn on(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    /// Takes on the habits of a real platform from now on.
    pub fn become_like(&mut self, platform: Platform) {
        self.platform = platform;
    }

    /// Takes a push that another phone got: as somebody would who got hold of it. To this phone it is unanswered.
    ///
    /// # Errors
    /// When the phone holds too many already.
    pub fn hold(&mut self, push: &Push) -> Result<(), DeviceError> {
        if self.pushes.len() >= PUSHES_MAX {
            return Err(DeviceError::TooManyPushes {
                pushes_max: PUSHES_MAX,
            });
        }
        self.pushes.push(push.unanswered());
        Ok(())
    }

    /// The address that pushes for this phone are sent to.
    #[must_use]
    pub fn push_token(&self) -> &str {
        &self.push_token
    }

    /// The id of its account at the endpoint, once enrolled. Text of the endpoint, at most 256 bytes.
    #[must_use]
    pub fn enrolment_id(&self) -> Option<&str> {
        self.enrolment
            .as_ref()
            .map(|enrolment| enrolment.id.as_str())
    }

    /// All pushes that have arrived, oldest first; answered ones stay.
    #[must_use]
    pub fn pushes(&self) -> &[Push] {
        &self.pushes
    }

    /// Every secret that the phone holds, with a label: for whoever must keep them out of what is written. The ticket
    /// of an enrolment is not kept; it is in the scanned code ([`ticket`](crate::ticket)).
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let enrolment = self.enrolment.iter().flat_map(|enrolment| {
            let seed = enrolment
                .totp
                .as_ref()
                .map(|totp| ("totp_secret", totp.seed()));
            std::iter::once(("device_token", enrolment.token.reveal())).chain(seed)
        });
        let pushes = self.pushes.iter().flat_map(|push| {
            let answer = push
                .first_answer
                .get()
                .map(|answer| ("challenge_response", answer.reveal()));
            std::iter::once(("txtkn", push.transaction.reveal())).chain(answer)
        });
        enrolment.chain(pushes)
    }

    /// `POST {base}/api/enroll` with the ticket of the scanned code.
    ///
    /// # Errors
    /// When the code holds no ticket, or the phone's base URL is unusable.
    pub fn enrol(&self, barcode_uri: &str) -> Result<Request<Vec<u8>>, DeviceError> {
        let ticket = barcode::ticket(barcode_uri)?;
        let url = Base::parse(&self.base)?.enroll();
        let body = enrolment::body(
            &self.identifier,
            &self.name,
            &self.push_token,
            &self.key,
            self.platform,
        );
        request::post(
            &url,
            &format!("Ticket id=\"{ticket}\""),
            &body,
            self.platform,
        )
    }

    /// Reads the reply to [`enrol`](Self::enrol). Acknowledged: the phone has an account now, in place of any earlier one.
    ///
    /// # Errors
    /// When the reply neither refuses nor is an enrolment; the phone stays as it was.
    pub fn enrolled(&mut self, reply: &Response<Vec<u8>>) -> Result<Reading, DeviceError> {
        let reading = read(reply)?;
        if reading == Reading::Acknowledged {
            self.enrolment = Some(Enrolment::read(reply)?);
        }
        Ok(reading)
    }

    /// Takes what the push service delivered: a JSON array of payloads in the flat `data` form, with or without the
    /// `{"data": …}` wrapper, oldest first. Returns how many they were.
    ///
    /// A push for another phone's account is kept too: whether it can be answered is a question to the endpoint
    /// (requirement DEV-004).
    ///
    /// # Errors
    /// When it is no such array, or a payload lacks what a phone needs: then none of them is kept.
    pub fn receive(&mut self, payloads: &[u8]) -> Result<usize, DeviceError> {
        let pushes = read_inbox(payloads)?;
        if self.pushes.len() + pushes.len() > PUSHES_MAX {
            return Err(DeviceError::TooManyPushes {
                pushes_max: PUSHES_MAX,
            });
        }
        let n_pushes = pushes.len();
        self.pushes.extend(pushes);
        Ok(n_pushes)
    }

    /// `POST {base}/api/resolve-transaction` with the person's decision, signed, valid for 30 seconds from `now`.
    ///
    /// The push counts as answered from here on, as it does for a person who has tapped: whether the answer arrives is
    /// another matter.
    ///
    /// # Errors
    /// When there is no such push, or the phone's base URL is unusable.
    pub fn answer(
        &self,
        decision: Decision,
        which: Which<'_>,
        now: SystemTime,
    ) -> Result<Request<Vec<u8>>, DeviceError> {
        let push = self.find(which)?;
        let claims = self.claims(push, decision, now)?;
        let jwt = self.key.sign_rs256(&claims.to_json(), &answer::header());
        let request = self.resolve(push, &claims.audience, &jwt)?;
        push.first_answer.get_or_init(|| Secret::new(jwt));
        Ok(request)
    }

    /// As [`answer`](Self::answer), but wrong in one way. The push does not count as answered by it.
    ///
    /// # Errors
    /// As [`answer`](Self::answer); also when a replay is asked for and the phone has answered nothing yet.
    pub fn forge(
        &self,
        forgery: Forgery,
        decision: Decision,
        which: Which<'_>,
        now: SystemTime,
    ) -> Result<Request<Vec<u8>>, DeviceError> {
        let push = self.find(which)?;
        let claims = self.claims(push, decision, now)?;
        let audience = claims.audience.clone();
        let other = self.others(push).next().map(Push::challenge);
        let jwt = match forge(forgery, claims, &self.key, other) {
            Some(jwt) => jwt,
            None => self.earlier_answer(push)?.to_owned(),
        };
        self.resolve(push, &audience, &jwt)
    }

    /// Reads the reply to [`answer`](Self::answer) or [`forge`](Self::forge).
    ///
    /// # Errors
    /// When the reply neither acknowledges nor refuses.
    pub fn answered(&mut self, reply: &Response<Vec<u8>>) -> Result<Reading, DeviceError> {
        read(reply)
    }

    /// `DELETE {base}/api/device-accounts/{id}`: the person removes the account from the phone. The phone vouches for
    /// itself by a JWT signed with its own key.
    ///
    /// # Errors
    /// When the phone is not enrolled, or its base URL is unusable.
    pub fn unenrol(&self, now: SystemTime) -> Result<Request<Vec<u8>>, DeviceError> {
        let enrolment = self.enrolment.as_ref().ok_or(DeviceError::NotEnrolled)?;
        let base = Base::parse(&self.base)?;
        let claims = json!({
            "iat": self.platform.numeric_date(now),
            "exp": self.platform.numeric_date(answer::later(now, ACCOUNT_JWT_LIFE)),
            "aud": base.device_accounts(),
            "iss": enrolment.id,
            "sub": enrolment.user_id,
        });
        let jwt = self.key.sign_rs256(&claims, &answer::header());
        request::delete(
            &base.device_account(&enrolment.id),
            &format!("Bearer {jwt}"),
        )
    }

    /// Reads the reply to [`unenrol`](Self::unenrol). The phone keeps what it knows, pushes included: that none of it
    /// works any more is for the endpoint to see to.
    ///
    /// # Errors
    /// When the reply neither acknowledges nor refuses.
    pub fn unenrolled(&mut self, reply: &Response<Vec<u8>>) -> Result<Reading, DeviceError> {
        read(reply)
    }

    /// The code that the phone shows at `now`, moved by `shift` seconds. `None`: not enrolled, or enrolled without an
    /// OTP sibling.
    #[must_use]
    pub fn one_time_code(&self, now: SystemTime, shift: i64) -> Option<String> {
        let totp = self.enrolment.as_ref()?.totp.as_ref()?;
        Some(totp.code(now, shift))
    }

    fn find(&self, which: Which<'_>) -> Result<&Push, DeviceError> {
        let newest_first = || self.pushes.iter().rev();
        match which {
            Which::Newest => newest_first()
                .find(|push| !push.is_answered())
                .or(self.pushes.last())
                .ok_or(DeviceError::NoPush),
            Which::Transaction(challenge) => newest_first()
                .find(|push| push.challenge() == challenge)
                .ok_or(DeviceError::UnknownChallenge),
        }
    }

    /// The pushes with another challenge, newest first.
    fn others(&self, push: &Push) -> impl Iterator<Item = &Push> {
        self.pushes
            .iter()
            .rev()
            .filter(|other| other.challenge() != push.challenge())
    }

    fn earlier_answer(&self, push: &Push) -> Result<&str, DeviceError> {
        let own = self
            .pushes
            .iter()
            .rev()
            .filter(|other| other.challenge() == push.challenge());
        let mut answers = self
            .others(push)
            .chain(own)
            .filter_map(|push| push.first_answer.get());
        answers
            .next()
            .map(Secret::reveal)
            .ok_or(DeviceError::NothingToReplay)
    }

    fn claims(
        &self,
        push: &Push,
        decision: Decision,
        now: SystemTime,
    ) -> Result<Claims, DeviceError> {
        Ok(Claims {
            issued: now,
            audience: Base::parse(&self.base)?.resolve_transaction(),
            issuer: self.identifier.clone(),
            subject: push.challenge().to_owned(),
            decision,
            platform: self.platform,
        })
    }

    fn resolve(&self, push: &Push, url: &str, jwt: &str) -> Result<Request<Vec<u8>>, DeviceError> {
        let bearer = format!("Bearer {}", push.transaction.reveal());
        request::post(
            url,
            &bearer,
            &json!({ "challenge_response": jwt }),
            self.platform,
        )
    }
}
