//! `apple`: a certificate made for this one credential.

use x509_parser::der_parser::oid;

use super::certificate::Leaf;
use super::{Attestation, AttestationType, Attested, Statement, der};
use crate::passkeys::ceremony::Fault;

pub(super) fn verify(
    statement: &Statement<'_>,
    signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    let leaf = Leaf::parse(statement.leaf()?)?;
    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, signed);
    let nonce = leaf.extension(&oid!(1.2.840.113635.100.8.2)).and_then(nonce);
    if nonce != Some(expected.as_ref()) {
        return Err(Fault::Attestation("nonce"));
    }
    if leaf.material().as_ref() != Some(attested.key.material()) {
        return Err(Fault::Attestation("certificate is for another key"));
    }
    Ok(statement.by_certificates(AttestationType::AnonCa))
}

/// SEQUENCE { [1] EXPLICIT OCTET STRING }
fn nonce(extension: &[u8]) -> Option<&[u8]> {
    let tagged = der::only(der::only(extension, der::SEQUENCE)?, der::Tag::Context(1))?;
    der::only(tagged, der::OCTET_STRING)
}
