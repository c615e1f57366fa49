//! What a case comes to once its runs are weighed: what is told, what is set aside, and in whose name.

use super::*;

impl Runs<'_> {
    /// Tells what was judged once the case is decided; `None`: it runs again.
    pub(super) fn concluded(
        &mut self,
        attempt: Attempt,
        weighed: Weighed,
    ) -> Option<(Verdict, Option<String>)> {
        let Attempt {
            finished,
            spoilt,
            throttled,
            troubles,
            at_ms,
            ..
        } = attempt;
        let Finished {
            judged,
            verdict,
            reason,
            breaches,
            ..
        } = finished;
        let breach = breaches.first();
        if let Some(breach) = breach {
            self.troubles += troubles
                .get(&breach.grounds.operation)
                .copied()
                .unwrap_or_default();
        }
        let runs = self.came.len();
        let strict = self.context.strict;
        let (judged, verdict, reason) = match weighed {
            Weighed::Again => {
                let to = match breach {
                    Some(breach) if breach.grounds.trouble.is_none() => Attribution::Unknown,
                    _ => Attribution::Environment,
                };
                let what = breach.map(name_and_contrast).or(spoilt).or(reason);
                self.trouble(
                    breach,
                    at_ms,
                    what.unwrap_or_default(),
                    to,
                    Remedy::RanAgain,
                );
                // What else came between is told too, though the first would have been enough.
                let first = breach.and_then(|breach| breach.finding.exchange);
                let is_other = |other: &&Breach| {
                    other.grounds.trouble.is_some() && other.finding.exchange != first
                };
                for other in breaches.iter().filter(is_other) {
                    let what = name_and_contrast(other);
                    self.trouble(
                        Some(other),
                        at_ms,
                        what,
                        Attribution::Environment,
                        Remedy::SetAside,
                    );
                }
                return None;
            }
            Weighed::Stands => {
                if let Some(breach) = breach.filter(|_| runs > 1) {
                    self.confirmed(breach, at_ms);
                }
                match (self.came.last(), spoilt) {
                    // A breach of a run that something else decided is not the endpoint's.
                    (Some(Came::Spoilt), spoilt) if breach.is_some() => {
                        let why = spoilt.unwrap_or_else(|| UNANSWERED.to_owned());
                        open(judged, Verdict::CouldNotRun, why, strict)
                    }
                    _ => (judged, verdict, reason),
                }
            }
            Weighed::Unconfirmed { seen } => {
                let grounds = breach.map(|breach| &breach.grounds);
                let (instead, reason) = match grounds.and_then(|grounds| grounds.trouble.clone()) {
                    Some(what) => {
                        let step = breach
                            .map(|breach| breach.finding.step.as_str())
                            .unwrap_or_default();
                        let reason = format!(
                            "environment: step `{step}`: {what} (seen in {seen} of {runs} runs)"
                        );
                        (Verdict::CouldNotRun, reason)
                    }
                    None => {
                        let contrast = breach.map(name_and_contrast).unwrap_or_default();
                        let few = "too few to count where the way to the endpoint is so unreliable";
                        (
                            Verdict::Inconclusive,
                            format!("{contrast}: seen in {seen} of {runs} runs, {few}"),
                        )
                    }
                };
                self.trouble(
                    breach,
                    at_ms,
                    reason.clone(),
                    Attribution::Environment,
                    Remedy::SetAside,
                );
                open(judged, instead, reason, strict)
            }
            Weighed::Outweighed(mark) => {
                self.outweighed(&mark, at_ms);
                (judged, verdict, reason)
            }
            Weighed::NotSeenAgain(mark) => {
                let (reason, covers) = self.outweighed(&mark, at_ms);
                let judged = doubted(judged, &self.program.id, &mark, &covers, &reason);
                open(judged, Verdict::Inconclusive, reason, strict)
            }
            Weighed::NotLookedFor(mark) => {
                let at = self.doubts.iter().position(|doubt| doubt.mark == mark);
                let doubt = at.map(|at| self.doubts.swap_remove(at));
                let instead = reason.unwrap_or_else(|| UNANSWERED.to_owned());
                match doubt {
                    // Who kept silent may have waited for a device that now cannot be used.
                    Some(doubt)
                        if !self.context.weather.is_rough() && !doubt.breach.grounds.silent =>
                    {
                        (doubt.judged, doubt.verdict, doubt.reason)
                    }
                    Some(doubt) => {
                        let contrast = name_and_contrast(&doubt.breach);
                        let reason = format!(
                            "{contrast}: seen once and not looked for again, because of this: {instead}"
                        );
                        let (environment, then) = (Attribution::Environment, Remedy::SetAside);
                        self.trouble(
                            Some(&doubt.breach),
                            at_ms,
                            reason.clone(),
                            environment,
                            then,
                        );
                        open(doubt.judged, Verdict::Inconclusive, reason, strict)
                    }
                    None => (judged, verdict, Some(instead)),
                }
            }
        };
        judged.into_iter().for_each(|event| self.tell(event));
        if let Some(why) = throttled.filter(|_| verdict.is_unjudged()) {
            let case = self.program.id.clone();
            let why = format!(
                "{why} (fewer at a time may help: `limits.requests_per_second`, `limits.concurrency`)"
            );
            self.tell(Event::HeldBack { case, why });
        }
        Some((verdict, reason))
    }

    /// Tells that a breach of an earlier run was not seen again, and gives what is told, and what it would have judged.
    fn outweighed(&self, mark: &Mark, at_ms: u64) -> (String, Vec<Cover>) {
        let is_it = |came: &&Came| **came == Came::Breached(mark.clone());
        let seen = self.came.iter().filter(is_it).count();
        let doubt = self.doubts.iter().find(|doubt| doubt.mark == *mark);
        let breach = doubt.map(|doubt| &doubt.breach);
        let contrast = breach.map(name_and_contrast).unwrap_or_default();
        let runs = self.came.len();
        let reason = format!("{contrast}: seen in {seen} of {runs} runs of the case and not again");
        if let Some(breach) = breach {
            self.context.weather.trouble(&breach.grounds.operation);
        }
        self.trouble(
            breach,
            at_ms,
            reason.clone(),
            Attribution::Environment,
            Remedy::SetAside,
        );
        let covers = breach.map(|breach| breach.finding.requirements.clone());
        (reason, covers.unwrap_or_default())
    }

    fn seen(&self, breach: &Breach) -> usize {
        let finding = &breach.finding;
        let is_it = |came: &&Came| matches!(came, Came::Breached(mark) if mark.step == finding.step && mark.check == finding.check);
        self.came.iter().filter(is_it).count()
    }

    /// A breach was seen as often as it takes. If it is itself a trouble, it is the endpoint's and no weather.
    fn confirmed(&self, breach: &Breach, at_ms: u64) {
        if breach.grounds.trouble.is_some() {
            self.context
                .weather
                .withdraw(&breach.grounds.operation, self.troubles);
        }
        let (seen, runs) = (self.seen(breach), self.came.len());
        let what = format!(
            "{}: seen in {seen} of {runs} runs",
            name_and_contrast(breach)
        );
        self.trouble(
            Some(breach),
            at_ms,
            what,
            Attribution::Target,
            Remedy::Confirmed,
        );
    }
}

/// What is left of a run when its breaches do not count.
fn open(
    judged: Vec<Event>,
    instead: Verdict,
    reason: String,
    strict: bool,
) -> (Vec<Event>, Verdict, Option<String>) {
    let judged = left_open(judged, instead, &reason);
    let verdict = worst(&judged, strict).min(instead);
    (judged, verdict, Some(reason))
}

/// The name of a check and what came of it.
pub(super) fn name_and_contrast(breach: &Breach) -> String {
    let finding = &breach.finding;
    let trouble = breach.grounds.trouble.iter();
    let trouble: String = trouble.map(|what| format!(" ({what})")).collect();
    let (step, check) = (&finding.step, &finding.check);
    format!("`{step}.{check}`: {}{trouble}", finding.contrast())
}
