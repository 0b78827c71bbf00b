//! `fido-u2f`: security keys older than CTAP 2.

use super::certificate::Leaf;
use super::{Attestation, AttestationType, Attested, Statement};
use crate::passkeys::ceremony::Fault;
use crate::passkeys::cose::{Algorithm, Material};

pub(super) fn verify(
    statement: &Statement<'_>,
    _signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    if statement.x5c.as_ref().is_none_or(|chain| chain.len() != 1) {
        return Err(Fault::Attestation("not exactly one certificate"));
    }
    // Such keys do not know their model.
    if !attested.credential.aaguid.is_nil() {
        return Err(Fault::Attestation("U2F key with an AAGUID"));
    }
    let (Algorithm::Es256, Material::Ec { point }) = (attested.key.algorithm(), attested.key.material())
    else {
        return Err(Fault::Attestation("U2F keys know only P-256"));
    };
    let message = [
        &[0x00],
        attested.rp_id_hash,
        &attested.client_data_hash,
        attested.credential.credential_id,
        point,
    ]
    .concat();
    Leaf::parse(statement.leaf()?)?.verify(Algorithm::Es256.id(), &message, statement.sig()?)?;
    Ok(statement.by_certificates(AttestationType::BasicFull))
}
