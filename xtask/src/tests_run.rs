//! The test suite as a step: [`check`] runs it with nextest where installed, [`Told`] is what its closing lines say.

use anyhow::Result;

use crate::checked::Checked;
use crate::process::{cargo, has_cargo_command, run_and_read, without_colours};
use crate::root::{Root, env_var};

/// Builds what [`check`] runs.
pub(crate) const BUILD: &[&str] = &["test", "--workspace", "--tests", "--no-run"];

/// Runs all unit and integration tests, and gives back the runner's closing lines.
///
/// # Errors
///
/// If cargo cannot be started.
pub(crate) fn check(root: &Root) -> Result<(Checked, Vec<String>)> {
    let args = if has_cargo_command(root, "nextest") {
        let profile = if env_var("CI").is_some() {
            "ci"
        } else {
            "default"
        };
        vec![
            "nextest",
            "run",
            "--workspace",
            "--tests",
            "--no-fail-fast",
            "--profile",
            profile,
        ]
    } else {
        println!("cargo-nextest is not installed, so `cargo test` runs the tests");
        vec!["test", "--workspace", "--tests", "--no-fail-fast"]
    };
    let (mut checked, log) = run_and_read(root, cargo(&args))?;
    let told = Told::read(&log);
    checked.note = told.sums();
    if told.n_passed == 0 && checked.holds() {
        checked.problems.push("no test ran".to_owned());
    }
    if let [problem] = checked.problems.as_mut_slice() {
        *problem = format!("{}: {problem}", told.sums());
    }
    Ok((checked, told.lines))
}

/// The closing lines of a test runner, and their sums.
#[derive(Default, PartialEq, Eq, Debug)]
struct Told {
    lines: Vec<String>,
    n_passed: u64,
    n_failed: u64,
    n_skipped: u64,
}

impl Told {
    fn sums(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.n_passed, self.n_failed, self.n_skipped
        )
    }

    /// Reads nextest's `Summary [ 1.2s] 3 tests run: 2 passed (1 slow), 1 failed, 4 skipped` or the lines
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …` of `cargo test`, one for each binary.
    fn read(log: &str) -> Self {
        let mut told = Self::default();
        for line in log.lines().map(without_colours) {
            let is_nextest = line.trim_start().starts_with("Summary [");
            let is_libtest = line.starts_with("test result: ");
            if !(is_nextest || is_libtest) {
                continue;
            }
            let words: Vec<&str> = line
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            for pair in words.windows(2) {
                let n = pair[0].parse::<u64>().unwrap_or_default();
                match pair[1] {
                    "passed" => told.n_passed += n,
                    "failed" | "timed" => told.n_failed += n,
                    "skipped" | "ignored" => told.n_skipped += n,
                    _ => {}
                }
            }
            // A binary without tests tells nothing.
            if is_nextest || !line.contains(" 0 passed; 0 failed; 0 ignored;") {
                told.lines.push(line.trim().to_owned());
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(log: &str) -> (u64, u64, u64) {
        let told = Told::read(log);
        (told.n_passed, told.n_failed, told.n_skipped)
    }

    #[test]
    fn nextest_is_understood() {
        let log = "        PASS [   0.004s] a b\n\u{1b}[32;1m     Summary\u{1b}[0m [   1.213s] \u{1b}[1m7\u{1b}[0m tests run: 5 passed (1 slow), 1 failed, 1 timed out, 2 skipped\n";
        assert_eq!(sums(log), (5, 2, 2));
        assert_eq!(
            Told::read(log).lines,
            [
                "Summary [   1.213s] 7 tests run: 5 passed (1 slow), 1 failed, 1 timed out, 2 skipped"
            ]
        );
    }

    #[test]
    fn cargo_test_is_added_up() {
        let log = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                   test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                   test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(sums(log), (7, 2, 1));
        assert_eq!(Told::read(log).lines.len(), 2);
    }

    #[test]
    fn what_tests_print_is_not_counted() {
        assert_eq!(
            Told::read("3 passed\nmy test result: 4 passed; 1 failed"),
            Told::default()
        );
    }
}
