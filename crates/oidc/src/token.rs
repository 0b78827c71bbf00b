//! The token endpoint's decisions: parse, authenticate (see [`crate::client_auth`]), evaluate.

pub mod authorization_code;
pub mod client_credentials;
pub mod exchange;
pub mod refresh_token;

use serde::Serialize;

use crate::client::Client;
use crate::device;
use crate::error::{ErrorCode, OAuthError};
use crate::parameters::Parameters;

/// Parameters that must not be sent twice because we read them.
const READ_ONCE: &[&str] = &[
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "device_code",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
];

/// What a client asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// RFC 6749 §4.1.3.
    AuthorizationCode(authorization_code::Request),
    /// RFC 6749 §6.
    RefreshToken(refresh_token::Request),
    /// RFC 6749 §4.4.
    ClientCredentials(client_credentials::Request),
    /// RFC 8693.
    Exchange(exchange::Request),
    /// RFC 8628.
    DeviceCode(device::Request),
}

impl TokenRequest {
    /// The `grant_type`.
    pub fn grant_type(&self) -> &'static str {
        match self {
            Self::AuthorizationCode(_) => "authorization_code",
            Self::RefreshToken(_) => "refresh_token",
            Self::ClientCredentials(_) => "client_credentials",
            Self::Exchange(_) => exchange::GRANT_TYPE,
            Self::DeviceCode(_) => device::GRANT_TYPE,
        }
    }

    /// Whether a client may make such a request.
    ///
    /// # Errors
    /// `unauthorized_client`.
    pub fn check_client(&self, client: &Client) -> Result<(), OAuthError> {
        if client.may_use_grant(self.grant_type()) {
            return Ok(());
        }
        Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "This client may not use this grant_type.",
        ))
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenRequest({})", self.grant_type())
    }
}

/// Refuses a form that repeats a parameter (RFC 6749 §3.2) or has one with a NUL character.
pub fn refuse_repeated(form: &Parameters) -> Result<(), OAuthError> {
    let fault = if let Some(name) = form.first_repeated(READ_ONCE) {
        format!("The {name} parameter was sent more than once.")
    } else if let Some(name) = form.first_unusable(READ_ONCE) {
        format!("The {name} parameter contains characters that are not allowed.")
    } else {
        return Ok(());
    };
    Err(OAuthError::new(ErrorCode::InvalidRequest, fault))
}

/// Reads a token request.
pub fn parse(form: &Parameters) -> Result<TokenRequest, OAuthError> {
    refuse_repeated(form)?;
    if form.first_repeated(&["resource"]).is_some() || form.first_unusable(&["resource"]).is_some() {
        return Err(OAuthError::new(
            ErrorCode::InvalidTarget,
            "Only one resource can be asked for at a time.",
        ));
    }
    let missing = |name: &str| {
        OAuthError::new(
            ErrorCode::InvalidRequest,
            format!("The {name} parameter is missing."),
        )
    };
    match form.get("grant_type") {
        None => Err(missing("grant_type")),
        Some("authorization_code") => Ok(TokenRequest::AuthorizationCode(authorization_code::Request {
            code: form.get("code").ok_or_else(|| missing("code"))?.to_owned(),
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            code_verifier: form.get("code_verifier").map(str::to_owned),
        })),
        Some("refresh_token") => Ok(TokenRequest::RefreshToken(refresh_token::Request {
            refresh_token: form
                .get("refresh_token")
                .ok_or_else(|| missing("refresh_token"))?
                .to_owned(),
            scope: form.get("scope").map(str::to_owned),
        })),
        Some("client_credentials") => Ok(TokenRequest::ClientCredentials(client_credentials::Request {
            scope: form.get("scope").map(str::to_owned),
            resource: form.get("resource").map(str::to_owned),
        })),
        Some(device::GRANT_TYPE) => Ok(TokenRequest::DeviceCode(device::Request {
            device_code: form
                .get("device_code")
                .ok_or_else(|| missing("device_code"))?
                .to_owned(),
        })),
        Some(exchange::GRANT_TYPE) => exchange::parse(form).map(TokenRequest::Exchange),
        Some(_) => Err(OAuthError::new(
            ErrorCode::UnsupportedGrantType,
            "The grant_type is not supported.",
        )),
    }
}

/// Whether a request proves the key it must (RFC 9449 §5 and §10): the one its code or refresh token is bound to, and
/// any at all where the client's tokens are always bound.
///
/// # Errors
/// `invalid_grant` for another key than the artefact's, `invalid_request` for a missing proof.
pub fn check_key(client: &Client, bound_to: Option<&str>, proven: Option<&str>) -> Result<(), OAuthError> {
    match (bound_to, proven) {
        (Some(bound_to), Some(proven)) if bound_to != proven => Err(OAuthError::new(
            ErrorCode::InvalidGrant,
            "The DPoP proof is not by the key this is bound to.",
        )),
        (Some(_), None) => Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "The DPoP header is missing: this is bound to a key.",
        )),
        (None, None) if client.requires_dpop() => Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "The DPoP header is missing: this client must use it.",
        )),
        _ => Ok(()),
    }
}

/// The user of a grant, as far as it decides about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStanding {
    /// They may use the client.
    Good,
    /// Their account is disabled.
    Disabled,
    /// They are in no group that may use the client.
    NotAllowed,
}

impl UserStanding {
    /// Whether they get tokens.
    ///
    /// # Errors
    /// `invalid_grant` or `access_denied`.
    pub fn check(self) -> Result<(), OAuthError> {
        match self {
            Self::Good => Ok(()),
            Self::Disabled => Err(OAuthError::new(
                ErrorCode::InvalidGrant,
                "The user account is disabled.",
            )),
            Self::NotAllowed => Err(OAuthError::new(
                ErrorCode::AccessDenied,
                "The user is not allowed to use this client.",
            )),
        }
    }
}

/// Why there are no tokens, and what happens to what was given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nothing changes.
    Refuse(OAuthError),
    /// The artefact was used before: somebody else may have it, so the whole grant ends.
    RevokeGrant(OAuthError),
}

impl Denial {
    /// The error for the client.
    pub fn error(&self) -> &OAuthError {
        match self {
            Self::Refuse(error) | Self::RevokeGrant(error) => error,
        }
    }
}

/// The successful answer (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// `bearer`, or `DPoP` for a token bound to a key.
    pub token_type: &'static str,
    /// Seconds the access token is good for.
    pub expires_in: i64,
    /// Granted scopes.
    pub scope: String,
    /// The refresh token, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, if `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What an exchange gave (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
