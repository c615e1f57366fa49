//! Lists every dialect's YAML files, so that the library can embed them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script its folders through the environment"
    )]
    let (root, out) = (env::var("CARGO_MANIFEST_DIR"), env::var("OUT_DIR"));
    let (Ok(root), Ok(out)) = (root, out) else {
        return Err(io::Error::other("not run by cargo"));
    };
    let root = PathBuf::from(root);
    let mut files = Vec::new();
    for entry in fs::read_dir(&root)? {
        let folder = entry?.path();
        if folder.join("dialect.yaml").is_file() {
            yaml_files(&folder, &mut files)?;
        }
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            file.to_string_lossy()
        )
        .map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(Path::new(&out).join("files.rs"), list)?;
    println!("cargo::rerun-if-changed={}", root.display());
    Ok(())
}

fn yaml_files(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            yaml_files(&path, into)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            into.push(path);
        }
    }
    Ok(())
}
