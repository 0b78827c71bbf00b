//! The rules of the REST API's fields, collected so that an answer names every fault.

use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::error::{ApiError, FieldError};

/// Collects failed rules.
#[derive(Debug, Default)]
pub struct Rules {
    failed: Vec<FieldError>,
}

impl Rules {
    /// Nothing checked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a failed rule; of several for one field the first counts.
    pub fn fail(&mut self, field: &str, code: &str, message: impl Into<String>) {
        if !self.failed.iter().any(|error| error.field == field) {
            self.failed.push(FieldError {
                field: field.to_owned(),
                code: code.to_owned(),
                message: message.into(),
            });
        }
    }

    /// The field must not be empty.
    pub fn required(&mut self, field: &str, value: &str) {
        if value.is_empty() {
            self.fail(field, "required", "is required");
        }
    }

    /// The field needs some length, in characters.
    pub fn min(&mut self, field: &str, value: &str, least: usize) {
        if value.chars().count() < least {
            self.fail(
                field,
                "too_short",
                format!("must be at least {least} characters long"),
            );
        }
    }

    /// The field may only be so long, in characters.
    pub fn max(&mut self, field: &str, value: &str, most: usize) {
        if value.chars().count() > most {
            self.fail(
                field,
                "too_long",
                format!("must be at most {most} characters long"),
            );
        }
    }

    /// The field is text on one line: what is shown and mailed to others must not be able to look like more.
    pub fn one_line(&mut self, field: &str, value: &str) {
        if !is_one_line(value) {
            self.fail(
                field,
                "invalid_format",
                "must not contain line breaks or control characters",
            );
        }
    }

    /// A user name.
    pub fn username(&mut self, field: &str, value: &str) {
        if !is_username(value) {
            self.fail(
                field,
                "invalid_format",
                "may contain only letters, digits, underscores, dots, hyphens and @, and must start and end \
                 with a letter or digit",
            );
        }
    }

    /// An e-mail address.
    pub fn email(&mut self, field: &str, value: &str) {
        if !is_email(value) {
            self.fail(field, "invalid_format", "must be a valid email address");
        }
    }

    /// A language, as pages and mail may be written in: what a language tag is made of (RFC 5646), also with `_`.
    pub fn locale(&mut self, field: &str, value: &str) {
        if !is_locale(value) {
            self.fail(field, "invalid_format", "must be a language tag");
        }
    }

    /// An address of the web, as it is written: white space, which parsers drop, is none of it.
    pub fn web_address(&mut self, field: &str, value: &str) {
        let is_web = Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web || value.contains(|c: char| c.is_whitespace() || c.is_control()) {
            self.fail(field, "invalid_format", "must be a valid URL");
        }
    }

    /// Fails with all faults, if there are any.
    pub fn finish(self) -> Result<(), ApiError> {
        self.finish_with(ApiError::validation)
    }

    /// Fails with an error of the caller's made of all faults, if there are any.
    pub fn finish_with<E>(self, error: impl FnOnce(Vec<FieldError>) -> E) -> Result<(), E> {
        if self.failed.is_empty() {
            Ok(())
        } else {
            Err(error(self.failed))
        }
    }
}

/// Control characters, and others that break lines.
pub fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// No character breaks the line or controls anything.
pub fn is_one_line(text: &str) -> bool {
    !text.contains(breaks_line)
}

/// Letters, digits, `_ . @ -`; first and last a letter or digit.
pub fn is_username(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.@-".contains(byte))
}

/// Parts of up to eight letters and digits, in all no longer than the tags RFC 5646 (section 4.4.1) asks room for.
fn is_locale(text: &str) -> bool {
    text.len() <= 35
        && text.split(['-', '_']).all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// One `@`, a plausible local part, a host name with a dot-separated structure; no spaces or controls.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| {
            c.is_ascii_alphanumeric()
                || "!#$%&'*+/=?^_`{|}~.-".contains(c)
                || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
        });
    let domain_ok = domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && c.is_alphanumeric()))
        });
    local_ok && domain_ok
}

/// A URL with a scheme and something behind it.
pub fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() || url.cannot_be_a_base() || url.fragment().is_some())
}

/// A URL people may be sent to: http, https or an app's own scheme, never one that runs script.
pub fn is_launch_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        !matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file") && is_url(text)
    })
}

/// Unicode normalization form C.
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for (text, expected) in [
            ("tim", true),
            ("t", true),
            ("a.b_c-d@e1", true),
            ("", false),
            (".tim", false),
            ("tim-", false),
            ("t im", false),
            ("tïm", false),
        ] {
            assert_eq!(is_username(text), expected, "{text:?}");
        }
    }

    #[test]
    fn locales() {
        for (text, expected) in [
            ("de", true),
            ("pt-BR", true),
            ("zh_Hant_TW", true),
            ("", false),
            ("de-", false),
            ("de DE", false),
            ("languages", false),
            ("de-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", false),
        ] {
            assert_eq!(is_locale(text), expected, "{text:?}");
        }
    }

    #[test]
    fn emails() {
        for (text, expected) in [
            ("a@b.co", true),
            ("first.last+tag@sub.example.com", true),
            ("jürgen@müller.example", true),
            ("", false),
            ("a", false),
            ("a@b", false),
            ("@b.co", false),
            ("a@b..co", false),
            ("a b@c.de", false),
            ("a@-b.co", false),
            ("a\n@b.co", false),
        ] {
            assert_eq!(is_email(text), expected, "{text:?}");
        }
    }

    #[test]
    fn launch_urls_never_run_script() {
        for (text, expected) in [
            ("https://a.example/x", true),
            ("app.immich://x", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_launch_url(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_answer_names_each_field_once_and_every_fault() {
        let mut rules = Rules::new();
        rules.required("username", "");
        rules.username("username", "");
        rules.email("email", "x");
        let error = rules.finish().unwrap_err();
        assert_eq!(error.code(), "validation_failed");
        let text = format!("{error:?}");
        assert!(
            text.contains("username is required, email must be a valid email address"),
            "{text}"
        );
    }
}
