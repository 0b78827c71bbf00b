//! What goes back to the client, and how it gets there.

use super::{AuthorizationRequest, PageError, RedirectError, Refusal, ResponseMode};
use crate::client::{Client, Profile};
use crate::error::{ErrorCode, OAuthError};
use crate::redirect_uri::{Proof, RedirectUri};

/// An error for the client of a valid request.
pub fn redirect_error(request: &AuthorizationRequest, code: ErrorCode, description: &str) -> Refusal {
    refusal(
        &request.redirect_uri,
        request.proof,
        request.response_mode,
        request.state.as_deref(),
        OAuthError::new(code, description),
    )
}

/// An error goes only where the client is known to be.
pub(super) fn refusal(
    redirect_uri: &RedirectUri,
    proof: Proof,
    response_mode: ResponseMode,
    state: Option<&str>,
    error: OAuthError,
) -> Refusal {
    match proof {
        Proof::FirstUse => Refusal::Page(PageError::BeforeFirstUse(error)),
        Proof::Registered => Refusal::Redirect(Box::new(RedirectError {
            redirect_uri: redirect_uri.clone(),
            response_mode,
            state: state.map(str::to_owned),
            error,
        })),
    }
}

/// The parameters of an error answer, `iss` included (RFC 9207 §2).
pub fn error_response(error: &RedirectError, issuer: &str) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("error", error.error.code.as_str().to_owned()),
        ("error_description", error.error.description.clone()),
    ];
    if let Some(state) = &error.state {
        parameters.push(("state", state.clone()));
    }
    parameters.push(("iss", issuer.to_owned()));
    parameters
}

/// The parameters of an answer with a code. What was granted is also said, but not under FAPI 2.0, whose answers have
/// nothing else in them.
pub fn code_response(
    request: &AuthorizationRequest,
    client: &Client,
    code: &str,
    issuer: &str,
) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("code", code.to_owned())];
    if let Some(state) = &request.state {
        parameters.push(("state", state.clone()));
    }
    if client.profile == Profile::OAuth {
        parameters.push(("scope", request.scopes.to_string()));
    }
    parameters.push(("iss", issuer.to_owned()));
    parameters
}

/// What is given without a code.
#[derive(Clone, PartialEq, Eq)]
pub struct FrontChannelTokens {
    /// `id_token`.
    pub id_token: String,
    /// `access_token` with its `token_type` and the seconds it lives, if one was asked for.
    pub access_token: Option<(String, &'static str, i64)>,
}

impl std::fmt::Debug for FrontChannelTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FrontChannelTokens")
    }
}

/// The parameters of an answer with tokens (OIDC Core §3.2.2.5, RFC 6749 §4.2.2).
pub fn token_response(
    request: &AuthorizationRequest,
    tokens: FrontChannelTokens,
    issuer: &str,
) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    if let Some((access_token, token_type, expires_in)) = tokens.access_token {
        parameters.push(("access_token", access_token));
        parameters.push(("token_type", token_type.to_owned()));
        parameters.push(("expires_in", expires_in.to_string()));
        parameters.push(("scope", request.scopes.to_string()));
    }
    parameters.push(("id_token", tokens.id_token));
    if let Some(state) = &request.state {
        parameters.push(("state", state.clone()));
    }
    parameters.push(("iss", issuer.to_owned()));
    parameters
}

/// The address that takes answer parameters to the client; the redirect URI's own query stays.
pub fn response_location(
    redirect_uri: &RedirectUri,
    mode: ResponseMode,
    parameters: &[(&str, String)],
) -> String {
    let mut url = redirect_uri.url().clone();
    match mode {
        ResponseMode::Fragment => {
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            text.extend_pairs(parameters);
            url.set_fragment(Some(&text.finish()));
        }
        ResponseMode::Query | ResponseMode::FormPost => {
            url.query_pairs_mut().extend_pairs(parameters);
        }
    }
    url.into()
}
