//! What a run may do to a target: [`Pace`], so many requests in a second for everything that goes to one place, and [`Quota`].

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

const SECOND: Duration = Duration::from_secs(1);

/// Lets at most so many requests leave within any one second. Twenty at once still leave at once, if the last second was quiet.
pub(crate) struct Pace {
    most: usize,
    since: Stopwatch,
    /// When the last ones left or will leave, oldest first; at most `most`.
    departures: Mutex<VecDeque<Duration>>,
}

impl Pace {
    pub(crate) fn new(requests_per_second: u32) -> Self {
        let most = usize::try_from(requests_per_second.max(1)).unwrap_or(usize::MAX);
        Self {
            most,
            since: Stopwatch::start(),
            departures: Mutex::default(),
        }
    }

    /// Waits for this request's turn. A turn that is taken and then dropped is lost, never given twice.
    pub(crate) async fn turn(&self) {
        let wait = self.take_turn();
        tokio::time::sleep(wait).await;
    }

    fn take_turn(&self) -> Duration {
        let now = self.since.elapsed();
        let mut departures = self
            .departures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        departure(&mut departures, self.most, now).saturating_sub(now)
    }
}

/// The next departure, put down.
fn departure(departures: &mut VecDeque<Duration>, most: usize, now: Duration) -> Duration {
    let full = departures.len() >= most;
    let oldest = if full { departures.pop_front() } else { None };
    let free = oldest.map_or(now, |oldest| (oldest + SECOND).max(now));
    // Turns are given in the order in which they are asked for.
    let at = departures.back().map_or(free, |last| free.max(*last));
    departures.push_back(at);
    at
}

/// Something of which a run may use so much and no more.
pub(crate) struct Quota(Option<Mutex<u32>>);

impl Quota {
    /// As much as `most`, or any amount.
    pub(crate) fn new(most: Option<u32>) -> Self {
        Self(most.map(Mutex::new))
    }

    /// Takes `wanted`, or nothing if that much is not left.
    pub(crate) fn take(&self, wanted: u32) -> bool {
        let Some(left) = &self.0 else { return true };
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.checked_sub(wanted);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }

    /// What is left; `None` if there is no limit.
    pub(crate) fn left(&self) -> Option<u32> {
        let left = self
            .0
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(*left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_than_so_many_in_any_second(most in 1_usize..6, gaps in prop::collection::vec(0_u64..700, 1..40)) {
            let (mut departures, mut all, mut now) = (VecDeque::new(), Vec::new(), Duration::ZERO);
            for gap in gaps {
                now += Duration::from_millis(gap);
                let at = departure(&mut departures, most, now);
                prop_assert!(at >= now);
                all.push(at);
            }
            prop_assert!(all.is_sorted());
            for window in all.windows(most + 1) {
                prop_assert!(window[most] - window[0] >= SECOND, "{window:?}");
            }
        }

        #[test]
        fn nobody_waits_while_there_is_room(most in 1_usize..6) {
            let mut departures = VecDeque::new();
            for _ in 0..most {
                prop_assert_eq!(departure(&mut departures, most, Duration::ZERO), Duration::ZERO);
            }
            prop_assert_eq!(departure(&mut departures, most, Duration::ZERO), SECOND);
        }
    }
}
