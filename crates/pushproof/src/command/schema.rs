//! `pushproof schema`: what editors need to complete and check files, made from the tables by which files are read.

use std::fs;
use std::path::Path;

use pushproof_report::exit;
use pushproof_runner::target::TARGET;
use pushproof_scenario::grammar::{DIALECT, FRAGMENT, Map, REQUIREMENTS, SCENARIO};
use pushproof_scenario::{Facts, schema};

use super::{Problem, counted};
use crate::args::{Args, Schema, SchemaKind};
use crate::known::KNOWN;
use crate::{dialects, output};

/// Those in which a dialect's names stand: each dialect has its own.
const OF_A_DIALECT: [SchemaKind; 3] = [
    SchemaKind::Scenario,
    SchemaKind::Fragment,
    SchemaKind::Target,
];

/// Those that are the same for every dialect.
const GENERAL: [SchemaKind; 3] = [
    SchemaKind::Dialect,
    SchemaKind::Requirements,
    SchemaKind::Known,
];

pub(crate) fn run(args: &Args, command: &Schema, colour: bool) -> Result<u8, Problem> {
    match (command.kind, &command.write) {
        (Some(kind), _) if OF_A_DIALECT.contains(&kind) => {
            let library = dialects::readable(args, &args.dialect, colour)?;
            output::say(&text(kind, &Facts::of(&library)));
        }
        (Some(kind), _) => output::say(&text(kind, &Facts::default())),
        (None, Some(folder)) => {
            let files = write(args, folder, colour)?;
            let (files, folder) = (counted(files, "schema"), folder.display());
            output::say(&format!("{files} in {folder}\n"));
        }
        (None, None) => unreachable!("the arguments have one of the two"),
    }
    Ok(exit::OK)
}

fn write(args: &Args, folder: &Path, colour: bool) -> Result<usize, Problem> {
    let general = GENERAL.map(|kind| (file(kind).into(), text(kind, &Facts::default())));
    let mut files: Vec<(std::path::PathBuf, String)> = general.into();
    for dialect in dialects::names(args) {
        let library = dialects::readable(args, &dialect, colour)?;
        let facts = Facts::of(&library);
        for kind in OF_A_DIALECT {
            files.push((Path::new(&dialect).join(file(kind)), text(kind, &facts)));
        }
    }
    for (path, text) in &files {
        let path = folder.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text));
        written
            .map_err(|error| Problem::usage(format!("writing `{}`: {error}", path.display())))?;
    }
    Ok(files.len())
}

fn text(kind: SchemaKind, facts: &Facts) -> String {
    let schema = schema(table(kind), facts);
    format!("{schema:#}\n")
}

fn table(kind: SchemaKind) -> &'static Map {
    match kind {
        SchemaKind::Scenario => &SCENARIO,
        SchemaKind::Fragment => &FRAGMENT,
        SchemaKind::Target => &TARGET,
        SchemaKind::Dialect => &DIALECT,
        SchemaKind::Requirements => &REQUIREMENTS,
        SchemaKind::Known => &KNOWN,
    }
}

fn file(kind: SchemaKind) -> String {
    format!("{}.json", table(kind).name)
}
