//! Users who are lent from a pool: somebody had them before, and a file says little of them.

use std::fmt::Write as _;

use pushproof_report::Run;
use pushproof_runner::providers::users::{Users, Want};
use pushproof_runner::serve::Server;
use pushproof_runner::target::{self, Target};
use pushproof_scenario::Program;

use crate::peer::patient;
use crate::world::{cases, run, target, tenant};

/// A pool file without the column `email_verified`, of users whom the tenant has.
async fn pool(tenant: &Server, verified: bool, count: usize) -> tempfile::NamedTempFile {
    let target = target(&tenant.base_url(), tenant);
    let users = Users::new(target.users.as_ref(), &target.base_url, &patient(), "pool").unwrap();
    let mut text = "username,password,email\n".to_owned();
    for _ in 0..count {
        let want = Want {
            email_verified: verified,
            phone: false,
        };
        let user = users.create(want).await.unwrap();
        let (name, password) = (user.username, user.password.reveal());
        let _ = writeln!(text, "{name},{password},{name}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn lending(tenant: &Server, file: &tempfile::NamedTempFile) -> Target {
    let mut target = Target {
        users: Some(target::Users::Pool {
            file: file.path().into(),
        }),
        ..target(&tenant.base_url(), tenant)
    };
    target.look_into_files().unwrap();
    target
}

async fn told(target: Target, programs: &[&str]) -> String {
    let programs: Vec<std::sync::Arc<Program>> =
        programs.iter().flat_map(|prefix| cases(prefix)).collect();
    let (run, _): (Run, _) = run(target, programs).await;
    let case = |case: &pushproof_report::Case| {
        let reason = case.reason().unwrap_or_default();
        let told = format!("{}: {:?} {reason}", case.head.id, case.verdict());
        format!("{}\n", told.trim_end())
    };
    run.cases().iter().map(case).collect()
}

const FRESH: [&str; 3] = [
    "push.challenge.nothing-enrolled",
    "otp.enrol",
    "login.subject",
];

#[tokio::test]
async fn an_address_that_is_verified_unbeknown_to_the_pool_accuses_nobody() {
    let tenant = tenant(&[]).await;
    let file = pool(&tenant, true, 4).await;
    insta::assert_snapshot!(told(lending(&tenant, &file), &FRESH).await, @r#"
    push.challenge.nothing-enrolled: CouldNotRun no user for `alice`: `pushproof-pool-1@example.com` of the pool is not fresh: scenarios/auth0/fragments/fresh.yaml:13: expected each with active false, got [{"id":"email|dev_LRwuTr3E4csAlDEq","authenticator_type":"oob","active":true,"oob_channel":"email","name":"****@exam****… (6 more characters)
    otp.enrol: CouldNotRun no user for `alice`: `pushproof-pool-2@example.com` of the pool is not fresh: scenarios/auth0/fragments/fresh.yaml:13: expected each with active false, got [{"id":"email|dev_ux7N3L368w1g1IKX","authenticator_type":"oob","active":true,"oob_channel":"email","name":"****@exam****… (6 more characters)
    login.subject: CouldNotRun no user for `alice`: `pushproof-pool-3@example.com` of the pool is not fresh: scenarios/auth0/fragments/fresh.yaml:13: expected each with active false, got [{"id":"email|dev_PyoiiuoeFXbOzQ7s","authenticator_type":"oob","active":true,"oob_channel":"email","name":"****@exam****… (6 more characters)
    "#);
}

#[tokio::test]
async fn who_is_fresh_may_be_lent_whatever_the_pool_does_not_say() {
    let tenant = tenant(&[]).await;
    let file = pool(&tenant, false, 4).await;
    insta::assert_snapshot!(told(lending(&tenant, &file), &FRESH).await, @"
    push.challenge.nothing-enrolled: Pass
    otp.enrol: Pass
    login.subject: Pass
    ");
}

#[tokio::test]
async fn what_a_pool_does_not_hold_is_not_possible() {
    let tenant = tenant(&[]).await;
    let file = pool(&tenant, false, 1).await;
    let target = lending(&tenant, &file);
    let known = cases("login.password")[0].dialect.features.clone();
    let has = target.features(&known);
    let lacking = known.iter().filter(|feature| !has.contains(*feature));
    let lacking: Vec<String> = lacking.map(|feature| target.lack(feature)).collect();
    insta::assert_snapshot!(lacking.join("\n"), @"
    factor.sms (the pool has no telephone numbers)
    factor.voice (the pool has no telephone numbers)
    factor.email (the pool has nobody whose `email_verified` is `true`)
    management.api
    ");
}

#[test]
fn files_that_cannot_be_used() {
    let told = |yaml: &str| {
        let text = format!("format: 1\ntarget: t\nbase_url: https://h\ndialect: auth0\n{yaml}\n");
        let source = pushproof_scenario::Source::new("t.yaml", text);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let resolve = |_: &_| Err("is not there".to_owned());
        let mut target = target::parse(&source, folder, &resolve).unwrap();
        let problems = target.look_into_files().unwrap_err();
        let problems = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.at.join("."), problem.message));
        let text = problems.collect::<Vec<_>>().join("\n");
        text.replace(&format!("{}/", folder.display()), "")
    };
    insta::assert_snapshot!(told("tls: { ca: no.pem }\nusers: { provider: pool, file: no.csv }"), @"
    tls.ca: `no.pem`: No such file or directory (os error 2)
    users.file: `no.csv`: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(told("tls: { ca: Cargo.toml }\nusers: { provider: pool, file: Cargo.toml }"), @"
    tls.ca: `Cargo.toml`: the CA bundle holds no certificate
    users.file: `Cargo.toml`: line 1: the header must be `username,password[,email,email_verified,phone]`
    ");
    insta::assert_snapshot!(told("tls: { ca: src }\nusers: { provider: pool, file: src }"), @"
    tls.ca: `src`: Is a directory (os error 21)
    users.file: `src`: Is a directory (os error 21)
    ");
}
