//! Who may use whom: the table of the design, and [`check`], which holds the manifests against it.

use std::fmt::Write as _;

use crate::checked::Checked;
use crate::metadata::{Graph, Kind, Package};

/// Each of our packages with those of ours that it may depend on. An edge that is missing here is forbidden; tests may
/// use whatever they like.
const MAY_USE: &[(&str, &[&str])] = &[
    ("pushproof-polling", &[]),
    ("pushproof-shape", &[]),
    ("pushproof-report", &[]),
    ("pushproof-device", &[]),
    ("pushproof-tenant", &[]),
    (
        "pushproof-scenario",
        &["pushproof-polling", "pushproof-shape", "pushproof-report"],
    ),
    (
        "pushproof-runner",
        &[
            "pushproof-scenario",
            "pushproof-device",
            "pushproof-shape",
            "pushproof-report",
            "pushproof-polling",
        ],
    ),
    (
        "pushproof-load",
        &[
            "pushproof-scenario",
            "pushproof-runner",
            "pushproof-device",
            "pushproof-report",
            "pushproof-polling",
        ],
    ),
    (
        "pushproof",
        &[
            "pushproof-polling",
            "pushproof-shape",
            "pushproof-report",
            "pushproof-device",
            "pushproof-tenant",
            "pushproof-scenario",
            "pushproof-runner",
            "pushproof-load",
            "pushproof-dialects",
        ],
    ),
    ("pushproof-dialects", &[]),
    ("xtask", &[]),
];

/// Every member stands in the table and uses only what the table grants it, in its normal and build dependencies.
pub(crate) fn check(graph: &Graph) -> Checked {
    let members = graph.members();
    let mut checked = Checked::default();
    let mut n_edges = 0;
    for member in &members {
        let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == member.name) else {
            checked.problems.push(format!(
                "package `{}` is missing in the table of xtask/src/dag.rs: say there what it may use",
                member.name
            ));
            continue;
        };
        for used in uses(member, &members) {
            n_edges += 1;
            if !may_use.contains(&used) {
                checked.problems.push(format!(
                    "`{}` may not depend on `{used}` (table in xtask/src/dag.rs)",
                    member.name
                ));
            }
        }
    }
    checked.note = format!("{} packages, {n_edges} edges", members.len());
    checked
}

/// The edges as they are, for a person.
pub(crate) fn table(graph: &Graph) -> String {
    let members = graph.members();
    let width = members
        .iter()
        .map(|member| member.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for member in &members {
        let used = uses(member, &members).join(" ");
        let used = if used.is_empty() { "–" } else { &used };
        writeln!(text, "{:width$}  {used}", member.name)
            .expect("writing to a String does not fail");
    }
    text
}

/// Those of ours that a package names outside its tests, each once.
fn uses<'a>(package: &'a Package, members: &[&Package]) -> Vec<&'a str> {
    let declared = package
        .declared
        .iter()
        .filter(|(_, kind)| *kind != Kind::Dev);
    let ours = declared.filter(|(name, _)| members.iter().any(|member| member.name == *name));
    let mut used: Vec<_> = ours.map(|(name, _)| name.as_str()).collect();
    used.sort_unstable();
    used.dedup();
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::graph;

    fn problems(text: &str) -> Vec<String> {
        check(&graph(text)).problems
    }

    #[test]
    fn the_edges_of_the_table_are_allowed() {
        let graph = graph(
            "pushproof-polling:
             pushproof-report: serde
             pushproof-scenario: pushproof-polling pushproof-report serde
             --
             serde:",
        );
        let checked = check(&graph);
        assert_eq!(checked.problems, Vec::<String>::new());
        assert_eq!(checked.note, "3 packages, 2 edges");
    }

    #[test]
    fn a_missing_edge_is_forbidden() {
        let problems = problems("pushproof-tenant: pushproof-device\npushproof-device:");
        assert_eq!(
            problems,
            ["`pushproof-tenant` may not depend on `pushproof-device` (table in xtask/src/dag.rs)"]
        );
    }

    #[test]
    fn a_build_script_has_no_edge_of_its_own() {
        assert_eq!(
            problems("pushproof-runner: [build] pushproof-tenant\npushproof-tenant:").len(),
            1
        );
    }

    #[test]
    fn tests_may_use_anything() {
        assert_eq!(
            problems("pushproof-scenario: [dev] pushproof-tenant\npushproof-tenant:"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_package_nobody_knows_is_a_problem() {
        let problems = problems("pushproof-helpers: ");
        assert!(
            problems[0].contains("`pushproof-helpers` is missing in the table"),
            "{problems:?}"
        );
    }

    #[test]
    fn xtask_does_not_link_the_program() {
        assert_eq!(
            problems("xtask: pushproof-report\npushproof-report:").len(),
            1
        );
    }

    #[test]
    fn the_table_has_no_ring_and_no_unknown_name() {
        let mut settled: Vec<&str> = Vec::new();
        while settled.len() < MAY_USE.len() {
            let ready = |(name, uses): &&(&str, &[&str])| {
                !settled.contains(name) && uses.iter().all(|used| settled.contains(used))
            };
            let next = MAY_USE.iter().find(ready).map(|(name, _)| *name);
            settled.push(
                next.unwrap_or_else(|| panic!("a ring or an unknown name beside {settled:?}")),
            );
        }
    }
}
