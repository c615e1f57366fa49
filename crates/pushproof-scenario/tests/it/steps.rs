//! Steps that do not poll, as transcripts.

use crate::stage::steps;

macro_rules! check {
    ($got:expr, @$text:literal) => {
        insta::assert_snapshot!($got, @$text)
    };
}

const OPEN: &str = "  - { id: open, call: open, with: { user: $alice.username }, expect: opened, capture: { code: body.code } }\n";

#[test]
fn a_value_that_later_steps_need_is_missing() {
    check!(steps(r#"
  - { id: open, call: open, with: { user: $alice.username }, expect: opened, capture: { ticket: body.ticket } }
  - { id: ask, call: ask, with: { code: $ticket }, expect: tokens }
--- endpoint
opened
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  stops: nothing to keep as `ticket`
    ");
}

#[test]
fn a_value_that_may_be_missing_is_left_out_where_that_is_allowed() {
    check!(steps(r#"
  - { id: open, call: open, with: { user: $alice.username }, expect: opened, capture: { code: body.code, extra: { from: body.extra, optional: true } } }
  - { id: ask, call: ask, with: { code: $code, extra: $extra }, expect: tokens }
--- endpoint
opened
tokens
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=‹code›
    0s  answer: tokens
    0s  expect held
    ");
}

#[test]
fn a_literal_input_is_shown_as_it_is_sent() {
    check!(steps(&format!("{OPEN}  - {{ id: ask, call: ask, with: {{ code: $code, extra: two words & more }}, expect: tokens }}
--- endpoint
opened
tokens
")), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=‹code›&extra=two+words+%26+more
    0s  answer: tokens
    0s  expect held
    ");
}

#[test]
fn a_call_without_a_reply() {
    check!(steps(&format!("{OPEN}--- endpoint\nreset")), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  the connection broke
    0s  stops: no reply
    ");
}

#[test]
fn a_wait_past_a_lifetime() {
    check!(steps(&format!("{OPEN}  - {{ id: past, wait: {{ past: code }}, why: codes live five minutes }}
  - {{ id: pause, wait: 90s, why: to be sure }}
  - {{ id: ask, call: ask, with: {{ code: $code }}, expect: expired }}
--- endpoint
opened
expired
")), @"
      0s  step `open`
      0s  sends POST /open user=alice%40example.com
      0s  answer: opened
      0s  expect held
      0s  step `past`
      0s  waits 301s
    301s  step `pause`
    301s  waits 90s
    391s  step `ask`
    391s  sends POST /ask code=‹code›
    391s  answer: expired
    391s  expect held
    ");
}

#[test]
fn what_need_not_be_there_and_is_not_has_judged_nothing() {
    check!(steps("  - { id: ask, call: ask, with: { code: c }, expect: pending, check: [{ that: body.note, is: string, optional: true, covers: A-002 }] }
--- endpoint
pending
"), @"
    0s  step `ask`
    0s  sends POST /ask code=c
    0s  answer: pending
    0s  expect held
    0s  body.note had nothing to judge
    ");
}

#[test]
fn a_wait_as_long_as_the_endpoint_asked() {
    check!(steps("  - { id: race, call: ask, at_once: 3, with: { code: c }, expect: { throttled: { at_least: 1 }, else: [pending] } }
  - { id: pause, wait: { past: code, announced: true }, why: it said for how long }
  - { id: ask, call: ask, with: { code: c }, expect: pending }
--- endpoint
pending
slow_down 30 in 2s
slow_down 20 in 3s
pending
"), @"
     0s  step `race`
     0s  sends POST /ask code=c
     0s  sends POST /ask code=c
     0s  sends POST /ask code=c
     0s  answer: pending
     2s  answer: slow_down, wait 30s
     3s  answer: slow_down, wait 20s
     3s  expect held
     3s  step `pause`
     3s  waits 30s
    33s  step `ask`
    33s  sends POST /ask code=c
    33s  answer: pending
    33s  expect held
    ");
}

#[test]
fn a_wait_as_long_as_nobody_asked() {
    check!(steps("  - { id: ask, call: ask, with: { code: c }, expect: slow_down }
  - { id: pause, wait: { past: code, announced: true }, why: it did not say for how long }
--- endpoint
slow_down
"), @"
    0s  step `ask`
    0s  sends POST /ask code=c
    0s  answer: slow_down
    0s  expect held
    0s  step `pause`
    0s  waits 301s
    ");
}

#[test]
fn a_wait_until_something_is_nearly_over() {
    check!(steps(&format!("{OPEN}  - {{ id: nearly, wait: {{ short_of: code }}, why: codes live five minutes }}
  - {{ id: ask, call: ask, with: {{ code: $code }}, expect: pending }}
--- endpoint
opened
pending
")), @"
      0s  step `open`
      0s  sends POST /open user=alice%40example.com
      0s  answer: opened
      0s  expect held
      0s  step `nearly`
      0s  waits 290s
    290s  step `ask`
    290s  sends POST /ask code=‹code›
    290s  answer: pending
    290s  expect held
    ");
}

#[test]
fn a_poll_after_its_code_died_is_not_sent_and_accuses_nobody() {
    check!(steps(&format!("{OPEN}  - {{ id: past, wait: {{ past: code }}, why: codes live five minutes }}
  - {{ id: ask, poll: ask, with: {{ code: $code }}, every: profile, give_up_after: 30s, outcomes: [expired], covers: A-001 }}
--- endpoint
opened
")), @"
      0s  step `open`
      0s  sends POST /open user=alice%40example.com
      0s  answer: opened
      0s  expect held
      0s  step `past`
      0s  waits 301s
    301s  step `ask`
    301s  polling is over: deadline
    301s  stops: unanswered
    ");
}

#[test]
fn anything_but_tokens() {
    check!(steps(&format!("{OPEN}  - {{ id: ask, call: ask, with: {{ code: $code }}, expect: {{ any_but: [tokens] }} }}
  - {{ id: again, call: ask, with: {{ code: $code }}, expect: {{ any_but: [tokens] }} }}
--- endpoint
opened
502 nonsense
tokens
")), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=‹code›
    0s  answer: broken
    0s  expect held
    0s  step `again`
    0s  sends POST /ask code=‹code›
    0s  answer: tokens
    0s  expect BREACHED: expected anything but tokens (200 with token), got tokens (200)
    0s  stops: breached
    ");
}

#[test]
fn a_code_that_a_phone_read() {
    check!(steps(&format!("{OPEN}  - {{ id: read, device: phone, do: read, capture: {{ digits: code }} }}
  - {{ id: ask, call: ask, with: {{ code: $code, extra: $digits }}, expect: tokens }}
--- endpoint
opened
tokens
--- phone
code=123456
")), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  step `read`
    0s  phone of alice is to read
    0s  the phone's action: acknowledged
    0s  expect held
    0s  step `ask`
    0s  sends POST /ask code=‹code›&extra=‹digits›
    0s  answer: tokens
    0s  expect held
    ");
}

#[test]
fn a_phone_that_read_nothing_of_use() {
    check!(steps("  - { id: read, device: phone, do: read, capture: { digits: code } }
  - { id: ask, call: ask, with: { code: $digits }, expect: tokens }
--- endpoint
--- phone
acknowledged
"), @"
    0s  step `read`
    0s  phone of alice is to read
    0s  the phone's action: acknowledged
    0s  expect BREACHED: expected something to read, got acknowledged
    0s  stops: breached
    ");
}

#[test]
fn a_refusal_that_was_expected_and_an_answer_that_was_not() {
    check!(steps("  - { id: one, device: phone, do: enrol, expect: refused, covers: A-001 }
  - { id: two, device: phone, do: enrol, expect: refused, covers: A-001 }
--- endpoint
--- phone
refused
acknowledged
"), @"
    0s  step `one`
    0s  phone of alice is to enrol
    0s  the phone's action: refused
    0s  expect held
    0s  step `two`
    0s  phone of alice is to enrol
    0s  the phone's action: acknowledged
    0s  expect BREACHED: expected refused, got acknowledged
    0s  stops: breached
    ");
}

#[test]
fn checks_tell_what_they_looked_for_and_hide_secrets() {
    check!(steps(r#"
  - id: open
    call: open
    with: { user: $alice.username }
    expect: opened
    check:
      - { that: body.code, equals: other }
      - { that: body, is: string }
      - { that: body.echo, equals: nothing }
      - { that: text, holds_no: secrets }
      - { that: body.list, each: { that: n, at_least: 2 } }
      - { that: header.retry-after, is: present }
      - { that: elapsed, at_most: 5 }
--- endpoint
200 {"code":"code-0123456789","echo":"you said correct horse","list":[{"n":1}]}
"#), @r#"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  body.code BREACHED: expected "other", got ‹body.code›
    0s  body BREACHED: expected a text, got {"code":"‹body.code›","echo":"you said ‹alice.password›","list":[{"n":1}]}
    0s  body.echo BREACHED: expected "nothing", got you said ‹alice.password›
    0s  text BREACHED: expected a text without any secret of this case, got a text that holds `alice.password`
    0s  body.list BREACHED: expected each with n at least 2, got [{"n":1}]
    0s  header.retry-after BREACHED: expected present, got absent
    0s  elapsed BREACHED: expected at most 5, got 20
    "#);
}

#[test]
fn a_check_against_an_address_that_nobody_told_is_not_judged() {
    check!(steps(r#"
  - id: open
    call: open
    with: { user: $alice.username }
    expect: opened
    check:
      - { that: body.email, one_of: [$alice.email, $alice.username], optional: true, covers: A-001 }
      - { that: body.login, one_of: [$alice.email, $alice.username], covers: A-001 }
      - { that: body.phone, equals: $alice.phone, covers: A-001 }
      - { that: body.email, equals: $alice.username, covers: A-001 }
--- endpoint
200 {"code":"c","email":"somebody@example.com","login":"alice@example.com","phone":"+12025550100"}
"#), @"
    0s  step `open`
    0s  sends POST /open user=alice%40example.com
    0s  answer: opened
    0s  expect held
    0s  body.email compares with what nobody told
    0s  body.login held
    0s  body.phone compares with what nobody told
    0s  body.email BREACHED: expected alice@example.com, got somebody@example.com
    ");
}
