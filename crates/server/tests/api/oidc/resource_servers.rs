//! Services that run an API: they exchange (RFC 8693) and introspect (RFC 7662) the tokens they are sent.

use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use super::dpop::{Key, token, token_with_nonce};
use super::*;
use crate::apis::{allow, create_api};
use crate::support::both_engines;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ORDERS: &str = "https://orders.example";
const STOCK: &str = "https://stock.example";

/// An app that uses an API for people, and the service that runs this API and uses the next one for them.
struct World {
    admin: Browser,
    app: Client,
    service: Client,
    orders: Value,
    stock: Value,
}

impl World {
    async fn new(app: &TestApp, service: Value) -> Self {
        let mut admin = app.set_up().await;
        let orders = create_api(&mut admin, ORDERS, &["read", "write"]).await;
        let stock = create_api(&mut admin, STOCK, &["count", "change"]).await;
        let shop = register(&mut admin, |body| body["name"] = json!("Shop")).await;
        allow(&mut admin, &orders, &shop.id, Some(&["read"]), None).await;
        let service = register(&mut admin, |body| {
            body["name"] = json!("Orders service");
            body["skipConsent"] = json!(true);
            body["protocol"] = json!({"allowTokenDelegation": true});
            for (name, value) in service.as_object().unwrap() {
                body[name] = value.clone();
            }
        })
        .await;
        allow(&mut admin, &stock, &service.id, Some(&["count"]), None).await;
        let mut world = Self {
            admin,
            app: shop,
            service,
            orders,
            stock,
        };
        assert_eq!(world.serve(Method::PUT).await, StatusCode::NO_CONTENT);
        world
    }

    fn serving_path(&self) -> String {
        let (api, client) = (text(&self.orders["id"]), &self.service.id);
        format!("/api/apis/{api}/serving-clients/{client}")
    }

    async fn serve(&mut self, method: Method) -> StatusCode {
        let request = self.admin.request(method, &self.serving_path());
        self.admin.send(request).await.status
    }

    /// What the service is sent: a token for its API, and the refresh token that stays with the app.
    async fn sent(&mut self, app: &TestApp, scope: &str) -> Value {
        let more = [("scope", scope), ("resource", ORDERS)];
        let code = code(&mut self.admin, &self.app, &more).await;
        let answer = exchange(app, &self.app, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    async fn set(&mut self, client: &Client, body: &Value) {
        let path = format!("/api/oidc/clients/{}", client.id);
        let answer = self.admin.put(&path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}

fn form<'f>(client: &'f Client, token: &'f str, more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    form.extend_from_slice(more);
    form
}

async fn trade(app: &TestApp, client: &Client, token: &str, more: &[(&str, &str)]) -> Answer {
    let form = form(client, token, more);
    app.browser().post_form("/api/oidc/token", &form).await
}

/// What the service usually asks for.
const COUNT: &[(&str, &str)] = &[("resource", STOCK), ("scope", "count")];

async fn error(app: &TestApp, client: &Client, token: &str) -> String {
    let answer = trade(app, client, token, COUNT).await;
    assert_eq!(answer.json()["access_token"], json!(null), "{answer:?}");
    text(&answer.json()["error"]).to_owned()
}

async fn seen_by(app: &TestApp, authorization: String, token: &str) -> Answer {
    let mut browser = app.browser();
    let request = browser
        .request(Method::POST, "/api/oidc/introspect")
        .header("authorization", authorization)
        .form(&[("token", token)]);
    browser.send(request).await
}

fn basic(client: &Client) -> String {
    let pair = format!("{}:{}", client.id, client.secret);
    format!("Basic {}", STANDARD.encode(pair))
}

both_engines!(
    a_service_calls_the_next_api_for_its_user,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        let sent = world.sent(&app, "openid email read").await;
        let sent = text(&sent["access_token"]);
        assert_eq!(claims(sent)["aud"], json!([ORDERS, app.url]));
        app.pass_seconds(600);
        let answer = trade(&app, &world.service, sent, COUNT).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = answer.json();
        assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
        assert_eq!(answer["refresh_token"], json!(null));
        assert_eq!(
            answer["expires_in"], 3000,
            "not longer than the token it was sent"
        );
        let next = text(&answer["access_token"]);
        let (said, before) = (claims(next), claims(sent));
        assert_eq!(said["sub"], before["sub"]);
        assert_eq!(said["aud"], json!([STOCK]));
        assert_eq!(said["scope"], "count");
        assert_eq!(said["client_id"], world.service.id);
        let actor = format!("client-{}", world.service.id);
        assert_eq!(said["act"], json!({"sub": actor}));
        assert_eq!(
            userinfo(&app, next).await.status,
            StatusCode::FORBIDDEN,
            "nobody's identity was asked for"
        );

        // The next service is sent that token, and goes on: the chain is kept.
        let second = register(&mut world.admin, |body| {
            body["skipConsent"] = json!(true);
            body["protocol"] = json!({"allowTokenDelegation": true});
        })
        .await;
        let api = text(&world.stock["id"]);
        let path = format!("/api/apis/{api}/serving-clients/{}", second.id);
        let request = world.admin.request(Method::PUT, &path);
        assert_eq!(world.admin.send(request).await.status, StatusCode::NO_CONTENT);
        let third = create_api(&mut world.admin, "urn:audit", &["note"]).await;
        allow(&mut world.admin, &third, &second.id, Some(&["note"]), None).await;
        let more = [("resource", "urn:audit"), ("scope", "note")];
        let skipped = trade(&app, &second, sent, &more).await;
        assert_eq!(
            skipped.json()["error"],
            "invalid_request",
            "it does not run the first API"
        );
        let onward = trade(&app, &second, next, &more).await.json();
        let said = claims(text(&onward["access_token"]));
        assert_eq!(
            said["act"],
            json!({"sub": format!("client-{}", second.id), "act": {"sub": actor}})
        );

        let log = app.audit_log().await;
        let entries: Vec<_> = log
            .iter()
            .filter(|entry| entry.event == "TOKEN_EXCHANGE")
            .map(|entry| entry.data.0.clone())
            .collect();
        assert!(
            entries.iter().any(|data| data["clientName"] == "Orders service"
                && data["actor"] == actor
                && data["api"] == "Orders"
                && data["subjectClient"] == "Shop"),
            "{entries:?}"
        );
        app.pass_seconds(2999);
        let last = trade(&app, &world.service, sent, COUNT).await.json();
        assert_eq!(last["expires_in"], 1);
        app.pass_seconds(1);
        assert_eq!(
            error(&app, &world.service, sent).await,
            "invalid_request",
            "expired"
        );
    }
);

both_engines!(
    a_service_gets_no_more_than_it_was_given,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({"skipConsent": false})).await;
        let sent = world.sent(&app, "openid email read").await;
        let sent = text(&sent["access_token"]);
        assert_eq!(
            error(&app, &world.service, sent).await,
            "access_denied",
            "the user has not agreed to the service"
        );
        let more = [("scope", "openid count"), ("resource", STOCK)];
        code(&mut world.admin, &world.service, &more).await;
        assert_eq!(
            trade(&app, &world.service, sent, COUNT).await.status,
            StatusCode::OK
        );
        for (more, error) in [
            // What it does not hold, what only the app holds, and an API that it runs but may not use.
            ([("resource", STOCK), ("scope", "change")], "invalid_scope"),
            ([("resource", STOCK), ("scope", "count read")], "invalid_scope"),
            ([("resource", ORDERS), ("scope", "read")], "access_denied"),
            // Standard scopes are those of the token it was sent.
            ([("resource", STOCK), ("scope", "count profile")], "invalid_scope"),
            ([("resource", ""), ("scope", "profile")], "invalid_scope"),
            (
                [("resource", STOCK), ("scope", "count offline_access")],
                "invalid_scope",
            ),
            (
                [("resource", "urn:unknown"), ("scope", "count")],
                "invalid_target",
            ),
        ] {
            let answer = trade(&app, &world.service, sent, &more).await;
            assert_eq!(answer.json()["error"], error, "{more:?}");
        }
        let own = trade(&app, &world.service, sent, &[]).await.json();
        let said = claims(text(&own["access_token"]));
        assert_eq!(
            (&said["aud"], &said["scope"]),
            (&json!([world.service.id, app.url]), &json!("openid email")),
            "for itself it learns what the token it was sent tells it anyway"
        );

        // Without the grant type, running an API allows no exchange.
        let client = Client {
            id: world.service.id.clone(),
            secret: world.service.secret.clone(),
        };
        let body = json!({"name": "Orders service", "callbackURLs": [CALLBACK], "protocol": {}});
        world.set(&client, &body).await;
        assert_eq!(error(&app, &world.service, sent).await, "unauthorized_client");
    }
);

both_engines!(nobody_trades_in_a_token_they_came_by, |app: TestApp| async move {
    let mut world = World::new(&app, json!({})).await;
    let sent = world.sent(&app, "openid read").await;
    let sent = text(&sent["access_token"]);
    let stranger = register(&mut world.admin, |body| {
        body["skipConsent"] = json!(true);
        body["protocol"] = json!({"allowTokenDelegation": true});
    })
    .await;
    allow(
        &mut world.admin,
        &world.stock,
        &stranger.id,
        Some(&["count"]),
        None,
    )
    .await;
    assert_eq!(
        error(&app, &stranger, sent).await,
        "invalid_request",
        "it does not run the API"
    );

    // For another API, and for the app itself and userinfo alone.
    allow(
        &mut world.admin,
        &world.stock,
        &world.app.id,
        Some(&["count"]),
        None,
    )
    .await;
    let more = [("scope", "openid count"), ("resource", STOCK)];
    let elsewhere = code(&mut world.admin, &world.app, &more).await;
    let elsewhere = exchange(&app, &world.app, &elsewhere).await.json();
    let plain = tokens(&app, &mut world.admin, &world.app).await;
    for (token, what) in [
        (text(&elsewhere["access_token"]), "for another API"),
        (text(&plain["access_token"]), "for the app and userinfo"),
        (text(&plain["id_token"]), "an ID token"),
        (text(&plain["refresh_token"]), "a refresh token"),
    ] {
        assert_eq!(
            error(&app, &world.service, token).await,
            "invalid_request",
            "{what}"
        );
    }

    // A token of the app's own is nobody's.
    allow(
        &mut world.admin,
        &world.orders,
        &world.app.id,
        Some(&["read"]),
        Some(&["read"]),
    )
    .await;
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", world.app.id.as_str()),
        ("client_secret", world.app.secret.as_str()),
        ("resource", ORDERS),
    ];
    let own = app.browser().post_form("/api/oidc/token", &own).await.json();
    let own = text(&own["access_token"]);
    assert_eq!(claims(own)["aud"], json!([ORDERS]));
    assert_eq!(error(&app, &world.service, own).await, "invalid_request");

    // Anybody can be a public client.
    let public = register(&mut world.admin, |body| {
        body["isPublic"] = json!(true);
        body["protocol"] = json!({"allowTokenDelegation": true});
    })
    .await;
    let api = text(&world.orders["id"]);
    let path = format!("/api/apis/{api}/serving-clients/{}", public.id);
    let request = world.admin.request(Method::PUT, &path);
    let refused = world.admin.send(request).await;
    assert_eq!(
        refused.failed_rules(),
        [("clientId".to_owned(), "public_client".to_owned())]
    );
    let client = Client {
        id: world.service.id.clone(),
        secret: String::new(),
    };
    let became_public = json!({
        "name": "Orders service", "callbackURLs": [CALLBACK], "isPublic": true, "skipConsent": true,
        "protocol": {"allowTokenDelegation": true}
    });
    world.set(&client, &became_public).await;
    let form: Vec<_> = form(&client, sent, COUNT)
        .into_iter()
        .filter(|(name, _)| *name != "client_secret")
        .collect();
    let answer = app.browser().post_form("/api/oidc/token", &form).await;
    assert_eq!(answer.json()["error"], "invalid_request", "{answer:?}");
});

both_engines!(
    a_token_that_has_ended_is_worth_nothing,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        // Revoked by the app.
        let sent = world.sent(&app, "openid read").await;
        let sent = text(&sent["access_token"]);
        let form = [
            ("token", sent),
            ("client_id", world.app.id.as_str()),
            ("client_secret", world.app.secret.as_str()),
        ];
        let answer = app.browser().post_form("/api/oidc/revoke", &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(error(&app, &world.service, sent).await, "invalid_request");

        // Replaced by a refresh.
        let replaced = world.sent(&app, "openid read").await;
        refresh(&app, &world.app, text(&replaced["refresh_token"])).await;
        assert_eq!(
            error(&app, &world.service, text(&replaced["access_token"])).await,
            "invalid_request"
        );

        // The right to serve taken away, and given again.
        let live = world.sent(&app, "openid read").await;
        let live = text(&live["access_token"]).to_owned();
        assert_eq!(world.serve(Method::DELETE).await, StatusCode::NO_CONTENT);
        assert_eq!(error(&app, &world.service, &live).await, "invalid_request");
        let seen = seen_by(&app, basic(&world.service), &live).await.json();
        assert_eq!(seen, json!({"active": false}));
        assert_eq!(world.serve(Method::PUT).await, StatusCode::NO_CONTENT);
        let traded = trade(&app, &world.service, &live, COUNT).await.json();
        let traded = text(&traded["access_token"]);

        // The session ended: the token, and what was made of it.
        let seen = seen_by(&app, basic(&world.service), traded).await.json();
        assert_eq!(seen["active"], true);
        let answer = world.admin.post_nothing("/api/webauthn/logout").await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_eq!(error(&app, &world.service, &live).await, "invalid_request");
        let seen = seen_by(&app, basic(&world.service), traded).await.json();
        assert_eq!(seen, json!({"active": false}));
    }
);

both_engines!(
    a_user_who_may_not_use_the_service_is_not_served,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        let sent = world.sent(&app, "openid read").await;
        let sent = text(&sent["access_token"]);
        let service = Client {
            id: world.service.id.clone(),
            secret: String::new(),
        };
        let mut body = json!({
            "name": "Orders service", "callbackURLs": [CALLBACK], "skipConsent": true, "isGroupRestricted": true,
            "protocol": {"allowTokenDelegation": true}
        });
        world.set(&service, &body).await;
        assert_eq!(
            error(&app, &world.service, sent).await,
            "access_denied",
            "in none of its groups"
        );
        body["isGroupRestricted"] = json!(false);
        body["protocol"]["minimumAcr"] = json!("phr");
        world.set(&service, &body).await;
        assert_eq!(
            error(&app, &world.service, sent).await,
            "access_denied",
            "the app was content with less than the service is"
        );
        body["protocol"] = json!({"allowTokenDelegation": true});
        world.set(&service, &body).await;
        assert_eq!(
            trade(&app, &world.service, sent, COUNT).await.status,
            StatusCode::OK
        );

        let me = world.admin.get("/api/users/me").await.json();
        let second = json!({"username": "second", "email": "second@example.com", "isAdmin": true});
        let made = world.admin.post("/api/users", &second).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let disabled =
            json!({"username": "tim", "email": "tim@example.com", "isAdmin": true, "disabled": true});
        let path = format!("/api/users/{}", text(&me["id"]));
        assert_eq!(world.admin.put(&path, &disabled).await.status, StatusCode::OK);
        assert_eq!(error(&app, &world.service, sent).await, "invalid_request");
    }
);

both_engines!(
    a_bound_token_is_traded_with_its_key_only,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        let (key, other) = (Key::new(1), Key::new(2));
        let more = [("scope", "openid read"), ("resource", ORDERS)];
        let code = code(&mut world.admin, &world.app, &more).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", world.app.id.as_str()),
            ("client_secret", world.app.secret.as_str()),
        ];
        let bound = token_with_nonce(&app, &key, &redeem, "a").await.json();
        assert_eq!(bound["token_type"], "DPoP");
        let bound = text(&bound["access_token"]);
        assert_eq!(error(&app, &world.service, bound).await, "invalid_request");
        let form = form(&world.service, bound, COUNT);
        let mistaken = token_with_nonce(&app, &other, &form, "b").await;
        assert_eq!(mistaken.json()["error"], "invalid_request");
        // The service may still ask what the token says, and of which key.
        let seen = seen_by(&app, basic(&world.service), bound).await.json();
        assert_eq!(seen["cnf"]["jkt"], key.thumbprint());
        assert_eq!(seen["token_type"], "DPoP");
        // Whoever has the key is not kept from it, and the new token is bound too.
        let proven = token_with_nonce(&app, &key, &form, "c").await.json();
        assert_eq!(
            claims(text(&proven["access_token"]))["cnf"]["jkt"],
            key.thumbprint()
        );
    }
);

both_engines!(
    a_service_looks_at_the_tokens_of_its_api,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        let sent = world.sent(&app, "openid read").await;
        let access_token = text(&sent["access_token"]);
        let seen = seen_by(&app, basic(&world.service), access_token).await.json();
        let said = claims(access_token);
        for name in ["iss", "sub", "aud", "client_id", "scope", "exp"] {
            assert_eq!(seen[name], said[name], "{name}");
        }
        assert_eq!(seen["active"], true);

        let plain = tokens(&app, &mut world.admin, &world.app).await;
        for (token, what) in [
            (text(&sent["refresh_token"]), "a refresh token"),
            (text(&plain["access_token"]), "a token for the app alone"),
        ] {
            let seen = seen_by(&app, basic(&world.service), token).await.json();
            assert_eq!(seen, json!({"active": false}), "{what}");
        }

        // A token of the service's own speaks for it; one of a person who signed in to it does not.
        allow(
            &mut world.admin,
            &world.stock,
            &world.service.id,
            Some(&["count"]),
            Some(&["count"]),
        )
        .await;
        let own = [
            ("grant_type", "client_credentials"),
            ("client_id", world.service.id.as_str()),
            ("client_secret", world.service.secret.as_str()),
        ];
        let own = app.browser().post_form("/api/oidc/token", &own).await.json();
        let person = tokens(&app, &mut world.admin, &world.service).await;
        for (token, active) in [(&own, true), (&person, false)] {
            let authorization = format!("Bearer {}", text(&token["access_token"]));
            let seen = seen_by(&app, authorization, access_token).await.json();
            assert_eq!(seen["active"], active);
        }
    }
);

both_engines!(servers_of_an_api_are_administered, |app: TestApp| async move {
    let mut world = World::new(&app, json!({})).await;
    let api = format!("/api/apis/{}", text(&world.orders["id"]));
    register(&mut world.admin, |body| {
        body["isPublic"] = json!(true);
        body["name"] = json!("Phone");
    })
    .await;
    let names = |answer: &Answer| -> Vec<String> {
        let list = answer.json()["data"].as_array().unwrap().clone();
        list.iter().map(|one| text(&one["name"]).to_owned()).collect()
    };
    let serving = format!("{api}/serving-clients");
    let assignable = format!("{api}/assignable-serving-clients");
    let list = world.admin.get(&serving).await;
    assert_eq!(list.json()["data"][0]["id"], world.service.id);
    assert_eq!(names(&list), ["Orders service"]);
    assert_eq!(
        names(&world.admin.get(&assignable).await),
        ["Shop"],
        "neither public ones nor those that are it already"
    );
    // Once more changes nothing.
    assert_eq!(world.serve(Method::PUT).await, StatusCode::NO_CONTENT);
    assert_eq!(names(&world.admin.get(&serving).await).len(), 1);
    assert_eq!(world.serve(Method::DELETE).await, StatusCode::NO_CONTENT);
    assert_eq!(world.serve(Method::DELETE).await, StatusCode::NO_CONTENT);
    assert!(names(&world.admin.get(&serving).await).is_empty());
    assert_eq!(
        names(&world.admin.get(&format!("{assignable}?search=orders")).await),
        ["Orders service"]
    );
    let log = app.audit_log().await;
    let told = |server: &str| {
        log.iter().any(|entry| {
            entry.event == "API_ACCESS_UPDATED"
                && entry.data.0.get("server").is_some_and(|said| said == server)
        })
    };
    assert!(told("added") && told("removed"));

    let nowhere = "/api/apis/00000000-0000-4000-8000-000000000000/serving-clients";
    for path in [
        format!("{nowhere}/{}", world.app.id),
        format!("{serving}/unknown"),
    ] {
        for method in [Method::PUT, Method::DELETE] {
            let request = world.admin.request(method, &path);
            let answer = world.admin.send(request).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let anybody = app.browser().get(&serving).await;
    assert_eq!(anybody.status, StatusCode::UNAUTHORIZED);

    // It ends with the client, and with the API.
    world.serve(Method::PUT).await;
    let path = format!("/api/oidc/clients/{}", world.service.id);
    assert!(world.admin.delete(&path).await.status.is_success());
    assert_eq!(app.count("api_serving_clients").await, 0);
    let path = format!("{serving}/{}", world.app.id);
    let request = world.admin.request(Method::PUT, &path);
    assert_eq!(world.admin.send(request).await.status, StatusCode::NO_CONTENT);
    assert!(world.admin.delete(&api).await.status.is_success());
    assert_eq!(app.count("api_serving_clients").await, 0);
});

both_engines!(a_stranger_leaves_no_proofs_behind, |app: TestApp| async move {
    let mut world = World::new(&app, json!({})).await;
    let public = register(&mut world.admin, |body| body["isPublic"] = json!(true)).await;
    let key = Key::new(3);
    let nonce = token(
        &app,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", &public.id),
        ],
        &key.proof(&app, "POST", "/api/oidc/token", "n", &[]),
    )
    .await
    .header("dpop-nonce")
    .to_owned();
    let sent = world.sent(&app, "openid read").await;
    let foreign = text(&sent["access_token"]);
    let id = public.id.as_str();
    for (jti, form) in [
        (
            "1",
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", "x"),
                ("client_id", id),
            ],
        ),
        (
            "2",
            vec![
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
                ("client_id", id),
            ],
        ),
        (
            "3",
            vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", "x"),
                ("client_id", id),
            ],
        ),
        ("4", vec![("grant_type", "client_credentials"), ("client_id", id)]),
        ("5", form(&world.app, foreign, &[])),
    ] {
        let proof = key.proof(&app, "POST", "/api/oidc/token", jti, &[("nonce", &nonce)]);
        let answer = token(&app, &form, &proof).await;
        assert!(answer.status.is_client_error(), "{jti}: {answer:?}");
        assert_ne!(answer.json()["error"], "use_dpop_nonce", "{jti}");
    }
    let mut browser = app.browser();
    for (jti, redirect) in [("6", "https://elsewhere.example/cb"), ("7", CALLBACK)] {
        let request = browser
            .request(Method::POST, "/api/oidc/par")
            .header("DPoP", key.proof(&app, "POST", "/api/oidc/par", jti, &[]))
            .form(&[
                ("client_id", id),
                ("response_type", "code"),
                ("redirect_uri", redirect),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ]);
        let answer = browser.send(request).await;
        assert_eq!(answer.status.is_success(), jti == "7", "{answer:?}");
    }
    assert_eq!(
        app.count("oidc_jtis").await,
        app.count("oidc_pushed_requests").await,
        "only a proof that something came of is remembered"
    );
    assert_eq!(app.count("oidc_jtis").await, 1);

    // Sent again as it was, a request is refused for its proof and not as a second use of its code.
    let code = code(&mut world.admin, &public, &[]).await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", id),
    ];
    let proof = key.proof(&app, "POST", "/api/oidc/token", "8", &[("nonce", &nonce)]);
    let first = token(&app, &redeem, &proof).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(app.count("oidc_jtis").await, 2);
    let again = token(&app, &redeem, &proof).await;
    assert_eq!(again.json()["error"], "invalid_dpop_proof");
    let access_token = text(&first.json()["access_token"]).to_owned();
    let ask = key.proof(
        &app,
        "GET",
        "/api/oidc/userinfo",
        "9",
        &[("ath", &super::dpop::ath(&access_token))],
    );
    let answer = super::dpop::ask_userinfo(&app, "DPoP", &access_token, Some(&ask)).await;
    assert_eq!(answer.status, StatusCode::OK, "the tokens are still good");
});

both_engines!(
    what_a_service_was_given_ends_with_what_its_user_gave_the_app,
    |app: TestApp| async move {
        let mut world = World::new(&app, json!({})).await;
        for way in ["consent", "client"] {
            let sent = world.sent(&app, "openid email read").await;
            let next = trade(&app, &world.service, text(&sent["access_token"]), COUNT).await;
            let next = text(&next.json()["access_token"]).to_owned();
            let own = basic(&world.service);
            let seen = seen_by(&app, own.clone(), &next).await.json();
            assert_eq!(seen["active"], true, "{way}");
            let path = match way {
                "consent" => format!("/api/oidc/users/me/authorized-clients/{}", world.app.id),
                _ => format!("/api/oidc/clients/{}", world.app.id),
            };
            let answer = world.admin.delete(&path).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{way}");
            let seen = seen_by(&app, own, &next).await.json();
            assert_eq!(seen, json!({"active": false}), "{way}");
        }
    }
);
