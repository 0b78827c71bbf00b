//! What makers say of their authenticators: the BLOB of the FIDO Metadata Service (MDS 3), as a file an administrator
//! supplies. Nothing is fetched. The file is signed; it counts only if its signature leads to the certificate that comes
//! with it.

mod chain;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use uuid::Uuid;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

pub use chain::ChainFault;

use crate::http::time_format::parse_rfc3339;

/// Statuses after which nobody should rely on a model (FIDO Metadata Service §3.1.4).
const COMPROMISED: [&str; 5] = [
    "REVOKED",
    "USER_VERIFICATION_BYPASS",
    "ATTESTATION_KEY_COMPROMISE",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
];

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// Why a metadata file is not used.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The root is no certificate.
    #[error("FIDO_METADATA_ROOT holds no certificate (PEM or DER)")]
    Root,
    /// Not a JWT with certificates.
    #[error("FIDO_METADATA_FILE is not a metadata BLOB: {0}")]
    Form(&'static str),
    /// The signer is not trusted.
    #[error("the signature of FIDO_METADATA_FILE does not lead to FIDO_METADATA_ROOT: {0}")]
    Chain(#[from] ChainFault),
    /// The signature is wrong.
    #[error("the signature of FIDO_METADATA_FILE is wrong")]
    Signature,
}

/// Authenticator models by AAGUID.
#[derive(Debug, Default)]
pub struct Metadata {
    models: HashMap<Uuid, Model>,
    next_update: String,
}

/// One model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// What its maker calls it.
    pub name: String,
    /// Whether its keys or its checks are known to be broken.
    pub compromised: bool,
    roots: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    x5c: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    entries: Vec<Entry>,
    #[serde(default)]
    next_update: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    aaguid: Option<Uuid>,
    #[serde(default)]
    metadata_statement: Option<Statement>,
    #[serde(default)]
    status_reports: Vec<StatusReport>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(default)]
    description: String,
    #[serde(default)]
    attestation_root_certificates: Vec<String>,
}

#[derive(Deserialize)]
struct StatusReport {
    status: String,
}

impl Metadata {
    /// Reads the two files.
    ///
    /// # Errors
    /// When they cannot be read, or the one is not signed as the other wants.
    pub fn load(file: &Path, root: &Path, now: i64) -> Result<Self, MetadataError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| MetadataError::Unreadable(path.display().to_string(), error))
        };
        Self::read(&read(file)?, &read(root)?, now)
    }

    /// Reads a BLOB; `now` is in Unix seconds.
    ///
    /// # Errors
    /// When it is not one, or not signed by who the root (PEM or DER) vouches for.
    pub fn read(blob: &[u8], root: &[u8], now: i64) -> Result<Self, MetadataError> {
        let text = std::str::from_utf8(blob)
            .map_err(|_| MetadataError::Form("not text"))?
            .trim();
        let (signed, signature) = text.rsplit_once('.').ok_or(MetadataError::Form("no JWT"))?;
        let (header, payload) = signed.split_once('.').ok_or(MetadataError::Form("no JWT"))?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| MetadataError::Form("not base64url"))
        };
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| MetadataError::Form("header"))?;
        let certificates = header
            .x5c
            .iter()
            .map(|certificate| STANDARD.decode(certificate))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| MetadataError::Form("certificates"))?;
        chain::leads_to(&certificates, &[root_certificate(root)?], now)?;
        let signer = certificates
            .first()
            .ok_or(MetadataError::Form("no certificate"))?;
        verify(&header.alg, signer, signed.as_bytes(), &decode(signature)?)?;
        let payload: Payload =
            serde_json::from_slice(&decode(payload)?).map_err(|_| MetadataError::Form("payload"))?;
        let models = payload
            .entries
            .into_iter()
            .filter_map(Entry::into_model)
            .collect();
        Ok(Self {
            models,
            next_update: payload.next_update,
        })
    }

    /// The day a newer BLOB was promised for, if that day is over; `now` is in Unix seconds. What this one says still
    /// counts: no passkey gets better by being asked for less.
    pub fn overdue_since(&self, now: i64) -> Option<&str> {
        let promised = parse_rfc3339(&format!("{}T00:00:00Z", self.next_update))?;
        (promised.seconds().saturating_add(DAY) <= now).then_some(self.next_update.as_str())
    }

    /// A model.
    pub fn model(&self, aaguid: Uuid) -> Option<&Model> {
        self.models.get(&aaguid)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }
}

impl Entry {
    /// Authenticators without an AAGUID (U2F, UAF) cannot be told by it.
    fn into_model(self) -> Option<(Uuid, Model)> {
        let aaguid = self.aaguid.filter(|aaguid| !aaguid.is_nil())?;
        let compromised = self
            .status_reports
            .iter()
            .any(|report| COMPROMISED.contains(&report.status.as_str()));
        let mut model = Model {
            compromised,
            ..Model::default()
        };
        if let Some(statement) = self.metadata_statement {
            model.name = statement.description;
            model.roots = statement
                .attestation_root_certificates
                .iter()
                .filter_map(|root| {
                    let joined: String = root.split_whitespace().collect();
                    STANDARD.decode(joined).ok()
                })
                .collect();
        }
        Some((aaguid, model))
    }
}

impl Model {
    /// Whether a chain of attestation certificates is this model's maker's; `now` is in Unix seconds.
    ///
    /// # Errors
    /// Says why not.
    pub fn vouches_for(&self, certificates: &[Vec<u8>], now: i64) -> Result<(), ChainFault> {
        chain::leads_to(certificates, &self.roots, now)
    }
}

fn root_certificate(bytes: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let der = match x509_parser::pem::parse_x509_pem(bytes) {
        Ok((_, pem)) => pem.contents,
        Err(_) => bytes.to_vec(),
    };
    match X509Certificate::from_der(&der) {
        Ok(([], _)) => Ok(der),
        _ => Err(MetadataError::Root),
    }
}

fn verify(algorithm: &str, signer: &[u8], message: &[u8], signature: &[u8]) -> Result<(), MetadataError> {
    let (_, signer) =
        X509Certificate::from_der(signer).map_err(|_| MetadataError::Chain(ChainFault::Malformed))?;
    let key = signer.public_key().subject_public_key.data.as_ref();
    let verified = match algorithm {
        "RS256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature),
        "ES256" => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature),
        _ => return Err(MetadataError::Form("signature algorithm")),
    };
    verified.map_err(|_| MetadataError::Signature)
}
