//! The only place of the workspace that reads the system's clock.
//!
//! [`Clock`] keeps *protocol time*: the waits, intervals and expiries of the cases of a run. Each running case holds one [`Ticket`]; on a
//! clock that can jump, time moves only while every ticket waits, and then to the earliest instant that any of them waits for. [`Stopwatch`]
//! measures *transport time*, which is always real. Everything else in the workspace takes time as a parameter, and `clippy.toml` says so.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the place of the workspace where the clock is read"
)]

mod barrier;
mod hooked;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use self::barrier::Barrier;
use self::hooked::Hooked;

/// How long any hook may take, in real time (design §5).
pub const HOOK_LIMIT: Duration = Duration::from_secs(10);

/// The longest real wait that is asked of the timer; longer ones end there and are asked for again.
const NAP_MAX: Duration = Duration::from_secs(24 * 3600);

/// Protocol time of a run. Clones show the same time.
#[derive(Clone)]
pub struct Clock {
    kind: Arc<Kind>,
}

enum Kind {
    Real(Origin),
    Jumping {
        origin: SystemTime,
        barrier: Barrier,
    },
    Hooked(Arc<Hooked>),
}

/// One instant, as both of the system's clocks saw it.
#[derive(Clone, Copy)]
struct Origin {
    instant: Instant,
    system: SystemTime,
}

impl Origin {
    fn now() -> Self {
        Self {
            instant: Instant::now(),
            system: SystemTime::now(),
        }
    }

    /// Real time: it is read from the monotonic clock, so a system clock that is set during a run does not disturb it.
    fn real_now(self) -> SystemTime {
        later(self.system, self.instant.elapsed())
    }
}

impl Clock {
    /// A clock on which a wait takes as long as it says.
    pub fn real() -> Self {
        Self::of(Kind::Real(Origin::now()))
    }

    /// A clock that starts at `origin` and moves only by jumps, each to the earliest instant that is waited for.
    pub fn jumping(origin: SystemTime) -> Self {
        Self::of(Kind::Jumping {
            origin,
            barrier: Barrier::default(),
        })
    }

    /// A clock that moves a tenant's time through its `clock.advance` hook, under the same barrier as a jumping one.
    ///
    /// Asks the hook twice for an advance of nothing: what time it is there, and whether time passes there by itself.
    ///
    /// # Errors
    /// [`ClockError`] if the hook does not answer, or not with a time that makes sense.
    pub async fn hooked(advance: Arc<dyn Advance>) -> Result<Self, ClockError> {
        Ok(Self::of(Kind::Hooked(
            Hooked::begin(advance, HOOK_LIMIT).await?,
        )))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind: Arc::new(kind),
        }
    }

    /// A place at the barrier for one case, held until the ticket is dropped.
    pub fn enter(&self) -> Ticket {
        let id = match &*self.kind {
            Kind::Real(_) => 0,
            Kind::Jumping { barrier, .. } => barrier.enter(),
            Kind::Hooked(hooked) => hooked.enter(),
        };
        Ticket {
            clock: self.clone(),
            id,
        }
    }

    /// Protocol time since the run's origin. Never goes back.
    pub fn at(&self) -> Duration {
        match &*self.kind {
            Kind::Real(origin) => origin.instant.elapsed(),
            Kind::Jumping { barrier, .. } => barrier.at(),
            Kind::Hooked(hooked) => hooked.at(),
        }
    }

    /// The tenant's time, for whatever is dated or signed for it.
    pub fn now(&self) -> SystemTime {
        match &*self.kind {
            Kind::Real(origin) => origin.real_now(),
            Kind::Jumping { origin, barrier } => later(*origin, barrier.at()),
            Kind::Hooked(hooked) => hooked.now(),
        }
    }

    /// True if a wait on this clock costs real time.
    pub fn is_real(&self) -> bool {
        matches!(&*self.kind, Kind::Real(_))
    }

    /// Whether it is moved by a hook that tells no time.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(&*self.kind, Kind::Hooked(_)) && self.remark().is_some()
    }

    /// What the report must say about this clock, if anything.
    pub fn remark(&self) -> Option<String> {
        match &*self.kind {
            Kind::Real(_) | Kind::Jumping { .. } => None,
            Kind::Hooked(hooked) => hooked.remark(),
        }
    }

    async fn wait_until(&self, ticket: u64, at: Duration) -> Result<(), ClockError> {
        match &*self.kind {
            Kind::Real(origin) => {
                sleep_until(origin.instant, at).await;
                Ok(())
            }
            Kind::Jumping { barrier, .. } => {
                barrier.wait_until(ticket, at, || barrier.jump()).await
            }
            Kind::Hooked(hooked) => hooked.wait_until(ticket, at).await,
        }
    }
}

/// One case's place at a clock.
pub struct Ticket {
    clock: Clock,
    id: u64,
}

impl Ticket {
    /// Protocol time since the run's origin.
    pub fn at(&self) -> Duration {
        self.clock.at()
    }

    /// The tenant's time.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// The clock this ticket belongs to.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for a move that is under way to end; at once on a clock whose moves take no time.
    ///
    /// A case begins with it: a tenant whose clock is just being moved would date the case's first reply by a time that [`Ticket::at`] does not show yet.
    ///
    /// # Errors
    /// [`ClockError`] if the clock has failed.
    pub async fn settled(&mut self) -> Result<(), ClockError> {
        match &*self.clock.kind {
            Kind::Real(_) | Kind::Jumping { .. } => Ok(()),
            Kind::Hooked(hooked) => hooked.settled().await,
        }
    }

    /// Waits until protocol time is `at`, or later; an instant that has passed is not waited for.
    ///
    /// Dropping the future ends the wait: the ticket counts as running again and the others are not held up by what it waited for.
    ///
    /// # Errors
    /// [`ClockError`] if the tenant's clock cannot be moved; the clock then fails for every ticket, because nobody knows what time it is there.
    pub async fn wait_until(&mut self, at: Duration) -> Result<(), ClockError> {
        self.clock.wait_until(self.id, at).await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match &*self.clock.kind {
            Kind::Real(_) => {}
            Kind::Jumping { barrier, .. } => {
                barrier.leave();
                barrier.jump();
            }
            Kind::Hooked(hooked) => hooked.leave(),
        }
    }
}

/// Moves a tenant's clock.
pub trait Advance: Send + Sync {
    /// Moves it by `by_ms` milliseconds, and says what time it is there afterwards. The error is a sentence for the report.
    fn advance(
        &self,
        by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>>;
}

/// What a tenant said of its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// `now_ms`, to the millisecond.
    Millis(SystemTime),
    /// A `Date` header, to the second.
    Seconds(SystemTime),
    /// Nothing.
    Silent,
}

/// Why a tenant's clock cannot be used: the cases that wait for it could not run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClockError {
    /// The hook failed, with its own sentence.
    #[error("the tenant's clock cannot be moved: {0}")]
    Hook(String),
    /// The hook did not answer within [`HOOK_LIMIT`].
    #[error("the clock hook did not answer within {} s", HOOK_LIMIT.as_secs())]
    Late,
    /// The clock shows an earlier time than before.
    #[error("the tenant's clock went back by {} ms", .by.as_millis())]
    Backwards {
        /// How far.
        by: Duration,
    },
    /// The clock did not move as it was told to.
    #[error("the tenant's clock was told to move {} ms and moved {} ms", .asked.as_millis(), .moved.as_millis())]
    Stuck {
        /// What the hook was asked for.
        asked: Duration,
        /// What its answers show.
        moved: Duration,
    },
    /// The hook tells no time, and the tenant's `Date` shows that it moves nothing.
    #[error(
        "the clock hook tells no time, and when it was told to move {} s the `Date` of the tenant's own replies moved {} s: it moves nothing, or another clock; one that does answers `{{\"now_ms\": …}}`",
        .asked.as_secs(), .moved.as_secs()
    )]
    Unmoved {
        /// What the hook was asked for.
        asked: Duration,
        /// What the tenant's own replies show.
        moved: Duration,
    },
}

/// Measures transport time: how long a reply, a hook or a whole run took in real time.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Real time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The system's time, for the heads of reports and the names of runs; never for the protocol.
pub fn wall() -> SystemTime {
    SystemTime::now()
}

async fn sleep_until(origin: Instant, at: Duration) {
    loop {
        let left = at.saturating_sub(origin.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(NAP_MAX)).await;
    }
}

/// `base + by`, or `base` where the system's time cannot express the sum.
fn later(base: SystemTime, by: Duration) -> SystemTime {
    base.checked_add(by).unwrap_or(base)
}
