//! `check --fix`: shows what would be put right as a diff; with `--write`, does it.

use std::path::{Path, PathBuf};

use pushproof_scenario::settle;

use super::found::Checked;
use super::gather::STANDARD_INPUT;
use super::{code, diff, gather, human, write};
use crate::args::{Args, Check};
use crate::command::{Problem, counted};
use crate::output;

/// A secret that stands in a file for all to see.
const WRITTEN_OUT: &str = "E0301";

/// A file whose mistakes can be put right.
struct Rewrite {
    shown: String,
    path: Option<PathBuf>,
    before: String,
    after: String,
}

pub(super) fn run(args: &Args, command: &Check, colour: bool) -> Result<u8, Problem> {
    if command.write
        && command
            .paths
            .iter()
            .any(|path| path == Path::new(STANDARD_INPUT))
    {
        let hint = "`--fix` alone shows the diff";
        return Err(Problem::usage("standard input cannot be written").hint(hint));
    }
    let found = gather::gather(args, command)?;
    let rewrites: Vec<Rewrite> = found.checked.iter().filter_map(rewrite).collect();
    if !command.write {
        for rewrite in &rewrites {
            output::say(&diff::unified(
                &rewrite.shown,
                &rewrite.before,
                &rewrite.after,
            ));
        }
        let problems = found.problems();
        human(&found, &problems, colour);
        if !rewrites.is_empty() {
            let files = counted(rewrites.len(), "file");
            anstream::eprintln!("  help: nothing was changed; `--fix --write` writes {files}");
        }
        return Ok(code(&problems));
    }
    for rewrite in &rewrites {
        // An embedded dialect is in no file.
        let Some(path) = &rewrite.path else {
            let message = format!("`{}` is no file that could be written", rewrite.shown);
            return Err(Problem::usage(message).hint("`--fix` alone shows the diff"));
        };
        write::replace(path, &rewrite.before, &rewrite.after)?;
        anstream::eprintln!("written: {}", rewrite.shown);
    }
    let left = gather::gather(args, command)?;
    let problems = left.problems();
    human(&left, &problems, colour);
    Ok(code(&problems))
}

fn rewrite(file: &Checked<'_>) -> Option<Rewrite> {
    if !file.may_be_fixed() {
        return None;
    }
    let after = settle(&file.shown, &file.text, &mut |text| (file.again)(text));
    // A diff would repeat it on a terminal or in a CI log.
    let mut told = file
        .stages
        .clone()
        .into_all()
        .chain((file.again)(&after).into_all());
    if told.any(|problem| problem.code == WRITTEN_OUT) {
        return None;
    }
    (after != file.text).then(|| Rewrite {
        shown: file.shown.clone(),
        path: file.path.clone(),
        before: file.text.clone(),
        after,
    })
}
