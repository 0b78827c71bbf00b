//! Everything a soft passkey can be told to do wrong.

use uuid::Uuid;

/// One bit of the authenticator data or the client data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// 1
    Set,
    /// 0
    Clear,
}

/// How a registration is attested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Not at all, as browsers do by default.
    None,
    /// `packed`, signed with the new key itself.
    PackedSelf,
    /// `packed`, signed with the maker's key.
    PackedByMaker {
        /// The attestation key (P-256) as PKCS #8.
        key: Vec<u8>,
        /// Its certificate and those behind it, DER.
        certificates: Vec<Vec<u8>>,
    },
    /// Any format and statement (CBOR).
    Raw {
        /// `fmt`
        format: String,
        /// `attStmt`, encoded.
        statement: Vec<u8>,
    },
}

/// What the signature counter does at each assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Stays zero, as with synced passkeys.
    None,
    /// Goes up by one.
    Rising,
    /// Shows this number: an older one looks like a cloned key.
    Fixed(u32),
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// What the standard says.
    Genuine,
    /// A valid signature, over other data.
    OverOtherData,
    /// No signature at all.
    Garbage,
}

/// How the passkey and its browser answer. The default is honest: user present and verified, not synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// UP
    pub user_present: Flag,
    /// UV
    pub user_verified: Flag,
    /// BE
    pub backup_eligible: Flag,
    /// BS
    pub backup_state: Flag,
    /// Authenticator model told at registration.
    pub aaguid: Uuid,
    /// Attestation made at registration.
    pub attestation: Attestation,
    /// Signature counter.
    pub counter: Counter,
    /// What is signed.
    pub signature: SignatureKind,
    /// `transports` reported at registration; none leaves the member out.
    pub transports: Option<Vec<String>>,
    /// `authenticatorAttachment`; none leaves the member out.
    pub attachment: Option<String>,
    /// Another origin than the browser's own.
    pub origin: Option<String>,
    /// Another RP ID to hash than the one in the options.
    pub rp_id: Option<String>,
    /// Another challenge than the one in the options.
    pub challenge: Option<Vec<u8>>,
    /// Another client data type.
    pub client_data_type: Option<String>,
    /// `crossOrigin`
    pub cross_origin: Flag,
    /// `topOrigin`
    pub top_origin: Option<String>,
    /// Another user handle than the one given at registration; empty leaves the member out.
    pub user_handle: Option<Vec<u8>>,
    /// Another credential ID in the browser's part of the answer.
    pub credential_id: Option<Vec<u8>>,
    /// Another algorithm number in the public key than the key's own.
    pub declared_algorithm: Option<i64>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            user_present: Flag::Set,
            user_verified: Flag::Set,
            backup_eligible: Flag::Clear,
            backup_state: Flag::Clear,
            aaguid: Uuid::nil(),
            attestation: Attestation::None,
            counter: Counter::Rising,
            signature: SignatureKind::Genuine,
            transports: Some(vec!["internal".to_owned()]),
            attachment: Some("platform".to_owned()),
            origin: None,
            rp_id: None,
            challenge: None,
            client_data_type: None,
            cross_origin: Flag::Clear,
            top_origin: None,
            user_handle: None,
            credential_id: None,
            declared_algorithm: None,
        }
    }
}

impl Behaviour {
    /// The flag byte without the attested-credential bit.
    pub(crate) fn flags(&self) -> u8 {
        [
            (self.user_present, 0x01),
            (self.user_verified, 0x04),
            (self.backup_eligible, 0x08),
            (self.backup_state, 0x10),
        ]
        .into_iter()
        .filter(|(flag, _)| *flag == Flag::Set)
        .fold(0, |flags, (_, bit)| flags | bit)
    }
}
