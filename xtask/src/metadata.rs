//! The packages of the workspace and below it as a [`Graph`], read from `cargo metadata`.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::{cargo, read};
use crate::root::Root;

/// Where in a manifest a dependency stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Kind {
    fn parse(kind: &Value) -> Self {
        match kind.as_str() {
            Some("dev") => Self::Dev,
            Some("build") => Self::Build,
            _ => Self::Normal,
        }
    }
}

/// One package, ours or a dependency.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// What the manifest names, resolved or not: also optional dependencies and those of other platforms.
    pub(crate) declared: Vec<(String, Kind)>,
    /// The benchmark targets.
    pub(crate) benches: Vec<String>,
    /// What is built for it, by package id.
    resolved: Vec<(String, Kind)>,
}

/// All packages that a build on this platform needs, with all features.
#[derive(Debug)]
pub(crate) struct Graph {
    packages: BTreeMap<String, Package>,
    members: Vec<String>,
}

impl Graph {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// If cargo fails (a manifest is wrong, or a package cannot be had) or answers in a form we do not know.
    pub(crate) fn read(root: &Root) -> Result<Self> {
        let platform = host()?;
        let mut command = cargo(&[
            "metadata",
            "--format-version",
            "1",
            "--filter-platform",
            &platform,
        ]);
        let text = read(command.arg("--manifest-path").arg(root.join("Cargo.toml")))?;
        Self::parse(&text).context("reading what `cargo metadata` prints")
    }

    fn parse(text: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(text)?;
        let mut packages = BTreeMap::new();
        for package in list(&metadata, "packages")? {
            packages.insert(string(package, "id")?, parse_package(package)?);
        }
        for node in list(&metadata["resolve"], "nodes")? {
            let id = string(node, "id")?;
            let package = packages
                .get_mut(&id)
                .with_context(|| format!("no package `{id}`"))?;
            for dep in list(node, "deps")? {
                let to = string(dep, "pkg")?;
                let kinds = list(dep, "dep_kinds")?
                    .iter()
                    .map(|kind| Kind::parse(&kind["kind"]));
                package
                    .resolved
                    .extend(kinds.map(|kind| (to.clone(), kind)));
            }
        }
        let members = list(&metadata, "workspace_members")?.iter();
        let members = members
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        Ok(Self { packages, members })
    }

    /// Our packages, in the order of their names.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members: Vec<_> = self
            .members
            .iter()
            .filter_map(|id| self.packages.get(id))
            .collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }

    /// Everything that one of ours reaches over edges of the kinds `follow` accepts, itself included, each with a
    /// shortest chain of names that leads there.
    pub(crate) fn reach(
        &self,
        member: &str,
        follow: impl Fn(Kind) -> bool,
    ) -> BTreeMap<&str, Vec<&str>> {
        let start = self
            .members
            .iter()
            .find(|id| self.packages.get(*id).is_some_and(|p| p.name == member));
        let mut chains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut queue = VecDeque::new();
        if let Some(id) = start {
            queue.push_back((id.as_str(), Vec::new()));
        }
        while let Some((id, chain)) = queue.pop_front() {
            let Some(package) = self.packages.get(id).filter(|_| !chains.contains_key(id)) else {
                continue;
            };
            let mut chain = chain;
            chain.push(package.name.as_str());
            for (to, _) in package.resolved.iter().filter(|(_, kind)| follow(*kind)) {
                queue.push_back((to.as_str(), chain.clone()));
            }
            chains.insert(id, chain);
        }
        chains
    }
}

fn parse_package(package: &Value) -> Result<Package> {
    let declared = list(package, "dependencies")?.iter();
    let targets = list(package, "targets")?.iter();
    let is_bench = |target: &&Value| {
        target["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == "bench"))
    };
    Ok(Package {
        name: string(package, "name")?,
        declared: declared
            .map(|dep| Ok((string(dep, "name")?, Kind::parse(&dep["kind"]))))
            .collect::<Result<_>>()?,
        benches: targets
            .filter(is_bench)
            .map(|target| string(target, "name"))
            .collect::<Result<_>>()?,
        resolved: Vec::new(),
    })
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key]
        .as_array()
        .with_context(|| format!("no list `{key}`"))
}

fn string(value: &Value, key: &str) -> Result<String> {
    value[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no string `{key}`"))
}

/// The platform that this toolchain builds for.
fn host() -> Result<String> {
    let version = read(&mut cargo(&["--version", "--verbose"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("`cargo --version --verbose` names no host")?
        .trim()
        .to_owned())
}

/// Metadata in a few words, for the tests of the checks: each line `name: dep dep [build] dep [dev] dep [bench] target`,
/// ours first, then a line `--`, then the others.
#[cfg(test)]
pub(crate) fn graph(text: &str) -> Graph {
    let mut packages = BTreeMap::new();
    let mut members = Vec::new();
    let mut ours = true;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "--" {
            ours = false;
            continue;
        }
        let (name, words) = line.split_once(':').unwrap();
        let (mut declared, mut benches) = (Vec::new(), Vec::new());
        let mut section = "";
        for word in words.split_whitespace() {
            match section {
                _ if word.starts_with('[') => section = word,
                "[bench]" => benches.push(word.to_owned()),
                "[build]" => declared.push((word.to_owned(), Kind::Build)),
                "[dev]" => declared.push((word.to_owned(), Kind::Dev)),
                _ => declared.push((word.to_owned(), Kind::Normal)),
            }
        }
        let resolved = declared.clone();
        let package = Package {
            name: name.to_owned(),
            declared,
            benches,
            resolved,
        };
        packages.insert(name.to_owned(), package);
        if ours {
            members.push(name.to_owned());
        }
    }
    Graph { packages, members }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            { "id": "path#ours", "name": "ours",
              "targets": [ { "kind": ["lib"], "name": "ours" }, { "kind": ["bench"], "name": "speed" } ],
              "dependencies": [ { "name": "serde", "kind": null }, { "name": "cc", "kind": "build" }, { "name": "insta", "kind": "dev" },
                                { "name": "winapi", "kind": null, "target": "cfg(windows)" } ] },
            { "id": "reg#serde", "name": "serde", "targets": [], "dependencies": [] },
            { "id": "reg#cc", "name": "cc", "targets": [], "dependencies": [] },
            { "id": "reg#insta", "name": "insta", "targets": [], "dependencies": [] } ],
        "workspace_members": ["path#ours"],
        "resolve": { "nodes": [
            { "id": "path#ours", "deps": [
                { "pkg": "reg#serde", "dep_kinds": [ { "kind": null } ] },
                { "pkg": "reg#cc", "dep_kinds": [ { "kind": "build" } ] },
                { "pkg": "reg#insta", "dep_kinds": [ { "kind": "dev" } ] } ] },
            { "id": "reg#serde", "deps": [] }, { "id": "reg#cc", "deps": [] }, { "id": "reg#insta", "deps": [] } ] } }"#;

    #[test]
    fn metadata_becomes_a_graph() {
        let graph = Graph::parse(METADATA).unwrap();
        let ours = graph.members();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].benches, ["speed"]);
        assert_eq!(ours[0].declared.len(), 4);
        let normal: Vec<_> = graph
            .reach("ours", |kind| kind == Kind::Normal)
            .into_keys()
            .collect();
        assert_eq!(normal, ["path#ours", "reg#serde"]);
        let all: Vec<_> = graph.reach("ours", |_| true).into_keys().collect();
        assert_eq!(all, ["path#ours", "reg#cc", "reg#insta", "reg#serde"]);
    }

    #[test]
    fn a_form_we_do_not_know_is_an_error_and_not_an_empty_graph() {
        assert!(Graph::parse("{}").is_err());
        assert!(Graph::parse(&METADATA.replace("dep_kinds", "kinds")).is_err());
        assert!(Graph::parse(&METADATA.replace("workspace_members", "members")).is_err());
    }

    #[test]
    fn chains_are_shortest_and_rings_end() {
        let graph = graph("a: b c\n--\nb: c\nc: d\nd: a");
        let chains = graph.reach("a", |_| true);
        assert_eq!(chains["d"], ["a", "c", "d"]);
        assert_eq!(graph.reach("unknown", |_| true).len(), 0);
    }
}
