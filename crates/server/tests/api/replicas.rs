//! Two servers on one PostgreSQL: either can serve the next request.

use http::{Method, StatusCode};
use pocket_id_server::config::AppUrl;
use serde_json::json;

use crate::oidc::dpop::Key;
use crate::oidc::par::{push, with_handle};
use crate::oidc::{
    CALLBACK, Client, VERIFIER, authorize_path, code, exchange, interact, parameter, refresh, register, text,
    tokens, userinfo,
};
use crate::support::{Answer, Browser, Database, TestApp};

async fn two() -> (TestApp, TestApp) {
    let first = TestApp::start(Database::Postgres).await;
    let database = first.app.state.config.database.clone();
    let url = AppUrl::parse(&first.url).unwrap();
    let second = TestApp::start_with(Database::Sqlite, |config| {
        config.database = database;
        config.app_url = url.clone();
        config.internal_app_url = url;
    })
    .await;
    (first, second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_counted_across_replicas() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let made = admin
        .post("/api/users/me/one-time-access-token", &json!({}))
        .await
        .json();
    let mut outcomes = Vec::new();
    for number in 0..10 {
        let app = if number % 2 == 0 { &first } else { &second };
        let path = format!("/api/one-time-access-token/AAAA{number:02}");
        outcomes.push(app.browser().post_nothing(&path).await.status);
    }
    assert_eq!(outcomes, [StatusCode::UNAUTHORIZED; 10]);
    let right = format!("/api/one-time-access-token/{}", text(&made["token"]));
    for app in [&first, &second] {
        let answer = app.browser().post_nothing(&right).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_waits_at_one_replica_for_what_is_decided_at_the_other() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let mut passkey = first.passkey(1);
    assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
    let mut screen = second.browser();
    let waiting = screen.post_nothing("/api/device-login/requests").await.json();
    let path = format!("/api/device-login/requests/{}/exchange", text(&waiting["id"]));
    let early = screen
        .request(http::Method::POST, &path)
        .header("prefer", "wait=0");
    assert_eq!(screen.send(early).await.status, StatusCode::ACCEPTED);
    let decided = async {
        let assertion = admin.assertion(&mut passkey).await;
        admin.post("/api/webauthn/reauthenticate", &assertion).await;
        let decision = json!({"code": waiting["userCode"], "decision": "approve"});
        admin
            .post("/api/device-login/verification/decision", &decision)
            .await
    };
    let (signed_in, decided) = tokio::join!(screen.post_nothing(&path), decided);
    assert_eq!(decided.status, StatusCode::NO_CONTENT, "{decided:?}");
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    assert_eq!(
        admin.get("/api/sessions").await.json().as_array().unwrap().len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_began_another_finishes() {
    let (first, second) = two().await;

    let mut on_first = first.set_up().await;
    let client = register(&mut on_first, |_| {}).await;
    let mut on_second = second.browser();
    on_second.cookies = on_first.cookies.clone();
    assert_eq!(on_second.get("/api/users/me").await.json()["username"], "tim");
    assert_eq!(
        on_second.get("/api/signup/setup").await.status,
        StatusCode::NOT_FOUND
    );

    // A passkey registered across both, an interaction begun on one and continued on the other.
    let mut passkey = first.passkey(1);
    let options = on_first.get("/api/webauthn/register/start").await.json();
    on_second.cookies = on_first.cookies.clone();
    let response = passkey.register(&options).unwrap();
    let answer = on_second.post("/api/webauthn/register/finish", &response).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let started = on_first.get(&authorize_path(&client, &[])).await;
    let answer = interact(&mut on_second, &started).await;
    let code = parameter(&answer, "code").unwrap();

    // Signed by one, accepted by the other; revoked on one, refused by the other.
    let tokens = exchange(&first, &client, &code).await.json();
    let access_token = text(&tokens["access_token"]);
    assert_eq!(userinfo(&second, access_token).await.status, StatusCode::OK);
    assert_eq!(
        exchange(&second, &client, &code).await.json()["error"],
        json!("invalid_grant")
    );
    assert_eq!(
        userinfo(&first, access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        on_second.post_nothing("/api/webauthn/logout").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(on_first.get("/api/users/me").await.code(), "not_signed_in");
}

/// One request 64 times at once, to the two servers in turn.
async fn race(
    (first, second): (&TestApp, &TestApp),
    request: impl Fn(&Browser) -> reqwest::RequestBuilder,
) -> Vec<Answer> {
    let attempts: Vec<_> = (0..64)
        .map(|number| {
            let app = if number % 2 == 0 { first } else { second };
            let mut browser = app.browser();
            let request = request(&browser);
            tokio::spawn(async move { browser.send(request).await })
        })
        .collect();
    let mut answers = Vec::new();
    for attempt in attempts {
        answers.push(attempt.await.unwrap());
    }
    answers
}

/// The same at the token endpoint: the one answer with tokens, and the errors of all others, each named once.
async fn race_for_tokens(apps: (&TestApp, &TestApp), form: &[(&str, &str)]) -> (Answer, Vec<String>) {
    let answers = race(apps, |browser| {
        browser.request(Method::POST, "/api/oidc/token").form(form)
    })
    .await;
    one_winner(answers)
}

fn one_winner(answers: Vec<Answer>) -> (Answer, Vec<String>) {
    let (mut winners, losers): (Vec<Answer>, Vec<Answer>) = answers
        .into_iter()
        .partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(winners.len(), 1, "{winners:?}");
    let mut errors: Vec<String> = losers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            text(&answer.json()["error"]).to_owned()
        })
        .collect();
    errors.sort();
    errors.dedup();
    (winners.remove(0), errors)
}

fn authenticated<'f>(client: &'f Client, more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut form = vec![
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    form.extend_from_slice(more);
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_redemptions_of_a_code_at_two_replicas_one_wins() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let code = code(&mut admin, &client, &[]).await;
    let form = authenticated(
        &client,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    );
    let (_, errors) = race_for_tokens((&first, &second), &form).await;
    assert_eq!(errors, ["invalid_grant"]);
    for table in ["oidc_access_tokens", "oidc_refresh_tokens"] {
        assert_eq!(first.count(table).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_rotations_of_a_refresh_token_at_two_replicas_one_wins_and_keeps_what_it_got() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let tokens = tokens(&first, &mut admin, &client).await;
    let form = authenticated(
        &client,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&tokens["refresh_token"])),
        ],
    );
    let (winner, errors) = race_for_tokens((&first, &second), &form).await;
    assert_eq!(errors, ["invalid_request"], "please retry");
    let winner = winner.json();
    for app in [&first, &second] {
        let info = userinfo(app, text(&winner["access_token"])).await;
        assert_eq!(info.status, StatusCode::OK, "{info:?}");
    }
    let next = refresh(&second, &client, text(&winner["refresh_token"])).await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_browsers_with_one_pushed_request_at_two_replicas_one_gets_on() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let pushed = push(&first, &client, &[]).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
    let path = with_handle(&client, text(&pushed.json()["request_uri"]), &[]);
    let answers = race((&first, &second), |browser| browser.request(Method::GET, &path)).await;
    let mut got_on = 0;
    for answer in answers {
        assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
        got_on += usize::from(answer.header("location").contains("/interaction?"));
    }
    assert_eq!(got_on, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_polls_of_a_device_at_two_replicas_one_gets_the_tokens() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let form = authenticated(&client, &[("scope", "openid")]);
    let started = first
        .browser()
        .post_form("/api/oidc/device/authorize", &form)
        .await
        .json();
    let verify = format!("/api/oidc/device/verify?code={}", text(&started["user_code"]));
    assert_eq!(admin.post_nothing(&verify).await.status, StatusCode::NO_CONTENT);
    let form = authenticated(
        &client,
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", text(&started["device_code"])),
        ],
    );
    let (_, errors) = race_for_tokens((&first, &second), &form).await;
    assert_eq!(errors, ["invalid_grant"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_requests_with_one_proof_at_two_replicas_one_counts() {
    let (first, second) = two().await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let path = "/api/oidc/token";
    // A nonce of the one is good at the other.
    let nonce = second
        .app
        .state
        .dpop_nonces
        .current(second.app.state.now().seconds());
    let proof = Key::new(1).proof(&first, "POST", path, "same", &[("nonce", &nonce)]);
    let form = authenticated(&client, &[("grant_type", "client_credentials")]);
    let answers = race((&first, &second), |browser| {
        browser
            .request(Method::POST, path)
            .header("DPoP", &proof)
            .form(&form)
    })
    .await;
    let (_, errors) = one_winner(answers);
    assert_eq!(errors, ["invalid_dpop_proof"]);
}
