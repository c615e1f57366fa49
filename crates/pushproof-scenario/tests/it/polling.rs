//! Poll steps as transcripts: what a session sends, when, and what it makes of the answers.

use crate::stage::{poll, steps};

macro_rules! check {
    ($got:expr, @$text:literal) => {
        insta::assert_snapshot!($got, @$text)
    };
}

#[test]
fn pending_then_tokens() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending+, tokens]
meanwhile:
  - { after_poll: 2, device: phone, do: approve }
settles_within: { polls: 2 }
covers: A-001
--- endpoint
pending
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    10s  phone of alice is to approve
    10s  the phone's action: acknowledged
    15s  sends POST /ask code=‹code›
    15s  answer 3: tokens
    15s  polling is over: final
    15s  outcomes held
    15s  settles_within held
    ");
}

#[test]
fn an_action_before_the_first_poll_holds_it() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending*, rejected]
meanwhile:
  - { after_poll: 0, device: phone, do: reject }
settles_within: { polls: 1 }
--- endpoint
rejected
--- phone
acknowledged in 7s
"), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    0s  phone of alice is to reject
    7s  the phone's action: acknowledged
    7s  sends POST /ask code=‹code›
    7s  answer 1: rejected
    7s  polling is over: final
    7s  outcomes held
    7s  settles_within held
    ");
}

#[test]
fn a_rejection_after_the_first_answer() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending*, rejected]
meanwhile:
  - { after_poll: 1, device: phone, do: reject }
settles_within: { polls: 2 }
--- endpoint
pending
pending
rejected
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     5s  phone of alice is to reject
     5s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    15s  sends POST /ask code=‹code›
    15s  answer 3: rejected
    15s  polling is over: final
    15s  outcomes held
    15s  settles_within held
    ");
}

#[test]
fn a_decision_that_shows_too_late() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, rejected]
meanwhile:
  - { after_poll: 3, device: phone, do: reject }
settles_within: { polls: 2 }
--- endpoint
pending
pending
pending
pending
pending
rejected
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    15s  sends POST /ask code=‹code›
    15s  answer 3: pending
    15s  phone of alice is to reject
    15s  the phone's action: acknowledged
    20s  sends POST /ask code=‹code›
    20s  answer 4: pending
    25s  sends POST /ask code=‹code›
    25s  answer 5: pending
    25s  settles_within BREACHED: expected the decision to show within 2 polls, got pending (400 authorization_pending)
    25s  stops: breached
    ");
}

#[test]
fn an_answer_in_flight_when_the_phone_decided_may_still_be_pending() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { at: 6s, device: phone, do: approve }
settles_within: { polls: 1 }
--- endpoint
pending in 3s
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     6s  phone of alice is to approve
     6s  the phone's action: acknowledged
     8s  answer 1: pending
    13s  sends POST /ask code=‹code›
    13s  answer 2: tokens
    13s  polling is over: final
    13s  outcomes held
    13s  settles_within held
    ");
}

#[test]
fn a_decision_within_a_time() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { at: 6s, device: phone, do: approve }
settles_within: { time: 10s }
--- endpoint
pending
pending
pending
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     6s  phone of alice is to approve
     6s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    15s  sends POST /ask code=‹code›
    15s  answer 3: pending
    20s  sends POST /ask code=‹code›
    20s  answer 4: pending
    20s  settles_within BREACHED: expected the decision to show within 10s, got pending (400 authorization_pending)
    20s  stops: breached
    ");
}

#[test]
fn a_time_shorter_than_the_gap_between_polls_accuses_nobody() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { at: 6s, device: phone, do: approve }
settles_within: { time: 1s }
--- endpoint
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     6s  phone of alice is to approve
     6s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: tokens
    10s  polling is over: final
    10s  outcomes held
    10s  settles_within held
    ");
}

#[test]
fn reading_a_push_is_no_decision() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { after_poll: 1, device: phone, do: read }
  - { after_poll: 3, device: phone, do: approve }
settles_within: { polls: 1 }
--- endpoint
pending
pending
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     5s  phone of alice is to read
     5s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    15s  sends POST /ask code=‹code›
    15s  answer 3: pending
    15s  phone of alice is to approve
    15s  the phone's action: acknowledged
    20s  sends POST /ask code=‹code›
    20s  answer 4: tokens
    20s  polling is over: final
    20s  outcomes held
    20s  settles_within held
    ");
}

#[test]
fn a_decision_that_was_never_asked_for_is_not_judged() {
    check!(poll(r#"
every: profile
give_up_after: 60s
outcomes: ["pending{2}"]
meanwhile:
  - { after_poll: 1, device: phone, do: approve }
settles_within: { polls: 3 }
--- endpoint
pending
pending
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     5s  phone of alice is to approve
     5s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    10s  polling is over: polls
    10s  outcomes held
    ");
}

#[test]
fn an_action_waits_for_its_answer_not_for_its_poll() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { after_poll: 1, device: phone, do: approve }
  - { at: 6s, device: phone, do: read }
--- endpoint
pending in 3s
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     6s  phone of alice is to read
     6s  the phone's action: acknowledged
     8s  answer 1: pending
     8s  phone of alice is to approve
     8s  the phone's action: acknowledged
    13s  sends POST /ask code=‹code›
    13s  answer 2: tokens
    13s  polling is over: final
    13s  outcomes held
    ");
}

#[test]
fn an_action_comes_after_so_many_answers_also_when_a_poll_was_lost() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
meanwhile:
  - { after_poll: 2, device: phone, do: approve }
--- endpoint
pending
timeout
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  no reply in time
    20s  sends POST /ask code=‹code›
    20s  answer 3: pending
    20s  phone of alice is to approve
    20s  the phone's action: acknowledged
    30s  sends POST /ask code=‹code›
    30s  answer 4: tokens
    30s  polling is over: final
    30s  outcomes held
    ");
}

#[test]
fn insisting_asks_on_after_a_final_answer() {
    check!(poll(r#"
insist: true
every: profile
max_polls: 3
give_up_after: 30s
outcomes: ["rejected{3}"]
meanwhile:
  - { after_poll: 1, device: phone, do: approve, expect: [acknowledged, refused] }
covers: A-001
--- endpoint
rejected
rejected
rejected
--- phone
refused
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: rejected
     5s  phone of alice is to approve
     5s  the phone's action: refused
     5s  meanwhile.0 held
    10s  sends POST /ask code=‹code›
    10s  answer 2: rejected
    15s  sends POST /ask code=‹code›
    15s  answer 3: rejected
    15s  polling is over: polls
    15s  outcomes held
    ");
}

#[test]
fn insisting_catches_a_final_answer_that_was_not_final() {
    check!(poll(r#"
insist: true
every: profile
max_polls: 3
give_up_after: 30s
outcomes: ["rejected{3}"]
--- endpoint
rejected
tokens
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: rejected
    10s  sends POST /ask code=‹code›
    10s  answer 2: tokens
    10s  outcomes BREACHED: expected rejected (400 access_denied), got tokens (200)
    10s  stops: breached
    ");
}

#[test]
fn insisting_binds_the_first_answers_after_a_decision() {
    check!(poll(r#"
insist: true
every: profile
max_polls: 5
give_up_after: 60s
outcomes: ["pending+", "rejected+"]
meanwhile:
  - { after_poll: 1, device: phone, do: reject }
settles_within: { polls: 2 }
--- endpoint
pending
pending
pending
rejected
rejected
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     5s  phone of alice is to reject
     5s  the phone's action: acknowledged
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    15s  sends POST /ask code=‹code›
    15s  answer 3: pending
    15s  settles_within BREACHED: expected the decision to show within 2 polls, got pending (400 authorization_pending)
    15s  stops: breached
    ");
}

#[test]
fn an_app_that_was_over_eager_can_obey_in_the_end() {
    check!(poll(r#"
every: [0s, 0s, profile]
give_up_after: 100s
outcomes: ["slow_down|throttled*", tokens]
--- endpoint
slow_down
slow_down
slow_down 40
tokens
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     0s  sends POST /ask code=‹code›
     0s  answer 1: slow_down
     0s  sends POST /ask code=‹code›
     0s  answer 2: slow_down
    15s  sends POST /ask code=‹code›
    15s  answer 3: slow_down, wait 40s
    55s  sends POST /ask code=‹code›
    55s  answer 4: tokens
    55s  polling is over: final
    55s  outcomes held
    ");
}

#[test]
fn slow_down_stretches_every_later_gap() {
    check!(poll("
every: profile
give_up_after: 90s
outcomes: [pending, slow_down, pending, slow_down, tokens]
--- endpoint
pending
slow_down
pending
slow_down 20
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: slow_down
    20s  sends POST /ask code=‹code›
    20s  answer 3: pending
    30s  sends POST /ask code=‹code›
    30s  answer 4: slow_down, wait 20s
    50s  sends POST /ask code=‹code›
    50s  answer 5: tokens
    50s  polling is over: final
    50s  outcomes held
    ");
}

#[test]
fn throttling_backs_off_and_is_no_rejection() {
    check!(poll("
every: profile
give_up_after: 90s
outcomes: [pending, throttled, throttled, tokens]
--- endpoint
pending
throttled
throttled 30
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: throttled
    20s  sends POST /ask code=‹code›
    20s  answer 3: throttled, wait 30s
    50s  sends POST /ask code=‹code›
    50s  answer 4: tokens
    50s  polling is over: final
    50s  outcomes held
    ");
}

#[test]
fn a_time_out_doubles_the_interval() {
    check!(poll("
every: profile
give_up_after: 90s
outcomes: [pending+, tokens]
--- endpoint
pending
timeout in 4s
pending
tokens
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    14s  no reply in time
    24s  sends POST /ask code=‹code›
    24s  answer 3: pending
    34s  sends POST /ask code=‹code›
    34s  answer 4: tokens
    34s  polling is over: final
    34s  outcomes held
    ");
}

#[test]
fn too_many_time_outs_stop_the_case() {
    check!(poll("
every: profile
give_up_after: 5m
outcomes: [pending*, tokens]
covers: A-001
--- endpoint
pending
timeout
reset
timeout
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  no reply in time
    20s  sends POST /ask code=‹code›
    20s  the connection broke
    40s  sends POST /ask code=‹code›
    40s  no reply in time
    40s  stops: unanswered
    ");
}

#[test]
fn a_lost_reply_at_the_limit_accuses_nobody() {
    check!(poll("
every: profile
max_polls: 2
give_up_after: 60s
outcomes: [pending*, tokens]
covers: A-001
--- endpoint
pending
timeout
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  no reply in time
    10s  polling is over: polls
    10s  stops: unanswered
    ");
}

#[test]
fn a_lost_reply_may_have_been_the_one_that_is_missing() {
    check!(poll(r#"
every: profile
give_up_after: 60s
outcomes: ["pending{2}", tokens]
covers: A-001
--- endpoint
pending
timeout
tokens
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  no reply in time
    20s  sends POST /ask code=‹code›
    20s  answer 3: tokens
    20s  stops: unanswered
    ");
}

#[test]
fn a_reply_that_fits_nowhere_is_a_breach_also_after_a_lost_one() {
    check!(poll("
every: profile
give_up_after: 60s
outcomes: [pending+, tokens]
covers: A-001
--- endpoint
pending
timeout
rejected
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  no reply in time
    20s  sends POST /ask code=‹code›
    20s  answer 3: rejected
    20s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or tokens (200 with token), got rejected (400 access_denied)
    20s  stops: breached
    ");
}

#[test]
fn a_device_that_is_refused() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile:
  - { after_poll: 1, device: phone, do: approve, covers: A-002 }
--- endpoint
pending
--- phone
refused
"), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    5s  sends POST /ask code=‹code›
    5s  answer 1: pending
    5s  phone of alice is to approve
    5s  the phone's action: refused
    5s  meanwhile.0 BREACHED: expected acknowledged, got refused
    5s  stops: breached
    ");
}

#[test]
fn a_device_that_cannot_act() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile:
  - { after_poll: 0, device: phone, do: approve }
--- endpoint
--- phone
unavailable
"), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    0s  phone of alice is to approve
    0s  the phone's action: unavailable
    0s  stops: the device could not act
    ");
}

#[test]
fn the_end_waits_for_actions_in_flight() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile:
  - { at: 5s, device: phone, do: approve, covers: A-002 }
--- endpoint
tokens
--- phone
acknowledged in 3s
"), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    5s  phone of alice is to approve
    5s  sends POST /ask code=‹code›
    5s  answer 1: tokens
    8s  the phone's action: acknowledged
    8s  meanwhile.0 held
    8s  polling is over: final
    8s  outcomes held
    ");
}

#[test]
fn a_reply_that_is_not_allowed() {
    check!(poll("
every: profile
give_up_after: 30s
outcomes: [pending+, tokens]
--- endpoint
pending
502 <html>
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: broken
    10s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or tokens (200 with token), got broken (502, not JSON)
    10s  stops: breached
    ");
}

#[test]
fn the_right_error_in_a_tolerated_form_holds_weakly() {
    check!(poll(r#"
every: profile
give_up_after: 30s
outcomes: [pending+, tokens]
--- endpoint
403 {"error":"authorization_pending"}
tokens
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: tokens
    10s  polling is over: final
    10s  outcomes held weakly: expected pending (400 authorization_pending), got pending (403 authorization_pending), a form that is only tolerated
    ");
}

#[test]
fn the_right_error_in_a_wrong_form_is_named() {
    check!(poll(r#"
every: profile
give_up_after: 30s
outcomes: [pending+, tokens]
--- endpoint
418 {"error":"authorization_pending"}
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    5s  sends POST /ask code=‹code›
    5s  answer 1: broken
    5s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending), got pending in another form (418 authorization_pending)
    5s  stops: breached
    ");
}

#[test]
fn the_time_is_up() {
    check!(poll("
every: profile
give_up_after: 12s
outcomes: [pending+, tokens]
--- endpoint
pending
pending
pending
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    10s  polling is over: deadline
    10s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or tokens (200 with token), got pending (400 authorization_pending) when the time was up
    10s  stops: breached
    ");
}

#[test]
fn the_endpoint_says_how_long_the_code_lives_and_how_often_to_ask() {
    check!(poll(r#"
every: profile
give_up_after: 60s
outcomes: [pending+, expired]
--- endpoint
opened "interval":3,"expires_in":8
pending
pending
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    3s  sends POST /ask code=‹code›
    3s  answer 1: pending
    6s  sends POST /ask code=‹code›
    6s  answer 2: pending
    6s  polling is over: deadline
    6s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or expired (400 expired_token), got pending (400 authorization_pending) when the time was up
    6s  stops: breached
    ");
}

#[test]
fn a_code_that_lived_too_short_to_be_asked_for_accuses_nobody() {
    check!(poll(r#"
every: profile
give_up_after: 60s
outcomes: [pending*, tokens]
covers: A-001
--- endpoint
opened "interval":30,"expires_in":8
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `wait`
    0s  polling is over: deadline
    0s  stops: unanswered
    ");
}

#[test]
fn gaps_are_kept_as_written() {
    check!(poll(r#"
every: [0s, 500ms, 2s]
max_polls: 5
give_up_after: 30s
insist: true
outcomes: ["pending+", "slow_down|throttled+"]
--- endpoint
pending
pending
throttled 60
slow_down
throttled
"#), @"
      0s  step `open`
      0s  sends POST /open user=alice%40example.com
      0s  answer: opened
      0s  expect held
      0s  step `wait`
      0s  sends POST /ask code=‹code›
      0s  answer 1: pending
    0.5s  sends POST /ask code=‹code›
    0.5s  answer 2: pending
    2.5s  sends POST /ask code=‹code›
    2.5s  answer 3: throttled, wait 60s
    4.5s  sends POST /ask code=‹code›
    4.5s  answer 4: slow_down
    6.5s  sends POST /ask code=‹code›
    6.5s  answer 5: throttled
    6.5s  polling is over: polls
    6.5s  outcomes held
    ");
}

#[test]
fn a_pattern_that_is_complete_ends_the_step_without_a_limit() {
    check!(poll(r#"
every: 5s
max_polls: 10
give_up_after: 5m
outcomes: ["pending{2}"]
--- endpoint
pending
pending
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    10s  polling is over: polls
    10s  outcomes held
    ");
}

#[test]
fn the_last_poll_must_bring_what_is_missing() {
    check!(poll(r#"
every: 5s
max_polls: 2
give_up_after: 5m
outcomes: ["pending*", tokens]
--- endpoint
pending
pending
"#), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    10s  polling is over: polls
    10s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or tokens (200 with token), got pending (400 authorization_pending) when the last poll was answered
    10s  stops: breached
    ");
}

#[test]
fn each_poll_keeps_the_cadence_of_its_own_challenge() {
    check!(steps(r#"
  - { id: first, call: open, with: { user: $alice.username }, expect: opened, capture: { one: body.code } }
  - { id: second, call: open, with: { user: $alice.username }, expect: opened, capture: { two: body.code } }
  - { id: ask-first, poll: ask, with: { code: $one }, every: profile, give_up_after: 60s, outcomes: [tokens] }
  - { id: ask-second, poll: ask, with: { code: $two }, every: profile, give_up_after: 60s, outcomes: [tokens] }
--- endpoint
opened "interval":3
opened "interval":20
tokens
tokens
"#), @"
     0s  step `first`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `second`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `ask-first`
     3s  sends POST /ask code=‹one›
     3s  answer 1: tokens
     3s  polling is over: final
     3s  outcomes held
     3s  step `ask-second`
    23s  sends POST /ask code=‹two›
    23s  answer 1: tokens
    23s  polling is over: final
    23s  outcomes held
    ");
}

#[test]
fn slow_answers_do_not_use_up_the_time_of_a_step() {
    check!(poll("
every: profile
give_up_after: 15s
outcomes: [pending*, tokens]
covers: A-001
--- endpoint
pending in 4s
pending in 4s
tokens in 4s
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     9s  answer 1: pending
    14s  sends POST /ask code=‹code›
    18s  answer 2: pending
    23s  sends POST /ask code=‹code›
    27s  answer 3: tokens
    27s  polling is over: final
    27s  outcomes held
    ");
}

#[test]
fn an_endpoint_that_stays_pending_is_accused_however_slow_it_is() {
    check!(poll("
every: profile
give_up_after: 10s
outcomes: [pending*, tokens]
covers: A-001
--- endpoint
pending in 4s
pending in 4s
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     9s  answer 1: pending
    14s  sends POST /ask code=‹code›
    18s  answer 2: pending
    18s  polling is over: deadline
    18s  outcomes BREACHED: expected pending (400 authorization_pending | 403 authorization_pending) or tokens (200 with token), got pending (400 authorization_pending) when the time was up
    18s  stops: breached
    ");
}

#[test]
fn what_slow_answers_use_up_beyond_half_a_life_accuses_nobody() {
    check!(poll("
every: 60s
give_up_after: 190s
outcomes: [\"pending{3}\"]
covers: A-001
--- endpoint
pending in 9s
pending in 9s
pending in 9s
"), @"
      0s  step `open`
      0s  sends POST /open user=alice%40example.com
      0s  answer: opened
      0s  expect held
      0s  step `wait`
     60s  sends POST /ask code=‹code›
     69s  answer 1: pending
    129s  sends POST /ask code=‹code›
    138s  answer 2: pending
    138s  polling is over: deadline
    138s  stops: out of time, 18000 ms lost
    ");
}

#[test]
fn a_poll_waits_for_a_phone_that_is_slow() {
    check!(poll("
every: profile
give_up_after: 10s
outcomes: [pending, rejected]
meanwhile:
  - { after_poll: 1, device: phone, do: reject }
covers: A-001
--- endpoint
pending
rejected
--- phone
acknowledged in 40s
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     5s  phone of alice is to reject
    45s  the phone's action: acknowledged
    45s  sends POST /ask code=‹code›
    45s  answer 2: rejected
    45s  polling is over: final
    45s  outcomes held
    ");
}

#[test]
fn a_phone_that_had_not_acted_when_polling_was_over_accuses_nobody() {
    check!(poll("
every: profile
give_up_after: 10s
outcomes: [pending*, rejected]
meanwhile:
  - { at: 8s, device: phone, do: reject }
covers: A-001
--- endpoint
pending
pending
--- phone
acknowledged in 20s
"), @"
     0s  step `open`
     0s  sends POST /open user=alice%40example.com
     0s  answer: opened
     0s  expect held
     0s  step `wait`
     5s  sends POST /ask code=‹code›
     5s  answer 1: pending
     8s  phone of alice is to reject
    10s  sends POST /ask code=‹code›
    10s  answer 2: pending
    28s  the phone's action: acknowledged
    28s  polling is over: deadline
    28s  stops: the device acted too late
    ");
}
