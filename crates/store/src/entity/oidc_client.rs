//! OIDC clients.

use sea_orm::entity::prelude::*;

use crate::types::{
    ClientId, ClientType, FederatedIdentities, JsonDocument, MinimumPasskey, SecurityProfile, StringList,
    Timestamp, UserId,
};

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(clippy::struct_excessive_bools, reason = "a row has the columns it has")]
#[sea_orm(table_name = "oidc_clients")]
pub struct Model {
    /// The `client_id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    /// What people read.
    pub name: String,
    /// One line, may be empty.
    pub description: String,
    /// Where My Apps opens it.
    pub launch_url: Option<String>,
    /// Redirect URI patterns.
    pub callback_urls: StringList,
    /// Whether the first callback URL it uses becomes its own: it was made without one, and never had one.
    pub learns_callback_url: bool,
    /// Post-logout redirect URI patterns.
    pub logout_callback_urls: StringList,
    /// No secret, PKCE mandatory.
    pub is_public: bool,
    /// PKCE mandatory.
    pub pkce_enabled: bool,
    /// PKCE was seen without being mandatory.
    pub pkce_supported: bool,
    /// PKCE method `plain` allowed.
    pub pkce_plain_allowed: bool,
    /// Each authorization needs a passkey just used.
    pub requires_reauthentication: bool,
    /// Only pushed authorization requests (RFC 9126).
    pub requires_pushed_authorization_requests: bool,
    /// No consent screen.
    pub skip_consent: bool,
    /// Only members of allowed groups.
    pub is_group_restricted: bool,
    /// Minutes.
    pub access_token_duration_minutes: i32,
    /// Minutes, sliding.
    pub refresh_token_duration_minutes: i32,
    /// Where the definition comes from.
    pub client_type: ClientType,
    /// Until when its metadata document need not be read again.
    pub metadata_expires_at: Option<Timestamp>,
    /// Issuers whose assertions authenticate it.
    pub federated_identities: FederatedIdentities,
    /// The only way it may authenticate; any it has credentials for when none.
    pub token_endpoint_auth_method: Option<String>,
    /// Its public keys as a JWK Set.
    pub jwks: Option<JsonDocument>,
    /// Where its public keys are.
    pub jwks_uri: Option<String>,
    /// Algorithm of its ID tokens; the instance's when none.
    pub id_token_signed_response_alg: Option<String>,
    /// Algorithm of its userinfo answers; plain JSON when none.
    pub userinfo_signed_response_alg: Option<String>,
    /// The only algorithm its request objects may have.
    pub request_object_signing_alg: Option<String>,
    /// The only algorithm its own assertions may have.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Only signed request objects (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// Only access tokens bound to a key (RFC 9449 §5.2).
    pub dpop_bound_access_tokens: bool,
    /// The profile its requests must keep to.
    pub security_profile: SecurityProfile,
    /// The weakest `acr` its users may come with.
    pub minimum_acr: Option<String>,
    /// What kind of passkey its users need.
    pub minimum_passkey: MinimumPasskey,
    /// The models (AAGUIDs) its users' passkeys may be of, when it insists on some.
    pub allowed_authenticator_models: StringList,
    /// `max_age` of requests that send none, in seconds.
    pub default_max_age: Option<i32>,
    /// Whether it may exchange a user's token for one of its own (RFC 8693 §1.1).
    pub allow_token_impersonation: bool,
    /// The same with itself named as the actor.
    pub allow_token_delegation: bool,
    /// Where logout tokens go.
    pub backchannel_logout_uri: Option<String>,
    /// Whether those must name the session.
    pub backchannel_logout_session_required: bool,
    /// What browsers load at sign-out.
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that must name the session.
    pub frontchannel_logout_session_required: bool,
    /// Whether it registered itself (RFC 7591).
    pub is_dynamic: bool,
    /// Whether an administrator stands behind it.
    pub is_approved: bool,
    /// The grant types it may use; all of its kind when none.
    pub grant_types: Option<StringList>,
    /// The response types it may use; `code` alone when none.
    pub response_types: Option<StringList>,
    /// Where its request objects are (OIDC Core §6.2).
    pub request_uris: StringList,
    /// The administrator who made it.
    pub created_by: Option<UserId>,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last change; none until the first.
    pub updated_at: Option<Timestamp>,
    /// Extension of the stored logo, if there is one.
    pub logo_extension: Option<String>,
    /// The same of the logo for dark mode.
    pub dark_logo_extension: Option<String>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
