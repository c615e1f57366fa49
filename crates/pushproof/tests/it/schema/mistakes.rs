//! The mistakes that people make: each with what a validator says first.

use std::fmt::Write as _;

use super::{Schema, value};

/// What is written, and what is said of it.
fn said(schema: &str, head: &str, mistakes: &[(&str, &str)]) -> String {
    let schema = Schema::of(schema);
    let mut text = String::new();
    for (what, written) in mistakes {
        let problems = schema.problems(&value(&format!("{head}{written}")));
        let problem = match &problems[..] {
            [] => "FITS",
            [first] => first,
            [first, ..] => &format!("{first}, and more"),
        };
        writeln!(text, "{what}: {}", shortened(problem)).unwrap();
    }
    text
}

/// Lists of names grow with the dialect, and nobody reads a pattern to its end.
fn shortened(text: &str) -> String {
    let names = regex_lite::Regex::new("one of ('[^']*'), .*$").unwrap();
    let text = names.replace(text, "one of $1, …");
    if text.chars().count() <= 120 {
        return text.into_owned();
    }
    format!("{}…", text.chars().take(120).collect::<String>())
}

#[test]
fn in_a_scenario() {
    let head = "format: 1\nid: a.b\ntitle: T\nactors: { alice: { user: fresh }, phone: { device: push, owner: alice } }\nsteps:\n";
    let with = "with: { username: $alice.username, password: $alice.password }";
    let poll = "poll: token.mfa_oob, every: profile, outcomes: [pending+, tokens]";
    let mistakes = [
        ("nothing wrong", format!("- {{ id: x, call: token.password, {with}, expect: mfa_required }}")),
        ("unknown key", format!("- {{ id: x, call: token.password, {with}, expect: mfa_required, expct: tokens }}")),
        ("`on` for `meanwhile`", format!("- {{ id: x, {poll}, give_up_after: 30s, \"on\": [] }}")),
        ("poll without `give_up_after`", format!("- {{ id: x, {poll} }}")),
        ("poll without outcomes", "- { id: x, poll: token.mfa_oob, every: profile, give_up_after: 30s }".to_owned()),
        ("wait without `why`", "- { id: x, wait: 30s }".to_owned()),
        ("two kinds in one step", format!("- {{ id: x, call: token.password, {poll}, give_up_after: 30s }}")),
        ("no kind at all", "- { id: x, say: nothing }".to_owned()),
        ("no id", format!("- {{ call: token.password, {with}, expect: mfa_required }}")),
        ("a number for a duration", "- { id: x, wait: 30, why: because }".to_owned()),
        ("a word for a duration", "- { id: x, wait: a minute, why: because }".to_owned()),
        ("unknown operation", "- { id: x, call: token.pasword, expect: tokens }".to_owned()),
        ("unknown outcome", format!("- {{ id: x, call: token.password, {with}, expect: token }}")),
        ("unknown outcome in a sequence", "- { id: x, poll: token.mfa_oob, every: profile, give_up_after: 30s, outcomes: [waiting*] }".to_owned()),
        ("a sequence that cannot be read", "- { id: x, poll: token.mfa_oob, every: profile, give_up_after: 30s, outcomes: [\"pending{x}\"] }".to_owned()),
        ("unknown input", "- { id: x, call: token.password, with: { user: $alice.username }, expect: tokens }".to_owned()),
        ("unknown requirement", format!("- {{ id: x, call: token.password, {with}, expect: tokens, covers: PWD-999 }}")),
        ("level without covers", format!("- {{ id: x, call: token.password, {with}, expect: tokens, level: may }}")),
        ("unknown fragment", "- { id: x, use: fragments/enroled }".to_owned()),
        ("input that a fragment does not have", "- { id: x, use: fragments/password-login, with: { who: alice } }".to_owned()),
        ("check without a condition", format!("- {{ id: x, call: token.password, {with}, expect: tokens, check: [{{ that: body.x }}] }}")),
        ("check with two conditions", format!("- {{ id: x, call: token.password, {with}, expect: tokens, check: [{{ that: body.x, is: jwt, equals: 1 }}] }}")),
        ("check of no path", format!("- {{ id: x, call: token.password, {with}, expect: tokens, check: [{{ that: bdy.x, is: jwt }}] }}")),
        ("capture that no reference reaches", format!("- {{ id: x, call: token.password, {with}, expect: tokens, capture: {{ a b: body.x }} }}")),
        ("capture of many replies", format!("- {{ id: x, call: token.password, at_once: 2, {with}, expect: tokens, capture: {{ a: body.x }} }}")),
        ("http without `why`", "- { id: x, http: { method: GET, path: / }, expect: tokens }".to_owned()),
        ("one call together", format!("- {{ id: x, together: [{{ id: y, call: token.password, {with}, expect: tokens }}] }}")),
        ("action without a moment", format!("- {{ id: x, {poll}, give_up_after: 30s, meanwhile: [{{ device: phone, do: enrol }}] }}")),
        ("action with two moments", format!("- {{ id: x, {poll}, give_up_after: 30s, meanwhile: [{{ after_poll: 1, at: 3s, device: phone, do: enrol }}] }}")),
        ("unknown switch", "- { id: x, set: { recovery_code: false } }".to_owned()),
    ];
    let mistakes: Vec<(&str, &str)> = mistakes
        .iter()
        .map(|(what, text)| (*what, text.as_str()))
        .collect();
    insta::assert_snapshot!(said("auth0/scenario", head, &mistakes), @r"
    nothing wrong: FITS
    unknown key: /steps/0: additionalProperties 'expct' not allowed
    `on` for `meanwhile`: /steps/0: additionalProperties 'on' not allowed
    poll without `give_up_after`: /steps/0: missing properties 'give_up_after'
    poll without outcomes: /steps/0: missing properties 'outcomes'
    wait without `why`: /steps/0: missing properties 'why'
    two kinds in one step: /steps/0: missing properties 'expect', and more
    no kind at all: /steps/0: missing properties 'call', and more
    no id: /steps/0: missing properties 'id'
    a number for a duration: /steps/0/wait: want string, but got number, and more
    a word for a duration: /steps/0/wait: 'a minute' does not match pattern '^ *(0|([0-9]+ *(nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second…
    unknown operation: /steps/0/call: value must be one of 'token.password', …
    unknown outcome: /steps/0/expect: value must be one of 'mfa_required', …
    unknown outcome in a sequence: /steps/0/outcomes: want string, but got array, and more
    a sequence that cannot be read: /steps/0/outcomes: want string, but got array, and more
    unknown input: /steps/0/with: additionalProperties 'user' not allowed
    unknown requirement: /steps/0/covers: value must be one of 'PWD-001', …
    level without covers: /steps/0: properties 'covers' required, if 'level' property exists
    unknown fragment: /steps/0/use: value must be one of 'fragments/challenged', …
    input that a fragment does not have: /steps/0/with: additionalProperties 'who' not allowed
    check without a condition: /steps/0/check/0: missing properties 'equals', and more
    check with two conditions: /steps/0/check/0/is: false schema
    check of no path: /steps/0/check/0/that: 'bdy.x' does not match pattern '^(body(\\.[^.]+)*|header\\.[^.]+(\\.[^.]+)*|status|elapsed|text)$…
    capture that no reference reaches: /steps/0/capture: additionalProperties 'a b' not allowed
    capture of many replies: /steps/0: additionalProperties 'capture' not allowed
    http without `why`: /steps/0: missing properties 'why'
    one call together: /steps/0/together: minimum 2 items required, but got 1 items
    action without a moment: /steps/0/meanwhile/0: missing properties 'after_poll', and more
    action with two moments: /steps/0/meanwhile/0/at: false schema
    unknown switch: /steps/0/set: additionalProperties 'recovery_code' not allowed
    ");
}

#[test]
fn in_the_head_of_a_scenario_or_fragment() {
    let steps = "steps: [{ id: x, use: fragments/password-login, with: { user: alice } }]";
    let scenario = [
        ("no title", format!("format: 1\nid: a\n{steps}")),
        (
            "another format",
            format!("format: 2\nid: a\ntitle: T\n{steps}"),
        ),
        (
            "steps that are no list",
            "format: 1\nid: a\ntitle: T\nsteps: { id: x }".to_owned(),
        ),
        (
            "unknown feature",
            format!("format: 1\nid: a\ntitle: T\nneeds: [factor.psh]\n{steps}"),
        ),
        (
            "actor that is nothing",
            format!("format: 1\nid: a\ntitle: T\nactors: {{ bob: {{ owner: alice }} }}\n{steps}"),
        ),
        (
            "matrix without values",
            format!("format: 1\nid: a\ntitle: T\nmatrix: {{ many: [] }}\n{steps}"),
        ),
        (
            "covers on the file",
            format!("format: 1\nid: a\ntitle: T\ncovers: PWD-001\n{steps}"),
        ),
    ];
    let scenario: Vec<(&str, &str)> = scenario
        .iter()
        .map(|(what, text)| (*what, text.as_str()))
        .collect();
    let fragment = [
        (
            "title on a fragment",
            format!("format: 1\nfragment: f\ntitle: T\n{steps}"),
        ),
        (
            "input of no kind",
            format!("format: 1\nfragment: f\ninputs: {{ user: person }}\n{steps}"),
        ),
        (
            "output of no kind",
            format!("format: 1\nfragment: f\noutputs: {{ token: {{ optional: true }} }}\n{steps}"),
        ),
    ];
    let fragment: Vec<(&str, &str)> = fragment
        .iter()
        .map(|(what, text)| (*what, text.as_str()))
        .collect();
    let said = said("auth0/scenario", "", &scenario) + &said("auth0/fragment", "", &fragment);
    insta::assert_snapshot!(said, @"
    no title: : missing properties 'title'
    another format: /format: value must be 1
    steps that are no list: /steps: want array, but got object
    unknown feature: /needs: want string, but got array, and more
    actor that is nothing: /actors/bob: missing properties 'user', and more
    matrix without values: /matrix/many: minimum 1 items required, but got 0 items
    covers on the file: : additionalProperties 'covers' not allowed
    title on a fragment: : additionalProperties 'title' not allowed
    input of no kind: /inputs/user: value must be one of 'user', …
    output of no kind: /outputs/token: want string, but got object, and more
    ");
}

#[test]
fn in_a_target() {
    let head = "format: 1\ntarget: t\nbase_url: http://127.0.0.1:1\ndialect: auth0\n";
    let mistakes = [
        ("nothing wrong", "client: { id: a, secret: { env: A } }"),
        ("a secret written out", "client: { id: a, secret: hunter2 }"),
        ("a secret of nowhere", "client: { id: a, secret: {} }"),
        (
            "a secret of two places",
            "client: { id: a, secret: { env: A, file: a } }",
        ),
        ("unknown feature", "features: [factor.psh]"),
        ("unknown profile", "profile: observd"),
        (
            "unknown provider",
            "users: { provider: poool, file: u.csv }",
        ),
        (
            "key of another provider",
            "users: { provider: pool, file: u.csv, url: http://x }",
        ),
        ("provider without its key", "users: { provider: hook }"),
        (
            "two authorities",
            "users: { provider: management-api, connection: c, token: { env: A }, client: { id: a } }",
        ),
        ("driver without its key", "devices: { driver: guardian }"),
        ("a number for a duration", "limits: { wait: 30 }"),
        ("nothing at once", "limits: { concurrency: 0 }"),
        (
            "password in a URL",
            "settings: { url: http://me:secret@host/ }",
        ),
        ("unknown lifetime", "lifetimes: { mfa_tokn: 10m }"),
        ("unknown input", "inputs: { scop: openid }"),
        ("unknown key", "retries: 3"),
    ];
    insta::assert_snapshot!(said("auth0/target", head, &mistakes), @"
    nothing wrong: FITS
    a secret written out: /client/secret: want object, but got string
    a secret of nowhere: /client/secret: missing properties 'env', and more
    a secret of two places: /client/secret/file: false schema
    unknown feature: /features/0: value must be one of 'factor.push', …
    unknown profile: /profile: value must be one of 'documented', …
    unknown provider: /users/provider: value must be one of 'management-api', …
    key of another provider: /users: additionalProperties 'url' not allowed
    provider without its key: /users: missing properties 'url'
    two authorities: /users/client: false schema
    driver without its key: /devices: missing properties 'inbox'
    a number for a duration: /limits/wait: want string, but got number
    nothing at once: /limits/concurrency: must be >=1, but got 0
    password in a URL: /settings/url: 'http://me:secret@host/' does not match pattern '^https?://[^@# ]+$'
    unknown lifetime: /lifetimes: additionalProperties 'mfa_tokn' not allowed
    unknown input: /inputs: additionalProperties 'scop' not allowed
    unknown key: : additionalProperties 'retries' not allowed
    ");
}

#[test]
fn in_the_other_files() {
    let dialect = "format: 1\ndialect: d\ntitle: D\n";
    let operation = "operations: { a: { http: GET / } }\n";
    let mistakes = [
        (
            "nothing wrong",
            format!("{operation}profiles: {{ p: {{ ok: {{ status: 200 }} }} }}"),
        ),
        ("no profiles", operation.to_owned()),
        (
            "operation without a request",
            "operations: { a: { say: x } }\nprofiles: {}".to_owned(),
        ),
        (
            "request line without a path",
            "operations: { a: { http: GET } }\nprofiles: {}".to_owned(),
        ),
        (
            "status that is none",
            format!("{operation}profiles: {{ p: {{ ok: {{ status: 20 }} }} }}"),
        ),
        (
            "forms beside a form",
            format!("{operation}profiles: {{ p: {{ ok: {{ status: 200, any: [] }} }} }}"),
        ),
        (
            "unknown meaning",
            format!("{operation}profiles: {{ p: {{ ok: {{ status: 200, means: done }} }} }}"),
        ),
        (
            "first poll at no time",
            format!("{operation}profiles: {{}}\npoll: {{ first: soon }}"),
        ),
    ];
    let mistakes: Vec<(&str, &str)> = mistakes
        .iter()
        .map(|(what, text)| (*what, text.as_str()))
        .collect();
    let mut text = said("dialect", dialect, &mistakes);
    text += &said(
        "requirements",
        "format: 1\nrequirements:\n",
        &[
            (
                "nothing wrong",
                "- { id: A-1, level: must, statement: S, source: INF }",
            ),
            ("no source", "- { id: A-1, level: must, statement: S }"),
            (
                "unknown level",
                "- { id: A-1, level: shall, statement: S, source: INF }",
            ),
        ],
    );
    text += &said(
        "known",
        "format: 1\nknown:\n",
        &[
            (
                "nothing wrong",
                "- { case: a, check: wait.outcomes, reason: r, expires: 2027-01-31 }",
            ),
            ("no reason", "- { case: a, check: wait.outcomes }"),
            (
                "check without its step",
                "- { case: a, check: outcomes, reason: r }",
            ),
            (
                "a day that is none",
                "- { case: a, check: wait.outcomes, reason: r, expires: soon }",
            ),
        ],
    );
    insta::assert_snapshot!(text, @r"
    nothing wrong: FITS
    no profiles: : missing properties 'profiles'
    operation without a request: /operations/a: missing properties 'http'
    request line without a path: /operations/a/http: 'GET' does not match pattern '^[^ ]+ (/|\\$endpoint\\.).*$'
    status that is none: /profiles/p/ok/status: must be >=100, but got 20, and more
    forms beside a form: /profiles/p/ok: additionalProperties 'status' not allowed
    unknown meaning: /profiles/p/ok/means: value must be one of 'pending', …
    first poll at no time: /poll/first: value must be one of 'after_interval', …
    nothing wrong: FITS
    no source: /requirements/0: missing properties 'source'
    unknown level: /requirements/0/level: value must be one of 'must', …
    nothing wrong: FITS
    no reason: /known/0: missing properties 'reason'
    check without its step: /known/0/check: 'outcomes' does not match pattern '\\.'
    a day that is none: /known/0/expires: 'soon' does not match pattern '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
    ");
}
