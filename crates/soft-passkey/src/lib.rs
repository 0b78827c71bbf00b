//! A passkey and its browser in software: for integration tests and the bench, never shipped.
//!
//! [`SoftPasskey`] answers creation and request options with the JSON a browser would send. It behaves by
//! default; every lie a test needs is a field of its public [`Behaviour`].
//!
//! ```
//! use pocket_id_soft_passkey::SoftPasskey;
//! use serde_json::json;
//!
//! let mut passkey = SoftPasskey::new("http://localhost:1411", 1)?;
//! let registration = passkey.register(&json!({
//!     "rp": {"name": "Pocket ID", "id": "localhost"},
//!     "user": {"id": "dXNlcg", "name": "tim", "displayName": "Tim"},
//!     "challenge": "AAAA",
//!     "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
//! }))?;
//! assert_eq!(registration["type"], "public-key");
//! let assertion = passkey.assert(&json!({"challenge": "BBBB", "rpId": "localhost"}))?;
//! assert_eq!(assertion["id"], registration["id"]);
//! # Ok::<(), pocket_id_soft_passkey::Error>(())
//! ```

mod behaviour;
mod key;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Encoder;
use serde::Deserialize;
use serde_json::{Value, json};

pub use behaviour::{Attestation, Behaviour, Counter, Flag, SignatureKind};
pub use key::Algorithm;

use key::KeyPair;

/// Why the passkey could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options are not what a browser accepts.
    #[error("the options cannot be read: {0}")]
    Options(#[from] serde_json::Error),
    /// A binary member is not base64url.
    #[error("the options contain invalid base64url")]
    Base64(#[from] base64::DecodeError),
    /// Key generation or signing failed.
    #[error("the cryptographic library refused")]
    Crypto,
    /// The server excludes this credential: it is registered already.
    #[error("the passkey is registered already")]
    Excluded,
    /// Asserted before registered.
    #[error("the passkey is not registered anywhere")]
    NotRegistered,
    /// CBOR encoding failed.
    #[error("the attestation cannot be encoded")]
    Encoding,
}

/// One discoverable credential with the browser around it.
#[derive(Debug)]
pub struct SoftPasskey {
    origin: String,
    key: KeyPair,
    credential_id: Vec<u8>,
    user_handle: Option<Vec<u8>>,
    sign_count: u32,
    /// How it answers from now on.
    pub behaviour: Behaviour,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions {
    rp: Rp,
    user: User,
    challenge: String,
    #[serde(default)]
    exclude_credentials: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Rp {
    id: String,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Descriptor {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions {
    challenge: String,
    rp_id: String,
}

impl SoftPasskey {
    /// A new ES256 passkey in a browser at `origin`. The same seed gives the same key and credential ID.
    pub fn new(origin: &str, seed: u64) -> Result<Self, Error> {
        Self::with_algorithm(origin, seed, Algorithm::Es256)
    }

    /// A new passkey with a key of another kind. RSA keys are made at random and take a moment.
    pub fn with_algorithm(origin: &str, seed: u64, algorithm: Algorithm) -> Result<Self, Error> {
        Ok(Self {
            origin: origin.to_owned(),
            key: KeyPair::new(algorithm, seed)?,
            credential_id: seeded("credential", seed),
            user_handle: None,
            sign_count: 0,
            behaviour: Behaviour::default(),
        })
    }

    /// The credential ID's bytes.
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// The public key as COSE_Key, to put into a database directly.
    pub fn cose_public_key(&self) -> Result<Vec<u8>, Error> {
        self.key.cose(self.behaviour.declared_algorithm)
    }

    /// Makes this the passkey of an account without a registration, for one put into the database directly.
    pub fn adopt(&mut self, user_handle: &[u8]) {
        self.user_handle = Some(user_handle.to_vec());
    }

    /// Answers creation options (bare, or wrapped in `publicKey`) with a `RegistrationResponseJSON`.
    pub fn register(&mut self, options: &Value) -> Result<Value, Error> {
        let options: CreationOptions = serde_json::from_value(unwrapped(options))?;
        for excluded in &options.exclude_credentials {
            if URL_SAFE_NO_PAD.decode(&excluded.id)? == self.credential_id {
                return Err(Error::Excluded);
            }
        }
        let user_handle = URL_SAFE_NO_PAD.decode(&options.user.id)?;
        let client_data = self.client_data("webauthn.create", &options.challenge);
        let auth_data = self.authenticator_data(&options.rp.id, Part::Registration)?;
        let attestation_object = self.attestation_object(&auth_data, &client_data)?;
        self.user_handle = Some(user_handle);

        let mut response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(attestation_object),
            "authenticatorData": URL_SAFE_NO_PAD.encode(&auth_data),
            "publicKeyAlgorithm": self.key.algorithm().id(),
        });
        if let (Some(members), Some(transports)) = (response.as_object_mut(), &self.behaviour.transports) {
            members.insert("transports".to_owned(), json!(transports));
        }
        Ok(self.credential(&response, &json!({"credProps": {"rk": true}})))
    }

    /// Answers request options (bare, or wrapped in `publicKey`) with an `AuthenticationResponseJSON`.
    pub fn assert(&mut self, options: &Value) -> Result<Value, Error> {
        let options: RequestOptions = serde_json::from_value(unwrapped(options))?;
        self.sign_count = match self.behaviour.counter {
            Counter::None => 0,
            Counter::Rising => self.sign_count.saturating_add(1),
            Counter::Fixed(count) => count,
        };
        let client_data = self.client_data("webauthn.get", &options.challenge);
        let auth_data = self.authenticator_data(&options.rp_id, Part::Assertion)?;
        let message = [auth_data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.sign(&message)?;
        let registered = self.user_handle.as_ref().ok_or(Error::NotRegistered)?;
        let user_handle = self.behaviour.user_handle.as_ref().unwrap_or(registered);

        let mut response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(&client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(&auth_data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
        });
        if let (Some(members), false) = (response.as_object_mut(), user_handle.is_empty()) {
            members.insert(
                "userHandle".to_owned(),
                json!(URL_SAFE_NO_PAD.encode(user_handle)),
            );
        }
        Ok(self.credential(&response, &json!({})))
    }

    fn credential(&self, response: &Value, extensions: &Value) -> Value {
        let id = URL_SAFE_NO_PAD.encode(
            self.behaviour
                .credential_id
                .as_ref()
                .unwrap_or(&self.credential_id),
        );
        let mut credential = json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": extensions,
        });
        if let (Some(members), Some(attachment)) = (credential.as_object_mut(), &self.behaviour.attachment) {
            members.insert("authenticatorAttachment".to_owned(), json!(attachment));
        }
        credential
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let behaviour = &self.behaviour;
        let challenge = behaviour
            .challenge
            .as_ref()
            .map_or_else(|| challenge.to_owned(), |other| URL_SAFE_NO_PAD.encode(other));
        let mut client_data = json!({
            "type": behaviour.client_data_type.as_deref().unwrap_or(kind),
            "challenge": challenge,
            "origin": behaviour.origin.as_deref().unwrap_or(&self.origin),
            "crossOrigin": behaviour.cross_origin == Flag::Set,
        });
        if let (Some(members), Some(top)) = (client_data.as_object_mut(), &behaviour.top_origin) {
            members.insert("topOrigin".to_owned(), json!(top));
        }
        client_data.to_string().into_bytes()
    }

    fn authenticator_data(&self, rp_id: &str, part: Part) -> Result<Vec<u8>, Error> {
        let behaviour = &self.behaviour;
        let rp_id = behaviour.rp_id.as_deref().unwrap_or(rp_id);
        let flags = behaviour.flags() | if part == Part::Registration { 0x40 } else { 0 };
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend_from_slice(&self.sign_count.to_be_bytes());
        if part == Part::Registration {
            let id = &self.credential_id;
            data.extend_from_slice(behaviour.aaguid.as_bytes());
            data.extend_from_slice(
                &u16::try_from(id.len())
                    .map_err(|_| Error::Encoding)?
                    .to_be_bytes(),
            );
            data.extend_from_slice(id);
            data.extend_from_slice(&self.cose_public_key()?);
        }
        Ok(data)
    }

    fn attestation_object(&self, auth_data: &[u8], client_data: &[u8]) -> Result<Vec<u8>, Error> {
        let mut object = Vec::new();
        let mut encoder = Encoder::new(&mut object);
        let encoded = match &self.behaviour.attestation {
            Attestation::None => encoder
                .map(3)
                .and_then(|e| e.str("fmt")?.str("none")?.str("attStmt")?.map(0)),
            Attestation::PackedSelf => {
                let message = [auth_data, digest(&SHA256, client_data).as_ref()].concat();
                let signature = self.sign(&message)?;
                encoder.map(3).and_then(|e| {
                    e.str("fmt")?.str("packed")?.str("attStmt")?.map(2)?;
                    e.str("alg")?
                        .i64(self.key.algorithm().id())?
                        .str("sig")?
                        .bytes(&signature)
                })
            }
            Attestation::PackedByMaker { key, certificates } => {
                let message = [auth_data, digest(&SHA256, client_data).as_ref()].concat();
                let signature = key::sign_p256(key, &message)?;
                let count = u64::try_from(certificates.len()).map_err(|_| Error::Encoding)?;
                let mut encoded = encoder.map(3).and_then(|e| {
                    e.str("fmt")?.str("packed")?.str("attStmt")?.map(3)?;
                    e.str("alg")?.i64(Algorithm::Es256.id())?;
                    e.str("sig")?.bytes(&signature)?.str("x5c")?.array(count)
                });
                for certificate in certificates {
                    encoded = encoded.and_then(|e| e.bytes(certificate));
                }
                encoded
            }
            Attestation::Raw { format, statement } => encoder
                .map(3)
                .and_then(|e| e.str("fmt")?.str(format)?.str("attStmt"))
                .and_then(|e| {
                    std::io::Write::write_all(e.writer_mut(), statement)
                        .map_err(minicbor::encode::Error::custom)?;
                    Ok(e)
                }),
        };
        encoded
            .and_then(|e| e.str("authData")?.bytes(auth_data))
            .map_err(|_| Error::Encoding)?;
        Ok(object)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self.behaviour.signature {
            SignatureKind::Genuine => self.key.sign(message),
            SignatureKind::OverOtherData => self.key.sign(&[message, b"!"].concat()),
            SignatureKind::Garbage => Ok(vec![0x30, 0x00]),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Registration,
    Assertion,
}

fn unwrapped(options: &Value) -> Value {
    options.get("publicKey").unwrap_or(options).clone()
}

/// 32 bytes that depend on nothing but their purpose and the seed.
fn seeded(purpose: &str, seed: u64) -> Vec<u8> {
    digest(&SHA256, &[purpose.as_bytes(), &seed.to_be_bytes()].concat())
        .as_ref()
        .to_vec()
}
