//! `/api/recovery-codes`, and one's own.

use http::StatusCode;
use serde_json::json;

use crate::support::{Answer, Browser, TestApp, both_engines};

const OWN: &str = "/api/users/me/recovery-codes";

async fn allow(admin: &mut Browser, allowed: &str) {
    let config = json!({"allowRecoveryCodes": allowed});
    let answer = admin.patch("/api/application-configuration", &config).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

async fn make(browser: &mut Browser) -> Vec<String> {
    let answer = browser.post_nothing(OWN).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    serde_json::from_value(answer.json()["codes"].clone()).unwrap()
}

async fn sign_in(browser: &mut Browser, code: &str) -> Answer {
    browser
        .post("/api/recovery-codes/exchange", &json!({"code": code}))
        .await
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

both_engines!(recovery_codes_are_off_until_allowed, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    assert_refused(&admin.post_nothing(OWN).await, 403, "recovery_codes_disabled");
    let code = "abcd-efgh-jkmn-pqrs";
    assert_refused(
        &sign_in(&mut app.browser(), code).await,
        403,
        "recovery_codes_disabled",
    );
    allow(&mut admin, "true").await;
    let codes = make(&mut admin).await;
    // Who takes the permission back takes it back from the codes that exist.
    allow(&mut admin, "false").await;
    assert_refused(
        &sign_in(&mut app.browser(), &codes[0]).await,
        403,
        "recovery_codes_disabled",
    );
    allow(&mut admin, "true").await;
    assert_eq!(
        sign_in(&mut app.browser(), &codes[0]).await.status,
        StatusCode::OK
    );
});

both_engines!(
    each_code_signs_in_once_and_leads_to_a_new_passkey,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        allow(&mut admin, "true").await;
        assert_eq!(
            admin.get(OWN).await.json(),
            json!({"remaining": 0, "createdAt": null})
        );
        let codes = make(&mut admin).await;
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
        assert_eq!(admin.get(OWN).await.json()["remaining"], 10);

        let mut lost = app.browser();
        let answer = sign_in(&mut lost, &codes[3].to_uppercase().replace('-', " ")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["username"], "tim");
        let mut passkey = app.passkey(5);
        assert_eq!(lost.add_passkey(&mut passkey).await.status, StatusCode::OK);
        assert_refused(
            &sign_in(&mut app.browser(), &codes[3]).await,
            401,
            "token_invalid_or_expired",
        );
        assert_eq!(admin.get(OWN).await.json()["remaining"], 9);

        // A new set takes the place of the old one.
        let again = make(&mut admin).await;
        assert_refused(
            &sign_in(&mut app.browser(), &codes[4]).await,
            401,
            "token_invalid_or_expired",
        );
        assert_eq!(
            sign_in(&mut app.browser(), &again[0]).await.status,
            StatusCode::OK
        );
        assert_eq!(admin.delete(OWN).await.status, StatusCode::NO_CONTENT);
        assert_refused(
            &sign_in(&mut app.browser(), &again[1]).await,
            401,
            "token_invalid_or_expired",
        );

        let log = app.audit_log().await;
        let count = |event: &str| log.iter().filter(|entry| entry.event == event).count();
        assert_eq!(
            (
                count("RECOVERY_CODES_CREATED"),
                count("RECOVERY_CODE_SIGN_IN"),
                count("RECOVERY_CODES_DELETED"),
                count("SIGN_IN_FAILED")
            ),
            (2, 2, 1, 3)
        );
        for code in codes.iter().chain(&again) {
            assert!(
                !log.iter()
                    .any(|entry| format!("{entry:?}").contains(code.as_str()))
            );
        }
    }
);

both_engines!(of_64_uses_of_a_code_one_signs_in, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    allow(&mut admin, "true").await;
    let code = make(&mut admin).await.remove(0);
    let tries: Vec<_> = (0..64)
        .map(|_| {
            let mut browser = app.browser();
            let code = code.clone();
            tokio::spawn(async move { sign_in(&mut browser, &code).await.status })
        })
        .collect();
    let mut won = 0;
    for attempt in tries {
        won += u32::from(attempt.await.unwrap() == StatusCode::OK);
    }
    assert_eq!((won, app.count("recovery_codes").await), (1, 9));
});

both_engines!(of_two_sets_made_at_once_one_stays, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    allow(&mut admin, "true").await;
    let made: Vec<_> = (0..8)
        .map(|_| {
            let mut admin = admin.clone();
            tokio::spawn(async move { make(&mut admin).await })
        })
        .collect();
    let mut sets = Vec::new();
    for set in made {
        sets.push(set.await.unwrap());
    }
    assert_eq!(app.count("recovery_codes").await, 10);
    let mut good = 0;
    for set in &sets {
        good += u32::from(sign_in(&mut app.browser(), &set[0]).await.status == StatusCode::OK);
    }
    assert_eq!(good, 1);
});

both_engines!(wrong_codes_are_counted, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    allow(&mut admin, "true").await;
    let code = make(&mut admin).await.remove(0);
    for number in 0..10 {
        let wrong = if number % 2 == 0 {
            "nonsense"
        } else {
            "abcd-efgh-jkmn-pqrs"
        };
        assert_refused(
            &sign_in(&mut app.browser(), wrong).await,
            401,
            "token_invalid_or_expired",
        );
    }
    assert_refused(&sign_in(&mut app.browser(), &code).await, 429, "rate_limited");
    app.pass_seconds(15 * 60 + 1);
    assert_eq!(sign_in(&mut app.browser(), &code).await.status, StatusCode::OK);
});

both_engines!(
    a_stale_session_neither_makes_nor_deletes_any_and_admins_throw_them_away,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        allow(&mut admin, "true").await;
        let codes = make(&mut admin).await;
        let mut passkey = app.passkey(5);
        assert_eq!(admin.add_passkey(&mut passkey).await.status, StatusCode::OK);
        let me = admin.get("/api/users/me").await.json();
        app.pass_seconds(10 * 60 + 1);
        assert_refused(&admin.post_nothing(OWN).await, 401, "reauthentication_required");
        assert_refused(&admin.delete(OWN).await, 401, "reauthentication_required");
        assert_eq!(admin.get(OWN).await.json()["remaining"], 10);
        let path = format!("/api/users/{}/recovery-codes", me["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_refused(
            &sign_in(&mut app.browser(), &codes[0]).await,
            401,
            "token_invalid_or_expired",
        );
        let unknown = "/api/users/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/recovery-codes";
        assert_refused(&admin.delete(unknown).await, 404, "user_not_found");
    }
);

both_engines!(a_locked_out_user_keeps_the_code, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    allow(&mut admin, "true").await;
    let input = json!({"username": "grace", "email": "grace@example.com"});
    let grace = admin.post("/api/users", &input).await.json();
    let path = format!("/api/users/{}", grace["id"].as_str().unwrap());
    let token = admin
        .post(&format!("{path}/one-time-access-token"), &json!({}))
        .await
        .json();
    let mut hers = app.browser();
    let exchange = format!("/api/one-time-access-token/{}", token["token"].as_str().unwrap());
    assert_eq!(hers.post_nothing(&exchange).await.status, StatusCode::OK);
    let code = make(&mut hers).await.remove(0);
    let mut locked = input.clone();
    locked["disabled"] = json!(true);
    assert_eq!(admin.put(&path, &locked).await.status, StatusCode::OK);
    assert_refused(&sign_in(&mut app.browser(), &code).await, 403, "user_disabled");
    assert_eq!(admin.put(&path, &input).await.status, StatusCode::OK);
    assert_eq!(sign_in(&mut app.browser(), &code).await.status, StatusCode::OK);
});

both_engines!(
    administrators_see_how_many_codes_somebody_has_and_no_more,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let me = admin.get("/api/users/me").await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/users/{me}/recovery-codes");
        let seen = admin.get(&path).await;
        assert_eq!(
            (seen.status.as_u16(), seen.json()),
            (200, json!({"remaining": 0, "createdAt": null}))
        );
        assert_eq!(
            admin.post(&path, &json!({})).await.status,
            404,
            "there is no such route"
        );
        assert_eq!(app.browser().get(&path).await.status, 401);
        let nobody = "/api/users/6f6b6a5e-6b5e-4b0e-9d5b-0a4d6c1f9a11/recovery-codes";
        assert_eq!(admin.get(nobody).await.code(), "user_not_found");
    }
);
