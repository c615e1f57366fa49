//! The page at `/` and the state behind it.

use serde_json::{Value, json};

use crate::world::{ORIGIN, World, address};

fn state(world: &mut World) -> Value {
    world.get("/__control/state", None).body
}

fn act(world: &mut World, action: &str, with: &Value) -> String {
    let body = json!({ "user": address("ada"), "action": action, "with": with });
    world.json("/__control/device", None, &body).full()
}

#[test]
fn a_person_plays_the_phone_by_numbers() {
    let mut world = World::honest();
    world.user("ada");
    world.user("bob");
    let login = world.login("ada");
    let begun = world.associate_push(&login);
    let mut told = Vec::new();
    let waits = |world: &mut World| {
        let state = state(world);
        let waiting = state["waiting"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {} {}", one["transaction"], one["kind"], one["device"]));
        let waiting: Vec<_> = waiting.collect();
        format!("waiting: {}", waiting.join(", "))
    };
    told.push(waits(&mut world));
    told.push(act(&mut world, "enrol", &json!({ "transaction": 9 })));
    told.push(act(&mut world, "approve", &json!({ "transaction": 1 })));
    let hostile = "<img src=x onerror=alert(1)>";
    told.push(act(
        &mut world,
        "enrol",
        &json!({ "transaction": 1, "name": hostile }),
    ));
    told.push(world.poll(&login, &begun.text("oob_code")).brief());
    let codes = [world.push(&login), world.push(&login)];
    world.wait(1_500);
    told.push(waits(&mut world));
    told.push(act(&mut world, "approve", &json!({ "transaction": 2 })));
    told.push(act(&mut world, "reject", &json!({ "transaction": 3 })));
    told.push(act(&mut world, "reject", &json!({ "transaction": 3 })));
    told.push(act(&mut world, "approve", &json!({ "transaction": "3" })));
    for code in &codes {
        told.push(world.poll(&login, code).brief());
    }
    told.push(waits(&mut world));
    let polls = state(&mut world)["polls"].clone();
    let polls = polls.as_array().unwrap().iter().map(|poll| {
        format!(
            "{} {} {} {}",
            poll["number"], poll["user"], poll["operation"], poll["outcome"]
        )
    });
    told.extend(polls);
    insta::assert_snapshot!(told.join("\n"), @r#"
    waiting: 1 "enrolment" null
    409 refused "No such enrolment waits."
    409 refused "No such challenge waits for an answer."
    200 result
    200 tokens
    waiting: 2 "push" "<img src=x onerror=alert(1)>", 3 "push" "<img src=x onerror=alert(1)>"
    200 result
    200 result
    409 refused "No such challenge waits for an answer."
    400 invalid_request "transaction must be a number"
    200 tokens
    400 access_denied
    waiting: 
    3 "ada@example.com" "mfa-oob" "access_denied"
    2 "ada@example.com" "mfa-oob" "tokens"
    1 "ada@example.com" "mfa-oob" "tokens"
    "#);
}

/// A phone outside, with a key of its own, can be played too; another user's transaction cannot be named.
#[test]
fn any_phone_of_the_user_can_be_played() {
    let mut world = World::honest();
    world.enrolled("ada");
    world.enrolled("bob");
    let logins = [world.login("ada"), world.login("bob")];
    let codes = [world.push(&logins[0]), world.push(&logins[1])];
    let numbers: Vec<_> = (0..2)
        .map(|n| state(&mut world)["waiting"][n]["transaction"].clone())
        .collect();
    assert_eq!(
        act(&mut world, "approve", &json!({ "transaction": numbers[1] })),
        "409 refused \"No such challenge waits for an answer.\""
    );
    assert_eq!(
        act(&mut world, "approve", &json!({ "transaction": numbers[0] })),
        "200 result"
    );
    assert_eq!(world.poll(&logins[0], &codes[0]).brief(), "200 tokens");
    assert_eq!(
        world.poll(&logins[1], &codes[1]).brief(),
        "400 authorization_pending"
    );
}

#[test]
fn the_state_holds_no_secret() {
    let mut world = World::honest();
    let code = world.enrolled("ada").recovery_code.unwrap();
    let login = world.login("ada");
    let oob_code = world.push(&login);
    world.poll(&login, &oob_code);
    let sms = world.login("ada");
    let raw = world.get("/__control/state", None).raw;
    for secret in [&code, &login, &oob_code, &sms, "correct horse"] {
        assert!(!raw.contains(secret), "{secret} is in {raw}");
    }
    world.wait(300_000);
    let state = state(&mut world);
    assert_eq!(
        (&state["waiting"], &state["waiting_total"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(state["issuer"], format!("{ORIGIN}/"));
}

#[test]
fn what_is_shown_is_bounded() {
    let mut world = World::honest();
    for n in 0..120 {
        let name = format!("u{n}");
        world.user(&name);
        let login = world.login(&name);
        let code = world.associate_push(&login).text("oob_code");
        world.poll(&login, &code);
    }
    let state = state(&mut world);
    let len = |name: &str| state[name].as_array().unwrap().len();
    assert_eq!((len("users"), len("waiting"), len("polls")), (100, 100, 40));
    let totals = ["users_total", "waiting_total", "polls_total"].map(|name| state[name].clone());
    assert_eq!(totals, [json!(120), json!(120), json!(120)]);
    assert_eq!(state["users"][0]["email"], "u119@example.com");
    assert_eq!(state["waiting"][99]["user"], "u119@example.com");
}

/// The policy lets in the page's own style and script by their digests; so nothing that is written into the page by
/// mistake would run, and a digest that does not fit would show here.
#[test]
fn the_policy_fits_the_page() {
    let mut world = World::honest();
    let page = world.get("/", None);
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    for tag in ["style", "script"] {
        let (_, rest) = page.raw.split_once(&format!("<{tag}>")).unwrap();
        let (inner, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, inner.as_bytes());
        let source = format!(
            "{tag}-src 'sha256-{}'",
            data_encoding::BASE64.encode(digest.as_ref())
        );
        assert!(policy.contains(&source), "{policy}");
    }
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    assert!(!page.raw.contains("innerHTML") && !page.raw.contains("{{"));
    for address in page
        .raw
        .split("http")
        .skip(1)
        .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"))
    {
        assert!(
            address.starts_with("://www.w3.org/2000/svg"),
            "the page needs no network"
        );
    }
    assert_eq!(
        world.call("POST", "/", &[], "").brief(),
        "405 method_not_allowed"
    );
}
