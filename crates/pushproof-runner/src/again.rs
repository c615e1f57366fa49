//! How often something is tried again that came to nothing on its way, and the rest before it.
//!
//! A way on which two requests of five go wrong still lets one of six through, all but four times in a thousand.

use std::time::Duration;

/// How often a request is sent again on a way that has let others through.
pub(crate) const AGAIN_MAX: u32 = 5;

/// How often one is on a way that has let nothing through yet.
pub(crate) const AGAIN_UNPROVEN_MAX: u32 = 2;

/// The rest before the first time, and the longest.
const REST: Duration = Duration::from_millis(40);
const REST_MAX: Duration = Duration::from_millis(320);

/// The rest before it is sent again, after so many times: four times as long each, up to an end.
pub(crate) fn rest(again: u32) -> Duration {
    (REST * 4_u32.pow(again.min(2))).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::{AGAIN_MAX, rest};

    #[test]
    fn a_rest_grows_and_has_an_end() {
        let rests: Vec<u128> = (0..AGAIN_MAX)
            .map(|again| rest(again).as_millis())
            .collect();
        assert_eq!(rests, [40, 160, 320, 320, 320]);
    }
}
