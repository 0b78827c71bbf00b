//! Clients that authenticate with signed assertions.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use pocket_id_oidc::jose::{Algorithm, PrivateKey, sign};
use pocket_id_store::types::ClientId;
use pocket_id_store::{clients, commit};
use serde_json::{Value, json};

use super::{Client, register};
use crate::support::{Answer, OtherServer, TestApp, both_engines};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ISSUER: &str = "https://cluster.example";
const KEYS: &str = "/.well-known/jwks.json";

fn key(id: u8) -> PrivateKey {
    PrivateKey::generate(Algorithm::Es256, [id; 8]).unwrap()
}

fn jwks(keys: &[&PrivateKey]) -> Value {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    json!({ "keys": keys })
}

/// A client's own claims, with changes; null takes one away.
fn claims(app: &TestApp, client: &str, jti: &str, changes: &Value) -> Value {
    let now = app.clock.now().seconds();
    let mut claims = json!({
        "iss": client, "sub": client, "aud": app.url, "iat": now, "exp": now + 60, "jti": jti
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed(key: &PrivateKey, claims: &Value) -> String {
    sign(key, "JWT", claims).unwrap()
}

/// Asks for a token of the client's own with an assertion and nothing else.
async fn ask(app: &TestApp, jwt: &str) -> Answer {
    ask_as(app, None, jwt).await
}

async fn ask_as(app: &TestApp, client_id: Option<&str>, jwt: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", jwt),
    ];
    form.extend(client_id.map(|id| ("client_id", id)));
    app.browser().post_form("/api/oidc/token", &form).await
}

fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {answer:?}");
    assert_eq!(answer.json()["error"], "invalid_client", "{what}");
}

fn assert_granted(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{what}: {answer:?}");
    assert!(answer.json()["access_token"].is_string(), "{what}");
}

/// Claims of the cluster about a client.
fn cluster_claims(app: &TestApp, client: &str, jti: &str, changes: &Value) -> Value {
    let mut changes = changes.clone();
    if changes.get("iss").is_none() {
        changes["iss"] = json!(ISSUER);
    }
    claims(app, client, jti, &changes)
}

async fn federated(app: &TestApp, identity: Value) -> Client {
    register(&mut app.set_up().await, |body| {
        body["credentials"] = json!({"federatedIdentities": [identity]});
    })
    .await
}

both_engines!(another_issuer_vouches_for_a_client, |app: TestApp| async move {
    let cluster = OtherServer::start(&app, "cluster.example").await;
    let key = key(1);
    cluster.json(KEYS, &jwks(&[&key]));
    let client = federated(&app, json!({"issuer": ISSUER})).await;
    let about = |changes: Value| signed(&key, &cluster_claims(&app, &client.id, "same", &changes));

    assert_granted(&ask(&app, &about(json!({}))).await, "by its subject");
    let named = ask_as(&app, Some(&client.id), &about(json!({}))).await;
    assert_granted(&named, "by name, and again");
    assert_granted(&ask(&app, &about(json!({"jti": null}))).await, "no jti");

    let now = app.clock.now().seconds();
    for changes in [
        json!({"iss": "https://cluster.example/"}),
        json!({"iss": "https://evil.example"}),
        json!({"sub": "somebody"}),
        json!({"sub": "nobody\u{0}"}),
        json!({"sub": null}),
        json!({"aud": "https://other.example"}),
        json!({"aud": null}),
        json!({"exp": null}),
        json!({"exp": now - 30}),
        json!({"nbf": now + 31}),
        json!({"iat": now + 31}),
    ] {
        let what = changes.to_string();
        assert_refused(&ask(&app, &about(changes.clone())).await, &what);
        if changes.get("sub").is_some() {
            let named = ask_as(&app, Some(&client.id), &about(changes)).await;
            assert_refused(&named, &what);
        }
    }
    let forged = signed(&self::key(1), &cluster_claims(&app, &client.id, "x", &json!({})));
    assert_refused(&ask(&app, &forged).await, "another key of the same name");
    for garbage in ["x", "a.b.c", "e30.e30.", ""] {
        let answer = ask_as(&app, Some(&client.id), garbage).await;
        assert!(answer.status.is_client_error(), "{garbage}: {answer:?}");
    }
    assert_eq!(app.count("oidc_jtis").await, 0);
});

both_engines!(
    an_identity_may_name_everything_itself,
    |app: TestApp| async move {
        let azure = OtherServer::start(&app, "login.example").await;
        let (signer, other) = (key(1), key(2));
        azure.json("/common/keys", &jwks(&[&other, &signer]));
        let identity = json!({
            "issuer": "https://sts.example/tenant/", "subject": "spiffe://x/app", "audience": "pocket-id",
            "jwks": "https://login.example/common/keys"
        });
        let client = federated(&app, identity).await;
        let claims = json!({
            "iss": "https://sts.example/tenant/", "sub": "spiffe://x/app", "aud": ["a", "pocket-id"],
            "exp": app.clock.now().seconds() + 999_999,
        });
        let jwt = signed(&signer, &claims);
        assert_granted(&ask_as(&app, Some(&client.id), &jwt).await, "named");
        assert_refused(&ask(&app, &jwt).await, "the subject is no client");
    }
);

both_engines!(an_issuer_may_change_its_keys, |app: TestApp| async move {
    let cluster = OtherServer::start(&app, "cluster.example").await;
    let (old, new) = (key(1), key(2));
    cluster.json(KEYS, &jwks(&[&old]));
    let client = federated(&app, json!({"issuer": ISSUER})).await;
    let by = |key: &PrivateKey| signed(key, &cluster_claims(&app, &client.id, "x", &json!({})));

    assert_granted(&ask(&app, &by(&old)).await, "old");
    cluster.json(KEYS, &jwks(&[&new]));
    // Made-up keys make us ask again, but not each time.
    for _ in 0..5 {
        assert_refused(&ask(&app, &by(&key(3))).await, "made up");
    }
    assert_eq!(cluster.hits(KEYS), 1);
    app.pass_seconds(30);
    assert_granted(&ask(&app, &by(&new)).await, "new");
    assert_refused(&ask(&app, &by(&old)).await, "withdrawn");
    assert_eq!(cluster.hits(KEYS), 2);

    // Its server fails: what is known keeps working until it is old.
    cluster.page(KEYS, 500, &[], "");
    app.pass_seconds(31);
    assert_refused(&ask(&app, &by(&key(3))).await, "unknown key, server down");
    assert_granted(&ask(&app, &by(&new)).await, "known key, server down");
    app.pass_seconds(24 * 60 * 60);
    assert_refused(&ask(&app, &by(&new)).await, "too old, server down");
});

both_engines!(a_protected_assertion_counts_once, |app: TestApp| async move {
    let cluster = OtherServer::start(&app, "cluster.example").await;
    let key = key(1);
    cluster.json(KEYS, &jwks(&[&key]));
    let identity = json!({"issuer": ISSUER, "replayProtection": true});
    let mut admin = app.set_up().await;
    let one = register(&mut admin, |body| {
        body["credentials"] = json!({"federatedIdentities": [identity]});
    })
    .await;
    let two = register(&mut admin, |body| {
        body["credentials"] = json!({"federatedIdentities": [identity]});
    })
    .await;
    let about = |client: &Client, jti: &str| signed(&key, &cluster_claims(&app, &client.id, jti, &json!({})));

    let jwt = about(&one, "once");
    let asks: Vec<_> = (0..64).map(|_| ask(&app, &jwt)).collect();
    let mut granted = 0;
    for answer in futures(asks).await {
        if answer.status == StatusCode::OK {
            granted += 1;
        } else {
            assert_refused(&answer, "replayed");
        }
    }
    assert_eq!(granted, 1);
    assert_granted(&ask(&app, &about(&two, "once")).await, "another client's");
    assert_granted(&ask(&app, &about(&one, "twice")).await, "another jti");
    let without = signed(&key, &cluster_claims(&app, &one.id, "", &json!({"jti": null})));
    assert_refused(&ask(&app, &without).await, "no jti");
    // One that fails for another reason uses nothing up.
    let late = signed(&key, &cluster_claims(&app, &one.id, "late", &json!({"aud": "x"})));
    assert_refused(&ask(&app, &late).await, "wrong audience");
    assert_granted(&ask(&app, &about(&one, "late")).await, "right audience");
});

/// Runs them at the same time.
async fn futures(asks: Vec<impl Future<Output = Answer>>) -> Vec<Answer> {
    let mut asks: Vec<_> = asks.into_iter().map(Box::pin).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(|context| {
        asks.retain_mut(|ask| match ask.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if asks.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    answers
}

both_engines!(a_client_signs_with_its_private_key, |app: TestApp| async move {
    let key = key(1);
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| {
        body["protocol"] = json!({"tokenEndpointAuthMethod": "private_key_jwt", "jwks": jwks(&[&key])});
    })
    .await;
    let own = |jti: &str, changes: Value| signed(&key, &claims(&app, &client.id, jti, &changes));

    for (jti, audience) in [
        ("issuer", json!(app.url)),
        ("token", json!(format!("{}/api/oidc/token", app.url))),
        ("par", json!([format!("{}/api/oidc/par", app.url)])),
    ] {
        assert_granted(&ask(&app, &own(jti, json!({"aud": audience}))).await, jti);
    }
    let now = app.clock.now().seconds();
    for changes in [
        json!({"iss": "other"}),
        json!({"sub": "other"}),
        json!({"aud": "https://other.example"}),
        json!({"exp": now - 30}),
        json!({"exp": now + 3631}),
        json!({"exp": null}),
        json!({"nbf": now + 31}),
        json!({"jti": null}),
    ] {
        let what = changes.to_string();
        assert_refused(&ask_as(&app, Some(&client.id), &own("bad", changes)).await, &what);
    }
    assert_refused(&ask(&app, &own("issuer", json!({}))).await, "used before");
    let forged = signed(&self::key(2), &claims(&app, &client.id, "forged", &json!({})));
    assert_refused(&ask(&app, &forged).await, "another key");
    let request_object = sign(
        &key,
        "oauth-authz-req+jwt",
        &claims(&app, &client.id, "object", &json!({})),
    )
    .unwrap();
    assert_refused(&ask(&app, &request_object).await, "a request object");
    assert_granted(
        &ask(&app, &own("object", json!({}))).await,
        "the jti of the refused one",
    );
    let by_secret = app
        .browser()
        .post_form(
            "/api/oidc/token",
            &[
                ("grant_type", "client_credentials"),
                ("client_id", &client.id),
                ("client_secret", &client.secret),
            ],
        )
        .await;
    assert_refused(&by_secret, "only the registered method");

    let basic = register(&mut admin, |body| {
        body["protocol"] = json!({"tokenEndpointAuthMethod": "client_secret_basic", "jwks": jwks(&[&key])});
    })
    .await;
    let jwt = signed(&key, &claims(&app, &basic.id, "basic", &json!({})));
    assert_refused(&ask(&app, &jwt).await, "not its method");
    let keyless = register(&mut admin, |_| {}).await;
    let jwt = signed(&key, &claims(&app, &keyless.id, "keyless", &json!({})));
    assert_refused(&ask(&app, &jwt).await, "no keys");
    let public = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
    let jwt = signed(&key, &claims(&app, &public.id, "public", &json!({})));
    assert_refused(&ask(&app, &jwt).await, "public");
});

both_engines!(a_clients_keys_may_be_at_an_address, |app: TestApp| async move {
    let server = OtherServer::start(&app, "app.example").await;
    let (old, new) = (key(1), key(2));
    server.json("/keys", &jwks(&[&old]));
    let client = register(&mut app.set_up().await, |body| {
        body["protocol"] = json!({"jwksUri": "https://app.example/keys"});
    })
    .await;
    let by = |key: &PrivateKey, jti: &str| signed(key, &claims(&app, &client.id, jti, &json!({})));
    assert_granted(&ask(&app, &by(&old, "1")).await, "old");
    server.json("/keys", &jwks(&[&old, &new]));
    app.pass_seconds(30);
    assert_granted(&ask(&app, &by(&new, "2")).await, "new");
    assert_granted(&ask(&app, &by(&old, "3")).await, "old still");

    // A client that registered itself may not point inside; an administrator may.
    let inside = format!("https://localhost:{}/keys", server.socket.port());
    for (dynamic, url, ok) in [
        (true, "https://app.example/keys".to_owned(), true),
        (true, inside, false),
        (true, "http://10.0.0.1/keys".to_owned(), false),
        (true, "https://[::ffff:127.0.0.1]/keys".to_owned(), false),
    ] {
        let state = &app.app.state;
        let tx = state.store.begin().await.unwrap();
        let mut row = clients::find(&tx, &ClientId(client.id.clone()))
            .await
            .unwrap()
            .unwrap();
        row.is_dynamic = dynamic;
        row.jwks_uri = Some(url.clone());
        clients::update(&tx, row).await.unwrap();
        commit(tx).await.unwrap();
        let answer = ask(&app, &by(&new, &url)).await;
        if ok {
            assert_granted(&answer, &url);
        } else {
            assert_refused(&answer, &url);
        }
    }
});

both_engines!(fapi_asks_for_more, |app: TestApp| async move {
    let key = key(1);
    let client = register(&mut app.set_up().await, |body| {
        body["protocol"] = json!({"securityProfile": "fapi2", "jwks": jwks(&[&key])});
    })
    .await;
    let push = |audience: Value, jti: &str| {
        let jwt = signed(&key, &claims(&app, &client.id, jti, &json!({"aud": audience})));
        let app = &app;
        async move {
            let form = [("client_assertion_type", JWT_BEARER), ("client_assertion", &jwt)];
            app.browser().post_form("/api/oidc/par", &form).await
        }
    };
    // The request itself is no good; that is found out only after the client is known.
    let known = push(json!(app.url), "1").await;
    assert_eq!(known.json()["error"], "invalid_request", "{known:?}");
    for (audience, jti) in [
        (json!([app.url]), "2"),
        (json!(format!("{}/api/oidc/par", app.url)), "3"),
    ] {
        assert_refused(&push(audience.clone(), jti).await, &audience.to_string());
    }
});

pub fn with_secret(secret: &str, alg: &str, claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

both_engines!(
    a_client_makes_assertions_from_its_secret,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"tokenEndpointAuthMethod": "client_secret_jwt"});
        })
        .await;
        assert_eq!(client.secret.len(), 64);
        let own = |jti: &str| claims(&app, &client.id, jti, &json!({}));
        for alg in ["HS256", "HS384", "HS512"] {
            let jwt = with_secret(&client.secret, alg, &own(alg));
            assert_granted(&ask(&app, &jwt).await, alg);
            assert_refused(&ask(&app, &jwt).await, "used before");
        }
        let wrong = with_secret(&"x".repeat(64), "HS256", &own("wrong"));
        assert_refused(&ask(&app, &wrong).await, "another secret");
        let asymmetric = signed(&key(1), &own("asymmetric"));
        assert_refused(&ask(&app, &asymmetric).await, "not its method");

        // The secret is nowhere to be read again.
        let listed = admin.get(&format!("/api/oidc/clients/{}", client.id)).await;
        assert!(!listed.text.contains(&client.secret) && !listed.text.contains("sealed"));
        let secrets = clients::secrets(app.app.state.store.reader(), &ClientId(client.id.clone()))
            .await
            .unwrap();
        let sealed = secrets[0].sealed.clone().unwrap();
        assert!(
            !sealed
                .windows(8)
                .any(|part| client.secret.as_bytes().windows(8).any(|own| own == part))
        );

        // A deleted one stops working at once.
        let id = secrets[0].id;
        let deleted = admin
            .delete(&format!("/api/oidc/clients/{}/secrets/{id}", client.id))
            .await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT);
        let jwt = with_secret(&client.secret, "HS256", &own("deleted"));
        assert_refused(&ask(&app, &jwt).await, "deleted");

        // Secrets of other clients are kept as hashes only.
        let other = register(&mut admin, |_| {}).await;
        let secrets = clients::secrets(app.app.state.store.reader(), &ClientId(other.id.clone()))
            .await
            .unwrap();
        assert_eq!(secrets[0].sealed, None);
        let jwt = with_secret(
            &other.secret,
            "HS256",
            &claims(&app, &other.id, "other", &json!({})),
        );
        assert_refused(&ask(&app, &jwt).await, "made for another method");
    }
);
