//! What `serve` speaks TLS with: certificates of its own making, or the user's.

use std::path::{Path, PathBuf};

use pushproof_runner::clock::wall;
use pushproof_runner::serve::Tls;

use crate::args::Serve;
use crate::command::Problem;
use crate::output;

/// The certificate to serve with, if any, and where the authority to trust was written, if it is one of our own making.
#[derive(Default)]
pub(super) struct Certified {
    pub(super) tls: Option<Tls>,
    pub(super) authority: Option<PathBuf>,
}

/// Makes or reads what the command line asks for.
pub(super) fn certified(command: &Serve, port: u16) -> Result<Certified, Problem> {
    if let (Some(chain), Some(key)) = (&command.tls_cert, &command.tls_key) {
        let tls = Tls::from_pem(&read(chain)?, &read(key)?)
            .map_err(|error| Problem::usage(told(&error)))?;
        return Ok(Certified {
            tls: Some(tls),
            authority: None,
        });
    }
    if !command.tls {
        return Ok(Certified::default());
    }
    let (tls, authority) = Tls::made(wall()).map_err(|error| Problem::usage(told(&error)))?;
    let folder = command
        .tls_dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("reports/serve-{port}")));
    let path = folder.join("ca.pem");
    output::write_whole(&path, &authority)?;
    Ok(Certified {
        tls: Some(tls),
        authority: Some(path),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(path)
        .map_err(|error| Problem::usage(format!("reading `{}`: {error}", path.display())))
}

/// An error with its causes, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
