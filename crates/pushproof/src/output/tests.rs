//! Nothing that is a secret leaves in any output, however it is spelt.

use pushproof_report::{CaseHead, Cover, Finding, Level, Place, RunHead, ShownReply, ShownRequest};

use super::*;

/// What is a secret by its origin (design §7).
const KINDS: [(&str, &str); 9] = [
    ("password", "Correct/Horse+Battery\"9\" ä="),
    ("client_secret", "c1ient/secret+of the=application"),
    ("mfa_token", "Fe26.2**/mfa+token=0123456789abcdef"),
    (
        "access_token",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_xyz",
    ),
    ("oob_code", "oob/code+0123456789=="),
    ("recovery_code", "ABCD EFGH/JKLM+NPQR=STUV"),
    ("otp_secret", "JBSWY3DPEHPK3PXP JBSWY3DP"),
    (
        "barcode_uri",
        "otpauth://totp/a:b?secret=JBSWY3DP&enrollment_tx_id=q+w/e",
    ),
    ("push_token", "push token/of+a=phone"),
];

fn percent(text: &str, blank: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        b' ' => blank.to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn base64(text: &str, letters: &[u8; 64], pad: bool) -> String {
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default())
        });
        (0..=chunk.len())
            .for_each(|at| out.push(char::from(letters[(bits >> (18 - 6 * at) & 63) as usize])));
        (chunk.len()..3).filter(|_| pad).for_each(|_| out.push('='));
    }
    out
}

/// Every spelling, made without the code that looks for them.
fn spellings(secret: &str) -> [(&'static str, String); 7] {
    const PLAIN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let json = serde_json::Value::from(secret).to_string();
    [
        ("raw", secret.to_owned()),
        ("percent", percent(secret, "%20")),
        ("form", percent(secret, "+")),
        ("base64", base64(secret, PLAIN, true)),
        ("base64url", base64(secret, URL, false)),
        ("JSON", json[1..json.len() - 1].to_owned()),
        (
            "hex",
            secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ),
    ]
}

/// A run in whose evidence a text stands: in a reply and in a finding.
fn events(text: &str) -> Vec<Event> {
    let (case, step) = ("push.x".to_owned(), "go".to_owned());
    let covers = vec![Cover {
        requirement: "SEC-001".to_owned(),
        level: Level::Must,
    }];
    let place = Place {
        file: "x.yaml".to_owned(),
        line: 1,
        column: 1,
    };
    let finding = Finding {
        requirements: covers.clone(),
        level: Level::Must,
        case: case.clone(),
        step: step.clone(),
        check: "expect".to_owned(),
        verdict: Verdict::Fail,
        expected: "refused".to_owned(),
        actual: format!("tokens ({text})"),
        place,
        excerpt: None,
        exchange: Some(1),
    };
    let request = ShownRequest {
        method: "GET".to_owned(),
        url: "https://x".to_owned(),
        headers: Vec::new(),
        body: String::new(),
        curl: "curl".to_owned(),
    };
    let reply = ShownReply {
        status: 200,
        headers: Vec::new(),
        body: text.to_owned(),
    };
    let run = RunHead {
        id: "r".to_owned(),
        pushproof: "0".to_owned(),
        seed: 1,
        target: "t".to_owned(),
        dialect: "d".to_owned(),
        profile: "p".to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
    };
    let head = CaseHead {
        id: case.clone(),
        title: "t".to_owned(),
        file: "x.yaml".to_owned(),
        line: 1,
        tags: Vec::new(),
        bindings: Vec::new(),
    };
    vec![
        Event::RunStarted {
            run,
            requirements: Vec::new(),
            remarks: Vec::new(),
        },
        Event::CasePlanned {
            case: head,
            not_applicable: None,
        },
        Event::CaseStarted { case: case.clone() },
        Event::Exchanged {
            case: case.clone(),
            step: step.clone(),
            exchange: 1,
            poll: None,
            at_ms: 0,
            operation: "o".to_owned(),
            request,
            reply: Some(reply),
            failure: None,
            outcomes: Vec::new(),
            took_us: 1,
        },
        Event::Judged {
            case: case.clone(),
            step,
            check: "expect".to_owned(),
            verdict: Verdict::Fail,
            covers,
            reason: None,
            finding: Some(Box::new(finding)),
        },
        Event::CaseFinished {
            case,
            verdict: Verdict::Fail,
            reason: None,
            took_ms: 1,
        },
    ]
}

fn outlets(folder: &Path) -> Outlets {
    let style = Style {
        detail: Detail::Verbose,
        ..Style::default()
    };
    let file = |name: &str| folder.join(name);
    Outlets {
        record: file("record.jsonl"),
        json: Some(file("report.json")),
        junit: Some(file("report.xml")),
        style,
        prints_known: false,
        target: None,
    }
}

/// Told before it is known to be a secret: no redaction can help, so nothing of the run is left.
#[test]
fn a_secret_in_any_spelling_ends_with_71_and_leaves_nothing() {
    for (kind, secret) in KINDS {
        for (spelling, text) in spellings(secret) {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let redactor = Arc::new(Redactor::new([7; 32]));
            let output = Output::open(
                outlets(folder.path()),
                Arc::clone(&redactor),
                Deviations::default(),
            )
            .expect("it opens");
            events(&text)
                .into_iter()
                .for_each(|event| output.tell(event));
            redactor.learn(kind, secret);
            let problem = output.finish().expect_err("the record holds a secret");
            assert_eq!(problem.code, exit::SECRET_IN_OUTPUT, "{kind}, {spelling}");
            assert_eq!(
                problem.message(),
                format!("secret `{kind}` stands in the record; the record was removed"),
                "{spelling}"
            );
            let left = fs::read_dir(folder.path()).expect("it is there").count();
            assert_eq!(left, 0, "{kind}, {spelling}: something was left behind");
        }
    }
}

/// Each output by itself, as if the record had let it through.
#[test]
fn the_scan_finds_every_spelling_in_every_output() {
    for (kind, secret) in KINDS {
        let redactor = Redactor::new([7; 32]);
        redactor.learn(kind, secret);
        for (spelling, text) in spellings(secret) {
            let run = Run::fold(events(&text));
            let style = Style {
                detail: Detail::Verbose,
                width: WIDTH_UNWRAPPED,
                ..Style::default()
            };
            for (output, shown) in [
                (
                    "JSON",
                    json_strings(&json::render(&run, false)).expect("it is JSON"),
                ),
                ("JUnit", without_references(&junit::render(&run, false))),
                ("terminal", terminal::render(&run, &style)),
            ] {
                assert_eq!(
                    redactor.scan(&shown).as_deref(),
                    Some(kind),
                    "{kind}, {spelling}, {output}"
                );
            }
        }
    }
}

/// Known in time, it is a placeholder everywhere, and the run ends as it would.
#[test]
fn a_secret_that_is_known_in_time_is_nowhere() {
    for (kind, secret) in KINDS {
        for (spelling, text) in spellings(secret) {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let redactor = Arc::new(Redactor::new([7; 32]));
            redactor.learn(kind, secret);
            let output = Output::open(
                outlets(folder.path()),
                Arc::clone(&redactor),
                Deviations::default(),
            )
            .expect("it opens");
            events(&text)
                .into_iter()
                .for_each(|event| output.tell(event));
            assert_eq!(
                output.finish().ok(),
                Some(exit::NON_CONFORMANT),
                "{kind}, {spelling}"
            );
            for name in ["record.jsonl", "report.json", "report.xml"] {
                let written = fs::read_to_string(folder.path().join(name)).expect("it was written");
                assert!(
                    !written.contains(&text) && written.contains(&format!("‹{kind}: ")),
                    "{kind}, {spelling}, {name}"
                );
            }
        }
    }
}
