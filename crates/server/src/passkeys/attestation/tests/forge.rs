//! Forges credentials, certificates and statements; every part can be made wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use minicbor::Encoder;
use minicbor::encode::Write;

pub(super) fn ec_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

pub(super) fn sign(key: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// Authenticator data for a new ES256 credential.
pub(super) fn auth_data(key: &EcdsaKeyPair, aaguid: [u8; 16]) -> Vec<u8> {
    let point = key.public_key().as_ref();
    let mut cose = Vec::new();
    let mut encoder = Encoder::new(&mut cose);
    encoder
        .map(5)
        .unwrap()
        .i64(1)
        .unwrap()
        .i64(2)
        .unwrap()
        .i64(3)
        .unwrap()
        .i64(-7)
        .unwrap();
    encoder.i64(-1).unwrap().i64(1).unwrap();
    encoder
        .i64(-2)
        .unwrap()
        .bytes(&point[1..33])
        .unwrap()
        .i64(-3)
        .unwrap()
        .bytes(&point[33..])
        .unwrap();
    [
        &sha256(b"id.example.com")[..],
        &[0x45, 0, 0, 0, 0],
        &aaguid,
        &[0, 2, 0xc0, 0xde],
        &cose,
    ]
    .concat()
}

/// A CBOR map with text keys; the values are CBOR already.
pub(super) fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    encoder.map(entries.len() as u64).unwrap();
    for (key, value) in entries {
        encoder.str(key).unwrap();
        encoder.writer_mut().write_all(value).unwrap();
    }
    bytes
}

pub(super) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).array(items.len() as u64).unwrap();
    [bytes, items.concat()].concat()
}

pub(super) fn int(value: i64) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

pub(super) fn text(value: &str) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

pub(super) fn bytes(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).bytes(value).unwrap();
    bytes
}

/// One DER element.
pub(super) fn der(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![short],
        _ => [&[0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [tag, &header, content].concat()
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(&[0x30], &parts.concat())
}

pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(super) const AAGUID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xe5, 0x1c, 0x01, 0x01, 0x04];

/// A certificate; the signature on it is nonsense, as no chain is ever followed.
#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) version: Option<u8>,
    /// OID content and value.
    pub(super) subject: Vec<(&'static [u8], &'static str)>,
    pub(super) public_key: Vec<u8>,
    /// OID content, critical, value.
    pub(super) extensions: Vec<(&'static [u8], Critical, Vec<u8>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Critical {
    Yes,
    No,
}

impl Certificate {
    /// An end entity's certificate for a P-256 key with the subject `packed` wants.
    pub(super) fn new(key: &EcdsaKeyPair) -> Self {
        let algorithm = sequence(&[
            der(&[0x06], &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
            der(&[0x06], &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ]);
        let point = [&[0][..], key.public_key().as_ref()].concat();
        Self {
            version: Some(2),
            subject: vec![
                (&[0x55, 0x04, 0x06], "AA"),
                (&[0x55, 0x04, 0x0a], "Forgers"),
                (&[0x55, 0x04, 0x0b], "Authenticator Attestation"),
                (&[0x55, 0x04, 0x03], "Forged"),
            ],
            public_key: sequence(&[algorithm, der(&[0x03], &point)]),
            extensions: vec![(BASIC_CONSTRAINTS, Critical::Yes, sequence(&[]))],
        }
    }

    pub(super) fn with(mut self, oid: &'static [u8], critical: Critical, value: Vec<u8>) -> Self {
        self.extensions.retain(|(other, _, _)| *other != oid);
        self.extensions.push((oid, critical, value));
        self
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let algorithm = sequence(&[der(&[0x06], &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])]);
        let name = |parts: &[(&[u8], &str)]| {
            let parts: Vec<_> = parts
                .iter()
                .map(|(oid, value)| {
                    der(
                        &[0x31],
                        &sequence(&[der(&[0x06], oid), der(&[0x0c], value.as_bytes())]),
                    )
                })
                .collect();
            sequence(&parts)
        };
        let extensions: Vec<_> = self
            .extensions
            .iter()
            .map(|(oid, critical, value)| {
                let flag = if *critical == Critical::Yes {
                    vec![0x01, 0x01, 0xff]
                } else {
                    vec![]
                };
                sequence(&[der(&[0x06], oid), flag, der(&[0x04], value)])
            })
            .collect();
        let time = |year: &str| der(&[0x17], format!("{year}0101000000Z").as_bytes());
        let signed = sequence(&[
            self.version
                .map_or_else(Vec::new, |version| der(&[0xa0], &[0x02, 0x01, version])),
            vec![0x02, 0x01, 0x01],
            algorithm.clone(),
            name(&[(&[0x55, 0x04, 0x03], "Forgers' root")]),
            sequence(&[time("24"), time("49")]),
            name(&self.subject),
            self.public_key.clone(),
            if self.version.is_some() {
                der(&[0xa3], &sequence(&extensions))
            } else {
                vec![]
            },
        ]);
        sequence(&[signed, algorithm, vec![0x03, 0x02, 0x00, 0x00]])
    }
}
