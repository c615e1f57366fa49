//! `pushproof check`: paths of every kind, its three forms, what it does not find covered. What it puts right is in `fixing`, what it
//! survives in `robust`.

mod fixing;
mod robust;

use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{Done, Workshop};

const SCENARIO: &str = "format: 1
id: mine.first
title: Alice gives her password
actors:
  alice: { user: fresh }
steps:
  - id: login
    say: Alice gives her password
    call: token.password
    with: { username: $alice.username, password: $alice.password }
    expect: mfa_required
    covers: PWD-001
";

const TARGET: &str = "format: 1
target: staging
base_url: https://tenant.example.com
dialect: auth0
client: { id: abc, secret: { env: NOBODY_SETS_THIS } }
";

const KNOWN: &str = "format: 1
known:
  - { case: login.password, check: right.expect, reason: known to the tenant team }
";

/// A folder with one file of each kind, each with a mistake.
fn mistaken() -> Workshop {
    let workshop = Workshop::new();
    workshop.write(
        "b/first.yaml",
        &SCENARIO
            .replace("expect:", "expct:")
            .replace("PWD-001", "PWD-01"),
    );
    workshop.write(
        "a.yaml",
        &TARGET
            .replace("client:", "limits: { wiat: 3s }\nclient:")
            .replace("auth0", "auht0"),
    );
    workshop.write("known.yaml", &KNOWN.replace("right.expect", "rihgt.expect"));
    workshop
}

fn with_standard_input(workshop: &Workshop, args: &[&str], text: &str) -> String {
    let mut command = workshop.command(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It need not be read to be refused.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    workshop.show(&Done::from(child.wait_with_output().unwrap()))
}

#[test]
fn files_of_every_kind_that_are_right() {
    let workshop = Workshop::new();
    workshop.write("first.yaml", SCENARIO);
    workshop.write("target.yaml", TARGET);
    workshop.write("known.yaml", KNOWN);
    assert_snapshot!(workshop.transcript(&["check", "first.yaml", "target.yaml", "known.yaml", "first.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 scenario, 1 target, 1 list of known deviations: nothing wrong
    ----- stderr -----
    ");
}

/// All of them in one pass, by file and line, whatever the order they were named in.
#[test]
fn every_mistake_of_every_file() {
    assert_snapshot!(mistaken().transcript(&["check", "known.yaml", "b", "a.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0101]: unknown key in `limits` `wiat`
     --> a.yaml:5:11
      |
    5 | limits: { wiat: 3s }
      |           ^^^^
      |
      = help: did you mean `wait`?

    error[E0101]: unknown key in a step `expct`
      --> b/first.yaml:11:5
       |
    11 |     expct: mfa_required
       |     ^^^^^
       |
       = help: did you mean `expect`?

    error[E0130]: unknown requirement `PWD-01`
      --> b/first.yaml:12:13
       |
    12 |     covers: PWD-01
       |             ^^^^^^
       |
       = help: did you mean `PWD-001`?

    warning[W0404]: no case `login.password` of dialect `auth0` has a check `rihgt.expect`
     --> known.yaml:3:13
      |
    3 |   - { case: login.password, check: rihgt.expect, reason: known to the tenant team }
      |             ^^^^^^^^^^^^^^
      |
      = help: an entry that matches nothing fails a run; `--dialect` names another dialect

    error: 3 errors; nothing was sent
      help: 3 of the problems can be put right by `check --fix`
    ");
}

#[test]
fn problems_as_json() {
    let workshop = mistaken();
    let done = workshop.run(&["check", "--format", "json", "b", "a.yaml"]);
    assert_eq!((done.exit, done.stderr.as_str()), (3, ""));
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(document["exit"], 3);
    assert_snapshot!(workshop.show(&done), @r#"
    exit: 3
    ----- stdout -----
    {
      "format": 1,
      "kind": "check",
      "pushproof": "0.1.0",
      "exit": 3,
      "complete": true,
      "checked": {
        "scenarios": 1,
        "cases": 0,
        "fragments": 0,
        "dialects": 0,
        "requirements": 0,
        "targets": 1,
        "known": 0
      },
      "errors": 3,
      "warnings": 0,
      "problems": [
        {
          "code": "E0101",
          "severity": "error",
          "message": "unknown key in `limits` `wiat`",
          "file": "a.yaml",
          "line": 5,
          "column": 11,
          "end": {
            "line": 5,
            "column": 15
          },
          "help": "did you mean `wait`?",
          "fix": {
            "say": "write `wait`",
            "edits": [
              {
                "line": 5,
                "column": 11,
                "end": {
                  "line": 5,
                  "column": 15
                },
                "text": "wait"
              }
            ]
          }
        },
        {
          "code": "E0101",
          "severity": "error",
          "message": "unknown key in a step `expct`",
          "file": "b/first.yaml",
          "line": 11,
          "column": 5,
          "end": {
            "line": 11,
            "column": 10
          },
          "help": "did you mean `expect`?",
          "fix": {
            "say": "write `expect`",
            "edits": [
              {
                "line": 11,
                "column": 5,
                "end": {
                  "line": 11,
                  "column": 10
                },
                "text": "expect"
              }
            ]
          }
        },
        {
          "code": "E0130",
          "severity": "error",
          "message": "unknown requirement `PWD-01`",
          "file": "b/first.yaml",
          "line": 12,
          "column": 13,
          "end": {
            "line": 12,
            "column": 19
          },
          "help": "did you mean `PWD-001`?",
          "fix": {
            "say": "write `PWD-001`",
            "edits": [
              {
                "line": 12,
                "column": 13,
                "end": {
                  "line": 12,
                  "column": 19
                },
                "text": "PWD-001"
              }
            ]
          }
        }
      ]
    }
    ----- stderr -----
    "#);
}

#[test]
fn problems_for_github() {
    assert_snapshot!(mistaken().transcript(&["check", "--format", "github", "b", "a.yaml", "known.yaml"]), @"
    exit: 3
    ----- stdout -----
    ::error file=a.yaml,line=5,col=11,endColumn=15,title=E0101::unknown key in `limits` `wiat`%0Ahelp: did you mean `wait`?
    ::error file=b/first.yaml,line=11,col=5,endColumn=10,title=E0101::unknown key in a step `expct`%0Ahelp: did you mean `expect`?
    ::error file=b/first.yaml,line=12,col=13,endColumn=19,title=E0130::unknown requirement `PWD-01`%0Ahelp: did you mean `PWD-001`?
    ::warning file=known.yaml,line=3,col=13,endColumn=27,title=W0404::no case `login.password` of dialect `auth0` has a check `rihgt.expect`%0Ahelp: an entry that matches nothing fails a run; `--dialect` names another dialect
    ----- stderr -----
    ");
}

#[test]
fn nothing_wrong_for_machines() {
    let workshop = Workshop::new();
    workshop.write("first.yaml", SCENARIO);
    assert_snapshot!(workshop.transcript(&["check", "--format", "json", "first.yaml"]), @r#"
    exit: 0
    ----- stdout -----
    {
      "format": 1,
      "kind": "check",
      "pushproof": "0.1.0",
      "exit": 0,
      "complete": true,
      "checked": {
        "scenarios": 1,
        "cases": 0,
        "fragments": 0,
        "dialects": 0,
        "requirements": 0,
        "targets": 0,
        "known": 0
      },
      "errors": 0,
      "warnings": 0,
      "problems": []
    }
    ----- stderr -----
    "#);
    assert_snapshot!(workshop.transcript(&["check", "--format", "github", "first.yaml"]), @"
    exit: 0
    ----- stdout -----
    ----- stderr -----
    ");
}

#[test]
fn warnings_alone_end_with_0() {
    let workshop = Workshop::new();
    workshop.write(
        "known.yaml",
        &KNOWN.replace("login.password", "login.pasword"),
    );
    assert_snapshot!(workshop.transcript(&["check", "known.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 list of known deviations: 1 warning
    ----- stderr -----
    warning[W0404]: no case `login.pasword` of dialect `auth0` has a check `right.expect`
     --> known.yaml:3:13
      |
    3 |   - { case: login.pasword, check: right.expect, reason: known to the tenant team }
      |             ^^^^^^^^^^^^^
      |
      = help: an entry that matches nothing fails a run; `--dialect` names another dialect
    ");
}

#[test]
fn a_file_of_no_known_kind() {
    let workshop = Workshop::new();
    workshop.write("mine/compose.yaml", "services:\n  web: {}\n");
    workshop.write("mine/first.yaml", SCENARIO);
    assert_snapshot!(workshop.transcript(&["check", "mine/compose.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0007]: neither a scenario, a fragment, a dialect, its requirements, a target nor a list of known deviations
     --> mine/compose.yaml:1:1
      |
    1 | services:
      | ^
      |
      = help: a scenario has `id` and `steps`, a fragment `fragment`, a dialect `operations`, a target `base_url`, a list `known`

    error: 1 error; nothing was sent
    ");
    assert_snapshot!(workshop.transcript(&["check", "mine"]), @"
    exit: 0
    ----- stdout -----
    1 scenario: 1 warning
    ----- stderr -----
    warning[W0213]: passed over: neither a scenario, a fragment, a dialect, its requirements, a target nor a list of known deviations
     --> mine/compose.yaml:1:1
      |
    1 | services:
      | ^
      |
      = help: a folder that is checked best holds nothing else; or name its files one by one
    ");
}

#[test]
fn standard_input() {
    let workshop = Workshop::new();
    assert_snapshot!(with_standard_input(&workshop, &["check", "-"], SCENARIO), @"
    exit: 0
    ----- stdout -----
    1 scenario: nothing wrong
    ----- stderr -----
    ");
    let mistaken = SCENARIO.replace("expect:", "expct:");
    assert_snapshot!(with_standard_input(&workshop, &["check", "-"], &mistaken), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0101]: unknown key in a step `expct`
      --> stdin:11:5
       |
    11 |     expct: mfa_required
       |     ^^^^^
       |
       = help: did you mean `expect`?

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
    assert_snapshot!(with_standard_input(&workshop, &["check", "--fix", "--write", "-"], &mistaken), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: standard input cannot be written
      help: `--fix` alone shows the diff
    ");
}

const DIALECT: &str = "format: 1
dialect: small
title: Small
features: [factor.push]
operations:
  ask: { http: POST /ask, json: { code: $code }, outcomes: [tokens, pending] }
profiles:
  only:
    tokens: { status: 200, means: final }
    pending: { status: 400, error: authorization_pending, means: pending }
";

/// A dialect of two requirements and two scenarios, of which one covers one.
fn small() -> Workshop {
    let workshop = Workshop::new();
    workshop.write("d/small/dialect.yaml", DIALECT);
    workshop.write(
        "d/small/requirements.yaml",
        "format: 1
requirements:
  - { id: ASK-001, level: must, statement: Whoever asks is answered., source: us }
  - { id: ASK-002, level: should, statement: And soon., source: us }
",
    );
    let ask = |id: &str, more: &str| {
        format!(
            "format: 1
id: {id}
title: Somebody asks
steps:
  - {{ id: ask, use: fragments/asked, with: {{ code: x }} }}
  - {{ id: again, call: ask, with: {{ code: x }}, expect: tokens{more} }}
"
        )
    };
    workshop.write("d/small/one.yaml", &ask("one", ", covers: ASK-001"));
    workshop.write("d/small/two.yaml", &ask("two", ""));
    workshop.write(
        "d/small/fragments/asked.yaml",
        "format: 1
fragment: asked
inputs: { code: text }
steps: [{ id: ask, call: ask, with: { code: $code }, expect: tokens }]
",
    );
    workshop
}

/// A file is checked with the dialect in whose folder it stands, wherever the others come from.
#[test]
fn a_file_of_another_dialect() {
    let workshop = small();
    assert_snapshot!(workshop.transcript(&["check", "d/small/one.yaml", "d/small/fragments/asked.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 scenario, 1 fragment: nothing wrong
    ----- stderr -----
    ");
    assert_snapshot!(workshop.transcript(&["check", "d"]), @"
    exit: 0
    ----- stdout -----
    2 scenarios, 2 cases: nothing wrong
    ----- stderr -----
    ");
    let text = workshop
        .read("d/small/fragments/asked.yaml")
        .replace("expect: tokens", "expect: tokns");
    workshop.write("d/small/fragments/asked.yaml", &text);
    assert_snapshot!(workshop.transcript(&["check", "d/small/fragments/asked.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0171]: unknown outcome `tokns`
     --> d/small/fragments/asked.yaml:4:62
      |
    4 | steps: [{ id: ask, call: ask, with: { code: $code }, expect: tokns }]
      |                                                              ^^^^^
      |
      = help: did you mean `tokens`?

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}

#[test]
fn what_is_not_covered() {
    assert_snapshot!(small().transcript(&["check", "--coverage", "--dialects", "d", "--dialect", "small"]), @"
    exit: 0
    ----- stdout -----
    2 scenarios, 2 cases: nothing wrong
    ----- stderr -----
    note[N0220]: no scenario covers `ASK-002`
     --> d/small/requirements.yaml:4:11
      |
    4 |   - { id: ASK-002, level: should, statement: And soon., source: us }
      |           ^^^^^^^

    note[N0221]: scenario `two` covers no requirement
     --> d/small/two.yaml:2:5
      |
    2 | id: two
      |     ^^^
    ");
    assert_snapshot!(small().transcript(&["check", "--coverage", "d/small/one.yaml"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `--coverage` is about a whole dialect
      help: leave out the paths, or name its folder
    ");
}

#[test]
fn a_misspelt_section_of_a_dialect() {
    let workshop = small();
    workshop.write(
        "d/small/dialect.yaml",
        &DIALECT.replace("operations:", "operatons:"),
    );
    assert_snapshot!(workshop.transcript(&["check", "d"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0101]: unknown key in the dialect `operatons`
     --> d/small/dialect.yaml:5:1
      |
    5 | operatons:
      | ^^^^^^^^^
      |
      = help: did you mean `operations`?

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}
