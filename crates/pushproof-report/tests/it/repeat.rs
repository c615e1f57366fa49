//! A case that ran several times.

use pushproof_report::render::terminal::{self, Style};
use pushproof_report::{Event, Run, Verdict, exit, repeated};

use crate::story::{self, Seen, Story};

const CASE: &str = "push.enrol.replay";

/// The verdict of each instance; a failing one buys tokens twice.
fn story(instances: &[Verdict]) -> Story {
    let mut story = Story::new(&story::REQUIREMENTS);
    story
        .plan(
            CASE,
            "A code buys tokens once",
            &["replay.expect: OOB-POLL-012"],
        )
        .start(CASE);
    let mut came_to = Vec::new();
    for (number, &verdict) in (1..).zip(instances) {
        story.push(Event::InstanceStarted {
            case: CASE.to_owned(),
            instance: number,
        });
        story.step("replay", "The same code again");
        let reason = match verdict {
            Verdict::Fail => {
                let seen = Seen {
                    expected: "refused",
                    actual: "tokens (200)",
                    source: "    expect: «refused»",
                    label: "",
                };
                story.call(40, "token.mfa_oob", "tokens 200").breached(
                    "expect",
                    "OOB-POLL-012",
                    Verdict::Fail,
                    seen,
                );
                Some("replay.expect: expected refused, got tokens (200)")
            }
            _ => {
                story
                    .call(30, "token.mfa_oob", "invalid_grant 403")
                    .held("expect", "OOB-POLL-012");
                None
            }
        };
        let reason = reason.map(str::to_owned);
        came_to.push((verdict, reason.clone()));
        story.push(Event::InstanceFinished {
            case: CASE.to_owned(),
            instance: number,
            verdict,
            reason,
            took_ms: 5,
        });
    }
    let (verdict, reason) = repeated(&came_to);
    story.finish(verdict, reason.as_deref());
    story
}

#[test]
fn instances_that_differ_are_told_apart() {
    let run = Run::fold(story(&[Verdict::Pass, Verdict::Fail, Verdict::Pass]).events());
    assert_eq!(run.exit_code(false), exit::NON_CONFORMANT);
    insta::assert_snapshot!(terminal::render(&run, &Style::default()), @r#"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    flaky  push.enrol.replay: instance 2: fail (replay.expect: expected refused, go…

    flaky  push.enrol.replay
          A code buys tokens once
          scenarios/auth0/push/enrol.yaml:3
          instance 2 of 3:
          replay: The same code again
          > token.mfa_oob  0.040s  tokens (200)

    fail[replay.expect]: OOB-POLL-012 does not hold
      --> scenarios/auth0/push/enrol.yaml:41:13
       |
    41 |     expect: refused
       |             ^^^^^^^
       |
       = expected: refused
       = actual: tokens (200)
       = reply: 200 {"error":"tokens"}
       = must: OOB-POLL-012: An oob_code that has bought tokens buys nothing
               more, whoever asks and however often [protocol.md, OOB-POLL-012]
      exchange 2 again, with your own secrets:
        curl -sS https://tenant.example.com/oauth/token \
          -d oob_code=$OOB_CODE

    requirements  1 flaky, 5 without a selected scenario
    cases         1 flaky

      flaky           must    OOB-POLL-012  An oob_code that has bought tokens buys…
                              instance 1: pass, instance 2: fail, instance 3: pass

    exit 10: non-conformant: 1 case is flaky; the record ends before the run did
    "#);
}

#[test]
fn instances_that_agree_are_one_case() {
    let run = Run::fold(story(&[Verdict::Pass, Verdict::Pass]).events());
    assert_eq!(
        (run.exit_code(false), run.contradictions()),
        (exit::OK, &[][..])
    );
    let failing = Run::fold(story(&[Verdict::Fail, Verdict::Fail]).events());
    let verdict = failing.cases()[0].verdict();
    assert_eq!(
        (failing.exit_code(false), verdict),
        (exit::NON_CONFORMANT, Verdict::Fail)
    );
}

#[test]
fn an_instance_that_begins_inside_another_is_a_contradiction() {
    let mut story = Story::new(&story::REQUIREMENTS);
    story.plan(CASE, "A case", &[]).start(CASE);
    for instance in [1, 3] {
        story.push(Event::InstanceStarted {
            case: CASE.to_owned(),
            instance,
        });
    }
    let run = Run::fold(story.events());
    insta::assert_snapshot!(run.contradictions().join("\n"), @"case `push.enrol.replay` begins instance 3 before another ended");
}
