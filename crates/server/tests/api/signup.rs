//! `/api/signup`

use http::StatusCode;
use serde_json::json;

use crate::support::both_engines;

both_engines!(
    the_first_person_becomes_administrator_and_is_signed_in,
    |app: crate::support::TestApp| async move {
        let mut browser = app.browser();
        assert_eq!(
            browser.get("/api/signup/setup").await.status,
            StatusCode::NO_CONTENT
        );

        let answer = browser
        .post("/api/signup/setup", &json!({"username": "tim", "email": "tim@example.com", "firstName": "Tim", "lastName": "Cook"}))
        .await;
        assert_eq!(answer.status, StatusCode::OK);
        let user = answer.json();
        assert_eq!(user["isAdmin"], true);
        assert_eq!(user["emailVerified"], false);
        assert_eq!(user["displayName"], "Tim Cook");
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("access_token="), "{cookie}");
        assert!(
            cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"),
            "{cookie}"
        );
        assert_eq!(browser.get("/api/users/me").await.json()["id"], user["id"]);

        let mut late = app.browser();
        let answer = late.get("/api/signup/setup").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "setup_not_available")
        );
        let answer = late
            .post(
                "/api/signup/setup",
                &json!({"username": "eve", "email": "eve@example.com"}),
            )
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::CONFLICT, "setup_already_completed")
        );
        assert!(late.cookies.is_empty());
    }
);

both_engines!(
    of_many_set_ups_at_once_one_wins,
    |app: crate::support::TestApp| async move {
        let attempts = (0..20).map(|number| {
            let mut browser = app.browser();
            tokio::spawn(async move {
                let body =
                    json!({"username": format!("admin{number}"), "email": format!("a{number}@example.com")});
                browser.post("/api/signup/setup", &body).await.status
            })
        });
        let mut won = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                StatusCode::OK => won += 1,
                status => assert_eq!(status, StatusCode::CONFLICT),
            }
        }
        assert_eq!(won, 1);
    }
);

both_engines!(
    each_broken_rule_is_named,
    |app: crate::support::TestApp| async move {
        let mut browser = app.browser();
        for (body, rules) in [
            (json!({}), vec![("username", "required"), ("email", "required")]),
            (
                json!({"username": "-x", "email": "x@example.com"}),
                vec![("username", "invalid_format")],
            ),
            (
                json!({"username": "x".repeat(51), "email": "x@example.com"}),
                vec![("username", "too_long")],
            ),
            (
                json!({"username": "x", "email": ""}),
                vec![("email", "invalid_format")],
            ),
            (
                json!({"username": "x", "email": "x@example.com", "lastName": "y".repeat(51)}),
                vec![("lastName", "too_long")],
            ),
        ] {
            let answer = browser.post("/api/signup/setup", &body).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::BAD_REQUEST, "validation_failed"),
                "{body}"
            );
            let expected: Vec<(String, String)> = rules
                .iter()
                .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
                .collect();
            assert_eq!(answer.failed_rules(), expected, "{body}");
        }
        assert_eq!(
            browser.get("/api/signup/setup").await.status,
            StatusCode::NO_CONTENT
        );
    }
);
