//! Sign-up on the wire.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::users::dto::UserInput;

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
