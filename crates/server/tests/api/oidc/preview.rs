//! What administrators see of tokens before anybody gets them; the scopes `phone` and `address`.

use http::{Method, StatusCode};
use serde_json::json;

use super::*;
use crate::support::both_engines;

both_engines!(a_preview_is_what_tokens_then_say, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let me = admin.get("/api/users/me").await.json();
    let user = text(&me["id"]).to_owned();
    let path = format!("/api/oidc/clients/{}/preview/{user}", client.id);
    let answer = admin
        .get(&format!("{path}?scopes=openid%20email%20unheard_of"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let preview = answer.json();
    assert_eq!(preview["idToken"]["email"], "tim@example.com");
    assert_eq!(preview["idToken"]["aud"], json!([client.id]));
    assert_eq!(preview["userInfo"]["sub"], user);
    assert_eq!(preview["accessToken"]["scope"], "openid email");
    assert_eq!(
        (&preview["reasons"]["email"], &preview["reasons"]["iss"]),
        (&json!("user"), &json!("protocol"))
    );
    for of in ["idToken", "accessToken", "userInfo"] {
        let claims = preview[of].as_object().unwrap();
        let reasons = preview["reasonsOf"][of].as_object().unwrap();
        assert!(
            claims.keys().eq(reasons.keys()),
            "each claim of {of} has its reason: {reasons:?}"
        );
        for name in claims.keys() {
            assert!(preview["reasons"][name].is_string(), "{name} of {of}");
        }
    }
    let access = &preview["reasonsOf"]["accessToken"];
    for name in ["client_id", "scope", "aud", "iss", "exp"] {
        assert_eq!(access[name], "protocol", "{name}");
    }
    assert_eq!(access["sub"], "user");
    assert_eq!(preview["reasonsOf"]["userInfo"]["email"], "user");

    let code = code(&mut admin, &client, &[("scope", "openid email")]).await;
    let tokens = exchange(&app, &client, &code).await.json();
    let real = claims(text(&tokens["id_token"]));
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.retain(|name| name != "nonce" && name != "at_hash");
        names
    };
    assert_eq!(names(&preview["idToken"]), names(&real));
    assert_eq!(preview["idToken"]["amr"], real["amr"]);
    let key = json!({"name": "preview", "expiresAt": "2099-01-01T00:00:00Z"});
    let key = admin.post("/api/api-keys", &key).await.json();
    let mut program = app.browser();
    let request = program
        .request(Method::GET, &format!("{path}?scopes=openid"))
        .header("X-API-KEY", text(&key["token"]));
    let by_key = program.send(request).await;
    assert_eq!(by_key.status, StatusCode::OK, "{by_key:?}");
    assert_eq!(
        by_key.json()["idToken"]["amr"],
        json!(null),
        "a program did not sign in"
    );
    assert_eq!(
        names(&preview["accessToken"]),
        names(&claims(text(&tokens["access_token"])))
    );

    assert_eq!(
        admin.get(&path).await.failed_rules(),
        [("scopes".to_owned(), "required".to_owned())]
    );
    let missing = format!("/api/oidc/clients/unknown/preview/{user}?scopes=openid");
    assert_eq!(admin.get(&missing).await.status, StatusCode::NOT_FOUND);
    let nobody = format!("/api/oidc/clients/{}/preview/x?scopes=openid", client.id);
    assert_eq!(admin.get(&nobody).await.code(), "user_not_found");
    let mut stranger = app.browser();
    assert_eq!(
        stranger.get(&format!("{path}?scopes=openid")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let restricted = json!({"name": "App", "isGroupRestricted": true});
    admin
        .put(&format!("/api/oidc/clients/{}", client.id), &restricted)
        .await;
    let answer = admin.get(&format!("{path}?scopes=openid")).await;
    assert_eq!(answer.code(), "oidc_access_denied");
});

both_engines!(
    phone_and_address_are_told_to_who_asks,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let me = admin.get("/api/users/me").await.json();
        assert_eq!(me["contact"], json!(null), "empty and hidden to begin with");
        let path = format!("/api/users/{}", text(&me["id"]));
        let mut input = json!({"username": "tim", "email": "tim@example.com", "isAdmin": true, "contact": {
            "phoneNumber": "+49 30 123", "phoneNumberVerified": true,
            "address": {"streetAddress": "Allee 1", "locality": "Berlin", "postalCode": "10115", "country": "DE"}
        }});
        let answer = admin.put(&path, &input).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.json()["contact"]["phoneNumber"], "+49 30 123");

        let code = code(&mut admin, &client, &[("scope", "openid phone address")]).await;
        let tokens = exchange(&app, &client, &code).await.json();
        let told = userinfo(&app, text(&tokens["access_token"])).await.json();
        assert_eq!(
            (&told["phone_number"], &told["phone_number_verified"]),
            (&json!("+49 30 123"), &json!(true))
        );
        assert_eq!(
            told["address"],
            json!({
                "street_address": "Allee 1", "locality": "Berlin", "postal_code": "10115", "country": "DE",
                "formatted": "Allee 1\nBerlin\n10115\nDE"
            })
        );
        assert_eq!(told["email"], json!(null));

        input.as_object_mut().unwrap().remove("contact");
        let kept = admin.put(&path, &input).await.json();
        assert_eq!(
            kept["contact"]["phoneNumber"], "+49 30 123",
            "who does not know the field erases nothing"
        );
        let mut own = input.clone();
        own["contact"] = json!({"phoneNumber": "+1 555", "phoneNumberVerified": true});
        let changed = admin.put("/api/users/me", &own).await.json();
        assert_eq!(
            changed["contact"]["phoneNumberVerified"], false,
            "one cannot vouch for oneself"
        );
        own["contact"] = json!({"phoneNumber": "x".repeat(51), "address": {"country": "y".repeat(201)}});
        let refused = admin.put("/api/users/me", &own).await;
        let fields: Vec<String> = refused
            .failed_rules()
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(fields, ["phoneNumber", "country"]);
    }
);
