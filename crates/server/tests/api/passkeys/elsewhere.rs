//! Sign-ins that wait in the browser's autofill, and installations reached under several names.

use http::StatusCode;
use pocket_id_server::config::AppUrl;
use serde_json::json;

use super::{BAD_CHALLENGE, NOT_VERIFIED, assert_refused, traces, with_passkey};
use crate::support::{Database, TestApp, both_engines};

const LOGIN: &str = "/api/webauthn/login/finish";
const WAITING: &str = "/api/webauthn/login/start?mediation=conditional";
const RELATED: &str = "/.well-known/webauthn";

both_engines!(
    a_sign_in_in_the_autofill_waits_five_minutes,
    |app: TestApp| async move {
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let mut browser = app.browser();
        let answer = browser.get(WAITING).await;
        assert!(
            answer.header("set-cookie").contains("; Max-Age=300;"),
            "{answer:?}"
        );
        let options = answer.json();
        assert_eq!(options["timeout"], 300_000);
        let response = passkey.assert(&options).unwrap();
        app.pass_seconds(299);
        assert_eq!(browser.post(LOGIN, &response).await.status, StatusCode::OK);

        let before = traces(&app).await;
        let options = browser.get(WAITING).await.json();
        let response = passkey.assert(&options).unwrap();
        app.pass_seconds(300);
        assert_refused(&browser.post(LOGIN, &response).await, NOT_VERIFIED, "too late");

        // What waited does not prove that somebody is there now.
        let options = admin.get(WAITING).await.json();
        let response = passkey.assert(&options).unwrap();
        app.pass_seconds(60);
        let answer = admin.post("/api/webauthn/reauthenticate", &response).await;
        assert_refused(&answer, BAD_CHALLENGE, "an old challenge as a proof");
        assert_eq!(traces(&app).await, before);

        // Anything else is the ordinary sign-in.
        for query in [
            "?mediation=required",
            "?mediation=",
            "?mediation=conditional&mediation=x",
            "?x=%ff",
        ] {
            let answer = browser.get(&format!("/api/webauthn/login/start{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}");
            assert_eq!(answer.json()["timeout"], 60_000, "{query}");
        }
    }
);

#[tokio::test]
async fn related_origins_are_told_and_taken_and_no_others() {
    for database in [Database::Sqlite, Database::Postgres] {
        let app = TestApp::start_with(database, |config| {
            config.webauthn_related_origins = ["https://id.example.net", "https://id.example.org:8443"]
                .map(|url| AppUrl::parse(url).unwrap())
                .into();
        })
        .await;
        let (mut admin, mut passkey) = with_passkey(&app).await;
        let answer = app.browser().get(RELATED).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").starts_with("application/json"));
        assert_eq!(
            answer.json(),
            json!({"origins": ["https://id.example.net", "https://id.example.org:8443"]})
        );
        for (origin, accepted) in [
            ("https://id.example.net", true),
            ("https://ID.example.net:443", true),
            ("https://id.example.org:8443", true),
            ("https://id.example.org", false),
            ("http://id.example.net", false),
            ("https://www.id.example.net", false),
            ("https://id.example.net.evil.example", false),
        ] {
            passkey.behaviour.origin = Some(origin.to_owned());
            let answer = app.browser().sign_in(&mut passkey).await;
            if accepted {
                assert_eq!(answer.status, StatusCode::OK, "{origin}: {answer:?}");
            } else {
                assert_refused(&answer, NOT_VERIFIED, origin);
            }
        }
        // A passkey of the other name itself is none of ours: the RP ID stays that of APP_URL.
        passkey.behaviour.origin = Some("https://id.example.net".to_owned());
        passkey.behaviour.rp_id = Some("id.example.net".to_owned());
        assert_refused(&app.browser().sign_in(&mut passkey).await, NOT_VERIFIED, "RP ID");
        let mut new = app.passkey(5);
        new.behaviour.origin = Some("https://id.example.net".to_owned());
        assert_eq!(admin.add_passkey(&mut new).await.status, StatusCode::OK);

        // Pages there may change things, other sites may not.
        for (origin, status) in [
            ("https://id.example.net", StatusCode::NO_CONTENT),
            ("https://evil.example", StatusCode::FORBIDDEN),
        ] {
            let request = admin
                .request(http::Method::DELETE, "/api/sessions")
                .header("origin", origin);
            assert_eq!(admin.send(request).await.status, status, "{origin}");
        }
    }
}

both_engines!(
    without_related_origins_there_is_no_document,
    |app: TestApp| async move {
        let answer = app.browser().get(RELATED).await;
        assert_refused(&answer, (StatusCode::NOT_FOUND, "not_found"), "none configured");
    }
);
