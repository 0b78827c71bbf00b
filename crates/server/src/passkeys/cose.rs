//! Credential public keys (COSE_Key) and the signatures made with them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use minicbor::data::Type;

use super::cbor::{Malformed, map_len, once, whole};

/// A signature algorithm we can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Es384,
    Es512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    EdDsa,
}

impl Algorithm {
    /// What registrations offer, in this order.
    pub(super) const OFFERED: [Self; 10] = [
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::EdDsa,
    ];

    /// The COSE identifier.
    pub(super) fn id(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Es512 => -36,
            Self::Rs256 => -257,
            Self::Rs384 => -258,
            Self::Rs512 => -259,
            Self::Ps256 => -37,
            Self::Ps384 => -38,
            Self::Ps512 => -39,
            Self::EdDsa => -8,
        }
    }

    /// The algorithm with that COSE identifier.
    pub(super) fn from_id(id: i64) -> Option<Self> {
        Self::OFFERED.into_iter().find(|algorithm| algorithm.id() == id)
    }
}

/// Why a key was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyError {
    /// Not a COSE key of a form WebAuthn allows, or not a valid key of its kind.
    Invalid,
    /// A key for an algorithm we do not know.
    UnknownAlgorithm(i64),
}

impl From<Malformed> for KeyError {
    fn from(_: Malformed) -> Self {
        Self::Invalid
    }
}

/// A valid public key together with the one algorithm it may be used with.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    algorithm: Algorithm,
    material: Material,
    key: ParsedPublicKey,
}

/// The key's numbers: what attestation statements compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    /// An uncompressed point on P-256, P-384 or P-521.
    Ec {
        point: Vec<u8>,
    },
    /// Big-endian without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
}

impl PublicKey {
    /// Reads a COSE_Key as authenticators encode it.
    pub(super) fn parse(cose: &[u8]) -> Result<Self, KeyError> {
        let fields = whole(cose, Fields::read)?;
        let id = fields.alg.ok_or(KeyError::Invalid)?;
        let algorithm = Algorithm::from_id(id).ok_or(KeyError::UnknownAlgorithm(id))?;
        Self::new(algorithm, fields.material(algorithm).ok_or(KeyError::Invalid)?).ok_or(KeyError::Invalid)
    }

    /// Binds key material to an algorithm; none when the material is not a valid key for it (a point that is
    /// not on the curve, a modulus of the wrong size).
    pub(super) fn new(algorithm: Algorithm, material: Material) -> Option<Self> {
        let key = match (&material, algorithm) {
            (Material::Ec { point }, Algorithm::Es256) if point.len() == 65 => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok()?
            }
            (Material::Ec { point }, Algorithm::Es384) if point.len() == 97 => {
                ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point).ok()?
            }
            (Material::Ec { point }, Algorithm::Es512) if point.len() == 133 => {
                ParsedPublicKey::new(&ECDSA_P521_SHA512_ASN1, point).ok()?
            }
            (Material::Ed25519 { x }, Algorithm::EdDsa) if x.len() == 32 => {
                ParsedPublicKey::new(&ED25519, x).ok()?
            }
            (Material::Rsa { n, e }, _) => {
                // The library would refuse other sizes only when a signature is verified.
                if !(256..=1024).contains(&n.len()) {
                    return None;
                }
                RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(rsa_parameters(algorithm)?)
                    .ok()?
            }
            _ => return None,
        };
        Some(Self {
            algorithm,
            material,
            key,
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// Whether `signature` over `message` was made with this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => None,
    }
}

/// The map's entries by label; what -1 to -3 mean depends on the key type.
#[derive(Default)]
struct Fields<'b> {
    kty: Option<i64>,
    alg: Option<i64>,
    minus_1: Option<Parameter<'b>>,
    minus_2: Option<Parameter<'b>>,
    minus_3: Option<Parameter<'b>>,
}

enum Parameter<'b> {
    Number(i64),
    Bytes(&'b [u8]),
}

impl<'b> Fields<'b> {
    fn read(decoder: &mut minicbor::Decoder<'b>) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for _ in 0..map_len(decoder)? {
            match decoder.i64()? {
                1 => once(&mut fields.kty, decoder.i64()?)?,
                3 => once(&mut fields.alg, decoder.i64()?)?,
                -1 => once(&mut fields.minus_1, Parameter::read(decoder)?)?,
                -2 => once(&mut fields.minus_2, Parameter::read(decoder)?)?,
                -3 => once(&mut fields.minus_3, Parameter::read(decoder)?)?,
                _ => decoder.skip()?,
            }
        }
        Ok(fields)
    }

    fn material(&self, algorithm: Algorithm) -> Option<Material> {
        let curve = |expected| matches!(self.minus_1, Some(Parameter::Number(curve)) if curve == expected);
        match (self.kty?, algorithm) {
            (2, Algorithm::Es256) if curve(1) => self.point(32),
            (2, Algorithm::Es384) if curve(2) => self.point(48),
            (2, Algorithm::Es512) if curve(3) => self.point(66),
            (1, Algorithm::EdDsa) if curve(6) => Some(Material::Ed25519 {
                x: self.minus_2.as_ref()?.bytes()?.to_vec(),
            }),
            (3, _) => Some(Material::Rsa {
                n: self.minus_1.as_ref()?.bytes()?.to_vec(),
                e: self.minus_2.as_ref()?.bytes()?.to_vec(),
            }),
            _ => None,
        }
    }

    fn point(&self, coordinate: usize) -> Option<Material> {
        let x = self.minus_2.as_ref()?.bytes()?;
        let y = self.minus_3.as_ref()?.bytes()?;
        (x.len() == coordinate && y.len() == coordinate).then(|| Material::Ec {
            point: [&[0x04][..], x, y].concat(),
        })
    }
}

impl<'b> Parameter<'b> {
    fn read(decoder: &mut minicbor::Decoder<'b>) -> Result<Self, Malformed> {
        Ok(match decoder.datatype()? {
            Type::Bytes => Self::Bytes(decoder.bytes()?),
            _ => Self::Number(decoder.i64()?),
        })
    }

    fn bytes(&self) -> Option<&'b [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Number(_) => None,
        }
    }
}
