//! What the administrator allows when passkeys are registered and used.

use serde::{Deserialize, Serialize};

/// Whether the authenticator must have verified the person (PIN, fingerprint, face).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserVerification {
    /// Asked for, and a response without it is refused.
    #[default]
    Required,
    /// Asked for; a response without it is accepted.
    Preferred,
}

impl UserVerification {
    /// Reads the configured value. Anything but `preferred` is the strict choice, so a damaged setting never
    /// weakens sign-in.
    pub fn from_config(value: &str) -> Self {
        match value {
            "preferred" => Self::Preferred,
            _ => Self::Required,
        }
    }
}

/// Whether passkeys that leave their device (synced by a password manager or platform) may be registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncedPasskeys {
    /// Any passkey may be registered.
    #[default]
    Allowed,
    /// Backup-eligible credentials are refused at registration; existing ones keep working.
    Refused,
}

/// The kind of authenticator new passkeys should live on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// No preference.
    #[default]
    Any,
    /// Built into the device.
    Platform,
    /// A security key or another device.
    CrossPlatform,
}

impl Attachment {
    /// Reads the configured value; an unknown one expresses no preference.
    pub fn from_config(value: &str) -> Self {
        match value {
            "platform" => Self::Platform,
            "cross-platform" => Self::CrossPlatform,
            _ => Self::Any,
        }
    }

    /// The value for `authenticatorAttachment`; none when there is no preference.
    pub fn as_option(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Platform => Some("platform"),
            Self::CrossPlatform => Some("cross-platform"),
        }
    }
}

/// The passkey settings at the moment a ceremony starts or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether the person must be verified.
    pub user_verification: UserVerification,
    /// Whether synced passkeys may be registered.
    pub synced_passkeys: SyncedPasskeys,
    /// Which authenticators may be registered.
    pub attachment: Attachment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_setting_is_read_as_the_strict_one() {
        assert_eq!(
            UserVerification::from_config("preferred"),
            UserVerification::Preferred
        );
        for value in ["required", "", "Preferred", "discouraged", "nonsense"] {
            assert_eq!(
                UserVerification::from_config(value),
                UserVerification::Required,
                "{value:?}"
            );
        }
        assert_eq!(Attachment::from_config("platform"), Attachment::Platform);
        assert_eq!(
            Attachment::from_config("cross-platform"),
            Attachment::CrossPlatform
        );
        for value in ["any", "", "PLATFORM"] {
            assert_eq!(Attachment::from_config(value), Attachment::Any, "{value:?}");
        }
    }
}
