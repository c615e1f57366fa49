//! The sandbox as a process, under TLS, on a port of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long it may take to say where it is; it makes an RSA key first.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A sandbox that ends when it is dropped.
pub(crate) struct Sandbox {
    /// Host and port, as in `localhost:4010`.
    pub(crate) host: String,
    /// The certificate of the authority to trust.
    pub(crate) authority: PathBuf,
    _process: Child,
    _folder: TempDir,
}

impl Sandbox {
    /// Starts it, with further arguments.
    pub(crate) async fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_pushproof"))
            .args(["serve", "--tls", "--port", "0", "--tls-dir"])
            .arg(folder.path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(START_LIMIT, lines.next_line()).await;
        let first = first.expect("it starts in time").unwrap().unwrap();
        let host = first.strip_prefix("sandbox at https://").unwrap();
        Self {
            host: host.to_owned(),
            authority: folder.path().join("ca.pem"),
            _process: process,
            _folder: folder,
        }
    }
}
