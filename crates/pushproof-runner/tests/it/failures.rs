//! What each kind of failure comes to: a verdict with its reason, never a hang, a crash, a green result or an accusation without ground.

use std::sync::Arc;
use std::time::Duration;

use pushproof_report::{Event, Run, Verdict};
use pushproof_runner::providers::users::{self as provider, Want};
use pushproof_runner::site::Place;
use pushproof_runner::target::{Devices, Limits, Users};
use tokio::net::TcpSocket;

use crate::peer::{json, served};
use crate::proxy::{Mischief, Proxy};
use crate::world::{cases, interrupted, patiently, run, target, tenant};

const LOGIN: &str = "push.enrol.confirmed-while-polling";

const ALL: [Mischief; 19] = [
    Mischief::Reset,
    Mischief::LostReply,
    Mischief::Unavailable,
    Mischief::TooMany,
    Mischief::HtmlGateway,
    Mischief::Truncated,
    Mischief::Stalled,
    Mischief::Doubled,
    Mischief::Endless,
    Mischief::Huge,
    Mischief::Bomb,
    Mischief::HalfGzip,
    Mischief::NoText,
    Mischief::HtmlPage,
    Mischief::Redirect,
    Mischief::Interim,
    Mischief::FullNoContent,
    Mischief::TwiceHeaders,
    Mischief::Json500,
];

/// A line without what the resolver says, which differs from system to system.
fn without_resolver(line: &str) -> String {
    match line.split_once("lookup address information: ") {
        Some((known, said)) => {
            let rest = said.find(';').map_or("", |at| &said[at..]);
            format!("{known}lookup address information{rest}")
        }
        None => line.to_owned(),
    }
}

/// Verdict, reason, what was attributed to whom, and the exit code, each run's ports taken out.
fn told(run: &Run, port: u16) -> String {
    let mut lines = Vec::new();
    for case in run.cases() {
        let reason = case.reason().map(|reason| format!(": {reason}"));
        lines.push(case.verdict().to_string() + &reason.unwrap_or_default());
        for trouble in case.troubles() {
            let (to, then, what) = (trouble.to.name(), trouble.then.says(), &trouble.what);
            lines.push(format!("  {to}, {then}: {what}"));
        }
        lines.dedup();
    }
    for line in &mut lines {
        *line = without_resolver(line);
    }
    lines.push(format!("  exit {}", run.exit_code(false)));
    lines.join("\n").replace(&port.to_string(), "PORT")
}

/// One mischief to the requests that a function picks by their number among those with this text.
async fn with(mischief: Mischief, text: &'static str, picks: fn(usize) -> bool) -> (Run, u16) {
    let attempt = move |timeout: Duration| async move {
        let tenant = tenant(&[]).await;
        let mut n = 0;
        let whim = move |_: usize, request: &str| {
            if !request.contains(text) {
                return None;
            }
            n += 1;
            picks(n).then_some(mischief)
        };
        let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
        let mut target = target(&proxy.url(), &tenant);
        target.limits.timeout = timeout;
        let (run, events) = run(target, cases(LOGIN)).await;
        (proxy, run, events)
    };
    let (proxy, run, _) = match mischief {
        Mischief::Stalled | Mischief::Endless => patiently(attempt).await,
        _ => attempt(Duration::from_secs(20)).await,
    };
    (run, proxy.address.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_to_a_request_that_does_no_harm() {
    let mut text = String::new();
    for mischief in ALL {
        let (run, port) = with(mischief, "grant_type=password", |n| n == 1).await;
        text += &format!("{mischief:?} -> {}\n", told(&run, port));
    }
    insta::assert_snapshot!(text, @"
    Reset -> pass
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      exit 0
    LostReply -> pass
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      exit 0
    Unavailable -> pass
      environment, sent again: 503 from the endpoint's front
      exit 0
    TooMany -> pass
      environment, waited, then sent again: throttled: 429
      exit 0
    HtmlGateway -> pass
      environment, sent again: 502 from the endpoint's front, HTML instead of JSON
      exit 0
    Truncated -> pass
      environment, sent again: reply cut short at `http://127.0.0.1:PORT`
      exit 0
    Stalled -> pass
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      exit 0
    Doubled -> pass
      exit 0
    Endless -> pass
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      exit 0
    Huge -> pass
      environment, sent again: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      exit 0
    Bomb -> pass
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      exit 0
    HalfGzip -> pass
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      exit 0
    NoText -> pass
      environment, sent again: 200, which is not valid UTF-8
      exit 0
    HtmlPage -> pass
      environment, sent again: 200, HTML instead of JSON
      exit 0
    Redirect -> pass
      environment, sent again: 302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed
      exit 0
    Interim -> pass
      exit 0
    FullNoContent -> inconclusive: `password.expect`: got broken (204), expected mfa_required (any status mfa_required): seen in 1 of 2 runs of the case and not again
      in doubt, case run again: `password.expect`: got broken (204), expected mfa_required (any status mfa_required)
      environment, set aside: `password.expect`: got broken (204), expected mfa_required (any status mfa_required): seen in 1 of 2 runs of the case and not again
      exit 5
    TwiceHeaders -> pass
      exit 0
    Json500 -> inconclusive: `password.expect`: got broken (500 server_error), expected mfa_required (any status mfa_required): seen in 1 of 2 runs of the case and not again
      in doubt, case run again: `password.expect`: got broken (500 server_error), expected mfa_required (any status mfa_required)
      environment, set aside: `password.expect`: got broken (500 server_error), expected mfa_required (any status mfa_required): seen in 1 of 2 runs of the case and not again
      exit 5
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_time_to_one_operation_while_the_others_answer() {
    let mut text = String::new();
    for mischief in ALL {
        let (run, port) = with(mischief, "/mfa/associate", |_| true).await;
        text += &format!("{mischief:?} -> {}\n", told(&run, port));
    }
    insta::assert_snapshot!(text, @"
    Reset -> could-not-run: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      exit 5
    LostReply -> could-not-run: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, sent again: connection closed without a reply at `http://127.0.0.1:PORT`
      environment, given up: connection closed without a reply at `http://127.0.0.1:PORT`
      exit 5
    Unavailable -> fail: associate.expect: got broken (503), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 503 from the endpoint's front
      environment, case run again: `associate.expect`: got broken (503), expected enrolment_started (200/201 with a JSON object) (503 from the endpoint's front)
      environment, sent again: 503 from the endpoint's front
      environment, case run again: `associate.expect`: got broken (503), expected enrolment_started (200/201 with a JSON object) (503 from the endpoint's front)
      environment, sent again: 503 from the endpoint's front
      target, confirmed: `associate.expect`: got broken (503), expected enrolment_started (200/201 with a JSON object) (503 from the endpoint's front): seen in 3 of 3 runs
      exit 10
    TooMany -> could-not-run: environment: step `associate`: throttled: 429
      environment, waited, then sent again: throttled: 429
      environment, given up: throttled: 429
      exit 21
    HtmlGateway -> fail: associate.expect: got broken (502, not JSON), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 502 from the endpoint's front, HTML instead of JSON
      environment, case run again: `associate.expect`: got broken (502, not JSON), expected enrolment_started (200/201 with a JSON object) (502 from the endpoint's front, HTML instead of JSON)
      environment, sent again: 502 from the endpoint's front, HTML instead of JSON
      environment, case run again: `associate.expect`: got broken (502, not JSON), expected enrolment_started (200/201 with a JSON object) (502 from the endpoint's front, HTML instead of JSON)
      environment, sent again: 502 from the endpoint's front, HTML instead of JSON
      target, confirmed: `associate.expect`: got broken (502, not JSON), expected enrolment_started (200/201 with a JSON object) (502 from the endpoint's front, HTML instead of JSON): seen in 3 of 3 runs
      exit 10
    Truncated -> could-not-run: environment: step `associate`: reply cut short at `http://127.0.0.1:PORT`
      environment, sent again: reply cut short at `http://127.0.0.1:PORT`
      environment, given up: reply cut short at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: reply cut short at `http://127.0.0.1:PORT`
      environment, sent again: reply cut short at `http://127.0.0.1:PORT`
      environment, given up: reply cut short at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: reply cut short at `http://127.0.0.1:PORT`
      environment, sent again: reply cut short at `http://127.0.0.1:PORT`
      environment, given up: reply cut short at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: reply cut short at `http://127.0.0.1:PORT`
      environment, sent again: reply cut short at `http://127.0.0.1:PORT`
      environment, given up: reply cut short at `http://127.0.0.1:PORT`
      exit 5
    Stalled -> could-not-run: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      exit 5
    Doubled -> pass
      exit 0
    Endless -> could-not-run: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      environment, case run again: environment: step `associate`: timed out at `http://127.0.0.1:PORT`
      environment, sent again: timed out at `http://127.0.0.1:PORT`
      environment, given up: timed out at `http://127.0.0.1:PORT`
      exit 5
    Huge -> could-not-run: environment: step `associate`: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, sent again: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, given up: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, case run again: environment: step `associate`: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, sent again: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, given up: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, case run again: environment: step `associate`: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, sent again: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, given up: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, case run again: environment: step `associate`: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, sent again: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      environment, given up: reply too large at `http://127.0.0.1:PORT`: more than 4194304 bytes
      exit 5
    Bomb -> fail: associate.expect: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      target, confirmed: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for): seen in 3 of 3 runs
      exit 10
    HalfGzip -> fail: associate.expect: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for)
      environment, sent again: 200 in content coding `gzip`, which was not asked for
      target, confirmed: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200 in content coding `gzip`, which was not asked for): seen in 3 of 3 runs
      exit 10
    NoText -> fail: associate.expect: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 200, which is not valid UTF-8
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, which is not valid UTF-8)
      environment, sent again: 200, which is not valid UTF-8
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, which is not valid UTF-8)
      environment, sent again: 200, which is not valid UTF-8
      target, confirmed: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, which is not valid UTF-8): seen in 3 of 3 runs
      exit 10
    HtmlPage -> fail: associate.expect: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 200, HTML instead of JSON
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, HTML instead of JSON)
      environment, sent again: 200, HTML instead of JSON
      environment, case run again: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, HTML instead of JSON)
      environment, sent again: 200, HTML instead of JSON
      target, confirmed: `associate.expect`: got broken (200, not JSON), expected enrolment_started (200/201 with a JSON object) (200, HTML instead of JSON): seen in 3 of 3 runs
      exit 10
    Redirect -> fail: associate.expect: got broken (302), expected enrolment_started (200/201 with a JSON object)
      environment, sent again: 302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed
      environment, case run again: `associate.expect`: got broken (302), expected enrolment_started (200/201 with a JSON object) (302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed)
      environment, sent again: 302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed
      environment, case run again: `associate.expect`: got broken (302), expected enrolment_started (200/201 with a JSON object) (302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed)
      environment, sent again: 302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed
      target, confirmed: `associate.expect`: got broken (302), expected enrolment_started (200/201 with a JSON object) (302, a redirect to `https://login.example.net/?next=%2Fmfa`, which is not followed): seen in 3 of 3 runs
      exit 10
    Interim -> pass
      exit 0
    FullNoContent -> fail: associate.expect: got broken (204), expected enrolment_started (200/201 with a JSON object)
      in doubt, case run again: `associate.expect`: got broken (204), expected enrolment_started (200/201 with a JSON object)
      target, confirmed: `associate.expect`: got broken (204), expected enrolment_started (200/201 with a JSON object): seen in 3 of 3 runs
      exit 10
    TwiceHeaders -> pass
      exit 0
    Json500 -> fail: associate.expect: got broken (500 server_error), expected enrolment_started (200/201 with a JSON object)
      in doubt, case run again: `associate.expect`: got broken (500 server_error), expected enrolment_started (200/201 with a JSON object)
      target, confirmed: `associate.expect`: got broken (500 server_error), expected enrolment_started (200/201 with a JSON object): seen in 3 of 3 runs
      exit 10
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_throttled_is_waited_for_and_then_given_up() {
    let (run, port) = with(Mischief::TooMany, "grant_type=password", |n| n <= 2).await;
    insta::assert_snapshot!(told(&run, port), @r#"
    pass
      environment, waited, then sent again: throttled: 429
      exit 0
    "#);
    let (run, port) = with(Mischief::TooMany, "grant_type=password", |_| true).await;
    insta::assert_snapshot!(told(&run, port), @r#"
    could-not-run: environment: step `password`: throttled: 429
      environment, waited, then sent again: throttled: 429
      environment, given up: throttled: 429
      exit 21
    "#);
}

/// A port where nobody listens: bound, so that nobody else takes it.
fn nobody() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind((std::net::Ipv4Addr::LOCALHOST, 0).into())
        .unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_not_there() {
    let tenant = tenant(&[]).await;
    let (_socket, url) = nobody();
    let refused = target(&url, &tenant);
    let mut no_host = refused.clone();
    no_host.base_url = format!("http://{}.invalid", "a".repeat(64));
    let mut no_tls = refused.clone();
    no_tls.base_url = tenant.base_url().replace("http", "https");
    no_tls.tls.insecure = true;
    let mut text = Vec::new();
    for target in [refused, no_host, no_tls] {
        let authority = target.base_url.rsplit('/').next().unwrap().to_owned();
        let why = Place::reach(target, "run").await.err().unwrap().to_string();
        text.push(without_resolver(&why).replace(&authority, "HOST"));
    }
    insta::assert_snapshot!(text.join("\n"), @"
    the target does not answer: connection refused at `http://HOST`; check `base_url`, and that it runs
    the target does not answer: host not found at `http://HOST`: failed to lookup address information; check `base_url`, and that it runs
    the target does not answer: TLS failed at `https://HOST`: received corrupt message of type InvalidContentType; it does not speak TLS: is it `http`, not `https`?
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_target_needs_besides_and_is_not_there() {
    let tenant = tenant(&[]).await;
    let (_socket, url) = nobody();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let whole = target(&tenant.base_url(), &tenant);

    let mut no_inbox = whole.clone();
    no_inbox.devices = Some(Devices::Guardian {
        inbox: format!("{url}/{{push_token}}"),
    });
    let (run_, _) = run(no_inbox, cases("push.challenge.rejected[decide_after=0]")).await;
    insta::assert_snapshot!(told(&run_, port), @"
    could-not-run: step `wait` could not use the device: devices hook `GET http://127.0.0.1:PORT/{push_token}` failed: connection refused at `http://127.0.0.1:PORT`
      exit 20
    ");

    let refuses = served(|_| json(403, r#"{"message":"no more users today"}"#)).await;
    let mut no_users = whole.clone();
    no_users.users = Some(Users::Hook {
        url: refuses.base_url(),
    });
    let (run_, _) = run(no_users, cases(LOGIN)).await;
    insta::assert_snapshot!(told(&run_, refuses.address().port()), @r#"
    could-not-run: no user for `alice`: users hook `POST http://127.0.0.1:PORT` answered 403 Forbidden: {"message":"no more users today"}
      exit 20
    "#);

    let asked = std::sync::atomic::AtomicU64::new(0);
    let back = served(move |_| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let now_ms = if n < 2 {
            1_767_225_600_000_u64
        } else {
            1_767_225_500_000
        };
        json(200, &format!("{{\"now_ms\":{now_ms}}}"))
    })
    .await;
    let mut backwards = whole;
    backwards.clock = Some(back.base_url());
    let (run_, _) = run(backwards, cases(LOGIN)).await;
    insta::assert_snapshot!(told(&run_, back.address().port()), @r#"
    could-not-run: the tenant's clock went back by 100000 ms
      exit 5
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leased_user_who_is_not_fresh_is_named() {
    let tenant = tenant(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.csv");
    std::fs::write(&file, "username,password\nbob@example.com,wrong-password\n").unwrap();
    let mut target = target(&tenant.base_url(), &tenant);
    target.users = Some(Users::Pool { file });
    let (run, _) = run(target, cases("push.challenge.rejected[decide_after=0]")).await;
    insta::assert_snapshot!(told(&run, tenant.address().port()), @"
    could-not-run: scenarios/auth0/fragments/password-login.yaml:10: expected mfa_required (any status mfa_required), got invalid_grant (403 invalid_grant); `bob@example.com` was leased from the pool and may not be fresh: a user with an active factor is not
      exit 5
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leased_user_with_an_active_factor_is_named_and_nobody_accused() {
    let tenant = tenant(&[]).await;
    let whole = target(&tenant.base_url(), &tenant);
    // Somebody whom an earlier run has enrolled.
    let place = Place::reach(whole.clone(), "11111111").await.unwrap();
    let wanted = Want::default();
    let users = provider::Users::new(whole.users.as_ref(), &whole.base_url, &place.transport, "1");
    let user = users.unwrap().create(wanted).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.csv");
    let (name, password) = (&user.username, user.password.reveal());
    std::fs::write(&file, format!("username,password\n{name},{password}\n")).unwrap();
    let mut leased = whole;
    leased.users = Some(Users::Pool { file });
    let (first, _) = run(leased.clone(), cases(LOGIN)).await;
    assert_eq!(first.exit_code(false), 0);
    let (second, _) = run(leased, cases(LOGIN)).await;
    insta::assert_snapshot!(told(&second, tenant.address().port()), @r#"
    could-not-run: no user for `alice`: `pushproof-1-1@example.com` of the pool is not fresh: scenarios/auth0/fragments/fresh.yaml:13: expected each with active false, got [{"id":"push|dev_tzdzSSBOv7XaNUkT","authenticator_type":"oob","active":true,"oob_channel":"auth0","name":"phone"},{"id":… (165 more characters)
      exit 20
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_pushes_than_the_target_allows_are_not_sent() {
    let tenant = tenant(&[]).await;
    let mut target = target(&tenant.base_url(), &tenant);
    target.limits = Limits {
        pushes: Some(1),
        concurrency: 1,
        ..target.limits
    };
    let (run, _) = run(target, cases("push.challenge.rejected[")).await;
    insta::assert_snapshot!(told(&run, tenant.address().port()), @r#"
    pass
    could-not-run: it may send 1 pushes, and `limits.pushes` leaves 0
      exit 21
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_acts_with_the_phone() {
    let tenant = tenant(&[]).await;
    let mut target = target(&tenant.base_url(), &tenant);
    target.devices = Some(Devices::Human);
    let (run, _) = run(target, cases(LOGIN)).await;
    insta::assert_snapshot!(told(&run, tenant.address().port()), @r#"
    could-not-run: step `wait` could not use the device: a person acts with this target's devices, and there is no terminal to ask on
      exit 20
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_leave_at_the_pace_of_the_target() {
    let server = served(|_| json(200, "{}")).await;
    let paced = crate::peer::patient().paced(10);
    let since = pushproof_runner::clock::Stopwatch::start();
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..25 {
        let (paced, url) = (paced.clone(), server.base_url());
        let request = http::Request::get(url).body(Vec::new()).unwrap();
        sent.spawn(async move { paced.exchange(request).await.map(drop) });
    }
    sent.join_all()
        .await
        .into_iter()
        .collect::<Result<(), _>>()
        .unwrap();
    // Ten at once, ten a second later, and the rest a second after that.
    assert!(
        since.elapsed() >= Duration::from_secs(2),
        "{:?}",
        since.elapsed()
    );
}

/// Users that were made, and of these the deleted ones, as the requests told.
fn users(lines: &[String]) -> (usize, usize) {
    let count = |method: &str| {
        lines
            .iter()
            .filter(|line| line.starts_with(method) && line.contains("/api/v2/users"))
            .count()
    };
    (count("POST"), count("DELETE"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_made_is_deleted_also_when_the_run_is_stopped() {
    let tenant = tenant(&[]).await;
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let page = Arc::clone(&lines);
    let whim = move |_: usize, request: &str| {
        page.lock()
            .unwrap()
            .push(request.lines().next().unwrap_or_default().to_owned());
        // Every case hangs here until the run is stopped.
        request
            .contains("/mfa/associate")
            .then_some(Mischief::Stalled)
    };
    let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
    let target = target(&proxy.url(), &tenant);
    let (run, events) = interrupted(
        target,
        cases("push.challenge."),
        |event| matches!(event, Event::StepStarted { step, .. } if step.ends_with("associate")),
    )
    .await;
    let (made, deleted) = users(&lines.lock().unwrap());
    assert!(made > 0, "nobody was made");
    assert_eq!(made, deleted);
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::LeftBehind { .. }))
    );
    assert!(
        run.cases()
            .iter()
            .all(|case| case.verdict() == Verdict::CouldNotRun)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_be_deleted_is_named() {
    let tenant = tenant(&[]).await;
    let whim = |_: usize, request: &str| {
        request
            .starts_with("DELETE /api/v2/users")
            .then_some(Mischief::Json500)
    };
    let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
    let (run, _) = run(target(&proxy.url(), &tenant), cases(LOGIN)).await;
    let left = &run.cases()[0].left_behind;
    insta::assert_snapshot!(left.join("\n").replace(&proxy.address.port().to_string(), "PORT"), @r#"user `pushproof-00000000-1@example.com`: the Management API `DELETE http://127.0.0.1:PORT/api/v2/users` answered 500 Internal Server Error: {"error":"server_error"}"#);
    assert_eq!(
        run.exit_code(false),
        0,
        "it says nothing about the endpoint"
    );
}

/// The endpoint does not take the client for requests with this text, picked by their number: what each case comes to.
async fn refused(case: &str, text: &'static str, picks: fn(usize) -> bool) -> String {
    let tenant = tenant(&[]).await;
    let mut n = 0;
    let whim = move |_: usize, request: &str| {
        if !request.contains(text) {
            return None;
        }
        n += 1;
        picks(n).then_some(Mischief::ClientRefused)
    };
    let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
    let mut target = target(&proxy.url(), &tenant);
    target.limits.concurrency = 1;
    let (run, _) = run(target, cases(case)).await;
    told(&run, proxy.address.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_never_taken_accuses_nobody() {
    let text = refused("push.challenge.rejected[", "grant_type=password", |_| true).await;
    insta::assert_snapshot!(text, @"
    could-not-run: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
      target file, given up: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
    could-not-run: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
      target file, given up: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
    could-not-run: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
      target file, given up: the endpoint refuses `client` (id `sandbox-client`): got invalid_client (401 invalid_client); check its `id`, `secret` and `auth` at served.yaml:5, and what the client may do
      exit 20
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_taken_before_is_not_refused_for_nothing() {
    let text = refused(LOGIN, "mfa-oob", |_| true).await;
    insta::assert_snapshot!(text, @"
    fail: wait.outcomes: got invalid_client (401 invalid_client), expected pending (any status authorization_pending)
      in doubt, case run again: `wait.outcomes`: got invalid_client (401 invalid_client), expected pending (any status authorization_pending)
      target, confirmed: `wait.outcomes`: got invalid_client (401 invalid_client), expected pending (any status authorization_pending): seen in 3 of 3 runs
      exit 10
    ");
}
