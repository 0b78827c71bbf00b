//! Settings on the wire.

use serde::Serialize;
use utoipa::ToSchema;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfigEntry {
    /// Name.
    #[schema(example = "appName")]
    pub key: &'static str,
    /// `boolean` for the synthetic `uiConfigDisabled`, otherwise empty, as clients expect.
    #[serde(rename = "type")]
    #[schema(example = "")]
    pub type_: &'static str,
    /// Value as text.
    #[schema(example = "Pocket ID")]
    pub value: String,
}
