//! The authorization endpoint's decisions (RFC 6749 §4.1, OIDC Core §3.1.2, RFC 9207).
//!
//! [`validate`] looks at the request and the client alone; [`decide`] adds who is signed in. Faults of client or
//! redirect URI are shown to the person ([`Refusal::Page`]); all others go back to the client.

use crate::client::{Client, ClientKind, Demand};
use crate::error::{ErrorCode, OAuthError};
use crate::interaction::{AskedOfUser, Progress};
use crate::parameters::Parameters;
use crate::pkce::{self, Challenge, Method};
use crate::redirect_uri::{self, OpenIdRequested, RedirectUri, RedirectUriError};
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
        Some(sent) if client.trusts_first_redirect_uri() => RedirectUri::parse(sent),
        _ => redirect_uri::resolve(sent, &client.redirect_uris, openid),
    };
    let redirect_uri = match found {
        Ok(uri) => uri,
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
    let state = parameters.get("state").map(str::to_owned);
    let refuse = |code, description: &str| {
        Err(Refusal::Redirect(Box::new(RedirectError {
            redirect_uri: redirect_uri.clone(),
            response_mode,
            state: state.clone(),
            error: OAuthError::new(code, description),
        })))
    };
    if policy.insecure_redirects == InsecureRedirects::Refused && redirect_uri.is_insecure() {
        return refuse(ErrorCode::InvalidRequest, "The redirect_uri must use https.");
    }
    if let Some(name) = parameters.first_repeated(READ_ONCE) {
        let text = format!("The {name} parameter was sent more than once.");
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
    let max_age = match parameters.get("max_age").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(i64::from(seconds)),
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

/// Whether the user may use the client by its groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAccess {
    /// The client is open, or the user is in one of its groups.
    Allowed,
    /// Neither.
    Denied,
}

/// Whether an ID token hint fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// None was sent, or it is about the signed-in user.
    Fits,
    /// It is about somebody else.
    OtherUser,
    /// It is not one of our ID tokens.
    Invalid,
}

/// Who is signed in, and what they and the past say about the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInUser {
    /// When they proved who they are, Unix milliseconds.
    pub authenticated_at: i64,
    /// Whether that was with a passkey.
    pub by_passkey: bool,
    /// Whether they may use the client.
    pub group_access: GroupAccess,
    /// The scopes they agreed to before; none if never.
    pub consented: Option<Vec<String>>,
    /// When their passkey was just used to allow something, Unix milliseconds.
    pub fresh_proof: Option<i64>,
    /// The ID token hint.
    pub hint: Hint,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The client gets its code.
    Issue {
        /// When the user authenticated for it, Unix milliseconds.
        auth_time: i64,
        /// When the request came in, Unix milliseconds.
        requested_at: i64,
    },
    /// A person has to do something first.
    Interact(Progress),
    /// No.
    Refuse(Refusal),
}

/// What a request asks of a user who is signed in.
///
/// A sign-in or passkey use after the request came in satisfies `prompt=login`, `max_age` and a client's
/// demand for re-authentication: it is what they ask for.
pub fn asked_of_user(
    request: &AuthorizationRequest,
    client: &Client,
    user: &SignedInUser,
    requested_at: i64,
    now: i64,
) -> AskedOfUser {
    let authenticated_at = user
        .fresh_proof
        .map_or(user.authenticated_at, |at| at.max(user.authenticated_at));
    let passkey_since_request =
        user.fresh_proof.is_some() || (user.by_passkey && user.authenticated_at >= requested_at);
    let too_old = request
        .max_age
        .is_some_and(|seconds| now >= authenticated_at.saturating_add(seconds.saturating_mul(1000)));
    let demanded = request.prompt.login || client.reauthentication == Demand::Required || too_old;
    let covered = user
        .consented
        .as_ref()
        .is_some_and(|known| request.scopes.is_covered_by(known));
    AskedOfUser {
        reauthenticate: demanded && !passkey_since_request,
        consent: request.prompt.consent || (client.consent == Demand::Required && !covered),
    }
}

/// Decides a new request.
pub fn decide(
    request: &AuthorizationRequest,
    client: &Client,
    user: Option<&SignedInUser>,
    now: i64,
) -> Decision {
    let refuse = |code, description: &str| Decision::Refuse(redirect_error(request, code, description));
    let mut progress = Progress {
        authenticate: false,
        select_account: request.prompt.select_account,
        reauthenticate: false,
        consent: false,
        requested_at: now,
        reauthenticated_at: None,
        scopes: request.scopes.as_slice().to_vec(),
    };
    let Some(user) = user else {
        if request.prompt.none {
            return refuse(ErrorCode::LoginRequired, "The user is not signed in.");
        }
        progress.authenticate = true;
        return Decision::Interact(progress);
    };
    if user.group_access == GroupAccess::Denied {
        return Decision::Refuse(Refusal::Page(PageError::NotAllowed));
    }
    match user.hint {
        Hint::Fits => {}
        Hint::Invalid => {
            return refuse(
                ErrorCode::InvalidRequest,
                "The id_token_hint is not an ID token of this issuer.",
            );
        }
        Hint::OtherUser if request.prompt.none => {
            return refuse(
                ErrorCode::LoginRequired,
                "Another user than the hinted one is signed in.",
            );
        }
        // The person can switch to the hinted account.
        Hint::OtherUser => progress.select_account = true,
    }
    let asked = asked_of_user(request, client, user, now, now);
    if request.prompt.none {
        if asked.reauthenticate {
            return refuse(ErrorCode::LoginRequired, "The user has to authenticate again.");
        }
        if asked.consent {
            return refuse(ErrorCode::ConsentRequired, "The user has to consent.");
        }
    }
    progress.reauthenticate = asked.reauthenticate;
    progress.consent = asked.consent;
    if progress.current_step().is_some() {
        return Decision::Interact(progress);
    }
    Decision::Issue {
        auth_time: user.fresh_proof.unwrap_or(user.authenticated_at),
        requested_at: now,
    }
}

/// Decides a request that comes back after its interaction. `same_user` says whether the signed-in user is the
/// one who did the steps.
pub fn resume(
    request: &AuthorizationRequest,
    client: &Client,
    user: Option<&SignedInUser>,
    progress: &Progress,
    same_user: SameUser,
    now: i64,
) -> Decision {
    let mut progress = progress.clone();
    let Some(user) = user else {
        progress.authenticate = true;
        return Decision::Interact(progress);
    };
    if user.group_access == GroupAccess::Denied {
        return Decision::Refuse(Refusal::Page(PageError::NotAllowed));
    }
    if same_user == SameUser::No {
        let asked = asked_of_user(request, client, user, progress.requested_at, now);
        progress.bind(asked);
    }
    if progress.current_step().is_some() {
        return Decision::Interact(progress);
    }
    match user.hint {
        Hint::Fits => {}
        Hint::Invalid => {
            let error = redirect_error(
                request,
                ErrorCode::InvalidRequest,
                "The id_token_hint is not an ID token of this issuer.",
            );
            return Decision::Refuse(error);
        }
        Hint::OtherUser => {
            let error = redirect_error(
                request,
                ErrorCode::LoginRequired,
                "Another user than the hinted one signed in.",
            );
            return Decision::Refuse(error);
        }
    }
    Decision::Issue {
        auth_time: progress.reauthenticated_at.unwrap_or(user.authenticated_at),
        requested_at: progress.requested_at,
    }
}

/// See [`resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameUser {
    /// The steps were done by who is signed in now.
    Yes,
    /// Somebody else did them, or nobody yet.
    No,
}

/// An error for the client of a valid request.
pub fn redirect_error(request: &AuthorizationRequest, code: ErrorCode, description: &str) -> Refusal {
    Refusal::Redirect(Box::new(RedirectError {
        redirect_uri: request.redirect_uri.clone(),
        response_mode: request.response_mode,
        state: request.state.clone(),
        error: OAuthError::new(code, description),
    }))
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

/// The parameters of a successful answer.
pub fn code_response(
    request: &AuthorizationRequest,
    code: &str,
    issuer: &str,
) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("code", code.to_owned())];
    if let Some(state) = &request.state {
        parameters.push(("state", state.clone()));
    }
    parameters.push(("scope", request.scopes.to_string()));
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

#[cfg(test)]
mod tests;
