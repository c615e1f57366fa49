//! How long it takes to check scenarios: a thousand files, read and compiled for every profile, as `pushproof check` does it.

#[path = "../tests/it/support.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod support;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pushproof_scenario::{Library, SourceFile, is_rules};

const FILES: usize = 1_000;

/// The shipped dialect, its scenarios copied until there are a thousand, each with an id of its own.
fn thousand() -> Vec<SourceFile> {
    let (mut files, scenarios): (Vec<_>, Vec<_>) = support::auth0_files()
        .into_iter()
        .partition(|file| is_rules(&file.relative) || file.relative.starts_with("fragments/"));
    for (number, scenario) in scenarios.iter().cycle().take(FILES).enumerate() {
        let name = format!("{number:04}-{}", scenario.relative.replace('/', "-"));
        files.push(SourceFile {
            relative: name.clone(),
            shown: name,
            text: scenario
                .text
                .replacen("\nid: ", &format!("\nid: n{number}."), 1),
        });
    }
    files
}

fn bench(criterion: &mut Criterion) {
    let files = thousand();
    let mut group = criterion.benchmark_group("check");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(FILES as u64));
    group.bench_function("a thousand scenarios", |bencher| {
        bencher.iter(|| {
            let (library, mut problems) = Library::read(&files);
            let library = library.expect("the shipped dialect is right");
            for file in &files {
                problems.extend(library.check_known(&file.shown).0);
            }
            assert!(problems.is_empty(), "{}", problems[0].render(false));
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
