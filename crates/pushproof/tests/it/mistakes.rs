//! Ten mistakes that everybody makes once, each answered with what is wrong, where, and what to do.

use std::io::{Read, Write};
use std::net::TcpStream;

use insta::assert_snapshot;
use pushproof_tenant::Settings;
use regex_lite::Regex;
use serde_json::{Value, json};

use crate::command::{Workshop, transcript};
use crate::host::{Host, deserted, example};

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
    capture: { mfa_token: body.mfa_token }
    covers: PWD-001
  - id: list
    say: The app asks for her authenticators
    call: authenticators.list
    with: { mfa_token: $mfa_token }
    expect: ok
    covers: LIST-001
";

/// A dialect in a folder of the user's own, with one scenario of theirs.
fn with_scenario(text: &str) -> Workshop {
    let workshop = Workshop::new();
    for (path, file) in pushproof_dialects::FILES {
        let rules = [
            "auth0/dialect.yaml",
            "auth0/requirements.yaml",
            "auth0/fragments/fresh.yaml",
            "auth0/fragments/password-login.yaml",
        ];
        if rules.contains(path) {
            workshop.write(&format!("dialects/{path}"), file);
        }
    }
    workshop.write("dialects/auth0/mine/first.yaml", text);
    workshop
}

fn check(text: &str) -> String {
    with_scenario(text).transcript(&["--dialects", "dialects", "check"])
}

/// The secrets of the example target.
fn with_secrets(target: &str) -> Workshop {
    let workshop = Workshop::new()
        .with(
            "SANDBOX_CLIENT_SECRET",
            pushproof_tenant::SANDBOX_CLIENT_SECRET,
        )
        .with(
            "SANDBOX_OTHER_SECRET",
            pushproof_tenant::OTHER_CLIENT_SECRET,
        )
        .with(
            "SANDBOX_RESTRICTED_SECRET",
            pushproof_tenant::RESTRICTED_CLIENT_SECRET,
        );
    workshop.write("target.yaml", target);
    workshop
}

const RUN: [&str; 6] = [
    "conformance",
    "--target",
    "target.yaml",
    "login.password",
    "--record",
    "run.jsonl",
];

/// The scenario that the mistakes are made in is right before they are.
#[test]
fn no_mistake() {
    let told = check(SCENARIO);
    assert!(told.starts_with("exit: 0\n"), "{told}");
}

#[test]
fn a_typo_in_a_key() {
    assert_snapshot!(check(&SCENARIO.replace("    expect: mfa_required", "    expct: mfa_required")), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0101]: unknown key in a step `expct`
      --> dialects/auth0/mine/first.yaml:11:5
       |
    11 |     expct: mfa_required
       |     ^^^^^
       |
       = help: did you mean `expect`?

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}

#[test]
fn wrong_indentation() {
    assert_snapshot!(check(&SCENARIO.replace("    expect: mfa_required", "   expect: mfa_required")), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0001]: not YAML: while parsing a block collection, did not find expected '-' indicator
      --> dialects/auth0/mine/first.yaml:11:4
       |
     7 |   - id: login
       |     -- the map begins here
    ...
    11 |    expect: mfa_required
       |    ^
       |
       = help: indent this line by 4 spaces, not 3, like the map that begins in line 7

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}

#[test]
fn a_capture_that_is_not_bound() {
    assert_snapshot!(check(&SCENARIO.replace("mfa_token: $mfa_token", "mfa_token: $mfa_tokn")), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0154]: unknown name `mfa_tokn`
      --> dialects/auth0/mine/first.yaml:17:24
       |
    17 |     with: { mfa_token: $mfa_tokn }
       |                        ^^^^^^^^^
       |
       = help: did you mean `mfa_token`?

    error: 1 error; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}

#[test]
fn a_secret_that_is_not_in_the_environment() {
    let workshop = Workshop::new()
        .with("SANDBOX_CLIENT_SECRET", "x")
        .with("SANDBOX_RESTRICTED_SECRET", "x");
    workshop.write("target.yaml", &example(&deserted()));
    assert_snapshot!(workshop.transcript(&RUN), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0302]: environment variable `SANDBOX_OTHER_SECRET` is not set
      --> target.yaml:18:38
       |
    18 |   other: { id: other-client, secret: { env: SANDBOX_OTHER_SECRET } }
       |                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: set it first (`export SANDBOX_OTHER_SECRET=…`), or write `{ file: PATH }`

    error: 1 error; nothing was sent
    ");
}

/// A server that answers, but is no tenant: the path is one too deep.
#[test]
fn a_wrong_url() {
    let host = Host::virtual_time(Settings::default());
    let target = host.target().replace(
        &format!("base_url: {}", host.base_url),
        &format!("base_url: {}/v2", host.base_url),
    );
    assert_snapshot!(with_secrets(&target).transcript(&RUN), @r#"
    exit: 20
    ----- stdout -----
    pushproof 0.1.0 against `served-sandbox`: dialect auth0, profile observed, seed
    1, run [run id]


    could-not-run  login.password
          The right password asks for a second factor, a wrong one for nothing
          scenarios/auth0/login/password.yaml:2
          because: no user for `alice`: management token hook `POST
                   http://127.0.0.1:[port]/v2/oauth/token` answered 404 Not Found:
                   {"error":"not_found","error_description":"Not found."}

    requirements  9 could-not-run, 148 without a selected scenario
    cases         1 could-not-run

      could-not-run   must    PWD-001   When somebody who must use a second factor…
      could-not-run   must    PWD-002   The answer that asks for a second factor is…
      could-not-run   should  PWD-003   A login that still needs a second factor is…
      could-not-run   must    PWD-004   The answer that asks for a second factor ho…
      could-not-run   must    PWD-005   A wrong password is answered with an OAuth…
      could-not-run   must    PWD-009   Two logins never share an `mfa_token`, not…
      could-not-run   must    MTK-001   A new `mfa_token` opens all four doors, whi…
      could-not-run   must    MTK-009   Leaving the credential out is an error ever…
      could-not-run   must    LIST-007  Asking for the list without a token gets st…
                              no user for `alice`: management token hook `POST
                              http://127.0.0.1:[port]/v2/oauth/token` answered 404
                              Not Found:
                              {"error":"not_found","error_description":"Not found."}

    exit 20: no case reached a verdict: the target, its users or its devices could
    not be used
    ----- stderr -----
    record: run.jsonl
    help: no case holds, so the target file may be at fault; `pushproof target doctor target.yaml` tries each part of it
    "#);
}

#[test]
fn a_target_that_is_down() {
    let target = example(&deserted()).replace("clock: {", "# clock: {");
    assert_snapshot!(with_secrets(&target).transcript(&RUN), @"
    exit: 20
    ----- stdout -----
    pushproof 0.1.0 against `served-sandbox`: dialect auth0, profile observed, seed
    1, run [run id]


    could-not-run  login.password
          The right password asks for a second factor, a wrong one for nothing
          scenarios/auth0/login/password.yaml:2
          because: the target does not answer: connection refused at
                   `http://127.0.0.1:[port]`; check `base_url`, and that it runs

    requirements  9 could-not-run, 148 without a selected scenario
    cases         1 could-not-run

      could-not-run   must    PWD-001   When somebody who must use a second factor…
      could-not-run   must    PWD-002   The answer that asks for a second factor is…
      could-not-run   should  PWD-003   A login that still needs a second factor is…
      could-not-run   must    PWD-004   The answer that asks for a second factor ho…
      could-not-run   must    PWD-005   A wrong password is answered with an OAuth…
      could-not-run   must    PWD-009   Two logins never share an `mfa_token`, not…
      could-not-run   must    MTK-001   A new `mfa_token` opens all four doors, whi…
      could-not-run   must    MTK-009   Leaving the credential out is an error ever…
      could-not-run   must    LIST-007  Asking for the list without a token gets st…
                              the target does not answer: connection refused at
                              `http://127.0.0.1:[port]`; check `base_url`, and that
                              it runs

    exit 20: no case reached a verdict: the target, its users or its devices could
    not be used
    ----- stderr -----
    record: run.jsonl
    help: no case holds, so the target file may be at fault; `pushproof target doctor target.yaml` tries each part of it
    ");
}

#[test]
fn a_wrong_client_secret() {
    let host = Host::virtual_time(Settings::default());
    let workshop = with_secrets(&host.target().replace(
        "secret: { env: SANDBOX_CLIENT_SECRET } }\nclients",
        "secret: { env: MISTYPED } }\nclients",
    ));
    let workshop = workshop.with("MISTYPED", "not-the-secret-at-all");
    let told = workshop.transcript(&RUN);
    let user = Regex::new("pushproof-[0-9a-f]{8}-[0-9]+@").unwrap();
    assert_snapshot!(user.replace_all(&told, "[user]@"), @"
    exit: 20
    ----- stdout -----
    pushproof 0.1.0 against `served-sandbox`: dialect auth0, profile observed, seed
    1, run [run id]

    could-not-run  login.password: the endpoint refuses `client` (id `sandbox-clien…

    could-not-run  login.password
          The right password asks for a second factor, a wrong one for nothing
          scenarios/auth0/login/password.yaml:2
          because: the endpoint refuses `client` (id `sandbox-client`): got
                   invalid_client (401 invalid_client); check its `id`, `secret` and
                   `auth` at target.yaml:16, and what the client may do
          right: Alice gives her password
            token.password  0.0s  invalid_client (401)
            target file     0.0s  given up: the endpoint refuses `client` (id `sand…

    requirements  9 could-not-run, 3 pass, 1 not-applicable, 144 without a selected
                  scenario
    cases         1 could-not-run

      could-not-run   must    PWD-001   When somebody who must use a second factor…
      could-not-run   must    PWD-002   The answer that asks for a second factor is…
      could-not-run   should  PWD-003   A login that still needs a second factor is…
      could-not-run   must    PWD-004   The answer that asks for a second factor ho…
      could-not-run   must    PWD-005   A wrong password is answered with an OAuth…
      could-not-run   must    PWD-009   Two logins never share an `mfa_token`, not…
      could-not-run   must    MTK-001   A new `mfa_token` opens all four doors, whi…
      could-not-run   must    MTK-009   Leaving the credential out is an error ever…
      could-not-run   must    LIST-007  Asking for the list without a token gets st…
                              the endpoint refuses `client` (id `sandbox-client`):
                              got invalid_client (401 invalid_client); check its
                              `id`, `secret` and `auth` at target.yaml:16, and what
                              the client may do

    exit 20: no case reached a verdict: the target, its users or its devices could
    not be used
    ----- stderr -----
    record: run.jsonl
    help: no case holds, so the target file may be at fault; `pushproof target doctor target.yaml` tries each part of it
    ");
}

/// A target of this machine's own that is never asked.
fn unasked(lines: &str) -> Workshop {
    let workshop = Workshop::new();
    let base_url = deserted();
    let text = format!("format: 1\ntarget: mine\nbase_url: {base_url}\n{lines}\n");
    workshop.write("target.yaml", &text);
    workshop
}

#[test]
fn a_person_and_no_terminal() {
    let workshop = unasked("dialect: auth0\ndevices: { driver: human }");
    assert_snapshot!(workshop.transcript(&["conformance", "--target", "target.yaml"]), @"
    exit: 20
    ----- stdout -----
    ----- stderr -----
    error: `devices: { driver: human }` asks a person at the terminal, and standard input is no terminal; nothing was sent
      help: run it at a terminal, or let a `hook` or a `command` act with the devices
    ");
}

#[test]
fn a_feature_that_the_dialect_does_not_know() {
    let run = ["conformance", "--target", "target.yaml"];
    let of_auth0 = unasked("dialect: auth0\nfeatures: [factor.push, factor.opt]");
    assert_snapshot!(of_auth0.transcript(&run), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0150]: unknown feature `factor.opt`
     --> target.yaml:5:25
      |
    5 | features: [factor.push, factor.opt]
      |                         ^^^^^^^^^^
      |
      = help: did you mean `factor.otp`?

    error: 1 error; nothing was sent
    ");
    let of_device_grant = unasked("dialect: device-grant\nfeatures: [approver, factor.push]");
    assert_snapshot!(of_device_grant.transcript(&run), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0307]: dialect `device-grant` needs to know the path of endpoint `device_authorization`
     --> target.yaml:1:1
      |
    1 | format: 1
      | ^
      |
      = help: add it to `endpoints`

    error[E0150]: unknown feature `factor.push`
     --> target.yaml:5:22
      |
    5 | features: [approver, factor.push]
      |                      ^^^^^^^^^^^
      |
      = help: known here: `approver`, `approver.rejects`, `client.secret`, `client.other`, `clock`

    error: 2 errors; nothing was sent
    ");
}

#[test]
fn no_case_at_a_time() {
    assert_snapshot!(transcript(&["conformance", "-j", "0"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: invalid value '0' for '-j <N>': number would be zero for non-zero type

    For more information, try '--help'.
    ");
}

#[test]
fn a_filter_that_matches_nothing() {
    assert_snapshot!(transcript(&["conformance", "-E", "tag(polling) & covers(OOB-POLL-7)"]), @"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: filter: no case passes this test
      | tag(polling) & covers(OOB-POLL-7)
      |                       ^^^^^^^^^^
      help: did you mean `OOB-POLL-007`?
    ");
}

#[test]
fn an_unknown_option() {
    assert_snapshot!(transcript(&["conformance", "--reapeat", "3"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: unexpected argument '--reapeat' found

      tip: a similar argument exists: '--repeat'

    Usage: pushproof conformance --repeat <N> [SELECT]...

    For more information, try '--help'.
    ");
}

/// The only user of the pool has an authenticator from an earlier run.
#[test]
fn users_that_are_not_fresh() {
    let host = Host::virtual_time(Settings::default());
    let (before, after) = host
        .target()
        .split_once("users:")
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .unwrap();
    let after = after.split_once("# A virtual Guardian").unwrap().1;
    let target = format!(
        "{before}users: {{ provider: pool, file: users.csv }}\n# A virtual Guardian{after}"
    );
    let workshop = with_secrets(&target);
    let (username, password) = ("alice@example.com", "Correct-Horse-Battery-9");
    workshop.write(
        "users.csv",
        &format!("username,password\n{username},{password}\n"),
    );
    make_user(&host.base_url, username, password);
    let enrol = [
        "conformance",
        "--target",
        "target.yaml",
        "push.enrol.confirmed-while-polling",
        "-q",
        "--record",
        "run.jsonl",
    ];
    assert_eq!(
        workshop.run(&enrol).exit,
        0,
        "the first run finds a fresh user"
    );
    let again = workshop.transcript(&enrol);
    let told = "could-not-run  push.enrol.confirmed-while-polling: no user for `alice`: `alice@…";
    assert!(
        again.starts_with("exit: 20\n") && again.contains(told),
        "{again}"
    );
}

/// Makes a user through the Management API, as an administrator would.
fn make_user(base_url: &str, username: &str, password: &str) {
    let (id, secret) = (
        pushproof_tenant::SANDBOX_CLIENT_ID,
        pushproof_tenant::SANDBOX_CLIENT_SECRET,
    );
    let grant = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret, "audience": format!("{base_url}/api/v2/") });
    let token = post(base_url, "/oauth/token", "", &grant);
    let bearer = format!(
        "Authorization: Bearer {}\r\n",
        token["access_token"].as_str().unwrap()
    );
    let connection = pushproof_tenant::SANDBOX_CONNECTION;
    let user = json!({ "connection": connection, "email": username, "password": password, "email_verified": false });
    assert!(post(base_url, "/api/v2/users", &bearer, &user)["user_id"].is_string());
}

fn post(base_url: &str, path: &str, headers: &str, body: &Value) -> Value {
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
}
