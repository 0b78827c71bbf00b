//! Putting a message into words, and the words into a plain and an HTML form.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use pocket_id_store::types::Timestamp;
use serde::Serialize;

use super::accent::{self, Accent};
use super::message::{Change, Circumstances, Message};
use super::texts::{Language, TextError, Texts, fill};
use crate::config::AppUrl;

/// Why a message cannot be written: a mistake in this program's own files.
#[derive(Debug, thiserror::Error)]
pub enum WritingError {
    /// In the words.
    #[error(transparent)]
    Text(#[from] TextError),
    /// In the layout.
    #[error("the layout of mail cannot be used: {0}")]
    Layout(String),
}

impl From<minijinja::Error> for WritingError {
    fn from(error: minijinja::Error) -> Self {
        Self::Layout(error.to_string())
    }
}

/// Whose mail it is.
#[derive(Clone, Debug)]
pub struct Sender<'a> {
    /// Name of the installation.
    pub app_name: &'a str,
    /// Its address.
    pub app_url: &'a AppUrl,
    /// The accent colour setting.
    pub accent: &'a str,
}

/// Who reads it.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// How they are greeted.
    pub first_name: &'a str,
    /// Where it is sent.
    pub address: &'a str,
    /// Their language.
    pub language: Language,
}

/// A message as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// For the others.
    pub html: String,
}

#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
}

#[derive(Debug, Serialize)]
struct Button {
    label: String,
    url: String,
}

/// What every layout has places for.
#[derive(Debug, Default, Serialize)]
struct Content {
    subject: String,
    badge: Option<String>,
    heading: String,
    before: Vec<String>,
    code: Option<String>,
    facts: Vec<Fact>,
    button: Option<Button>,
    after: Vec<String>,
}

/// The layouts. The HTML one is written in MJML, which becomes the tables mail programs need, once.
static LAYOUTS: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(|| {
    let parsed = mrml::parse(include_str!("layout.mjml")).map_err(|error| error.to_string())?;
    let html = parsed
        .element
        .render(&mrml::prelude::render::RenderOptions::default())
        .map_err(|error| error.to_string())?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name {
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    for (name, source) in [("html", html), ("text", include_str!("layout.txt").to_owned())] {
        environment
            .add_template_owned(name, source)
            .map_err(|error| error.to_string())?;
    }
    Ok(environment)
});

/// Writes a message.
pub fn write(sender: &Sender<'_>, reader: &Reader<'_>, message: &Message) -> Result<Written, WritingError> {
    let texts = Texts::of(reader.language)?;
    lay_out(sender, reader, texts, &compose(sender, reader, texts, message)?)
}

/// Writes the message that shows an administrator that mail works.
pub fn write_test(sender: &Sender<'_>, reader: &Reader<'_>) -> Result<Written, WritingError> {
    let texts = Texts::of(reader.language)?;
    let content = Content {
        subject: texts.test.subject.clone(),
        heading: texts.test.heading.clone(),
        before: vec![fill(&texts.test.body, context! { app_name => sender.app_name })?],
        ..Content::default()
    };
    lay_out(sender, reader, texts, &content)
}

fn compose(
    sender: &Sender<'_>,
    reader: &Reader<'_>,
    texts: &Texts,
    message: &Message,
) -> Result<Content, TextError> {
    let app_name = sender.app_name;
    match message {
        Message::NewDevice { circumstances } => {
            let words = &texts.new_device;
            Ok(Content {
                subject: fill(&words.subject, context! { app_name })?,
                badge: Some(words.badge.clone()),
                heading: words.heading.clone(),
                before: vec![fill(&words.body, context! { app_name })?],
                facts: facts(texts, &words.time, circumstances)?,
                button: Some(Button {
                    label: words.button.clone(),
                    url: sender.app_url.join("/settings/account"),
                }),
                after: vec![words.advice.clone()],
                ..Content::default()
            })
        }
        Message::AccountChanged {
            change,
            circumstances,
        } => {
            let words = &texts.account_changed;
            let (text, what) = match change {
                Change::PasskeyAdded(name) => (&words.passkey_added, name.as_str()),
                Change::PasskeyRemoved(name) => (&words.passkey_removed, name.as_str()),
                Change::Email(address) => (&words.email, address.as_str()),
                Change::NoEmail => (&words.no_email, ""),
                Change::RecoveryCodes => (&words.recovery_codes, ""),
                Change::ApiKey(name) => (&words.api_key, name.as_str()),
                Change::LoginCode => (&words.login_code, ""),
                Change::Admin => (&words.admin, ""),
            };
            Ok(Content {
                subject: fill(&words.subject, context! { app_name })?,
                badge: Some(words.badge.clone()),
                heading: words.heading.clone(),
                before: vec![fill(text, context! { app_name, what })?],
                facts: facts(texts, &words.time, circumstances)?,
                button: Some(Button {
                    label: words.button.clone(),
                    url: sender.app_url.join("/settings/account"),
                }),
                after: vec![words.advice.clone()],
                ..Content::default()
            })
        }
        Message::LoginCode {
            code,
            redirect,
            lifetime,
        } => {
            let words = &texts.login_code;
            let mut url = sender.app_url.join(&format!("/lc/{code}"));
            if let Some(redirect) = redirect {
                let query: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("redirect", redirect)
                    .finish();
                url.push('?');
                url.push_str(&query);
            }
            let lifetime = texts.duration(*lifetime);
            Ok(Content {
                subject: words.subject.clone(),
                heading: words.heading.clone(),
                before: vec![fill(
                    &words.body,
                    context! { app_name, url => sender.app_url.join("/lc") },
                )?],
                code: Some(code.clone()),
                button: Some(Button {
                    label: words.button.clone(),
                    url,
                }),
                after: vec![
                    fill(&words.validity, context! { lifetime })?,
                    words.advice.clone(),
                ],
                ..Content::default()
            })
        }
        Message::EmailVerification { token, lifetime } => {
            let words = &texts.email_verification;
            let lifetime = texts.duration(*lifetime);
            Ok(Content {
                subject: fill(&words.subject, context! { app_name })?,
                heading: words.heading.clone(),
                // Whose address it is, is what is being found out: no stranger is to read words chosen by another.
                before: vec![
                    words.body.clone(),
                    fill(&words.request, context! { address => reader.address })?,
                ],
                button: Some(Button {
                    label: words.button.clone(),
                    url: sender.app_url.join(&format!("/verify-email?token={token}")),
                }),
                after: vec![
                    fill(&words.validity, context! { lifetime })?,
                    fill(&words.advice, context! { app_name })?,
                ],
                ..Content::default()
            })
        }
        Message::ApiKeyExpiring { key, expires_at } => {
            let words = &texts.api_key;
            let moment = texts.moment(Timestamp(*expires_at))?;
            Ok(Content {
                subject: fill(&words.subject, context! { key })?,
                badge: Some(words.badge.clone()),
                heading: words.heading.clone(),
                before: vec![
                    fill(&words.body, context! { name => reader.first_name })?,
                    fill(&words.news, context! { key, moment })?,
                ],
                button: Some(Button {
                    label: words.button.clone(),
                    url: sender.app_url.join("/settings/admin/api-keys"),
                }),
                after: vec![words.advice.clone()],
                ..Content::default()
            })
        }
    }
}

/// Where and when something happened, as a list; `time` is what the moment is called.
fn facts(texts: &Texts, time: &str, circumstances: &Circumstances) -> Result<Vec<Fact>, TextError> {
    let words = &texts.new_device;
    let known = |text: &str| match text {
        "" => words.unknown.clone(),
        pocket_id_store::audit_logs::INTERNAL_NETWORK => words.internal.clone(),
        other => other.to_owned(),
    };
    let country = known(&circumstances.country);
    let place = match circumstances.city.as_str() {
        "" => country,
        city => format!("{city}, {country}"),
    };
    let facts = [
        (words.place.as_str(), place),
        (words.ip.as_str(), known(&circumstances.ip)),
        (words.device.as_str(), known(&circumstances.device)),
        (time, texts.moment(Timestamp(circumstances.at))?),
    ];
    Ok(facts
        .map(|(label, value)| Fact {
            label: label.to_owned(),
            value,
        })
        .into())
}

fn lay_out(
    sender: &Sender<'_>,
    reader: &Reader<'_>,
    texts: &Texts,
    content: &Content,
) -> Result<Written, WritingError> {
    let layouts = LAYOUTS
        .as_ref()
        .map_err(|error| WritingError::Layout(error.clone()))?;
    let chosen = accent::chosen(sender.accent);
    let light: Accent = chosen.clone().unwrap_or_else(accent::on_light);
    let dark: Accent = chosen.unwrap_or_else(accent::on_dark);
    let sent_by = fill(
        &texts.sent_by,
        context! { app_name => sender.app_name, host => sender.app_url.host() },
    )?;
    let preview = content.before.last().map_or("", String::as_str);
    let values = context! {
        language => reader.language.tag(),
        app_name => sender.app_name,
        logo_url => sender.app_url.join("/api/application-images/email"),
        accent => light.color, on_accent => light.on_color,
        accent_dark => dark.color, on_accent_dark => dark.on_color,
        sent_by, preview,
        ..Value::from(Serde(content))
    };
    Ok(Written {
        subject: content.subject.clone(),
        text: layouts.get_template("text")?.render(&values)?,
        html: layouts.get_template("html")?.render(&values)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 5] = [
        Language::English,
        Language::German,
        Language::French,
        Language::Spanish,
        Language::Dutch,
    ];

    fn messages() -> Vec<Message> {
        let circumstances = Circumstances {
            city: "LAN".to_owned(),
            country: "Internal Network".to_owned(),
            ip: "192.168.1.2".to_owned(),
            device: "Chrome on Linux".to_owned(),
            at: 1_136_214_245_000,
        };
        let changed = |change| Message::AccountChanged {
            change,
            circumstances: circumstances.clone(),
        };
        vec![
            Message::NewDevice {
                circumstances: circumstances.clone(),
            },
            Message::LoginCode {
                code: "q7Rk2P".to_owned(),
                redirect: Some("/interaction?interaction=a&b".to_owned()),
                lifetime: 900,
            },
            Message::EmailVerification {
                token: "t0ken".to_owned(),
                lifetime: 86_400,
            },
            Message::ApiKeyExpiring {
                key: "backup".to_owned(),
                expires_at: 1_136_214_245_000,
            },
            changed(Change::PasskeyAdded("Phone".to_owned())),
            changed(Change::PasskeyRemoved("Phone".to_owned())),
            changed(Change::Email("new@example.com".to_owned())),
            changed(Change::NoEmail),
            changed(Change::RecoveryCodes),
            changed(Change::ApiKey("backup".to_owned())),
            changed(Change::LoginCode),
            changed(Change::Admin),
        ]
    }

    fn written(language: Language, message: &Message, app_name: &str) -> Written {
        let app_url = AppUrl::parse("https://id.example.com").unwrap();
        let sender = Sender {
            app_name,
            app_url: &app_url,
            accent: "#1d4ed8",
        };
        let reader = Reader {
            first_name: "Tim",
            address: "tim@example.com",
            language,
        };
        write(&sender, &reader, message).unwrap()
    }

    #[test]
    fn every_message_is_written_in_every_language() {
        for message in messages() {
            let mut subjects = std::collections::BTreeSet::new();
            for language in LANGUAGES {
                let written = written(language, &message, "Home");
                assert!(written.text.starts_with("Home\n"), "{}", written.text);
                assert!(!written.text.contains("{{"), "{}", written.text);
                assert!(!written.html.contains("{{") && !written.html.contains("{%"));
                let tag = format!("lang=\"{}\"", language.tag());
                assert!(written.html.contains(&tag), "{}", written.html);
                subjects.insert(written.subject);
            }
            assert_eq!(subjects.len(), LANGUAGES.len(), "{subjects:?}");
        }
    }

    #[test]
    fn english_words_are_the_documented_ones() {
        let all = messages();
        let subjects: Vec<_> = all
            .iter()
            .map(|message| written(Language::English, message, "Home").subject)
            .take(5)
            .collect();
        assert_eq!(
            subjects,
            [
                "New device login with Home",
                "Login Code",
                "Verify your Home email address",
                "API Key \"backup\" Expiring Soon",
                "Your Home account was changed"
            ]
        );
        let code = written(Language::English, &all[1], "Home");
        for part in [
            "LOGIN CODE",
            "    q7Rk2P\n",
            "https://id.example.com/lc ",
            "Sign In:\nhttps://id.example.com/lc/q7Rk2P?redirect=%2Finteraction%3Finteraction%3Da%26b\n",
            "expires in 15 minutes",
        ] {
            assert!(code.text.contains(part), "{part}: {}", code.text);
        }
        assert!(
            code.html
                .contains("href=\"https:&#x2f;&#x2f;id.example.com&#x2f;lc&#x2f;q7Rk2P?redirect=")
        );
        let device = written(Language::English, &all[0], "Home");
        assert!(device.text.contains("[Warning] NEW SIGN-IN DETECTED"));
        assert!(
            device
                .text
                .contains("Sign-In Time: January 2, 2006 at 3:04 PM UTC\n")
        );
        assert!(
            device
                .text
                .contains("Approximate Location: LAN, Internal Network\n")
        );
    }

    #[test]
    fn what_people_choose_is_text_and_nothing_else() {
        let message = Message::ApiKeyExpiring {
            key: "<script>{{ 7 * 7 }}</script>".to_owned(),
            expires_at: 0,
        };
        let written = written(Language::English, &message, "<img src=x onerror=alert(1)>");
        assert!(!written.html.contains("<script>"));
        assert!(!written.html.contains("<img src=x"));
        assert!(written.html.contains("&lt;script&gt;{{ 7 * 7 }}"));
        assert!(written.text.contains("<script>{{ 7 * 7 }}</script>"));
    }
}
