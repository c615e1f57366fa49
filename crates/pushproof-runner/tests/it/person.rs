//! A person acts with the devices: asked one thing at a time, and never waited for when the run is stopped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use pushproof_report::{Event, Run, Verdict};
use pushproof_runner::site::Place;
use pushproof_runner::target::Devices;

use crate::world::{at, cases, target, tenant};

/// Two cases side by side with a person who answers by a function.
async fn asked(
    ask: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    stops: fn(&Event) -> bool,
) -> Run {
    let tenant = tenant(&[]).await;
    let mut target = target(&tenant.base_url(), &tenant);
    target.devices = Some(Devices::Human);
    let place = Place::reach(target, "00000000").await.unwrap();
    assert!(place.needs_person());
    at(
        place.asking(Arc::new(ask)),
        cases("push.challenge.rejected["),
        stops,
    )
    .await
    .0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_side_by_side_ask_one_at_a_time() {
    let (open, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let questions = Arc::new(Mutex::new(Vec::new()));
    let (seen, peak) = (Arc::clone(&questions), Arc::clone(&most));
    let ask = move |text: &str| {
        let now = open.fetch_add(1, Ordering::SeqCst) + 1;
        peak.fetch_max(now, Ordering::SeqCst);
        seen.lock().unwrap().push(text.to_owned());
        std::thread::yield_now();
        open.fetch_sub(1, Ordering::SeqCst);
        Some("n\n".to_owned())
    };
    let run = asked(ask, |_| false).await;
    let questions = questions.lock().unwrap();
    assert_eq!(questions.len(), run.cases().len());
    assert!(questions.len() > 1);
    assert_eq!(most.load(Ordering::SeqCst), 1);
    let question = &questions[0];
    assert!(question.contains("please enrol"), "{question}");
    assert!(question.contains("barcode_uri: otpauth://"), "{question}");
    assert_eq!(run.exit_code(false), 20);
    let reason = run.cases()[0].reason().unwrap();
    assert!(
        reason.ends_with("the person says that it cannot be done"),
        "{reason}"
    );
}

/// A slip of the finger costs a second question, not the case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_answer_is_asked_for_again() {
    let questions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&questions);
    let ask = move |text: &str| {
        let mut seen = seen.lock().unwrap();
        seen.push(text.to_owned());
        Some(if seen.len() % 2 == 1 { "wat\n" } else { "n\n" }.to_owned())
    };
    let run = asked(ask, |_| false).await;
    let questions = questions.lock().unwrap();
    assert_eq!(questions.len(), 2 * run.cases().len());
    insta::assert_snapshot!(questions[1], @"that is none of the answers; Enter when it was accepted, `r` if it was refused, `n` if it cannot be done: ");
    let reason = run.cases()[0].reason().unwrap();
    assert!(
        reason.ends_with("the person says that it cannot be done"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_stopped_does_not_wait_for_the_answer() {
    // Nobody ever answers; the sender lives as long as the test.
    let (_never, answers) = mpsc::channel::<String>();
    let answers = Mutex::new(answers);
    let ask = move |_: &str| answers.lock().unwrap().recv().ok();
    let stops =
        |event: &Event| matches!(event, Event::StepStarted { step, .. } if step == "setup/confirm");
    let run = asked(ask, stops).await;
    assert!(
        run.cases()
            .iter()
            .all(|case| case.verdict() == Verdict::CouldNotRun)
    );
}
