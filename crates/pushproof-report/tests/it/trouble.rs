//! What came between this program and the endpoint: in the trace, in the summary, in JSON, and in the exit code.

use pushproof_report::render::terminal::{Style, render};
use pushproof_report::{Attribution, CaseHead, Event, Remedy, Run, Verdict};

fn planned(id: &str) -> Event {
    Event::CasePlanned {
        case: CaseHead {
            id: id.to_owned(),
            title: "Alice logs in".to_owned(),
            file: "login.yaml".to_owned(),
            line: 3,
            tags: Vec::new(),
            bindings: Vec::new(),
        },
        not_applicable: None,
    }
}

fn troubled(step: &str, what: &str, then: Remedy) -> Event {
    Event::Troubled {
        case: "login".to_owned(),
        step: step.to_owned(),
        exchange: None,
        at_ms: 1000,
        what: what.to_owned(),
        to: Attribution::Environment,
        then,
    }
}

fn run(verdict: Verdict, reason: Option<&str>, between: Vec<Event>) -> Run {
    let case = || "login".to_owned();
    let mut events = vec![planned("login"), Event::CaseStarted { case: case() }];
    events.push(Event::StepStarted {
        case: case(),
        step: "password".to_owned(),
        say: "Alice gives her password".to_owned(),
    });
    events.extend(between);
    events.push(Event::CaseFinished {
        case: case(),
        verdict,
        reason: reason.map(str::to_owned),
        took_ms: 7,
    });
    Run::fold(events)
}

#[test]
fn a_case_that_the_environment_spoilt_shows_what_came_between() {
    let run = run(
        Verdict::CouldNotRun,
        Some("environment: 502 from the endpoint's front"),
        vec![
            troubled("password", "connection reset", Remedy::SentAgain),
            Event::Probed {
                case: "login".to_owned(),
                step: "password".to_owned(),
                at_ms: 1000,
                asked: "GET /".to_owned(),
                came: "404".to_owned(),
                alive: true,
                took_us: 900,
                lag_us: 10,
            },
            troubled("", "502 from the endpoint's front", Remedy::RanAgain),
            troubled("password", "502 from the endpoint's front", Remedy::GaveUp),
        ],
    );
    insta::assert_snapshot!(render(&run, &Style::default()), @"
    could-not-run  login: environment: 502 from the endpoint's front

    could-not-run  login
          Alice logs in
          login.yaml:3
          because: environment: 502 from the endpoint's front
          password: Alice gives her password
            environment  1.0s  sent again: connection reset
            probe        1.0s  alive: GET /, 404
            environment  1.0s  case run again: 502 from the endpoint's front
            environment  1.0s  given up: 502 from the endpoint's front

    requirements  none
    cases         1 could-not-run
    environment   3 troubles in 1 case: 1 sent again, 1 case run again, 1 given up

    exit 20: no case reached a verdict: the target, its users or its devices could
    not be used; the record ends before the run did
    ");
}

#[test]
fn a_case_that_was_held_back_ends_the_run_with_21_unless_something_failed() {
    let held_back = |verdict| {
        let why = "the endpoint throttles: 429".to_owned();
        let case = "login".to_owned();
        run(
            verdict,
            Some("throttled"),
            vec![Event::HeldBack { case, why }],
        )
    };
    assert_eq!(held_back(Verdict::CouldNotRun).exit_code(false), 21);
    assert_eq!(held_back(Verdict::Fail).exit_code(false), 10);
}
