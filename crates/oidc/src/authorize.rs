//! The authorization endpoint's decisions (RFC 6749 §§4.1 and 4.2, OIDC Core §§3.1.2 and 3.2.2, RFC 9207).
//!
//! [`validate`] looks at the request and the client alone, [`check_hint`] at its ID token hint; [`decide`] adds who
//! is signed in, [`resume`] what they did since. Faults of client or redirect URI are shown to the person
//! ([`Refusal::Page`]); all others go back to the client.

mod answer;
mod decide;

pub use answer::{
    FrontChannelTokens, code_response, error_response, redirect_error, response_location, token_response,
};
pub use decide::{
    Decision, FreshProof, GroupAccess, Hint, SameUser, SignedInUser, accepts_proof, asked_of_user,
    check_hint, decide, resume,
};

use std::collections::BTreeMap;

use crate::acr::Acr;
use crate::claims_request::ClaimsRequest;
pub use crate::client::PendingClients;
use crate::client::{Client, ClientKind, Demand, Profile};
use crate::error::{ErrorCode, OAuthError};
use crate::parameters::Parameters;
use crate::pkce::{self, Challenge, Method};
use crate::redirect_uri::{self, OpenIdRequested, Proof, RedirectUri, RedirectUriError};
use crate::request_object::Signature;
use crate::resource::{self, ApiFacts, Resolution, UnknownScopes};
use crate::response_type::{ResponseType, asks_for_tokens};
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
    "claims",
    "dpop_jkt",
    "request",
    "request_uri",
    "registration",
];

/// What of a request is looked at again after it was pushed, or when its interaction goes on.
const KEPT: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "acr_values",
    "claims",
    "dpop_jkt",
];

/// Wishes about the sign-in's pages, kept for those.
const HINTS: [&str; 2] = ["login_hint", "ui_locales"];

/// Longest hint kept, in bytes: a mail address (RFC 5321 §4.5.3.1) or a handful of language tags. Longer ones are none.
const LONGEST_HINT: usize = 320;

/// The parameters of a checked request that are stored. The rest means nothing to us (RFC 6749 §3.1 has it ignored),
/// was looked at already, or is a secret of the push; keeping it would give room in the database to anybody who asks.
pub fn worth_keeping(parameters: &Parameters) -> BTreeMap<String, String> {
    let values = parameters.values();
    let is_short = |(_, value): &(&String, &String)| value.len() <= LONGEST_HINT;
    let hints = HINTS.iter().filter_map(|name| values.get_key_value(*name));
    KEPT.iter()
        .filter_map(|name| values.get_key_value(*name))
        .chain(hints.filter(is_short))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Longest `state` and `nonce` taken, in bytes; they are stored and sent back.
const LONGEST_ECHO: usize = 8 * 1024;

/// What of a request was checked on its way here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// It came through the browser.
    Browser(Signature),
    /// The client pushes it now (RFC 9126).
    Push(Signature),
    /// It was pushed, or waited in an interaction: it was checked when it came in.
    Kept,
}

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
    /// Whether clients nobody approved may be used.
    pub pending_clients: PendingClients,
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
    /// What is asked for.
    pub response_type: ResponseType,
    /// How the answer gets there.
    pub response_mode: ResponseMode,
    /// The API the token is for (RFC 8707).
    pub resource: Option<String>,
    /// What may be granted of what was asked for.
    pub scopes: Scopes,
    /// To be given back.
    pub state: Option<String>,
    /// To be put into the ID token; always there when that comes without a code (OIDC Core §3.2.2.1).
    pub nonce: Option<String>,
    /// PKCE, which is about codes alone.
    pub challenge: Option<Challenge>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age` in seconds.
    pub max_age: Option<i64>,
    /// `id_token_hint`.
    pub id_token_hint: Option<String>,
    /// `claims`.
    pub claims: ClaimsRequest,
    /// `acr_values`, best first.
    pub acr_values: Vec<String>,
    /// `dpop_jkt`: the key the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
}

impl AuthorizationRequest {
    /// What the user has to agree to: the scopes, and those that stand for claims asked for one by one.
    pub fn consent_keys(&self) -> Vec<String> {
        self.with_claims(resource::consent_keys(self.resource.as_deref(), &self.scopes))
    }

    /// The same as people read it.
    pub fn shown_scopes(&self) -> Vec<String> {
        self.with_claims(self.scopes.as_slice().to_vec())
    }

    fn with_claims(&self, mut keys: Vec<String>) -> Vec<String> {
        for scope in self.claims.covering_scopes() {
            if !keys.iter().any(|key| key == scope) {
                keys.push(scope.to_owned());
            }
        }
        keys
    }
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
    RedirectUri(RedirectUriError),
    /// The user is not in a group that may use the client.
    NotAllowed,
    /// The client waits for an administrator's approval.
    NotApproved,
    /// An error that would go to the client, had its redirect URI been registered: the first one it uses could
    /// still be anybody's.
    BeforeFirstUse(OAuthError),
}

/// Why there is no code and no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Shown to the person.
    Page(PageError),
    /// Sent to the client.
    Redirect(Box<RedirectError>),
}

/// Where answers to a request go, known before the rest of it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Destination {
    redirect_uri: RedirectUri,
    proof: Proof,
    response_mode: ResponseMode,
    state: Option<String>,
}

impl Destination {
    fn refusal(&self, code: ErrorCode, description: &str) -> Refusal {
        answer::refusal(
            &self.redirect_uri,
            self.proof,
            self.response_mode,
            self.state.as_deref(),
            OAuthError::new(code, description),
        )
    }
}

fn destination(parameters: &Parameters, client: Option<&Client>) -> Result<Destination, Refusal> {
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
    let openid = if Scopes::requested(parameters.get("scope").unwrap_or_default()).has_openid() {
        OpenIdRequested::Yes
    } else {
        OpenIdRequested::No
    };
    let response_type = parameters.get("response_type");
    let registered = client.redirect_uris_for(response_type.and_then(|text| text.parse().ok()));
    let sent = parameters.get("redirect_uri");
    let found = match sent {
        // What is stored is a pattern: nobody's first request may bring one of its own.
        Some(sent) if client.trusts_first_redirect_uri() && !sent.contains('*') => {
            redirect_uri::first_use(sent).map(|uri| (uri, Proof::FirstUse))
        }
        // FAPI 2.0 Security Profile §5.3.2.2: compared as text.
        _ if client.profile == Profile::Fapi2 => {
            redirect_uri::resolve_exactly(sent, &registered).map(|uri| (uri, Proof::Registered))
        }
        _ => redirect_uri::resolve(sent, &registered, openid).map(|uri| (uri, Proof::Registered)),
    };
    let (redirect_uri, proof) = match found {
        Ok(found) => found,
        Err(reason) => return page(PageError::RedirectUri(reason)),
    };
    // Not even an error goes into the query of who asked for tokens (OIDC Core §3.2.2.6).
    let tokens_asked_for = response_type.is_some_and(asks_for_tokens);
    let response_mode = match parameters.get("response_mode") {
        None | Some("query") if tokens_asked_for => ResponseMode::Fragment,
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(_) => {
            return page(PageError::Malformed(
                "The response_mode parameter has an unsupported value.",
            ));
        }
    };
    Ok(Destination {
        redirect_uri,
        proof,
        response_mode,
        state: parameters.get_sent("state").map(str::to_owned),
    })
}

/// The refusal of a request whose object or handle is no good: told to the client if the rest of the request says
/// where that is.
pub fn refuse_request(parameters: &Parameters, client: Option<&Client>, error: &OAuthError) -> Refusal {
    match destination(parameters, client) {
        Ok(destination) => destination.refusal(error.code, &error.description),
        Err(refusal) => refusal,
    }
}

/// Checks a request against its client. Its request object has been taken apart before
/// (see [`crate::request_object`]).
pub fn validate(
    parameters: &Parameters,
    client: Option<&Client>,
    policy: Policy,
    channel: Channel,
    apis: &ApiFacts,
) -> Result<AuthorizationRequest, Refusal> {
    let destination = destination(parameters, client)?;
    let Some(client) = client else {
        return Err(Refusal::Page(PageError::UnknownClient));
    };
    if !client.is_usable(policy.pending_clients) {
        return Err(Refusal::Page(PageError::NotApproved));
    }
    let refuse = |code, description: &str| Err(destination.refusal(code, description));
    let insecure_allowed =
        policy.insecure_redirects == InsecureRedirects::Allowed && client.profile == Profile::OAuth;
    if !insecure_allowed && destination.redirect_uri.is_insecure() {
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
    // Whoever asks has taken the request object apart before; this one refers to nothing.
    if parameters.get("request_uri").is_some() {
        return refuse(
            ErrorCode::InvalidRequestUri,
            "The request_uri parameter refers to no request.",
        );
    }
    if parameters.get("registration").is_some() {
        return refuse(
            ErrorCode::RegistrationNotSupported,
            "The registration parameter is not supported.",
        );
    }
    let response_type = match read_response_type(parameters, client, &destination) {
        Ok(response_type) => response_type,
        Err(error) => return refuse(error.code, &error.description),
    };
    if client.requires_pushed_requests() && matches!(channel, Channel::Browser(_)) {
        return refuse(
            ErrorCode::InvalidRequest,
            "This client must push its authorization requests.",
        );
    }
    if client.signed_requests() == Demand::Required
        && matches!(
            channel,
            Channel::Browser(Signature::Absent) | Channel::Push(Signature::Absent)
        )
    {
        return refuse(
            ErrorCode::InvalidRequest,
            "This client must sign its authorization requests.",
        );
    }
    for name in ["state", "nonce"] {
        if parameters
            .get(name)
            .is_some_and(|value| value.len() > LONGEST_ECHO)
        {
            return refuse(
                ErrorCode::InvalidRequest,
                &format!("The {name} parameter is too long."),
            );
        }
    }
    let prompt = match read_prompt(parameters.get("prompt")) {
        Ok(prompt) => prompt,
        Err(description) => return refuse(ErrorCode::InvalidRequest, description),
    };
    let max_age = match parameters.get("max_age").map(read_seconds) {
        None => client.default_max_age,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => {
            return refuse(
                ErrorCode::InvalidRequest,
                "The max_age parameter must be a number of seconds.",
            );
        }
    };
    let challenge = match response_type {
        ResponseType::Code => read_challenge(parameters, client),
        ResponseType::IdToken | ResponseType::IdTokenToken => Ok(None),
    };
    let challenge = match challenge {
        Ok(challenge) => challenge,
        Err(description) => return refuse(ErrorCode::InvalidRequest, description),
    };
    let resource = parameters.get("resource");
    if parameters.first_repeated(&["resource"]).is_some()
        || resource.is_some_and(|resource| !resource::is_well_formed(resource))
    {
        return refuse(
            ErrorCode::InvalidTarget,
            "There must be one resource, an absolute URI without fragment.",
        );
    }
    let resolved = match resource::resolve(resource, parameters.get("scope"), apis, UnknownScopes::Dropped) {
        Ok(resolved) => resolved,
        // Nobody has signed in yet: who asks must not learn which APIs there are.
        Err(_) if resource.is_some() => {
            return refuse(
                ErrorCode::InvalidRequest,
                "The 'resource' or 'scope' parameter is invalid.",
            );
        }
        Err(error) => return refuse(error.code, &error.description),
    };
    let Resolution { resource, mut scopes } = resolved;
    if response_type.is_implicit() && !scopes.has_openid() {
        return refuse(ErrorCode::InvalidScope, "An ID token needs the scope openid.");
    }
    // OIDC Core §11: without a code, or the grant type, there is no refresh token.
    if response_type.is_implicit() || !client.may_use_grant("refresh_token") {
        scopes = scopes.without("offline_access");
    }
    let claims = match parameters.get("claims").filter(|_| scopes.has_openid()) {
        None => ClaimsRequest::default(),
        Some(text) => match ClaimsRequest::parse(text) {
            Ok(claims) => claims,
            Err(error) => return refuse(ErrorCode::InvalidRequest, &error.to_string()),
        },
    };
    let dpop_jkt = parameters.get("dpop_jkt");
    if dpop_jkt.is_some_and(|jkt| !is_thumbprint(jkt)) {
        return refuse(
            ErrorCode::InvalidRequest,
            "The dpop_jkt parameter must be a SHA-256 thumbprint.",
        );
    }
    if dpop_jkt.is_some() && response_type.gives_access_token() {
        return refuse(
            ErrorCode::InvalidRequest,
            "An access token that comes without a code cannot be bound to a key.",
        );
    }
    let request = AuthorizationRequest {
        sent_redirect_uri: parameters.get("redirect_uri").map(str::to_owned),
        redirect_uri: destination.redirect_uri.clone(),
        proof: destination.proof,
        response_type,
        response_mode: destination.response_mode,
        resource,
        scopes,
        state: destination.state.clone(),
        nonce: parameters.get("nonce").map(str::to_owned),
        challenge,
        prompt,
        max_age,
        id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
        claims,
        acr_values: parameters
            .get("acr_values")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
        dpop_jkt: dpop_jkt
            .filter(|_| response_type == ResponseType::Code)
            .map(str::to_owned),
    };
    if let AcrDemand::Impossible = acr_demand(&request, client) {
        return refuse(
            ErrorCode::UnmetAuthenticationRequirements,
            "None of the essential acr values is supported.",
        );
    }
    Ok(request)
}

/// The response type, if the request may be answered that way.
fn read_response_type(
    parameters: &Parameters,
    client: &Client,
    destination: &Destination,
) -> Result<ResponseType, OAuthError> {
    let refuse = |code, description: &str| Err(OAuthError::new(code, description));
    let Some(text) = parameters.get("response_type") else {
        return refuse(
            ErrorCode::InvalidRequest,
            "The response_type parameter is missing.",
        );
    };
    let Ok(response_type) = text.parse::<ResponseType>() else {
        return refuse(
            ErrorCode::UnsupportedResponseType,
            "The response_type is not supported.",
        );
    };
    if !client.may_use_response_type(response_type) {
        return refuse(
            ErrorCode::UnauthorizedClient,
            "This client may not use this response_type.",
        );
    }
    if !response_type.is_implicit() {
        return Ok(response_type);
    }
    // A code is of no use to who cannot redeem it; a token is. So nobody's first redirect URI gets one.
    if destination.proof == Proof::FirstUse {
        return refuse(
            ErrorCode::UnauthorizedClient,
            "This response_type needs a registered redirect_uri.",
        );
    }
    // OIDC Core §3.2.2.1, whatever the operator allows for codes.
    if destination.redirect_uri.is_insecure() {
        return refuse(ErrorCode::InvalidRequest, "The redirect_uri must use https.");
    }
    if parameters.get("response_mode") == Some("query") {
        return refuse(
            ErrorCode::InvalidRequest,
            "Tokens are not sent in a query: the response_mode must be fragment or form_post.",
        );
    }
    if parameters.get("nonce").is_none() {
        return refuse(ErrorCode::InvalidRequest, "The nonce parameter is missing.");
    }
    Ok(response_type)
}

/// How strongly a user has to be authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcrDemand {
    /// Nothing in particular.
    Nothing,
    /// This would be good; a weaker one will do where nobody can be asked.
    Preferred(Acr),
    /// This or nothing.
    Required(Acr),
    /// Something that does not exist here.
    Impossible,
}

/// What request and client together ask: the client's minimum, an essential `acr` claim (OIDC Core §5.5.1.1), or
/// `acr_values`, of which the first that is known counts.
pub fn acr_demand(request: &AuthorizationRequest, client: &Client) -> AcrDemand {
    fn first_known<'v>(mut values: impl Iterator<Item = &'v str>) -> Option<Acr> {
        values.find_map(|value| value.parse().ok())
    }
    let claim = request.claims.id_token.get("acr");
    let essential = claim.filter(|demand| demand.essential && !demand.values.is_empty());
    let required = match essential {
        None => client.minimum_acr,
        Some(demand) => match first_known(demand.texts()) {
            None => return AcrDemand::Impossible,
            Some(acr) => Some(client.minimum_acr.map_or(acr, |least| least.max(acr))),
        },
    };
    let wished = first_known(request.acr_values.iter().map(String::as_str))
        .or_else(|| claim.and_then(|demand| first_known(demand.texts())));
    match (required, wished) {
        (Some(required), Some(wished)) if wished > required => AcrDemand::Preferred(wished),
        (Some(required), _) => AcrDemand::Required(required),
        (None, Some(wished)) => AcrDemand::Preferred(wished),
        (None, None) => AcrDemand::Nothing,
    }
}

/// Whether the ID token is to name the `acr`.
pub fn wants_acr(request: &AuthorizationRequest, client: &Client) -> bool {
    !request.acr_values.is_empty()
        || request.claims.id_token.contains_key("acr")
        || client.minimum_acr.is_some()
}

fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && crate::jose::from_base64url(text).is_some_and(|bytes| bytes.len() == 32)
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
    let plain_forbidden = client.profile == Profile::Fapi2 && method == Method::Plain;
    if plain_forbidden || !client.pkce_methods.contains(&method) {
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
