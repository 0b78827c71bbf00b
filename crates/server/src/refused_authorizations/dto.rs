//! Refused requests on the wire.

use pocket_id_store::clients::Client;
use pocket_id_store::refused_authorizations::RefusedAuthorization;
use pocket_id_store::types::{RefusedAuthorizationId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clients::ClientMetaDto;
use crate::http::time_format::serde_rfc3339;

/// A request that was refused, as often as it came.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedAuthorizationDto {
    /// Identifier.
    #[schema(value_type = String)]
    pub id: RefusedAuthorizationId,
    /// Why, for programs: an error code of OAuth, or one of ours for what is not told to the client.
    #[schema(example = "redirect_uri_not_registered")]
    pub reason: String,
    /// Why, for people.
    pub detail: String,
    /// The redirect URI it carried; empty without one.
    pub redirect_uri: String,
    /// Who was signed in the last time; empty when nobody was.
    pub username: String,
    /// How often it came.
    pub count: i32,
    /// When it came first.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it came last.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// Whether its redirect URI can be registered by one call.
    pub can_be_accepted: bool,
}

impl RefusedAuthorizationDto {
    /// A refused request of a client.
    pub fn new(refused: RefusedAuthorization, can_be_accepted: bool) -> Self {
        Self {
            id: refused.id,
            reason: refused.reason,
            detail: refused.detail,
            redirect_uri: refused.redirect_uri,
            username: refused.username,
            count: refused.count,
            created_at: refused.created_at,
            last_at: refused.last_at,
            can_be_accepted,
        }
    }
}

/// A refused request beside what is registered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MismatchDto {
    /// The request.
    #[serde(flatten)]
    pub refused: RefusedAuthorizationDto,
    /// Whose it was.
    pub client: ClientMetaDto,
    /// The client's callback URLs.
    #[serde(rename = "callbackURLs")]
    pub callback_urls: Vec<String>,
}

impl MismatchDto {
    /// A refused request and the client it was of.
    pub fn new(refused: RefusedAuthorizationDto, client: &Client) -> Self {
        Self {
            refused,
            client: client.into(),
            callback_urls: client.callback_urls.0.clone(),
        }
    }
}
