//! The sandbox as a process, under TLS, on a port of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use pushproof_runner::transport::{HttpOptions, Roots, Transport};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long it may take to say where it is; it makes an RSA key first.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A sandbox that ends when it is dropped.
pub(crate) struct Sandbox {
    /// Host and port, as in `localhost:4010`.
    pub(crate) host: String,
    /// The certificate of the authority to trust.
    pub(crate) authority: PathBuf,
    process: Child,
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
            .stderr(Stdio::piped())
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
            process,
            _folder: folder,
        }
    }

    /// An address on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host)
    }

    /// Asks it, trusting its authority alone; status and body.
    pub(crate) async fn ask(&self, request: http::request::Builder, body: &str) -> (u16, String) {
        let options = HttpOptions {
            roots: Roots::Only(fs::read(&self.authority).unwrap()),
            ..HttpOptions::default()
        };
        let request = request.body(body.into()).unwrap();
        let client = Transport::http(&options).unwrap();
        let reply = client.exchange(request).await.unwrap().response;
        let body = String::from_utf8(reply.body().clone()).unwrap();
        (reply.status().as_u16(), body)
    }

    /// Ends it; what it wrote on standard error.
    pub(crate) async fn end(mut self) -> String {
        self.process.start_kill().unwrap();
        let mut log = String::new();
        let mut stderr = self.process.stderr.take().unwrap();
        stderr.read_to_string(&mut log).await.unwrap();
        log
    }
}
