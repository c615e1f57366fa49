//! Where events become files and terminal lines: [`Output`] records, folds and prints each one.

mod place;
mod scan;

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pushproof_report::render::terminal::{self, Detail, Style};
use pushproof_report::render::{json, junit};
use pushproof_report::{
    Case, Deviations, Event, RecordWriter, Redactor, Run, Verdict, WriteError, exit, sanitize,
};
use pushproof_runner::clock::Stopwatch;

pub(crate) use self::place::{distinct, write_whole};
use self::scan::{json_strings, scan_file, without_references};
use crate::args::Color;
use crate::command::Problem;
use crate::{env, known};

/// Characters of what was left that are shown.
const LEFT_MAX: usize = 300;
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
        Color::Auto => stream.is_terminal() && !env::no_color() && !env::is_dumb(),
    }
}

/// How the report looks on standard output.
pub(crate) fn style(color: Color, quiet: bool, verbose: bool, strict: bool) -> Style {
    let detail = match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        (false, false) => Detail::Normal,
    };
    let columns = env::columns();
    Style {
        color: colour(color, &io::stdout()),
        width: columns.unwrap_or(WIDTH_DEFAULT).min(WIDTH_MAX),
        // A log has no right edge, and what is cut off is lost there.
        cuts: columns.is_some() || io::stdout().is_terminal(),
        detail,
        strict,
    }
}

/// Prints to standard output. A reader that has gone away is no error of ours; whatever else is in the way is told once.
pub(crate) fn say(text: &str) {
    static TOLD: Once = Once::new();
    let mut stdout = io::stdout().lock();
    let said = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => TOLD.call_once(|| {
            anstream::eprintln!("error: standard output is not whole: {error}");
        }),
        Ok(()) | Err(_) => {}
    }
}

/// Lines of a width that a terminal shows whole: what is too long goes on below where it began. A word that is longer than a line stays whole.
pub(crate) fn wrapped(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let room = WIDTH_DEFAULT.saturating_sub(indent);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let below = format!("\n{}", " ".repeat(indent));
    format!("{head}{}\n", lines.join(&below))
}

/// A text whose lines are wrapped, each below where its own words begin.
pub(crate) fn wrapped_lines(text: &str) -> String {
    let line = |line: &str| {
        let words = line.trim_start();
        wrapped(&line[..line.len() - words.len()], words)
    };
    text.lines().map(line).collect()
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
    /// A question stands on the terminal: whatever else there is to say waits for the answer.
    asks: bool,
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
            asks: false,
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
        let mut inner = self.inner();
        // Taken while nobody else can tell anything: no line is older than the one above it.
        let at_ms = self.took_ms();
        inner.tell(at_ms, event);
    }

    /// What has been left at the target so far, a line each, without secrets.
    pub(crate) fn left(&self) -> Vec<String> {
        let inner = self.inner();
        let line = |(case, what): (&str, String)| sanitize(&format!("{case}: {what}"), LEFT_MAX);
        inner.run.left().map(line).collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a question to the person at the terminal. Until [`Output::answered`] nothing else is said and no bar is drawn.
    pub(crate) fn ask(&self, text: &str) {
        let mut inner = self.inner();
        inner.asks = true;
        if !inner.bar.is_hidden() {
            // What is hidden is not wiped out.
            anstream::eprint!("\r\x1b[2K");
        }
        inner.bar.set_draw_target(ProgressDrawTarget::hidden());
        anstream::eprint!("{text}");
    }

    /// The person has answered: what was kept back is said.
    pub(crate) fn answered(&self, with_a_line: bool) {
        let mut inner = self.inner();
        inner.asks = false;
        if !with_a_line {
            anstream::eprintln!();
        }
        inner.bar.set_draw_target(ProgressDrawTarget::stderr());
        inner.print_finished();
    }

    /// Starts the progress bar, on a terminal only.
    pub(crate) fn progress(&self, cases: usize) {
        let quiet = self.inner().style.detail == Detail::Quiet;
        if quiet
            || !io::stderr().is_terminal()
            || !io::stdout().is_terminal()
            || env::ci()
            || env::is_dumb()
        {
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
        // Who has lost evidence must not be told that all is well.
        let lost = match &inner.failed {
            Some(WriteError::Secret { .. }) | None => exit::OK,
            Some(_) => exit::UNJUDGED,
        };
        let exit = exit::first([inner.run.exit_code(strict), lost]);
        inner.tell(
            took_ms,
            Event::RunFinished {
                exit,
                complete,
                took_ms,
            },
        );
        // A question that an interruption left open ends here.
        if std::mem::take(&mut inner.asks) {
            anstream::eprintln!();
        }
        inner.print_finished();
        inner.bar.finish_and_clear();
        match inner.failed {
            Some(error @ WriteError::Secret { .. }) => {
                return Err(leak(&record, &error.to_string()));
            }
            // All that the run came to is still known here.
            Some(error) => {
                anstream::eprintln!(
                    "error: the record is not whole: {}; the reports are",
                    chain(&error)
                );
            }
            None => {}
        }
        // A device may never end, and holds nothing.
        if record.is_file()
            && let Some(label) = scan_file(&record, &self.redactor)?
        {
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
            match json_strings(text) {
                Some(inside) => texts.push((name, inside)),
                None => texts.extend([(*name, text.clone()), (*name, without_references(text))]),
            }
        }
        for (name, text) in texts {
            if let Some(label) = self.redactor.scan(&text) {
                let what = format!("secret `{label}` stands in the {name}, which was not written");
                return Err(leak(&record, &what));
            }
        }
        let written = written
            .into_iter()
            .map(|(_, path, text)| write_whole(&path, &text));
        let written: Vec<Result<(), Problem>> = written.collect();
        say(&said);
        written.into_iter().collect::<Result<(), Problem>>()?;
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
        if self.asks {
            return;
        }
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
mod tests;
