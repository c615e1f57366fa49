//! A tenant's clock, moved through its hook.
//!
//! The hook is called from a task of its own, so a case that is cancelled while it waits cannot leave a move half done.
//!
//! Two quantities are kept apart. `at`, which sessions reckon with, is a lower bound of the time that has passed at the tenant: what this run
//! has advanced, plus whatever the readings prove to have passed besides. A wait is turned into an advance by the difference of two such
//! bounds, so that the tenant sees the gap that was asked for. A clock that ticks by itself, as every reading must show, goes on between two
//! readings too: a token that was issued after eight slow requests is not older than it is. `now`, which dates what devices sign, is the best estimate instead: the last reading, plus the real time since then if the tenant's clock was seen to tick by itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;

use super::barrier::Barrier;
use super::{Advance, ClockError, Origin, Reading, later};

/// How much real time lies between the two questions at the beginning.
const PROBE_GAP: Duration = Duration::from_millis(25);

/// How often an advance whose answer was lost is looked into, and for how long.
const LOST_MAX: u32 = 8;
const LOST_TIME_MAX: Duration = Duration::from_secs(30);

pub(super) struct Hooked {
    advance: Arc<dyn Advance>,
    limit: Duration,
    runtime: Handle,
    barrier: Barrier,
    tenant: Mutex<Tenant>,
}

impl Hooked {
    pub(super) async fn begin(
        advance: Arc<dyn Advance>,
        limit: Duration,
    ) -> Result<Arc<Self>, ClockError> {
        let first = ask(&*advance, 0, limit).await?;
        let mut tenant = Tenant::new(first, Origin::now());
        tokio::time::sleep(PROBE_GAP).await;
        let asked = Instant::now();
        let second = ask(&*advance, 0, limit).await?;
        let at = tenant.advanced(second, Duration::ZERO, asked)?;
        let barrier = Barrier::default();
        barrier.move_to(at);
        Ok(Arc::new(Self {
            advance,
            limit,
            runtime: Handle::current(),
            barrier,
            tenant: Mutex::new(tenant),
        }))
    }

    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self) -> u64 {
        self.barrier.enter()
    }

    pub(super) fn leave(self: &Arc<Self>) {
        self.barrier.leave();
        self.try_move();
    }

    pub(super) fn at(&self) -> Duration {
        self.tenant().passed(Instant::now())
    }

    pub(super) fn now(&self) -> SystemTime {
        self.tenant().now(Instant::now())
    }

    pub(super) fn remark(&self) -> Option<String> {
        matches!(self.tenant().first, Reading::Silent).then(|| {
            "the clock hook tells no time: the tenant's time is taken to be real time plus what this run has advanced".to_owned()
        })
    }

    pub(super) async fn settled(&self) -> Result<(), ClockError> {
        self.barrier.settled().await
    }

    pub(super) async fn wait_until(
        self: &Arc<Self>,
        ticket: u64,
        at: Duration,
    ) -> Result<(), ClockError> {
        self.barrier
            .wait_until(ticket, at, || self.try_move())
            .await
    }

    fn try_move(self: &Arc<Self>) {
        if let Some(first) = self.barrier.start_move() {
            let hooked = Arc::clone(self);
            self.runtime
                .spawn(async move { hooked.move_from(first).await });
        }
    }

    async fn move_from(&self, first: (Duration, Duration)) {
        let mut next = Some(first);
        while let Some((at, due)) = next {
            match self.move_to(due.max(at)).await {
                Ok(at) => self.barrier.move_to(at),
                Err(error) => self.barrier.fail(&error),
            }
            next = self.barrier.next_move();
        }
    }

    async fn move_to(&self, due: Duration) -> Result<Duration, ClockError> {
        let asked = Instant::now();
        let by = self.tenant().gap(due, asked);
        let by_ms = u64::try_from(by.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let mut tries = 0;
        let mut answer = ask(&*self.advance, by_ms, self.limit).await;
        // An answer was lost, and perhaps the tenant's time was moved: its clock is looked at before it is asked for more.
        let reading = loop {
            let failed = match answer {
                Ok(reading) => break reading,
                Err(failed) => failed,
            };
            tries += 1;
            if tries > LOST_MAX || asked.elapsed() > LOST_TIME_MAX {
                return Err(failed);
            }
            answer = match ask(&*self.advance, 0, self.limit).await {
                Ok(reading) => match self.missing(reading, by_ms) {
                    Some(0) => Ok(reading),
                    Some(missing_ms) => ask(&*self.advance, missing_ms, self.limit).await,
                    None => return Err(failed),
                },
                Err(_) => Err(failed),
            };
        };
        self.tenant()
            .advanced(reading, Duration::from_millis(by_ms), asked)
    }

    /// How many milliseconds the tenant's clock still has to move; `None` if it does not tell its time exactly.
    fn missing(&self, reading: Reading, by_ms: u64) -> Option<u64> {
        let last = self.tenant().last?.0;
        let Reading::Millis(time) = reading else {
            return None;
        };
        let moved = time.duration_since(last).unwrap_or_default().as_millis();
        Some(by_ms.saturating_sub(u64::try_from(moved).unwrap_or(u64::MAX)))
    }
}

async fn ask(advance: &dyn Advance, by_ms: u64, limit: Duration) -> Result<Reading, ClockError> {
    match tokio::time::timeout(limit, advance.advance(by_ms)).await {
        Ok(answer) => answer.map_err(ClockError::Hook),
        Err(_) => Err(ClockError::Late),
    }
}

/// What is known of the tenant's time.
struct Tenant {
    first: Reading,
    began: Origin,
    /// The latest reading and when it was taken, in real time.
    last: Option<(SystemTime, Instant)>,
    advances: Duration,
    at: Duration,
    ticks: bool,
    /// Whether all readings, and not only the last, show that it ticks by itself; `None` until one can tell.
    always_ticked: Option<bool>,
    /// The latest time that anybody was told; it never goes back.
    told: Duration,
}

impl Tenant {
    fn new(first: Reading, began: Origin) -> Self {
        Self {
            first,
            began,
            last: first.time().map(|time| (time, began.instant)),
            advances: Duration::ZERO,
            at: Duration::ZERO,
            // Until a reading shows otherwise: what answers with a `Date` alone is most likely an ordinary server.
            ticks: true,
            always_ticked: None,
            told: Duration::ZERO,
        }
    }

    /// The time that has passed since the beginning, as sessions reckon.
    fn passed(&mut self, real: Instant) -> Duration {
        let since = match (self.always_ticked, self.last) {
            (Some(true), Some((_, taken))) => real.saturating_duration_since(taken),
            _ => Duration::ZERO,
        };
        self.told = self.told.max(self.at.saturating_add(since));
        self.told
    }

    /// What is missing until `due`. A reading has no fractions of a millisecond, and nobody wants to ask twice for the sake of one.
    fn gap(&mut self, due: Duration, real: Instant) -> Duration {
        let passed = self.passed(real);
        let missing = due.saturating_sub(passed.min(due));
        if self.always_ticked == Some(true) {
            missing.saturating_add(Duration::from_millis(1))
        } else {
            missing
        }
    }

    fn now(&self, real: Instant) -> SystemTime {
        match self.last {
            None => later(self.began.real_now(), self.advances),
            Some((time, taken)) if self.ticks => later(time, real.saturating_duration_since(taken)),
            Some((time, _)) => time,
        }
    }

    /// Takes in the answer to an advance that was asked for at `asked`; returns the time that has certainly passed since the beginning.
    fn advanced(
        &mut self,
        reading: Reading,
        by: Duration,
        asked: Instant,
    ) -> Result<Duration, ClockError> {
        self.advances = self.advances.saturating_add(by);
        let certain = self.at.saturating_add(by);
        self.at = match (self.first.time(), self.last, reading.time()) {
            (Some(first), Some((last, _)), Some(time)) => {
                let resolution = self.first.resolution().max(reading.resolution());
                check_move(last, time, by, resolution)?;
                let passed = time.duration_since(first).unwrap_or_default();
                self.learn_ticking(passed, resolution, asked);
                self.last = Some((time.max(last), Instant::now()));
                certain.max(passed.saturating_sub(resolution))
            }
            _ => {
                // A tenant that has stopped to tell its time is reckoned on from its last reading.
                self.last = self.last.map(|(time, taken)| (later(time, by), taken));
                certain
            }
        };
        Ok(self.at)
    }

    /// A clock ticks by itself if, besides the advances, at least half of the real time has passed there.
    fn learn_ticking(&mut self, passed: Duration, resolution: Duration, asked: Instant) {
        let real = asked.saturating_duration_since(self.began.instant);
        if real >= resolution * 4 {
            self.ticks = passed.saturating_sub(self.advances) >= real / 2;
            self.always_ticked = Some(self.ticks && self.always_ticked != Some(false));
        }
    }
}

/// Refuses a clock that went back or did not move as asked, by more than the readings' resolution: two hosts behind one name may differ by that.
fn check_move(
    last: SystemTime,
    time: SystemTime,
    asked: Duration,
    resolution: Duration,
) -> Result<(), ClockError> {
    let (moved, back) = match time.duration_since(last) {
        Ok(moved) => (moved, Duration::ZERO),
        Err(error) => (Duration::ZERO, error.duration()),
    };
    if back > resolution {
        return Err(ClockError::Backwards { by: back });
    }
    if moved.saturating_add(resolution) < asked {
        return Err(ClockError::Stuck { asked, moved });
    }
    Ok(())
}

impl Reading {
    fn time(self) -> Option<SystemTime> {
        match self {
            Self::Millis(time) | Self::Seconds(time) => Some(time),
            Self::Silent => None,
        }
    }

    /// How much later than the reading the time may really have been.
    fn resolution(self) -> Duration {
        match self {
            Self::Millis(_) | Self::Silent => Duration::from_millis(1),
            Self::Seconds(_) => Duration::from_secs(1),
        }
    }
}
