//! `POST /api/oidc/par` and what the handle is good for; request objects.

use http::{Method, StatusCode};
use pocket_id_oidc::jose::{Algorithm, PrivateKey, base64url, sign};
use pocket_id_store::types::TokenHash;
use serde_json::json;

use super::dpop::{Key, token_with_nonce};
use super::*;
use crate::support::{OtherServer, both_engines};

/// Pushes a request with the client's secret.
pub async fn push(app: &TestApp, client: &Client, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "pushed"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    app.browser().post_form("/api/oidc/par", &form).await
}

/// What the browser asks for with a handle.
pub fn with_handle(client: &Client, handle: &str, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("client_id", client.id.as_str()), ("request_uri", handle)]);
    query.extend_pairs(more);
    format!("/authorize?{}", query.finish())
}

both_engines!(
    a_pushed_request_is_used_once_and_nothing_is_added_to_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["requiresPushedAuthorizationRequests"] = json!(true);
        })
        .await;
        let refused = admin.get(&authorize_path(&client, &[])).await;
        assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_request"));

        let pushed = push(&app, &client, &[]).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
        assert_eq!(pushed.header("cache-control"), "no-store");
        assert_eq!(pushed.json()["expires_in"], 90);
        let handle = text(&pushed.json()["request_uri"]).to_owned();
        assert!(handle.starts_with("urn:ietf:params:oauth:request_uri:"));

        // What the browser adds is not the client's: state, scope and prompt stay as they were pushed.
        let path = with_handle(
            &client,
            &handle,
            &[
                ("state", "injected"),
                ("scope", "openid groups"),
                ("prompt", "none"),
            ],
        );
        let first = admin.get(&path).await;
        let answer = interact(&mut admin, &first).await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some("pushed"));
        assert_eq!(parameter(&answer, "scope").as_deref(), Some("openid email"));
        let code = parameter(&answer, "code").unwrap();
        assert_eq!(exchange(&app, &client, &code).await.status, StatusCode::OK);

        let again = admin.get(&path).await;
        assert!(
            again.header("location").contains("/interaction/error"),
            "{again:?}"
        );
    }
);

both_engines!(
    of_64_browsers_with_one_handle_one_gets_on,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let pushed = push(&app, &client, &[]).await.json();
        let path = with_handle(&client, text(&pushed["request_uri"]), &[]);
        let tries: Vec<_> = (0..64)
            .map(|_| {
                let (mut browser, path) = (app.browser(), path.clone());
                tokio::spawn(async move { browser.get(&path).await })
            })
            .collect();
        let mut got_on = 0;
        for attempt in tries {
            let answer = attempt.await.unwrap();
            assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
            got_on += usize::from(answer.header("location").contains("/interaction?"));
        }
        assert_eq!(got_on, 1);
    }
);

both_engines!(
    handles_expire_and_belong_to_their_client,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let other = register(&mut admin, |_| {}).await;
        let handle = push(&app, &client, &[]).await.json();
        let handle = text(&handle["request_uri"]).to_owned();
        let foreign = admin.get(&with_handle(&other, &handle, &[])).await;
        assert_eq!(
            parameter(&foreign, "error").as_deref(),
            Some("invalid_request"),
            "{foreign:?}"
        );

        let handle = push(&app, &client, &[]).await.json();
        app.pass_seconds(91);
        let late = admin
            .get(&with_handle(&client, text(&handle["request_uri"]), &[]))
            .await;
        assert!(late.header("location").contains("/interaction/error"), "{late:?}");
        let unknown = admin
            .get(&with_handle(
                &client,
                "urn:ietf:params:oauth:request_uri:made-up",
                &[],
            ))
            .await;
        assert!(
            unknown.header("location").contains("/interaction/error"),
            "{unknown:?}"
        );
    }
);

both_engines!(
    each_faulty_push_is_refused_and_leaves_nothing,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        for (more, status, error) in [
            (
                ("client_secret", "wrong"),
                StatusCode::UNAUTHORIZED,
                "invalid_client",
            ),
            (("client_secret", ""), StatusCode::UNAUTHORIZED, "invalid_client"),
            (("client_id", ""), StatusCode::UNAUTHORIZED, "invalid_client"),
            (
                ("client_id", "unknown"),
                StatusCode::UNAUTHORIZED,
                "invalid_client",
            ),
            (
                ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
                StatusCode::BAD_REQUEST,
                "invalid_request",
            ),
            (
                ("redirect_uri", "https://evil.example/"),
                StatusCode::BAD_REQUEST,
                "invalid_request",
            ),
            (("redirect_uri", ""), StatusCode::BAD_REQUEST, "invalid_request"),
            (
                ("response_type", "token"),
                StatusCode::BAD_REQUEST,
                "unsupported_response_type",
            ),
            (
                ("response_mode", "smoke_signals"),
                StatusCode::BAD_REQUEST,
                "invalid_request",
            ),
            (
                ("code_challenge_method", "plain"),
                StatusCode::BAD_REQUEST,
                "invalid_request",
            ),
            (("prompt", "maybe"), StatusCode::BAD_REQUEST, "invalid_request"),
            (("claims", "["), StatusCode::BAD_REQUEST, "invalid_request"),
            (
                ("request", "x.y.z"),
                StatusCode::BAD_REQUEST,
                "invalid_request_object",
            ),
        ] {
            let answer = push(&app, &client, &[more]).await;
            assert_eq!(answer.status, status, "{more:?} {answer:?}");
            assert_eq!(answer.json()["error"], error, "{more:?}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        assert_eq!(app.count("oidc_pushed_requests").await, 0);
    }
);

fn unsigned(claims: &serde_json::Value) -> String {
    let header = base64url(br#"{"alg":"none"}"#);
    format!("{header}.{}.", base64url(claims.to_string().as_bytes()))
}

both_engines!(
    a_request_object_speaks_for_the_client,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let key = PrivateKey::generate(Algorithm::Es256, [5; 8]).unwrap();
        let client = register(&mut admin, |body| {
            body["protocol"] =
                json!({"jwks": {"keys": [key.public_jwk()]}, "requireSignedRequestObject": true});
        })
        .await;
        let claims = json!({
            "iss": client.id, "aud": app.url, "client_id": client.id, "response_type": "code",
            "redirect_uri": CALLBACK, "scope": "openid email", "state": "signed",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256"
        });
        let object = sign(&key, "oauth-authz-req+jwt", &claims).unwrap();
        let answer = admin.get(&authorize_path(&client, &[("request", &object)])).await;
        let answer = interact(&mut admin, &answer).await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some("signed"));
        assert_eq!(
            parameter(&answer, "scope").as_deref(),
            Some("openid email"),
            "scopes of the query are not the client's"
        );

        for (request, error) in [
            (String::new(), "invalid_request"),
            (unsigned(&claims), "invalid_request_object"),
            (format!("{object}x"), "invalid_request_object"),
        ] {
            let answer = admin
                .get(&authorize_path(&client, &[("request", &request)]))
                .await;
            assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{answer:?}");
        }
        // A redirect URI inside the object is held against the registered ones like any other.
        let mut elsewhere = claims.clone();
        elsewhere["redirect_uri"] = json!("https://evil.example/cb");
        let object = sign(&key, "JWT", &elsewhere).unwrap();
        let answer = admin.get(&authorize_path(&client, &[("request", &object)])).await;
        assert!(
            answer.header("location").contains("/interaction/error"),
            "{answer:?}"
        );
        assert!(!answer.header("location").starts_with("https://evil"));
    }
);

both_engines!(
    a_key_that_changed_under_its_name_is_noticed,
    |app: TestApp| async move {
        let server = OtherServer::start(&app, "app.example").await;
        let named = |_: u8| PrivateKey::generate(Algorithm::Es256, [5; 8]).unwrap();
        let (old, new) = (named(1), named(2));
        let set = |key: &PrivateKey| json!({"keys": [key.public_jwk()]});
        assert_eq!(old.public_jwk().kid, new.public_jwk().kid);
        server.page(
            "/keys",
            200,
            &[
                ("content-type", "application/json"),
                ("cache-control", "max-age=86400"),
            ],
            set(&old).to_string(),
        );
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"jwksUri": "https://app.example/keys"});
        })
        .await;
        let object = |key: &PrivateKey| {
            let claims = json!({"iss": client.id, "aud": app.url, "state": "signed"});
            sign(key, "oauth-authz-req+jwt", &claims).unwrap()
        };
        let error = async |admin: &mut Browser, key: &PrivateKey| {
            let path = authorize_path(&client, &[("request", &object(key))]);
            parameter(&admin.get(&path).await, "error")
        };
        assert_eq!(error(&mut admin, &old).await, None);
        assert_eq!(server.hits("/keys"), 1);
        // Whoever signs with a key of their own makes us ask, but not more often than every half minute.
        for _ in 0..3 {
            let refused = error(&mut admin, &new).await;
            assert_eq!(refused.as_deref(), Some("invalid_request_object"));
        }
        assert_eq!(server.hits("/keys"), 1, "it was asked just now");
        server.json("/keys", &set(&new));
        app.pass_seconds(30);
        assert_eq!(error(&mut admin, &new).await, None, "the new key");
        assert_eq!(server.hits("/keys"), 2);
        let refused = error(&mut admin, &old).await;
        assert_eq!(refused.as_deref(), Some("invalid_request_object"), "the old one");
        assert_eq!(server.hits("/keys"), 2);
        app.pass_seconds(30);
        error(&mut admin, &old).await;
        assert_eq!(server.hits("/keys"), 3);
    }
);

both_engines!(
    unsigned_objects_override_the_query_where_nothing_forbids_them,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let object = unsigned(&json!({"state": "inner", "nonce": "from-object"}));
        let answer = admin.get(&authorize_path(&client, &[("request", &object)])).await;
        let answer = interact(&mut admin, &answer).await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some("inner"));
        let code = parameter(&answer, "code").unwrap();
        let tokens = exchange(&app, &client, &code).await.json();
        assert_eq!(claims(text(&tokens["id_token"]))["nonce"], "from-object");
    }
);

both_engines!(
    only_what_is_read_again_is_stored_of_a_push,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let filler = "x".repeat(20_000);
        let more = [
            ("unheard_of", filler.as_str()),
            ("ui_locales", filler.as_str()),
            ("login_hint", "tim"),
            ("prompt", "login"),
        ];
        let pushed = push(&app, &client, &more).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
        let handle = text(&pushed.json()["request_uri"]).to_owned();
        let secret = pocket_id_oidc::pushed_request::secret(&handle).unwrap();
        let hash = TokenHash(pocket_id_oidc::pushed_request::hash(secret).to_vec());
        let state = &app.app.state;
        let tx = state.store.begin().await.unwrap();
        let row = pocket_id_store::pushed_requests::take(&tx, &hash, state.now())
            .await
            .unwrap()
            .unwrap();
        let names: Vec<&str> = row.parameters.0.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "client_id",
                "code_challenge",
                "code_challenge_method",
                "login_hint",
                "prompt",
                "redirect_uri",
                "response_type",
                "scope",
                "state"
            ]
        );
    }
);

both_engines!(a_push_has_a_size_of_its_own, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let refused = push(&app, &client, &[("unheard_of", &"x".repeat(65_536))]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{refused:?}");
    assert_eq!(refused.json()["error"], "invalid_request");
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(app.count("oidc_pushed_requests").await, 0);
});

/// How the request is pushed whose sender proves a key.
#[derive(Clone, Copy, Debug)]
enum Push {
    Plain,
    InAnObject,
    InTheObjectThatIsRequired,
}

both_engines!(
    a_proof_at_the_push_binds_the_code_however_it_is_pushed,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let own = PrivateKey::generate(Algorithm::Es256, [5; 8]).unwrap();
        let (key, thief) = (Key::new(1), Key::new(2));
        for way in [Push::Plain, Push::InAnObject, Push::InTheObjectThatIsRequired] {
            let client = register(&mut admin, |body| {
                body["protocol"] = json!({
                    "jwks": {"keys": [own.public_jwk()]},
                    "requireSignedRequestObject": matches!(way, Push::InTheObjectThatIsRequired)
                });
            })
            .await;
            // The request by itself, and with a key of its own.
            let push = async |jkt: Option<String>, jti: &str| {
                let mut request = json!({
                    "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid email",
                    "code_challenge": CHALLENGE, "code_challenge_method": "S256"
                });
                if let Some(jkt) = jkt {
                    request["dpop_jkt"] = json!(jkt);
                }
                let members: Vec<(String, String)> = match way {
                    Push::Plain => request
                        .as_object()
                        .unwrap()
                        .iter()
                        .map(|(name, value)| (name.clone(), text(value).to_owned()))
                        .collect(),
                    Push::InAnObject | Push::InTheObjectThatIsRequired => {
                        request["iss"] = json!(client.id);
                        request["aud"] = json!(app.url);
                        request["client_id"] = json!(client.id);
                        let object = sign(&own, "oauth-authz-req+jwt", &request).unwrap();
                        vec![("request".to_owned(), object)]
                    }
                };
                let mut form = members;
                form.push(("client_id".to_owned(), client.id.clone()));
                form.push(("client_secret".to_owned(), client.secret.clone()));
                let mut browser = app.browser();
                let request = browser
                    .request(Method::POST, "/api/oidc/par")
                    .header("DPoP", key.proof(&app, "POST", "/api/oidc/par", jti, &[]))
                    .form(&form);
                browser.send(request).await
            };
            let name = |what: &str| format!("{way:?} {what}");

            let other = push(Some(thief.thumbprint()), &name("other")).await;
            assert_eq!(other.status, StatusCode::BAD_REQUEST, "{way:?} {other:?}");
            assert_eq!(other.json()["error"], "invalid_dpop_proof", "{way:?}");

            for (jkt, what) in [(None, "proof alone"), (Some(key.thumbprint()), "proof and jkt")] {
                let pushed = push(jkt, &name(what)).await;
                assert_eq!(pushed.status, StatusCode::CREATED, "{way:?} {what} {pushed:?}");
                let path = with_handle(&client, text(&pushed.json()["request_uri"]), &[]);
                let mut answer = admin.get(&path).await;
                if answer.header("location").contains("/interaction?") {
                    answer = interact(&mut admin, &answer).await;
                }
                let code = parameter(&answer, "code").unwrap();
                let form = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                    ("client_id", client.id.as_str()),
                    ("client_secret", client.secret.as_str()),
                ];
                let stolen = token_with_nonce(&app, &thief, &form, &name(&format!("{what}, thief"))).await;
                assert_eq!(
                    stolen.json()["error"],
                    "invalid_grant",
                    "{way:?} {what} {stolen:?}"
                );
                let good = token_with_nonce(&app, &key, &form, &name(&format!("{what}, key"))).await;
                assert_eq!(good.status, StatusCode::OK, "{way:?} {what} {good:?}");
            }
        }
    }
);
