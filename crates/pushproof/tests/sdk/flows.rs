//! The flows, each with the transcript that it tells.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::installed::{self, source};
use crate::run::{run, tell_skipped, text};
use crate::sandbox::Sandbox;

/// How long a flow may take; it takes one or two seconds on an idle machine.
const FLOW_LIMIT: Duration = Duration::from_secs(120);

/// Runs a script for Node against a sandbox; its transcript, or `None` where it was skipped.
async fn node(script: &str, args: &[&str]) -> Option<String> {
    let folder = match installed::node().await {
        Ok(folder) => folder,
        Err(why) => {
            tell_skipped(script, &why);
            return None;
        }
    };
    let sandbox = Sandbox::start(args).await;
    let mut node = Command::new("node");
    node.arg(folder.join(script));
    Some(told(&mut node, &sandbox).await)
}

/// Runs a script for Python against a sandbox; its transcript, or `None` where it was skipped.
async fn python(script: &str, args: &[&str]) -> Option<String> {
    let folder = match installed::python().await {
        Ok(folder) => folder,
        Err(why) => {
            tell_skipped(script, &why);
            return None;
        }
    };
    let sandbox = Sandbox::start(args).await;
    let mut python = Command::new(folder.join("bin/python"));
    python.arg(source("python").join(script));
    Some(told(&mut python, &sandbox).await)
}

/// What a script told: its standard output, and where it failed what it said of that, in its last line.
async fn told(command: &mut Command, sandbox: &Sandbox) -> String {
    let authority: &Path = &sandbox.authority;
    command
        .env("SANDBOX_HOST", &sandbox.host)
        .env("NODE_EXTRA_CA_CERTS", authority)
        .env("SSL_CERT_FILE", authority)
        .env("REQUESTS_CA_BUNDLE", authority)
        .env("NO_PROXY", "localhost,127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = run(command, FLOW_LIMIT).await.expect("a flow ends in time");
    if output.status.success() {
        String::from_utf8(output.stdout).unwrap()
    } else {
        format!("{}\nthe flow failed", text(&output))
    }
}

#[tokio::test]
async fn auth0_auth_js() {
    let Some(told) = node("auth0-auth-js.mjs", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @"");
}

#[tokio::test]
async fn oauth4webapi_is_strict() {
    let Some(told) = node("oauth4webapi.mjs", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @"");
}

#[tokio::test]
async fn auth0_python() {
    let Some(told) = python("auth0_python_flow.py", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @"");
}

#[tokio::test]
async fn auth0_server_python() {
    let Some(told) = python("auth0_server_python_flow.py", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @"");
}

/// The flows see what the sandbox does: with a used recovery code that works again, and with a rejection that yields tokens, they fail.
#[tokio::test]
async fn a_flow_fails_on_a_fault() {
    for (fault, lost) in [
        ("DEF-001", "the old recovery code"),
        ("DEF-027", "poll after reject"),
    ] {
        let Some(told) = node("auth0-auth-js.mjs", &["--fault", fault]).await else {
            return;
        };
        assert!(
            told.contains("expected: a refusal") && told.ends_with("the flow failed"),
            "{told}"
        );
        assert!(!told.contains(lost), "{told}");
    }
}

#[tokio::test]
async fn auth0_auth_js_in_the_documented_profile() {
    let Some(told) = node("auth0-auth-js.mjs", &["--profile", "documented"]).await else {
        return;
    };
    let observed = told
        .lines()
        .filter(|line| line.starts_with("poll after reject"));
    insta::assert_snapshot!(observed.collect::<String>(), @"");
}
