//! How the protocol's endpoints fail, in the words of OAuth.

use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::failures::{extension, fits};

/// Each `error` and an explanation that comes with it.
const TEXTS: &[(&str, &str)] = &[
    ("access_denied", "The user may not use this client."),
    ("authorization_pending", "The user has not answered yet."),
    ("expired_token", "The device code has expired."),
    ("insufficient_scope", "The access token is not for this endpoint."),
    ("invalid_client", "The client authentication failed."),
    (
        "invalid_client_metadata",
        "The grant_types contain one that is not supported.",
    ),
    ("invalid_dpop_proof", "The DPoP proof is too old."),
    (
        "invalid_grant",
        "The authorization code is invalid, expired or used.",
    ),
    ("invalid_redirect_uri", "The redirect URI must use https."),
    ("invalid_request", "The grant_type parameter is missing."),
    (
        "invalid_request_object",
        "The request object is not signed as this client's have to be.",
    ),
    ("invalid_scope", "A scope is not available to this client."),
    ("invalid_target", "The resource is not available to this client."),
    (
        "invalid_token",
        "The access token is missing, unknown, expired or used up.",
    ),
    (
        "registration_not_supported",
        "The registration parameter is not supported.",
    ),
    (
        "request_unauthorized",
        "Introspection needs client credentials or another valid access token.",
    ),
    ("server_error", "Something went wrong."),
    ("slow_down", "The device asks too often."),
    (
        "temporarily_unavailable",
        "Too many registered clients wait for approval.",
    ),
    ("unauthorized_client", "This client may not use this grant type."),
    (
        "unmet_authentication_requirements",
        "The user cannot be authenticated as strongly as asked.",
    ),
    ("unsupported_grant_type", "The grant_type is not supported."),
    ("unsupported_response_type", "The response_type is not supported."),
    (
        "use_dpop_nonce",
        "The DPoP proof needs the nonce of the DPoP-Nonce header.",
    ),
];

/// Which `error` each endpoint gives: `(path, or its beginning before "*", status, errors)`.
const GIVEN: &[(&str, u16, &[&str])] = &[
    (
        "/api/oidc/token",
        400,
        &[
            "invalid_request",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "invalid_target",
            "invalid_dpop_proof",
            "use_dpop_nonce",
            "authorization_pending",
            "slow_down",
            "expired_token",
        ],
    ),
    ("/api/oidc/token", 401, &["invalid_client"]),
    ("/api/oidc/token", 403, &["access_denied"]),
    (
        "/api/oidc/par",
        400,
        &[
            "invalid_request",
            "invalid_request_object",
            "unauthorized_client",
            "unsupported_response_type",
            "invalid_scope",
            "invalid_target",
            "registration_not_supported",
            "unmet_authentication_requirements",
            "invalid_dpop_proof",
            "use_dpop_nonce",
        ],
    ),
    ("/api/oidc/par", 401, &["invalid_client"]),
    ("/api/oidc/par", 403, &["access_denied"]),
    ("/api/oidc/par", 413, &["invalid_request"]),
    (
        "/api/oidc/device/authorize",
        400,
        &[
            "invalid_request",
            "unauthorized_client",
            "invalid_scope",
            "invalid_target",
        ],
    ),
    ("/api/oidc/device/authorize", 401, &["invalid_client"]),
    ("/api/oidc/introspect", 400, &["invalid_request"]),
    (
        "/api/oidc/introspect",
        401,
        &["request_unauthorized", "invalid_client"],
    ),
    ("/api/oidc/revoke", 400, &["invalid_request", "invalid_grant"]),
    ("/api/oidc/revoke", 401, &["invalid_client"]),
    ("/api/oidc/userinfo", 400, &["invalid_request"]),
    (
        "/api/oidc/userinfo",
        401,
        &["invalid_token", "invalid_dpop_proof", "use_dpop_nonce"],
    ),
    ("/api/oidc/userinfo", 403, &["insufficient_scope"]),
    (
        "/api/oidc/register*",
        400,
        &[
            "invalid_request",
            "invalid_redirect_uri",
            "invalid_client_metadata",
        ],
    ),
    ("/api/oidc/register*", 401, &["invalid_token"]),
    ("/api/oidc/register", 403, &["access_denied"]),
    (
        "/api/oidc/register",
        429,
        &["temporarily_unavailable", "rate_limited"],
    ),
    ("/api/oidc/*", 500, &["server_error", "internal_error"]),
];

/// The schema of these failures.
const SCHEMA: &str = "OAuthFailure";

/// How the names of these examples begin.
pub(super) const NAMES: &str = "oauth_";

/// The name of an example, apart from those of the REST API.
fn key(code: &str) -> String {
    if TEXTS.iter().any(|(known, _)| *known == code) {
        format!("{NAMES}{code}")
    } else {
        code.to_owned()
    }
}

/// The examples, by name.
pub(super) fn examples() -> impl Iterator<Item = (String, RefOr<Example>)> {
    TEXTS.iter().map(|(code, text)| {
        let body = serde_json::json!({"error": code, "error_description": text});
        (key(code), ExampleBuilder::new().value(Some(body)).build().into())
    })
}

/// Whether an answer is one of these failures.
fn is_oauth(answer: &Response) -> bool {
    let named = |content: &Content| matches!(&content.schema, Some(RefOr::Ref(to)) if super::answers::name(to) == SCHEMA);
    let mut contents = answer.content.values();
    contents.any(|content| matches!(content, RefOr::T(content) if named(content)))
}

fn answer(description: &str, codes: &[&str]) -> Response {
    let examples = codes.iter().map(|code| {
        let to = Ref::new(format!("#/components/examples/{}", key(code)));
        ((*code).to_owned(), RefOr::<Example>::Ref(to))
    });
    // What fails before the endpoint is reached has the body of the REST API.
    let is_mixed = codes.iter().any(|code| !key(code).starts_with(NAMES));
    let own = Ref::from_schema_name(SCHEMA);
    let schema: RefOr<Schema> = if is_mixed {
        let both = AnyOfBuilder::new()
            .item(own)
            .item(Ref::from_schema_name("ErrorBody"));
        RefOr::T(Schema::AnyOf(both.build()))
    } else {
        RefOr::Ref(own)
    };
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples)
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .extensions(Some(extension(codes)))
        .build()
}

/// Gives each failure of a protocol endpoint its words.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    let fails = |known: &RefOr<Response>| matches!(known, RefOr::T(known) if is_oauth(known));
    if !answers.values().any(fails) {
        return;
    }
    for (pattern, status, codes) in GIVEN {
        if !fits(pattern, path) {
            continue;
        }
        let status = status.to_string();
        let said = match answers.get(&status) {
            Some(RefOr::T(known)) => known.description.clone(),
            None if matches!(&*status, "429" | "500") => "This cannot be answered now".to_owned(),
            _ => continue,
        };
        answers.insert(status, RefOr::T(answer(&said, codes)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::failures::CODES;
    use super::*;

    #[test]
    fn every_failure_names_its_words_and_every_word_is_used() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let mut met = std::collections::HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let answer = match answer["$ref"].as_str() {
                        Some(to) => document.pointer(&to[1..]).unwrap(),
                        None => answer,
                    };
                    let schema = &answer["content"]["application/json"]["schema"];
                    if schema.to_string().contains("/OAuthFailure") {
                        let codes = answer[CODES].as_array().cloned().unwrap_or_default();
                        assert!(!codes.is_empty(), "{method} {path} {status}");
                        met.extend(codes);
                    }
                }
            }
        }
        for (code, _) in TEXTS {
            assert!(met.contains(&serde_json::Value::from(*code)), "{code}");
        }
    }
}
