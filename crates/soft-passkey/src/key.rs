//! Key pairs of every kind a server may offer, and their COSE form.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use minicbor::Encoder;

use crate::{Error, seeded};

/// A COSE signature algorithm.
#[expect(missing_docs, reason = "the variants are the registered names")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
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
    /// All of them, in the order servers usually offer them.
    pub const ALL: [Self; 10] = [
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

    /// The registered number.
    pub fn id(self) -> i64 {
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

    fn rsa_encoding(self) -> &'static dyn RsaEncoding {
        match self {
            Self::Rs384 => &RSA_PKCS1_SHA384,
            Self::Rs512 => &RSA_PKCS1_SHA512,
            Self::Ps256 => &RSA_PSS_SHA256,
            Self::Ps384 => &RSA_PSS_SHA384,
            Self::Ps512 => &RSA_PSS_SHA512,
            _ => &RSA_PKCS1_SHA256,
        }
    }
}

/// A private key with its algorithm.
pub(crate) struct KeyPair {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({:?})", self.algorithm)
    }
}

impl KeyPair {
    pub(crate) fn new(algorithm: Algorithm, seed: u64) -> Result<Self, Error> {
        let key = match algorithm {
            Algorithm::Es256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDH_P256, 32, seed)?,
            Algorithm::Es384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDH_P384, 48, seed)?,
            Algorithm::Es512 => ec(&ECDSA_P521_SHA512_ASN1_SIGNING, &ECDH_P521, 66, seed)?,
            Algorithm::EdDsa => Key::Ed25519(
                Ed25519KeyPair::from_seed_unchecked(&seeded("key", seed)).map_err(|_| Error::Crypto)?,
            ),
            _ => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Crypto)?),
        };
        Ok(Self { algorithm, key })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Ec(key) => key
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| Error::Crypto),
            Key::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(self.algorithm.rsa_encoding(), &random, message, &mut signature)
                    .map_err(|_| Error::Crypto)?;
                Ok(signature)
            }
        }
    }

    /// The public key as COSE_Key, with its own algorithm number or a false one.
    pub(crate) fn cose(&self, declared: Option<i64>) -> Result<Vec<u8>, Error> {
        let alg = declared.unwrap_or(self.algorithm.id());
        let mut cose = Vec::new();
        let mut encoder = Encoder::new(&mut cose);
        let encoded = match &self.key {
            Key::Ec(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = point
                    .split_first()
                    .and_then(|(_, coordinates)| coordinates.split_at_checked(coordinates.len() / 2))
                    .ok_or(Error::Crypto)?;
                let curve = match self.algorithm {
                    Algorithm::Es384 => 2,
                    Algorithm::Es512 => 3,
                    _ => 1,
                };
                encoder.map(5).and_then(|e| {
                    e.i64(1)?.i64(2)?.i64(3)?.i64(alg)?.i64(-1)?.i64(curve)?;
                    e.i64(-2)?.bytes(x)?.i64(-3)?.bytes(y)
                })
            }
            Key::Ed25519(key) => {
                let x = key.public_key().as_ref();
                encoder.map(4).and_then(|e| {
                    e.i64(1)?
                        .i64(1)?
                        .i64(3)?
                        .i64(alg)?
                        .i64(-1)?
                        .i64(6)?
                        .i64(-2)?
                        .bytes(x)
                })
            }
            Key::Rsa(key) => {
                // RSAPublicKey in DER; for 2048 bits every header has a fixed length.
                let der = key.public_key().as_ref();
                let (n, exponent) = der.get(9..265).zip(der.get(267..)).ok_or(Error::Crypto)?;
                encoder.map(4).and_then(|e| {
                    e.i64(1)?
                        .i64(3)?
                        .i64(3)?
                        .i64(alg)?
                        .i64(-1)?
                        .bytes(n)?
                        .i64(-2)?
                        .bytes(exponent)
                })
            }
        };
        encoded.map_err(|_| Error::Encoding)?;
        Ok(cose)
    }
}

/// An elliptic-curve key whose private number is a hash of the seed: below every curve's order because the
/// number is shorter, or (P-256) because the top byte is cleared.
fn ec(
    algorithm: &'static EcdsaSigningAlgorithm,
    agreement: &'static agreement::Algorithm,
    length: usize,
    seed: u64,
) -> Result<Key, Error> {
    let mut private = vec![0; length.saturating_sub(31)];
    private.extend(seeded("key", seed).into_iter().skip(1));
    let public = agreement::PrivateKey::from_private_key(agreement, &private).map_err(|_| Error::Crypto)?;
    let public = public.compute_public_key().map_err(|_| Error::Crypto)?;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, public.as_ref())
        .map(Key::Ec)
        .map_err(|_| Error::Crypto)
}

/// Signs with a P-256 key of somebody else's, as PKCS #8.
pub(crate) fn sign_p256(pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).map_err(|_| Error::Crypto)?;
    let signature = key
        .sign(&SystemRandom::new(), message)
        .map_err(|_| Error::Crypto)?;
    Ok(signature.as_ref().to_vec())
}
