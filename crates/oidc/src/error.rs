//! OAuth and OpenID Connect errors: codes, HTTP statuses, JSON bodies.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal, $status:literal;)+) => {
        /// An `error` value (RFC 6749 §4.1.2.1 and §5.2, OIDC Core §3.1.2.6, RFC 6750 §3.1, RFC 8707 §2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$meta])* $name),+
        }

        impl ErrorCode {
            /// The value on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The HTTP status where the error is an answer and not a redirect.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }
        }
    };
}

codes! {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest = "invalid_request", 400;
    /// The client is unknown or did not prove who it is.
    InvalidClient = "invalid_client", 401;
    /// The code or refresh token is not good (any more).
    InvalidGrant = "invalid_grant", 400;
    /// The client may not do this.
    UnauthorizedClient = "unauthorized_client", 400;
    /// Not a grant type of ours.
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// Not a response type of ours.
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// A scope is not available.
    InvalidScope = "invalid_scope", 400;
    /// The resource is not available.
    InvalidTarget = "invalid_target", 400;
    /// The user or a rule said no.
    AccessDenied = "access_denied", 403;
    /// Needs a sign-in that may not be shown.
    LoginRequired = "login_required", 400;
    /// Needs a consent that may not be shown.
    ConsentRequired = "consent_required", 400;
    /// Needs some other screen that may not be shown.
    InteractionRequired = "interaction_required", 400;
    /// The request object is broken (RFC 9101 §6.3).
    InvalidRequestObject = "invalid_request_object", 400;
    /// It refers to no request: the client did not register it, or there is nothing to be had (OIDC Core §3.1.2.6).
    InvalidRequestUri = "invalid_request_uri", 400;
    /// The user cannot be authenticated as strongly as asked (RFC 9470 §5).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
    /// Registration in the request is not taken.
    RegistrationNotSupported = "registration_not_supported", 400;
    /// The caller of an endpoint for clients did not say who it is.
    RequestUnauthorized = "request_unauthorized", 401;
    /// The proof of possession is broken (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof", 400;
    /// The proof of possession needs a nonce of ours (RFC 9449 §8).
    UseDpopNonce = "use_dpop_nonce", 400;
    /// Nobody has answered on the other device (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending", 400;
    /// The device asks too often.
    SlowDown = "slow_down", 400;
    /// The device code has expired.
    ExpiredToken = "expired_token", 400;
    /// The access token is not good (any more).
    InvalidToken = "invalid_token", 401;
    /// The access token is good for other things.
    InsufficientScope = "insufficient_scope", 403;
    /// Something of ours failed.
    ServerError = "server_error", 500;
}

/// An error with its explanation for developers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// What kind.
    pub code: ErrorCode,
    /// Why, in plain ASCII-safe text without quotes (RFC 6749 §5.2 limits the characters).
    pub description: String,
}

impl OAuthError {
    /// An error; characters the RFC forbids in descriptions are replaced.
    pub fn new(code: ErrorCode, description: impl AsRef<str>) -> Self {
        let description = description
            .as_ref()
            .chars()
            .map(|character| match character {
                '"' | '\\' => '\'',
                ' '..='~' => character,
                _ => '?',
            })
            .collect();
        Self { code, description }
    }

    /// The JSON body.
    pub fn body(&self) -> ErrorBody<'_> {
        ErrorBody {
            error: self.code.as_str(),
            error_description: &self.description,
        }
    }

    /// The `WWW-Authenticate` value of a bearer error (RFC 6750 §3).
    pub fn bearer_challenge(&self) -> String {
        format!(
            "Bearer error=\"{}\", error_description=\"{}\"",
            self.code.as_str(),
            self.description
        )
    }
}

/// The body of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBody<'e> {
    /// The code.
    pub error: &'static str,
    /// The explanation.
    pub error_description: &'e str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_keep_to_the_allowed_characters() {
        let error = OAuthError::new(ErrorCode::InvalidRequest, "a \"b\" \\ ü\n");
        assert_eq!(error.description, "a 'b' ' ??");
        assert_eq!(
            error.bearer_challenge(),
            "Bearer error=\"invalid_request\", error_description=\"a 'b' ' ??\""
        );
    }
}
