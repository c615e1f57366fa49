//! SDKs from lock files: [`node`], [`browser`] and [`python`] give the folder they are in, or why they cannot be had.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::run::{Trouble, run, text};

/// How long an installation may take.
const INSTALL_LIMIT: Duration = Duration::from_secs(140);
/// For how long after an installation that could not be done the next test does not try again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(600);
/// How long a program may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(60);

/// The oldest Node that the locked SDKs run on.
const NODE_MIN: (u32, u32) = (20, 0);
/// The Python that the versions were locked with; older ones need packages that are not in the lock file.
const PYTHON_MIN: (u32, u32) = (3, 11);

/// The names under which Chromium is found, and the oldest that has the headless mode of the test.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const CHROMIUM_MIN: (u32, u32) = (112, 0);

/// What package clients say when the registry cannot be reached, or will not answer. A lock file that does not hold says none of this.
const UNREACHABLE: &[&str] = &[
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "E401",
    "E403",
    "E503",
    "Connection refused",
    "Connection timed out",
    "ConnectTimeoutError",
    "HTTP error 403",
    "HTTP error 503",
    "Network is unreachable",
    "NewConnectionError",
    "ProxyError",
    "ReadTimeoutError",
    "Temporary failure in name resolution",
];

/// Where the scripts and lock files are.
pub(crate) fn source(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(language)
}

/// The folder with the scripts for Node beside their packages.
pub(crate) async fn node() -> Result<PathBuf, String> {
    npm("node", |folder| {
        for entry in fs::read_dir(source("node")).unwrap() {
            let script = entry.unwrap().path();
            if script
                .extension()
                .is_some_and(|extension| extension == "mjs")
            {
                fs::copy(&script, folder.join(script.file_name().unwrap())).unwrap();
            }
        }
    })
    .await
}

/// The folder of the packages for the browser, and the name of Chromium.
pub(crate) async fn browser() -> Result<(PathBuf, &'static str), String> {
    for name in CHROMIUM {
        if check_version(name, "--version", CHROMIUM_MIN).await.is_ok() {
            return Ok((npm("browser", |_| {}).await?, name));
        }
    }
    Err("there is no Chromium on this machine, or it is too old".to_owned())
}

/// The folder with what a lock file of npm says.
async fn npm(name: &'static str, refresh: impl FnOnce(&Path)) -> Result<PathBuf, String> {
    check_version("node", "--version", NODE_MIN).await?;
    let install = async |folder: &Path| {
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            fs::copy(source(name).join(file), folder.join(file)).unwrap();
        }
        let limits = [
            "--fetch-retries=1",
            "--fetch-retry-mintimeout=1000",
            "--fetch-timeout=30000",
        ];
        let mut npm = Command::new("npm");
        npm.arg("ci").args(limits).current_dir(folder);
        finish("npm ci", &mut npm).await
    };
    let lock = source(name).join("package-lock.json");
    once(name, &lock, install, refresh).await
}

/// The folder of the virtual environment with the packages for Python.
pub(crate) async fn python() -> Result<PathBuf, String> {
    check_version("python3", "--version", PYTHON_MIN).await?;
    let lock = source("python").join("requirements.txt");
    let install = async |folder: &Path| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        match run(&mut venv, INSTALL_LIMIT).await {
            Ok(output) if output.status.success() => {}
            _ => return Err("`python3 -m venv` makes no virtual environment here".to_owned()),
        }
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args([
            "--retries",
            "1",
            "--timeout",
            "30",
            "--only-binary",
            ":all:",
        ])
        .args(["--require-hashes", "--requirement"])
        .arg(&lock);
        finish("pip install", &mut pip).await
    };
    once("python", &lock, install, |_| {}).await
}

/// Runs an installation. What is not the registry's absence is a failure of the test.
async fn finish(name: &str, command: &mut Command) -> Result<(), String> {
    match run(command, INSTALL_LIMIT).await {
        Err(Trouble::Missing) => Err(format!("`{name}` is not on this machine")),
        Err(Trouble::Late) => Err(format!(
            "`{name}` was not done in {} s",
            INSTALL_LIMIT.as_secs()
        )),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let told = text(&output);
            let sign = UNREACHABLE.iter().find(|sign| told.contains(**sign));
            let sign = sign.unwrap_or_else(|| panic!("`{name}` failed:\n{told}"));
            Err(format!("`{name}` reaches no registry ({sign})"))
        }
    }
}

/// Installs into a folder of the target folder unless what the lock file says is there already, then `refresh`es it. Tests may run in several
/// processes at once, so they wait for one another.
async fn once(
    language: &str,
    lock: &Path,
    install: impl AsyncFnOnce(&Path) -> Result<(), String>,
    refresh: impl FnOnce(&Path),
) -> Result<PathBuf, String> {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk");
    fs::create_dir_all(&parent).unwrap();
    let guard = File::create(parent.join(format!("{language}.lock"))).unwrap();
    guard.lock().unwrap();
    let folder = parent.join(language);
    let (stamp, failure) = (folder.join("installed"), folder.join("failure"));
    let wanted = fs::read(lock).unwrap();
    if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
        if is_recent(&failure) {
            return Err(fs::read_to_string(&failure).unwrap());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir(&folder).unwrap();
        if let Err(why) = install(&folder).await {
            fs::write(&failure, &why).unwrap();
            return Err(why);
        }
        fs::write(&stamp, wanted).unwrap();
    }
    refresh(&folder);
    Ok(folder)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a file is about this machine, not about what is tested"
)]
fn is_recent(file: &Path) -> bool {
    let modified = fs::metadata(file).and_then(|file| file.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < TRY_AGAIN_AFTER))
}

async fn check_version(program: &str, argument: &str, least: (u32, u32)) -> Result<(), String> {
    let output = match run(Command::new(program).arg(argument), VERSION_LIMIT).await {
        Ok(output) => text(&output),
        Err(Trouble::Missing) => return Err(format!("`{program}` is not on this machine")),
        Err(Trouble::Late) => return Err(format!("`{program} {argument}` does not end")),
    };
    let numbers = output.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut numbers = numbers
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < least {
        return Err(format!("`{program}` is older than {}.{}", least.0, least.1));
    }
    Ok(())
}
