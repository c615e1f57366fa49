//! `POST /api/resolve-transaction`: a phone allows or denies a push (`protocol.md` §8.5). The answer is a JWT that only
//! the challenged phone can sign, for this transaction, at this address, within its time (DEV-003, DEV-004).

use std::time::Duration;

use serde_json::Value;

use crate::api::device_enrol::{invalid_body, invalid_token};
use crate::authenticator::{Kind, Phone};
use crate::call::Call;
use crate::fault::Fault;
use crate::jwt::Jwt;
use crate::reply::{Answer, Refusal, Reply};
use crate::seal::{Purpose, SealId};
use crate::tenant::Tenant;
use crate::transaction::{Standing, State, Transaction};
use crate::user::UserKey;

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
            phone: self
                .bent_answerer(transaction.user, answer)
                .unwrap_or(phone),
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

    /// The phone that must have answered is the one that was asked (DEV-004), but for [`Fault::AnyPhoneAnswers`] and
    /// [`Fault::OwnPhonesAnswer`].
    fn bent_answerer(&self, asked: UserKey, answer: &str) -> Option<&Phone> {
        let (any, own) = (
            self.has(Fault::AnyPhoneAnswers),
            self.has(Fault::OwnPhonesAnswer),
        );
        let issuer = Jwt::parse(answer).filter(|_| any || own)?;
        let answering = self.users.iter().filter(|(user, _)| any || *user == asked);
        let all = answering.flat_map(|(_, user)| &user.authenticators);
        let mut phones = all.filter_map(|one| match &one.kind {
            Kind::Push(phone) => phone.as_ref(),
            _ => None,
        });
        phones.find(|phone| issuer.claims["iss"] == *phone.identifier)
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
            let newest_first = self.transactions.newest_first();
            let of_owner = newest_first.filter(|(_, other)| Some(other.user) == owner);
            let open = of_owner.filter(|(_, other)| other.standing(now) == Standing::Pending);
            let open: Vec<SealId> = open.map(|(id, _)| *id).collect();
            for id in open {
                if let Some(other) = self.transactions.get_mut(&id) {
                    other.state = state;
                }
            }
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

    /// By the key that the phone enrolled with.
    fn is_signed(&self, jwt: &Jwt<'_>) -> bool {
        let key = self.phone.key.as_ref();
        let is_signed =
            jwt.header.get("crit").is_none() && key.is_some_and(|key| key.has_signed(jwt));
        is_signed || self.tenant.has(Fault::SignatureUnchecked)
    }

    /// Instants may have fractions (DEV-005), but for [`Fault::PhoneHabitsRefused`].
    fn is_in_time(&self, claims: &Value) -> bool {
        if self.tenant.has(Fault::PhoneHabitsRefused) && !claims["exp"].is_u64() {
            return false;
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::Keys;
    use crate::phone_key::PhoneKey;
    use crate::settings::Settings;

    const JWK: &str = r#"{"kty":"RSA","alg":"RS256","use":"sig","e":"AQAB","n":"qpcGMaeKTsPS0EnRjWHraTTAqF-Oyd44TMvM54BcbSC1TBe1SqPQcD_2Vc10AGpcABm1Q-PEIwq7NJXezJCujR6Dgs_QIKx83FtP_UzotyPUtWWK_SN5zNJzDx9YDmL1ZFQ7xX8LWOn9T8EKvvxcecIQ4QQK7OAqFnMXT9XU4x66s3M3RLVK9zk92i3zjnvCoeczVpAOSk_UU9yBDhW8vt3UtYFUO96VPcSax2WiIpyTp-9_oxMkISquxRYtataJZuTardKYrGkgNYhIUZYTGbaXMSn06Eur-qBRaz9yH9ABmGWLdX5hw3sQni__MgzwLWblGYaBYYSHCgRgNHVmDQ"}"#;
    const APPROVAL: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTYzMCwiYXVkIjoiaHR0cHM6Ly90ZW5hbnQuZXhhbXBsZS9hcHBsaWFuY2UtbWZhL2FwaS9yZXNvbHZlLXRyYW5zYWN0aW9uIiwiaXNzIjoiZGV2aWNlLWxvY2FsLWlkLTAwMDEiLCJzdWIiOiJjMmx0TFdOb1lXeHNaVzVuWlMwd01EQXgiLCJhdXRoMF9ndWFyZGlhbl9tZXRob2QiOiJwdXNoIiwiYXV0aDBfZ3VhcmRpYW5fYWNjZXB0ZWQiOnRydWV9.k4m4h9UW_qOUZ5f5Yb_xnJc2jZS7WmoEfN-Uz9-2KOXJzeDyAfFZn-CcKtys0LdPJHJhrwRtZXzClR8bDDj4mmjYOz5k21Htn0npJOYVxLL-QemsPYClNmVCeY8faJdr2tO0jOD4icqgxpfATCDc8vmtAvL82MF1CeFnzZnnWRsEV7X3rcYziC04aQpiLHTc1CaTlYlx8xnlqa5NYnjzUe_QW6SRmDQLHmGETvI3NE-nOLMSI98OhZhIGg84GQXjAYiQ-8qcW9AXTIsq1G9jW8rU-gtPc1GPAA49dABx9uD1pfUuum9o5QPnGWclCjY6AFI8qmuQVw1lHYVF2lalgA";
    const REJECTION: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTYzMCwiYXVkIjoiaHR0cHM6Ly90ZW5hbnQuZXhhbXBsZS9hcHBsaWFuY2UtbWZhL2FwaS9yZXNvbHZlLXRyYW5zYWN0aW9uIiwiaXNzIjoiZGV2aWNlLWxvY2FsLWlkLTAwMDEiLCJzdWIiOiJjMmx0TFdOb1lXeHNaVzVuWlMwd01EQXgiLCJhdXRoMF9ndWFyZGlhbl9tZXRob2QiOiJwdXNoIiwiYXV0aDBfZ3VhcmRpYW5fYWNjZXB0ZWQiOmZhbHNlLCJhdXRoMF9ndWFyZGlhbl9yZWFzb24iOiJub3RfbWUifQ.mLz9BNkTQFJ8wS41q_OHhNu7YEuAaFvLEekDO-ZmJa4hb_tAEAHKuzKgwdDfYISCC-BZAIoOVuZOiMQpDnRbFKiaT7i5Bg_w1ir_xo4eUpPnU9yjhmljJhNuuRQL8l1Gb-54OKKZJ-sc5h6DvFr8cvCHgyrDtSATckLToTj-2FD40Ygqyz8LYg1cygjCbUBBpAc497P4TgWW9tSVoAOk--u2o5w0TU9lon-WlXYgOSj58a1FNXgb044K9TLsyusR54FKMVM3P7JrsLjco76OIb_3eCGeKnqAl-y7P10IVrSU6MpZbNPxONShwsYmfl_zTN2nkk0x3z6tU90c4hy4WQ";

    /// How an answer reads at an instant, at an address, from a phone, to a challenge.
    fn read(
        answer: &str,
        now: u64,
        address: &str,
        identifier: &str,
        challenge: &str,
    ) -> Option<Decision> {
        let jwk = serde_json::from_str(JWK).expect("the key of the fact sheet is JSON");
        let phone = Phone {
            identifier: identifier.into(),
            name: String::new(),
            push_service: String::new(),
            push_token: String::new(),
            account_token: String::new(),
            key: Some(PhoneKey::from_jwk(&jwk).expect("the key of the fact sheet is sound")),
        };
        let tenant = Tenant::new(Settings::default(), Keys::generate());
        let now = Duration::from_secs(now);
        Expected {
            now,
            phone: &phone,
            challenge,
            address: address.into(),
            tenant: &tenant,
        }
        .read(answer)
    }

    /// The worked vectors of `protocol.md` §8.5, signed by a key that is not ours.
    #[test]
    fn the_worked_vectors_verify() {
        let address = "https://tenant.example/appliance-mfa/api/resolve-transaction";
        let (identifier, challenge) = ("device-local-id-0001", "c2ltLWNoYWxsZW5nZS0wMDAx");
        let at = |answer, now| read(answer, now, address, identifier, challenge);
        assert_eq!(at(APPROVAL, 1_767_225_600), Some(Decision::Approve));
        assert_eq!(at(REJECTION, 1_767_225_600), Some(Decision::Reject));
        assert_eq!(at(APPROVAL, 1_767_225_629), Some(Decision::Approve));
        assert_eq!(at(APPROVAL, 1_767_225_630), None, "dead at `exp`");
        let now = 1_767_225_600;
        assert_eq!(
            read(
                APPROVAL,
                now,
                "https://tenant.example/api/resolve-transaction",
                identifier,
                challenge
            ),
            None
        );
        assert_eq!(
            read(APPROVAL, now, address, "device-local-id-0002", challenge),
            None
        );
        assert_eq!(read(APPROVAL, now, address, identifier, "other"), None);
    }

    #[test]
    fn claims_of_one_vector_under_the_signature_of_the_other_do_not() {
        let (claims, _) = APPROVAL.rsplit_once('.').expect("a JWT has dots");
        let (_, signature) = REJECTION.rsplit_once('.').expect("a JWT has dots");
        let mixed = format!("{claims}.{signature}");
        let address = "https://tenant.example/appliance-mfa/api/resolve-transaction";
        assert_eq!(
            read(
                &mixed,
                1_767_225_600,
                address,
                "device-local-id-0001",
                "c2ltLWNoYWxsZW5nZS0wMDAx"
            ),
            None
        );
        let jwt = Jwt::parse(APPROVAL).expect("the vector is a JWT");
        assert_eq!(jwt.claims["exp"], json!(1_767_225_630));
    }
}
