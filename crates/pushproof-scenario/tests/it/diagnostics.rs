//! Every message that the checker can give, one small wrong file each, as people see it.

use crate::support::{problems, rendered, split, with_auth0};

/// Files beside the real dialect and its fragments.
macro_rules! check {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!(rendered(&problems(&with_auth0($text))), @$expected)
    };
}

/// Steps after a login.
macro_rules! steps {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!(rendered(&problems(&with_auth0(&format!("{HEAD}{}", $text)))), @$expected)
    };
}

/// The keys of a poll step after a login and a push.
macro_rules! poll {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!(rendered(&problems(&with_auth0(&polling($text)))), @$expected)
    };
}

/// A whole dialect.
macro_rules! dialect {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!(rendered(&problems(&split($text))), @$expected)
    };
}

const HEAD: &str = "format: 1
id: case
title: A case
actors: { alice: { user: fresh }, phone: { device: push, owner: alice } }
steps:
  - { id: login, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
";

const CHALLENGED: &str = "format: 1
id: case
title: A case
actors: { alice: { user: fresh }, phone: { device: push, owner: alice } }
steps:
  - { id: setup, use: fragments/enrolled-with-push, with: { user: alice, device: phone }, capture: { device: authenticator_id } }
  - { id: push, use: fragments/challenged, with: { user: alice, authenticator_id: $device }, capture: { mfa_token: mfa_token, oob_code: oob_code } }
  - id: wait
    poll: token.mfa_oob
    with: { mfa_token: $mfa_token, oob_code: $oob_code }
";

fn polling(keys: &str) -> String {
    let keys = keys.lines().map(|line| format!("    {line}\n"));
    format!("{CHALLENGED}{}", keys.collect::<String>())
}

#[test]
fn a_list_that_is_not_closed() {
    check!("format: 1
id: [a, b
title: x
", @"
    error[E0001]: not YAML: illegal placement of ':' indicator
     --> s.yaml:3:6
      |
    2 | id: [a, b
      |     - begins here
    3 | title: x
      |      ^
      |
      = help: close it with `]`; a text in it that has `: `, `,` or brackets needs quotes
    ");
}

#[test]
fn wrong_indentation() {
    check!("format: 1
id: x
 title: y
", @"
    error[E0001]: not YAML: mapping values are not allowed in this context
     --> s.yaml:3:7
      |
    1 | format: 1
      | ------ the map begins here
    2 | id: x
    3 |  title: y
      |       ^
      |
      = help: indent this line by 0 spaces, not 1, like the map that begins in line 1
    ");
}

#[test]
fn a_tab_for_indentation() {
    check!("format: 1\nsteps:\n\t- id: x\n", @"
    error[E0001]: not YAML: tabs disallowed within this context (block indentation)
     --> s.yaml:3:2
      |
    3 |     - id: x
      |     ^
      |
      = help: indent with spaces
    ");
}

#[test]
fn a_key_given_twice() {
    check!("format: 1
id: case
title: A case
id: other
steps: []
", @"
    error[E0004]: key `id` is given twice
     --> s.yaml:4:1
      |
    2 | id: case
      | -- first given here
    3 | title: A case
    4 | id: other
      | ^^ given again here
    ");
}

#[test]
fn anchors() {
    check!("format: 1
id: &name case
title: *name
steps: []
", @"
    error[E0003]: anchors (`&name`) are not part of this language
     --> s.yaml:2:5
      |
    2 | id: &name case
      |     ^^^^^^^
      |
      = help: write the value out, or move it into a fragment
    ");
}

#[test]
fn aliases_alone() {
    check!("format: 1
id: case
title: *name
steps: []
", @"
    error[E0003]: aliases (`*name`) are not part of this language
     --> s.yaml:3:8
      |
    3 | title: *name
      |        ^
      |
      = help: write the value out, or move it into a fragment
    ");
}

#[test]
fn tags() {
    check!("format: 1
id: !!str case
", @"
    error[E0003]: tags (`!name`) are not part of this language
     --> s.yaml:2:6
      |
    2 | id: !!str case
      |      ^^^^^^
      |
      = help: write the value out, or move it into a fragment
    ");
}

#[test]
fn two_documents() {
    check!("format: 1
id: case
---
format: 1
", @"
    error[E0003]: a second document (`---`) is not part of this language
     --> s.yaml:3:1
      |
    3 | ---
      | ^^^
      |
      = help: write the value out, or move it into a fragment
    ");
}

#[test]
fn merge_keys() {
    check!("format: 1
actors:
  alice:
    <<: { user: fresh }
", @"
    error[E0003]: merge keys (`<<`) are not part of this language
     --> s.yaml:4:5
      |
    4 |     <<: { user: fresh }
      |     ^^
      |
      = help: write the keys out, or move them into a fragment
    ");
}

#[test]
fn on_as_a_key() {
    check!("format: 1
id: case
title: A case
on: push
steps: []
", @"
    error[E0005]: key `on` is not text for every YAML reader
     --> s.yaml:4:1
      |
    4 | on: push
      | ^^
      |
      = help: put it in quotes or choose another name; a trigger is called `meanwhile`
    ");
}

#[test]
fn a_key_that_is_a_map() {
    check!("format: 1
{ a: b }: c
", @"
    error[E0005]: a key must be text
     --> s.yaml:2:1
      |
    2 | { a: b }: c
      | ^^^^^^^^
      |
      = help: a value that holds `{{` or starts with `{` needs quotes
    ");
}

#[test]
fn braces_that_should_have_been_quoted() {
    check!("format: 1
id: {{ name }}
", @"
    error[E0005]: a key must be text
     --> s.yaml:2:6
      |
    2 | id: {{ name }}
      |      ^^^^^^^^
      |
      = help: a value that holds `{{` or starts with `{` needs quotes
    ");
}

#[test]
fn an_empty_file() {
    check!("", @"
    error[E0006]: file is empty
     --> s.yaml:1:1
      |
    1 |
      | ^
      |
      = help: start with `format: 1`
    ");
}

#[test]
fn only_a_comment() {
    check!("# nothing yet
", @"
    error[E0006]: file is empty
     --> s.yaml:1:1
      |
    1 | # nothing yet
      | ^
      |
      = help: start with `format: 1`
    ");
}

#[test]
fn a_list_as_the_file() {
    check!("- format: 1
", @"
    error[E0103]: the file must be a map, this is a list
     --> s.yaml:1:1
      |
    1 | - format: 1
      | ^^^^^^^^^^^
    ");
}

#[test]
fn umlauts_before_the_place() {
    check!("format: 1
id: case
title: Prüfung für Änderungen
steps: []
schritte: größer
", @"
    error[E0101]: unknown key in the file `schritte`
     --> s.yaml:5:1
      |
    5 | schritte: größer
      | ^^^^^^^^
      |
      = help: known here: `format`, `id`, `title`, `tags`, `needs`, `matrix`, `repeat`, `alone`, `actors`, `steps`, `finally`
    ");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark() {
    check!("\u{feff}format: 1\r\nid: case\r\ntitle: x\r\nstepz: []\r\n", @"
    error[E0101]: unknown key in the file `stepz`
     --> s.yaml:4:1
      |
    4 | stepz: []
      | ^^^^^
      |
      = help: did you mean `steps`?
    ");
}

#[test]
fn an_empty_value() {
    check!("format: 1
id:
title: A case
steps: []
", @"
    error[E0103]: `id` is empty
     --> s.yaml:2:3
      |
    2 | id:
      |   ^
    ");
}

#[test]
fn a_key_with_nothing_at_the_end() {
    check!("format: 1
id: case
title: A case
steps:", @"
    error[E0103]: `steps` must be a list, and nothing is given
     --> s.yaml:4:6
      |
    4 | steps:
      |      ^
    ");
}

#[test]
fn a_typo_in_a_key() {
    check!("format: 1
id: case
title: A case
stesp: []
", @"
    error[E0101]: unknown key in the file `stesp`
     --> s.yaml:4:1
      |
    4 | stesp: []
      | ^^^^^
      |
      = help: did you mean `steps`?
    ");
}

#[test]
fn a_key_like_no_other() {
    check!("format: 1
id: case
title: A case
steps: []
bananas: 3
", @"
    error[E0101]: unknown key in the file `bananas`
     --> s.yaml:5:1
      |
    5 | bananas: 3
      | ^^^^^^^
      |
      = help: known here: `format`, `id`, `title`, `tags`, `needs`, `matrix`, `repeat`, `alone`, `actors`, `steps`, `finally`
    ");
}

#[test]
fn no_format() {
    check!("id: case
title: A case
steps: []
", @"
    error[E0102]: the file has no `format`
     --> s.yaml:1:1
      |
    1 | id: case
      | ^
    ");
}

#[test]
fn a_later_format() {
    check!("format: 2
id: case
title: A case
steps: []
", @"
    error[E0106]: unknown format of this file
     --> s.yaml:1:9
      |
    1 | format: 2
      |         ^
      |
      = help: this pushproof reads `format: 1`
    ");
}

#[test]
fn needs_something_unknown() {
    check!("format: 1
id: case
title: A case
needs: [factor.pusch]
steps: []
", @"
    error[E0150]: unknown feature `factor.pusch`
     --> s.yaml:4:9
      |
    4 | needs: [factor.pusch]
      |         ^^^^^^^^^^^^
      |
      = help: did you mean `factor.push`?
    ");
}

#[test]
fn covers_on_the_scenario() {
    check!("format: 1
id: case
title: A case
covers: PWD-001
steps: []
", @"
    error[E0132]: `covers` on a whole file
     --> s.yaml:4:1
      |
    4 | covers: PWD-001
      | ^^^^^^
      |
      = help: put it on the step or check that judges, so that the finding has a place
    ");
}

#[test]
fn an_actor_that_is_neither() {
    check!("format: 1
id: case
title: A case
actors: { alice: { user: fresh, owner: bob } }
steps: []
", @"
    error[E0107]: this is neither a person nor a phone
     --> s.yaml:4:18
      |
    4 | actors: { alice: { user: fresh, owner: bob } }
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a person is `{ user: fresh }`, a phone is `{ device: push, owner: NAME }`
    ");
}

#[test]
fn a_phone_of_nobody() {
    check!("format: 1
id: case
title: A case
actors: { alice: { user: fresh }, phone: { device: push, owner: alcie } }
steps: []
", @"
    error[E0152]: unknown owner `alcie`
     --> s.yaml:4:65
      |
    4 | actors: { alice: { user: fresh }, phone: { device: push, owner: alcie } }
      |                                                                 ^^^^^
      |
      = help: did you mean `alice`?
    ");
}

#[test]
fn a_user_of_another_kind() {
    check!("format: 1
id: case
title: A case
actors: { alice: { user: frehs } }
steps: []
", @"
    error[E0105]: unknown kind of user `frehs`
     --> s.yaml:4:26
      |
    4 | actors: { alice: { user: frehs } }
      |                          ^^^^^
      |
      = help: did you mean `fresh`?
    ");
}

#[test]
fn a_name_that_cannot_be_one() {
    check!("format: 1
id: case
title: A case
actors: { 1st: { user: fresh } }
steps: []
", @"
    error[E0112]: `1st` cannot be a name
     --> s.yaml:4:11
      |
    4 | actors: { 1st: { user: fresh } }
      |           ^^^
      |
      = help: use letters, digits, `_` and `-`, and begin with a letter
    ");
}

#[test]
fn an_id_for_two_scenarios() {
    check!("--- one.yaml
format: 1
id: case
title: A case
steps: []
--- two.yaml
format: 1
id: case
title: A case
steps: []
", @"
    error[E0211]: id `case` is taken by one.yaml:2
     --> two.yaml:2:5
      |
    2 | id: case
      |     ^^^^
    ");
}

#[test]
fn a_matrix_value_given_twice() {
    check!(r#"format: 1
id: case
title: A case
matrix: { size: [1, 2, "1"] }
actors: { alice: { user: fresh } }
steps:
  - { id: a, call: token.password, with: { username: $alice.username, password: $param.size }, expect: invalid_grant }
"#, @r#"
    error[E0151]: matrix value `1` is given twice
     --> s.yaml:4:24
      |
    4 | matrix: { size: [1, 2, "1"] }
      |                        ^^^
    "#);
}

#[test]
fn an_empty_matrix_list() {
    check!("format: 1
id: case
title: A case
matrix: { size: [] }
steps: []
", @"
    error[E0103]: matrix list `size` is empty
     --> s.yaml:4:17
      |
    4 | matrix: { size: [] }
      |                 ^^
    ");
}

#[test]
fn a_matrix_value_unused() {
    check!("format: 1
id: case
title: A case
matrix: { size: [1, 2] }
steps: []
", @"
    warning[W0156]: matrix list `size` is never used
     --> s.yaml:4:11
      |
    4 | matrix: { size: [1, 2] }
      |           ^^^^
      |
      = help: refer to it as `$param.size`
    ");
}

#[test]
fn a_matrix_without_measure() {
    check!("format: 1
id: case
title: A case
matrix: { a: [1,2,3,4,5,6,7,8,9,10,11], b: [1,2,3,4,5,6,7,8,9,10,11], c: [1,2,3,4,5,6,7,8,9,10,11] }
steps: []
", @"
    error[E0151]: matrix makes more than 1000 cases
     --> s.yaml:4:11
      |
    4 | matrix: { a: [1,2,3,4,5,6,7,8,9,10,11], b: [1,2,3,4,5,6,7,8,9,10,11], c: [1,2,3,4,5,6,7,8,9,10,11] }
      |           ^
    ");
}

#[test]
fn a_matrix_name_that_cannot_be_one() {
    check!(r#"format: 1
id: case
title: A case
matrix: { "a b": [1] }
steps: []
"#, @r#"
    error[E0112]: `a b` cannot be a name
     --> s.yaml:4:11
      |
    4 | matrix: { "a b": [1] }
      |           ^^^^^
      |
      = help: use letters, digits, `_` and `-`, and begin with a letter
    "#);
}

#[test]
fn a_step_without_an_action() {
    steps!("  - { id: x, say: nothing }
", @"
    error[E0108]: a step without an action
     --> s.yaml:7:5
      |
    7 |   - { id: x, say: nothing }
      |     ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a step has one of `call`, `poll`, `use`, `wait`, `device`, `together`, `set`, `http`
    ");
}

#[test]
fn a_step_with_two_actions() {
    steps!("  - { id: x, wait: 3s, why: because, call: token.password }
", @"
    error[E0108]: a step with several actions: `call`, `wait`
     --> s.yaml:7:5
      |
    7 |   - { id: x, wait: 3s, why: because, call: token.password }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a step has one of `call`, `poll`, `use`, `wait`, `device`, `together`, `set`, `http`
    ");
}

#[test]
fn a_wait_without_why() {
    steps!("  - { id: x, wait: 30s }
", @"
    error[E0102]: a step has no `why`
     --> s.yaml:7:5
      |
    7 |   - { id: x, wait: 30s }
      |     ^
    ");
}

#[test]
fn a_wait_past_an_unknown_lifetime() {
    steps!("  - { id: x, wait: { past: mfa_tokn }, why: it dies }
", @"
    error[E0181]: unknown lifetime `mfa_tokn`
     --> s.yaml:7:28
      |
    7 |   - { id: x, wait: { past: mfa_tokn }, why: it dies }
      |                            ^^^^^^^^
      |
      = help: did you mean `mfa_token`?
    ");
}

#[test]
fn a_wait_for_two_ends() {
    steps!("  - { id: x, wait: { past: mfa_token, short_of: mfa_token }, why: it dies }
", @"
    error[E0109]: `wait` takes one end
     --> s.yaml:7:20
      |
    7 |   - { id: x, wait: { past: mfa_token, short_of: mfa_token }, why: it dies }
      |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write `{ past: mfa_token }`, with `told` or `announced` if need be, or `{ short_of: mfa_token }`
    ");
}

#[test]
fn a_wait_that_covers() {
    steps!("  - { id: x, wait: 30s, why: because, covers: PWD-001 }
", @"
    error[E0132]: `covers` on a step that judges nothing
     --> s.yaml:7:11
      |
    7 |   - { id: x, wait: 30s, why: because, covers: PWD-001 }
      |           ^
      |
      = help: put `covers` on the step that asks after the wait
    ");
}

#[test]
fn a_number_without_its_unit() {
    steps!("  - { id: x, wait: 30, why: because }
", @"
    error[E0104]: `wait` `30` is not a duration
     --> s.yaml:7:20
      |
    7 |   - { id: x, wait: 30, why: because }
      |                    ^^
      |
      = help: write a number with its unit: `500ms`, `30s`, `5m`, `1h`
    ");
}

#[test]
fn a_step_id_given_twice() {
    steps!("  - { id: x, wait: 3s, why: one }
  - { id: x, wait: 3s, why: two }
", @"
    error[E0170]: step id `x` is given twice, first on line 7
     --> s.yaml:8:11
      |
    8 |   - { id: x, wait: 3s, why: two }
      |           ^
    ");
}

#[test]
fn an_unknown_operation() {
    steps!("  - { id: x, call: token.mfa_oop, with: { mfa_token: $mfa_token }, expect: tokens }
", @"
    error[E0173]: unknown operation `token.mfa_oop`
     --> s.yaml:7:20
      |
    7 |   - { id: x, call: token.mfa_oop, with: { mfa_token: $mfa_token }, expect: tokens }
      |                    ^^^^^^^^^^^^^
      |
      = help: did you mean `token.mfa_oob`?
    ");
}

#[test]
fn an_unknown_input() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_tokn: $mfa_token }, expect: ok }
", @"
    error[E0161]: `authenticators.list` needs `mfa_token`
     --> s.yaml:7:20
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_tokn: $mfa_token }, expect: ok }
      |                    ^^^^^^^^^^^^^^^^^^^
      |
      = help: give it in `with`, or leave it out on purpose with `omit: [mfa_token]`

    error[E0160]: unknown input of `authenticators.list` `mfa_tokn`
     --> s.yaml:7:49
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_tokn: $mfa_token }, expect: ok }
      |                                                 ^^^^^^^^
      |
      = help: did you mean `mfa_token`?
    ");
}

#[test]
fn a_missing_input() {
    steps!("  - { id: x, call: authenticators.list, expect: ok }
", @"
    error[E0161]: `authenticators.list` needs `mfa_token`
     --> s.yaml:7:20
      |
    7 |   - { id: x, call: authenticators.list, expect: ok }
      |                    ^^^^^^^^^^^^^^^^^^^
      |
      = help: give it in `with`, or leave it out on purpose with `omit: [mfa_token]`
    ");
}

#[test]
fn an_input_given_and_omitted() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token, omit: [mfa_token] }, expect: ok }
", @"
    error[E0164]: `mfa_token` is both given and left out
     --> s.yaml:7:79
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token, omit: [mfa_token] }, expect: ok }
      |                                                                               ^^^^^^^^^
    ");
}

#[test]
fn omit_where_nothing_is_called() {
    steps!("  - { id: x, device: phone, do: approve, with: { omit: [oob_code] } }
", @"
    error[E0164]: `omit` belongs to `call` and `poll`
     --> s.yaml:7:57
      |
    7 |   - { id: x, device: phone, do: approve, with: { omit: [oob_code] } }
      |                                                         ^^^^^^^^
    ");
}

#[test]
fn a_list_in_a_form() {
    steps!("  - { id: x, call: token.password, with: { username: [a, b], password: $alice.password }, expect: invalid_grant }
", @"
    error[E0163]: `username` of `token.password` must be a single value
     --> s.yaml:7:44
      |
    7 |   - { id: x, call: token.password, with: { username: [a, b], password: $alice.password }, expect: invalid_grant }
      |                                            ^^^^^^^^
    ");
}

#[test]
fn a_part_of_a_path_left_out() {
    steps!("  - { id: x, call: authenticators.delete, with: { management_token: $mfa_token, omit: [authenticator_id] }, expect: not_found }
", @"
    error[E0164]: `authenticator_id` is a part of the path and cannot be left out
     --> s.yaml:7:88
      |
    7 |   - { id: x, call: authenticators.delete, with: { management_token: $mfa_token, omit: [authenticator_id] }, expect: not_found }
      |                                                                                        ^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_unknown_outcome() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: okay }
", @"
    error[E0171]: unknown outcome `okay`
     --> s.yaml:7:82
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: okay }
      |                                                                                  ^^^^
      |
      = help: known here: `unauthorized`, `insufficient_scope`, `ok`, `refused`, `throttled`, `broken`
    ");
}

#[test]
fn an_outcome_that_the_operation_cannot_have() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: tokens }
", @"
    error[E0172]: `authenticators.list` cannot be `tokens`
     --> s.yaml:7:82
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: tokens }
      |                                                                                  ^^^^^^
      |
      = help: it can be: unauthorized, insufficient_scope, ok, or a class
    ");
}

#[test]
fn an_empty_expectation() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: [] }
", @"
    error[E0103]: `expect` is empty
     --> s.yaml:7:82
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: [] }
      |                                                                                  ^^
    ");
}

#[test]
fn anything_but_nothing() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: { any_but: [] } }
", @"
    error[E0103]: `any_but` is empty
     --> s.yaml:7:93
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: { any_but: [] } }
      |                                                                                             ^^
    ");
}

#[test]
fn an_unknown_client() {
    steps!("  - { id: x, call: token.password, client: othr, with: { username: $alice.username, password: $alice.password }, expect: mfa_required }
", @"
    error[E0162]: unknown client `othr`
     --> s.yaml:7:44
      |
    7 |   - { id: x, call: token.password, client: othr, with: { username: $alice.username, password: $alice.password }, expect: mfa_required }
      |                                            ^^^^
      |
      = help: did you mean `other`?
    ");
}

#[test]
fn an_unbound_name() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_tokne }, expect: ok }
", @"
    error[E0154]: unknown name `mfa_tokne`
     --> s.yaml:7:60
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_tokne }, expect: ok }
      |                                                            ^^^^^^^^^^
      |
      = help: did you mean `mfa_token`?
    ");
}

#[test]
fn a_name_from_a_later_step() {
    steps!("  - { id: x, call: token.mfa_otp, with: { mfa_token: $mfa_token, otp: $code }, expect: tokens }
  - { id: y, device: phone, do: code, capture: { code: code } }
", @"
    error[E0154]: unknown name `code`
     --> s.yaml:7:71
      |
    7 |   - { id: x, call: token.mfa_otp, with: { mfa_token: $mfa_token, otp: $code }, expect: tokens }
      |                                                                       ^^^^^
      |
      = help: known here: `alice.username`, `alice.password`, `alice.email`, `alice.phone`, `mfa_token`
    ");
}

#[test]
fn an_unknown_member_of_an_actor() {
    steps!("  - { id: x, call: token.password, with: { username: $alice.name, password: $alice.password }, expect: mfa_required }
", @"
    error[E0154]: unknown member `name`
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: $alice.name, password: $alice.password }, expect: mfa_required }
      |                                                      ^^^^^^^^^^^
      |
      = help: known here: `username`, `password`, `email`, `phone`
    ");
}

#[test]
fn a_phone_used_as_a_value() {
    steps!("  - { id: x, call: token.password, with: { username: $phone.number, password: $alice.password }, expect: mfa_required }
", @"
    error[E0154]: `phone` is a phone
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: $phone.number, password: $alice.password }, expect: mfa_required }
      |                                                      ^^^^^^^^^^^^^
      |
      = help: a phone has no values; name it in `device:`
    ");
}

#[test]
fn a_name_bound_twice() {
    steps!("  - { id: x, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
", @"
    error[E0153]: name `mfa_token` is bound twice
     --> s.yaml:7:79
      |
    7 |   - { id: x, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
      |                                                                               ^^^^^^^^^
      |
      = help: give the second value a name of its own
    ");
}

#[test]
fn a_capture_never_used() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, capture: { first: body.0.id } }
", @"
    warning[W0155]: `first` is captured and never used
     --> s.yaml:7:97
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, capture: { first: body.0.id } }
      |                                                                                                 ^^^^^
      |
      = help: remove it, or use it in a later step
    ");
}

#[test]
fn a_path_that_is_none() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: boddy.0, is: present }] }
", @"
    error[E0111]: `boddy.0` is not a path
     --> s.yaml:7:102
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: boddy.0, is: present }] }
      |                                                                                                      ^^^^^^^
      |
      = help: a path starts with `body`, `header.NAME`, `status`, `elapsed` or `text`
    ");
}

#[test]
fn braces_without_quotes() {
    steps!(r#"  - { id: x, call: token.password, with: { username: "${alice.username}", password: x${alice.password} }, expect: mfa_required }
"#, @r#"
    error[E0001]: not YAML: while parsing a flow mapping, did not find expected ',' or '}'
     --> s.yaml:7:87
      |
    7 |   - { id: x, call: token.password, with: { username: "${alice.username}", password: x${alice.password} }, expect: mfa_required }
      |                                                                                       ^
      |
      = help: a text with braces needs quotes: `"x${alice.password}"`
    "#);
}

#[test]
fn a_reference_in_the_middle_of_a_text() {
    steps!(r#"  - { id: x, call: token.password, with: { username: "Dr $alice.username", password: $alice.password }, expect: mfa_required }
"#, @r#"
    error[E0110]: `$alice.username` inside a text stands for nothing
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: "Dr $alice.username", password: $alice.password }, expect: mfa_required }
      |                                                      ^^^^^^^^^^^^^^^^^^^^
      |
      = help: write `${alice.username}` in a quoted text, or `$$` for a dollar sign
    "#);
}

#[test]
fn braces_without_a_name() {
    steps!(r#"  - { id: x, call: token.password, with: { username: "a ${} b", password: $alice.password }, expect: mfa_required }
"#, @r#"
    error[E0110]: `${` without a name and `}`
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: "a ${} b", password: $alice.password }, expect: mfa_required }
      |                                                      ^^^^^^^^^
      |
      = help: a dollar sign is written `$$`
    "#);
}

#[test]
fn a_place_inside_a_text() {
    steps!(r#"  - { id: x, call: token.password, with: { username: "to ${alice.username} and ${bob.username}", password: $alice.password }, expect: mfa_required }
"#, @r#"
    error[E0154]: unknown name `bob.username`
     --> s.yaml:7:80
      |
    7 |   - { id: x, call: token.password, with: { username: "to ${alice.username} and ${bob.username}", password: $alice.password }, expect:...
      |                                                                                ^^^^^^^^^^^^^^^
      |
      = help: known here: `alice.username`, `alice.password`, `alice.email`, `alice.phone`, `mfa_token`
    "#);
}

#[test]
fn a_dollar_that_starts_no_name() {
    steps!("  - { id: x, call: token.password, with: { username: $5, password: $alice.password }, expect: mfa_required }
", @"
    error[E0110]: `$5` is not a reference
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: $5, password: $alice.password }, expect: mfa_required }
      |                                                      ^^
      |
      = help: a reference is `$name` or `$name.member`; a dollar sign is written `$$`
    ");
}

#[test]
fn a_date_and_a_time() {
    steps!("  - { id: x, call: token.password, with: { username: 2024-01-31, password: 12:30:45 }, expect: mfa_required }
", @"
    error[E0113]: `2024-01-31` is a date or a number for some YAML readers
     --> s.yaml:7:54
      |
    7 |   - { id: x, call: token.password, with: { username: 2024-01-31, password: 12:30:45 }, expect: mfa_required }
      |                                                      ^^^^^^^^^^
      |
      = help: put it in quotes

    error[E0113]: `12:30:45` is a date or a number for some YAML readers
     --> s.yaml:7:76
      |
    7 |   - { id: x, call: token.password, with: { username: 2024-01-31, password: 12:30:45 }, expect: mfa_required }
      |                                                                            ^^^^^^^^
      |
      = help: put it in quotes
    ");
}

#[test]
fn a_check_without_a_condition() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id }] }
", @"
    error[E0120]: check without a condition
     --> s.yaml:7:94
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id }] }
      |                                                                                              ^^^^^^^^^^^^^^^^^^^
      |
      = help: write one of `equals`, `is`, `matches`, `one_of`, `at_least`, `at_most`, `length`, `differs_from`, `unguessable_from`, `has`, `each`, `some`, `distinct`, `same_items`, `holds_no`
    ");
}

#[test]
fn a_check_with_two_conditions() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, is: string, matches: x }] }
", @"
    error[E0120]: check with several conditions: `is`, `matches`
     --> s.yaml:7:94
      |
    7 | ...a_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, is: string, matches: x }] }
      |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write one check for each
    ");
}

#[test]
fn an_unknown_kind() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, is: strnig }] }
", @"
    error[E0105]: unknown kind `strnig`
     --> s.yaml:7:117
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, is: strnig }] }
      |                                                                                                                     ^^^^^^
      |
      = help: did you mean `string`?
    ");
}

#[test]
fn not_a_regular_expression() {
    steps!(r#"  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, matches: "a(" }] }
"#, @r#"
    error[E0121]: `matches` is not a regular expression: found open group without closing ')'
     --> s.yaml:7:122
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body.0.id, matches: "a(" }] }
      |                                                                                                                          ^^^^
    "#);
}

#[test]
fn distinct_that_is_false() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, distinct: false }] }
", @"
    error[E0122]: `distinct: false` asks for nothing
     --> s.yaml:7:118
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, distinct: false }] }
      |                                                                                                                      ^^^^^
      |
      = help: leave the check out, or write `distinct: true`
    ");
}

#[test]
fn a_length_without_bounds() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, length: {} }] }
", @"
    error[E0122]: `length` without a bound
     --> s.yaml:7:116
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, length: {} }] }
      |                                                                                                                    ^^
      |
      = help: write `length: 24`, or `at_least` and `at_most`
    ");
}

#[test]
fn each_of_nothing() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, each: [] }] }
", @"
    error[E0103]: `each` is empty
     --> s.yaml:7:114
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, each: [] }] }
      |                                                                                                                  ^^
    ");
}

#[test]
fn one_of_nothing() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: status, one_of: [] }] }
", @"
    error[E0103]: `one_of` is empty
     --> s.yaml:7:118
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: status, one_of: [] }] }
      |                                                                                                                      ^^
    ");
}

#[test]
fn a_bound_that_is_no_number() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: elapsed, at_most: 2s }] }
", @"
    error[E0122]: `at_most` must be a number, this is `2s`
     --> s.yaml:7:120
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: elapsed, at_most: 2s }] }
      |                                                                                                                        ^^
      |
      = help: `elapsed` is in milliseconds, other numbers as they stand in the reply; another place of the reply is written as in `that`
    ");
}

#[test]
fn an_unknown_requirement() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, is: list, covers: LIST-0001 }] }
", @"
    error[E0130]: unknown requirement `LIST-0001`
     --> s.yaml:7:126
      |
    7 | ...oken }, expect: ok, check: [{ that: body, is: list, covers: LIST-0001 }] }
      |                                                                ^^^^^^^^^
      |
      = help: did you mean `LIST-001`?
    ");
}

#[test]
fn a_requirement_covered_twice() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, is: list, covers: [LIST-001, LIST-001] }] }
", @"
    error[E0004]: `LIST-001` is covered twice here
     --> s.yaml:7:137
      |
    7 | ...ect: ok, check: [{ that: body, is: list, covers: [LIST-001, LIST-001] }] }
      |                                                                ^^^^^^^^
    ");
}

#[test]
fn a_level_that_raises() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, is: list, covers: PWD-003, level: must }] }
", @"
    error[E0131]: `level` cannot raise PWD-003, which is a should
     --> s.yaml:7:142
      |
    7 | ...: ok, check: [{ that: body, is: list, covers: PWD-003, level: must }] }
      |                                                                  ^^^^
    ");
}

#[test]
fn a_level_without_covers() {
    steps!("  - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, is: list, level: may }] }
", @"
    error[E0131]: `level` without `covers`
     --> s.yaml:7:125
      |
    7 |   - { id: x, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok, check: [{ that: body, is: list, level: may }] }
      |                                                                                                                             ^^^
    ");
}

#[test]
fn an_unknown_fragment() {
    steps!("  - { id: x, use: fragments/pasword-login, with: { user: alice } }
", @"
    error[E0182]: unknown fragment `fragments/pasword-login`
     --> s.yaml:7:19
      |
    7 |   - { id: x, use: fragments/pasword-login, with: { user: alice } }
      |                   ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `fragments/password-login`?
    ");
}

#[test]
fn a_fragment_that_needs_more() {
    steps!("  - { id: x, use: fragments/password-login }
", @"
    error[E0161]: fragment `password-login` needs `user`
     --> s.yaml:7:19
      |
    7 |   - { id: x, use: fragments/password-login }
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_fragment_given_a_phone_for_a_person() {
    steps!("  - { id: x, use: fragments/password-login, with: { user: phone } }
", @"
    error[E0184]: unknown user `phone`
     --> s.yaml:7:53
      |
    7 |   - { id: x, use: fragments/password-login, with: { user: phone } }
      |                                                     ^^^^
      |
      = help: known here: `alice`
    ");
}

#[test]
fn an_unknown_input_of_a_fragment() {
    steps!("  - { id: x, use: fragments/password-login, with: { user: alice, usr: alice } }
", @"
    error[E0160]: unknown input of fragment `password-login` `usr`
     --> s.yaml:7:66
      |
    7 |   - { id: x, use: fragments/password-login, with: { user: alice, usr: alice } }
      |                                                                  ^^^
      |
      = help: did you mean `user`?
    ");
}

#[test]
fn an_output_that_a_fragment_does_not_have() {
    steps!("  - { id: x, use: fragments/password-login, with: { user: alice }, capture: { t: mfa_tokn } }
", @"
    error[E0186]: unknown output of fragment `password-login` `mfa_tokn`
     --> s.yaml:7:82
      |
    7 |   - { id: x, use: fragments/password-login, with: { user: alice }, capture: { t: mfa_tokn } }
      |                                                                                  ^^^^^^^^
      |
      = help: did you mean `mfa_token`?
    ");
}

#[test]
fn an_output_that_may_be_missing() {
    steps!("  - { id: x, use: fragments/enrolled-with-push, with: { user: alice, device: phone }, capture: { c: recovery_code } }
", @"
    error[E0187]: `recovery_code` may be missing, and the scenario needs nothing
     --> s.yaml:7:101
      |
    7 |   - { id: x, use: fragments/enrolled-with-push, with: { user: alice, device: phone }, capture: { c: recovery_code } }
      |                                                                                                     ^^^^^^^^^^^^^
      |
      = help: name the feature that makes it present in `needs`
    ");
}

#[test]
fn covers_on_a_use() {
    steps!("  - { id: x, use: fragments/password-login, with: { user: alice }, covers: PWD-001 }
", @"
    error[E0132]: `covers` on a step that uses a fragment
     --> s.yaml:7:11
      |
    7 |   - { id: x, use: fragments/password-login, with: { user: alice }, covers: PWD-001 }
      |           ^
      |
      = help: put `covers` on the fragment's step that judges, or on a later step
    ");
}

#[test]
fn an_unknown_device() {
    steps!("  - { id: x, device: phnoe, do: approve }
", @"
    error[E0179]: unknown device `phnoe`
     --> s.yaml:7:22
      |
    7 |   - { id: x, device: phnoe, do: approve }
      |                      ^^^^^
      |
      = help: did you mean `phone`?
    ");
}

#[test]
fn a_person_as_a_device() {
    steps!("  - { id: x, device: alice, do: approve }
", @"
    error[E0179]: unknown device `alice`
     --> s.yaml:7:22
      |
    7 |   - { id: x, device: alice, do: approve }
      |                      ^^^^^
      |
      = help: known here: `phone`
    ");
}

#[test]
fn an_unknown_action() {
    steps!("  - { id: x, device: phone, do: aprove }
", @"
    error[E0180]: unknown action `aprove`
     --> s.yaml:7:33
      |
    7 |   - { id: x, device: phone, do: aprove }
      |                                 ^^^^^^
      |
      = help: did you mean `approve`?
    ");
}

#[test]
fn an_unknown_answer_to_an_action() {
    steps!("  - { id: x, device: phone, do: approve, expect: refuse }
", @"
    error[E0105]: unknown answer to an action `refuse`
     --> s.yaml:7:50
      |
    7 |   - { id: x, device: phone, do: approve, expect: refuse }
      |                                                  ^^^^^^
      |
      = help: did you mean `refused`?
    ");
}

#[test]
fn no_answer_to_an_action() {
    steps!("  - { id: x, device: phone, do: approve, expect: [] }
", @"
    error[E0103]: `expect` is empty
     --> s.yaml:7:50
      |
    7 |   - { id: x, device: phone, do: approve, expect: [] }
      |                                                  ^^
    ");
}

#[test]
fn a_fragment_in_the_wrong_file() {
    check!("--- fragments/loop.yaml
format: 1
fragment: lop
steps: []
", @"
    error[E0210]: fragment `lop` must stand in `fragments/lop.yaml`
     --> fragments/loop.yaml:2:11
      |
    2 | fragment: lop
      |           ^^^
    ");
}

#[test]
fn a_fragment_that_uses_itself() {
    check!("--- s.yaml
format: 1
id: case
title: A case
actors: { alice: { user: fresh } }
steps:
  - { id: x, use: fragments/loop, with: { user: alice } }
--- fragments/loop.yaml
format: 1
fragment: loop
inputs: { user: user }
steps:
  - { id: again, use: fragments/loop, with: { user: user } }
", @"
    error[E0183]: fragments use fragments more than 4 deep
     --> fragments/loop.yaml:5:23
      |
    5 |   - { id: again, use: fragments/loop, with: { user: user } }
      |                       ^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_output_that_is_never_captured() {
    check!("--- s.yaml
format: 1
id: case
title: A case
actors: { alice: { user: fresh } }
steps:
  - { id: x, use: fragments/loop, with: { user: alice } }
--- fragments/loop.yaml
format: 1
fragment: loop
inputs: { user: user }
outputs: { token: secret }
steps:
  - { id: login, use: fragments/password-login, with: { user: user } }
", @"
    error[E0185]: output `token` is never captured
     --> fragments/loop.yaml:4:12
      |
    4 | outputs: { token: secret }
      |            ^^^^^
    ");
}

#[test]
fn a_fragment_that_nobody_uses() {
    check!("--- fragments/lonely.yaml
format: 1
fragment: lonely
steps: []
", @"
    warning[W0212]: fragment `lonely` is used nowhere
     --> fragments/lonely.yaml:2:11
      |
    2 | fragment: lonely
      |           ^^^^^^
      |
      = help: remove it, or use it in a scenario, where its names are checked
    ");
}

#[test]
fn a_pattern_longer_than_max_polls() {
    poll!(r#"every: 5s
max_polls: 2
give_up_after: 60s
outcomes: ["pending{2}", tokens]
"#, @r#"
    error[E0175]: `max_polls: 2` is fewer than the 3 answers the pattern asks for
      --> s.yaml:14:15
       |
    14 |     outcomes: ["pending{2}", tokens]
       |               ^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_limit_shorter_than_its_gaps() {
    poll!(r#"every: 30s
give_up_after: 60s
outcomes: ["pending{2}", tokens]
"#, @"
    error[E0176]: the pattern needs at least 1m 30s and `give_up_after` allows 1m
      --> s.yaml:12:20
       |
    12 |     give_up_after: 60s
       |                    ^^^
    ");
}

#[test]
fn a_list_of_gaps_longer_than_its_limit() {
    poll!(r#"every: [0s, 20s]
give_up_after: 30s
outcomes: ["pending{2}", tokens]
"#, @"
    error[E0176]: the pattern needs at least 40s and `give_up_after` allows 30s
      --> s.yaml:12:20
       |
    12 |     give_up_after: 30s
       |                    ^^^
    ");
}

#[test]
fn the_profile_gives_up_first() {
    poll!(r#"every: profile
give_up_after: 10m
outcomes: ["pending{70}"]
"#, @"
    error[E0176]: the pattern needs at least 5m 50s and `every: profile` allows 5m
      --> s.yaml:12:20
       |
    12 |     give_up_after: 10m
       |                    ^^^
    ");
}

#[test]
fn no_limit() {
    poll!("every: profile
outcomes: [pending*, tokens]
", @"
    error[E0102]: a step has no `give_up_after`
     --> s.yaml:8:5
      |
    8 |   - id: wait
      |     ^
    ");
}

#[test]
fn no_cadence() {
    poll!("give_up_after: 30s
outcomes: [pending*, tokens]
", @"
    error[E0102]: a step has no `every`
     --> s.yaml:8:5
      |
    8 |   - id: wait
      |     ^
    ");
}

#[test]
fn a_cadence_that_is_none() {
    poll!("every: often
give_up_after: 30s
outcomes: [pending*, tokens]
", @"
    error[E0104]: `every` `often` is not a duration
      --> s.yaml:11:12
       |
    11 |     every: often
       |            ^^^^^
       |
       = help: write a number with its unit: `500ms`, `30s`, `5m`, `1h`
    ");
}

#[test]
fn no_gaps() {
    poll!("every: []
give_up_after: 30s
outcomes: [pending*, tokens]
", @"
    error[E0103]: the list of gaps is empty
      --> s.yaml:11:12
       |
    11 |     every: []
       |            ^^
    ");
}

#[test]
fn no_outcomes() {
    poll!("every: profile
give_up_after: 30s
outcomes: []
", @"
    error[E0103]: `outcomes` is empty
      --> s.yaml:13:15
       |
    13 |     outcomes: []
       |               ^^
    ");
}

#[test]
fn a_repetition_that_is_none() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending**, tokens]
", @r#"
    error[E0140]: `**` is not a repetition
      --> s.yaml:13:16
       |
    13 |     outcomes: [pending**, tokens]
       |                ^^^^^^^^^
       |
       = help: an element is `name`, `name+`, `name*`, `name?`, `"name{3}"` or `"name{1,3}"`; `a|b` for alternatives
    "#);
}

#[test]
fn a_repetition_without_quotes() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending{2}, tokens]
", @r#"
    error[E0001]: not YAML: while parsing a flow sequence, expected ',' or ']'
      --> s.yaml:13:23
       |
    13 |     outcomes: [pending{2}, tokens]
       |                       ^
       |
       = help: a text with braces needs quotes: `"pending{2}"`
    "#);
}

#[test]
fn a_pattern_of_too_many_places() {
    poll!(r#"every: 1s
give_up_after: 5m
outcomes: ["pending{300}"]
"#, @r#"
    error[E0140]: pattern has more than 255 places
      --> s.yaml:13:16
       |
    13 |     outcomes: ["pending{300}"]
       |                ^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_pattern_that_goes_on_after_a_final_outcome() {
    poll!("every: profile
give_up_after: 30s
outcomes: [rejected, pending]
", @"
    error[E0141]: `pending` comes after a final outcome, and nobody asks again after one
      --> s.yaml:13:26
       |
    13 |     outcomes: [rejected, pending]
       |                          ^^^^^^^
       |
       = help: add `insist: true` to ask again all the same
    ");
}

#[test]
fn a_final_outcome_repeated_without_insist() {
    poll!(r#"every: profile
give_up_after: 30s
outcomes: ["rejected{2}"]
"#, @r#"
    error[E0141]: `rejected{2}` comes after a final outcome, and nobody asks again after one
      --> s.yaml:13:16
       |
    13 |     outcomes: ["rejected{2}"]
       |                ^^^^^^^^^^^^^
       |
       = help: add `insist: true` to ask again all the same
    "#);
}

#[test]
fn an_action_after_a_poll_that_is_never_sent() {
    poll!("every: profile
max_polls: 3
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ after_poll: 3, device: phone, do: approve }]
", @"
    error[E0178]: the action after poll 3 comes too late: `max_polls` is 3
      --> s.yaml:15:17
       |
    15 |     meanwhile: [{ after_poll: 3, device: phone, do: approve }]
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_action_after_the_pattern_is_fulfilled() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending, tokens]
meanwhile: [{ after_poll: 2, device: phone, do: approve }]
", @"
    error[E0178]: the action after poll 2 comes too late: the pattern is over after 2
      --> s.yaml:14:17
       |
    14 |     meanwhile: [{ after_poll: 2, device: phone, do: approve }]
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_action_after_the_time_is_up() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ at: 31s, device: phone, do: approve }, { after_poll: 6, device: phone, do: approve }]
", @"
    error[E0178]: the action at 31s comes too late: the time is up after 30s
      --> s.yaml:14:17
       |
    14 |     meanwhile: [{ at: 31s, device: phone, do: approve }, { after_poll: 6, device: phone, do: approve }]
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[E0178]: the action after poll 6 comes too late: the next poll is due after 35s, and the time is up after 30s
      --> s.yaml:14:58
       |
    14 |     meanwhile: [{ at: 31s, device: phone, do: approve }, { after_poll: 6, device: phone, do: approve }]
       |                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_action_without_a_moment() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ device: phone, do: approve }]
", @"
    error[E0109]: an action needs one moment
      --> s.yaml:14:17
       |
    14 |     meanwhile: [{ device: phone, do: approve }]
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write `after_poll: 2` (0 is before the first), `at: 3s`, or `at: { between: [0s, 5s] }`
    ");
}

#[test]
fn an_action_after_no_number() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ after_poll: soon, device: phone, do: approve }]
", @"
    error[E0177]: `after_poll` must be a whole number, or a matrix value that is one
      --> s.yaml:14:17
       |
    14 |     meanwhile: [{ after_poll: soon, device: phone, do: approve }]
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn settles_within_two_measures() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ after_poll: 1, device: phone, do: approve }]
settles_within: { polls: 2, time: 3s }
", @"
    error[E0109]: `settles_within` needs one measure
      --> s.yaml:15:21
       |
    15 |     settles_within: { polls: 2, time: 3s }
       |                     ^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write `{ polls: 2 }` or `{ time: 2s }`
    ");
}

#[test]
fn settles_within_no_poll() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ after_poll: 1, device: phone, do: approve }]
settles_within: { polls: 0 }
", @"
    error[E0109]: a decision cannot show before anybody asks
      --> s.yaml:15:21
       |
    15 |     settles_within: { polls: 0 }
       |                     ^^^^^^^^^^^^
       |
       = help: `{ polls: 1 }` is the first poll after the decision
    ");
}

#[test]
fn settles_without_a_decision() {
    poll!("every: profile
give_up_after: 30s
outcomes: [pending*, tokens]
meanwhile: [{ after_poll: 1, device: phone, do: read }]
settles_within: { polls: 2 }
", @"
    error[E0142]: `settles_within` without a decision in `meanwhile`
      --> s.yaml:15:21
       |
    15 |     settles_within: { polls: 2 }
       |                     ^^^^^^^^^^^^
       |
       = help: add the action to `meanwhile`: `enrol`, `approve`, `reject` or `unenrol`
    ");
}

#[test]
fn a_negative_must_without_a_control() {
    steps!("  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, covers: MTK-009 }
", @"
    error[E0193]: `x` judges a refusal without a control
     --> s.yaml:7:78
      |
    7 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, covers: MTK-009 }
      |                                                                              ^^^^^^^
      |
      = help: add `control: { step: ID, differs_in: [inputs] }` with the request that is accepted
    ");
}

#[test]
fn a_negative_should_without_a_control() {
    steps!("  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, covers: MTK-009, level: should }
", @"
    warning[W0155]: `mfa_token` is captured and never used
     --> s.yaml:6:83
      |
    6 |   - { id: login, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
      |                                                                                   ^^^^^^^^^
      |
      = help: remove it, or use it in a later step

    warning[W0193]: `x` judges a refusal without a control
     --> s.yaml:7:78
      |
    7 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, covers: MTK-009, level: should }
      |                                                                              ^^^^^^^
      |
      = help: add `control: { step: ID, differs_in: [inputs] }` with the request that is accepted
    ");
}

#[test]
fn a_control_that_is_no_step() {
    steps!("  - { id: good, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: god, differs_in: [mfa_token] }, covers: MTK-009 }
", @"
    error[E0190]: unknown step `god`
     --> s.yaml:8:104
      |
    8 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: god, differs_in: [mfa_token] }...
      |                                                                                                        ^^^
      |
      = help: did you mean `good`?
    ");
}

#[test]
fn a_control_that_calls_nothing() {
    steps!("  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: login, differs_in: [mfa_token] }, covers: MTK-009 }
", @"
    error[E0190]: control `login` asks nothing
     --> s.yaml:7:104
      |
    7 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: login, differs_in: [mfa_token]...
      |                                                                                                        ^^^^^
      |
      = help: a control is a `call` or a `poll` of the same file
    ");
}

#[test]
fn a_control_of_another_operation() {
    steps!("  - { id: good, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
  - { id: x, call: userinfo, with: { access_token: $mfa_token }, expect: refused, control: { step: good, differs_in: [access_token, mfa_token] } }
", @"
    error[E0191]: control `good` calls another operation
     --> s.yaml:8:100
      |
    8 |   - { id: x, call: userinfo, with: { access_token: $mfa_token }, expect: refused, control: { step: good, differs_in: [access_token, m...
      |                                                                                                    ^^^^
      |
      = help: a control is a `userinfo` that is accepted

    error[E0160]: unknown input of `userinfo` `mfa_token`
     --> s.yaml:8:133
      |
    8 | ... refused, control: { step: good, differs_in: [access_token, mfa_token] } }
      |                                                                ^^^^^^^^^
      |
      = help: known here: `access_token`, `client`, `send`
    ");
}

#[test]
fn a_control_that_differs_in_more() {
    steps!("  - { id: good, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
  - { id: x, call: authenticators.list, client: other, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_in: [] } }
", @"
    error[E0192]: control `good` also differs in `mfa_token`
     --> s.yaml:8:119
      |
    8 |   - { id: x, call: authenticators.list, client: other, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_i...
      |                                                                                                                       ^^^^
      |
      = help: add it to `differs_in`, or make the two requests more alike

    error[E0192]: control `good` also differs in `client`
     --> s.yaml:8:119
      |
    8 |   - { id: x, call: authenticators.list, client: other, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_i...
      |                                                                                                                       ^^^^
      |
      = help: add it to `differs_in`, or make the two requests more alike
    ");
}

#[test]
fn a_control_that_may_differ_in_an_unknown_input() {
    steps!("  - { id: good, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_in: [mfa_token, mfa_tokn] } }
", @"
    error[E0160]: unknown input of `authenticators.list` `mfa_tokn`
     --> s.yaml:8:134
      |
    8 | ...ct: refused, control: { step: good, differs_in: [mfa_token, mfa_tokn] } }
      |                                                                ^^^^^^^^
      |
      = help: did you mean `mfa_token`?
    ");
}

#[test]
fn a_control_of_itself() {
    steps!("  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: x, differs_in: [] } }
", @"
    error[E0194]: control `x` is not accepted itself
     --> s.yaml:7:104
      |
    7 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: x, differs_in: [] } }
      |                                                                                                        ^
      |
      = help: a control is nearly the same request, and it is accepted
    ");
}

#[test]
fn a_control_that_is_refused_too() {
    steps!("  - { id: good, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: refused }
  - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_in: [mfa_token] } }
", @"
    error[E0194]: control `good` is not accepted itself
     --> s.yaml:8:104
      |
    8 |   - { id: x, call: authenticators.list, with: { omit: [mfa_token] }, expect: refused, control: { step: good, differs_in: [mfa_token] } }
      |                                                                                                        ^^^^
      |
      = help: a control is nearly the same request, and it is accepted
    ");
}

#[test]
fn an_operation_without_a_method() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 } }
", @"
    error[E0204]: `/a` is not a request line
     --> dialect.yaml:6:14
      |
    6 |   a: { http: /a, outcomes: [ok] }
      |              ^^
      |
      = help: write a method and a path: `POST /some/path`, `DELETE /some/$name` or `POST $endpoint.NAME`
    ");
}

#[test]
fn an_operation_with_two_bodies() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: POST /a, form: { x: 1 }, json: { x: 1 }, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 } }
", @"
    error[E0204]: `a` has two bodies, `form` and `json`
     --> dialect.yaml:6:3
      |
    6 |   a: { http: POST /a, form: { x: 1 }, json: { x: 1 }, outcomes: [ok] }
      |   ^
    ");
}

#[test]
fn an_operation_with_an_unknown_outcome() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [okay] }
profiles:
  p: { ok: { status: 200 } }
", @"
    error[E0205]: unknown outcome `okay`
     --> dialect.yaml:6:33
      |
    6 |   a: { http: GET /a, outcomes: [okay] }
      |                                 ^^^^
      |
      = help: known here: `ok`
    ");
}

#[test]
fn a_status_that_is_none() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 20000 } }
", @"
    error[E0203]: `20000` is not an HTTP status
     --> dialect.yaml:8:22
      |
    8 |   p: { ok: { status: 20000 } }
      |                      ^^^^^
    ");
}

#[test]
fn a_class_defined_anew() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 }, refused: { status: 400 } }
", @"
    error[E0201]: `refused` is a class that every dialect has
     --> dialect.yaml:8:29
      |
    8 |   p: { ok: { status: 200 }, refused: { status: 400 } }
      |                             ^^^^^^^
    ");
}

#[test]
fn a_profile_that_extends_nothing() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { extends: q, ok: { status: 200 } }
", @"
    error[E0202]: unknown profile `q`
     --> dialect.yaml:8:17
      |
    8 |   p: { extends: q, ok: { status: 200 } }
      |                 ^
    ");
}

#[test]
fn a_wait_that_stands_nowhere() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200, wait: body.a.b } }
", @"
    error[E0203]: `body.a.b` cannot be a wait
     --> dialect.yaml:8:33
      |
    8 |   p: { ok: { status: 200, wait: body.a.b } }
      |                                 ^^^^^^^^
      |
      = help: a wait stands in `header.NAME` or in a top member, `body.NAME`; at most 4 members
    ");
}

#[test]
fn a_condition_of_no_operation() {
    dialect!(r#"--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
always: [{ of: "b.*", that: status, is: integer }]
profiles:
  p: { ok: { status: 200 } }
"#, @r#"
    error[E0206]: unknown operation `b.*`
     --> dialect.yaml:7:16
      |
    7 | always: [{ of: "b.*", that: status, is: integer }]
      |                ^^^^^
      |
      = help: known here: `a`
    "#);
}

#[test]
fn a_condition_with_a_reference() {
    dialect!(r#"--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
always: [{ of: "*", that: status, equals: $x }]
profiles:
  p: { ok: { status: 200 } }
"#, @r#"
    error[E0207]: a dialect's condition cannot refer to a scenario's values
     --> dialect.yaml:7:10
      |
    7 | always: [{ of: "*", that: status, equals: $x }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn an_unknown_meaning() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200, means: finnal } }
", @"
    error[E0105]: unknown meaning `finnal`
     --> dialect.yaml:8:34
      |
    8 |   p: { ok: { status: 200, means: finnal } }
      |                                  ^^^^^^
      |
      = help: did you mean `final`?
    ");
}

#[test]
fn no_dialect() {
    dialect!("--- requirements.yaml
format: 1
requirements: []
", @"
    error[E0200]: no `dialect.yaml`
     --> dialect.yaml:1:1
      |
    1 |
      | ^
      |
      = help: a dialect is a folder that has one
    ");
}

#[test]
fn a_requirement_given_twice() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 } }
--- requirements.yaml
format: 1
requirements:
  - { id: A-1, level: must, statement: x, source: y }
  - { id: A-1, level: mist, statement: x, source: y }
  - { id: A-1, level: may, statement: x, source: y }
", @"
    error[E0105]: unknown level `mist`
     --> requirements.yaml:4:23
      |
    4 |   - { id: A-1, level: mist, statement: x, source: y }
      |                       ^^^^
      |
      = help: did you mean `must`?

    error[E0004]: requirement `A-1` is given twice
     --> requirements.yaml:5:11
      |
    5 |   - { id: A-1, level: may, statement: x, source: y }
      |           ^^^
    ");
}

#[test]
fn a_source_that_nothing_explains() {
    dialect!("--- dialect.yaml
format: 1
dialect: d
title: D
features: [a]
operations:
  a: { http: GET /a, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 } }
--- requirements.yaml
format: 1
sources: { RFC*: a standard, GUIDE: the vendor's guide }
requirements:
  - { id: A-1, level: must, statement: x, source: 'page 3, (RFC6749 §5.2)' }
  - { id: A-2, level: must, statement: x, source: GUIDES }
", @"
    warning[W0130]: nothing under `sources` explains `GUIDES`
     --> requirements.yaml:5:51
      |
    5 |   - { id: A-2, level: must, statement: x, source: GUIDES }
      |                                                   ^^^^^^
      |
      = help: give its key a line there; a key may end in `*`
    ");
}

#[test]
fn nesting_deeper_than_anybody_needs() {
    check!(&format!("format: 1\nid: {}{}\n", "[".repeat(60), "]".repeat(60)), @"
    error[E0002]: nested deeper than 48 levels
     --> s.yaml:2:52
      |
    2 | id: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
      |                                                    ^
    ");
}

#[test]
fn nesting_without_end() {
    check!(&format!("format: 1\nid: {}", "[".repeat(100_000)), @"
    error[E0002]: nested deeper than 48 levels
     --> s.yaml:2:260
      |
    2 | ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
      |                                                                    ^
    ");
}

#[test]
fn nesting_by_indentation() {
    let nested: String = (0..60)
        .map(|depth| format!("{}a:\n", "  ".repeat(depth)))
        .collect();
    check!(&nested, @"
    error[E0002]: nested deeper than 48 levels
      --> s.yaml:49:97
       |
    49 | ...                   a:
       |                       ^
    ");
}

#[test]
fn a_file_of_three_megabytes() {
    check!(&format!("format: 1\n# {}\n", "x".repeat(3 << 20)), @"
    error[E0002]: file is larger than 2 MiB
     --> s.yaml:1:1
      |
    1 | format: 1
      | ^
    ");
}

#[test]
fn more_actions_than_one_step_can_hold() {
    let action = "  - { after_poll: 1, device: phone, do: read }\n";
    let keys = format!(
        "every: profile\ngive_up_after: 30s\noutcomes: [pending*, tokens]\nmeanwhile:\n{}",
        action.repeat(31)
    );
    poll!(&keys, @"
    error[E0174]: more than 30 actions in one step
      --> s.yaml:45:9
       |
    45 |       - { after_poll: 1, device: phone, do: read }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

/// A chain of fragments, each of which uses the next `uses` times; the last does `last`.
fn chain(uses: usize, last: &str) -> String {
    let mut text = "--- s.yaml
format: 1
id: case
title: A case
steps:
  - { id: x, use: fragments/f1 }
"
    .to_owned();
    for depth in 1..=4 {
        text += &format!("--- fragments/f{depth}.yaml\nformat: 1\nfragment: f{depth}\nsteps:\n");
        if depth == 4 {
            text += last;
        } else {
            let next = depth + 1;
            text.extend((0..uses).map(|n| format!("  - {{ id: u{n}, use: fragments/f{next} }}\n")));
        }
    }
    text
}

#[test]
fn fragments_that_multiply() {
    check!(&chain(100, "  - { id: last, wait: 1s, why: to multiply }\n"), @"
    error[E0188]: a case uses fragments more than 1000 times
      --> fragments/f3.yaml:92:21
       |
    92 |   - { id: u88, use: fragments/f4 }
       |                     ^^^^^^^^^^^^
    ");
}

#[test]
fn more_steps_than_a_case_can_have() {
    let waits: String = (0..600)
        .map(|n| format!("  - {{ id: w{n}, wait: 1s, why: to grow }}\n"))
        .collect();
    check!(&chain(2, &waits), @"
    error[E0188]: a case has more than 4000 steps
       --> fragments/f4.yaml:404:11
        |
    404 |   - { id: w400, wait: 1s, why: to grow }
        |           ^^^^
    ");
}

#[test]
fn a_misspelt_section_of_the_dialect_is_one_mistake() {
    let text = DIALECT_WITH_A_CONDITION.replace("operations:", "operatins:");
    dialect!(&text, @"
    error[E0101]: unknown key in the dialect `operatins`
     --> dialect.yaml:4:1
      |
    4 | operatins:
      | ^^^^^^^^^
      |
      = help: did you mean `operations`?
    ");
    let text = DIALECT_WITH_A_CONDITION.replace("profiles:", "profles:");
    dialect!(&text, @"
    error[E0101]: unknown key in the dialect `profles`
     --> dialect.yaml:9:1
      |
    9 | profles:
      | ^^^^^^^
      |
      = help: did you mean `profiles`?
    ");
}

const DIALECT_WITH_A_CONDITION: &str = "--- dialect.yaml
format: 1
dialect: small
title: Small
operations:
  ask: { http: POST /ask, outcomes: [tokens, pending] }
always:
  - { of: ask, that: header.cache-control, matches: no-store }
  - { of: \"a*\", that: text, matches: x }
profiles:
  only:
    tokens: { status: 200, means: final }
    pending: { status: 400, means: pending }
";

#[test]
fn a_line_between_two_blocks() {
    steps!("  - id: list
    call: authenticators.list
   with: { mfa_token: $mfa_token }
", @"
    error[E0001]: not YAML: while parsing a block collection, did not find expected '-' indicator
     --> s.yaml:9:4
      |
    7 |   - id: list
      |     -- the map begins here
    8 |     call: authenticators.list
    9 |    with: { mfa_token: $mfa_token }
      |    ^
      |
      = help: indent this line by 4 spaces, not 3, like the map that begins in line 7
    ");
}

#[test]
fn an_item_that_is_indented_too_little() {
    steps!(" - { id: list, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
", @"
    error[E0001]: not YAML: while parsing a block mapping, did not find expected key
     --> s.yaml:7:2
      |
    6 |   - { id: login, use: fragments/password-login, with: { user: alice }, capture: { mfa_token: mfa_token } }
      |   - the list begins here
    7 |  - { id: list, call: authenticators.list, with: { mfa_token: $mfa_token }, expect: ok }
      |  ^
      |
      = help: indent this line by 2 spaces, not 1, like the list that begins in line 6
    ");
}

#[test]
fn a_quote_that_is_not_closed() {
    check!("format: 1
id: case
title: 'A case
steps: []
", @"
    error[E0001]: not YAML: unclosed quote
     --> s.yaml:3:8
      |
    3 | title: 'A case
      |        ^
      |
      = help: close the quote, or double a quote that belongs to the text
    ");
}

/// A small text that would be very large if it meant what it means elsewhere.
#[test]
fn a_text_that_explodes() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (one, next) in ('a'..='z').zip('b'..='z') {
        text.push_str(&format!(
            "{next}: &{next} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
        ));
    }
    check!(&text, @"
    error[E0003]: anchors (`&name`) are not part of this language
     --> s.yaml:1:4
      |
    1 | a: &a [x, x, x, x, x, x, x, x, x]
      |    ^^^^
      |
      = help: write the value out, or move it into a fragment
    ");
}

#[test]
fn blocks_without_end() {
    let mut text = String::new();
    for depth in 0..1_400 {
        text.push_str(&" ".repeat(depth));
        text.push_str("a:\n");
    }
    check!(&text, @"
    error[E0002]: nested deeper than 48 levels
      --> s.yaml:49:49
       |
    49 | ...                   a:
       |                       ^
    ");
    check!(&"- ".repeat(100_000), @"
    error[E0002]: nested deeper than 48 levels
     --> s.yaml:1:97
      |
    1 | - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -...
      |                                                                                                 ^
    ");
}
