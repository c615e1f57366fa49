//! Where users come from: the Management API, a pool, a hook.

use std::io::Write;

use http::Request;
use pushproof_report::Secret;
use pushproof_runner::providers::users::{User, Users, Want};
use pushproof_runner::target::{self, Authority, Client};

use crate::peer::{Scribe, json, patient};

/// Users of a source whose tenant is the scribe.
fn users(scribe: &Scribe, source: &target::Users) -> Users {
    Users::new(Some(source), &scribe.url(""), &patient(), "r1").unwrap()
}

fn managed(authority: Authority) -> target::Users {
    target::Users::ManagementApi {
        authority,
        connection: "Username-Password-Authentication".to_owned(),
    }
}

async fn labels(users: &Users) -> Vec<&'static str> {
    let secrets = users.secrets().await;
    secrets.into_iter().map(|(label, _)| label).collect()
}

/// The transcript with the made-up password masked, after checking that it is one.
fn masked(text: &str, user: &User) -> String {
    let password = user.password.reveal();
    assert!(
        password.len() >= 20 && password.starts_with("aA1!"),
        "{password}"
    );
    assert!(text.contains(password));
    text.replace(password, "PASSWORD")
}

#[tokio::test]
async fn the_management_api_with_a_token() {
    let scribe = Scribe::answering(|_, request| match request.method().as_str() {
        "POST" => json(201, r#"{"user_id":"auth0|5f/1","email":"x"}"#),
        _ => json(204, ""),
    })
    .await;
    let users = users(&scribe, &managed(Authority::Token(Secret::new("MGMT"))));
    let user = users.create(Want::default()).await.unwrap();
    let other = users
        .create(Want {
            email_verified: true,
            phone: true,
        })
        .await
        .unwrap();
    users.delete(&user).await.unwrap();
    assert_ne!(user.password, other.password);
    let text = scribe.transcript(format!("{:?} {:?} {:?}", user, other.username, other.phone));
    let text = masked(&masked(&text, &user), &other);
    insta::assert_snapshot!(text, @r#"
    POST /api/v2/users [Bearer MGMT] {"connection":"Username-Password-Authentication","email":"pushproof-r1-1@example.com","password":"PASSWORD","email_verified":false}
    POST /api/v2/users [Bearer MGMT] {"connection":"Username-Password-Authentication","email":"pushproof-r1-2@example.com","password":"PASSWORD","email_verified":true}
    DELETE /api/v2/users/auth0%7C5f%2F1 [Bearer MGMT]
    User { id: Some("auth0|5f/1"), username: "pushproof-r1-1@example.com", password: ‹secret›, email: Some("pushproof-r1-1@example.com"), phone: None, email_verified: Some(false), is_leased: false, created: None } "pushproof-r1-2@example.com" Some("+12015550102")
    "#);
}

#[tokio::test]
async fn client_credentials_get_a_token_once_and_again_when_it_has_run_out() {
    let scribe = Scribe::answering(|n, request| match (n, request.uri().path()) {
        (_, "/oauth/token") => json(
            200,
            &format!(r#"{{"access_token":"T{n}","expires_in":86400}}"#),
        ),
        (3, _) => json(401, "{}"),
        _ => json(204, ""),
    })
    .await;
    let client = Client {
        place: None,
        id: "abc".to_owned(),
        secret: Some(Secret::new("s3cret")),
        auth: Default::default(),
    };
    let users = users(&scribe, &managed(Authority::Client(client)));
    let lent = file("username,password\nada,x\n");
    assert_eq!(labels(&users).await, ["client_secret"]);
    let mut user = pool(&lent).create(Want::default()).await.unwrap();
    user.id = Some("auth0|1".to_owned());
    for _ in 0..3 {
        users.delete(&user).await.unwrap();
    }
    assert_eq!(labels(&users).await, ["client_secret", "management_token"]);
    insta::assert_snapshot!(scribe.transcript(""), @r#"
    POST /oauth/token {"grant_type":"client_credentials","client_id":"abc","client_secret":"s3cret","audience":"http://HOST/api/v2/"}
    DELETE /api/v2/users/auth0%7C1 [Bearer T0]
    DELETE /api/v2/users/auth0%7C1 [Bearer T0]
    DELETE /api/v2/users/auth0%7C1 [Bearer T0]
    POST /oauth/token {"grant_type":"client_credentials","client_id":"abc","client_secret":"s3cret","audience":"http://HOST/api/v2/"}
    DELETE /api/v2/users/auth0%7C1 [Bearer T4]
    "#);
}

#[tokio::test]
async fn what_the_management_api_does_wrong() {
    let mut told = Vec::new();
    for (status, body) in [
        (401, r#"{"error":"Unauthorized"}"#),
        (429, ""),
        (201, "{}"),
        (201, "created"),
    ] {
        let scribe = Scribe::answering(move |_, _| json(status, body)).await;
        let users = users(&scribe, &managed(Authority::Token(Secret::new("MGMT"))));
        let error = users.create(Want::default()).await.unwrap_err().to_string();
        told.push(error.replace(&scribe.server.address().to_string(), "HOST"));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    the Management API `POST http://HOST/api/v2/users` answered 401 Unauthorized: {"error":"Unauthorized"}
    the Management API `POST http://HOST/api/v2/users` answered 429 Too Many Requests
    the Management API `POST http://HOST/api/v2/users` answered a user without `user_id`
    the Management API `POST http://HOST/api/v2/users` answered something that is not JSON
    "#);
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn pool(file: &tempfile::NamedTempFile) -> Users {
    let pool = target::Users::Pool {
        file: file.path().into(),
    };
    Users::new(Some(&pool), "http://h", &patient(), "r1").unwrap()
}

#[tokio::test]
async fn a_pool_lends_each_user_once_and_keeps_numbers_for_those_who_need_one() {
    let file = file("username,password,phone\nada,1,+12025550100\nbob,2,\ncat,3,+12025550101\n");
    let users = pool(&file);
    let mut lent = Vec::new();
    for phone in [false, true, false, true] {
        lent.push(
            match users
                .create(Want {
                    phone,
                    email_verified: false,
                })
                .await
            {
                Ok(user) => format!("phone {phone}: {} {:?}", user.username, user.phone),
                Err(error) => format!("phone {phone}: {error}"),
            },
        );
    }
    let text = lent
        .join("\n")
        .replace(&file.path().display().to_string(), "POOL");
    insta::assert_snapshot!(text, @r#"
    phone false: bob None
    phone true: ada Some("+12025550100")
    phone false: cat Some("+12025550101")
    phone true: user pool `POOL`: all 3 users are leased
    "#);
}

#[tokio::test]
async fn a_pool_without_numbers_says_so() {
    let file = file("username,password\nada,1\n");
    let error = pool(&file)
        .create(Want {
            phone: true,
            email_verified: false,
        })
        .await
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(error.replace(&file.path().display().to_string(), "POOL"), @"user pool `POOL`: no user with a telephone number is left");
}

#[tokio::test]
async fn a_pool_gives_who_is_known_to_be_what_is_wanted() {
    let file = file("username,password,email_verified\nada,1,true\nbob,2,\ncat,3,false\n");
    let users = pool(&file);
    let mut lent = Vec::new();
    for email_verified in [false, false, false, true, true] {
        let want = Want {
            phone: false,
            email_verified,
        };
        lent.push(match users.create(want).await {
            Ok(user) => format!(
                "{email_verified}: {} {:?}",
                user.username, user.email_verified
            ),
            Err(error) => format!("{email_verified}: {error}"),
        });
    }
    let text = lent.join("\n");
    let text = text.replace(&file.path().display().to_string(), "POOL");
    insta::assert_snapshot!(text, @r#"
    false: cat Some(false)
    false: bob None
    false: user pool `POOL`: no user with `email_verified` false is left
    true: ada Some(true)
    true: user pool `POOL`: all 3 users are leased
    "#);
}

#[test]
fn a_pool_that_is_not_there() {
    let missing = target::Users::Pool {
        file: "no/such/users.csv".into(),
    };
    let error = Users::new(Some(&missing), "http://h", &patient(), "r1")
        .map(|_| ())
        .unwrap_err();
    insta::assert_snapshot!(error, @"user pool `no/such/users.csv`: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_hook_makes_users_and_gets_back_what_it_answered() {
    let scribe = Scribe::answering(|n, _| match n {
        0 => json(
            201,
            r#"{"username":"ada","password":"pw","phone":"+12025550100","ref":{"row":7}}"#,
        ),
        _ => json(200, ""),
    })
    .await;
    let users = users(
        &scribe,
        &target::Users::Hook {
            url: scribe.url("/users"),
        },
    );
    let user = users
        .create(Want {
            email_verified: false,
            phone: true,
        })
        .await
        .unwrap();
    users.delete(&user).await.unwrap();
    insta::assert_snapshot!(scribe.transcript(format!("{user:?}")), @r#"
    POST /users {"action":"create","want":{"email_verified":false,"phone":true}}
    POST /users {"action":"delete","user":{"username":"ada","password":"pw","phone":"+12025550100","ref":{"row":7}}}
    User { id: None, username: "ada", password: ‹secret›, email: None, phone: Some("+12025550100"), email_verified: None, is_leased: false, created: Some(‹secret›) }
    "#);
}

#[tokio::test]
async fn what_a_users_hook_does_wrong() {
    let mut told = Vec::new();
    for (status, body) in [
        (200, r#"{"username":"ada"}"#),
        (200, "[]"),
        (500, "out of users"),
    ] {
        let scribe = Scribe::answering(move |_, _| json(status, body)).await;
        let users = users(
            &scribe,
            &target::Users::Hook {
                url: scribe.url("/users"),
            },
        );
        let error = users.create(Want::default()).await.unwrap_err().to_string();
        told.push(error.replace(&scribe.server.address().to_string(), "HOST"));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    users hook `POST http://HOST/users` answered a user without `password`
    users hook `POST http://HOST/users` answered a user without `username`
    users hook `POST http://HOST/users` answered 500 Internal Server Error: out of users
    ");
}

#[tokio::test]
async fn what_could_not_be_deleted_is_named() {
    let scribe = Scribe::answering(|n, _| match n {
        0 => json(200, r#"{"username":"ada","password":"pw-pw-pw-pw-pw"}"#),
        _ => json(500, ""),
    })
    .await;
    let users = users(
        &scribe,
        &target::Users::Hook {
            url: scribe.url("/users"),
        },
    );
    let user = users.create(Want::default()).await.unwrap();
    let left = users.delete(&user).await.unwrap_err();
    insta::assert_snapshot!(left.replace(&scribe.server.address().to_string(), "HOST"), @"user `ada`: users hook `POST http://HOST/users` answered 500 Internal Server Error");
}

#[tokio::test]
async fn a_target_without_users() {
    let users = Users::new(None, "http://h", &patient(), "r1").unwrap();
    let error = users.create(Want::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"the target has no `users`");
}

#[tokio::test]
async fn many_cases_that_start_together_fetch_one_token() {
    let scribe = Scribe::answering(|_, request: &Request<Vec<u8>>| match request.uri().path() {
        "/oauth/token" => json(200, r#"{"access_token":"T"}"#),
        _ => json(201, r#"{"user_id":"u"}"#),
    })
    .await;
    let client = Client {
        place: None,
        id: "abc".to_owned(),
        secret: None,
        auth: Default::default(),
    };
    let users = users(&scribe, &managed(Authority::Client(client)));
    let want = Want::default();
    let (a, b, c) = tokio::join!(users.create(want), users.create(want), users.create(want));
    let names = [a, b, c].map(|user| user.unwrap().username);
    assert_eq!(
        std::collections::BTreeSet::from(names).len(),
        3,
        "every user has a name of their own"
    );
    assert_eq!(scribe.transcript("").matches("/oauth/token").count(), 1);
}
