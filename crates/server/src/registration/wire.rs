//! What a client says of itself, for the API document. `pocket-id-oidc` reads and writes it.
#![expect(dead_code, reason = "these types describe, nobody makes one")]

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What a client registers (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2). Other members are ignored.
#[derive(ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the members are those of the specifications"
)]
pub struct ClientMetadata {
    /// Where answers to its authorization requests may go. Needed unless there are no `response_types`.
    #[schema(required = false)]
    redirect_uris: Vec<String>,
    /// Where browsers may go after signing out.
    #[schema(required = false)]
    post_logout_redirect_uris: Vec<String>,
    /// `authorization_code` (the default), `refresh_token`, `implicit`, `client_credentials` or
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    #[schema(required = false)]
    grant_types: Vec<String>,
    /// `code`, `id_token` or `id_token token`, as the grant types have it.
    #[schema(required = false)]
    response_types: Vec<String>,
    /// `web` (the default) or `native`.
    #[schema(required = false)]
    application_type: String,
    /// Name for people. In other languages: `client_name#de`.
    #[schema(required = false)]
    client_name: String,
    /// Address of its home page.
    #[schema(required = false)]
    client_uri: String,
    /// Address of its logo.
    #[schema(required = false)]
    logo_uri: String,
    /// Address of its privacy policy.
    #[schema(required = false)]
    policy_uri: String,
    /// Address of its terms of service.
    #[schema(required = false)]
    tos_uri: String,
    /// Address at which it starts a sign-in itself.
    #[schema(required = false)]
    initiate_login_uri: String,
    /// Whom to write to, by e-mail address.
    #[schema(required = false)]
    contacts: Vec<String>,
    /// Which software it is.
    #[schema(required = false)]
    software_id: String,
    /// Which version of it.
    #[schema(required = false)]
    software_version: String,
    /// How it authenticates: `client_secret_basic` (the default), `client_secret_post`, `client_secret_jwt`,
    /// `private_key_jwt` or `none`.
    #[schema(required = false)]
    token_endpoint_auth_method: String,
    /// The one algorithm its assertions are signed with.
    #[schema(required = false)]
    token_endpoint_auth_signing_alg: String,
    /// Its public keys; not together with `jwks_uri`.
    #[schema(required = false, value_type = Object)]
    jwks: Value,
    /// Where they are.
    #[schema(required = false)]
    jwks_uri: String,
    /// Where its request objects are.
    #[schema(required = false)]
    request_uris: Vec<String>,
    /// A document that lists all its redirect URIs.
    #[schema(required = false)]
    sector_identifier_uri: String,
    /// How it knows users: `public` is the only way.
    #[schema(required = false)]
    subject_type: String,
    /// What its ID tokens are signed with; `RS256` unless it says otherwise.
    #[schema(required = false)]
    id_token_signed_response_alg: String,
    /// What its userinfo is signed with; not at all unless it says so.
    #[schema(required = false)]
    userinfo_signed_response_alg: String,
    /// The one algorithm its request objects are signed with.
    #[schema(required = false)]
    request_object_signing_alg: String,
    /// The most seconds since people proved who they are, for requests that do not say.
    #[schema(required = false)]
    default_max_age: i32,
    /// Whether it wants to know when they did.
    #[schema(required = false)]
    require_auth_time: bool,
    /// Whether it always pushes its requests.
    #[schema(required = false)]
    require_pushed_authorization_requests: bool,
    /// Whether it always signs them.
    #[schema(required = false)]
    require_signed_request_object: bool,
    /// Whether its access tokens are always bound to a key (RFC 9449).
    #[schema(required = false)]
    dpop_bound_access_tokens: bool,
    /// Where it is told of sign-outs by the server.
    #[schema(required = false)]
    backchannel_logout_uri: String,
    /// Whether it needs to know which session ended.
    #[schema(required = false)]
    backchannel_logout_session_required: bool,
    /// Where it is told of sign-outs by the browser.
    #[schema(required = false)]
    frontchannel_logout_uri: String,
    /// Whether it needs to know which session ended.
    #[schema(required = false)]
    frontchannel_logout_session_required: bool,
}

/// A client that registered itself (RFC 7591 §3.2.1, RFC 7592 §3): what it registered, with defaults filled in.
#[derive(Serialize, ToSchema)]
pub struct RegisteredClient {
    /// What it registered.
    #[serde(flatten)]
    #[schema(value_type = ClientMetadata)]
    metadata: Value,
    /// Its ID.
    client_id: String,
    /// When it registered, in Unix seconds.
    client_id_issued_at: i64,
    /// Where it reads and changes what it registered.
    registration_client_uri: String,
    /// The token for that, where there is a new one.
    #[schema(required = false)]
    registration_access_token: String,
    /// Its secret, where there is a new one.
    #[schema(required = false)]
    client_secret: String,
    /// When the secret ends: 0 for never.
    #[schema(required = false)]
    client_secret_expires_at: i64,
}
