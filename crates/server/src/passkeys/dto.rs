//! Passkeys on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pocket_id_store::passkeys::Passkey;
use pocket_id_store::types::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::time_format::{serde_rfc3339, serde_rfc3339_option};

/// A registered passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyDto {
    /// Identifier used in routes.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The credential ID, base64url. (Other implementations put the raw bytes here, which no client can use.)
    #[serde(rename = "credentialID")]
    pub credential_id: String,
    /// Attestation type found at registration.
    #[schema(example = "none")]
    pub attestation_type: String,
    /// How the authenticator can be reached.
    pub transport: Vec<String>,
    /// Whether it may be synced.
    pub backup_eligible: bool,
    /// Whether it is synced.
    pub backup_state: bool,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Last successful use; null until the first.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When a use was refused because the signature counter had not risen: the passkey may have been copied.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub counter_regressed_at: Option<Timestamp>,
    /// Authenticator model (AAGUID), as the authenticator tells it; null when it does not.
    #[schema(value_type = Option<String>)]
    pub aaguid: Option<String>,
    /// Whether the model is proven by its maker's certificate.
    pub model_verified: bool,
}

impl From<Passkey> for PasskeyDto {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.to_string(),
            name: passkey.name,
            credential_id: URL_SAFE_NO_PAD.encode(&passkey.credential_id),
            attestation_type: passkey.attestation_type,
            transport: passkey.transports.0,
            backup_eligible: passkey.backup_eligible,
            backup_state: passkey.backup_state,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            counter_regressed_at: passkey.counter_regressed_at,
            aaguid: passkey.aaguid.map(|aaguid| aaguid.to_string()),
            model_verified: passkey.model_verified,
        }
    }
}

/// A new name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct RenameInput {
    /// 1 to 50 characters.
    #[schema(required = true, min_length = 1, max_length = 50)]
    pub name: String,
}
