//! Signing in with a passkey.

use serde::{Deserialize, Serialize};

use super::{CeremonyError, Fault, RelyingParty, TIMEOUT_MILLIS, sha256};
use crate::passkeys::authenticator_data::AuthenticatorData;
use crate::passkeys::client_data::{ClientData, ClientDataType};
use crate::passkeys::cose::PublicKey;
use crate::passkeys::policy::UserVerification;
use crate::passkeys::wire::{
    AssertionResponseJson, AuthenticationResponseJson, Challenge, RequestOptions, UserHandle,
};

/// A sign-in waiting for the browser's answer; kept in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAuthentication {
    challenge: Challenge,
    user_verification: UserVerification,
}

/// A browser's `AuthenticationResponseJSON`, read but not yet believed. It says which passkey to look up.
#[derive(Clone, Debug)]
pub struct AuthenticationResponse {
    credential_id: Vec<u8>,
    response: AssertionResponseJson,
    client_data: ClientData,
}

/// What the database knows about the passkey that is claimed to have signed.
#[derive(Clone, Copy, Debug)]
pub struct StoredPasskey<'a> {
    /// The authenticator's credential ID.
    pub credential_id: &'a [u8],
    /// Whose passkey it is.
    pub owner: UserHandle,
    /// COSE_Key as stored at registration.
    pub public_key: &'a [u8],
    /// The last signature counter seen.
    pub sign_count: u32,
    /// As at registration.
    pub backup_eligible: bool,
}

/// A proven sign-in: what to store with the passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The signature counter to remember.
    pub sign_count: u32,
    /// How it compares with the one remembered before.
    pub counter: SignCounter,
    /// Whether the passkey is synced now.
    pub backup_state: bool,
    /// Whether the authenticator verified the person.
    pub user_verified: bool,
}

/// What the signature counter says. It fails nothing here: whether a step back is an alarm is the caller's
/// policy, as synced passkeys count badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCounter {
    /// The authenticator keeps no counter.
    Unsupported,
    /// It went up, as it should.
    Advanced,
    /// It did not go up: two copies of the key may be in use.
    Regressed {
        /// Remembered from before.
        stored: u32,
        /// In this response.
        received: u32,
    },
}

/// Asks a browser for any passkey of this site.
pub fn begin_authentication(
    rp: &RelyingParty,
    user_verification: UserVerification,
    challenge: Challenge,
) -> (RequestOptions, PendingAuthentication) {
    let options = RequestOptions {
        challenge: challenge.clone().into(),
        timeout: TIMEOUT_MILLIS,
        rp_id: rp.id().to_owned(),
        user_verification,
    };
    (
        options,
        PendingAuthentication {
            challenge,
            user_verification,
        },
    )
}

impl AuthenticationResponse {
    /// Reads the body. Fails only when it is no WebAuthn response at all.
    pub fn parse(body: &[u8]) -> Result<Self, CeremonyError> {
        let malformed = |what| CeremonyError::InvalidResponse(Fault::Malformed(what));
        let json: AuthenticationResponseJson =
            serde_json::from_slice(body).map_err(|_| malformed("authentication response"))?;
        if json.id != json.raw_id {
            return Err(CeremonyError::InvalidResponse(Fault::CredentialIdMismatch));
        }
        let client_data =
            ClientData::parse(&json.response.client_data.0).map_err(CeremonyError::InvalidResponse)?;
        AuthenticatorData::parse(&json.response.authenticator_data.0)
            .map_err(CeremonyError::InvalidResponse)?;
        Ok(Self {
            credential_id: json.raw_id.0,
            response: json.response,
            client_data,
        })
    }

    /// The credential that is claimed to have signed.
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// The account the authenticator keeps this credential for.
    pub fn user_handle(&self) -> Result<UserHandle, CeremonyError> {
        self.response
            .user_handle
            .as_ref()
            .and_then(|handle| UserHandle::parse(&handle.0))
            .ok_or(CeremonyError::AuthenticationFailed(Fault::UserHandle))
    }
}

/// Judges a response against the passkey that was looked up for its credential ID and user handle.
pub fn finish_authentication(
    rp: &RelyingParty,
    pending: &PendingAuthentication,
    response: &AuthenticationResponse,
    stored: &StoredPasskey<'_>,
) -> Result<Assertion, CeremonyError> {
    let failed = CeremonyError::AuthenticationFailed;
    if response.user_handle()? != stored.owner {
        return Err(failed(Fault::UserHandle));
    }
    if response.credential_id != stored.credential_id {
        return Err(failed(Fault::UnknownCredential));
    }
    let authenticator_data = &response.response.authenticator_data.0;
    let data = AuthenticatorData::parse(authenticator_data).map_err(CeremonyError::InvalidResponse)?;

    response
        .client_data
        .verify(ClientDataType::Get, &pending.challenge, rp)
        .map_err(failed)?;
    if data.rp_id_hash != rp.id_hash() {
        return Err(failed(Fault::WrongRelyingParty));
    }
    if !data.flags.user_present() {
        return Err(failed(Fault::UserNotPresent));
    }
    if pending.user_verification == UserVerification::Required && !data.flags.user_verified() {
        return Err(CeremonyError::UserVerificationRequired);
    }

    let key = PublicKey::parse(stored.public_key).map_err(|_| failed(Fault::InvalidPublicKey))?;
    let signed = [
        authenticator_data.as_slice(),
        &sha256(&response.response.client_data.0),
    ]
    .concat();
    if !key.verifies(&signed, &response.response.signature.0) {
        return Err(failed(Fault::BadSignature));
    }
    if data.flags.backup_eligible() != stored.backup_eligible {
        return Err(failed(Fault::BackupEligibilityChanged));
    }
    if data.flags.backup_state() && !data.flags.backup_eligible() {
        return Err(failed(Fault::BackupStateWithoutEligibility));
    }

    Ok(Assertion {
        sign_count: data.sign_count,
        counter: SignCounter::compare(stored.sign_count, data.sign_count),
        backup_state: data.flags.backup_state(),
        user_verified: data.flags.user_verified(),
    })
}

impl SignCounter {
    fn compare(stored: u32, received: u32) -> Self {
        match (stored, received) {
            (0, 0) => Self::Unsupported,
            _ if received > stored => Self::Advanced,
            _ => Self::Regressed { stored, received },
        }
    }
}
