//! `POST /api/resolve-transaction`: a phone allows or denies a push (`protocol.md` §8.5). The answer is a JWT that only
//! the challenged phone can sign, for this transaction, at this address, within its time (DEV-003, DEV-004).

use std::time::Duration;

use serde_json::Value;

use crate::api::device_enrol::{invalid_body, invalid_token};
use crate::authenticator::Phone;
use crate::call::Call;
use crate::fault::Fault;
use crate::jwt::Jwt;
use crate::reply::{Answer, Refusal, Reply};
use crate::seal::{Purpose, SealId};
use crate::tenant::Tenant;
use crate::transaction::{Standing, State, Transaction};

/// What the phone decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    Approve,
    Reject,
}

impl Tenant {
    pub(crate) fn device_answers(&mut self, call: &Call<'_>) -> Answer {
        let bearer = call.credentials("Bearer").ok_or_else(invalid_token)?;
        let id = self
            .sealer
            .unseal(Purpose::PushToken, bearer)
            .ok_or_else(invalid_token)?;
        let body: Value =
            serde_json::from_slice(call.body).map_err(|_| invalid_body("The body is not JSON."))?;
        let answer = body["challenge_response"].as_str();
        let answer = answer.ok_or_else(|| invalid_body("challenge_response is required."))?;
        let transaction = self.answerable(call.now, id)?;
        let user = self
            .users
            .get(transaction.user)
            .ok_or_else(transaction_not_found)?;
        let phone = user
            .phone(&transaction.device)
            .ok_or_else(transaction_not_found)?;
        let expected = Expected {
            now: call.now,
            phone,
            challenge: &transaction.challenge,
            address: format!("{}{}", call.origin, call.path),
            tenant: self,
        };
        let decision = expected.read(answer).ok_or_else(invalid_challenge)?;
        self.decide(call.now, id, decision);
        Ok(Reply::no_content())
    }

    /// A transaction that still waits for its answer; no second one is taken (OOB-POLL-016).
    pub(crate) fn answerable(&self, now: Duration, id: SealId) -> Result<&Transaction, Refusal> {
        let transaction = self
            .transactions
            .get(&id)
            .ok_or_else(transaction_not_found)?;
        match transaction.standing(now) {
            Standing::Pending => Ok(transaction),
            Standing::Rejected if self.has(Fault::RejectedFlips) => Ok(transaction),
            Standing::Expired => Err(Refusal::new(
                404,
                "transaction_expired",
                "The transaction has expired.",
            )),
            Standing::Approved | Standing::Rejected | Standing::Redeemed { .. } => {
                Err(transaction_not_found())
            }
        }
    }

    /// Writes the decision down, for this transaction alone (OOB-POLL-017).
    pub(crate) fn decide(&mut self, now: Duration, id: SealId, decision: Decision) {
        let state = match decision {
            Decision::Approve => State::Approved,
            Decision::Reject => State::Rejected,
        };
        let owner = self
            .transactions
            .get(&id)
            .map(|transaction| transaction.user);
        if let Some(transaction) = self.transactions.get_mut(&id) {
            transaction.state = state;
        }
        if self.has(Fault::ApprovesAll) {
            let of_owner = self
                .transactions
                .iter_mut()
                .filter(|(_, other)| Some(other.user) == owner);
            let open = of_owner.filter(|(_, other)| other.standing(now) == Standing::Pending);
            open.for_each(|(_, other)| other.state = state);
        }
    }
}

/// What an answer must say to be believed.
struct Expected<'a> {
    now: Duration,
    phone: &'a Phone,
    challenge: &'a str,
    /// The address of this endpoint as it was called, path prefix included.
    address: String,
    tenant: &'a Tenant,
}

impl Expected<'_> {
    /// The decision, or `None` when anything is not as it must be. Why is not told: it would help only forgers.
    fn read(&self, answer: &str) -> Option<Decision> {
        let jwt = Jwt::parse(answer)?;
        let claims = &jwt.claims;
        let is_right = self.is_signed(&jwt)
            && claims["iss"] == *self.phone.identifier
            && (claims["sub"] == *self.challenge || self.tenant.has(Fault::SubjectUnchecked))
            && claims["aud"] == *self.address
            && (self.is_in_time(claims) || self.tenant.has(Fault::DeviceExpiryUnchecked))
            && claims["auth0_guardian_method"] == "push";
        if !is_right {
            return None;
        }
        match claims["auth0_guardian_accepted"].as_bool()? {
            true => Some(Decision::Approve),
            false => Some(Decision::Reject),
        }
    }

    /// RS256 and nothing else, whatever the header says (RFC 8725 §3.1), by the key that the phone enrolled with.
    fn is_signed(&self, jwt: &Jwt<'_>) -> bool {
        let is_plain = jwt.alg() == Some("RS256") && jwt.header.get("crit").is_none();
        let is_signed = is_plain
            && self
                .phone
                .key
                .as_ref()
                .is_some_and(|key| jwt.is_signed_by(key));
        is_signed || self.tenant.has(Fault::SignatureUnchecked)
    }

    /// Instants may have fractions (DEV-005).
    fn is_in_time(&self, claims: &Value) -> bool {
        claims["exp"]
            .as_f64()
            .is_some_and(|exp| self.now.as_secs_f64() < exp)
    }
}

fn transaction_not_found() -> Refusal {
    Refusal::new(
        404,
        "login_transaction_not_found",
        "The login transaction was not found.",
    )
}

fn invalid_challenge() -> Refusal {
    Refusal::new(401, "invalid_challenge", "Invalid challenge_response")
}
