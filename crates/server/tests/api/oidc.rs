//! The provider as a relying party meets it: `/authorize`, `/api/oidc/*`, `/.well-known/*`.

mod assertions;
mod assurance;
mod authorize;
mod device;
pub mod dpop;
mod exchange;
mod flow;
mod implicit;
mod introspection;
mod library;
mod logout;
mod max_age;
mod metadata_documents;
mod minimum_passkey;
pub mod par;
mod preview;
mod refused;
mod request_uri;
mod resource_faults;
mod resource_servers;
mod resources;
mod token;
mod userinfo;
mod well_known;

pub use assertions::with_secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Answer, Browser, TestApp};

/// RFC 7636, Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://app.example/cb";

/// A relying party registered at the server.
pub struct Client {
    pub id: String,
    pub secret: String,
}

/// Registers a confidential client with one secret; `change` adjusts what is submitted.
pub async fn register(admin: &mut Browser, change: impl FnOnce(&mut Value)) -> Client {
    let mut body = json!({
        "name": "App", "callbackURLs": [CALLBACK], "logoutCallbackURLs": ["https://app.example/bye"],
        "isPublic": false, "pkceEnabled": false
    });
    change(&mut body);
    let public = body["isPublic"] == true;
    let answer = admin.post("/api/oidc/clients", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let secret = if public {
        String::new()
    } else {
        let answer = admin
            .post_nothing(&format!("/api/oidc/clients/{id}/secrets"))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["secret"].as_str().unwrap().to_owned()
    };
    Client { id, secret }
}

/// An authorization request's address.
pub fn authorize_path(client: &Client, more: &[(&str, &str)]) -> String {
    let mut query: Vec<(String, String)> = [
        ("client_id", client.id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email groups"),
        ("state", "state-1"),
        ("nonce", "nonce-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (name, value) in more {
        query.retain(|(known, _)| known != name);
        if !value.is_empty() {
            query.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query);
    format!("/authorize?{}", text.finish())
}

/// The parameters of a redirect's target.
pub fn target(answer: &Answer) -> (String, Vec<(String, String)>) {
    let url = Url::parse(answer.header("location")).unwrap_or_else(|_| panic!("no redirect: {answer:?}"));
    let pairs = url.query_pairs().into_owned().collect();
    let mut bare = url;
    bare.set_query(None);
    (bare.into(), pairs)
}

pub fn parameter(answer: &Answer, name: &str) -> Option<String> {
    target(answer)
        .1
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Walks through the interaction an answer leads to and gives the client's answer.
pub async fn interact(browser: &mut Browser, answer: &Answer) -> Answer {
    let id = parameter(answer, "interaction").unwrap_or_else(|| panic!("no interaction: {answer:?}"));
    loop {
        let interaction = browser.get(&format!("/api/oidc/interactions/{id}")).await.json();
        let Some(step) = interaction["currentStep"].as_str() else {
            break;
        };
        let answer = browser
            .post(
                &format!("/api/oidc/interactions/{id}/complete"),
                &json!({"step": step}),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{step}: {answer:?}");
        if let Some(path) = answer.json()["redirectUrl"].as_str() {
            return browser.get(path).await;
        }
    }
    browser.get(&format!("/authorize?interaction={id}")).await
}

/// A code for the signed-in user of a browser.
pub async fn code(browser: &mut Browser, client: &Client, more: &[(&str, &str)]) -> String {
    let mut answer = browser.get(&authorize_path(client, more)).await;
    if answer.header("location").contains("/interaction?") {
        answer = interact(browser, &answer).await;
    }
    parameter(&answer, "code").unwrap_or_else(|| panic!("no code: {answer:?}"))
}

/// Exchanges a code with a client secret in the form.
pub async fn exchange(app: &TestApp, client: &Client, code: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", client.id.as_str()),
    ];
    if !client.secret.is_empty() {
        form.push(("client_secret", client.secret.as_str()));
    }
    app.browser().post_form("/api/oidc/token", &form).await
}

/// Renews tokens.
pub async fn refresh(app: &TestApp, client: &Client, token: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", &client.id),
    ];
    if !client.secret.is_empty() {
        form.push(("client_secret", &client.secret));
    }
    app.browser().post_form("/api/oidc/token", &form).await
}

/// Asks for the claims an access token gives.
pub async fn userinfo(app: &TestApp, token: &str) -> Answer {
    let mut browser = app.browser();
    let request = browser
        .request(http::Method::GET, "/api/oidc/userinfo")
        .bearer_auth(token);
    browser.send(request).await
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A whole sign-in: the token endpoint's answer.
pub async fn tokens(app: &TestApp, browser: &mut Browser, client: &Client) -> Value {
    let code = code(browser, client, &[]).await;
    let answer = exchange(app, client, &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not text: {value}"))
}
