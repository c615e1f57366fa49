//! How many packages a build needs: [`check`] keeps the tree small on purpose.

use std::collections::BTreeSet;

use crate::checked::Checked;
use crate::metadata::{Graph, Kind};

/// Packages in the normal tree of the workspace, ours included. Raise it knowingly, for something worth it.
const PACKAGES_MAX: usize = 230;

/// The normal dependencies of all our packages, on this platform, stay within [`PACKAGES_MAX`].
pub(crate) fn check(graph: &Graph) -> Checked {
    judge(
        count(graph, |kind| kind == Kind::Normal),
        count(graph, |kind| kind != Kind::Dev),
    )
}

fn count(graph: &Graph, follow: impl Fn(Kind) -> bool + Copy) -> usize {
    let members = graph.members();
    let reached = members
        .iter()
        .flat_map(|member| graph.reach(&member.name, follow).into_keys());
    reached.collect::<BTreeSet<_>>().len()
}

fn judge(n_normal: usize, n_with_build: usize) -> Checked {
    let mut checked = Checked::default();
    if n_normal > PACKAGES_MAX {
        checked.problems.push(format!(
            "{n_normal} packages in the normal tree are more than {PACKAGES_MAX} (xtask/src/packages.rs); `cargo tree -e normal` shows them"
        ));
    }
    checked.note = format!(
        "{n_normal} of at most {PACKAGES_MAX} packages ({n_with_build} with build scripts')"
    );
    checked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::graph;

    #[test]
    fn every_package_counts_once_and_tests_do_not() {
        let graph = graph("a: x y [build] z [dev] t\nb: x\n--\nx: y\ny:\nz:\nt:");
        assert_eq!(
            check(&graph).note,
            "4 of at most 230 packages (5 with build scripts')"
        );
    }

    #[test]
    fn one_too_many_is_a_problem() {
        assert!(judge(PACKAGES_MAX, PACKAGES_MAX).holds());
        assert!(!judge(PACKAGES_MAX + 1, PACKAGES_MAX + 1).holds());
    }
}
