//! Renewing tokens (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2).

use super::{Denial, UserStanding, check_key};
use crate::client::Client;
use crate::error::{ErrorCode, OAuthError};
use crate::scope::{STANDARD, Scopes};

/// What a client sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The refresh token.
    pub refresh_token: String,
    /// The scopes it wants now; those of the grant when none.
    pub scope: Option<String>,
}

/// What is known of the token. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// Whose it is.
    pub client_id: String,
    /// End of life.
    pub expires_at: i64,
    /// When it was rotated, if it was.
    pub used_at: Option<i64>,
    /// Whether its grant was ended.
    pub revoked: bool,
    /// Thumbprint of the key it is bound to; only those of public clients are (RFC 9449 §5).
    pub key_thumbprint: Option<String>,
}

/// Another request rotated the token while this one was on its way: a client that asks twice at once, which has the new
/// token in its hands. Nothing ends for it.
pub fn rotated_meanwhile() -> Denial {
    let text =
        "The refresh token was used by another request at the same moment. Please retry with the newest one.";
    Denial::Refuse(OAuthError::new(ErrorCode::InvalidRequest, text))
}

/// Whether a refresh token may be rotated. `now` is the moment the request came in.
///
/// # Errors
/// `invalid_grant` in all cases but a token another request rotates at the same moment ([`rotated_meanwhile`]), a user
/// who may not use the client and a missing proof of possession.
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
    if let Some(used_at) = token.used_at {
        if used_at >= now && !token.revoked {
            return Err(rotated_meanwhile());
        }
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

/// The scopes of the new access token and ID token, if they are to be fewer than granted (RFC 6749 §6). The refresh token
/// stays good for all. Names nobody knows are dropped as at the authorization endpoint, where clients that ask for the
/// same at each refresh were not refused either; where an API was named, there are none of these.
///
/// # Errors
/// `invalid_scope` for what was not granted.
pub fn narrow(granted: &Scopes, asked: Option<&str>, names_api: bool) -> Result<Option<Scopes>, OAuthError> {
    let asked: Vec<&str> = asked.unwrap_or_default().split_ascii_whitespace().collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let kept: Vec<String> = granted
        .as_slice()
        .iter()
        .filter(|scope| asked.contains(&scope.as_str()))
        .cloned()
        .collect();
    let more = asked
        .iter()
        .any(|scope| !granted.contains(scope) && (names_api || STANDARD.contains(scope)));
    let all = kept.len() == granted.as_slice().len();
    if more || (kept.is_empty() && !all) {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "The scope goes beyond what was granted.",
        ));
    }
    Ok((!all).then(|| Scopes::from_granted(kept)))
}
