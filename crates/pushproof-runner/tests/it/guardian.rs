//! The virtual Guardian phone against a little endpoint of its kind: it believes every answer, and writes down who answered what.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use http::{Request, Response};
use pushproof_runner::providers::devices::{Act, KeyPool, PhoneOptions, Phones};
use pushproof_runner::providers::messages::Patience;
use pushproof_runner::serve::Server;
use pushproof_runner::target::Devices;
use serde_json::{Value, json};

use crate::devices::{act, shown};
use crate::peer::{json, patient, served};

/// What the endpoint remembers.
#[derive(Default)]
struct Tenant {
    log: Vec<String>,
    /// Pushes under way, and after how many more looks they arrive.
    pushes: Vec<(u32, String)>,
    keys: Vec<String>,
    refuses: bool,
}

impl Tenant {
    fn handle(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let refused = json(
            404,
            r#"{"errorCode":"transaction_expired","message":"secret text"}"#,
        );
        let path = request.uri().path();
        match path {
            "/appliance-mfa/api/enroll" => {
                self.keys.push(body["public_key"]["n"].to_string());
                json(
                    200,
                    r#"{"id":"dev_1","user_id":"auth0|1","issuer":"Acme","token":"T","totp":{"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","algorithm":"SHA1","digits":6,"period":30}}"#,
                )
            }
            "/appliance-mfa/api/resolve-transaction" => {
                self.log
                    .push(answered(body["challenge_response"].as_str().unwrap()));
                if self.refuses { refused } else { json(204, "") }
            }
            _ if path.starts_with("/appliance-mfa/api/device-accounts/") => json(204, ""),
            _ if path.starts_with("/inbox/") => json(200, &self.inbox()),
            _ => json(500, "what?"),
        }
    }

    fn inbox(&mut self) -> String {
        self.log.push("look".to_owned());
        let arrived = self.pushes.extract_if(.., |(looks, _)| *looks == 0);
        let payloads: Vec<Value> = arrived.map(|(_, challenge)| payload(&challenge)).collect();
        for (looks, _) in &mut self.pushes {
            *looks -= 1;
        }
        Value::from(payloads).to_string()
    }
}

fn payload(challenge: &str) -> Value {
    json!({ "sh": "tenant.example.com", "dai": "dev_1", "txtkn": format!("TX-{challenge}"), "c": challenge, "d": "2026-01-01T00:00:00.000Z" })
}

fn answered(jwt: &str) -> String {
    let claims = jwt.split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap();
    let reason = claims
        .get("auth0_guardian_reason")
        .map(|reason| format!(" because {reason}"))
        .unwrap_or_default();
    format!(
        "{} accepted={}{reason} iat={}",
        claims["sub"], claims["auth0_guardian_accepted"], claims["iat"]
    )
}

/// A phone, its tenant, and the transcript of both.
struct Play {
    server: Server,
    tenant: Arc<Mutex<Tenant>>,
    phones: Phones,
}

impl Play {
    async fn begin(at_most: Duration) -> Self {
        let tenant = Arc::new(Mutex::new(Tenant::default()));
        let stage = Arc::clone(&tenant);
        let server = served(move |request| stage.lock().unwrap().handle(&request)).await;
        let phones = phones_of(&server, at_most);
        Self {
            server,
            tenant,
            phones,
        }
    }

    /// A push that arrives after so many looks.
    fn push(&self, challenge: &str, looks: u32) {
        self.tenant
            .lock()
            .unwrap()
            .pushes
            .push((looks, challenge.to_owned()));
    }

    async fn act(&mut self, action: Act) {
        let line = format!("{} {}", action.actor, action.action);
        let acted = shown(&self.phones.act(action).await);
        self.tenant
            .lock()
            .unwrap()
            .log
            .push(format!("{line} -> {acted}"));
    }

    async fn enrolled(&mut self) {
        self.act(act(
            "enrol",
            &[(
                "barcode_uri",
                "otpauth://totp/Acme:ada?enrollment_tx_id=TICKET1&base_url=x",
            )],
        ))
        .await;
    }

    fn transcript(&self) -> String {
        self.tenant
            .lock()
            .unwrap()
            .log
            .join("\n")
            .replace(&self.server.address().to_string(), "HOST")
    }
}

fn phones_of(server: &Server, at_most: Duration) -> Phones {
    let transport = patient();
    let inbox = format!("{}/inbox/{{push_token}}", server.base_url());
    Phones::new(PhoneOptions {
        devices: Some(&Devices::Guardian { inbox }),
        base_url: &server.base_url(),
        tenant: &transport,
        hooks: &transport,
        keys: &KeyPool::new().lend(),
        person: None,
        patience: Patience {
            every: Duration::from_millis(1),
            at_most,
        },
        rng: fastrand::Rng::with_seed(7),
    })
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_push_is_waited_for_and_approved() {
    let mut play = Play::begin(LONG).await;
    play.enrolled().await;
    play.push("c1", 2);
    play.act(act("approve", &[("oob_code", "OOB1")])).await;
    insta::assert_snapshot!(play.transcript(), @r#"
    phone enrol -> Acknowledged
    look
    look
    look
    "c1" accepted=true iat=1767225600
    phone approve -> Acknowledged
    "#);
}

#[tokio::test]
async fn a_change_of_mind_goes_to_the_same_challenge() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.enrolled().await;
    play.push("c1", 0);
    play.act(act("reject", &[("oob_code", "OOB1"), ("reason", "not_me")]))
        .await;
    play.push("c2", 0);
    play.act(act("approve", &[("oob_code", "OOB1")])).await;
    play.act(act("approve", &[("oob_code", "OOB2")])).await;
    play.tenant.lock().unwrap().refuses = true;
    play.act(act("reject", &[])).await;
    insta::assert_snapshot!(play.transcript(), @r#"
    phone enrol -> Acknowledged
    look
    "c1" accepted=false because "not_me" iat=1767225600
    phone reject -> Acknowledged
    "c1" accepted=true iat=1767225600
    phone approve -> Acknowledged
    look
    "c2" accepted=true iat=1767225600
    phone approve -> Acknowledged
    look
    "c2" accepted=false iat=1767225600
    phone reject -> Refused 404 transaction_expired
    "#);
}

#[tokio::test]
async fn without_a_push_there_is_nothing_to_answer() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.enrolled().await;
    play.act(act("approve", &[("oob_code", "OOB1")])).await;
    play.act(act("approve", &[])).await;
    play.act(act("read", &[])).await;
    insta::assert_snapshot!(play.transcript(), @"
    phone enrol -> Acknowledged
    look
    phone approve -> Unavailable no push has arrived
    look
    phone approve -> Unavailable no push has arrived
    look
    phone read -> Acknowledged nothing has arrived
    ");
}

#[tokio::test]
async fn a_forged_answer_leaves_the_push_open() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.enrolled().await;
    play.push("c1", 0);
    play.act(act(
        "approve",
        &[("oob_code", "OOB1"), ("forge", "expired")],
    ))
    .await;
    play.act(act(
        "approve",
        &[("oob_code", "OOB1"), ("forge", "nonsense")],
    ))
    .await;
    play.act(act("approve", &[("oob_code", "OOB1")])).await;
    insta::assert_snapshot!(play.transcript(), @r#"
    phone enrol -> Acknowledged
    look
    "c1" accepted=true iat=1767222000
    phone approve -> Acknowledged
    phone approve -> Unavailable unknown forgery `nonsense`
    "c1" accepted=true iat=1767225600
    phone approve -> Acknowledged
    "#);
}

#[tokio::test]
async fn a_push_that_is_spoken_for_is_not_answered_for_another_code() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.enrolled().await;
    play.push("c1", 0);
    play.act(act(
        "approve",
        &[("oob_code", "OOB1"), ("forge", "expired")],
    ))
    .await;
    play.act(act("approve", &[("oob_code", "OOB2")])).await;
    play.push("c2", 0);
    play.act(act("approve", &[("oob_code", "OOB2")])).await;
    insta::assert_snapshot!(play.transcript(), @r#"
    phone enrol -> Acknowledged
    look
    "c1" accepted=true iat=1767222000
    phone approve -> Acknowledged
    look
    phone approve -> Unavailable no push has arrived
    look
    "c2" accepted=true iat=1767225600
    phone approve -> Acknowledged
    "#);
}

#[tokio::test]
async fn pushes_are_read_one_by_one() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.enrolled().await;
    play.push("c1", 0);
    play.push("c2", 0);
    for _ in 0..3 {
        play.act(act("read", &[])).await;
    }
    insta::assert_snapshot!(play.transcript(), @"
    phone enrol -> Acknowledged
    look
    phone read -> Acknowledged challenge=c1 sent_at=2026-01-01T00:00:00.000Z enrolment_id=dev_1
    look
    phone read -> Acknowledged challenge=c2 sent_at=2026-01-01T00:00:00.000Z enrolment_id=dev_1
    look
    phone read -> Acknowledged nothing has arrived
    ");
}

#[tokio::test]
async fn codes_come_from_the_enrolment_or_from_a_scanned_seed() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.act(act("code", &[])).await;
    play.enrolled().await;
    play.act(act("code", &[])).await;
    play.act(act("code", &[("shift", "-30s")])).await;
    play.act(act("code", &[("shift", "soon")])).await;
    play.act(act("unenrol", &[])).await;
    let mut app = act(
        "enrol",
        &[(
            "barcode_uri",
            "otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        )],
    );
    app.actor = "app".to_owned();
    play.act(app).await;
    let mut code = act("code", &[]);
    code.actor = "app".to_owned();
    play.act(code).await;
    insta::assert_snapshot!(play.transcript(), @"
    phone code -> Unavailable the phone shows no codes: it is not enrolled, or without a seed for them
    phone enrol -> Acknowledged
    phone code -> Acknowledged code=745690
    phone code -> Acknowledged code=815958
    phone code -> Unavailable `shift` is no duration
    phone unenrol -> Acknowledged
    app enrol -> Acknowledged
    app code -> Acknowledged code=745690
    ");
}

#[tokio::test]
async fn what_a_phone_cannot_do() {
    let mut play = Play::begin(Duration::ZERO).await;
    play.act(act("dance", &[])).await;
    play.act(act("enrol", &[])).await;
    play.act(act("enrol", &[("barcode_uri", "otpauth://totp/Acme:ada")]))
        .await;
    play.act(act("unenrol", &[])).await;
    play.act(act("ignore", &[])).await;
    insta::assert_snapshot!(play.transcript(), @"
    phone dance -> Unavailable a Guardian phone cannot `dance`
    phone enrol -> Unavailable `enrol` needs `barcode_uri`
    phone enrol -> Unavailable `barcode_uri` has no `enrollment_tx_id`
    phone unenrol -> Unavailable the phone is not enrolled
    phone ignore -> Acknowledged
    ");
}

#[tokio::test]
async fn phones_of_a_case_have_different_keys_and_tokens_and_their_secrets_are_known() {
    let mut play = Play::begin(Duration::ZERO).await;
    for (actor, own) in [("one", false), ("two", true), ("three", false)] {
        if own {
            play.phones.give_own_key(actor);
        }
        let mut enrol = act(
            "enrol",
            &[(
                "barcode_uri",
                "otpauth://totp/Acme:ada?enrollment_tx_id=TICKET1",
            )],
        );
        enrol.actor = actor.to_owned();
        play.act(enrol).await;
    }
    let keys = std::mem::take(&mut play.tenant.lock().unwrap().keys);
    assert_eq!(
        std::collections::BTreeSet::from_iter(&keys).len(),
        3,
        "no two phones of a case share a key"
    );
    let labels: Vec<_> = play
        .phones
        .secrets()
        .into_iter()
        .map(|(label, _)| label)
        .collect();
    assert_eq!(
        labels,
        [
            "device_token",
            "totp_secret",
            "device_token",
            "totp_secret",
            "device_token",
            "totp_secret"
        ]
    );
}
