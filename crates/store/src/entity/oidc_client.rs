//! OIDC clients.

use sea_orm::entity::prelude::*;

use crate::types::{ClientId, ClientType, FederatedIdentities, StringList, Timestamp, UserId};

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
    /// Issuers whose assertions authenticate it.
    pub federated_identities: FederatedIdentities,
    /// The administrator who made it.
    pub created_by: Option<UserId>,
    /// Row creation.
    pub created_at: Timestamp,
    /// Last change; none until the first.
    pub updated_at: Option<Timestamp>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
