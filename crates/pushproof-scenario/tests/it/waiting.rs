//! A session of the real dialect that waits between two polls, with secrets as long as the real ones.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use pushproof_scenario::{
    ClientValues, Environment, Input, Library, Output, Program, Reply, RequestBuffer, Session,
    UserValues,
};

use crate::support;

/// Polls for ever, as far as a test is concerned.
const SCENARIO: &str = "format: 1
id: waiting
title: Alice lets the app wait
needs: [factor.push]
actors: { alice: { user: fresh }, phone: { device: push, owner: alice } }
steps:
  - { id: setup, use: fragments/enrolled-with-push, with: { user: alice, device: phone }, capture: { authenticator: authenticator_id } }
  - { id: push, use: fragments/challenged, with: { user: alice, authenticator_id: $authenticator }, capture: { mfa_token: mfa_token, oob_code: oob_code } }
  - id: wait
    poll: token.mfa_oob
    with: { mfa_token: $mfa_token, oob_code: $oob_code }
    every: 5s
    give_up_after: 1000000000h
    outcomes: [pending*, tokens]
";

/// The recorded answer to a poll that nobody has decided yet.
const PENDING: &str = r#"{"error":"authorization_pending","error_description":"Authorization pending: please repeat the request in a few seconds."}"#;

const BARCODE: &str = "otpauth://totp/Acme:alice%40example.com?secret=JBSWY3DPEHPK3PXP&enrollment_tx_id=Zt3kQx8vB1nM5cR7yL9wD2fH&issuer=Acme&base_url=https%3A%2F%2Facme.guardian.example.com&algorithm=sha1&digits=6&counter=0&period=30";

/// A session with what it needs to go on.
pub(crate) struct Waiting {
    pub(crate) session: Session,
    pub(crate) buffer: RequestBuffer,
    headers: HeaderMap,
    now: Duration,
}

/// The program; made once for many sessions.
pub(crate) fn program() -> Arc<Program> {
    let (library, problems) = Library::read(&support::with_auth0(SCENARIO));
    let library = library.unwrap_or_else(|| panic!("{}", support::rendered(&problems)));
    let (programs, problems) = library.compile("documented").expect("a profile");
    let program = programs.into_iter().next();
    program.unwrap_or_else(|| panic!("{}", support::rendered(&problems)))
}

/// A target with one client.
pub(crate) fn environment() -> Arc<Environment> {
    let mut environment = Environment::default();
    let secret = "s".repeat(64);
    environment.clients[0] =
        ClientValues::new("k6pX0vN3mQ8sT1yB4zD7gJ2hL5rW9cFa", Some(&secret), false);
    Arc::new(environment)
}

/// Who logs in.
pub(crate) fn user() -> UserValues {
    UserValues {
        username: "alice.0001@example.com".to_owned(),
        password: "correct horse battery staple".to_owned(),
        email: None,
        phone: None,
    }
}

impl Waiting {
    /// Runs a session until it waits for its second poll.
    pub(crate) fn new(program: &Arc<Program>, environment: &Arc<Environment>) -> Self {
        let mut session = Session::new(Arc::clone(program), Arc::clone(environment), [user()], 7);
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            DATE,
            HeaderValue::from_static("Tue, 01 Sep 2026 10:00:00 GMT"),
        );
        session.handle(Duration::ZERO, Input::Begin);
        let mut waiting = Self {
            session,
            buffer: RequestBuffer::default(),
            headers,
            now: Duration::ZERO,
        };
        while !waiting.turn() {}
        waiting
    }

    /// Answers whatever the session does until it waits; says whether that is for the poll that never ends.
    fn turn(&mut self) -> bool {
        loop {
            match self.session.next_output() {
                Output::Send(flight, step) => {
                    self.session.render(step, &mut self.buffer);
                    let (status, body) = answer(&self.session, step, &self.buffer);
                    let reply = Reply {
                        status,
                        headers: &self.headers,
                        body: body.as_bytes(),
                        elapsed: Duration::ZERO,
                    };
                    self.session.handle(self.now, Input::Reply(flight, &reply));
                }
                Output::Act(flight, _) => self
                    .session
                    .handle(self.now, Input::Acknowledged(flight, &[])),
                Output::Note(_) => {}
                Output::Wait(until) => {
                    let last = self.session.position() + 1 == self.session.program().steps.len();
                    if last && !self.buffer.body.contains("mfa-oob") {
                        // The last step waits for its first poll; go on to the second.
                    } else if last {
                        self.now = until;
                        return true;
                    }
                    self.now = until;
                    self.session.handle(self.now, Input::Woken);
                }
                Output::Done => panic!("the session ended in step {}", self.session.position()),
            }
        }
    }

    /// One pending poll: woken, sent, answered, and waiting again. Gives the bytes that were sent.
    pub(crate) fn poll(&mut self) -> usize {
        self.session.handle(self.now, Input::Woken);
        let mut sent = 0;
        loop {
            match self.session.next_output() {
                Output::Send(flight, step) => {
                    self.session.render(step, &mut self.buffer);
                    sent =
                        self.buffer.path.len() + self.buffer.headers.len() + self.buffer.body.len();
                    let reply = Reply {
                        status: 400,
                        headers: &self.headers,
                        body: PENDING.as_bytes(),
                        elapsed: Duration::ZERO,
                    };
                    self.session.handle(self.now, Input::Reply(flight, &reply));
                }
                Output::Wait(until) => {
                    self.now = until;
                    return sent;
                }
                Output::Note(_) => {}
                Output::Act(..) | Output::Done => panic!("a pending poll only sends"),
            }
        }
    }
}

/// What the endpoint says to each call of the way to the poll.
fn answer(session: &Session, step: u16, sent: &RequestBuffer) -> (u16, String) {
    let program = session.program();
    let exchange = program.steps[usize::from(step)]
        .action
        .exchange()
        .expect("a call");
    let operation = program.dialect.operations[exchange.operation].name.as_str();
    let last = usize::from(step) + 1 == program.steps.len();
    let token = "Fe26.2*".to_owned() + &"aB3-".repeat(510) + "x";
    let oob_code = "Q2.-".repeat(150);
    match operation {
        "token.password" => (403, format!(r#"{{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"{token}"}}"#)),
        "mfa.associate" => (200, format!(r#"{{"authenticator_type":"oob","oob_channel":"auth0","oob_code":"{oob_code}","barcode_uri":"{BARCODE}","recovery_codes":["N3BGPZZWJ85JLCNPZBDW6QXC"]}}"#)),
        "authenticators.list" => (200, r#"[{"id":"push|dev_ma6cfvnVi5VcBzGB","authenticator_type":"oob","oob_channel":"auth0","active":true}]"#.to_owned()),
        "mfa.challenge" => (200, format!(r#"{{"challenge_type":"oob","oob_code":"{oob_code}"}}"#)),
        "token.mfa_oob" if last => (400, PENDING.to_owned()),
        "token.mfa_oob" => (200, r#"{"access_token":"at","id_token":"it","token_type":"Bearer","expires_in":600}"#.to_owned()),
        other => panic!("nothing to say to {other}: {}", sent.path),
    }
}
