//! What several runs of one case come to: [`weigh`].
//!
//! A run that came to an end undisturbed counts at once if it found nothing. A breach counts once it was seen often enough; a run that was
//! disturbed counts for nothing, and is made again.

use pushproof_report::{Cover, Event, Verdict};

/// What one run of a case came to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Came {
    /// To its end, or to something that another run would not change.
    Through,
    /// To a breach, and how the breach is recognised again.
    Breached(Mark),
    /// To nothing: something came between.
    Spoilt,
    /// To nothing either, and another run would not change it: no user is left, for one. It is no answer to an earlier breach.
    Nothing,
}

/// What makes two breaches the same: step, check, and the trouble that it rests on, with the number of the poll.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) step: String,
    pub(crate) check: String,
    pub(crate) trouble: Option<String>,
}

/// What to do now.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Weighed {
    /// What the last run came to is what the case comes to.
    Stands,
    /// One more run.
    Again,
    /// The last run's breach was not seen often enough.
    Unconfirmed { seen: usize },
    /// The last run found nothing where an earlier one found a breach.
    NotSeenAgain(Mark),
    /// The same, on a way on which so much comes between that the runs that found nothing outweigh it.
    Outweighed(Mark),
    /// An earlier run's breach could not be looked for again.
    NotLookedFor(Mark),
}

/// How many more runs without a breach than with it take the doubt away where much comes between.
const CLEAN_MORE: usize = 2;

/// What is known of the way to the endpoint when runs are weighed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scales {
    /// How often a breach must be seen, if any number is enough.
    pub(crate) sightings: Option<u32>,
    /// So much comes between that a breach may be the way's that is not seen again.
    pub(crate) foul: bool,
    pub(crate) may_run_again: bool,
}

/// Weighs the runs of a case, oldest first.
pub(crate) fn weigh(runs: &[Came], scales: Scales) -> Weighed {
    let Scales {
        sightings,
        foul,
        may_run_again,
    } = scales;
    // What rests on a trouble and is not seen again was the environment's, and no reason to doubt a run that found nothing.
    let doubt = |came: &&Came| matches!(came, Came::Breached(mark) if mark.trouble.is_none());
    match runs.last() {
        Some(Came::Breached(mark)) => {
            let same = |came: &&Came| **came == Came::Breached(mark.clone());
            let seen = runs.iter().filter(same).count();
            match sightings {
                Some(most) if seen >= most as usize => Weighed::Stands,
                Some(_) if may_run_again => Weighed::Again,
                None if may_run_again && (foul || mark.trouble.is_some()) => Weighed::Again,
                Some(_) | None => Weighed::Unconfirmed { seen },
            }
        }
        Some(Came::Spoilt) if may_run_again => Weighed::Again,
        Some(Came::Through) => match runs.iter().find(doubt) {
            Some(Came::Breached(mark)) => {
                let clean = runs.iter().filter(|came| **came == Came::Through).count();
                let breached = runs.iter().filter(doubt).count();
                match (foul, clean >= breached + CLEAN_MORE) {
                    (true, true) => Weighed::Outweighed(mark.clone()),
                    (true, false) if may_run_again => Weighed::Again,
                    _ => Weighed::NotSeenAgain(mark.clone()),
                }
            }
            _ => Weighed::Stands,
        },
        Some(Came::Spoilt | Came::Nothing) | None => match runs.iter().find(doubt) {
            Some(Came::Breached(mark)) => Weighed::NotLookedFor(mark.clone()),
            _ => Weighed::Stands,
        },
    }
}

/// The same verdicts, with every breach left open as `instead`: it accuses nobody.
pub(crate) fn left_open(judged: Vec<Event>, instead: Verdict, reason: &str) -> Vec<Event> {
    let open = |event: Event| match event {
        Event::Judged {
            case,
            step,
            check,
            verdict: Verdict::Fail,
            covers,
            ..
        } => Event::Judged {
            case,
            step,
            check,
            verdict: instead,
            covers,
            reason: Some(reason.to_owned()),
            finding: None,
        },
        other => other,
    };
    judged.into_iter().map(open).collect()
}

/// The same verdicts, with one check left open that an earlier run had found breached.
pub(crate) fn doubted(
    mut judged: Vec<Event>,
    case: &str,
    mark: &Mark,
    covered: &[Cover],
    why: &str,
) -> Vec<Event> {
    let is_it = |event: &Event| matches!(event, Event::Judged { step, check, .. } if *step == mark.step && *check == mark.check);
    judged.retain(|event| !is_it(event));
    judged.push(Event::Judged {
        case: case.to_owned(),
        step: mark.step.clone(),
        check: mark.check.clone(),
        verdict: Verdict::Inconclusive,
        covers: covered.to_vec(),
        reason: Some(why.to_owned()),
        finding: None,
    });
    judged
}

/// The worst of what was judged, levels considered.
pub(crate) fn worst(judged: &[Event], strict: bool) -> Verdict {
    let verdicts = judged.iter().flat_map(|event| match event {
        Event::Judged {
            verdict, covers, ..
        } => covers
            .iter()
            .map(|cover| verdict.at(cover.level).under(strict))
            .collect(),
        _ => Vec::new(),
    });
    Verdict::worst(verdicts).unwrap_or(Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B` and `b` are two breaches, `F` is one that rests on a trouble, `.` an undisturbed run, `x` a spoilt one, `-` one that did not begin.
    fn said(runs: &str, sightings: Option<u32>, foul: bool) -> String {
        let mark = |step: char| Mark {
            step: step.to_string(),
            check: "expect".to_owned(),
            trouble: (step == 'F').then(|| "502".to_owned()),
        };
        let came = |run| match run {
            '.' => Came::Through,
            'x' => Came::Spoilt,
            '-' => Came::Nothing,
            step => Came::Breached(mark(step)),
        };
        let runs: Vec<Came> = runs.chars().map(came).collect();
        let word = |may_run_again| match weigh(
            &runs,
            Scales {
                sightings,
                foul,
                may_run_again,
            },
        ) {
            Weighed::Stands => "stands".to_owned(),
            Weighed::Again => "again".to_owned(),
            Weighed::Unconfirmed { seen } => format!("unconfirmed, seen {seen}"),
            Weighed::NotSeenAgain(mark) => format!("`{}` was not seen again", mark.step),
            Weighed::Outweighed(mark) => format!("`{}` is outweighed", mark.step),
            Weighed::NotLookedFor(mark) => format!("`{}` was not looked for", mark.step),
        };
        format!("{:4} {} | {}", runs_said(&runs), word(true), word(false))
    }

    fn runs_said(runs: &[Came]) -> String {
        runs.iter()
            .map(|run| match run {
                Came::Through => ".".to_owned(),
                Came::Spoilt => "x".to_owned(),
                Came::Nothing => "-".to_owned(),
                Came::Breached(mark) => mark.step.clone(),
            })
            .collect()
    }

    #[test]
    fn a_breach_counts_once_it_was_seen_often_enough() {
        let rows = [
            ".", "x", "x.", "xx", "B", "BB", "Bx", "BxB", "Bb", "BbB", "B.", "Bxx", "-", "B-",
        ];
        let rows = rows.map(|runs| said(runs, Some(2), false));
        insta::assert_snapshot!(rows.join("\n"), @"
        .    stands | stands
        x    again | stands
        x.   stands | stands
        xx   again | stands
        B    again | unconfirmed, seen 1
        BB   stands | stands
        Bx   again | `B` was not looked for
        BxB  stands | stands
        Bb   again | unconfirmed, seen 1
        BbB  stands | stands
        B.   `B` was not seen again | `B` was not seen again
        Bxx  again | `B` was not looked for
        -    stands | stands
        B-   `B` was not looked for | `B` was not looked for
        ");
    }

    #[test]
    fn where_much_comes_between_runs_that_find_nothing_outweigh_a_breach() {
        let rows = [
            "B", "B.", "B..", "B...", "Bx...", "BB...", "BB....", "BBB", "B-",
        ];
        let rows = rows.map(|runs| said(runs, Some(3), true));
        insta::assert_snapshot!(rows.join("\n"), @"
        B    again | unconfirmed, seen 1
        B.   again | `B` was not seen again
        B..  again | `B` was not seen again
        B... `B` is outweighed | `B` is outweighed
        Bx... `B` is outweighed | `B` is outweighed
        BB... again | `B` was not seen again
        BB.... `B` is outweighed | `B` is outweighed
        BBB  stands | stands
        B-   `B` was not looked for | `B` was not looked for
        ");
        let rows = ["B", "B...", "F", "F."].map(|runs| said(runs, None, true));
        insta::assert_snapshot!(rows.join("\n"), @"
        B    again | unconfirmed, seen 1
        B... `B` is outweighed | `B` is outweighed
        F    again | unconfirmed, seen 1
        F.   stands | stands
        ");
    }

    #[test]
    fn where_no_number_is_enough_nothing_is_tried() {
        insta::assert_snapshot!(said("B", None, false), @"B    unconfirmed, seen 1 | unconfirmed, seen 1");
        insta::assert_snapshot!(said("F", None, false), @"F    again | unconfirmed, seen 1");
        insta::assert_snapshot!(said("F.", None, false), @"F.   stands | stands");
        insta::assert_snapshot!(said("B", Some(1), false), @"B    stands | stands");
    }
}
