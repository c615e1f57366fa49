//! Which outcomes a reply has, and what that means to a client that polls. Start at [`Profile::recognise`].

use std::time::{Duration, UNIX_EPOCH};

use pushproof_polling::Meaning;

use super::Outcomes;
use super::peek::{BodyKind, Interest, Peek, peek};
use crate::path::Headers;
use crate::source::Spanned;

/// What is expected within a dialect.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// One for each outcome of the dialect, in the dialect's order; `None` where the profile says nothing.
    pub outcomes: Vec<Option<Outcome>>,
    pub(super) interest: Interest,
}

/// A named predicate over replies.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name and where the profile defines it.
    pub name: Spanned<String>,
    /// It holds if one of these does.
    pub alternatives: Vec<Alternative>,
    /// What it tells a client that polls.
    pub means: Option<Meaning>,
    /// Where the endpoint's hint how long to wait stands.
    pub waits: Vec<WaitHint>,
}

/// One form of an outcome.
#[derive(Clone, Debug, Default)]
pub struct Alternative {
    /// Allowed statuses; empty means any.
    pub statuses: Vec<u16>,
    /// The text of the member `error`.
    pub error: Option<String>,
    /// What the body must be.
    pub body: Option<BodyForm>,
    /// Names of members that must be there.
    pub has: Vec<String>,
    pub(super) has_bits: u64,
    /// A form that is tolerated: a reply that only such a form covers is a warning.
    pub tolerated: bool,
}

/// What the body of an [`Alternative`] must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// No body at all.
    Empty,
    /// A JSON list.
    List,
    /// A JSON object.
    Object,
}

/// Where a waiting time stands.
#[derive(Clone, Debug)]
pub enum WaitHint {
    /// A header: seconds, or an HTTP date (RFC 9110 §10.2.3).
    Header(String),
    /// A member of the body: whole seconds.
    Member(usize),
}

/// What a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// Every outcome and class it satisfies.
    pub outcomes: Outcomes,
    /// Those of them that only a tolerated form covers.
    pub weak: Outcomes,
    /// An outcome whose `error` it has while the rest does not fit: the right error in a wrong form.
    pub near: Outcomes,
    /// What a client that polls makes of it; decided by `error`, not by status (CPOLL-013).
    pub meaning: Meaning,
    /// How long the endpoint asks to wait.
    pub wait: Option<Duration>,
}

impl Profile {
    /// Recognises a reply as some of the outcomes in `among`, and its class.
    #[must_use]
    pub fn recognise(
        &self,
        among: Outcomes,
        status: u16,
        headers: &dyn Headers,
        body: &[u8],
    ) -> Recognition {
        let seen = peek(body, &self.interest);
        let mut found = Recognition {
            outcomes: Outcomes::NONE,
            weak: Outcomes::NONE,
            near: Outcomes::NONE,
            meaning: Meaning::Broken,
            wait: None,
        };
        // What the reply is says more than what it nearly is.
        let (mut meaning, mut near_meaning) = (None, None);
        for (position, outcome) in self.outcomes.iter().enumerate() {
            let name = Outcomes::named(position);
            let Some(outcome) = outcome.as_ref().filter(|_| among.meets(name)) else {
                continue;
            };
            match outcome.fit(status, &seen) {
                Fit::Full => found.outcomes = found.outcomes.with(name),
                Fit::Tolerated => {
                    found.outcomes = found.outcomes.with(name);
                    found.weak = found.weak.with(name);
                }
                Fit::ErrorOnly => {
                    found.near = found.near.with(name);
                }
                Fit::None => continue,
            }
            let says = if found.near.meets(name) {
                &mut near_meaning
            } else {
                &mut meaning
            };
            *says = says.or(outcome.means);
            if let Some(wait) = outcome.wait(headers, &seen) {
                found.wait = Some(found.wait.map_or(wait, |known| known.max(wait)));
            }
        }
        found.classify(status, &seen, meaning.or(near_meaning));
        if matches!(found.meaning, Meaning::Throttled | Meaning::SlowDown) {
            // The one says when to ask again, the other when the limit is whole again: that counts where nothing better is said.
            let said = ["retry-after", "x-ratelimit-reset"]
                .iter()
                .find_map(|name| wait_of(headers.header(name)?, headers));
            found.wait = found.wait.max(said);
        }
        found
    }

    /// Whether each of these says that what the request offers had not been used up before: it is a success, or "not yet". Whoever gets one of them
    /// for a request that was sent again knows that the lost one took nothing away.
    #[must_use]
    pub fn shows_nothing_used(&self, outcomes: Outcomes) -> bool {
        let shows = |position: usize| {
            let outcome = self.outcomes.get(position).and_then(Option::as_ref);
            outcome.is_some_and(Outcome::shows_nothing_used)
        };
        let classes = Outcomes::REFUSED
            .with(Outcomes::THROTTLED)
            .with(Outcomes::BROKEN);
        !outcomes.is_empty() && !outcomes.meets(classes) && outcomes.positions().all(shows)
    }
}

impl Recognition {
    fn classify(&mut self, status: u16, seen: &Peek<'_>, meaning: Option<Meaning>) {
        // "Not yet" has the form of a refusal and is none: whoever is let in that far would else pass for turned away.
        let refused = matches!(status, 400 | 401 | 403)
            && seen.error.is_some()
            && meaning != Some(Meaning::Pending);
        let throttled = status == 429 || meaning == Some(Meaning::SlowDown);
        let class = match (throttled, refused) {
            (true, _) => Outcomes::THROTTLED,
            (false, true) => Outcomes::REFUSED,
            (false, false) if self.outcomes.is_empty() => Outcomes::BROKEN,
            (false, false) => Outcomes::NONE,
        };
        self.outcomes = self.outcomes.with(class);
        self.meaning = meaning.unwrap_or(match class {
            Outcomes::THROTTLED => Meaning::Throttled,
            // An error nobody knows ends the polling (CPOLL-012), also when it comes with 200 (CPOLL-014).
            _ if seen.error.is_some() && status < 500 => Meaning::Final,
            Outcomes::BROKEN => Meaning::Broken,
            _ => Meaning::Final,
        });
    }
}

enum Fit {
    Full,
    Tolerated,
    ErrorOnly,
    None,
}

impl Outcome {
    fn shows_nothing_used(&self) -> bool {
        let is_success = |form: &Alternative| {
            let mut statuses = form.statuses.iter();
            !form.statuses.is_empty() && statuses.all(|status| (200..300).contains(status))
        };
        let waits = matches!(self.means, Some(Meaning::Pending | Meaning::SlowDown));
        waits || self.alternatives.iter().all(is_success)
    }

    fn fit(&self, status: u16, seen: &Peek<'_>) -> Fit {
        let mut fit = Fit::None;
        for alternative in &self.alternatives {
            match alternative.fit(status, seen) {
                Fit::Full => return Fit::Full,
                Fit::Tolerated => fit = Fit::Tolerated,
                Fit::ErrorOnly if matches!(fit, Fit::None) => fit = Fit::ErrorOnly,
                Fit::ErrorOnly | Fit::None => {}
            }
        }
        fit
    }

    fn wait(&self, headers: &dyn Headers, seen: &Peek<'_>) -> Option<Duration> {
        let one = |hint: &WaitHint| match hint {
            WaitHint::Header(name) => headers
                .header(name)
                .and_then(|value| wait_of(value, headers)),
            WaitHint::Member(position) => seen
                .waits
                .get(*position)
                .copied()
                .flatten()
                .map(Duration::from_secs),
        };
        self.waits.iter().filter_map(one).max()
    }

    /// Its forms in words: `400 access_denied`, `200 with access_token`.
    #[must_use]
    pub fn forms(&self) -> String {
        let forms: Vec<String> = self.alternatives.iter().map(Alternative::says).collect();
        forms.join(" | ")
    }

    /// The same without those that are only tolerated.
    #[must_use]
    pub fn firm_forms(&self) -> String {
        let firm = self.alternatives.iter().filter(|form| !form.tolerated);
        firm.map(Alternative::says).collect::<Vec<_>>().join(" | ")
    }
}

impl Alternative {
    fn fit(&self, status: u16, seen: &Peek<'_>) -> Fit {
        if let Some(error) = &self.error
            && seen.error.as_deref() != Some(error)
        {
            return Fit::None;
        }
        let status_fits = self.statuses.is_empty() || self.statuses.contains(&status);
        let body_fits = match self.body {
            None => true,
            Some(BodyForm::Empty) => seen.kind == BodyKind::Empty,
            Some(BodyForm::List) => seen.kind == BodyKind::List,
            Some(BodyForm::Object) => seen.kind == BodyKind::Object,
        };
        match (
            status_fits && body_fits && seen.present & self.has_bits == self.has_bits,
            self.tolerated,
        ) {
            (true, false) => Fit::Full,
            (true, true) => Fit::Tolerated,
            (false, _) if self.error.is_some() => Fit::ErrorOnly,
            (false, _) => Fit::None,
        }
    }

    /// The form in words.
    #[must_use]
    pub fn says(&self) -> String {
        let statuses: Vec<String> = self.statuses.iter().map(u16::to_string).collect();
        let mut words = vec![if statuses.is_empty() {
            "any status".to_owned()
        } else {
            statuses.join("/")
        }];
        words.extend(self.error.clone());
        match self.body {
            Some(BodyForm::Empty) => words.push("without a body".to_owned()),
            Some(BodyForm::List) => words.push("with a JSON list".to_owned()),
            Some(BodyForm::Object) if self.has.is_empty() => {
                words.push("with a JSON object".to_owned())
            }
            _ => {}
        }
        if !self.has.is_empty() {
            words.push(format!("with {}", self.has.join(", ")));
        }
        words.join(" ")
    }
}

/// What a driver may answer to as a header of this name: the time at which the reply came, for one that has no `Date` of its own. No reply can
/// have a header of this name.
pub const CAME_AT: &str = ":came-at";

/// A number of seconds from here on is a point in time, 2001 at the earliest, and no wait: nobody asks to wait for thirty years.
const UNIX_SECONDS: u64 = 1_000_000_000;

/// A waiting time from a header: whole seconds, or a point in time, an HTTP date (CPOLL-016) or the seconds since 1970, seen from the
/// reply's own `Date`.
fn wait_of(value: &str, headers: &dyn Headers) -> Option<Duration> {
    let until = match value.trim().parse::<u64>() {
        Ok(seconds) if seconds < UNIX_SECONDS => return Some(Duration::from_secs(seconds)),
        Ok(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?,
        Err(_) => httpdate::parse_http_date(value).ok()?,
    };
    let own = headers.header("date").or_else(|| headers.header(CAME_AT));
    let now = httpdate::parse_http_date(own?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::dialect::{Dialect, Outcomes, Requirements};
    use crate::source::Source;

    fn recognised(profile: &str, status: u16, headers: &[(&str, &str)], body: &str) -> String {
        let text = format!(
            "format: 1\ndialect: d\ntitle: D\noperations:\n  a: {{ http: GET /, outcomes: [early, late, slow] }}\nprofiles:\n  p:\n{profile}"
        );
        let dialect = Dialect::read(&Source::new("d", text), Requirements::default()).unwrap();
        let among = dialect.operations[0].outcomes;
        let found = dialect.profiles["p"].recognise(among, status, &headers, body.as_bytes());
        let names = |outcomes| dialect.names(outcomes).join(",");
        format!(
            "{} near {} means {:?} wait {:?}",
            names(found.outcomes),
            names(found.near),
            found.meaning,
            found.wait
        )
    }

    #[test]
    fn who_is_told_to_wait_is_not_turned_away() {
        let text = "format: 1\ndialect: d\ntitle: D\noperations:\n  a: { http: GET /, outcomes: [early, late] }\nprofiles:\n  p: { early: { error: x, means: pending }, late: { error: y, means: final } }\n";
        let dialect = Dialect::read(&Source::new("d", text), Requirements::default()).unwrap();
        let is_refused = |error: &str| {
            let (among, body) = (
                dialect.operations[0].outcomes,
                format!("{{\"error\":\"{error}\"}}"),
            );
            let headers: &[(&str, &str)] = &[];
            let found = dialect.profiles["p"].recognise(among, 400, &headers, body.as_bytes());
            found.outcomes.meets(Outcomes::REFUSED)
        };
        assert_eq!(["x", "y", "z"].map(is_refused), [false, true, true]);
    }

    #[test]
    fn a_success_and_a_not_yet_show_that_nothing_was_used_up() {
        let text = "format: 1\ndialect: d\ntitle: D\noperations:\n  a: { http: GET /, outcomes: [given, early, told, any] }\nprofiles:\n  p: { given: { status: [200, 201] }, early: { error: x, means: pending }, told: { status: 403, error: y }, any: { has: [z] } }\n";
        let dialect = Dialect::read(&Source::new("d", text), Requirements::default()).unwrap();
        let shows = |names: &str| {
            let names = names.split(' ').filter(|name| !name.is_empty());
            let outcomes = names.map(|name| dialect.outcome(name).unwrap());
            let outcomes = outcomes.fold(Outcomes::NONE, Outcomes::with);
            dialect.profiles["p"].shows_nothing_used(outcomes)
        };
        let rows = [
            "given",
            "early",
            "given early",
            "told",
            "given told",
            "any",
            "refused",
            "given broken",
            "",
        ];
        let rows = rows.map(|names| format!("{names:12} {}", shows(names)));
        insta::assert_snapshot!(rows.join("\n"), @r"
        given        true
        early        true
        given early  true
        told         false
        given told   false
        any          false
        refused      false
        given broken false
                     false
        ");
    }

    #[test]
    fn what_a_reply_is_says_more_than_what_it_nearly_is() {
        let profile = "    early: { status: 400, error: x, means: pending }\n    late: { status: 403, error: x, means: final }\n    slow: { status: 404 }\n";
        insta::assert_snapshot!(recognised(profile, 403, &[], r#"{"error":"x"}"#), @"late near early means Final wait None");
        insta::assert_snapshot!(recognised(profile, 418, &[], r#"{"error":"x"}"#), @"broken near early,late means Pending wait None");
    }

    #[test]
    fn waits_count_in_any_form() {
        let profile = "    early: { status: 200, has: [a, b, c, d, e] }\n    late: { status: 404 }\n    slow: { status: 400, error: s, means: slow_down, wait: [header.retry-after, body.interval] }\n";
        let body = r#"{"error":"s","interval":7}"#;
        insta::assert_snapshot!(recognised(profile, 400, &[], body), @"slow near  means SlowDown wait Some(7s)");
        insta::assert_snapshot!(recognised(profile, 418, &[("retry-after", "9")], body), @"throttled near slow means SlowDown wait Some(9s)");
        let dates = [
            ("date", "Tue, 01 Sep 2026 10:00:00 GMT"),
            ("retry-after", "Tue, 01 Sep 2026 10:01:00 GMT"),
        ];
        insta::assert_snapshot!(recognised(profile, 400, &dates, body), @"slow near  means SlowDown wait Some(60s)");
        let instant = [
            ("date", "Tue, 01 Sep 2026 10:00:00 GMT"),
            ("x-ratelimit-reset", "1788256890"),
        ];
        let plain = r#"{"error":"s"}"#;
        insta::assert_snapshot!(recognised(profile, 400, &instant, plain), @"slow near  means SlowDown wait Some(90s)");
        insta::assert_snapshot!(recognised(profile, 429, &instant, "{}"), @"throttled near  means Throttled wait Some(90s)");
        insta::assert_snapshot!(recognised(profile, 429, &instant[1..], "{}"), @"throttled near  means Throttled wait None");
        // Without a `Date` of its own a reply is dated by when it came.
        let came_at = [(super::CAME_AT, "Tue, 01 Sep 2026 10:00:30 GMT"), dates[1]];
        insta::assert_snapshot!(recognised(profile, 400, &came_at, body), @"slow near  means SlowDown wait Some(30s)");
        insta::assert_snapshot!(recognised(profile, 400, &[came_at[0], dates[0], dates[1]], body), @"slow near  means SlowDown wait Some(60s)");
        insta::assert_snapshot!(recognised(profile, 400, &dates[1..], body), @"slow near  means SlowDown wait Some(7s)");
    }
}
