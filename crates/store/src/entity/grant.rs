//! Authorization grants.

use sea_orm::entity::prelude::*;

use crate::types::{
    ClientId, ClientSessionId, GrantId, JsonDocument, SessionId, StringList, Timestamp, UserId,
};

/// What one authorization gave a client; revoking it ends every token of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_grants")]
pub struct Model {
    /// Identifier; the `sid` of its tokens where there is no client session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    /// The user.
    pub user_id: UserId,
    /// The client.
    pub client_id: ClientId,
    /// The sign-in session it came from, while that exists.
    pub session_id: Option<SessionId>,
    /// Granted scopes.
    pub scope: StringList,
    /// Audience of access tokens.
    pub audience: StringList,
    /// When the user authenticated, for `auth_time`.
    pub auth_time: Timestamp,
    /// `amr` values.
    pub amr: StringList,
    /// `acr`, when one was asked for.
    pub acr: Option<String>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// Start of the authorization request, `rat`.
    pub requested_at: Timestamp,
    /// Row creation.
    pub created_at: Timestamp,
    /// After this nothing of it is usable; moves with each refresh.
    pub expires_at: Timestamp,
    /// When it was ended early.
    pub revoked_at: Option<Timestamp>,
    /// Claims asked for one by one (OIDC Core §5.5).
    pub claims: Option<JsonDocument>,
    /// Thumbprint of the key its code and refresh tokens are bound to (RFC 9449).
    pub dpop_jkt: Option<String>,
    /// Who acts for the user (RFC 8693 §4.1).
    pub actor: Option<JsonDocument>,
    /// The client's session it belongs to; the `sid` of its tokens. It may have ended.
    pub client_session_id: Option<ClientSessionId>,
    /// The grant whose token this one was exchanged for (RFC 8693); it does not outlive that one.
    pub parent_id: Option<GrantId>,
}

/// No relations are declared: queries name what they join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
