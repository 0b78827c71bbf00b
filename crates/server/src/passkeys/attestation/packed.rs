//! `packed`: the usual format, with a certificate or signed by the new credential itself.

use x509_parser::x509::AttributeTypeAndValue;

use super::certificate::Leaf;
use super::{Attestation, AttestationType, Attested, Statement};
use crate::passkeys::ceremony::Fault;

pub(super) fn verify(
    statement: &Statement<'_>,
    signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    let alg = statement.alg()?;
    let signature = statement.sig()?;
    if statement.ecdaa_key_id.is_some() {
        // Dropped from the standard; nobody implemented it.
        return Err(Fault::AttestationFormat);
    }
    if statement.x5c.is_none() {
        if alg != attested.key.algorithm().id() {
            return Err(Fault::Attestation("algorithm differs from the credential's"));
        }
        if !attested.key.verifies(signed, signature) {
            return Err(Fault::Attestation("bad signature"));
        }
        return Ok(Attestation::of(AttestationType::BasicSurrogate));
    }

    let leaf = Leaf::parse(statement.leaf()?)?;
    leaf.verify(alg, signed, signature)?;
    leaf.check_basics(attested.credential.aaguid)?;
    check_subject(&leaf)?;
    Ok(statement.by_certificates(AttestationType::BasicFull))
}

/// Country, organisation and name present; the unit is fixed by the standard.
fn check_subject(leaf: &Leaf<'_>) -> Result<(), Fault> {
    let subject = leaf.x509().subject();
    let complete = subject.iter_country().next().is_some()
        && subject.iter_organization().next().is_some()
        && subject.iter_common_name().next().is_some();
    let mut units = subject
        .iter_organizational_unit()
        .map(AttributeTypeAndValue::as_str);
    let unit = matches!(units.next(), Some(Ok("Authenticator Attestation"))) && units.next().is_none();
    if complete && unit {
        Ok(())
    } else {
        Err(Fault::Attestation("certificate subject"))
    }
}
