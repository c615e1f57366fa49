//! `target doctor`: what works, what is missing, and what that costs.

use insta::assert_snapshot;
use pushproof_tenant::Settings;

use crate::command::Workshop;
use crate::host::{Host, deserted, example};

fn doctor(target: &str, client_secret: &str) -> String {
    let workshop = Workshop::new()
        .with("SANDBOX_CLIENT_SECRET", client_secret)
        .with("MANAGEMENT_SECRET", pushproof_tenant::SANDBOX_CLIENT_SECRET)
        .with(
            "SANDBOX_OTHER_SECRET",
            pushproof_tenant::OTHER_CLIENT_SECRET,
        )
        .with(
            "SANDBOX_RESTRICTED_SECRET",
            pushproof_tenant::RESTRICTED_CLIENT_SECRET,
        );
    let (own, rest) = target.split_once("users:").unwrap();
    workshop.write(
        "target.yaml",
        &format!(
            "{own}users:{}",
            rest.replace("SANDBOX_CLIENT_SECRET", "MANAGEMENT_SECRET")
        ),
    );
    steady(&workshop.transcript(&["target", "doctor", "target.yaml"]))
}

/// Without what the machine, the clock or a new scenario decides.
fn steady(text: &str) -> String {
    let replace = |text: String, find: &str, put: &str| {
        regex_lite::Regex::new(find)
            .unwrap()
            .replace_all(&text, put)
            .into_owned()
    };
    let text = replace(text.to_owned(), r"in \d+ ms", "in [n] ms");
    let text = replace(
        text,
        r"\S+ (ahead|behind)[^;\n]*|[\w ]+ (ahead of|behind) the clock here",
        "[so far] from the clock here",
    );
    let text = replace(text, r"`\S+@\S+`", "`[user]`");
    let text = replace(
        text,
        r"costs \d+ requirements?:\n(  .*\n)+",
        "costs [requirements]\n",
    );
    replace(
        text,
        r"; \d+ of \d+ requirements",
        "; [n] of [all] requirements",
    )
}

const SECRET: &str = pushproof_tenant::SANDBOX_CLIENT_SECRET;

#[test]
fn a_target_in_good_health() {
    let host = Host::virtual_time(Settings::default());
    assert_snapshot!(doctor(&host.target(), SECRET), @"
    exit: 0
    ----- stdout -----
    doctor of `served-sandbox`: dialect auth0, profile observed

    works    reachable          http://127.0.0.1:[port] answered 200 in [n] ms
    missing  tls                not used: the base URL is http
    works    users              `[user]` was made and deleted
    works    messages           the inbox of an address could be read
    works    settings           a change of nothing was taken
    works    clock              moved by its hook;[so far] from the clock here
    works    client             token.password took its credentials (case `http.authorization-header`)
    works    devices            enrol was acknowledged (case `http.authorization-header`)
    works    poll               poll 2 was answered with tokens (case `http.authorization-header`)
    works    push               it arrived, and approve was acknowledged (case `device.platforms[platform=android]`)
    works    client other       used by case `login.other-client`
    works    client restricted  used by case `login.restricted-client`

    11 work, 0 broken, 1 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
    exit 0: everything that the file promises works
    ----- stderr -----
    ");
}

#[test]
fn a_target_that_is_down() {
    assert_snapshot!(doctor(&example(&deserted()), SECRET), @"
    exit: 20
    ----- stdout -----
    doctor of `served-sandbox`: dialect auth0, profile observed

    broken   reachable          http://127.0.0.1:[port]: connection refused at `http://127.0.0.1:[port]`

    all of this costs [requirements]

    0 work, 1 broken, 0 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
    exit 20: something that every case needs does not work
    ----- stderr -----
    ");
}

#[test]
fn a_wrong_client_secret() {
    let host = Host::virtual_time(Settings::default());
    assert_snapshot!(doctor(&host.target(), "not-the-secret-at-all"), @"
    exit: 20
    ----- stdout -----
    doctor of `served-sandbox`: dialect auth0, profile observed

    works    reachable          http://127.0.0.1:[port] answered 200 in [n] ms
    missing  tls                not used: the base URL is http
    works    users              `[user]` was made and deleted
    works    messages           the inbox of an address could be read
    works    settings           a change of nothing was taken
    works    clock              moved by its hook;[so far] from the clock here
    broken   client             the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at target.yaml:16, and what the client may do
    untried  devices            the case ended before a phone was needed
    untried  poll               the client was not let in
    untried  push               the case ended before a push was needed (case `device.platforms[platform=android]`)
    broken   client other       the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at target.yaml:16, and what the client may do
    broken   client restricted  the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at target.yaml:16, and what the client may do

    all of this costs [requirements]

    5 work, 3 broken, 1 missing, 3 untried; [n] of [all] requirements cannot be judged for want of them
    exit 20: something that every case needs does not work
    ----- stderr -----
    ");
}

#[test]
fn an_inbox_that_is_not_there() {
    let host = Host::virtual_time(Settings::default());
    let target = host
        .target()
        .replace("/__control/inbox/", "/__control/inbux/");
    assert_snapshot!(doctor(&target, SECRET), @r#"
    exit: 5
    ----- stdout -----
    doctor of `served-sandbox`: dialect auth0, profile observed

    works    reachable          http://127.0.0.1:[port] answered 200 in [n] ms
    missing  tls                not used: the base URL is http
    works    users              `[user]` was made and deleted
    works    messages           the inbox of an address could be read
    works    settings           a change of nothing was taken
    works    clock              moved by its hook;[so far] from the clock here
    works    client             token.password took its credentials (case `http.authorization-header`)
    works    devices            enrol was acknowledged (case `http.authorization-header`)
    works    poll               poll 2 was answered with tokens (case `http.authorization-header`)
    broken   push               approve: devices hook `GET http://127.0.0.1:[port]/__control/inbux/{push_token}` answered 404 Not Found: {"error":"not_found","error_description":"Not found."} (case `device.platforms[platform=android]`)
    works    client other       used by case `login.other-client`
    works    client restricted  used by case `login.restricted-client`

    the lack of `factor.push` costs [requirements]

    10 work, 1 broken, 1 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
    exit 5: something that a part of the cases needs does not work
    ----- stderr -----
    "#);
}

#[test]
fn hooks_that_fail_and_hooks_that_are_missing() {
    let host = Host::virtual_time(Settings::default());
    let target = host
        .target()
        .replace("/__control/settings", "/__control/sittings")
        .replace("messages: {", "# messages: {");
    assert_snapshot!(doctor(&target, SECRET), @r#"
    exit: 5
    ----- stdout -----
    doctor of `served-sandbox`: dialect auth0, profile observed

    works    reachable          http://127.0.0.1:[port] answered 200 in [n] ms
    missing  tls                not used: the base URL is http
    works    users              `[user]` was made and deleted
    missing  messages           the file has no `messages`
    broken   settings           settings hook `POST http://127.0.0.1:[port]/__control/sittings` answered 404 Not Found: {"error":"not_found","error_description":"Not found."}
    works    clock              moved by its hook;[so far] from the clock here
    works    client             token.password took its credentials (case `http.authorization-header`)
    works    devices            enrol was acknowledged (case `http.authorization-header`)
    works    poll               poll 2 was answered with tokens (case `http.authorization-header`)
    works    push               it arrived, and approve was acknowledged (case `device.platforms[platform=android]`)
    works    client other       used by case `login.other-client`
    works    client restricted  used by case `login.restricted-client`

    the lack of `factor.email` costs [requirements]

    the lack of `factor.sms` costs [requirements]

    the lack of `factor.voice` costs [requirements]

    the lack of `messages` costs [requirements]

    the lack of `switch.factor.otp` costs [requirements]

    the lack of `switch.recovery_codes` costs [requirements]

    9 work, 1 broken, 2 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
    exit 5: something that a part of the cases needs does not work
    ----- stderr -----
    "#);
}
