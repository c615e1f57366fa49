//! The SDKs for browsers, in headless Chromium: an application with both, served at an origin of its own, plays the whole flow.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use http::{Request, Response};
use pushproof_runner::clock::Clock;
use pushproof_runner::handler::Handler;
use pushproof_runner::serve::Server;
use tokio::process::Command;

use crate::flows::told;
use crate::installed::{self, source};
use crate::run::tell_skipped;
use crate::sandbox::Sandbox;

/// Runs the flow against a sandbox with further arguments; its transcript, or `None` where it was skipped.
async fn flow(args: &[&str]) -> Option<String> {
    let (packages, chromium) = match installed::browser().await {
        Ok(installed) => installed,
        Err(why) => {
            tell_skipped("auth0-spa-js.mjs", &why);
            return None;
        }
    };
    let application = Server::loopback(application(packages), Clock::real()).await;
    let application = application.unwrap();
    let origin = application.base_url();
    let sandbox = Sandbox::start(&[&["--allow-origin", &origin], args].concat()).await;
    let mut node = Command::new("node");
    node.arg(source("browser").join("auth0-spa-js.mjs"))
        .args([chromium, &origin]);
    let told = told(&mut node, &sandbox).await;
    application.stop().await;
    Some(told)
}

/// The application: its own two files, and what its packages ship.
fn application(packages: PathBuf) -> Handler {
    Arc::new(move |_, request: Request<Vec<u8>>| {
        let path = request.uri().path();
        let file = match path {
            "/" => source("browser").join("index.html"),
            "/app.mjs" => source("browser").join("app.mjs"),
            _ => packages.join(path.trim_start_matches('/')),
        };
        let climbs = file.components().any(|part| part == Component::ParentDir);
        let content = fs::read(&file).ok().filter(|_| !climbs);
        Response::builder()
            .status(if content.is_some() { 200 } else { 404 })
            .header("content-type", media_type(&file))
            .body(content.unwrap_or_default())
            .unwrap()
    })
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("js" | "mjs") => "text/javascript",
        _ => "application/octet-stream",
    }
}

#[tokio::test]
async fn auth0_spa_js_with_auth0_js() {
    let Some(told) = flow(&[]).await else { return };
    insta::assert_snapshot!(told, @r#"
    wrong password: 403 invalid_grant "Wrong email or password.", without a token
    login: 403 mfa_required "Multifactor authentication required"
    list: nothing
    associate push: channel auth0, binding undefined, recovery code of 24
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after the phone enrolled: logged in as the user, scope "openid profile email offline_access"
    refresh: logged in as the user, scope "openid profile email offline_access"
    list: push recovery-code totp
    second enrolment: access_denied "User is already enrolled."
    challenge: type oob, binding undefined
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after reject: access_denied "MFA Authorization rejected."
    challenge: type oob, binding undefined
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after approve: logged in as the user, scope "openid profile email offline_access"
    recovery code: logged in as the user, scope "openid profile email offline_access", a new one of 24
    the old recovery code: invalid_grant "MFA Authorization rejected."
    otp challenge: type otp
    otp: logged in as the user, scope "openid profile email offline_access"
    the same otp: invalid_grant "Invalid otp_code."
    a page of another origin: shut out by the browser
    "#);
}

/// The flow sees what the sandbox does: with a used recovery code that works again it fails.
#[tokio::test]
async fn the_flow_in_the_browser_fails_on_a_fault() {
    let Some(told) = flow(&["--fault", "DEF-001"]).await else {
        return;
    };
    assert!(
        told.contains("expected: a refusal") && told.ends_with("the flow failed"),
        "{told}"
    );
    assert!(!told.contains("the old recovery code"), "{told}");
}
