//! `/.well-known/*`

use http::StatusCode;
use pocket_id_oidc::jose::{Jwk, UnverifiedJws};
use serde_json::json;

use super::*;
use crate::support::both_engines;

both_engines!(discovery_and_keys_fit_the_tokens, |app: TestApp| async move {
    let mut browser = app.browser();
    let document = browser.get("/.well-known/openid-configuration").await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.header("access-control-allow-origin"), "*");
    let same = browser.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(document.text, same.text);
    let document = document.json();
    assert_eq!(document["issuer"], app.url);
    assert_eq!(
        document["id_token_signing_alg_values_supported"],
        json!([
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
        ])
    );
    for (field, expected) in [
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(true)),
        ("require_request_uri_registration", json!(true)),
        ("response_types_supported", json!(["code"])),
        (
            "response_modes_supported",
            json!(["query", "fragment", "form_post"]),
        ),
        ("require_pushed_authorization_requests", json!(false)),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("acr_values_supported", json!(["0", "phr"])),
        (
            "introspection_endpoint_auth_methods_supported",
            json!([
                "client_secret_basic",
                "client_secret_jwt",
                "private_key_jwt",
                "Bearer"
            ]),
        ),
        (
            "introspection_endpoint_auth_signing_alg_values_supported",
            document["token_endpoint_auth_signing_alg_values_supported"].clone(),
        ),
    ] {
        assert_eq!(document[field], expected, "{field}");
    }
    for endpoint in [
        "introspection_endpoint",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "end_session_endpoint",
        "jwks_uri",
    ] {
        let path = text(&document[endpoint])
            .strip_prefix(&app.url)
            .unwrap()
            .to_owned();
        let by_get = browser.get(&path).await.status;
        let by_post = browser.post_form(&path, &[]).await.status;
        assert!(
            by_get != StatusCode::NOT_FOUND || by_post != StatusCode::NOT_FOUND,
            "{endpoint}: {by_get} {by_post}"
        );
    }

    let keys = browser.get("/.well-known/jwks.json").await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        keys["keys"][0]["d"],
        json!(null),
        "the private half must not be there"
    );
    let key: Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let tokens = tokens(&app, &mut admin, &client).await;
    for token in ["id_token", "access_token"] {
        UnverifiedJws::parse(text(&tokens[token]))
            .unwrap()
            .verify([&key])
            .unwrap();
    }
});

both_engines!(
    the_internal_address_is_used_where_servers_talk,
    |config| {
        config.internal_app_url = pocket_id_server::config::AppUrl::parse("http://pocket-id:1411").unwrap();
    },
    |app: TestApp| async move {
        let document = app
            .browser()
            .get("/.well-known/openid-configuration")
            .await
            .json();
        assert_eq!(document["token_endpoint"], "http://pocket-id:1411/api/oidc/token");
        assert_eq!(
            document["authorization_endpoint"],
            format!("{}/authorize", app.url)
        );
    }
);
