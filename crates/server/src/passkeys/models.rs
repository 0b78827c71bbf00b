//! Which authenticator models new passkeys may live on.
//!
//! An authenticator tells its model (AAGUID) itself, and a program can tell any. A model is proven when the attestation
//! leads to a certificate the maker published in the FIDO metadata. So: a list of allowed models takes proven ones only;
//! a list of denied ones goes by what is told, which stops honest devices and no liars; what the metadata calls
//! compromised is refused like a denied one. Passkeys that exist keep working.

use uuid::Uuid;

use super::ceremony::{CeremonyError, NewPasskey};
use super::metadata::Metadata;

/// Whether every new passkey's model must be proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttestationDemand {
    /// No.
    #[default]
    None,
    /// Yes.
    Required,
}

/// The administrator's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelRules {
    /// Whether a proof is needed at all.
    pub attestation: AttestationDemand,
    /// The only models allowed; all when empty.
    pub allowed: Vec<Uuid>,
    /// Models refused.
    pub denied: Vec<Uuid>,
}

/// Whether a passkey's model is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelProof {
    /// By its maker's certificate.
    Proven,
    /// It is what the authenticator says, or nothing.
    Told,
}

impl ModelRules {
    /// Whether browsers are asked for an attestation: only where something depends on it, as some ask the person first.
    pub fn asks(&self, metadata: Option<&Metadata>) -> bool {
        metadata.is_some()
            || self.attestation == AttestationDemand::Required
            || !self.allowed.is_empty()
            || !self.denied.is_empty()
    }

    /// Judges a new passkey; `now` is in Unix seconds.
    pub fn judge(
        &self,
        metadata: Option<&Metadata>,
        new: &NewPasskey,
        now: i64,
    ) -> Result<ModelProof, CeremonyError> {
        let model = metadata.and_then(|metadata| metadata.model(new.aaguid));
        if self.denied.contains(&new.aaguid) || model.is_some_and(|model| model.compromised) {
            return Err(CeremonyError::AuthenticatorNotAllowed);
        }
        let proof = match model.map(|model| model.vouches_for(&new.certificates, now)) {
            Some(Ok(())) => ModelProof::Proven,
            Some(Err(fault)) => {
                tracing::debug!(aaguid = %new.aaguid, %fault, "an authenticator's model is not proven");
                ModelProof::Told
            }
            None => ModelProof::Told,
        };
        if !self.allowed.is_empty() && !self.allowed.contains(&new.aaguid) {
            return Err(CeremonyError::AuthenticatorNotAllowed);
        }
        let needs_proof = self.attestation == AttestationDemand::Required || !self.allowed.is_empty();
        if needs_proof && proof == ModelProof::Told {
            return Err(CeremonyError::AttestationRequired);
        }
        Ok(proof)
    }
}
