//! Figures of the served sandbox, each against a process of its own on one core:
//!
//! 1. what ten thousand pending pushes take in memory, and in processor time while each is polled every 5 s;
//! 2. how many polls one core answers, against a bare hyper server that answers the same bytes, in turns in one run.
//!
//! `cargo bench -p pushproof --bench served`, in about a minute. The ratio is also told per second of processor time, which other work on the
//! machine does not disturb. Without `taskset` nothing is pinned, and the figures say so.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures real time and no protocol time"
)]

mod bare;
mod client;
mod process;
mod pushes;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::{Connection, hammer, paced};
use crate::process::{Process, is_pinnable};

/// How many pushes wait at once.
const PUSHES: usize = 10_000;
/// How often each is polled.
const EVERY: Duration = Duration::from_secs(5);
/// For how many such spans.
const SPANS: u32 = 4;
/// Connections of the client.
const CONNECTIONS: usize = 16;
/// Turns of each server, and how long one takes.
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", reply] => runtime.block_on(bare::serve(Path::new(reply))),
        ["measure"] => runtime.block_on(measure()),
        // The client on the second core, so that it does not take from the first.
        _ => process::rerun("measure"),
    }
}

async fn measure() {
    if !is_pinnable() {
        println!("not pinned: there is no `taskset`, or only one core");
    }
    let sandbox = Process::sandbox();
    let fresh = sandbox.memory_mb();
    let begun = Instant::now();
    let polls = pushes::pending(&sandbox.address, PUSHES, CONNECTIONS).await;
    println!(
        "{PUSHES} pending pushes, made in {:.1} s: {:.0} MB resident, {:.1} kB each",
        begun.elapsed().as_secs_f64(),
        sandbox.memory_mb(),
        (sandbox.memory_mb() - fresh) * 1024.0 / PUSHES as f64,
    );
    poll_steadily(&sandbox, &polls).await;
    let reply = open_the_bucket(&sandbox, &polls[0]).await;
    let bare = Process::bare(&reply);
    compare(&sandbox, &bare, &polls).await;
}

/// Figure 1: each push polled every 5 s.
async fn poll_steadily(sandbox: &Process, polls: &[Vec<u8>]) {
    let (cpu, begun) = (sandbox.cpu(), Instant::now());
    let answered = paced(&sandbox.address, polls, EVERY, SPANS, CONNECTIONS).await;
    let (cpu, took) = (sandbox.cpu() - cpu, begun.elapsed());
    println!(
        "polled every {} s, {answered} polls in {:.1} s: {:.3} of a core, {:.1} µs of processor time a poll, {:.0} MB resident at most",
        EVERY.as_secs(),
        took.as_secs_f64(),
        cpu.as_secs_f64() / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / answered as f64,
        sandbox.peak_mb(),
    );
}

/// Lets every push be polled without end; gives a reply to a poll, which the bare server is to answer.
async fn open_the_bucket(sandbox: &Process, poll: &[u8]) -> Vec<u8> {
    let mut connection = Connection::open(&sandbox.address).await;
    let wide = r#"{"buckets":{"poll":{"burst":4000000000,"refill_ms":0}}}"#;
    let settings = client::post("/__control/settings", None, "application/json", wide);
    assert_eq!(connection.ask(&settings).await.status, 200);
    connection.ask(poll).await.raw
}

/// Figure 2, in turns.
async fn compare(sandbox: &Process, bare: &Process, polls: &[Vec<u8>]) {
    let mut ratios = Vec::new();
    for _ in 0..TURNS {
        let [of_sandbox, of_bare] = [turn(sandbox, polls).await, turn(bare, polls).await];
        ratios.push([
            of_sandbox.a_second / of_bare.a_second,
            of_sandbox.a_cpu_second / of_bare.a_cpu_second,
        ]);
        println!(
            "polls a second (of processor time): sandbox {:.0} ({:.0}), bare hyper {:.0} ({:.0})",
            of_sandbox.a_second, of_sandbox.a_cpu_second, of_bare.a_second, of_bare.a_cpu_second,
        );
    }
    let median = |which: usize| {
        let mut ratios: Vec<f64> = ratios.iter().map(|pair| pair[which]).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    println!(
        "throughput of the sandbox against a bare hyper server, median of {TURNS}: {:.2}; by processor time {:.2}",
        median(0),
        median(1),
    );
}

struct Turn {
    a_second: f64,
    a_cpu_second: f64,
}

async fn turn(server: &Process, polls: &[Vec<u8>]) -> Turn {
    let (cpu, begun) = (server.cpu(), Instant::now());
    let answered = hammer(&server.address, polls, TURN, CONNECTIONS).await as f64;
    let (cpu, took) = (server.cpu() - cpu, begun.elapsed());
    Turn {
        a_second: answered / took.as_secs_f64(),
        a_cpu_second: answered / cpu.as_secs_f64(),
    }
}
