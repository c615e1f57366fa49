//! The published examples of the device protocol: two signed answers and the key that checks them.

use pushproof_device::{Decision, Phone, Which};
use serde_json::{Value, json};

use crate::judge::{Expected, is_signed, jwt_of};
use crate::world::{key, now, payload};

const CHALLENGE: &str = "c2ltLWNoYWxsZW5nZS0wMDAx";
const AUDIENCE: &str = "https://tenant.example/appliance-mfa/api/resolve-transaction";

fn published_jwk() -> Value {
    json!({
        "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB",
        "n": "qpcGMaeKTsPS0EnRjWHraTTAqF-Oyd44TMvM54BcbSC1TBe1SqPQcD_2Vc10AGpcABm1Q-PEIwq7NJXezJCujR6Dgs_QIKx83FtP_UzotyPUtWWK_SN5zNJzDx9YDmL1ZFQ7xX8LWOn9T8EKvvxcecIQ4QQK7OAqFnMXT9XU4x66s3M3RLVK9zk92i3zjnvCoeczVpAOSk_UU9yBDhW8vt3UtYFUO96VPcSax2WiIpyTp-9_oxMkISquxRYtataJZuTardKYrGkgNYhIUZYTGbaXMSn06Eur-qBRaz9yH9ABmGWLdX5hw3sQni__MgzwLWblGYaBYYSHCgRgNHVmDQ",
    })
}

const APPROVAL: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTYzMCwiYXVkIjoiaHR0cHM6Ly90ZW5hbnQuZXhhbXBsZS9hcHBsaWFuY2UtbWZhL2FwaS9yZXNvbHZlLXRyYW5zYWN0aW9uIiwiaXNzIjoiZGV2aWNlLWxvY2FsLWlkLTAwMDEiLCJzdWIiOiJjMmx0TFdOb1lXeHNaVzVuWlMwd01EQXgiLCJhdXRoMF9ndWFyZGlhbl9tZXRob2QiOiJwdXNoIiwiYXV0aDBfZ3VhcmRpYW5fYWNjZXB0ZWQiOnRydWV9.k4m4h9UW_qOUZ5f5Yb_xnJc2jZS7WmoEfN-Uz9-2KOXJzeDyAfFZn-CcKtys0LdPJHJhrwRtZXzClR8bDDj4mmjYOz5k21Htn0npJOYVxLL-QemsPYClNmVCeY8faJdr2tO0jOD4icqgxpfATCDc8vmtAvL82MF1CeFnzZnnWRsEV7X3rcYziC04aQpiLHTc1CaTlYlx8xnlqa5NYnjzUe_QW6SRmDQLHmGETvI3NE-nOLMSI98OhZhIGg84GQXjAYiQ-8qcW9AXTIsq1G9jW8rU-gtPc1GPAA49dABx9uD1pfUuum9o5QPnGWclCjY6AFI8qmuQVw1lHYVF2lalgA";

const REJECTION: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTYzMCwiYXVkIjoiaHR0cHM6Ly90ZW5hbnQuZXhhbXBsZS9hcHBsaWFuY2UtbWZhL2FwaS9yZXNvbHZlLXRyYW5zYWN0aW9uIiwiaXNzIjoiZGV2aWNlLWxvY2FsLWlkLTAwMDEiLCJzdWIiOiJjMmx0TFdOb1lXeHNaVzVuWlMwd01EQXgiLCJhdXRoMF9ndWFyZGlhbl9tZXRob2QiOiJwdXNoIiwiYXV0aDBfZ3VhcmRpYW5fYWNjZXB0ZWQiOmZhbHNlLCJhdXRoMF9ndWFyZGlhbl9yZWFzb24iOiJub3RfbWUifQ.mLz9BNkTQFJ8wS41q_OHhNu7YEuAaFvLEekDO-ZmJa4hb_tAEAHKuzKgwdDfYISCC-BZAIoOVuZOiMQpDnRbFKiaT7i5Bg_w1ir_xo4eUpPnU9yjhmljJhNuuRQL8l1Gb-54OKKZJ-sc5h6DvFr8cvCHgyrDtSATckLToTj-2FD40Ygqyz8LYg1cygjCbUBBpAc497P4TgWW9tSVoAOk--u2o5w0TU9lon-WlXYgOSj58a1FNXgb044K9TLsyusR54FKMVM3P7JrsLjco76OIb_3eCGeKnqAl-y7P10IVrSU6MpZbNPxONShwsYmfl_zTN2nkk0x3z6tU90c4hy4WQ";

fn decisions() -> [(Decision, &'static str); 2] {
    let rejection = Decision::Reject {
        reason: Some("not_me".into()),
    };
    [(Decision::Approve, APPROVAL), (rejection, REJECTION)]
}

#[test]
fn the_judge_accepts_the_published_answers() {
    let expected = Expected {
        jwk: published_jwk(),
        audience: AUDIENCE,
        issuer: "device-local-id-0001",
        subject: CHALLENGE,
        now: 1_767_225_600.0,
    };
    for (decision, jwt) in decisions() {
        assert_eq!(expected.complaints(jwt), [""; 0], "{decision:?}");
    }
}

#[test]
fn the_judge_refuses_the_published_answers_with_another_key_or_signature() {
    assert!(!is_signed(APPROVAL, &key().public_jwk()));
    let (input, _) = APPROVAL.rsplit_once('.').unwrap();
    let (_, signature) = REJECTION.rsplit_once('.').unwrap();
    assert!(!is_signed(
        &format!("{input}.{signature}"),
        &published_jwk()
    ));
}

/// Everything before the signature, byte for byte: header, claims, their order.
#[test]
fn answers_sign_the_published_bytes() {
    let inbox = Value::from(vec![payload(CHALLENGE)]).to_string();
    for (decision, published) in decisions() {
        let mut phone = Phone::new(
            "https://tenant.example",
            "Ada's phone",
            "device-local-id-0001",
            "push-token",
            key(),
        );
        phone.receive(inbox.as_bytes()).unwrap();
        let jwt = jwt_of(&phone.answer(decision, Which::Newest, now()).unwrap());
        let signed = |jwt: &str| jwt.rsplit_once('.').unwrap().0.to_owned();
        assert_eq!(signed(&jwt), signed(published));
        assert!(is_signed(&jwt, &key().public_jwk()));
    }
}
