//! What holds for every text, every history and every value.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use pushproof_scenario::yaml;
use pushproof_scenario::{
    Action, Environment, Flight, Input, Output, Program, Reply, RequestBuffer, Session, Source,
    SourceFile, UserValues,
};

use crate::stage::{DIALECT, program};
use crate::support::{auth0_files, problems, rendered, with_auth0};

/// Reads and compiles everything, and writes every message: none of it may panic.
fn survives(files: &[SourceFile]) {
    let problems = problems(files);
    assert!(!rendered(&problems).is_empty());
}

/// What a slip of the hand puts into a file.
fn slips() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "{", "}", "[", "]", ": ", "- ", ", ", "\n", "\n\n  ", "\t", "\r\n", "\"", "'", "$", "$$",
        "${", "&a", "*a", "!!x ", "~", "#", "|", ">\n", "?", "---\n", "\u{feff}", "é", "🦀", "0",
        "1e9", "covers: ", "omit: ",
    ];
    prop_oneof![
        select(WORDS).prop_map(str::to_owned),
        "\\PC{0,4}",
        any::<char>().prop_map(String::from)
    ]
}

/// One mistake: a stretch of text is replaced, at places given as shares of the whole.
fn mutated(text: &str, mistakes: &[(Index, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, slip) in mistakes {
        let start = at.index(chars.len().max(1)).min(chars.len());
        let end = (start + length).min(chars.len());
        chars.splice(start..end, slip.chars());
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_to_an_end(text in any::<String>()) {
        survives(&with_auth0(&format!("--- s.yaml\n{text}")));
    }

    #[test]
    fn any_text_of_yaml_is_read_to_an_end(pieces in prop::collection::vec(slips(), 0..60)) {
        survives(&with_auth0(&format!("--- s.yaml\n{}", pieces.concat())));
    }

    #[test]
    fn a_file_with_mistakes_is_read_to_an_end(
        file in any::<Index>(),
        mistakes in prop::collection::vec((any::<Index>(), 0usize..12, slips()), 1..4),
    ) {
        let mut files = auth0_files();
        let kept: Vec<SourceFile> = files
            .iter()
            .filter(|file| !file.relative.contains('/') || file.relative.starts_with("fragments/"))
            .cloned()
            .collect();
        let file = files.remove(file.index(files.len()));
        let text = mutated(&file.text, &mistakes);
        let mut all: Vec<SourceFile> = kept.into_iter().filter(|kept| kept.relative != file.relative).collect();
        all.push(SourceFile { text, ..file });
        survives(&all);
    }

    #[test]
    fn a_place_in_the_tree_is_a_place_in_the_text(pieces in prop::collection::vec(slips(), 0..40)) {
        let source = Source::new("s.yaml", pieces.concat());
        if let Ok(node) = yaml::parse(&source) {
            check_spans(&source, &node);
        }
    }
}

/// Every span lies in the text and in its parent's, and a key's span holds the key.
fn check_spans(source: &Source, node: &yaml::Node) {
    let inside = |span: pushproof_scenario::Span| {
        assert!(
            span.start <= span.end && span.end as usize <= source.text().len(),
            "{span:?}"
        );
        assert!(
            source.text().is_char_boundary(span.start as usize),
            "{span:?}"
        );
        assert!(
            source.text().is_char_boundary(span.end as usize),
            "{span:?}"
        );
    };
    inside(node.span);
    let children: Vec<&yaml::Node> = match &node.kind {
        yaml::Kind::Scalar { .. } => Vec::new(),
        yaml::Kind::List(items) => items.iter().collect(),
        yaml::Kind::Map(entries) => {
            for entry in entries {
                inside(entry.key_span);
                assert!(
                    node.span.start <= entry.key_span.start
                        && entry.key_span.end <= node.span.end.max(entry.key_span.end)
                );
            }
            entries.iter().map(|entry| &entry.value).collect()
        }
    };
    for child in children {
        assert!(
            node.span.start <= child.span.start && child.span.end <= node.span.end,
            "{:?} holds {:?}",
            node.span,
            child.span
        );
        check_spans(source, child);
    }
}

/// What the endpoint or the phone does next.
#[derive(Clone, Debug)]
struct Chance {
    status: u16,
    body: String,
    retry_after: Option<String>,
    /// 0 answers, 1 times out, 2 breaks the connection, 3 refuses, 4 cannot act.
    how: u8,
    after_ms: u64,
    /// Repeats an old answer first.
    stale: Option<Index>,
}

fn chance() -> impl Strategy<Value = Chance> {
    const BODIES: &[&str] = &[
        r#"{"error":"authorization_pending"}"#,
        r#"{"error":"authorization_pending"}"#,
        r#"{"error":"slow_down","interval":30}"#,
        r#"{"error":"slow_down"}"#,
        r#"{"error":"access_denied"}"#,
        r#"{"error":"expired_token"}"#,
        r#"{"token":"t-0123456789"}"#,
        r#"{"code":"c-0123456789","interval":2}"#,
        r#"{"error":"unheard_of"}"#,
        r#"{"error":1}"#,
        "",
        "<html>",
        "[]",
        "null",
        "{\"error\":",
    ];
    const STATUSES: &[u16] = &[200, 400, 400, 400, 403, 429, 500, 503, 302, 418];
    (
        select(STATUSES),
        prop_oneof![9 => select(BODIES).prop_map(str::to_owned), 1 => any::<String>()],
        prop_oneof![
            4 => Just(None),
            1 => (0u64..120).prop_map(|seconds| Some(seconds.to_string())),
            1 => select(&["99999999999999999999", "18446744073709551615", "-1", "soon"][..]).prop_map(|text| Some(text.to_owned())),
        ],
        prop_oneof![8 => Just(0u8), 1 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)],
        prop_oneof![3 => Just(0u64), 1 => 0u64..20_000],
        prop::option::weighted(0.1, any::<Index>()),
    )
        .prop_map(|(status, body, retry_after, how, after_ms, stale)| Chance { status, body, retry_after, how, after_ms, stale })
}

/// Poll steps of every kind.
fn polls() -> impl Strategy<Value = Arc<Program>> {
    let patterns = [
        "[pending*, tokens]",
        "[pending+, slow_down*, \"tokens|rejected\"]",
        "[\"pending{3}\"]",
        "[\"pending|slow_down|throttled|refused|broken|tokens*\"]",
        "[pending?, rejected]",
    ];
    let actions = [
        "{ after_poll: 0, device: phone, do: approve }",
        "{ at: 7s, device: phone, do: read }",
        "{ at: 4s, device: phone, do: reject, expect: [acknowledged, refused] }",
    ];
    let actions: String = actions
        .iter()
        .map(|action| format!("      - {action}\n"))
        .collect();
    let mut programs = Vec::new();
    for pattern in patterns {
        for every in ["profile", "5s"] {
            for insist in [false, true] {
                programs.push(program(&format!(
                    "{DIALECT}--- s.yaml
format: 1
id: case
title: A case
actors: {{ alice: {{ user: fresh }}, phone: {{ device: push, owner: alice }} }}
steps:
  - {{ id: open, call: open, with: {{ user: $alice.username }}, expect: opened, capture: {{ code: body.code }} }}
  - id: wait
    poll: ask
    with: {{ code: $code }}
    every: {every}
    give_up_after: 2m
    insist: {insist}
    outcomes: {pattern}
    settles_within: {{ polls: 3 }}
    meanwhile:
{actions}  - {{ id: after, call: ask, with: {{ code: $code }}, expect: {{ any_but: [tokens] }} }}
"
                )));
            }
        }
    }
    select(programs)
}

/// More than any of these sessions can need.
const TURNS_MAX: usize = 1_000;

/// Plays a session against chance and checks what must hold at every moment.
fn play(program: Arc<Program>, chances: &[Chance]) {
    let user = UserValues {
        username: "alice".into(),
        password: "correct horse".into(),
        email: None,
        phone: None,
    };
    let mut session = Session::new(program, Arc::new(Environment::default()), [user], 1);
    let mut chances = chances.iter().cycle();
    let gap = least_gap(session.program());
    let mut coming: BTreeMap<(Duration, usize), (Flight, bool, Chance)> = BTreeMap::new();
    let mut flights: Vec<(Flight, bool)> = Vec::new();
    let (mut now, mut turn) = (Duration::ZERO, 0);
    let mut asked: Option<u16> = None;
    let mut answered: Option<(u16, Duration)> = None;
    session.handle(now, Input::Begin);
    loop {
        turn += 1;
        assert!(turn < TURNS_MAX, "the session never ends");
        let until = loop {
            let output = session.next_output();
            let (flight, act) = match output {
                Output::Send(flight, step) => {
                    assert_eq!(asked, None, "two requests at once");
                    asked = Some(step);
                    if let Some((_, at)) = answered.filter(|(known, _)| *known == step) {
                        assert!(
                            now >= at + gap,
                            "asked again {:?} after an answer",
                            now - at
                        );
                    }
                    let mut buffer = RequestBuffer::default();
                    session.render(step, &mut buffer);
                    (flight, false)
                }
                Output::Act(flight, step) => {
                    assert!(session.action(flight, step).is_some());
                    (flight, true)
                }
                Output::Note(_) => continue,
                Output::Wait(until) => break Some(until),
                Output::Done => break None,
            };
            let chance = chances.next().expect("it goes round").clone();
            flights.push((flight, act));
            coming.insert(
                (now + Duration::from_millis(chance.after_ms), flights.len()),
                (flight, act, chance),
            );
        };
        let Some(until) = until else { break };
        let next = coming.first_key_value().map(|(key, _)| *key);
        let Some(key) = next.filter(|key| key.0 <= until) else {
            assert!(until < Duration::MAX, "the session waits for nothing");
            now = now.max(until);
            session.handle(now, Input::Woken);
            continue;
        };
        now = now.max(key.0);
        let (flight, act, chance) = coming.remove(&key).expect("it was there");
        if let Some((old, was_act)) = chance.stale.map(|at| flights[at.index(flights.len())])
            && !coming.values().any(|(flight, ..)| *flight == old)
            && old != flight
        {
            answer(&mut session, now, old, was_act, &chance);
            assert!(
                matches!(session.next_output(), Output::Wait(_)),
                "an old answer changed something"
            );
        }
        if !act {
            let step = asked.take().expect("a request was in flight");
            answered = Some((step, now));
        }
        answer(&mut session, now, flight, act, &chance);
    }
    session.handle(now, Input::Woken);
    assert_eq!(session.next_output(), Output::Done);
}

/// The least time from an answer to the next poll: what the endpoint offers, or what the step says.
fn least_gap(program: &Program) -> Duration {
    match &program.steps[1].action {
        Action::Poll(poll) if poll.follows_hints => Duration::from_secs(2),
        _ => Duration::from_secs(5),
    }
}

fn answer(session: &mut Session, now: Duration, flight: Flight, act: bool, chance: &Chance) {
    let mut headers: Vec<(&str, &str)> = vec![("date", "Tue, 01 Sep 2026 10:00:00 GMT")];
    headers.extend(
        chance
            .retry_after
            .as_deref()
            .map(|value| ("retry-after", value)),
    );
    let headers = &headers[..];
    let reply = Reply {
        status: chance.status,
        headers: &headers,
        body: chance.body.as_bytes(),
        elapsed: Duration::ZERO,
    };
    match (act, chance.how) {
        (false, 1 | 2) => session.handle(
            now,
            Input::Failed {
                flight,
                timed_out: chance.how == 1,
            },
        ),
        (false, _) => session.handle(now, Input::Reply(flight, &reply)),
        (true, 3) => session.handle(now, Input::Refused(flight)),
        (true, 4) => session.handle(now, Input::Unavailable(flight)),
        (true, _) => session.handle(now, Input::Acknowledged(flight, &[])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_answered_a_session_ends(program in polls(), mut chances in prop::collection::vec(chance(), 1..30)) {
        // The step before must succeed, or there is nothing to poll for.
        let opened = Chance { status: 200, body: r#"{"code":"c-0123456789","interval":2}"#.into(), retry_after: None, how: 0, after_ms: 0, stale: None };
        chances.insert(0, opened);
        play(program, &chances);
    }
}

/// One operation with a value everywhere a value can stand.
fn everywhere(value: &str) -> (RequestBuffer, pushproof_scenario::ShownCall) {
    thread_local! {
        static PROGRAM: Arc<Program> = program("--- dialect.yaml
format: 1
dialect: d
title: D
operations:
  json: { http: POST /a/$v/b, bearer: $v, json: { v: $v, many: { of: $many, optional: true }, fixed: \"a \\\"b\\\" ü\" }, outcomes: [ok] }
  form: { http: POST /a, form: { \"n&m\": $v, fixed: a b&c }, outcomes: [ok] }
profiles:
  p: { ok: { status: 200 } }
--- s.yaml
format: 1
id: case
title: A case
actors: { alice: { user: fresh } }
steps:
  - { id: json, call: json, with: { v: $alice.username, many: [$alice.username, { k: \"<${alice.username}>\" }, 1] }, expect: ok }
  - { id: form, call: form, with: { v: $alice.username }, expect: ok }
");
    }
    let user = UserValues {
        username: value.to_owned(),
        ..UserValues::default()
    };
    let session = PROGRAM.with(|program| {
        Session::new(
            Arc::clone(program),
            Arc::new(Environment::default()),
            [user],
            1,
        )
    });
    let (mut json, mut form) = (RequestBuffer::default(), RequestBuffer::default());
    session.render(0, &mut json);
    session.render(1, &mut form);
    let shown = session
        .show(0, &|_, _| panic!("a name is no secret"))
        .expect("a call");
    json.headers.push_str(&form.headers);
    json.body = format!("{}\n{}", json.body, form.body);
    (json, shown)
}

proptest! {
    #[test]
    fn a_value_arrives_as_it_is_wherever_it_stands(value in any::<String>()) {
        let (sent, shown) = everywhere(&value);
        let (json, form) = sent.body.split_once('\n').expect("two bodies");
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        let expected = serde_json::json!({ "v": value, "many": [value, { "k": format!("<{value}>") }, 1], "fixed": "a \"b\" ü" });
        prop_assert_eq!(read, expected);
        let read: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        prop_assert_eq!(read, [("n&m".to_owned(), value.clone()), ("fixed".to_owned(), "a b&c".to_owned())]);
        prop_assert_eq!(sent.header_lines().count(), 3);
        let segment = sent.path.strip_prefix("/a/").and_then(|path| path.strip_suffix("/b")).expect("the path's frame");
        prop_assert!(segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        prop_assert_eq!((shown.path, shown.body.as_str()), (sent.path, json));
    }
}

/// What both readers make of a document; nothing where one of them refuses it.
fn both(text: &str) -> Option<(serde_json::Value, serde_json::Value)> {
    let ours = yaml::parse(&Source::new("s", text)).ok()?.to_json();
    let theirs = serde_yaml::from_str(text).ok()?;
    Some((ours, theirs))
}

/// The differences that are meant: what a number would change stays text.
fn stays_text(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (
            serde_json::Value::String(text),
            serde_json::Value::Number(_) | serde_json::Value::Null,
        ) => {
            let digits = text.trim_start_matches(['+', '-']);
            let zeros = digits.starts_with('0') && digits.len() > 1;
            text.starts_with('+')
                || zeros
                || text.contains(['e', 'E', 'x', 'o', '_'])
                || digits.starts_with('.')
                || digits.len() > 18
        }
        (serde_json::Value::Array(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| agree(ours, theirs))
        }
        (serde_json::Value::Object(ours), serde_json::Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, ours)| theirs.get(name).is_some_and(|theirs| agree(ours, theirs)))
        }
        _ => false,
    }
}

fn agree(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    ours == theirs || stays_text(ours, theirs)
}

fn documents() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e6..1e6).prop_map(|number: f64| number.into()),
        "[ -~é\n]{0,12}".prop_map(Into::into),
        select(
            &[
                "yes",
                "0123",
                "+49170",
                "1e3",
                "0x1f",
                "~",
                "null",
                "- a",
                "a: b",
                "#",
                "$x",
                "12:30:45",
                "2027-01-31"
            ][..]
        )
        .prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[a-m]{2,5}", inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_another_program_writes_is_read_as_it_was(document in documents()) {
        let text = serde_yaml::to_string(&document).unwrap();
        let read = yaml::parse(&Source::new("s", text.as_str()));
        let read = read.unwrap_or_else(|problem| panic!("{text}\n{}", problem.render(false)));
        prop_assert_eq!(read.to_json(), document, "{}", text);
    }

    #[test]
    fn a_second_reader_agrees(pieces in prop::collection::vec(prop_oneof![
        4 => select(&["a: ", "bc: ", "- ", "\n", "\n  ", "x", "12", "[", "]", "{", "}", ", ", "\"q\"", "'s'", "# c\n", "é"][..]).prop_map(str::to_owned),
        1 => "[-+.0-9a-fxoeE_~ ]{1,8}",
    ], 1..24)) {
        let text = pieces.concat();
        if let Some((ours, theirs)) = both(&text) {
            prop_assert!(agree(&ours, &theirs), "{text:?}: {ours} is not {theirs}");
        }
    }
}

#[test]
fn where_the_two_readers_differ_on_purpose() {
    let scalars = [
        "0123",
        "+49170",
        "1e3",
        "-1E-2",
        ".5",
        "0x1f",
        "0o17",
        "18446744073709551616",
        ".inf",
        "-.inf",
        ".nan",
        "1_000",
        "True",
        "NULL",
        "yes",
        "12:30:45",
        "2027-01-31",
        "1.",
        "-0",
        "~",
        "",
    ];
    let lines = scalars.map(|scalar| match both(&format!("key: {scalar}\n")) {
        Some((ours, theirs)) if ours == theirs => format!("{scalar:?}: {}", ours["key"]),
        Some((ours, theirs)) => {
            format!("{scalar:?}: {} here, {} there", ours["key"], theirs["key"])
        }
        None => format!("{scalar:?}: refused"),
    });
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "0123": "0123"
    "+49170": "+49170" here, 49170 there
    "1e3": "1e3" here, 1000.0 there
    "-1E-2": "-1E-2" here, -0.01 there
    ".5": ".5" here, 0.5 there
    "0x1f": "0x1f" here, 31 there
    "0o17": "0o17" here, 15 there
    "18446744073709551616": refused
    ".inf": ".inf" here, null there
    "-.inf": "-.inf" here, null there
    ".nan": ".nan" here, null there
    "1_000": "1_000"
    "True": true
    "NULL": null
    "yes": "yes"
    "12:30:45": "12:30:45"
    "2027-01-31": "2027-01-31"
    "1.": 1.0
    "-0": 0
    "~": null
    "": null
    "#);
}
