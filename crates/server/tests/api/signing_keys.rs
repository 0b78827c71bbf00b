//! Keys that are made, shared and replaced while tokens signed with them are around.

mod storage;

use http::StatusCode;
use pocket_id_oidc::jose::{Algorithm, UnverifiedJws};
use pocket_id_server::config::AppUrl;
use pocket_id_server::signing_keys::{PreviousKeys, Rotated, rotate};
use pocket_id_store::signing_keys;
use serde_json::{Value, json};

use crate::oidc::{authorize_path, claims, exchange, parameter, refresh, register, text, tokens, userinfo};
use crate::support::{Browser, Database, TestApp, both_engines};

/// What `pocket-id key-rotate` does, from outside the server.
async fn rotate_outside(app: &TestApp, algorithm: Algorithm, previous: PreviousKeys) -> Rotated {
    rotate(&app.app.state.config, &app.clock, algorithm, previous)
        .await
        .unwrap()
}

/// `kid` and `alg` of the key set.
async fn published(app: &TestApp) -> Vec<(String, String)> {
    let answer = app.browser().get("/.well-known/jwks.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    for key in &keys {
        assert_eq!(key["use"], "sig");
        assert_eq!(key["d"], Value::Null);
    }
    keys.iter()
        .map(|key| (text(&key["kid"]).to_owned(), text(&key["alg"]).to_owned()))
        .collect()
}

/// `kid` and `alg` of a token.
fn signer(token: &Value) -> (String, String) {
    let parsed = UnverifiedJws::parse(text(token)).unwrap();
    (
        parsed.key_id.clone().unwrap(),
        parsed.algorithm_name().unwrap().to_owned(),
    )
}

async fn end_session(browser: &mut Browser, hint: &Value) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("id_token_hint", text(hint)),
        ("post_logout_redirect_uri", "https://app.example/bye"),
    ]);
    let answer = browser
        .get(&format!("/api/oidc/end-session?{}", query.finish()))
        .await;
    answer.header("location").to_owned()
}

both_engines!(
    a_rotation_breaks_nothing_that_is_alive,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["accessTokenDurationMinutes"] = json!(120)).await;
        let before = tokens(&app, &mut admin, &client).await;
        let old = signer(&before["access_token"]);
        assert_eq!(published(&app).await, std::slice::from_ref(&old));

        let rotated = rotate_outside(&app, Algorithm::Es256, PreviousKeys::KeptUntilUnused).await;
        let new = (rotated.kid, "ES256".to_owned());
        assert_eq!(rotated.replaced, 1);
        let seconds_kept = (rotated.previous_until.unwrap().0 - app.clock.now().0) / 1000;
        assert_eq!(seconds_kept, 2 * 3600 + 60);
        assert_eq!(published(&app).await, [new.clone(), old.clone()]);

        // Without a moment passing, and afterwards.
        for _ in 0..2 {
            assert_eq!(
                userinfo(&app, text(&before["access_token"])).await.status,
                StatusCode::OK
            );
            let hinted = [("prompt", "none"), ("id_token_hint", text(&before["id_token"]))];
            let answer = admin.get(&authorize_path(&client, &hinted)).await;
            assert!(parameter(&answer, "code").is_some(), "{answer:?}");
            app.pass_seconds(4);
        }
        let renewed = refresh(&app, &client, text(&before["refresh_token"]))
            .await
            .json();
        for token in ["access_token", "id_token"] {
            assert_eq!(signer(&renewed[token]), new, "{token}");
        }
        let hash = Algorithm::Es256.half_hash(text(&renewed["access_token"]));
        assert_eq!(claims(text(&renewed["id_token"]))["at_hash"], hash);
        assert_eq!(
            userinfo(&app, text(&renewed["access_token"])).await.status,
            StatusCode::OK
        );

        // Just before everything signed with the old key has expired, and just after.
        app.pass_seconds(2 * 3600 + 60 - 8 - 1);
        assert_eq!(published(&app).await.len(), 2);
        app.pass_seconds(1);
        assert_eq!(published(&app).await, std::slice::from_ref(&new));
        let reader = app.app.state.store.reader();
        assert_eq!(
            signing_keys::delete_retired(reader, app.clock.now())
                .await
                .unwrap(),
            1
        );
        assert_eq!(app.count("signing_keys").await, 1);
        assert_eq!(published(&app).await, [new]);
    }
);

both_engines!(
    a_hint_signed_before_the_rotation_still_signs_out,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let before = tokens(&app, &mut admin, &client).await;
        rotate_outside(&app, Algorithm::Rs256, PreviousKeys::KeptUntilUnused).await;
        app.pass_seconds(4);
        assert_eq!(
            end_session(&mut admin, &before["id_token"]).await,
            "https://app.example/bye"
        );
    }
);

both_engines!(a_revoked_key_is_worth_nothing, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let before = tokens(&app, &mut admin, &client).await;
    rotate_outside(&app, Algorithm::EdDsa, PreviousKeys::KeptUntilUnused).await;
    app.pass_seconds(4);
    let between = refresh(&app, &client, text(&before["refresh_token"]))
        .await
        .json();

    let rotated = rotate_outside(&app, Algorithm::Rs256, PreviousKeys::Revoked).await;
    assert_eq!((rotated.replaced, rotated.previous_until), (2, None));
    assert_eq!(published(&app).await, [(rotated.kid, "RS256".to_owned())]);
    app.pass_seconds(4);
    for tokens in [&before, &between] {
        assert_eq!(
            userinfo(&app, text(&tokens["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            end_session(&mut admin, &tokens["id_token"]).await,
            format!("{}/logout", app.url)
        );
    }
    // What is not signed survives: sessions and refresh tokens.
    assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
    let renewed = refresh(&app, &client, text(&between["refresh_token"])).await;
    assert_eq!(renewed.status, StatusCode::OK, "{renewed:?}");
    assert_eq!(
        userinfo(&app, text(&renewed.json()["access_token"])).await.status,
        StatusCode::OK
    );
});

both_engines!(
    clients_get_the_algorithm_they_ask_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let discovery = admin.get("/.well-known/openid-configuration").await.json();
        let offered = discovery["id_token_signing_alg_values_supported"].clone();
        let mut kids = Vec::new();
        for algorithm in ["ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256", "ES384"] {
            assert!(offered.as_array().unwrap().contains(&json!(algorithm)));
            let client = register(&mut admin, |body| {
                body["protocol"] = json!({"idTokenSignedResponseAlg": algorithm});
            })
            .await;
            let tokens = tokens(&app, &mut admin, &client).await;
            let (kid, alg) = signer(&tokens["id_token"]);
            assert_eq!(alg, algorithm);
            assert_eq!(signer(&tokens["access_token"]).1, "RS256");
            let hash = algorithm
                .parse::<Algorithm>()
                .unwrap()
                .half_hash(text(&tokens["access_token"]));
            assert_eq!(claims(text(&tokens["id_token"]))["at_hash"], hash);
            assert!(published(&app).await.contains(&(kid.clone(), alg)));
            let keys = app.app.state.signing_keys.published().await.unwrap();
            UnverifiedJws::parse(text(&tokens["id_token"]))
                .unwrap()
                .verify(keys.iter())
                .unwrap();
            kids.push(kid);
            // The hint of such a token is as good as any.
            let hinted = [("prompt", "none"), ("id_token_hint", text(&tokens["id_token"]))];
            let answer = admin.get(&authorize_path(&client, &hinted)).await;
            assert!(parameter(&answer, "code").is_some(), "{answer:?}");
        }
        assert_eq!(kids[1], kids[6], "a key is made once");
        assert_eq!(app.count("signing_keys").await, 6);

        // A rotation replaces them all, and makes anew what clients ask for.
        let rotated = rotate_outside(&app, Algorithm::Es384, PreviousKeys::KeptUntilUnused).await;
        assert_eq!(rotated.replaced, 6);
        let after = published(&app).await;
        let (active, retired) = after.split_at(6);
        assert_eq!(active[0], (rotated.kid, "ES384".to_owned()));
        assert!(active.iter().all(|(kid, _)| !kids.contains(kid)));
        assert!(retired.iter().all(|(kid, _)| kids.contains(kid)));
    }
);

both_engines!(
    a_key_wanted_by_many_at_once_is_made_once,
    |app: TestApp| async move {
        let keys: Vec<_> = (0..64)
            .map(|_| {
                let state = app.app.state.clone();
                tokio::spawn(async move { state.signing_keys.ensure(Algorithm::Es512).await.unwrap() })
            })
            .collect();
        let mut kids = Vec::new();
        for key in keys {
            kids.push(key.await.unwrap().public_jwk().kid.unwrap());
        }
        kids.dedup();
        assert_eq!(kids.len(), 1);
        assert_eq!(app.count("signing_keys").await, 2);
    }
);

/// A second server on the first one's PostgreSQL, under the same address.
async fn replica_of(first: &TestApp) -> TestApp {
    let database = first.app.state.config.database.clone();
    let url = AppUrl::parse(&first.url).unwrap();
    TestApp::start_with(Database::Sqlite, |config| {
        config.database = database;
        config.app_url = url.clone();
        config.internal_app_url = url;
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_notice_each_other_s_keys_at_once() {
    let first = TestApp::start(Database::Postgres).await;
    let second = replica_of(&first).await;
    let mut admin = first.set_up().await;
    let client = register(&mut admin, |body| {
        body["protocol"] = json!({"idTokenSignedResponseAlg": "ES256"});
    })
    .await;
    let mut elsewhere = second.browser();
    elsewhere.cookies = admin.cookies.clone();

    // Both have just read the keys; no clock moves.
    let before = tokens(&second, &mut elsewhere, &client).await;
    assert_eq!(
        userinfo(&first, text(&before["access_token"])).await.status,
        StatusCode::OK
    );
    // Made by the second, wanted by the first.
    let hinted = [("prompt", "none"), ("id_token_hint", text(&before["id_token"]))];
    let answer = admin.get(&authorize_path(&client, &hinted)).await;
    let code = parameter(&answer, "code").unwrap();
    let made = signer(&before["id_token"]);
    assert_eq!(made.1, "ES256");
    assert_eq!(
        signer(&exchange(&first, &client, &code).await.json()["id_token"]),
        made
    );

    // Replaced by the first: what either has signed is good at the other, before and after it notices.
    let rotated = first
        .app
        .state
        .signing_keys
        .rotate(Algorithm::Es384, PreviousKeys::KeptUntilUnused)
        .await
        .unwrap();
    assert_eq!(published(&second).await, published(&first).await);
    first.pass_seconds(4);
    let new = tokens(&first, &mut admin, &client).await;
    assert_eq!(signer(&new["access_token"]).0, rotated.kid);
    assert_ne!(signer(&new["id_token"]), made);
    let late = tokens(&second, &mut elsewhere, &client).await;
    for tokens in [&before, &new, &late] {
        for app in [&first, &second] {
            assert_eq!(
                userinfo(app, text(&tokens["access_token"])).await.status,
                StatusCode::OK
            );
        }
    }
    second.pass_seconds(4);
    let late = tokens(&second, &mut elsewhere, &client).await;
    assert_eq!(signer(&late["access_token"]).0, rotated.kid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_want_the_same_key_agree() {
    let first = TestApp::start(Database::Postgres).await;
    let second = replica_of(&first).await;
    let wanted: Vec<_> = [&first, &second]
        .into_iter()
        .cycle()
        .take(16)
        .map(|app| {
            let state = app.app.state.clone();
            tokio::spawn(async move { state.signing_keys.signer(Some(Algorithm::EdDsa)).await.unwrap() })
        })
        .collect();
    let mut kids = Vec::new();
    for key in wanted {
        kids.push(key.await.unwrap().public_jwk().kid.unwrap());
    }
    kids.dedup();
    assert_eq!(kids.len(), 1);
    assert_eq!(first.count("signing_keys").await, 2);
}

both_engines!(
    tokens_with_made_up_keys_are_just_refused,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let token = text(&tokens["access_token"]);
        let (_, rest) = token.split_once('.').unwrap();
        for header in [
            r#"{"alg":"RS256","kid":"unknown","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","kid":"' OR 1=1 --","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","kid":7,"typ":"at+jwt"}"#,
            r#"{"alg":"none","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","typ":"at+jwt","crit":["exp"]}"#,
        ] {
            let forged = format!("{}.{rest}", pocket_id_oidc::jose::base64url(header.as_bytes()));
            assert_eq!(
                userinfo(&app, &forged).await.status,
                StatusCode::UNAUTHORIZED,
                "{header}"
            );
        }
        // A key of the sender's own in the header proves nothing.
        let own = pocket_id_oidc::jose::PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap();
        let header =
            json!({"alg": "ES256", "typ": "at+jwt", "kid": own.public_jwk().kid, "jwk": own.public_jwk()});
        let (payload, _) = rest.split_once('.').unwrap();
        let message = format!(
            "{}.{payload}",
            pocket_id_oidc::jose::base64url(header.to_string().as_bytes())
        );
        let signature = pocket_id_oidc::jose::Signer::sign(&own, message.as_bytes()).unwrap();
        let forged = format!("{message}.{}", pocket_id_oidc::jose::base64url(&signature));
        assert_eq!(userinfo(&app, &forged).await.status, StatusCode::UNAUTHORIZED);
    }
);
