//! Whether a chain of certificates leads to one that is trusted (RFC 5280 §6, as much of it as attestation needs).

use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// More certificates than any maker uses.
const MOST_CERTIFICATES: usize = 8;

/// Why a chain is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// Nothing to judge.
    #[error("no certificate")]
    Empty,
    /// More than anybody needs.
    #[error("too many certificates")]
    TooLong,
    /// Something is no certificate.
    #[error("malformed certificate")]
    Malformed,
    /// A certificate is not valid now.
    #[error("a certificate has expired or is not valid yet")]
    OutOfTime,
    /// A certificate did not issue the one before it, or may not.
    #[error("the certificates do not follow from each other")]
    Broken,
    /// It ends nowhere.
    #[error("no trusted certificate at the end")]
    Unanchored,
}

/// Follows a chain, the end entity's certificate first, to a trusted certificate: one of `anchors`, or one that an anchor
/// issued. All are DER; `now` is in Unix seconds.
pub fn leads_to(chain: &[Vec<u8>], anchors: &[Vec<u8>], now: i64) -> Result<(), ChainFault> {
    if chain.is_empty() {
        return Err(ChainFault::Empty);
    }
    if chain.len() > MOST_CERTIFICATES {
        return Err(ChainFault::TooLong);
    }
    let now = ASN1Time::from_timestamp(now).map_err(|_| ChainFault::OutOfTime)?;
    let anchor_certificates = anchors
        .iter()
        .filter_map(|anchor| parse(anchor).ok())
        .collect::<Vec<_>>();
    let mut rest = chain.iter();
    let mut der = rest.next().ok_or(ChainFault::Empty)?;
    let mut below = 0;
    loop {
        if anchors.contains(der) {
            return Ok(());
        }
        let certificate = parse(der)?;
        if !certificate.validity().is_valid_at(now) {
            return Err(ChainFault::OutOfTime);
        }
        // What an anchor may do was decided by whoever made it one.
        if anchor_certificates
            .iter()
            .any(|anchor| signed(&certificate, anchor))
        {
            return Ok(());
        }
        let Some(next) = rest.next() else {
            return Err(ChainFault::Unanchored);
        };
        let issuer = parse(next)?;
        if !may_issue(&issuer, below) || !signed(&certificate, &issuer) {
            return Err(ChainFault::Broken);
        }
        (der, below) = (next, below + 1);
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, ChainFault> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(ChainFault::Malformed),
    }
}

/// Whether a certificate is an authority's, with so many others between it and the end entity's.
fn may_issue(issuer: &X509Certificate<'_>, below: u32) -> bool {
    let is_authority = matches!(
        issuer.basic_constraints(),
        Ok(Some(constraints)) if constraints.value.ca
            && constraints.value.path_len_constraint.is_none_or(|most| below <= most)
    );
    let signs = match issuer.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
        Err(_) => false,
    };
    is_authority && signs
}

/// Whether `issuer`'s key signed a certificate. SHA-1 counts for nothing.
fn signed(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let algorithm = &certificate.signature_algorithm.algorithm;
    certificate.issuer().as_raw() == issuer.subject().as_raw()
        && *algorithm != OID_PKCS1_SHA1WITHRSA
        && *algorithm != OID_SHA1_WITH_RSA
        && certificate.verify_signature(Some(issuer.public_key())).is_ok()
}
