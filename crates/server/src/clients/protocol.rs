//! What a client may decide beyond the reference's fields: its keys, algorithms, proofs and logout addresses.
//!
//! On the wire these are one object, `protocol`. A client saved without it keeps what it has, so that programs that
//! do not know it erase nothing.

use pocket_id_oidc::acr::Acr;
use pocket_id_oidc::client::Profile;
use pocket_id_oidc::client_assertion::AssertionAlgorithm;
use pocket_id_oidc::client_auth::Method as AuthMethod;
use pocket_id_oidc::jose::Algorithm;
use pocket_id_oidc::jwk_set::{JwkSet, reveals_secrets};
use pocket_id_oidc::redirect_uri::has_wildcard;
use pocket_id_oidc::request_object::ObjectAlgorithm;
use pocket_id_oidc::request_uri;
use pocket_id_oidc::response_type::{IMPLICIT, ResponseType};
use pocket_id_store::clients::Client;
use pocket_id_store::types::{JsonDocument, MinimumPasskey, SecurityProfile, StringList};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::validation::Rules;

/// The most keys a client may list.
const MOST_KEYS: usize = 20;
/// The most authenticator models a client may list.
const MOST_MODELS: usize = 200;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the wire format is what it is")]
pub struct ClientProtocolDto {
    /// The only way the client may authenticate: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`,
    /// `private_key_jwt` or `none`. Any it has credentials for when null.
    #[schema(required = false)]
    pub token_endpoint_auth_method: Option<String>,
    /// The only algorithm of the assertions the client makes itself; any when null.
    #[schema(required = false)]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The client's public keys as a JWK Set; excludes `jwksUri`.
    #[schema(required = false, value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where the client's public keys are.
    #[schema(required = false)]
    pub jwks_uri: Option<String>,
    /// Algorithm of its ID tokens; the instance's when null.
    #[schema(required = false)]
    pub id_token_signed_response_alg: Option<String>,
    /// Algorithm of its userinfo answers; plain JSON when null.
    #[schema(required = false)]
    pub userinfo_signed_response_alg: Option<String>,
    /// The only algorithm its request objects may have; `none`: unsigned ones only.
    #[schema(required = false)]
    pub request_object_signing_alg: Option<String>,
    /// Only signed request objects (RFC 9101).
    #[schema(required = false)]
    pub require_signed_request_object: bool,
    /// PKCE method `plain` allowed.
    #[schema(required = false)]
    pub allow_plain_pkce: bool,
    /// Only access tokens bound to a key (RFC 9449).
    #[schema(required = false)]
    pub dpop_bound_access_tokens: bool,
    /// `none` or `fapi2`.
    #[schema(required = false, value_type = String, example = "none")]
    pub security_profile: SecurityProfile,
    /// The weakest `acr` its users may come with.
    #[schema(required = false)]
    pub minimum_acr: Option<String>,
    /// The passkey its users need: `any`, `device_bound` (one that cannot leave its device) or `models` (one of
    /// `allowedAuthenticatorModels`, proven by the maker's certificate).
    #[schema(required = false, value_type = String, example = "any")]
    pub minimum_passkey: MinimumPasskey,
    /// Authenticator models (AAGUIDs) for `minimumPasskey` `models`.
    #[schema(required = false)]
    pub allowed_authenticator_models: Vec<String>,
    /// `max_age` of requests that send none, in seconds.
    #[schema(required = false, minimum = 0)]
    pub default_max_age: Option<i32>,
    /// Grant types it may use; all of its kind when null.
    #[schema(required = false)]
    pub grant_types: Option<Vec<String>>,
    /// Response types it may use: `code`, `id_token`, `id_token token`. `code` alone when null.
    #[schema(required = false)]
    pub response_types: Option<Vec<String>>,
    /// Where its request objects are: the addresses `request_uri` may name.
    #[schema(required = false)]
    pub request_uris: Vec<String>,
    /// Whether it may exchange a user's token for one of its own (RFC 8693).
    #[schema(required = false)]
    pub allow_token_impersonation: bool,
    /// The same with itself named as the actor.
    #[schema(required = false)]
    pub allow_token_delegation: bool,
    /// Where logout tokens go.
    #[schema(required = false)]
    pub backchannel_logout_uri: Option<String>,
    /// Whether those must name the session.
    #[schema(required = false)]
    pub backchannel_logout_session_required: bool,
    /// What browsers load at sign-out.
    #[schema(required = false)]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that must name the session.
    #[schema(required = false)]
    pub frontchannel_logout_session_required: bool,
}

impl From<&Client> for ClientProtocolDto {
    fn from(client: &Client) -> Self {
        let client = client.clone();
        Self {
            token_endpoint_auth_method: client.token_endpoint_auth_method,
            token_endpoint_auth_signing_alg: client.token_endpoint_auth_signing_alg,
            jwks: client.jwks.map(|jwks| jwks.0),
            jwks_uri: client.jwks_uri,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            userinfo_signed_response_alg: client.userinfo_signed_response_alg,
            request_object_signing_alg: client.request_object_signing_alg,
            require_signed_request_object: client.require_signed_request_object,
            allow_plain_pkce: client.pkce_plain_allowed,
            dpop_bound_access_tokens: client.dpop_bound_access_tokens,
            security_profile: client.security_profile,
            minimum_acr: client.minimum_acr,
            minimum_passkey: client.minimum_passkey,
            allowed_authenticator_models: client.allowed_authenticator_models.0,
            default_max_age: client.default_max_age,
            grant_types: client.grant_types.map(|types| types.0),
            response_types: client.response_types.map(|types| types.0),
            request_uris: client.request_uris.0,
            allow_token_impersonation: client.allow_token_impersonation,
            allow_token_delegation: client.allow_token_delegation,
            backchannel_logout_uri: client.backchannel_logout_uri,
            backchannel_logout_session_required: client.backchannel_logout_session_required,
            frontchannel_logout_uri: client.frontchannel_logout_uri,
            frontchannel_logout_session_required: client.frontchannel_logout_session_required,
        }
    }
}

/// Whether a client that is to have these values is public, and where it may be redirected to.
pub struct Surroundings<'s> {
    /// `isPublic`.
    pub is_public: bool,
    /// `callbackURLs`.
    pub callback_urls: &'s [String],
}

impl ClientProtocolDto {
    /// Drops empty texts: in a form they mean that nothing was chosen. Models are written in one way.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        for text in [
            &mut self.token_endpoint_auth_method,
            &mut self.token_endpoint_auth_signing_alg,
            &mut self.jwks_uri,
            &mut self.id_token_signed_response_alg,
            &mut self.userinfo_signed_response_alg,
            &mut self.request_object_signing_alg,
            &mut self.minimum_acr,
            &mut self.backchannel_logout_uri,
            &mut self.frontchannel_logout_uri,
        ] {
            if text.as_deref() == Some("") {
                *text = None;
            }
        }
        for model in &mut self.allowed_authenticator_models {
            *model = model.trim().to_ascii_lowercase();
        }
        for response_type in self.response_types.iter_mut().flatten() {
            if let Ok(known) = response_type.parse::<ResponseType>() {
                known.as_str().clone_into(response_type);
            }
        }
        for uri in &mut self.request_uris {
            *uri = uri.trim().to_owned();
        }
        self.request_uris.retain(|uri| !uri.is_empty());
        self
    }

    /// Notes every fault.
    pub fn check(&self, surroundings: &Surroundings<'_>, rules: &mut Rules) {
        let mut fail = |field: &str, code: &str, message: &str| rules.fail(field, code, message);
        match self
            .token_endpoint_auth_method
            .as_deref()
            .map(str::parse::<AuthMethod>)
        {
            Some(Err(_)) => fail("tokenEndpointAuthMethod", "oneof", "is not a supported method"),
            Some(Ok(AuthMethod::None)) if !surroundings.is_public => {
                fail(
                    "tokenEndpointAuthMethod",
                    "invalid_value",
                    "none is for public clients only",
                );
            }
            Some(Ok(method)) if surroundings.is_public && method != AuthMethod::None => fail(
                "tokenEndpointAuthMethod",
                "invalid_value",
                "must be none for a public client",
            ),
            _ => {}
        }
        let algorithms = [
            (
                "idTokenSignedResponseAlg",
                self.id_token_signed_response_alg.as_deref(),
            ),
            (
                "userinfoSignedResponseAlg",
                self.userinfo_signed_response_alg.as_deref(),
            ),
            (
                "requestObjectSigningAlg",
                self.request_object_signing_alg
                    .as_deref()
                    .filter(|name| *name != ObjectAlgorithm::Unsigned.as_str()),
            ),
        ];
        for (field, algorithm) in algorithms {
            if algorithm.is_some_and(|name| name.parse::<Algorithm>().is_err()) {
                fail(field, "oneof", "is not a supported algorithm");
            }
        }
        let unsigned = self.request_object_signing_alg.as_deref() == Some(ObjectAlgorithm::Unsigned.as_str());
        let signed = self.require_signed_request_object || self.security_profile == SecurityProfile::Fapi2;
        if unsigned && signed {
            fail(
                "requestObjectSigningAlg",
                "invalid_value",
                "none contradicts signed requests",
            );
        }
        let method = self
            .token_endpoint_auth_method
            .as_deref()
            .and_then(|name| name.parse::<AuthMethod>().ok());
        let profile = match self.security_profile {
            SecurityProfile::None => Profile::OAuth,
            SecurityProfile::Fapi2 => Profile::Fapi2,
        };
        let mut wrong = |code: &str, message: &str| fail("tokenEndpointAuthSigningAlg", code, message);
        match self
            .token_endpoint_auth_signing_alg
            .as_deref()
            .map(str::parse::<AssertionAlgorithm>)
        {
            Some(Err(_)) => wrong("oneof", "is not a supported algorithm"),
            Some(Ok(algorithm)) if method.is_some_and(|method| !algorithm.fits(method)) => {
                wrong("invalid_value", "does not fit the authentication method");
            }
            Some(Ok(algorithm)) if !algorithm.fits_profile(profile) => {
                wrong("invalid_value", "FAPI 2.0 allows PS256, ES256 and EdDSA only");
            }
            _ => {}
        }
        if let Some(jwks) = &self.jwks
            && let Err(fault) = check_jwks(jwks)
        {
            fail("jwks", "invalid_value", fault);
        }
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            fail("jwksUri", "invalid_value", "cannot be combined with jwks");
        }
        for (field, url) in [
            ("jwksUri", &self.jwks_uri),
            ("backchannelLogoutUri", &self.backchannel_logout_uri),
            ("frontchannelLogoutUri", &self.frontchannel_logout_uri),
        ] {
            if url.as_deref().is_some_and(|url| !is_web_address(url)) {
                fail(
                    field,
                    "invalid_format",
                    "must be an http or https URL without fragment",
                );
            }
        }
        if self
            .minimum_acr
            .as_deref()
            .is_some_and(|acr| acr.parse::<Acr>().is_err())
        {
            fail("minimumAcr", "oneof", "is not a supported acr value");
        }
        if self.allowed_authenticator_models.len() > MOST_MODELS {
            fail("allowedAuthenticatorModels", "too_many", "names too many models");
        }
        if self
            .allowed_authenticator_models
            .iter()
            .any(|model| model.parse::<Uuid>().map(|aaguid| aaguid.to_string()).as_ref() != Ok(model))
        {
            fail(
                "allowedAuthenticatorModels",
                "invalid_format",
                "must list AAGUIDs such as 2fc0579f-8113-47ea-b116-bb5a8db9202a",
            );
        }
        if self.minimum_passkey == MinimumPasskey::Models && self.allowed_authenticator_models.is_empty() {
            fail("allowedAuthenticatorModels", "required", "is required");
        }
        if self.default_max_age.is_some_and(i32::is_negative) {
            fail("defaultMaxAge", "invalid_value", "must not be negative");
        }
        let unknown = |name: &String| !pocket_id_oidc::client::GRANT_TYPES.contains(&name.as_str());
        if self
            .grant_types
            .as_ref()
            .is_some_and(|types| types.iter().any(unknown))
        {
            fail("grantTypes", "oneof", "contains an unsupported grant type");
        }
        self.check_response_types(surroundings, rules);
        let mut fail = |field: &str, code: &str, message: &str| rules.fail(field, code, message);
        if self.request_uris.len() > request_uri::MOST {
            fail("requestUris", "too_many", "names too many addresses");
        }
        for (index, uri) in self.request_uris.iter().enumerate() {
            if let Err(fault) = request_uri::check(uri) {
                fail(&format!("requestUris[{index}]"), "invalid_format", fault);
            }
        }
        if self.security_profile == SecurityProfile::Fapi2 {
            if surroundings.is_public {
                fail(
                    "securityProfile",
                    "invalid_value",
                    "FAPI 2.0 is for confidential clients only",
                );
            }
            if surroundings.callback_urls.iter().any(|url| has_wildcard(url)) {
                fail(
                    "securityProfile",
                    "invalid_value",
                    "FAPI 2.0 allows no wildcards in callback URLs",
                );
            }
            if self.jwks.is_none() && self.jwks_uri.is_none() {
                fail("jwks", "required", "is required by FAPI 2.0 (or jwksUri)");
            }
            for (field, algorithm) in &algorithms {
                let known = algorithm.and_then(|name| name.parse::<Algorithm>().ok());
                if known.is_some_and(|algorithm| !Profile::Fapi2.takes(algorithm)) {
                    fail(
                        field,
                        "invalid_value",
                        "FAPI 2.0 allows PS256, ES256 and EdDSA only",
                    );
                }
            }
        }
    }

    /// What must hold for a client that gets tokens without a code.
    fn check_response_types(&self, surroundings: &Surroundings<'_>, rules: &mut Rules) {
        let named = self.response_types.iter().flatten();
        let (known, unknown): (Vec<_>, Vec<_>) = named
            .map(|name| name.parse::<ResponseType>())
            .partition(Result::is_ok);
        let known: Vec<ResponseType> = known.into_iter().flatten().collect();
        let mut fail = |code: &str, message: &str| rules.fail("responseTypes", code, message);
        if !unknown.is_empty() {
            fail("oneof", "contains an unsupported response type");
        }
        if !known.iter().any(|kind| kind.is_implicit()) {
            return;
        }
        if self
            .grant_types
            .as_ref()
            .is_some_and(|types| !types.iter().any(|name| name == IMPLICIT))
        {
            fail("invalid_value", "needs the grant type implicit");
        }
        if self.security_profile == SecurityProfile::Fapi2 {
            fail("invalid_value", "FAPI 2.0 allows code only");
        }
        if self.dpop_bound_access_tokens && known.iter().any(|kind| kind.gives_access_token()) {
            fail(
                "invalid_value",
                "an access token that comes without a code cannot be bound to a key",
            );
        }
        if surroundings.callback_urls.iter().any(|url| has_wildcard(url)) {
            fail(
                "invalid_value",
                "tokens without a code are not sent to callback URLs with wildcards",
            );
        }
    }

    /// Puts the values into a client.
    pub fn apply(self, client: &mut Client) {
        client.token_endpoint_auth_method = self.token_endpoint_auth_method;
        client.token_endpoint_auth_signing_alg = self.token_endpoint_auth_signing_alg;
        client.jwks = self.jwks.map(JsonDocument);
        client.jwks_uri = self.jwks_uri;
        client.id_token_signed_response_alg = self.id_token_signed_response_alg;
        client.userinfo_signed_response_alg = self.userinfo_signed_response_alg;
        client.request_object_signing_alg = self.request_object_signing_alg;
        client.require_signed_request_object = self.require_signed_request_object;
        client.pkce_plain_allowed = self.allow_plain_pkce;
        client.dpop_bound_access_tokens = self.dpop_bound_access_tokens;
        client.security_profile = self.security_profile;
        client.minimum_acr = self.minimum_acr;
        client.minimum_passkey = self.minimum_passkey;
        client.allowed_authenticator_models = StringList(self.allowed_authenticator_models);
        client.default_max_age = self.default_max_age;
        client.grant_types = self.grant_types.map(StringList);
        client.response_types = self.response_types.map(StringList);
        client.request_uris = StringList(self.request_uris);
        client.allow_token_impersonation = self.allow_token_impersonation;
        client.allow_token_delegation = self.allow_token_delegation;
        client.backchannel_logout_uri = self.backchannel_logout_uri;
        client.backchannel_logout_session_required = self.backchannel_logout_session_required;
        client.frontchannel_logout_uri = self.frontchannel_logout_uri;
        client.frontchannel_logout_session_required = self.frontchannel_logout_session_required;
    }
}

/// Whether a JWK Set holds usable public keys only.
fn check_jwks(jwks: &Value) -> Result<(), &'static str> {
    if reveals_secrets(jwks) {
        return Err("must not contain private or symmetric keys");
    }
    let listed = jwks.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
    let usable = JwkSet::from_value(jwks).map_err(|_| "must be a JWK Set with a keys array")?;
    if listed > MOST_KEYS {
        return Err("holds too many keys");
    }
    if usable.keys().len() < listed {
        return Err("contains something that is not a public signing key");
    }
    Ok(())
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}
