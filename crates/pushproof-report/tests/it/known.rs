//! Known deviations: what they excuse, and when they make a run fail themselves.

use pushproof_report::render::terminal::{self, Style};
use pushproof_report::{Deviation, Deviations, KnownEntry, KnownState, Place, Run, Verdict};

use crate::story::{self, Seen, Story};

const CASE: &str = "push.enrol.replay";

fn entry(check: &str, cases: &[&str], bad: Option<KnownState>) -> Deviation {
    Deviation {
        entry: KnownEntry {
            case: "push.*".to_owned(),
            check: check.to_owned(),
            target: Some("staging".to_owned()),
            reason: "decision cache, tenant team informed".to_owned(),
            ticket: Some("MFA-412".to_owned()),
            expires: Some("2027-01-31".to_owned()),
            place: Place {
                file: "known.yaml".to_owned(),
                line: 3,
                column: 5,
            },
        },
        cases: cases.iter().map(|&case| case.to_owned()).collect(),
        bad,
    }
}

/// One case whose check `replay.expect` is breached or held.
fn story(breached: bool) -> Story {
    let mut story = Story::new(&story::REQUIREMENTS);
    story.plan(
        CASE,
        "A code buys tokens once",
        &["replay.expect: OOB-POLL-012"],
    );
    story.start(CASE).step("replay", "The same code again");
    let seen = Seen {
        expected: "refused",
        actual: "tokens (200)",
        source: "    expect: «refused»",
        label: "",
    };
    if breached {
        story.call(40, "token.mfa_oob", "tokens 200").breached(
            "expect",
            "OOB-POLL-012",
            Verdict::Fail,
            seen,
        );
        story.finish(
            Verdict::Fail,
            Some("replay.expect: expected refused, got tokens (200)"),
        );
    } else {
        story
            .call(40, "token.mfa_oob", "invalid_grant 403")
            .held("expect", "OOB-POLL-012")
            .finish(Verdict::Pass, None);
    }
    story
}

fn run(story: &Story, list: Vec<Deviation>) -> Run {
    let mut deviations = Deviations::new(list);
    let mut run = Run::default();
    for event in story.events() {
        run.push(deviations.apply(event));
    }
    deviations
        .end()
        .into_iter()
        .for_each(|event| run.push(event));
    run
}

fn check(story: &Story, entry: Deviation) -> String {
    let run = run(story, vec![entry]);
    assert_eq!(run.contradictions(), &[] as &[String]);
    let (state, verdict) = (run.known()[0].state.name(), run.cases()[0].verdict());
    format!("{state:9}  case {verdict}, exit {}", run.exit_code(false))
}

#[test]
fn states() {
    let (breached, held) = (story(true), story(false));
    insta::assert_snapshot!([
        check(&breached, entry("replay.expect", &[CASE], None)),
        check(&held, entry("replay.expect", &[CASE], None)),
        check(&breached, entry("replay.other", &[CASE], None)),
        check(&held, entry("replay.other", &[CASE], None)),
        check(&breached, entry("replay.expect", &["push.other"], None)),
        check(&breached, entry("replay.expect", &[CASE], Some(KnownState::Expired))),
        check(&held, entry("replay.expect", &[], Some(KnownState::Unmatched))),
    ].join("\n"), @"
    matched    case known, exit 0
    stale      case pass, exit 10
    not-asked  case fail, exit 10
    stale      case pass, exit 10
    not-asked  case fail, exit 10
    expired    case fail, exit 10
    unmatched  case pass, exit 10
    ");
}

#[test]
fn a_matched_entry_says_why() {
    let run = run(&story(true), vec![entry("replay.expect", &[CASE], None)]);
    insta::assert_snapshot!(terminal::render(&run, &Style::default()), @r#"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    known  push.enrol.replay: decision cache, tenant team informed (MFA-412, until…

    known  push.enrol.replay
          A code buys tokens once
          scenarios/auth0/push/enrol.yaml:3
          replay: The same code again
          > token.mfa_oob  0.040s  tokens (200)

    known[replay.expect]: OOB-POLL-012 does not hold, as is known
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
      exchange 1 again, with your own secrets:
        curl -sS https://tenant.example.com/oauth/token \
          -d oob_code=$OOB_CODE

    requirements  1 known, 5 without a selected scenario
    cases         1 known

      known           must    OOB-POLL-012  An oob_code that has bought tokens buys…
                              decision cache, tenant team informed (MFA-412, until
                              2027-01-31)

    known deviations
      push.* replay.expect in 1: decision cache, tenant team informed (MFA-412,
      until 2027-01-31)

    exit 0: nothing failed and nothing selected was left unjudged; the record ends
    before the run did
    "#);
}

#[test]
fn a_stale_entry_fails_the_run_and_says_so() {
    let run = run(&story(false), vec![entry("replay.expect", &[CASE], None)]);
    insta::assert_snapshot!(terminal::render(&run, &Style::default()), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    pass  push.enrol.replay

    requirements  1 pass, 5 without a selected scenario
    cases         1 pass

    known deviations that must be revised
      known.yaml:3: push.* replay.expect is stale: what it excuses holds now: remove
      it

    exit 10: non-conformant: 1 known deviation must be revised; the record ends
    before the run did
    ");
}
