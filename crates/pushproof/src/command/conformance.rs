//! `pushproof conformance`: plan, run, report.

use std::path::PathBuf;
use std::sync::Arc;

use pushproof_report::{Event, Redactor, RunHead, exit};
use pushproof_runner::clock;
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::site::{Place, Sandbox, Site, SiteError};
use pushproof_runner::target::Target;
use pushproof_scenario::{Library, Program};
use tokio::sync::watch;

use super::Problem;
use crate::args::{Args, Conformance};
use crate::output::{self, Output};
use crate::signals::Signals;
use crate::{dialects, sandbox, select, target};

/// The profile where neither the command line nor the target names one: what the service does.
const PROFILE_DEFAULT: &str = "observed";
/// Cases at the same time in the built-in sandbox, for each core: they wait for nothing but the processor.
const SANDBOX_JOBS_PER_CORE: usize = 2;
/// The seed where none is given: a run without options is the same every time.
const SEED_DEFAULT: u64 = 1;

/// Runs the selected cases and gives the run's exit code.
pub(crate) async fn run(args: &Args, command: &Conformance, colour: bool) -> Result<u8, Problem> {
    let library = dialects::library(args, colour)?;
    let faults = sandbox::faults(&command.fault)?;
    let target = command.target.as_deref().map(|path| target::read(path, colour)).transpose()?;
    let profile = profile(command, target.as_ref(), &library)?;
    let (programs, problems) = library.compile(&profile).expect("the profile has just been found");
    dialects::report(&problems, colour)?;
    let programs = select::select(programs, &command.select)?;

    let id = run_id();
    let (site, described) = match target {
        None => {
            let tenant_profile = match profile.as_str() {
                "documented" => pushproof_tenant::Profile::Documented,
                _ => pushproof_tenant::Profile::Observed,
            };
            let origin = std::time::UNIX_EPOCH + sandbox::ORIGIN;
            let tenants = sandbox::tenants(tenant_profile, faults);
            let made = Sandbox::new(tenants, Arc::new(sandbox::target), origin).map_err(|error| unusable(&error))?;
            (Site::Sandbox(made), sandbox::target("http://127.0.0.1"))
        }
        Some(target) => {
            let described = target.clone();
            let place = Place::reach(target, &id).await.map_err(|error| unusable(&error))?;
            (Site::Shared(Arc::new(place)), described)
        }
    };
    let remarks = remarks(&described, &site);
    let cases = planned(programs, &described, &library);
    let redactor = Arc::new(Redactor::new(random()));
    let style = output::style(args.color, command.quiet, command.verbose, command.strict);
    let record = command.record.clone().unwrap_or_else(|| record_path(&id));
    let output = Arc::new(Output::open(record, Arc::clone(&redactor), style)?);
    let seed = command.seed.unwrap_or(SEED_DEFAULT);
    let signals = Signals::watch()?;
    output.tell(Event::RunStarted {
        run: RunHead {
            id: id.clone(),
            pushproof: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            target: described.name.clone(),
            dialect: library.dialect.name.clone(),
            profile,
            started: humantime::format_rfc3339_seconds(clock::wall()).to_string(),
        },
        requirements: library.dialect.requirements.heads(),
        remarks,
    });
    output.progress(cases.iter().filter(|case| case.not_applicable.is_none()).count());
    let concurrency = command.jobs.unwrap_or_else(|| jobs(&site, &described));
    let plan = Plan { cases, seed, concurrency, strict: command.strict, run: id };
    let (stop, stopped) = watch::channel(false);
    let watcher = tokio::spawn(watch_signals(signals, Arc::clone(&output), stop));
    let teller = Arc::clone(&output);
    dispatch::run(plan, site, redactor, Arc::new(move |event| teller.tell(event)), stopped).await;
    watcher.abort();
    // The watcher holds the output until it is gone.
    let _ = watcher.await;
    let output = Arc::into_inner(output)
        .ok_or_else(|| Problem::usage("the run is over and something still writes to it").code(exit::BUG))?;
    output.finish(command.strict, command.report_json.as_deref())
}

fn profile(command: &Conformance, target: Option<&Target>, library: &Library) -> Result<String, Problem> {
    let asked = command.profile.clone().or_else(|| target.and_then(|target| target.profile.clone()));
    let profile = asked.unwrap_or_else(|| PROFILE_DEFAULT.to_owned());
    if library.profiles().any(|known| known == profile) {
        return Ok(profile);
    }
    let known: Vec<&str> = library.profiles().collect();
    Err(Problem::usage(format!("unknown profile `{profile}`")).hint(format!("known: {}", known.join(", "))))
}

/// Why nothing can be run there: no request reached the endpoint.
fn unusable(error: &SiteError) -> Problem {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    Problem::usage(message).code(exit::TARGET_UNUSABLE)
}

/// What the reader must know to judge the result.
fn remarks(target: &Target, site: &Site) -> Vec<String> {
    let mut remarks = Vec::new();
    if target.tls.insecure {
        remarks.push("TLS certificates are not verified: the target file says `insecure: true`".to_owned());
    }
    if let Site::Shared(place) = site {
        remarks.extend(place.clock.remark());
    }
    remarks
}

/// The cases, and for each whether the target has what it needs and time enough.
fn planned(programs: Vec<Arc<Program>>, target: &Target, library: &Library) -> Vec<Planned> {
    let features = target.features();
    let lifetime = |name: &str| {
        let lifetimes = target.lifetimes.get(name).or_else(|| library.dialect.lifetimes.get(name));
        lifetimes.copied().unwrap_or_default()
    };
    let plan = |program: Arc<Program>| {
        let missing = program.needs.iter().find(|need| !features.contains(*need)).cloned();
        let wait = program.waits(&lifetime);
        let too_long = target.clock.is_none() && wait > target.limits.wait;
        let waits = too_long.then(|| {
            let (wait, most) = (humantime::format_duration(wait), humantime::format_duration(target.limits.wait));
            format!("clock (it waits {wait} of real time, and `limits.wait` is {most})")
        });
        Planned { program, not_applicable: missing.or(waits) }
    };
    programs.into_iter().map(plan).collect()
}

fn jobs(site: &Site, target: &Target) -> usize {
    match site {
        Site::Shared(_) => target.limits.concurrency as usize,
        Site::Sandbox(_) => {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            cores * SANDBOX_JOBS_PER_CORE
        }
    }
}

/// `reports/20261124T064700Z-1a2b3c4d/record.jsonl`.
fn record_path(id: &str) -> PathBuf {
    let stamp: String = humantime::format_rfc3339_seconds(clock::wall())
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    PathBuf::from("reports").join(format!("{stamp}-{id}")).join("record.jsonl")
}

fn run_id() -> String {
    random()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's randomness does not fail");
    bytes
}

/// The first signal stops the run, which then cleans up and reports; the second ends it at once.
async fn watch_signals(mut signals: Signals, output: Arc<Output>, stop: watch::Sender<bool>) {
    let (signal, code) = signals.next().await;
    output.tell(Event::Interrupted { signal: signal.to_owned() });
    anstream::eprintln!("{signal}: cleaning up; once more to stop at once");
    stop.send_replace(true);
    signals.next().await;
    #[expect(clippy::disallowed_methods, reason = "the user does not want to wait for the clean-up")]
    std::process::exit(i32::from(code));
}
