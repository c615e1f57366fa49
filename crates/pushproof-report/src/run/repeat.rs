//! What a case comes to that ran several times: [`repeated`].

use std::collections::BTreeMap;

use crate::Verdict;

/// The verdict and the reason of a case whose instances came to these, in their order.
///
/// Instances that were judged and differ make it flaky. What could not be judged differs from nothing: it says something about the
/// circumstances, not about the endpoint, and leaves the case open if no breach was found. Nor is a known deviation that did not show this time
/// a difference.
pub fn repeated(instances: &[(Verdict, Option<String>)]) -> (Verdict, Option<String>) {
    let mut by_verdict: BTreeMap<Verdict, Vec<usize>> = BTreeMap::new();
    for (at, (verdict, _)) in instances.iter().enumerate() {
        by_verdict.entry(*verdict).or_default().push(at);
    }
    let reason = |numbers: &[usize]| numbers.iter().find_map(|&at| instances[at].1.clone());
    let worst = match by_verdict.first_key_value() {
        None => return (Verdict::CouldNotRun, Some("no instance ran".to_owned())),
        Some((verdict, numbers)) if by_verdict.len() == 1 => return (*verdict, reason(numbers)),
        Some((verdict, _)) => *verdict,
    };
    let parts: Vec<String> = by_verdict
        .iter()
        .map(|(verdict, numbers)| part(*verdict, numbers, reason(numbers)))
        .collect();
    let told = Some(parts.join("; "));
    let mut judged: Vec<Verdict> = by_verdict
        .keys()
        .filter(|verdict| !verdict.is_unjudged())
        .map(|verdict| match verdict {
            Verdict::Known => Verdict::Pass,
            other => *other,
        })
        .collect();
    judged.dedup();
    if judged.len() > 1 {
        (Verdict::Flaky, told)
    } else {
        (worst, told)
    }
}

/// `instances 2 and 4: fail (expected refused, got tokens (200))`.
fn part(verdict: Verdict, positions: &[usize], reason: Option<String>) -> String {
    const SHOWN_MAX: usize = 8;
    let noun = if positions.len() == 1 {
        "instance"
    } else {
        "instances"
    };
    let mut numbers: Vec<String> = positions
        .iter()
        .take(SHOWN_MAX)
        .map(|at| (at + 1).to_string())
        .collect();
    if positions.len() > SHOWN_MAX {
        numbers.push(format!("{} more", positions.len() - SHOWN_MAX));
    }
    let numbers = match numbers.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => numbers.concat(),
    };
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    format!("{noun} {numbers}: {verdict}{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{CouldNotRun, Fail, Known, Pass};
    use proptest::prelude::*;

    fn check(instances: &[Verdict]) -> String {
        let instances: Vec<_> = instances
            .iter()
            .map(|verdict| (*verdict, (*verdict != Pass).then(|| "why".to_owned())))
            .collect();
        let (verdict, reason) = repeated(&instances);
        format!("{verdict}: {}", reason.unwrap_or_default())
    }

    #[test]
    fn which_instance_did_what() {
        insta::assert_snapshot!([
            check(&[Pass, Pass]),
            check(&[Fail, Fail]),
            check(&[Pass, Fail, Pass, Fail]),
            check(&[Pass, CouldNotRun]),
            check(&[Fail, CouldNotRun]),
            check(&[Known, Pass]),
            check(&[]),
        ].join("\n"), @"
        pass: 
        fail: why
        flaky: instances 2 and 4: fail (why); instances 1 and 3: pass
        could-not-run: instance 2: could-not-run (why); instance 1: pass
        fail: instance 1: fail (why); instance 2: could-not-run (why)
        known: instance 1: known (why); instance 2: pass
        could-not-run: no instance ran
        ");
    }

    proptest! {
        #[test]
        fn the_order_of_the_instances_does_not_matter(positions in prop::collection::vec(0..8usize, 1..9)) {
            let of = |positions: &[usize]| {
                let instances: Vec<_> = positions.iter().map(|&at| (Verdict::ALL[at], None)).collect();
                repeated(&instances).0
            };
            let mut reversed = positions.clone();
            reversed.reverse();
            prop_assert_eq!(of(&positions), of(&reversed));
        }
    }
}
