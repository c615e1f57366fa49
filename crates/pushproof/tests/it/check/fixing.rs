//! `check --fix`: shown as a diff, and written where it is asked for.

use std::fs;

use insta::assert_snapshot;

use super::{SCENARIO, TARGET, mistaken};
use crate::command::Workshop;

#[test]
fn a_diff_that_changes_nothing() {
    let workshop = mistaken();
    let before = workshop.read("b/first.yaml");
    assert_snapshot!(workshop.transcript(&["check", "--fix", "b", "a.yaml"]), @"
    exit: 3
    ----- stdout -----
    --- a/a.yaml
    +++ b/a.yaml
    @@ -1,6 +1,6 @@
     format: 1
     target: staging
     base_url: https://tenant.example.com
    -dialect: auht0
    -limits: { wiat: 3s }
    +dialect: auth0
    +limits: { wait: 3s }
     client: { id: abc, secret: { env: NOBODY_SETS_THIS } }
    --- a/b/first.yaml
    +++ b/b/first.yaml
    @@ -8,5 +8,5 @@
         say: Alice gives her password
         call: token.password
         with: { username: $alice.username, password: $alice.password }
    -    expct: mfa_required
    -    covers: PWD-01
    +    expect: mfa_required
    +    covers: PWD-001
    ----- stderr -----
    error[E0101]: unknown key in `limits` `wiat`
     --> a.yaml:5:11
      |
    5 | limits: { wiat: 3s }
      |           ^^^^
      |
      = help: did you mean `wait`?

    error[E0101]: unknown key in a step `expct`
      --> b/first.yaml:11:5
       |
    11 |     expct: mfa_required
       |     ^^^^^
       |
       = help: did you mean `expect`?

    error[E0130]: unknown requirement `PWD-01`
      --> b/first.yaml:12:13
       |
    12 |     covers: PWD-01
       |             ^^^^^^
       |
       = help: did you mean `PWD-001`?

    error: 3 errors; nothing was sent
      help: 3 of the problems can be put right by `check --fix`
      help: nothing was changed; `--fix --write` writes 2 files
    ");
    assert_eq!(workshop.read("b/first.yaml"), before);
}

#[test]
fn written_once_there_is_nothing_left_to_write() {
    let workshop = mistaken();
    assert_snapshot!(workshop.transcript(&["check", "--fix", "--write", "b", "a.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 scenario, 1 target: nothing wrong
    ----- stderr -----
    written: a.yaml
    written: b/first.yaml
    ");
    let after = workshop.read("b/first.yaml");
    assert_eq!(after, SCENARIO);
    assert_snapshot!(workshop.transcript(&["check", "--fix", "--write", "b", "a.yaml"]), @"
    exit: 0
    ----- stdout -----
    1 scenario, 1 target: nothing wrong
    ----- stderr -----
    ");
    assert_eq!(workshop.read("b/first.yaml"), after);
}

/// The fixes of a file that Windows wrote: its mark, its line ends, its comments and who may read it stay.
#[test]
fn everything_else_of_the_file_stays() {
    let workshop = Workshop::new();
    let right = format!(
        "\u{feff}# About Alice.\n{}",
        SCENARIO.replace("expect: mfa_required", "expect: mfa_required  # of course")
    )
    .replace('\n', "\r\n");
    let wrong = right.replace("expect:", "expct:").replace("say:", "sya:");
    workshop.write("first.yaml", &wrong);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(
            workshop.path("first.yaml"),
            fs::Permissions::from_mode(0o640),
        )
        .unwrap();
        std::os::unix::fs::symlink("first.yaml", workshop.path("link.yaml")).unwrap();
        let done = workshop.run(&["check", "--fix", "--write", "link.yaml"]);
        assert_eq!(done.exit, 0, "{}", done.stderr);
        let mode = fs::metadata(workshop.path("first.yaml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(
            fs::symlink_metadata(workshop.path("link.yaml"))
                .unwrap()
                .is_symlink()
        );
    }
    #[cfg(not(unix))]
    assert_eq!(
        workshop
            .run(&["check", "--fix", "--write", "first.yaml"])
            .exit,
        0
    );
    assert_eq!(workshop.read("first.yaml"), right);
    let names = fs::read_dir(workshop.path(".")).unwrap();
    let left = names.filter(|name| {
        name.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .ends_with(".part")
    });
    assert_eq!(left.count(), 0, "nothing is left beside it");
}

#[test]
fn what_cannot_be_written() {
    let workshop = Workshop::new();
    workshop.write("first.yaml", &SCENARIO.replace("expect:", "expct:"));
    let mut permissions = fs::metadata(workshop.path("first.yaml"))
        .unwrap()
        .permissions();
    permissions.set_readonly(true);
    fs::set_permissions(workshop.path("first.yaml"), permissions).unwrap();
    assert_snapshot!(workshop.transcript(&["check", "--fix", "--write", "first.yaml"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: writing `first.yaml`: permission denied
    ");
}

/// A diff would repeat the secret on the terminal and in the log of a CI system.
#[test]
fn a_secret_is_in_no_diff() {
    let workshop = Workshop::new();
    let text = TARGET
        .replace("{ env: NOBODY_SETS_THIS }", "hunter2-hunter2")
        .replace("client:", "limits: { wiat: 3s }\nclient:");
    workshop.write("target.yaml", &text);
    let done = workshop.run(&["check", "--fix", "target.yaml"]);
    assert_eq!(done.exit, 3);
    assert!(
        !format!("{}{}", done.stdout, done.stderr).contains("hunter2"),
        "{}{}",
        done.stdout,
        done.stderr
    );
    let written = workshop.run(&["check", "--fix", "--write", "target.yaml"]);
    assert_eq!(written.exit, 3);
    assert_eq!(workshop.read("target.yaml"), text);
}

#[test]
fn a_form_for_machines_has_no_diff() {
    assert_snapshot!(mistaken().transcript(&["check", "--fix", "--format", "json", "b"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `--fix` shows a diff
      help: leave out `--format`; the JSON form names the fix of each problem anyway
    ");
}
