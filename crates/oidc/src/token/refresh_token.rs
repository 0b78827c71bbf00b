//! Renewing tokens (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2).

use super::{Denial, UserStanding, check_key};
use crate::client::Client;
use crate::error::{ErrorCode, OAuthError};

/// What a client sends. A `scope` parameter is ignored: the new tokens have the old scopes.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The refresh token.
    pub refresh_token: String,
}

/// What is known of the token. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// Whose it is.
    pub client_id: String,
    /// End of life.
    pub expires_at: i64,
    /// Whether it was rotated before.
    pub used: bool,
    /// Whether its grant was ended.
    pub revoked: bool,
    /// Thumbprint of the key it is bound to; only those of public clients are (RFC 9449 §5).
    pub key_thumbprint: Option<String>,
}

/// Whether a refresh token may be rotated.
///
/// # Errors
/// `invalid_grant` in all cases but a user who may not use the client and a missing proof of possession.
pub fn evaluate(
    client: &Client,
    token: Option<&StoredRefreshToken>,
    user: UserStanding,
    proven_key: Option<&str>,
    now: i64,
) -> Result<(), Denial> {
    let refuse = |description: &str| Denial::Refuse(OAuthError::new(ErrorCode::InvalidGrant, description));
    let Some(token) = token else {
        return Err(refuse("The refresh token is unknown."));
    };
    if token.client_id != client.id {
        return Err(refuse("The refresh token was issued to another client."));
    }
    if token.used {
        // Somebody has an old token: the thief or the client, nobody can tell. Both lose.
        let error = OAuthError::new(ErrorCode::InvalidGrant, "The refresh token has been used before.");
        return Err(Denial::RevokeGrant(error));
    }
    if token.revoked {
        return Err(refuse("The authorization has been revoked."));
    }
    if now >= token.expires_at {
        return Err(refuse("The refresh token has expired."));
    }
    check_key(client, token.key_thumbprint.as_deref(), proven_key).map_err(Denial::Refuse)?;
    user.check().map_err(Denial::Refuse)
}
