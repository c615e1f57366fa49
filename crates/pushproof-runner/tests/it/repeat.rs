//! A case that is run several times, each time in a sandbox of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use pushproof_report::{Redactor, Run, Verdict};
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::handler::Handler;
use pushproof_runner::site::{Sandbox, Site};
use pushproof_tenant::{Settings, Tenant};
use tokio::sync::watch;

use crate::peer::NEW_YEAR;
use crate::world::{cases, keys, sandboxed};

/// Three instances of a case that a fault breaks, where the fault is there for some of them.
async fn three(faulty: fn(usize) -> bool) -> Run {
    let made = AtomicUsize::new(0);
    let tenants = move |seed| -> Handler {
        let n = made.fetch_add(1, Ordering::SeqCst);
        let fault = faulty(n).then(|| "DEF-001".parse().unwrap());
        let settings = Settings {
            seed,
            faults: fault.into_iter().collect(),
            ..Settings::default()
        };
        let tenant = Mutex::new(Tenant::new(settings, keys()));
        Arc::new(move |now, request| tenant.lock().unwrap().handle(now, request))
    };
    let mut sandbox = Sandbox::new(
        Arc::new(tenants),
        Arc::new(|base_url: &str| sandboxed(base_url)),
        UNIX_EPOCH + NEW_YEAR,
    )
    .unwrap();
    sandbox.sockets = false;
    let program = cases(BROKEN).swap_remove(0);
    let planned = Planned {
        program,
        not_applicable: None,
    };
    let plan = Plan {
        cases: vec![planned],
        seed: 1,
        concurrency: 1,
        repeat: 3,
        strict: false,
        run: "00000000".to_owned(),
    };
    let events = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&events);
    let tell = Arc::new(move |event| teller.lock().unwrap().push(event));
    let (_stop, stopped) = watch::channel(false);
    let redactor = Arc::new(Redactor::new([7; 32]));
    dispatch::run(plan, Site::Sandbox(sandbox), redactor, tell, stopped).await;
    let events = Arc::into_inner(events).unwrap().into_inner().unwrap();
    Run::fold(events)
}

#[tokio::test]
async fn a_breach_that_comes_and_goes_is_flaky_and_counts() {
    let verdict = async |faulty| {
        let run = three(faulty).await;
        (run.cases()[0].verdict(), run.exit_code(false))
    };
    assert_eq!(verdict(|_| false).await, (Verdict::Pass, 0));
    assert_eq!(verdict(|n| n == 1).await, (Verdict::Flaky, 10));
    assert_eq!(verdict(|n| n == 2).await, (Verdict::Flaky, 10));
    assert_eq!(verdict(|_| true).await, (Verdict::Fail, 10));
}

/// A case that the fault breaks.
const BROKEN: &str = "recovery.rotation";
