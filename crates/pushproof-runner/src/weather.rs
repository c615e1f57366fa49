//! How reliable the way to the endpoint is in this run, and how often a breach must be seen there before it counts. Start at [`Weather`].
//!
//! A request that a proxy sends twice, or whose answer is lost, can make a sound endpoint look unsound: a code that was redeemed behind our back
//! buys nothing any more. Nobody can see that in one exchange. But what the environment does it does by chance, and what the endpoint does it does
//! every time. So a breach counts once it was seen in so many runs of the case, each with new users, that chance does not explain it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::again::{AGAIN_MAX, AGAIN_UNPROVEN_MAX};

/// How likely chance may be to have produced a breach every time it was seen.
const CHANCE_MAX: f64 = 1e-4;

/// What may come between without anybody seeing it, as a share of all requests: one that goes on twice is answered as if nothing were the matter.
/// The way is never taken to be better than this.
const UNSEEN: f64 = 0.045;

/// The most runs of a case for one breach. Where they are not enough, nobody is accused.
pub(crate) const SIGHTINGS_MAX: u32 = 4;

/// What this run has seen of each operation.
#[derive(Default)]
pub(crate) struct Weather(Mutex<BTreeMap<String, Seen>>, Mutex<Silence>);

/// Whether anybody is there at all.
#[derive(Default)]
struct Silence {
    answered: bool,
    silent: u32,
}

/// How often a target may keep silent before it has ever answered.
const SILENCES_MAX: u32 = 3;

#[derive(Clone, Copy, Default)]
struct Seen {
    proper: u32,
    troubled: u32,
}

impl Weather {
    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silence_kept(&self) -> MutexGuard<'_, Silence> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is there.
    pub(crate) fn answered(&self) {
        self.silence_kept().answered = true;
    }

    /// A request ran into its time limit.
    pub(crate) fn silence(&self) {
        let mut kept = self.silence_kept();
        kept.silent = kept.silent.saturating_add(1);
    }

    /// Why it makes no sense to go on: nothing has ever been answered.
    pub(crate) fn is_dead(&self) -> Option<String> {
        let kept = self.silence_kept();
        (!kept.answered && kept.silent >= SILENCES_MAX).then(|| {
            format!(
                "the target does not answer: {} requests ran into their time limit and none was ever answered; check `base_url` (`http` or `https`?)",
                kept.silent
            )
        })
    }

    /// An operation was answered by the endpoint itself.
    pub(crate) fn proper(&self, operation: &str) {
        self.seen().entry(operation.to_owned()).or_default().proper += 1;
    }

    /// Something came between.
    pub(crate) fn trouble(&self, operation: &str) {
        self.seen()
            .entry(operation.to_owned())
            .or_default()
            .troubled += 1;
    }

    /// What looked like the weather is the endpoint's own doing.
    pub(crate) fn withdraw(&self, operation: &str, times: u32) {
        if let Some(seen) = self.seen().get_mut(operation) {
            seen.troubled = seen.troubled.saturating_sub(times);
        }
    }

    /// How often a request of this operation is sent again: more often where it has been answered before.
    pub(crate) fn again_max(&self, operation: &str) -> u32 {
        let seen = self.seen();
        let answered = seen.get(operation).is_some_and(|seen| seen.proper > 0);
        if answered {
            AGAIN_MAX
        } else {
            AGAIN_UNPROVEN_MAX
        }
    }

    /// How many requests have been properly answered.
    pub(crate) fn n_proper(&self) -> u64 {
        self.seen()
            .values()
            .map(|seen| u64::from(seen.proper))
            .sum()
    }

    /// Whether so much comes between that much may also do so unseen.
    pub(crate) fn is_foul(&self) -> bool {
        self.share(None) > UNSEEN
    }

    /// Whether anything has come between yet.
    pub(crate) fn is_rough(&self) -> bool {
        self.seen().values().any(|seen| seen.troubled > 0)
    }

    /// In how many runs of a case a breach must be seen; `None` if no number that this program tries is enough.
    ///
    /// Counted are operations that are properly answered at other times: one that never is says nothing about the way to the others. A breach
    /// that is itself a trouble of one operation is weighed against the `others` alone.
    pub(crate) fn sightings(&self, apart_from: Option<&str>) -> Option<u32> {
        let share = self.share(apart_from).max(UNSEEN);
        let enough = |sightings: &u32| {
            share.powi(i32::try_from(*sightings).unwrap_or(i32::MAX)) <= CHANCE_MAX
        };
        (2..=SIGHTINGS_MAX).find(enough)
    }

    /// The share of requests to whom something came between.
    fn share(&self, apart_from: Option<&str>) -> f64 {
        let seen = self.seen();
        let counted = seen
            .iter()
            .filter(|(operation, seen)| seen.proper > 0 && apart_from != Some(operation.as_str()));
        let (troubled, all) = counted.fold((0, 0), |(troubled, all), (_, seen)| {
            (troubled + seen.troubled, all + seen.troubled + seen.proper)
        });
        f64::from(troubled) / f64::from(all.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Weather;

    fn weather(seen: &[(&str, u32, u32)]) -> Weather {
        let weather = Weather::default();
        for (operation, proper, troubled) in seen {
            (0..*proper).for_each(|_| weather.proper(operation));
            (0..*troubled).for_each(|_| weather.trouble(operation));
        }
        weather
    }

    #[test]
    fn the_rougher_the_weather_the_more_sightings() {
        let rows = [
            (100, 0),
            (99, 1),
            (98, 2),
            (95, 5),
            (91, 9),
            (85, 15),
            (60, 40),
        ];
        let rows = rows.map(|(proper, troubled)| {
            let sightings = weather(&[("poll", proper, troubled)]).sightings(None);
            format!("{troubled:2} % -> {sightings:?}")
        });
        insta::assert_snapshot!(rows.join("\n"), @"
         0 % -> Some(3)
         1 % -> Some(3)
         2 % -> Some(3)
         5 % -> Some(4)
         9 % -> Some(4)
        15 % -> None
        40 % -> None
        ");
    }

    #[test]
    fn an_operation_that_is_never_answered_is_no_weather() {
        let broken = weather(&[("list", 0, 12), ("login", 30, 0)]);
        assert_eq!(broken.sightings(None), Some(3));
    }

    #[test]
    fn a_trouble_of_one_operation_is_weighed_against_the_others() {
        let one = weather(&[("poll", 10, 40), ("login", 30, 0)]);
        assert_eq!(one.sightings(Some("poll")), Some(3));
        assert_eq!(one.sightings(None), None);
        one.withdraw("poll", 40);
        assert_eq!(
            one.sightings(None),
            Some(3),
            "it was the endpoint all along"
        );
    }
}
