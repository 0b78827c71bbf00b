//! Initial access tokens on the wire.

use pocket_id_store::registrations::RegistrationToken;
use pocket_id_store::types::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::shown_once;
use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// A token that lets apps register themselves, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationTokenDto {
    /// Identifier.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How many clients may still register with it.
    pub uses_left: i32,
    /// How many could in the beginning.
    pub max_uses: i32,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// End of life.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When a client last registered with it.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl From<&RegistrationToken> for RegistrationTokenDto {
    fn from(token: &RegistrationToken) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            uses_left: token.uses_left,
            max_uses: token.max_uses,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// A new token with its value, the only time it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreatedRegistrationTokenDto {
    /// What will be known of it later.
    #[serde(flatten)]
    pub facts: RegistrationTokenDto,
    /// The value.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String)]
    pub token: SecretString,
}

/// What makes a token.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistrationTokenInput {
    /// What it is for.
    #[schema(required = true, max_length = 50)]
    pub name: String,
    /// How many clients may register with it; 1 when absent.
    #[schema(required = false, minimum = 1, maximum = 1000)]
    pub max_uses: Option<i32>,
    /// End of life, in the future.
    #[schema(required = true, format = DateTime)]
    pub expires_at: String,
}
