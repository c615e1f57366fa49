//! What the checker says of the words for the wire, for several requests at once, for switches and for phones.

use crate::support::{problems, rendered, with_auth0};

/// Steps after a login and an association.
macro_rules! steps {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!(rendered(&problems(&with_auth0(&format!("{HEAD}{}", $text)))), @$expected)
    };
}

const HEAD: &str = "format: 1
id: case
title: A case
needs: [factor.push]
actors: { alice: { user: fresh }, phone: { device: push, owner: alice } }
steps:
  - { id: login, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
  - { id: list, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
";

#[test]
fn an_empty_send() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, send: {}, expect: ok }\n", @"
    error[E0103]: `send` is empty
     --> s.yaml:9:80
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, send: {}, expect: ok }
      |                                                                                ^^
      |
      = help: it may have `as`, `type`, `headers`, `raw`, `twice`, `extra`, `method`, `auth`
    ");
}

#[test]
fn a_form_that_does_not_exist() {
    steps!("  - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { as: jsn }, expect: challenge_sent }\n", @"
    error[E0105]: unknown form of a body `jsn`
     --> s.yaml:9:80
      |
    9 |   - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { as: jsn }, expect: challenge_sent }
      |                                                                                ^^^
      |
      = help: did you mean `json`?
    ");
}

#[test]
fn a_list_in_a_form() {
    steps!("  - { id: x, call: mfa.associate, with: { mfa_token: $mfa_token, authenticator_types: [otp] }, send: { as: form }, expect: enrolment_started }\n", @"
    error[E0163]: `authenticator_types` of `mfa.associate` is a list or an object, and a form has none
     --> s.yaml:9:108
      |
    9 |   - { id: x, call: mfa.associate, with: { mfa_token: $mfa_token, authenticator_types: [otp] }, send: { as: form }, expect: enrolment_...
      |                                                                                                            ^^^^
    ");
}

#[test]
fn fields_that_are_not_sent() {
    steps!("  - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { twice: [mfa_tokn] }, expect: challenge_sent }
  - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { extra: { foo: bar } }, expect: ok }
  - { id: z, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { raw: [mfa_token] }, expect: challenge_sent }\n", @"
    error[E0160]: unknown field of `mfa.challenge` `mfa_tokn`
     --> s.yaml:9:84
      |
    9 |   - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { twice: [mfa_tokn] }, expect: challenge_sent }
      |                                                                                    ^^^^^^^^
      |
      = help: did you mean `mfa_token`?

    error[E0166]: `authenticators.list` sends no body
      --> s.yaml:10:91
       |
    10 |   - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { extra: { foo: bar } }, expect: ok }
       |                                                                                           ^^^
       |
       = help: add `as: form` or `as: json` to give it one

    error[E0166]: only a form is percent-encoded, so only a form has `raw` fields
      --> s.yaml:11:82
       |
    11 |   - { id: z, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { raw: [mfa_token] }, expect: challenge_sent }
       |                                                                                  ^^^^^^^^^
       |
       = help: add `as: form`
    ");
}

#[test]
fn no_method_no_header_no_word() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { method: get }, expect: ok }
  - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { headers: { \"no header\": x } }, expect: ok }
  - { id: z, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { type: $mfa_token }, expect: ok }\n", @r#"
    error[E0112]: `no header` cannot be the name of a header
      --> s.yaml:10:93
       |
    10 |   - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { headers: { "no header": x } }, expect: ok }
       |                                                                                             ^^^^^^^^^^^

    error[E0167]: `get` is not an HTTP method
     --> s.yaml:9:90
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { method: get }, expect: ok }
      |                                                                                          ^^^
      |
      = help: methods are written in capitals: `GET`, `POST`, `DELETE`

    error[E0165]: `type` must be a word, or a matrix value that is one
      --> s.yaml:11:88
       |
    11 |   - { id: z, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { type: $mfa_token }, expect: ok }
       |                                                                                        ^^^^^^^^^^
    "#);
}

#[test]
fn where_a_text_can_be_altered() {
    steps!("  - { id: a, call: authenticators.list, with: { mfa_token: { altered: $mfa_token, at: last } }, expect: ok }
  - { id: b, call: authenticators.list, with: { mfa_token: { altered: $mfa_token, at: lsat } }, expect: ok }\n", @"
    error[E0105]: unknown `at` `lsat`
      --> s.yaml:10:87
       |
    10 |   - { id: b, call: authenticators.list, with: { mfa_token: { altered: $mfa_token, at: lsat } }, expect: ok }
       |                                                                                       ^^^^
       |
       = help: did you mean `last`?
    ");
}

#[test]
fn what_cannot_be_altered_or_filled() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: { altered: [a] } }, expect: ok }
  - { id: y, call: authenticators.list, with: { mfa_token: { filler: 0 } }, expect: ok }\n", @"
    error[E0115]: `altered` takes one text, and changes a character of it
     --> s.yaml:9:71
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: { altered: [a] } }, expect: ok }
      |                                                                       ^^^
      |
      = help: write `{ altered: $name }`

    error[E0115]: `filler` makes 1 to 1048576 characters, not 0
      --> s.yaml:10:70
       |
    10 |   - { id: y, call: authenticators.list, with: { mfa_token: { filler: 0 } }, expect: ok }
       |                                                                      ^
    ");
}

#[test]
fn a_request_written_out_without_a_reason() {
    steps!("  - { id: x, http: { method: GET, path: /mfa/challenge }, expect: refused }
  - { id: y, http: { method: GET, path: mfa/challenge }, why: it is short, with: { a: b }, expect: refused }
  - { id: z, call: http, expect: refused }\n", @"
    error[E0102]: a step has no `why`
     --> s.yaml:9:5
      |
    9 |   - { id: x, http: { method: GET, path: /mfa/challenge }, expect: refused }
      |     ^

    error[E0118]: `with` belongs to an operation, and `http` has none
      --> s.yaml:10:5
       |
    10 |   - { id: y, http: { method: GET, path: mfa/challenge }, why: it is short, with: { a: b }, expect: refused }
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write headers and body out

    error[E0167]: a path begins with `/` and has no spaces
      --> s.yaml:10:41
       |
    10 |   - { id: y, http: { method: GET, path: mfa/challenge }, why: it is short, with: { a: b }, expect: refused }
       |                                         ^^^^^^^^^^^^^
       |
       = help: write it as it is sent: `/some/path?query`

    error[E0173]: unknown operation `http`
      --> s.yaml:11:20
       |
    11 |   - { id: z, call: http, expect: refused }
       |                    ^^^^
       |
       = help: known here: `token.password`, `token.password_mfa_api`, `token.password_userinfo`, `token.password_realm`, `token.mfa_oob`, `token.mfa_otp`, `token.recovery_code`, `mfa.associate`, `mfa.challenge`, `authenticators.list`, `authenticators.delete`, `userinfo`
    ");
}

#[test]
fn counts_that_cannot_be() {
    steps!("  - { id: x, call: authenticators.list, at_once: 1, with: { mfa_token: $mfa_token }, expect: ok }
  - { id: y, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_most: 1 } } }
  - { id: z, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_least: 4 } } }
  - { id: a, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_least: 2, at_most: 1 } } }
  - { id: b, call: authenticators.list, at_once: 3, times: 3, with: { mfa_token: $mfa_token }, expect: ok }\n", @"
    error[E0116]: `at_once` must be 2 to 200, this is 1
     --> s.yaml:9:50
      |
    9 |   - { id: x, call: authenticators.list, at_once: 1, with: { mfa_token: $mfa_token }, expect: ok }
      |                                                  ^

    error[E0116]: `ok` has no count that can be
      --> s.yaml:12:100
       |
    12 |   - { id: a, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_least: 2, at_most: 1 } } }
       |                                                                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write `{ at_least: 1, at_most: 1 }`, or one of the two

    error[E0108]: a step with both `at_once` and `times`
      --> s.yaml:13:60
       |
    13 |   - { id: b, call: authenticators.list, at_once: 3, times: 3, with: { mfa_token: $mfa_token }, expect: ok }
       |                                                            ^
       |
       = help: `at_once` is at the same moment, `times` is one after the other

    error[E0116]: 3 requests are sent, and only 1 replies have a place
      --> s.yaml:10:94
       |
    10 |   - { id: y, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_most: 1 } } }
       |                                                                                              ^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: say what the others may be: `else: [refused, pending, throttled]`

    error[E0116]: 4 replies are asked for, and 3 requests are sent
      --> s.yaml:11:94
       |
    11 |   - { id: z, call: authenticators.list, at_once: 3, with: { mfa_token: $mfa_token }, expect: { ok: { at_least: 4 } } }
       |                                                                                              ^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn what_looks_at_one_reply_of_several() {
    steps!("  - { id: x, call: authenticators.list, at_once: 2, with: { mfa_token: $mfa_token }, expect: ok, capture: { a: status } }
  - { id: y, together: [{ id: y1, wait: 1s, why: no reason }, { id: y2, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }] }
  - { id: z, together: [{ id: z1, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }] }\n", @"
    error[E0117]: `capture` looks at one reply, and `at_once` brings several
     --> s.yaml:9:5
      |
    9 |   - { id: x, call: authenticators.list, at_once: 2, with: { mfa_token: $mfa_token }, expect: ok, capture: { a: status } }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: put it on a `call` of its own

    error[E0117]: `y1` is no single call
      --> s.yaml:10:31
       |
    10 |   - { id: y, together: [{ id: y1, wait: 1s, why: no reason }, { id: y2, call: authenticators.list, with: { mfa_token: $mfa_token }, ...
       |                               ^^
       |
       = help: what happens together are `call` steps; others come before or after

    error[E0116]: `together` needs two steps or more
      --> s.yaml:11:24
       |
    11 |   - { id: z, together: [{ id: z1, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }] }
       |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the calls as a list: `together: [{ id: …, call: … }, { id: …, call: … }]`
    ");
}

#[test]
fn more_times_than_the_pattern_has_room_for() {
    steps!("  - { id: x, call: authenticators.list, times: 5, with: { mfa_token: $mfa_token }, outcomes: [\"ok{2}\"] }\n", @r#"
    error[E0175]: `times: 5`, and the pattern is over after 2
     --> s.yaml:9:94
      |
    9 |   - { id: x, call: authenticators.list, times: 5, with: { mfa_token: $mfa_token }, outcomes: ["ok{2}"] }
      |                                                                                              ^^^^^^^^^
    "#);
}

#[test]
fn switches_that_nobody_has_or_needs() {
    steps!("  - { id: x, set: { recovery_code: false } }
  - { id: y, set: { recovery_codes: false } }
  - { id: z, set: {} }\n", @"
    error[E0103]: `set` is empty
      --> s.yaml:11:19
       |
    11 |   - { id: z, set: {} }
       |                   ^^

    error[E0169]: unknown switch `recovery_code`
     --> s.yaml:9:21
      |
    9 |   - { id: x, set: { recovery_code: false } }
      |                     ^^^^^^^^^^^^^
      |
      = help: did you mean `recovery_codes`?

    error[E0169]: `recovery_codes` is set, and the scenario does not need it
      --> s.yaml:10:21
       |
    10 |   - { id: y, set: { recovery_codes: false } }
       |                     ^^^^^^^^^^^^^^
       |
       = help: add `needs: [switch.recovery_codes]`
    ");
}

#[test]
fn what_a_phone_cannot_use() {
    steps!("  - { id: x, device: phone, do: approve, with: { forge: wrong_kee } }
  - { id: y, device: phone, do: code, with: { shift: half }, capture: { code: code } }
  - { id: z, device: phone, do: reject, with: { oob: $code } }\n", @"
    error[E0105]: unknown forgery `wrong_kee`
     --> s.yaml:9:50
      |
    9 |   - { id: x, device: phone, do: approve, with: { forge: wrong_kee } }
      |                                                  ^^^^^
      |
      = help: did you mean `wrong_key`?

    error[E0104]: `shift` `half` is not a duration
      --> s.yaml:10:47
       |
    10 |   - { id: y, device: phone, do: code, with: { shift: half }, capture: { code: code } }
       |                                               ^^^^^
       |
       = help: write how far the phone's clock is off: `-30s`, `2m`

    error[E0160]: unknown input of `reject` `oob`
      --> s.yaml:11:49
       |
    11 |   - { id: z, device: phone, do: reject, with: { oob: $code } }
       |                                                 ^^^
       |
       = help: known here: `oob_code`, `forge`, `push_of`, `reason`
    ");
}

#[test]
fn whose_push_and_which_habits() {
    steps!("  - { id: x, device: phone, do: approve, with: { push_of: alice } }
  - { id: y, device: phone, do: approve, with: { push_of: phone } }
  - { id: z, device: phone, do: enrol, with: { barcode_uri: $mfa_token, platform: symbian } }\n", @"
    error[E0179]: unknown phone `alice`
     --> s.yaml:9:50
      |
    9 |   - { id: x, device: phone, do: approve, with: { push_of: alice } }
      |                                                  ^^^^^^^
      |
      = help: known here: `phone`

    error[E0105]: unknown platform `symbian`
      --> s.yaml:11:73
       |
    11 |   - { id: z, device: phone, do: enrol, with: { barcode_uri: $mfa_token, platform: symbian } }
       |                                                                         ^^^^^^^^
       |
       = help: known here: `android`, `ios`
    ");
}

#[test]
fn where_a_client_proves_itself() {
    steps!("  - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { auth: digest }, expect: challenge_sent }
  - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { auth: basic }, expect: ok }\n", @"
    error[E0105]: unknown place of a secret `digest`
     --> s.yaml:9:82
      |
    9 |   - { id: x, call: mfa.challenge, with: { mfa_token: $mfa_token }, send: { auth: digest }, expect: challenge_sent }
      |                                                                                  ^^^^^^
      |
      = help: known here: `basic`

    error[E0166]: `authenticators.list` sends no secret of a client
      --> s.yaml:10:88
       |
    10 |   - { id: y, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { auth: basic }, expect: ok }
       |                                                                                        ^^^^^
    ");
}

#[test]
fn conditions_on_members_and_elements() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, some: [] }, { that: body.0, has: {} }] }\n", @"
    error[E0103]: `some` is empty
     --> s.yaml:9:114
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, some: [] }, { that: body.0...
      |                                                                                                                  ^^

    error[E0103]: a member's name must be a single value, this is a map
     --> s.yaml:9:141
      |
    9 | ...ct: ok, check: [{ that: body, some: [] }, { that: body.0, has: {} }] }
      |                                                                   ^^
    ");
}

#[test]
fn a_pattern_that_nothing_ends() {
    steps!("  - { id: x, poll: token.mfa_oob, with: { mfa_token: $mfa_token, oob_code: x }, every: 5s, give_up_after: 30s, outcomes: [pending+] }\n", @"
    error[E0143]: the pattern can go on for ever: nothing in it ends the polling
     --> s.yaml:9:122
      |
    9 |   - { id: x, poll: token.mfa_oob, with: { mfa_token: $mfa_token, oob_code: x }, every: 5s, give_up_after: 30s, outcomes: [pending+] }
      |                                                                                                                          ^^^^^^^^^^
      |
      = help: end it with an outcome after which nobody asks again, or add `max_polls`
    ");
}

#[test]
fn a_control_that_is_sent_in_another_way() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, send: { type: text/plain }, expect: refused, control: { step: list, differs_in: [] }, covers: LIST-008 }\n", @"
    error[E0192]: control `list` also differs in `send`
     --> s.yaml:9:136
      |
    9 | ...send: { type: text/plain }, expect: refused, control: { step: list, differs_in: [] }, covers: LIST-008 }
      |                                                                  ^^^^
      |
      = help: add it to `differs_in`, or make the two requests more alike
    ");
}

#[test]
fn shapes_have_names_of_files() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, shape: ../list, expect: ok }\n", @"
    error[E0168]: `../list` cannot be the name of a shape
     --> s.yaml:9:81
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, shape: ../list, expect: ok }
      |                                                                                 ^^^^^^^
      |
      = help: a shape is called `<operation>/<outcome>`, and may have a `.<variant>`
    ");
}

#[test]
fn rows_that_are_left_out() {
    insta::assert_snapshot!(rendered(&problems(&with_auth0("format: 1
id: case
title: A case
matrix: { a: [1, 2], b: [x, y], exclude: [{ a: 1, c: x }, { a: 3 }] }
repeat: 0
actors: { alice: { user: fresh } }
steps:
  - { id: login, call: token.password, with: { username: $param.a, password: $param.b }, expect: mfa_required }
"))), @"
    error[E0116]: `repeat` must be 1 to 100, this is 0
     --> s.yaml:5:9
      |
    5 | repeat: 0
      |         ^

    error[E0151]: unknown matrix list `c`
     --> s.yaml:4:51
      |
    4 | matrix: { a: [1, 2], b: [x, y], exclude: [{ a: 1, c: x }, { a: 3 }] }
      |                                                   ^
      |
      = help: did you mean `a`?

    error[E0151]: exclusion fits no row of the matrix
     --> s.yaml:4:59
      |
    4 | matrix: { a: [1, 2], b: [x, y], exclude: [{ a: 1, c: x }, { a: 3 }] }
      |                                                           ^^^^^^^^
    ");
}

#[test]
fn messages_belong_to_somebody() {
    insta::assert_snapshot!(rendered(&problems(&with_auth0("format: 1
id: case
title: A case
actors: { alice: { user: fresh }, sms: { device: sms }, mail: { device: email, owner: alice } }
steps:
  - { id: read, device: mail, do: approve }
  - { id: again, device: mail, do: read, with: { code: x } }
"))), @"
    error[E0107]: messages need an `owner`, who receives them
     --> s.yaml:4:40
      |
    4 | actors: { alice: { user: fresh }, sms: { device: sms }, mail: { device: email, owner: alice } }
      |                                        ^^^^^^^^^^^^^^^

    error[E0180]: unknown action `approve`
     --> s.yaml:6:35
      |
    6 |   - { id: read, device: mail, do: approve }
      |                                   ^^^^^^^
      |
      = help: known here: `read`

    error[E0160]: unknown input of `read` `code`
     --> s.yaml:7:50
      |
    7 |   - { id: again, device: mail, do: read, with: { code: x } }
      |                                                  ^^^^
    ");
}

#[test]
fn a_literal_that_looks_like_a_token() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2ln }, expect: unauthorized }
  - { id: y, call: authenticators.list, with: { mfa_token: \"q8Zr3mK7vT1xW5yB9cD2fG6hJ0kL4nP8\" }, expect: unauthorized }\n", @r#"
    error[E0114]: this looks like a token, and a scenario is no place for one
     --> s.yaml:9:60
      |
    9 |   - { id: x, call: authenticators.list, with: { mfa_token: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2ln }, expect: unauthorized }
      |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: capture it, or let the target file give it; for nonsense write `{ altered: $name }` or `{ filler: 64 }`

    error[E0114]: this looks like a token, and a scenario is no place for one
      --> s.yaml:10:60
       |
    10 |   - { id: y, call: authenticators.list, with: { mfa_token: "q8Zr3mK7vT1xW5yB9cD2fG6hJ0kL4nP8" }, expect: unauthorized }
       |                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: capture it, or let the target file give it; for nonsense write `{ altered: $name }` or `{ filler: 64 }`
    "#);
}

#[test]
fn calls_together_know_nothing_of_one_another() {
    steps!("  - id: both
    together:
      - { id: one, call: mfa.associate, with: { mfa_token: $mfa_token, authenticator_types: [otp] }, expect: enrolment_started, capture: { code: body.secret } }
      - { id: two, call: token.mfa_otp, with: { mfa_token: $mfa_token, otp: $code }, expect: tokens }\n", @"
    error[E0119]: `two` sends a value that only comes with the answer to `one`
      --> s.yaml:12:15
       |
    12 |       - { id: two, call: token.mfa_otp, with: { mfa_token: $mfa_token, otp: $code }, expect: tokens }
       |               ^^^
       |
       = help: the two are sent at the same moment; put `two` after them
    ");
}
