//! `cargo xtask ci`: [`ci`] makes every check of the repository and ends with a table.
//!
//! All steps run, also after one that failed; only what needs a build is left out when the build fails.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::checked::Checked;
use crate::metadata::Graph;
use crate::process::{cargo, run};
use crate::root::Root;
use crate::{dag, deny, dialect, packages, purity, tests_run, tidy};

/// One line of the table.
struct Step {
    name: &'static str,
    /// What it makes sure of, for the heading.
    says: &'static str,
    needs: Needs,
    check: fn(&mut Run<'_>) -> Result<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    Nothing,
    /// That the step [`BUILD`] went well.
    Build,
}

/// What the steps share.
struct Run<'a> {
    root: &'a Root,
    /// What the test runner said last; it stands under the table.
    closing_lines: Vec<String>,
}

/// What became of a step.
enum Outcome {
    Checked(Checked),
    /// A tool is missing; the text says how to get it.
    Skipped(&'static str),
    NotRun,
}

const BUILD: &str = "build";

/// The quick ones first, the tests last, so that their output stands next to the table.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        says: "formatting",
        needs: Needs::Nothing,
        check: |run| cargo_step(run, &["fmt", "--all", "--check"]),
    },
    Step {
        name: "dag",
        says: "who may use whom",
        needs: Needs::Nothing,
        check: |run| graph_step(run, dag::check),
    },
    Step {
        name: "purity",
        says: "pure packages reach no socket",
        needs: Needs::Nothing,
        check: |run| graph_step(run, purity::check),
    },
    Step {
        name: "packages",
        says: "the size of the tree",
        needs: Needs::Nothing,
        check: |run| graph_step(run, packages::check),
    },
    Step {
        name: "dialect",
        says: "no word of a dialect in Rust code",
        needs: Needs::Nothing,
        check: |run| dialect::check(run.root).map(Outcome::Checked),
    },
    Step {
        name: "tidy",
        says: "headers, sizes, left-over words, changelog",
        needs: Needs::Nothing,
        check: |run| tidy::check(run.root).map(Outcome::Checked),
    },
    Step {
        name: "deny",
        says: "licences, bans, sources",
        needs: Needs::Nothing,
        check: deny_step,
    },
    Step {
        name: BUILD,
        says: "everything that the tests need",
        needs: Needs::Nothing,
        check: |run| cargo_step(run, tests_run::BUILD),
    },
    Step {
        name: "clippy",
        says: "lints, with warnings as errors",
        needs: Needs::Build,
        check: |run| {
            cargo_step(
                run,
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ],
            )
        },
    },
    Step {
        name: "doctests",
        says: "the examples in the documentation",
        needs: Needs::Build,
        check: |run| cargo_step(run, &["test", "--workspace", "--doc", "--quiet"]),
    },
    Step {
        name: "tests",
        says: "unit and integration tests",
        needs: Needs::Build,
        check: tests_step,
    },
];

fn cargo_step(run_: &Run<'_>, args: &[&str]) -> Result<Outcome> {
    run(run_.root, cargo(args)).map(Outcome::Checked)
}

fn graph_step(run: &Run<'_>, check: fn(&Graph) -> Checked) -> Result<Outcome> {
    Ok(Outcome::Checked(check(&Graph::read(run.root)?)))
}

fn deny_step(run: &mut Run<'_>) -> Result<Outcome> {
    if deny::is_installed(run.root) {
        deny::check(run.root).map(Outcome::Checked)
    } else {
        Ok(Outcome::Skipped(deny::MISSING))
    }
}

fn tests_step(run: &mut Run<'_>) -> Result<Outcome> {
    let (checked, lines) = tests_run::check(run.root)?;
    run.closing_lines = lines;
    Ok(Outcome::Checked(checked))
}

/// Runs all steps and prints the table; fails if one of them did.
pub(crate) fn ci(root: &Root) -> ExitCode {
    let mut run = Run {
        root,
        closing_lines: Vec::new(),
    };
    let rows = run_steps(STEPS, |step| {
        println!("\n── {}: {}", step.name, step.says);
        let (outcome, took) = timed(|| (step.check)(&mut run));
        let outcome = outcome.unwrap_or_else(|error| {
            let problems = vec![format!("{error:#}")];
            Outcome::Checked(Checked {
                problems,
                ..Checked::default()
            })
        });
        match &outcome {
            Outcome::Checked(checked) => print!("{checked}"),
            Outcome::Skipped(why) => println!("SKIPPED, nothing was checked: {why}"),
            Outcome::NotRun => {}
        }
        (outcome, took)
    });
    println!("\n{}", table(&rows));
    for line in &run.closing_lines {
        println!("{line}");
    }
    println!("{}", closing_sentence(&rows));
    if failed(&rows).is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step of ci takes is shown to a person and decides nothing"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began_at = std::time::Instant::now();
    let done = work();
    (done, began_at.elapsed())
}

struct Row {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

impl Row {
    fn has_failed(&self) -> bool {
        matches!(&self.outcome, Outcome::Checked(checked) if !checked.holds())
    }

    fn result(&self) -> &'static str {
        match &self.outcome {
            Outcome::Checked(_) if self.has_failed() => "FAILED",
            Outcome::Checked(_) => "ok",
            Outcome::Skipped(_) => "SKIPPED",
            Outcome::NotRun => "not run",
        }
    }

    fn note(&self) -> String {
        match &self.outcome {
            Outcome::Checked(checked) if checked.holds() => checked.note.clone(),
            Outcome::Checked(checked) => match checked.problems.as_slice() {
                [problem] => problem.clone(),
                problems => format!("{} problems", problems.len()),
            },
            Outcome::Skipped(why) => (*why).to_owned(),
            Outcome::NotRun => "the build failed".to_owned(),
        }
    }
}

fn run_steps(steps: &[Step], mut perform: impl FnMut(&Step) -> (Outcome, Duration)) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(steps.len());
    for step in steps {
        let is_built = !rows.iter().any(|row| row.name == BUILD && row.has_failed());
        let (outcome, took) = match step.needs {
            Needs::Build if !is_built => (Outcome::NotRun, Duration::ZERO),
            Needs::Build | Needs::Nothing => perform(step),
        };
        rows.push(Row {
            name: step.name,
            outcome,
            took,
        });
    }
    rows
}

fn failed(rows: &[Row]) -> Vec<&'static str> {
    rows.iter()
        .filter(|row| row.has_failed())
        .map(|row| row.name)
        .collect()
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("step      result      time  note\n");
    for row in rows {
        let line = format!(
            "{:8}  {:7}  {:>6.1} s  {}",
            row.name,
            row.result(),
            row.took.as_secs_f64(),
            row.note()
        );
        writeln!(text, "{}", line.trim_end()).expect("writing to a String does not fail");
    }
    text
}

fn closing_sentence(rows: &[Row]) -> String {
    let named = |result: &str| {
        let names: Vec<_> = rows
            .iter()
            .filter(|row| row.result() == result)
            .map(|row| row.name)
            .collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("; {result}: {}", names.join(", "))
        }
    };
    let verdict = if failed(rows).is_empty() {
        "passed"
    } else {
        "failed"
    };
    format!(
        "ci {verdict}{}{}{}",
        named("FAILED"),
        named("not run"),
        named("SKIPPED")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Performs the real list of steps with made-up outcomes: those named fail, `deny` is missing.
    fn rows(failing: &[&str]) -> Vec<Row> {
        run_steps(STEPS, |step| {
            let problems = failing
                .iter()
                .filter(|name| **name == step.name)
                .map(|name| format!("{name} is red"))
                .collect();
            let checked = Checked {
                problems,
                note: "note".to_owned(),
                ..Checked::default()
            };
            let outcome = if step.name == "deny" {
                Outcome::Skipped("get it")
            } else {
                Outcome::Checked(checked)
            };
            (outcome, Duration::from_millis(1250))
        })
    }

    fn results(failing: &[&str]) -> String {
        let rows = rows(failing);
        rows.iter()
            .map(|row| format!("{}={}", row.name, row.result()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_failed_step_stops_nothing() {
        assert_eq!(
            results(&["fmt", "tidy"]),
            "fmt=FAILED dag=ok purity=ok packages=ok dialect=ok tidy=FAILED deny=SKIPPED build=ok clippy=ok doctests=ok tests=ok"
        );
        assert_eq!(failed(&rows(&["fmt", "tidy"])), ["fmt", "tidy"]);
    }

    #[test]
    fn a_failed_build_stops_what_needs_it() {
        assert!(
            results(&["build"])
                .ends_with("build=FAILED clippy=not run doctests=not run tests=not run")
        );
        assert_eq!(
            closing_sentence(&rows(&["build"])),
            "ci failed; FAILED: build; not run: clippy, doctests, tests; SKIPPED: deny"
        );
    }

    #[test]
    fn a_skip_is_said_in_the_last_line() {
        assert_eq!(closing_sentence(&rows(&[])), "ci passed; SKIPPED: deny");
    }

    #[test]
    fn the_table_reads_at_a_glance() {
        let rows: Vec<Row> = rows(&["dag"])
            .into_iter()
            .filter(|row| ["fmt", "dag", "deny"].contains(&row.name))
            .collect();
        assert_eq!(
            table(&rows),
            "step      result      time  note\n\
             fmt       ok          1.2 s  note\n\
             dag       FAILED      1.2 s  dag is red\n\
             deny      SKIPPED     1.2 s  get it\n"
        );
    }
}
