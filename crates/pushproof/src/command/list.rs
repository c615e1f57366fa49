//! `pushproof list`: cases, operations, requirements, faults.

use std::fmt::Write as _;

use pushproof_report::exit;
use pushproof_tenant::{Fault, ReplyFault};

use super::Problem;
use super::explain::operation;
use crate::args::{Args, List};
use crate::filter::Filter;
use crate::{dialects, output, own, select};

pub(crate) fn run(args: &Args, command: &List, colour: bool) -> Result<u8, Problem> {
    let mut text = String::new();
    if command.faults {
        for fault in Fault::ALL {
            row(
                &mut text,
                &[
                    fault.id(),
                    fault.says(),
                    &format!("breaks {}", fault.breaks().join(", ")),
                ],
            );
        }
        for (form, says, example) in ReplyFault::FORMS {
            row(&mut text, &[form, says, &format!("as in {example}")]);
        }
    } else {
        let own = own::files(&command.select, colour)?;
        let library = dialects::library_with(args, &own, colour)?;
        if command.operations {
            for operation in operation::named(&library) {
                let request = operation::request(operation);
                row(&mut text, &[&operation.name, &operation.say, &request]);
            }
        } else if command.requirements {
            for requirement in library.dialect.requirements.iter() {
                row(
                    &mut text,
                    &[
                        &requirement.id,
                        requirement.level.name(),
                        &requirement.statement,
                    ],
                );
            }
        } else {
            let profile = library.profiles().next().unwrap_or_default().to_owned();
            let (programs, problems) = library
                .compile(&profile)
                .expect("the library names its own profiles");
            dialects::report(&problems, colour)?;
            let filter = command.filter.as_deref().map(Filter::parse).transpose()?;
            for program in select::select(programs, &command.select, filter.as_ref())? {
                row(
                    &mut text,
                    &[&program.id, &program.title, &program.tags.join(", ")],
                );
            }
        }
    }
    output::say(&text);
    Ok(exit::OK)
}

/// Fields separated by tabs: easy to read, to cut and to grep.
fn row(text: &mut String, fields: &[&str]) {
    let _ = writeln!(text, "{}", fields.join("\t"));
}
