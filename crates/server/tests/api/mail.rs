//! The mail engine, with a real mail server: `/api/application-configuration/test-email`, `/api/email-deliveries`, the
//! queue, and the mails nobody asks for.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, SmtpSink, TestApp, both_engines};

const TEST_MAIL: &str = "/api/application-configuration/test-email";
const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                      Safari/537.36";

async fn settings(admin: &mut Browser, settings: Value) {
    let answer = admin.patch("/api/application-configuration", &settings).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

/// A user with an address, and a browser signed in as them.
async fn person(app: &TestApp, admin: &mut Browser, input: Value) -> (String, Browser) {
    let answer = admin.post("/api/users", &input).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/users/{id}/one-time-access-token");
    let code = admin.post(&path, &json!({})).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut browser = app.browser();
    let path = format!("/api/one-time-access-token/{code}");
    assert_eq!(browser.post_nothing(&path).await.status, StatusCode::OK);
    (id, browser)
}

/// The first administrator with a passkey, signed in for a year.
async fn lasting_admin(app: &TestApp) -> Browser {
    let mut admin = app.set_up().await;
    settings(&mut admin, json!({"sessionDuration": "525600"})).await;
    let mut passkey = app.passkey(1);
    admin.add_passkey(&mut passkey).await;
    assert_eq!(admin.sign_in(&mut passkey).await.status, StatusCode::OK);
    admin
}

/// A message to somebody that waits in the queue: a link that proves an address.
async fn ask_for_mail(browser: &mut Browser) {
    let answer = browser
        .post_nothing("/api/users/me/send-email-verification")
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
}

both_engines!(
    the_test_mail_arrives_over_every_kind_of_connection,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut sink = SmtpSink::start();
        settings(&mut admin, json!({"appName": "Zuhause & Büro"})).await;
        for (way, more, encrypted, user) in [
            ("plain", json!({}), false, Value::Null),
            (
                "starttls",
                json!({"smtpTls": "starttls", "smtpSkipCertVerify": "true"}),
                true,
                Value::Null,
            ),
            (
                "tls",
                json!({"smtpTls": "tls", "smtpSkipCertVerify": "true"}),
                true,
                Value::Null,
            ),
            (
                "auth",
                json!({"smtpUser": "sink", "smtpPassword": "pass word"}),
                false,
                json!("sink"),
            ),
            (
                "auth_login",
                json!({"smtpUser": "sink", "smtpPassword": "pass word"}),
                false,
                json!("sink"),
            ),
        ] {
            let mut more = more;
            more["smtpPort"] = json!(sink.port(way));
            sink.use_by(&mut admin, more).await;
            let answer = admin.post_nothing(TEST_MAIL).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{way}: {answer:?}");
            let mail = sink.next();
            assert_eq!(
                (&mail["from"], &mail["to"], &mail["encrypted"], &mail["user"]),
                (
                    &json!("id@example.com"),
                    &json!(["tim@example.com"]),
                    &json!(encrypted),
                    &user
                ),
                "{way}"
            );
            let header = |name: &str| mail["headers"][name].as_str().unwrap().to_owned();
            assert_eq!(header("from"), "Zuhause & Büro <id@example.com>");
            assert_eq!(header("to"), "Tim <tim@example.com>");
            assert_eq!(header("subject"), "Test email");
            assert_eq!(header("date"), "Thu, 01 Jan 2026 00:00:00 +0000");
            assert_eq!(header("auto-submitted"), "auto-generated");
            assert!(header("message-id").ends_with("@example.com>"));
            assert_eq!(
                mail["types"],
                json!(["multipart/alternative", "text/plain", "text/html"])
            );
            for kind in ["text/plain", "text/html"] {
                let part = &mail["parts"][kind];
                assert_eq!(part["charset"], "utf-8");
                assert_eq!(part["encoding"], "quoted-printable");
            }
            let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
            assert!(text.starts_with("Zuhause & Büro\n\nTEST EMAIL\n\n"), "{text}");
            let html = mail["parts"]["text/html"]["text"].as_str().unwrap();
            assert!(html.contains("Zuhause &amp; Büro"));
            let logo = format!("{}/api/application-images/email", app.url).replace('/', "&#x2f;");
            assert!(html.contains(&logo), "{html}");
        }
    }
);

both_engines!(
    a_test_mail_that_fails_shows_what_was_said,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let sink = SmtpSink::start();
        let answer = admin.post_nothing(TEST_MAIL).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_GATEWAY, "smtp_failed")
        );
        assert!(
            answer.text.contains("no mail server is set up"),
            "{}",
            answer.text
        );

        let wrong = json!({"smtpUser": "sink", "smtpPassword": "not it", "smtpPort": sink.port("auth")});
        let nobody = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port().to_string()
        };
        for (more, in_error, in_dialogue) in [
            (
                json!({"smtpTls": "starttls", "smtpPort": sink.port("starttls")}),
                "certificate",
                "> STARTTLS",
            ),
            (
                json!({"smtpTls": "starttls"}),
                "does not offer STARTTLS",
                "* the server is sink.example",
            ),
            (
                json!({"smtpTls": "tls", "smtpPort": sink.port("tls")}),
                "certificate",
                "* connecting to 127.0.0.1",
            ),
            (wrong, "535", "> EHLO localhost"),
            (
                json!({"smtpPort": nobody}),
                "refused",
                "* connecting to 127.0.0.1",
            ),
            (json!({"smtpPort": "mail"}), "SMTP Port", ""),
            (
                json!({"smtpUser": "sink", "smtpPassword": ""}),
                "no SMTP password",
                "",
            ),
        ] {
            let mut all = json!({"smtpUser": "", "smtpPassword": "", "smtpSkipCertVerify": "false"});
            for (key, value) in more.as_object().unwrap() {
                all[key] = value.clone();
            }
            sink.use_by(&mut admin, all).await;
            let answer = admin.post_nothing(TEST_MAIL).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::BAD_GATEWAY, "smtp_failed"),
                "{more}"
            );
            let body = answer.json();
            let error = body["error"].as_str().unwrap().to_lowercase();
            assert!(error.contains(&in_error.to_lowercase()), "{more}: {error}");
            let dialogue = body["details"]["dialogue"].as_str().unwrap();
            assert!(dialogue.contains(in_dialogue), "{more}: {dialogue}");
            assert!(!answer.text.contains("not it"), "no password in it");
        }

        let mut admin_without = json!({"username": "grace", "isAdmin": true});
        settings(&mut admin, json!({"requireUserEmail": "false"})).await;
        admin_without["email"] = Value::Null;
        let (_, mut grace) = person(&app, &mut admin, admin_without).await;
        let answer = grace.post_nothing(TEST_MAIL).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::CONFLICT, "user_email_not_set")
        );
        let (_, mut ada) = person(
            &app,
            &mut admin,
            json!({"username": "ada", "email": "ada@example.com"}),
        )
        .await;
        for path in ["/api/email-deliveries", TEST_MAIL] {
            let answer = match path {
                TEST_MAIL => ada.post_nothing(path).await,
                _ => ada.get(path).await,
            };
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(
            app.browser().post_nothing(TEST_MAIL).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
);

both_engines!(mail_waits_for_a_server_that_is_away, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({"smtpPort": "1"})).await;
    ask_for_mail(&mut admin).await;
    app.send_mail().await;
    let pending = |attempts| vec![("email-verification".to_owned(), "pending".to_owned(), attempts)];
    assert_eq!(app.mail_states(&mut admin).await, pending(1));
    let listed = admin.get("/api/email-deliveries?filters[state]=pending").await;
    let mail = &listed.json()["data"][0];
    assert!(
        mail["error"].as_str().unwrap().to_lowercase().contains("refused"),
        "{mail}"
    );
    assert_eq!(mail["recipient"], "tim@example.com");
    assert_eq!(mail["nextAttemptAt"], "2026-01-01T00:00:30Z");

    sink.use_by(&mut admin, json!({})).await;
    app.send_mail().await;
    assert_eq!(app.mail_states(&mut admin).await, pending(1), "not yet");
    app.pass_seconds(30);
    app.send_mail().await;
    let mail = sink.next();
    assert_eq!(mail["headers"]["subject"], "Verify your Pocket ID email address");
    assert_eq!(
        mail["headers"]["date"], "Thu, 01 Jan 2026 00:00:00 +0000",
        "when it was written"
    );
    assert_eq!(
        app.mail_states(&mut admin).await,
        [("email-verification".to_owned(), "delivered".to_owned(), 2)]
    );
    let listed = admin.get("/api/email-deliveries?filters[state]=delivered").await;
    let mail = &listed.json()["data"][0];
    assert_eq!(
        (&mail["error"], &mail["nextAttemptAt"], &mail["sentAt"]),
        (&Value::Null, &Value::Null, &json!("2026-01-01T00:00:30Z"))
    );
    let kept = app.count("mails WHERE sealed_content IS NOT NULL").await;
    assert_eq!(kept, 0, "what it said is forgotten");
});

both_engines!(
    mail_that_is_refused_or_too_late_is_given_up,
    |app: TestApp| async move {
        let mut admin = lasting_admin(&app).await;
        let sink = SmtpSink::start();
        sink.use_by(&mut admin, json!({})).await;
        let mut browsers = Vec::new();
        for name in ["gone", "later"] {
            let input = json!({"username": name, "email": format!("{name}@example.com")});
            browsers.push(person(&app, &mut admin, input).await.1);
        }
        for browser in &mut browsers {
            ask_for_mail(browser).await;
        }
        app.send_mail().await;
        let state_of = async |admin: &mut Browser, name: &str| {
            let listed = admin.get("/api/email-deliveries").await.json();
            let mail = listed["data"]
                .as_array()
                .unwrap()
                .iter()
                .find(|mail| mail["recipient"].as_str().unwrap().starts_with(name))
                .unwrap()
                .clone();
            (mail["state"].clone(), mail["error"].as_str().unwrap().to_owned())
        };
        let (state, error) = state_of(&mut admin, "gone").await;
        assert_eq!(state, "failed");
        assert!(error.contains("550"), "{error}");
        let (state, error) = state_of(&mut admin, "later").await;
        assert_eq!(state, "pending");
        assert!(error.contains("451"), "{error}");
        // A link that works no more is of no use to anybody.
        app.pass_seconds(24 * 60 * 60);
        app.send_mail().await;
        let (state, error) = state_of(&mut admin, "later").await;
        assert_eq!(
            (state, error.as_str()),
            (json!("failed"), "it would come too late")
        );
        assert_eq!(app.count("mails WHERE sealed_content IS NOT NULL").await, 0);
    }
);

both_engines!(of_many_who_send_a_mail_one_does, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({})).await;
    ask_for_mail(&mut admin).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let state = app.app.state.clone();
        tasks.spawn(async move { pocket_id_server::jobs::mail_due(&state).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(sink.next()["to"], json!(["tim@example.com"]));
    assert_eq!(admin.post_nothing(TEST_MAIL).await.status, StatusCode::NO_CONTENT);
    let next = sink.next();
    assert_eq!(
        next["headers"]["subject"], "Test email",
        "no second copy came before"
    );
});

both_engines!(mail_is_in_its_readers_language, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({"appName": "Zuhause"})).await;
    let input = json!({
        "username": "grete", "email": "grete@example.com", "firstName": "Grete", "lastName": "Hermann",
        "locale": "de"
    });
    let (_, mut grete) = person(&app, &mut admin, input).await;
    ask_for_mail(&mut grete).await;
    app.send_mail().await;
    let mail = sink.next();
    assert_eq!(
        mail["headers"]["subject"],
        "Bestätige deine E-Mail-Adresse für Zuhause"
    );
    // Whose address it is is not known yet: nothing in it was chosen by who entered it.
    assert_eq!(mail["headers"]["to"], "grete@example.com");
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
    assert!(text.contains("Hallo,") && !text.contains("Hermann"), "{text}");
    assert!(text.contains("läuft in 1 Tag ab"), "{text}");
});

both_engines!(a_sign_in_from_elsewhere_is_announced, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut sink = SmtpSink::start();
    sink.use_by(&mut admin, json!({})).await;
    let mut passkey = app.passkey(1);
    admin.add_passkey(&mut passkey).await;
    let sign_in = async |passkey: &mut _, agent: &str| {
        let mut browser = app.browser();
        let assertion = browser.assertion(passkey).await;
        let request = browser
            .request(http::Method::POST, "/api/webauthn/login/finish")
            .header("user-agent", agent)
            .json(&assertion);
        let answer = browser.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    };
    sign_in(&mut passkey, CHROME).await;
    app.send_mail().await;
    assert_eq!(app.mail_states(&mut admin).await, [], "switched off");

    settings(&mut admin, json!({"emailLoginNotificationEnabled": "true"})).await;
    sign_in(&mut passkey, CHROME).await;
    app.send_mail().await;
    assert_eq!(
        app.mail_states(&mut admin).await,
        [],
        "a browser that was here before"
    );

    sign_in(
        &mut passkey,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) <b>Safari</b>",
    )
    .await;
    app.send_mail().await;
    let mail = sink.next();
    assert_eq!(mail["headers"]["subject"], "New device login with Pocket ID");
    let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
    for part in [
        "[Warning] NEW SIGN-IN DETECTED",
        "Approximate Location: LAN, Internal Network\n",
        "IP Address: 127.0.0.1\n",
        "Sign-In Time: January 1, 2026 at 12:00 AM UTC\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !mail["parts"]["text/html"]["text"]
            .as_str()
            .unwrap()
            .contains("<b>")
    );
    assert_eq!(app.mail_states(&mut admin).await.len(), 1);
});

both_engines!(
    the_end_of_an_api_key_is_announced_once,
    |app: TestApp| async move {
        let mut admin = lasting_admin(&app).await;
        let mut sink = SmtpSink::start();
        sink.use_by(&mut admin, json!({})).await;
        for (name, end) in [
            ("soon", "2026-01-07T12:00:00Z"),
            ("far away", "2026-01-09T00:00:00Z"),
        ] {
            let answer = admin
                .post("/api/api-keys", &json!({"name": name, "expiresAt": end}))
                .await;
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        }
        let announce = async || {
            let state = &app.app.state;
            pocket_id_server::api_keys::announce_ends(state).await.unwrap();
        };
        announce().await;
        assert_eq!(app.mail_states(&mut admin).await, [], "switched off");
        settings(&mut admin, json!({"emailApiKeyExpirationEnabled": "true"})).await;
        announce().await;
        announce().await;
        app.send_mail().await;
        let mail = sink.next();
        assert_eq!(mail["headers"]["subject"], "API Key \"soon\" Expiring Soon");
        let text = mail["parts"]["text/plain"]["text"].as_str().unwrap();
        assert!(
            text.contains("Hello Tim,") && text.contains("January 7, 2026 at 12:00 PM UTC"),
            "{text}"
        );
        assert_eq!(app.mail_states(&mut admin).await.len(), 1);
        let keys = admin
            .get("/api/api-keys?sort[column]=name&sort[direction]=desc")
            .await
            .json();
        let sent: Vec<_> = keys["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["expirationEmailSent"].as_bool().unwrap())
            .collect();
        assert_eq!(sent, [true, false]);
        app.pass_seconds(2 * 24 * 60 * 60);
        announce().await;
        assert_eq!(app.mail_states(&mut admin).await.len(), 2, "now the other");
    }
);
