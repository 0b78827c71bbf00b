//! Consents on the wire.

use pocket_id_store::clients::Client;
use pocket_id_store::consents::Consent;
use pocket_id_store::types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clients::ClientMetaDto;
use crate::http::time_format::serde_rfc3339;

/// A client somebody allowed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizedClientDto {
    /// What was allowed: a JSON array of scopes, as text.
    #[schema(example = r#"["openid","email"]"#)]
    pub scope: String,
    /// The client.
    pub client: ClientMetaDto,
    /// When it was last used.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
}

impl AuthorizedClientDto {
    /// A consent and whom it was given.
    pub fn new(consent: &Consent, client: &Client) -> Self {
        Self {
            scope: serde_json::Value::from(consent.scope.0.clone()).to_string(),
            client: ClientMetaDto::from(client),
            last_used_at: consent.last_used_at,
        }
    }
}
