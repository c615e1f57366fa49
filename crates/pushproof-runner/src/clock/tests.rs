//! Laws of the clock, over many tasks: no wait ends before its instant, time stands while anybody runs, and nothing gets stuck.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

/// Real time after which a test is taken to be stuck; none comes near it otherwise.
const STUCK: Duration = Duration::from_secs(60);

/// What one case does: waits by so many milliseconds, each of them perhaps given up after so many turns of the scheduler.
type Plan = Vec<(u64, Option<u8>)>;

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let wait = (0_u64..500, proptest::option::weighted(0.2, 0_u8..4));
    proptest::collection::vec(proptest::collection::vec(wait, 0..8), 1..40)
}

/// A tenant's clock that drifts ahead a little with every look at it.
struct FakeTenant {
    millis: AtomicU64,
    drift: u64,
    tells: fn(SystemTime) -> Reading,
}

impl FakeTenant {
    fn new(drift: u64, tells: fn(SystemTime) -> Reading) -> Arc<Self> {
        Arc::new(Self {
            millis: AtomicU64::new(1_767_225_600_000),
            drift,
            tells,
        })
    }

    fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

impl Advance for FakeTenant {
    fn advance(
        &self,
        by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.millis.fetch_add(by_ms + self.drift, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok((self.tells)(self.time()))
        })
    }
}

fn to_the_second(time: SystemTime) -> Reading {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    Reading::Seconds(UNIX_EPOCH + Duration::from_secs(seconds))
}

async fn yields(n: u8) {
    for _ in 0..n {
        tokio::task::yield_now().await;
    }
}

/// Follows one plan and checks the laws on the way. `shown` is the time that must stand still while this task runs.
async fn follow(mut ticket: Ticket, plan: Plan, exact: bool, shown: impl Fn() -> SystemTime) {
    ticket.settled().await.unwrap();
    for (wait_ms, patience) in plan {
        let target = ticket.at() + Duration::from_millis(wait_ms);
        let tenant_target = shown() + Duration::from_millis(wait_ms);
        let woken = match patience {
            None => {
                ticket.wait_until(target).await.unwrap();
                true
            }
            Some(turns) => tokio::select! {
                biased;
                result = ticket.wait_until(target) => { result.unwrap(); true }
                () = yields(turns) => false,
            },
        };
        if woken {
            assert!(
                ticket.at() >= target,
                "woken at {:?}, before {target:?}",
                ticket.at()
            );
            assert!(
                !exact || ticket.at() == target,
                "woken at {:?} for {target:?}",
                ticket.at()
            );
            assert!(
                shown() >= tenant_target,
                "woken before the tenant's clock had moved far enough"
            );
        }
        ticket.settled().await.unwrap();
        let before = (ticket.at(), shown());
        yields(3).await;
        assert_eq!(
            (ticket.at(), shown()),
            before,
            "time moved while a ticket was running"
        );
    }
}

fn run<F: Future<Output = ()>>(workers: usize, work: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(STUCK, work)
            .await
            .expect("nobody is stuck");
    });
}

/// Runs the plans, all tickets entered first, and ends when all of them have.
async fn follow_all(
    clock: &Clock,
    plans: Vec<Plan>,
    exact: bool,
    shown: impl Fn() -> SystemTime + Clone + Send + 'static,
) {
    let tickets: Vec<_> = plans.iter().map(|_| clock.enter()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (ticket, plan) in tickets.into_iter().zip(plans) {
        tasks.spawn(follow(ticket, plan, exact, shown.clone()));
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("no task panics");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_jumping_clock_keeps_the_laws(plans in plans()) {
        run(4, async move {
            let clock = Clock::jumping(UNIX_EPOCH);
            let shown = clock.clone();
            follow_all(&clock, plans, true, move || shown.now()).await;
        });
    }

    #[test]
    fn a_hooked_clock_keeps_the_laws(plans in plans(), drift in 0_u64..3, tells in 0_usize..3) {
        // Cancelled waits cannot call back a move that is under way; the time is then compared after `settled`.
        let tells = [Reading::Millis, to_the_second, |_| Reading::Silent][tells];
        run(4, async move {
            let tenant = FakeTenant::new(drift, tells);
            let clock = Clock::hooked(tenant.clone()).await.unwrap();
            follow_all(&clock, plans, false, move || tenant.time()).await;
        });
    }
}

#[test]
fn a_lone_ticket_jumps_to_each_of_its_instants() {
    run(1, async {
        let clock = Clock::jumping(UNIX_EPOCH);
        let mut ticket = clock.enter();
        let mut seen = Vec::new();
        for seconds in [5, 3, 300, 300] {
            ticket
                .wait_until(Duration::from_secs(seconds))
                .await
                .unwrap();
            seen.push(ticket.at().as_secs());
        }
        insta::assert_debug_snapshot!(seen, @r"
        [
            5,
            5,
            300,
            300,
        ]
        ");
        assert_eq!(ticket.now(), UNIX_EPOCH + Duration::from_secs(300));
    });
}

#[test]
fn a_ticket_that_leaves_lets_the_others_go_on() {
    run(1, async {
        let clock = Clock::jumping(UNIX_EPOCH);
        let (idle, mut waiting) = (clock.enter(), clock.enter());
        let mut wait = std::pin::pin!(waiting.wait_until(Duration::from_secs(7)));
        tokio::select! {
            biased;
            _ = &mut wait => panic!("time moved while a ticket was running"),
            () = yields(10) => {}
        }
        drop(idle);
        wait.await.unwrap();
        assert_eq!(clock.at(), Duration::from_secs(7));
    });
}

#[test]
fn an_instant_at_the_end_of_time_is_reached() {
    run(1, async {
        let clock = Clock::jumping(UNIX_EPOCH);
        let mut ticket = clock.enter();
        ticket.wait_until(Duration::MAX).await.unwrap();
        assert_eq!(ticket.at(), Duration::MAX);
        assert_eq!(
            ticket.now(),
            UNIX_EPOCH,
            "the system's time cannot express it"
        );
    });
}

#[test]
fn real_time_is_never_short() {
    run(1, async {
        let clock = Clock::real();
        let mut ticket = clock.enter();
        let target = ticket.at() + Duration::from_millis(20);
        let stopwatch = Stopwatch::start();
        ticket.wait_until(target).await.unwrap();
        assert!(ticket.at() >= target);
        assert!(stopwatch.elapsed() >= Duration::from_millis(19));
        assert!(clock.is_real() && clock.remark().is_none());
    });
}

/// Answers the two questions at the beginning, and then as told.
struct Then<F>(AtomicU64, F);

impl<F: Fn() -> Result<Reading, String> + Send + Sync> Advance for Then<F> {
    fn advance(
        &self,
        _by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) < 2;
        let answer = if first {
            Ok(Reading::Millis(UNIX_EPOCH + Duration::from_secs(100)))
        } else {
            (self.1)()
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Two tickets wait for five seconds on a clock whose hook then answers so.
fn fails_with(then: impl Fn() -> Result<Reading, String> + Send + Sync + 'static) -> String {
    let mut text = String::new();
    run(1, async {
        let clock = Clock::hooked(Arc::new(Then(AtomicU64::new(0), then)))
            .await
            .unwrap();
        let (mut one, mut other) = (clock.enter(), clock.enter());
        let at = Duration::from_secs(5);
        let (first, second) = tokio::join!(one.wait_until(at), other.wait_until(at));
        assert_eq!(first, second, "a clock fails for everybody");
        assert_eq!(one.wait_until(at).await, first, "and for good");
        text = first.unwrap_err().to_string();
    });
    text
}

#[test]
fn a_clock_that_cannot_be_moved_is_an_error_for_all() {
    let at = |seconds| Ok(Reading::Millis(UNIX_EPOCH + Duration::from_secs(seconds)));
    insta::assert_snapshot!(fails_with(|| Err("clock hook: refused".to_owned())), @"the tenant's clock cannot be moved: clock hook: refused");
    insta::assert_snapshot!(fails_with(move || at(60)), @"the tenant's clock went back by 40000 ms");
    insta::assert_snapshot!(fails_with(move || at(102)), @"the tenant's clock was told to move 5000 ms and moved 2000 ms");
}

/// Answers what is asked at the beginning, and then never again.
struct Dead(AtomicU64);

impl Advance for Dead {
    fn advance(
        &self,
        _by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        if self.0.fetch_add(1, Ordering::SeqCst) < 2 {
            return Box::pin(std::future::ready(Ok(Reading::Silent)));
        }
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_dead_hook_ends_the_wait() {
    run(1, async {
        let dead = Arc::new(Dead(AtomicU64::new(0)));
        let hooked = Hooked::begin(dead, Duration::from_millis(50))
            .await
            .unwrap();
        let clock = Clock::of(Kind::Hooked(hooked));
        let mut ticket = clock.enter();
        let late = ticket.wait_until(Duration::from_secs(1)).await;
        assert_eq!(late, Err(ClockError::Late));
        assert_eq!(ticket.settled().await, Err(ClockError::Late));
    });
}

#[test]
fn a_wait_that_is_dropped_during_a_move_leaves_the_clock_going() {
    run(2, async {
        let clock = Clock::hooked(FakeTenant::new(0, Reading::Millis))
            .await
            .unwrap();
        let mut ticket = clock.enter();
        for seconds in 1..50 {
            let target = ticket.at() + Duration::from_secs(seconds);
            tokio::select! {
                biased;
                result = ticket.wait_until(target) => result.unwrap(),
                () = tokio::task::yield_now() => {}
            }
        }
        let target = ticket.at() + Duration::from_secs(100);
        ticket.wait_until(target).await.unwrap();
        assert!(ticket.at() >= target);
    });
}

/// Answers with the dates of a list, in seconds.
struct Dates(AtomicU64, &'static [u64]);

impl Advance for Dates {
    fn advance(
        &self,
        _by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        let n = self.0.fetch_add(1, Ordering::SeqCst) as usize;
        let date = UNIX_EPOCH + Duration::from_secs(self.1[n]);
        Box::pin(std::future::ready(Ok(Reading::Seconds(date))))
    }
}

#[test]
fn dates_may_flicker_by_a_second_and_no_more() {
    run(1, async {
        let dates = Dates(AtomicU64::new(0), &[100, 99, 105, 109, 120, 118]);
        let clock = Clock::hooked(Arc::new(dates)).await.unwrap();
        let mut ticket = clock.enter();
        let mut lines = Vec::new();
        for _ in 0..4 {
            let target = ticket.at() + Duration::from_secs(5);
            let outcome = ticket.wait_until(target).await;
            lines.push(match outcome {
                Ok(()) => format!("{:?}", ticket.at()),
                Err(error) => error.to_string(),
            });
        }
        // What the tenant's clock gained by itself counts only as far as the dates prove it.
        insta::assert_snapshot!(lines.join("\n"), @"
        5s
        10s
        19s
        the tenant's clock went back by 2000 ms
        ");
    });
}

/// A ticket may begin to wait just as a move ends: whoever comes last must start the next one.
#[test]
fn no_move_is_missed_between_two() {
    run(2, async {
        let clock = Clock::hooked(Arc::new(Dumb)).await.unwrap();
        let tickets = [clock.enter(), clock.enter()];
        let mut tasks = tokio::task::JoinSet::new();
        for mut ticket in tickets {
            tasks.spawn(async move {
                for _ in 0..20_000 {
                    let target = ticket.at() + Duration::from_millis(1);
                    ticket.wait_until(target).await.unwrap();
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.expect("no task panics");
        }
    });
}

/// Moves at once and says nothing.
struct Dumb;

impl Advance for Dumb {
    fn advance(
        &self,
        _by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(Reading::Silent)))
    }
}

#[test]
fn advances_are_whole_milliseconds_rounded_up() {
    run(1, async {
        let tenant = FakeTenant::new(0, Reading::Millis);
        let clock = Clock::hooked(tenant.clone()).await.unwrap();
        let began = tenant.time();
        let mut ticket = clock.enter();
        ticket
            .wait_until(Duration::from_nanos(1_000_001))
            .await
            .unwrap();
        assert_eq!(tenant.time(), began + Duration::from_millis(2));
        assert_eq!(
            ticket.now(),
            tenant.time(),
            "a tenant that stands still is dated by its last reading"
        );
    });
}

#[test]
fn a_silent_clock_hook_is_remarked_on() {
    run(1, async {
        let clock = Clock::hooked(FakeTenant::new(0, |_| Reading::Silent))
            .await
            .unwrap();
        let mut ticket = clock.enter();
        let before = ticket.now();
        ticket.wait_until(Duration::from_secs(300)).await.unwrap();
        assert!(ticket.now() >= before + Duration::from_secs(300));
        insta::assert_snapshot!(clock.remark().unwrap(), @"the clock hook tells no time: the tenant's time is taken to be real time plus what this run has advanced");
    });
}

/// A tenant whose time passes by itself, beside what it is advanced.
struct Ticking {
    origin: Instant,
    advanced: AtomicU64,
}

impl Ticking {
    fn time(&self) -> SystemTime {
        let advanced = Duration::from_millis(self.advanced.load(Ordering::SeqCst));
        UNIX_EPOCH + self.origin.elapsed() + advanced
    }
}

impl Advance for Ticking {
    fn advance(
        &self,
        by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        self.advanced.fetch_add(by_ms, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(Reading::Millis(self.time()))))
    }
}

#[test]
fn what_requests_take_passes_on_a_clock_that_ticks() {
    run(2, async {
        let tenant = Arc::new(Ticking {
            origin: Instant::now(),
            advanced: AtomicU64::new(0),
        });
        let clock = Clock::hooked(tenant.clone()).await.unwrap();
        let mut ticket = clock.enter();
        let before = ticket.at();
        let request = Duration::from_millis(40);
        tokio::time::sleep(request).await;
        let (issued, at) = (tenant.time(), ticket.at());
        assert!(at >= before + request, "{at:?} after {before:?}");
        // Another case moves the clock, and what is waited for is not nearer for it.
        let life = Duration::from_secs(600);
        let mut other = clock.enter();
        let near = at + Duration::from_secs(1);
        let (first, second) = tokio::join!(other.wait_until(near), async {
            let moved = ticket.wait_until(near).await;
            drop(clock.enter());
            moved
        });
        first.unwrap();
        second.unwrap();
        drop(other);
        ticket.wait_until(at + life).await.unwrap();
        let lived = tenant.time().duration_since(issued).unwrap();
        assert!(
            lived + Duration::from_millis(5) >= life,
            "looked at after {lived:?}"
        );
    });
}

/// A hook whose answer to the first real advance is lost, after the clock was moved or before.
struct Lossy {
    tenant: Arc<FakeTenant>,
    moves: bool,
    advances: AtomicU64,
}

impl Advance for Lossy {
    fn advance(
        &self,
        by_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Reading, String>> + Send + '_>> {
        let is_first = by_ms > 0 && self.advances.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if !is_first {
                return self.tenant.advance(by_ms).await;
            }
            if self.moves {
                self.tenant.advance(by_ms).await?;
            }
            Err("the answer was lost".to_owned())
        })
    }
}

#[test]
fn an_advance_whose_answer_was_lost_is_made_once() {
    for moves in [true, false] {
        run(1, async move {
            let tenant = FakeTenant::new(0, Reading::Millis);
            let lossy = Lossy {
                tenant: Arc::clone(&tenant),
                moves,
                advances: AtomicU64::new(0),
            };
            let clock = Clock::hooked(Arc::new(lossy)).await.unwrap();
            let began = tenant.time();
            let mut ticket = clock.enter();
            ticket.wait_until(Duration::from_secs(300)).await.unwrap();
            assert_eq!(tenant.time(), began + Duration::from_secs(300), "{moves}");
        });
    }
}
