//! Faults that anybody can write: what they do to replies, and what is said about those that cannot be understood.

use proptest::prelude::*;
use pushproof_tenant::{AnyFault, ReplyFault, Settings};
use serde_json::json;

use crate::world::{Reply, World, settings};

fn world_with(faults: &[&str]) -> World {
    let mut settings: Settings = settings();
    for fault in faults {
        settings.switch_on(fault.parse().unwrap());
    }
    World::new(settings)
}

/// What a login, a challenge and a list look like in a tenant with these faults.
fn seen(faults: &[&str]) -> String {
    let mut world = world_with(faults);
    world.user("ada");
    let shown = |reply: &Reply| {
        let body = reply.body.to_string();
        let secret = |text: &str| text.len() > 100;
        let body = body
            .split('"')
            .map(|part| if secret(part) { "…" } else { part });
        let body = body.collect::<Vec<_>>().join("\"");
        format!(
            "{} {body} cache-control: {}",
            reply.status,
            reply.header("cache-control")
        )
    };
    let login = world.login_for("ada", &[]);
    let token = login.body["mfa_token"]
        .as_str()
        .unwrap_or("none")
        .to_owned();
    let otp = json!({ "challenge_type": "otp" });
    let told = [
        shown(&login),
        shown(&world.challenge(&token, &otp)),
        shown(&world.list(&token)),
    ];
    told.join("\n")
}

#[test]
fn each_change_touches_what_it_names_and_nothing_else() {
    let rules = [
        "reply:POST /oauth/token:remove=mfa_token",
        "reply:post /oauth/token:rename=error>fault",
        "reply:POST /oauth/token[403][grant=password][mfa_required]:status=200",
        "reply:POST /oauth/token[grant=mfa-oob]:status=500",
        "reply:POST /mfa/challenge:retype=error>array",
        "reply:GET /mfa/authenticators:drop=Cache-Control",
        "reply:GET /mfa/authenticators:retype=*>object",
    ];
    let honest = seen(&[]);
    let mut told = vec![format!("honest\n{honest}")];
    for rule in rules {
        let faulty = seen(&[rule]);
        let changed: Vec<_> = faulty
            .lines()
            .zip(honest.lines())
            .filter(|(faulty, honest)| faulty != honest)
            .map(|(faulty, _)| faulty)
            .collect();
        let parsed: ReplyFault = rule.parse().unwrap();
        told.push(format!("{parsed}\n{}", changed.join("\n")));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    honest
    403 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"…"} cache-control: no-store
    401 {"error":"unsupported_challenge_type","error_description":"User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."} cache-control: no-store
    200 [] cache-control: no-store
    reply:POST /oauth/token:remove=mfa_token
    403 {"error":"mfa_required","error_description":"Multifactor authentication required"} cache-control: no-store
    403 {"error":"invalid_grant","error_description":"Malformed mfa_token"} cache-control: no-store
    401 {"error":"invalid_grant","error_description":"The mfa_token provided is invalid. Try getting a new token."} cache-control: no-store
    reply:POST /oauth/token:rename=error>fault
    403 {"fault":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"…"} cache-control: no-store
    reply:POST /oauth/token[403][grant=password][mfa_required]:status=200
    200 {"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"…"} cache-control: no-store
    reply:POST /oauth/token[grant=mfa-oob]:status=500

    reply:POST /mfa/challenge:retype=error>array
    401 {"error":["unsupported_challenge_type"],"error_description":"User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator."} cache-control: no-store
    reply:GET /mfa/authenticators:drop=cache-control
    200 [] cache-control: -
    reply:GET /mfa/authenticators:retype=*>object
    "#);
}

/// The list of an enrolled user under one fault: ways through lists and objects, and types.
#[test]
fn members_are_found_in_lists() {
    let rules = [
        "remove=*.active",
        "remove=0",
        "remove=*",
        "rename=*.id>key",
        "rename=1.active>id",
        "retype=0.active>string",
        "retype=*.active>number",
        "retype=2.active>null",
        "remove=7.active",
    ];
    let mut told = Vec::new();
    for rule in rules {
        let rule = format!("reply:GET /mfa/authenticators:{rule}");
        let mut world = world_with(&[&rule]);
        world.enrolled("ada");
        let login = world.login("ada");
        let mut list = world.list(&login).body;
        for entry in list.as_array_mut().unwrap() {
            let entry = entry.as_object_mut().unwrap();
            entry.retain(|name, _| ["id", "key", "active"].contains(&name.as_str()));
            for name in ["id", "key"] {
                if let Some(id) = entry.get_mut(name).filter(|id| id.is_string()) {
                    *id = json!(id.as_str().unwrap().split('|').next());
                }
            }
        }
        told.push(format!("{:<24} {list}", &rule[30..]));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    remove=*.active          [{"id":"push"},{"id":"totp"},{"id":"recovery-code"}]
    remove=0                 [{"id":"totp","active":true},{"id":"recovery-code","active":true}]
    remove=*                 []
    rename=*.id>key          [{"key":"push","active":true},{"key":"totp","active":true},{"key":"recovery-code","active":true}]
    rename=1.active>id       [{"id":"push","active":true},{"id":true},{"id":"recovery-code","active":true}]
    retype=0.active>string   [{"id":"push","active":"true"},{"id":"totp","active":true},{"id":"recovery-code","active":true}]
    retype=*.active>number   [{"id":"push","active":1},{"id":"totp","active":1},{"id":"recovery-code","active":1}]
    retype=2.active>null     [{"id":"push","active":true},{"id":"totp","active":true},{"id":"recovery-code","active":null}]
    remove=7.active          [{"id":"push","active":true},{"id":"totp","active":true},{"id":"recovery-code","active":true}]
    "#);
}

/// Several faults of one reply: each is asked whether it is meant by the reply as it would be without them.
#[test]
fn faults_of_replies_are_judged_by_the_honest_reply() {
    let both = [
        "reply:POST /oauth/token[mfa_required]:remove=error",
        "reply:POST /oauth/token[mfa_required]:status=200",
    ];
    assert!(seen(&both).starts_with(r#"200 {"error_description""#));
    let mut world = World::honest();
    let set = json!({ "faults": ["DEF-001", both[0]] });
    let told = world.json("/__control/settings", None, &set);
    assert_eq!(told.body["faults"], set["faults"]);
    let unknown = json!({ "faults": ["DEF-001", "reply:GET /"] });
    assert_eq!(
        world.json("/__control/settings", None, &unknown).status,
        400
    );
    assert_eq!(
        world.json("/__control/settings", None, &json!({})).body["faults"],
        set["faults"]
    );
}

#[test]
fn every_form_has_an_example_that_is_one() {
    for (form, _, example) in ReplyFault::FORMS {
        let fault: ReplyFault = example.parse().unwrap();
        assert_eq!(fault.to_string(), example, "{form}");
    }
}

#[test]
fn what_cannot_be_understood_is_told_with_advice() {
    let texts = [
        "DEF-0O1",
        "REQ-PWD-0004",
        "everything",
        "reply:",
        "reply:POST /mfa/challenge",
        "reply:/mfa/challenge:remove=x",
        "reply:POST /mfa/chalenge:remove=x",
        "reply:POST /nowhere:remove=x",
        "reply:GET /mfa/challenge:remove=x",
        "reply:POST /mfa/challenge[400:remove=x",
        "reply:POST /mfa/challenge[700]:remove=x",
        "reply:POST /mfa/challenge[grant=password]:remove=x",
        "reply:POST /mfa/challenge:remvoe=x",
        "reply:POST /mfa/challenge:remove",
        "reply:POST /mfa/challenge:remove=a..b",
        "reply:POST /mfa/challenge:rename=oob_code",
        "reply:POST /mfa/challenge:retype=oob_code>text",
        "reply:POST /mfa/challenge:status=99",
        "reply:POST /mfa/challenge:drop=a b",
        "reply:POST /mfa/challenge:drop=Date",
    ];
    let told = texts.map(|text| {
        let error = text.parse::<AnyFault>().unwrap_err();
        format!("{text}\n    {error}\n    hint: {}", error.hint())
    });
    insta::assert_snapshot!(told.join("\n"), @"
    DEF-0O1
        unknown fault `DEF-0O1`
        hint: did you mean `DEF-001`? any reply can be changed by `reply:METHOD /path:CHANGE`
    REQ-PWD-0004
        unknown fault `REQ-PWD-0004`
        hint: did you mean `REQ-PWD-004`? any reply can be changed by `reply:METHOD /path:CHANGE`
    everything
        unknown fault `everything`
        hint: any reply can be changed by `reply:METHOD /path:CHANGE`
    reply:
        `reply:` says no change
        hint: write `reply:METHOD /path:CHANGE`, as in `reply:POST /mfa/challenge:remove=oob_code`
    reply:POST /mfa/challenge
        `reply:POST /mfa/challenge` says no change
        hint: write `reply:METHOD /path:CHANGE`, as in `reply:POST /mfa/challenge:remove=oob_code`
    reply:/mfa/challenge:remove=x
        `/mfa/challenge` is no method and path
        hint: write `reply:METHOD /path:CHANGE`, as in `reply:POST /mfa/challenge:remove=oob_code`
    reply:POST /mfa/chalenge:remove=x
        the tenant serves no `/mfa/chalenge`
        hint: did you mean `/mfa/challenge`?
    reply:POST /nowhere:remove=x
        the tenant serves no `/nowhere`
        hint: the tenant serves /oauth/token, /mfa/associate, /mfa/challenge, /mfa/authenticators, /mfa/authenticators/*, /userinfo, /.well-known/jwks.json, /.well-known/openid-configuration, /appliance-mfa/api/enroll, /appliance-mfa/api/resolve-transaction, /appliance-mfa/api/device-accounts/*, /api/v2/users, /api/v2/users/*, /api/v2/users/*/recovery-code-regeneration
    reply:GET /mfa/challenge:remove=x
        `/mfa/challenge` is not served by `GET`
        hint: it is served by POST
    reply:POST /mfa/challenge[400:remove=x
        `[400` is not closed
        hint: a narrowing is written `[400]`, `[authorization_pending]` or `[grant=mfa-oob]`
    reply:POST /mfa/challenge[700]:remove=x
        `700` narrows nothing
        hint: it is a status (`400`), an error code (`authorization_pending`) or `grant=mfa-oob`
    reply:POST /mfa/challenge[grant=password]:remove=x
        `/mfa/challenge` has no grants
        hint: only `/oauth/token` is narrowed by `grant=`
    reply:POST /mfa/challenge:remvoe=x
        `remvoe=x` is no change
        hint: did you mean `remove`? a change is `remove=MEMBER`, `rename=MEMBER>NAME`, `retype=MEMBER>TYPE`, `status=N` or `drop=HEADER`
    reply:POST /mfa/challenge:remove
        `remove` is no change
        hint: a change is `remove=MEMBER`, `rename=MEMBER>NAME`, `retype=MEMBER>TYPE`, `status=N` or `drop=HEADER`
    reply:POST /mfa/challenge:remove=a..b
        `a..b` names no member
        hint: members are named from the outermost, with dots between, `*` for any: `oob_code`, `*.active`
    reply:POST /mfa/challenge:rename=oob_code
        `rename=oob_code` does not say what to make of it
        hint: a change is `remove=MEMBER`, `rename=MEMBER>NAME`, `retype=MEMBER>TYPE`, `status=N` or `drop=HEADER`
    reply:POST /mfa/challenge:retype=oob_code>text
        `text` is no type
        hint: types are string, number, boolean, array, object, null
    reply:POST /mfa/challenge:status=99
        `99` is no status
        hint: a status is a number from 200 to 599
    reply:POST /mfa/challenge:drop=a b
        `a b` is no header
        hint: a change is `remove=MEMBER`, `rename=MEMBER>NAME`, `retype=MEMBER>TYPE`, `status=N` or `drop=HEADER`
    reply:POST /mfa/challenge:drop=Date
        `date` is not the tenant's
        hint: headers that the server itself adds cannot be dropped
    ");
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(
        place in prop::sample::select(vec!["POST /mfa/challenge", "DELETE /mfa/authenticators/*", "POST /oauth/token[grant=mfa-otp]"]),
        which in "(\\[(4[0-9]{2}|[a-z_]{1,9})\\]){0,2}",
        change in "(remove|retype|rename)=[a-z*_]{1,5}(\\.[a-z0-9*]{1,3}){0,2}",
        to in prop::sample::select(vec!["string", "number", "boolean", "array", "object", "null"]),
    ) {
        let to = if change.starts_with("remove") { String::new() } else { format!(">{to}") };
        let text = format!("reply:{place}{which}:{change}{to}");
        let fault: ReplyFault = text.parse().unwrap();
        prop_assert_eq!(fault.to_string(), text);
    }

    #[test]
    fn noise_is_read_without_a_panic(noise in ".{0,60}", tail in "[a-z=>.*\\[\\]:]{0,30}") {
        let _read = noise.parse::<AnyFault>();
        let _read = format!("reply:POST /oauth/token{tail}").parse::<AnyFault>();
        let _read = format!("reply:POST /oauth/token:{tail}").parse::<AnyFault>();
    }

    /// Whatever a fault does, the tenant answers.
    #[test]
    fn faulty_replies_are_replies(tail in "(remove|retype|rename)=[0-2a*]{1,2}(\\.(id|active|\\*)){0,2}", kind in prop::sample::select(vec!["string", "number", "null", "array"])) {
        let to = if tail.starts_with("remove") { String::new() } else { format!(">{kind}") };
        let mut world = world_with(&[&format!("reply:GET /mfa/authenticators:{tail}{to}")]);
        world.make_user("ada", true);
        let login = world.login("ada");
        prop_assert_eq!(world.list(&login).status, 200);
    }
}
