//! `/api/oidc/end-session`

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
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

both_engines!(
    a_client_without_a_hint_gets_people_back_who_agree,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let asked = |pairs: &[(&str, &str)]| {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            format!("/api/oidc/end-session?{query}")
        };
        let bye = ("post_logout_redirect_uri", "https://app.example/bye");
        let full = asked(&[("client_id", &client.id), bye, ("state", "s 1")]);
        let agreed = "/api/oidc/end-session/confirmed?then=home";

        let answer = admin.get(&full).await;
        assert_eq!(answer.header("location"), format!("{}/logout", app.url));
        assert_eq!(admin.get("/api/users/me").await.status, StatusCode::OK);
        // Signing out elsewhere on the pages is nothing the client asked for.
        let answer = admin
            .post_nothing("/api/oidc/end-session/confirmed?then=login")
            .await;
        assert_eq!(answer.header("location"), format!("{}/login", app.url));

        let mut admin = app.browser();
        admin.get(&full).await;
        let answer = admin.post_nothing(agreed).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "https://app.example/bye?state=s+1")
        );
        // Once is enough.
        let answer = admin.post_nothing(agreed).await;
        assert_eq!(answer.header("location"), format!("{}/", app.url));

        // Another request takes the place of the one that was not answered.
        for later in [
            asked(&[]),
            asked(&[bye]),
            asked(&[
                ("client_id", &client.id),
                ("post_logout_redirect_uri", "https://evil.example/"),
            ]),
        ] {
            admin.get(&full).await;
            admin.get(&later).await;
            let answer = admin.post_nothing(agreed).await;
            assert_eq!(answer.header("location"), format!("{}/", app.url), "{later}");
        }
        // What a neighbouring site put into the cookie leads nowhere else.
        let planted = format!(
            "client_id={}&post_logout_redirect_uri=https://evil.example/",
            client.id
        );
        let planted = BASE64_URL_SAFE_NO_PAD.encode(planted);
        admin.cookies.insert("logout_request".to_owned(), planted);
        let answer = admin.post_nothing(agreed).await;
        assert_eq!(answer.header("location"), format!("{}/", app.url));
    }
);
