//! The phones of one case: what their owners do with them, carried out by whatever the target has for phones.

mod command;
mod guardian;
mod hook;
mod human;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use pushproof_report::{ActResult, Secret};

use self::guardian::{Guardian, Inbox};
pub use self::human::{Ask, Person};
pub use self::keys::{KeyPool, Loan};
use super::hook::Hook;
use super::messages::Patience;
use super::template;
use crate::target::Devices;
use crate::transport::Transport;

/// How the tester's own devices tell a code, and what to do where they cannot.
const HOOK_CODE: &str = "the devices hook acknowledged `code` and told none: it may answer 200 with JSON `{\"code\": \"123456\"}`; if it cannot, leave `device.codes` out of the target's `features`";
const COMMAND_CODE: &str = "the device command acknowledged `code` and printed none: it may print JSON `{\"code\": \"123456\"}`; if it cannot, leave `device.codes` out of the target's `features`";

/// What was acknowledged counts for nothing where a code was asked for and none was told.
fn with_code(acted: Acted, act: &Act, advice: &str) -> Acted {
    let has_code = acted.values.iter().any(|(name, _)| name == "code");
    if act.action == "code" && acted.result == ActResult::Acknowledged && !has_code {
        return Acted::unavailable(advice);
    }
    acted
}

/// One thing that a person does with a phone.
#[derive(Clone)]
pub struct Act {
    /// The phone, by its name in the scenario.
    pub actor: String,
    /// Whose it is; empty for an approver whom no user of the scenario stands for.
    pub owner_username: String,
    /// `enrol`, `approve`, `reject`, `ignore`, `unenrol`, `read` or `code`.
    pub action: String,
    /// What the step gives along, such as `barcode_uri` or `oob_code`; secret or not.
    pub with: Vec<(String, String)>,
    /// The tenant's time.
    pub now: SystemTime,
}

impl Act {
    fn with(&self, name: &str) -> Option<&str> {
        let found = self.with.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What an act brings to light and is a secret whether or not a step captures it. Whatever else stands in an answer (`"status": "acknowledged"`)
/// says how it went.
pub(crate) const SECRET: [&str; 2] = ["challenge", "code"];

/// What became of an act.
#[derive(Clone, PartialEq, Debug)]
pub struct Acted {
    /// Whether the endpoint took it.
    pub result: ActResult,
    /// A word on it, for people.
    pub detail: Option<String>,
    /// It was unavailable because something came between the phone and the endpoint.
    pub spoilt: bool,
    /// An earlier try may have been done, and its answer was lost: what came between.
    pub lost: Option<String>,
    /// What the act brought to light, by name: `code`, or what stands in a push. A `read` that found nothing is acknowledged and brings nothing.
    pub values: Vec<(String, Secret)>,
}

impl Acted {
    pub(crate) fn acknowledged() -> Self {
        Self::of(ActResult::Acknowledged, None)
    }

    fn refused(detail: impl Into<String>) -> Self {
        Self::of(ActResult::Refused, Some(detail.into()))
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::of(ActResult::Unavailable, Some(detail.into()))
    }

    fn of(result: ActResult, detail: Option<String>) -> Self {
        Self {
            result,
            detail,
            spoilt: false,
            lost: None,
            values: Vec::new(),
        }
    }
}

/// What the phones of a case are made with.
pub struct PhoneOptions<'a> {
    /// What the target has for phones.
    pub devices: Option<&'a Devices>,
    /// The tenant, as the phones' app is configured.
    pub base_url: &'a str,
    /// The way to the tenant.
    pub tenant: &'a Transport,
    /// The way to hooks.
    pub hooks: &'a Transport,
    /// Where keys come from.
    pub keys: &'a Arc<Loan>,
    /// Who is asked where a person acts.
    pub person: Option<&'a Arc<Person>>,
    /// How long a push may take.
    pub patience: Patience,
    /// Chooses the phones' push tokens: two cases must not have the same.
    pub rng: fastrand::Rng,
}

/// The phones of one case.
pub struct Phones {
    driver: Driver,
    own_key: BTreeSet<String>,
}

enum Driver {
    Absent(&'static str),
    Guardian(Box<Virtual>),
    Hook(Hook, String),
    Command(Vec<String>),
    Human(Arc<Person>),
}

/// The virtual phones, and what they are made with.
struct Virtual {
    base_url: String,
    tenant: Transport,
    inbox: Inbox,
    keys: Arc<Loan>,
    rng: fastrand::Rng,
    phones: BTreeMap<String, Guardian>,
}

impl Phones {
    /// Phones that nobody has touched.
    pub fn new(options: PhoneOptions<'_>) -> Self {
        let driver = match options.devices {
            None => Driver::Absent("the target has no `devices`"),
            Some(Devices::Human) => match options.person {
                Some(person) => Driver::Human(Arc::clone(person)),
                None => Driver::Absent(
                    "a person acts with this target's devices, and there is no terminal to ask on",
                ),
            },
            Some(Devices::Command { command }) => Driver::Command(command.clone()),
            Some(Devices::Hook { url }) => {
                Driver::Hook(Hook::new("devices", options.hooks, url), url.clone())
            }
            Some(Devices::Guardian { inbox }) => Driver::Guardian(Box::new(Virtual {
                base_url: options.base_url.to_owned(),
                tenant: options.tenant.clone(),
                inbox: Inbox::new(options.hooks, inbox, options.patience),
                keys: Arc::clone(options.keys),
                rng: options.rng,
                phones: BTreeMap::new(),
            })),
        };
        Self {
            driver,
            own_key: BTreeSet::new(),
        }
    }

    /// Gives a phone a key that no other phone of this process has, at the cost of making one. Before it is first used.
    pub fn give_own_key(&mut self, actor: &str) {
        self.own_key.insert(actor.to_owned());
    }

    /// Carries out an act. What stands in the way (a hook that fails, a push that does not come) makes it unavailable, never refused.
    pub async fn act(&mut self, act: Act) -> Acted {
        if let Some(acted) = guardian::code_of_app(&act) {
            return acted;
        }
        match &mut self.driver {
            Driver::Absent(why) => Acted::unavailable(*why),
            Driver::Hook(hook, url) => with_code(hook::act(hook, url, &act).await, &act, HOOK_CODE),
            Driver::Command(command) => {
                with_code(command::act(command, &act).await, &act, COMMAND_CODE)
            }
            Driver::Human(person) => person.act(&act).await,
            Driver::Guardian(phones) => {
                let own_key = self.own_key.contains(&act.actor);
                if let Err(acted) = phones.hand_over(&act, own_key).await {
                    return acted;
                }
                phones.phone(&act.actor, own_key).await.act(&act).await
            }
        }
    }

    /// Every secret that the phones hold, with a label, for whoever keeps them out of what is written.
    pub fn secrets(&self) -> Vec<(&'static str, Secret)> {
        match &self.driver {
            Driver::Guardian(phones) => {
                phones.phones.values().flat_map(Guardian::secrets).collect()
            }
            Driver::Absent(_) | Driver::Hook(..) | Driver::Command(_) | Driver::Human(_) => {
                Vec::new()
            }
        }
    }
}

impl Virtual {
    /// Where a phone is to answer another one's push, that push is put into its hands.
    async fn hand_over(&mut self, act: &Act, own_key: bool) -> Result<(), Acted> {
        let Some(other) = act.with("push_of") else {
            return Ok(());
        };
        let Some(other) = self.phones.get_mut(other) else {
            return Err(Acted::unavailable(format!("`{other}` is not enrolled")));
        };
        let oob_code = act.with("oob_code");
        let push = other.push(oob_code).await?;
        let phone = self.phone(&act.actor, own_key).await;
        phone.hold(&push, oob_code)
    }

    /// The actor's phone, made when it is first used.
    async fn phone(&mut self, actor: &str, own_key: bool) -> &mut Guardian {
        if !self.phones.contains_key(actor) {
            let key = if own_key {
                KeyPool::own().await
            } else {
                self.keys.key(self.phones.len()).await
            };
            let phone = Guardian::new(
                &self.base_url,
                actor,
                key,
                &mut self.rng,
                &self.tenant,
                &self.inbox,
            );
            self.phones.insert(actor.to_owned(), phone);
        }
        self.phones
            .get_mut(actor)
            .expect("it has just been put there if it was not")
    }
}
