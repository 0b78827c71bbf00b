//! The values in force, and the typed view of them the rest of the server reads.

use std::collections::BTreeMap;
use std::fmt;

use pocket_id_oidc::redirect_uri::RedirectUriPattern;

use super::catalog::{DefaultClaim, HIDDEN, SETTINGS, Visibility, url_patterns};
use crate::passkeys::models::{AttestationDemand, ModelRules};
use crate::passkeys::policy::{Attachment, SyncedPasskeys, UserVerification};

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
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<&'static str, String>,
}

/// Without the secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
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

    /// Every setting as it may be shown, in the order lists have.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        SETTINGS.iter().map(|setting| {
            let value = self.text(setting.key);
            let hidden = setting.visibility == Visibility::Secret && !value.is_empty();
            (setting.key, if hidden { HIDDEN } else { value })
        })
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

    /// Whether users may make codes for the day they lose their passkeys.
    pub fn allow_recovery_codes(&self) -> bool {
        self.flag("allowRecoveryCodes")
    }

    /// The mail domains people may sign up with, in lower case; none when every one will do.
    pub fn signup_email_domains(&self) -> Vec<String> {
        let domains: Vec<String> =
            serde_json::from_str(self.text("signupAllowedEmailDomains")).unwrap_or_default();
        domains
            .iter()
            .map(|domain| domain.trim().trim_start_matches('@').to_lowercase())
            .filter(|domain| !domain.is_empty())
            .collect()
    }

    /// Whether every user needs an address.
    pub fn require_user_email(&self) -> bool {
        self.flag("requireUserEmail")
    }

    /// Whether people may edit their own account.
    pub fn allow_own_account_edit(&self) -> bool {
        self.flag("allowOwnAccountEdit")
    }

    /// Whether people may make login codes for other devices of their own.
    pub fn allow_own_login_codes(&self) -> bool {
        self.flag("allowOwnLoginCodes")
    }

    /// Whether people are told of sign-ins from where they never were.
    pub fn mails_new_devices(&self) -> bool {
        self.flag("emailLoginNotificationEnabled")
    }

    /// Whether people may have login codes mailed to them.
    pub fn mails_login_codes_on_request(&self) -> bool {
        self.flag("emailOneTimeAccessAsUnauthenticatedEnabled")
    }

    /// Whether administrators may mail login codes.
    pub fn mails_login_codes_of_admins(&self) -> bool {
        self.flag("emailOneTimeAccessAsAdminEnabled")
    }

    /// Whether people are told of API keys that end soon.
    pub fn mails_ends_of_api_keys(&self) -> bool {
        self.flag("emailApiKeyExpirationEnabled")
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

    /// Which authenticator models new passkeys may live on.
    pub fn model_rules(&self) -> ModelRules {
        let models = |key| serde_json::from_str(self.text(key)).unwrap_or_default();
        ModelRules {
            attestation: match self.text("webauthnAttestation") {
                "required" => AttestationDemand::Required,
                _ => AttestationDemand::None,
            },
            allowed: models("webauthnAllowedAuthenticators"),
            denied: models("webauthnDeniedAuthenticators"),
        }
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
    fn secrets_are_shown_to_nobody() {
        let settings = Settings::from_values(BTreeMap::from([(
            "smtpPassword".to_owned(),
            "hunter2".to_owned(),
        )]));
        assert_eq!(settings.text("smtpPassword"), "hunter2");
        assert!(settings.shown().any(|entry| entry == ("smtpPassword", HIDDEN)));
        assert!(settings.shown().any(|entry| entry == ("ldapBindPassword", "")));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
