//! Providers on the wire.

use pocket_id_store::clients::Client;
use pocket_id_store::scim::ScimProvider;
use pocket_id_store::types::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::app_config::HIDDEN;
use crate::clients::ClientMetaDto;
use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// Where an app takes accounts and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimServiceProviderDto {
    /// Identifier.
    pub id: String,
    /// The base URL of the app's SCIM API.
    #[schema(example = "https://scim.example.com/v2")]
    pub endpoint: String,
    /// `XXXXXXXXXX` when a token is stored, else empty.
    #[schema(example = "XXXXXXXXXX")]
    pub token: &'static str,
    /// The end of the last run without any failure.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_synced_at: Option<Timestamp>,
    /// The end of the last run.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_attempt_at: Option<Timestamp>,
    /// What failed in the last run; null if nothing did.
    pub last_error: Option<String>,
    /// Whose app it is.
    pub oidc_client: ClientMetaDto,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl ScimServiceProviderDto {
    /// A provider of a client.
    pub fn new(provider: ScimProvider, client: &Client) -> Self {
        Self {
            id: provider.id.to_string(),
            endpoint: provider.endpoint,
            token: provider.sealed_token.map_or("", |_| HIDDEN),
            last_synced_at: provider.last_synced_at,
            last_attempt_at: provider.last_attempt_at,
            last_error: provider.last_error,
            oidc_client: client.into(),
            created_at: provider.created_at,
        }
    }
}

/// A provider to be stored.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimServiceProviderInput {
    /// The base URL of the app's SCIM API: http or https; what follows `?` is sent along.
    #[serde(default)]
    #[schema(required = true, example = "https://scim.example.com/v2")]
    pub endpoint: String,
    /// The bearer token; empty for none. `XXXXXXXXXX` keeps what is stored, as long as the endpoint stays on the same
    /// server.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = String, required = false)]
    pub token: SecretString,
    /// Whose app it is.
    #[serde(default)]
    #[schema(required = true)]
    pub oidc_client_id: String,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_cannot_be_printed() {
        let input: ScimServiceProviderInput =
            serde_json::from_str(r#"{"endpoint": "https://a.example", "token": "s3cret"}"#).unwrap();
        assert!(!format!("{input:?}").contains("s3cret"));
    }
}
