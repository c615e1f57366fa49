//! A token bucket with exact edges: [`Bucket`].

use std::time::Duration;

use crate::settings::Rate;

/// What is left of a [`Rate`]. Eight tokens now and half a refill later are still eight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    left: u32,
    counted_at: Duration,
}

/// How full a bucket is, for the `x-ratelimit-*` headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Level {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Until the next token comes back; zero when the bucket is full.
    pub(crate) wait: Duration,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Duration) -> Self {
        Self {
            left: rate.burst,
            counted_at: now,
        }
    }

    /// Takes one token; `Err` when there is none.
    pub(crate) fn take(&mut self, rate: Rate, now: Duration) -> Result<Level, Level> {
        self.refill(rate, now);
        if self.left == 0 {
            return Err(self.level(rate, now));
        }
        self.left -= 1;
        Ok(self.level(rate, now))
    }

    /// Whether a token is there, without taking it; `Err` when there is none.
    pub(crate) fn peek(&mut self, rate: Rate, now: Duration) -> Result<Level, Level> {
        self.refill(rate, now);
        let level = self.level(rate, now);
        if self.left == 0 {
            Err(level)
        } else {
            Ok(level)
        }
    }

    fn refill(&mut self, rate: Rate, now: Duration) {
        let passed = now.saturating_sub(self.counted_at);
        let back = passed
            .as_nanos()
            .checked_div(rate.refill.as_nanos())
            .unwrap_or(u128::MAX);
        let missing = rate.burst.saturating_sub(self.left);
        if back >= u128::from(missing) {
            *self = Self::full(rate, self.counted_at.max(now));
        } else if let Ok(back) = u32::try_from(back) {
            self.left += back;
            self.counted_at += rate.refill * back; // no more than has passed
        }
    }

    fn level(self, rate: Rate, now: Duration) -> Level {
        let wait = if self.left >= rate.burst {
            Duration::ZERO
        } else {
            self.counted_at
                .saturating_add(rate.refill)
                .saturating_sub(now)
        };
        Level {
            limit: rate.burst,
            remaining: self.left,
            wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate::new(12, 5);

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_thirteenth_waits_for_the_first_refill() {
        let mut bucket = Bucket::full(RATE, at(0));
        for _ in 0..12 {
            assert!(bucket.take(RATE, at(0)).is_ok());
        }
        assert_eq!(
            bucket.take(RATE, at(4_999)).map_err(|level| level.wait),
            Err(at(1))
        );
        assert!(bucket.take(RATE, at(5_000)).is_ok());
        assert_eq!(
            bucket.take(RATE, at(5_000)).map_err(|level| level.wait),
            Err(at(5_000))
        );
    }

    proptest! {
        /// The law of the bucket: in any window no more than the burst and the refills of the window.
        #[test]
        fn never_more_than_burst_and_refills(gaps in prop::collection::vec(0_u64..9_000, 1..80)) {
            let mut bucket = Bucket::full(RATE, at(0));
            let (mut now, mut taken) = (0, 0);
            for gap in gaps {
                now += gap;
                taken += u64::from(bucket.take(RATE, at(now)).is_ok());
                prop_assert!(taken <= 12 + now / 5_000);
            }
        }

        /// One each refill is never refused, for ever (RATE-001).
        #[test]
        fn one_each_refill_is_never_refused(start in 0_u64..100_000, n in 1_u64..400) {
            let mut bucket = Bucket::full(RATE, at(start));
            for i in 0..n {
                prop_assert!(bucket.take(RATE, at(start + i * 5_000)).is_ok());
            }
        }

        #[test]
        fn a_clock_that_goes_back_gives_nothing(back in 0_u64..10_000) {
            let mut bucket = Bucket::full(RATE, at(10_000));
            for _ in 0..12 { prop_assert!(bucket.take(RATE, at(10_000)).is_ok()); }
            prop_assert!(bucket.take(RATE, at(back)).is_err());
        }
    }
}
