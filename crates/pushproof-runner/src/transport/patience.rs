//! How long a reply is waited for on a way that has lost some: [`Patience`].
//!
//! The target's own limit is for a target that may just be slow. Once several requests have sat it out while all others were answered in no
//! time, the next one that is silent for many times as long as the slowest answer is lost too, and there is no point in waiting for the rest.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many requests sit out the whole limit first.
const SAT_OUT: u32 = 2;

/// How many answers tell what is usual.
const USUAL: u32 = 50;

/// How many times as long as the slowest answer is waited for.
pub(super) const TIMES: u32 = 20;

/// Never shorter than this.
const SHORTEST: Duration = Duration::from_millis(500);

/// What is known of a way. Clones of a transport share it.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    answered: u32,
    slowest: Duration,
    sat_out: u32,
}

impl Patience {
    /// On a way with this time limit.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the next reply is waited for, if not for the whole limit.
    pub(super) fn shortened(&self) -> Option<Duration> {
        let seen = self.seen();
        let knows = seen.sat_out >= SAT_OUT && seen.answered >= USUAL;
        let shorter = seen.slowest.saturating_mul(TIMES).max(SHORTEST);
        (knows && shorter < self.limit).then_some(shorter)
    }

    /// A reply came in this time.
    pub(super) fn answered(&self, took: Duration) {
        let mut seen = self.seen();
        seen.answered = seen.answered.saturating_add(1);
        seen.slowest = seen.slowest.max(took);
    }

    /// None came within the limit.
    pub(super) fn sat_out(&self) {
        let mut seen = self.seen();
        seen.sat_out = seen.sat_out.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Patience;

    #[test]
    fn who_has_sat_out_the_limit_often_enough_waits_no_longer_than_makes_sense() {
        let shortened = |answers: u32, slowest_ms: u64, sat_out: u32| {
            let patience = Patience::new(Duration::from_secs(10));
            (0..answers).for_each(|_| patience.answered(Duration::from_millis(slowest_ms)));
            (0..sat_out).for_each(|_| patience.sat_out());
            patience.shortened()
        };
        let rows = [
            (100, 5, 0),
            (100, 5, 2),
            (100, 5, 3),
            (49, 5, 3),
            (100, 200, 3),
            (100, 499, 3),
            (100, 500, 3),
            (0, 0, 9),
        ];
        let rows = rows.map(|(answers, slowest_ms, sat_out)| {
            let waits = shortened(answers, slowest_ms, sat_out);
            format!("{answers:3} answers, the slowest after {slowest_ms:3} ms, {sat_out} sat out: {waits:?}")
        });
        insta::assert_snapshot!(rows.join("\n"), @"
        100 answers, the slowest after   5 ms, 0 sat out: None
        100 answers, the slowest after   5 ms, 2 sat out: Some(500ms)
        100 answers, the slowest after   5 ms, 3 sat out: Some(500ms)
         49 answers, the slowest after   5 ms, 3 sat out: None
        100 answers, the slowest after 200 ms, 3 sat out: Some(4s)
        100 answers, the slowest after 499 ms, 3 sat out: Some(9.98s)
        100 answers, the slowest after 500 ms, 3 sat out: None
          0 answers, the slowest after   0 ms, 9 sat out: None
        ");
    }
}
