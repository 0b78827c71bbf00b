//! `tpm`: the computer's security chip certifies the new key.

use aws_lc_rs::digest::{Algorithm as Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use x509_parser::der_parser::oid;

use super::certificate::{Leaf, RS1};
use super::{Attestation, AttestationType, Attested, Statement};
use crate::passkeys::ceremony::Fault;
use crate::passkeys::cose::{Algorithm, Material};

const TPM_GENERATED: u32 = 0xff54_4347;
const ST_ATTEST_CERTIFY: u16 = 0x8017;
const ALG_RSA: u16 = 0x0001;
const ALG_SHA1: u16 = 0x0004;
const ALG_SHA256: u16 = 0x000b;
const ALG_SHA384: u16 = 0x000c;
const ALG_SHA512: u16 = 0x000d;
const ALG_NULL: u16 = 0x0010;
const ALG_ECC: u16 = 0x0023;

pub(super) fn verify(
    statement: &Statement<'_>,
    signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    if statement.ver != Some("2.0") {
        return Err(Fault::Attestation("TPM version"));
    }
    let alg = statement.alg()?;
    let public_area = statement.pub_area.ok_or(Fault::Attestation("no `pubArea`"))?;
    let certified = statement.cert_info.ok_or(Fault::Attestation("no `certInfo`"))?;

    let public = PublicArea::parse(public_area).ok_or(Fault::Malformed("TPM public area"))?;
    if public.material != *attested.key.material() {
        return Err(Fault::Attestation("the TPM certifies another key"));
    }
    let info = CertifyInfo::parse(certified).ok_or(Fault::Malformed("TPM certification"))?;
    let hash = signature_digest(alg).ok_or(Fault::Attestation("unknown algorithm"))?;
    if info.extra_data != digest(hash, signed).as_ref() {
        return Err(Fault::Attestation("extra data"));
    }
    // A TPM's name for an object: the hash algorithm's number, then the hash of its public area.
    let name = [
        &public.name_alg.to_be_bytes(),
        digest(public.name_digest, public_area).as_ref(),
    ]
    .concat();
    if info.name != name {
        return Err(Fault::Attestation("the TPM certifies another object"));
    }

    let leaf = Leaf::parse(statement.leaf()?)?;
    leaf.verify(alg, certified, statement.sig()?)?;
    leaf.check_basics(attested.credential.aaguid)?;
    check_identity_certificate(&leaf)?;
    Ok(statement.by_certificates(AttestationType::AttCa))
}

/// An attestation identity certificate has no subject but says in its alternative name which TPM it is.
fn check_identity_certificate(leaf: &Leaf<'_>) -> Result<(), Fault> {
    let certificate = leaf.x509();
    let usage = certificate.extended_key_usage().ok().flatten();
    let identity = usage.is_some_and(|usage| usage.value.other.contains(&oid!(2.23.133.8.3)));
    let named = certificate.subject_alternative_name().ok().flatten().is_some();
    if certificate.subject().iter_rdn().next().is_none() && identity && named {
        Ok(())
    } else {
        Err(Fault::Attestation("not a TPM identity certificate"))
    }
}

fn signature_digest(alg: i64) -> Option<&'static Digest> {
    if alg == RS1 {
        return Some(&SHA1_FOR_LEGACY_USE_ONLY);
    }
    match Algorithm::from_id(alg)? {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => Some(&SHA256),
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => Some(&SHA384),
        Algorithm::Es512 | Algorithm::Rs512 | Algorithm::Ps512 => Some(&SHA512),
        Algorithm::EdDsa => None,
    }
}

fn tpm_digest(id: u16) -> Option<&'static Digest> {
    match id {
        ALG_SHA1 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        ALG_SHA256 => Some(&SHA256),
        ALG_SHA384 => Some(&SHA384),
        ALG_SHA512 => Some(&SHA512),
        _ => None,
    }
}

/// TPMT_PUBLIC: the new key as the TPM describes it.
struct PublicArea {
    name_alg: u16,
    name_digest: &'static Digest,
    material: Material,
}

impl PublicArea {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let kind = reader.u16()?;
        let name_alg = reader.u16()?;
        reader.u32()?; // attributes
        reader.sized()?; // authorisation policy
        // Keys that sign have no symmetric parameters.
        if reader.u16()? != ALG_NULL {
            return None;
        }
        reader.scheme()?;
        let material = match kind {
            ALG_RSA => {
                reader.u16()?; // bits
                let exponent = match reader.u32()? {
                    0 => 65537,
                    exponent => exponent,
                };
                let e = exponent
                    .to_be_bytes()
                    .into_iter()
                    .skip_while(|byte| *byte == 0)
                    .collect();
                Material::Rsa {
                    n: reader.sized()?.to_vec(),
                    e,
                }
            }
            ALG_ECC => {
                let coordinate = match reader.u16()? {
                    0x0003 => 32,
                    0x0004 => 48,
                    0x0005 => 66,
                    _ => return None,
                };
                reader.scheme()?; // key derivation
                let x = padded(reader.sized()?, coordinate)?;
                let y = padded(reader.sized()?, coordinate)?;
                Material::Ec {
                    point: [vec![0x04], x, y].concat(),
                }
            }
            _ => return None,
        };
        reader.0.is_empty().then_some(Self {
            name_alg,
            name_digest: tpm_digest(name_alg)?,
            material,
        })
    }
}

/// A coordinate may come without its leading zeros.
fn padded(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(bytes.len())?;
    Some([&vec![0; missing], bytes].concat())
}

/// TPMS_ATTEST: what the TPM signed.
struct CertifyInfo<'a> {
    extra_data: &'a [u8],
    name: &'a [u8],
}

impl<'a> CertifyInfo<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.u32()? != TPM_GENERATED || reader.u16()? != ST_ATTEST_CERTIFY {
            return None;
        }
        reader.sized()?; // who signed
        let extra_data = reader.sized()?;
        reader.take(17)?; // clock
        reader.take(8)?; // firmware
        let name = reader.sized()?;
        reader.sized()?; // qualified name
        reader.0.is_empty().then_some(Self { extra_data, name })
    }
}

/// Big-endian fields, one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A TPM2B structure: length, then bytes.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A scheme: none, or its number followed by a hash algorithm.
    fn scheme(&mut self) -> Option<()> {
        if self.u16()? != ALG_NULL {
            self.u16()?;
        }
        Some(())
    }
}
