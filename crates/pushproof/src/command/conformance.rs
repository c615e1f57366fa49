//! `pushproof conformance`: plan, run, report.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pushproof_report::{Deviations, Event, Redactor, RunHead, exit};
use pushproof_runner::clock;
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::site::{Place, Sandbox, Site, SiteError};
use pushproof_runner::target::{Devices, Target};
use pushproof_scenario::{Library, Program, nearest};
use tokio::sync::watch;

use super::Problem;
use crate::args::{Args, Conformance};
use crate::filter::Filter;
use crate::known::Against;
use crate::output::{self, Outlets, Output};
use crate::plan::{Circumstances, Cost};
use crate::signals::Signals;
use crate::{dialects, known, own, person, plan, sandbox, select, target};

/// The profile of a dialect with several, where none is named: what the service does.
const PROFILE_DEFAULT: &str = "observed";
/// The word for a run with each profile, unless a dialect has a profile of that name.
const BOTH: &str = "both";
/// Cases at the same time in the built-in sandbox, for each core: they wait for nothing but the processor.
const SANDBOX_JOBS_PER_CORE: usize = 2;
/// The seed where none is given: a run without options is the same every time.
const SEED_DEFAULT: u64 = 1;

/// Runs the selected cases, once with each profile that was asked for, and gives the exit code: the first that applies.
pub(crate) async fn run(args: &Args, command: &Conformance, colour: bool) -> Result<u8, Problem> {
    let prepared = prepare(args, command, colour)?;
    if command.plan {
        prepared
            .rounds
            .iter()
            .for_each(|round| output::say(&prepared.plan(command, round)));
        return Ok(exit::OK);
    }
    if matches!(prepared.described.devices, Some(Devices::Human)) {
        person::is_there()?;
    }
    let several = prepared.rounds.len() > 1;
    let mut codes = Vec::new();
    for round in &prepared.rounds {
        let id = run_id();
        let code = one(args, command, &prepared, round, (&id, several)).await?;
        codes.push(code);
        if matches!(code, exit::INTERRUPTED | exit::TERMINATED) {
            break;
        }
    }
    Ok(exit::first(codes))
}

/// Everything that is known before anything is sent.
struct Prepared {
    library: Library,
    target: Option<Target>,
    /// The target as it is told of: the sandbox's, if there is no other.
    described: Target,
    known: Vec<known::Entry>,
    rounds: Vec<Round>,
}

/// The cases with one profile.
struct Round {
    profile: String,
    /// Every case of the dialect.
    all: Vec<Arc<Program>>,
    /// The ones to run.
    selected: Vec<Arc<Program>>,
}

fn prepare(args: &Args, command: &Conformance, colour: bool) -> Result<Prepared, Problem> {
    output::distinct(
        &[
            ("--record", command.record.as_deref()),
            ("--report-json", command.report_json.as_deref()),
            ("--report-junit", command.report_junit.as_deref()),
        ],
        &[
            ("--target", command.target.as_deref()),
            ("--known", command.known.as_deref()),
        ],
    )?;
    let filter = command.filter.as_deref().map(Filter::parse).transpose()?;
    sandbox::faults(&command.fault)?;
    let target = command
        .target
        .as_deref()
        .map(|path| target::read(args, path, colour))
        .transpose()?;
    let known = command
        .known
        .as_deref()
        .map(|path| known::read(path, colour))
        .transpose()?;
    let own = own::files(&command.select, colour)?;
    let library = match &target {
        Some(target) => dialects::spoken_by(args, target, &own, colour)?,
        None => sandbox::library(args, &own, colour)?,
    };
    let mut rounds = Vec::new();
    for profile in profiles(command, target.as_ref(), &library)? {
        let (all, problems) = library
            .compile(&profile)
            .expect("the profile has just been found");
        dialects::report(&problems, colour)?;
        let selected = select::select(all.clone(), &command.select, filter.as_ref())?;
        rounds.push(Round {
            profile,
            all,
            selected,
        });
    }
    let described = target
        .clone()
        .unwrap_or_else(|| sandbox::target("http://127.0.0.1"));
    Ok(Prepared {
        library,
        target,
        described,
        known: known.unwrap_or_default(),
        rounds,
    })
}

impl Prepared {
    fn lifetime(&self, name: &str) -> Duration {
        let lifetimes = self
            .described
            .lifetimes
            .get(name)
            .or_else(|| self.library.dialect.lifetimes.get(name));
        lifetimes.copied().unwrap_or_default()
    }

    fn cost(&self, program: &Program) -> Cost {
        plan::cost(program, &|name| self.lifetime(name))
    }

    /// The cases, and for each whether the target has what it needs and time enough.
    fn planned(&self, round: &Round) -> Vec<Planned> {
        let features = self.described.features(&self.library.dialect.features);
        let plan = |program: &Arc<Program>| {
            let missing = program
                .needs
                .iter()
                .find(|need| !features.contains(*need))
                .map(|need| self.described.lack(need));
            let wait = self.cost(program).time.least;
            let too_long = self.described.clock.is_none() && wait > self.described.limits.wait;
            let waits = too_long.then(|| {
                let (wait, most) = (
                    humantime::format_duration(wait),
                    humantime::format_duration(self.described.limits.wait),
                );
                format!("clock (it waits {wait} of real time, and `limits.wait` is {most})")
            });
            let outlived = || {
                let (name, needed, lives) = plan::outlived(program, &self.described.lifetimes)?;
                let (needed, lives) = (
                    humantime::format_duration(needed),
                    humantime::format_duration(lives),
                );
                Some(format!(
                    "lifetimes.{name} (it polls for {needed}, and `lifetimes.{name}` is {lives})"
                ))
            };
            Planned {
                program: Arc::clone(program),
                not_applicable: missing.or_else(outlived).or(waits),
            }
        };
        round.selected.iter().map(plan).collect()
    }

    fn plan(&self, command: &Conformance, round: &Round) -> String {
        let circumstances = Circumstances {
            target: &self.described,
            profile: &round.profile,
            concurrency: command.jobs(self.target.as_ref()),
            repeat: command.repeat,
            real_time: self.described.clock.is_none(),
        };
        plan::render(
            &self.planned(round),
            &|program| self.cost(program),
            &circumstances,
        )
    }
}

/// One run, with its own record and reports.
async fn one(
    args: &Args,
    command: &Conformance,
    prepared: &Prepared,
    round: &Round,
    (id, several): (&str, bool),
) -> Result<u8, Problem> {
    let mut site = site(command, prepared, round, id).await?;
    let redactor = redactor(&prepared.library, &prepared.described);
    let started = humantime::format_rfc3339_seconds(clock::wall()).to_string();
    let against = Against {
        programs: &round.all,
        target: &prepared.described.name,
        today: &started[..10],
    };
    let deviations = Deviations::new(known::deviations(&prepared.known, &against));
    let own = |path: &Option<PathBuf>| {
        let path = path.clone()?;
        Some(if several {
            beside(&path, &round.profile)
        } else {
            path
        })
    };
    let outlets = Outlets {
        record: own(&command.record).unwrap_or_else(|| record_path(id)),
        json: own(&command.report_json),
        junit: own(&command.report_junit),
        style: output::style(args.color, command.quiet, command.verbose, command.strict),
        prints_known: command.print_known,
        target: command.target.clone(),
    };
    let output = Arc::new(Output::open(outlets, Arc::clone(&redactor), deviations)?);
    if let Site::Shared(place) = site {
        site = Site::Shared(with_person(place, &output));
    }
    let seed = command.seed.unwrap_or(SEED_DEFAULT);
    let signals = Signals::watch()?;
    output.tell(Event::RunStarted {
        run: RunHead {
            id: id.to_owned(),
            pushproof: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            target: prepared.described.name.clone(),
            dialect: prepared.library.dialect.name.clone(),
            profile: round.profile.clone(),
            started,
        },
        requirements: prepared.library.dialect.requirements.heads(),
        remarks: remarks(&prepared.described, &site),
    });
    let cases = prepared.planned(round);
    output.progress(
        cases
            .iter()
            .filter(|case| case.not_applicable.is_none())
            .count(),
    );
    let plan = Plan {
        cases,
        seed,
        concurrency: command.jobs(prepared.target.as_ref()),
        repeat: command.repeat,
        strict: command.strict,
        run: id.to_owned(),
    };
    let (stop, stopped) = watch::channel(false);
    let watcher = tokio::spawn(watch_signals(signals, Arc::clone(&output), stop));
    let teller = Arc::clone(&output);
    dispatch::run(
        plan,
        site,
        redactor,
        Arc::new(move |event| teller.tell(event)),
        stopped,
    )
    .await;
    watcher.abort();
    // The watcher holds the output until it is gone.
    let _ = watcher.await;
    let output = Arc::into_inner(output).ok_or_else(|| {
        Problem::usage("the run is over and something still writes to it").code(exit::BUG)
    })?;
    output.finish()
}

/// Knows no secret yet, and all that can be none.
pub(super) fn redactor(library: &Library, target: &Target) -> Arc<Redactor> {
    let redactor = Redactor::new(random());
    library
        .texts()
        .chain(target.words())
        .for_each(|text| redactor.spare(text));
    Arc::new(redactor)
}

async fn site(
    command: &Conformance,
    prepared: &Prepared,
    round: &Round,
    id: &str,
) -> Result<Site, Problem> {
    match prepared.target.clone() {
        None => {
            let tenant_profile = match round.profile.as_str() {
                "documented" => pushproof_tenant::Profile::Documented,
                _ => pushproof_tenant::Profile::Observed,
            };
            let origin = std::time::UNIX_EPOCH + sandbox::ORIGIN;
            let tenants = sandbox::tenants(tenant_profile, sandbox::faults(&command.fault)?);
            let made = Sandbox::new(tenants, Arc::new(sandbox::target), origin)
                .map_err(|error| unusable(&error))?;
            Ok(Site::Sandbox(made))
        }
        Some(target) => {
            // Reports are made all the same: whoever reads them must not find those of yesterday.
            match Place::reach(target, id).await {
                Ok(place) => Ok(Site::Shared(Arc::new(place))),
                Err(error @ (SiteError::Down { .. } | SiteError::Clock(_))) => {
                    Ok(Site::OutOfReach(chain(&error)))
                }
                Err(error) => Err(unusable(&error)),
            }
        }
    }
}

/// The place, with the person at the terminal where one acts with its devices.
fn with_person(place: Arc<Place>, output: &Arc<Output>) -> Arc<Place> {
    if !place.needs_person() {
        return place;
    }
    let place = Arc::into_inner(place).expect("nobody else has it before the run");
    // The run waits for the output to be let go of, and a question that nobody answers may never end.
    let output = Arc::downgrade(output);
    let ask = move |text: &str| person::ask(&output, text, &mut io::stdin().lock());
    Arc::new(place.asking(Arc::new(ask)))
}

/// `out/report.json` for one of several profiles: `out/report.documented.json`.
fn beside(path: &Path, profile: &str) -> PathBuf {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy());
    match extension {
        Some(extension) => path.with_extension(format!("{profile}.{extension}")),
        None => path.with_extension(profile),
    }
}

/// The profile where neither the command line nor the target names one.
pub(super) fn profile_unasked(library: &Library) -> String {
    let mut known = library.profiles();
    match (known.next(), known.next()) {
        (Some(only), None) => only.to_owned(),
        _ => PROFILE_DEFAULT.to_owned(),
    }
}

/// The profiles to run with, in their order.
fn profiles(
    command: &Conformance,
    target: Option<&Target>,
    library: &Library,
) -> Result<Vec<String>, Problem> {
    let asked = command
        .profile
        .clone()
        .or_else(|| target.and_then(|target| target.profile.clone()));
    let known: Vec<&str> = library.profiles().collect();
    let asked = asked.unwrap_or_else(|| profile_unasked(library));
    if known.contains(&asked.as_str()) {
        Ok(vec![asked])
    } else if asked == BOTH {
        Ok(known.into_iter().map(str::to_owned).collect())
    } else {
        let problem = Problem::usage(format!("unknown profile `{asked}`"));
        Err(match nearest(&asked, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!(
                "known: {}, and `{BOTH}` for a run with each",
                known.join(", ")
            )),
        })
    }
}

/// Why nothing can be run there: no request reached the endpoint.
fn unusable(error: &SiteError) -> Problem {
    Problem::usage(chain(error)).code(exit::TARGET_UNUSABLE)
}

/// An error with its causes.
pub(super) fn chain(error: &SiteError) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    message
}

/// What the reader must know to judge the result.
fn remarks(target: &Target, site: &Site) -> Vec<String> {
    let mut remarks = Vec::new();
    if target.tls.insecure {
        remarks.push(
            "TLS certificates are not verified: the target file says `insecure: true`".to_owned(),
        );
    }
    if let Site::Shared(place) = site {
        remarks.extend(place.clock.remark());
    }
    remarks
}

impl Conformance {
    /// Cases at the same time.
    fn jobs(&self, target: Option<&Target>) -> usize {
        self.jobs.map_or_else(|| jobs(target), NonZeroUsize::get)
    }
}

/// Cases at the same time where nobody says.
fn jobs(target: Option<&Target>) -> usize {
    match target {
        Some(target) => target.limits.concurrency as usize,
        None => {
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
    PathBuf::from("reports")
        .join(format!("{stamp}-{id}"))
        .join("record.jsonl")
}

pub(super) fn run_id() -> String {
    random()[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's randomness does not fail");
    bytes
}

/// The first signal stops the run, which then cleans up and reports; the second ends it at once.
async fn watch_signals(mut signals: Signals, output: Arc<Output>, stop: watch::Sender<bool>) {
    let (signal, code) = signals.next().await;
    output.tell(Event::Interrupted {
        signal: signal.to_owned(),
    });
    anstream::eprintln!("{signal}: cleaning up; once more to stop at once");
    stop.send_replace(true);
    signals.next().await;
    let left = output.left();
    if !left.is_empty() {
        anstream::eprintln!(
            "stopped before the clean-up was over; what may be left at the target:"
        );
        left.iter().for_each(|what| anstream::eprintln!("  {what}"));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the user does not want to wait for the clean-up"
    )]
    std::process::exit(i32::from(code));
}
