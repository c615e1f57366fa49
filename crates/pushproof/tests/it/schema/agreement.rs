//! The parser and the schemas judge alike: every shipped file is changed in one place after the other, and both are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use pushproof_report::Secret;
use pushproof_runner::target;
use pushproof_scenario::{Diagnostic, Dialect, Library, Requirements, Source, SourceFile, parse};
use serde_json::{Value, json};

use super::{Schema, Shipped, scenarios, shipped, value};

/// Of the changes that could be made, one in so many is.
const STRIDE: usize = 37;

/// What a schema can see as the parser sees it: keys, kinds of value, durations, words, counts, kinds of step, conditions.
const VISIBLE: [&str; 14] = [
    "E0101", "E0102", "E0103", "E0104", "E0105", "E0106", "E0107", "E0108", "E0109", "E0112",
    "E0116", "E0117", "E0118", "E0120",
];

/// A schema looks at one value at a time: it cannot see that the fewest are more than the most.
const BOUNDS_CROSSED: &str = "has no count that can be";

/// Every file that differs from this one in one value: a key taken away, a key added, a value exchanged for one of another kind.
fn changes(whole: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    walk(whole, &mut String::new(), &mut places);
    let mut changed = Vec::new();
    let exchanged = [
        json!({}),
        json!([]),
        json!("two words"),
        json!(7),
        json!(true),
        Value::Null,
    ];
    for place in places {
        let mut change = |what: &str, to: &dyn Fn(&mut Value)| {
            let mut all = whole.clone();
            to(all
                .pointer_mut(&place)
                .expect("the place is one of the value's"));
            changed.push((format!("{place}: {what}"), all));
        };
        for other in &exchanged {
            change(&format!("is {other}"), &|value| *value = other.clone());
        }
        let Some(Value::Object(members)) = whole.pointer(&place) else {
            continue;
        };
        change("has `zzz` too", &|value| value["zzz"] = json!("zzz"));
        for key in members.keys() {
            change(&format!("has no `{key}`"), &|value| {
                value.as_object_mut().expect("a map").shift_remove(key);
            });
        }
    }
    changed
}

fn walk(value: &Value, place: &mut String, into: &mut Vec<String>) {
    into.push(place.clone());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        let length = place.len();
        place.push('/');
        place.push_str(&step);
        walk(child, place, into);
        place.truncate(length);
    }
}

/// The errors of the parser alone, and whether anything at all is wrong with the file.
struct Judge {
    requirements: BTreeMap<String, Requirements>,
}

impl Judge {
    fn new() -> Self {
        let mut requirements = BTreeMap::new();
        for file in shipped() {
            if let Some(dialect) = file.path.strip_suffix("/requirements.yaml") {
                let source = Source::new("requirements.yaml", file.text);
                requirements.insert(dialect.to_owned(), Requirements::read(&source).0);
            }
        }
        Self { requirements }
    }

    fn parsed(&self, file: &Shipped, text: &str) -> Vec<Diagnostic> {
        let source: Arc<Source> = Source::new(&*file.path, text);
        let problems = match file.schema.split('/').next_back() {
            Some("dialect") => {
                let dialect = file.path.split('/').next().unwrap();
                Dialect::read(&source, self.requirements[dialect].clone())
                    .err()
                    .unwrap_or_default()
            }
            Some("requirements") => Requirements::read(&source).1,
            Some("target") => {
                let resolve =
                    |_: &target::SecretRef| Ok(Secret::new("a secret of a test".to_owned()));
                target::parse(&source, &scenarios(), &resolve)
                    .err()
                    .unwrap_or_default()
            }
            _ => {
                let dialect = file.path.split('/').next().unwrap();
                parse(&source, &self.requirements[dialect]).1
            }
        };
        problems.into_iter().filter(Diagnostic::is_error).collect()
    }

    /// Whether `check` finds something, by compiling or by asking the target's dialect.
    fn is_wrong_in_its_dialect(file: &Shipped, text: &str, all: &[Shipped]) -> bool {
        // A fragment is compiled where it is used.
        let Some((name, "scenario" | "target")) = file.schema.split_once('/') else {
            return true;
        };
        let of_dialect = all.iter().filter_map(|other| {
            let relative = other.path.strip_prefix(name)?.strip_prefix('/')?;
            let needed = matches!(relative, "dialect.yaml" | "requirements.yaml")
                || relative.starts_with("fragments/");
            needed.then(|| (relative.to_owned(), other.text.clone()))
        });
        let mut files: Vec<(String, String)> = of_dialect.collect();
        let is_target = file.schema.ends_with("/target");
        if !is_target {
            files.push(("a/changed.yaml".to_owned(), text.to_owned()));
        }
        let files: Vec<SourceFile> = files
            .into_iter()
            .map(|(relative, text)| SourceFile {
                shown: relative.clone(),
                relative,
                text,
            })
            .collect();
        let (library, problems) = Library::read(&files);
        let Some(library) = library else { return true };
        if is_target {
            return is_strange_to(&library, &value(text));
        }
        let profile = library.profiles().next().unwrap().to_owned();
        let (_, compiled) = library.compile(&profile).unwrap();
        problems.iter().chain(&compiled).any(Diagnostic::is_error)
    }
}

/// Whether a target names what its dialect does not have.
fn is_strange_to(library: &Library, target: &Value) -> bool {
    let dialect = &library.dialect;
    let inputs: Vec<&str> = dialect
        .operations
        .iter()
        .flat_map(|one| one.inputs().into_keys())
        .collect();
    let strange = |key: &str, known: &dyn Fn(&str) -> bool| {
        let named = target[key].as_object();
        named.is_some_and(|named| named.keys().any(|name| !known(name)))
    };
    let profile = target["profile"].as_str();
    let profile = profile.is_some_and(|profile| !dialect.profiles.contains_key(profile))
        || target["profile"].is_number()
        || target["profile"].is_boolean();
    let features = target["features"].as_array().into_iter().flatten();
    let features = features.into_iter().any(|feature| {
        !feature
            .as_str()
            .is_some_and(|name| dialect.features.iter().any(|known| known == name))
    });
    profile
        || features
        || strange("endpoints", &|name| {
            dialect.endpoints.iter().any(|one| one.name == name)
        })
        || strange("inputs", &|name| inputs.contains(&name))
        || strange("lifetimes", &|name| dialect.lifetimes.contains_key(name))
}

#[test]
fn the_parser_and_the_schemas_judge_alike() {
    let (all, judge) = (shipped(), Judge::new());
    let mut schemas: BTreeMap<&str, Schema> = BTreeMap::new();
    let (mut n, mut refused, mut compiled) = (0_usize, 0, 0);
    let mut apart = Vec::new();
    for file in &all {
        let schema = schemas
            .entry(&file.schema)
            .or_insert_with(|| Schema::of(&file.schema));
        for (what, changed) in changes(&value(&file.text)) {
            n += 1;
            if n % STRIDE != 0 {
                continue;
            }
            let text = changed.to_string();
            let found = judge.parsed(file, &text);
            let fits = schema.fits(&changed);
            refused += usize::from(!fits);
            let visible = found.iter().find(|problem| {
                VISIBLE.contains(&problem.code) && !problem.message.ends_with(BOUNDS_CROSSED)
            });
            if let (true, Some(problem)) = (fits, visible) {
                apart.push(format!(
                    "{} {what}: only the parser minds: {} {}",
                    file.path, problem.code, problem.message
                ));
            }
            if !fits && found.is_empty() {
                compiled += 1;
                if !Judge::is_wrong_in_its_dialect(file, &text, &all) {
                    apart.push(format!(
                        "{} {what}: only the schema minds: {:?}",
                        file.path,
                        schema.problems(&changed)
                    ));
                }
            }
        }
    }
    assert!(
        refused > 500 && compiled > 30,
        "{n} changes, {refused} refused, {compiled} compiled"
    );
    assert!(
        apart.is_empty(),
        "{} of {n}:\n{}",
        apart.len(),
        apart[..apart.len().min(40)].join("\n")
    );
}
