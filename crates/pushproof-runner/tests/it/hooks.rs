//! The small hooks: messages, settings, the tenant's clock; and what hooks do wrong.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::Response;
use pushproof_runner::clock::Clock;
use pushproof_runner::providers::clock::ClockHook;
use pushproof_runner::providers::messages::{Messages, Patience};
use pushproof_runner::providers::settings::Settings;
use serde_json::json;

use crate::peer::{NEW_YEAR, Scribe, Then, bare, http, json, patient};

const PATIENT: Patience = Patience {
    every: Duration::from_millis(1),
    at_most: Duration::from_secs(60),
};

/// What is found in an inbox, channel by channel.
async fn read(scribe: &Scribe, patience: Patience, channels: &[Option<&str>]) -> String {
    let messages = Messages::new(
        &patient(),
        &scribe.url("/messages/{address}?key=secret"),
        patience,
    );
    let mut outcomes = Vec::new();
    for channel in channels {
        outcomes.push(match messages.next("+12025550100", *channel).await {
            Ok(Some(message)) => {
                format!("{channel:?}: {}={}", message.channel, message.code.reveal())
            }
            Ok(None) => format!("{channel:?}: nothing"),
            Err(error) => error.to_string(),
        });
    }
    scribe.transcript(outcomes.join("\n"))
}

#[tokio::test]
async fn a_message_is_waited_for_and_the_others_are_kept() {
    let late = r#"[{"channel":"voice","code":"1"},{"channel":"sms","code":"2"},{"channel":"voice","code":"3"}]"#;
    let scribe = Scribe::answering(move |n, _| json(200, if n == 2 { late } else { "[]" })).await;
    insta::assert_snapshot!(read(&scribe, PATIENT, &[Some("sms"), None, Some("voice")]).await, @r#"
    GET /messages/%2B12025550100?key=secret
    GET /messages/%2B12025550100?key=secret
    GET /messages/%2B12025550100?key=secret
    Some("sms"): sms=2
    None: voice=1
    Some("voice"): voice=3
    "#);
}

#[tokio::test]
async fn in_the_sandbox_one_look_is_enough() {
    let scribe = Scribe::answering(|n, _| {
        json(
            200,
            if n == 0 {
                r#"[{"channel":"sms","code":"1"}]"#
            } else {
                "[]"
            },
        )
    })
    .await;
    insta::assert_snapshot!(read(&scribe, Patience::SANDBOX, &[Some("voice"), Some("sms"), None]).await, @r#"
    GET /messages/%2B12025550100?key=secret
    GET /messages/%2B12025550100?key=secret
    Some("voice"): nothing
    Some("sms"): sms=1
    None: nothing
    "#);
}

#[tokio::test]
async fn inboxes_that_make_no_sense() {
    for (status, body) in [
        (200, "<html>"),
        (200, r#"{"channel":"sms"}"#),
        (200, r#"[{"channel":"sms","code":123456}]"#),
        (503, "down\u{1b}[31m for repairs"),
        (404, ""),
    ] {
        let scribe = Scribe::answering(move |_, _| json(status, body)).await;
        let text = read(&scribe, Patience::SANDBOX, &[None]).await;
        let error = text.lines().last().unwrap();
        assert!(
            !error.contains("secret") && !error.contains("2025550100"),
            "{error}"
        );
        assert!(
            error.starts_with("messages hook `GET http://HOST/messages/{address}` answered"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_hook_that_cannot_be_reached_says_which_it_was() {
    let address = bare(Then::SayAndStall(b"")).await;
    let settings = Settings::new(
        &http(Duration::from_millis(80)),
        &format!("http://{address}/settings?key=secret"),
    );
    let error = settings
        .set(&serde_json::Map::new())
        .await
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(error.replace(&address.to_string(), "HOST"), @"settings hook `POST http://HOST/settings` failed: timed out at `http://HOST`");
}

#[tokio::test]
async fn switches_are_posted() {
    let scribe = Scribe::answering(|n, _| json(if n == 0 { 204 } else { 409 }, "")).await;
    let settings = Settings::new(&patient(), &scribe.url("/settings"));
    let switches = json!({ "recovery_codes": false });
    let first = settings.set(switches.as_object().unwrap()).await;
    let second = settings.set(switches.as_object().unwrap()).await;
    insta::assert_snapshot!(scribe.transcript(format!("{first:?}\n{}", second.unwrap_err())), @r#"
    POST /settings {"recovery_codes":false}
    POST /settings {"recovery_codes":false}
    Ok(())
    settings hook `POST http://HOST/settings` answered 409 Conflict
    "#);
}

/// A clock is asked, moved by 90 s and a bit, and read.
async fn moved(scribe: &Scribe) -> String {
    let clock =
        match Clock::hooked(Arc::new(ClockHook::new(&patient(), &scribe.url("/clock")))).await {
            Ok(clock) => clock,
            Err(error) => return scribe.transcript(error),
        };
    let mut ticket = clock.enter();
    let target = ticket.at() + Duration::from_micros(90_000_001);
    let outcome = match ticket.wait_until(target).await {
        Ok(()) => format!("moved; {}", clock.remark().unwrap_or_default()),
        Err(error) => error.to_string(),
    };
    scribe.transcript(outcome)
}

fn advance_ms(request: &http::Request<Vec<u8>>) -> u64 {
    serde_json::from_slice::<serde_json::Value>(request.body()).unwrap()["advance_ms"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn a_clock_that_tells_its_time() {
    let now = std::sync::Mutex::new(NEW_YEAR.as_millis() as u64);
    let scribe = Scribe::answering(move |_, request| {
        let mut now = now.lock().unwrap();
        *now += advance_ms(request);
        json(200, &format!(r#"{{"now_ms":{now}}}"#))
    })
    .await;
    insta::assert_snapshot!(moved(&scribe).await, @r#"
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":90001}
    moved;
    "#);
}

#[tokio::test]
async fn a_clock_that_answers_with_its_date_alone() {
    let dates = [
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "Thu, 01 Jan 2026 00:01:30 GMT",
    ];
    let scribe = Scribe::answering(move |n, _| {
        Response::builder()
            .status(204)
            .header("date", dates[n])
            .body(Vec::new())
            .unwrap()
    })
    .await;
    insta::assert_snapshot!(moved(&scribe).await, @r#"
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":90001}
    moved;
    "#);
}

#[tokio::test]
async fn a_clock_that_does_not_move() {
    let scribe = Scribe::answering(|_, _| json(200, r#"{"now_ms":1767225600000}"#)).await;
    insta::assert_snapshot!(moved(&scribe).await, @r#"
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":0}
    POST /clock {"advance_ms":90001}
    the tenant's clock was told to move 90001 ms and moved 0 ms
    "#);
}

#[tokio::test]
async fn a_clock_hook_that_is_not_there() {
    let scribe = Scribe::answering(|_, _| json(404, "no such page")).await;
    insta::assert_snapshot!(moved(&scribe).await, @r#"
    POST /clock {"advance_ms":0}
    the tenant's clock cannot be moved: clock hook `POST http://HOST/clock` answered 404 Not Found: no such page
    "#);
}

#[tokio::test]
async fn devices_are_dated_by_the_last_reading() {
    let scribe = Scribe::answering(|_, _| json(200, r#"{"now_ms":1767225600000}"#)).await;
    let clock = Clock::hooked(Arc::new(ClockHook::new(&patient(), &scribe.url("/clock"))))
        .await
        .unwrap();
    assert_eq!(
        clock.now(),
        UNIX_EPOCH + NEW_YEAR,
        "it was seen to stand still"
    );
}
