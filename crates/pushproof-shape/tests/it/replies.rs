//! The replies of the MFA API (associate, list, challenge, token) as shapes.

use pushproof_shape::{Hints, Shape};
use serde_json::{Value, json};

/// What a dialect says of these operations: secrets, and the members that name the variant.
pub(crate) fn hints() -> Hints {
    let secrets = [
        "mfa_token",
        "oob_code",
        "barcode_uri",
        "secret",
        "recovery_codes",
        "recovery_code",
    ];
    let tokens = ["access_token", "id_token", "refresh_token"];
    let hints = secrets
        .into_iter()
        .chain(tokens)
        .fold(Hints::none(), Hints::secret);
    [
        "authenticator_type",
        "oob_channel",
        "binding_method",
        "challenge_type",
        "error",
        "token_type",
    ]
    .into_iter()
    .fold(hints, Hints::discriminating)
}

fn shape(replies: impl IntoIterator<Item = Value>) -> String {
    replies
        .into_iter()
        .map(|reply| Shape::infer(&reply, &hints()))
        .collect::<Shape>()
        .to_string()
}

const BARCODE_URI: &str = "otpauth://totp/Acme%20Test:ada%40example.com?enrollment_tx_id=Zt3kq0V9sWm2&base_url=https%3A%2F%2Facme";
const OOB_CODE: &str = "Fe26.2*SERVER_1700000000*6b0c*Qm*Zk*1700000300000*9f*Xy";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";

#[test]
fn push_is_associated() {
    let push = json!({ "authenticator_type": "oob", "barcode_uri": BARCODE_URI, "oob_channel": "auth0", "oob_code": OOB_CODE });
    let mut first = push.clone();
    first["recovery_codes"] = json!(["17EQHNZCK6LGABCDEFGHIJKL"]);
    insta::assert_snapshot!(shape([first, push]), @r#"
    authenticator_type: "oob"
    barcode_uri:        secret url
    oob_channel:        "auth0"
    oob_code:           secret string
    recovery_codes?:    array of secret string
    "#);
}

#[test]
fn sms_is_associated() {
    let reply = json!({
        "authenticator_type": "oob", "binding_method": "prompt", "oob_channel": "sms", "oob_code": OOB_CODE,
        "recovery_codes": ["17EQHNZCK6LGABCDEFGHIJKL"],
    });
    insta::assert_snapshot!(shape([reply]), @r#"
    authenticator_type: "oob"
    binding_method:     "prompt"
    oob_channel:        "sms"
    oob_code:           secret string
    recovery_codes:     array of secret string
    "#);
}

#[test]
fn otp_is_associated() {
    let reply = json!({
        "authenticator_type": "otp", "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "barcode_uri": "otpauth://totp/acme:ada?secret=JBSWY3DP&issuer=acme&algorithm=SHA1&digits=6&period=30",
    });
    insta::assert_snapshot!(shape([reply]), @r#"
    authenticator_type: "otp"
    barcode_uri:        secret url
    secret:             secret string
    "#);
}

/// The elements of a list differ: what only some have is optional, and what tells them apart is no constant of the list.
#[test]
fn authenticators_are_listed() {
    let list = json!([
        { "id": "sms|dev_aaaaaaaaaaaaaaaa", "authenticator_type": "oob", "active": false, "oob_channel": "sms", "name": "XXXXXXXXX0101" },
        { "id": "recovery-code|dev_bbbbbbbbbbbbbbbb", "authenticator_type": "recovery-code", "active": false },
        { "id": "push|dev_cccccccccccccccc", "authenticator_type": "oob", "active": false, "oob_channel": "auth0" },
        { "id": "totp|dev_dddddddddddddddd", "authenticator_type": "otp", "active": false },
        { "id": "email|dev_ffffffffffffffff", "authenticator_type": "oob", "active": true, "oob_channel": "email", "name": "****@exam*******" },
    ]);
    insta::assert_snapshot!(shape([list]), @"
    array of object
      active:             boolean
      authenticator_type: string
      id:                 string
      name?:              string
      oob_channel?:       string
    ");
    insta::assert_snapshot!(shape([json!([])]), @"array of nothing");
}

#[test]
fn challenges() {
    let push = json!({ "challenge_type": "oob", "oob_code": OOB_CODE });
    let sms = json!({ "challenge_type": "oob", "oob_code": OOB_CODE, "binding_method": "prompt" });
    insta::assert_snapshot!(shape([push]), @r#"
    challenge_type: "oob"
    oob_code:       secret string
    "#);
    insta::assert_snapshot!(shape([sms]), @r#"
    binding_method: "prompt"
    challenge_type: "oob"
    oob_code:       secret string
    "#);
    insta::assert_snapshot!(shape([json!({ "challenge_type": "otp" })]), @r#"challenge_type: "otp""#);
}

#[test]
fn tokens() {
    let openid = json!({ "access_token": JWT, "id_token": JWT, "scope": "openid profile", "expires_in": 86400, "token_type": "Bearer" });
    let recovery = json!({
        "access_token": "opaque", "scope": "offline_access", "expires_in": 86400, "token_type": "Bearer",
        "refresh_token": "v1.M0", "recovery_code": "K6LGABCDEFGHIJKL17EQHNZC",
    });
    insta::assert_snapshot!(shape([openid, recovery]), @r#"
    access_token:   secret string
    expires_in:     integer
    id_token?:      secret jwt
    recovery_code?: secret string
    refresh_token?: secret string
    scope:          string
    token_type:     "Bearer"
    "#);
}

/// The outcome of a poll stands in `error`, so that `pending` and `rejected` have different shapes.
#[test]
fn polls_without_tokens() {
    let pending = json!({ "error": "authorization_pending", "error_description": "Authorization pending: please repeat the request in a few seconds." });
    let rejected =
        json!({ "error": "access_denied", "error_description": "MFA Authorization rejected." });
    let slow_down = json!({ "error": "slow_down", "error_description": "You are polling too fast.", "interval": 10 });
    insta::assert_snapshot!(shape([pending]), @r#"
    error:             "authorization_pending"
    error_description: string
    "#);
    insta::assert_snapshot!(shape([rejected]), @r#"
    error:             "access_denied"
    error_description: string
    "#);
    insta::assert_snapshot!(shape([slow_down]), @r#"
    error:             "slow_down"
    error_description: string
    interval:          integer
    "#);
}

#[test]
fn mfa_required_with_and_without_requirements() {
    let bare = json!({ "error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": OOB_CODE });
    let mut challenge = bare.clone();
    challenge["mfa_requirements"] =
        json!({ "challenge": [{ "type": "otp" }, { "type": "push-notification" }] });
    let mut enrol = bare.clone();
    enrol["mfa_requirements"] = json!({ "enroll": [{ "type": "otp" }] });
    insta::assert_snapshot!(shape([bare, challenge, enrol]), @r#"
    error:             "mfa_required"
    error_description: string
    mfa_requirements?: object
      challenge?: array of object
        type: string
      enroll?:    array of object
        type: string
    mfa_token:         secret string
    "#);
}
