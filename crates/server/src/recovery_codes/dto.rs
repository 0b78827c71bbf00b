//! Recovery codes on the wire.

use std::fmt;

use pocket_id_store::types::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::http::time_format::serde_rfc3339_option;

/// What somebody has of recovery codes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodesDto {
    /// How many have not been used.
    pub remaining: u64,
    /// When they were made; null when there are none.
    #[serde(serialize_with = "serde_rfc3339_option::serialize")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
}

/// New codes, the only time they are shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewRecoveryCodesDto {
    /// The codes.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = Vec<String>, example = json!(["k3pd-9xwq-72mn-fbht"]))]
    pub codes: Vec<SecretString>,
}

fn expose<S: Serializer>(codes: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(codes.len()))?;
    for code in codes {
        list.serialize_element(code.expose_secret())?;
    }
    list.end()
}

/// A code somebody signs in with; it cannot be printed.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoveryCodeInput {
    /// The code, in any case, with or without hyphens.
    #[schema(required = true)]
    pub code: String,
}

impl fmt::Debug for RecoveryCodeInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodeInput([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_cannot_be_printed() {
        let input: RecoveryCodeInput = serde_json::from_str(r#"{"code":"abcd-efgh"}"#).unwrap();
        let made = NewRecoveryCodesDto {
            codes: vec!["abcd-efgh".into()],
        };
        assert!(!format!("{input:?} {made:?}").contains("abcd"));
    }
}
