//! The discovery document's fields, for the API document. `pocket-id-oidc` writes it.
#![expect(dead_code, reason = "this type describes, nobody makes one")]

use utoipa::ToSchema;

/// What this installation is and can do (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
#[derive(ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are those of the specification"
)]
pub struct DiscoveryDocument {
    /// Address of this installation; the `iss` of its tokens.
    #[schema(example = "https://id.example.com")]
    issuer: String,
    /// Page for developers.
    service_documentation: String,
    /// Where browsers are sent to sign in.
    authorization_endpoint: String,
    /// Where clients get tokens.
    token_endpoint: String,
    /// Where claims are to be had for an access token.
    userinfo_endpoint: String,
    /// Where browsers are sent to sign out.
    end_session_endpoint: String,
    /// Where clients register themselves (RFC 7591), while that is on.
    #[schema(required = false)]
    registration_endpoint: String,
    /// Where tokens are described (RFC 7662).
    introspection_endpoint: String,
    /// How its callers may authenticate.
    introspection_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms they may sign an assertion.
    introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where tokens are ended (RFC 7009).
    revocation_endpoint: String,
    /// How its callers may authenticate.
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms they may sign an assertion.
    revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Where the sign-in of a device starts (RFC 8628).
    device_authorization_endpoint: String,
    /// Where authorization requests are pushed (RFC 9126).
    pushed_authorization_request_endpoint: String,
    /// Whether every client has to push them.
    require_pushed_authorization_requests: bool,
    /// Where the public keys are.
    jwks_uri: String,
    /// Grant types there are; which of them a client may use is up to the client.
    grant_types_supported: Vec<String>,
    /// Scopes of the standard; APIs have others.
    scopes_supported: Vec<String>,
    /// Claims there may be.
    claims_supported: Vec<String>,
    /// Response types there are.
    response_types_supported: Vec<String>,
    /// Ways in which answers to authorization requests come.
    response_modes_supported: Vec<String>,
    /// How users are identified: every client knows one by the same `sub`.
    subject_types_supported: Vec<String>,
    /// Algorithms ID tokens may be signed with.
    id_token_signing_alg_values_supported: Vec<String>,
    /// Algorithms userinfo may be signed with.
    userinfo_signing_alg_values_supported: Vec<String>,
    /// Algorithms proofs of possession may be signed with (RFC 9449).
    dpop_signing_alg_values_supported: Vec<String>,
    /// Whether answers to authorization requests carry `iss` (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
    /// How PKCE challenges may be made.
    code_challenge_methods_supported: Vec<String>,
    /// Values of `prompt`.
    prompt_values_supported: Vec<String>,
    /// Values of `acr_values`.
    acr_values_supported: Vec<String>,
    /// Kinds of claims.
    claim_types_supported: Vec<String>,
    /// Whether claims may be asked for one by one.
    claims_parameter_supported: bool,
    /// Whether requests may be a JWT.
    request_parameter_supported: bool,
    /// Whether requests may be at an address.
    request_uri_parameter_supported: bool,
    /// Whether such addresses have to be registered.
    require_request_uri_registration: bool,
    /// Algorithms such JWTs may be signed with.
    request_object_signing_alg_values_supported: Vec<String>,
    /// How clients may authenticate.
    token_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms they may sign an assertion.
    token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Whether a client's ID may be the address of a document that describes it.
    client_id_metadata_document_supported: bool,
    /// Whether clients are told of sign-outs by the server.
    backchannel_logout_supported: bool,
    /// Whether they are told which session ended.
    backchannel_logout_session_supported: bool,
    /// Whether clients are told of sign-outs by the browser.
    frontchannel_logout_supported: bool,
    /// Whether they are told which session ended.
    frontchannel_logout_session_supported: bool,
}
