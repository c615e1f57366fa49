//! What a run says about each requirement: [`Requirement`], the fold of the checks that are bound to it.

use std::collections::BTreeMap;

use super::{Case, Check, Run};
use crate::{Binding, Cover, Finding, Level, RequirementHead, Verdict};

/// A requirement and what the run says about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// The requirement.
    pub head: RequirementHead,
    /// The worst of what its bound checks mean for it.
    pub verdict: Verdict,
    /// Why, for whatever is not plain pass.
    pub reason: Option<String>,
    /// For what is asked at [`Level::May`]: whether it was seen. `None` if it was not looked for.
    pub observed: Option<bool>,
    /// Ids of the selected cases that judge it, in planned order.
    pub cases: Vec<String>,
    /// Numbers of the findings about it: positions in [`Run::findings`].
    pub findings: Vec<usize>,
}

impl Requirement {
    /// Whether a selected case judges it. What nobody selected does not count for the exit code.
    pub fn is_selected(&self) -> bool {
        !self.cases.is_empty()
    }
}

/// What one check of one case says about one requirement.
struct Vote {
    verdict: Verdict,
    reason: Option<String>,
    observed: Option<bool>,
}

impl Run {
    /// Every requirement in the order of the dialect; then those that only a case names, by id.
    pub fn requirements(&self) -> Vec<Requirement> {
        let mut folded: BTreeMap<String, Requirement> = BTreeMap::new();
        for case in &self.cases {
            for (cover, vote) in votes(case) {
                let entry = folded.entry(cover.requirement.clone());
                entry
                    .or_insert_with(|| unknown(cover))
                    .take(vote, &case.head.id);
            }
        }
        for (number, finding) in self.findings().into_iter().enumerate() {
            for cover in &finding.requirements {
                if let Some(requirement) = folded.get_mut(&cover.requirement) {
                    requirement.findings.push(number);
                }
            }
        }
        let heads = self.requirement_heads.iter();
        let mut requirements: Vec<_> = heads
            .map(|head| match folded.remove(&head.id) {
                Some(folded) => Requirement {
                    head: head.clone(),
                    ..folded
                },
                None => uncovered(head),
            })
            .collect();
        requirements.extend(folded.into_values());
        requirements
    }
}

impl Requirement {
    fn take(&mut self, vote: Vote, case: &str) {
        if self.cases.last().is_none_or(|last| last != case) {
            self.cases.push(case.to_owned());
        }
        let first = vote.verdict == self.verdict && self.reason.is_none();
        if first || vote.verdict < self.verdict {
            self.verdict = vote.verdict;
            self.reason = vote.reason;
        }
        self.observed = match (self.observed, vote.observed) {
            (Some(before), Some(now)) => Some(before || now),
            (before, now) => before.or(now),
        };
        if self.verdict == Verdict::Pass && self.observed == Some(true) {
            self.reason = None;
        }
    }
}

/// A requirement that only a case names.
fn unknown(cover: &Cover) -> Requirement {
    Requirement {
        head: RequirementHead {
            id: cover.requirement.clone(),
            level: cover.level,
            statement: String::new(),
            source: String::new(),
            extended: false,
        },
        verdict: Verdict::NotApplicable,
        reason: None,
        observed: None,
        cases: Vec::new(),
        findings: Vec::new(),
    }
}

/// A requirement that no selected case judges.
fn uncovered(head: &RequirementHead) -> Requirement {
    Requirement {
        head: head.clone(),
        verdict: Verdict::CouldNotRun,
        reason: Some("no selected scenario covers it".to_owned()),
        observed: None,
        cases: Vec::new(),
        findings: Vec::new(),
    }
}

/// What a case says: a vote for each judged check, and one for each planned check that was never judged.
fn votes(case: &Case) -> Vec<(&Cover, Vote)> {
    let mut votes = Vec::new();
    for check in &case.checks {
        let differing = differing(case, check);
        for cover in &check.covers {
            let verdict = check.verdict.at(cover.level);
            let vote = Vote {
                verdict: if differing.is_some() {
                    Verdict::Flaky
                } else {
                    verdict
                },
                reason: differing
                    .clone()
                    .or_else(|| check.reason.clone())
                    .or_else(|| check.finding.as_ref().map(Finding::contrast)),
                observed: (cover.level == Level::May).then(|| check.held()),
            };
            votes.push((cover, vote));
        }
    }
    for binding in &case.head.bindings {
        let open = |cover: &&Cover| !is_judged(case, binding, cover);
        for cover in binding.covers.iter().filter(open) {
            votes.push((cover, not_judged(case, binding)));
        }
    }
    votes
}

/// What the instances of a flaky case made of one check, if that is not the same: `instance 1: pass, instance 2: fail`.
fn differing(case: &Case, check: &Check) -> Option<String> {
    if case.verdict() != Verdict::Flaky {
        return None;
    }
    let same = |other: &&Check| other.step == check.step && other.check == check.check;
    let judged = |other: &&Check| !other.verdict.is_unjudged();
    let mut by_instance: BTreeMap<u32, Verdict> = BTreeMap::new();
    for other in case.checks.iter().filter(same).filter(judged) {
        let worst = by_instance
            .entry(other.instance)
            .or_insert(Verdict::NotApplicable);
        *worst = (*worst).min(other.effective());
    }
    let mut verdicts = by_instance.values();
    let first = verdicts.next()?;
    let differ = verdicts.any(|verdict| verdict != first);
    let each: Vec<String> = by_instance
        .iter()
        .map(|(number, verdict)| format!("instance {number}: {verdict}"))
        .collect();
    differ.then(|| each.join(", "))
}

fn is_judged(case: &Case, binding: &Binding, cover: &Cover) -> bool {
    case.checks.iter().any(|check| {
        check.step == binding.step
            && check.check == binding.check
            && check.level_for(&cover.requirement).is_some()
    })
}

fn not_judged(case: &Case, binding: &Binding) -> Vote {
    let verdict = match case.verdict() {
        Verdict::NotApplicable => Verdict::NotApplicable,
        // Where a known deviation ended the case, it excuses what it was seen in, and not what was never looked at.
        _ => Verdict::CouldNotRun,
    };
    let Binding { step, check, .. } = binding;
    let reason = case
        .reason()
        .unwrap_or_else(|| format!("`{step}.{check}` of `{}` was never judged", case.head.id));
    Vote {
        verdict,
        reason: Some(reason),
        observed: None,
    }
}
