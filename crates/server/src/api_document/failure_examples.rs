//! What each failure looks like: one example for each code, shared by all routes that can meet it.

use http::StatusCode;
use pocket_id_store::types::MinimumPasskey;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::{Ref, RefOr};

use crate::http::error::{ApiError, FieldError};
use crate::http::error_codes;
use crate::oidc;

const REQUEST: &str = "5b0c1c1e-3f7e-4b33-9a53-0d3b8f4a2f11";

/// What people read of a code, where no constructor of [`ApiError`] says it.
const TEXTS: &[(&str, &str)] = &[
    (
        "invalid_image",
        "The image is damaged, too large, or not of the type its name says",
    ),
    (
        "invalid_email_verification_token",
        "Email verification token is invalid",
    ),
    ("missing_session_id", "The request carries no passkey session"),
    (
        "invalid_webauthn_session",
        "The passkey request has expired or was used already",
    ),
    (
        "invalid_webauthn_response",
        "The passkey response could not be processed",
    ),
    (
        "passkey_user_verification_required",
        "The authenticator did not verify you; security keys may need a FIDO2 PIN for that",
    ),
    (
        "synced_passkey_not_allowed",
        "Passkeys that are synced between devices are not allowed here",
    ),
    (
        "authenticator_not_allowed",
        "Authenticators of this model are not allowed here",
    ),
    (
        "attestation_required",
        "The authenticator did not prove its model, which is required here",
    ),
    ("oidc_invalid_device_code", "Device code is invalid"),
    ("oidc_device_code_expired", "Device code has expired"),
    (
        "webauthn_authentication_failed",
        "The passkey could not be verified",
    ),
    ("token_invalid_or_expired", "Token is invalid or expired"),
    ("device_code_invalid", "Device code is invalid"),
    (
        "device_login_expired",
        "The sign-in request is invalid or has expired",
    ),
    ("api_key_scope", "This API key may not be used for this"),
    ("device_login_denied", "Device login request was denied"),
    ("ldap_user_update", "LDAP users cannot be changed here"),
    (
        "ldap_user_group_update",
        "LDAP user groups cannot be changed here",
    ),
    ("oidc_access_denied", "You're not allowed to access this service."),
    ("open_signup_disabled", "Signing up needs an invitation"),
    ("recovery_codes_disabled", "Recovery codes are disabled"),
    (
        "ui_config_disabled",
        "The configuration is set by environment variables",
    ),
    ("user_not_found", "User not found"),
    ("api_key_not_found", "API key not found"),
    ("image_not_found", "Image not found"),
    ("setup_not_available", "Setup is not available"),
    ("api_key_not_expired", "Only expired API keys can be renewed"),
    ("client_id_already_exists", "Client ID already exists"),
    (
        "conflict",
        "This request was continued elsewhere; reload the page",
    ),
    (
        "last_admin",
        "The last enabled administrator cannot be deleted, disabled or demoted",
    ),
    ("setup_already_completed", "Setup has already been completed"),
    (
        "scim_sync_running",
        "A sync is under way; its result will be shown here",
    ),
    (
        "precondition_failed",
        "Somebody else changed this meanwhile: the If-Match header names a state that is no longer the present one",
    ),
    ("file_too_large", "The request body is too large"),
    ("file_type_not_supported", "File must be of type PNG or JPEG"),
    ("logo_download_failed", "The logo could not be downloaded"),
    (
        "logo_type_not_supported",
        "The address does not lead to an image of a supported type",
    ),
    ("logo_too_large", "The logo is too large"),
    ("rate_limited", "Too many requests"),
    (
        "scim_sync_failed",
        "The SCIM sync failed: the app answered 503 to the user craig",
    ),
    (
        "file_backend_unsupported",
        "Images cannot be stored with FILE_BACKEND=s3 in this version",
    ),
    (
        "smtp_failed",
        "The mail could not be sent: the server refused the recipient",
    ),
    ("not_ready", "The database does not answer"),
    ("request_timeout", "The request took too long"),
];

/// What programs read of a code besides.
const FACTS: &[(&str, &str, &str)] = &[
    ("file_too_large", "max_size", "2.00 MB"),
    ("file_type_not_supported", "expected_file_type", "PNG or JPEG"),
    ("logo_too_large", "max_size", "2 MB"),
    (
        "smtp_failed",
        "dialogue",
        "> RCPT TO:<craig@example.com>\n< 550 No such mailbox",
    ),
];

fn field(field: &str, code: &str, message: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// A custom claim with a key it may not have.
fn claim(code: &'static str, key: &str, rule: &str, message: &str) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        code,
        format!("The claim {key} {message}"),
    )
    .with("key", key)
    .with_fields(vec![field("key", rule, message)])
}

fn error(code: &'static str, status: u16) -> ApiError {
    match code {
        "invalid_request_body" => ApiError::invalid_body("expected value at line 1 column 1"),
        "validation_failed" => ApiError::validation(vec![
            field("username", "required", "is required"),
            field("email", "invalid_format", "must be a valid email address"),
        ]),
        "invalid_api_key_expiration" => ApiError::new(
            StatusCode::BAD_REQUEST,
            code,
            "The expiration must be in the future",
        )
        .with_fields(vec![field("expiresAt", "invalid_value", "must be in the future")]),
        "reserved_claim" => claim(code, "sub", "reserved", "is reserved and cannot be used"),
        "duplicate_claim" => claim(code, "department", "duplicate", "is there twice"),
        "not_signed_in" => ApiError::not_signed_in(),
        "reauthentication_required" => ApiError::reauthentication_required(),
        "forbidden" => ApiError::forbidden(),
        "user_disabled" => ApiError::user_disabled(),
        "api_key_auth_not_allowed" => ApiError::api_key_not_allowed(),
        "one_time_access_disabled" => ApiError::one_time_access_disabled(),
        "not_found" => ApiError::not_found("OIDC client"),
        "already_in_use" => ApiError::already_in_use("email"),
        "smtp_not_configured" => ApiError::smtp_not_configured(),
        "user_email_not_set" => ApiError::user_email_not_set(),
        "passkey_not_sufficient" => oidc::other_passkey(MinimumPasskey::DeviceBound),
        "internal_error" => ApiError::internal(""),
        _ => {
            let text = TEXTS
                .iter()
                .find(|(of, _)| *of == code)
                .map_or("", |(_, text)| text);
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let facts = FACTS.iter().filter(|(of, ..)| *of == code);
            facts.fold(ApiError::new(status, code, text), |error, (_, name, value)| {
                error.with(name, *value)
            })
        }
    }
}

/// The examples, by the code they are of.
pub(super) fn all() -> impl Iterator<Item = (String, RefOr<Example>)> {
    error_codes::ALL.iter().map(|(code, status, meaning)| {
        let body = error(code, *status).body(REQUEST);
        let example = ExampleBuilder::new()
            .summary(*meaning)
            .value(serde_json::to_value(body).ok());
        ((*code).to_owned(), example.build().into())
    })
}

/// Where the example of a code is.
pub(super) fn reference(code: &str) -> (String, RefOr<Example>) {
    let to = Ref::new(format!("#/components/examples/{code}"));
    (code.to_owned(), RefOr::Ref(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_of_its_own() {
        for (code, status, _) in error_codes::ALL {
            let body = error(code, *status).body(REQUEST);
            assert!(!body.error.is_empty(), "{code}");
            assert_eq!(body.code, *code);
        }
        for code in TEXTS
            .iter()
            .map(|(code, _)| code)
            .chain(FACTS.iter().map(|(code, ..)| code))
        {
            assert!(error_codes::ALL.iter().any(|(known, ..)| known == code), "{code}");
        }
    }
}
