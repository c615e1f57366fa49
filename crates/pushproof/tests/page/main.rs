//! The page of the sandbox in headless Chromium: somebody enrols a phone on it, answers pushes with the keyboard, and is not fooled by a device
//! name that is HTML. Where Node or Chromium is missing the test is skipped, and says so on standard error whatever the runner captures.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The names under which Chromium is found.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[test]
fn a_person_plays_the_phone_with_the_keyboard() {
    let Some(chromium) = CHROMIUM.into_iter().find(|name| answers(name)) else {
        return tell_skipped("Chromium is not on this machine");
    };
    if !answers("node") {
        return tell_skipped("Node is not on this machine");
    }
    let sandbox = Sandbox::start();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let output = Command::new("node")
        .arg(scripts.join("page.mjs"))
        .args([&sandbox.base_url, chromium])
        .arg(pictures())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{out}{err}");
    insta::assert_snapshot!(out, @r#"
    empty: pushproof sandbox | Waiting for you | Users | Last polls
    before the scan: 400 authorization_pending
    enrolled by Enter: 200 tokens, focus on waiting-title
    three pushes: Approve the push to Sandbox phone for ada@example.com | Reject the push to Sandbox phone for ada@example.com | Approve the push to <img src=x onerror="document.title='owned'"> for <b>mallory</b>@example.com | Reject the push to <img src=x onerror="document.title='owned'"> for <b>mallory</b>@example.com | Approve the push to Sandbox phone for ada@example.com | Reject the push to Sandbox phone for ada@example.com
    a hostile device name is text
    the focus stays through updates and a new push
    approved by Space: 200 tokens, focus on Push to Sandbox phone
    rejected by Enter, one of three: 400 access_denied, 400 authorization_pending, 400 authorization_pending
    nothing sticks out at 400 px and at 1280 px
    headings: pushproof sandbox | Waiting for you 3 | Users 3 | Last polls 7 | Push to Sandbox phone | Push to Sandbox phone | A phone to enrol | eve.with-a-rather-long-address.that-does-not-end@subdomain.example.com | <b>mallory</b>@example.com | ada@example.com
    the browser had nothing to complain about, and asked nobody else
    behind a proxy that it was not told of, it says what to do
    "#);
}

/// Where the pictures of the page are left for people to look at.
fn pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("page")
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

/// The sandbox as a process, on a port of its own, which ends when it is dropped.
struct Sandbox {
    base_url: String,
    process: Child,
}

impl Sandbox {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_pushproof"))
            .args(["serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        let base_url = first.trim().strip_prefix("sandbox at ").unwrap();
        Self {
            base_url: base_url.to_owned(),
            process,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says that the test did not test anything, past the harness, which holds back what tests print.
#[expect(
    clippy::print_stdout,
    reason = "a skipped test says so in its own output too"
)]
fn tell_skipped(why: &str) {
    println!("SKIPPED page: {why}");
    // Nobody is left to be told when standard error is closed.
    let _ = io::stderr().write_all(format!("\n*** SKIPPED page: {why} ***\n").as_bytes());
}
