//! What stands on the wire: what `send` changes of an operation, and requests that are written out.

use std::sync::Arc;
use std::time::Duration;

use pushproof_scenario::{Environment, Input, Output, RequestBuffer, Session, UserValues, Value};

use crate::stage::{DIALECT, program};

/// The first request of a case with this one step, as it is sent and as it is shown.
fn wire(step: &str) -> String {
    let head = "--- s.yaml\nformat: 1\nid: case\ntitle: A case\nactors: { alice: { user: fresh } }\nsteps:\n";
    let program = program(&format!("{DIALECT}{head}{step}\n"));
    let user = UserValues {
        username: "alice@example.com".to_owned(),
        password: "correct horse".to_owned(),
        ..UserValues::default()
    };
    let environment = Environment {
        base_url: Some(Value::Text("https://tenant.example.com".into())),
        ..Environment::default()
    };
    let mut session = Session::new(Arc::clone(&program), Arc::new(environment), [user], 7);
    session.handle(Duration::ZERO, Input::Begin);
    let position = loop {
        match session.next_output() {
            Output::Send(_, step) => break step,
            Output::Note(_) => {}
            other => panic!("nothing is sent: {other:?}"),
        }
    };
    let mut buffer = RequestBuffer::default();
    session.render(position, &mut buffer);
    let shown = session
        .show(position, &|label, _| format!("‹{label}›"))
        .expect("a call");
    let headers = buffer.headers.replace("\r\n", "\n");
    let mut text = format!(
        "{} {}\n{headers}\n{}",
        shown.method, buffer.path, buffer.body
    );
    if shown.body != buffer.body {
        text.push_str(&format!("\n(shown as {})", shown.body));
    }
    text
}

macro_rules! check {
    ($step:expr, @$expected:literal) => {
        insta::assert_snapshot!(wire($step), @$expected)
    };
}

#[test]
fn an_operation_as_it_is() {
    check!("  - { id: ask, call: ask, with: { code: a b/c }, expect: tokens }", @"
    POST /ask
    content-type: application/x-www-form-urlencoded

    code=a+b%2Fc
    ");
}

#[test]
fn a_form_becomes_json() {
    check!("  - { id: ask, call: ask, with: { code: a b/c }, send: { as: json }, expect: tokens }", @r#"
    POST /ask
    content-type: application/json

    {"code":"a b/c"}
    "#);
}

#[test]
fn what_is_raw_is_not_encoded() {
    check!("  - { id: ask, call: ask, with: { code: \"http://a/b\", extra: \"http://a/b\" }, send: { raw: [code] }, expect: tokens }", @"
    POST /ask
    content-type: application/x-www-form-urlencoded

    code=http://a/b&extra=http%3A%2F%2Fa%2Fb
    ");
}

#[test]
fn what_is_sent_twice_and_what_nobody_knows() {
    check!("  - { id: ask, call: ask, with: { code: c }, send: { twice: [code], extra: { foo: \"é\" } }, expect: tokens }", @"
    POST /ask
    content-type: application/x-www-form-urlencoded

    code=c&code=c&foo=%C3%A9
    ");
}

#[test]
fn headers_are_added_replaced_and_taken_away() {
    check!("  - { id: ask, call: ask, with: { code: c }, send: { headers: { X-More: \"for ${alice.username}\", content-type: null } }, expect: tokens }", @"
    POST /ask
    x-more: for alice@example.com

    code=c
    ");
}

#[test]
fn a_body_is_called_something_else() {
    check!("  - { id: ask, call: ask, with: { code: c }, send: { type: text/plain, method: PUT }, expect: tokens }", @"
    PUT /ask
    content-type: text/plain

    code=c
    ");
    check!("  - { id: ask, call: ask, with: { code: c }, send: { type: none }, expect: tokens }", @"
    POST /ask

    code=c
    ");
}

#[test]
fn an_altered_secret_is_shown_no_more_than_the_secret() {
    check!("  - { id: ask, call: ask, with: { code: { altered: $alice.password } }, expect: tokens }", @"
    POST /ask
    content-type: application/x-www-form-urlencoded

    code=correcu+horse
    (shown as code=‹alice.password›)
    ");
}

#[test]
fn filler_is_as_long_as_it_says() {
    check!("  - { id: ask, call: ask, with: { code: { filler: 12 } }, expect: tokens }", @"
    POST /ask
    content-type: application/x-www-form-urlencoded

    code=xxxxxxxxxxxx
    ");
}

#[test]
fn a_request_that_is_written_out() {
    check!("  - { id: raw, http: { method: POST, path: \"/ask/${alice.username}?x=1\", headers: { content-type: application/json }, body: \"{\\\"a\\\": \\\"${alice.username}\\\",\\n\" }, why: nobody else sends half an object, expect: rejected }", @r#"
    POST /ask/alice%40example.com?x=1
    content-type: application/json

    {"a": "alice@example.com",
    "#);
}
