//! A family of endpoints as data: operations, outcomes, profiles, requirements. Start at [`Dialect`].
//!
//! Everything that this crate knows of an endpoint stands in the dialect's YAML; no path, status or error string is written in Rust.

mod endpoints;
mod peek;
mod read;
mod recognise;
mod requirements;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use endpoints::{Endpoint, FitError};
pub(crate) use peek::{Found, member};
pub(crate) use read::WRITTEN_OUT;
pub(crate) use read::path as read_path;
pub use recognise::{Alternative, BodyForm, CAME_AT, Outcome, Profile, Recognition};
pub use requirements::{Requirement, Requirements};

use crate::expr::Expr;
use crate::matcher::Matcher;
use crate::path::Path;
use crate::source::{Source, Spanned};

/// What a dialect calls the base URL of the target.
pub(crate) const BASE_URL: &str = "target.base_url";

/// A dialect, read and checked.
#[derive(Debug)]
pub struct Dialect {
    /// Its name, which is also its folder's.
    pub name: String,
    /// For people.
    pub title: String,
    /// Its `dialect.yaml`.
    pub source: Arc<Source>,
    /// What a target may be able to do; scenarios name these in `needs`.
    pub features: Vec<String>,
    /// The paths that differ from one server to the next.
    pub endpoints: Vec<Endpoint>,
    /// What a target gives to every operation that takes an input of this name, where a step gives none.
    pub given: BTreeMap<String, String>,
    /// Every call it defines.
    pub operations: Vec<Operation>,
    /// The names of its outcomes; [`Outcomes`] are sets of their positions.
    pub outcomes: Vec<String>,
    /// What is expected, by profile name.
    pub profiles: BTreeMap<String, Profile>,
    /// The cadence that clients are told to keep.
    pub poll: PollRules,
    /// The names that stand for secrets in the replies of any operation, each as [`plain_name`] has it and as the dialect writes it.
    pub(crate) secret_names: BTreeMap<String, String>,
    /// What holds for every reply of some operations.
    pub always: Vec<Always>,
    /// How long things live unless a target says otherwise.
    pub lifetimes: BTreeMap<String, Duration>,
    /// Outcomes by which the endpoint says that a user has been used before: from a user who was lent, that accuses nobody.
    pub not_fresh: Outcomes,
    /// The fragment that looks whether a user who was lent is fresh, as steps name it.
    pub fresh: Option<Spanned<String>>,
    /// Outcomes by which the endpoint says that it does not take the client: where a target is given, its file may be at fault.
    pub client_refused: Outcomes,
    /// The numbered statements about the endpoint.
    pub requirements: Requirements,
}

impl Dialect {
    /// The dialect's own spelling of a name, if it marks what bears it as a secret in some reply. A server that nests its answers or spells
    /// names in its own way gives out the same secrets, so case, `_` and `-` do not count.
    #[must_use]
    pub fn secret_name(&self, name: &str) -> Option<&str> {
        self.secret_names.get(&plain_name(name)).map(String::as_str)
    }
}

/// A name's letters and digits, in lower case.
pub(crate) fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// One call that a dialect defines.
#[derive(Debug)]
pub struct Operation {
    /// Its name, `mfa.associate`.
    pub name: String,
    /// What it does, for people.
    pub say: String,
    /// HTTP method.
    pub method: http::Method,
    /// Path with references.
    pub path: Expr,
    /// The position of the endpoint whose path it is, where a target can name another.
    pub endpoint: Option<usize>,
    /// The bearer credential, if the call carries one.
    pub bearer: Option<Expr>,
    /// The body.
    pub body: Body,
    /// The outcomes it can have.
    pub outcomes: Outcomes,
    /// Where secrets stand in its replies.
    pub secrets: Vec<Path>,
    /// Where a secret would stand in a reply that must not hold it: hidden, in case it does. `*` stands for any element or member.
    pub hidden: Vec<Path>,
    /// The members that tell apart the shapes of its replies.
    pub variant: Vec<Path>,
    /// Sending it twice does no more than sending it once, so that a runner may do so when an answer was lost. What HTTP calls safe is so anyway.
    pub repeatable: bool,
    /// Each call may make somebody's phone ring or blink; a target can limit how many do.
    pub disturbs: bool,
}

/// The body of an operation.
#[derive(Debug)]
pub enum Body {
    /// None.
    None,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<Field>),
    /// `application/json`.
    Json(Vec<Field>),
}

/// One member of a body.
#[derive(Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// Its value.
    pub value: Expr,
    /// Left out when its reference is not given.
    pub optional: bool,
}

impl Operation {
    /// Whether it stands for whatever a scenario writes out itself.
    #[must_use]
    pub fn is_written_out(&self) -> bool {
        self.name == WRITTEN_OUT
    }

    /// Whether it may be sent again when nobody knows what became of it.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        self.repeatable || self.method.is_safe()
    }

    /// The inputs a step must or may give, with whether each may be left out; the client's own values are no inputs.
    #[must_use]
    pub fn inputs(&self) -> BTreeMap<&str, bool> {
        let mut inputs = BTreeMap::new();
        let fields = match &self.body {
            Body::None => &[][..],
            Body::Form(fields) | Body::Json(fields) => fields,
        };
        let always = [Some(&self.path), self.bearer.as_ref()];
        let required = always.into_iter().flatten().map(|expr| (expr, false));
        for (expr, optional) in
            required.chain(fields.iter().map(|field| (&field.value, field.optional)))
        {
            for name in expr.refs() {
                if !name.value.starts_with("client.") && name.value != BASE_URL {
                    let entry = inputs.entry(name.value.as_str()).or_insert(optional);
                    *entry &= optional;
                }
            }
        }
        inputs
    }
}

/// The cadence that clients of the dialect are told to keep.
#[derive(Debug, Clone)]
pub struct PollRules {
    /// Where the server's interval stands in the reply that began the transaction.
    pub interval_path: Option<Path>,
    /// The interval without one.
    pub interval: Duration,
    /// Where the server's expiry stands in that reply.
    pub expires_path: Option<Path>,
    /// The expiry without one.
    pub expires: Duration,
    /// What `slow_down` adds.
    pub slow_down_adds: Duration,
    /// Total time after which a client gives up.
    pub deadline: Duration,
    /// Whether the first poll waits for the interval.
    pub first: pushproof_polling::First,
}

/// A condition on every reply of some operations.
#[derive(Debug, Clone)]
pub struct Always {
    /// Positions of the operations.
    pub operations: Vec<usize>,
    /// Only for replies with one of these outcomes; empty means all.
    pub outcomes: Outcomes,
    /// Only for replies with this status or a higher one.
    pub from_status: u16,
    /// Only for replies with this status or a lower one.
    pub to_status: u16,
    /// What is looked at.
    pub that: Path,
    /// The condition.
    pub matcher: Matcher,
    /// The requirements it judges.
    pub covers: Vec<pushproof_report::Cover>,
    /// Where it is written, in the dialect's source.
    pub place: Spanned<String>,
}

/// A set of outcomes: the three classes that every dialect has, and the dialect's own by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes(u64);

impl Outcomes {
    /// 400, 401 or 403 with a JSON object that holds a text `error`, unless it means pending.
    pub const REFUSED: Self = Self(1);
    /// 429, or an outcome that means `slow_down`.
    pub const THROTTLED: Self = Self(2);
    /// Neither a named outcome nor another class.
    pub const BROKEN: Self = Self(4);
    /// The names of the classes, in the order of their bits.
    pub const CLASSES: [&'static str; 3] = ["refused", "throttled", "broken"];
    /// How many outcomes a dialect may define.
    pub const NAMED_MAX: usize = 61;
    /// No outcome.
    pub const NONE: Self = Self(0);

    /// The class of this name.
    #[must_use]
    pub fn class(name: &str) -> Option<Self> {
        Self::CLASSES
            .iter()
            .position(|class| *class == name)
            .map(|bit| Self(1 << bit))
    }

    /// The set of one named outcome, by its position in [`Dialect::outcomes`].
    #[must_use]
    pub const fn named(position: usize) -> Self {
        assert!(
            position < Self::NAMED_MAX,
            "a dialect has at most 61 outcomes"
        );
        Self(1 << (position + 3))
    }

    /// All of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether they have one in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Positions of the named outcomes in the set.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..Self::NAMED_MAX).filter(move |position| self.meets(Self::named(*position)))
    }
}

impl Dialect {
    /// The names of the operations that its file defines. There is one more, at the end, for requests that a scenario writes out.
    pub fn operation_names(&self) -> impl Iterator<Item = &str> {
        let names = self
            .operations
            .iter()
            .map(|operation| operation.name.as_str());
        names.filter(|name| *name != WRITTEN_OUT)
    }

    /// The position of an operation.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<usize> {
        self.operations
            .iter()
            .position(|operation| operation.name == name)
    }

    /// The set that an outcome's or a class's name stands for.
    #[must_use]
    pub fn outcome(&self, name: &str) -> Option<Outcomes> {
        let named = || {
            self.outcomes
                .iter()
                .position(|outcome| outcome == name)
                .map(Outcomes::named)
        };
        Outcomes::class(name).or_else(named)
    }

    /// The names in a set: named outcomes first; a class only when no named outcome says more.
    #[must_use]
    pub fn names(&self, outcomes: Outcomes) -> Vec<&str> {
        let named: Vec<&str> = outcomes
            .positions()
            .map(|position| self.outcomes[position].as_str())
            .collect();
        if !named.is_empty() {
            return named;
        }
        let class =
            |(bit, name): (usize, &'static str)| outcomes.meets(Outcomes(1 << bit)).then_some(name);
        Outcomes::CLASSES
            .into_iter()
            .enumerate()
            .filter_map(class)
            .collect()
    }
}
