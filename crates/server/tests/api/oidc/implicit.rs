//! Tokens without a code: `id_token` and `id_token token` (OIDC Core §3.2).

use aws_lc_rs::digest::{SHA256, digest};
use http::StatusCode;
use pocket_id_oidc::jose::{Jwk, UnverifiedJws};
use serde_json::json;

use super::*;
use crate::support::both_engines;

const BOTH: &[(&str, &str)] = &[
    ("response_type", "id_token token"),
    ("code_challenge", ""),
    ("code_challenge_method", ""),
];
const ID_TOKEN: &[(&str, &str)] = &[
    ("response_type", "id_token"),
    ("code_challenge", ""),
    ("code_challenge_method", ""),
];

/// What the fragment of a redirect to the client says.
fn fragment(answer: &Answer) -> Vec<(String, String)> {
    let url = Url::parse(answer.header("location")).unwrap_or_else(|_| panic!("no redirect: {answer:?}"));
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    assert_eq!(url.query(), None, "{url}");
    url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

fn told(answer: &Answer, name: &str) -> Option<String> {
    fragment(answer)
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Registers a client that may ask for tokens.
async fn implicit(admin: &mut Browser, change: impl FnOnce(&mut Value)) -> Client {
    register(admin, |body| {
        body["protocol"] = json!({"responseTypes": ["code", "id_token", "token id_token"]});
        change(body);
    })
    .await
}

/// The answer to a request, with whatever a person has to do for it.
async fn answered(browser: &mut Browser, client: &Client, more: &[(&str, &str)]) -> Answer {
    let answer = browser.get(&authorize_path(client, more)).await;
    if answer.header("location").contains("/interaction?") {
        return interact(browser, &answer).await;
    }
    answer
}

both_engines!(
    tokens_come_in_the_fragment_after_the_same_questions,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |body| body["isPublic"] = json!(true)).await;
        let me = admin.get("/api/users/me").await.json();
        let asked = admin.get(&authorize_path(&client, BOTH)).await;
        let id = parameter(&asked, "interaction").unwrap();
        let interaction = admin.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["requiredSteps"], json!(["consent"]));
        let answer = interact(&mut admin, &asked).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("cache-control"), "no-store");
        let names: Vec<String> = fragment(&answer).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "access_token",
                "token_type",
                "expires_in",
                "scope",
                "id_token",
                "state",
                "iss"
            ]
        );
        for (name, value) in [
            ("token_type", "bearer"),
            ("expires_in", "3600"),
            ("state", "state-1"),
            ("iss", app.url.as_str()),
        ] {
            assert_eq!(told(&answer, name).as_deref(), Some(value), "{name}");
        }
        let (access_token, id_token) = (
            told(&answer, "access_token").unwrap(),
            told(&answer, "id_token").unwrap(),
        );
        let published = admin.get("/.well-known/jwks.json").await.json();
        let keys: Vec<Jwk> = serde_json::from_value(published["keys"].clone()).unwrap();
        let signed = UnverifiedJws::parse(&id_token).unwrap().verify(&keys).unwrap();
        let hash = digest(&SHA256, access_token.as_bytes());
        assert_eq!(signed["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
        assert_eq!(signed["nonce"], "nonce-1");
        assert_eq!(signed["sub"], me["id"]);
        assert_eq!(signed["aud"], json!([client.id]));
        // Who has an access token asks for the rest itself.
        assert_eq!(signed.get("email"), None);
        let info = userinfo(&app, &access_token).await;
        assert_eq!(info.status, StatusCode::OK, "{info:?}");
        assert_eq!(info.json()["email"], "tim@example.com");
        assert_eq!(app.count("oidc_refresh_tokens").await, 0);
        assert_eq!(app.count("oidc_authorization_codes").await, 0);

        // The second time nobody is asked, not even silently.
        let mut silent = BOTH.to_vec();
        silent.push(("prompt", "none"));
        let again = admin.get(&authorize_path(&client, &silent)).await;
        assert!(told(&again, "access_token").is_some(), "{again:?}");
    }
);

both_engines!(
    an_id_token_alone_says_who_it_is_and_no_token_of_access_comes_along,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |_| {}).await;
        let mut more = ID_TOKEN.to_vec();
        more.push(("scope", "openid email offline_access"));
        more.push(("claims", r#"{"id_token":{"given_name":null}}"#));
        let answer = answered(&mut admin, &client, &more).await;
        let names: Vec<String> = fragment(&answer).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["id_token", "state", "iss"]);
        let id_token = claims(&told(&answer, "id_token").unwrap());
        assert_eq!(id_token["email"], "tim@example.com");
        assert!(id_token["given_name"].is_string(), "{id_token}");
        assert_eq!(id_token.get("at_hash"), None);
        assert_eq!(id_token.get("preferred_username"), None);
        assert_eq!(app.count("oidc_access_tokens").await, 0);
        // It is one of ours: it can be used to sign out again.
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", &told(&answer, "id_token").unwrap())
            .finish();
        let signed_out = admin.get(&format!("/api/oidc/end-session?{query}")).await;
        assert_eq!(signed_out.header("location"), format!("{}/logout", app.url));
        assert!(!admin.cookies.contains_key("access_token"));
    }
);

both_engines!(a_form_is_posted_to_who_asks_for_one, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = implicit(&mut admin, |_| {}).await;
    let mut more = BOTH.to_vec();
    more.push(("response_mode", "form_post"));
    let answer = answered(&mut admin, &client, &more).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    for name in ["access_token", "id_token", "state", "iss", "expires_in"] {
        assert!(answer.text.contains(&format!(r#"name="{name}""#)), "{name}");
    }
    assert!(!answer.text.contains(r#"name="code""#));
    assert_eq!(answer.header("cache-control"), "no-store");
});

both_engines!(
    the_access_token_ends_with_session_consent_and_revocation,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |_| {}).await;
        let first = told(&answered(&mut admin, &client, BOTH).await, "access_token").unwrap();
        let form = [
            ("token", first.as_str()),
            ("client_id", &client.id),
            ("client_secret", &client.secret),
        ];
        let revoked = app.browser().post_form("/api/oidc/revoke", &form).await;
        assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
        assert_eq!(userinfo(&app, &first).await.status, StatusCode::UNAUTHORIZED);

        let second = told(&answered(&mut admin, &client, BOTH).await, "access_token").unwrap();
        let consent = format!("/api/oidc/users/me/authorized-clients/{}", client.id);
        let withdrawn = admin.delete(&consent).await;
        assert_eq!(withdrawn.status, StatusCode::NO_CONTENT, "{withdrawn:?}");
        assert_eq!(userinfo(&app, &second).await.status, StatusCode::UNAUTHORIZED);

        let third = told(&answered(&mut admin, &client, BOTH).await, "access_token").unwrap();
        assert_eq!(userinfo(&app, &third).await.status, StatusCode::OK);
        admin.post_nothing("/api/webauthn/logout").await;
        assert_eq!(userinfo(&app, &third).await.status, StatusCode::UNAUTHORIZED);
    }
);

both_engines!(of_64_continuations_one_yields_tokens, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = implicit(&mut admin, |_| {}).await;
    let answer = admin.get(&authorize_path(&client, BOTH)).await;
    let id = parameter(&answer, "interaction").unwrap();
    let complete = format!("/api/oidc/interactions/{id}/complete");
    let done = admin.post(&complete, &json!({"step": "consent"})).await;
    assert_eq!(done.status, StatusCode::OK);
    let attempts: Vec<_> = (0..64)
        .map(|_| {
            let (mut browser, id) = (admin.clone(), id.clone());
            tokio::spawn(async move { browser.get(&format!("/authorize?interaction={id}")).await })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        if answer.header("location").contains("/interaction/error?") {
            continue;
        }
        assert!(told(&answer, "access_token").is_some(), "{answer:?}");
        won += 1;
    }
    assert_eq!(won, 1);
    assert_eq!(app.count("oidc_access_tokens").await, 1);
    assert_eq!(app.count("oidc_grants").await, 1);
});

both_engines!(
    faults_go_into_the_fragment_and_nothing_is_issued,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let ordinary = register(&mut admin, |_| {}).await;
        let client = implicit(&mut admin, |_| {}).await;
        for (client, more, error) in [
            (&ordinary, &[][..], "unauthorized_client"),
            (&ordinary, &[("response_type", "id_token")], "unauthorized_client"),
            (
                &client,
                &[("response_type", "token")],
                "unsupported_response_type",
            ),
            (
                &client,
                &[("response_type", "code id_token")],
                "unsupported_response_type",
            ),
            (&client, &[("nonce", "")], "invalid_request"),
            (&client, &[("response_mode", "query")], "invalid_request"),
            (&client, &[("scope", "email")], "invalid_scope"),
            (&client, &[("prompt", "none")], "consent_required"),
            (&client, &[("request", "e30.")], "invalid_request_object"),
        ] {
            let mut all = BOTH.to_vec();
            all.extend(more);
            let answer = admin.get(&authorize_path(client, &all)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{more:?}: {answer:?}");
            assert_eq!(told(&answer, "error").as_deref(), Some(error), "{more:?}");
            assert_eq!(told(&answer, "state").as_deref(), Some("state-1"), "{more:?}");
            assert_eq!(
                told(&answer, "iss").as_deref(),
                Some(app.url.as_str()),
                "{more:?}"
            );
        }
        assert_eq!(app.count("oidc_grants").await, 0);
    }
);

both_engines!(
    an_attacker_gets_no_token_by_being_the_first_to_come,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |body| body["callbackURLs"] = json!([])).await;
        let mut more = BOTH.to_vec();
        more.push(("redirect_uri", "https://evil.example/cb"));
        let answer = admin.get(&authorize_path(&client, &more)).await;
        assert!(
            answer.header("location").contains("/interaction/error?"),
            "{answer:?}"
        );
        let path = format!("/api/oidc/clients/{}", client.id);
        assert_eq!(admin.get(&path).await.json()["callbackURLs"], json!([]));
    }
);

both_engines!(
    what_was_pushed_or_waited_is_still_a_request_for_tokens,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |body| {
            body["requiresPushedAuthorizationRequests"] = json!(true);
        })
        .await;
        let through_the_browser = admin.get(&authorize_path(&client, BOTH)).await;
        assert_eq!(
            told(&through_the_browser, "error").as_deref(),
            Some("invalid_request")
        );
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
            ("response_type", "token id_token"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("nonce", "n"),
        ];
        let pushed = app.browser().post_form("/api/oidc/par", &form).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.id)
            .append_pair("request_uri", text(&pushed.json()["request_uri"]))
            .finish();
        let asked = admin.get(&format!("/authorize?{query}")).await;

        // An administrator who takes it back is obeyed at once.
        let id = parameter(&asked, "interaction").unwrap();
        let path = format!("/api/oidc/clients/{}", client.id);
        let mut body = admin.get(&path).await.json();
        body["protocol"]["responseTypes"] = json!(["code"]);
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        let late = admin
            .post(
                &format!("/api/oidc/interactions/{id}/complete"),
                &json!({"step": "consent"}),
            )
            .await;
        assert_eq!(late.status, StatusCode::NOT_FOUND, "{late:?}");
        let late = admin.get(&format!("/authorize?interaction={id}")).await;
        assert_eq!(told(&late, "error").as_deref(), Some("unauthorized_client"));
        body["protocol"]["responseTypes"] = json!(["id_token token"]);
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        let answer = interact(&mut admin, &asked).await;
        assert!(told(&answer, "access_token").is_some(), "{answer:?}");
    }
);

both_engines!(
    administrators_allow_response_types_that_go_together_with_the_rest,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = implicit(&mut admin, |_| {}).await;
        let path = format!("/api/oidc/clients/{}", client.id);
        let stored = admin.get(&path).await.json();
        assert_eq!(
            stored["protocol"]["responseTypes"],
            json!(["code", "id_token", "id_token token"])
        );
        let ordinary = register(&mut admin, |_| {}).await;
        let shown = admin
            .get(&format!("/api/oidc/clients/{}", ordinary.id))
            .await
            .json();
        assert_eq!(shown["protocol"]["responseTypes"], json!(null));
        for (change, field, code) in [
            (json!({"responseTypes": ["token"]}), "responseTypes", "oneof"),
            (
                json!({"responseTypes": ["code id_token"]}),
                "responseTypes",
                "oneof",
            ),
            (
                json!({"grantTypes": ["authorization_code"]}),
                "responseTypes",
                "invalid_value",
            ),
            (
                json!({"dpopBoundAccessTokens": true}),
                "responseTypes",
                "invalid_value",
            ),
            (
                json!({"securityProfile": "fapi2", "jwksUri": "https://app.example/jwks"}),
                "responseTypes",
                "invalid_value",
            ),
            (
                json!({"requestUris": ["http://app.example/r"]}),
                "requestUris[0]",
                "invalid_format",
            ),
            (
                json!({"requestUris": vec!["https://app.example/r"; 11]}),
                "requestUris",
                "too_many",
            ),
        ] {
            let mut body = stored.clone();
            for (name, value) in change.as_object().unwrap() {
                body["protocol"][name] = value.clone();
            }
            let answer = admin.put(&path, &body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{change}: {answer:?}");
            let rules = answer.failed_rules();
            assert!(
                rules.contains(&(field.to_owned(), code.to_owned())),
                "{change}: {rules:?}"
            );
        }
        let mut body = stored.clone();
        body["callbackURLs"] = json!(["https://*.example/cb"]);
        let answer = admin.put(&path, &body).await;
        assert_eq!(answer.failed_rules()[0].0, "responseTypes", "{answer:?}");
        // Bound tokens and an ID token alone go together.
        let mut body = stored.clone();
        body["protocol"]["dpopBoundAccessTokens"] = json!(true);
        body["protocol"]["responseTypes"] = json!(["id_token"]);
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        // A program that knows nothing of `protocol` changes nothing in it.
        body.as_object_mut().unwrap().remove("protocol");
        assert_eq!(admin.put(&path, &body).await.status, StatusCode::OK);
        assert_eq!(
            admin.get(&path).await.json()["protocol"]["responseTypes"],
            json!(["id_token"])
        );
    }
);
