//! Sign-up on the wire.

use std::fmt;

use pocket_id_store::groups::UserGroup;
use pocket_id_store::signup_tokens::SignupToken;
use pocket_id_store::types::{Timestamp, TokenHash};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::shown_once;
use crate::http::time_format::serde_rfc3339;
use crate::login_codes::{Lifetime, LifetimeInput};
use crate::secret_token;
use crate::users::dto::{UserGroupMinimalDto, UserInput};

/// What a person says about themselves.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignUp {
    /// 1 to 50 letters, digits, `_ . - @`; unique in any case.
    #[schema(required = true, max_length = 50)]
    pub username: String,
    /// Address; required where the installation says so.
    #[schema(required = false)]
    pub email: Option<String>,
    /// At most 50 characters.
    #[schema(required = false, max_length = 50)]
    pub first_name: String,
    /// At most 50 characters.
    #[schema(required = false, max_length = 50)]
    pub last_name: String,
    /// The token of an invitation; the set-up of the first administrator ignores it.
    #[schema(required = false, value_type = Option<String>)]
    pub token: Option<SentToken>,
}

/// A token as a request carries it; it cannot be printed.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SentToken(String);

impl SentToken {
    /// What is stored of it; none for an empty one.
    pub fn hash(&self) -> Option<TokenHash> {
        (!self.0.is_empty()).then(|| secret_token::hash(&self.0))
    }
}

impl fmt::Debug for SentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentToken([redacted])")
    }
}

impl From<SignUp> for UserInput {
    fn from(form: SignUp) -> Self {
        Self {
            username: form.username,
            email: form.email,
            first_name: form.first_name,
            last_name: form.last_name,
            ..Self::default()
        }
    }
}

/// A new sign-up token.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignupTokenInput {
    /// Seconds, or text such as `24h`; an hour when left out, at most 31 days.
    #[schema(required = false, value_type = Option<Lifetime>, example = "24h")]
    pub ttl: Option<Value>,
    /// The same as a moment, as older versions had it; counts when `ttl` is left out.
    #[schema(required = false)]
    pub expires_at: Option<String>,
    /// How many accounts may be made with it, 1 to 100.
    #[schema(required = true, minimum = 1, maximum = 100)]
    pub usage_limit: i32,
    /// Groups of whoever signs up with it; unknown ones are left out.
    #[schema(required = false)]
    pub user_group_ids: Vec<String>,
}

impl SignupTokenInput {
    /// How long it is to live.
    pub fn lifetime(&self) -> LifetimeInput {
        LifetimeInput {
            ttl: self.ttl.clone(),
            expires_at: self.expires_at.clone(),
        }
    }
}

/// A sign-up token.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignupTokenDto {
    /// Identifier.
    pub id: String,
    /// The token: what an invitation's link ends in.
    #[serde(serialize_with = "shown_once::expose")]
    #[schema(value_type = String)]
    pub token: SecretString,
    /// End of life.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// How many accounts may be made with it.
    pub usage_limit: i32,
    /// How many were.
    pub usage_count: i32,
    /// Groups of whoever signs up with it.
    pub user_groups: Vec<UserGroupMinimalDto>,
    /// Creation.
    #[serde(serialize_with = "serde_rfc3339::serialize")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl SignupTokenDto {
    /// A token as administrators see it.
    pub fn new<'g>(
        row: &SignupToken,
        token: SecretString,
        groups: impl IntoIterator<Item = &'g UserGroup>,
    ) -> Self {
        Self {
            id: row.id.to_string(),
            token,
            expires_at: row.expires_at,
            usage_limit: row.usage_limit,
            usage_count: row.usage_count,
            user_groups: groups.into_iter().map(UserGroupMinimalDto::from).collect(),
            created_at: row.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cannot_be_printed() {
        let form: SignUp = serde_json::from_str(r#"{"username":"ada","token":"s3cr3t"}"#).unwrap();
        assert!(!format!("{form:?}").contains("s3cr3t"));
        assert!(form.token.unwrap().hash().is_some());
    }
}
