//! Phones behind an endpoint or a program of the tester's own.

use std::time::{Duration, UNIX_EPOCH};

use pushproof_runner::providers::devices::{Act, Acted, KeyPool, PhoneOptions, Phones};
use pushproof_runner::providers::messages::Patience;
use pushproof_runner::target::Devices;

use crate::peer::{NEW_YEAR, Scribe, json, patient};

pub(crate) fn act(action: &str, with: &[(&str, &str)]) -> Act {
    Act {
        actor: "phone".to_owned(),
        owner_username: "ada@example.com".to_owned(),
        action: action.to_owned(),
        with: with
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        now: UNIX_EPOCH + NEW_YEAR,
    }
}

pub(crate) fn shown(acted: &Acted) -> String {
    let values: String = acted
        .values
        .iter()
        .map(|(name, value)| format!(" {name}={}", value.reveal()))
        .collect();
    format!(
        "{:?}{values} {}",
        acted.result,
        acted.detail.as_deref().unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}

fn phones(devices: Option<&Devices>) -> Phones {
    let transport = patient();
    Phones::new(PhoneOptions {
        devices,
        base_url: "http://unused",
        tenant: &transport,
        hooks: &transport,
        keys: &KeyPool::new().lend(),
        person: None,
        patience: Patience {
            every: Duration::from_millis(1),
            at_most: Duration::ZERO,
        },
        rng: fastrand::Rng::with_seed(7),
    })
}

#[tokio::test]
async fn a_hook_is_told_what_to_do_and_its_status_is_the_answer() {
    let scribe = Scribe::answering(|n, _| match n {
        0 => json(204, ""),
        1 => json(409, "too late"),
        2 => json(500, "broken"),
        3 => json(302, ""),
        _ => json(200, r#"{"code":"123456","n":1}"#),
    })
    .await;
    let mut phones = phones(Some(&Devices::Hook {
        url: scribe.url("/device"),
    }));
    let mut outcomes = Vec::new();
    for action in [
        act("enrol", &[("barcode_uri", "otpauth://x")]),
        act("approve", &[("oob_code", "O\"1")]),
        act("reject", &[]),
        act("ignore", &[]),
        act("code", &[]),
    ] {
        outcomes.push(shown(&phones.act(action).await));
    }
    insta::assert_snapshot!(scribe.transcript(outcomes.join("\n")), @r#"
    POST /device {"action":"enrol","user":"ada@example.com","with":{"barcode_uri":"otpauth://x"}}
    POST /device {"action":"approve","user":"ada@example.com","with":{"oob_code":"O\"1"}}
    POST /device {"action":"reject","user":"ada@example.com","with":{}}
    POST /device {"action":"ignore","user":"ada@example.com","with":{}}
    POST /device {"action":"code","user":"ada@example.com","with":{}}
    Acknowledged
    Refused devices hook `POST http://HOST/device` answered 409 Conflict: too late
    Unavailable devices hook `POST http://HOST/device` answered 500 Internal Server Error: broken
    Unavailable devices hook `POST http://HOST/device` answered 302 Found
    Acknowledged code=123456
    "#);
}

#[tokio::test]
async fn a_url_with_holes_is_filled_and_posted_without_a_body() {
    let scribe = Scribe::answering(|_, _| json(200, "")).await;
    let mut phones = phones(Some(&Devices::Hook {
        url: scribe.url("/{action}/{user}?code={with.oob_code}"),
    }));
    let first = phones.act(act("approve", &[("oob_code", "a/b c")])).await;
    let second = phones.act(act("reject", &[])).await;
    insta::assert_snapshot!(scribe.transcript(format!("{}\n{}", shown(&first), shown(&second))), @"
    POST /approve/ada%40example.com?code=a%2Fb%20c
    POST /reject/ada%40example.com?code=
    Acknowledged
    Acknowledged
    ");
}

/// What a shell script makes of an approval.
async fn command(script: &str) -> String {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    shown(
        &phones(Some(&Devices::Command { command }))
            .act(act("approve", &[("oob_code", "OOB1"), ("user-code", "WX")]))
            .await,
    )
}

#[tokio::test]
async fn a_command_is_told_by_its_environment_and_answers_by_its_exit_code() {
    let tells = r#"printf '{"said":"%s %s %s %s"}' "$PUSHPROOF_ACTION" "$PUSHPROOF_USER" "$PUSHPROOF_WITH_OOB_CODE" "$PUSHPROOF_WITH_USER_CODE""#;
    insta::assert_snapshot!(command(tells).await, @"Acknowledged said=approve ada@example.com OOB1 WX");
    insta::assert_snapshot!(command("exit 1").await, @"Refused device command `sh` refused");
    insta::assert_snapshot!(command("echo 'no \u{1b}[31mdevice' >&2; exit 3").await, @r"Unavailable device command `sh` ended with 3: no \u{1b}[31mdevice");
    insta::assert_snapshot!(command("kill -9 $$").await, @"Unavailable device command `sh` was killed");
}

#[tokio::test]
async fn a_command_may_say_more_than_is_kept() {
    let told = command("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 1").await;
    assert!(told.starts_with("Refused") && told.len() < 1000, "{told}");
}

#[tokio::test]
async fn a_command_that_is_not_there() {
    let mut phones = phones(Some(&Devices::Command {
        command: vec!["no-such-program-here".to_owned()],
    }));
    insta::assert_snapshot!(shown(&phones.act(act("approve", &[])).await), @"Unavailable device command `no-such-program-here` could not be run: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_target_without_devices_and_one_with_people() {
    insta::assert_snapshot!(shown(&phones(None).act(act("approve", &[])).await), @"Unavailable the target has no `devices`");
    insta::assert_snapshot!(shown(&phones(Some(&Devices::Human)).act(act("approve", &[])).await), @"Unavailable a person acts with this target's devices, and there is no terminal to ask on");
}

#[tokio::test]
async fn a_code_that_was_acknowledged_and_not_told() {
    let scribe = Scribe::answering(|_, _| json(200, r#"{"ok":true}"#)).await;
    let hook = Devices::Hook {
        url: scribe.url("/device"),
    };
    let told = phones(Some(&hook)).act(act("code", &[])).await;
    insta::assert_snapshot!(shown(&told), @r#"Unavailable the devices hook acknowledged `code` and told none: it may answer 200 with JSON `{"code": "123456"}`; if it cannot, leave `device.codes` out of the target's `features`"#);
    let silent = Devices::Command {
        command: vec!["true".to_owned()],
    };
    let told = phones(Some(&silent)).act(act("code", &[])).await;
    insta::assert_snapshot!(shown(&told), @r#"Unavailable the device command acknowledged `code` and printed none: it may print JSON `{"code": "123456"}`; if it cannot, leave `device.codes` out of the target's `features`"#);
    let telling = Devices::Command {
        command: ["sh", "-c", r#"echo '{"code":"123456"}'"#]
            .map(str::to_owned)
            .to_vec(),
    };
    let told = phones(Some(&telling)).act(act("code", &[])).await;
    insta::assert_snapshot!(shown(&told), @"Acknowledged code=123456");
}
