//! `/api/signup`

use http::StatusCode;
use pocket_id_server::config::UiConfigSource;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Answer, Browser, Database, TestApp, both_engines};

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

const CONFIGURATION: &str = "/api/application-configuration";

async fn configure(admin: &mut Browser, values: Value) {
    let answer = admin.patch(CONFIGURATION, &values).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

async fn invitation(admin: &mut Browser, input: Value) -> Value {
    let answer = admin.post("/api/signup-tokens", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()
}

async fn sign_up(browser: &mut Browser, name: &str, token: Option<&Value>) -> Answer {
    let mut form = json!({
        "username": name, "email": format!("{name}@example.com"), "firstName": " Ada ", "lastName": "Byron",
    });
    if let Some(token) = token {
        form["token"] = token.clone();
    }
    browser.post("/api/signup", &form).await
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (status, code),
        "{answer:?}"
    );
    assert_eq!(answer.header("set-cookie"), "");
}

both_engines!(
    signing_up_is_off_until_somebody_allows_it,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let token = invitation(&mut admin, json!({"usageLimit": 5})).await["token"].clone();
        for (token, mode, status, code) in [
            (None, "disabled", 403, "open_signup_disabled"),
            (Some(&token), "disabled", 403, "open_signup_disabled"),
            (None, "withToken", 403, "open_signup_disabled"),
            (Some(&json!("")), "withToken", 403, "open_signup_disabled"),
            (
                Some(&json!("unknown")),
                "withToken",
                401,
                "token_invalid_or_expired",
            ),
            (Some(&json!("unknown")), "open", 401, "token_invalid_or_expired"),
        ] {
            configure(&mut admin, json!({"allowUserSignups": mode})).await;
            assert_refused(&sign_up(&mut app.browser(), "ada", token).await, status, code);
        }
        assert_eq!(app.count("users").await, 1);
    }
);

both_engines!(
    openly_somebody_gets_an_account_and_no_more,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        configure(
            &mut admin,
            json!({"allowUserSignups": "open", "emailsVerified": "true"}),
        )
        .await;
        let mut ada = app.browser();
        let answer = sign_up(&mut ada, "ada", None).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let user = answer.json();
        assert_eq!(
            (&user["isAdmin"], &user["disabled"], &user["emailVerified"]),
            (&json!(false), &json!(false), &json!(true))
        );
        assert_eq!(ada.get("/api/users/me").await.json()["id"], user["id"]);
        assert_eq!(ada.get("/api/users").await.status, StatusCode::FORBIDDEN);

        // Nobody makes themselves an administrator.
        let mut eve = app.browser();
        let form = json!({"username": "eve", "email": "eve@example.com", "isAdmin": true, "userGroupIds": ["x"],
        "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "emailVerified": true});
        let answer = eve.post("/api/signup", &form).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.json()["isAdmin"], false);
        assert_ne!(answer.json()["id"], form["id"]);

        assert_refused(
            &sign_up(&mut app.browser(), "ADA", None).await,
            409,
            "already_in_use",
        );
        let answer = app
            .browser()
            .post("/api/signup", &json!({"username": "bob"}))
            .await;
        assert_eq!(
            answer.failed_rules(),
            [("email".to_owned(), "required".to_owned())]
        );

        let log = app.audit_log().await;
        let entry = log.iter().find(|entry| entry.event == "ACCOUNT_CREATED").unwrap();
        assert_eq!(
            (entry.username.as_str(), entry.data.0["method"].as_str()),
            ("ada", "open_signup")
        );
    }
);

both_engines!(mail_domains_can_be_limited, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let config =
        json!({"allowUserSignups": "open", "signupAllowedEmailDomains": "[\"Example.org\", \"@home.test\"]"});
    configure(&mut admin, config).await;
    for (email, allowed) in [
        (json!("a@example.org"), true),
        (json!("b@EXAMPLE.ORG"), true),
        (json!("c@home.test"), true),
        (json!("d@example.com"), false),
        (json!("e@evil-example.org"), false),
        (json!("f@sub.example.org"), false),
    ] {
        let name = email.as_str().unwrap()[..1].to_owned();
        let answer = app
            .browser()
            .post("/api/signup", &json!({"username": name, "email": email}))
            .await;
        if allowed {
            assert_eq!(answer.status, StatusCode::CREATED, "{email}: {answer:?}");
        } else {
            assert_eq!(
                answer.failed_rules(),
                [("email".to_owned(), "domain".to_owned())],
                "{email}"
            );
        }
    }
    configure(&mut admin, json!({"requireUserEmail": "false"})).await;
    let answer = app.browser().post("/api/signup", &json!({"username": "g"})).await;
    assert_eq!(answer.failed_rules(), [("email".to_owned(), "domain".to_owned())]);
});

both_engines!(
    invitations_are_made_listed_used_and_deleted,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let group = admin
            .post(
                "/api/user-groups",
                &json!({"name": "family", "friendlyName": "Family"}),
            )
            .await
            .json();
        let default = admin
            .post(
                "/api/user-groups",
                &json!({"name": "guests", "friendlyName": "Guests"}),
            )
            .await
            .json();
        let defaults = json!([default["id"]]).to_string();
        let config = json!({"allowUserSignups": "withToken", "signupDefaultUserGroupIDs": defaults});
        configure(&mut admin, config).await;

        let unknown = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
        let made = invitation(
            &mut admin,
            json!({"ttl": "24h", "usageLimit": 2, "userGroupIds": [group["id"], unknown, "nonsense"]}),
        )
        .await;
        assert_eq!(made["token"].as_str().unwrap().len(), 16);
        assert_eq!((&made["usageLimit"], &made["usageCount"]), (&json!(2), &json!(0)));
        assert_eq!(made["userGroups"].as_array().unwrap().len(), 1);
        let plain = invitation(&mut admin, json!({"usageLimit": 1})).await;

        let mut ada = app.browser();
        let answer = sign_up(&mut ada, "ada", Some(&made["token"])).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.json()["userGroups"][0]["name"], "family");
        let answer = sign_up(&mut app.browser(), "bob", Some(&plain["token"])).await;
        assert_eq!(answer.json()["userGroups"][0]["name"], "guests");
        assert_refused(
            &sign_up(&mut app.browser(), "eve", Some(&plain["token"])).await,
            401,
            "token_invalid_or_expired",
        );
        // A failed sign-up costs no use.
        assert_refused(
            &sign_up(&mut app.browser(), "ada", Some(&made["token"])).await,
            409,
            "already_in_use",
        );

        let list = admin
            .get("/api/signup-tokens?sort[column]=usageLimit&sort[direction]=desc")
            .await
            .json();
        let counts: Vec<_> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|token| (token["token"].clone(), token["usageCount"].clone()))
            .collect();
        assert_eq!(
            counts,
            [
                (made["token"].clone(), json!(1)),
                (plain["token"].clone(), json!(1))
            ]
        );
        assert_eq!(list["data"][0]["userGroups"][0]["name"], "family");

        let path = format!("/api/signup-tokens/{}", made["id"].as_str().unwrap());
        for path in [path.as_str(), path.as_str(), "/api/signup-tokens/nonsense"] {
            assert_eq!(admin.delete(path).await.status, StatusCode::NO_CONTENT);
        }
        assert_refused(
            &sign_up(&mut app.browser(), "eve", Some(&made["token"])).await,
            401,
            "token_invalid_or_expired",
        );
        let log = app.audit_log().await;
        for token in [&made, &plain] {
            let secret = token["token"].as_str().unwrap();
            assert!(!log.iter().any(|entry| format!("{entry:?}").contains(secret)));
        }
        let events = |name: &str| log.iter().filter(|entry| entry.event == name).count();
        assert_eq!(
            (
                events("SIGNUP_TOKEN_CREATED"),
                events("SIGNUP_TOKEN_DELETED"),
                events("ACCOUNT_CREATED")
            ),
            (2, 1, 2)
        );
    }
);

both_engines!(
    invitations_expire_and_their_values_are_checked,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        configure(&mut admin, json!({"allowUserSignups": "withToken"})).await;
        for (input, rule) in [
            (json!({}), ("usageLimit", "required")),
            (json!({"usageLimit": 0}), ("usageLimit", "required")),
            (json!({"usageLimit": -1}), ("usageLimit", "too_short")),
            (json!({"usageLimit": 101}), ("usageLimit", "too_long")),
            (json!({"usageLimit": 1, "ttl": "745h"}), ("ttl", "ttl")),
        ] {
            let answer = admin.post("/api/signup-tokens", &input).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{input}");
            assert_eq!(
                answer.failed_rules(),
                [(rule.0.to_owned(), rule.1.to_owned())],
                "{input}"
            );
        }
        let token = invitation(&mut admin, json!({"usageLimit": 1, "ttl": 120})).await["token"].clone();
        assert_eq!(
            admin.get("/api/signup-tokens").await.json()["data"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        app.pass_seconds(121);
        assert_refused(
            &sign_up(&mut app.browser(), "ada", Some(&token)).await,
            401,
            "token_invalid_or_expired",
        );
        assert_eq!(admin.get("/api/signup-tokens").await.json()["data"], json!([]));
        // Only administrators see and make them.
        configure(&mut admin, json!({"allowUserSignups": "open"})).await;
        let mut ada = app.browser();
        assert_eq!(sign_up(&mut ada, "ada", None).await.status, StatusCode::CREATED);
        assert_eq!(ada.get("/api/signup-tokens").await.status, StatusCode::FORBIDDEN);
        let answer = ada.post("/api/signup-tokens", &json!({"usageLimit": 1})).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
);

/// How many of those who tried at once have an account now; all others were refused, and so.
async fn let_in(tries: Vec<JoinHandle<Answer>>, status: u16, code: &str) -> usize {
    let mut let_in = 0;
    for attempt in tries {
        let answer = attempt.await.unwrap();
        if answer.status == StatusCode::CREATED {
            let_in += 1;
        } else {
            assert_refused(&answer, status, code);
        }
    }
    let_in
}

both_engines!(
    of_64_people_with_one_invitation_three_get_in,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        configure(&mut admin, json!({"allowUserSignups": "withToken"})).await;
        let token = invitation(&mut admin, json!({"usageLimit": 3})).await["token"].clone();
        let tries: Vec<_> = (0..64)
            .map(|number| {
                let mut browser = app.browser();
                let token = token.clone();
                tokio::spawn(
                    async move { sign_up(&mut browser, &format!("user{number}"), Some(&token)).await },
                )
            })
            .collect();
        let let_in = let_in(tries, 401, "token_invalid_or_expired").await;
        assert_eq!((let_in, app.count("users").await), (3, 4));
    }
);

both_engines!(
    of_16_spellings_of_one_address_one_gets_an_account,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        configure(&mut admin, json!({"allowUserSignups": "open"})).await;
        let tries: Vec<_> = (0..16u32)
            .map(|number| {
                let mut browser = app.browser();
                let name: String = ('a'..='d')
                    .enumerate()
                    .map(|(bit, letter)| match number >> bit & 1 {
                        1 => letter.to_ascii_uppercase(),
                        _ => letter,
                    })
                    .collect();
                let form = json!({
                    "username": format!("user{number}"), "email": format!("{name}@example.com")
                });
                tokio::spawn(async move { browser.post("/api/signup", &form).await })
            })
            .collect();
        let let_in = let_in(tries, 409, "already_in_use").await;
        assert_eq!((let_in, app.count("users").await), (1, 2));
    }
);

#[tokio::test]
async fn nobody_comes_before_the_first_administrator() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| {
            let open = [("ALLOW_USER_SIGNUPS".to_owned(), "open".to_owned())];
            config.ui_config = UiConfigSource::Environment(open.into());
        })
        .await;
        assert_refused(
            &sign_up(&mut app.browser(), "ada", None).await,
            403,
            "open_signup_disabled",
        );
        app.set_up().await;
        assert_eq!(
            sign_up(&mut app.browser(), "ada", None).await.status,
            StatusCode::CREATED
        );
    }
}
