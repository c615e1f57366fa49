//! The guide for those who write scenarios, `scenarios/README.md`: each of its examples is run as its reader would run it.

use std::fmt::Write as _;

use crate::command::Workshop;

const GUIDE: &str = include_str!("../../../../scenarios/README.md");

/// A fenced block of the guide.
struct Block<'a> {
    /// What stands behind the fence: `yaml`, and a code where the example is wrong on purpose.
    info: &'a str,
    text: &'a str,
}

fn blocks() -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut rest = GUIDE;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (info, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("\n```").expect("a fence is closed");
        blocks.push(Block { info, text });
        rest = after;
    }
    assert!(blocks.len() > 15, "the guide is read as it is written");
    blocks
}

/// The value of a key at the head of a file.
fn head<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
}

/// The folder of a reader who has copied every example that is right.
fn copied() -> Workshop {
    let workshop = Workshop::new();
    for block in blocks().iter().filter(|block| block.info == "yaml") {
        let name = match (head(block.text, "id"), head(block.text, "fragment")) {
            (Some("guide.first"), _) => "first.yaml".to_owned(),
            (Some(id), _) => format!("mine/{id}.yaml"),
            (None, Some(fragment)) => format!("mine/fragments/{fragment}.yaml"),
            (None, None) => panic!("neither a scenario nor a fragment:\n{}", block.text),
        };
        workshop.write(&name, block.text);
    }
    workshop
}

#[test]
fn examples_of_the_guide_pass() {
    let workshop = copied();
    for profile in ["documented", "observed"] {
        let done = workshop.run(&[
            "conformance",
            "./first.yaml",
            "./mine",
            "--profile",
            profile,
        ]);
        assert_eq!(done.exit, 0, "{}{}", done.stdout, done.stderr);
        assert!(!done.stderr.contains("warning"), "{}", done.stderr);
        let written = blocks()
            .iter()
            .filter(|block| head(block.text, "id").is_some() && block.info == "yaml")
            .count();
        let passed = done
            .stdout
            .lines()
            .filter(|line| line.starts_with("pass  guide."));
        assert!(passed.count() >= written, "{}", done.stdout);
    }
}

/// An example that cannot fail teaches nothing: each is seen to fail.
#[test]
fn examples_of_the_guide_find_faults() {
    let faults = [
        ("guide.first", "DEF-073"),
        ("guide.values", "REQ-PWD-009"),
        ("guide.poll", "REQ-OOB-POLL-001"),
        ("guide.time", "DEF-042"),
        ("guide.matrix", "DEF-028"),
        ("guide.refusal", "DEF-037"),
        ("guide.race", "DEF-006"),
        ("guide.wire", "DEF-044"),
        ("guide.forged", "REQ-DEV-004"),
        ("guide.switch", "DEF-011"),
    ];
    let workshop = copied();
    for (id, fault) in faults {
        let all = format!("{id}*");
        let args = ["conformance", "./first.yaml", "./mine", "-E"];
        let filter = format!("id({all})");
        let done = workshop.run(&[&args[..], &[&filter, "--fault", fault]].concat());
        assert_eq!(
            done.exit, 10,
            "{id} with {fault}:\n{}{}",
            done.stdout, done.stderr
        );
    }
}

#[test]
fn mistakes_of_the_guide_have_the_codes_that_it_names() {
    let mut told = String::new();
    for block in blocks() {
        let Some(code) = block.info.strip_prefix("yaml ") else {
            continue;
        };
        let workshop = Workshop::new();
        workshop.write("wrong.yaml", block.text);
        let done = workshop.run(&["conformance", "./wrong.yaml"]);
        assert_eq!(done.exit, 3, "{}", done.stderr);
        assert!(
            done.stderr.contains(&format!("error[{code}]")),
            "{}",
            done.stderr
        );
        assert_eq!(done.stderr.matches("error[").count(), 1, "{}", done.stderr);
        let first = done.stderr.lines().next().unwrap();
        writeln!(told, "{first}").unwrap();
    }
    insta::assert_snapshot!(told, @"
    error[E0154]: unknown name `mfa_tokn`
    error[E0172]: `authenticators.list` cannot be `tokens`
    error[E0193]: `list` judges a refusal without a control
    ");
}

/// A command of the guide is one that the program knows.
#[test]
fn commands_of_the_guide_can_be_typed() {
    let workshop = copied();
    let shown = blocks().into_iter().filter(|block| block.info == "console");
    let shown: Vec<&str> = shown.flat_map(|block| block.text.lines()).collect();
    let inline = GUIDE
        .split('`')
        .filter(|code| code.starts_with("pushproof ") && !code.contains(['[', '\n']));
    let shown = shown.into_iter().filter_map(|line| line.strip_prefix("$ "));
    for command in shown.chain(inline) {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        let done = workshop.run(&args);
        let fine = if command.contains("--fault ") { 10 } else { 0 };
        assert_eq!(
            done.exit, fine,
            "{command}:\n{}{}",
            done.stdout, done.stderr
        );
    }
}

/// What the guide lists of the dialect is what the dialect has.
#[test]
fn tables_of_the_guide_name_what_there_is() {
    let dialect = pushproof_dialects::FILES
        .iter()
        .find(|(path, _)| *path == "auth0/dialect.yaml");
    let (_, features) = dialect.unwrap().1.split_once("features:\n").unwrap();
    let features = features.lines().map_while(|line| line.strip_prefix("  - "));
    for feature in features {
        let (group, member) = feature.split_once('.').unwrap_or((feature, feature));
        let named = [format!("`{feature}`"), format!("`.{member}`")];
        assert!(
            named.iter().any(|name| GUIDE.contains(name)),
            "{group}: {feature} is not in the guide"
        );
    }
    let fragments = pushproof_dialects::FILES.iter();
    let fragments = fragments.filter_map(|(path, _)| path.strip_prefix("auth0/fragments/"));
    for fragment in fragments {
        let row = format!("| `{}` |", fragment.strip_suffix(".yaml").unwrap());
        assert!(GUIDE.contains(&row), "{fragment} is not in the guide");
    }
}
