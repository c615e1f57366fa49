//! One case as reports see it: [`Case`], with everything that happened in it.

use crate::{
    ActResult, Attribution, CaseHead, Cover, Event, Finding, Level, Remedy, ShownReply,
    ShownRequest, Verdict,
};

/// A selected case: what was planned, what happened, what it came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// As planned.
    pub head: CaseHead,
    /// The feature that the target lacks.
    pub not_applicable: Option<String>,
    /// Whether it began.
    pub started: bool,
    /// The steps that began, in that order.
    pub steps: Vec<Step>,
    /// What happened, in the order in which it was told.
    pub trace: Vec<Happening>,
    /// What was judged, in the order in which it was told.
    pub checks: Vec<Check>,
    /// Its runs, if it was run several times.
    pub instances: Vec<Instance>,
    /// What it came to; `None` as long as it goes on.
    pub end: Option<CaseEnd>,
    /// Why the endpoint's throttling or the target's limits held it back.
    pub held_back: Option<String>,
    /// What clean-up could not remove.
    pub left_behind: Vec<String>,
    /// Whoever was made for it and has not been deleted, with their ids.
    made: Vec<(String, Option<String>)>,
}

/// A step that began.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// Its sentence.
    pub say: String,
}

/// How a case ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseEnd {
    /// What it came to.
    pub verdict: Verdict,
    /// Why, for whatever is not plain pass.
    pub reason: Option<String>,
    /// Real time.
    pub took_ms: u64,
}

/// One of several runs of the same case.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    /// From 1.
    pub number: u32,
    /// What it came to; `None` as long as it goes on.
    pub end: Option<CaseEnd>,
    /// Where it begins in [`Case::trace`].
    trace_from: usize,
}

/// A check that came to a verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// Which run of the case judged it; 1 if there was only one.
    pub instance: u32,
    /// The step that it belongs to.
    pub step: String,
    /// Its name within the step.
    pub check: String,
    /// What it came to, before levels.
    pub verdict: Verdict,
    /// What it covers.
    pub covers: Vec<Cover>,
    /// Why.
    pub reason: Option<String>,
    /// The evidence of a breach.
    pub finding: Option<Finding>,
}

/// One thing that happened in a case.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// A request and what became of it.
    Exchange(Exchange),
    /// A device action.
    Act(Act),
    /// Time that passed on purpose.
    Wait(Wait),
    /// Something that came between.
    Trouble(Trouble),
    /// A question whether the endpoint is alive.
    Probe(Probe),
}

/// A request and what became of it. Fields as in [`Event::Exchanged`].
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct Exchange {
    pub step: String,
    pub exchange: u64,
    pub poll: Option<u32>,
    pub at_ms: u64,
    pub operation: String,
    pub request: ShownRequest,
    pub reply: Option<ShownReply>,
    pub failure: Option<String>,
    pub outcomes: Vec<String>,
    pub took_us: u64,
}

/// A device action. Fields as in [`Event::Acted`].
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct Act {
    pub step: String,
    pub at_ms: u64,
    pub actor: String,
    pub action: String,
    pub after_poll: Option<u32>,
    pub result: ActResult,
    pub detail: Option<String>,
}

/// Time that passed on purpose. Fields as in [`Event::Waited`].
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct Wait {
    pub step: String,
    pub from_ms: u64,
    pub until_ms: u64,
    pub why: String,
}

/// Something that came between. Fields as in [`Event::Troubled`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct Trouble {
    pub step: String,
    pub exchange: Option<u64>,
    pub at_ms: u64,
    pub what: String,
    pub to: Attribution,
    pub then: Remedy,
}

/// A question whether the endpoint is alive. Fields as in [`Event::Probed`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "documented where they come from")]
pub struct Probe {
    pub step: String,
    pub at_ms: u64,
    pub asked: String,
    pub came: String,
    pub alive: bool,
    pub took_us: u64,
    pub lag_us: u64,
}

impl Check {
    /// What it came to, levels considered: the worst of what it means for each requirement. A check that covers
    /// nothing stands as it is.
    pub fn effective(&self) -> Verdict {
        let each = self.covers.iter().map(|cover| self.verdict.at(cover.level));
        Verdict::worst(each).unwrap_or(self.verdict)
    }

    /// Whether what it asks for was seen.
    pub fn held(&self) -> bool {
        self.verdict == Verdict::Pass && self.finding.is_none()
    }

    /// The level at which it covers a requirement, if it does.
    pub fn level_for(&self, requirement: &str) -> Option<Level> {
        let covers = self.covers.iter();
        Level::strongest(
            covers
                .filter(|cover| cover.requirement == requirement)
                .map(|cover| cover.level),
        )
    }
}

impl Happening {
    /// Protocol time since the case began, at which it began.
    pub fn at_ms(&self) -> u64 {
        match self {
            Self::Exchange(exchange) => exchange.at_ms,
            Self::Act(act) => act.at_ms,
            Self::Wait(wait) => wait.from_ms,
            Self::Trouble(trouble) => trouble.at_ms,
            Self::Probe(probe) => probe.at_ms,
        }
    }

    /// The step that it belongs to.
    pub fn step(&self) -> &str {
        match self {
            Self::Exchange(Exchange { step, .. })
            | Self::Act(Act { step, .. })
            | Self::Wait(Wait { step, .. })
            | Self::Trouble(Trouble { step, .. })
            | Self::Probe(Probe { step, .. }) => step,
        }
    }
}

impl Case {
    pub(super) fn new(head: CaseHead, not_applicable: Option<String>) -> Self {
        Self {
            head,
            not_applicable,
            started: false,
            steps: Vec::new(),
            trace: Vec::new(),
            checks: Vec::new(),
            instances: Vec::new(),
            end: None,
            held_back: None,
            left_behind: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Whether it should still come to a verdict.
    pub fn is_open(&self) -> bool {
        self.end.is_none() && self.not_applicable.is_none()
    }

    /// What it came to. A case that did not finish counts as [`Verdict::CouldNotRun`].
    pub fn verdict(&self) -> Verdict {
        match (&self.end, &self.not_applicable) {
            (Some(end), _) => end.verdict,
            (None, Some(_)) => Verdict::NotApplicable,
            (None, None) => Verdict::CouldNotRun,
        }
    }

    /// Why it came to that, if there is anything to say.
    pub fn reason(&self) -> Option<String> {
        match (&self.end, &self.not_applicable) {
            (
                Some(CaseEnd {
                    reason: Some(reason),
                    ..
                }),
                _,
            ) => Some(reason.clone()),
            // `feature (why)` is a feature and a remark on it.
            (_, Some(feature)) => Some(match feature.split_once(" (") {
                Some((feature, why)) => format!("the target lacks `{feature}` ({why}"),
                None => format!("the target lacks `{feature}`"),
            }),
            (Some(_), None) => None,
            (None, None) if self.started => Some("the run ended before the case did".to_owned()),
            (None, None) => Some("the run ended before the case began".to_owned()),
        }
    }

    /// The findings of its checks.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks
            .iter()
            .filter_map(|check| check.finding.as_ref())
    }

    /// Its exchanges.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.trace.iter().filter_map(|happening| match happening {
            Happening::Exchange(exchange) => Some(exchange),
            Happening::Act(_)
            | Happening::Wait(_)
            | Happening::Trouble(_)
            | Happening::Probe(_) => None,
        })
    }

    /// What came between.
    pub fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.trace.iter().filter_map(|happening| match happening {
            Happening::Trouble(trouble) => Some(trouble),
            Happening::Exchange(_)
            | Happening::Act(_)
            | Happening::Wait(_)
            | Happening::Probe(_) => None,
        })
    }

    /// The instance that a report tells of: the first of the worst. `None` if the case ran only once.
    pub fn telling(&self) -> Option<&Instance> {
        let verdict = |instance: &&Instance| instance.end.as_ref().map(|end| end.verdict);
        self.instances.iter().min_by_key(verdict)
    }

    /// What happened, in protocol time; what happened at the same time stays in the order in which it was told. Of a case that ran several
    /// times: what happened in the [telling](Self::telling) instance.
    pub fn timeline(&self) -> Vec<&Happening> {
        let told = match self.telling() {
            Some(instance) => {
                let next = self.instances.get(instance.number as usize);
                let until = next.map_or(self.trace.len(), |next| next.trace_from);
                &self.trace[instance.trace_from..until]
            }
            None => &self.trace[..],
        };
        let mut timeline: Vec<_> = told.iter().collect();
        timeline.sort_by_key(|happening| happening.at_ms());
        timeline
    }

    /// What the case left at the target, as far as is known: what clean-up could not remove, and whoever was made and not deleted, because the
    /// run still goes on or was killed.
    pub fn left(&self) -> Vec<String> {
        let told = |user: &str| {
            let user = format!("user `{user}`");
            self.left_behind.iter().any(|what| what.starts_with(&user))
        };
        let made = self.made.iter().filter(|(user, _)| !told(user));
        let made = made.map(|(user, id)| {
            let id = id
                .as_ref()
                .map_or_else(String::new, |id| format!(" (id `{id}`)"));
            format!("user `{user}`{id}: made, and not seen to be deleted")
        });
        self.left_behind.iter().cloned().chain(made).collect()
    }

    /// Takes an event of this case in; `Err` says, as the rest of a sentence, what does not fit.
    pub(super) fn push(&mut self, event: Event) -> Result<(), String> {
        let may_follow = matches!(event, Event::LeftBehind { .. } | Event::UserDeleted { .. });
        if self.end.is_some() && !may_follow {
            return Err("goes on after its end".to_owned());
        }
        match event {
            Event::CaseStarted { .. } if self.started => return Err("starts twice".to_owned()),
            Event::CaseStarted { .. } => self.started = true,
            Event::StepStarted { step, say, .. } => {
                if !self.steps.iter().any(|known| known.id == step) || self.instances.is_empty() {
                    self.steps.push(Step { id: step, say });
                }
            }
            Event::InstanceStarted { instance, .. } => return self.begin_instance(instance),
            Event::InstanceFinished {
                instance,
                verdict,
                reason,
                took_ms,
                ..
            } => {
                let end = CaseEnd {
                    verdict,
                    reason,
                    took_ms,
                };
                return self.end_instance(instance, end);
            }
            Event::LeftBehind { what, .. } => self.left_behind.push(what),
            Event::UserMade { user, id, .. } => self.made.push((user, id)),
            Event::UserDeleted { user, .. } => self.made.retain(|(made, _)| *made != user),
            Event::HeldBack { why, .. } => {
                self.held_back.get_or_insert(why);
            }
            Event::Judged {
                step,
                check,
                verdict,
                covers,
                reason,
                finding,
                ..
            } => {
                let finding = finding.map(|finding| *finding);
                self.checks.push(Check {
                    instance: self.instances.last().map_or(1, |running| running.number),
                    step,
                    check,
                    verdict,
                    covers,
                    reason,
                    finding,
                });
            }
            Event::CaseFinished {
                verdict,
                reason,
                took_ms,
                ..
            } => {
                self.end = Some(CaseEnd {
                    verdict,
                    reason,
                    took_ms,
                });
                return self.consistent(verdict);
            }
            event => self.trace.extend(Happening::of(event)),
        }
        Ok(())
    }

    fn begin_instance(&mut self, number: u32) -> Result<(), String> {
        let expected = self.instances.len() as u32 + 1;
        let running = self.instances.last().is_some_and(|last| last.end.is_none());
        self.instances.push(Instance {
            number: expected,
            end: None,
            trace_from: self.trace.len(),
        });
        match running {
            true => Err(format!("begins instance {number} before another ended")),
            false if number != expected => Err(format!(
                "begins instance {number} where {expected} should follow"
            )),
            false => Ok(()),
        }
    }

    fn end_instance(&mut self, number: u32, end: CaseEnd) -> Result<(), String> {
        match self.instances.last_mut() {
            Some(running) if running.number == number && running.end.is_none() => {
                running.end = Some(end);
                Ok(())
            }
            _ => Err(format!("ends instance {number}, which does not run")),
        }
    }

    /// A case is not better than its worst check. A flaky one has checks of several instances.
    fn consistent(&self, verdict: Verdict) -> Result<(), String> {
        let Some(worst) = self.checks.iter().min_by_key(|check| check.effective()) else {
            return Ok(());
        };
        match worst.effective() {
            check if verdict <= check || verdict == Verdict::Flaky => Ok(()),
            Verdict::Pass | Verdict::NotApplicable => Ok(()),
            check => Err(format!(
                "came to {verdict}, but its check `{}.{}` to {check}",
                worst.step, worst.check
            )),
        }
    }
}

impl Happening {
    fn of(event: Event) -> Option<Self> {
        match event {
            Event::Exchanged {
                case: _,
                step,
                exchange,
                poll,
                at_ms,
                operation,
                request,
                reply,
                failure,
                outcomes,
                took_us,
            } => Some(Self::Exchange(Exchange {
                step,
                exchange,
                poll,
                at_ms,
                operation,
                request,
                reply,
                failure,
                outcomes,
                took_us,
            })),
            Event::Acted {
                case: _,
                step,
                at_ms,
                actor,
                action,
                after_poll,
                result,
                detail,
            } => Some(Self::Act(Act {
                step,
                at_ms,
                actor,
                action,
                after_poll,
                result,
                detail,
            })),
            Event::Waited {
                case: _,
                step,
                from_ms,
                until_ms,
                why,
            } => Some(Self::Wait(Wait {
                step,
                from_ms,
                until_ms,
                why,
            })),
            Event::Troubled {
                case: _,
                step,
                exchange,
                at_ms,
                what,
                to,
                then,
            } => Some(Self::Trouble(Trouble {
                step,
                exchange,
                at_ms,
                what,
                to,
                then,
            })),
            Event::Probed {
                case: _,
                step,
                at_ms,
                asked,
                came,
                alive,
                took_us,
                lag_us,
            } => Some(Self::Probe(Probe {
                step,
                at_ms,
                asked,
                came,
                alive,
                took_us,
                lag_us,
            })),
            _ => None,
        }
    }
}
