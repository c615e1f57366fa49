//! The shapes of the sandbox's replies, as they are stored beside the dialect: one for each operation, outcome and variant that a case meets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue};
use pushproof_report::Event;
use pushproof_scenario::{Operation, Root};
use pushproof_shape::{Hints, Shape};
use pushproof_tenant::Profile;
use serde_json::Value;

use crate::tenantry::{Batch, in_process, library, programs};

/// Numbers a reply on its way, so that the body as it was sent is found again: events hold placeholders.
static NUMBER: HeaderName = HeaderName::from_static("x-reply-number");

#[test]
fn shapes_of_the_sandbox() {
    let library = library();
    let (bodies, next) = (Arc::new(Mutex::new(BTreeMap::new())), AtomicUsize::new(0));
    let keep = Arc::clone(&bodies);
    let look = move |reply: &mut http::Response<Vec<u8>>| {
        let number = next.fetch_add(1, Ordering::SeqCst);
        keep.lock()
            .unwrap()
            .insert(number.to_string(), reply.body().clone());
        reply
            .headers_mut()
            .insert(NUMBER.clone(), HeaderValue::from(number));
    };
    let batch = Batch {
        programs: programs(&library, Profile::Observed),
        profile: Profile::Observed,
        fault: None,
    };
    let events = in_process(&library, &[batch], Some(Arc::new(look)))
        .remove(0)
        .events;

    let bodies = bodies.lock().unwrap();
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for event in &events {
        let Event::Exchanged {
            operation,
            outcomes,
            reply: Some(reply),
            ..
        } = event
        else {
            continue;
        };
        let (_, number) = reply
            .headers
            .iter()
            .find(|(name, _)| *name == NUMBER.as_str())
            .unwrap();
        let operation = library
            .dialect
            .operations
            .iter()
            .find(|known| known.name == *operation)
            .unwrap();
        // A reply without a body has no shape.
        let Ok(body) = serde_json::from_slice::<Value>(&bodies[number]) else {
            continue;
        };
        let shape = Shape::infer(&body, &hints(operation));
        let entry = shapes
            .entry(name(operation, outcomes, &body))
            .or_insert_with(Shape::nothing);
        *entry = entry.merge(&shape);
    }

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/auth0/shapes");
    assert!(shapes.len() >= 10, "only {:?}", shapes.keys());
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, shape) in &shapes {
            insta::assert_snapshot!(name.as_str(), shape.to_string());
        }
    });
    let met: BTreeSet<String> = shapes
        .keys()
        .map(|name| format!("{}.snap", name.replace('/', "__")))
        .collect();
    assert_eq!(
        stored(&folder),
        met,
        "left: the files that are there; right: the replies that a case meets"
    );
}

/// What the dialect says of an operation's replies.
fn hints(operation: &Operation) -> Hints {
    let below = |paths: &'_ [pushproof_scenario::Path]| {
        let of_body = paths.iter().filter(|path| path.root == Root::Body);
        of_body.map(|path| path.steps.join(".")).collect::<Vec<_>>()
    };
    let hints = below(&operation.secrets)
        .iter()
        .fold(Hints::none(), |hints, path| hints.secret(path));
    below(&operation.variant)
        .iter()
        .fold(hints, |hints, path| hints.discriminating(path))
}

/// `<operation>/<outcome>[.<variant>]`. A reply that is several outcomes at once bears all their names.
fn name(operation: &Operation, outcomes: &[String], body: &Value) -> String {
    let mut name = format!("{}/{}", operation.name, outcomes.join("+"));
    for path in operation
        .variant
        .iter()
        .filter(|path| path.root == Root::Body)
    {
        if let Some(Value::String(variant)) = path
            .steps
            .iter()
            .try_fold(body, |value, step| value.get(step))
        {
            name.push_str(&format!(".{variant}"));
        }
    }
    name
}

/// The files that are there, so that one whose reply is gone does not stay behind.
fn stored(folder: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter(|file| file.ends_with(".snap")).collect()
}
