//! Pure packages do no input and output, not even through a dependency: [`check`].

use crate::checked::Checked;
use crate::metadata::{Graph, Kind};

const PURE: &[&str] = &[
    "pushproof-polling",
    "pushproof-shape",
    "pushproof-report",
    "pushproof-device",
    "pushproof-tenant",
    "pushproof-scenario",
];

/// What opens sockets or runs those who do.
const NOT_IN_PURE: &[&str] = &["tokio", "hyper", "reqwest", "mio", "socket2"];

/// No pure package reaches a socket in its normal dependencies. All features that the workspace switches on count.
pub(crate) fn check(graph: &Graph) -> Checked {
    let mut checked = Checked::default();
    for pure in PURE {
        let reached = graph.reach(pure, |kind| kind == Kind::Normal);
        if reached.is_empty() {
            checked.problems.push(format!(
                "no package `{pure}` in the workspace (list in xtask/src/purity.rs)"
            ));
        }
        for chain in reached.values() {
            if chain.last().is_some_and(|name| NOT_IN_PURE.contains(name)) {
                checked.problems.push(format!(
                    "`{pure}` is pure but reaches a socket: {}",
                    chain.join(" → ")
                ));
            }
        }
    }
    checked.note = format!("{} pure packages", PURE.len());
    checked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::graph;

    fn problems(tenant: &str) -> Vec<String> {
        check(&graph(&format!(
            "pushproof-polling:
             pushproof-shape:
             pushproof-report: serde
             pushproof-device:
             pushproof-scenario: pushproof-report
             pushproof-tenant: {tenant}
             --
             serde:
             tower: tokio
             criterion: tokio
             tokio: mio
             mio:"
        )))
        .problems
    }

    #[test]
    fn pure_packages_with_pure_dependencies_hold() {
        assert_eq!(problems("serde"), Vec::<String>::new());
    }

    #[test]
    fn a_socket_is_found_behind_a_dependency() {
        assert_eq!(
            problems("tower"),
            [
                "`pushproof-tenant` is pure but reaches a socket: pushproof-tenant → tower → tokio → mio",
                "`pushproof-tenant` is pure but reaches a socket: pushproof-tenant → tower → tokio",
            ]
        );
    }

    #[test]
    fn tests_and_benchmarks_may_open_sockets() {
        assert_eq!(problems("[dev] criterion"), Vec::<String>::new());
    }

    #[test]
    fn a_package_that_was_renamed_is_not_silently_left_out() {
        let problems = check(&graph("pushproof-polling:")).problems;
        assert_eq!(problems.len(), PURE.len() - 1);
    }
}
