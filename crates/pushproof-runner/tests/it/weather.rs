//! The real scenarios against a sound tenant behind something that does mischief by chance: nobody is accused, and nothing is silent.

use std::collections::BTreeMap;
use std::time::Duration;

use pushproof_report::{Case, Event, Remedy, Run, Verdict};
use pushproof_tenant::Fault;

use crate::proxy::{Mischief, Proxy};
use crate::world::{programs, run, target, tenant};

/// The seeds of chance; each is printed with what fails under it.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;
/// How long a stalled answer is waited for.
const STALL: Duration = Duration::from_millis(300);

/// Each case that did not come through, and the counts of all.
fn verdicts(run: &Run) -> BTreeMap<Verdict, usize> {
    let mut counts = BTreeMap::new();
    for case in run.cases() {
        *counts.entry(case.verdict()).or_default() += 1;
    }
    counts
}

fn told(run: &Run) -> String {
    let cases = run.cases().iter();
    let odd = cases.filter(|case| case.verdict() != Verdict::Pass);
    let lines = odd.map(|case| {
        format!(
            "{} {}: {}",
            case.verdict(),
            case.head.id,
            case.reason().unwrap_or_default()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_mischief_everything_comes_through_at_once() {
    let tenant = tenant(&[]).await;
    let proxy = Proxy::by_chance(tenant.address(), 1, 0).await;
    let (run, events) = run(target(&proxy.url(), &tenant), programs()).await;
    assert_eq!(told(&run), "");
    let between = events
        .iter()
        .filter(|event| matches!(event, Event::Troubled { .. } | Event::Probed { .. }));
    assert_eq!(between.count(), 0);
}

/// Whether a deed was done to a request of a scenario, and not of a phone or of the provider of users.
fn is_of_a_scenario(request_line: &str, body: &str) -> bool {
    let path = request_line.split(' ').nth(1).unwrap_or_default();
    let path = path.split_once("127.0.0.1").map_or(path, |(_, rest)| rest);
    (path.contains("/oauth/token") && !body.contains("client_credentials"))
        || path.contains("/mfa/")
        || path.contains("/userinfo")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mischief_of_the_way_is_a_breach_of_the_tenant() {
    let mut all: BTreeMap<Verdict, usize> = BTreeMap::new();
    for seed in SEEDS {
        let tenant = tenant(&[]).await;
        let proxy = Proxy::by_chance(tenant.address(), seed, 5).await;
        let mut target = target(&proxy.url(), &tenant);
        target.limits.timeout = STALL;
        let (run, events) = run(target, programs()).await;

        let findings: Vec<String> = run
            .findings()
            .iter()
            .map(|finding| format!("{} {}", finding.case, finding.contrast()))
            .collect();
        assert_eq!(findings, [""; 0], "seed {seed}: accused\n{}", told(&run));
        assert_eq!(run.contradictions(), [""; 0], "seed {seed}");
        assert!(
            matches!(run.exit_code(false), 0 | 5 | 21),
            "seed {seed}: {}",
            run.exit_code(false)
        );
        assert_eq!(run.contradictions(), [""; 0], "seed {seed}");

        // Every deed that can be seen is told, or ended a probe.
        let deeds = proxy.log.lock().unwrap().clone();
        let visible = deeds
            .iter()
            .filter(|deed| {
                deed.mischief != Mischief::Doubled
                    && is_of_a_scenario(&deed.request_line, &deed.body)
            })
            .count();
        let mut seen = 0;
        for event in &events {
            match event {
                Event::Exchanged {
                    case,
                    exchange,
                    reply,
                    failure,
                    ..
                } => {
                    let injected = reply.as_ref().is_some_and(|reply| {
                        reply.headers.iter().any(|(name, _)| name == "x-injected")
                    });
                    if injected || failure.is_some() {
                        seen += 1;
                        let said = events.iter().any(|event| matches!(event, Event::Troubled { exchange: Some(number), .. } if number == exchange));
                        // A step that asks to be throttled cannot tell whose 429 it got.
                        let asked_for = reply.as_ref().is_some_and(|reply| reply.status == 429);
                        assert!(
                            said || asked_for || run.case(case).unwrap().verdict() != Verdict::Pass,
                            "seed {seed}: exchange {exchange} of {case} is not told"
                        );
                    }
                }
                Event::Probed { alive: false, .. } => seen += 1,
                _ => {}
            }
        }
        assert!(
            seen >= visible,
            "seed {seed}: {visible} deeds, {seen} of them told"
        );
        for (verdict, count) in verdicts(&run) {
            *all.entry(verdict).or_default() += count;
        }
    }
    let passed = all.get(&Verdict::Pass).copied().unwrap_or_default();
    assert!(passed > 6, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_go_on_twice_unseen_accuse_nobody() {
    for seed in 1..=2 {
        let tenant = tenant(&[]).await;
        let mut rng = fastrand::Rng::with_seed(seed);
        let whim = move |_: usize, _: &str| (rng.u32(0..100) < 2).then_some(Mischief::Doubled);
        let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
        let (run, _) = run(target(&proxy.url(), &tenant), programs()).await;
        assert_eq!(
            run.findings().len(),
            0,
            "seed {seed}: accused\n{}",
            told(&run)
        );
    }
}

/// The first defect of the catalogue.
fn defect() -> Fault {
    "DEF-001".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_is_found_through_light_mischief() {
    // A run can lose the few cases that show the defect to the mischief; it is not lost every time.
    let mut last = String::new();
    for seed in 3..=7 {
        let tenant = tenant(&[defect()]).await;
        let mut rng = fastrand::Rng::with_seed(seed);
        let whim = move |_: usize, _: &str| (rng.u32(0..100) < 1).then_some(Mischief::Reset);
        let proxy = Proxy::start(tenant.address(), Box::new(whim)).await;
        let (run, _) = run(target(&proxy.url(), &tenant), programs()).await;
        if run.exit_code(false) == 10 {
            let confirmed = run
                .cases()
                .iter()
                .flat_map(Case::troubles)
                .filter(|trouble| trouble.then == Remedy::Confirmed);
            assert!(
                confirmed.count() > 0,
                "a breach was seen several times before it counted"
            );
            return;
        }
        last = told(&run);
    }
    panic!("the defect was found in none of five runs\n{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_that_cannot_be_looked_for_again_counts_where_nothing_ever_came_between() {
    let faulty = tenant(&[defect()]).await;
    let (all, _) = run(target(&faulty.base_url(), &faulty), programs()).await;
    let mut failed = all
        .cases()
        .iter()
        .filter(|case| case.verdict() == Verdict::Fail);
    let mut programs = programs();
    let id = &failed.next().unwrap().head.id;
    programs.retain(|program| program.id == *id);
    // Another run would have to be without a push.
    let mut target = target(&faulty.base_url(), &faulty);
    target.limits.pushes = Some(programs[0].pushes());
    let wants_pushes = programs[0].pushes() > 0;
    let (run, _) = run(target, programs).await;
    assert_eq!(run.exit_code(false), 10, "{}", told(&run));
    let confirmed = run.cases()[0]
        .troubles()
        .any(|trouble| trouble.then == Remedy::Confirmed);
    assert_eq!(confirmed, !wants_pushes);
}
