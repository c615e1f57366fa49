//! A scenario or fragment as it was written, with places. Names are not yet resolved.

use std::sync::Arc;
use std::time::Duration;

use pushproof_report::Cover;
use serde_json::Value;

use crate::expr::Expr;
use crate::matcher::Matcher;
use crate::path::Path;
use crate::source::{Source, Span, Spanned};

/// A scenario file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub source: Arc<Source>,
    /// Unique among all scenarios.
    pub id: Spanned<String>,
    /// A sentence for people.
    pub title: String,
    /// For selection.
    pub tags: Vec<String>,
    /// Features without which it is not applicable.
    pub needs: Vec<Spanned<String>>,
    /// Named lists; one case for each combination.
    pub matrix: Vec<Dimension>,
    /// Combinations that make no case.
    pub exclude: Vec<Exclusion>,
    /// How many fresh instances of each case there are; verdicts that differ are flaky.
    pub repeat: Option<u32>,
    /// No other case may run meanwhile.
    pub alone: bool,
    /// People and phones.
    pub actors: Vec<Actor>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What is done in any case, after all else.
    pub finally: Vec<Step>,
    /// Some of it could not be read, so it can be checked but not run.
    pub incomplete: bool,
}

/// A part of a matrix that is left out: every row with all of these values.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// Lists and values.
    pub members: Vec<(Spanned<String>, Value)>,
    /// Where it stands.
    pub span: Span,
}

/// One named list of a matrix.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// `$param.NAME`.
    pub name: Spanned<String>,
    /// Its values in order.
    pub values: Vec<Value>,
}

/// A person or a phone.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Its name in this scenario.
    pub name: Spanned<String>,
    /// What it is.
    pub kind: ActorKind,
}

/// What an actor is.
#[derive(Clone, Debug)]
pub enum ActorKind {
    /// A user who did not exist before.
    FreshUser,
    /// A phone that can receive pushes.
    Push {
        /// The user whose phone it is.
        owner: Spanned<String>,
    },
    /// Where messages of one kind arrive.
    Messages {
        /// How they are sent.
        channel: Channel,
        /// The user whose they are.
        owner: Spanned<String>,
    },
    /// Somebody who is asked out of band, in a browser for instance, and decides.
    Approver {
        /// The user who is asked; without one, whoever the target's device driver acts for.
        owner: Option<Spanned<String>>,
    },
}

/// How messages are sent to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    Sms,
    /// A call.
    Voice,
    /// E-mail.
    Email,
}

impl Channel {
    /// The word for it, in scenarios and in inboxes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
        }
    }
}

/// A fragment file: steps with typed inputs and outputs.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The file.
    pub source: Arc<Source>,
    /// Its name.
    pub name: Spanned<String>,
    /// What a caller gives.
    pub inputs: Vec<Input>,
    /// What a caller may capture.
    pub outputs: Vec<FragmentOutput>,
    /// What is done.
    pub steps: Vec<Step>,
    /// Some of it could not be read, so it can be checked but not run.
    pub incomplete: bool,
}

/// One input of a fragment.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name inside.
    pub name: Spanned<String>,
    /// What it must be.
    pub kind: InputKind,
}

/// What an input of a fragment must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// An actor that is a user.
    User,
    /// An actor that is a phone, or somebody who is asked.
    Device,
    /// An actor that reads messages.
    Messages,
    /// A value.
    Value,
}

/// One output of a fragment.
#[derive(Clone, Debug)]
pub struct FragmentOutput {
    /// Its name; a capture of this name inside produces it.
    pub name: Spanned<String>,
    /// It may be missing; a caller that captures it then says so in `needs`.
    pub optional: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in its file.
    pub id: Spanned<String>,
    /// A sentence for people.
    pub say: Option<String>,
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
    /// The requirements its outcome judges.
    pub covers: Vec<Cover>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// One operation.
    Call(Call),
    /// One operation, several times at the same moment.
    AtOnce(AtOnce),
    /// Several operations at the same moment.
    Together(Vec<Step>),
    /// An operation repeated until its outcome is final or a limit is hit.
    Poll(Poll),
    /// A fragment.
    Use(Use),
    /// Nothing, for a time.
    Wait(Wait),
    /// Something that a phone does.
    Device(DeviceStep),
    /// Switches of the tenant.
    Set(Set),
}

/// What `call` and `poll` share.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The operation.
    pub operation: Spanned<String>,
    /// The request as it is written out, where no operation makes it.
    pub http: Option<Box<Http>>,
    /// What is changed on the wire.
    pub send: Option<Box<Send>>,
    /// The name of the reply's shape, where it is not made from operation and outcome.
    pub shape: Option<Spanned<String>>,
    /// Inputs by name.
    pub with: With,
    /// The client that sends it; the target's first one if absent.
    pub client: Option<Spanned<String>>,
    /// Conditions on the reply.
    pub checks: Vec<Check>,
    /// Values kept from the reply.
    pub captures: Vec<Capture>,
    /// The step that shows that the refusal means something.
    pub control: Option<Control>,
}

/// A request written out.
#[derive(Clone, Debug)]
pub struct Http {
    /// HTTP method.
    pub method: Spanned<Expr>,
    /// Path and query.
    pub path: Spanned<Expr>,
    /// Headers.
    pub headers: Vec<(Spanned<String>, Option<Expr>)>,
    /// The body as it is sent.
    pub body: Option<Expr>,
    /// Why no operation will do; people ask.
    pub why: String,
}

/// What is changed on the wire while the operation stays.
#[derive(Clone, Debug, Default)]
pub struct Send {
    /// Where it stands.
    pub span: Span,
    /// The body's form: `form` or `json`.
    pub form: Option<Spanned<Expr>>,
    /// What the body is said to be; `none` says nothing.
    pub media_type: Option<Spanned<Expr>>,
    /// Headers that are added or replaced; those without a value are taken away.
    pub headers: Vec<(Spanned<String>, Option<Expr>)>,
    /// Fields whose values are not percent-encoded.
    pub raw: Vec<Spanned<String>>,
    /// Fields that are sent a second time.
    pub twice: Vec<Spanned<String>>,
    /// Fields that the operation does not have.
    pub extra: Vec<(Spanned<String>, Expr)>,
    /// Another HTTP method.
    pub method: Option<Spanned<Expr>>,
    /// Where the client proves itself: `basic`, in the `Authorization` header, whatever the target says.
    pub auth: Option<Spanned<Expr>>,
}

/// Inputs by name, and those left out on purpose.
#[derive(Clone, Debug, Default)]
pub struct With {
    /// In the order written, each with the place of its name.
    pub given: Vec<(Spanned<String>, Expr)>,
    /// Required ones that are not sent on purpose.
    pub omit: Vec<Spanned<String>>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is sent and kept.
    pub exchange: Exchange,
    /// What the reply must be.
    pub expect: Expect,
}

/// What a reply must be.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Any of these, or none of them.
    pub names: Vec<Spanned<String>>,
    /// `{ any_but: […] }`.
    pub any_but: bool,
    /// Where it is written.
    pub span: Span,
}

/// One operation, several times at the same moment.
#[derive(Clone, Debug)]
pub struct AtOnce {
    /// What is sent.
    pub exchange: Exchange,
    /// How often.
    pub times: Spanned<u32>,
    /// How many of the replies must be what.
    pub counts: Vec<Count>,
    /// What the replies must be that are not counted.
    pub others: Option<Expect>,
    /// Where what is demanded stands.
    pub span: Span,
}

/// How many replies must have an outcome.
#[derive(Clone, Debug)]
pub struct Count {
    /// The outcome.
    pub name: Spanned<String>,
    /// Not fewer.
    pub at_least: u32,
    /// Not more.
    pub at_most: Option<u32>,
}

/// Switches of the tenant.
#[derive(Clone, Debug)]
pub struct Set {
    /// Names and values.
    pub switches: Vec<(Spanned<String>, Expr)>,
}

/// An operation repeated.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What is sent and kept.
    pub exchange: Exchange,
    /// The cadence.
    pub every: Every,
    /// Total time.
    pub give_up_after: Spanned<Duration>,
    /// Most polls sent.
    pub max_polls: Option<u32>,
    /// Goes on after a final outcome, as a wrong client would.
    pub insist: bool,
    /// The sequence of outcomes that is allowed.
    pub outcomes: Vec<Spanned<String>>,
    /// Where the pattern stands.
    pub outcomes_span: Span,
    /// What phones do meanwhile.
    pub meanwhile: Vec<Meanwhile>,
    /// How soon a decision must show.
    pub settles_within: Option<Spanned<Settles>>,
}

/// The cadence of a poll step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Every {
    /// What the dialect tells clients, with its deadline.
    Profile,
    /// What the endpoint named when the transaction began, and no more than that.
    Server,
    /// One after the other, without a rest: so many times.
    Times(u32),
    /// A fixed interval to begin with.
    Interval(Duration),
    /// A list of gaps, as an over-eager client would keep.
    Gaps(Vec<Duration>),
    /// The same to begin with, and from there on what the dialect tells clients.
    GapsThenProfile(Vec<Duration>),
}

/// How soon after an acknowledged action the final outcome must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settles {
    /// Within this many polls sent after it.
    Polls(u32),
    /// Within this time.
    Time(Duration),
}

/// A phone's action during a poll step.
#[derive(Clone, Debug)]
pub struct Meanwhile {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub act: Act,
    /// Which answers to it are right.
    pub expect: ActExpect,
    /// Where it stands.
    pub span: Span,
    /// The requirements it judges.
    pub covers: Vec<Cover>,
}

/// When a phone acts during a poll step.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// After the answer to this many polls; 0 is before the first.
    AfterPoll(Expr),
    /// This long after the step began.
    At(Duration),
    /// At a moment between these two, chosen by the seed of the run.
    Between(Duration, Duration),
}

/// What a phone does.
#[derive(Clone, Debug)]
pub struct Act {
    /// The phone.
    pub device: Spanned<String>,
    /// The action's word.
    pub action: Spanned<String>,
    /// What it is given.
    pub with: With,
}

/// Which answers to a phone's action are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActExpect {
    /// The endpoint takes it.
    Acknowledged,
    /// The endpoint refuses it.
    Refused,
    /// Either.
    Either,
    /// There is something to read.
    Something,
    /// There is nothing to read.
    Nothing,
}

/// A step that a phone does.
#[derive(Clone, Debug)]
pub struct DeviceStep {
    /// What.
    pub act: Act,
    /// Which answers are right.
    pub expect: ActExpect,
    /// Values kept: a code that was read.
    pub captures: Vec<Capture>,
}

/// A fragment used.
#[derive(Clone, Debug)]
pub struct Use {
    /// `fragments/NAME`.
    pub fragment: Spanned<String>,
    /// Inputs by name.
    pub with: With,
    /// Caller's name and the fragment's output.
    pub captures: Vec<(Spanned<String>, Spanned<String>)>,
}

/// A time in which nothing is sent.
#[derive(Clone, Debug)]
pub struct Wait {
    /// How long.
    pub length: WaitLength,
    /// Why; people ask.
    pub why: String,
}

/// How long a wait is.
#[derive(Clone, Debug)]
pub enum WaitLength {
    /// A fixed time.
    For(Duration),
    /// Past a lifetime of the target, counted from now.
    Past {
        /// The lifetime's name.
        name: Spanned<String>,
        /// The seconds that the endpoint named itself; what is written elsewhere then counts only for planning.
        told: Option<Expr>,
        /// As long as the endpoint itself asked to wait, if it did.
        announced: bool,
    },
    /// Until shortly before the end of a lifetime of the target, counted from now.
    ShortOf(Spanned<String>),
}

/// A condition on a reply.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where to look.
    pub that: Path,
    /// What must hold.
    pub matcher: Matcher<Expr>,
    /// Where it stands.
    pub span: Span,
    /// The requirements it judges.
    pub covers: Vec<Cover>,
}

/// A value kept.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Its name from here on.
    pub name: Spanned<String>,
    /// Where it comes from.
    pub from: From,
    /// It may be missing.
    pub optional: bool,
}

/// Where a captured value comes from.
#[derive(Clone, Debug)]
pub enum From {
    /// A path.
    Path(Path),
    /// The one element of a list that has these members.
    Where {
        /// The list.
        list: Path,
        /// Member names and values; all must be equal.
        members: Vec<(String, Expr)>,
        /// What to take of it.
        take: Vec<String>,
    },
    /// What a phone read.
    Read(String),
}

/// The step that shows that a refusal means something.
#[derive(Clone, Debug)]
pub struct Control {
    /// Its id.
    pub step: Spanned<String>,
    /// Inputs that may differ.
    pub differs_in: Vec<Spanned<String>>,
}
