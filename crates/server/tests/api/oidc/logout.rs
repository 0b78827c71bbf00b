//! `/api/oidc/end-session`

use http::{Method, StatusCode};

use super::*;
use crate::support::both_engines;

both_engines!(
    a_client_signs_its_user_out_everywhere_it_gave_tokens,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        // Renewed tokens belong to the same sign-in.
        let renewed = refresh(&app, &client, text(&tokens["refresh_token"]))
            .await
            .json();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("id_token_hint", text(&renewed["id_token"])),
            ("post_logout_redirect_uri", "https://app.example/bye"),
            ("state", "s 1"),
        ]);
        let answer = admin
            .get(&format!("/api/oidc/end-session?{}", query.finish()))
            .await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::FOUND, "https://app.example/bye?state=s+1")
        );
        assert!(!admin.cookies.contains_key("access_token"));
        assert_eq!(admin.get("/api/users/me").await.code(), "not_signed_in");
        assert_eq!(
            userinfo(&app, text(&renewed["access_token"])).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            refresh(&app, &client, text(&renewed["refresh_token"]))
                .await
                .json()["error"],
            "invalid_grant"
        );
    }
);

both_engines!(
    without_a_good_hint_the_person_is_asked,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let hint = text(&tokens["id_token"]);
        for form in [
            vec![],
            vec![("id_token_hint", "nonsense")],
            vec![("id_token_hint", text(&tokens["access_token"]))],
            vec![("id_token_hint", hint), ("client_id", "other")],
            vec![
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", "https://evil.example/"),
            ],
        ] {
            let request = admin.request(Method::POST, "/api/oidc/end-session").form(&form);
            let answer = admin.send(request).await;
            assert_eq!(
                answer.header("location"),
                format!("{}/logout", app.url),
                "{form:?}"
            );
            assert_eq!(
                admin.get("/api/users/me").await.status,
                StatusCode::OK,
                "{form:?}"
            );
        }
        assert_eq!(
            userinfo(&app, text(&tokens["access_token"])).await.status,
            StatusCode::OK
        );
    }
);

both_engines!(
    who_names_no_address_stays_here_and_is_told,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        // One address is registered; nobody asked to go there.
        let client = register(&mut admin, |_| {}).await;
        let tokens = tokens(&app, &mut admin, &client).await;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("id_token_hint", text(&tokens["id_token"])), ("state", "s")])
            .finish();
        let answer = admin.get(&format!("/api/oidc/end-session?{query}")).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::FOUND, format!("{}/logout", app.url).as_str())
        );
        assert!(!admin.cookies.contains_key("access_token"));
        assert_eq!(admin.get("/api/users/me").await.code(), "not_signed_in");
    }
);
