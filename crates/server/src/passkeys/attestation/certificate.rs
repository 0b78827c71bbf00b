//! What attestation certificates must say.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};
use uuid::Uuid;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::oid;
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as SubjectKey;
use x509_parser::x509::X509Version;

use super::der;
use crate::passkeys::ceremony::Fault;
use crate::passkeys::cose::{Algorithm, Material, PublicKey};

/// COSE's number for RSA with SHA-1: older TPMs sign their own statements with it.
pub(super) const RS1: i64 = -65535;

/// The certificate of the key that signed a statement.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'a> {
    certificate: X509Certificate<'a>,
}

impl<'a> Leaf<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, Fault> {
        match X509Certificate::from_der(der) {
            Ok(([], certificate)) => Ok(Self { certificate }),
            _ => Err(Fault::Malformed("attestation certificate")),
        }
    }

    /// The subject's key, as far as we know its kind.
    pub(super) fn material(&self) -> Option<Material> {
        match self.certificate.public_key().parsed().ok()? {
            SubjectKey::EC(point) => Some(Material::Ec {
                point: point.data().to_vec(),
            }),
            SubjectKey::RSA(key) => {
                let bare = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
                Some(Material::Rsa {
                    n: bare(key.modulus),
                    e: bare(key.exponent),
                })
            }
            _ if self.certificate.public_key().algorithm.algorithm == oid!(1.3.101.112) => {
                Some(Material::Ed25519 {
                    x: self.certificate.public_key().subject_public_key.data.to_vec(),
                })
            }
            _ => None,
        }
    }

    /// Whether the subject's key made `signature` over `message` with the COSE algorithm `alg`.
    pub(super) fn verify(&self, alg: i64, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
        let key = self
            .material()
            .ok_or(Fault::Attestation("unknown kind of certificate key"))?;
        let verified = if alg == RS1 {
            // SHA-1 is broken, but nothing is trusted because of this signature.
            let Material::Rsa { n, e } = key else {
                return Err(Fault::Attestation("algorithm does not fit the certificate"));
            };
            RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, message, signature)
                .is_ok()
        } else {
            let algorithm = Algorithm::from_id(alg).ok_or(Fault::Attestation("unknown algorithm"))?;
            PublicKey::new(algorithm, key)
                .ok_or(Fault::Attestation("algorithm does not fit the certificate"))?
                .verifies(message, signature)
        };
        if verified {
            Ok(())
        } else {
            Err(Fault::Attestation("bad signature"))
        }
    }

    /// The rules packed and TPM certificates share: version 3, not a CA, and, when the certificate names an
    /// authenticator model, the one the authenticator data names.
    pub(super) fn check_basics(&self, aaguid: Uuid) -> Result<(), Fault> {
        if self.certificate.version() != X509Version::V3 {
            return Err(Fault::Attestation("certificate is not version 3"));
        }
        match self.certificate.basic_constraints() {
            Ok(Some(constraints)) if !constraints.value.ca => {}
            _ => return Err(Fault::Attestation("certificate is not an end entity's")),
        }
        let model = self
            .certificate
            .get_extension_unique(&oid!(1.3.6.1.4.1.45724.1.1.4))
            .map_err(|_| Fault::Malformed("certificate extensions"))?;
        match model {
            Some(extension) if extension.critical => Err(Fault::Attestation("critical AAGUID extension")),
            Some(extension) if der::only(extension.value, der::OCTET_STRING) != Some(aaguid.as_bytes()) => {
                Err(Fault::Attestation("certificate is for another model"))
            }
            _ => Ok(()),
        }
    }

    /// The content of an extension, if there is exactly one of it.
    pub(super) fn extension(&self, oid: &Oid<'_>) -> Option<&'a [u8]> {
        self.certificate
            .get_extension_unique(oid)
            .ok()
            .flatten()
            .map(|extension| extension.value)
    }

    /// The certificate itself, for a format's own rules.
    pub(super) fn x509(&self) -> &X509Certificate<'a> {
        &self.certificate
    }
}
