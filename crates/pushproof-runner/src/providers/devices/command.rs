//! Devices behind a program of the tester's own: `PUSHPROOF_ACTION`, `PUSHPROOF_USER` and `PUSHPROOF_WITH_<NAME>` in its environment.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use pushproof_report::{sanitize, without_secrets};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::hook::values;
use super::{Act, Acted};
use crate::clock::HOOK_LIMIT;

/// Bytes of each stream that are kept.
const OUTPUT_MAX: u64 = 16 << 10;
/// Characters of what the program complained about that are shown.
const SHOWN_MAX: usize = 160;
/// How long the streams may stay open after the program has ended, held by something it started.
const LINGER_MAX: Duration = Duration::from_millis(500);

/// What a program that ended in time left.
struct Ended {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Carries out an act: exit code 0 is acknowledged, 1 refused, anything else unavailable.
pub(super) async fn act(command: &[String], act: &Act) -> Acted {
    let Some((program, arguments)) = command.split_first() else {
        return Acted::unavailable("the device command is empty");
    };
    let run = tokio::time::timeout(HOOK_LIMIT, run(program, arguments, act));
    let ended = match run.await {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => {
            return Acted::unavailable(format!(
                "device command `{program}` could not be run: {error}"
            ));
        }
        // The child is killed with the future that held it.
        Err(_) => {
            return Acted::unavailable(format!(
                "device command `{program}` did not end within {} s",
                HOOK_LIMIT.as_secs()
            ));
        }
    };
    let says = says(&ended.stderr);
    match ended.status.code() {
        Some(0) => Acted {
            values: values(&ended.stdout),
            ..Acted::acknowledged()
        },
        Some(1) => Acted::refused(format!("device command `{program}` refused{says}")),
        Some(code) => Acted::unavailable(format!(
            "device command `{program}` ended with {code}{says}"
        )),
        None => Acted::unavailable(format!("device command `{program}` was killed{says}")),
    }
}

async fn run(program: &str, arguments: &[String], act: &Act) -> io::Result<Ended> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("PUSHPROOF_ACTION", &act.action)
        .env("PUSHPROOF_USER", &act.owner_username)
        .envs(act.with.iter().map(|(name, value)| (variable(name), value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = tokio::spawn(keep(child.stdout.take()));
    let stderr = tokio::spawn(keep(child.stderr.take()));
    let status = child.wait().await?;
    let streams = async {
        (
            stdout.await.unwrap_or_default(),
            stderr.await.unwrap_or_default(),
        )
    };
    let (stdout, stderr) = tokio::time::timeout(LINGER_MAX, streams)
        .await
        .unwrap_or_default();
    Ok(Ended {
        status,
        stdout,
        stderr,
    })
}

/// The beginning of a stream, read to its end so that the program is not held up.
async fn keep(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        // A stream that breaks has said what it had to say.
        let _ = (&mut stream).take(OUTPUT_MAX).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
    kept
}

fn says(stderr: &[u8]) -> String {
    match String::from_utf8_lossy(stderr).trim() {
        "" => String::new(),
        text => format!(": {}", sanitize(&without_secrets(text), SHOWN_MAX)),
    }
}

/// `oob_code` as `PUSHPROOF_WITH_OOB_CODE`.
fn variable(name: &str) -> String {
    let name = name.chars().map(|char| {
        if char.is_ascii_alphanumeric() {
            char.to_ascii_uppercase()
        } else {
            '_'
        }
    });
    format!("PUSHPROOF_WITH_{}", name.collect::<String>())
}
