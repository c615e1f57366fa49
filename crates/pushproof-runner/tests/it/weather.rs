//! The real scenarios against a sound tenant behind something that does mischief by chance: nobody is accused, and nothing is silent.
//!
//! The chance is the same every time: see `proxy::Chance`. Cases run one after the other, so that each meets the same mischief in every run.

use std::collections::BTreeMap;
use std::sync::Arc;

use pushproof_report::{Case, Event, Remedy, Run, Verdict};
use pushproof_runner::serve::Server;
use pushproof_runner::target::Target;
use pushproof_scenario::Program;
use pushproof_tenant::Fault;
use tokio::task::JoinSet;

use crate::proxy::{Mischief, Proxy};
use crate::world::{patiently, programs, run, target, tenant};

/// The seeds of chance; each is printed with what fails under it.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;

/// A target behind this proxy, for one case at a time.
fn one_by_one(proxy: &Proxy, tenant: &Server) -> Target {
    let mut target = target(&proxy.url(), tenant);
    target.limits.concurrency = 1;
    target
}

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

/// One of so many shares of the cases for each seed.
fn share(seed: u64, of: usize) -> Vec<Arc<Program>> {
    let nth = usize::try_from(seed).unwrap() % of;
    programs().into_iter().skip(nth).step_by(of).collect()
}

/// Eight kinds of mischief, each to so many requests of a hundred; every seed has one of so many shares of the cases.
async fn by_chance(per_cent_each: u32, shares: usize) -> Vec<(u64, Proxy, Run, Vec<Event>)> {
    let mut runs = JoinSet::new();
    for seed in SEEDS {
        runs.spawn(async move {
            let (proxy, run, events) = patiently(move |timeout| async move {
                let tenant = tenant(&[]).await;
                let proxy = Proxy::by_chance(tenant.address(), seed, per_cent_each).await;
                let mut target = one_by_one(&proxy, &tenant);
                target.limits.timeout = timeout;
                let (run, events) = run(target, share(seed, shares)).await;
                (proxy, run, events)
            })
            .await;
            (seed, proxy, run, events)
        });
    }
    runs.join_all().await
}

/// How many cases of a hundred came through in all runs together.
fn passed(runs: &[(u64, Proxy, Run, Vec<Event>)]) -> usize {
    let passed = |run: &Run| verdicts(run).get(&Verdict::Pass).copied();
    let passed: usize = runs.iter().filter_map(|(_, _, run, _)| passed(run)).sum();
    let all: usize = runs.iter().map(|(_, _, run, _)| run.cases().len()).sum();
    passed * 100 / all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mischief_of_the_way_is_a_breach_of_the_tenant() {
    // With the mischief come many more runs of each case: half of the cases are enough.
    let runs = by_chance(5, 2 * SEEDS.count()).await;
    for (seed, proxy, run, events) in &runs {
        let findings: Vec<String> = run
            .findings()
            .iter()
            .map(|finding| format!("{} {}", finding.case, finding.contrast()))
            .collect();
        assert_eq!(findings, [""; 0], "seed {seed}: accused\n{}", told(run));
        assert_eq!(run.contradictions(), [""; 0], "seed {seed}");
        assert!(
            matches!(run.exit_code(false), 0 | 5 | 21),
            "seed {seed}: {}",
            run.exit_code(false)
        );

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
        for event in events {
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
    }
    assert!(passed(&runs) >= 80, "{} %", passed(&runs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nearly_everything_comes_through_light_mischief() {
    let runs = by_chance(1, SEEDS.count()).await;
    for (seed, _, run, _) in &runs {
        assert_eq!(run.findings().len(), 0, "seed {seed}: {}", told(run));
    }
    assert!(passed(&runs) >= 95, "{} %", passed(&runs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_go_on_twice_unseen_accuse_nobody() {
    for seed in 1..=2 {
        let tenant = tenant(&[]).await;
        let proxy = Proxy::now_and_then(tenant.address(), seed, 2, Mischief::Doubled).await;
        let (run, _) = run(one_by_one(&proxy, &tenant), programs()).await;
        assert!(!proxy.log.lock().unwrap().is_empty());
        assert_eq!(
            run.findings().len(),
            0,
            "seed {seed}: accused\n{}",
            told(&run)
        );
    }
}

/// A seed under which the few cases that show the defect are not lost to the mischief.
const DEFECT_SEED: u64 = 3;

/// The first defect of the catalogue.
fn defect() -> Fault {
    "DEF-001".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_is_found_through_light_mischief() {
    let tenant = tenant(&[defect()]).await;
    let proxy = Proxy::now_and_then(tenant.address(), DEFECT_SEED, 1, Mischief::Reset).await;
    let (run, _) = run(one_by_one(&proxy, &tenant), programs()).await;
    assert!(!proxy.log.lock().unwrap().is_empty());
    assert_eq!(run.exit_code(false), 10, "{}", told(&run));
    let confirmed = run
        .cases()
        .iter()
        .flat_map(Case::troubles)
        .filter(|trouble| trouble.then == Remedy::Confirmed);
    assert!(
        confirmed.count() > 0,
        "a breach was seen several times before it counted"
    );
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
