//! The discovery document (OpenID Connect Discovery §3, RFC 8414): only what is true.

use serde::Serialize;

use crate::acr::Acr;
use crate::jose::{Algorithm, HmacAlgorithm};
use crate::response_type::{IMPLICIT, ResponseType};
use crate::scope::STANDARD;

/// How clients may authenticate.
const AUTH_METHODS: [&str; 5] = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "none",
];

/// How the introspection endpoint's callers may (RFC 7662 §2.1): a secret in the form is not taken there, a name alone
/// proves nothing, and an access token will do.
const INTROSPECTION_AUTH_METHODS: [&str; 4] = [
    "client_secret_basic",
    "client_secret_jwt",
    "private_key_jwt",
    "Bearer",
];

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are those of the specification"
)]
pub struct Document {
    issuer: String,
    service_documentation: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    device_authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    jwks_uri: String,
    grant_types_supported: Vec<&'static str>,
    scopes_supported: Vec<&'static str>,
    claims_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    userinfo_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    code_challenge_methods_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    acr_values_supported: Vec<&'static str>,
    claim_types_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_request_uri_registration: bool,
    request_object_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    client_id_metadata_document_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is.
    Yes,
    /// It is switched off.
    No,
}

/// What administrators may switch on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Dynamic client registration.
    pub client_registration: Offered,
    /// Clients known by their metadata documents.
    pub metadata_documents: Offered,
}

/// The document of a provider at `base`, whose server-to-server endpoints are reached at `internal_base`.
pub fn document(base: &str, internal_base: &str, features: Features) -> Document {
    Document {
        issuer: base.to_owned(),
        service_documentation: format!("{base}/api/docs"),
        authorization_endpoint: format!("{base}/authorize"),
        token_endpoint: format!("{internal_base}/api/oidc/token"),
        userinfo_endpoint: format!("{internal_base}/api/oidc/userinfo"),
        end_session_endpoint: format!("{base}/api/oidc/end-session"),
        registration_endpoint: (features.client_registration == Offered::Yes)
            .then(|| format!("{base}/api/oidc/register")),
        introspection_endpoint: format!("{internal_base}/api/oidc/introspect"),
        introspection_endpoint_auth_methods_supported: INTROSPECTION_AUTH_METHODS.to_vec(),
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        revocation_endpoint: format!("{internal_base}/api/oidc/revoke"),
        revocation_endpoint_auth_methods_supported: AUTH_METHODS.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        device_authorization_endpoint: format!("{base}/api/oidc/device/authorize"),
        pushed_authorization_request_endpoint: format!("{internal_base}/api/oidc/par"),
        require_pushed_authorization_requests: false,
        jwks_uri: format!("{internal_base}/.well-known/jwks.json"),
        grant_types_supported: grant_types(features.client_registration),
        scopes_supported: STANDARD.to_vec(),
        claims_supported: vec![
            "sub",
            "given_name",
            "family_name",
            "name",
            "display_name",
            "email",
            "email_verified",
            "preferred_username",
            "picture",
            "groups",
            "phone_number",
            "phone_number_verified",
            "address",
            "auth_time",
            "acr",
            "amr",
            "nonce",
            "sid",
        ],
        response_types_supported: response_types(features.client_registration)
            .map(ResponseType::as_str)
            .collect(),
        response_modes_supported: vec!["query", "fragment", "form_post"],
        subject_types_supported: vec!["public"],
        id_token_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::as_str).to_vec(),
        userinfo_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::as_str).to_vec(),
        dpop_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::as_str).to_vec(),
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: vec!["S256"],
        prompt_values_supported: vec!["none", "login", "consent", "select_account"],
        acr_values_supported: Acr::ALL.iter().map(|acr| acr.as_str()).collect(),
        claim_types_supported: vec!["normal"],
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        request_object_signing_alg_values_supported: std::iter::once("none")
            .chain(Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()))
            .collect(),
        token_endpoint_auth_methods_supported: AUTH_METHODS.to_vec(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
        client_id_metadata_document_supported: features.metadata_documents == Offered::Yes,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
    }
}

/// The response types that are told. OpenID Connect Core §15.2 asks them of providers clients can register with; where
/// only administrators make clients, they know what they allow, and nobody else needs to be shown the discouraged ones
/// (RFC 9700 §2.1.2).
fn response_types(client_registration: Offered) -> impl Iterator<Item = ResponseType> {
    ResponseType::ALL
        .into_iter()
        .filter(move |kind| client_registration == Offered::Yes || !kind.is_implicit())
}

fn grant_types(client_registration: Offered) -> Vec<&'static str> {
    let mut types = vec![
        "authorization_code",
        "refresh_token",
        "client_credentials",
        crate::device::GRANT_TYPE,
        crate::token::exchange::GRANT_TYPE,
    ];
    if response_types(client_registration).any(ResponseType::is_implicit) {
        types.push(IMPLICIT);
    }
    types
}

/// The algorithms of client assertions (OIDC Core §9).
fn assertion_algorithms() -> Vec<&'static str> {
    let asymmetric = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str());
    let symmetric = HmacAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str());
    asymmetric.chain(symmetric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_at_the_address_their_callers_use() {
        let features = Features {
            client_registration: Offered::No,
            metadata_documents: Offered::No,
        };
        let document = document("https://id.example", "http://pocket-id:1411", features);
        let json = serde_json::to_value(document).unwrap();
        assert_eq!(json["issuer"], "https://id.example");
        for (field, base) in [
            ("authorization_endpoint", "https://id.example/"),
            ("end_session_endpoint", "https://id.example/"),
            ("token_endpoint", "http://pocket-id:1411/"),
            ("userinfo_endpoint", "http://pocket-id:1411/"),
            ("jwks_uri", "http://pocket-id:1411/"),
        ] {
            assert!(json[field].as_str().unwrap().starts_with(base), "{field}");
        }
    }
    #[test]
    fn implicit_response_types_are_told_where_clients_can_register() {
        for (client_registration, response_types, implicit) in [
            (Offered::No, vec!["code"], false),
            (Offered::Yes, vec!["code", "id_token", "id_token token"], true),
        ] {
            let features = Features {
                client_registration,
                metadata_documents: Offered::Yes,
            };
            let base = "https://id.example";
            let json = serde_json::to_value(document(base, base, features)).unwrap();
            assert_eq!(
                json["response_types_supported"],
                serde_json::json!(response_types)
            );
            let grants = json["grant_types_supported"].as_array().unwrap();
            assert_eq!(grants.iter().any(|grant| grant == "implicit"), implicit);
            let modes = json["response_modes_supported"].as_array().unwrap();
            assert!(modes.iter().any(|mode| mode == "fragment"));
        }
    }
}
