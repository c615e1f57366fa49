//! Files that no sane person writes, and some that they do: each ends soon, with a message that says what to do.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;

use super::SCENARIO;
use crate::command::Workshop;

fn check(name: &str, bytes: &[u8]) -> String {
    let workshop = Workshop::new();
    fs::write(workshop.path(name), bytes).unwrap();
    workshop.transcript(&["check", name])
}

#[test]
fn nothing_there() {
    assert_snapshot!(Workshop::new().transcript(&["check", "missing.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0008]: cannot be read: No such file or directory (os error 2)
     --> missing.yaml:1:1
      |
    1 |
      | ^
      |
      = help: look at its name, and at who may read it

    error: 1 error; nothing was sent
    ");
}

#[test]
fn an_empty_file() {
    assert_snapshot!(check("empty.yaml", b""), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0006]: file is empty
     --> empty.yaml:1:1
      |
    1 |
      | ^
      |
      = help: start with `format: 1`

    error: 1 error; nothing was sent
    ");
}

#[test]
fn another_encoding() {
    assert_snapshot!(check("latin-1.yaml", b"format: 1\nid: gr\xfc\xdfe\n"), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0009]: not UTF-8: byte 0xfc
     --> latin-1.yaml:2:7
      |
    2 | id: gr��e
      |       ^
      |
      = help: save the file as UTF-8

    error: 1 error; nothing was sent
    ");
    let utf_16: Vec<u8> = "\u{feff}id: a\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_snapshot!(check("utf-16.yaml", &utf_16), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0009]: not UTF-8: byte 0xff
     --> utf-16.yaml:1:1
      |
    1 | ��i␀d␀:␀ ␀a␀
      | ^
      |
      = help: this looks like UTF-16; save the file as UTF-8

    error: 1 error; nothing was sent
    ");
}

#[test]
fn ten_megabytes() {
    let text = format!("{SCENARIO}# {}\n", "x".repeat(10 << 20));
    assert_snapshot!(check("large.yaml", text.as_bytes()), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0002]: file is larger than 2 MiB
     --> large.yaml:1:1
      |
    1 |
      | ^
      |
      = help: split it, or move what recurs into fragments

    error: 1 error; nothing was sent
    ");
}

#[test]
fn a_hundred_thousand_levels() {
    let nested = check(
        "flow.yaml",
        format!("id: {}", "[".repeat(100_000)).as_bytes(),
    );
    assert!(
        nested.starts_with("exit: 3\n") && nested.contains("nested deeper than 48 levels"),
        "{nested}"
    );
    let nested = check(
        "block.yaml",
        format!("id:\n  {}x", "- ".repeat(100_000)).as_bytes(),
    );
    assert!(
        nested.starts_with("exit: 3\n") && nested.contains("nested deeper than 48 levels"),
        "{nested}"
    );
}

#[test]
fn a_folder_with_nothing_in_it() {
    let workshop = Workshop::new();
    fs::create_dir(workshop.path("empty")).unwrap();
    assert_snapshot!(workshop.transcript(&["check", "empty"]), @"
    exit: 4
    ----- stdout -----
    ----- stderr -----
    error: there is no file to check
      help: files of YAML end in `.yaml`; hidden ones are passed over
    ");
}

/// A folder is looked through, whatever its name.
#[test]
fn a_folder_that_is_called_like_a_file() {
    let workshop = Workshop::new();
    workshop.write("odd.yaml/first.yaml", SCENARIO);
    assert_snapshot!(workshop.transcript(&["check", "odd.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 scenario: nothing wrong
    ----- stderr -----
    ");
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_a_circle() {
    use std::os::unix::fs::symlink;
    let workshop = Workshop::new();
    workshop.write("mine/first.yaml", SCENARIO);
    symlink("gone.yaml", workshop.path("mine/dangling.yaml")).unwrap();
    symlink("circle.yaml", workshop.path("mine/circle.yaml")).unwrap();
    // Each would double what there is to read, at every level.
    for name in ["up", "up-again", "and-again"] {
        symlink(".", workshop.path(&format!("mine/{name}"))).unwrap();
    }
    assert_snapshot!(workshop.transcript(&["check", "mine"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0008]: cannot be read: a link that leads in a circle
     --> mine/circle.yaml:1:1
      |
    1 |
      | ^
      |
      = help: remove the link

    error[E0008]: cannot be read: a link that leads to nothing
     --> mine/dangling.yaml:1:1
      |
    1 |
      | ^
      |
      = help: remove the link, or put back what it led to

    error: 2 errors; nothing was sent
    ");
    assert_snapshot!(workshop.transcript(&["check", "mine/dangling.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0008]: cannot be read: a link that leads to nothing
     --> mine/dangling.yaml:1:1
      |
    1 |
      | ^
      |
      = help: remove the link, or put back what it led to

    error: 1 error; nothing was sent
    ");
}

#[cfg(unix)]
#[test]
fn what_may_never_answer_is_never_opened() {
    let workshop = Workshop::new();
    let made = Command::new("mkfifo")
        .arg(workshop.path("pipe.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_snapshot!(workshop.transcript(&["check", "pipe.yaml", "/dev/zero"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0008]: cannot be read: this is a device
     --> /dev/zero:1:1
      |
    1 |
      | ^
      |
      = help: name a regular file or a folder; `-` is standard input

    error[E0008]: cannot be read: this is a named pipe
     --> pipe.yaml:1:1
      |
    1 |
      | ^
      |
      = help: name a regular file or a folder; `-` is standard input

    error: 2 errors; nothing was sent
    ");
    // Nor in a dialect, whatever is done with it.
    workshop.write("d/small/dialect.yaml", super::DIALECT);
    fs::rename(
        workshop.path("pipe.yaml"),
        workshop.path("d/small/pipe.yaml"),
    )
    .unwrap();
    assert_snapshot!(workshop.transcript(&["list", "--dialects", "d", "--dialect", "small"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0008]: cannot be read: this is a named pipe
     --> d/small/pipe.yaml:1:1
      |
    1 |
      | ^
      |
      = help: name a regular file or a folder; `-` is standard input

    error: 1 error; nothing was sent
    ");
}

/// Whoever may read everything reads this too.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let workshop = Workshop::new();
    workshop.write("secret.yaml", SCENARIO);
    fs::set_permissions(
        workshop.path("secret.yaml"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    let done = workshop.run(&["check", "secret.yaml"]);
    if fs::read(workshop.path("secret.yaml")).is_ok() {
        assert_eq!(done.exit, 0, "{}", done.stderr);
    } else {
        assert_eq!(done.exit, 3);
        assert!(
            done.stderr.contains("cannot be read: Permission denied"),
            "{}",
            done.stderr
        );
    }
}

/// One file that cannot be read hides nothing of the others.
#[test]
fn the_rest_is_checked_all_the_same() {
    let workshop = Workshop::new();
    workshop.write("a.yaml", "id: [\n");
    workshop.write("b.yaml", &SCENARIO.replace("expect:", "expct:"));
    assert_snapshot!(workshop.transcript(&["check", "missing.yaml", "a.yaml", "b.yaml"]), @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error[E0001]: not YAML: unclosed bracket '['
     --> a.yaml:1:5
      |
    1 | id: [
      |     ^
      |     |
      |     begins here
      |
      = help: close it with `]`; a text in it that has `: `, `,` or brackets needs quotes

    error[E0101]: unknown key in a step `expct`
      --> b.yaml:11:5
       |
    11 |     expct: mfa_required
       |     ^^^^^
       |
       = help: did you mean `expect`?

    error[E0008]: cannot be read: No such file or directory (os error 2)
     --> missing.yaml:1:1
      |
    1 |
      | ^
      |
      = help: look at its name, and at who may read it

    error: 3 errors; nothing was sent
      help: one of the problems can be put right by `check --fix`
    ");
}
