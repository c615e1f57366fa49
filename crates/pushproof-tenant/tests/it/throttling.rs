//! Buckets: polls, pushes, guesses (§7).

use serde_json::json;

use crate::world::World;

#[test]
fn polls_faster_than_one_in_five_seconds_are_slowed_down() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    let code = world.push(&login);
    let mut told: Vec<String> = Vec::new();
    for (gap, n) in [(0, 12), (0, 1), (1_000, 1), (3_999, 1), (1, 1), (0, 1)] {
        world.wait(gap);
        let replies: Vec<_> = (0..n).map(|_| world.poll(&login, &code)).collect();
        let reply = replies.last().unwrap();
        told.push(format!(
            "after {gap:>4} ms, {n:>2}x: {} retry-after {} interval {} left {}/{} reset +{}",
            reply.full(),
            reply.header("retry-after"),
            reply.body["interval"],
            reply.header("x-ratelimit-remaining"),
            reply.header("x-ratelimit-limit"),
            reply.header("x-ratelimit-reset").parse::<u64>().unwrap() - world.unix_time(),
        ));
    }
    world.decide(&phone, true);
    told.push(format!(
        "approved meanwhile: {}",
        world.poll(&login, &code).brief()
    ));
    world.wait(5_000);
    told.push(format!(
        "after the wait: {}",
        world.poll(&login, &code).brief()
    ));
    insta::assert_snapshot!(told.join("\n"), @r#"
    after    0 ms, 12x: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds." retry-after - interval null left 0/12 reset +5
    after    0 ms,  1x: 429 slow_down "You are polling faster than allowed. Try again in 5 seconds." retry-after 5 interval 5 left 0/12 reset +5
    after 1000 ms,  1x: 429 slow_down "You are polling faster than allowed. Try again in 4 seconds." retry-after 4 interval 5 left 0/12 reset +4
    after 3999 ms,  1x: 429 slow_down "You are polling faster than allowed. Try again in 1 seconds." retry-after 1 interval 5 left 0/12 reset +1
    after    1 ms,  1x: 400 authorization_pending "Authorization pending: please repeat the request in a few seconds." retry-after - interval null left 0/12 reset +5
    after    0 ms,  1x: 429 slow_down "You are polling faster than allowed. Try again in 5 seconds." retry-after 5 interval 5 left 0/12 reset +5
    approved meanwhile: 429 slow_down
    after the wait: 200 tokens
    "#);
}

#[test]
fn one_poll_in_five_seconds_is_never_slowed_down() {
    let mut world = World::honest();
    world.enrolled("ada");
    let login = world.login("ada");
    let code = world.push(&login);
    for _ in 0..59 {
        world.wait(5_000);
        assert_eq!(
            world.poll(&login, &code).brief(),
            "400 authorization_pending"
        );
    }
}

#[test]
fn each_transaction_has_its_own_bucket() {
    let mut world = World::honest();
    world.enrolled("ada");
    world.enrolled("bob");
    let (ada, bob) = (world.login("ada"), world.login("bob"));
    let (first, second, bobs) = (world.push(&ada), world.push(&ada), world.push(&bob));
    for _ in 0..30 {
        world.poll(&ada, &first);
    }
    assert_eq!(world.poll(&ada, &first).brief(), "429 slow_down");
    assert_eq!(
        world.poll(&ada, &second).brief(),
        "400 authorization_pending"
    );
    assert_eq!(world.poll(&bob, &bobs).brief(), "400 authorization_pending");
}

#[test]
fn five_pushes_and_one_more_each_twelve_seconds() {
    let mut world = World::honest();
    let phone = world.enrolled("ada").phone;
    let login = world.login("ada");
    for _ in 0..5 {
        assert_eq!(world.challenge(&login, &json!({})).status, 200);
    }
    let refused = world.challenge(&login, &json!({}));
    assert_eq!(
        (refused.brief(), refused.header("retry-after")),
        ("429 too_many_requests".into(), "12")
    );
    let path = format!("/__control/inbox/{}", phone.push_token);
    assert_eq!(world.get(&path, None).brief(), "200 list of 5");
    assert_eq!(
        world
            .challenge(&login, &json!({ "challenge_type": "otp" }))
            .status,
        200
    );
    world.wait(12_000);
    assert_eq!(world.challenge(&login, &json!({})).status, 200);
}

#[test]
fn ten_wrong_codes_and_one_more_each_six_minutes() {
    let mut world = World::honest();
    let ada = world.enrolled("ada");
    let login = world.login("ada");
    for _ in 0..10 {
        assert_eq!(world.otp(&login, "000000").brief(), "403 invalid_grant");
        assert_eq!(world.recover(&login, "WRONG").brief(), "403 invalid_grant");
    }
    let code = ada.phone.code(world.unix_time());
    let refused = world.otp(&login, &code);
    insta::assert_snapshot!(format!("{} retry-after {}", refused.full(), refused.header("retry-after")), @r#"429 too_many_attempts "Too many failed codes. Wait for some minutes before retrying." retry-after 360"#);
    let recovery_code = ada.recovery_code.unwrap();
    assert_eq!(
        world.recover(&login, &recovery_code).brief(),
        "429 too_many_attempts"
    );
    world.wait(360_000);
    let code = ada.phone.code(world.unix_time());
    assert_eq!(world.otp(&login, &code).brief(), "200 tokens");
    assert_eq!(world.recover(&login, &recovery_code).brief(), "200 tokens");
}
