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
pub(crate) async fn told(command: &mut Command, sandbox: &Sandbox) -> String {
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
    insta::assert_snapshot!(told, @r#"
    wrong password: 403 invalid_grant "Wrong email or password.", without a token
    login: 403 mfa_required "Multifactor authentication required"
    list: nothing
    associate push: channel auth0, binding undefined, recovery code of 24
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after the phone enrolled: access_token, id_token verified and refresh_token, scope "openid profile email offline_access"
    refresh: access_token, id_token verified, scope "openid profile email offline_access"
    list: push recovery-code totp
    second enrolment: 403 access_denied "User is already enrolled."
    challenge: type oob, binding undefined
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after reject: 400 access_denied "MFA Authorization rejected."
    challenge: type oob, binding undefined
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after approve: access_token, id_token verified and refresh_token, scope "openid profile email offline_access"
    recovery code: access_token, id_token verified and refresh_token, scope "openid profile email offline_access", a new one of 24
    the old recovery code: 403 invalid_grant "MFA Authorization rejected."
    otp challenge: type otp
    otp: access_token, id_token verified and refresh_token, scope "openid profile email offline_access"
    the same otp: 403 invalid_grant "Invalid otp_code."
    delete with the login token: 401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    delete with a management token: scope "enroll read:authenticators remove:authenticators", no content
    list: recovery-code
    associate otp: type otp, secret of 32, recovery code of 24
    confirm: access_token, id_token verified and refresh_token, scope "openid profile email offline_access"
    list: recovery-code totp
    challenge for what he has not: 400 unsupported_challenge_type
    "#);
}

#[tokio::test]
async fn auth0_server_js() {
    let Some(told) = node("auth0-server-js.mjs", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @"
    poll: 400 authorization_pending
    poll after the phone enrolled: a session of the user that can be renewed
    list: push recovery-code totp
    second enrolment: 403 access_denied
    poll after reject: 400 access_denied
    poll after approve: a session of the user that can be renewed
    recovery code: a session of the user that can be renewed, a new code
    the old recovery code: 403 invalid_grant
    otp: a session of the user that can be renewed
    ");
}

#[tokio::test]
async fn oauth4webapi_is_strict() {
    let Some(told) = node("oauth4webapi.mjs", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @r#"
    discovery: the issuer is who it is asked as
    login: 403 mfa_required "Multifactor authentication required"
    associate push: 200, authenticator_type barcode_uri oob_channel oob_code recovery_codes
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after the phone enrolled: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access"
    refresh: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access"
    list: 200, push recovery-code totp
    second enrolment: 403, access_denied, User is already enrolled.
    challenge: 200, challenge_type oob_code
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after reject: 400 access_denied "MFA Authorization rejected."
    challenge: 200, challenge_type oob_code
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after approve: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access"
    recovery code: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access", a new code
    the old recovery code: 403 invalid_grant "MFA Authorization rejected."
    otp: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access"
    the same otp: 403 invalid_grant "Invalid otp_code."
    delete with the login token: 401, invalid_grant
    delete with a management token: 204
    list: recovery-code
    associate otp: 200, authenticator_type barcode_uri recovery_codes secret
    confirm: tokens with a signature that holds, profile of the user, scope "openid profile email offline_access"
    wrong client secret: 401, Basic realm="oauth", invalid_client
    "#);
}

#[tokio::test]
async fn auth0_python() {
    let Some(told) = python("auth0_python_flow.py", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @r#"
    wrong password: 403 invalid_grant "Wrong email or password."
    list: nothing
    associate push: authenticator_type barcode_uri oob_channel oob_code recovery_codes
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after the phone enrolled: id_token verified, profile of the user, scope "openid profile email offline_access"
    refresh: id_token verified, profile of the user, scope "openid profile email offline_access"
    list: push recovery-code totp
    second enrolment: 403 access_denied "User is already enrolled."
    challenge: challenge_type oob_code
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after reject: 400 access_denied "MFA Authorization rejected."
    challenge: challenge_type oob_code
    poll: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after approve: id_token verified, profile of the user, scope "openid profile email offline_access"
    recovery code: id_token verified, profile of the user, scope "openid profile email offline_access", a new code
    the old recovery code: 403 invalid_grant "MFA Authorization rejected."
    the code before the regenerated: 403 invalid_grant "MFA Authorization rejected."
    otp: id_token verified, profile of the user, scope "openid profile email offline_access"
    the same otp: 403 invalid_grant "Invalid otp_code."
    delete with the login token: 401 invalid_grant "The mfa_token provided is invalid. Try getting a new token."
    delete with a management token: no content
    list: recovery-code
    login of a deleted user: 403 invalid_grant "Wrong email or password."
    "#);
}

#[tokio::test]
async fn auth0_server_python() {
    let Some(told) = python("auth0_server_python_flow.py", &[]).await else {
        return;
    };
    insta::assert_snapshot!(told, @r#"
    list: nothing
    associate push: channel auth0, binding None
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after the phone enrolled: id_token verified, profile of the user, scope "openid profile email offline_access"
    list: push recovery-code totp
    second enrolment: access_denied "User is already enrolled."
    challenge: type oob, binding None
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after reject: access_denied "MFA Authorization rejected."
    challenge: type oob, binding None
    poll: authorization_pending "Authorization pending: please repeat the request in a few seconds."
    poll after approve: id_token verified, profile of the user, scope "openid profile email offline_access"
    recovery code: id_token verified, profile of the user, scope "openid profile email offline_access", a new code
    the old recovery code: invalid_grant "MFA Authorization rejected."
    otp: id_token verified, profile of the user, scope "openid profile email offline_access"
    the same otp: invalid_grant "Invalid otp_code."
    delete with a management token: 204
    list: recovery-code
    associate sms: channel sms, binding prompt
    without the code: invalid_request "Missing required parameter: binding_code"
    with the code: id_token verified, profile of the user, scope "openid profile email offline_access"
    associate email: channel email, binding prompt
    without the code: invalid_request "Missing required parameter: binding_code"
    with the code: id_token verified, profile of the user, scope "openid profile email offline_access"
    "#);
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
    assert!(!told.ends_with("the flow failed"), "{told}");
    let observed = told
        .lines()
        .filter(|line| line.starts_with("poll after reject"));
    insta::assert_snapshot!(observed.collect::<String>(), @r#"poll after reject: 403 invalid_grant "MFA Authorization rejected.""#);
}
