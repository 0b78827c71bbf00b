//! Mail servers that do not answer, or are not who they say.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, Database, SmtpSink, TestApp, both_engines};

/// A mail server to which one can connect, and which then says nothing; it ends with this.
struct SilentServer(TcpListener);

impl SilentServer {
    fn start() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    fn port(&self) -> String {
        self.0.local_addr().unwrap().port().to_string()
    }
}

async fn start(database: Database) -> (TestApp, Browser) {
    let app = TestApp::start_with(database, |config| {
        config.mail_patience = Duration::from_millis(200);
    })
    .await;
    let admin = app.set_up().await;
    (app, admin)
}

async fn listed(admin: &mut Browser) -> Vec<Value> {
    let answer = admin.get("/api/email-deliveries").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_waits_for_a_server_that_takes_the_connection_and_says_nothing() {
    for database in [Database::Sqlite, Database::Postgres] {
        let (app, mut admin) = start(database).await;
        let (silent, mut sink) = (SilentServer::start(), SmtpSink::start());
        sink.use_by(&mut admin, json!({"smtpPort": silent.port()})).await;
        let answer = admin.post_nothing("/api/users/me/send-email-verification").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        app.send_mail().await;
        let mail = &listed(&mut admin).await[0];
        assert_eq!(
            (&mail["state"], &mail["attempts"], &mail["nextAttemptAt"]),
            (&json!("pending"), &json!(1), &json!("2026-01-01T00:00:30Z"))
        );
        assert_eq!(mail["error"], "the mail server took too long");

        // Who tries it out reads the same, and how far it got.
        let answer = admin
            .post_nothing("/api/application-configuration/test-email")
            .await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{answer:?}");
        let dialogue = answer.json()["details"]["dialogue"].as_str().unwrap().to_owned();
        assert!(dialogue.ends_with("* no answer in time"), "{dialogue}");

        sink.use_by(&mut admin, json!({})).await;
        app.pass_seconds(30);
        app.send_mail().await;
        assert_eq!(sink.next()["to"], json!(["tim@example.com"]));
        assert_eq!(listed(&mut admin).await[0]["state"], "delivered");
    }
}

both_engines!(
    a_code_to_sign_in_with_does_not_wait_behind_the_rest,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let sink = SmtpSink::start();
        let on = json!({"emailOneTimeAccessAsUnauthenticatedEnabled": "true", "emailsVerified": "false"});
        sink.use_by(&mut admin, on).await;
        for number in 0..20 {
            let name = format!("user{number}");
            let input = json!({"username": name, "email": format!("{name}@example.com")});
            let id = admin.post("/api/users", &input).await.json()["id"].clone();
            let path = format!("/api/users/{}/one-time-access-token", id.as_str().unwrap());
            let code = admin.post(&path, &json!({})).await.json()["token"].clone();
            let mut browser = app.browser();
            browser
                .post_nothing(&format!("/api/one-time-access-token/{}", code.as_str().unwrap()))
                .await;
            let answer = browser
                .post_nothing("/api/users/me/send-email-verification")
                .await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        }
        let answer = app
            .browser()
            .post("/api/one-time-access-email", &json!({"email": "tim@example.com"}))
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
        // One look takes a few, and this one with the first.
        let more = pocket_id_server::jobs::mail_due(&app.app.state).await.unwrap();
        assert!(more, "others wait");
        let states = app.mail_states(&mut admin).await;
        let sent: Vec<_> = states
            .iter()
            .filter(|(_, state, _)| state == "delivered")
            .collect();
        assert!(sent.len() < 20, "{sent:?}");
        assert!(
            sent.iter().any(|(kind, _, _)| kind == "one-time-access"),
            "{states:?}"
        );
        app.send_mail().await;
        let states = app.mail_states(&mut admin).await;
        assert!(
            states.iter().all(|(_, state, _)| state == "delivered"),
            "{states:?}"
        );
    }
);
