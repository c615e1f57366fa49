//! The checkout ([`Root`]) and the environment, both asked for here and nowhere else in xtask.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// The root folder of the checkout.
pub(crate) struct Root(PathBuf);

impl Root {
    /// The checkout that `cargo xtask` was started in; for a binary started by hand, the one it was built in.
    pub(crate) fn find() -> Self {
        let package = env_var("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        Self(
            package
                .parent()
                .map_or_else(|| package.clone(), Path::to_owned),
        )
    }

    /// A checkout at a place of the caller's choice.
    #[cfg(test)]
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The root folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A path below the root.
    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// The files below `folder` (relative to the root) whose names end in one of `endings`, as paths relative to the
    /// root with forward slashes, sorted. Build output and hidden folders are left out; a missing folder holds no files.
    ///
    /// # Errors
    ///
    /// If a folder cannot be read.
    pub(crate) fn files(&self, folder: &str, endings: &[&str]) -> Result<Vec<String>> {
        let mut files = Vec::new();
        let mut folders = vec![self.join(folder)];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.with_context(|| format!("reading `{}`", folder.display()))?,
            };
            for entry in entries {
                let entry = entry.with_context(|| format!("reading `{}`", folder.display()))?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    if !name.starts_with('.') && name != "target" {
                        folders.push(entry.path());
                    }
                } else if endings.iter().any(|ending| name.ends_with(ending)) {
                    files.push(self.relative(&entry.path()));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// The text of a file, its path relative to the root.
    ///
    /// # Errors
    ///
    /// If it cannot be read as UTF-8 text.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.join(path)).with_context(|| format!("reading `{path}`"))
    }

    fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.0).unwrap_or(path);
        let parts = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    /// How somebody who stands in `here` writes a path below the root: short and clickable from the root and the folders
    /// below it, absolute from anywhere else.
    pub(crate) fn seen_from(&self, here: &Path, path: &str) -> PathBuf {
        let Ok(below) = here.strip_prefix(&self.0) else {
            return self.join(path);
        };
        let up = below.components().map(|_| Component::ParentDir);
        up.collect::<PathBuf>().join(path)
    }
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of xtask: cargo speaks to its children through variables"
)]
pub(crate) fn env_var(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The variables that `cargo run` set for xtask. A program that xtask starts should see its caller's environment instead.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of xtask: only a full listing shows what cargo added"
)]
pub(crate) fn cargo_package_variables() -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| is_package_variable(name)).collect()
}

fn is_package_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short_inside_the_checkout_and_absolute_outside() {
        let root = Root::at("/home/qa/pushproof");
        let seen = |here: &str| {
            root.seen_from(Path::new(here), "scenarios")
                .display()
                .to_string()
        };
        assert_eq!(seen("/home/qa/pushproof"), "scenarios");
        assert_eq!(seen("/home/qa/pushproof/crates/x"), "../../scenarios");
        assert_eq!(seen("/home/qa"), "/home/qa/pushproof/scenarios");
        assert_eq!(seen("/home/qa/pushproof-2"), "/home/qa/pushproof/scenarios");
    }

    #[test]
    fn files_come_sorted_with_paths_from_the_root() {
        let root = Root::at(env!("CARGO_MANIFEST_DIR"));
        let files = root.files("src", &[".rs"]).unwrap();
        assert!(files.contains(&"src/main.rs".to_owned()), "{files:?}");
        assert!(files.is_sorted());
        assert_eq!(
            root.files("no-such-folder", &[".rs"]).unwrap(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn only_what_cargo_run_added_is_taken_away() {
        assert!(is_package_variable(OsStr::new("CARGO_PKG_VERSION")));
        assert!(is_package_variable(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!is_package_variable(OsStr::new("CARGO_TARGET_DIR")));
        assert!(!is_package_variable(OsStr::new("CARGO_HOME")));
    }
}
