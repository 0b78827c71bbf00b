//! The forms and answers of the protocol's endpoints, for the API document. `pocket-id-oidc` reads and writes them.
#![expect(dead_code, reason = "these types describe, nobody makes one")]

use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A failure as OAuth describes it (RFC 6749 §5.2).
#[derive(ToSchema)]
pub struct OAuthFailure {
    /// What went wrong, for programs.
    #[schema(example = "invalid_request")]
    error: String,
    /// What went wrong, for developers; plain ASCII.
    #[schema(required = false, example = "The token parameter is missing.")]
    error_description: String,
}

/// A token request (RFC 6749 §3.2, RFC 8628 §3.4, RFC 8693 §2.1).
#[derive(ToSchema)]
pub struct TokenForm {
    /// What the client has: `authorization_code`, `refresh_token`, `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    #[schema(example = "authorization_code")]
    grant_type: String,
    /// The authorization code, for `authorization_code`. It counts once and for 15 minutes.
    #[schema(required = false)]
    code: String,
    /// The redirect URI of the authorization request, if it named one.
    #[schema(required = false)]
    redirect_uri: String,
    /// What the PKCE challenge of the authorization request was made of (RFC 7636).
    #[schema(required = false)]
    code_verifier: String,
    /// The refresh token, for `refresh_token`. It counts once.
    #[schema(required = false)]
    refresh_token: String,
    /// The device code, for the device's grant type.
    #[schema(required = false)]
    device_code: String,
    /// Scopes, separated by spaces: fewer than were granted, or those wanted where the request itself is the grant.
    #[schema(required = false)]
    scope: String,
    /// The API the token is to be for, by its resource (RFC 8707).
    #[schema(required = false)]
    resource: String,
    /// The same for a token exchange, by the name RFC 8693 gives it.
    #[schema(required = false)]
    audience: String,
    /// The access token to be exchanged.
    #[schema(required = false)]
    subject_token: String,
    /// What it is: `urn:ietf:params:oauth:token-type:access_token` or `urn:ietf:params:oauth:token-type:jwt`.
    #[schema(required = false)]
    subject_token_type: String,
    /// The access token of who acts for the user.
    #[schema(required = false)]
    actor_token: String,
    /// What it is; the same values.
    #[schema(required = false)]
    actor_token_type: String,
    /// What is wanted; the same values, an access token in any case.
    #[schema(required = false)]
    requested_token_type: String,
    /// The client's ID, unless it is in the header or the assertion.
    #[schema(required = false)]
    client_id: String,
    /// The client's secret, for `client_secret_post`.
    #[schema(required = false)]
    client_secret: String,
    /// A JWT that proves the client (RFC 7523).
    #[schema(required = false)]
    client_assertion: String,
    /// Always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(required = false)]
    client_assertion_type: String,
}

/// Tokens (RFC 6749 §5.1).
#[derive(ToSchema)]
pub struct TokenAnswer {
    /// The access token, a JWT.
    access_token: String,
    /// `bearer`, or `DPoP` for a token bound to a key.
    #[schema(example = "bearer")]
    token_type: String,
    /// Seconds the access token is good for.
    #[schema(example = 3600)]
    expires_in: i64,
    /// Granted scopes, separated by spaces.
    #[schema(example = "openid profile email")]
    scope: String,
    /// The refresh token, where the client has one.
    #[schema(required = false)]
    refresh_token: String,
    /// The ID token, where `openid` was granted.
    #[schema(required = false)]
    id_token: String,
    /// What an exchange gave (RFC 8693 §2.2.1).
    #[schema(required = false)]
    issued_token_type: String,
}

/// An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorizationForm {
    /// Who asks: the client's ID.
    #[schema(required = false)]
    #[param(required = false)]
    client_id: String,
    /// What is wanted: `code`, and for clients that may have tokens without one `id_token` or `id_token token`.
    #[schema(required = false)]
    #[param(required = false)]
    response_type: String,
    /// Where the answer goes: one of the client's callback URLs. Needed where it has several.
    #[schema(required = false)]
    #[param(required = false)]
    redirect_uri: String,
    /// Scopes, separated by spaces. `openid` asks for an ID token.
    #[schema(required = false)]
    #[param(required = false)]
    scope: String,
    /// Comes back with the answer as it is.
    #[schema(required = false)]
    #[param(required = false)]
    state: String,
    /// Comes back in the ID token as it is.
    #[schema(required = false)]
    #[param(required = false)]
    nonce: String,
    /// How the answer comes: `query`, `fragment` or `form_post`. Without it as the response type has it.
    #[schema(required = false)]
    #[param(required = false)]
    response_mode: String,
    /// The PKCE challenge (RFC 7636).
    #[schema(required = false)]
    #[param(required = false)]
    code_challenge: String,
    /// How it was made: `S256`, and `plain` for clients that may.
    #[schema(required = false)]
    #[param(required = false)]
    code_challenge_method: String,
    /// Which screens there are: `none`, or of `login`, `consent` and `select_account` some, separated by spaces.
    #[schema(required = false)]
    #[param(required = false)]
    prompt: String,
    /// The most seconds since the person proved who they are.
    #[schema(required = false)]
    #[param(required = false)]
    max_age: String,
    /// How sure the client wants to be of the person, best first, separated by spaces: `phr` or `0`.
    #[schema(required = false)]
    #[param(required = false)]
    acr_values: String,
    /// An ID token of ours: whom the client believes to be signed in.
    #[schema(required = false)]
    #[param(required = false)]
    id_token_hint: String,
    /// Claims asked for one by one, as JSON (OpenID Connect Core §5.5).
    #[schema(required = false)]
    #[param(required = false)]
    claims: String,
    /// The API the access token is to be for, by its resource (RFC 8707).
    #[schema(required = false)]
    #[param(required = false)]
    resource: String,
    /// Thumbprint of the key the code is bound to (RFC 9449 §10).
    #[schema(required = false)]
    #[param(required = false)]
    dpop_jkt: String,
    /// The request as a JWT (RFC 9101).
    #[schema(required = false)]
    #[param(required = false)]
    request: String,
    /// A pushed request's handle, or a registered address of a request object. Not in a pushed request.
    #[schema(required = false)]
    #[param(required = false)]
    request_uri: String,
}

/// A pushed authorization request (RFC 9126 §2.1): the parameters of an authorization request, and what proves the
/// client.
#[derive(serde::Serialize, ToSchema)]
pub struct PushedRequestForm {
    /// The request itself.
    #[serde(flatten)]
    #[schema(value_type = AuthorizationForm)]
    request: Value,
    /// The client's secret, for `client_secret_post`.
    #[schema(required = false)]
    client_secret: String,
    /// A JWT that proves the client (RFC 7523).
    #[schema(required = false)]
    client_assertion: String,
    /// Always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(required = false)]
    client_assertion_type: String,
}

/// Where a pushed request is kept (RFC 9126 §2.2).
#[derive(ToSchema)]
pub struct PushedRequestAnswer {
    /// The handle, for the parameter `request_uri` of the authorization request. It counts once.
    #[schema(example = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c8KqZ5mXbO3hJ0vQs")]
    request_uri: String,
    /// Seconds it is good for.
    #[schema(example = 90)]
    expires_in: i64,
}

/// The sign-in of a device (RFC 8628 §3.1).
#[derive(ToSchema)]
pub struct DeviceAuthorizationForm {
    /// The client's ID, unless it is in the header or the assertion.
    #[schema(required = false)]
    client_id: String,
    /// Scopes, separated by spaces.
    #[schema(required = false)]
    scope: String,
    /// The API the access token is to be for, by its resource (RFC 8707).
    #[schema(required = false)]
    resource: String,
    /// The client's secret, for `client_secret_post`.
    #[schema(required = false)]
    client_secret: String,
    /// A JWT that proves the client (RFC 7523).
    #[schema(required = false)]
    client_assertion: String,
    /// Always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(required = false)]
    client_assertion_type: String,
}

/// A token to be described or ended (RFC 7662 §2.1, RFC 7009 §2.1).
#[derive(ToSchema)]
pub struct PresentedTokenForm {
    /// The access or refresh token.
    token: String,
    /// What it probably is: `access_token` or `refresh_token`.
    #[schema(required = false)]
    token_type_hint: String,
    /// The client's ID, unless it is in the header or the assertion.
    #[schema(required = false)]
    client_id: String,
    /// The client's secret, for `client_secret_post`; not for introspection.
    #[schema(required = false)]
    client_secret: String,
    /// A JWT that proves the client (RFC 7523).
    #[schema(required = false)]
    client_assertion: String,
    /// Always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(required = false)]
    client_assertion_type: String,
}

/// What there is to say of a token (RFC 7662 §2.2). Of one that is not active nothing else is said.
#[derive(ToSchema)]
pub struct IntrospectionAnswer {
    /// Whether it is good, and the caller's business.
    #[schema(example = true)]
    active: bool,
    /// Whose token it is: the client's ID.
    #[schema(required = false)]
    client_id: String,
    /// Its scopes, separated by spaces.
    #[schema(required = false)]
    scope: String,
    /// Whom it is about: a user's ID, or the client's where it acts for itself.
    #[schema(required = false)]
    sub: String,
    /// The same, as older versions named it.
    #[schema(required = false)]
    username: String,
    /// Whom it is for: APIs by their resource, or this installation.
    #[schema(required = false)]
    aud: Vec<String>,
    /// Who made it: the address of this installation.
    #[schema(required = false)]
    iss: String,
    /// When it ends, in Unix seconds.
    #[schema(required = false)]
    exp: i64,
    /// When it was made, in Unix seconds.
    #[schema(required = false)]
    iat: i64,
    /// What kind of token it is.
    #[schema(required = false)]
    token_type: String,
    /// Its identifier.
    #[schema(required = false)]
    jti: String,
    /// When the user proved who they are, in Unix seconds.
    #[schema(required = false)]
    auth_time: i64,
    /// How they did: `phr` with a passkey, `0` otherwise.
    #[schema(required = false)]
    acr: String,
    /// Who acts for the user (RFC 8693 §4.1).
    #[schema(required = false, value_type = Object)]
    act: Value,
    /// The key it is bound to.
    #[schema(required = false)]
    cnf: Confirmation,
}

/// A key a token is bound to (RFC 9449 §6.1).
#[derive(ToSchema)]
pub struct Confirmation {
    /// Its thumbprint.
    #[schema(example = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    jkt: String,
}

/// What an access token may know about its user (OpenID Connect Core §5.1): `sub`, and what its scopes stand for.
/// Custom claims come beside these.
#[derive(ToSchema)]
pub struct UserInfo {
    /// The user's ID.
    sub: String,
    /// Username.
    #[schema(required = false)]
    preferred_username: String,
    /// First and last name.
    #[schema(required = false)]
    name: String,
    /// The name to show.
    #[schema(required = false)]
    display_name: String,
    /// First name.
    #[schema(required = false)]
    given_name: String,
    /// Last name.
    #[schema(required = false)]
    family_name: String,
    /// Address of the user's picture.
    #[schema(required = false)]
    picture: String,
    /// E-mail address.
    #[schema(required = false)]
    email: String,
    /// Whether it is known to be theirs.
    #[schema(required = false)]
    email_verified: bool,
    /// Names of their groups.
    #[schema(required = false)]
    groups: Vec<String>,
    /// Phone number.
    #[schema(required = false)]
    phone_number: String,
    /// Whether it is known to be theirs.
    #[schema(required = false)]
    phone_number_verified: bool,
    /// Postal address (OpenID Connect Core §5.1.1).
    #[schema(required = false, value_type = Object)]
    address: Value,
}

/// The form by which userinfo can be asked.
#[derive(ToSchema)]
pub struct UserInfoForm {
    /// The access token, unless it is in the header.
    #[schema(required = false)]
    access_token: String,
}

/// A request to sign out (OpenID Connect RP-Initiated Logout §2).
#[derive(ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EndSessionForm {
    /// An ID token the client got. Without it the person is asked on a page of ours.
    #[schema(required = false)]
    #[param(required = false)]
    id_token_hint: String,
    /// Where to go afterwards: one of the client's logout URLs.
    #[schema(required = false)]
    #[param(required = false)]
    post_logout_redirect_uri: String,
    /// Comes back there as it is.
    #[schema(required = false)]
    #[param(required = false)]
    state: String,
    /// The client's ID, to be compared with the ID token's.
    #[schema(required = false)]
    #[param(required = false)]
    client_id: String,
}

/// Public keys (RFC 7517 §5).
#[derive(ToSchema)]
pub struct KeySet {
    /// The keys tokens may be signed with: the present one, and those of tokens that are still good.
    keys: Vec<PublicKey>,
}

/// A public key (RFC 7517 §4).
#[derive(ToSchema)]
pub struct PublicKey {
    /// Key type: `RSA`, `EC` or `OKP`.
    #[schema(example = "RSA")]
    kty: String,
    /// What it is for: `sig`.
    #[schema(required = false, rename = "use")]
    use_: String,
    /// What may be done with it.
    #[schema(required = false)]
    key_ops: Vec<String>,
    /// The one algorithm it is used with.
    #[schema(required = false)]
    alg: String,
    /// Which key it is; tokens name it in their header.
    #[schema(required = false)]
    kid: String,
    /// Curve of an `EC` or `OKP` key.
    #[schema(required = false)]
    crv: String,
    /// Modulus of an `RSA` key, base64url.
    #[schema(required = false)]
    n: String,
    /// Public exponent of an `RSA` key, base64url.
    #[schema(required = false)]
    e: String,
    /// First coordinate of an `EC` key, or an `OKP` key itself, base64url.
    #[schema(required = false)]
    x: String,
    /// Second coordinate of an `EC` key, base64url.
    #[schema(required = false)]
    y: String,
}
