//! The authorization endpoint's decisions (RFC 6749 §4.1, OIDC Core §3.1.2, RFC 9207).
//!
//! [`validate`] looks at the request and the client alone, [`check_hint`] at its ID token hint; [`decide`] adds who
//! is signed in, [`resume`] what they did since. Faults of client or redirect URI are shown to the person
//! ([`Refusal::Page`]); all others go back to the client.

mod answer;
mod decide;

pub use answer::{code_response, error_response, redirect_error, response_location};
pub use decide::{
    Decision, GroupAccess, Hint, SameUser, SignedInUser, asked_of_user, check_hint, decide, resume,
};

use crate::client::{Client, ClientKind, Demand};
use crate::error::{ErrorCode, OAuthError};
use crate::parameters::Parameters;
use crate::pkce::{self, Challenge, Method};
use crate::redirect_uri::{self, OpenIdRequested, Proof, RedirectUri, RedirectUriError};
use crate::scope::Scopes;

/// Parameters that must not be sent twice because we read them.
const READ_ONCE: &[&str] = &[
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "max_age",
    "id_token_hint",
    "acr_values",
    "request",
    "request_uri",
    "registration",
];

/// How an answer gets to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment.
    Fragment,
    /// In a form the browser posts to it.
    FormPost,
}

/// What the instance allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether codes may be sent over plain http to other machines.
    pub insecure_redirects: InsecureRedirects,
}

/// See [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsecureRedirects {
    /// Allowed.
    Allowed,
    /// Refused except to this machine.
    Refused,
}

/// A request that is in order as far as it and its client go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// Whether that is registered. If it is the client's first, it gets registered when the code is issued.
    pub proof: Proof,
    /// The `redirect_uri` parameter, if one was sent; the token endpoint must then be sent the same.
    pub sent_redirect_uri: Option<String>,
    /// How the answer gets there.
    pub response_mode: ResponseMode,
    /// What may be granted of what was asked for.
    pub scopes: Scopes,
    /// To be given back.
    pub state: Option<String>,
    /// To be put into the ID token.
    pub nonce: Option<String>,
    /// PKCE.
    pub challenge: Option<Challenge>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age` in seconds.
    pub max_age: Option<i64>,
    /// `id_token_hint`.
    pub id_token_hint: Option<String>,
    /// Whether `acr_values` was sent.
    pub wants_acr: bool,
}

/// The `prompt` parameter (OIDC Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four independent words")]
pub struct Prompt {
    /// Show nothing.
    pub none: bool,
    /// Authenticate again.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Ask which account.
    pub select_account: bool,
}

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectError {
    /// Where it goes.
    pub redirect_uri: RedirectUri,
    /// How it gets there.
    pub response_mode: ResponseMode,
    /// To be given back.
    pub state: Option<String>,
    /// What is wrong.
    pub error: OAuthError,
}

/// An error for the person, because the client is not to be trusted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// No or an unknown client.
    UnknownClient,
    /// `client_id` or `redirect_uri` twice, or a response mode nobody knows.
    Malformed(&'static str),
    /// The redirect URI is not the client's.
    RedirectUri {
        /// Why.
        reason: RedirectUriError,
        /// What was sent.
        sent: Option<String>,
        /// What is registered.
        registered: Vec<String>,
    },
    /// The user is not in a group that may use the client.
    NotAllowed,
    /// An error that would go to the client, had its redirect URI been registered: the first one it uses could
    /// still be anybody's.
    BeforeFirstUse(OAuthError),
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Shown to the person.
    Page(PageError),
    /// Sent to the client.
    Redirect(Box<RedirectError>),
}

/// Checks a request against its client.
pub fn validate(
    parameters: &Parameters,
    client: Option<&Client>,
    policy: Policy,
) -> Result<AuthorizationRequest, Refusal> {
    let page = |error| Err(Refusal::Page(error));
    if parameters.first_repeated(&["client_id"]).is_some() {
        return page(PageError::Malformed(
            "The client_id parameter was sent more than once.",
        ));
    }
    let Some(client) = client else {
        return page(PageError::UnknownClient);
    };
    if parameters.first_repeated(&["redirect_uri"]).is_some() {
        return page(PageError::Malformed(
            "The redirect_uri parameter was sent more than once.",
        ));
    }
    let scopes = Scopes::requested(parameters.get("scope").unwrap_or_default());
    let openid = if scopes.has_openid() {
        OpenIdRequested::Yes
    } else {
        OpenIdRequested::No
    };
    let sent = parameters.get("redirect_uri");
    let found = match sent {
        Some(sent) if client.trusts_first_redirect_uri() => {
            RedirectUri::parse(sent).map(|uri| (uri, Proof::FirstUse))
        }
        _ => redirect_uri::resolve(sent, &client.redirect_uris, openid).map(|uri| (uri, Proof::Registered)),
    };
    let (redirect_uri, proof) = match found {
        Ok(found) => found,
        Err(reason) => {
            return page(PageError::RedirectUri {
                reason,
                sent: sent.map(str::to_owned),
                registered: client.redirect_uris.clone(),
            });
        }
    };
    let response_mode = match parameters.get("response_mode") {
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => {
            return page(PageError::Malformed(
                "The response_mode parameter has an unsupported value.",
            ));
        }
    };
    let state = parameters.get_sent("state").map(str::to_owned);
    let refuse = |code, description: &str| {
        Err(answer::refusal(
            &redirect_uri,
            proof,
            response_mode,
            state.as_deref(),
            OAuthError::new(code, description),
        ))
    };
    if policy.insecure_redirects == InsecureRedirects::Refused && redirect_uri.is_insecure() {
        return refuse(ErrorCode::InvalidRequest, "The redirect_uri must use https.");
    }
    if let Some(name) = parameters.first_repeated(READ_ONCE) {
        let text = format!("The {name} parameter was sent more than once.");
        return refuse(ErrorCode::InvalidRequest, &text);
    }
    if let Some(name) = parameters.first_unusable(READ_ONCE) {
        let text = format!("The {name} parameter contains characters that are not allowed.");
        return refuse(ErrorCode::InvalidRequest, &text);
    }
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return refuse(code, &format!("The {name} parameter is not supported."));
        }
    }
    if parameters.get("resource").is_some() {
        return refuse(
            ErrorCode::InvalidTarget,
            "The requested resource is not available to this client.",
        );
    }
    match parameters.get("response_type") {
        Some("code") => {}
        None => {
            return refuse(
                ErrorCode::InvalidRequest,
                "The response_type parameter is missing.",
            );
        }
        Some(_) => {
            return refuse(
                ErrorCode::UnsupportedResponseType,
                "The only supported response_type is code.",
            );
        }
    }
    if client.pushed_requests == Demand::Required {
        return refuse(
            ErrorCode::InvalidRequest,
            "This client must push its authorization requests.",
        );
    }
    let prompt = match read_prompt(parameters.get("prompt")) {
        Ok(prompt) => prompt,
        Err(description) => return refuse(ErrorCode::InvalidRequest, description),
    };
    let max_age = match parameters.get("max_age").map(read_seconds) {
        None => None,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => {
            return refuse(
                ErrorCode::InvalidRequest,
                "The max_age parameter must be a number of seconds.",
            );
        }
    };
    let challenge = match read_challenge(parameters, client) {
        Ok(challenge) => challenge,
        Err(description) => return refuse(ErrorCode::InvalidRequest, description),
    };
    Ok(AuthorizationRequest {
        sent_redirect_uri: sent.map(str::to_owned),
        redirect_uri,
        proof,
        response_mode,
        scopes,
        state,
        nonce: parameters.get("nonce").map(str::to_owned),
        challenge,
        prompt,
        max_age,
        id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
        wants_acr: parameters.get("acr_values").is_some(),
    })
}

/// A number of seconds; more than there are counts as all there are.
fn read_seconds(text: &str) -> Result<i64, NotANumber> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber);
    }
    Ok(text.parse().unwrap_or(i64::MAX))
}

struct NotANumber;

fn read_prompt(text: Option<&str>) -> Result<Prompt, &'static str> {
    let mut prompt = Prompt::default();
    let Some(text) = text else { return Ok(prompt) };
    let mut values = 0;
    for value in text.split_ascii_whitespace() {
        values += 1;
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err("The prompt parameter has an unsupported value."),
        }
    }
    if prompt.none && values > 1 {
        return Err("The prompt value none cannot be combined with others.");
    }
    Ok(prompt)
}

fn read_challenge(parameters: &Parameters, client: &Client) -> Result<Option<Challenge>, &'static str> {
    let Some(value) = parameters.get("code_challenge") else {
        if parameters.get("code_challenge_method").is_some() {
            return Err("The code_challenge parameter is missing.");
        }
        if client.requires_pkce() {
            return Err(match client.kind {
                ClientKind::Public => {
                    "Public clients must use PKCE: the code_challenge parameter is missing."
                }
                ClientKind::Confidential => {
                    "This client must use PKCE: the code_challenge parameter is missing."
                }
            });
        }
        return Ok(None);
    };
    let method = Method::from_parameter(parameters.get("code_challenge_method"))
        .ok_or("The code_challenge_method parameter has an unsupported value.")?;
    if !client.pkce_methods.contains(&method) {
        return Err("The code_challenge_method must be S256.");
    }
    if !pkce::is_well_formed(value) || (method == Method::S256 && value.len() != 43) {
        return Err("The code_challenge parameter is malformed.");
    }
    Ok(Some(Challenge {
        value: value.to_owned(),
        method,
    }))
}

#[cfg(test)]
mod tests;
