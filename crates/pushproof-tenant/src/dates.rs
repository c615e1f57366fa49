//! Instants as text: the `Date` header (RFC 9110 §5.6.7) and the dates of push payloads and the Management API.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time since the Unix epoch; what came before it counts as the epoch.
pub(crate) fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The last second that HTTP can write: it has four digits for the year.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// `Thu, 01 Jan 2026 00:00:00 GMT`. Every reply has one, so it is put together by hand: padding by `format!` costs more than all else about it.
pub(crate) fn http_date(at: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let at = at.min(LATEST);
    let days = at.as_secs() / 86_400;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = time_of_day(at);
    let mut date = String::with_capacity("Thu, 01 Jan 1970 00:00:00 GMT".len());
    date.push_str(DAYS[(days % 7) as usize]);
    push_two(&mut date, ", ", day);
    date.push(' ');
    date.push_str(MONTHS[(month - 1) as usize]);
    push_two(&mut date, " ", year / 100);
    push_two(&mut date, "", year % 100);
    push_two(&mut date, " ", hour);
    push_two(&mut date, ":", minute);
    push_two(&mut date, ":", second);
    date.push_str(" GMT");
    date
}

/// Appends a text and a number below 100 in two digits.
fn push_two(date: &mut String, before: &str, number: u64) {
    date.push_str(before);
    for digit in [number / 10, number % 10] {
        date.push(char::from(b'0' + digit as u8));
    }
}

/// `2026-01-01T00:00:00.000Z`.
pub(crate) fn iso_millis(at: Duration) -> String {
    let (year, month, day) = civil(at.as_secs() / 86_400);
    let (hour, minute, second) = time_of_day(at);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        at.subsec_millis()
    )
}

fn time_of_day(at: Duration) -> (u64, u64, u64) {
    let seconds = at.as_secs() % 86_400;
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day since the epoch, in the Gregorian calendar; eras of 400 years begin on 1 March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        let at = |s| {
            (
                http_date(Duration::from_secs(s)),
                iso_millis(Duration::from_millis(s * 1000 + 7)),
            )
        };
        assert_eq!(
            at(0),
            (
                "Thu, 01 Jan 1970 00:00:00 GMT".into(),
                "1970-01-01T00:00:00.007Z".into()
            )
        );
        assert_eq!(
            at(1_767_225_600),
            (
                "Thu, 01 Jan 2026 00:00:00 GMT".into(),
                "2026-01-01T00:00:00.007Z".into()
            )
        );
        assert_eq!(
            http_date(Duration::MAX),
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "later ones cannot be written"
        );
        assert_eq!(
            at(951_827_696),
            (
                "Tue, 29 Feb 2000 12:34:56 GMT".into(),
                "2000-02-29T12:34:56.007Z".into()
            )
        );
    }
}
