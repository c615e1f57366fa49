//! The schemas for editors: they are current, every file that is shipped fits, common mistakes do not, and they say what the parser says.

mod agreement;
mod mistakes;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use pushproof_scenario::{Source, yaml};
use serde_json::Value;
use tempfile::TempDir;

use crate::command::Workshop;

/// The dialects of this checkout.
pub(crate) fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// What the command writes for this checkout, once for all tests of this process.
static WRITTEN: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let (dialects, out) = (scenarios(), folder.path().to_str().unwrap().to_owned());
    let dialects = dialects.to_str().unwrap();
    let done = Workshop::new().run(&["--dialects", dialects, "schema", "--write", &out]);
    assert_eq!(done.exit, 0, "{}", done.stderr);
    folder
});

/// A schema, ready to validate.
pub(crate) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// One of those that the command writes: `known`, `auth0/scenario`.
    pub(crate) fn of(name: &str) -> Self {
        let text = fs::read_to_string(WRITTEN.path().join(format!("{name}.json"))).unwrap();
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        let place = "http://schema.test/file.json";
        compiler
            .add_resource(place, serde_json::from_str(&text).unwrap())
            .unwrap();
        let index = compiler.compile(place, &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// The innermost reasons why a value does not fit, each with its place; empty if it does.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        match self.schemas.validate(value, self.index) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let mut found = Vec::new();
                leaves(&error, &mut found);
                found
            }
        }
    }

    pub(crate) fn fits(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

fn leaves(error: &boon::ValidationError<'_, '_>, into: &mut Vec<String>) {
    if error.causes.is_empty() {
        let text = format!("{}: {}", error.instance_location, error.kind);
        if !into.contains(&text) {
            into.push(text);
        }
    }
    for cause in &error.causes {
        leaves(cause, into);
    }
}

/// A YAML text as its readers see it.
pub(crate) fn value(text: &str) -> Value {
    let source = Source::new("file.yaml", text);
    let node = yaml::parse(&source).unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    node.to_json()
}

/// Every YAML file below a folder.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A shipped file: its schema, its path below `scenarios/`, its text.
pub(crate) struct Shipped {
    pub(crate) schema: String,
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn shipped() -> Vec<Shipped> {
    let root = scenarios();
    let one = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let path = path.replace('\\', "/");
        let (folder, rest) = path.split_once('/').unwrap();
        let schema = match rest {
            "dialect.yaml" => "dialect".to_owned(),
            "requirements.yaml" => "requirements".to_owned(),
            _ if folder == "targets" || rest == "new/target.yaml" => {
                format!("{}/target", value(&text)["dialect"].as_str().unwrap())
            }
            _ if value(&text)["fragment"].is_string() => format!("{folder}/fragment"),
            _ => format!("{folder}/scenario"),
        };
        Shipped { schema, path, text }
    };
    yaml_files(&root).into_iter().map(one).collect()
}

#[test]
fn every_shipped_file_fits_its_schema() {
    let shipped = shipped();
    assert!(shipped.len() > 90, "only {} files", shipped.len());
    let mut names: Vec<&str> = shipped.iter().map(|file| file.schema.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let schema = Schema::of(name);
        for file in shipped.iter().filter(|file| file.schema == name) {
            let problems = schema.problems(&value(&file.text));
            assert!(
                problems.is_empty(),
                "{} against {name}: {problems:#?}",
                file.path
            );
        }
    }
}

#[test]
fn the_committed_schemas_are_current() {
    let committed = scenarios().join("schema");
    let mut names = Vec::new();
    for folder in [".", "auth0", "device-grant"] {
        for entry in fs::read_dir(WRITTEN.path().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                names.push(path.strip_prefix(WRITTEN.path()).unwrap().to_path_buf());
            }
        }
    }
    assert_eq!(names.len(), 9);
    for name in names {
        let written = fs::read_to_string(WRITTEN.path().join(&name)).unwrap();
        let known = fs::read_to_string(committed.join(&name)).unwrap_or_default();
        assert!(
            written == known.replace("\r\n", "\n"),
            "scenarios/schema/{} is not current: run `cargo xtask schema`",
            name.display()
        );
    }
}

#[test]
fn one_schema_on_standard_output() {
    let done = Workshop::new().run(&["schema", "scenario"]);
    assert_eq!((done.exit, done.stderr.as_str()), (0, ""));
    let committed = fs::read_to_string(scenarios().join("schema/auth0/scenario.json")).unwrap();
    assert!(
        done.stdout == committed.replace("\r\n", "\n"),
        "the embedded dialect is another"
    );
    insta::assert_snapshot!(Workshop::new().transcript(&["schema"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: the following required arguments were not provided:
      <KIND>

    Usage: pushproof schema <KIND>

    For more information, try '--help'.
    ");
}
