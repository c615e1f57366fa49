//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Conformance harness for the Auth0-style MFA API: push enrolment, push challenge, recovery codes, and the polling that ties them together.
///
/// Without a target everything runs against the sandbox, a simulated tenant inside this program.
#[derive(Debug, Parser)]
#[command(name = "pushproof", version, after_help = pushproof_report::exit::table(), max_term_width = 100)]
pub(crate) struct Args {
    /// Folder with dialects, instead of the embedded ones
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dialects: Option<PathBuf>,
    /// Name of the dialect, where no target names it
    #[arg(long, global = true, value_name = "NAME", default_value = "auth0")]
    pub(crate) dialect: String,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colour. `NO_COLOR` is respected by `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios and judge the endpoint, requirement by requirement
    Conformance(Conformance),
    /// Find everything that is wrong in scenarios, dialects and targets before the first request
    Check(Check),
    /// List scenarios, operations, requirements or faults
    List(List),
    /// Explain a requirement, a case, an operation or a fault in plain words
    Explain(Explain),
    /// Run the sandbox as a process of its own
    Serve(Serve),
    /// Make the report of a recorded run again
    Report(Report),
    /// Work with target files
    #[command(subcommand)]
    Target(Target),
    /// Begin a scenario, a fragment or a target from a commented file
    New(New),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(Schema),
}

/// Run scenarios and judge the endpoint, requirement by requirement.
#[derive(Debug, clap::Args)]
pub(crate) struct Conformance {
    /// A path (of the dialect, or of scenarios of your own), a case id or a glob over it, or a requirement id; without any, everything
    #[arg(value_name = "SELECT")]
    pub(crate) select: Vec<String>,
    /// Target file; without it, the built-in sandbox
    #[arg(long, value_name = "FILE")]
    pub(crate) target: Option<PathBuf>,
    /// Only cases that pass this: tag(x), covers(x), needs(x), id(glob), with `&`, `|`, `not` and parentheses
    #[arg(short = 'E', long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// What is expected: a profile of the dialect, or `both` for a run with each
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Give the sandbox a fault, to see the suite find it: an id of `list --faults`, or `reply:METHOD /path:CHANGE` for any change to a reply; can
    /// be repeated
    #[arg(long, value_name = "FAULT", conflicts_with = "target")]
    pub(crate) fault: Vec<String>,
    /// Most cases at the same time
    #[arg(short, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Seed of everything that is left to chance
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Run each case this often; verdicts that differ are flaky
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) repeat: u32,
    /// A breached SHOULD is a failure
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show what would be sent, and send nothing
    #[arg(long, conflicts_with_all = ["report_json", "report_junit", "record", "print_known"])]
    pub(crate) plan: bool,
    /// List of known deviations; an entry that is stale, unmatched or expired fails the run
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Instead of the report, print a list of known deviations that excuses what was found
    #[arg(long)]
    pub(crate) print_known: bool,
    /// Write the JUnit report there
    #[arg(long, value_name = "FILE")]
    pub(crate) report_junit: Option<PathBuf>,
    /// Write the JSON report there
    #[arg(long, value_name = "FILE")]
    pub(crate) report_json: Option<PathBuf>,
    /// Write the record of the run there, instead of `reports/<UTC>-<run id>/record.jsonl`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Also show the trace of every case, and every requirement
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Only what is not as it should be, and the counts
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// List scenarios, operations, requirements or faults.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// A path, a case id or a glob over it, or a requirement id; without any, everything
    #[arg(value_name = "SELECT", conflicts_with_all = ["operations", "requirements", "faults"])]
    pub(crate) select: Vec<String>,
    /// Only cases that pass this, as for `conformance`
    #[arg(short = 'E', long, value_name = "FILTER", conflicts_with_all = ["operations", "requirements", "faults"])]
    pub(crate) filter: Option<String>,
    /// Operations of the dialect instead of cases
    #[arg(long, conflicts_with_all = ["requirements", "faults"])]
    pub(crate) operations: bool,
    /// Requirements instead of cases
    #[arg(long)]
    pub(crate) requirements: bool,
    /// Faults of the sandbox instead of cases, and how to write one that changes a reply
    #[arg(long, conflicts_with = "requirements")]
    pub(crate) faults: bool,
}

/// Find everything that is wrong in scenarios, dialects, targets and lists of known deviations.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Scenarios, fragments, a dialect's folder, targets, lists of known deviations; `-` is standard input. Without any, the whole dialect
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How problems are told: for people, as one JSON document, or as GitHub's workflow commands
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(crate) format: CheckFormat,
    /// Show as a diff how misspelt keys and words, missing quotes and indentation would be put right
    #[arg(long, conflicts_with = "coverage")]
    pub(crate) fix: bool,
    /// With --fix: change the files
    #[arg(long, requires = "fix")]
    pub(crate) write: bool,
    /// Also show requirements that no scenario covers, and scenarios that cover none
    #[arg(long)]
    pub(crate) coverage: bool,
}

/// How problems are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the lines they are about.
    Human,
    /// One document.
    Json,
    /// Annotations of a pull request.
    Github,
}

/// Explain a requirement, a case, an operation or a fault in plain words.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// Its id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// Run the sandbox as a process of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Port, on 127.0.0.1 and, where there is IPv6, on ::1 too; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    pub(crate) port: u16,
    /// How it answers where the vendor's pages and the recorded service differ
    #[arg(long, value_name = "NAME", default_value = "observed")]
    pub(crate) profile: ServeProfile,
    /// Give it a fault: an id of `list --faults`, or `reply:METHOD /path:CHANGE` for any change to a reply; can be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// Whether its time passes by itself, or only when told to by POST /__control/clock
    #[arg(long, value_name = "KIND", default_value = "real")]
    pub(crate) clock: ServeClock,
    /// Seed of its tokens and codes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Speak TLS, with an authority and a certificate for localhost, 127.0.0.1 and ::1 made at start
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) tls: bool,
    /// Folder for the authority's certificate, `ca.pem`, instead of `reports/serve-PORT`; no key is ever written
    #[arg(long, value_name = "DIR", requires = "tls")]
    pub(crate) tls_dir: Option<PathBuf>,
    /// Speak TLS with the certificates in this PEM file, the server's own first
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Issuer of its tokens, whatever the address it is reached by
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// Believe X-Forwarded-Proto and X-Forwarded-Host: for a sandbox behind a proxy, where the buttons of its page need it
    #[arg(long)]
    pub(crate) trust_forwarded: bool,
    /// Let the pages of this origin call it from a browser; can be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Write a line per request on standard error: method, path with its ids masked, status, time
    #[arg(long)]
    pub(crate) access_log: bool,
}

/// The sandbox's profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeProfile {
    /// What the vendor writes.
    Documented,
    /// What the service was recorded doing.
    Observed,
}

/// The sandbox's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeClock {
    /// The system's, and further by what it is told.
    Real,
    /// Stands still until it is told.
    Virtual,
}

/// Make the report of a recorded run again.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// A `record.jsonl`
    #[arg(value_name = "RECORD")]
    pub(crate) record: PathBuf,
    /// Write the JUnit report there
    #[arg(long, value_name = "FILE")]
    pub(crate) report_junit: Option<PathBuf>,
    /// Write the JSON report there
    #[arg(long, value_name = "FILE")]
    pub(crate) report_json: Option<PathBuf>,
    /// A breached SHOULD is a failure
    #[arg(long)]
    pub(crate) strict: bool,
    /// Also show the trace of every case, and every requirement
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Only what is not as it should be, and the counts
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Work with target files.
#[derive(Debug, Subcommand)]
pub(crate) enum Target {
    /// Try everything that a target file promises: what works, what is missing, and which requirements that costs
    Doctor(Doctor),
}

/// Try everything that a target file promises.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// The target file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Begin a file from a commented one.
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What to begin
    #[arg(value_name = "KIND")]
    pub(crate) kind: NewKind,
    /// Where to write it; without it, or with `-`, on standard output. A file that is there is never overwritten
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

/// What can be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKind {
    /// A scenario, which runs green on the sandbox as it stands.
    Scenario,
    /// A fragment: steps that scenarios share.
    Fragment,
    /// A target, where requests go.
    Target,
}

/// Print a JSON Schema.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// The kind of file
    #[arg(value_name = "KIND", required_unless_present = "write")]
    pub(crate) kind: Option<SchemaKind>,
    /// Instead of printing one, write all of them into this folder, those that name a dialect's words in a folder for each dialect
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub(crate) write: Option<PathBuf>,
}

/// The kinds of file that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// A scenario, with the names of the dialect.
    Scenario,
    /// A fragment, with the names of the dialect.
    Fragment,
    /// A target that speaks the dialect.
    Target,
    /// `dialect.yaml`.
    Dialect,
    /// `requirements.yaml`.
    Requirements,
    /// A list of known deviations.
    Known,
}
