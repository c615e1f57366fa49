//! `pushproof explain mfa.associate`: an operation as somebody needs it who writes a step: inputs, outcomes, and a line to begin with.
//! All of it is read off the dialect.

use std::fmt::Write as _;

use pushproof_scenario::{Alternative, Body, Expr, Library, Operation, Outcome, Profile};

/// The classes that every dialect has, with what they hold.
const CLASSES: [(&str, &str); 3] = [
    (
        "refused",
        "status 400, 401 or 403 with an `error` that is not pending",
    ),
    (
        "throttled",
        "status 429, or an outcome that asks to slow down",
    ),
    ("broken", "anything else"),
];

/// An operation in plain words; its outcomes as a profile defines them.
pub(crate) fn operation(library: &Library, name: &str) -> Option<String> {
    let dialect = &library.dialect;
    let operation = named(library).find(|one| one.name == name)?;
    let mut text = format!("{name}\n\n{}\n{}\n", operation.say, request(operation));
    inputs(&mut text, operation);
    text.push_str("\nOutcomes:\n");
    let names = dialect.names(operation.outcomes);
    let profiles: Vec<&Profile> = dialect.profiles.values().collect();
    for name in &names {
        let _ = writeln!(text, "  {name:20} {}", meaning(name, &profiles));
    }
    text.push_str("  and in every dialect:\n");
    for (class, holds) in CLASSES {
        let _ = writeln!(text, "  {class:20} {holds}");
    }
    if !operation.secrets.is_empty() {
        let paths: Vec<String> = operation.secrets.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "\nKept secret: {}", paths.join(", "));
    }
    let good = names.iter().find(|name| succeeds(name, &profiles));
    let _ = writeln!(
        text,
        "\nIn a scenario:\n{}",
        step(operation, good.or(names.first()))
    );
    Some(text)
}

/// The operations that a scenario can name; a request that is written out is none.
pub(crate) fn named(library: &Library) -> impl Iterator<Item = &Operation> {
    let is_named = |operation: &&Operation| !written(&operation.path).is_empty();
    library.dialect.operations.iter().filter(is_named)
}

/// Method and path, with the names of inputs where they are put in.
pub(crate) fn request(operation: &Operation) -> String {
    format!("{} {}", operation.method, written(&operation.path))
}

/// A value as a dialect writes it.
fn written(expr: &Expr) -> String {
    match expr {
        Expr::Literal(serde_json::Value::String(text)) => text.clone(),
        Expr::Literal(value) => value.to_string(),
        Expr::Ref(name) => format!("${}", name.value),
        Expr::Text(parts) => {
            let part = |part: &pushproof_scenario::Part| match part {
                pushproof_scenario::Part::Literal(text) => text.clone(),
                pushproof_scenario::Part::Ref(name) => format!("${}", name.value),
            };
            parts.iter().map(part).collect()
        }
        Expr::List(_) | Expr::Map(_) | Expr::Altered(..) => "…".to_owned(),
    }
}

fn inputs(text: &mut String, operation: &Operation) {
    let known = operation.inputs();
    text.push_str("\nInputs, for `with`:\n");
    if known.is_empty() {
        text.push_str("  none\n");
    }
    for (name, optional) in &known {
        let need = if *optional {
            "may be left out"
        } else {
            "needed"
        };
        let _ = writeln!(text, "  {name:20} {need}{}", place(operation, name));
    }
    let fixed: Vec<String> = fields(operation)
        .iter()
        .filter(|field| !names(&field.value, &known.keys().copied().collect::<Vec<_>>()))
        .map(|field| match &field.value {
            Expr::Ref(_) => field.name.clone(),
            value => format!("{} = {}", field.name, written(value)),
        })
        .collect();
    if !fixed.is_empty() {
        let _ = writeln!(text, "Sent by itself: {}", fixed.join(", "));
    }
}

/// Whether a value is made of one of the inputs.
fn names(value: &Expr, inputs: &[&str]) -> bool {
    let refs = value.refs();
    refs.iter()
        .any(|name| inputs.contains(&name.value.as_str()))
}

/// Where an input is sent, if not in the body.
fn place(operation: &Operation, name: &str) -> &'static str {
    if operation
        .bearer
        .as_ref()
        .is_some_and(|bearer| names(bearer, &[name]))
    {
        "; sent as a bearer token"
    } else if names(&operation.path, &[name]) {
        "; a part of the path"
    } else {
        ""
    }
}

fn fields(operation: &Operation) -> &[pushproof_scenario::Field] {
    match &operation.body {
        Body::None => &[],
        Body::Form(fields) | Body::Json(fields) => fields,
    }
}

/// What an outcome looks like; where profiles differ, in each.
fn meaning(name: &str, profiles: &[&Profile]) -> String {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for profile in profiles {
        let outcomes = profile.outcomes.iter().flatten();
        let Some(outcome) = outcomes.into_iter().find(|one| one.name.value == name) else {
            continue;
        };
        let said = forms(outcome);
        match told.iter_mut().find(|(known, _)| *known == said) {
            Some((_, profiles)) => profiles.push(&profile.name),
            None => told.push((said, vec![&profile.name])),
        }
    }
    match &told[..] {
        [(said, _)] => said.clone(),
        _ => {
            let each = told.iter();
            let each = each.map(|(said, profiles)| format!("{}: {said}", profiles.join(", ")));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Whether an outcome has a status of success, in any profile.
fn succeeds(name: &str, profiles: &[&Profile]) -> bool {
    let outcomes = profiles
        .iter()
        .flat_map(|profile| profile.outcomes.iter().flatten());
    let forms = outcomes
        .filter(|outcome| outcome.name.value == name)
        .flat_map(|outcome| &outcome.alternatives);
    forms
        .flat_map(|form| &form.statuses)
        .any(|status| *status < 300)
}

fn forms(outcome: &Outcome) -> String {
    let forms = outcome.alternatives.iter().map(form);
    forms.collect::<Vec<_>>().join(", or ")
}

fn form(form: &Alternative) -> String {
    let mut said = Vec::new();
    if !form.statuses.is_empty() {
        let statuses: Vec<String> = form.statuses.iter().map(u16::to_string).collect();
        said.push(format!("status {}", statuses.join("/")));
    }
    if let Some(error) = &form.error {
        said.push(format!("error `{error}`"));
    }
    if !form.has.is_empty() {
        said.push(format!("with {}", form.has.join(", ")));
    }
    match form.body {
        Some(pushproof_scenario::BodyForm::Empty) => said.push("no body".to_owned()),
        Some(pushproof_scenario::BodyForm::List) => said.push("a list".to_owned()),
        Some(pushproof_scenario::BodyForm::Object) => said.push("an object".to_owned()),
        None => {}
    }
    let tolerated = if form.tolerated { " (tolerated)" } else { "" };
    format!("{}{tolerated}", said.join(", "))
}

/// A step to begin with: what is needed is given by a reference of the same name.
fn step(operation: &Operation, outcome: Option<&&str>) -> String {
    let inputs = operation.inputs();
    let needed = inputs.iter().filter(|(_, optional)| !**optional);
    let given: Vec<String> = needed.map(|(name, _)| format!("{name}: ${name}")).collect();
    let with = match given.is_empty() {
        true => String::new(),
        false => format!("    with: {{ {} }}\n", given.join(", ")),
    };
    let expect = outcome.map_or("ok", |outcome| outcome);
    format!(
        "  - id: step\n    say: What happens, in one sentence\n    call: {}\n{with}    expect: {expect}",
        operation.name
    )
}
