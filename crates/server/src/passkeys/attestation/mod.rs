//! Attestation statements: whether what an authenticator says about itself is consistent.
//!
//! A statement is verified against itself; here no maker's root is trusted and no model preferred. Whether the
//! certificates that come along lead to a maker is asked where rules depend on it ([`super::models`]); without that
//! nothing may be concluded from a statement beyond its recorded type, as an attacker may always send `none` instead.

mod android;
mod apple;
mod certificate;
mod der;
mod fido_u2f;
mod packed;
#[cfg(test)]
mod tests;
mod tpm;

use minicbor::decode::Decoder;

use super::authenticator_data::AttestedCredential;
use super::cbor::{Malformed, array_len, map_len, once, raw, whole};
use super::ceremony::Fault;
use super::cose::PublicKey;

/// More statements in one compound than any authenticator sends.
const MAX_COMPOUND: u64 = 8;
/// More certificates in one chain than any authenticator sends.
const MAX_CHAIN: u64 = 16;

/// An attestation object taken apart; borrows from the bytes it was read from.
#[derive(Clone, Debug)]
pub(super) struct AttestationObject<'a> {
    format: &'a str,
    statement: &'a [u8],
    /// The authenticator data inside.
    pub(super) auth_data: &'a [u8],
}

/// What a statement is about.
#[derive(Clone, Debug)]
pub(super) struct Attested<'a> {
    pub(super) rp_id_hash: &'a [u8],
    pub(super) credential: &'a AttestedCredential<'a>,
    pub(super) key: &'a PublicKey,
    pub(super) client_data_hash: [u8; 32],
}

/// The kinds of attestation the standard names, as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttestationType {
    None,
    BasicFull,
    BasicSurrogate,
    AttCa,
    AnonCa,
}

impl AttestationType {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BasicFull => "basic_full",
            Self::BasicSurrogate => "basic_surrogate",
            Self::AttCa => "attca",
            Self::AnonCa => "anonca",
        }
    }
}

impl<'a> AttestationObject<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        whole(bytes, Self::read).map_err(|Malformed| Fault::Malformed("attestation object"))
    }

    fn read(decoder: &mut Decoder<'a>) -> Result<Self, Malformed> {
        let (mut format, mut statement, mut auth_data) = (None, None, None);
        for _ in 0..map_len(decoder)? {
            match decoder.str()? {
                "fmt" => once(&mut format, decoder.str()?)?,
                "attStmt" => once(&mut statement, raw(decoder)?)?,
                "authData" => once(&mut auth_data, decoder.bytes()?)?,
                _ => decoder.skip()?,
            }
        }
        Ok(Self {
            format: format.ok_or(Malformed)?,
            statement: statement.ok_or(Malformed)?,
            auth_data: auth_data.ok_or(Malformed)?,
        })
    }
}

/// What a statement that holds says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attestation {
    /// Its kind.
    pub(super) kind: AttestationType,
    /// The certificates behind the signature, the signer's first; none where nothing can be concluded from them.
    pub(super) certificates: Vec<Vec<u8>>,
}

impl Attestation {
    fn of(kind: AttestationType) -> Self {
        Self {
            kind,
            certificates: Vec::new(),
        }
    }
}

/// Verifies the object's statement.
pub(super) fn verify(object: &AttestationObject<'_>, attested: &Attested<'_>) -> Result<Attestation, Fault> {
    // What nearly all statements sign.
    let signed = [object.auth_data, &attested.client_data_hash].concat();
    match object.format {
        "none" => none(object.statement).map(Attestation::of),
        "compound" => compound(object.statement, &signed, attested),
        format => single(format, object.statement, &signed, attested),
    }
}

fn none(statement: &[u8]) -> Result<AttestationType, Fault> {
    match whole(statement, map_len) {
        Ok(0) => Ok(AttestationType::None),
        _ => Err(Fault::Attestation("`none` with a statement")),
    }
}

/// Several statements about the same credential: all must hold; the first names the type.
fn compound(statement: &[u8], signed: &[u8], attested: &Attested<'_>) -> Result<Attestation, Fault> {
    let malformed = |Malformed| Fault::Malformed("compound attestation statement");
    let statements = whole(statement, |decoder| {
        let count = array_len(decoder)?;
        if !(2..=MAX_COMPOUND).contains(&count) {
            return Err(Malformed);
        }
        (0..count).map(|_| part(decoder)).collect::<Result<Vec<_>, _>>()
    })
    .map_err(malformed)?;

    let mut first = None;
    for (format, statement) in statements {
        // `none` and nested compounds are not allowed inside: neither is known to `single`.
        let kind = single(format, statement, signed, attested)?;
        first.get_or_insert(kind);
    }
    first.ok_or(malformed(Malformed))
}

fn part<'b>(decoder: &mut Decoder<'b>) -> Result<(&'b str, &'b [u8]), Malformed> {
    let (mut format, mut statement) = (None, None);
    for _ in 0..map_len(decoder)? {
        match decoder.str()? {
            "fmt" => once(&mut format, decoder.str()?)?,
            "attStmt" => once(&mut statement, raw(decoder)?)?,
            _ => decoder.skip()?,
        }
    }
    Ok((format.ok_or(Malformed)?, statement.ok_or(Malformed)?))
}

fn single(
    format: &str,
    statement: &[u8],
    signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    let verify = match format {
        "packed" => packed::verify,
        "fido-u2f" => fido_u2f::verify,
        "apple" => apple::verify,
        "android-key" => android::verify_key,
        "android-safetynet" => android::verify_safetynet,
        "tpm" => tpm::verify,
        _ => return Err(Fault::AttestationFormat),
    };
    let statement =
        whole(statement, Statement::read).map_err(|Malformed| Fault::Malformed("attestation statement"))?;
    verify(&statement, signed, attested)
}

/// The members of all formats together; each format takes those it needs.
#[derive(Clone, Debug, Default)]
struct Statement<'a> {
    alg: Option<i64>,
    sig: Option<&'a [u8]>,
    x5c: Option<Vec<&'a [u8]>>,
    ver: Option<&'a str>,
    cert_info: Option<&'a [u8]>,
    pub_area: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    ecdaa_key_id: Option<&'a [u8]>,
}

impl<'a> Statement<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Result<Self, Malformed> {
        let mut statement = Self::default();
        for _ in 0..map_len(decoder)? {
            match decoder.str()? {
                "alg" => once(&mut statement.alg, decoder.i64()?)?,
                "sig" => once(&mut statement.sig, decoder.bytes()?)?,
                "x5c" => once(&mut statement.x5c, chain(decoder)?)?,
                "ver" => once(&mut statement.ver, decoder.str()?)?,
                "certInfo" => once(&mut statement.cert_info, decoder.bytes()?)?,
                "pubArea" => once(&mut statement.pub_area, decoder.bytes()?)?,
                "response" => once(&mut statement.response, decoder.bytes()?)?,
                "ecdaaKeyId" => once(&mut statement.ecdaa_key_id, decoder.bytes()?)?,
                _ => decoder.skip()?,
            }
        }
        Ok(statement)
    }

    fn alg(&self) -> Result<i64, Fault> {
        self.alg.ok_or(Fault::Attestation("no `alg`"))
    }

    fn sig(&self) -> Result<&'a [u8], Fault> {
        self.sig.ok_or(Fault::Attestation("no `sig`"))
    }

    /// The statement holds by its `x5c`, whose first certificate was found to be behind it. Not for formats that have
    /// no such member or were verified by something else: anybody can put a maker's certificates there.
    fn by_certificates(&self, kind: AttestationType) -> Attestation {
        // A signature over SHA-1 proves nothing to build on.
        let chain = self
            .x5c
            .iter()
            .flatten()
            .filter(|_| self.alg != Some(certificate::RS1));
        Attestation {
            kind,
            certificates: chain.map(|certificate| certificate.to_vec()).collect(),
        }
    }

    /// The attestation certificate.
    fn leaf(&self) -> Result<&'a [u8], Fault> {
        self.x5c
            .as_ref()
            .and_then(|chain| chain.first().copied())
            .ok_or(Fault::Attestation("no certificate"))
    }
}

fn chain<'b>(decoder: &mut Decoder<'b>) -> Result<Vec<&'b [u8]>, Malformed> {
    let count = array_len(decoder)?;
    if count > MAX_CHAIN {
        return Err(Malformed);
    }
    (0..count)
        .map(|_| decoder.bytes().map_err(Malformed::from))
        .collect()
}
