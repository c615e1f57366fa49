//! A case, compiled: what a [`Session`](crate::Session) executes. Plain data; names are numbers by now. Start at [`Program`].

use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::Policy;
use pushproof_report::{Binding, CaseHead, Cover};
use serde_json::Value;

use crate::ast::{ActExpect, Channel, Settles};
use crate::dialect::{Dialect, Outcomes, Profile};
use crate::matcher::Matcher;
use crate::path::Path;
use crate::pattern::Pattern;
use crate::source::{Source, Span};
use crate::template::Template;

/// One case of a scenario: its matrix row filled in, its fragments put in place.
#[derive(Debug)]
pub struct Program {
    /// Stable id, `push.challenge.rejected[decide_after=0]`.
    pub id: String,
    /// A sentence for people.
    pub title: String,
    /// For selection.
    pub tags: Vec<String>,
    /// Features without which it is not applicable.
    pub needs: Vec<String>,
    /// The scenario's file.
    pub source: Arc<Source>,
    /// Where its id stands.
    pub span: Span,
    /// The dialect it speaks.
    pub dialect: Arc<Dialect>,
    /// What it expects.
    pub profile: Arc<Profile>,
    /// The values it keeps.
    pub slots: Vec<Slot>,
    /// People and phones.
    pub actors: Vec<Actor>,
    /// What it does: steps in order, and then those that run in any case.
    pub steps: Vec<Step>,
    /// Where the steps begin that run in any case; the number of steps if there are none.
    pub finally: usize,
    /// How many fresh instances of it are run; verdicts that differ are flaky.
    pub repeat: u32,
    /// What is played with each user who was lent from a pool before it begins: see [`Dialect::fresh`].
    pub fresh: Option<Arc<Self>>,
    /// Whether it says that no other case may run meanwhile.
    pub alone: bool,
}

/// A place for a value.
#[derive(Debug)]
pub struct Slot {
    /// What it is called in reports.
    pub label: String,
    /// Whether what stands in it is a secret by its origin.
    pub secret: bool,
}

/// A person or a phone.
#[derive(Debug)]
pub struct Actor {
    /// Its name in the scenario.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
}

/// What an [`Actor`] is.
#[derive(Debug)]
pub enum ActorKind {
    /// A user who did not exist before; the slots take what the user provider gives.
    User {
        /// Name to log in with.
        username: usize,
        /// Password.
        password: usize,
        /// E-mail address.
        email: usize,
        /// Phone number.
        phone: usize,
    },
    /// A phone.
    Push {
        /// The position of its owner.
        owner: usize,
    },
    /// Where messages of one kind arrive.
    Messages {
        /// How they are sent.
        channel: Channel,
        /// The position of the person who receives them.
        owner: usize,
    },
    /// Somebody who is asked out of band and decides.
    Approver {
        /// The position of the user who is asked, if the scenario names one.
        owner: Option<usize>,
    },
}

impl ActorKind {
    /// What it can do: what `do` may say of it.
    #[must_use]
    pub const fn actions(&self) -> &'static [&'static str] {
        match self {
            Self::User { .. } => &[],
            Self::Push { .. } => &[
                "enrol", "approve", "reject", "ignore", "unenrol", "read", "code",
            ],
            Self::Messages { .. } => &["read"],
            Self::Approver { .. } => &["approve", "reject", "ignore"],
        }
    }
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its id, with the ids of the steps that use its fragment before it: `setup/associate`.
    pub id: String,
    /// A sentence for people.
    pub say: String,
    /// The file it stands in.
    pub source: Arc<Source>,
    /// Where what it demands stands: `expect`, `outcomes`, or the step.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// The requirements its outcome judges; none for setup.
    pub covers: Vec<Cover>,
    /// The step that must have succeeded for a refusal here to mean something.
    pub control: Option<usize>,
    /// How many of the steps that follow are sent at the same moment.
    pub beside: usize,
}

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// Sends once.
    Call {
        /// What.
        exchange: Exchange,
        /// What the reply must be.
        expect: Expect,
    },
    /// Sends the same several times at the same moment.
    AtOnce(Box<AtOnce>),
    /// Sets switches of the tenant.
    Set {
        /// Names and values.
        switches: Vec<(String, Value)>,
    },
    /// Sends until it is over.
    Poll(Box<Poll>),
    /// Sends nothing.
    Wait {
        /// How long.
        length: WaitLength,
        /// Why.
        why: String,
    },
    /// Lets a phone do something.
    Device {
        /// What.
        act: Act,
        /// Which answers are right.
        expect: ActExpect,
        /// What it reads, and the slot that takes it.
        captures: Vec<(String, usize)>,
    },
}

/// What a reply must be.
#[derive(Debug, Clone, Copy)]
pub struct Expect {
    /// One of these, or none of them.
    pub outcomes: Outcomes,
    /// None of them.
    pub any_but: bool,
}

impl Expect {
    /// Whether a reply that is these outcomes is right.
    const fn may_be(self, outcomes: Outcomes) -> bool {
        self.any_but != self.outcomes.meets(outcomes)
    }
}

/// The same call several times at the same moment.
#[derive(Debug)]
pub struct AtOnce {
    /// What is sent.
    pub exchange: Exchange,
    /// How often.
    pub times: u32,
    /// How many of the replies must be what.
    pub counts: Vec<Count>,
    /// What each reply must be that is not counted.
    pub others: Expect,
}

/// How many replies must have an outcome.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    /// The outcome.
    pub outcome: Outcomes,
    /// Not fewer.
    pub at_least: u32,
    /// Not more.
    pub at_most: Option<u32>,
}

/// How long a wait is.
#[derive(Debug, Clone)]
pub enum WaitLength {
    /// A fixed time.
    For(Duration),
    /// A lifetime of the target and a little more.
    Past {
        /// Its name.
        name: String,
        /// The seconds that the endpoint named itself, once they are known.
        told: Option<Operand>,
        /// As long as the endpoint itself last asked to wait, if it did.
        announced: bool,
    },
    /// A lifetime of the target, but for a little.
    ShortOf(String),
}

/// An operation with its values, and what becomes of the reply.
#[derive(Debug)]
pub struct Exchange {
    /// Position in the dialect.
    pub operation: usize,
    /// How it is written.
    pub template: Template,
    /// Conditions.
    pub checks: Vec<Check>,
    /// Values kept.
    pub captures: Vec<Capture>,
    /// Positions of the dialect's conditions that apply.
    pub always: Vec<usize>,
    /// A later poll step takes its cadence from this reply.
    pub begins_transaction: bool,
    /// The name of the reply's shape, where it is not made from operation and outcome.
    pub shape: Option<String>,
}

/// An operation repeated.
#[derive(Debug)]
pub struct Poll {
    /// What is sent.
    pub exchange: Exchange,
    /// The cadence.
    pub policy: Policy,
    /// Whether the endpoint's own interval and expiry are obeyed.
    pub follows_hints: bool,
    /// Whether the step says itself at which pace it asks, or asks whether the endpoint keeps its word about that. A step that does not keeps the
    /// pace that clients are told to keep, and waits where it is told to.
    pub own_pace: bool,
    /// The step whose reply offers them: the newest one that a value of this call comes from.
    pub begun_by: Option<usize>,
    /// What may be seen.
    pub pattern: Pattern,
    /// What phones do meanwhile.
    pub meanwhile: Vec<Meanwhile>,
    /// How soon a decision must show, and where that is written.
    pub settles: Option<(Settles, Span)>,
}

/// A phone's action during a poll step.
#[derive(Debug)]
pub struct Meanwhile {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub act: Act,
    /// Which answers are right.
    pub expect: ActExpect,
    /// Where it stands.
    pub span: Span,
    /// The requirements it judges.
    pub covers: Vec<Cover>,
}

/// When a phone acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// After the answer to this many polls.
    AfterPoll(u32),
    /// This long after the step began.
    At(Duration),
    /// At a moment between these two, chosen by the session's seed.
    Between(Duration, Duration),
}

/// What a phone does.
#[derive(Debug)]
pub struct Act {
    /// The phone's position.
    pub actor: usize,
    /// The word: `enrol`, `approve`, …
    pub action: String,
    /// What it is given.
    pub with: Vec<(String, Operand)>,
}

/// A value that is known once the case runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// As it is.
    Const(Value),
    /// What stands in a slot.
    Slot(usize),
    /// The client's id.
    ClientId(usize),
    /// The client's secret, where it belongs into the body.
    ClientSecret(usize),
    /// The client's id and secret for a header.
    ClientBasic(usize),
    /// A text put together.
    Text(Vec<Self>),
    /// A list put together.
    List(Vec<Self>),
    /// An object put together.
    Map(Vec<(String, Self)>),
    /// A value with one character changed.
    Altered(Box<Self>, crate::expr::At),
    /// The target's base URL.
    BaseUrl,
}

impl Operand {
    /// The slots that it is made of.
    #[must_use]
    pub fn slots(&self) -> Vec<usize> {
        match self {
            Self::Slot(slot) => vec![*slot],
            Self::Text(parts) | Self::List(parts) => parts.iter().flat_map(Self::slots).collect(),
            Self::Map(members) => members
                .iter()
                .flat_map(|(_, value)| value.slots())
                .collect(),
            Self::Altered(inner, _) => inner.slots(),
            Self::Const(_)
            | Self::ClientId(_)
            | Self::ClientSecret(_)
            | Self::ClientBasic(_)
            | Self::BaseUrl => Vec::new(),
        }
    }
}

impl Act {
    /// Whether it decides something, so that an acknowledgement must show in the polls that follow.
    #[must_use]
    pub fn decides(&self) -> bool {
        matches!(
            self.action.as_str(),
            "enrol" | "approve" | "reject" | "unenrol"
        )
    }
}

/// A condition on a reply.
#[derive(Debug)]
pub struct Check {
    /// Its name within the step: the path.
    pub name: String,
    /// Where to look.
    pub that: Path,
    /// What must hold.
    pub matcher: Matcher<Operand>,
    /// Where it stands.
    pub span: Span,
    /// The requirements it judges.
    pub covers: Vec<Cover>,
}

/// A value kept.
#[derive(Debug)]
pub struct Capture {
    /// The slot that takes it.
    pub slot: usize,
    /// Where it comes from.
    pub from: CaptureFrom,
    /// It may be missing.
    pub optional: bool,
}

/// Where a captured value comes from.
#[derive(Debug)]
pub enum CaptureFrom {
    /// A path.
    Path(Path),
    /// The one element of a list with these members.
    Where {
        /// The list.
        list: Path,
        /// Names and values; all must be equal.
        members: Vec<(String, Operand)>,
        /// What to take.
        take: Vec<String>,
    },
}

/// The names of a target's clients, in the order of [`Operand::ClientId`]. The last one, [`IMPOSTOR`], no target names.
pub const CLIENTS: [&str; 5] = ["client", "other", "public", "restricted", "impostor"];

/// The position in [`CLIENTS`] of somebody who has the id of the target's own client and a wrong secret.
pub const IMPOSTOR: usize = 4;

impl Action {
    /// The exchange of a step that sends.
    #[must_use]
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Call { exchange, .. } => Some(exchange),
            Self::AtOnce(several) => Some(&several.exchange),
            Self::Poll(poll) => Some(&poll.exchange),
            Self::Wait { .. } | Self::Device { .. } | Self::Set { .. } => None,
        }
    }

    /// Whether a reply that is one of these may be what the step demands.
    #[must_use]
    pub fn may_bring(&self, outcomes: Outcomes) -> bool {
        match self {
            Self::Call { expect, .. } => expect.may_be(outcomes),
            Self::AtOnce(race) => {
                race.others.may_be(outcomes)
                    || race
                        .counts
                        .iter()
                        .any(|count| count.outcome.meets(outcomes))
            }
            Self::Poll(poll) => poll.pattern.outcomes().meets(outcomes),
            Self::Wait { .. } | Self::Device { .. } | Self::Set { .. } => false,
        }
    }

    /// The name of the check that its `covers` bind.
    #[must_use]
    pub const fn check_name(&self) -> &'static str {
        match self {
            Self::Poll(_) => "outcomes",
            Self::Call { .. }
            | Self::AtOnce(_)
            | Self::Device { .. }
            | Self::Wait { .. }
            | Self::Set { .. } => "expect",
        }
    }
}

impl Program {
    /// What the record says of it before it runs.
    #[must_use]
    pub fn head(&self) -> CaseHead {
        CaseHead {
            id: self.id.clone(),
            title: self.title.clone(),
            file: self.source.path().to_owned(),
            line: self.source.place(self.span).line,
            tags: self.tags.clone(),
            bindings: self.bindings(),
        }
    }

    /// Every check that judges a requirement.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for step in &self.steps {
            let mut bind = |check: &str, covers: &[Cover]| {
                if !covers.is_empty() {
                    bindings.push(Binding {
                        step: step.id.clone(),
                        check: check.to_owned(),
                        covers: covers.to_vec(),
                    });
                }
            };
            bind(step.action.check_name(), &step.covers);
            if let Action::Poll(poll) = &step.action {
                if poll.settles.is_some() {
                    bind("settles_within", &step.covers);
                }
                for (at, meanwhile) in poll.meanwhile.iter().enumerate() {
                    bind(&format!("meanwhile.{at}"), &meanwhile.covers);
                }
            }
            for check in step
                .action
                .exchange()
                .map(|exchange| &exchange.checks[..])
                .unwrap_or(&[])
            {
                bind(&check.name, &check.covers);
            }
        }
        bindings
    }

    /// Whether it sets switches, which are the whole tenant's.
    #[must_use]
    pub fn sets_switches(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step.action, Action::Set { .. }))
    }

    /// Whether no other case may run meanwhile on the same tenant: it says so, or it sets switches, which are the whole tenant's.
    #[must_use]
    pub fn runs_alone(&self) -> bool {
        self.alone || self.sets_switches()
    }

    /// How often it disturbs somebody's phone: its calls that may do so.
    #[must_use]
    pub fn pushes(&self) -> u32 {
        let disturbs = |exchange: &&Exchange| self.dialect.operations[exchange.operation].disturbs;
        let pushes = |step: &Step| {
            let disturbs = step.action.exchange().filter(disturbs).is_some();
            match &step.action {
                Action::AtOnce(several) if disturbs => several.times,
                Action::Poll(poll) if disturbs => poll.policy.polls_max.unwrap_or(1),
                _ => u32::from(disturbs),
            }
        };
        self.steps.iter().map(pushes).sum()
    }

    /// How long it waits on purpose, polls left aside.
    #[must_use]
    pub fn waits(&self, lifetime: &dyn Fn(&str) -> Duration) -> Duration {
        let wait = |step: &Step| match &step.action {
            Action::Wait {
                length: WaitLength::For(time),
                ..
            } => *time,
            Action::Wait {
                length: WaitLength::Past { name, .. } | WaitLength::ShortOf(name),
                ..
            } => lifetime(name),
            Action::Call { .. }
            | Action::AtOnce(_)
            | Action::Set { .. }
            | Action::Poll(_)
            | Action::Device { .. } => Duration::ZERO,
        };
        self.steps.iter().map(wait).sum()
    }
}
