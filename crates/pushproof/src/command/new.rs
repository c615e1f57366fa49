//! `pushproof new`: begins a scenario, a fragment or a target from a commented file that the dialect brings along.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path};

use pushproof_report::exit;

use super::Problem;
use crate::args::{Args, New, NewKind};
use crate::{dialects, env, output};

pub(crate) fn run(args: &Args, command: &New) -> Result<u8, Problem> {
    let (kind, template) = match command.kind {
        NewKind::Scenario => ("scenario", "new/scenario.yaml"),
        NewKind::Fragment => ("fragment", "new/fragment.yaml"),
        NewKind::Target => ("target", "new/target.yaml"),
    };
    let text = dialects::text(args, template)?.ok_or_else(|| {
        let dialect = &args.dialect;
        Problem::invalid(format!(
            "dialect `{dialect}` brings no {kind} to begin with"
        ))
        .hint(format!("it would stand in `{dialect}/{template}`"))
    })?;
    match command
        .path
        .as_deref()
        .filter(|path| *path != Path::new("-"))
    {
        None => output::say(&text),
        Some(path) => {
            let text = named(command.kind, path, &text);
            let text = format!("{}{text}", modeline(args, kind, path));
            write(path, &text)?;
            output::say(&format!("{}: a {kind} to begin with\n", path.display()));
        }
    }
    Ok(exit::OK)
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        let path = path.display();
        if error.kind() == ErrorKind::AlreadyExists {
            Problem::usage(format!("`{path}` is there already"))
                .hint("give another path; nothing is ever overwritten")
        } else {
            Problem::usage(format!("writing `{path}`: {error}"))
        }
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// The template under a name of its own, so that two new files do not have the same: a scenario's folder and file, another's file.
fn named(kind: NewKind, path: &Path, text: &str) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let Some(stem) = stem
        .map(|stem| as_id(&stem))
        .filter(|stem| !stem.is_empty())
    else {
        return text.to_owned();
    };
    let folder = path.parent().and_then(Path::file_name);
    let folder = folder.map(|folder| as_id(&folder.to_string_lossy()));
    let (key, name) = match (kind, folder) {
        (NewKind::Scenario, Some(folder)) if !folder.is_empty() => {
            ("id", format!("{folder}.{stem}"))
        }
        (NewKind::Scenario, _) => ("id", stem),
        (NewKind::Fragment, _) => ("fragment", stem),
        (NewKind::Target, _) => ("target", stem),
    };
    let line = |line: &str| match line.strip_prefix(key) {
        Some(rest) if rest.starts_with(':') => format!("{key}: {name}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The text as part of an id: letters, digits and hyphens, and a letter first, so that no YAML reader takes it for a number.
fn as_id(text: &str) -> String {
    let id: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '-'
            }
        })
        .collect();
    id.trim_start_matches(|char: char| !char.is_ascii_alphabetic())
        .trim_end_matches('-')
        .to_owned()
}

/// The line by which editors find the schema, where the dialects that are in use come with one.
fn modeline(args: &Args, kind: &str, path: &Path) -> String {
    let schema = args.dialects.as_ref().and_then(|dialects| {
        let schema = dialects
            .join("schema")
            .join(&args.dialect)
            .join(format!("{kind}.json"));
        let here = env::current_dir()?;
        let folder = here.join(path).parent()?.to_path_buf();
        schema
            .is_file()
            .then(|| relative(&folder, &here.join(schema)))?
    });
    match schema {
        Some(schema) => format!("# yaml-language-server: $schema={schema}\n"),
        None => String::new(),
    }
}

/// The way from a folder to a file, with `/`; `None` if there is none that could be written down.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let (from, to) = (plain(from)?, plain(to)?);
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(one, other)| one == other)
        .count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().cloned();
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// The folders of an absolute path, with `.` and `..` resolved.
fn plain(path: &Path) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?.to_owned()),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Prefix(prefix) => parts.push(prefix.as_os_str().to_str()?.to_owned()),
            Component::RootDir | Component::CurDir => {}
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_new_file_has_a_name_of_its_own() {
        let of = |kind, path: &str| {
            named(
                kind,
                Path::new(path),
                "id: x\nfragment: x\ntarget: x\n  id: y\n",
            )
        };
        let lines = [
            of(NewKind::Scenario, "scenarios/auth0/mine/First try.yaml"),
            of(NewKind::Scenario, "1.yaml"),
            of(NewKind::Fragment, "fragments/two_steps.yaml"),
            of(NewKind::Target, "../staging.yaml"),
        ];
        insta::assert_snapshot!(lines.join("-\n"), @"
        id: mine.first-try
        fragment: x
        target: x
          id: y
        -
        id: x
        fragment: x
        target: x
          id: y
        -
        id: x
        fragment: two-steps
        target: x
          id: y
        -
        id: x
        fragment: x
        target: staging
          id: y
        ");
    }

    #[test]
    fn a_way_leads_up_and_down() {
        let way = |from: &str, to: &str| relative(&PathBuf::from(from), &PathBuf::from(to));
        assert_eq!(
            way("/a/b/c", "/a/schema/s.json").as_deref(),
            Some("../../schema/s.json")
        );
        assert_eq!(way("/a/./b/../c", "/a/c/s.json").as_deref(), Some("s.json"));
        assert_eq!(way("/a", "/../s.json"), None);
    }
}
