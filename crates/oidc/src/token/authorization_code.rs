//! Exchanging a code for tokens (RFC 6749 §4.1.3).

use super::{Denial, UserStanding, check_key};
use crate::client::Client;
use crate::error::{ErrorCode, OAuthError};
use crate::pkce::Challenge;

/// What a client sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The code.
    pub code: String,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub code_verifier: Option<String>,
}

/// What is known of the code. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCode {
    /// Whose it is.
    pub client_id: String,
    /// The `redirect_uri` of the authorization request, if it had one.
    pub redirect_uri: Option<String>,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// End of life.
    pub expires_at: i64,
    /// Whether it was redeemed before.
    pub used: bool,
    /// Whether its grant was ended.
    pub revoked: bool,
    /// Thumbprint of the key it is bound to.
    pub key_thumbprint: Option<String>,
}

fn refuse(description: &str) -> Denial {
    Denial::Refuse(OAuthError::new(ErrorCode::InvalidGrant, description))
}

/// Whether a code may be redeemed. Everything is checked before anything is consumed, so that a wrong verifier
/// neither burns the code nor gets rid of the check.
///
/// # Errors
/// `invalid_grant` in all cases but a user who may not use the client and a missing proof of possession.
pub fn evaluate(
    request: &Request,
    client: &Client,
    code: Option<&StoredCode>,
    user: UserStanding,
    proven_key: Option<&str>,
    now: i64,
) -> Result<(), Denial> {
    let Some(code) = code else {
        return Err(refuse("The authorization code is unknown."));
    };
    if code.client_id != client.id {
        return Err(refuse("The authorization code was issued to another client."));
    }
    if code.used {
        // RFC 6749 §4.1.2: what the code gave should be revoked. Accepted risk: a client that sends its
        // own request twice loses its tokens and has to ask again.
        let error = OAuthError::new(
            ErrorCode::InvalidGrant,
            "The authorization code has been used before.",
        );
        return Err(Denial::RevokeGrant(error));
    }
    if code.revoked {
        return Err(refuse("The authorization has been revoked."));
    }
    if now >= code.expires_at {
        return Err(refuse("The authorization code has expired."));
    }
    if code.redirect_uri.is_some() && code.redirect_uri != request.redirect_uri {
        return Err(refuse(
            "The redirect_uri is not the one of the authorization request.",
        ));
    }
    match (&code.challenge, &request.code_verifier) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
        (Some(_), Some(_)) => return Err(refuse("The code_verifier does not fit the code_challenge.")),
        (Some(_), None) => return Err(refuse("The code_verifier parameter is missing.")),
        (None, Some(_)) => return Err(refuse("The authorization request had no code_challenge.")),
        (None, None) if client.requires_pkce() => {
            return Err(refuse("This client must use PKCE."));
        }
        (None, None) => {}
    }
    check_key(client, code.key_thumbprint.as_deref(), proven_key).map_err(Denial::Refuse)?;
    user.check().map_err(Denial::Refuse)
}
