//! What one decision costs: a poll leaves, its answer comes, the next one is planned. The goal is 50 ns.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use pushproof_polling::{Answer, First, Hints, Meaning, Policy, Polling};

fn decision(criterion: &mut Criterion) {
    let policy = Policy {
        first: First::AtOnce,
        jitter_max: Duration::from_secs(1),
        ..Policy::default()
    };
    let polling = Polling::begin(&policy, Duration::ZERO, Hints::default());
    let at = Duration::from_millis(40);
    let mut group = criterion.benchmark_group("decision");
    for (name, meaning) in [
        ("pending", Meaning::Pending),
        ("slow_down", Meaning::SlowDown),
        ("throttled", Meaning::Throttled),
        ("timed_out", Meaning::TimedOut),
        ("final", Meaning::Final),
    ] {
        let answer = Answer {
            meaning,
            wait: Some(Duration::from_secs(3)),
        };
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || polling,
                |polling| {
                    polling.sent(black_box(at));
                    polling.answered(
                        black_box(&policy),
                        black_box(at),
                        black_box(answer),
                        black_box(0x5eed),
                    )
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, decision);
criterion_main!(benches);
