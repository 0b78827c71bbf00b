//! Every setting: key, environment variable, default, who may read it, what it may be and what it decides.

use std::fmt;

use pocket_id_oidc::redirect_uri::RedirectUriPattern;
use uuid::Uuid;

use crate::custom_claims::rules::{self, Unfit};

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

/// How a secret that is set reads. Written back, it keeps what is stored.
pub const HIDDEN: &str = "XXXXXXXXXX";

/// What values a setting may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anything.
    Free,
    /// Anything of at most so many characters.
    Short(usize),
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
    /// A JSON array of authenticator models.
    Aaguids,
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
    /// What it decides, for the API document.
    pub meaning: &'static str,
    /// Whether programs written for older versions know it.
    pub since: Since,
}

/// Whether a program that replaces the whole configuration can be expected to know a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Yes: left out means its default.
    Always,
    /// No: left out means that it stays.
    Later,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For programs.
    pub code: &'static str,
    /// For people, to follow the setting's name.
    pub message: String,
}

impl Fault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

const fn setting(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    visibility: Visibility,
    rule: Rule,
    meaning: &'static str,
) -> Setting {
    Setting {
        key,
        env,
        default,
        visibility,
        rule,
        meaning,
        since: Since::Always,
    }
}

use Rule::{
    Aaguids, Bool, Free, JsonClaims, JsonStrings, Minutes, OneOf, OptionalEmail, Short, Text, UrlPatterns,
};
use Visibility::{Admin, Public, Secret};

/// Every setting, in the order lists have.
pub const SETTINGS: &[Setting] = &[
    setting(
        "appName",
        "APP_NAME",
        "Pocket ID",
        Public,
        Text(30),
        "Name of this installation, shown on its pages and in its mail",
    ),
    setting(
        "sessionDuration",
        "SESSION_DURATION",
        "60",
        Admin,
        Minutes,
        "How long a sign-in lasts, in minutes; less than 1 counts as 1, more than 525600 (a year) as \
         a year",
    ),
    setting(
        "homePageUrl",
        "HOME_PAGE_URL",
        "/settings/account",
        Public,
        Text(0),
        "Where people land after signing in: a path of this installation. Who may not see that page, or is \
         sent in a circle by it, lands on their account",
    ),
    setting(
        "emailsVerified",
        "EMAILS_VERIFIED",
        "false",
        Admin,
        Bool,
        "Whether addresses count as verified without anybody having proven that they are theirs",
    ),
    setting(
        "accentColor",
        "ACCENT_COLOR",
        "default",
        Public,
        Short(200),
        "Colour of buttons, links and focus rings: any CSS colour, or `default`",
    ),
    setting(
        "disableAnimations",
        "DISABLE_ANIMATIONS",
        "false",
        Public,
        Bool,
        "Whether pages do without animations",
    ),
    setting(
        "allowOwnAccountEdit",
        "ALLOW_OWN_ACCOUNT_EDIT",
        "true",
        Public,
        Bool,
        "Whether people may change their own details",
    ),
    setting(
        "allowUserSignups",
        "ALLOW_USER_SIGNUPS",
        "disabled",
        Public,
        OneOf(&["disabled", "withToken", "open"]),
        "Who makes their own account: nobody (`disabled`), whoever has a sign-up token (`withToken`), \
         or everybody (`open`)",
    ),
    setting(
        "signupDefaultUserGroupIDs",
        "SIGNUP_DEFAULT_USER_GROUP_IDS",
        "[]",
        Admin,
        JsonStrings,
        "Groups new users are put into, by ID",
    ),
    setting(
        "signupDefaultCustomClaims",
        "SIGNUP_DEFAULT_CUSTOM_CLAIMS",
        "[]",
        Admin,
        JsonClaims,
        "Custom claims new users are given",
    ),
    setting(
        "requireUserEmail",
        "REQUIRE_USER_EMAIL",
        "true",
        Public,
        Bool,
        "Whether new users need an e-mail address, and those who have one keep one",
    ),
    setting(
        "smtpHost",
        "SMTP_HOST",
        "",
        Admin,
        Free,
        "Name or address of the mail server; without one no mail is sent",
    ),
    setting(
        "smtpPort",
        "SMTP_PORT",
        "",
        Admin,
        Free,
        "Port of the mail server; empty means 465 with `smtpTls` `tls`, and 587 otherwise",
    ),
    setting(
        "smtpFrom",
        "SMTP_FROM",
        "",
        Admin,
        OptionalEmail,
        "Sender's address of all mail",
    ),
    setting(
        "smtpUser",
        "SMTP_USER",
        "",
        Admin,
        Free,
        "User name at the mail server; empty where it asks for none",
    ),
    setting(
        "smtpPassword",
        "SMTP_PASSWORD",
        "",
        Secret,
        Free,
        "Password at the mail server, stored encrypted",
    ),
    setting(
        "smtpTls",
        "SMTP_TLS",
        "none",
        Admin,
        OneOf(&["none", "starttls", "tls"]),
        "How the connection to the mail server is encrypted: not at all (`none`), by a command after \
         connecting or nothing is sent (`starttls`), or from the beginning (`tls`)",
    ),
    setting(
        "smtpSkipCertVerify",
        "SMTP_SKIP_CERT_VERIFY",
        "false",
        Admin,
        Bool,
        "Whether the mail server's certificate is taken without being verified",
    ),
    setting(
        "emailLoginNotificationEnabled",
        "EMAIL_LOGIN_NOTIFICATION_ENABLED",
        "false",
        Admin,
        Bool,
        "Whether people get mail about sign-ins from an address and browser that are new for them, \
         and about changes of what signs them in",
    ),
    setting(
        "emailOneTimeAccessAsUnauthenticatedEnabled",
        "EMAIL_ONE_TIME_ACCESS_AS_UNAUTHENTICATED_ENABLED",
        "false",
        Public,
        Bool,
        "Whether people who are not signed in may have a login code mailed to them",
    ),
    setting(
        "emailOneTimeAccessAsAdminEnabled",
        "EMAIL_ONE_TIME_ACCESS_AS_ADMIN_ENABLED",
        "false",
        Public,
        Bool,
        "Whether administrators may have a login code mailed to a user",
    ),
    setting(
        "emailApiKeyExpirationEnabled",
        "EMAIL_API_KEY_EXPIRATION_ENABLED",
        "false",
        Admin,
        Bool,
        "Whether people get mail a week before one of their API keys ends",
    ),
    setting(
        "emailVerificationEnabled",
        "EMAIL_VERIFICATION_ENABLED",
        "false",
        Public,
        Bool,
        "Whether people whose address is not verified are offered mail to verify it",
    ),
    setting(
        "ldapEnabled",
        "LDAP_ENABLED",
        "false",
        Public,
        Bool,
        "Whether users and groups that came from an LDAP directory are managed there, so that they \
         are read-only here. This version keeps all settings of the directory and does not read it \
         yet",
    ),
    setting(
        "ldapUrl",
        "LDAP_URL",
        "",
        Admin,
        Free,
        "Address of the directory, beginning with `ldap://`, `ldaps://` or `ldapi://`",
    ),
    setting(
        "ldapBindDn",
        "LDAP_BIND_DN",
        "",
        Admin,
        Free,
        "Distinguished name to sign in to the directory with",
    ),
    setting(
        "ldapBindPassword",
        "LDAP_BIND_PASSWORD",
        "",
        Secret,
        Free,
        "Password to sign in to the directory with, stored encrypted",
    ),
    setting(
        "ldapBase",
        "LDAP_BASE",
        "",
        Admin,
        Free,
        "Distinguished name below which users and groups are searched",
    ),
    setting(
        "ldapUserSearchFilter",
        "LDAP_USER_SEARCH_FILTER",
        "(objectClass=person)",
        Admin,
        Free,
        "LDAP filter that finds users",
    ),
    setting(
        "ldapUserGroupSearchFilter",
        "LDAP_USER_GROUP_SEARCH_FILTER",
        "(objectClass=groupOfNames)",
        Admin,
        Free,
        "LDAP filter that finds groups",
    ),
    setting(
        "ldapSkipCertVerify",
        "LDAP_SKIP_CERT_VERIFY",
        "false",
        Admin,
        Bool,
        "Whether the directory's certificate is taken without being verified",
    ),
    setting(
        "ldapAttributeUserUniqueIdentifier",
        "LDAP_ATTRIBUTE_USER_UNIQUE_IDENTIFIER",
        "",
        Admin,
        Free,
        "Attribute of a user that never changes, by which they are recognised",
    ),
    setting(
        "ldapAttributeUserUsername",
        "LDAP_ATTRIBUTE_USER_USERNAME",
        "",
        Admin,
        Free,
        "Attribute with a user's username",
    ),
    setting(
        "ldapAttributeUserEmail",
        "LDAP_ATTRIBUTE_USER_EMAIL",
        "",
        Admin,
        Free,
        "Attribute with a user's e-mail address",
    ),
    setting(
        "ldapAttributeUserFirstName",
        "LDAP_ATTRIBUTE_USER_FIRST_NAME",
        "",
        Admin,
        Free,
        "Attribute with a user's first name",
    ),
    setting(
        "ldapAttributeUserLastName",
        "LDAP_ATTRIBUTE_USER_LAST_NAME",
        "",
        Admin,
        Free,
        "Attribute with a user's last name",
    ),
    setting(
        "ldapAttributeUserDisplayName",
        "LDAP_ATTRIBUTE_USER_DISPLAY_NAME",
        "cn",
        Admin,
        Free,
        "Attribute with the name a user is shown by",
    ),
    setting(
        "ldapAttributeUserProfilePicture",
        "LDAP_ATTRIBUTE_USER_PROFILE_PICTURE",
        "",
        Admin,
        Free,
        "Attribute with a user's picture: an address, the picture itself, or the picture in base64",
    ),
    setting(
        "ldapAttributeGroupMember",
        "LDAP_ATTRIBUTE_GROUP_MEMBER",
        "member",
        Admin,
        Free,
        "Attribute of a group that lists its members",
    ),
    setting(
        "ldapAttributeGroupUniqueIdentifier",
        "LDAP_ATTRIBUTE_GROUP_UNIQUE_IDENTIFIER",
        "",
        Admin,
        Free,
        "Attribute of a group that never changes, by which it is recognised",
    ),
    setting(
        "ldapAttributeGroupName",
        "LDAP_ATTRIBUTE_GROUP_NAME",
        "",
        Admin,
        Free,
        "Attribute with a group's name",
    ),
    setting(
        "ldapAdminGroupName",
        "LDAP_ADMIN_GROUP_NAME",
        "",
        Admin,
        Free,
        "Name of the group whose members become administrators; empty for none",
    ),
    setting(
        "ldapSoftDeleteUsers",
        "LDAP_SOFT_DELETE_USERS",
        "true",
        Admin,
        Bool,
        "Whether users who left the directory are disabled here rather than deleted",
    ),
    setting(
        "webauthnUserVerification",
        "WEBAUTHN_USER_VERIFICATION",
        "required",
        Admin,
        OneOf(&["required", "preferred"]),
        "Whether the authenticator has to verify its user, by fingerprint, face or PIN (`required`), \
         or should where it can (`preferred`)",
    ),
    setting(
        "webauthnAllowSyncedPasskeys",
        "WEBAUTHN_ALLOW_SYNCED_PASSKEYS",
        "true",
        Admin,
        Bool,
        "Whether passkeys that are copied between devices may be added",
    ),
    setting(
        "webauthnAuthenticatorAttachment",
        "WEBAUTHN_AUTHENTICATOR_ATTACHMENT",
        "any",
        Admin,
        OneOf(&["any", "platform", "cross-platform"]),
        "Where new passkeys live: anywhere (`any`), in the device itself (`platform`), or in a \
         security key or another device (`cross-platform`)",
    ),
    setting(
        "webauthnAttestation",
        "WEBAUTHN_ATTESTATION",
        "none",
        Admin,
        OneOf(&["none", "required"]),
        "Whether the maker of the authenticator has to prove its model when a passkey is added",
    )
    .later(),
    setting(
        "webauthnAllowedAuthenticators",
        "WEBAUTHN_ALLOWED_AUTHENTICATORS",
        "[]",
        Admin,
        Aaguids,
        "The only authenticator models new passkeys may live on; empty allows all",
    )
    .later(),
    setting(
        "webauthnDeniedAuthenticators",
        "WEBAUTHN_DENIED_AUTHENTICATORS",
        "[]",
        Admin,
        Aaguids,
        "Authenticator models new passkeys may not live on",
    )
    .later(),
    setting(
        "allowOwnLoginCodes",
        "ALLOW_OWN_LOGIN_CODES",
        "true",
        Public,
        Bool,
        "Whether users may make login codes for other devices of their own",
    )
    .later(),
    setting(
        "allowRecoveryCodes",
        "ALLOW_RECOVERY_CODES",
        "false",
        Public,
        Bool,
        "Whether users may make recovery codes, which sign them in when they lost their passkeys",
    )
    .later(),
    setting(
        "signupAllowedEmailDomains",
        "SIGNUP_ALLOWED_EMAIL_DOMAINS",
        "[]",
        Admin,
        JsonStrings,
        "Domains of the addresses people may sign up with, without `@`; empty allows all",
    )
    .later(),
    setting(
        "cimdUrlAllowlist",
        "CIMD_URL_ALLOWLIST",
        "[]",
        Admin,
        UrlPatterns,
        "Addresses of documents by which clients may describe themselves, as patterns like those of \
         callback URLs",
    ),
    setting(
        "dynamicClientRegistration",
        "DYNAMIC_CLIENT_REGISTRATION",
        "disabled",
        Admin,
        OneOf(&["disabled", "token", "open"]),
        "Which applications may register themselves (RFC 7591): none (`disabled`), those with a \
         registration token (`token`), or all (`open`)",
    )
    .later(),
    setting(
        "dynamicClientRegistrationRequiresApproval",
        "DYNAMIC_CLIENT_REGISTRATION_REQUIRES_APPROVAL",
        "false",
        Admin,
        Bool,
        "Whether clients that registered themselves can be used only after an administrator approved \
         them",
    )
    .later(),
];

impl Setting {
    const fn later(mut self) -> Self {
        self.since = Since::Later;
        self
    }

    /// The setting of a name.
    pub fn named(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Whether a full replacement must have it.
    pub fn is_required(&self) -> bool {
        match self.rule {
            Rule::Text(_) | Rule::Bool | Rule::Minutes | Rule::OneOf(_) => self.since == Since::Always,
            Rule::Free
            | Rule::Short(_)
            | Rule::OptionalEmail
            | Rule::JsonStrings
            | Rule::UrlPatterns
            | Rule::Aaguids
            | Rule::JsonClaims => false,
        }
    }

    /// What is wrong with a value, if anything.
    pub fn fault(&self, value: &str) -> Option<Fault> {
        let format = |message: &str| Some(Fault::new("invalid_format", message));
        match self.rule {
            Rule::Text(_) | Rule::Bool | Rule::Minutes | Rule::OneOf(_) if value.is_empty() => {
                Some(Fault::new("required", "is required"))
            }
            Rule::Text(most) | Rule::Short(most) if most > 0 && value.chars().count() > most => Some(
                Fault::new("too_long", format!("must be at most {most} characters long")),
            ),
            Rule::Text(_) if !crate::http::validation::is_one_line(value) => {
                format("must not contain line breaks or control characters")
            }
            Rule::Bool if !matches!(value, "true" | "false") => format("must be true or false"),
            Rule::Minutes if value.parse::<i64>().is_err() => format("must be an integer"),
            Rule::OneOf(words) if !words.contains(&value) => Some(Fault::new(
                "oneof",
                format!("must be one of {}", words.join(", ")),
            )),
            Rule::Free | Rule::Short(_) | Rule::Text(_) | Rule::Bool | Rule::Minutes | Rule::OneOf(_) => None,
            _ if value.is_empty() => None,
            Rule::OptionalEmail if !crate::http::validation::is_email(value) => {
                format("must be a valid email address")
            }
            Rule::JsonStrings if serde_json::from_str::<Vec<String>>(value).is_err() => {
                format("must be a JSON array of strings")
            }
            Rule::UrlPatterns if url_patterns(value).is_none() => {
                format("must be a JSON array of valid URL patterns")
            }
            Rule::Aaguids if serde_json::from_str::<Vec<Uuid>>(value).is_err() => {
                format("must be a JSON array of AAGUIDs")
            }
            Rule::JsonClaims if serde_json::from_str::<Vec<DefaultClaim>>(value).is_err() => {
                format("must be a JSON array of objects with key and value")
            }
            Rule::OptionalEmail
            | Rule::JsonStrings
            | Rule::UrlPatterns
            | Rule::Aaguids
            | Rule::JsonClaims => None,
        }
    }
}

impl Setting {
    /// What is wrong with a value somebody wants to store: also what older versions let pass, and is left aside where it
    /// is used.
    pub fn fault_of_change(&self, value: &str) -> Option<Fault> {
        let further = || match self.rule {
            Rule::JsonClaims => claims_fault(value),
            _ => None,
        };
        self.fault(value).or_else(further)
    }

    /// A value of the environment as it is stored: versions 1.x took more words for yes and no.
    pub fn from_environment(&self, value: &str) -> String {
        let folded = match value {
            "1" | "t" | "T" | "TRUE" | "True" => "true",
            "0" | "f" | "F" | "FALSE" | "False" => "false",
            other => other,
        };
        if self.rule == Rule::Bool { folded } else { value }.to_owned()
    }
}

/// A JSON array of URL patterns.
pub fn url_patterns(value: &str) -> Option<Vec<RedirectUriPattern>> {
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

/// What keeps default claims from being anybody's custom claims.
fn claims_fault(value: &str) -> Option<Fault> {
    let claims: Vec<DefaultClaim> = serde_json::from_str(value).ok()?;
    let pairs = claims
        .iter()
        .map(|claim| (claim.key.as_str(), claim.value.as_str()));
    let fault = match rules::by_name(pairs).err()? {
        Unfit::Incomplete(_) => Fault::new("required", "must have a key and a value for each claim"),
        Unfit::Reserved(name) => {
            Fault::new("reserved", format!("must not contain the reserved claim {name}"))
        }
        Unfit::Duplicate(name) => Fault::new("duplicate", format!("must not contain the claim {name} twice")),
    };
    Some(fault)
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
        assert_eq!(SETTINGS.len(), 55);
    }

    #[test]
    fn yes_and_no_of_older_environments() {
        let flag = Setting::named("ldapEnabled").unwrap();
        for (value, expected) in [
            ("1", "true"),
            ("T", "true"),
            ("True", "true"),
            ("0", "false"),
            ("FALSE", "false"),
            ("yes", "yes"),
            ("", ""),
        ] {
            assert_eq!(flag.from_environment(value), expected);
        }
        assert!(flag.fault(&flag.from_environment("yes")).is_some());
        let name = Setting::named("appName").unwrap();
        assert_eq!(name.from_environment("1"), "1");
    }

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        for (key, bad, code) in [
            ("appName", "", "required"),
            ("appName", "0123456789012345678901234567890", "too_long"),
            ("sessionDuration", "an hour", "invalid_format"),
            ("sessionDuration", "", "required"),
            ("emailsVerified", "TRUE", "invalid_format"),
            ("allowUserSignups", "sometimes", "oneof"),
            ("smtpFrom", "nobody", "invalid_format"),
            ("signupDefaultUserGroupIDs", "{}", "invalid_format"),
            ("signupDefaultUserGroupIDs", "null", "invalid_format"),
            ("signupDefaultCustomClaims", "[1]", "invalid_format"),
            ("webauthnAllowedAuthenticators", "[\"YubiKey\"]", "invalid_format"),
            ("webauthnDeniedAuthenticators", "{}", "invalid_format"),
            ("cimdUrlAllowlist", "*", "invalid_format"),
            ("cimdUrlAllowlist", "[1]", "invalid_format"),
            ("cimdUrlAllowlist", r#"["*", "javascript:*"]"#, "invalid_format"),
        ] {
            let fault = Setting::named(key).unwrap().fault(bad).unwrap();
            assert_eq!(fault.code, code, "{key}={bad}");
        }
    }
}
