//! The userinfo endpoint's decisions (OIDC Core §5.3, RFC 6750).

use crate::error::{ErrorCode, OAuthError};
use serde_json::{Map, Value};

use crate::grant::Grant;
use crate::jose::{self, KeyError, Signer};
use crate::parameters::Parameters;

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By whoever has it (RFC 6750).
    Bearer,
    /// With a proof of possession (RFC 9449 §7.1).
    Dpop,
}

/// Finds the access token: in the header, in the form or in the query. None means no attempt was made.
///
/// # Errors
/// `invalid_request` when it was sent in more than one way (RFC 6750 §2 and §3.1).
pub fn access_token<'r>(
    authorization: Option<&'r str>,
    form: &'r Parameters,
    query: &'r Parameters,
) -> Result<Option<(Scheme, &'r str)>, OAuthError> {
    let header = authorization
        .and_then(|value| value.split_once(' '))
        .and_then(|(scheme, token)| {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Scheme::Bearer,
                "dpop" => Scheme::Dpop,
                _ => return None,
            };
            Some((scheme, token.trim()))
        });
    let named = |parameters: &'r Parameters| Some((Scheme::Bearer, parameters.get("access_token")?));
    let mut sent = [header, named(form), named(query)]
        .into_iter()
        .flatten()
        .filter(|(_, token)| !token.is_empty());
    let (first, second) = (sent.next(), sent.next());
    let repeated = [form, query]
        .iter()
        .any(|parameters| parameters.first_repeated(&["access_token"]).is_some());
    if second.is_some() || repeated {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "The access token was sent more than once.",
        ));
    }
    Ok(first)
}

/// Whether a token is presented as it must be: one bound to a key with a proof by that key, any other without
/// (RFC 9449 §7.1 and §7.2; otherwise a stolen token could be used as a bearer token).
pub fn check_possession(
    scheme: Scheme,
    bound_to: Option<&str>,
    proven: Option<&str>,
) -> Result<(), OAuthError> {
    match (scheme, bound_to, proven) {
        (Scheme::Bearer, None, _) => Ok(()),
        (Scheme::Dpop, Some(bound_to), Some(proven)) if bound_to == proven => Ok(()),
        _ => Err(invalid_token()),
    }
}

/// Whether a live grant may be asked about its user. A grant without any scope may learn `sub` alone: apps that
/// leave the scopes blank rely on it. A token for an API is for that API, whatever its scopes.
pub fn authorize(grant: &Grant, issuer: &str) -> Result<(), OAuthError> {
    let for_us = grant.audience.iter().any(|audience| audience == issuer);
    let for_client = grant.audience == [grant.client_id.as_str()];
    let blank = for_client && grant.scopes.as_slice().is_empty();
    if !blank && !for_us {
        return Err(OAuthError::new(
            ErrorCode::AccessDenied,
            "The access token is not for this endpoint.",
        ));
    }
    if !blank && !grant.scopes.has_openid() {
        return Err(OAuthError::new(
            ErrorCode::InsufficientScope,
            "The access token lacks the openid scope.",
        ));
    }
    Ok(())
}

/// Signs an answer (OIDC Core §5.3.2): the claims, who says so and to whom.
pub fn sign(
    signer: &impl Signer,
    issuer: &str,
    client_id: &str,
    mut claims: Map<String, Value>,
) -> Result<String, KeyError> {
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("aud".to_owned(), client_id.into());
    jose::sign(signer, "JWT", &claims)
}

/// The error for a missing or unusable token.
pub fn invalid_token() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidToken,
        "The access token is missing, expired, revoked or malformed.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::audience;
    use crate::scope::Scopes;

    #[test]
    fn the_token_is_found_where_it_may_be() {
        let form = Parameters::from_pairs([("access_token", "form")]);
        let query = Parameters::from_pairs([("access_token", "query")]);
        let none = Parameters::default();
        for (header, form, query, expected) in [
            (Some("bearer h"), &none, &none, Some((Scheme::Bearer, "h"))),
            (Some("DPoP h"), &none, &none, Some((Scheme::Dpop, "h"))),
            (None, &form, &none, Some((Scheme::Bearer, "form"))),
            (Some("Basic x"), &none, &query, Some((Scheme::Bearer, "query"))),
            (Some("Bearer "), &none, &none, None),
            (None, &none, &none, None),
        ] {
            assert_eq!(access_token(header, form, query), Ok(expected), "{header:?}");
        }
        let twice = Parameters::from_pairs([("access_token", "a"), ("access_token", "a")]);
        for (header, form, query) in [
            (Some("Bearer h"), &form, &none),
            (Some("Bearer h"), &none, &query),
            (Some("DPoP h"), &form, &query),
            (None, &form, &query),
            (None, &twice, &none),
            (None, &none, &twice),
        ] {
            let refused = access_token(header, form, query).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidRequest, "{header:?}");
        }
    }

    #[test]
    fn a_bound_token_is_no_bearer_token() {
        for (scheme, bound_to, proven, fine) in [
            (Scheme::Bearer, None, None, true),
            (Scheme::Bearer, Some("k"), None, false),
            (Scheme::Bearer, Some("k"), Some("k"), false),
            (Scheme::Dpop, Some("k"), Some("k"), true),
            (Scheme::Dpop, Some("k"), Some("other"), false),
            (Scheme::Dpop, Some("k"), None, false),
            (Scheme::Dpop, None, Some("k"), false),
        ] {
            assert_eq!(
                check_possession(scheme, bound_to, proven).is_ok(),
                fine,
                "{scheme:?} {bound_to:?} {proven:?}"
            );
        }
    }

    #[test]
    fn only_grants_about_the_user_are_answered() {
        for (target, scopes, expected) in [
            ("app", "openid email", None),
            ("app", "openid", None),
            ("app", "", None),
            ("app", "email", Some(ErrorCode::InsufficientScope)),
            ("app", "offline_access", Some(ErrorCode::AccessDenied)),
            ("https://api.example", "openid email", None),
            ("https://api.example", "email", Some(ErrorCode::InsufficientScope)),
            ("https://api.example", "", Some(ErrorCode::AccessDenied)),
            ("https://api.example", "read", Some(ErrorCode::AccessDenied)),
        ] {
            let scopes = Scopes::requested(scopes);
            let grant = Grant {
                audience: audience(target, &scopes, "https://id.example"),
                scopes,
                ..Grant::example()
            };
            assert_eq!(
                authorize(&grant, "https://id.example")
                    .err()
                    .map(|error| error.code),
                expected
            );
        }
    }
}
