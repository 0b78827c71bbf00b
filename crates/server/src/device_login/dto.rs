//! Signing in with another device, on the wire.

use pocket_id_store::types::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::error::ApiError;
use crate::http::time_format::serde_rfc3339;
use crate::http::validation::Rules;

/// A request that waits for approval.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceLoginDto {
    /// What the request is called in paths: its code.
    pub id: String,
    /// The code to type on the other device.
    #[schema(example = "P7K2MX9Q")]
    pub user_code: String,
    /// Where to type it.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: String,
    /// End of life.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Seconds to wait between two exchanges.
    pub interval: i64,
}

/// The code a person typed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CodeInput {
    /// The code, in any case.
    #[schema(required = true)]
    pub code: String,
}

/// What is decided about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The waiting browser is signed in as the deciding person.
    Approve,
    /// It is not.
    Deny,
}

/// A decision.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DecisionInput {
    /// The code, in any case.
    #[schema(required = true)]
    pub code: String,
    /// What is decided.
    #[schema(required = true, value_type = Verdict)]
    pub decision: String,
}

impl CodeInput {
    /// The code.
    ///
    /// # Errors
    /// When there is none.
    pub fn valid(&self) -> Result<&str, ApiError> {
        let mut rules = Rules::new();
        rules.required("code", &self.code);
        rules.finish().map(|()| self.code.as_str())
    }
}

impl DecisionInput {
    /// The code and what is decided about it.
    ///
    /// # Errors
    /// When there is no code, or no such decision.
    pub fn valid(&self) -> Result<(&str, Verdict), ApiError> {
        let mut rules = Rules::new();
        rules.required("code", &self.code);
        let verdict = match self.decision.as_str() {
            "approve" => Verdict::Approve,
            "deny" => Verdict::Deny,
            _ => {
                rules.fail("decision", "oneof", "must be approve or deny");
                Verdict::Deny
            }
        };
        rules.finish().map(|()| (self.code.as_str(), verdict))
    }
}

/// Who asks, so that a person sees whether it is themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingDeviceDto {
    /// The code.
    pub user_code: String,
    /// Browser and system.
    #[schema(example = "Firefox on Linux")]
    pub device: String,
    /// Where the request came from.
    pub ip_address: String,
    /// Country of the address, empty when it is not known.
    pub country: String,
    /// City of the address, empty when it is not known.
    pub city: String,
    /// End of life.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
