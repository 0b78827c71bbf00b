//! `android-key` (a certificate from the phone's keystore) and `android-safetynet` (a verdict from Google's
//! former service, still found on old phones).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use x509_parser::der_parser::oid;
use x509_parser::extensions::GeneralName;

use super::certificate::Leaf;
use super::{Attestation, AttestationType, Attested, Statement, der};
use crate::passkeys::ceremony::Fault;
use crate::passkeys::cose::Algorithm;

const KM_ORIGIN_GENERATED: u32 = 0;
const KM_PURPOSE_SIGN: u32 = 2;

pub(super) fn verify_key(
    statement: &Statement<'_>,
    signed: &[u8],
    attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    let leaf = Leaf::parse(statement.leaf()?)?;
    leaf.verify(statement.alg()?, signed, statement.sig()?)?;
    if leaf.material().as_ref() != Some(attested.key.material()) {
        return Err(Fault::Attestation("certificate is for another key"));
    }
    let description = leaf
        .extension(&oid!(1.3.6.1.4.1.11129.2.1.17))
        .and_then(KeyDescription::parse)
        .ok_or(Fault::Attestation("no key description"))?;
    if description.challenge != attested.client_data_hash {
        return Err(Fault::Attestation("challenge"));
    }
    if description.all_applications {
        return Err(Fault::Attestation("key is open to all applications"));
    }
    if description
        .origins
        .iter()
        .any(|origin| *origin != KM_ORIGIN_GENERATED)
        || description.origins.is_empty()
        || !description.purposes.contains(&KM_PURPOSE_SIGN)
    {
        return Err(Fault::Attestation(
            "key was not generated on the device for signing",
        ));
    }
    Ok(statement.by_certificates(AttestationType::BasicFull))
}

/// The parts of Android's KeyDescription the standard names, from the software and the hardware list alike.
#[derive(Debug, Default)]
struct KeyDescription<'a> {
    challenge: &'a [u8],
    all_applications: bool,
    origins: Vec<u32>,
    purposes: Vec<u32>,
}

impl<'a> KeyDescription<'a> {
    fn parse(extension: &'a [u8]) -> Option<Self> {
        let fields = der::all(der::only(extension, der::SEQUENCE)?)?;
        let [
            version,
            level,
            keymaster,
            keymaster_level,
            challenge,
            _unique_id,
            software,
            hardware,
            ..,
        ] = fields.as_slice()
        else {
            return None;
        };
        let tags = [
            version.tag,
            level.tag,
            keymaster.tag,
            keymaster_level.tag,
            challenge.tag,
        ];
        let expected = [
            der::INTEGER,
            der::ENUMERATED,
            der::INTEGER,
            der::ENUMERATED,
            der::OCTET_STRING,
        ];
        if tags != expected || software.tag != der::SEQUENCE || hardware.tag != der::SEQUENCE {
            return None;
        }
        let mut description = Self {
            challenge: challenge.content,
            ..Self::default()
        };
        for list in [software, hardware] {
            for entry in der::all(list.content)? {
                match entry.tag {
                    der::Tag::Context(1) => {
                        for purpose in der::all(der::only(entry.content, der::SET)?)? {
                            description.purposes.push(der::small(purpose.content)?);
                        }
                    }
                    der::Tag::Context(600) => description.all_applications = true,
                    der::Tag::Context(702) => {
                        let origin = der::only(entry.content, der::INTEGER)?;
                        description.origins.push(der::small(origin)?);
                    }
                    _ => {}
                }
            }
        }
        Some(description)
    }
}

#[derive(Deserialize)]
struct JwsHeader {
    alg: String,
    x5c: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    nonce: String,
    #[serde(default)]
    cts_profile_match: bool,
}

pub(super) fn verify_safetynet(
    statement: &Statement<'_>,
    signed: &[u8],
    _attested: &Attested<'_>,
) -> Result<Attestation, Fault> {
    let malformed = Fault::Malformed("SafetyNet response");
    if statement.ver.is_none_or(str::is_empty) {
        return Err(Fault::Attestation("no SafetyNet version"));
    }
    let response = statement
        .response
        .and_then(|response| str::from_utf8(response).ok())
        .ok_or(&malformed);
    let response = response.map_err(Clone::clone)?;
    let (head_and_body, signature) = response.rsplit_once('.').ok_or_else(|| malformed.clone())?;
    let (head, body) = head_and_body.split_once('.').ok_or_else(|| malformed.clone())?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed.clone());
    let header: JwsHeader = serde_json::from_slice(&decode(head)?).map_err(|_| malformed.clone())?;
    let verdict: Verdict = serde_json::from_slice(&decode(body)?).map_err(|_| malformed.clone())?;

    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, signed);
    if STANDARD.decode(&verdict.nonce).ok().as_deref() != Some(expected.as_ref()) {
        return Err(Fault::Attestation("nonce"));
    }
    if !verdict.cts_profile_match {
        return Err(Fault::Attestation("device integrity"));
    }
    // The service only ever signed with RS256.
    let chain: Vec<Vec<u8>> = header
        .x5c
        .iter()
        .map(|text| STANDARD.decode(text))
        .collect::<Result<_, _>>()
        .map_err(|_| malformed.clone())?;
    let certificate = chain
        .first()
        .filter(|_| header.alg == "RS256")
        .ok_or_else(|| malformed.clone())?;
    let leaf = Leaf::parse(certificate)?;
    let named = leaf
        .x509()
        .subject_alternative_name()
        .ok()
        .flatten()
        .is_some_and(|names| {
            names
                .value
                .general_names
                .contains(&GeneralName::DNSName("attest.android.com"))
        });
    if !named {
        return Err(Fault::Attestation("certificate subject"));
    }
    leaf.verify(
        Algorithm::Rs256.id(),
        head_and_body.as_bytes(),
        &decode(signature)?,
    )?;
    // The service's own: whatever stands beside the response, nothing here was verified by it.
    Ok(Attestation {
        kind: AttestationType::BasicFull,
        certificates: chain,
    })
}
