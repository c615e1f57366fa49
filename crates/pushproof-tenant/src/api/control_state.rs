//! `GET /__control/state`: what is happening, as the page shows it. No secret is in it: transactions go by numbers,
//! addresses are masked as in the list, and codes and tokens are left out.

use serde_json::{Value, json};

use crate::activity::Poll;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::tenant::Tenant;
use crate::transaction::{BegunBy, Transaction};
use crate::user::User;

/// So many users, and so many transactions that wait, are shown, the newest; the totals count all.
const SHOWN_MAX: usize = 100;

impl Tenant {
    pub(crate) fn control_state(&self, call: &Call<'_>) -> Answer {
        let mut waiting: Vec<_> = self
            .transactions
            .newest_first()
            .map(|(_, transaction)| transaction)
            .filter(|transaction| transaction.waits_for_phone(call.now))
            .collect();
        let waiting_total = waiting.len();
        waiting.truncate(SHOWN_MAX);
        let users = self.users.newest_first().take(SHOWN_MAX);
        Ok(Reply::ok(json!({
            "now_ms": ms(call.now),
            "issuer": call.issuer(),
            "profile": self.settings.profile.name(),
            "faults": self.settings.fault_texts(),
            "waiting_total": waiting_total,
            "waiting": waiting.iter().rev().map(|one| self.shown_waiting(one)).collect::<Vec<_>>(),
            "users_total": self.users.len(),
            "users": users.map(|user| self.shown_user(user)).collect::<Vec<_>>(),
            "polls_total": self.activity.seen(),
            "polls": self.activity.newest_first().map(|poll| self.shown_poll(poll)).collect::<Vec<_>>(),
        })))
    }

    fn shown_waiting(&self, transaction: &Transaction) -> Value {
        let user = self.users.get(transaction.user);
        let phone = user.and_then(|user| user.phone(&transaction.device));
        json!({
            "transaction": transaction.number,
            "kind": match transaction.begun_by {
                BegunBy::Challenge => "push",
                BegunBy::Enrolment => "enrolment",
            },
            "user": user.map_or("", |user| &user.email),
            "device": phone.map(|phone| &phone.name),
            "since_ms": ms(transaction.begun),
            "expires_ms": ms(transaction.expires),
        })
    }

    fn shown_user(&self, user: &User) -> Value {
        json!({
            "user_id": user.id,
            "email": user.email,
            "email_verified": user.email_verified,
            "blocked": user.blocked,
            "authenticators": self.listed(user),
        })
    }

    fn shown_poll(&self, poll: &Poll) -> Value {
        let user = poll.user.and_then(|key| self.users.get(key));
        json!({
            "number": poll.number,
            "at_ms": ms(poll.at),
            "operation": poll.operation,
            "user": user.map(|user| &user.email),
            "outcome": poll.outcome,
        })
    }
}

fn ms(at: std::time::Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
