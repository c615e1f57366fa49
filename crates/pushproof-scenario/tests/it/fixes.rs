//! Mistakes that are put right mechanically: what a text becomes, and what is left alone.

use std::fmt::Write as _;

use pushproof_scenario::{Library, SourceFile, settle, verify};

use crate::support::with_auth0;

const HEAD: &str = "format: 1
id: case
title: A case
actors: { alice: { user: fresh } }
steps:
";

const LOGIN: &str = "  - id: login
    call: token.password
    with: { username: $alice.username, password: $alice.password }
    expect: mfa_required
    capture: { mfa_token: body.mfa_token }
";

/// The lines that change, and what was promised of each problem by itself.
fn fixed(text: &str) -> String {
    let files = with_auth0(&format!("--- s.yaml\n{text}"));
    let library = Library::read(&files).0.expect("the shipped dialect");
    let mut check = |text: &str| {
        library.check_file(&SourceFile {
            relative: "s.yaml".to_owned(),
            shown: "s.yaml".to_owned(),
            text: text.to_owned(),
        })
    };
    let mut stages = check(text);
    verify("s.yaml", text, &mut stages, &mut check);
    let mut told = String::new();
    for problem in stages.into_all() {
        let says = problem.fixes.iter().map(|fix| fix.say.as_str());
        let says: Vec<&str> = says.collect();
        let _ = writeln!(
            told,
            "{} {}: {}",
            problem.code,
            problem.message,
            if says.is_empty() { "-" } else { says[0] }
        );
    }
    let after = settle("s.yaml", text, &mut check);
    assert_eq!(settle("s.yaml", &after, &mut check), after);
    for (old, new) in text.split('\n').zip(after.split('\n')) {
        if old != new {
            let _ = writeln!(told, "- {}\n+ {}", old.escape_debug(), new.escape_debug());
        }
    }
    for problem in check(&after).into_all() {
        let _ = writeln!(told, "left: {} {}", problem.code, problem.message);
    }
    told
}

macro_rules! fixed {
    ($steps:expr, @$expected:literal) => {
        insta::assert_snapshot!(fixed(&format!("{HEAD}{}", $steps)), @$expected)
    };
}

#[test]
fn a_key_an_outcome_a_name() {
    let text = format!(
        "{LOGIN}  - id: list
    call: authenticators.list
    wiht: {{ mfa_token: $mfa_tokn }}
    expct: okay
"
    );
    fixed!(text, @"
    E0101 unknown key in a step `wiht`: write `with`
    E0101 unknown key in a step `expct`: write `expect`
    -     wiht: { mfa_token: $mfa_tokn }
    +     with: { mfa_token: $mfa_token }
    -     expct: okay
    +     expect: okay
    left: E0171 unknown outcome `okay`
    ");
}

#[test]
fn a_key_of_another_tool() {
    let text = LOGIN.replace(
        "    call:",
        "    description: Alice logs in\n    operation:",
    );
    fixed!(text, @"
    E0101 unknown key in a step `operation`: write `call`
    -     description: Alice logs in
    +     say: Alice logs in
    -     operation: token.password
    +     call: token.password
    left: W0155 `mfa_token` is captured and never used
    ");
}

/// What a step does is known by its key, and nothing else of it is looked at without.
#[test]
fn a_misspelt_action() {
    fixed!(LOGIN.replace("call:", "cal:").replace("expect:", "expct:"), @"
    E0101 unknown key in a step `cal`: write `call`
    -     cal: token.password
    +     call: token.password
    -     expct: mfa_required
    +     expect: mfa_required
    left: W0155 `mfa_token` is captured and never used
    ");
}

#[test]
fn comments_and_line_ends_stay() {
    let text = format!("{HEAD}{LOGIN}")
        .replace(
            "    expect: mfa_required",
            "    expct:   mfa_required   # as ever",
        )
        .replace('\n', "\r\n");
    insta::assert_snapshot!(fixed(&text), @r"
    E0101 unknown key in a step `expct`: write `expect`
    -     expct:   mfa_required   # as ever\r
    +     expect:   mfa_required   # as ever\r
    left: W0155 `mfa_token` is captured and never used
    ");
}

#[test]
fn a_misspelt_key_hides_what_is_in_it() {
    insta::assert_snapshot!(fixed(&format!("{HEAD}{LOGIN}").replace("steps:", "stesp:").replace("expect:", "expct:")), @"
    E0101 unknown key in the file `stesp`: write `steps`
    - stesp:
    + steps:
    -     expct: mfa_required
    +     expect: mfa_required
    left: W0155 `mfa_token` is captured and never used
    ");
}

#[test]
fn a_pattern_without_quotes() {
    let text = format!(
        "{LOGIN}  - id: wait
    poll: token.mfa_oob
    with: {{ mfa_token: $mfa_token, omit: [oob_code] }}
    every: 5s
    give_up_after: 5m
    outcomes: [invalid_request{{3}}]
    insist: true
"
    );
    fixed!(text, @r#"
    E0001 not YAML: while parsing a flow sequence, expected ',' or ']': put it in quotes
    -     outcomes: [invalid_request{3}]
    +     outcomes: [\"invalid_request{3}\"]
    "#);
}

#[test]
fn a_text_with_a_colon() {
    fixed!(LOGIN.replace("    call:", "    say: Step 1: Alice logs in # really\n    call:"), @r#"
    E0001 not YAML: mapping values are not allowed in this context: put it in quotes
    -     say: Step 1: Alice logs in # really
    +     say: \"Step 1: Alice logs in\" # really
    left: W0155 `mfa_token` is captured and never used
    "#);
}

#[test]
fn a_time_a_date_and_a_reference() {
    fixed!(LOGIN.replace("$alice.password", "12:30:45"), @r#"
    E0113 `12:30:45` is a date or a number for some YAML readers: put it in quotes
    -     with: { username: $alice.username, password: 12:30:45 }
    +     with: { username: $alice.username, password: \"12:30:45\" }
    left: W0155 `mfa_token` is captured and never used
    "#);
    fixed!(LOGIN.replace("$alice.password", "2027-01-31"), @r#"
    E0113 `2027-01-31` is a date or a number for some YAML readers: put it in quotes
    -     with: { username: $alice.username, password: 2027-01-31 }
    +     with: { username: $alice.username, password: \"2027-01-31\" }
    left: W0155 `mfa_token` is captured and never used
    "#);
    fixed!(LOGIN.replace("$alice.password", "x${alice.password}"), @r#"
    E0001 not YAML: while parsing a flow mapping, did not find expected ',' or '}': put it in quotes
    -     with: { username: $alice.username, password: x${alice.password} }
    +     with: { username: $alice.username, password: \"x${alice.password}\" }
    left: W0155 `mfa_token` is captured and never used
    "#);
}

#[test]
fn a_line_that_is_indented_wrongly() {
    fixed!(LOGIN.replace("    expect", "   expect"), @"
    E0001 not YAML: while parsing a block collection, did not find expected '-' indicator: indent the line by 4 spaces
    -    expect: mfa_required
    +     expect: mfa_required
    left: W0155 `mfa_token` is captured and never used
    ");
    fixed!(LOGIN.replace("    expect", "      expect"), @"
    E0001 not YAML: while parsing a block mapping, did not find expected key: indent the line by 4 spaces
    -       expect: mfa_required
    +     expect: mfa_required
    left: W0155 `mfa_token` is captured and never used
    ");
}

/// Between two blocks, either may be meant.
#[test]
fn a_line_that_could_belong_to_two_blocks_is_left_alone() {
    let text = LOGIN.replace(
        "    with: { username: $alice.username, password: $alice.password }",
        "    with:\n      username: $alice.username\n     password: $alice.password",
    );
    fixed!(text, @"
    E0001 not YAML: while parsing a block mapping, did not find expected key: -
    left: E0001 not YAML: while parsing a block mapping, did not find expected key
    ");
}

#[test]
fn a_number_is_no_slip_of_the_hand() {
    let text = format!(
        "{}  - id: list
    call: authenticators.list
    with: {{ mfa_token: $token_3 }}
    expect: ok
    covers: LIST-99
",
        LOGIN.replace("mfa_token: body", "token_1: body")
    );
    fixed!(text, @"
    E0130 unknown requirement `LIST-99`: -
    left: E0130 unknown requirement `LIST-99`
    ");
}

#[test]
fn a_key_that_is_there_already_is_not_written_again() {
    fixed!(LOGIN.replace("    expect:", "    expct: tokens\n    expect:"), @"
    E0101 unknown key in a step `expct`: -
    left: E0101 unknown key in a step `expct`
    ");
}

#[test]
fn on_is_a_trigger_and_no_is_a_name() {
    fixed!(LOGIN.replace("mfa_token: body", "no: body"), @r#"
    E0005 key `no` is not text for every YAML reader: put it in quotes
    -     capture: { no: body.mfa_token }
    +     capture: { \"no\": body.mfa_token }
    left: W0155 `no` is captured and never used
    "#);
    let text = format!(
        "{LOGIN}  - id: wait
    poll: token.mfa_oob
    with: {{ mfa_token: $mfa_token, omit: [oob_code] }}
    every: 5s
    give_up_after: 5m
    outcomes: [invalid_request]
    on: []
"
    );
    fixed!(text, @"
    E0005 key `on` is not text for every YAML reader: write `meanwhile`
    -     on: []
    +     meanwhile: []
    ");
}
