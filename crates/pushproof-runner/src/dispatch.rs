//! All cases of a run: planned in order, run side by side or alone, told as events. Start at [`run`].

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use pushproof_report::{Event, Redactor, Verdict, repeated};
use pushproof_scenario::Program;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::clock::Stopwatch;
use crate::drive::{self, Context};
use crate::pace::Quota;
use crate::seat::Seat;
use crate::site::Site;

/// What is to be run.
pub struct Plan {
    /// The cases in the order of reports.
    pub cases: Vec<Planned>,
    /// Chooses everything that is left to chance.
    pub seed: u64,
    /// Most cases at the same time; at least one.
    pub concurrency: usize,
    /// How often each case is run, each time from the beginning; at least once.
    pub repeat: u32,
    /// A warning counts as a failure.
    pub strict: bool,
    /// A word that no other run uses: part of the names of users that are made.
    pub run: String,
}

/// One selected case.
pub struct Planned {
    /// The case.
    pub program: Arc<Program>,
    /// Why it does not apply to this target: the missing feature, or a wait that is too long.
    pub not_applicable: Option<String>,
}

/// Runs a plan and tells events: every case planned before the first starts, then whatever happens. Ends early once `stop` turns true;
/// cases that run then still clean up.
pub async fn run(
    plan: Plan,
    site: Site,
    redactor: Arc<Redactor>,
    tell: Arc<dyn Fn(Event) + Send + Sync>,
    stop: watch::Receiver<bool>,
) {
    for planned in &plan.cases {
        tell(Event::CasePlanned {
            case: planned.program.head(),
            not_applicable: planned.not_applicable.clone(),
        });
    }
    let (pushes, concurrency) = match &site {
        Site::Shared(place) => {
            let limits = place.target.limits;
            let most = usize::try_from(limits.concurrency).unwrap_or(usize::MAX);
            (limits.pushes, plan.concurrency.min(most))
        }
        Site::Sandbox(_) | Site::OutOfReach(_) => (None, plan.concurrency),
    };
    let context = Context {
        tell,
        redactor,
        exchanges: Arc::new(AtomicU64::new(1)),
        stop,
        strict: plan.strict,
        weather: Arc::default(),
        taken: Arc::default(),
        pushes: Arc::new(Quota::new(pushes)),
    };
    if let Site::Shared(place) = &site {
        for (label, secret) in place.secrets().await {
            context.redactor.learn(label, secret.reveal());
        }
    }
    let site = Arc::new(site);
    let size = u32::try_from(concurrency.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
    let room = Arc::new(Semaphore::new(size as usize));
    let is_shared = !matches!(*site, Site::Sandbox(_));
    let runs_alone = |planned: &Planned| is_shared && planned.program.runs_alone();
    let cases = plan.cases.into_iter().enumerate();
    let cases = cases.filter(|(_, planned)| planned.not_applicable.is_none());
    // Those that run alone come first: nobody has emptied a bucket that should not be shared.
    let (first, last): (Vec<_>, Vec<_>) = cases.partition(|(_, planned)| runs_alone(planned));
    let mut running = JoinSet::new();
    for (position, planned) in first.into_iter().chain(last) {
        let mut seat = Seat::take(&room, size, runs_alone(&planned)).await;
        if *context.stop.borrow() {
            break;
        }
        let (context, site, run) = (context.clone(), Arc::clone(&site), plan.run.clone());
        let repeat = plan.repeat.max(planned.program.repeat);
        let seed = mix(plan.seed, position);
        running.spawn(async move {
            let case = Case {
                site: &site,
                program: &planned.program,
                run: &run,
            };
            if repeat > 1 {
                several(&context, &case, seed, repeat, &mut seat).await;
            } else {
                one(&context, &case, seed, &mut seat).await;
            }
        });
    }
    // A case that panics is a bug of ours. The others still end and clean up; then it is told as what it is, not as a case that could not run.
    let mut bug = None;
    while let Some(ended) = running.join_next().await {
        bug = bug.or(ended.err());
    }
    if let Some(panicked) = bug.and_then(|error| error.try_into_panic().ok()) {
        std::panic::resume_unwind(panicked);
    }
}

/// One case, and where it runs.
struct Case<'a> {
    site: &'a Site,
    program: &'a Arc<Program>,
    run: &'a str,
}

/// Runs a case several times, one after the other. The first has the seed that it has when it is the only one.
async fn several(context: &Context, several: &Case<'_>, seed: u64, repeat: u32, seat: &mut Seat) {
    let stopwatch = Stopwatch::start();
    let case = several.program.id.clone();
    (context.tell)(Event::CaseStarted { case: case.clone() });
    let mut came_to = Vec::new();
    for instance in 1..=repeat {
        if *context.stop.borrow() {
            break;
        }
        let end = Arc::new(Mutex::new(None));
        let instance_context = Context {
            tell: as_instance(instance, Arc::clone(&context.tell), Arc::clone(&end)),
            ..context.clone()
        };
        let own_seed = match instance {
            1 => seed,
            _ => mix(seed, instance as usize),
        };
        one(&instance_context, several, own_seed, seat).await;
        came_to.extend(end.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
    let (verdict, reason) = repeated(&came_to);
    (context.tell)(Event::CaseFinished {
        case,
        verdict,
        reason,
        took_ms: u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
}

/// What one instance came to.
type CameTo = Arc<Mutex<Option<(Verdict, Option<String>)>>>;

/// Tells a case's beginning and end as those of an instance, and keeps what it came to.
fn as_instance(
    instance: u32,
    tell: Arc<dyn Fn(Event) + Send + Sync>,
    end: CameTo,
) -> Arc<dyn Fn(Event) + Send + Sync> {
    Arc::new(move |event| {
        tell(match event {
            Event::CaseStarted { case } => Event::InstanceStarted { case, instance },
            Event::CaseFinished {
                case,
                verdict,
                reason,
                took_ms,
            } => {
                *end.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((verdict, reason.clone()));
                Event::InstanceFinished {
                    case,
                    instance,
                    verdict,
                    reason,
                    took_ms,
                }
            }
            other => other,
        });
    })
}

async fn one(context: &Context, case: &Case<'_>, seed: u64, seat: &mut Seat) -> Verdict {
    let program = case.program;
    match case.site {
        Site::Shared(place) => {
            let wanted = program.pushes();
            if context.pushes.take(wanted) {
                return drive::case(context, place, program, seed, seat).await;
            }
            let left = context.pushes.left().unwrap_or_default();
            let why = format!("it may send {wanted} pushes, and `limits.pushes` leaves {left}");
            let case = program.id.clone();
            not_run(
                context,
                program,
                why.clone(),
                Some(Event::HeldBack { case, why }),
            )
        }
        Site::Sandbox(sandbox) => match sandbox.place(seed, case.run).await {
            Ok(place) => {
                for (label, secret) in place.secrets().await {
                    context.redactor.learn(label, secret.reveal());
                }
                let verdict = drive::case(context, &place, program, seed, seat).await;
                place.close().await;
                verdict
            }
            Err(error) => not_run(context, program, error.to_string(), None),
        },
        Site::OutOfReach(why) => not_run(context, program, why.clone(), None),
    }
}

/// A case of which nothing was sent.
fn not_run(
    context: &Context,
    program: &Program,
    reason: String,
    held_back: Option<Event>,
) -> Verdict {
    let (case, verdict) = (program.id.clone(), Verdict::CouldNotRun);
    (context.tell)(Event::CaseStarted { case: case.clone() });
    held_back
        .into_iter()
        .for_each(|event| (context.tell)(event));
    (context.tell)(Event::CaseFinished {
        case,
        verdict,
        reason: Some(reason),
        took_ms: 0,
    });
    verdict
}

/// A seed for each case: neighbouring seeds and positions give unrelated ones (SplitMix64's finaliser).
fn mix(seed: u64, position: usize) -> u64 {
    let mut mixed = seed.wrapping_add((position as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
