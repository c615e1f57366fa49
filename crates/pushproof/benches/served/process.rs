//! The servers under measurement as processes, on a core of their own where the machine lets them.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio, exit};
use std::thread::available_parallelism;
use std::time::Duration;

/// Clock ticks a second in `/proc` (Linux fixes USER_HZ at 100 on all common machines).
const TICKS_A_SECOND: u64 = 100;

pub(crate) struct Process {
    /// Host and port.
    pub(crate) address: String,
    child: Child,
}

impl Process {
    pub(crate) fn sandbox() -> Self {
        Self::start(&[env!("CARGO_BIN_EXE_pushproof"), "serve", "--port", "0"])
    }

    /// The bare server with a reply to answer.
    pub(crate) fn bare(reply: &[u8]) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(reply).unwrap();
        let program = std::env::current_exe().unwrap();
        // It has read the file when it tells its address.
        Self::start(&[
            program.to_str().unwrap(),
            "bare",
            file.path().to_str().unwrap(),
        ])
    }

    fn start(program: &[&str]) -> Self {
        let mut child = pinned("0", program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let (_, address) = first.trim().split_once("http://").unwrap();
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// Processor time that it has used, in the kernel and outside.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 1000 / TICKS_A_SECOND)
    }

    /// What stands in memory now.
    pub(crate) fn memory_mb(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// What has stood in memory at most.
    pub(crate) fn peak_mb(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs this program again with an argument, on the second core, and ends as it does.
pub(crate) fn rerun(argument: &str) -> ! {
    let program = std::env::current_exe().unwrap();
    let status = pinned("1", &[program.to_str().unwrap(), argument])
        .status()
        .unwrap();
    exit(status.code().unwrap_or(1))
}

fn pinned(core: &str, program: &[&str]) -> Command {
    let mut command = if is_pinnable() {
        Command::new("taskset")
    } else {
        Command::new(program[0])
    };
    if is_pinnable() {
        command.args(["-c", core, program[0]]);
    }
    command.args(&program[1..]);
    command
}

/// Whether processes can be put on cores. A process that is already pinned sees one core and still can pin others.
pub(crate) fn is_pinnable() -> bool {
    let cores = fs::read_to_string("/proc/cpuinfo").map(|text| text.matches("processor\t").count());
    let cores = cores.unwrap_or_else(|_| available_parallelism().map_or(1, usize::from));
    let taskset = Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    cores > 1 && taskset.as_ref().is_ok_and(ExitStatus::success)
}
