//! Known deviations: breaches that are tolerated for a while. Start at [`Deviations`].
//!
//! It stands between whoever runs and whoever reports: a breach that an entry names passes on as [`Verdict::Known`], and when all is over each
//! entry says what became of it. So the record itself tells why a run with a breach is green, or why a run without one is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Event, Finding, KnownEntry, KnownState, Verdict, repeated};

/// An entry, and the cases of the dialect that it is about: globs and calendars are somebody else's work.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// The entry.
    pub entry: KnownEntry,
    /// Ids of the cases that it is about, selected or not.
    pub cases: BTreeSet<String>,
    /// [`KnownState::Expired`] or [`KnownState::Unmatched`], if that is plain before the run; the entry then excuses nothing.
    pub bad: Option<KnownState>,
}

/// The entries of a list during a run.
#[derive(Clone, Debug, Default)]
pub struct Deviations {
    entries: Vec<Watched>,
    cases: BTreeMap<String, Seen>,
    /// What the instances of the running cases came to.
    instances: BTreeMap<String, Vec<(Verdict, Option<String>)>>,
}

#[derive(Clone, Debug)]
struct Watched {
    deviation: Deviation,
    /// Cases in which it excused a breach.
    excused: BTreeSet<String>,
    /// Some case came to a verdict in which it had nothing to excuse.
    idle: bool,
}

/// What the checks of a running case, or of its running instance, came to.
#[derive(Clone, Debug, Default)]
struct Seen {
    worst: Option<(Verdict, Option<String>)>,
    /// Positions of the entries that excused something in it.
    excused: BTreeSet<usize>,
    /// Positions of the entries whose check was judged and held.
    held: BTreeSet<usize>,
}

impl Deviations {
    /// A list, nothing of which has happened yet.
    pub fn new(deviations: impl IntoIterator<Item = Deviation>) -> Self {
        let watched = |deviation| Watched {
            deviation,
            excused: BTreeSet::new(),
            idle: false,
        };
        Self {
            entries: deviations.into_iter().map(watched).collect(),
            ..Self::default()
        }
    }

    /// The event as it is to be told. Give it every event of a run, in order.
    pub fn apply(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::CaseStarted { case } | Event::InstanceStarted { case, .. } => {
                self.cases.insert(case.clone(), Seen::default());
            }
            Event::Judged {
                case,
                step,
                check,
                verdict,
                covers,
                reason,
                finding,
            } => {
                let position = self.position(case, &format!("{step}.{check}"));
                let seen = self.cases.entry(case.clone()).or_default();
                let is_breach = matches!(verdict, Verdict::Fail | Verdict::Warn);
                if let Some(position) = position.filter(|_| is_breach) {
                    *verdict = Verdict::Known;
                    *reason = Some(self.entries[position].deviation.entry.excuse());
                    if let Some(finding) = finding {
                        finding.verdict = Verdict::Known;
                    }
                    seen.excused.insert(position);
                } else if let Some(position) = position.filter(|_| *verdict == Verdict::Pass) {
                    seen.held.insert(position);
                }
                let each = covers.iter().map(|cover| verdict.at(cover.level));
                let effective = Verdict::worst(each).unwrap_or(*verdict);
                let contrast = || finding.as_ref().map(|finding| told(finding));
                if seen
                    .worst
                    .as_ref()
                    .is_none_or(|(worst, _)| effective < *worst)
                {
                    let why = reason.clone().or_else(contrast);
                    seen.worst = Some((effective, why.filter(|_| effective != Verdict::Pass)));
                }
            }
            Event::InstanceFinished {
                case,
                verdict,
                reason,
                ..
            } => {
                self.close(case, verdict, reason);
                let came_to = (*verdict, reason.clone());
                self.instances
                    .entry(case.clone())
                    .or_default()
                    .push(came_to);
            }
            Event::CaseFinished {
                case,
                verdict,
                reason,
                ..
            } => match self.instances.remove(case) {
                Some(instances) => (*verdict, *reason) = repeated(&instances),
                None => self.close(case, verdict, reason),
            },
            _ => {}
        }
        event
    }

    /// The first entry that is about this check of this case and still counts.
    fn position(&self, case: &str, check: &str) -> Option<usize> {
        self.entries.iter().position(|watched| {
            let Deviation { entry, cases, bad } = &watched.deviation;
            bad.is_none() && entry.check == check && cases.contains(case)
        })
    }

    fn close(&mut self, case: &str, verdict: &mut Verdict, reason: &mut Option<String>) {
        let seen = self.cases.remove(case).unwrap_or_default();
        // Only a case that went on to its end shows that a check which is told of in a breach alone was not breached.
        let is_whole = matches!(verdict, Verdict::Pass | Verdict::Warn);
        for (position, watched) in self.entries.iter_mut().enumerate() {
            if seen.excused.contains(&position) {
                watched.excused.insert(case.to_owned());
            } else if watched.deviation.cases.contains(case) {
                watched.idle |= is_whole || seen.held.contains(&position);
            }
        }
        if !seen.excused.is_empty()
            && let Some((worst, why)) = seen.worst
        {
            (*verdict, *reason) = (worst, why);
        }
    }

    /// What became of each entry, in the order of the list; to be told before the run's last event.
    pub fn end(&self) -> Vec<Event> {
        let event = |watched: &Watched| Event::KnownDeviation {
            entry: watched.deviation.entry.clone(),
            state: watched.state(),
            cases: watched.excused.iter().cloned().collect(),
        };
        self.entries.iter().map(event).collect()
    }
}

impl Watched {
    fn state(&self) -> KnownState {
        match self.deviation.bad {
            Some(bad) => bad,
            None if !self.excused.is_empty() => KnownState::Matched,
            None if self.idle => KnownState::Stale,
            None => KnownState::NotAsked,
        }
    }
}

fn told(finding: &Finding) -> String {
    format!("{}.{}: {}", finding.step, finding.check, finding.contrast())
}
