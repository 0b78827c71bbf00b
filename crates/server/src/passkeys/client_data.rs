//! What the browser says it did: `clientDataJSON`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::Deserialize;

use super::ceremony::{Fault, RelyingParty};
use super::wire::{Base64Url, Challenge};

/// Which call the browser says it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientDataType {
    Create,
    Get,
}

impl ClientDataType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The members we look at. Unknown ones are allowed: browsers add some at random so that nobody compares
/// the text byte by byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: Base64Url,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<serde_json::Value>,
}

impl ClientData {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        // "UTF-8 decode" in the standard drops a byte order mark.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(text).map_err(|_| Fault::Malformed("clientDataJSON"))
    }

    /// The checks in the standard's order.
    pub(super) fn verify(
        &self,
        kind: ClientDataType,
        challenge: &Challenge,
        rp: &RelyingParty,
    ) -> Result<(), Fault> {
        if self.kind != kind.as_str() {
            return Err(Fault::WrongType);
        }
        if verify_slices_are_equal(&self.challenge.0, challenge.as_bytes()).is_err() {
            return Err(Fault::WrongChallenge);
        }
        if !rp.has_origin(&self.origin) {
            return Err(Fault::WrongOrigin);
        }
        // A page in a frame of another site could make the person sign in without seeing where.
        if self.cross_origin == Some(true) || self.top_origin.is_some() {
            return Err(Fault::CrossOrigin);
        }
        Ok(())
    }
}
