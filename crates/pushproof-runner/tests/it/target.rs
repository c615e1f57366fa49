//! Target files: the whole of the documented example, and what is said about mistakes.

use std::collections::BTreeSet;
use std::path::Path;

use pushproof_report::Secret;
use pushproof_runner::target::{self, Authority, SecretRef, Target, Users};
use pushproof_runner::transport::Roots;
use pushproof_scenario::Source;

fn resolve(reference: &SecretRef) -> Result<Secret, String> {
    match reference {
        SecretRef::Env(name) if name == "UNSET" => Err("is not set".to_owned()),
        SecretRef::Env(name) => Ok(Secret::new(format!("value of {name}"))),
        SecretRef::File(path) => Ok(Secret::new(format!("content of {}", path.display()))),
    }
}

fn read(text: &str) -> Result<Target, String> {
    let source = Source::new("targets/staging.yaml", text);
    target::parse(&source, Path::new("targets"), &resolve).map_err(|problems| {
        let shown: Vec<_> = problems
            .iter()
            .map(|problem| problem.render(false))
            .collect();
        shown.join("\n\n")
    })
}

/// A target that is whole, and a few lines more.
fn with(lines: &str) -> Result<Target, String> {
    read(&format!(
        "format: 1\ntarget: staging\nbase_url: http://127.0.0.1:4010\ndialect: auth0\n{lines}"
    ))
}

const EXAMPLE: &str = r#"format: 1
target: staging
base_url: https://tenant.example.com/
dialect: auth0
profile: observed              # documented | observed
client: { id: abc, secret: { env: STAGING_CLIENT_SECRET } }
clients:                       # optional; single requirements need them
  other: { id: xyz, secret: { env: Y } }         # a second client with the MFA grant
  public: { id: def }
  restricted: { id: ghi, secret: { file: x.secret } }    # without the MFA grant
features: [factor.push, factor.otp, factor.recovery_code]
users: { provider: management-api, token: { env: MGMT_TOKEN }, connection: Username-Password-Authentication }
devices: { driver: guardian, inbox: "http://127.0.0.1:4010/__control/inbox/{push_token}" }
messages: { inbox: "http://127.0.0.1:4010/__control/messages/{address}" }   # sms, voice, e-mail codes
settings: { url: "http://127.0.0.1:4010/__control/settings" }                # tenant switches
clock: { advance: "http://127.0.0.1:4010/__control/clock" }                  # absent: real time
lifetimes: { mfa_token: 10m, oob_code: 5m, enrolment: 5m, management_token: 10m }   # defaults from the dialect
tls: { ca: ca.pem, insecure: false }
proxy: none                    # proxies only from here, never from the environment
limits: { requests_per_second: 20, concurrency: 8, pushes: 60, wait: 30s, timeout: 10s }
load: { allow: false, max_rps: 200 }   # load is refused on a non-loopback target unless allowed
"#;

#[test]
fn the_documented_example() {
    let target = read(EXAMPLE).unwrap();
    insta::assert_debug_snapshot!(target, @r#"
    Target {
        name: "staging",
        base_url: "https://tenant.example.com",
        endpoints: {},
        inputs: {},
        dialect: "auth0",
        profile: Some(
            "observed",
        ),
        client: Some(
            Client {
                id: "abc",
                secret: Some(
                    ‹secret›,
                ),
                auth: Body,
                place: Some(
                    "targets/staging.yaml:6",
                ),
            },
        ),
        clients: {
            "other": Client {
                id: "xyz",
                secret: Some(
                    ‹secret›,
                ),
                auth: Body,
                place: Some(
                    "targets/staging.yaml:8",
                ),
            },
            "public": Client {
                id: "def",
                secret: None,
                auth: Body,
                place: Some(
                    "targets/staging.yaml:9",
                ),
            },
            "restricted": Client {
                id: "ghi",
                secret: Some(
                    ‹secret›,
                ),
                auth: Body,
                place: Some(
                    "targets/staging.yaml:10",
                ),
            },
        },
        features: Some(
            {
                "factor.otp": "targets/staging.yaml:11",
                "factor.push": "targets/staging.yaml:11",
                "factor.recovery_code": "targets/staging.yaml:11",
            },
        ),
        users: Some(
            ManagementApi {
                authority: Token(
                    ‹secret›,
                ),
                connection: "Username-Password-Authentication",
            },
        ),
        devices: Some(
            Guardian {
                inbox: "http://127.0.0.1:4010/__control/inbox/{push_token}",
            },
        ),
        messages: Some(
            "http://127.0.0.1:4010/__control/messages/{address}",
        ),
        settings: Some(
            "http://127.0.0.1:4010/__control/settings",
        ),
        switches: [
            "recovery_codes",
        ],
        clock: Some(
            "http://127.0.0.1:4010/__control/clock",
        ),
        lifetimes: {
            "enrolment": 300s,
            "management_token": 600s,
            "mfa_token": 600s,
            "oob_code": 300s,
        },
        tls: Tls {
            ca: Some(
                "targets/ca.pem",
            ),
            insecure: false,
        },
        proxy: None,
        limits: Limits {
            requests_per_second: Some(
                20,
            ),
            concurrency: 8,
            pushes: Some(
                60,
            ),
            wait: 30s,
            timeout: 10s,
        },
        load: Load {
            allow: false,
            rps_max: Some(
                200,
            ),
        },
        lacks: {},
    }
    "#);
    assert_eq!(
        target.client.unwrap().secret.unwrap().reveal(),
        "value of STAGING_CLIENT_SECRET"
    );
    assert_eq!(
        target.clients["restricted"]
            .secret
            .as_ref()
            .unwrap()
            .reveal(),
        "content of targets/x.secret"
    );
    let Some(Users::ManagementApi {
        authority: Authority::Token(token),
        ..
    }) = target.users
    else {
        panic!("users")
    };
    assert_eq!(token.reveal(), "value of MGMT_TOKEN");
}

#[test]
fn the_least_a_target_needs() {
    let target = with("").unwrap();
    let features = target
        .features(&known())
        .into_iter()
        .collect::<Vec<_>>()
        .join(" ");
    insta::assert_snapshot!(features, @"audience.other factor.recovery_code grant.password_realm management.token");
    assert_eq!(
        target.http_options().unwrap().roots,
        Roots::Nobody,
        "nothing here speaks TLS"
    );
    assert_eq!(target.limits.concurrency, 8);
}

#[test]
fn features_follow_from_the_rest_of_the_file() {
    let base = with("").unwrap().features(&known());
    let added = |lines: &str| -> String {
        let all: BTreeSet<_> = with(lines).unwrap().features(&known());
        all.difference(&base).cloned().collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(added("devices: { driver: guardian, inbox: 'http://h/{push_token}' }"), @"device.codes device.guardian factor.otp factor.push");
    insta::assert_snapshot!(added("devices: { driver: human }"), @"device.codes factor.push");
    insta::assert_snapshot!(added("messages: { inbox: 'http://h/{address}' }"), @"factor.email factor.sms factor.voice messages");
    insta::assert_snapshot!(added("users: { provider: management-api, token: { env: T }, connection: c }"), @"management.api");
    insta::assert_snapshot!(added("clients: { other: { id: a }, public: { id: b }, restricted: { id: c } }"), @"client.other client.public client.restricted");
    insta::assert_snapshot!(added("clock: { advance: 'http://h/' }\nsettings: { url: 'http://h/' }"), @"clock switch.recovery_codes");
    insta::assert_snapshot!(added("settings: { url: 'http://h/', switches: [factor.otp] }"), @"switch.factor.otp");
    assert_eq!(
        with("features: []").unwrap().features(&known()),
        BTreeSet::new(),
        "a list that is there is the whole list"
    );
    let said = with("features: [clock, 'no.such']").unwrap();
    assert_eq!(
        said.unknown_feature(&known()),
        Some(("no.such", "targets/staging.yaml:5"))
    );
}

/// What the dialect knows.
fn known() -> Vec<String> {
    crate::world::programs()[0].dialect.features.clone()
}

#[test]
fn a_host_with_tls_needs_roots() {
    let hook = with("users: { provider: hook, url: 'https://h/users' }").unwrap();
    assert_eq!(hook.http_options().unwrap().roots, Roots::Platform);
    let own = with("tls: { ca: no-such.pem }").unwrap();
    assert!(
        own.http_options().is_err(),
        "a CA file that is not there is no reason to trust others"
    );
}

#[test]
fn every_mistake_is_found_in_one_pass() {
    let problems = read(
        r#"format: 1
targt: staging
base_url: tenant.example.com
profile: observed
client: { id: abc, secret: hunter2-hunter2 }
clients: { othr: { id: xyz } }
features: factor.push
users: { provider: pol, file: users.csv }
devices: { driver: guardian, inbox: "http://127.0.0.1/{token}" }
limits: { concurrency: 0, wait: 30 }
"#,
    )
    .unwrap_err();
    assert!(!problems.contains("hunter2"), "{problems}");
    insta::assert_snapshot!(problems, @r#"
    error[E0102]: a target has no `dialect`
     --> targets/staging.yaml:1:1
      |
    1 | format: 1
      | ^

    error[E0101]: unknown key in a target `targt`
     --> targets/staging.yaml:2:1
      |
    2 | targt: staging
      | ^^^^^
      |
      = help: did you mean `target`?

    error[E0303]: `base_url` must begin with `http://` or `https://`
     --> targets/staging.yaml:3:11
      |
    3 | base_url: tenant.example.com
      |           ^^^^^^^^^^^^^^^^^^
      |
      = help: write a whole URL, such as `http://127.0.0.1:4010/path`

    error[E0301]: a secret is given by reference, never written out
     --> targets/staging.yaml:5:28
      |
    5 | client: { id: abc, secret: *************** }
      |                            ^^^^^^^^^^^^^^^
      |
      = help: write `{ env: NAME }` or `{ file: PATH }`; what was written here should be taken for known to others

    error[E0101]: unknown key in `clients` `othr`
     --> targets/staging.yaml:6:12
      |
    6 | clients: { othr: { id: xyz } }
      |            ^^^^
      |
      = help: did you mean `other`?

    error[E0103]: `features` must be a list, this is `factor.push`
     --> targets/staging.yaml:7:11
      |
    7 | features: factor.push
      |           ^^^^^^^^^^^

    error[E0105]: unknown user provider `pol`
     --> targets/staging.yaml:8:20
      |
    8 | users: { provider: pol, file: users.csv }
      |                    ^^^
      |
      = help: did you mean `pool`?

    error[E0304]: unknown placeholder `token`
     --> targets/staging.yaml:9:37
      |
    9 | devices: { driver: guardian, inbox: "http://127.0.0.1/{token}" }
      |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: known here: `push_token`

    error[E0305]: `concurrency` must be at least 1
      --> targets/staging.yaml:10:24
       |
    10 | limits: { concurrency: 0, wait: 30 }
       |                        ^

    error[E0104]: `wait` `30` is not a duration
      --> targets/staging.yaml:10:33
       |
    10 | limits: { concurrency: 0, wait: 30 }
       |                                 ^^
       |
       = help: write a number with its unit: `500ms`, `30s`, `5m`, `1h`
    "#);
}

#[test]
fn secrets_are_given_by_reference() {
    insta::assert_snapshot!(with("client: { id: a, secret: { env: UNSET } }").unwrap_err(), @"
    error[E0302]: environment variable `UNSET` is not set
     --> targets/staging.yaml:5:26
      |
    5 | client: { id: a, secret: { env: UNSET } }
      |                          ^^^^^^^^^^^^^^
      |
      = help: set it first (`export UNSET=…`), or write `{ file: PATH }`
    ");
    insta::assert_snapshot!(with("client: { id: a, secret: { env: A, file: b } }").unwrap_err(), @"
    error[E0102]: a secret needs either `env` or `file`
     --> targets/staging.yaml:5:26
      |
    5 | client: { id: a, secret: { env: A, file: b } }
      |                          ^^^^^^^^^^^^^^^^^^^
    ");
    insta::assert_snapshot!(with("users: { provider: management-api, connection: c }").unwrap_err(), @"
    error[E0102]: `users` needs either `token` or `client`
     --> targets/staging.yaml:5:8
      |
    5 | users: { provider: management-api, connection: c }
      |        ^
    ");
}

#[test]
fn urls_hold_no_credentials_and_no_unknown_placeholders() {
    insta::assert_snapshot!(with("settings: { url: 'http://me:pass@h/' }").unwrap_err(), @"
    error[E0303]: `url` must not hold a user name or password
     --> targets/staging.yaml:5:18
      |
    5 | settings: { url: ******************* }
      |                  ^^^^^^^^^^^^^^^^^^^
      |
      = help: URLs appear in reports; take them out of it
    ");
    insta::assert_snapshot!(with("settings: { url: 'ftp://h/' }").unwrap_err(), @"
    error[E0303]: `url` must begin with `http://` or `https://`
     --> targets/staging.yaml:5:18
      |
    5 | settings: { url: 'ftp://h/' }
      |                  ^^^^^^^^^^
      |
      = help: write a whole URL, such as `http://127.0.0.1:4010/path`
    ");
    insta::assert_snapshot!(with("devices: { driver: hook, url: 'http://h/{actoin}/{with.oob_code}' }").unwrap_err(), @"
    error[E0304]: unknown placeholder `actoin`
     --> targets/staging.yaml:5:31
      |
    5 | devices: { driver: hook, url: 'http://h/{actoin}/{with.oob_code}' }
      |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `action`?
    ");
}

/// Such an inbox would give every phone the pushes of all, and each push once.
#[test]
fn an_inbox_of_pushes_says_whose() {
    insta::assert_snapshot!(with("devices: { driver: guardian, inbox: 'http://h/inbox' }").unwrap_err(), @"
    error[E0303]: `inbox` does not say whose pushes it wants
     --> targets/staging.yaml:5:37
      |
    5 | devices: { driver: guardian, inbox: 'http://h/inbox' }
      |                                     ^^^^^^^^^^^^^^^^
      |
      = help: put `{push_token}` where the token belongs that the phone registered, such as `http://127.0.0.1:4010/inbox/{push_token}`
    ");
}

#[test]
fn commands_are_paths_only_if_they_look_like_it() {
    let command = |line: &str| format!("{:?}", with(line).unwrap().devices.unwrap());
    insta::assert_snapshot!(command("devices: { driver: command, command: [adb, shell] }"), @r#"Command { command: ["adb", "shell"] }"#);
    insta::assert_snapshot!(command("devices: { driver: command, command: [./tap.sh, fast] }"), @r#"Command { command: ["targets/./tap.sh", "fast"] }"#);
}
