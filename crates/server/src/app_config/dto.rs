//! Settings on the wire.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Deprecated, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::catalog::{HIDDEN, Rule, SETTINGS, Setting, Visibility};

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

/// One setting as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminConfigEntry {
    /// What everybody may see of a public one.
    #[serde(flatten)]
    pub entry: ConfigEntry,
    /// Whether it is in the public list too.
    pub is_public: bool,
}

/// Settings by name; null counts as left out, names of no setting are ignored.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ConfigInput(pub BTreeMap<String, Option<String>>);

impl ConfigInput {
    /// What was sent for a setting; an exact name wins over one in another case.
    pub fn value(&self, setting: &Setting) -> Option<&str> {
        self.member(setting).and_then(Option::as_deref)
    }

    /// Whether a setting was named at all, be it with null.
    pub fn mentions(&self, setting: &Setting) -> bool {
        self.member(setting).is_some()
    }

    fn member(&self, setting: &Setting) -> Option<&Option<String>> {
        let same = |key: &str| key.eq_ignore_ascii_case(setting.key);
        self.0
            .get(setting.key)
            .or_else(|| self.0.iter().find(|(key, _)| same(key)).map(|(_, value)| value))
    }

    fn schema_of(setting: &Setting) -> Schema {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        let text = match setting.rule {
            Rule::Text(most) if most > 0 => text.min_length(Some(1)).max_length(Some(most)),
            Rule::Text(_) => text.min_length(Some(1)),
            Rule::Bool => text.enum_values(Some(["true", "false"])),
            Rule::OneOf(words) => text.enum_values(Some(words.iter().copied())),
            Rule::Minutes => text.pattern(Some("^[+-]?[0-9]+$")),
            Rule::Free
            | Rule::OptionalEmail
            | Rule::JsonStrings
            | Rule::UrlPatterns
            | Rule::Aaguids
            | Rule::JsonClaims => text,
        };
        let about = match setting.rule {
            Rule::OptionalEmail => Some("An e-mail address or nothing".to_owned()),
            Rule::JsonStrings => Some("A JSON array of strings".to_owned()),
            Rule::UrlPatterns => Some("A JSON array of URL patterns".to_owned()),
            Rule::Aaguids => Some("A JSON array of authenticator models (AAGUIDs)".to_owned()),
            Rule::JsonClaims => Some("A JSON array of objects with key and value".to_owned()),
            Rule::Minutes => Some("Minutes".to_owned()),
            _ if setting.visibility == Visibility::Secret => Some(format!("`{HIDDEN}` keeps what is stored")),
            _ => None,
        };
        text.default(Some(setting.default.into()))
            .description(about)
            .deprecated(None::<Deprecated>)
            .build()
            .into()
    }

    fn object(required: impl Fn(&Setting) -> bool) -> RefOr<Schema> {
        let object = SETTINGS.iter().fold(ObjectBuilder::new(), |object, setting| {
            let object = object.property(setting.key, Self::schema_of(setting));
            if required(setting) {
                object.required(setting.key)
            } else {
                object
            }
        });
        RefOr::T(Schema::Object(object.build()))
    }
}

impl PartialSchema for ConfigInput {
    fn schema() -> RefOr<Schema> {
        Self::object(Setting::is_required)
    }
}

impl ToSchema for ConfigInput {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ConfigInput")
    }
}

/// Some settings by name, as [`ConfigInput`].
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ConfigChange(pub ConfigInput);

impl PartialSchema for ConfigChange {
    fn schema() -> RefOr<Schema> {
        ConfigInput::object(|_| false)
    }
}

impl ToSchema for ConfigChange {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ConfigChange")
    }
}
