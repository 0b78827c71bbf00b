//! Consents on the wire.

use pocket_id_store::clients::Client;
use pocket_id_store::consents::Consent;
use pocket_id_store::types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clients::ClientMetaDto;
use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

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

/// A client somebody may sign in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessibleClientDto {
    /// The client.
    #[serde(flatten)]
    pub client: ClientMetaDto,
    /// When they last did, if ever.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl AccessibleClientDto {
    /// A client and what its user agreed to, if anything.
    pub fn new(client: &Client, consent: Option<&Consent>) -> Self {
        Self {
            client: ClientMetaDto::from(client),
            last_used_at: consent.map(|consent| consent.last_used_at),
        }
    }
}
