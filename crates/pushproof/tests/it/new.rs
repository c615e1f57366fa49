//! `pushproof new`: what it writes is checked, run and driven as its users would.

use std::fs;

use insta::assert_snapshot;
use pushproof_tenant::Settings;

use crate::command::Workshop;
use crate::host::Host;
use crate::schema::{Schema, scenarios, value, yaml_files};

/// A folder with the dialects of this checkout and their schemas, as somebody works on them.
fn checkout() -> Workshop {
    let workshop = Workshop::new();
    let root = scenarios();
    for dialect in ["auth0", "device-grant"] {
        for path in yaml_files(&root.join(dialect)) {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            workshop.write(
                &format!("scenarios/{name}"),
                &fs::read_to_string(&path).unwrap(),
            );
        }
        workshop.write(&format!("scenarios/schema/{dialect}/scenario.json"), "{}");
    }
    workshop
}

#[test]
fn a_new_scenario_is_sound_and_green() {
    let workshop = checkout();
    let path = "scenarios/auth0/mine/first-try.yaml";
    let in_checkout = |args: &[&str]| workshop.run(&[&["--dialects", "scenarios"], args].concat());
    let done = in_checkout(&["new", "scenario", path]);
    assert_snapshot!(workshop.show(&done), @"
    exit: 0
    ----- stdout -----
    scenarios/auth0/mine/first-try.yaml: a scenario to begin with
    ----- stderr -----
    ");
    let head: Vec<String> = workshop
        .read(path)
        .lines()
        .take(2)
        .map(str::to_owned)
        .collect();
    assert_snapshot!(head.join("\n"), @"
    # yaml-language-server: $schema=../../schema/auth0/scenario.json
    # A scenario to start from: alice has enrolled a phone, logs in, and allows the push. It runs green on the sandbox as it stands.
    ");
    assert!(workshop.read(path).contains("\nid: mine.first-try\n"));
    let done = in_checkout(&["check"]);
    assert_eq!(
        (done.exit, done.stderr.as_str()),
        (0, ""),
        "{}",
        done.stdout
    );
    for profile in ["documented", "observed"] {
        let done = in_checkout(&["conformance", path, "--profile", profile, "-q"]);
        assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
        assert!(
            done.stdout.contains("cases         1 pass"),
            "{}",
            done.stdout
        );
    }
}

#[test]
fn nothing_is_overwritten() {
    let workshop = Workshop::new();
    workshop.write("mine.yaml", "precious\n");
    assert_snapshot!(workshop.transcript(&["new", "scenario", "mine.yaml"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: `mine.yaml` is there already
      help: give another path; nothing is ever overwritten
    ");
    assert_eq!(workshop.read("mine.yaml"), "precious\n");
}

#[test]
fn without_a_path_it_is_printed() {
    let workshop = Workshop::new();
    let (bare, dash) = (
        workshop.run(&["new", "fragment"]),
        workshop.run(&["new", "fragment", "-"]),
    );
    assert_eq!((bare.exit, bare.stderr.as_str()), (0, ""));
    assert_eq!(bare.stdout, dash.stdout);
    let template = fs::read_to_string(scenarios().join("auth0/new/fragment.yaml")).unwrap();
    assert_eq!(bare.stdout, template.replace("\r\n", "\n"));
}

#[test]
fn a_dialect_that_brings_none_says_so() {
    let missing = Workshop::new().transcript(&["--dialect", "device-grant", "new", "fragment"]);
    assert_snapshot!(missing, @"
    exit: 3
    ----- stdout -----
    ----- stderr -----
    error: dialect `device-grant` brings no fragment to begin with
      help: it would stand in `device-grant/new/fragment.yaml`
    ");
}

#[test]
fn a_new_fragment_can_be_used() {
    let workshop = checkout();
    let fragment = "scenarios/auth0/fragments/my-own.yaml";
    let done = workshop.run(&["--dialects", "scenarios", "new", "fragment", fragment]);
    assert_eq!(done.exit, 0, "{}", done.stderr);
    let used = "format: 1\nid: own.use\ntitle: T\nneeds: [factor.push]\nactors: { alice: { user: fresh }, phone: { device: push, owner: alice } }\nsteps:\n  \
        - { id: setup, use: fragments/enrolled-with-push, with: { user: alice, device: phone }, capture: { id: authenticator_id } }\n  \
        - { id: own, use: fragments/my-own, with: { user: alice, authenticator_id: $id } }\n";
    workshop.write("scenarios/auth0/own.yaml", used);
    let done = workshop.run(&["--dialects", "scenarios", "check"]);
    assert_eq!((done.exit, done.stderr.as_str()), (0, ""));
}

/// As its head says: the sandbox is served, the variable is set, the doctor is asked, the suite is run.
#[test]
fn a_new_target_is_accepted() {
    let host = Host::virtual_time(Settings::default());
    let workshop = Workshop::new().with(
        "TENANT_CLIENT_SECRET",
        pushproof_tenant::SANDBOX_CLIENT_SECRET,
    );
    let done = workshop.run(&["new", "target", "targets/staging.yaml"]);
    assert_snapshot!(workshop.show(&done), @"
    exit: 0
    ----- stdout -----
    targets/staging.yaml: a target to begin with
    ----- stderr -----
    ");
    let text = workshop.read("targets/staging.yaml");
    assert!(text.contains("\ntarget: staging\n"));
    workshop.write(
        "staging.yaml",
        &text.replace("http://127.0.0.1:4010", &host.base_url),
    );
    let doctor = workshop.run(&["target", "doctor", "staging.yaml"]);
    assert_eq!(doctor.exit, 0, "{}{}", doctor.stdout, doctor.stderr);
    let run = workshop.run(&[
        "conformance",
        "--target",
        "staging.yaml",
        "-E",
        "id(push.challenge*)",
        "-q",
    ]);
    assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
}

/// What is commented out in a template is right too, once it is no comment any more.
#[test]
fn the_alternatives_in_a_target_fit_its_schema() {
    let schema = Schema::of("auth0/target");
    let text = fs::read_to_string(scenarios().join("auth0/new/target.yaml")).unwrap();
    let words = [
        "clients:",
        "  other:",
        "  public:",
        "  restricted:",
        "features:",
        "lifetimes:",
    ];
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if words.iter().any(|word| rest.starts_with(word)) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(line).collect();
    let target = value(&text);
    assert_eq!(schema.problems(&target), [""; 0]);
    assert_eq!(
        target["clients"].as_object().map(|clients| clients.len()),
        Some(3)
    );
    assert!(target["lifetimes"].is_object() && target["features"].is_array());
}
