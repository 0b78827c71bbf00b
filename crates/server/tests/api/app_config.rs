//! `/api/application-configuration` for administrators.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use pocket_id_server::config::UiConfigSource;
use pocket_id_store::app_config;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Browser, TestApp, both_engines};

const PATH: &str = "/api/application-configuration";
const HIDDEN: &str = "XXXXXXXXXX";

/// The configuration as the UI and API clients post it: everything, by name.
async fn whole(admin: &mut Browser) -> Map<String, Value> {
    values(&admin.get(&format!("{PATH}/all")).await)
}

fn values(answer: &Answer) -> Map<String, Value> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let entries = answer.json();
    let pair = |entry: &Value| (entry["key"].as_str().unwrap().to_owned(), entry["value"].clone());
    entries.as_array().unwrap().iter().map(pair).collect()
}

async fn put(admin: &mut Browser, values: &Map<String, Value>) -> Answer {
    admin.put(PATH, &Value::Object(values.clone())).await
}

async fn send_if(admin: &mut Browser, method: Method, tag: &str, body: &Value) -> Answer {
    let request = admin.request(method, PATH).header("If-Match", tag).json(body);
    admin.send(request).await
}

fn faults(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(answer.code(), "validation_failed");
    answer.failed_rules().into_iter().collect()
}

async fn stored(app: &TestApp, key: &str) -> Option<String> {
    let all = app_config::all(app.app.state.store.reader()).await.unwrap();
    all.into_iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

both_engines!(only_administrators_see_and_change_it, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut stranger = app.browser();
    let body = json!({"appName": "Mine"});
    assert_eq!(
        stranger.get(&format!("{PATH}/all")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(stranger.put(PATH, &body).await.status, StatusCode::UNAUTHORIZED);
    let answer = send_if(&mut stranger, Method::PATCH, "*", &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let entries = admin.get(&format!("{PATH}/all")).await.json();
    assert_eq!(
        entries[0],
        json!({"key": "appName", "type": "", "value": "Pocket ID", "isPublic": true})
    );
    let names: Vec<&str> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        &names[..4],
        ["appName", "sessionDuration", "homePageUrl", "emailsVerified"]
    );
    assert!(!names.contains(&"uiConfigDisabled"));
});

both_engines!(
    what_is_read_can_be_written_back_and_changes_are_in_force_at_once,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut values = whole(&mut admin).await;
        values.insert("appName".into(), json!("Home"));
        values.insert("allowOwnAccountEdit".into(), json!("false"));
        values.insert("ldapUserSearchFilter".into(), json!("(uid=*)"));
        values.insert("unknownKey".into(), json!("ignored"));
        let answer = put(&mut admin, &values).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()[0]["value"], "Home");
        let public = admin.get(PATH).await.json();
        assert_eq!(public[0]["value"], "Home");
        // Empty means default, except where something is required.
        values.insert("ldapUserSearchFilter".into(), json!(""));
        values.remove("accentColor");
        app.pass_seconds(1);
        let answer = put(&mut admin, &values).await;
        let now = crate::app_config::values(&answer);
        assert_eq!(now["ldapUserSearchFilter"], "(objectClass=person)");
        assert_eq!(now["accentColor"], "default");
        let entry = app.audit_log().await.pop().unwrap();
        assert_eq!(entry.event, "CONFIGURATION_CHANGED");
        assert_eq!(entry.data.0["settings"], "ldapUserSearchFilter");
    }
);

both_engines!(every_broken_rule_is_named, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let good = whole(&mut admin).await;
    for (key, value, code) in [
        ("appName", Some("x".repeat(31)), "too_long"),
        ("appName", Some(String::new()), "required"),
        ("sessionDuration", Some("soon".into()), "invalid_format"),
        ("homePageUrl", None, "required"),
        ("emailsVerified", Some("1".into()), "invalid_format"),
        ("allowUserSignups", Some("maybe".into()), "oneof"),
        ("signupDefaultUserGroupIDs", Some("{}".into()), "invalid_format"),
        ("signupDefaultCustomClaims", Some("[{}]".into()), "invalid_format"),
        ("accentColor", Some("x".repeat(201)), "too_long"),
        (
            "signupDefaultCustomClaims",
            Some(r#"[{"key":"","value":"x"}]"#.into()),
            "required",
        ),
        (
            "signupDefaultCustomClaims",
            Some(r#"[{"key":"room","value":""}]"#.into()),
            "required",
        ),
        (
            "signupDefaultCustomClaims",
            Some(r#"[{"key":"sub","value":"x"}]"#.into()),
            "reserved",
        ),
        (
            "signupDefaultCustomClaims",
            Some(r#"[{"key":"room","value":"1"},{"key":"room","value":"2"}]"#.into()),
            "duplicate",
        ),
        ("smtpFrom", Some("nobody".into()), "invalid_format"),
        ("smtpTls", None, "required"),
        ("webauthnUserVerification", Some("discouraged".into()), "oneof"),
        ("webauthnAuthenticatorAttachment", Some("roaming".into()), "oneof"),
        (
            "cimdUrlAllowlist",
            Some(r#"["javascript:1"]"#.into()),
            "invalid_format",
        ),
    ] {
        let mut bad = good.clone();
        match &value {
            Some(value) => bad.insert(key.into(), json!(value)),
            None => bad.remove(key),
        };
        let answer = put(&mut admin, &bad).await;
        let expected = BTreeMap::from([(key.to_owned(), code.to_owned())]);
        assert_eq!(faults(&answer), expected, "{key} = {value:?}");
    }
    assert!(
        faults(&admin.put(PATH, &json!({})).await).len() > 10,
        "all at once"
    );
    for body in [json!({"appName": 1}), json!([]), json!("x")] {
        let answer = admin.put(PATH, &body).await;
        assert_eq!(answer.json()["code"], "invalid_request_body", "{body}");
    }
    assert_eq!(whole(&mut admin).await, good, "nothing of it was kept");
});

both_engines!(secrets_go_in_and_never_come_out, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let mut values = whole(&mut admin).await;
    assert_eq!(values["smtpPassword"], "");
    values.insert("smtpPassword".into(), json!("hunter2 "));
    values.insert("smtpTls".into(), json!("tls"));
    let answer = put(&mut admin, &values).await;
    assert!(!answer.text.contains("hunter2"), "{answer:?}");
    assert_eq!(crate::app_config::values(&answer)["smtpPassword"], HIDDEN);
    let at_rest = stored(&app, "smtpPassword").await.unwrap();
    assert!(
        at_rest.starts_with("sealed:") && !at_rest.contains("hunter2"),
        "{at_rest}"
    );
    let in_force = async || {
        app.app
            .state
            .settings()
            .await
            .unwrap()
            .text("smtpPassword")
            .to_owned()
    };
    assert_eq!(in_force().await, "hunter2 ", "byte for byte");
    for entry in app.audit_log().await {
        assert!(!format!("{entry:?}").contains("hunter2"));
    }

    // A client that posts back what it read keeps it; only an empty value clears it.
    let again = whole(&mut admin).await;
    assert_eq!(again["smtpPassword"], HIDDEN);
    put(&mut admin, &again).await;
    assert_eq!(in_force().await, "hunter2 ");
    assert_eq!(
        stored(&app, "smtpPassword").await.unwrap(),
        at_rest,
        "not even sealed anew"
    );
    // Whoever may say where it goes does not learn it that way.
    let mut elsewhere = again.clone();
    elsewhere.insert("smtpHost".into(), json!("mail.evil.example"));
    for (kept, method) in [(true, Method::PUT), (true, Method::PATCH), (false, Method::PATCH)] {
        let mut change = elsewhere.clone();
        if !kept {
            change.remove("smtpPassword");
        }
        let refused = send_if(&mut admin, method, "*", &json!(change)).await;
        assert_eq!(
            refused.failed_rules(),
            [("smtpPassword".to_owned(), "required".to_owned())],
            "{refused:?}"
        );
    }
    for change in [
        json!({"smtpPort": "2525"}),
        json!({"smtpTls": "none"}),
        json!({"smtpSkipCertVerify": "true"}),
    ] {
        let refused = send_if(&mut admin, Method::PATCH, "*", &change).await;
        assert_eq!(
            refused.failed_rules(),
            [("smtpPassword".to_owned(), "required".to_owned())],
            "{change}: {refused:?}"
        );
    }
    assert_eq!(whole(&mut admin).await, again);
    elsewhere.insert("smtpPassword".into(), json!("hunter2 "));
    put(&mut admin, &elsewhere).await;
    assert_eq!(whole(&mut admin).await["smtpHost"], "mail.evil.example");
    // Taking the server away and naming another one later is no way around it.
    for (host, expected) in [("", StatusCode::OK), ("mail.example", StatusCode::BAD_REQUEST)] {
        let change = json!({"smtpHost": host});
        let answer = send_if(&mut admin, Method::PATCH, "*", &change).await;
        assert_eq!(answer.status, expected, "{host}: {answer:?}");
    }

    values.insert("smtpPassword".into(), json!(""));
    put(&mut admin, &values).await;
    assert_eq!(
        (in_force().await, stored(&app, "smtpPassword").await),
        (String::new(), None)
    );

    // What an older version left in clear is used as it is.
    let tx = app.app.state.store.begin().await.unwrap();
    let old = [("ldapBindPassword".to_owned(), Some("in clear".to_owned()))];
    app_config::set(&tx, &old, app.clock.now()).await.unwrap();
    pocket_id_store::commit(tx).await.unwrap();
    app.app.state.settings.invalidate().await;
    let settings = app.app.state.settings().await.unwrap();
    assert_eq!(settings.text("ldapBindPassword"), "in clear");
});

both_engines!(
    settings_older_clients_do_not_know_stay,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let policy = json!({"mode": "token", "requiresApproval": true});
        admin.put("/api/oidc/registration-policy", &policy).await;
        let mut values = whole(&mut admin).await;
        assert_eq!(values["dynamicClientRegistration"], "token");
        values.retain(|key, _| !key.starts_with("dynamic"));
        let answer = put(&mut admin, &values).await;
        assert_eq!(
            crate::app_config::values(&answer)["dynamicClientRegistration"],
            "token"
        );
    }
);

both_engines!(
    two_administrators_do_not_overwrite_each_other,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let tag = admin.get(&format!("{PATH}/all")).await.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let first = send_if(&mut admin, Method::PATCH, &tag, &json!({"appName": "First"})).await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        assert_eq!(values(&first)["appName"], "First");
        assert_ne!(first.header("etag"), tag);
        let late = json!({"accentColor": "teal"});
        let second = send_if(&mut admin, Method::PATCH, &tag, &late).await;
        assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(second.json()["code"], "precondition_failed");
        let whole_late = Value::Object(whole(&mut admin).await);
        let put_late = send_if(&mut admin, Method::PUT, &tag, &whole_late).await;
        assert_eq!(put_late.status, StatusCode::PRECONDITION_FAILED);
        for seen in [
            first.header("etag"),
            "*",
            &format!("\"other\", {}", first.header("etag")),
        ] {
            let answer = send_if(&mut admin, Method::PATCH, seen, &json!({})).await;
            assert_eq!(answer.status, StatusCode::OK, "{seen}");
        }
        // Of many at once who saw the same, one wins.
        let tag = first.header("etag").to_owned();
        let attempts = (0..8).map(|n| {
            let mut admin = admin.clone();
            let tag = tag.clone();
            async move {
                let body = json!({"accentColor": format!("color-{n}")});
                send_if(&mut admin, Method::PATCH, &tag, &body).await.status
            }
        });
        let statuses = attempts.collect::<tokio::task::JoinSet<_>>().join_all().await;
        let won = statuses
            .iter()
            .filter(|status| **status == StatusCode::OK)
            .count();
        assert_eq!(won, 1, "{statuses:?}");
    }
);

both_engines!(a_change_of_some_leaves_the_rest, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let change = async |admin: &mut Browser, body: Value| send_if(admin, Method::PATCH, "*", &body).await;
    change(
        &mut admin,
        json!({"appName": "Home", "smtpHost": "mail.example", "smtpPassword": "hunter2"}),
    )
    .await;
    let answer = change(&mut admin, json!({"appName": null, "smtpPassword": HIDDEN})).await;
    let now = values(&answer);
    assert_eq!(now["appName"], "Pocket ID", "null is the default");
    assert_eq!(
        (&now["smtpHost"], &now["smtpPassword"]),
        (&json!("mail.example"), &json!(HIDDEN))
    );
    let answer = change(&mut admin, json!({"appName": "", "smtpFrom": "x"})).await;
    assert_eq!(faults(&answer).len(), 2);
    let entries = app.audit_log().await.len();
    change(&mut admin, json!({"smtpHost": "mail.example"})).await;
    assert_eq!(
        app.audit_log().await.len(),
        entries,
        "nothing changed, nothing to tell"
    );
});

both_engines!(
    the_environment_can_decide,
    |config| {
        let variables = [("APP_NAME", "Fixed"), ("SMTP_PASSWORD", "hunter2")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        config.ui_config = UiConfigSource::Environment(variables.into());
    },
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let mut all = whole(&mut admin).await;
        assert_eq!(
            (&all["appName"], &all["smtpPassword"]),
            (&json!("Fixed"), &json!(HIDDEN))
        );
        all.insert("appName".into(), json!("Other"));
        let answer = put(&mut admin, &all).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["code"], "ui_config_disabled");
        all.insert("appName".into(), json!(""));
        assert_eq!(faults(&put(&mut admin, &all).await).len(), 1, "rules come first");
        let public = admin.get(PATH).await.json();
        let fixed = public
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["key"] == "uiConfigDisabled");
        assert_eq!(fixed.unwrap()["value"], "true");
    }
);
