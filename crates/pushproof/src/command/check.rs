//! `pushproof check`: everything that can be found wrong before the first request.

use pushproof_report::exit;

use super::{Problem, counted};
use crate::args::{Args, Check};
use crate::{dialects, output};

pub(crate) fn run(args: &Args, command: &Check, colour: bool) -> Result<u8, Problem> {
    let library = dialects::library(args, colour)?;
    let mut cases = 0;
    for profile in library.profiles() {
        let (programs, problems) = library
            .compile(profile)
            .expect("the library names its own profiles");
        dialects::report(&problems, colour)?;
        cases = programs.len();
    }
    if command.coverage {
        let profile = library.profiles().next().unwrap_or_default().to_owned();
        let (programs, _) = library
            .compile(&profile)
            .expect("the library names its own profiles");
        dialects::report(&library.coverage(&programs), colour)?;
    }
    let scenarios = counted(library.scenarios_len(), "scenario");
    output::say(&format!(
        "{scenarios}, {}: nothing wrong\n",
        counted(cases, "case")
    ));
    Ok(exit::OK)
}
