//! What the authenticator signed: its data structure, byte by byte.

use minicbor::decode::Decoder;
use uuid::Uuid;

use super::cbor::raw;
use super::ceremony::Fault;

/// The standard's upper bound for a credential ID.
const MAX_CREDENTIAL_ID: usize = 1023;

/// Parsed authenticator data; borrows from the bytes it was read from.
#[derive(Clone, Debug)]
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8],
    pub(super) flags: Flags,
    pub(super) sign_count: u32,
    pub(super) attested: Option<AttestedCredential<'a>>,
}

/// A freshly made credential.
#[derive(Clone, Debug)]
pub(super) struct AttestedCredential<'a> {
    pub(super) aaguid: Uuid,
    pub(super) credential_id: &'a [u8],
    /// The COSE key exactly as the authenticator encoded it.
    pub(super) public_key: &'a [u8],
}

/// The flag byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub(super) fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub(super) fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub(super) fn backup_state(self) -> bool {
        self.0 & 0x10 != 0
    }

    fn attested_credential(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}

impl<'a> AuthenticatorData<'a> {
    /// Reads the whole structure; anything missing or left over is an error.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::read(bytes).ok_or(Fault::Malformed("authenticator data"))
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_at_checked(32)?;
        let (&flags, rest) = rest.split_first()?;
        let flags = Flags(flags);
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;

        let mut attested = None;
        if flags.attested_credential() {
            let (aaguid, tail) = rest.split_first_chunk::<16>()?;
            let (length, tail) = tail.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > MAX_CREDENTIAL_ID {
                return None;
            }
            let (credential_id, tail) = tail.split_at_checked(length)?;
            let mut decoder = Decoder::new(tail);
            let public_key = raw(&mut decoder).ok()?;
            rest = tail.get(decoder.position()..)?;
            attested = Some(AttestedCredential {
                aaguid: Uuid::from_bytes(*aaguid),
                credential_id,
                public_key,
            });
        }
        if flags.extensions() {
            let mut decoder = Decoder::new(rest);
            raw(&mut decoder).ok()?;
            rest = rest.get(decoder.position()..)?;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(flags: u8, tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![7; 32];
        bytes.push(flags);
        bytes.extend_from_slice(&[0, 0, 1, 2]);
        bytes.extend_from_slice(tail);
        bytes
    }

    #[test]
    fn reads_every_part() {
        let mut tail = vec![9; 16];
        tail.extend_from_slice(&[0, 3, b'a', b'b', b'c', 0xa1, 0x01, 0x02, 0xa0]);
        let bytes = data(0xdd, &tail);
        let parsed = AuthenticatorData::parse(&bytes).unwrap();
        assert_eq!(parsed.rp_id_hash, [7; 32]);
        assert_eq!(parsed.sign_count, 258);
        assert!(parsed.flags.user_present() && parsed.flags.user_verified());
        assert!(parsed.flags.backup_eligible() && parsed.flags.backup_state());
        let attested = parsed.attested.unwrap();
        assert_eq!(attested.aaguid, Uuid::from_bytes([9; 16]));
        assert_eq!(attested.credential_id, b"abc");
        assert_eq!(attested.public_key, [0xa1, 0x01, 0x02]);
    }

    #[test]
    fn refuses_what_is_cut_short_or_left_over() {
        let mut tail = vec![9; 16];
        tail.extend_from_slice(&[0, 3, b'a', b'b', b'c', 0xa1, 0x01, 0x02, 0xa0]);
        let whole = data(0xc1, &tail);
        for end in 0..whole.len() {
            assert!(
                AuthenticatorData::parse(&whole[..end]).is_err(),
                "accepted {end} bytes"
            );
        }
        assert!(
            AuthenticatorData::parse(&data(0x01, &[0])).is_err(),
            "left-over byte"
        );
        let long = [&[9; 16][..], &[0x04, 0x00], &[1; 1024], &[0xa0]].concat();
        assert!(
            AuthenticatorData::parse(&data(0x41, &long)).is_err(),
            "credential ID of 1024 bytes"
        );
        let none = [&[9; 16][..], &[0, 0, 0xa0]].concat();
        assert!(
            AuthenticatorData::parse(&data(0x41, &none)).is_err(),
            "empty credential ID"
        );
    }
}
