//! Every setting: key, environment variable, default, who may read it; and the typed view.

use std::collections::BTreeMap;

use pocket_id_oidc::redirect_uri::RedirectUriPattern;

use crate::passkeys::policy::{Attachment, SyncedPasskeys, UserVerification};

/// Who may read a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Anybody.
    Public,
    /// Administrators.
    Admin,
    /// Administrators may write it, nobody reads it back.
    Secret,
}

/// What values a setting may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anything.
    Free,
    /// Some text, at most so many characters; 0 means any number.
    Text(usize),
    /// `true` or `false`.
    Bool,
    /// A whole number of minutes.
    Minutes,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// An e-mail address or nothing.
    OptionalEmail,
    /// A JSON array of strings.
    JsonStrings,
    /// A JSON array of URL patterns, as callback URLs have them.
    UrlPatterns,
    /// A JSON array of objects with `key` and `value`.
    JsonClaims,
}

/// One setting's definition.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name on the wire and in the database.
    pub key: &'static str,
    /// Environment variable, in force with `UI_CONFIG_DISABLED`.
    pub env: &'static str,
    /// Value when not set.
    pub default: &'static str,
    /// Who may read it.
    pub visibility: Visibility,
    /// What it may be.
    pub rule: Rule,
}

const fn setting(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    visibility: Visibility,
    rule: Rule,
) -> Setting {
    Setting {
        key,
        env,
        default,
        visibility,
        rule,
    }
}

use Rule::{Bool, Free, JsonClaims, JsonStrings, Minutes, OneOf, OptionalEmail, Text, UrlPatterns};
use Visibility::{Admin, Public, Secret};

/// Every setting, in the order lists have.
pub const SETTINGS: &[Setting] = &[
    setting("appName", "APP_NAME", "Pocket ID", Public, Text(30)),
    setting("sessionDuration", "SESSION_DURATION", "60", Admin, Minutes),
    setting(
        "homePageUrl",
        "HOME_PAGE_URL",
        "/settings/account",
        Public,
        Text(0),
    ),
    setting("emailsVerified", "EMAILS_VERIFIED", "false", Admin, Bool),
    setting("accentColor", "ACCENT_COLOR", "default", Public, Free),
    setting("disableAnimations", "DISABLE_ANIMATIONS", "false", Public, Bool),
    setting(
        "allowOwnAccountEdit",
        "ALLOW_OWN_ACCOUNT_EDIT",
        "true",
        Public,
        Bool,
    ),
    setting(
        "allowUserSignups",
        "ALLOW_USER_SIGNUPS",
        "disabled",
        Public,
        OneOf(&["disabled", "withToken", "open"]),
    ),
    setting(
        "signupDefaultUserGroupIDs",
        "SIGNUP_DEFAULT_USER_GROUP_IDS",
        "[]",
        Admin,
        JsonStrings,
    ),
    setting(
        "signupDefaultCustomClaims",
        "SIGNUP_DEFAULT_CUSTOM_CLAIMS",
        "[]",
        Admin,
        JsonClaims,
    ),
    setting("requireUserEmail", "REQUIRE_USER_EMAIL", "true", Public, Bool),
    setting("smtpHost", "SMTP_HOST", "", Admin, Free),
    setting("smtpPort", "SMTP_PORT", "", Admin, Free),
    setting("smtpFrom", "SMTP_FROM", "", Admin, OptionalEmail),
    setting("smtpUser", "SMTP_USER", "", Admin, Free),
    setting("smtpPassword", "SMTP_PASSWORD", "", Secret, Free),
    setting(
        "smtpTls",
        "SMTP_TLS",
        "none",
        Admin,
        OneOf(&["none", "starttls", "tls"]),
    ),
    setting(
        "smtpSkipCertVerify",
        "SMTP_SKIP_CERT_VERIFY",
        "false",
        Admin,
        Bool,
    ),
    setting(
        "emailLoginNotificationEnabled",
        "EMAIL_LOGIN_NOTIFICATION_ENABLED",
        "false",
        Admin,
        Bool,
    ),
    setting(
        "emailOneTimeAccessAsUnauthenticatedEnabled",
        "EMAIL_ONE_TIME_ACCESS_AS_UNAUTHENTICATED_ENABLED",
        "false",
        Public,
        Bool,
    ),
    setting(
        "emailOneTimeAccessAsAdminEnabled",
        "EMAIL_ONE_TIME_ACCESS_AS_ADMIN_ENABLED",
        "false",
        Public,
        Bool,
    ),
    setting(
        "emailApiKeyExpirationEnabled",
        "EMAIL_API_KEY_EXPIRATION_ENABLED",
        "false",
        Admin,
        Bool,
    ),
    setting(
        "emailVerificationEnabled",
        "EMAIL_VERIFICATION_ENABLED",
        "false",
        Public,
        Bool,
    ),
    setting("ldapEnabled", "LDAP_ENABLED", "false", Public, Bool),
    setting("ldapUrl", "LDAP_URL", "", Admin, Free),
    setting("ldapBindDn", "LDAP_BIND_DN", "", Admin, Free),
    setting("ldapBindPassword", "LDAP_BIND_PASSWORD", "", Secret, Free),
    setting("ldapBase", "LDAP_BASE", "", Admin, Free),
    setting(
        "ldapUserSearchFilter",
        "LDAP_USER_SEARCH_FILTER",
        "(objectClass=person)",
        Admin,
        Free,
    ),
    setting(
        "ldapUserGroupSearchFilter",
        "LDAP_USER_GROUP_SEARCH_FILTER",
        "(objectClass=groupOfNames)",
        Admin,
        Free,
    ),
    setting(
        "ldapSkipCertVerify",
        "LDAP_SKIP_CERT_VERIFY",
        "false",
        Admin,
        Bool,
    ),
    setting(
        "ldapAttributeUserUniqueIdentifier",
        "LDAP_ATTRIBUTE_USER_UNIQUE_IDENTIFIER",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserUsername",
        "LDAP_ATTRIBUTE_USER_USERNAME",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserEmail",
        "LDAP_ATTRIBUTE_USER_EMAIL",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserFirstName",
        "LDAP_ATTRIBUTE_USER_FIRST_NAME",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserLastName",
        "LDAP_ATTRIBUTE_USER_LAST_NAME",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserDisplayName",
        "LDAP_ATTRIBUTE_USER_DISPLAY_NAME",
        "cn",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeUserProfilePicture",
        "LDAP_ATTRIBUTE_USER_PROFILE_PICTURE",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeGroupMember",
        "LDAP_ATTRIBUTE_GROUP_MEMBER",
        "member",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeGroupUniqueIdentifier",
        "LDAP_ATTRIBUTE_GROUP_UNIQUE_IDENTIFIER",
        "",
        Admin,
        Free,
    ),
    setting(
        "ldapAttributeGroupName",
        "LDAP_ATTRIBUTE_GROUP_NAME",
        "",
        Admin,
        Free,
    ),
    setting("ldapAdminGroupName", "LDAP_ADMIN_GROUP_NAME", "", Admin, Free),
    setting(
        "ldapSoftDeleteUsers",
        "LDAP_SOFT_DELETE_USERS",
        "true",
        Admin,
        Bool,
    ),
    setting(
        "webauthnUserVerification",
        "WEBAUTHN_USER_VERIFICATION",
        "required",
        Admin,
        OneOf(&["required", "preferred"]),
    ),
    setting(
        "webauthnAllowSyncedPasskeys",
        "WEBAUTHN_ALLOW_SYNCED_PASSKEYS",
        "true",
        Admin,
        Bool,
    ),
    setting(
        "webauthnAuthenticatorAttachment",
        "WEBAUTHN_AUTHENTICATOR_ATTACHMENT",
        "any",
        Admin,
        OneOf(&["any", "platform", "cross-platform"]),
    ),
    setting(
        "dynamicClientRegistration",
        "DYNAMIC_CLIENT_REGISTRATION",
        "disabled",
        Admin,
        OneOf(&["disabled", "token", "open"]),
    ),
    setting(
        "dynamicClientRegistrationRequiresApproval",
        "DYNAMIC_CLIENT_REGISTRATION_REQUIRES_APPROVAL",
        "false",
        Admin,
        Bool,
    ),
    setting("cimdUrlAllowlist", "CIMD_URL_ALLOWLIST", "[]", Admin, UrlPatterns),
];

impl Setting {
    /// What is wrong with a value, if anything.
    pub fn fault(&self, value: &str) -> Option<String> {
        match self.rule {
            Rule::Free => None,
            Rule::Text(_) if value.is_empty() => Some("is required".to_owned()),
            Rule::Text(most) => (most > 0 && value.chars().count() > most)
                .then(|| format!("must be at most {most} characters long")),
            Rule::Bool => (!matches!(value, "true" | "false")).then(|| "must be true or false".to_owned()),
            Rule::Minutes => value
                .parse::<i64>()
                .is_err()
                .then(|| "must be an integer".to_owned()),
            Rule::OneOf(words) => {
                (!words.contains(&value)).then(|| format!("must be one of {}", words.join(", ")))
            }
            Rule::OptionalEmail => (!value.is_empty() && !crate::http::validation::is_email(value))
                .then(|| "must be a valid email address".to_owned()),
            Rule::JsonStrings => (!value.is_empty() && serde_json::from_str::<Vec<String>>(value).is_err())
                .then(|| "must be a JSON array of strings".to_owned()),
            Rule::UrlPatterns => (!value.is_empty() && url_patterns(value).is_none())
                .then(|| "must be a JSON array of valid URL patterns".to_owned()),
            Rule::JsonClaims => (!value.is_empty()
                && serde_json::from_str::<Vec<DefaultClaim>>(value).is_err())
            .then(|| "must be a JSON array of objects with key and value".to_owned()),
        }
    }
}

/// A JSON array of URL patterns.
fn url_patterns(value: &str) -> Option<Vec<RedirectUriPattern>> {
    let texts: Vec<String> = serde_json::from_str(value).ok()?;
    texts
        .iter()
        .map(|text| RedirectUriPattern::parse(text).ok())
        .collect()
}

/// A claim every new account gets.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct DefaultClaim {
    /// Claim name.
    pub key: String,
    /// Claim value.
    pub value: String,
}

/// Who may make an account for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignupMode {
    /// Nobody.
    Disabled,
    /// Holders of a sign-up token.
    WithToken,
    /// Everybody.
    Open,
}

/// The values in force at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Values over defaults. Values that break their rule count as absent, so that one bad row cannot
    /// lock everybody out.
    pub fn from_values(mut values: BTreeMap<String, String>) -> Self {
        let values = SETTINGS
            .iter()
            .map(|setting| {
                let value = values
                    .remove(setting.key)
                    .filter(|value| setting.fault(value).is_none())
                    .unwrap_or_else(|| setting.default.to_owned());
                (setting.key, value)
            })
            .collect();
        Self { values }
    }

    /// One value as text.
    pub fn text(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn flag(&self, key: &str) -> bool {
        self.text(key) == "true"
    }

    /// The name people know this installation by.
    pub fn app_name(&self) -> &str {
        self.text("appName")
    }

    /// Minutes a new sign-in lasts, between 1 minute and a year whatever is stored.
    pub fn session_duration_minutes(&self) -> i64 {
        self.text("sessionDuration")
            .parse()
            .unwrap_or(60)
            .clamp(1, 525_600)
    }

    /// Whether a new address counts as verified.
    pub fn emails_verified(&self) -> bool {
        self.flag("emailsVerified")
    }

    /// Whether every user needs an address.
    pub fn require_user_email(&self) -> bool {
        self.flag("requireUserEmail")
    }

    /// Whether people may edit their own account.
    pub fn allow_own_account_edit(&self) -> bool {
        self.flag("allowOwnAccountEdit")
    }

    /// Whether the directory rules accounts that came from it.
    pub fn ldap_enabled(&self) -> bool {
        self.flag("ldapEnabled")
    }

    /// Who may sign up.
    pub fn signup_mode(&self) -> SignupMode {
        match self.text("allowUserSignups") {
            "open" => SignupMode::Open,
            "withToken" => SignupMode::WithToken,
            _ => SignupMode::Disabled,
        }
    }

    /// Whether passkeys must have verified the person.
    pub fn user_verification(&self) -> UserVerification {
        UserVerification::from_config(self.text("webauthnUserVerification"))
    }

    /// Whether passkeys that can leave their device may be registered.
    pub fn synced_passkeys(&self) -> SyncedPasskeys {
        if self.flag("webauthnAllowSyncedPasskeys") {
            SyncedPasskeys::Allowed
        } else {
            SyncedPasskeys::Refused
        }
    }

    /// Which authenticators new passkeys should live on.
    pub fn authenticator_attachment(&self) -> Attachment {
        Attachment::from_config(self.text("webauthnAuthenticatorAttachment"))
    }

    /// Which URLs may be the IDs of clients that describe themselves there.
    pub fn metadata_document_urls(&self) -> Vec<RedirectUriPattern> {
        url_patterns(self.text("cimdUrlAllowlist")).unwrap_or_default()
    }

    /// Groups a new account joins.
    pub fn default_group_ids(&self) -> Vec<String> {
        serde_json::from_str(self.text("signupDefaultUserGroupIDs")).unwrap_or_default()
    }

    /// Claims a new account gets.
    pub fn default_claims(&self) -> Vec<DefaultClaim> {
        serde_json::from_str(self.text("signupDefaultCustomClaims")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_keeps_its_own_rule_and_keys_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for setting in SETTINGS {
            assert_eq!(setting.fault(setting.default), None, "{}", setting.key);
            assert!(seen.insert(setting.key), "{}", setting.key);
        }
        assert_eq!(SETTINGS.len(), 49);
    }

    #[test]
    fn stored_values_win_unless_they_are_nonsense() {
        let settings = Settings::from_values(BTreeMap::from([
            ("appName".to_owned(), "Home".to_owned()),
            ("requireUserEmail".to_owned(), "maybe".to_owned()),
            ("sessionDuration".to_owned(), "-5".to_owned()),
        ]));
        assert_eq!(settings.app_name(), "Home");
        assert!(settings.require_user_email());
        assert_eq!(settings.session_duration_minutes(), 1);
        assert_eq!(settings.signup_mode(), SignupMode::Disabled);
    }

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        for (key, bad) in [
            ("appName", ""),
            ("appName", "0123456789012345678901234567890"),
            ("sessionDuration", "an hour"),
            ("emailsVerified", "TRUE"),
            ("allowUserSignups", "sometimes"),
            ("smtpFrom", "nobody"),
            ("signupDefaultUserGroupIDs", "{}"),
            ("signupDefaultCustomClaims", "[1]"),
            ("cimdUrlAllowlist", "*"),
            ("cimdUrlAllowlist", "[1]"),
            ("cimdUrlAllowlist", r#"["*", "javascript:*"]"#),
        ] {
            let setting = SETTINGS.iter().find(|setting| setting.key == key).unwrap();
            assert!(setting.fault(bad).is_some(), "{key}={bad}");
        }
    }
}
