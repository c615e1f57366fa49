//! What a file is, by what it says: its name is the author's own.

use pushproof_scenario::Source;
use pushproof_scenario::yaml::{self, Kind as Yaml};

/// The files that pushproof reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Scenario,
    Fragment,
    Dialect,
    Requirements,
    Target,
    Known,
}

/// For each kind the keys that no other has, and those that it shares.
const KEYS: &[(Kind, &[&str], &[&str])] = &[
    (
        Kind::Scenario,
        &["id", "actors", "matrix", "finally", "needs"],
        &["title", "tags", "repeat", "steps"],
    ),
    (
        Kind::Fragment,
        &["fragment", "outputs"],
        &["inputs", "steps"],
    ),
    (
        Kind::Dialect,
        &[
            "operations",
            "profiles",
            "always",
            "poll",
            "not_fresh",
            "fresh",
        ],
        &["dialect", "title", "features", "lifetimes", "endpoints"],
    ),
    (Kind::Requirements, &["requirements"], &[]),
    (
        Kind::Target,
        &[
            "target", "base_url", "client", "clients", "users", "devices", "messages", "settings",
            "clock", "limits", "load", "tls", "proxy",
        ],
        &[
            "dialect",
            "profile",
            "features",
            "lifetimes",
            "endpoints",
            "inputs",
        ],
    ),
    (Kind::Known, &["known"], &[]),
];

/// How much more a key says that only one kind has.
const OWN: usize = 3;

/// The kind that most of a file's keys speak for; `None` if none does. A misspelt key, or a mistake further down, does not matter.
pub(super) fn recognise(source: &std::sync::Arc<Source>) -> Option<Kind> {
    let keys = keys(source);
    let count = |known: &[&str]| {
        keys.iter()
            .filter(|key| known.contains(&key.as_str()))
            .count()
    };
    let scores = KEYS
        .iter()
        .map(|(kind, own, shared)| (OWN * count(own) + count(shared), *kind));
    let best = scores.max_by_key(|(score, kind)| (*score, std::cmp::Reverse(*kind)));
    best.filter(|(score, _)| *score > 0).map(|(_, kind)| kind)
}

/// The keys of the file; where it is not YAML, what looks like them.
fn keys(source: &std::sync::Arc<Source>) -> Vec<String> {
    match yaml::parse(source).map(|root| root.kind) {
        Ok(Yaml::Map(entries)) => entries.into_iter().map(|entry| entry.key).collect(),
        Ok(Yaml::Scalar { .. } | Yaml::List(_)) => Vec::new(),
        Err(_) => {
            let lines = source.text().lines();
            let keys = lines.filter_map(|line| Some(line.split_once(':')?.0));
            keys.map(str::to_owned).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_most_of_its_keys_say() {
        let kind = |text: &str| recognise(&Source::new("x.yaml", text));
        assert_eq!(kind("format: 1\nid: x\nsteps: []\n"), Some(Kind::Scenario));
        assert_eq!(
            kind("format: 1\nidd: x\ntitle: y\nsteps: []\n"),
            Some(Kind::Scenario)
        );
        assert_eq!(
            kind("frgament: x\ninputs: {}\nsteps: []\n"),
            Some(Kind::Fragment)
        );
        assert_eq!(kind("target: x\ndialect: y\n"), Some(Kind::Target));
        assert_eq!(
            kind("dialect: x\ntitle: y\noperations: {}\n"),
            Some(Kind::Dialect)
        );
        assert_eq!(kind("known: []\n"), Some(Kind::Known));
        assert_eq!(kind("requirements: []\n"), Some(Kind::Requirements));
        assert_eq!(kind("id: x\nsteps: [\n"), Some(Kind::Scenario));
        assert_eq!(kind("on: push\njobs: {}\n"), None);
        assert_eq!(kind(""), None);
    }
}
