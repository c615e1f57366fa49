//! How a client means to poll: [`Policy`], and what the endpoint offered beforehand: [`Hints`].

use std::time::Duration;

/// When the first poll leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum First {
    /// One interval after the beginning (CPOLL-025): the approver needs that long anyway.
    AfterInterval,
    /// At the beginning: legal, because the standard spaces requests and says nothing of the first (RFC 8628 §3.2).
    AtOnce,
}

/// What sets the time between an answer and the next poll.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cadence {
    /// The interval in force, as the endpoint's answers change it.
    Steady,
    /// An over-eager client, made on purpose to test throttling: gap *i* stands before poll *i* (the first before the first
    /// poll), the last one repeats, each counted from the answer before it.
    ///
    /// No interval, hint, wait, back-off or jitter changes *when* such a poll leaves. *Whether* there is one is still decided by
    /// [`Policy::deadline`], [`Policy::polls_max`], [`Policy::failures_max`] and a final answer (unless [`Policy::insist`]).
    /// [`Polling::interval`](crate::Polling::interval) goes on saying what an obedient client would keep.
    ///
    /// A gap of zero is kept as written; where the last one repeats, it is at least [`INTERVAL_MIN`], so that time passes and the
    /// deadline is reached. An empty list says nothing and is kept like [`Cadence::Steady`].
    Gaps(Box<[Duration]>),
    /// Over-eager at first, and then obedient: gap *i* stands before poll *i* while the list lasts, and from there on the interval in force
    /// and the waits decide, as with [`Cadence::Steady`]. What the endpoint asked for meanwhile counts from there on.
    GapsThenSteady(Box<[Duration]>),
}

impl Cadence {
    /// The gap that stands before the poll that `polls` others preceded; nothing if the interval decides.
    pub(crate) fn gap(&self, polls: u32) -> Option<Duration> {
        let (gaps, last) = match self {
            Self::Steady => return None,
            Self::Gaps(gaps) => (gaps, gaps.last()),
            Self::GapsThenSteady(gaps) => (gaps, None),
        };
        let written = usize::try_from(polls)
            .ok()
            .and_then(|i| gaps.get(i))
            .copied();
        written.or_else(|| last.map(|&last| last.max(INTERVAL_MIN)))
    }
}

/// How a client means to poll. The default is what the standards ask for; every field is free.
///
/// ```
/// # use pushproof_polling::Policy;
/// # use std::time::Duration;
/// let patient = Policy { deadline: Duration::from_secs(600), ..Policy::default() };
/// assert_eq!(patient.interval, Duration::from_secs(5));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Least time from an answer to the next poll, where the endpoint gives none (CPOLL-003: 5 s). Less than [`INTERVAL_MIN`] is
    /// taken as that.
    pub interval: Duration,
    /// When the first poll leaves. Of no effect with [`Cadence::Gaps`], whose first gap says it.
    pub first: First,
    /// What sets the time between an answer and the next poll.
    pub cadence: Cadence,
    /// What a `slow_down` adds to the interval, for good. Less than [`SLOW_DOWN_MIN`] is taken as that (CPOLL-005).
    pub slow_down_adds: Duration,
    /// Total time from the beginning; no poll is due after it (CPOLL-019). Zero leaves room for one poll that is due at once.
    pub deadline: Duration,
    /// The number of polls after whose last answer it is over. `Some(0)` is over at once.
    pub polls_max: Option<u32>,
    /// The number of broken or timed-out polls in a row that ends it (CPOLL-018). Zero is taken as one: the first one ends it.
    pub failures_max: u32,
    /// Goes on after a final answer, at the interval, until another bound ends it: asks whether final answers stay final.
    pub insist: bool,
    /// The most that chance may add to a wait (CPOLL-023). Chance never takes away, and it never pushes a poll over the deadline.
    pub jitter_max: Duration,
    /// The endpoint holds a poll until there is news (CPOLL-022): after a pending answer the interval counts from when that poll
    /// *left*, so the next may leave at once if the answer was held for longer. Everything else still counts from the answer.
    pub long_poll: bool,
}

impl Default for Policy {
    /// 5 s, the first poll after one interval, +5 s for a `slow_down`, 5 min in all, five failures in a row, no jitter.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            first: First::AfterInterval,
            cadence: Cadence::Steady,
            slow_down_adds: SLOW_DOWN_MIN,
            deadline: Duration::from_secs(5 * 60),
            polls_max: None,
            failures_max: 5,
            insist: false,
            jitter_max: Duration::ZERO,
            long_poll: false,
        }
    }
}

/// What the endpoint offered before the first poll: members of a challenge or association reply.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Hints {
    /// `interval`: replaces [`Policy::interval`], also with a smaller one (CPOLL-004). Zero is taken as not given.
    pub interval: Option<Duration>,
    /// `expires_in`: the life of what is polled for. Shortens [`Policy::deadline`], never lengthens it (CPOLL-020).
    pub expires_in: Option<Duration>,
}

/// The least interval there is: 1 ms. Time passes between any two polls, so that a deadline ends polling even where a request
/// takes no time at all, as on a clock that jumps.
pub const INTERVAL_MIN: Duration = Duration::from_millis(1);

/// The least that a `slow_down` adds: 5 s (CPOLL-005, RFC 8628 §3.5).
pub const SLOW_DOWN_MIN: Duration = Duration::from_secs(5);

/// Where doubling stops: 60 s. An interval that is longer already stays as it is.
pub const DOUBLING_MAX: Duration = Duration::from_secs(60);
