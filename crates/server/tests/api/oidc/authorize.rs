//! `/authorize`: which faults go where, which screens are asked for.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::support::both_engines;

both_engines!(
    faults_of_client_and_redirect_uri_stay_here,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        for more in [
            &[("client_id", "unknown")][..],
            &[("client_id", "")],
            &[("client_id", "a\0b")],
            &[("redirect_uri", "https://evil.example/cb")],
            &[("redirect_uri", "")],
            &[("redirect_uri", "javascript:alert(1)")],
            &[("response_mode", "web_message")],
            &[("interaction", "00000000-0000-4000-8000-000000000000")],
            &[("interaction", "nonsense")],
        ] {
            let answer = admin.get(&authorize_path(&client, more)).await;
            assert_eq!(answer.status, StatusCode::FOUND, "{more:?}: {answer:?}");
            assert!(
                target(&answer)
                    .0
                    .starts_with(&format!("{}/interaction/error", app.url)),
                "{more:?}: {answer:?}"
            );
            assert!(parameter(&answer, "error").is_some(), "{more:?}");
        }
        let answer = admin
            .get(&authorize_path(
                &client,
                &[("redirect_uri", "https://evil.example/cb")],
            ))
            .await;
        // Administrators look the rest up; strangers learn nothing of what is registered.
        assert!(parameter(&answer, "refusal").is_some());
        assert_eq!(
            (parameter(&answer, "sent"), parameter(&answer, "registered")),
            (None, None)
        );
    }
);

both_engines!(
    other_faults_go_to_the_client_in_the_mode_it_asked_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        for (more, error) in [
            (&[("response_type", "none")][..], "unsupported_response_type"),
            (&[("response_type", "")], "invalid_request"),
            (&[("prompt", "none")], "consent_required"),
            (&[("max_age", "x")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("request", "e30.")], "invalid_request_object"),
            (&[("request_uri", "https://app.example/r")], "invalid_request_uri"),
            (&[("id_token_hint", "nonsense")], "invalid_request"),
        ] {
            let answer = admin.get(&authorize_path(&client, more)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{more:?}: {answer:?}");
            assert_eq!(target(&answer).0, CALLBACK, "{more:?}");
            assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{more:?}");
            assert_eq!(
                parameter(&answer, "state").as_deref(),
                Some("state-1"),
                "{more:?}"
            );
            assert_eq!(
                parameter(&answer, "iss").as_deref(),
                Some(app.url.as_str()),
                "{more:?}"
            );
        }
        let answer = admin
            .get(&authorize_path(
                &client,
                &[("max_age", "x"), ("response_mode", "fragment")],
            ))
            .await;
        assert!(
            answer
                .header("location")
                .starts_with(&format!("{CALLBACK}#error=invalid_request&")),
            "{answer:?}"
        );
        let answer = admin
            .get(&authorize_path(
                &client,
                &[("max_age", "x"), ("response_mode", "form_post")],
            ))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.text.contains(r#"name="error" value="invalid_request""#),
            "{}",
            answer.text
        );
        assert!(
            answer
                .header("content-security-policy")
                .contains("form-action 'self' https://app.example")
        );
    }
);

both_engines!(
    a_stranger_is_sent_to_sign_in_or_refused_silently,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut stranger = app.browser();
        let answer = stranger.get(&authorize_path(&client, &[])).await;
        let id = parameter(&answer, "interaction").unwrap();
        let interaction = stranger.get(&format!("/api/oidc/interactions/{id}")).await.json();
        assert_eq!(interaction["currentStep"], "authenticate");
        let complete = format!("/api/oidc/interactions/{id}/complete");
        let answer = stranger.post(&complete, &json!({"step": "authenticate"})).await;
        assert_eq!(answer.code(), "not_signed_in");
        // Whoever signs in takes the request over.
        let answer = admin.post(&complete, &json!({"step": "authenticate"})).await;
        assert_eq!(answer.json()["interaction"]["currentStep"], "consent");

        let answer = stranger
            .get(&authorize_path(&client, &[("prompt", "none")]))
            .await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("login_required"));
    }
);

both_engines!(
    steps_cannot_be_skipped_and_interactions_expire,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let answer = admin
            .get(&authorize_path(&client, &[("prompt", "login consent")]))
            .await;
        let id = parameter(&answer, "interaction").unwrap();
        let complete = format!("/api/oidc/interactions/{id}/complete");
        for (body, status) in [
            (json!({"step": "consent"}), StatusCode::BAD_REQUEST),
            (json!({"step": "reauthenticate"}), StatusCode::BAD_REQUEST),
            (json!({"step": "dance"}), StatusCode::BAD_REQUEST),
            (json!({}), StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(admin.post(&complete, &body).await.status, status, "{body}");
        }
        // Without its steps the request leads back to them and never to a code.
        let answer = admin.get(&format!("/authorize?interaction={id}")).await;
        assert_eq!(parameter(&answer, "interaction").as_deref(), Some(id.as_str()));
        admin
            .cookies
            .insert("reauthentication_token".to_owned(), "forged".to_owned());
        let answer = admin.post(&complete, &json!({"step": "reauthenticate"})).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::UNAUTHORIZED, "reauthentication_required")
        );
        app.pass_seconds(59 * 60 + 59);
        assert_eq!(
            admin.get(&format!("/api/oidc/interactions/{id}")).await.status,
            StatusCode::OK
        );
        app.pass_seconds(1);
        let answer = admin.get(&format!("/api/oidc/interactions/{id}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "not_found")
        );
    }
);

both_engines!(
    a_restricted_client_admits_its_groups_only,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["isGroupRestricted"] = json!(true)).await;
        let answer = admin.get(&authorize_path(&client, &[])).await;
        assert!(target(&answer).0.ends_with("/interaction/error"), "{answer:?}");
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("You are not allowed to access this service.")
        );
    }
);

both_engines!(
    post_works_like_get_and_repeats_are_refused,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        code(&mut admin, &client, &[]).await;
        let path = authorize_path(&client, &[]);
        let query = path.split_once('?').unwrap().1.to_owned();
        let request = admin
            .request(Method::POST, "/authorize")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(query);
        let answer = admin.send(request).await;
        assert!(parameter(&answer, "code").is_some(), "{answer:?}");
        let answer = admin.get(&format!("{path}&state=again")).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
        let answer = admin.get(&format!("{path}&client_id=again")).await;
        assert!(target(&answer).0.ends_with("/interaction/error"));
    }
);

both_engines!(
    only_what_is_read_again_is_stored_of_a_request,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut stranger = app.browser();
        let filler = "x".repeat(20_000);
        let path = authorize_path(&client, &[("unheard_of", &filler), ("ui_locales", &filler)]);
        let answer = stranger.get(&path).await;
        let id = parameter(&answer, "interaction").unwrap().parse().unwrap();
        let state = &app.app.state;
        let row = pocket_id_store::interactions::find(state.store.reader(), id, state.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.parameters.0["state"], "state-1");
        for name in ["unheard_of", "ui_locales"] {
            assert!(!row.parameters.0.contains_key(name), "{name}");
        }

        let before = app.count("oidc_interactions").await;
        let query = path.split_once('?').unwrap().1.to_owned();
        for (kind, body) in [
            (
                "application/x-www-form-urlencoded",
                format!("{query}&more={}", "x".repeat(65_536)),
            ),
            (
                "multipart/form-data; boundary=b",
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"state\"\r\n\r\n{}\r\n--b--\r\n",
                    "x".repeat(65_536)
                ),
            ),
        ] {
            let request = stranger
                .request(Method::POST, "/authorize")
                .header("content-type", kind)
                .body(body);
            let answer = stranger.send(request).await;
            let (page, told) = target(&answer);
            assert!(page.ends_with("/interaction/error"), "{kind}: {answer:?}");
            assert_eq!(told[0].1, "The request body is too large.", "{kind}");
        }
        assert_eq!(app.count("oidc_interactions").await, before);
    }
);

both_engines!(
    the_pages_of_a_sign_in_know_what_the_client_wishes,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let mut stranger = app.browser();
        let wishes = [
            ("ui_locales", "de-CH fr"),
            ("login_hint", "tim</script>@example.com"),
        ];
        let answer = stranger.get(&authorize_path(&client, &wishes)).await;
        let page = answer.header("location");
        let interaction = page.strip_prefix(&app.url).unwrap_or(page).to_owned();
        let way_back: String = url::form_urlencoded::byte_serialize(interaction.as_bytes()).collect();
        let bootstrap = async |browser: &mut Browser, path: &str| -> Value {
            let html = browser.get(path).await.text;
            let (_, rest) = html.split_once(r#"id="bootstrap">"#).unwrap();
            serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
        };
        for path in [
            interaction,
            format!("/login/alternative/email?redirect={way_back}"),
        ] {
            let data = bootstrap(&mut stranger, &path).await;
            assert_eq!(data["uiLocales"], json!(["de-CH", "fr"]), "{path}");
            assert_eq!(data["loginHint"], "tim</script>@example.com", "{path}");
        }
        for path in [
            "/login",
            "/interaction?interaction=00000000-0000-4000-8000-000000000000",
            "/interaction?interaction=x",
        ] {
            let data = bootstrap(&mut stranger, path).await;
            assert_eq!(
                (&data["uiLocales"], &data["loginHint"]),
                (&json!([]), &Value::Null),
                "{path}"
            );
        }
    }
);

both_engines!(
    who_cancels_gives_nothing_and_the_client_is_told_once,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        for (mut browser, mode) in [
            (admin.clone(), "query"),
            (app.browser(), "query"),
            (admin.clone(), "form_post"),
        ] {
            let answer = browser
                .get(&authorize_path(
                    &client,
                    &[("state", "s-1"), ("response_mode", mode)],
                ))
                .await;
            let id = parameter(&answer, "interaction").unwrap();
            let cancelled = browser
                .post_nothing(&format!("/api/oidc/interactions/{id}/cancel"))
                .await;
            assert_eq!(cancelled.status, StatusCode::OK, "{cancelled:?}");
            let next = format!("/authorize?interaction={id}");
            assert_eq!(cancelled.json(), json!({"redirectUrl": next}));
            // Nothing is taken back, and somebody who signs in now agrees to nothing.
            let complete = format!("/api/oidc/interactions/{id}/complete");
            let answer = admin.post(&complete, &json!({"step": "consent"})).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            let answer = browser.get(&next).await;
            if mode == "form_post" {
                assert!(
                    answer.text.contains("access_denied") && answer.text.contains("s-1"),
                    "{answer:?}"
                );
            } else {
                assert_eq!(
                    (answer.status, target(&answer).0.as_str()),
                    (StatusCode::SEE_OTHER, CALLBACK)
                );
                for (name, value) in [("error", "access_denied"), ("state", "s-1"), ("iss", &app.url)] {
                    assert_eq!(parameter(&answer, name).as_deref(), Some(value), "{name}");
                }
            }
            let again = browser.get(&next).await;
            assert!(target(&again).0.ends_with("/interaction/error"), "{again:?}");
            let again = browser
                .post_nothing(&format!("/api/oidc/interactions/{id}/cancel"))
                .await;
            assert_eq!(again.status, StatusCode::NOT_FOUND);
        }
        let refused = admin
            .get(&format!("/api/oidc/clients/{}/refused-authorizations", client.id))
            .await;
        assert_eq!(
            refused.json(),
            json!([]),
            "nobody did anything wrong: {refused:?}"
        );
    }
);

both_engines!(looking_at_a_link_uses_nothing_up, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| body["skipConsent"] = json!(true)).await;
    let path = authorize_path(&client, &[]);
    for path in [path.as_str(), "/api/oidc/end-session"] {
        let head = admin.send(admin.request(Method::HEAD, path)).await;
        assert_eq!(
            (head.status, head.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"),
            "{path}"
        );
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        for path in [path.as_str(), "/login", "/settings/account"] {
            let answer = admin.send(admin.request(method.clone(), path)).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
    assert!(parameter(&admin.get(&path).await, "code").is_some());
});

both_engines!(
    a_state_that_could_not_be_given_back_is_refused,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let path = authorize_path(&client, &[]).replace("state=state-1", "state=%ff%fe");
        let answer = admin.get(&path).await;
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some("invalid_request"),
            "{answer:?}"
        );
    }
);
