//! Registering a passkey.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CeremonyError, Fault, RelyingParty, TIMEOUT_MILLIS, sha256};
use crate::passkeys::aaguid;
use crate::passkeys::attestation::{self, AttestationObject, Attested};
use crate::passkeys::authenticator_data::AuthenticatorData;
use crate::passkeys::client_data::{ClientData, ClientDataType};
use crate::passkeys::cose::{Algorithm, KeyError, PublicKey};
use crate::passkeys::policy::{Attachment, Policy, SyncedPasskeys, UserVerification};
use crate::passkeys::wire::{
    AuthenticatorSelection, Base64Url, Challenge, CreationOptions, CredentialDescriptor, CredentialParameter,
    PublicKeyType, RegistrationExtensions, RegistrationResponseJson, RelyingPartyEntity, UserEntity,
    UserHandle,
};

/// Transports are hints from the browser: more, longer or stranger ones than any browser sends are dropped.
const MAX_TRANSPORTS: usize = 16;
const MAX_TRANSPORT_LENGTH: usize = 32;

/// The transport of what is built in.
const INTERNAL: &str = "internal";

/// Whose passkey is being registered, and under which application name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteringUser<'a> {
    /// The application's name, shown by the browser.
    pub application_name: &'a str,
    /// The account.
    pub handle: UserHandle,
    /// User name.
    pub username: &'a str,
    /// Name for people; shown in the authenticator's list of accounts.
    pub display_name: &'a str,
}

/// A passkey the user already has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingCredential {
    /// The authenticator's credential ID.
    pub credential_id: Vec<u8>,
    /// As stored.
    pub transports: Vec<String>,
}

/// A registration waiting for the browser's answer; kept in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRegistration {
    challenge: Challenge,
    user_verification: UserVerification,
    algorithms: Vec<i64>,
    attachment: Attachment,
}

/// What a successful registration gives to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// The authenticator's credential ID.
    pub credential_id: Vec<u8>,
    /// COSE_Key, byte by byte as the authenticator made it.
    pub public_key: Vec<u8>,
    /// `none`, `basic_full`, `basic_surrogate`, `attca` or `anonca`.
    pub attestation_type: &'static str,
    /// Certificates of the attestation, the signer's first; not believed yet.
    pub certificates: Vec<Vec<u8>>,
    /// How the browser says the authenticator can be reached.
    pub transports: Vec<String>,
    /// Authenticator model; all zero when it is not told.
    pub aaguid: Uuid,
    /// The signature counter's start; zero when the authenticator keeps none.
    pub sign_count: u32,
    /// Whether the passkey may be synced. Never changes.
    pub backup_eligible: bool,
    /// Whether it is synced now.
    pub backup_state: bool,
    /// A name until the owner gives another.
    pub suggested_name: String,
}

/// Asks a browser for a new passkey.
pub fn begin_registration(
    rp: &RelyingParty,
    user: &RegisteringUser<'_>,
    policy: Policy,
    existing: Vec<ExistingCredential>,
    challenge: Challenge,
) -> (CreationOptions, PendingRegistration) {
    let options = CreationOptions {
        rp: RelyingPartyEntity {
            name: user.application_name.to_owned(),
            id: rp.id().to_owned(),
        },
        user: UserEntity {
            name: user.username.to_owned(),
            display_name: user.display_name.to_owned(),
            id: Base64Url(user.handle.to_bytes()),
        },
        challenge: challenge.clone().into(),
        timeout: TIMEOUT_MILLIS,
        pub_key_cred_params: Algorithm::OFFERED
            .map(|algorithm| CredentialParameter {
                kind: PublicKeyType::PublicKey,
                alg: algorithm.id(),
            })
            .to_vec(),
        exclude_credentials: existing
            .into_iter()
            .map(|credential| CredentialDescriptor {
                kind: PublicKeyType::PublicKey,
                id: Base64Url(credential.credential_id),
                transports: credential.transports,
            })
            .collect(),
        authenticator_selection: AuthenticatorSelection {
            authenticator_attachment: policy.attachment.as_option(),
            require_resident_key: true,
            resident_key: "required",
            user_verification: policy.user_verification,
        },
        attestation: None,
        extensions: RegistrationExtensions { cred_props: true },
    };
    let pending = PendingRegistration {
        challenge,
        user_verification: policy.user_verification,
        algorithms: Algorithm::OFFERED.map(Algorithm::id).to_vec(),
        attachment: policy.attachment,
    };
    (options, pending)
}

/// Judges a browser's `RegistrationResponseJSON`.
///
/// What was asked for (challenge, user verification, algorithms, attachment) is judged as it was when the
/// registration began; `synced` is the setting of now.
pub fn finish_registration(
    rp: &RelyingParty,
    pending: &PendingRegistration,
    body: &[u8],
    synced: SyncedPasskeys,
) -> Result<NewPasskey, CeremonyError> {
    let invalid = CeremonyError::InvalidResponse;
    let response: RegistrationResponseJson =
        serde_json::from_slice(body).map_err(|_| invalid(Fault::Malformed("registration response")))?;
    if response.id != response.raw_id {
        return Err(invalid(Fault::CredentialIdMismatch));
    }
    let client_data = ClientData::parse(&response.response.client_data.0).map_err(invalid)?;
    let object = AttestationObject::parse(&response.response.attestation_object.0).map_err(invalid)?;
    let data = AuthenticatorData::parse(object.auth_data).map_err(invalid)?;

    client_data
        .verify(ClientDataType::Create, &pending.challenge, rp)
        .map_err(invalid)?;
    if data.rp_id_hash != rp.id_hash() {
        return Err(invalid(Fault::WrongRelyingParty));
    }
    if !data.flags.user_present() {
        return Err(invalid(Fault::UserNotPresent));
    }
    if pending.user_verification == UserVerification::Required && !data.flags.user_verified() {
        return Err(CeremonyError::UserVerificationRequired);
    }

    let credential = data.attested.as_ref().ok_or(invalid(Fault::NoCredential))?;
    // The standard leaves `rawId` unsigned and unused; a browser that names another credential than the
    // authenticator made is broken or lying.
    if credential.credential_id != response.raw_id.0 {
        return Err(invalid(Fault::CredentialIdMismatch));
    }
    let key = PublicKey::parse(credential.public_key).map_err(|error| {
        invalid(match error {
            KeyError::Invalid => Fault::InvalidPublicKey,
            KeyError::UnknownAlgorithm(id) => Fault::AlgorithmNotOffered(id),
        })
    })?;
    if !pending.algorithms.contains(&key.algorithm().id()) {
        return Err(invalid(Fault::AlgorithmNotOffered(key.algorithm().id())));
    }
    if data.flags.backup_state() && !data.flags.backup_eligible() {
        return Err(invalid(Fault::BackupStateWithoutEligibility));
    }
    let attestation = attestation::verify(
        &object,
        &Attested {
            rp_id_hash: data.rp_id_hash,
            credential,
            key: &key,
            client_data_hash: sha256(&response.response.client_data.0),
        },
    )
    .map_err(invalid)?;

    let transports = transports(response.response.transports.unwrap_or_default());
    if let Some(wanted) = pending.attachment.as_option()
        && !is_attached(wanted, response.authenticator_attachment.as_deref(), &transports)
    {
        return Err(invalid(Fault::AttachmentNotAllowed));
    }
    if synced == SyncedPasskeys::Refused && data.flags.backup_eligible() {
        return Err(CeremonyError::SyncedPasskeyNotAllowed);
    }

    Ok(NewPasskey {
        credential_id: credential.credential_id.to_vec(),
        public_key: credential.public_key.to_vec(),
        attestation_type: attestation.kind.as_str(),
        certificates: attestation.certificates,
        transports,
        aaguid: credential.aaguid,
        sign_count: data.sign_count,
        backup_eligible: data.flags.backup_eligible(),
        backup_state: data.flags.backup_state(),
        suggested_name: aaguid::suggested_name(credential.aaguid),
    })
}

/// Whether an authenticator is attached as wanted, by all the browser says of it. No authenticator signs that, so it
/// keeps honest people to the rule; a proven model does more. What says nothing at all is not let in.
fn is_attached(wanted: &str, reported: Option<&str>, transports: &[String]) -> bool {
    let built_in = wanted == "platform";
    let by_transport = (!transports.is_empty()).then(|| {
        transports
            .iter()
            .any(|transport| (transport == INTERNAL) == built_in)
    });
    match (reported, by_transport) {
        (Some(reported), by_transport) => reported == wanted && by_transport.unwrap_or(true),
        (None, by_transport) => by_transport.unwrap_or(false),
    }
}

/// The transports to store: unknown ones are kept, `cable` is the old name of `hybrid`.
fn transports(reported: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for transport in reported {
        let transport = if transport == "cable" {
            "hybrid".to_owned()
        } else {
            transport
        };
        // PostgreSQL stores no NUL, and no transport has one.
        if transport.len() <= MAX_TRANSPORT_LENGTH
            && transport.bytes().all(|byte| byte.is_ascii_graphic())
            && kept.len() < MAX_TRANSPORTS
            && !kept.contains(&transport)
        {
            kept.push(transport);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::is_attached;

    #[test]
    fn attachment_by_what_is_reported_and_by_transport() {
        for (wanted, reported, transports, attached) in [
            ("platform", Some("platform"), &["internal"] as &[&str], true),
            ("platform", Some("platform"), &["hybrid", "internal"], true),
            ("platform", Some("platform"), &[], true),
            ("platform", Some("platform"), &["usb"], false),
            ("platform", Some("cross-platform"), &["internal"], false),
            ("platform", None, &["internal"], true),
            ("platform", None, &["usb", "nfc"], false),
            ("platform", None, &[], false),
            (
                "cross-platform",
                Some("cross-platform"),
                &["hybrid", "internal"],
                true,
            ),
            ("cross-platform", Some("cross-platform"), &["usb"], true),
            ("cross-platform", Some("cross-platform"), &[], true),
            ("cross-platform", Some("cross-platform"), &["internal"], false),
            ("cross-platform", Some("platform"), &["usb"], false),
            ("cross-platform", None, &["ble"], true),
            ("cross-platform", None, &["internal"], false),
            ("cross-platform", None, &[], false),
        ] {
            let transports: Vec<_> = transports.iter().map(|&transport| transport.to_owned()).collect();
            assert_eq!(
                is_attached(wanted, reported, &transports),
                attached,
                "{wanted} {reported:?} {transports:?}"
            );
        }
    }
}
