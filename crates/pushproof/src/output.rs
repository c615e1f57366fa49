//! Where events become files and terminal lines: [`Output`] records, folds and prints each one.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pushproof_report::render::terminal::{self, Detail, Style};
use pushproof_report::render::{json, junit};
use pushproof_report::{
    Case, Deviations, Event, RecordWriter, Redactor, Run, Verdict, WriteError, exit,
};
use pushproof_runner::clock::Stopwatch;

use crate::args::Color;
use crate::command::Problem;
use crate::{env, known};

/// Widest line that is used, however wide the terminal.
const WIDTH_MAX: usize = 100;
/// The width of a report that is scanned and not shown.
const WIDTH_UNWRAPPED: usize = 1 << 20;
/// The width where nobody tells one.
const WIDTH_DEFAULT: usize = 80;

/// Whether to colour what goes to this stream.
pub(crate) fn colour(color: Color, stream: &impl IsTerminal) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => stream.is_terminal() && !env::no_color(),
    }
}

/// How the report looks on standard output.
pub(crate) fn style(color: Color, quiet: bool, verbose: bool, strict: bool) -> Style {
    let detail = match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        (false, false) => Detail::Normal,
    };
    let width = env::columns().unwrap_or(WIDTH_DEFAULT).min(WIDTH_MAX);
    Style {
        color: colour(color, &io::stdout()),
        width,
        detail,
        strict,
    }
}

/// Prints to standard output. A reader that has gone away is no error of ours.
pub(crate) fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Writes a whole file, or leaves what was there: first beside it, then into its place.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Problem> {
    let failed =
        |error: io::Error| Problem::usage(format!("writing `{}`: {error}", path.display()));
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(failed)
}

/// What a run leaves behind.
pub(crate) struct Outlets {
    /// The record.
    pub(crate) record: PathBuf,
    /// The report for machines.
    pub(crate) json: Option<PathBuf>,
    /// The report for CI systems.
    pub(crate) junit: Option<PathBuf>,
    /// How the report looks on standard output.
    pub(crate) style: Style,
    /// A list of known deviations stands on standard output instead of the report.
    pub(crate) prints_known: bool,
    /// The target file, if somebody else runs the target.
    pub(crate) target: Option<PathBuf>,
}

/// Takes the events of a run, from any thread.
pub(crate) struct Output {
    inner: Mutex<Inner>,
    stopwatch: Stopwatch,
    outlets: Outlets,
    redactor: Arc<Redactor>,
}

struct Inner {
    writer: RecordWriter<File>,
    deviations: Deviations,
    run: Run,
    style: Style,
    /// Nothing is printed until the end.
    silent: bool,
    bar: ProgressBar,
    /// Cases whose line has been printed, in planned order.
    printed: usize,
    failed: Option<WriteError>,
}

impl Output {
    /// Opens the record; its path is the first line on standard error.
    pub(crate) fn open(
        outlets: Outlets,
        redactor: Arc<Redactor>,
        deviations: Deviations,
    ) -> Result<Self, Problem> {
        let record = &outlets.record;
        let failed = |error: io::Error| {
            Problem::usage(format!(
                "opening the record `{}`: {error}",
                record.display()
            ))
        };
        if let Some(folder) = record
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File::create(record).map_err(failed)?;
        anstream::eprintln!("record: {}", record.display());
        let inner = Inner {
            writer: RecordWriter::new(file, Arc::clone(&redactor)),
            deviations,
            run: Run::fold([]),
            style: outlets.style,
            silent: outlets.prints_known,
            bar: ProgressBar::hidden(),
            printed: 0,
            failed: None,
        };
        Ok(Self {
            inner: Mutex::new(inner),
            stopwatch: Stopwatch::start(),
            outlets,
            redactor,
        })
    }

    /// Real milliseconds since it was opened.
    pub(crate) fn took_ms(&self) -> u64 {
        u64::try_from(self.stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Records, folds and prints an event.
    pub(crate) fn tell(&self, event: Event) {
        let at_ms = self.took_ms();
        self.inner().tell(at_ms, event);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the progress bar, on a terminal only.
    pub(crate) fn progress(&self, cases: usize) {
        let quiet = self.inner().style.detail == Detail::Quiet;
        if quiet || !io::stderr().is_terminal() || !io::stdout().is_terminal() || env::ci() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(cases as u64), ProgressDrawTarget::stderr());
        let template = ProgressStyle::with_template("{bar:30} {pos}/{len} cases");
        bar.set_style(template.expect("the template is well-formed"));
        self.inner().bar = bar;
    }

    /// Ends the run: its last events, the rest of the report, the files, the exit code. Everything is scanned for secrets before it leaves, and
    /// the record once more as a whole: a secret may have been learnt after it was written.
    pub(crate) fn finish(self) -> Result<u8, Problem> {
        let took_ms = self.took_ms();
        let Outlets {
            record,
            json,
            junit,
            style,
            prints_known,
            target,
        } = self.outlets;
        let strict = style.strict;
        let mut inner = self
            .inner
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        for event in inner.deviations.end() {
            inner.tell(took_ms, event);
        }
        let complete = inner.run.interrupted().is_none()
            && inner.run.cases().iter().all(|case| !case.is_open());
        let exit = inner.run.exit_code(strict);
        inner.tell(
            took_ms,
            Event::RunFinished {
                exit,
                complete,
                took_ms,
            },
        );
        inner.bar.finish_and_clear();
        match inner.failed {
            Some(error @ WriteError::Secret { .. }) => {
                return Err(leak(&record, &error.to_string()));
            }
            Some(error) => {
                return Err(Problem::usage(format!(
                    "the record is not whole: {}",
                    chain(&error)
                )));
            }
            None => {}
        }
        if let Some(label) = scan_file(&record, &self.redactor)? {
            return Err(leak(
                &record,
                &format!("secret `{label}` stands in the record"),
            ));
        }
        let run = &inner.run;
        let said = if prints_known {
            known::print(run, strict)
        } else {
            terminal::ending(run, &style)
        };
        let files = [
            (
                "JSON report",
                json,
                json::render as fn(&Run, bool) -> String,
            ),
            ("JUnit report", junit, junit::render),
        ];
        let mut written = Vec::new();
        for (name, path, render) in files {
            if let Some(path) = path {
                written.push((name, path, render(run, strict)));
            }
        }
        // Escapes and wrapped lines would hide a secret from the scan.
        let unwrapped = terminal::ending(
            run,
            &Style {
                width: WIDTH_UNWRAPPED,
                ..style
            },
        );
        let mut texts = vec![("report", said.clone()), ("report", unwrapped)];
        for (name, _, text) in &written {
            texts.push((name, text.clone()));
            texts.push((
                name,
                json_strings(text).unwrap_or_else(|| without_references(text)),
            ));
        }
        for (name, text) in texts {
            if let Some(label) = self.redactor.scan(&text) {
                let what = format!("secret `{label}` stands in the {name}, which was not written");
                return Err(leak(&record, &what));
            }
        }
        for (_, path, text) in written {
            write_whole(&path, &text)?;
        }
        say(&said);
        if let Some(target) = target.filter(|_| run.interrupted().is_none() && no_case_holds(run)) {
            // What looks like a breach may be the target file's own: a wrong secret, users who are not fresh.
            anstream::eprintln!(
                "help: no case holds, so the target file may be at fault; `pushproof target doctor {}` tries each part of it",
                target.display()
            );
        }
        Ok(exit)
    }
}

fn no_case_holds(run: &Run) -> bool {
    let mut applicable = run
        .cases()
        .iter()
        .map(Case::verdict)
        .filter(|verdict| *verdict != Verdict::NotApplicable)
        .peekable();
    applicable.peek().is_some()
        && applicable.all(|verdict| verdict == Verdict::Fail || verdict.is_unjudged())
}

/// The label of a secret that stands in a file of JSON lines: as it is written, or in what is written.
fn scan_file(path: &Path, redactor: &Redactor) -> Result<Option<String>, Problem> {
    let failed =
        |error: io::Error| Problem::usage(format!("reading `{}` again: {error}", path.display()));
    for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
        let line = line.map_err(failed)?;
        let text = String::from_utf8_lossy(&line);
        let inside = json_strings(&text).unwrap_or_default();
        if let Some(label) = redactor.scan(&text).or_else(|| redactor.scan(&inside)) {
            return Ok(Some(label));
        }
    }
    Ok(None)
}

/// Every text in a JSON value, without the escapes of JSON.
fn json_strings(text: &str) -> Option<String> {
    fn collect(value: &serde_json::Value, into: &mut String) {
        match value {
            serde_json::Value::String(text) => {
                into.push_str(text);
                into.push('\n');
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            serde_json::Value::Object(members) => {
                for (name, member) in members {
                    into.push_str(name);
                    into.push('\n');
                    collect(member, into);
                }
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            }
        }
    }
    let mut strings = String::new();
    collect(&serde_json::from_str(text).ok()?, &mut strings);
    Some(strings)
}

/// XML's text without the references that the JUnit report uses.
fn without_references(xml: &str) -> String {
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&amp;", "&"),
    ];
    references
        .into_iter()
        .fold(xml.to_owned(), |text, (reference, char)| {
            text.replace(reference, char)
        })
}

/// A secret came through: the output that holds it goes, and the record from which it could be made again.
fn leak(record: &Path, what: &str) -> Problem {
    let removed = fs::remove_file(record).is_ok();
    let removed = if removed {
        "the record was removed"
    } else {
        "the record could not be removed"
    };
    let problem = Problem::usage(format!("{what}; {removed}")).code(exit::SECRET_IN_OUTPUT);
    problem.hint("this is a bug of pushproof, or an endpoint that tells a secret before it gives it out: please report it")
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl Inner {
    fn tell(&mut self, at_ms: u64, event: Event) {
        let event = self.deviations.apply(event);
        let event = match self.writer.write(at_ms, event.clone()) {
            Ok(written) => written,
            Err(error) => {
                let secret = matches!(error, WriteError::Secret { .. });
                self.failed.get_or_insert(error);
                if secret {
                    return;
                }
                event
            }
        };
        let started = matches!(event, Event::RunStarted { .. });
        let finished = matches!(event, Event::CaseFinished { .. });
        self.run.push(event);
        if started {
            self.print(&terminal::heading(&self.run, &self.style));
        }
        if finished {
            self.bar.inc(1);
            self.print_finished();
        }
    }

    /// Prints the lines of finished cases in planned order, so that two runs look alike.
    fn print_finished(&mut self) {
        let mut lines = String::new();
        while let Some(case) = self
            .run
            .cases()
            .get(self.printed)
            .filter(|case| !case.is_open())
        {
            lines.push_str(
                &terminal::finished(&self.run, &case.head.id, &self.style).unwrap_or_default(),
            );
            self.printed += 1;
        }
        self.print(&lines);
    }

    fn print(&self, text: &str) {
        if !text.is_empty() && !self.silent {
            self.bar.suspend(|| say(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use pushproof_report::{
        CaseHead, Cover, Finding, Level, Place, RunHead, ShownReply, ShownRequest,
    };

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
            (0..=chunk.len()).for_each(|at| {
                out.push(char::from(letters[(bits >> (18 - 6 * at) & 63) as usize]))
            });
            (chunk.len()..3).filter(|_| pad).for_each(|_| out.push('='));
        }
        out
    }

    /// Every spelling, made without the code that looks for them.
    fn spellings(secret: &str) -> [(&'static str, String); 7] {
        const PLAIN: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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
                    let written =
                        fs::read_to_string(folder.path().join(name)).expect("it was written");
                    assert!(
                        !written.contains(&text) && written.contains(&format!("‹{kind}: ")),
                        "{kind}, {spelling}, {name}"
                    );
                }
            }
        }
    }
}
