//! Settings on the wire.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Deprecated, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::catalog::{HIDDEN, Rule, SETTINGS, Setting, Since, Visibility};

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

/// What null says of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Null {
    /// Nothing a whole configuration should say.
    Refused,
    /// That it returns to its default.
    Resets,
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

    fn schema_of(setting: &Setting, null: Null) -> Schema {
        let kinds = match null {
            Null::Refused => SchemaType::Type(Type::String),
            Null::Resets => SchemaType::Array(vec![Type::String, Type::Null]),
        };
        let words = |words: &[&str]| {
            let null = (null == Null::Resets).then_some(Value::Null);
            let words = words.iter().map(|word| Value::from(*word));
            Some(words.chain(null).collect::<Vec<_>>())
        };
        let text = ObjectBuilder::new().schema_type(kinds);
        let text = match setting.rule {
            Rule::Text(most) if most > 0 => text.min_length(Some(1)).max_length(Some(most)),
            Rule::Text(_) => text.min_length(Some(1)),
            Rule::Short(most) => text.max_length(Some(most)),
            Rule::Bool => text.enum_values(words(&["true", "false"])),
            Rule::OneOf(allowed) => text.enum_values(words(allowed)),
            Rule::Minutes => text.pattern(Some("^[+-]?[0-9]+$")),
            Rule::Free
            | Rule::OptionalEmail
            | Rule::JsonStrings
            | Rule::UrlPatterns
            | Rule::Aaguids
            | Rule::JsonClaims => text,
        };
        let form = match setting.rule {
            Rule::OptionalEmail => " An e-mail address or nothing.",
            Rule::JsonStrings => " As text: a JSON array of strings.",
            Rule::UrlPatterns => " As text: a JSON array of URL patterns.",
            Rule::Aaguids => " As text: a JSON array of AAGUIDs.",
            Rule::JsonClaims => {
                " As text: a JSON array of objects with `key` and `value`, each key once and none that is reserved."
            }
            Rule::Free | Rule::Short(_) | Rule::Text(_) | Rule::Bool | Rule::Minutes | Rule::OneOf(_) => "",
        };
        let hidden = match setting.visibility {
            Visibility::Secret => {
                format!(" Reads `{HIDDEN}` where it is set; written back, that keeps what is stored.")
            }
            Visibility::Public | Visibility::Admin => String::new(),
        };
        let stays = match setting.since {
            Since::Later => " A replacement that leaves it out does not change it.",
            Since::Always => "",
        };
        let about = format!("{}.{form}{hidden}{stays}", setting.meaning);
        text.default(Some(setting.default.into()))
            .description(Some(about))
            .deprecated(None::<Deprecated>)
            .build()
            .into()
    }

    fn object(about: &str, null: Null, required: impl Fn(&Setting) -> bool) -> RefOr<Schema> {
        let object = ObjectBuilder::new().description(Some(about));
        let object = SETTINGS.iter().fold(object, |object, setting| {
            let object = object.property(setting.key, Self::schema_of(setting, null));
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
        Self::object(
            "The whole configuration, every value as text. What is left out or empty returns to its default, \
             unless the setting says otherwise; names of no setting are ignored.",
            Null::Refused,
            Setting::is_required,
        )
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
        ConfigInput::object(
            "The settings that are to change, every value as text. Those left out stay, null returns one to its \
             default; names of no setting are ignored.",
            Null::Resets,
            |_| false,
        )
    }
}

impl ToSchema for ConfigChange {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ConfigChange")
    }
}
