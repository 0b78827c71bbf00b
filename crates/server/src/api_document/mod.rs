//! The API document (OpenAPI 3.1): what the routes say of themselves, completed by what holds for all of them, and a
//! page for people made from it.
//!
//! Each handler documents its own answers. What the shell around them adds (limits, timeouts, refusals of other sites),
//! who may call a route, and names that tell operations apart are added here, in one place.

mod answers;
mod examples;
mod failure_examples;
mod failures;
mod lists;
mod oauth_failures;
mod page;
mod schemas;
mod sharing;

use std::sync::LazyLock;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use http::header;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr};

use crate::state::AppState;

/// Where programs read the document.
const DOCUMENT: &str = "/api/openapi.json";
/// Where people do.
const PAGE: &str = "/api/docs";

/// Routes an API key must not be used at, although signed-in people may.
const BROWSER_ONLY: [(HttpMethod, &str); 19] = [
    (HttpMethod::Post, "/api/api-keys"),
    (HttpMethod::Post, "/api/api-keys/{id}/renew"),
    (HttpMethod::Post, "/api/device-login/verification"),
    (HttpMethod::Post, "/api/device-login/verification/decision"),
    (HttpMethod::Post, "/api/oidc/device/deny"),
    (HttpMethod::Get, "/api/oidc/device/info"),
    (HttpMethod::Post, "/api/oidc/device/verify"),
    (HttpMethod::Post, "/api/oidc/interactions/{id}/complete"),
    (HttpMethod::Get, "/api/sessions"),
    (HttpMethod::Delete, "/api/sessions"),
    (HttpMethod::Delete, "/api/sessions/{id}"),
    (HttpMethod::Delete, "/api/sessions/{id}/clients/{clientSessionId}"),
    (HttpMethod::Post, "/api/users/me/one-time-access-token"),
    (HttpMethod::Get, "/api/users/me/recovery-codes"),
    (HttpMethod::Post, "/api/users/me/recovery-codes"),
    (HttpMethod::Delete, "/api/users/me/recovery-codes"),
    (HttpMethod::Post, "/api/webauthn/reauthenticate"),
    (HttpMethod::Post, "/api/webauthn/register/finish"),
    (HttpMethod::Get, "/api/webauthn/register/start"),
];

/// Routes that answer 401 for another reason than a missing session.
const PUBLIC: [&str; 5] = [
    "/api/device-login/requests/{id}/exchange",
    "/api/one-time-access-token/{token}",
    "/api/recovery-codes/exchange",
    "/api/signup",
    "/api/webauthn/login/finish",
];

/// Endpoints at which OAuth clients authenticate.
const CLIENTS: [&str; 5] = [
    "/api/oidc/token",
    "/api/oidc/par",
    "/api/oidc/introspect",
    "/api/oidc/revoke",
    "/api/oidc/device/authorize",
];

/// Endpoints that take an access token or a registration token.
const BEARERS: [&str; 3] = [
    "/api/oidc/userinfo",
    "/api/oidc/register",
    "/api/oidc/register/{id}",
];

/// Completes what the routes say of themselves.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    add_schemes(components);
    add_responses(components);
    schemas::complete(components);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(&method, path));
            operation.security = security(&method, path, operation);
            if method == HttpMethod::Get {
                lists::complete(path, operation);
            }
            oauth_failures::complete(path, operation);
            failures::complete(&route(&method, path, operation), operation);
            add_shared_answers(&method, path, operation);
            answers::complete(operation, components);
            examples::complete(path, operation);
        }
    }
    sharing::complete(&mut document.paths, components);
    document
}

/// The document, and the page people read. Made when somebody first asks for one of them: few ever do, and the start of
/// the program is not to wait for it.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let document = crate::router::openapi();
    Texts {
        json: serde_json::to_string(&document).unwrap_or_default(),
        page: page::render(&document, DOCUMENT),
    }
});

struct Texts {
    json: String,
    page: String,
}

/// The two addresses at which the document is read.
pub fn routes() -> Router<AppState> {
    let json = || async { ([(header::CONTENT_TYPE, "application/json")], TEXTS.json.as_str()) };
    Router::new()
        .route(DOCUMENT, get(json))
        .route(PAGE, get(|| async { Html(TEXTS.page.as_str()) }))
}

/// The operations of a path, in the order people expect.
fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
    .collect()
}

fn word(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        HttpMethod::Delete => "delete",
        _ => "get",
    }
}

/// A name nothing else has: method and path, as one word.
fn operation_id(method: &HttpMethod, path: &str) -> String {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .fold(word(method).to_owned(), |mut name, part| {
            let (first, rest) = part.split_at(1);
            name.push_str(&first.to_ascii_uppercase());
            name.push_str(rest);
            name
        })
}

fn add_schemes(components: &mut Components) {
    let cookie = ApiKeyValue::with_description("__Host-access_token", "The session of a signed-in browser.");
    let key = ApiKeyValue::with_description("X-API-Key", "An API key, which acts as its owner.");
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme("apiKey", SecurityScheme::ApiKey(ApiKey::Header(key)));
    let bearer = bearer.description(Some("An access token, or a registration token (RFC 7591)."));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let basic = basic.description(Some(
        "A client's ID and secret, each form-encoded (RFC 6749 section 2.3.1).",
    ));
    components.add_security_scheme("client", SecurityScheme::Http(basic.build()));
}

/// Answers every route can give.
const SHARED: [(u16, &str, &str); 3] = [
    (429, "TooManyRequests", "rate_limited"),
    (500, "InternalError", "internal_error"),
    (504, "TimedOut", "request_timeout"),
];
/// What changing requests can meet besides.
const OF_OTHER_SITES: (u16, &str, &str) = (403, "Refused", "forbidden");

fn add_responses(components: &mut Components) {
    for (status, name, code) in SHARED.into_iter().chain([OF_OTHER_SITES]) {
        let answer = failures::answer(status, &[code], "");
        components.responses.insert(name.to_owned(), answer.into());
    }
    components.examples.extend(failure_examples::all());
    components.examples.extend(oauth_failures::examples());
}

/// Who a route is for.
fn route<'r>(method: &'r HttpMethod, path: &'r str, operation: &Operation) -> failures::Route<'r> {
    let schemes = operation.security.as_deref().unwrap_or_default();
    let takes = |name: &str| {
        let scheme = SecurityRequirement::new(name, Vec::<String>::new());
        schemes.contains(&scheme)
    };
    failures::Route {
        method,
        path,
        signed_in: takes("session"),
        keys: takes("apiKey"),
    }
}

fn add_shared_answers(method: &HttpMethod, path: &str, operation: &mut Operation) {
    let limited = path.starts_with("/api/") || path.starts_with("/.well-known/") || path == "/authorize";
    if !limited {
        return;
    }
    let changes = !matches!(method, HttpMethod::Get);
    for (status, name, _) in SHARED.into_iter().chain(changes.then_some(OF_OTHER_SITES)) {
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(name)));
    }
}

fn security(method: &HttpMethod, path: &str, operation: &Operation) -> Option<Vec<SecurityRequirement>> {
    let one = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    if CLIENTS.contains(&path) {
        // Other methods put what proves the client into the body.
        return Some(vec![one("client"), SecurityRequirement::default()]);
    }
    if BEARERS.contains(&path) {
        return Some(vec![one("bearer")]);
    }
    if PUBLIC.contains(&path) || !operation.responses.responses.contains_key("401") {
        return None;
    }
    let browser_only = BROWSER_ONLY.iter().any(|(of, at)| of == method && *at == path);
    Some(if browser_only {
        vec![one("session")]
    } else {
        vec![one("session"), one("apiKey")]
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn document() -> serde_json::Value {
        serde_json::to_value(crate::router::openapi()).unwrap()
    }

    fn each(document: &serde_json::Value) -> Vec<(String, String, serde_json::Value)> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                all.push((method.clone(), path.clone(), operation.clone()));
            }
        }
        all
    }

    #[test]
    fn names_tell_operations_apart() {
        assert_eq!(
            operation_id(&HttpMethod::Get, "/api/oidc/clients/{id}/preview/{userId}"),
            "getOidcClientsIdPreviewUserId"
        );
        let mut seen = HashSet::new();
        for (method, path, operation) in each(&document()) {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(seen.insert(id), "{method} {path}");
        }
    }

    #[test]
    fn every_operation_says_what_it_is_for() {
        for (method, path, operation) in each(&document()) {
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{method} {path}"
            );
            assert!(operation["tags"][0].is_string(), "{method} {path}");
        }
    }

    #[test]
    fn lists_of_routes_name_routes_there_are() {
        let all: HashSet<(String, String)> = each(&document())
            .into_iter()
            .map(|(method, path, _)| (method, path))
            .collect();
        for (method, path) in BROWSER_ONLY {
            assert!(
                all.contains(&(word(&method).to_owned(), path.to_owned())),
                "{path}"
            );
        }
        for path in PUBLIC.iter().chain(&CLIENTS).chain(&BEARERS) {
            assert!(all.iter().any(|(_, at)| at == path), "{path}");
        }
    }
}
