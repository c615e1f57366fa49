//! `POST /__control/device`: a phone that the tenant keeps for a user, for targets whose devices are a hook
//! (`design.md` §5). A 2xx acknowledges, a 4xx refuses, and a 501 says that the phone cannot do it at all.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::api::device_answer::Decision;
use crate::authenticator::{DeviceId, Kind, Phone};
use crate::body::Fields;
use crate::call::Call;
use crate::percent::percent_decode;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::seal::SealId;
use crate::tenant::{ALPHANUMERIC, Tenant};
use crate::totp::step_at;
use crate::transaction::BegunBy;
use crate::user::UserKey;

impl Tenant {
    pub(crate) fn control_device(&mut self, call: &Call<'_>) -> Answer {
        let fields = self.fields(call)?;
        let name = fields.required("user")?;
        let user = self
            .users
            .named(name)
            .ok_or_else(|| refuse("The user does not exist."))?;
        let none = Map::new();
        let with = match fields.member("with") {
            None => &none,
            Some(Value::Object(with)) => with,
            Some(_) => return Err(refusals::must_be("with", "an object")),
        };
        match action(&fields, with)? {
            Action::Enrol { by, name } => {
                let ticket = self.ticket_named(user, by)?;
                self.kept_phone_enrols(call.now, &ticket, name)
            }
            Action::Decide {
                decision,
                which: Which::Numbered(number),
            } => self.any_phone_decides(call.now, user, decision, number),
            Action::Decide { decision, which } => {
                self.kept_phone_decides(call.now, user, decision, which)
            }
            Action::Ignore => Ok(acknowledged()),
            Action::Unenrol => {
                let (device, _) = self
                    .kept_phone(user)
                    .ok_or_else(|| refuse("The user has no such phone."))?;
                self.users.remove_device(user, &device, true);
                Ok(acknowledged())
            }
            Action::Code { shift_s } => self.kept_phone_code(call.now, user, shift_s),
        }
    }

    /// The ticket of a barcode, or that of a user's enrolment by its number.
    fn ticket_named(&self, user: UserKey, by: By<'_>) -> Result<String, Refusal> {
        match by {
            By::Barcode(uri) => {
                query(uri, "enrollment_tx_id").ok_or_else(|| refuse("The barcode has no ticket."))
            }
            By::Number(number) => {
                let found = self.transaction_numbered(number);
                let found = found.filter(|(_, transaction)| transaction.user == user);
                let mut tickets = self.tickets.newest_first();
                found
                    .and_then(|(id, _)| tickets.find(|(_, ticket)| ticket.transaction == id))
                    .map(|(text, _)| text.clone())
                    .ok_or_else(|| refuse("No such enrolment waits."))
            }
        }
    }

    fn kept_phone_enrols(&mut self, now: Duration, ticket: &str, name: Option<&str>) -> Answer {
        let phone = Phone {
            identifier: self.text(ALPHANUMERIC, 20),
            name: name.unwrap_or("Sandbox phone").into(),
            push_service: "GCM".into(),
            push_token: self.text(ALPHANUMERIC, 40),
            account_token: self.text(ALPHANUMERIC, 40),
            key: None,
        };
        self.enrol_phone(now, ticket, phone).map(|_| acknowledged())
    }

    /// Decides in the place of whatever phone was asked, also of one outside: so a person plays it on the page.
    fn any_phone_decides(
        &mut self,
        now: Duration,
        user: UserKey,
        decision: Decision,
        number: u64,
    ) -> Answer {
        let found = self.transaction_numbered(number);
        let id = found
            .filter(|(_, one)| one.user == user && one.begun_by == BegunBy::Challenge)
            .filter(|(_, one)| one.waits_for_phone(now))
            .map(|(id, _)| id)
            .ok_or_else(|| refuse("No such challenge waits for an answer."))?;
        self.decide(now, id, decision);
        Ok(acknowledged())
    }

    fn kept_phone_decides(
        &mut self,
        now: Duration,
        user: UserKey,
        decision: Decision,
        which: Which<'_>,
    ) -> Answer {
        let (device, _) = self
            .kept_phone(user)
            .ok_or_else(|| refuse("The user has no such phone."))?;
        let id = match which {
            Which::Coded(oob_code) => self.unseal_oob(oob_code),
            Which::Numbered(_) | Which::Newest => self.newest_open(now, user, &device),
        };
        let id = id.ok_or_else(|| refuse("No such challenge waits for an answer."))?;
        if self.answerable(now, id)?.device != device {
            return Err(refuse("The challenge went to another phone."));
        }
        self.decide(now, id, decision);
        Ok(acknowledged())
    }

    fn newest_open(&self, now: Duration, user: UserKey, device: &DeviceId) -> Option<SealId> {
        let is_phones = |id: &SealId| {
            self.transactions
                .get(id)
                .is_some_and(|one| one.device == *device)
        };
        let recent = self.users.get(user)?.recent.iter().rev().copied();
        recent.filter(|id| self.is_open(now, *id)).find(is_phones)
    }

    fn kept_phone_code(&mut self, now: Duration, user: UserKey, shift_s: i64) -> Answer {
        let (_, sibling) = self
            .kept_phone(user)
            .ok_or_else(|| refuse("The user has no such phone."))?;
        let user = self
            .users
            .get(user)
            .ok_or_else(|| refuse("The user does not exist."))?;
        let secret = user.authenticators.iter().find_map(|one| match &one.kind {
            Kind::Totp { secret, .. } if Some(&one.device) == sibling.as_ref() => Some(secret),
            _ => None,
        });
        let secret = secret.ok_or_else(|| refuse("The phone makes no codes."))?;
        let at = Duration::from_secs(now.as_secs().saturating_add_signed(shift_s));
        Ok(Reply::ok(
            json!({ "result": "acknowledged", "code": secret.code(step_at(at)) }),
        ))
    }

    /// The newest phone that the tenant plays for a user, and its OTP sibling.
    fn kept_phone(&self, user: UserKey) -> Option<(DeviceId, Option<DeviceId>)> {
        let mut phones = self.users.get(user)?.authenticators.iter().rev();
        phones.find_map(|one| match &one.kind {
            Kind::Push(Some(phone)) if phone.key.is_none() => {
                Some((one.device.clone(), one.sibling.clone()))
            }
            _ => None,
        })
    }
}

/// What a phone enrols by.
enum By<'f> {
    Barcode(&'f str),
    /// The number of the enrolment, as `GET /__control/state` tells it.
    Number(u64),
}

/// Which push is answered.
#[derive(Clone, Copy)]
enum Which<'f> {
    Newest,
    Coded(&'f str),
    /// By its number, as `GET /__control/state` tells it.
    Numbered(u64),
}

enum Action<'f> {
    Enrol {
        by: By<'f>,
        name: Option<&'f str>,
    },
    Decide {
        decision: Decision,
        which: Which<'f>,
    },
    Ignore,
    Unenrol,
    Code {
        shift_s: i64,
    },
}

/// The action of a request. What the phone cannot do (forge, for one) is 501, lest a test take it for a refusal.
fn action<'f>(fields: &'f Fields, with: &'f Map<String, Value>) -> Result<Action<'f>, Refusal> {
    let known: &[&str] = match fields.required("action")? {
        "enrol" => &["barcode_uri", "transaction", "name"],
        "approve" => &["oob_code", "transaction"],
        "reject" => &["oob_code", "transaction", "reason"],
        "ignore" => &["oob_code"],
        "code" => &["shift", "shift_s"],
        _ => &[],
    };
    if with.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(cannot());
    }
    let text = |name: &str| with.get(name).and_then(Value::as_str);
    let number = match with.get("transaction") {
        None => None,
        Some(number) => Some(
            number
                .as_u64()
                .ok_or_else(|| refusals::must_be("transaction", "a number"))?,
        ),
    };
    let which = match (text("oob_code"), number) {
        (_, Some(number)) => Which::Numbered(number),
        (Some(oob_code), None) => Which::Coded(oob_code),
        (None, None) => Which::Newest,
    };
    Ok(match fields.required("action")? {
        "enrol" => Action::Enrol {
            by: match number {
                Some(number) => By::Number(number),
                None => {
                    By::Barcode(text("barcode_uri").ok_or_else(|| refuse("There is no barcode."))?)
                }
            },
            name: text("name").filter(|name| !name.is_empty()),
        },
        "approve" => Action::Decide {
            decision: Decision::Approve,
            which,
        },
        "reject" => Action::Decide {
            decision: Decision::Reject,
            which,
        },
        "ignore" => Action::Ignore,
        "unenrol" => Action::Unenrol,
        "code" => Action::Code {
            shift_s: shift(with)?,
        },
        _ => return Err(cannot()),
    })
}

/// Seconds, as `shift: -30s`, `shift: "-30"` or `shift_s: -30`.
fn shift(with: &Map<String, Value>) -> Result<i64, Refusal> {
    match with.get("shift").or_else(|| with.get("shift_s")) {
        None => Ok(0),
        Some(Value::String(text)) => text
            .trim_end_matches('s')
            .parse()
            .map_err(|_| refusals::must_be("shift", "seconds")),
        Some(value) => value
            .as_i64()
            .ok_or_else(|| refusals::must_be("shift", "seconds")),
    }
}

/// One parameter of the query of a URI.
fn query(uri: &str, name: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .find_map(|(_, value)| percent_decode(value))
}

fn acknowledged() -> Reply {
    Reply::ok(json!({ "result": "acknowledged" }))
}

fn refuse(why: &'static str) -> Refusal {
    Refusal::new(409, "refused", why)
}

fn cannot() -> Refusal {
    Refusal::new(
        501,
        "not_supported",
        "The phone that the tenant plays cannot do this.",
    )
}
