//! `/api/oidc/clients`

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestApp, both_engines};

both_engines!(
    a_client_has_the_documented_shape_and_defaults,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let answer = admin.post("/api/oidc/clients", &json!({"name": "Files"})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let mut client = answer.json();
        let id = client["id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 36);
        client["id"] = json!("ID");
        let members = client.as_object_mut().unwrap();
        let protocol = members.remove("protocol").unwrap();
        assert_eq!(
            (members.remove("isDynamic"), members.remove("isApproved")),
            (Some(json!(false)), Some(json!(true)))
        );
        assert_eq!(protocol["securityProfile"], "none");
        assert_eq!(
            client,
            json!({
                "id": "ID", "name": "Files", "description": "", "hasLogo": false, "hasDarkLogo": false, "launchURL": null,
                "requiresReauthentication": false, "clientType": "standard", "callbackURLs": [], "logoutCallbackURLs": [],
                "isPublic": false, "pkceEnabled": false, "requiresPushedAuthorizationRequests": false,
                "skipConsent": false, "credentials": {"secrets": []}, "isGroupRestricted": false,
                "accessTokenDurationMinutes": 60, "refreshTokenDurationMinutes": 43200, "allowedUserGroups": []
            })
        );
        let meta = app.browser().get(&format!("/api/oidc/clients/{id}/meta")).await;
        assert_eq!(meta.status, StatusCode::OK, "meta is public");
        assert_eq!(meta.json().as_object().unwrap().len(), 8);
        let list = admin.get("/api/oidc/clients").await.json();
        assert_eq!(list["data"][0]["allowedUserGroupsCount"], 0);
        assert_eq!(list["data"][0].get("allowedUserGroups"), None);
    }
);

both_engines!(
    a_put_replaces_everything_but_the_secrets,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let body = json!({"id": "my-app", "name": "A", "callbackURLs": ["https://a.example/cb"], "pkceEnabled": true,
                      "launchURL": "https://a.example", "accessTokenDurationMinutes": 5});
        assert_eq!(
            admin.post("/api/oidc/clients", &body).await.status,
            StatusCode::CREATED
        );
        assert_eq!(
            admin.post("/api/oidc/clients", &body).await.code(),
            "client_id_already_exists"
        );
        let path = "/api/oidc/clients/my-app";
        assert_eq!(
            admin.post_nothing(&format!("{path}/secrets")).await.status,
            StatusCode::CREATED
        );
        let answer = admin.put(path, &json!({"name": "B", "isPublic": true})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let client = answer.json();
        assert_eq!(client["callbackURLs"], json!([]));
        assert_eq!(client["launchURL"], Value::Null);
        assert_eq!(client["accessTokenDurationMinutes"], 60);
        assert_eq!(client["pkceEnabled"], true, "public clients always use PKCE");
        assert_eq!(client["credentials"]["secrets"].as_array().unwrap().len(), 1);
        assert_eq!(admin.delete(path).await.status, StatusCode::NO_CONTENT);
        for answer in [
            admin.get(path).await,
            admin.put(path, &json!({"name": "B"})).await,
            admin.delete(path).await,
        ] {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::NOT_FOUND, "not_found")
            );
            assert_eq!(answer.json()["details"]["resource"], "OIDC client");
        }
    }
);

both_engines!(each_broken_rule_is_named, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    for (body, field, code) in [
        (json!({}), "name", "required"),
        (json!({"name": "x".repeat(51)}), "name", "too_long"),
        (
            json!({"name": "x", "description": "x".repeat(151)}),
            "description",
            "too_long",
        ),
        (json!({"name": "x", "id": "a b"}), "id", "client_id"),
        (json!({"name": "x", "id": "a"}), "id", "too_short"),
        (json!({"name": "x", "id": ".."}), "id", "client_id"),
        (
            json!({"name": "x", "callbackURLs": ["https://a.example", "javascript:alert(1)"]}),
            "callbackURLs[1]",
            "callback_url_pattern",
        ),
        (
            json!({"name": "x", "logoutCallbackURLs": ["data:text/html,x"]}),
            "logoutCallbackURLs[0]",
            "callback_url_pattern",
        ),
        (
            json!({"name": "x", "callbackURLs": [""]}),
            "callbackURLs[0]",
            "callback_url_pattern",
        ),
        (
            json!({"name": "x", "launchURL": "javascript:alert(1)"}),
            "launchURL",
            "invalid_format",
        ),
        (
            json!({"name": "x", "launchURL": ""}),
            "launchURL",
            "invalid_format",
        ),
        (
            json!({"name": "x", "accessTokenDurationMinutes": -1}),
            "accessTokenDurationMinutes",
            "token_duration",
        ),
        (
            json!({"name": "x", "refreshTokenDurationMinutes": 525_601}),
            "refreshTokenDurationMinutes",
            "token_duration",
        ),
        (
            json!({"name": "x", "credentials": {"federatedIdentities": [{"issuer": ""}]}}),
            "credentials.federatedIdentities[0].issuer",
            "required",
        ),
        (
            json!({"name": "x", "credentials": {"federatedIdentities": [{"issuer": "job"}]}}),
            "credentials.federatedIdentities[0].issuer",
            "invalid_format",
        ),
        (
            json!({"name": "x", "credentials": {"federatedIdentities": [{"issuer": "https://i.example "}]}}),
            "credentials.federatedIdentities[0].issuer",
            "invalid_format",
        ),
        (
            json!({"name": "x", "credentials": {"federatedIdentities": [
                {"issuer": "job", "jwks": "https://i.example/keys"}, {"issuer": "https://i.example", "jwks": "keys"}
            ]}}),
            "credentials.federatedIdentities[1].jwks",
            "invalid_format",
        ),
    ] {
        let answer = admin.post("/api/oidc/clients", &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "validation_failed"),
            "{body}"
        );
        assert_eq!(
            answer.failed_rules(),
            [(field.to_owned(), code.to_owned())],
            "{body}"
        );
    }
    for body in [
        json!({"name": 1}),
        json!({"name": "x", "callbackURLs": "https://a.example"}),
        json!({"name": "a\u{0}b"}),
    ] {
        assert_eq!(
            admin.post("/api/oidc/clients", &body).await.code(),
            "invalid_request_body",
            "{body}"
        );
    }
    assert_eq!(
        admin.get("/api/oidc/clients").await.json()["pagination"]["totalItems"],
        0
    );
});

both_engines!(
    secrets_are_shown_once_limited_and_revocable,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = admin
            .post("/api/oidc/clients", &json!({"name": "Files"}))
            .await
            .json();
        let path = format!("/api/oidc/clients/{}/secrets", client["id"].as_str().unwrap());
        let made = admin.post_nothing(&path).await.json();
        let value = made["secret"].as_str().unwrap();
        assert_eq!(value.len(), 32);
        assert_eq!(made["prefix"], value[..4]);
        assert_eq!(
            (&made["isActive"], &made["expiresAt"]),
            (&json!(true), &Value::Null)
        );
        let listed = admin.get(&path).await;
        assert!(
            !listed.text.contains(value),
            "a stored secret must not be shown again"
        );

        assert_eq!(made["name"], Value::Null);

        let chosen = json!({
            "secret": "correct horse battery", "expiresAt": "2026-01-01T01:00:00Z", "name": " Staging "
        });
        let made = admin.post(&path, &chosen).await.json();
        assert_eq!(
            (&made["secret"], &made["name"]),
            (&json!("correct horse battery"), &json!("Staging"))
        );
        let names: Vec<_> = admin
            .get(&path)
            .await
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|secret| secret["name"].clone())
            .collect();
        assert!(
            names.contains(&Value::Null) && names.contains(&json!("Staging")),
            "{names:?}"
        );
        let long = admin.post(&path, &json!({"name": "x".repeat(51)})).await;
        assert_eq!(long.failed_rules(), [("name".to_owned(), "too_long".to_owned())]);
        app.pass_seconds(3599);
        assert!(is_active(&admin.get(&path).await.json()));
        let mut passkey = app.passkey(1);
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        app.pass_seconds(1);
        assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
        assert!(!is_active(&admin.get(&path).await.json()));

        for (body, code) in [
            (json!({"secret": "short"}), "validation_failed"),
            (json!({"secret": "sixteen characters é"}), "validation_failed"),
            (json!({"expiresAt": "2025-01-01T00:00:00Z"}), "validation_failed"),
            (json!({"expiresAt": "tomorrow"}), "validation_failed"),
        ] {
            assert_eq!(admin.post(&path, &body).await.code(), code, "{body}");
        }
        for _ in 2..20 {
            assert_eq!(admin.post_nothing(&path).await.status, StatusCode::CREATED);
        }
        let answer = admin.post_nothing(&path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "validation_failed")
        );
        let first = format!("{path}/{}", made["id"].as_str().unwrap());
        assert_eq!(admin.delete(&first).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.delete(&first).await.code(), "not_found");

        // The route of version 1 leaves exactly one.
        let legacy = path.trim_end_matches('s').to_owned();
        let answer = admin.post_nothing(&legacy).await;
        assert_eq!(
            (answer.status, answer.json()["secret"].as_str().unwrap().len()),
            (StatusCode::OK, 32)
        );
        assert_eq!(admin.get(&path).await.json().as_array().unwrap().len(), 1);
    }
);

/// Whether the secret that begins with `corr` is accepted.
fn is_active(secrets: &Value) -> bool {
    let mut secrets = secrets.as_array().unwrap().iter();
    secrets.find(|secret| secret["prefix"] == "corr").unwrap()["isActive"] == true
}

both_engines!(public_clients_have_no_secrets, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = admin
        .post("/api/oidc/clients", &json!({"name": "Spa", "isPublic": true}))
        .await
        .json();
    let path = format!("/api/oidc/clients/{}", client["id"].as_str().unwrap());
    for suffix in ["secrets", "secret"] {
        let answer = admin.post_nothing(&format!("{path}/{suffix}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "validation_failed")
        );
    }
});

both_engines!(
    lists_are_searched_sorted_filtered_and_paged,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        for (name, public) in [("beta", true), ("Alpha", false), ("gamma", false)] {
            let answer = admin
                .post("/api/oidc/clients", &json!({"name": name, "isPublic": public}))
                .await;
            assert_eq!(answer.status, StatusCode::CREATED);
            app.pass_seconds(1);
        }
        for (query, expected) in [
            ("sort[column]=name", vec!["Alpha", "beta", "gamma"]),
            (
                "sort[column]=name&sort[direction]=desc&pagination[limit]=2",
                vec!["gamma", "beta"],
            ),
            ("sort[column]=nonsense", vec!["beta", "Alpha", "gamma"]),
            ("search=ALP", vec!["Alpha"]),
            ("search=_", vec![]),
            ("filters[pkceEnabled]=true", vec!["beta"]),
            ("filters[clientType]=cimd", vec![]),
            (
                "sort[column]=allowedUserGroupsCount&sort[direction]=desc",
                vec!["beta", "Alpha", "gamma"],
            ),
        ] {
            let answer = admin.get(&format!("/api/oidc/clients?{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}: {answer:?}");
            let json = answer.json();
            let names: Vec<&str> = json["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|client| client["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, expected, "{query}");
        }
    }
);

both_engines!(only_administrators_manage_clients, |app: TestApp| async move {
    app.set_up().await;
    let mut nobody = app.browser();
    for (method, path) in [
        (Method::GET, "/api/oidc/clients"),
        (Method::POST, "/api/oidc/clients"),
        (Method::GET, "/api/oidc/clients/x"),
        (Method::PUT, "/api/oidc/clients/x"),
        (Method::DELETE, "/api/oidc/clients/x"),
        (Method::GET, "/api/oidc/clients/x/secrets"),
        (Method::POST, "/api/oidc/clients/x/secrets"),
        (Method::POST, "/api/oidc/clients/x/secret"),
        (Method::DELETE, "/api/oidc/clients/x/secrets/y"),
    ] {
        let request = nobody.request(method.clone(), path).json(&json!({"name": "x"}));
        let answer = nobody.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::UNAUTHORIZED, "not_signed_in"),
            "{method} {path}"
        );
    }
});

both_engines!(
    protocol_settings_are_checked_kept_and_only_replaced_when_sent,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let key = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "1"});
        let protocol = json!({
            "tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [key]}, "idTokenSignedResponseAlg": "ES256",
            "securityProfile": "fapi2", "minimumAcr": "phr", "defaultMaxAge": 600,
            "backchannelLogoutUri": "https://app.example/bye", "backchannelLogoutSessionRequired": true
        });
        let body = json!({"name": "App", "callbackURLs": ["https://app.example/cb"], "protocol": protocol});
        let made = admin.post("/api/oidc/clients", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let made = made.json();
        let path = format!("/api/oidc/clients/{}", made["id"].as_str().unwrap());
        for (name, value) in protocol.as_object().unwrap() {
            assert_eq!(made["protocol"][name], *value, "{name}");
        }

        let unaware = json!({"name": "App", "callbackURLs": ["https://app.example/cb"]});
        let kept = admin.put(&path, &unaware).await.json();
        assert_eq!(
            kept["protocol"], made["protocol"],
            "who does not know the fields does not erase them"
        );
        let cleared = json!({"name": "App", "protocol": {}});
        let cleared = admin.put(&path, &cleared).await.json();
        assert_eq!(cleared["protocol"]["jwks"], json!(null));
        assert_eq!(cleared["protocol"]["securityProfile"], "none");

        let mut private = key.clone();
        private["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
        for (protocol, field) in [
            (
                json!({"tokenEndpointAuthMethod": "magic"}),
                "tokenEndpointAuthMethod",
            ),
            (
                json!({"tokenEndpointAuthMethod": "none"}),
                "tokenEndpointAuthMethod",
            ),
            (json!({"jwks": {"keys": [private]}}), "jwks"),
            (json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}), "jwks"),
            (json!({"jwks": []}), "jwks"),
            (
                json!({"jwks": {"keys": []}, "jwksUri": "https://app.example/jwks"}),
                "jwksUri",
            ),
            (json!({"jwksUri": "file:///etc/passwd"}), "jwksUri"),
            (
                json!({"idTokenSignedResponseAlg": "none"}),
                "idTokenSignedResponseAlg",
            ),
            (
                json!({"userinfoSignedResponseAlg": "HS256"}),
                "userinfoSignedResponseAlg",
            ),
            (json!({"minimumAcr": "9"}), "minimumAcr"),
            (json!({"defaultMaxAge": -1}), "defaultMaxAge"),
            (json!({"grantTypes": ["password"]}), "grantTypes"),
            (json!({"securityProfile": "fapi2"}), "jwks"),
            (
                json!({"securityProfile": "fapi2", "jwks": {"keys": [key]}, "userinfoSignedResponseAlg": "RS256"}),
                "userinfoSignedResponseAlg",
            ),
            (
                json!({"securityProfile": "fapi2", "jwks": {"keys": [key]}, "requestObjectSigningAlg": "RS256"}),
                "requestObjectSigningAlg",
            ),
            (
                json!({"securityProfile": "fapi2", "jwks": {"keys": [key]}, "idTokenSignedResponseAlg": "ES384"}),
                "idTokenSignedResponseAlg",
            ),
            (
                json!({"backchannelLogoutUri": "javascript:alert(1)"}),
                "backchannelLogoutUri",
            ),
            (
                json!({"frontchannelLogoutUri": "https://app.example/#x"}),
                "frontchannelLogoutUri",
            ),
        ] {
            let body = json!({"name": "App", "protocol": protocol});
            let answer = admin.put(&path, &body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body} {answer:?}");
            assert_eq!(answer.json()["details"]["fields"][0]["field"], field, "{body}");
        }
    }
);

both_engines!(
    what_is_kept_must_go_with_what_is_sent,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let key = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "1"});
        let fapi = json!({"securityProfile": "fapi2", "jwks": {"keys": [key]}});
        let secret = json!({"tokenEndpointAuthMethod": "client_secret_basic"});
        let implicit = json!({"responseTypes": ["code", "id_token"]});
        let exact = json!(["https://app.example/cb"]);
        let wild = json!(["https://*.app.example/cb"]);
        for (protocol, public, urls, field) in [
            (&fapi, true, &exact, "securityProfile"),
            (&fapi, false, &wild, "securityProfile"),
            (&secret, true, &exact, "tokenEndpointAuthMethod"),
            (&implicit, false, &wild, "responseTypes"),
        ] {
            let body = json!({"name": "App", "callbackURLs": exact, "protocol": protocol});
            let made = admin.post("/api/oidc/clients", &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
            let made = made.json();
            let path = format!("/api/oidc/clients/{}", made["id"].as_str().unwrap());
            let mut body = json!({"name": "Other", "callbackURLs": urls, "isPublic": public});
            let unaware = admin.put(&path, &body).await;
            assert_eq!(unaware.status, StatusCode::BAD_REQUEST, "{body} {unaware:?}");
            assert_eq!(unaware.json()["details"]["fields"][0]["field"], field, "{body}");
            assert_eq!(admin.get(&path).await.json(), made, "nothing was changed");
            body["protocol"] = json!({});
            let aware = admin.put(&path, &body).await;
            assert_eq!(aware.status, StatusCode::OK, "{body} {aware:?}");
        }
    }
);

both_engines!(
    what_changes_nothing_is_not_in_the_audit_log,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let tim = admin.get("/api/users/me").await.json()["id"].clone();
        let tim = tim.as_str().unwrap();
        let names = json!({"friendlyName": "Crew", "name": "crew"});
        let crew = admin.post("/api/user-groups", &names).await.json()["id"].clone();
        let crew = crew.as_str().unwrap();
        let client = json!({"id": "files", "name": "Files", "isGroupRestricted": true});
        admin.post("/api/oidc/clients", &client).await;
        let other = json!({"name": "Other files", "isGroupRestricted": true, "pkceEnabled": true});
        let renamed = json!({"friendlyName": "The crew", "name": "crew"});
        let claims = json!([{"key": "shoe", "value": "43"}, {"key": "hat", "value": "7"}]);
        let members = json!({"userIds": [tim, tim, "nobody"]});
        let steps = [
            ("/api/oidc/clients/files".to_owned(), other, "CLIENT_UPDATED"),
            (
                "/api/oidc/clients/files/allowed-user-groups".to_owned(),
                json!({"userGroupIds": [crew]}),
                "CLIENT_GROUPS_UPDATED",
            ),
            (format!("/api/user-groups/{crew}"), renamed, "USER_GROUP_UPDATED"),
            (
                format!("/api/user-groups/{crew}/users"),
                members,
                "USER_GROUP_MEMBERS_UPDATED",
            ),
            (
                format!("/api/user-groups/{crew}/users"),
                json!({"userIds": []}),
                "USER_GROUP_MEMBERS_UPDATED",
            ),
            (
                format!("/api/users/{tim}/user-groups"),
                json!({"userGroupIds": [crew, crew, "none"]}),
                "USER_GROUPS_UPDATED",
            ),
            (
                format!("/api/user-groups/{crew}/allowed-oidc-clients"),
                json!({"oidcClientIds": []}),
                "USER_GROUP_CLIENTS_UPDATED",
            ),
            (
                format!("/api/custom-claims/user/{tim}"),
                claims.clone(),
                "CUSTOM_CLAIMS_UPDATED",
            ),
            (
                format!("/api/custom-claims/user/{tim}"),
                json!([{"key": "shoe", "value": "44"}, {"key": "hat", "value": "7"}]),
                "CUSTOM_CLAIMS_UPDATED",
            ),
            (
                format!("/api/custom-claims/user/{tim}"),
                json!([{"key": "shoe", "value": "44"}]),
                "CUSTOM_CLAIMS_UPDATED",
            ),
            (
                format!("/api/custom-claims/user-group/{crew}"),
                claims,
                "CUSTOM_CLAIMS_UPDATED",
            ),
        ];
        for (path, body, event) in steps {
            let mut counts = Vec::new();
            for _ in 0..3 {
                let log = app.audit_log().await;
                let of_the_event = log.iter().filter(|entry| entry.event == event).count();
                counts.push((log.len(), of_the_event));
                let answer = admin.put(&path, &body).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
            }
            let (before, of_the_event) = counts[0];
            let once = (before + 1, of_the_event + 1);
            assert_eq!(counts[1..], [once, once], "{path}");
        }
        // Whom it lets in is a change too.
        admin
            .put(
                "/api/oidc/clients/files/allowed-user-groups",
                &json!({"userGroupIds": [crew]}),
            )
            .await;
        let open = json!({"name": "Other files", "pkceEnabled": true});
        let before = app.audit_log().await.len();
        admin.put("/api/oidc/clients/files", &open).await;
        assert_eq!(app.audit_log().await.len(), before + 1);
    }
);
