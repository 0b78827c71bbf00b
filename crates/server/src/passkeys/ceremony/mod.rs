//! The two WebAuthn ceremonies: what is asked, what is remembered meanwhile, and what an answer must prove.
//!
//! Each starts with `begin_*`, which returns the options for the browser and a pending state for the
//! database, and ends with `finish_*`, which gets both back. Whoever finishes a ceremony has taken its
//! pending state out of the database before (and checked its age), so no answer is looked at twice.

mod authentication;
mod registration;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use url::{Host, Url};

pub use authentication::{
    Assertion, AuthenticationResponse, PendingAuthentication, SignCounter, StoredPasskey,
    begin_authentication, finish_authentication,
};
pub use registration::{
    ExistingCredential, NewPasskey, PendingRegistration, RegisteringUser, begin_registration,
    finish_registration,
};

/// What browsers are told to wait for the person, in milliseconds; a pending ceremony lives as long.
pub const TIMEOUT_MILLIS: u32 = 60_000;

/// The same for a sign-in that waits in the browser's autofill until somebody picks a passkey there.
pub const AUTOFILL_TIMEOUT_MILLIS: u32 = 300_000;

/// Us, as authenticators and browsers know us. Passkeys are bound to the host name of the application's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origins: Vec<String>,
}

/// The application's URL cannot be used with passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelyingPartyError {
    /// The URL has no host.
    #[error("the URL has no host name")]
    NoHost,
    /// A single-label name: browsers refuse passkeys there.
    #[error("passkeys need `localhost`, an IP address or a host name with a dot")]
    SingleLabel,
}

impl RelyingParty {
    /// Derives RP ID and origin from the application's URL.
    pub fn from_app_url(url: &Url) -> Result<Self, RelyingPartyError> {
        let id = match url.host().ok_or(RelyingPartyError::NoHost)? {
            Host::Domain(name) => name.to_ascii_lowercase(),
            Host::Ipv4(address) => IpAddr::from(address).to_string(),
            Host::Ipv6(address) => IpAddr::from(address).to_string(),
        };
        if id != "localhost" && !id.contains('.') && id.parse::<IpAddr>().is_err() {
            return Err(RelyingPartyError::SingleLabel);
        }
        Ok(Self {
            id,
            origins: spellings(url),
        })
    }

    /// The same installation under further addresses (Related Origin Requests, WebAuthn Level 3 §5.11).
    #[must_use]
    pub fn also_at(mut self, related: impl IntoIterator<Item = Url>) -> Self {
        self.origins
            .extend(related.into_iter().flat_map(|url| spellings(&url)));
        self
    }

    /// The RP ID: a lower-case host name without port.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a browser's origin is ours: scheme, host and port, nothing else.
    pub(super) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
    }

    fn id_hash(&self) -> [u8; 32] {
        sha256(self.id.as_bytes())
    }
}

/// A URL's origin; the scheme's own port may be spelled out.
fn spellings(url: &Url) -> Vec<String> {
    let origin = url.origin().ascii_serialization();
    let spelled_out = match (url.port(), url.scheme()) {
        (None, "https") => Some(format!("{origin}:443")),
        (None, "http") => Some(format!("{origin}:80")),
        _ => None,
    };
    std::iter::once(origin).chain(spelled_out).collect()
}

/// Why a ceremony failed, in the terms the API answers with. The detail is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// A registration that proves nothing, or a body that is no WebAuthn response.
    #[error("invalid WebAuthn response: {0}")]
    InvalidResponse(Fault),
    /// A sign-in that does not prove possession of a passkey of the user.
    #[error("passkey not verified: {0}")]
    AuthenticationFailed(Fault),
    /// The authenticator did not verify the person although it had to.
    #[error("the authenticator did not verify the person")]
    UserVerificationRequired,
    /// A passkey that can leave its device was offered although such are refused.
    #[error("synced passkeys are not allowed")]
    SyncedPasskeyNotAllowed,
    /// The authenticator's model is refused here.
    #[error("the authenticator model is not allowed")]
    AuthenticatorNotAllowed,
    /// The model has to be proven by its maker's certificate and is not.
    #[error("the authenticator model is not proven")]
    AttestationRequired,
}

impl CeremonyError {
    /// The stable error code of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidResponse(_) => "invalid_webauthn_response",
            Self::AuthenticationFailed(_) => "webauthn_authentication_failed",
            Self::UserVerificationRequired => "passkey_user_verification_required",
            Self::SyncedPasskeyNotAllowed => "synced_passkey_not_allowed",
            Self::AuthenticatorNotAllowed => "authenticator_not_allowed",
            Self::AttestationRequired => "attestation_required",
        }
    }
}

/// What exactly was wrong with a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A part that cannot be read.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// `id` and `rawId`, or `rawId` and the signed credential ID, differ.
    #[error("the credential IDs in the response differ")]
    CredentialIdMismatch,
    /// The browser answered the other kind of request.
    #[error("wrong client data type")]
    WrongType,
    /// Not the challenge of this ceremony.
    #[error("wrong challenge")]
    WrongChallenge,
    /// Made on another site.
    #[error("wrong origin")]
    WrongOrigin,
    /// Made in a frame of another site.
    #[error("cross-origin use")]
    CrossOrigin,
    /// Signed for another relying party.
    #[error("wrong RP ID")]
    WrongRelyingParty,
    /// Nobody touched the authenticator.
    #[error("user not present")]
    UserNotPresent,
    /// No credential in a registration.
    #[error("no credential in the authenticator data")]
    NoCredential,
    /// A key for an algorithm that was not offered.
    #[error("algorithm {0} was not offered")]
    AlgorithmNotOffered(i64),
    /// A public key that is none.
    #[error("invalid public key")]
    InvalidPublicKey,
    /// An attestation format nobody knows.
    #[error("unsupported attestation format")]
    AttestationFormat,
    /// An attestation statement that contradicts itself.
    #[error("attestation refused: {0}")]
    Attestation(&'static str),
    /// The other kind of authenticator than asked for.
    #[error("authenticator attachment not allowed")]
    AttachmentNotAllowed,
    /// Backed up without being eligible for it.
    #[error("backup state without backup eligibility")]
    BackupStateWithoutEligibility,
    /// A credential's backup eligibility never changes; this one's did.
    #[error("backup eligibility changed")]
    BackupEligibilityChanged,
    /// No user handle, one that is none of ours, or another user's.
    #[error("user handle missing or wrong")]
    UserHandle,
    /// Not the credential that was looked up.
    #[error("unknown credential")]
    UnknownCredential,
    /// The signature was not made with the stored key.
    #[error("bad signature")]
    BadSignature,
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}
