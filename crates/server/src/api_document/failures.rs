//! Which codes each route can fail with, by status. The tests compare what every request of theirs meets with this.

use utoipa::openapi::extensions::{Extensions, ExtensionsBuilder};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::response::Response;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::failure_examples;
use crate::http::error_codes;

/// The extension of answers that lists codes.
pub(super) const CODES: &str = "x-codes";

/// Codes of single routes: `(method or "*", path or its beginning before "*", status, codes)`.
const OWN: &[(&str, &str, u16, &[&str])] = &[
    ("*", "/api/api-keys*", 400, &["invalid_api_key_expiration"]),
    ("*", "/api/api-keys/*", 404, &["api_key_not_found"]),
    ("post", "/api/api-keys*", 401, &["reauthentication_required"]),
    ("post", "/api/api-keys", 409, &["already_in_use"]),
    ("post", "/api/api-keys/{id}/renew", 409, &["api_key_not_expired"]),
    ("*", "/api/apis*", 409, &["already_in_use"]),
    (
        "put",
        "/api/apis/{id}/serving-clients/{clientId}",
        400,
        &["validation_failed"],
    ),
    (
        "*",
        "/api/application-configuration",
        403,
        &["ui_config_disabled"],
    ),
    (
        "*",
        "/api/application-configuration/test-email",
        409,
        &["smtp_not_configured", "user_email_not_set"],
    ),
    (
        "*",
        "/api/application-configuration/test-email",
        502,
        &["smtp_failed"],
    ),
    (
        "*",
        "/api/application-configuration/{name}",
        404,
        &["image_not_found"],
    ),
    ("*", "/api/application-images/*", 404, &["image_not_found"]),
    (
        "put",
        "/api/application-configuration/{name}",
        400,
        &["invalid_image", "invalid_request_body", "validation_failed"],
    ),
    (
        "put",
        "/api/application-images/*",
        400,
        &["invalid_image", "invalid_request_body", "validation_failed"],
    ),
    ("*", "/api/audit-logs*", 400, &["validation_failed"]),
    (
        "*",
        "/api/custom-claims/*",
        400,
        &["reserved_claim", "duplicate_claim"],
    ),
    ("*", "/api/custom-claims/user-group/{id}", 404, &["not_found"]),
    ("*", "/api/custom-claims/user/{id}", 404, &["user_not_found"]),
    (
        "*",
        "/api/device-login/requests/{id}/exchange",
        401,
        &["device_login_expired"],
    ),
    (
        "*",
        "/api/device-login/requests/{id}/exchange",
        403,
        &["device_login_denied", "user_disabled"],
    ),
    (
        "*",
        "/api/device-login/verification*",
        401,
        &["device_login_expired", "reauthentication_required"],
    ),
    ("*", "/api/oidc/clients", 400, &["invalid_image"]),
    ("put", "/api/oidc/clients/{id}", 400, &["invalid_image"]),
    ("post", "/api/oidc/clients", 409, &["client_id_already_exists"]),
    (
        "*",
        "/api/oidc/clients*",
        422,
        &[
            "logo_download_failed",
            "logo_type_not_supported",
            "logo_too_large",
        ],
    ),
    (
        "get",
        "/api/oidc/clients/{id}/logo",
        404,
        &["not_found", "image_not_found"],
    ),
    (
        "delete",
        "/api/oidc/clients/{id}/logo",
        404,
        &["not_found", "image_not_found"],
    ),
    (
        "post",
        "/api/oidc/clients/{id}/logo",
        400,
        &["invalid_image", "invalid_request_body", "validation_failed"],
    ),
    (
        "*",
        "/api/oidc/clients/{id}/preview/{userId}",
        404,
        &["not_found", "user_not_found"],
    ),
    (
        "*",
        "/api/oidc/clients/{id}/preview/{userId}",
        403,
        &["oidc_access_denied"],
    ),
    (
        "*",
        "/api/oidc/clients/{id}/preview/{userId}",
        400,
        &["validation_failed"],
    ),
    ("*", "/api/oidc/clients/{id}/refresh", 400, &["validation_failed"]),
    ("*", "/api/oidc/clients/{id}/secret", 400, &["validation_failed"]),
    (
        "*",
        "/api/oidc/device/*",
        400,
        &[
            "validation_failed",
            "oidc_invalid_device_code",
            "oidc_device_code_expired",
        ],
    ),
    ("*", "/api/oidc/device/*", 401, &["reauthentication_required"]),
    (
        "*",
        "/api/oidc/device/*",
        403,
        &["oidc_access_denied", "passkey_not_sufficient"],
    ),
    (
        "*",
        "/api/oidc/interactions/{id}/complete",
        401,
        &["reauthentication_required"],
    ),
    (
        "*",
        "/api/oidc/interactions/{id}/complete",
        403,
        &["passkey_not_sufficient"],
    ),
    ("*", "/api/oidc/interactions/*", 409, &["conflict"]),
    (
        "*",
        "/api/oidc/refused-authorizations/{id}/accept",
        400,
        &["validation_failed"],
    ),
    ("*", "/api/oidc/users/{id}/*", 404, &["user_not_found"]),
    (
        "post",
        "/api/users/{id}/one-time-access-*",
        401,
        &["reauthentication_required"],
    ),
    (
        "post",
        "/api/users/{id}/one-time-access-*",
        403,
        &["api_key_auth_not_allowed"],
    ),
    (
        "post",
        "/api/users/me/one-time-access-token",
        401,
        &["reauthentication_required"],
    ),
    (
        "post",
        "/api/users/me/one-time-access-token",
        403,
        &["one_time_access_disabled"],
    ),
    (
        "*",
        "/api/one-time-access-email",
        403,
        &["one_time_access_disabled"],
    ),
    (
        "*",
        "/api/one-time-access-token/{token}",
        401,
        &["token_invalid_or_expired", "device_code_invalid"],
    ),
    ("*", "/api/one-time-access-token/{token}", 403, &["user_disabled"]),
    (
        "*",
        "/api/recovery-codes/exchange",
        401,
        &["token_invalid_or_expired"],
    ),
    (
        "*",
        "/api/recovery-codes/exchange",
        403,
        &["user_disabled", "recovery_codes_disabled"],
    ),
    (
        "*",
        "/api/application-configuration",
        401,
        &["reauthentication_required"],
    ),
    ("post", "/api/signup-tokens", 401, &["reauthentication_required"]),
    (
        "put",
        "/api/oidc/registration-policy",
        401,
        &["reauthentication_required"],
    ),
    (
        "post",
        "/api/scim/service-provider/{id}/sync",
        409,
        &["scim_sync_running"],
    ),
    (
        "post",
        "/api/scim/service-provider/{id}/sync",
        500,
        &["scim_sync_failed", "internal_error"],
    ),
    ("*", "/api/signup", 401, &["token_invalid_or_expired"]),
    ("*", "/api/signup", 403, &["open_signup_disabled"]),
    ("*", "/api/signup", 409, &["already_in_use"]),
    ("get", "/api/signup/setup", 404, &["setup_not_available"]),
    (
        "post",
        "/api/signup/setup",
        409,
        &["setup_already_completed", "already_in_use"],
    ),
    ("*", "/api/user-groups*", 409, &["already_in_use"]),
    ("*", "/api/user-groups/*", 403, &["ldap_user_group_update"]),
    ("post", "/api/users", 409, &["already_in_use"]),
    ("post", "/api/users", 401, &["reauthentication_required"]),
    ("put", "/api/users/*", 401, &["reauthentication_required"]),
    ("put", "/api/users/me", 403, &["api_key_auth_not_allowed"]),
    ("put", "/api/users/{id}", 403, &["api_key_auth_not_allowed"]),
    ("put", "/api/users/me", 409, &["already_in_use", "last_admin"]),
    ("put", "/api/users/{id}", 409, &["already_in_use", "last_admin"]),
    ("delete", "/api/users/{id}", 409, &["last_admin"]),
    ("delete", "/api/users/{id}", 403, &["ldap_user_update"]),
    (
        "put",
        "/api/users/me/profile-picture",
        400,
        &["invalid_image", "invalid_request_body", "validation_failed"],
    ),
    (
        "put",
        "/api/users/{id}/profile-picture",
        400,
        &["invalid_image", "invalid_request_body", "validation_failed"],
    ),
    (
        "get",
        "/api/users/{id}/profile-picture.png",
        400,
        &["validation_failed"],
    ),
    (
        "*",
        "/api/users/me/recovery-codes",
        401,
        &["reauthentication_required"],
    ),
    (
        "*",
        "/api/users/me/recovery-codes",
        403,
        &["recovery_codes_disabled"],
    ),
    (
        "*",
        "/api/users/me/send-email-verification",
        409,
        &["user_email_not_set", "smtp_not_configured"],
    ),
    (
        "*",
        "/api/users/me/verify-email",
        400,
        &["invalid_email_verification_token"],
    ),
    (
        "*",
        "/api/users/{id}/one-time-access-email",
        403,
        &["one_time_access_disabled"],
    ),
    (
        "*",
        "/api/users/{id}/one-time-access-email",
        409,
        &["user_email_not_set", "smtp_not_configured"],
    ),
    (
        "delete",
        "/api/users/{id}/webauthn-credentials/{credentialId}",
        401,
        &["reauthentication_required"],
    ),
    (
        "*",
        "/api/users/{id}/webauthn-credentials/{credentialId}",
        404,
        &["not_found"],
    ),
    ("*", "/api/users/{id}/sessions*", 404, &["not_found"]),
    (
        "*",
        "/api/webauthn/*/finish",
        400,
        &[
            "missing_session_id",
            "invalid_webauthn_session",
            "invalid_webauthn_response",
            "passkey_user_verification_required",
        ],
    ),
    (
        "*",
        "/api/webauthn/register/finish",
        400,
        &[
            "synced_passkey_not_allowed",
            "authenticator_not_allowed",
            "attestation_required",
        ],
    ),
    ("*", "/api/webauthn/register/finish", 409, &["already_in_use"]),
    (
        "*",
        "/api/webauthn/register/*",
        401,
        &["reauthentication_required"],
    ),
    (
        "*",
        "/api/webauthn/login/finish",
        401,
        &["webauthn_authentication_failed"],
    ),
    ("*", "/api/webauthn/login/finish", 403, &["user_disabled"]),
    (
        "*",
        "/api/webauthn/reauthenticate",
        400,
        &[
            "missing_session_id",
            "invalid_webauthn_session",
            "invalid_webauthn_response",
            "passkey_user_verification_required",
        ],
    ),
    (
        "*",
        "/api/webauthn/reauthenticate",
        401,
        &["reauthentication_required", "webauthn_authentication_failed"],
    ),
    (
        "delete",
        "/api/webauthn/credentials/{id}",
        401,
        &["reauthentication_required"],
    ),
];

/// Routes for anybody signed in: being no administrator is no reason to refuse.
const OF_ONESELF: &[&str] = &[
    "/api/api-keys*",
    "/api/audit-logs",
    "/api/audit-logs/export",
    "/api/oidc/device/*",
    "/api/oidc/interactions/*",
    "/api/oidc/users/me/*",
    "/api/sessions*",
    "/api/users/me*",
    "/api/version/current",
    "/api/webauthn/*",
    "/api/device-login/*",
];

/// Whether a path is the one of a pattern, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path
            .strip_prefix(before)
            .is_some_and(|rest| rest.ends_with(after)),
    }
}

/// Who a route is for, as far as it decides how it refuses.
pub(super) struct Route<'r> {
    pub method: &'r HttpMethod,
    pub path: &'r str,
    pub signed_in: bool,
    pub keys: bool,
}

impl Route<'_> {
    fn changes(&self) -> bool {
        !matches!(self.method, HttpMethod::Get)
    }

    fn codes(&self, status: u16, takes_json: bool) -> Vec<&'static str> {
        let oneself = OF_ONESELF.iter().any(|pattern| fits(pattern, self.path));
        let mut codes: Vec<&'static str> = Vec::new();
        let mut add = |when: bool, code: &'static str| {
            if when && !codes.contains(&code) {
                codes.push(code);
            }
        };
        match status {
            400 => {
                add(takes_json, "invalid_request_body");
                add(takes_json, "validation_failed");
            }
            401 => add(self.signed_in, "not_signed_in"),
            403 => {
                add(self.changes() || (self.signed_in && !oneself), "forbidden");
                add(self.signed_in, "user_disabled");
                add(self.signed_in && self.keys, "api_key_scope");
                add(self.signed_in && !self.keys, "api_key_auth_not_allowed");
            }
            404 => add(fits("/api/users/{id}*", self.path), "user_not_found"),
            _ => {}
        }
        for (method, path, of, own) in OWN {
            let same = *method == "*" || *method == super::word(self.method);
            if *of == status && same && fits(path, self.path) {
                for code in *own {
                    add(true, code);
                }
            }
        }
        if codes.is_empty() {
            codes.extend(ALONE.iter().find(|(of, _)| *of == status).map(|(_, code)| *code));
        }
        codes
    }

    /// Failures that routes of a kind meet before or beside what they do.
    fn beside(&self, takes_json: bool) -> impl Iterator<Item = u16> {
        let files = self.path.contains("/logo")
            || self.path.contains("/application-images")
            || self.path.contains("/application-configuration/{name}")
            || self.path.contains("/profile-picture");
        let bodies = takes_json.then_some([400, 413]).into_iter().flatten();
        bodies.chain(files.then_some(501))
    }
}

/// What a status says where nothing more is known.
const ALONE: &[(u16, &str)] = &[
    (404, "not_found"),
    (412, "precondition_failed"),
    (413, "file_too_large"),
    (415, "file_type_not_supported"),
    (429, "rate_limited"),
    (500, "internal_error"),
    (501, "file_backend_unsupported"),
    (503, "not_ready"),
    (504, "request_timeout"),
];

/// The extension that lists codes.
pub(super) fn extension(codes: &[&str]) -> Extensions {
    ExtensionsBuilder::new().add(CODES, codes.to_vec()).build()
}

/// A failure with codes: what it means is what they mean, unless it is said.
pub(super) fn answer(status: u16, codes: &[&str], said: &str) -> Response {
    let meanings: Vec<String> = codes
        .iter()
        .map(|code| {
            let meaning = error_codes::meaning(code, status).unwrap_or_default();
            format!("`{code}`: {meaning}")
        })
        .collect();
    let meanings = meanings.join(". ");
    let description = if said.is_empty() {
        format!("{meanings}.")
    } else {
        format!("{said}. {meanings}.")
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .examples_from_iter(codes.iter().map(|code| failure_examples::reference(code)))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .extensions(Some(extension(codes)))
        .build()
}

/// Whether an answer has the body of failures.
fn is_ours(response: &Response) -> bool {
    response.content.values().any(|content| {
        matches!(content, RefOr::T(content)
            if matches!(&content.schema, Some(RefOr::Ref(to)) if to.ref_location.ends_with("/ErrorBody")))
    })
}

/// Gives each failure of a route its codes.
pub(super) fn complete(route: &Route<'_>, operation: &mut Operation) {
    let takes_json = operation.request_body.as_ref().is_some_and(|body| match body {
        RefOr::T(body) => body.content.contains_key("application/json"),
        RefOr::Ref(_) => false,
    });
    for status in route.beside(takes_json) {
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(answer(status, &route.codes(status, takes_json), "")));
    }
    for (status, answered) in &mut operation.responses.responses {
        let (Ok(status), RefOr::T(response)) = (status.parse::<u16>(), &*answered) else {
            continue;
        };
        let named = response.extensions.is_some();
        if status < 400 || named || !is_ours(response) {
            continue;
        }
        let codes = route.codes(status, takes_json);
        *answered = RefOr::T(answer(status, &codes, response.description.trim_end_matches('.')));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_failure_names_its_codes_and_every_code_can_be_met() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let shared = &document["components"]["responses"];
        let mut met = HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let status: u16 = status.parse().unwrap();
                    let answer = match answer["$ref"].as_str() {
                        Some(to) => &shared[to.rsplit('/').next().unwrap()],
                        None => answer,
                    };
                    let ours = answer["content"]["application/json"]["schema"]["$ref"]
                        .as_str()
                        .is_some_and(|to| to.ends_with("/ErrorBody"));
                    if status < 400 || !ours {
                        continue;
                    }
                    let codes = answer[CODES].as_array().cloned().unwrap_or_default();
                    assert!(!codes.is_empty(), "{method} {path} {status}");
                    for code in codes {
                        let code = code.as_str().unwrap().to_owned();
                        let known = error_codes::meaning(&code, status);
                        assert!(known.is_some(), "{method} {path} {status} {code}");
                        met.insert(code);
                    }
                }
            }
        }
        for (code, ..) in error_codes::ALL {
            assert!(met.contains(*code), "{code}");
        }
    }

    #[test]
    fn every_rule_is_about_a_route() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        for (method, pattern, status, _) in OWN {
            let found = paths.iter().any(|(path, item)| {
                fits(pattern, path)
                    && item.as_object().unwrap().iter().any(|(of, operation)| {
                        (*method == "*" || *method == of)
                            && operation["responses"].get(status.to_string()).is_some()
                    })
            });
            assert!(found, "{method} {pattern} {status}");
        }
    }
}
