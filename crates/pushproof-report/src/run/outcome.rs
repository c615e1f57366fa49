//! What a run comes to as a whole: its exit code.

use super::{Case, Happening, Run};
use crate::{ActResult, Attribution, Verdict, exit};

impl Run {
    /// The exit code: the first that applies of what the events show and of what the run gave when it ended (which
    /// may know of a stale known entry or of a secret in a report). With `strict`, a warning is a failure.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let given = self.end.map(|end| end.exit);
        exit::first(given.into_iter().chain(self.shown(strict)))
    }

    /// Every code that the events show to apply.
    fn shown(&self, strict: bool) -> Vec<u8> {
        let mut codes = Vec::new();
        let mut when = |applies: bool, code| codes.extend(applies.then_some(code));
        let signal = self.interrupted.as_deref();
        when(!self.contradictions.is_empty(), exit::BUG);
        when(signal == Some("SIGTERM"), exit::TERMINATED);
        when(
            signal.is_some_and(|signal| signal != "SIGTERM"),
            exit::INTERRUPTED,
        );
        when(self.cases.is_empty(), exit::NOTHING_SELECTED);
        when(self.is_target_unusable(), exit::TARGET_UNUSABLE);
        when(
            self.verdicts()
                .any(|verdict| is_breach(verdict.under(strict))),
            exit::NON_CONFORMANT,
        );
        when(
            self.known.iter().any(|known| known.state.is_bad()),
            exit::NON_CONFORMANT,
        );
        when(
            self.cases.iter().any(|case| case.held_back.is_some()),
            exit::THROTTLED,
        );
        when(self.verdicts().any(Verdict::is_unjudged), exit::UNJUDGED);
        when(
            self.verdicts()
                .all(|verdict| verdict == Verdict::NotApplicable),
            exit::UNJUDGED,
        );
        codes
    }

    /// The verdict of everything that was selected: cases, and requirements that these judge.
    fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        let requirements = self.requirements().into_iter();
        let selected = requirements
            .filter(|requirement| requirement.is_selected())
            .map(|requirement| requirement.verdict);
        self.cases.iter().map(Case::verdict).chain(selected)
    }

    /// No case came to a verdict, and each that could not run got not one reply, or found its device unusable, or was at a loss for what the
    /// target file gives. One whose refusals prove nothing, because nothing else was let in either, does not speak against that.
    fn is_target_unusable(&self) -> bool {
        let applicable = |case: &&Case| case.verdict() != Verdict::NotApplicable;
        let inconclusive = |case: &Case| case.verdict() == Verdict::Inconclusive;
        let mut cases = self.cases.iter().filter(applicable);
        let stranded = self.cases.iter().any(is_stranded);
        stranded && cases.all(|case| is_stranded(case) || inconclusive(case))
    }
}

fn is_breach(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Flaky)
}

/// Finished without a verdict through no fault of the scenario: nobody answered, no device was there, or the client was not taken.
fn is_stranded(case: &Case) -> bool {
    let finished = case.end.is_some() && case.verdict() == Verdict::CouldNotRun;
    let unanswered = case.exchanges().all(|exchange| exchange.reply.is_none());
    let mut acts = case.trace.iter().filter_map(|happening| match happening {
        Happening::Act(act) => Some(act.result),
        _ => None,
    });
    // A refusal may be what a case wants; one that nothing follows has ended it.
    let without_device = acts.clone().any(|result| result == ActResult::Unavailable)
        || acts.next_back() == Some(ActResult::Refused);
    let refused = case
        .troubles()
        .any(|trouble| trouble.to == Attribution::TargetFile);
    finished && case.held_back.is_none() && (unanswered || without_device || refused)
}
