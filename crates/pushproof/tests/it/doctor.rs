//! `target doctor`: what works, what is missing, and what that costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

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
    // Where lines break depends on what is replaced below.
    let text = replace(text.to_owned(), r"\n {28}", " ");
    let text = replace(text, r"costs (\d+)\n", "costs $1 ");
    let text = replace(text, r"is\n`true`", "is `true`");
    let text = replace(
        text,
        r"requirements\s+cannot\s+be\s+judged\s+for\s+want\s+of\s+them",
        "requirements cannot be judged for want of them",
    );
    let text = replace(text, r"in \d+ ms", "in [n] ms");
    let text = replace(
        text,
        r"\S+ (ahead|behind)[^;\n]*|[\w ]+ (ahead of|behind) the clock here",
        "[so far] from the clock here",
    );
    let text = replace(text, r"`\S+@\S+`", "`[user]`");
    let text = replace(text, r"used by case `[^`]+`", "used by case `[case]`");
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
    works    message            used by case `[case]`
    works    switch             used by case `[case]`
    works    client other       used by case `[case]`
    works    client restricted  used by case `[case]`

    13 work, 0 broken, 1 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
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

    all of this costs [requirements]

    5 work, 1 broken, 1 missing, 2 untried; [n] of [all] requirements cannot be judged for want of them
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
    works    message            used by case `[case]`
    works    switch             used by case `[case]`
    works    client other       used by case `[case]`
    works    client restricted  used by case `[case]`

    the lack of `factor.push` costs [requirements]

    12 work, 1 broken, 1 missing, 0 untried; [n] of [all] requirements cannot be judged for want of them
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
    works    client other       used by case `[case]`
    works    client restricted  used by case `[case]`

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

/// An endpoint that takes whatever it is told, does nothing, and always answers the same.
fn liar(answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            std::thread::spawn(move || lie(&mut stream, answer));
        }
    });
    url
}

/// One request, read to its end, and the answer.
fn lie(stream: &mut std::net::TcpStream, answer: &str) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                break;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(n) => read.extend_from_slice(&buffer[..n]),
        }
    }
    let length = answer.len();
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
    );
    let _ = stream.write_all(reply.as_bytes());
}

fn tells(text: &str, all: &[&str]) {
    for one in all {
        assert!(text.contains(one), "`{one}` is not told:\n{text}");
    }
}

#[test]
fn a_settings_hook_that_takes_everything_and_does_nothing() {
    let host = Host::virtual_time(Settings::default());
    let settings = format!("{}/__control/settings", host.base_url);
    let target = host.target().replace(&settings, &liar("{}"));
    tells(&doctor(&target, SECRET), &["exit: 5", "broken   switch"]);
}

#[test]
fn an_inbox_in_which_nothing_ever_arrives() {
    let host = Host::virtual_time(Settings::default());
    let messages = format!("{}/__control/messages/", host.base_url);
    let target = host
        .target()
        .replace(&messages, &format!("{}/", liar("[]")));
    tells(&doctor(&target, SECRET), &["exit: 5", "broken   message"]);
}

#[test]
fn devices_that_take_everything_and_do_nothing() {
    let host = Host::virtual_time(Settings::default());
    let target = with_devices(
        &host.target(),
        &format!("{{ driver: hook, url: \"{}\" }}", liar("{}")),
    );
    tells(
        &doctor(&target, SECRET),
        &[
            "exit: 5",
            "broken   devices",
            "is still answered with pending",
            "the lack of working devices costs",
        ],
    );
}

/// What needs no phone can still be judged.
#[test]
fn devices_that_fail() {
    let host = Host::virtual_time(Settings::default());
    let target = with_devices(
        &host.target(),
        "{ driver: command, command: [sh, -c, exit 3] }",
    );
    tells(
        &doctor(&target, SECRET),
        &[
            "exit: 5",
            "broken   devices            enrol: device command `sh` ended with 3",
            "the lack of working devices costs",
        ],
    );
}

#[test]
fn a_clock_that_sticks() {
    let host = Host::virtual_time(Settings::default());
    let clock = format!("{}/__control/clock", host.base_url);
    let target = host
        .target()
        .replace(&clock, &liar(r#"{"now_ms":1767225600000}"#));
    tells(
        &doctor(&target, SECRET),
        &[
            "exit: 5",
            "broken   clock",
            "was told to move 1000 ms and moved 0 ms",
            "the lack of a working clock costs",
        ],
    );
}

fn with_devices(target: &str, devices: &str) -> String {
    let (before, rest) = target.split_once("devices: ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    format!("{before}devices: {devices}\n{after}")
}

/// Two people stand in the file; one of them is used up, and one can be lent to whoever comes next.
#[test]
fn a_pool_is_not_used_up() {
    let host = Host::virtual_time(Settings::default());
    let target = host.target();
    let (before, rest) = target.split_once("users:").unwrap();
    let (made, after) = rest.split_once("# A virtual").unwrap();
    let made = format!("{before}users:{made}# A virtual{after}");
    let users = people(&made, 2);
    let workshop = crate::codes::aimed(&format!(
        "{before}users: {{ provider: pool, file: users.csv }}\n# A virtual{after}"
    ));
    workshop.write("users.csv", &users);
    let logins = || {
        host.seen()
            .iter()
            .filter(|seen| seen.request.contains("username="))
            .map(|seen| seen.request.clone())
            .collect::<Vec<_>>()
    };
    let told = steady(&workshop.transcript(&["target", "doctor", "target.yaml"]));
    let second = users.lines().nth(2).unwrap().split('@').next().unwrap();
    assert!(
        !logins().iter().any(|login| login.contains(second)),
        "{:?}",
        logins()
    );
    tells(
        &told,
        &[
            "one of them is used up below",
            "spared   switch",
            "works    devices",
            "exit 0: everything that was tried works",
        ],
    );
}

/// A pool of users whom the tenant has.
fn people(target: &str, count: usize) -> String {
    use pushproof_report::Secret;
    use pushproof_runner::providers::users::{Users, Want};
    use pushproof_runner::transport::{HttpOptions, Transport};
    let source = pushproof_scenario::Source::new("target.yaml", target.to_owned());
    let resolve = |_: &_| Ok(Secret::new(pushproof_tenant::SANDBOX_CLIENT_SECRET));
    let folder = std::path::Path::new(".");
    let target = pushproof_runner::target::parse(&source, folder, &resolve).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let transport = Transport::http(&HttpOptions::default()).unwrap();
        let users =
            Users::new(target.users.as_ref(), &target.base_url, &transport, "pool").unwrap();
        let mut text = "username,password\n".to_owned();
        for _ in 0..count {
            let user = users.create(Want::default()).await.unwrap();
            text.push_str(&format!("{},{}\n", user.username, user.password.reveal()));
        }
        text
    })
}

/// The signal comes while the trial case waits for a reply: its user is deleted all the same.
#[test]
fn an_interrupted_visit_cleans_up() {
    let (asked, asks) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let host = Host::real_time(Arc::new(move |seen| {
        if seen.path == "/mfa/associate" && asked.send(()).is_ok() {
            let _ = held.lock().unwrap().recv_timeout(Duration::from_secs(30));
        }
    }));
    let workshop = crate::codes::aimed(&host.target().replace("clock:", "# clock:"));
    let mut command = workshop.command(&["target", "doctor", "target.yaml"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    asks.recv_timeout(Duration::from_secs(30)).unwrap();
    crate::interrupted::kill("INT", child.id());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "SIGINT: cleaning up; once more to stop at once\n");
    release.send(()).unwrap();
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stdout}");
    assert!(stdout.ends_with("exit 130: interrupted\n"), "{stdout}");
    let seen = host.seen();
    let made = seen
        .iter()
        .filter(|seen| seen.path == "/api/v2/users" && seen.status == 201);
    let deleted = seen
        .iter()
        .filter(|seen| seen.method == "DELETE" && seen.path.starts_with("/api/v2/users/"));
    assert_eq!((made.count(), deleted.count()), (2, 2), "{stdout}");
}
