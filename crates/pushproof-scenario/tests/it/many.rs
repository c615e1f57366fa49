//! Several requests at the same moment or in a row, and what runs in any case.

use crate::stage::steps;

macro_rules! check {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!($text, @$expected)
    };
}

#[test]
fn a_race_that_one_wins() {
    check!(steps("  - { id: race, call: ask, at_once: 3, with: { code: c }, expect: { tokens: { at_least: 1, at_most: 1 }, else: [rejected, pending] }, covers: A-001 }
--- endpoint
pending in 2s
tokens in 1s
rejected in 3s
"), @"
    0s  step `race`
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    1s  answer: tokens
    2s  answer: pending
    3s  answer: rejected
    3s  expect held
    ");
}

#[test]
fn a_race_that_two_win() {
    check!(steps("  - { id: race, call: ask, at_once: 3, with: { code: c }, expect: { tokens: { at_most: 1 }, else: [rejected] }, covers: A-001 }
--- endpoint
tokens
rejected
tokens
"), @"
    0s  step `race`
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  answer: tokens
    0s  answer: rejected
    0s  answer: tokens
    0s  expect BREACHED: expected of 3: at most 1 tokens, otherwise rejected, got 2 × tokens, 1 × rejected
    0s  stops: breached
    ");
}

#[test]
fn a_race_that_nobody_wins() {
    check!(steps("  - { id: race, call: ask, at_once: 2, with: { code: c }, expect: { tokens: { at_least: 1 }, else: [rejected] }, covers: A-001 }
--- endpoint
rejected
rejected
"), @"
    0s  step `race`
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  answer: rejected
    0s  answer: rejected
    0s  expect BREACHED: expected of 2: at least 1 tokens, otherwise rejected, got 2 × rejected
    0s  stops: breached
    ");
}

#[test]
fn a_race_in_which_somebody_falls() {
    check!(steps("  - { id: race, call: ask, at_once: 2, with: { code: c }, expect: { tokens: { at_least: 2 } }, covers: A-001 }
--- endpoint
tokens
reset
"), @"
    0s  step `race`
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  answer: tokens
    0s  the connection broke
    0s  stops: no reply
    ");
}

#[test]
fn a_race_of_equals() {
    check!(steps("  - { id: race, call: ask, at_once: 2, with: { code: c }, expect: rejected, covers: A-001 }
--- endpoint
rejected
pending
"), @"
    0s  step `race`
    0s  sends POST /ask code=c
    0s  sends POST /ask code=c
    0s  answer: rejected
    0s  answer: pending
    0s  expect BREACHED: expected of 2: rejected, each, got 1 × rejected, 1 × pending
    0s  stops: breached
    ");
}

#[test]
fn calls_that_stand_together() {
    check!(steps("  - id: both
    together:
      - { id: one, call: open, with: { user: a }, expect: opened, capture: { code: body.code } }
      - { id: two, call: ask, with: { code: x }, expect: rejected, covers: A-001 }
  - { id: then, call: ask, with: { code: $code }, expect: tokens }
--- endpoint
opened in 2s
rejected in 1s
tokens
"), @"
    0s  step `one`
    0s  sends POST /open user=a
    0s  step `two`
    0s  sends POST /ask code=x
    1s  answer: rejected
    1s  expect held
    2s  answer: opened
    2s  expect held
    2s  step `then`
    2s  sends POST /ask code=‹code›
    2s  answer: tokens
    2s  expect held
    ");
}

#[test]
fn one_of_those_that_stand_together_is_wrong() {
    check!(steps("  - id: both
    together:
      - { id: one, call: open, with: { user: a }, expect: opened }
      - { id: two, call: ask, with: { code: x }, expect: rejected, covers: A-001 }
  - { id: then, call: ask, with: { code: c }, expect: tokens }
--- endpoint
opened in 2s
tokens in 1s
"), @"
    0s  step `one`
    0s  sends POST /open user=a
    0s  step `two`
    0s  sends POST /ask code=x
    1s  answer: tokens
    1s  expect BREACHED: expected rejected (400 access_denied), got tokens (200)
    2s  answer: opened
    2s  expect held
    2s  stops: breached
    ");
}

#[test]
fn times_goes_on_whatever_comes() {
    check!(steps("  - { id: guess, call: ask, times: 4, with: { code: c }, outcomes: [\"rejected+\", \"throttled+\"], covers: A-001 }
--- endpoint
rejected
rejected
throttled
throttled
"), @"
        0s  step `guess`
        0s  sends POST /ask code=c
        0s  answer 1: rejected
    0.001s  sends POST /ask code=c
    0.001s  answer 2: rejected
    0.002s  sends POST /ask code=c
    0.002s  answer 3: throttled
    0.003s  sends POST /ask code=c
    0.003s  answer 4: throttled
    0.003s  polling is over: polls
    0.003s  outcomes held
    ");
}

#[test]
fn times_that_end_too_well() {
    check!(steps("  - { id: guess, call: ask, times: 3, with: { code: c }, outcomes: [\"rejected+\", \"throttled+\"], covers: A-001 }
--- endpoint
rejected
rejected
rejected
"), @"
        0s  step `guess`
        0s  sends POST /ask code=c
        0s  answer 1: rejected
    0.001s  sends POST /ask code=c
    0.001s  answer 2: rejected
    0.002s  sends POST /ask code=c
    0.002s  answer 3: rejected
    0.002s  polling is over: polls
    0.002s  outcomes BREACHED: expected rejected (400 access_denied) or throttled, got rejected (400 access_denied) when the last poll was answered
    0.002s  stops: breached
    ");
}

#[test]
fn what_runs_in_any_case_runs_after_a_breach() {
    check!(steps("  - { id: open, call: open, with: { user: a }, expect: opened, capture: { code: body.code } }
  - { id: ask, call: ask, with: { code: $code }, expect: tokens, covers: A-001 }
  - { id: never, call: open, with: { user: b }, expect: opened, capture: { later: body.code } }
  - { id: use, call: ask, with: { code: $later }, expect: tokens }
finally:
  - { id: undo, call: ask, with: { code: $code }, expect: rejected, covers: A-002 }
  - { id: not-made, call: ask, with: { code: $later }, expect: rejected }
  - { id: last, device: phone, do: unenrol }
--- endpoint
opened
rejected
tokens
"), @"
    0s  step `open`
    0s  sends POST /open user=a
    0s  answer: opened
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=‹code›
    0s  answer: rejected
    0s  expect BREACHED: expected tokens (200 with token), got rejected (400 access_denied)
    0s  stops: breached
    0s  step `undo`
    0s  sends POST /ask code=‹code›
    0s  answer: tokens
    0s  expect BREACHED: expected rejected (400 access_denied), got tokens (200)
    0s  stops: breached
    0s  step `last`
    0s  phone of alice is to unenrol
    0s  the phone's action: acknowledged
    0s  expect held
    ");
}

#[test]
fn what_runs_in_any_case_runs_at_the_end_too() {
    check!(steps("  - { id: open, call: open, with: { user: a }, expect: opened }
finally:
  - { id: pause, wait: 1s, why: things settle }
--- endpoint
opened
"), @"
    0s  step `open`
    0s  sends POST /open user=a
    0s  answer: opened
    0s  expect held
    0s  step `pause`
    0s  waits 1s
    ");
}

#[test]
fn a_moment_by_chance_is_the_same_for_the_same_seed() {
    let play = || {
        steps(
            "  - id: wait
    poll: ask
    with: { code: c }
    every: 5s
    give_up_after: 60s
    outcomes: [pending*, tokens]
    meanwhile: [{ at: { between: [1s, 20s] }, device: phone, do: approve }]
--- endpoint
pending
pending
pending
pending
tokens
",
        )
    };
    assert_eq!(play(), play());
    check!(play(), @"
        0s  step `wait`
        5s  sends POST /ask code=c
        5s  answer 1: pending
    8.518s  phone of alice is to approve
    8.518s  the phone's action: acknowledged
       10s  sends POST /ask code=c
       10s  answer 2: pending
       15s  sends POST /ask code=c
       15s  answer 3: pending
       20s  sends POST /ask code=c
       20s  answer 4: pending
       25s  sends POST /ask code=c
       25s  answer 5: tokens
       25s  polling is over: final
       25s  outcomes held
    ");
}

#[test]
fn one_of_a_list_is_known_by_a_value_that_was_kept() {
    check!(steps(r#"  - { id: open, call: open, with: { user: a }, expect: opened, capture: { mine: body.mine } }
  - { id: list, call: open, with: { user: b }, expect: opened, capture: { found: { in: body.items, where: { id: $mine }, take: name } } }
  - { id: ask, call: ask, with: { code: $found }, expect: tokens }
--- endpoint
opened "mine":"two"
opened "items":[{"id":"one","name":"first"},{"id":"two","name":"second"}]
tokens
"#), @"
    0s  step `open`
    0s  sends POST /open user=a
    0s  answer: opened
    0s  expect held
    0s  step `list`
    0s  sends POST /open user=b
    0s  answer: opened
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=second
    0s  answer: tokens
    0s  expect held
    ");
}
