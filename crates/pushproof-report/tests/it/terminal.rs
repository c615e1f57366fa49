//! What a person reads.

use proptest::prelude::*;
use pushproof_report::render::terminal::{self, Detail, Style};
use pushproof_report::{ActResult, Event, Excerpt, Run, Verdict};

use crate::story::{self, REQUIREMENTS, Seen, Story};

fn shown(story: &Story, style: Style) -> String {
    terminal::render(&Run::fold(story.events()), &style)
}

/// One case, with one failure.
fn failing(tell: fn(&mut Story), id: &str, binding: &str) -> String {
    let mut story = Story::new(&REQUIREMENTS);
    story.plan(id, "A case that fails", &[binding]);
    tell(&mut story);
    story.end(10);
    shown(&story, Style::default())
}

#[test]
fn a_breached_poll_pattern() {
    let text = failing(
        story::pattern_breached,
        "push.enrol.confirmed-while-polling",
        "wait.outcomes: PUSH-ENROLL-006 PUSH-ENROLL-007",
    );
    insta::assert_snapshot!(text, @r#"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    fail  push.enrol.confirmed-while-polling: got rejected (403 invalid_grant), exp…

    fail  push.enrol.confirmed-while-polling
          A case that fails
          scenarios/auth0/push/enrol.yaml:3
          password: Alice gives her password and the tenant asks for a second factor
            token.password        0.0s  mfa_required (403)
          wait: The app keeps asking; after the second answer the phone scans the
          code and confirms
            polls 1-2       5.0s–10.0s  pending (400)
            phone: enrol         10.0s  acknowledged
          > poll 3               15.0s  rejected, invalid_grant (403)

    fail[wait.outcomes]: PUSH-ENROLL-006, PUSH-ENROLL-007 do not hold
      --> scenarios/auth0/push/enrol.yaml:41:26
       |
    41 |     outcomes: [pending+, tokens]
       |                          ^^^^^^ poll 3 was answered with rejected
       |
       = expected: pending or tokens
       = actual: rejected (403 invalid_grant)
       = reply: 403 {"error":"rejected|invalid_grant"}
       = must: PUSH-ENROLL-006: While the user has not confirmed, the tenant
               answers `authorization_pending` [protocol.md, PUSH-ENROLL-006]
       = must: PUSH-ENROLL-007: Once the user has confirmed, one of the next two
               polls is answered with tokens [protocol.md, PUSH-ENROLL-007]
      exchange 4 again, with your own secrets:
        curl -sS https://tenant.example.com/oauth/token \
          -d oob_code=$OOB_CODE

    requirements  2 fail, 4 without a selected scenario
    cases         1 fail

      fail            must    PUSH-ENROLL-006  While the user has not confirmed, th…
      fail            must    PUSH-ENROLL-007  Once the user has confirmed, one of…

    exit 10: non-conformant: 1 case failed
    "#);
}

#[test]
fn a_decision_that_settles_late() {
    let text = failing(
        story::settles_late,
        "push.challenge.rejected[decide_after=1]",
        "wait.settles_within: PUSH-ENROLL-007",
    );
    insta::assert_snapshot!(text, @r#"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    fail  push.challenge.rejected[decide_after=1]: got 12 polls, expected a final o…

    fail  push.challenge.rejected[decide_after=1]
          A case that fails
          scenarios/auth0/push/enrol.yaml:3
          wait: Alice taps Deny while the app is polling
            poll 1                5.0s  pending (400)
            phone: reject       5.250s  acknowledged
            polls 2-12     10.0s–60.0s  pending (400)
          > poll 13              65.0s  rejected (400)

    fail[wait.settles_within]: PUSH-ENROLL-007 does not hold
      --> scenarios/auth0/push/enrol.yaml:41:21
       |
    41 |     settles_within: { polls: 2 }
       |                     ^^^^^^^^^^^^ poll 13 was the first to settle
       |
       = expected: a final outcome within 2 polls of the device's action
       = actual: 12 polls
       = reply: 400 {"error":"rejected"}
       = must: PUSH-ENROLL-007: Once the user has confirmed, one of the next two
               polls is answered with tokens [protocol.md, PUSH-ENROLL-007]
      exchange 13 again, with your own secrets:
        curl -sS https://tenant.example.com/oauth/token \
          -d oob_code=$OOB_CODE

    requirements  1 fail, 5 without a selected scenario
    cases         1 fail

      fail            must    PUSH-ENROLL-007  Once the user has confirmed, one of…

    exit 10: non-conformant: 1 case failed
    "#);
}

#[test]
fn a_replay_that_was_accepted() {
    let text = failing(
        story::replay_accepted,
        "push.enrol.replay",
        "replay.expect: OOB-POLL-012",
    );
    insta::assert_snapshot!(text, @r#"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    fail  push.enrol.replay: got tokens (200), expected refused

    fail  push.enrol.replay
          A case that fails
          scenarios/auth0/push/enrol.yaml:3
          wait: The phone confirms
            poll 1         5.0s  tokens (200)
          replay: The same code buys nothing a second time
          > token.mfa_oob  5.0s  tokens (200)

    fail[replay.expect]: OOB-POLL-012 does not hold
      --> scenarios/auth0/push/enrol.yaml:41:13
       |
    41 |     expect: refused
       |             ^^^^^^^ the replay was accepted
       |
       = expected: refused
       = actual: tokens (200)
       = reply: 200 {"error":"tokens"}
       = must: OOB-POLL-012: An oob_code that has bought tokens buys nothing
               more, whoever asks and however often [protocol.md, OOB-POLL-012]
      exchange 2 again, with your own secrets:
        curl -sS https://tenant.example.com/oauth/token \
          -d oob_code=$OOB_CODE

    requirements  1 fail, 5 without a selected scenario
    cases         1 fail

      fail            must    OOB-POLL-012  An oob_code that has bought tokens buys…

    exit 10: non-conformant: 1 case failed
    "#);
}

#[test]
fn the_summary_of_a_run_with_everything_in_it() {
    let run = Run::fold(story::instructive().events());
    let text = terminal::ending(&run, &Style::default());
    let summary = text.rfind("\nrequirements  ").unwrap();
    insta::assert_snapshot!(&text[summary..], @"
    requirements  3 fail, 1 warn, 1 pass, 1 not-applicable
    cases         3 fail, 1 warn, 1 not-applicable

      fail            must    PUSH-ENROLL-006  While the user has not confirmed, th…
      fail            must    PUSH-ENROLL-007  Once the user has confirmed, one of…
      fail            must    OOB-POLL-012     An oob_code that has bought tokens b…
      warn            should  OOB-POLL-018     A rejected login is answered with th…
                              got 403 invalid_grant, expected 400 access_denied
      observed        may     OOB-POLL-030     The tenant accepts a longer interval…

    warnings
      push.challenge.form wait.outcomes: seen 403 invalid_grant; asked for 400
      access_denied

    not applicable
      the target lacks `factor.sms`: sms.verify

    exit 10: non-conformant: 3 cases failed; the record ends before the run did
    ");
}

#[test]
fn strict_makes_a_failure_of_a_warning() {
    let run = Run::fold(story::instructive().events());
    let strict = Style {
        strict: true,
        detail: Detail::Quiet,
        ..Style::default()
    };
    insta::assert_snapshot!(terminal::render(&run, &strict), @"
    fail  push.enrol.confirmed-while-polling: got rejected (403 invalid_grant), exp…
    fail  push.challenge.rejected[decide_after=1]: got 12 polls, expected a final o…
    fail  push.enrol.replay: got tokens (200), expected refused
    fail  push.challenge.form: got 403 invalid_grant, expected 400 access_denied
    requirements  4 fail, 1 pass, 1 not-applicable
    cases         4 fail, 1 not-applicable
    exit 10: non-conformant: 4 cases failed; the record ends before the run did
    ");
}

#[test]
fn quiet_says_only_what_is_wrong() {
    insta::assert_snapshot!(shown(&story::instructive(), Style { detail: Detail::Quiet, ..Style::default() }), @"
    fail  push.enrol.confirmed-while-polling: got rejected (403 invalid_grant), exp…
    fail  push.challenge.rejected[decide_after=1]: got 12 polls, expected a final o…
    fail  push.enrol.replay: got tokens (200), expected refused
    warn  push.challenge.form: got 403 invalid_grant, expected 400 access_denied
    requirements  3 fail, 1 warn, 1 pass, 1 not-applicable
    cases         3 fail, 1 warn, 1 not-applicable
    exit 10: non-conformant: 3 cases failed; the record ends before the run did
    ");
}

#[test]
fn verbose_shows_what_passed_too() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .plan(
            "push.enrol.pending",
            "Nobody confirms",
            &["wait.outcomes: PUSH-ENROLL-006"],
        )
        .start("push.enrol.pending")
        .step("wait", "The app keeps asking")
        .poll(1, 5_000, "pending 400")
        .poll(2, 10_000, "pending 400")
        .poll(3, 15_001, "slow_down 429")
        .poll(4, 25_001, "timed out after 10s")
        .wait(25_001, 35_000, "a request may take ten seconds")
        .poll(5, 35_000, "pending 400")
        .held("outcomes", "PUSH-ENROLL-006")
        .finish(Verdict::Pass, None)
        .end(0);
    insta::assert_snapshot!(shown(&story, Style { detail: Detail::Verbose, ..Style::default() }), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    pass  push.enrol.pending

    pass  push.enrol.pending
          Nobody confirms
          scenarios/auth0/push/enrol.yaml:3
          wait: The app keeps asking
            polls 1-2     5.0s–10.0s  pending (400)
            poll 3           15.001s  slow_down (429)
            poll 4           25.001s  no reply: timed out after 10s
            wait       25.001s–35.0s  a request may take ten seconds
            poll 5             35.0s  pending (400)

    requirements  1 pass
    cases         1 pass

      pass            must    PUSH-ENROLL-006  While the user has not confirmed, th…
                              in push.enrol.pending

    exit 0: nothing failed and nothing selected was left unjudged
    ");
}

#[test]
fn a_case_that_could_not_run_says_why() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .plan(
            "push.enrol.pending",
            "Nobody confirms",
            &["wait.outcomes: PUSH-ENROLL-006"],
        )
        .start("push.enrol.pending")
        .step("password", "Alice gives her password")
        .call(0, "token.password", "connection refused")
        .finish(
            Verdict::CouldNotRun,
            Some("step `password` is setup and got no reply"),
        )
        .push(Event::LeftBehind {
            case: "push.enrol.pending".to_owned(),
            what: "user auth0|5f7c".to_owned(),
        })
        .end(20);
    insta::assert_snapshot!(shown(&story, Style::default()), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    could-not-run  push.enrol.pending: step `password` is setup and got no reply

    could-not-run  push.enrol.pending
          Nobody confirms
          scenarios/auth0/push/enrol.yaml:3
          because: step `password` is setup and got no reply
          password: Alice gives her password
            token.password  0.0s  no reply: connection refused

    requirements  1 could-not-run
    cases         1 could-not-run

      could-not-run   must    PUSH-ENROLL-006  While the user has not confirmed, th…
                              step `password` is setup and got no reply

    left behind, because clean-up could not remove it
      push.enrol.pending: user auth0|5f7c

    exit 20: no case reached a verdict: the target, its users or its devices could
    not be used
    ");
}

#[test]
fn an_interrupted_run_says_what_did_not_happen() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .plan("one", "First", &["wait.outcomes: PUSH-ENROLL-006"])
        .plan("two", "Second", &["wait.outcomes: PUSH-ENROLL-006"])
        .start("one")
        .step("wait", "The app asks")
        .poll(1, 5_000, "pending 400")
        .act(5_000, "approve", ActResult::Unavailable)
        .push(Event::Interrupted {
            signal: "SIGINT".to_owned(),
        });
    insta::assert_snapshot!(shown(&story, Style::default()), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    could-not-run  one: the run ended before the case did

    could-not-run  one
          First
          scenarios/auth0/push/enrol.yaml:3
          because: the run ended before the case did
          wait: The app asks
            poll 1          5.0s  pending (400)
            phone: approve  5.0s  device unavailable

    could-not-run  two
          Second
          scenarios/auth0/push/enrol.yaml:3
          because: the run ended before the case began

    requirements  1 could-not-run
    cases         2 could-not-run

      could-not-run   must    PUSH-ENROLL-006  While the user has not confirmed, th…
                              the run ended before the case did

    exit 130: interrupted (SIGINT); clean-up was attempted; the record ends before
    the run did
    ");
}

#[test]
fn hostile_text_does_nothing_to_the_terminal() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    let hostile = "\u{1b}]0;owned\u{7}\r\u{202e}";
    story
        .plan("one", hostile, &["wait.outcomes: PUSH-ENROLL-006"])
        .start("one")
        .step("wait", hostile)
        .poll(1, 5_000, &format!("{hostile} 400"))
        .poll(2, 5_000, hostile)
        .breached(
            "outcomes",
            "PUSH-ENROLL-006",
            Verdict::Fail,
            Seen {
                expected: hostile,
                actual: hostile,
                source: "\u{1b}«x\u{202e}»",
                label: hostile,
            },
        )
        .finish(Verdict::Fail, Some(hostile));
    let text = shown(
        &story,
        Style {
            detail: Detail::Verbose,
            ..Style::default()
        },
    );
    let acts = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
    assert!(!text.contains(acts), "{text:?}");
}

#[test]
fn a_check_that_is_open_says_why() {
    let mut story = Story::new(&REQUIREMENTS[2..3]);
    story
        .plan(
            "one",
            "A negative check without its control",
            &["replay.expect: OOB-POLL-012"],
        )
        .start("one")
        .step("replay", "The same code buys nothing")
        .call(0, "token.mfa_oob", "refused 403")
        .judged(
            "expect",
            "OOB-POLL-012",
            Verdict::Inconclusive,
            Some("its control `own` did not hold"),
        )
        .finish(Verdict::Inconclusive, None);
    insta::assert_snapshot!(shown(&story, Style::default()), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    inconclusive  one

    inconclusive  one
          A negative check without its control
          scenarios/auth0/push/enrol.yaml:3
          replay: The same code buys nothing
            token.mfa_oob  0.0s  refused (403)
          replay.expect is inconclusive: its control `own` did not hold

    requirements  1 inconclusive
    cases         1 inconclusive

      inconclusive    must    OOB-POLL-012  An oob_code that has bought tokens buys…
                              its control `own` did not hold

    exit 5: nothing failed, but 1 case is inconclusive; the record ends before the
    run did
    ");
}

proptest! {
    #[test]
    fn any_excerpt_can_be_shown(text in ".{0,30}", column in 0_u32..40, width in 0_u32..40, color: bool) {
        let mut story = Story::new(&REQUIREMENTS);
        story.plan("one", "One", &["wait.outcomes: PUSH-ENROLL-006"]).start("one");
        let seen = Seen { expected: "this", actual: "that", source: "«x»", label: "here" };
        story.breached("outcomes", "PUSH-ENROLL-006", Verdict::Fail, seen);
        let mut events = story.events();
        let Some(Event::Judged { finding: Some(finding), .. }) = events.last_mut() else { unreachable!() };
        finding.excerpt = Some(Excerpt { line: 41, text, column, width, label: "here".to_owned() });
        let shown = terminal::render(&Run::fold(events), &Style { color, ..Style::default() });
        prop_assert!(shown.contains("here"), "{}", shown);
    }
}

#[test]
fn a_call_made_many_times_at_once_is_one_line_for_each_answer() {
    let mut story = Story::new(&REQUIREMENTS[2..3]);
    story
        .plan("one", "Twenty at once", &["race.expect: OOB-POLL-012"])
        .start("one")
        .step(
            "race",
            "Twenty polls at the same moment buy at most one set of tokens",
        );
    for number in 1..=20 {
        story.call(
            5_000,
            "token.mfa_oob",
            if number % 10 == 7 {
                "tokens 200"
            } else {
                "refused 403"
            },
        );
    }
    let seen = Seen {
        expected: "at most 1 of tokens",
        actual: "2 of tokens",
        source: "    expect: { tokens: { «at_most: 1» }, else: [refused] }",
        label: "two were answered with tokens",
    };
    story
        .breached("expect", "OOB-POLL-012", Verdict::Fail, seen)
        .finish(Verdict::Fail, None);
    let text = terminal::ending(&Run::fold(story.events()), &Style::default());
    insta::assert_snapshot!(text.split("\n\n").next().unwrap(), @"
    fail  one
          Twenty at once
          scenarios/auth0/push/enrol.yaml:3
          race: Twenty polls at the same moment buy at most one set of tokens
            token.mfa_oob ×6  5.0s  refused (403)
            token.mfa_oob     5.0s  tokens (200)
            token.mfa_oob ×9  5.0s  refused (403)
            token.mfa_oob     5.0s  tokens (200)
            token.mfa_oob ×2  5.0s  refused (403)
          > token.mfa_oob     5.0s  refused (403)
    ");
}

#[test]
fn what_is_missing_is_listed_with_the_cases_that_need_it() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    for number in 1..=7 {
        story.plan_without(&format!("sms.{number}"), "factor.sms", &[]);
    }
    story.plan_without("otp.1", "factor.otp", &[]);
    insta::assert_snapshot!(shown(&story, Style::default()), @"
    pushproof 0.1.0 against `staging`: dialect auth0, profile documented, seed 7,
    run k3f9

    requirements  1 without a selected scenario
    cases         8 not-applicable

    not applicable
      the target lacks `factor.otp`: otp.1
      the target lacks `factor.sms`: sms.1, sms.2, sms.3, sms.4, sms.5 and 2 more

    exit 5: nothing selected is applicable; the record ends before the run did
    ");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plain = shown(&story::instructive(), Style::default());
    let colored = shown(
        &story::instructive(),
        Style {
            color: true,
            ..Style::default()
        },
    );
    assert_ne!(plain, colored);
    assert_eq!(plain, without_escapes(&colored));
}

#[test]
fn no_line_is_longer_than_the_terminal_except_commands() {
    for width in [72, 80, 100] {
        let text = shown(
            &story::instructive(),
            Style {
                width,
                ..Style::default()
            },
        );
        let fits = |line: &&str| line.chars().count() <= width || line.contains("  curl ");
        let long: Vec<_> = text.lines().filter(|line| !fits(line)).collect();
        assert_eq!(long, [""; 0], "at {width}");
    }
}

#[test]
fn the_parts_make_the_whole() {
    let run = Run::fold(story::instructive().events());
    let style = Style::default();
    let lines = run
        .cases()
        .iter()
        .filter_map(|case| terminal::finished(&run, &case.head.id, &style));
    let parts = terminal::heading(&run, &style)
        + &lines.collect::<String>()
        + &terminal::ending(&run, &style);
    assert_eq!(parts, terminal::render(&run, &style));
}

/// The text without SGR sequences.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}
