//! Events, verdicts, findings, secrets, the run record, one renderer per format.
//!
//! A run is a sequence of [`Event`]s. The runner makes them, a [`RecordWriter`] writes them down one JSON
//! object a line, and every report is a fold over them: [`Run`] folds, the functions of [`render`] print.
//! So a report made from the record a year later is the report that the run itself printed.
//!
//! *Absences.* Nothing here reads a clock, opens a file or a socket, or knows an operation, an outcome or
//! a requirement of any dialect by name.

mod level;
mod verdict;

mod event;
mod known;
mod record;
mod run;
mod trouble;

pub mod exit;
pub mod render;

mod mask;
mod sanitize;
mod secret;

pub use event::{
    ActResult, Binding, CaseHead, Cover, Event, Excerpt, Finding, KnownEntry, KnownState, Line,
    Place, RequirementHead, RunHead, ShownReply, ShownRequest,
};
pub use known::{Deviation, Deviations};
pub use level::Level;
pub use mask::{Mask, names_a_secret, without_secrets};
pub use record::{Cut, Read, ReadError, RecordWriter, WriteError, read, scan_line};
pub use run::{
    Act, Case, CaseEnd, Check, Exchange, Happening, Instance, KnownOutcome, Probe, Requirement,
    Run, RunEnd, Step, Trouble, Wait, repeated,
};
pub use sanitize::sanitize;
pub use secret::{Redactor, SECRET_CHARS_MIN, Secret};
pub use trouble::{Attribution, Remedy};
pub use verdict::Verdict;
