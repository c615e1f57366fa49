//! What is wrong in a target file, or in a file that it names, is told with its place before anything is sent.

use insta::assert_snapshot;

use crate::codes::{SECRETS, aimed};
use crate::command::Workshop;
use crate::host::{Host, deserted, example};

fn told(target: &str) -> String {
    let workshop = aimed(target);
    workshop.write("nothing.pem", "no certificate\n");
    workshop.write("broken.csv", "user,pass\nada,x\n");
    workshop.transcript(&["conformance", "--target", "target.yaml", "login.password"])
}

/// The example, with users from a file.
fn pooled(base_url: &str, file: &str) -> String {
    let text = example(base_url);
    let (before, rest) = text.split_once("users:").unwrap();
    let (_, after) = rest.split_once("# A virtual").unwrap();
    format!("{before}users: {{ provider: pool, file: {file} }}\n# A virtual{after}")
}

#[test]
fn names_that_the_dialect_does_not_know() {
    let text = example(&deserted())
        .replace("profile: observed", "profile: observd")
        .replace(
            "limits:",
            "lifetimes: { mfatoken: 10m }\nfeatures: [factor.pusch]\nlimits:",
        );
    assert_snapshot!(told(&text), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0202]: unknown profile `observd`
      --> target.yaml:14:10
       |
    14 | profile: observd
       |          ^^^^^^^
       |
       = help: did you mean `observed`?

    error[E0101]: unknown lifetime `mfatoken`
      --> target.yaml:36:14
       |
    36 | lifetimes: { mfatoken: 10m }
       |              ^^^^^^^^
       |
       = help: did you mean `mfa_token`?

    error[E0150]: unknown feature `factor.pusch`
      --> target.yaml:37:12
       |
    37 | features: [factor.pusch]
       |            ^^^^^^^^^^^^
       |
       = help: did you mean `factor.push`?

    error: 3 errors; nothing was sent
    ");
    let text = example(&deserted()).replace("dialect: auth0", "dialect: auth1");
    assert!(
        told(&text).contains("error[E0306]: unknown dialect `auth1`\n  --> target.yaml:"),
        "{}",
        told(&text)
    );
}

#[test]
fn files_that_it_names() {
    let text =
        pooled(&deserted(), "broken.csv").replace("limits:", "tls: { ca: nothing.pem }\nlimits:");
    assert_snapshot!(told(&text), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0308]: `broken.csv`: line 1: the header must be `username,password[,email,email_verified,phone]`
      --> target.yaml:23:26
       |
    23 | users: { provider: pool, file: broken.csv }
       |                          ^^^^
       |
       = help: it names a CSV file of users, `username,password[,email,email_verified,phone]`; a relative path begins at the target file

    error[E0308]: `nothing.pem`: the CA bundle holds no certificate
      --> target.yaml:32:8
       |
    32 | tls: { ca: nothing.pem }
       |        ^^
       |
       = help: it names a PEM file of certificate authorities; a relative path begins at the target file

    error: 2 errors; nothing was sent
    ");
    let text = pooled(&deserted(), "no.csv").replace("limits:", "tls: { ca: no.pem }\nlimits:");
    assert_eq!(
        told(&text).matches("No such file or directory").count(),
        2,
        "{}",
        told(&text)
    );
}

#[test]
fn a_port_that_does_not_exist_and_a_command_of_no_words() {
    let text = example("http://127.0.0.1:99999");
    let (before, rest) = text.split_once("devices:").unwrap();
    let (_, after) = rest.split_once("messages:").unwrap();
    let text = format!("{before}devices: {{ driver: command, command: [] }}\nmessages:{after}");
    assert_snapshot!(told(&text), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0103]: `command` is empty
      --> target.yaml:29:38
       |
    29 | devices: { driver: command, command: [] }
       |                                      ^^

    error: 1 error; nothing was sent
    ");
}

/// What editors and shells add at the end of a secret is no part of it, wherever it stands.
#[test]
fn a_line_break_at_the_end_of_a_secret() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    let workshop = SECRETS
        .iter()
        .fold(Workshop::new(), |workshop, (name, value)| {
            workshop.with(name, &format!("\u{feff}{value}\r\n"))
        });
    workshop.write("target.yaml", &host.target());
    let done = workshop.run(&["conformance", "--target", "target.yaml", "login.password"]);
    assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
}

/// The pool has people, none of whom can be called or is known to have an address.
#[test]
fn a_pool_without_numbers_and_addresses() {
    let host = Host::virtual_time(pushproof_tenant::Settings::default());
    let workshop = aimed(&pooled(&host.base_url, "users.csv"));
    workshop.write("users.csv", "username,password\nada,x\n");
    assert_snapshot!(workshop.transcript(&["conformance", "--target", "target.yaml", "sms.code", "email.verified"]), @"
    exit: 5
    ----- stdout -----
    pushproof 0.1.0 against `served-sandbox`: dialect auth0, profile observed, seed
    1, run [run id]

    requirements  5 not-applicable, 152 without a selected scenario
    cases         2 not-applicable

    not applicable
      the target lacks `factor.email` (the pool has nobody whose `email_verified` is
      `true`): email.verified
      the target lacks `factor.sms` (the pool has no telephone numbers): sms.code

    exit 5: nothing selected is applicable
    ----- stderr -----
    record: reports/[stamp]-[run id]/record.jsonl
    ");
}
