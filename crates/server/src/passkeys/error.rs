//! What can go wrong with passkeys, and how it looks on the wire.

use http::StatusCode;
use pocket_id_store::StoreError;

use super::ceremony::{CeremonyError, RelyingPartyError};
use crate::http::error::{ApiError, FieldError};

/// Why something about a passkey cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The request carries no challenge cookie.
    #[error("no challenge cookie")]
    NoChallengeCookie,
    /// The challenge is unknown, used, of another kind or another user's.
    #[error("unknown challenge")]
    UnknownChallenge,
    /// The ceremony failed.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A registration came too late.
    #[error("the registration took too long")]
    RegistrationExpired,
    /// A sign-in came too late, or is by an unknown user or passkey.
    #[error("not verified: {0}")]
    NotVerified(&'static str),
    /// A sign-in by a passkey nobody has (any more).
    #[error("unknown passkey")]
    UnknownPasskey,
    /// The signature counter did not rise: the key may have been copied.
    #[error("the signature counter did not rise")]
    CounterWentBack,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The credential is registered already.
    #[error("the passkey is registered already")]
    AlreadyRegistered,
    /// The user has no such passkey.
    #[error("no such passkey")]
    NotFound,
    /// The session is not fresh enough to stand in for the passkey.
    #[error("the passkey has to be used again")]
    NotFresh,
    /// The submitted name breaks a rule.
    #[error("invalid name")]
    InvalidName(Vec<FieldError>),
    /// `APP_URL` has a host passkeys cannot be bound to.
    #[error("APP_URL cannot be used for passkeys: {0}")]
    RelyingParty(#[from] RelyingPartyError),
    /// A stored ceremony cannot be read back.
    #[error("stored ceremony: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        let bad = |code, text: &str| Self::new(StatusCode::BAD_REQUEST, code, text);
        let not_verified = || {
            Self::new(
                StatusCode::UNAUTHORIZED,
                "webauthn_authentication_failed",
                "The passkey could not be verified",
            )
        };
        let unprocessable = || {
            bad(
                "invalid_webauthn_response",
                "The passkey response could not be processed",
            )
        };
        match error {
            PasskeyError::NoChallengeCookie => {
                bad("missing_session_id", "The request carries no passkey session")
            }
            PasskeyError::UnknownChallenge => bad(
                "invalid_webauthn_session",
                "The passkey request has expired or was used already",
            ),
            PasskeyError::Ceremony(error) => {
                // The person is told the kind, the operator the detail.
                tracing::info!(error = %error, "a passkey ceremony failed");
                match error {
                    CeremonyError::InvalidResponse(_) => unprocessable(),
                    CeremonyError::AuthenticationFailed(_) => not_verified(),
                    CeremonyError::UserVerificationRequired => bad(
                        error.code(),
                        "The authenticator did not verify you; security keys may need a FIDO2 PIN for that",
                    ),
                    CeremonyError::SyncedPasskeyNotAllowed => bad(
                        error.code(),
                        "Passkeys that are synced between devices are not allowed here",
                    ),
                    CeremonyError::AuthenticatorNotAllowed => {
                        bad(error.code(), "Authenticators of this model are not allowed here")
                    }
                    CeremonyError::AttestationRequired => bad(
                        error.code(),
                        "The authenticator did not prove its model, which is required here",
                    ),
                }
            }
            PasskeyError::RegistrationExpired => unprocessable(),
            PasskeyError::NotVerified(reason) => {
                tracing::info!(reason, "a passkey sign-in was refused");
                not_verified()
            }
            // The same answer, with a hint for the browser, which may then stop offering the passkey. Credential IDs are
            // random and long: whoever can ask for one has the passkey, or had it.
            PasskeyError::UnknownPasskey => {
                tracing::info!("a sign-in by an unknown passkey was refused");
                not_verified().with("credential", "unknown")
            }
            PasskeyError::CounterWentBack => not_verified(),
            PasskeyError::Disabled => Self::user_disabled(),
            PasskeyError::AlreadyRegistered => Self::already_in_use("passkey"),
            PasskeyError::NotFound => Self::not_found("Passkey"),
            PasskeyError::NotFresh => Self::reauthentication_required(),
            PasskeyError::InvalidName(fields) => Self::validation(fields),
            PasskeyError::RelyingParty(error) => Self::internal(error),
            PasskeyError::Unreadable(error) => Self::internal(error),
            PasskeyError::Store(error) => error.into(),
        }
    }
}
