//! Refused requests: what strangers see, what administrators see, and how a missing callback URL is registered.

use http::StatusCode;
use serde_json::{Value, json};

use crate::oidc::{register, text};
use crate::support::{Browser, TestApp, both_engines};

const EVIL: &str = "https://app.example/other";

async fn ask(browser: &mut Browser, client: &str, redirect_uri: &str) -> url::Url {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("state", "12345678")
        .finish();
    let answer = browser.get(&format!("/authorize?{query}")).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
    url::Url::parse(answer.header("location")).unwrap()
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

async fn refused(admin: &mut Browser, client: &str) -> Vec<Value> {
    let path = format!("/api/oidc/clients/{client}/refused-authorizations");
    admin.get(&path).await.json().as_array().unwrap().clone()
}

both_engines!(
    an_administrator_registers_what_was_missing,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["callbackURLs"] = json!(["https://app.example/cb"]);
        })
        .await;
        let mut stranger = app.browser();
        let page = ask(&mut stranger, &client.id, EVIL).await;
        assert_eq!(page.path(), "/interaction/error");
        assert!(
            !page.as_str().contains("app.example"),
            "nothing of what is registered: {page}"
        );
        ask(&mut stranger, &client.id, EVIL).await;
        let id = parameter(&page, "refusal").unwrap();
        let path = format!("/api/oidc/refused-authorizations/{id}");
        assert_eq!(stranger.get(&path).await.code(), "not_signed_in");

        let mismatch = admin.get(&path).await.json();
        assert_eq!(mismatch["redirectUri"], EVIL);
        assert_eq!(mismatch["callbackURLs"], json!(["https://app.example/cb"]));
        assert_eq!(mismatch["client"]["id"], json!(client.id));
        assert_eq!(mismatch["reason"], "redirect_uri_not_registered");
        assert_eq!(
            (&mismatch["count"], &mismatch["canBeAccepted"]),
            (&json!(2), &json!(true))
        );
        assert_eq!(refused(&mut admin, &client.id).await.len(), 1);

        let accept = format!("{path}/accept");
        assert_eq!(stranger.post_nothing(&accept).await.code(), "not_signed_in");
        assert_eq!(admin.post_nothing(&accept).await.status, StatusCode::NO_CONTENT);
        assert_eq!(admin.post_nothing(&accept).await.code(), "not_found", "once");
        let stored = admin
            .get(&format!("/api/oidc/clients/{}", client.id))
            .await
            .json();
        assert_eq!(stored["callbackURLs"], json!(["https://app.example/cb", EVIL]));
        let page = ask(&mut stranger, &client.id, EVIL).await;
        assert_eq!(page.path(), "/interaction", "now it is fine");
        let log = admin
            .get("/api/audit-logs/all?filters[event]=AUTHORIZATION_REFUSED")
            .await
            .json();
        assert_eq!(log["data"][0]["data"]["reason"], "redirect_uri_not_registered");
    }
);

both_engines!(
    what_would_stand_for_more_is_not_registered_by_a_click,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["callbackURLs"] = json!(["https://app.example/cb"]);
        })
        .await;
        for url in [
            "https://*.example/cb",
            // The same, hidden behind escapes.
            "https://%2A/cb",
            "https://%2a.example/cb",
            "https://app.example/other?next=%2A",
            "https://app.example/*",
            "https://app.example/other?next=*",
            "https://app.example/other?next=a?",
            "https://app.example/other?next=[a-z]",
            &format!("https://app.example/{}", "a".repeat(1000)),
            "javascript:alert(1)",
            "https://user:pw@app.example/cb",
            "https://app.example/cb#fragment",
            "nonsense",
        ] {
            let page = ask(&mut app.browser(), &client.id, url).await;
            let id = parameter(&page, "refusal").unwrap();
            let answer = admin
                .post_nothing(&format!("/api/oidc/refused-authorizations/{id}/accept"))
                .await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::BAD_REQUEST, "validation_failed"),
                "{url}"
            );
        }
        let stored = admin
            .get(&format!("/api/oidc/clients/{}", client.id))
            .await
            .json();
        assert_eq!(stored["callbackURLs"], json!(["https://app.example/cb"]));
    }
);

both_engines!(strangers_fill_nothing, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |body| {
        body["callbackURLs"] = json!(["https://app.example/cb"]);
    })
    .await;
    let mut stranger = app.browser();
    let mut told = 0;
    for number in 0..55 {
        // An address gets so many in a quarter of an hour.
        if number % 20 == 0 {
            app.pass_seconds(901);
        }
        app.pass_seconds(1);
        let page = ask(
            &mut stranger,
            &client.id,
            &format!("https://app.example/{number}"),
        )
        .await;
        told += usize::from(parameter(&page, "refusal").is_some());
    }
    assert_eq!(told, 55);
    let kept = refused(&mut admin, &client.id).await;
    assert_eq!(kept.len(), 50);
    assert_eq!(
        text(&kept[0]["redirectUri"]),
        "https://app.example/54",
        "the newest"
    );
    for number in 55..75 {
        let page = ask(
            &mut stranger,
            &client.id,
            &format!("https://app.example/{number}"),
        )
        .await;
        told += usize::from(parameter(&page, "refusal").is_some());
    }
    assert_eq!(told, 60, "no more for now");
    ask(&mut stranger, "nobody", "https://app.example/cb").await;
    let path = "/api/oidc/clients/nobody/refused-authorizations";
    assert_eq!(admin.get(path).await.code(), "not_found");
});
