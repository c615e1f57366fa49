//! `POST /api/enroll`: a phone scans the code of an association and binds its key and push token to it
//! (`protocol.md` §8.3). Errors of the device API have `statusCode` and `errorCode`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::authenticator::{DeviceId, Kind, Phone};
use crate::call::Call;
use crate::fault::Fault;
use crate::phone_key::PhoneKey;
use crate::reply::{Answer, Refusal, Reply};
use crate::tenant::{ALPHANUMERIC, Tenant};
use crate::totp::TotpSecret;
use crate::transaction::{State, Ticket};

/// A phone that has been enrolled just now.
pub(crate) struct Enrolled {
    pub(crate) device: DeviceId,
    pub(crate) user_id: String,
    pub(crate) totp: Option<TotpSecret>,
}

impl Tenant {
    pub(crate) fn device_enrols(&mut self, call: &Call<'_>) -> Answer {
        let ticket = ticket_id(call).ok_or_else(invalid_token)?;
        self.live_ticket(call.now, ticket)?;
        let body: Value =
            serde_json::from_slice(call.body).map_err(|_| invalid_body("The body is not JSON."))?;
        self.check_modulus(&body["public_key"])?;
        let phone = read_phone(&body, self.text(ALPHANUMERIC, 40))?;
        let account_token = phone.account_token.clone();
        let Enrolled {
            device,
            user_id,
            totp,
        } = self.enrol_phone(call.now, ticket, phone)?;
        let mut reply = json!({
            "id": device.to_string(),
            "url": call.host(),
            "issuer": self.settings.name,
            "user_id": user_id,
            "token": account_token,
        });
        if let Some(secret) = totp {
            reply["totp"] = json!({ "secret": secret.base32(), "algorithm": "SHA1", "digits": 6, "period": 30 });
        }
        Ok(Reply::ok(reply))
    }

    /// A ticket that is in time and unused (PUSH-ENROLL-010, -011).
    fn live_ticket(&self, now: Duration, ticket: &str) -> Result<Ticket, Refusal> {
        let found = self
            .tickets
            .get(&ticket.to_owned())
            .or_else(|| self.bent_ticket());
        let is_in_time =
            |found: &&Ticket| now < found.expires || self.has(Fault::TicketNeverExpires);
        let found = found.filter(is_in_time).ok_or_else(ticket_not_found)?;
        if found.used && !self.has(Fault::TicketReusable) {
            return Err(Refusal::new(
                409,
                "enrollment_conflict",
                "The enrollment is already done.",
            ));
        }
        Ok(found.clone())
    }

    /// A modulus may start with a zero byte (DEV-005), but for [`Fault::PhoneHabitsRefused`].
    fn check_modulus(&self, jwk: &Value) -> Result<(), Refusal> {
        // Six zero bits are an `A`, and a sound modulus begins with none.
        let is_padded = jwk["n"].as_str().is_some_and(|n| n.starts_with('A'));
        if is_padded && self.has(Fault::PhoneHabitsRefused) {
            return Err(invalid_body("public_key.n must not start with a zero."));
        }
        Ok(())
    }

    /// A ticket that was never given out opens nothing (DEV-002), but for [`Fault::AnyTicketEnrols`].
    fn bent_ticket(&self) -> Option<&Ticket> {
        let tickets = self.tickets.newest_first().map(|(_, ticket)| ticket);
        tickets
            .filter(|_| self.has(Fault::AnyTicketEnrols))
            .find(|ticket| !ticket.used)
    }

    /// Uses a ticket up: the phone is bound, the factor active, and the transaction that began with it approved.
    pub(crate) fn enrol_phone(
        &mut self,
        now: Duration,
        ticket: &str,
        phone: Phone,
    ) -> Result<Enrolled, Refusal> {
        let Ticket {
            user: owner,
            device,
            transaction,
            ..
        } = self.live_ticket(now, ticket)?;
        let user = self.users.get_mut(owner).ok_or_else(ticket_not_found)?;
        let push = user
            .authenticators
            .iter_mut()
            .find(|one| one.device == device)
            .ok_or_else(ticket_not_found)?;
        let sibling = push.sibling.clone();
        push.kind = Kind::Push(Some(phone));
        let totp = user.authenticators.iter().find_map(|one| match &one.kind {
            Kind::Totp { secret, .. } if Some(&one.device) == sibling.as_ref() => Some(*secret),
            _ => None,
        });
        let user_id = user.id.clone();
        self.users.note_device(device.clone(), owner);
        self.confirm(owner, &device);
        if let Some(ticket) = self.tickets.get_mut(&ticket.to_owned()) {
            ticket.used = true;
        }
        self.approve_enrolment(now, transaction);
        Ok(Enrolled {
            device,
            user_id,
            totp,
        })
    }

    fn approve_enrolment(&mut self, now: Duration, id: crate::seal::SealId) {
        let is_off = self.has(Fault::PendingAfterEnrolment);
        let is_open = self.is_open(now, id);
        if let Some(transaction) = self
            .transactions
            .get_mut(&id)
            .filter(|_| is_open && !is_off)
        {
            transaction.state = State::Approved;
        }
    }
}

/// The id in `Authorization: Ticket id="…"`.
fn ticket_id<'r>(call: &Call<'r>) -> Option<&'r str> {
    call.credentials("Ticket")?
        .strip_prefix("id=\"")?
        .strip_suffix('"')
}

fn read_phone(body: &Value, account_token: String) -> Result<Phone, Refusal> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let push = &body["push_credentials"];
    let push_service =
        text(&push["service"]).filter(|service| service == "GCM" || service == "APNS");
    Ok(Phone {
        identifier: text(&body["identifier"])
            .ok_or_else(|| invalid_body("identifier is required."))?,
        name: text(&body["name"]).ok_or_else(|| invalid_body("name is required."))?,
        push_service: push_service
            .ok_or_else(|| invalid_body("push_credentials.service must be GCM or APNS."))?,
        push_token: text(&push["token"])
            .ok_or_else(|| invalid_body("push_credentials.token is required."))?,
        account_token,
        key: Some(PhoneKey::from_jwk(&body["public_key"]).map_err(invalid_body)?),
    })
}

pub(crate) fn invalid_token() -> Refusal {
    Refusal::new(401, "invalid_token", "Invalid token.")
        .with_challenge("Bearer error=\"invalid_token\"")
}

pub(crate) fn invalid_body(what: &'static str) -> Refusal {
    Refusal::new(400, "invalid_body", what)
}

fn ticket_not_found() -> Refusal {
    Refusal::new(
        404,
        "enrollment_transaction_not_found",
        "The enrollment transaction was not found.",
    )
}
