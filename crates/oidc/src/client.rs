//! The facts about a client that decide what it may do.

use crate::acr::Acr;
use crate::client_assertion::AssertionAlgorithm;
use crate::client_auth;
use crate::jose::Algorithm;
use crate::passkey::MinimumPasskey;
use crate::pkce::Method;
use crate::redirect_uri::has_wildcard;
use crate::request_object::ObjectAlgorithm;
use crate::response_type::{IMPLICIT, ResponseType};

/// Every grant type there is (RFC 6749, RFC 8628, RFC 8693).
pub const GRANT_TYPES: [&str; 6] = [
    "authorization_code",
    IMPLICIT,
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// Whether a client can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It can, and must prove who it is.
    Confidential,
    /// It cannot; PKCE stands in.
    Public,
}

/// Whether something is asked of a client's users or requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Always.
    Required,
    /// Only when the request says so.
    Optional,
}

/// The rules a client's requests must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Those of OAuth and OpenID Connect.
    OAuth,
    /// FAPI 2.0 Security Profile.
    Fapi2,
}

/// Whether an administrator lets a client do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// No.
    Refused,
}

/// Whether an administrator stands behind a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Made or approved by one.
    Given,
    /// It registered itself, and nobody has looked at it.
    Pending,
}

/// Whether clients nobody approved may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingClients {
    /// Yes; people are warned.
    Allowed,
    /// Not yet.
    Refused,
}

/// A client as the protocol sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Public or confidential.
    pub kind: ClientKind,
    /// PKCE (RFC 7636); always required of public clients.
    pub pkce: Demand,
    /// The PKCE methods it may use.
    pub pkce_methods: Vec<Method>,
    /// A passkey used for each authorization.
    pub reauthentication: Demand,
    /// Pushed authorization requests only (RFC 9126).
    pub pushed_requests: Demand,
    /// The consent screen; `Optional` means it is skipped unless asked for.
    pub consent: Demand,
    /// Redirect URI patterns.
    pub redirect_uris: Vec<String>,
    /// Whether it was registered without any, and has had none since.
    pub learns_redirect_uri: bool,
    /// Post-logout redirect URI patterns.
    pub post_logout_redirect_uris: Vec<String>,
    /// Which rules it must keep to.
    pub profile: Profile,
    /// The only way it may authenticate; any it has credentials for when none.
    pub auth_method: Option<client_auth::Method>,
    /// The only algorithm its own assertions may have.
    pub assertion_alg: Option<AssertionAlgorithm>,
    /// Algorithm of its ID tokens; the instance's when none.
    pub id_token_alg: Option<Algorithm>,
    /// Algorithm of its userinfo answers; plain JSON when none.
    pub userinfo_alg: Option<Algorithm>,
    /// The only algorithm its request objects may have.
    pub request_object_alg: Option<ObjectAlgorithm>,
    /// Where its request objects are.
    pub request_uris: Vec<String>,
    /// Signed request objects (RFC 9101); see [`Client::signed_requests`].
    pub request_objects: Demand,
    /// Sender-constrained access tokens (RFC 9449); see [`Client::dpop`].
    pub dpop_tokens: Demand,
    /// The weakest authentication its users may come with.
    pub minimum_acr: Option<Acr>,
    /// The passkey its users need.
    pub minimum_passkey: MinimumPasskey,
    /// `max_age` of requests that send none, in seconds.
    pub default_max_age: Option<i64>,
    /// The grant types it may use; all of its kind when none.
    pub grant_types: Option<Vec<String>>,
    /// The response types it may use; `code` alone when none.
    pub response_types: Option<Vec<ResponseType>>,
    /// Whether somebody stands behind it.
    pub approval: Approval,
    /// Token exchange that makes the client look like the user (RFC 8693 §1.1).
    pub impersonation: Permission,
    /// Token exchange that names the client as the actor.
    pub delegation: Permission,
}

impl Client {
    /// Whether it may be used at all, as far as approval goes.
    pub fn is_usable(&self, pending_clients: PendingClients) -> bool {
        pending_clients == PendingClients::Allowed || self.approval == Approval::Given
    }

    /// Whether requests without PKCE are refused.
    pub fn requires_pkce(&self) -> bool {
        self.kind == ClientKind::Public || self.pkce == Demand::Required || self.profile == Profile::Fapi2
    }

    /// Whether its authorization requests must be pushed.
    pub fn requires_pushed_requests(&self) -> bool {
        self.pushed_requests == Demand::Required || self.profile == Profile::Fapi2
    }

    /// Whether its authorization requests must be signed.
    pub fn signed_requests(&self) -> Demand {
        self.request_objects
    }

    /// Whether its access tokens must be bound to a key.
    pub fn requires_dpop(&self) -> bool {
        self.dpop_tokens == Demand::Required || self.profile == Profile::Fapi2
    }

    /// The algorithm its ID tokens are signed with, if not the instance's.
    pub fn token_alg(&self) -> Option<Algorithm> {
        match self.profile {
            Profile::OAuth => self.id_token_alg,
            Profile::Fapi2 => Some(self.id_token_alg.map_or(Algorithm::Es256, fit_for_fapi2)),
        }
    }

    /// The algorithm its access tokens are signed with, if not the instance's. What a client wishes for its ID tokens
    /// says nothing about the APIs that read its access tokens; the FAPI 2.0 Security Profile speaks of all tokens.
    pub fn access_token_alg(&self) -> Option<Algorithm> {
        match self.profile {
            Profile::OAuth => None,
            Profile::Fapi2 => self.token_alg(),
        }
    }

    /// The algorithm its userinfo answers are signed with, if they are.
    pub fn userinfo_alg(&self) -> Option<Algorithm> {
        match self.profile {
            Profile::OAuth => self.userinfo_alg,
            Profile::Fapi2 => self.userinfo_alg.map(fit_for_fapi2),
        }
    }

    /// Seconds its authorization codes are good for.
    pub fn code_lifetime(&self) -> i64 {
        match self.profile {
            Profile::OAuth => 15 * 60,
            // FAPI 2.0 Security Profile §5.3.2.1.
            Profile::Fapi2 => 60,
        }
    }

    /// Whether it may use a grant type.
    pub fn may_use_grant(&self, grant_type: &str) -> bool {
        let listed = self
            .grant_types
            .as_ref()
            .is_none_or(|types| types.iter().any(|known| known == grant_type));
        let possible = match grant_type {
            "client_credentials" => self.kind == ClientKind::Confidential,
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                self.impersonation == Permission::Granted || self.delegation == Permission::Granted
            }
            _ => true,
        };
        listed && possible
    }

    /// Whether it may use a response type. Tokens that browsers carry are not for clients whose tokens must be bound to
    /// a key, which they cannot be (RFC 9449 §5 binds at the token endpoint), nor for FAPI 2.0 (Security Profile
    /// §5.3.2.2: `code` only).
    pub fn may_use_response_type(&self, response_type: ResponseType) -> bool {
        let listed = match &self.response_types {
            None => response_type == ResponseType::Code,
            Some(types) => types.contains(&response_type),
        };
        let possible = !response_type.is_implicit() || self.profile == Profile::OAuth;
        let bound = response_type.gives_access_token() && self.requires_dpop();
        listed && possible && !bound && self.may_use_grant(response_type.grant_type())
    }

    /// The redirect URIs that answers to a response type may go to. Whoever gets a token from the address bar can use
    /// it at once: patterns that mean more than one address are for codes.
    pub fn redirect_uris_for(&self, response_type: Option<ResponseType>) -> Vec<String> {
        let implicit = response_type.is_some_and(ResponseType::is_implicit);
        self.redirect_uris
            .iter()
            .filter(|uri| !implicit || !has_wildcard(uri))
            .cloned()
            .collect()
    }

    /// Whether the first redirect URI it successfully uses becomes its registered one: confidential clients
    /// that were registered without any, and have had none since.
    pub fn trusts_first_redirect_uri(&self) -> bool {
        self.learns_redirect_uri
            && self.kind == ClientKind::Confidential
            && self.redirect_uris.is_empty()
            && self.profile == Profile::OAuth
    }
}

impl Profile {
    /// Whether a signature may be made or accepted with an algorithm: of PKCS #1 v1.5 and the longer hashes the FAPI 2.0
    /// Security Profile (§5.4.1) leaves nothing.
    pub fn takes(self, algorithm: Algorithm) -> bool {
        self == Self::OAuth || Algorithm::FAPI2.contains(&algorithm)
    }
}

/// An algorithm chosen before its client was put under the FAPI 2.0 Security Profile, or by the client itself.
fn fit_for_fapi2(chosen: Algorithm) -> Algorithm {
    if Profile::Fapi2.takes(chosen) {
        chosen
    } else {
        Algorithm::Es256
    }
}

#[cfg(test)]
impl Client {
    /// An ordinary confidential client, for tests to change.
    pub(crate) fn example() -> Self {
        Self {
            id: "app".to_owned(),
            kind: ClientKind::Confidential,
            pkce: Demand::Optional,
            pkce_methods: vec![Method::S256],
            reauthentication: Demand::Optional,
            pushed_requests: Demand::Optional,
            consent: Demand::Required,
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            learns_redirect_uri: false,
            post_logout_redirect_uris: Vec::new(),
            profile: Profile::OAuth,
            auth_method: None,
            assertion_alg: None,
            id_token_alg: None,
            userinfo_alg: None,
            request_object_alg: None,
            request_uris: Vec::new(),
            request_objects: Demand::Optional,
            dpop_tokens: Demand::Optional,
            minimum_acr: None,
            minimum_passkey: MinimumPasskey::Any,
            default_max_age: None,
            grant_types: None,
            response_types: None,
            approval: Approval::Given,
            impersonation: Permission::Refused,
            delegation: Permission::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_fapi_client_is_signed_with_what_fapi_forbids() {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
        for (profile, chosen, id_token, access_token, userinfo) in [
            (Profile::OAuth, None, None, None, None),
            (Profile::OAuth, Some(Rs256), Some(Rs256), None, Some(Rs256)),
            (Profile::OAuth, Some(EdDsa), Some(EdDsa), None, Some(EdDsa)),
            (Profile::Fapi2, None, Some(Es256), Some(Es256), None),
            (Profile::Fapi2, Some(Rs256), Some(Es256), Some(Es256), Some(Es256)),
            (Profile::Fapi2, Some(Es384), Some(Es256), Some(Es256), Some(Es256)),
            (Profile::Fapi2, Some(Ps256), Some(Ps256), Some(Ps256), Some(Ps256)),
            (Profile::Fapi2, Some(EdDsa), Some(EdDsa), Some(EdDsa), Some(EdDsa)),
        ] {
            let client = Client {
                profile,
                id_token_alg: chosen,
                userinfo_alg: chosen,
                ..Client::example()
            };
            assert_eq!(
                (
                    client.token_alg(),
                    client.access_token_alg(),
                    client.userinfo_alg()
                ),
                (id_token, access_token, userinfo),
                "{profile:?} {chosen:?}"
            );
        }
    }
}
