//! What a run comes to: exit codes, requirements, contradictions.

use proptest::prelude::*;
use pushproof_report::{ActResult, Event, Level, Run, Verdict, exit};

use crate::story::{self, Seen, Story};

const ONE: [(&str, Level, &str); 3] = [
    ("A-1", Level::Must, "The first"),
    ("A-2", Level::Should, "The second"),
    ("A-3", Level::May, "The third"),
];

const SEEN: Seen<'static> = Seen {
    expected: "this",
    actual: "that",
    source: "",
    label: "",
};

/// A run of one case that is told by `tell`.
fn one(bindings: &[&str], tell: impl FnOnce(&mut Story)) -> Story {
    let mut story = Story::new(&ONE);
    story
        .plan("one", "The only case", bindings)
        .start("one")
        .step("wait", "The app asks");
    tell(&mut story);
    story
}

/// Exit code, exit code under `--strict`, and each requirement.
fn shown(story: &Story) -> String {
    let run = Run::fold(story.events());
    let mut text = format!(
        "exit {}, strict {}",
        run.exit_code(false),
        run.exit_code(true)
    );
    for requirement in run.requirements() {
        let observed = match requirement.observed {
            None => "",
            Some(true) => " (observed)",
            Some(false) => " (not observed)",
        };
        let reason = requirement
            .reason
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        text += &format!(
            "\n{} {}{observed}{reason}",
            requirement.head.id, requirement.verdict
        );
    }
    for contradiction in run.contradictions() {
        text += &format!("\ncontradiction: {contradiction}");
    }
    text
}

#[test]
fn all_is_well() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .poll(1, 5_000, "tokens 200")
            .held("outcomes", "A-1")
            .finish(Verdict::Pass, None)
            .end(0);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 0, strict 0
    A-1 pass
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn one_breach_is_a_failure_a_warning_or_nothing_by_level() {
    let story = one(&["wait.outcomes: A-1 A-2? A-3~"], |story| {
        story
            .breached("outcomes", "A-1 A-2? A-3~", Verdict::Fail, SEEN)
            .finish(Verdict::Fail, None);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 10, strict 10
    A-1 fail: got that, expected this
    A-2 warn: got that, expected this
    A-3 pass (not observed): got that, expected this
    ");
}

#[test]
fn a_breached_should_fails_only_under_strict() {
    let story = one(&["wait.outcomes: A-2?"], |story| {
        story
            .breached("outcomes", "A-2?", Verdict::Warn, SEEN)
            .finish(Verdict::Warn, None);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 0, strict 10
    A-1 could-not-run: no selected scenario covers it
    A-2 warn: got that, expected this
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_may_is_observed_if_any_case_observes_it() {
    let mut story = Story::new(&ONE[2..]);
    story
        .plan("one", "One", &["wait.outcomes: A-3~"])
        .plan("two", "Two", &["wait.outcomes: A-3~"]);
    story
        .start("one")
        .step("wait", "")
        .breached("outcomes", "A-3~", Verdict::Pass, SEEN)
        .finish(Verdict::Pass, None);
    insta::assert_snapshot!(shown(&story), @"
    exit 5, strict 5
    A-3 could-not-run (not observed): the run ended before the case began
    ");
    story
        .start("two")
        .step("wait", "")
        .held("outcomes", "A-3~")
        .finish(Verdict::Pass, None);
    insta::assert_snapshot!(shown(&story), @"
    exit 0, strict 0
    A-3 pass (observed)
    ");
}

#[test]
fn a_check_judged_twice_counts_with_its_worst() {
    let story = one(&["wait.check.1: A-1"], |story| {
        story
            .held("check.1", "A-1")
            .breached("check.1", "A-1", Verdict::Fail, SEEN)
            .held("check.1", "A-1");
        story.finish(Verdict::Fail, None);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 10, strict 10
    A-1 fail: got that, expected this
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_check_that_was_never_judged_is_not_green() {
    let story = one(&["wait.outcomes: A-1", "replay.expect: A-2?"], |story| {
        story.held("outcomes", "A-1").finish(Verdict::Pass, None);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 5, strict 5
    A-1 pass
    A-2 could-not-run: `replay.expect` of `one` was never judged
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_known_deviation_is_quiet() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .breached("outcomes", "A-1", Verdict::Known, SEEN)
            .finish(Verdict::Known, None);
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 0, strict 0
    A-1 known: got that, expected this
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

/// What it ended was never looked at, and nothing excuses that.
#[test]
fn a_known_deviation_does_not_stand_for_what_its_case_never_came_to() {
    let story = one(
        &["wait.outcomes: A-1", "replay.expect: A-1 A-2?"],
        |story| {
            story
                .breached("outcomes", "A-1", Verdict::Known, SEEN)
                .finish(Verdict::Known, Some("ticket 7"));
        },
    );
    insta::assert_snapshot!(shown(&story), @"
    exit 5, strict 5
    A-1 known: got that, expected this
    A-2 could-not-run: ticket 7
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_device_that_refuses_makes_the_target_unusable() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .poll(1, 5_000, "pending 400")
            .act(5_000, "enrol", ActResult::Refused);
        story.finish(Verdict::CouldNotRun, Some("the device refuses"));
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 20, strict 20
    A-1 could-not-run: the device refuses
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

/// Where nobody is let in, a refusal proves nothing; that is no verdict either.
#[test]
fn what_proves_nothing_does_not_make_a_target_usable() {
    let mut story = one(&["wait.outcomes: A-1"], |story| {
        story
            .call(0, "token.password", "connection refused")
            .finish(Verdict::CouldNotRun, Some("setup got no reply"));
    });
    story
        .plan("two", "The other case", &["refused.expect: A-2?"])
        .start("two")
        .step("refused", "Somebody else asks")
        .call(0, "token.password", "refused 401")
        .finish(Verdict::Inconclusive, Some("its control did not succeed"));
    insta::assert_snapshot!(shown(&story), @"
    exit 20, strict 20
    A-1 could-not-run: setup got no reply
    A-2 could-not-run: its control did not succeed
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_target_that_never_answers_is_unusable() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .call(0, "token.password", "connection refused")
            .finish(Verdict::CouldNotRun, Some("setup got no reply"));
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 20, strict 20
    A-1 could-not-run: setup got no reply
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn devices_that_never_answer_make_the_target_unusable() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .poll(1, 5_000, "pending 400")
            .act(5_000, "enrol", ActResult::Unavailable);
        story.finish(Verdict::CouldNotRun, Some("no push arrived"));
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 20, strict 20
    A-1 could-not-run: no push arrived
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_setup_that_went_wrong_leaves_something_unjudged() {
    let story = one(&["wait.outcomes: A-1"], |story| {
        story
            .call(0, "token.password", "broken 500")
            .finish(Verdict::CouldNotRun, Some("setup was answered with broken"));
    });
    insta::assert_snapshot!(shown(&story), @"
    exit 5, strict 5
    A-1 could-not-run: setup was answered with broken
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn nothing_selected_and_nothing_applicable() {
    insta::assert_snapshot!(shown(&Story::new(&ONE[..1])), @"
    exit 4, strict 4
    A-1 could-not-run: no selected scenario covers it
    ");
    let mut story = Story::new(&ONE[..1]);
    story.plan_without("one", "factor.sms", &["wait.outcomes: A-1"]);
    insta::assert_snapshot!(shown(&story), @"
    exit 5, strict 5
    A-1 not-applicable: the target lacks `factor.sms`
    ");
}

#[test]
fn a_missing_feature_does_not_hide_a_pass() {
    let mut story = one(&["wait.outcomes: A-1"], |story| {
        story.held("outcomes", "A-1").finish(Verdict::Pass, None);
    });
    story.plan_without("two", "factor.sms", &["wait.outcomes: A-1"]);
    insta::assert_snapshot!(shown(&story), @"
    exit 0, strict 0
    A-1 pass
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    ");
}

#[test]
fn a_signal_comes_before_a_failure() {
    for (signal, code) in [("SIGINT", exit::INTERRUPTED), ("SIGTERM", exit::TERMINATED)] {
        let mut story = story::instructive();
        story.push(Event::Interrupted {
            signal: signal.to_owned(),
        });
        assert_eq!(Run::fold(story.events()).exit_code(false), code);
    }
}

#[test]
fn the_code_that_was_given_may_know_more() {
    let mut story = one(&["wait.outcomes: A-1"], |story| {
        story.held("outcomes", "A-1").finish(Verdict::Pass, None);
    });
    let run = Run::fold(story.end(exit::SECRET_IN_OUTPUT).events());
    assert_eq!(run.exit_code(false), exit::SECRET_IN_OUTPUT);
}

#[test]
fn what_does_not_fit_together_is_our_own_fault() {
    let mut story = one(&["wait.outcomes: A-1"], |story| {
        story
            .breached("outcomes", "A-1", Verdict::Fail, SEEN)
            .finish(Verdict::Pass, None);
    });
    story
        .held("outcomes", "A-1")
        .plan("one", "Again", &[])
        .plan("two", "Never run", &[]);
    story.start("three").end(0).end(0);
    insta::assert_snapshot!(shown(&story), @"
    exit 70, strict 70
    A-1 fail: got that, expected this
    A-2 could-not-run: no selected scenario covers it
    A-3 could-not-run: no selected scenario covers it
    contradiction: case `one` came to pass, but its check `wait.outcomes` to fail
    contradiction: case `one` goes on after its end
    contradiction: case `one` is planned twice
    contradiction: case `three` was never planned
    contradiction: the run is complete, but case `two` never finished
    contradiction: an event follows the end of the run
    contradiction: the run is complete, but case `two` never finished
    ");
}

proptest! {
    #[test]
    fn each_beginning_of_a_sound_run_is_sound(length: prop::sample::Index) {
        let mut story = story::instructive();
        let events = story.end(10).events();
        let run = Run::fold(events[..length.index(events.len() + 1)].iter().cloned());
        prop_assert_eq!(run.contradictions(), [""; 0]);
    }

    #[test]
    fn cases_that_run_side_by_side_make_the_same_report(seed in prop::collection::vec(any::<prop::sample::Index>(), 60)) {
        let mut story = story::instructive();
        let events = story.end(10).events();
        let shuffled = interleave(&events, &seed);
        let shown = |events: &[Event]| {
            let run = Run::fold(events.iter().cloned());
            pushproof_report::render::json::render(&run, false)
                + &pushproof_report::render::terminal::render(&run, &Default::default())
        };
        prop_assert_eq!(shown(&events), shown(&shuffled));
    }
}

/// The events of each case in their order, those of different cases in any.
fn interleave(events: &[Event], seed: &[prop::sample::Index]) -> Vec<Event> {
    let is_plan =
        |event: &Event| event.case().is_none() || matches!(event, Event::CasePlanned { .. });
    let (last, events) = events.split_last().unwrap();
    let (mut told, happened): (Vec<Event>, Vec<Event>) = events.iter().cloned().partition(is_plan);
    let mut queues: Vec<Vec<Event>> = Vec::new();
    for event in happened.into_iter().rev() {
        match queues
            .iter_mut()
            .find(|queue| queue[0].case() == event.case())
        {
            Some(queue) => queue.push(event),
            None => queues.push(vec![event]),
        }
    }
    for pick in seed.iter().cycle() {
        if queues.is_empty() {
            break;
        }
        let at = pick.index(queues.len());
        told.extend(queues[at].pop());
        queues.retain(|queue| !queue.is_empty());
    }
    told.push(last.clone());
    told
}
