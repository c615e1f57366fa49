//! Reads a target file.

use std::fs;
use std::path::Path;

use pushproof_runner::target::{Target, parse};
use pushproof_scenario::Source;

use crate::command::Problem;
use crate::{dialects, env};

/// Reads and checks a target file; what is wrong in it is printed, and nothing is sent.
pub(crate) fn read(path: &Path, colour: bool) -> Result<Target, Problem> {
    let text = fs::read_to_string(path).map_err(|error| {
        Problem::invalid(format!("reading target file `{}`: {error}", path.display()))
    })?;
    let source = Source::new(path.to_string_lossy(), text);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let target = parse(&source, folder, &env::secret).map_err(|problems| {
        dialects::report(&problems, colour)
            .err()
            .unwrap_or_else(|| Problem::invalid("the target file is invalid"))
    })?;
    if let Some(ca) = &target.tls.ca {
        fs::File::open(ca).map(drop).map_err(|error| {
            let (ca, path) = (ca.display(), path.display());
            Problem::invalid(format!(
                "E0306: `tls.ca` of `{path}`: reading `{ca}`: {error}"
            ))
            .hint("it names a PEM file of certificate authorities, seen from the target file")
        })?;
    }
    Ok(target)
}
