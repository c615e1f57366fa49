//! From a session's notes to verdicts: what was judged, at which place, on which evidence. Start at [`Judge`].
//!
//! A check that covers nothing is setup: if it does not hold, the case could not run, and nobody is accused. A refusal with a control counts
//! only once the control has succeeded, wherever it stands in the file; so verdicts are given when the case is over.

use std::collections::BTreeMap;

use pushproof_report::{Cover, Event, Finding, Level, Verdict};
use pushproof_scenario::{CheckRef, Held, Program, Words};

/// Why a check is not applicable that compares with an address or a number.
const UNTOLD: &str = "the source of users did not tell what it compares with";

/// Collects what was judged in one case.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    judged: Vec<Judged>,
    /// What every reply meets, kept once for the whole case: the worst, or the first.
    always: BTreeMap<u16, Judged>,
    /// The first thing that stood in the way.
    obstacle: Option<Obstacle>,
}

#[derive(Debug)]
struct Obstacle {
    reason: String,
    /// The check that covers nothing and does not hold.
    setup: Option<CheckRef>,
}

/// What a check rests on, beside the reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grounds {
    /// Silence or slowness.
    pub(crate) silent: bool,
    /// A reply that may not be the endpoint's own, and why.
    pub(crate) trouble: Option<String>,
    /// The operation that was asked for.
    pub(crate) operation: String,
}

/// What the checks of a case came to.
pub(crate) struct Finished {
    /// One event for each check.
    pub(crate) judged: Vec<Event>,
    /// What the case comes to.
    pub(crate) verdict: Verdict,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Setup did not get what it demands.
    pub(crate) is_setup: bool,
    /// The condition of setup that a reply does not meet which is otherwise as demanded, in words.
    pub(crate) unmet: Option<String>,
    /// What must or should hold and does not.
    pub(crate) breaches: Vec<Breach>,
}

/// A breach, and what it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Breach {
    pub(crate) finding: Finding,
    pub(crate) grounds: Grounds,
}

#[derive(Debug)]
struct Judged {
    step: usize,
    check: CheckRef,
    held: Held,
    words: Words,
    exchange: Option<u64>,
    grounds: Grounds,
}

impl Judge {
    /// Takes a decided check with its words.
    pub(crate) fn take(
        &mut self,
        step: usize,
        check: CheckRef,
        held: Held,
        words: Words,
        exchange: Option<u64>,
        grounds: Grounds,
    ) {
        let judged = Judged {
            step,
            check,
            held,
            words,
            exchange,
            grounds,
        };
        match check {
            CheckRef::Always(position) => {
                if !self.knows_always(position, held) {
                    self.always.insert(position, judged);
                }
            }
            _ => {
                if held == Held::No && judged.words.covers.is_empty() {
                    let place = judged.words.source.place(judged.words.span);
                    self.obstacle.get_or_insert(Obstacle {
                        reason: format!(
                            "{}:{}: expected {}, got {}",
                            place.file, place.line, judged.words.expected, judged.words.actual
                        ),
                        setup: Some(check),
                    });
                }
                self.judged.push(judged);
            }
        }
    }

    /// Whether a condition of the dialect needs no more words. A breach replaces what held before, and what held replaces what had nothing to
    /// look at; the first breach is the one that is told.
    pub(crate) fn knows_always(&self, position: u16, held: Held) -> bool {
        self.always
            .get(&position)
            .is_some_and(|known| match known.held {
                Held::No => true,
                Held::Yes | Held::Weakly => held != Held::No,
                Held::Absent | Held::Unknown => held == known.held,
            })
    }

    /// Keeps the first reason why the case could not run.
    pub(crate) fn stand_in_the_way(&mut self, reason: String) {
        self.obstacle.get_or_insert(Obstacle {
            reason,
            setup: None,
        });
    }

    /// The verdicts as events, what the case comes to, and why.
    pub(crate) fn finish(self, program: &Program, strict: bool) -> Finished {
        let mut events = Vec::new();
        let mut breaches = Vec::new();
        let mut worst: Option<(Verdict, Option<String>)> = None;
        let mut note = |verdict: Verdict, reason: Option<String>| {
            if worst.as_ref().is_none_or(|(known, _)| verdict < *known) {
                worst = Some((verdict, reason));
            }
        };
        for judged in self.judged.iter().chain(self.always.values()) {
            if judged.words.covers.is_empty() {
                continue;
            }
            let (verdict, reason) = self.verdict(judged, program);
            let finding = matches!(verdict, Verdict::Fail | Verdict::Warn)
                .then(|| judged.finding(program, verdict));
            let covers = judged.words.covers.iter();
            if let Some(finding) = finding.clone().filter(is_breach) {
                let grounds = judged.grounds.clone();
                breaches.push(Breach { finding, grounds });
            }
            let effective =
                Verdict::worst(covers.map(|cover| verdict.at(cover.level).under(strict)));
            let contrast = finding
                .as_ref()
                .map(|finding| format!("{}: {}", judged.name(program), finding.contrast()));
            note(
                effective.unwrap_or(verdict),
                reason
                    .clone()
                    .or(contrast)
                    .filter(|_| verdict != Verdict::Pass),
            );
            events.push(Event::Judged {
                case: program.id.clone(),
                step: program.steps[judged.step].id.clone(),
                check: judged.words.check.clone(),
                verdict,
                covers: judged.words.covers.clone(),
                reason,
                finding: finding.map(Box::new),
            });
        }
        let (verdict, reason) = worst.unwrap_or((Verdict::Pass, None));
        let obstacle = self.obstacle.as_ref();
        let setup = obstacle.and_then(|obstacle| obstacle.setup);
        let unmet = obstacle.filter(|_| matches!(setup, Some(CheckRef::Check(_))));
        let unmet = unmet.map(|obstacle| obstacle.reason.clone());
        let (verdict, reason) = match self.obstacle {
            // What was found before the obstacle stands; what came after it was never judged.
            Some(obstacle) if verdict > Verdict::CouldNotRun => {
                (Verdict::CouldNotRun, Some(obstacle.reason))
            }
            _ => (verdict, reason),
        };
        Finished {
            judged: events,
            verdict,
            reason,
            is_setup: setup.is_some(),
            unmet,
            breaches,
        }
    }

    fn verdict(&self, judged: &Judged, program: &Program) -> (Verdict, Option<String>) {
        match judged.held {
            Held::No => (Verdict::Fail, None),
            Held::Weakly => (Verdict::Warn, None),
            Held::Absent => {
                let reason = format!("the endpoint sent nothing for `{}`", judged.words.check);
                (Verdict::NotApplicable, Some(reason))
            }
            Held::Unknown => (Verdict::NotApplicable, Some(UNTOLD.to_owned())),
            Held::Yes => match self.control(judged, program) {
                Some(control) if !self.succeeded(control) => {
                    let control = &program.steps[control].id;
                    let reason = format!(
                        "its control `{control}` did not succeed, so the refusal proves nothing"
                    );
                    (Verdict::Inconclusive, Some(reason))
                }
                _ => (Verdict::Pass, None),
            },
        }
    }

    /// The control of a check that is what its step demands.
    fn control(&self, judged: &Judged, program: &Program) -> Option<usize> {
        let demanded = matches!(judged.check, CheckRef::Expect | CheckRef::Outcomes);
        program.steps[judged.step].control.filter(|_| demanded)
    }

    /// Whether a step got what it demands.
    fn succeeded(&self, step: usize) -> bool {
        self.judged.iter().any(|judged| {
            judged.step == step
                && matches!(judged.check, CheckRef::Expect | CheckRef::Outcomes)
                && judged.held != Held::No
        })
    }
}

/// Whether a finding says that something does not hold that must or should.
fn is_breach(finding: &Finding) -> bool {
    finding.verdict == Verdict::Fail && finding.level != Level::May
}

impl Judged {
    fn name(&self, program: &Program) -> String {
        format!("{}.{}", program.steps[self.step].id, self.words.check)
    }

    fn finding(&self, program: &Program, verdict: Verdict) -> Finding {
        let levels = self.words.covers.iter().map(|cover: &Cover| cover.level);
        Finding {
            requirements: self.words.covers.clone(),
            level: Level::strongest(levels).unwrap_or(Level::Must),
            case: program.id.clone(),
            step: program.steps[self.step].id.clone(),
            check: self.words.check.clone(),
            verdict,
            expected: self.words.expected.clone(),
            actual: self.words.actual.clone(),
            place: self.words.source.place(self.words.span),
            excerpt: Some(
                self.words
                    .source
                    .excerpt(self.words.span, self.words.label.clone()),
            ),
            exchange: self.exchange,
        }
    }
}
