//! The `messages` hook: codes that the tenant sent by SMS, voice call or e-mail, `GET inbox`, each returned once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use pushproof_report::Secret;
use serde_json::Value;

use super::hook::{Hook, HookError};
use super::template;
use crate::clock::Stopwatch;
use crate::transport::Transport;

/// How an inbox is watched: a look, and more looks until something is there or patience ends. In real time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Between two looks.
    pub every: Duration,
    /// From the first look on; zero is a single look.
    pub at_most: Duration,
}

impl Patience {
    /// For tenants that deliver in their own time (design §5).
    pub const REMOTE: Self = Self {
        every: Duration::from_millis(50),
        at_most: Duration::from_secs(5),
    };
    /// For the sandbox, where everything has been delivered before its reply is seen.
    pub const SANDBOX: Self = Self {
        every: Duration::from_millis(50),
        at_most: Duration::ZERO,
    };

    /// Whether a single look is all: nothing comes between then.
    pub(super) const fn is_none(self) -> bool {
        self.at_most.is_zero()
    }

    /// Whether to look once more, after the rest between two looks.
    pub(super) async fn again(self, watching: Stopwatch) -> bool {
        if watching.elapsed() + self.every > self.at_most {
            return false;
        }
        tokio::time::sleep(self.every).await;
        true
    }
}

/// One code that was sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// How it was sent, such as `sms`.
    pub channel: String,
    /// The code.
    pub code: Secret,
}

/// The inboxes of a target's users. An inbox gives each message once; what a look brings and nobody wants yet is kept here.
pub struct Messages {
    hook: Hook,
    inbox: String,
    patience: Patience,
    kept: Mutex<BTreeMap<String, VecDeque<Message>>>,
}

impl Messages {
    /// The inboxes at `inbox`, a template with `{address}`.
    pub fn new(hooks: &Transport, inbox: &str, patience: Patience) -> Self {
        Self {
            hook: Hook::new("messages", hooks, inbox),
            inbox: inbox.to_owned(),
            patience,
            kept: Mutex::default(),
        }
    }

    /// The oldest message to an address that has not been read, of one channel or of any. Waits a little for it to arrive; `None` if it does not.
    ///
    /// # Errors
    /// [`HookError`] if the inbox cannot be looked at or holds nonsense.
    pub async fn next(
        &self,
        address: &str,
        channel: Option<&str>,
    ) -> Result<Option<Message>, HookError> {
        let url = template::fill(&self.inbox, |name| (name == "address").then_some(address));
        let watching = Stopwatch::start();
        let mut found = self.take(address, channel);
        while found.is_none() {
            let arrived = self.look(&url).await?;
            self.keep(address, arrived);
            found = self.take(address, channel);
            if found.is_none() && !self.patience.again(watching).await {
                break;
            }
        }
        Ok(found)
    }

    fn keep(&self, address: &str, arrived: Vec<Message>) {
        self.kept()
            .entry(address.to_owned())
            .or_default()
            .extend(arrived);
    }

    fn take(&self, address: &str, channel: Option<&str>) -> Option<Message> {
        let mut kept = self.kept();
        let messages = kept.get_mut(address)?;
        let at = messages
            .iter()
            .position(|message| channel.is_none_or(|channel| message.channel == channel))?;
        messages.remove(at)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<Message>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, url: &str) -> Result<Vec<Message>, HookError> {
        let response = self.hook.get(url).await?;
        let body = self.hook.json(&Method::GET, &response)?;
        let messages = body
            .as_array()
            .and_then(|items| items.iter().map(message).collect());
        messages.ok_or_else(|| {
            self.hook.nonsense(
                &Method::GET,
                "answered no array of messages with `channel` and `code`",
            )
        })
    }
}

fn message(item: &Value) -> Option<Message> {
    Some(Message {
        channel: item.get("channel")?.as_str()?.to_owned(),
        code: Secret::new(item.get("code")?.as_str()?),
    })
}
