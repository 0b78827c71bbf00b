//! API keys on the wire.

use pocket_id_store::api_keys::ApiKey;
use pocket_id_store::types::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scope::Resource;
use crate::http::shown_once;
use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// A key without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyDto {
    /// Identifier.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// End of life.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was last used, give or take a minute.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last given a new value and life; null if never.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub renewed_at: Option<Timestamp>,
    /// Whether its owner has been told that it will expire.
    pub expiration_email_sent: bool,
    /// Whether it may only read.
    pub read_only: bool,
    /// The parts of the API it is for; null for all.
    #[schema(value_type = Option<Vec<Resource>>)]
    pub resources: Option<Vec<String>>,
}

impl From<&ApiKey> for ApiKeyDto {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            description: key.description.clone(),
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            renewed_at: key.renewed_at,
            expiration_email_sent: key.expiration_email_sent,
            read_only: key.read_only,
            resources: key.resources.as_ref().map(|resources| resources.0.clone()),
        }
    }
}

/// A key with its value, the only time it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKeyDto {
    /// What will be known of it later.
    pub api_key: ApiKeyDto,
    /// The value, for the header `X-API-Key`.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String)]
    pub token: SecretString,
}

/// What makes a key.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiKeyInput {
    /// 3 to 50 characters, unique among one's own.
    #[schema(required = true, min_length = 3, max_length = 50)]
    pub name: String,
    /// What it is for, at most 1000 characters.
    #[schema(required = false, max_length = 1000)]
    pub description: Option<String>,
    /// In the future.
    #[schema(required = true, format = DateTime)]
    pub expires_at: String,
    /// Whether it may only read.
    #[schema(required = false)]
    pub read_only: bool,
    /// The parts of the API it is for, at least one; all when left out.
    #[schema(required = false, value_type = Option<Vec<Resource>>)]
    pub resources: Option<Vec<String>>,
}

/// What renews an expired key.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RenewInput {
    /// In the future.
    #[schema(required = true, format = DateTime)]
    pub expires_at: String,
}
