//! One pending poll through a [`Session`](pushproof_scenario::Session): woken, rendered, answered with the recorded reply, judged, and
//! waiting again. This is what a load generator does for each of a hundred thousand sessions every few seconds.

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;
#[path = "../tests/it/waiting.rs"]
mod waiting;

use criterion::{Criterion, criterion_group, criterion_main};
use waiting::{Waiting, environment, program};

fn pending_poll(criterion: &mut Criterion) {
    let mut waiting = Waiting::new(&program(), &environment());
    criterion.bench_function("pending poll", |bencher| bencher.iter(|| waiting.poll()));
}

criterion_group!(benches, pending_poll);
criterion_main!(benches);
