//! Every `code` a failed request can carry: its status and what it means. Published in the API document.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// `(code, HTTP status, meaning)`, by status.
pub const ALL: &[(&str, u16, &str)] = &[
    (
        "invalid_request_body",
        400,
        "The body is not what the route takes: no JSON, another type, a damaged form",
    ),
    (
        "validation_failed",
        400,
        "Values break rules; `details.fields` names them where single fields do",
    ),
    (
        "invalid_image",
        400,
        "The picture is damaged, too large, or not of the type its name says",
    ),
    (
        "invalid_api_key_expiration",
        400,
        "The end of life of an API key is not in the future",
    ),
    (
        "invalid_email_verification_token",
        400,
        "The token is unknown, used, expired or for another address",
    ),
    (
        "missing_session_id",
        400,
        "The passkey request was not begun in this browser",
    ),
    (
        "invalid_webauthn_session",
        400,
        "The passkey request has expired or was used already",
    ),
    (
        "invalid_webauthn_response",
        400,
        "What the browser says of the passkey cannot be processed",
    ),
    (
        "passkey_user_verification_required",
        400,
        "The authenticator did not verify its user",
    ),
    (
        "synced_passkey_not_allowed",
        400,
        "Passkeys that are synced between devices are not allowed",
    ),
    (
        "authenticator_not_allowed",
        400,
        "Authenticators of this model or kind are not allowed",
    ),
    (
        "attestation_required",
        400,
        "The authenticator did not prove its model, which is required",
    ),
    (
        "reserved_claim",
        400,
        "The key of a custom claim is a standard claim; see `details.key`",
    ),
    (
        "duplicate_claim",
        400,
        "A custom claim is there twice; see `details.key`",
    ),
    ("oidc_invalid_device_code", 400, "No device waits with this code"),
    ("oidc_device_code_expired", 400, "The device's code has expired"),
    ("not_signed_in", 401, "No usable session or API key"),
    (
        "reauthentication_required",
        401,
        "The passkey has to be used once more first",
    ),
    (
        "webauthn_authentication_failed",
        401,
        "The passkey could not be verified",
    ),
    (
        "token_invalid_or_expired",
        401,
        "The code or token is unknown, used up or expired",
    ),
    (
        "device_code_invalid",
        401,
        "The code was requested by another browser",
    ),
    (
        "device_login_expired",
        401,
        "The request of the other device is unknown, decided or expired",
    ),
    (
        "forbidden",
        403,
        "Administrators only, or a request made by a page of another site",
    ),
    ("user_disabled", 403, "The account is disabled"),
    ("api_key_auth_not_allowed", 403, "This route takes no API keys"),
    (
        "api_key_scope",
        403,
        "The API key is limited to other parts of the API or to reading",
    ),
    (
        "device_login_denied",
        403,
        "The request was turned away on the other device",
    ),
    ("ldap_user_update", 403, "The user is managed by the directory"),
    (
        "ldap_user_group_update",
        403,
        "The group is managed by the directory",
    ),
    ("oidc_access_denied", 403, "The user may not use the client"),
    (
        "one_time_access_disabled",
        403,
        "Login codes by mail are switched off",
    ),
    (
        "open_signup_disabled",
        403,
        "People cannot sign up, or not without an invitation",
    ),
    (
        "passkey_not_sufficient",
        403,
        "The client requires another kind of passkey",
    ),
    ("recovery_codes_disabled", 403, "Recovery codes are switched off"),
    ("ui_config_disabled", 403, "Settings come from the environment"),
    (
        "not_found",
        404,
        "There is no such thing; `details.resource` says of what kind",
    ),
    ("user_not_found", 404, "There is no such user"),
    ("api_key_not_found", 404, "There is no such API key of one's own"),
    ("image_not_found", 404, "No such picture is stored"),
    (
        "setup_not_available",
        404,
        "The first administrator has been set up",
    ),
    (
        "already_in_use",
        409,
        "Somebody has this value already; `details.property` says of which field",
    ),
    ("api_key_not_expired", 409, "Only expired API keys can be renewed"),
    ("client_id_already_exists", 409, "There is a client with this ID"),
    ("conflict", 409, "The request was continued elsewhere"),
    ("last_admin", 409, "Nobody enabled would be left to administer"),
    (
        "setup_already_completed",
        409,
        "The first administrator has been set up",
    ),
    ("smtp_not_configured", 409, "No mail server is set up"),
    ("user_email_not_set", 409, "The user has no mail address"),
    (
        "scim_sync_running",
        409,
        "A sync with this app is under way; how it went will be in the provider",
    ),
    (
        "precondition_failed",
        412,
        "It was changed in the meantime: `If-Match` names an older state",
    ),
    (
        "file_too_large",
        413,
        "The body is too large; `details.max_size` says how large it may be",
    ),
    (
        "file_type_not_supported",
        415,
        "Files of this type are not taken here; see `details.expected_file_type`",
    ),
    (
        "logo_download_failed",
        422,
        "The logo could not be read from its address",
    ),
    (
        "logo_type_not_supported",
        422,
        "What is at the logo's address is no picture of a known type",
    ),
    (
        "logo_too_large",
        422,
        "What is at the logo's address is too large",
    ),
    (
        "rate_limited",
        429,
        "Too many requests; `Retry-After` says when to come back",
    ),
    (
        "internal_error",
        500,
        "Something of ours failed; the cause is in the log only",
    ),
    (
        "scim_sync_failed",
        500,
        "The app did not take everything it was told; the text says what failed",
    ),
    (
        "file_backend_unsupported",
        501,
        "Files are kept where this version cannot keep any",
    ),
    (
        "smtp_failed",
        502,
        "The mail server did not take the mail; `details.dialogue` holds what was said",
    ),
    ("not_ready", 503, "The database cannot be reached"),
    ("request_timeout", 504, "The request took too long"),
];

/// What a code means, if it is one of this status.
pub fn meaning(code: &str, status: u16) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, of, _)| *known == code && *of == status)
        .map(|(_, _, meaning)| *meaning)
}

/// A `code`, for the API document.
pub struct ErrorCode;

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let meanings: serde_json::Map<String, serde_json::Value> = ALL
            .iter()
            .map(|(code, status, meaning)| ((*code).to_owned(), format!("{status}: {meaning}").into()))
            .collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "What went wrong, for programs. Codes stay; new ones may come.",
            ))
            .enum_values(Some(ALL.iter().map(|(code, ..)| *code)))
            .extensions(Some(
                ExtensionsBuilder::new()
                    .add("x-enumDescriptions", meanings)
                    .build(),
            ))
            .into()
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        "ErrorCode".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_there_once_and_in_order_of_status() {
        for (index, (code, status, meaning)) in ALL.iter().enumerate() {
            assert!(ALL[index + 1..].iter().all(|(other, ..)| other != code), "{code}");
            assert!(
                ALL[..index].iter().all(|(_, before, _)| before <= status),
                "{code}"
            );
            assert!(!meaning.is_empty());
        }
    }
}
