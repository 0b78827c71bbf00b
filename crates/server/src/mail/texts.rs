//! The words of messages in every language of the UI.

use std::sync::LazyLock;

use minijinja::{Environment, Value};
use pocket_id_store::types::Timestamp;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::http::validation::breaks_line;

/// A language mail is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, also for everybody whose language we do not write.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Dutch.
    Dutch,
}

impl Language {
    /// The language of a user's locale.
    pub fn of(locale: Option<&str>) -> Self {
        let tag = locale.unwrap_or_default();
        match tag.split(['-', '_']).next().unwrap_or_default() {
            "de" => Self::German,
            "fr" => Self::French,
            "es" => Self::Spanish,
            "nl" => Self::Dutch,
            _ => Self::English,
        }
    }

    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Dutch => "nl",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("texts/en.json"),
            Self::German => include_str!("texts/de.json"),
            Self::French => include_str!("texts/fr.json"),
            Self::Spanish => include_str!("texts/es.json"),
            Self::Dutch => include_str!("texts/nl.json"),
        }
    }
}

/// One and many of something.
#[derive(Debug, Deserialize)]
struct Unit(String, String);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    day: Unit,
    hour: Unit,
    minute: Unit,
    second: Unit,
}

/// The words of one language. Those with `{{ }}` are templates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub sent_by: String,
    and: String,
    units: Units,
    months: [String; 12],
    moment: String,
    pub test: TestTexts,
    pub new_device: NewDeviceTexts,
    pub account_changed: AccountChangedTexts,
    pub login_code: LoginCodeTexts,
    pub email_verification: EmailVerificationTexts,
    pub api_key: ApiKeyTexts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestTexts {
    pub subject: String,
    pub heading: String,
    pub body: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDeviceTexts {
    pub subject: String,
    pub badge: String,
    pub heading: String,
    pub body: String,
    pub place: String,
    pub ip: String,
    pub device: String,
    pub time: String,
    pub unknown: String,
    pub internal: String,
    pub advice: String,
    pub button: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChangedTexts {
    pub subject: String,
    pub badge: String,
    pub heading: String,
    pub passkey_added: String,
    pub passkey_removed: String,
    pub email: String,
    pub no_email: String,
    pub recovery_codes: String,
    pub api_key: String,
    pub login_code: String,
    pub admin: String,
    /// Of the moment of the change.
    pub time: String,
    pub advice: String,
    pub button: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginCodeTexts {
    pub subject: String,
    pub heading: String,
    pub body: String,
    pub button: String,
    pub validity: String,
    pub advice: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailVerificationTexts {
    pub subject: String,
    pub heading: String,
    pub body: String,
    pub request: String,
    pub button: String,
    pub validity: String,
    pub advice: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyTexts {
    pub subject: String,
    pub badge: String,
    pub heading: String,
    pub body: String,
    pub news: String,
    pub advice: String,
    pub button: String,
}

/// Why a message cannot be put into words: a mistake in this program's own files.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A file of texts is none.
    #[error("the texts of mail cannot be read: {0}")]
    File(&'static serde_json::Error),
    /// A text is no template.
    #[error("a text of mail is no template: {0}")]
    Template(#[from] minijinja::Error),
}

static LANGUAGES: LazyLock<[(Language, Result<Texts, serde_json::Error>); 5]> = LazyLock::new(|| {
    [
        Language::English,
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Dutch,
    ]
    .map(|language| (language, serde_json::from_str(language.source())))
});

static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment
});

/// A text with its gaps filled, on one line: a name with line breaks must not look like a paragraph of ours. Nothing is
/// escaped: that is for whoever puts it into HTML.
pub fn fill(text: &str, values: Value) -> Result<String, TextError> {
    let filled = PLAIN.render_str(text, values)?;
    Ok(filled
        .chars()
        .map(|c| if breaks_line(c) { ' ' } else { c })
        .collect())
}

impl Texts {
    /// The words of a language.
    pub fn of(language: Language) -> Result<&'static Self, TextError> {
        let [english, ..] = &*LANGUAGES;
        let (_, texts) = LANGUAGES
            .iter()
            .find(|(known, _)| *known == language)
            .unwrap_or(english);
        texts.as_ref().map_err(TextError::File)
    }

    /// A moment as people write it, in UTC.
    pub fn moment(&self, moment: Timestamp) -> Result<String, TextError> {
        let date =
            OffsetDateTime::from_unix_timestamp(moment.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let month = self
            .months
            .get(usize::from(u8::from(date.month())).saturating_sub(1))
            .map_or("", String::as_str);
        let hour12 = match date.hour() % 12 {
            0 => 12,
            other => other,
        };
        let values = minijinja::context! {
            year => date.year(),
            month => month,
            day => date.day(),
            hour => format!("{:02}", date.hour()),
            hour12 => hour12,
            minute => format!("{:02}", date.minute()),
            meridiem => if date.hour() < 12 { "AM" } else { "PM" },
        };
        fill(&self.moment, values)
    }

    /// A duration as people say it: `1 day and 2 hours`.
    pub fn duration(&self, seconds: i64) -> String {
        let units = [
            (86_400, &self.units.day),
            (3_600, &self.units.hour),
            (60, &self.units.minute),
            (1, &self.units.second),
        ];
        let mut rest = seconds.max(0);
        let mut parts = Vec::new();
        for (size, Unit(one, many)) in units {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                parts.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        }
        match parts.split_last() {
            None => format!("0 {}", self.units.second.1),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} {} {last}", others.join(", "), self.and),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        for (language, texts) in &*LANGUAGES {
            texts
                .as_ref()
                .unwrap_or_else(|error| panic!("{}: {error}", language.tag()));
        }
    }

    #[test]
    fn languages_of_locales() {
        for (locale, language) in [
            (None, Language::English),
            (Some("de"), Language::German),
            (Some("de-CH"), Language::German),
            (Some("fr_FR"), Language::French),
            (Some("es"), Language::Spanish),
            (Some("nl"), Language::Dutch),
            (Some("ja"), Language::English),
        ] {
            assert_eq!(Language::of(locale), language, "{locale:?}");
        }
    }

    #[test]
    fn moments_and_durations_in_words() {
        let english = Texts::of(Language::English).unwrap();
        let german = Texts::of(Language::German).unwrap();
        let afternoon = Timestamp(1_136_214_245_000);
        assert_eq!(
            english.moment(afternoon).unwrap(),
            "January 2, 2006 at 3:04 PM UTC"
        );
        assert_eq!(german.moment(afternoon).unwrap(), "2. Januar 2006 um 15:04 UTC");
        assert_eq!(
            english.moment(Timestamp(0)).unwrap(),
            "January 1, 1970 at 12:00 AM UTC"
        );
        for (seconds, en, de) in [
            (900, "15 minutes", "15 Minuten"),
            (3_600, "1 hour", "1 Stunde"),
            (93_600, "1 day and 2 hours", "1 Tag und 2 Stunden"),
            (604_800, "7 days", "7 Tagen"),
            (
                90_061,
                "1 day, 1 hour, 1 minute and 1 second",
                "1 Tag, 1 Stunde, 1 Minute und 1 Sekunde",
            ),
            (0, "0 seconds", "0 Sekunden"),
        ] {
            assert_eq!(english.duration(seconds), en);
            assert_eq!(german.duration(seconds), de);
        }
    }
}
