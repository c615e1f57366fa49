//! The machine in scenes: a script goes in, a transcript comes out.
//!
//! A script is settings and then answers, `interval 5s; deadline 60s; pending, slow_down wait 30s, final`. An answer may add
//! `wait D` (the endpoint asks to wait), `held D` (the answer takes that long), `late D` (the poll leaves that late), `jitter P%`
//! and `x N` (that often). In place of an answer, `cancel` lets the caller cancel the poll in flight, whose final answer comes
//! right after.

use std::fmt::Write as _;
use std::time::Duration;

use pushproof_polling::{Answer, Cadence, First, Hints, Meaning, Next, Policy, Polling};

macro_rules! check {
    ($script:expr, @$transcript:literal) => {
        insta::assert_snapshot!(play($script), @$transcript)
    };
}

#[test]
fn slow_down_stretches_every_later_gap() {
    check!("interval 5s; pending, slow_down, pending, final", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> pending
    10s   poll 2 -> slow_down, interval 10s
    20s   poll 3 -> pending
    30s   poll 4 -> final
    30s   over: final
    ");
}

#[test]
fn slow_down_with_a_larger_wait_takes_that_for_good() {
    check!("interval 5s; slow_down wait 30s, pending, slow_down wait 3s, pending", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> slow_down wait 30s, interval 30s
    35s   poll 2 -> pending
    65s   poll 3 -> slow_down wait 3s, interval 35s
    100s  poll 4 -> pending
    135s  poll 5 is due
    ");
}

#[test]
fn the_interval_counts_from_the_answer_not_from_the_request() {
    check!("interval 5s; pending held 4s, pending late 2s, pending", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> pending held 4s
    16s   poll 2 -> pending late 2s
    21s   poll 3 -> pending
    26s   poll 4 is due
    ");
}

#[test]
fn a_rate_limit_delays_and_is_forgotten() {
    check!("interval 5s; throttled, throttled, throttled, pending, throttled wait 45s, throttled wait 1s, pending, final", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> throttled
    15s   poll 2 -> throttled
    35s   poll 3 -> throttled
    75s   poll 4 -> pending
    80s   poll 5 -> throttled wait 45s
    125s  poll 6 -> throttled wait 1s
    145s  poll 7 -> pending
    150s  poll 8 -> final
    150s  over: final
    ");
}

#[test]
fn a_limit_about_to_be_reached_is_waited_out() {
    check!("interval 5s; pending, pending wait 40s, pending, final", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> pending
    10s   poll 2 -> pending wait 40s
    50s   poll 3 -> pending
    55s   poll 4 -> final
    55s   over: final
    ");
}

#[test]
fn trouble_doubles_the_interval_and_success_does_not_halve_it() {
    check!("interval 5s; timed_out held 10s, broken, pending, timed_out, final", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> timed_out held 10s, interval 10s
    25s   poll 2 -> broken, interval 20s
    45s   poll 3 -> pending
    65s   poll 4 -> timed_out, interval 40s
    105s  poll 5 -> final
    105s  over: final
    ");
}

#[test]
fn five_troubles_in_a_row_are_enough() {
    check!("interval 1s; broken x 4, pending, timed_out x 5", @"
    0s    begin, interval 1s, until 300s
    1s    poll 1 -> broken, interval 2s
    3s    poll 2 -> broken, interval 4s
    7s    poll 3 -> broken, interval 8s
    15s   poll 4 -> broken, interval 16s
    31s   poll 5 -> pending
    47s   poll 6 -> timed_out, interval 32s
    79s   poll 7 -> timed_out, interval 60s
    139s  poll 8 -> timed_out
    199s  poll 9 -> timed_out
    259s  poll 10 -> timed_out
    259s  over: failures
    ");
}

#[test]
fn a_rate_limit_is_a_reply_and_ends_a_row_of_troubles() {
    check!("interval 1s; broken x 4, throttled, broken x 4, pending", @"
    0s    begin, interval 1s, until 300s
    1s    poll 1 -> broken, interval 2s
    3s    poll 2 -> broken, interval 4s
    7s    poll 3 -> broken, interval 8s
    15s   poll 4 -> broken, interval 16s
    31s   poll 5 -> throttled
    63s   poll 6 -> broken, interval 32s
    95s   poll 7 -> broken, interval 60s
    155s  poll 8 -> broken
    215s  poll 9 -> broken
    275s  poll 10 -> pending
    275s  over: deadline
    ");
}

#[test]
fn nobody_decides_within_five_minutes() {
    check!("interval 50s; pending x 6", @"
    0s    begin, interval 50s, until 300s
    50s   poll 1 -> pending
    100s  poll 2 -> pending
    150s  poll 3 -> pending
    200s  poll 4 -> pending
    250s  poll 5 -> pending
    300s  poll 6 -> pending
    300s  over: deadline
    ");
}

#[test]
fn the_challenge_expires_before_the_client_gives_up() {
    check!("hint 2s; expires 5s; pending x 2", @"
    0s    begin, interval 2s, until 5s
    2s    poll 1 -> pending
    4s    poll 2 -> pending
    4s    over: deadline
    ");
}

#[test]
fn a_retry_after_beyond_the_deadline_ends_it() {
    check!("deadline 60s; pending, throttled wait 2m", @"
    0s    begin, interval 5s, until 60s
    5s    poll 1 -> pending
    10s   poll 2 -> throttled wait 2m
    10s   over: deadline
    ");
}

#[test]
fn a_held_poll_is_followed_at_once() {
    check!("long_poll; first at_once; pending held 30s, pending held 2s, slow_down held 30s, final held 8s", @"
    0s    begin, interval 5s, until 300s
    0s    poll 1 -> pending held 30s
    30s   poll 2 -> pending held 2s
    35s   poll 3 -> slow_down held 30s, interval 10s
    75s   poll 4 -> final held 8s
    83s   over: final
    ");
}

#[test]
fn insisting_goes_on_after_the_end() {
    check!("insist; polls_max 3; final, pending, final", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> final
    10s   poll 2 -> pending
    15s   poll 3 -> final
    15s   over: polls
    ");
}

#[test]
fn a_burst_obeys_nothing_but_its_gaps() {
    check!("gaps 0s 0s 2s; polls_max 5; pending, slow_down, throttled wait 60s, timed_out, pending", @"
    0s    begin, interval 5s, until 300s
    0s    poll 1 -> pending
    0s    poll 2 -> slow_down, interval 10s
    2s    poll 3 -> throttled wait 60s
    4s    poll 4 -> timed_out, interval 20s
    6s    poll 5 -> pending
    6s    over: polls
    ");
}

#[test]
fn who_was_over_eager_obeys_once_the_gaps_are_over() {
    check!("gaps 0s 0s steady; polls_max 4; pending, slow_down, throttled wait 60s, pending", @"
    0s    begin, interval 5s, until 300s
    0s    poll 1 -> pending
    0s    poll 2 -> slow_down, interval 10s
    10s   poll 3 -> throttled wait 60s
    70s   poll 4 -> pending
    70s   over: polls
    ");
}

#[test]
fn jitter_comes_on_top() {
    check!("jitter 2s; deadline 20s; pending jitter 50%, pending jitter 100%, pending", @"
    0s    begin, interval 5s, until 20s
    5s    poll 1 -> pending jitter 50%
    11s   poll 2 -> pending jitter 100%
    18s   poll 3 -> pending
    18s   over: deadline
    ");
}

#[test]
fn chance_does_not_push_the_last_poll_over_the_deadline() {
    check!("jitter 2s; deadline 11s; pending jitter 100%, pending", @"
    0s    begin, interval 5s, until 11s
    5s    poll 1 -> pending jitter 100%
    11s   poll 2 -> pending
    11s   over: deadline
    ");
}

#[test]
fn cancelling_beats_the_answer_in_flight() {
    check!("pending, cancel", @"
    0s    begin, interval 5s, until 300s
    5s    poll 1 -> pending
    10s   poll 2 cancelled; its answer, final, gives Over(Cancelled)
    10s   over: cancelled
    ");
}

fn play(script: &str) -> String {
    let (settings, answers) = script.rsplit_once(';').unwrap_or(("", script));
    let (policy, hints) = settings
        .split(';')
        .fold((Policy::default(), Hints::default()), set);
    let mut polling = Polling::begin(&policy, Duration::ZERO, hints);
    let (mut out, mut now) = (String::new(), Duration::ZERO);
    let _ = writeln!(
        out,
        "{} begin, interval {}, until {}",
        At(now),
        Text(polling.interval()),
        Text(polling.deadline())
    );
    let lines = answers
        .split(',')
        .flat_map(|text| vec![Line::parse(text); Line::times(text)]);
    for line in lines {
        let Next::PollAt(due) = polling.next() else {
            break;
        };
        now = due + line.late;
        polling.sent(now);
        let before = polling.interval();
        let Some(meaning) = line.meaning else {
            polling.cancel();
            let next = polling.answered(&policy, now, Meaning::Final.into(), 0);
            let _ = writeln!(
                out,
                "{} poll {} cancelled; its answer, final, gives {next:?}",
                At(now),
                polling.polls()
            );
            continue;
        };
        let _ = write!(out, "{} poll {} -> {}", At(now), polling.polls(), line.text);
        now += line.held;
        polling.answered(
            &policy,
            now,
            Answer {
                meaning,
                wait: line.wait,
            },
            line.jitter,
        );
        if polling.interval() != before {
            let _ = write!(out, ", interval {}", Text(polling.interval()));
        }
        let _ = writeln!(out);
    }
    let _ = match polling.next() {
        Next::PollAt(due) => writeln!(out, "{} poll {} is due", At(due), polling.polls() + 1),
        Next::InFlight => writeln!(out, "{} in flight", At(now)),
        Next::Over(because) => writeln!(
            out,
            "{} over: {}",
            At(now),
            format!("{because:?}").to_lowercase()
        ),
    };
    out
}

fn set((mut policy, mut hints): (Policy, Hints), setting: &str) -> (Policy, Hints) {
    let words: Vec<&str> = setting.split_whitespace().collect();
    match *words.as_slice() {
        [] => {}
        ["interval", text] => policy.interval = duration(text),
        ["deadline", text] => policy.deadline = duration(text),
        ["jitter", text] => policy.jitter_max = duration(text),
        ["hint", text] => hints.interval = Some(duration(text)),
        ["expires", text] => hints.expires_in = Some(duration(text)),
        ["first", "at_once"] => policy.first = First::AtOnce,
        ["polls_max", n] => policy.polls_max = Some(number(n)),
        ["insist"] => policy.insist = true,
        ["long_poll"] => policy.long_poll = true,
        ["gaps", ref gaps @ ..] => {
            policy.cadence = match gaps {
                [gaps @ .., "steady"] => {
                    Cadence::GapsThenSteady(gaps.iter().map(|gap| duration(gap)).collect())
                }
                _ => Cadence::Gaps(gaps.iter().map(|gap| duration(gap)).collect()),
            }
        }
        _ => panic!("unknown setting `{setting}`"),
    }
    (policy, hints)
}

/// One answer of a script; without a meaning the caller cancels.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    meaning: Option<Meaning>,
    wait: Option<Duration>,
    held: Duration,
    late: Duration,
    jitter: u16,
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Self {
        let text = text.split(" x ").next().unwrap_or(text).trim();
        let mut words = text.split_whitespace();
        let meaning = match words.next() {
            Some("pending") => Some(Meaning::Pending),
            Some("slow_down") => Some(Meaning::SlowDown),
            Some("throttled") => Some(Meaning::Throttled),
            Some("final") => Some(Meaning::Final),
            Some("broken") => Some(Meaning::Broken),
            Some("timed_out") => Some(Meaning::TimedOut),
            Some("cancel") => None,
            other => panic!("unknown answer `{other:?}`"),
        };
        let mut line = Self {
            text,
            meaning,
            wait: None,
            held: Duration::ZERO,
            late: Duration::ZERO,
            jitter: 0,
        };
        while let (Some(what), Some(value)) = (words.next(), words.next()) {
            match what {
                "wait" => line.wait = Some(duration(value)),
                "held" => line.held = duration(value),
                "late" => line.late = duration(value),
                "jitter" => line.jitter = percent(value),
                _ => panic!("unknown word `{what}`"),
            }
        }
        line
    }

    fn times(text: &str) -> usize {
        text.split_once(" x ")
            .map_or(1, |(_, n)| number(n.trim()) as usize)
    }
}

fn number(text: &str) -> u32 {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn percent(text: &str) -> u16 {
    let share = u32::from(u16::MAX) * number(text.trim_end_matches('%')) / 100;
    u16::try_from(share).expect("a share of u16::MAX is at most that")
}

fn duration(text: &str) -> Duration {
    match (text.strip_suffix('m'), text.strip_suffix('s')) {
        (Some(minutes), _) => Duration::from_secs(60 * u64::from(number(minutes))),
        (None, Some(secs)) => Duration::from_secs(u64::from(number(secs))),
        (None, None) => panic!("`{text}` has no unit"),
    }
}

/// Seconds, to the millisecond.
struct Text(Duration);

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0.as_secs_f64() * 1e3).round() / 1e3;
        write!(f, "{rounded}s")
    }
}

/// An instant at the head of a line.
struct At(Duration);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<5}", Text(self.0).to_string())
    }
}
