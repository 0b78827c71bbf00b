//! The key that everything stored encrypted hangs on.

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};

/// Who made the encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// `ENCRYPTION_KEY` or `ENCRYPTION_KEY_FILE`.
    Configured,
    /// The program, into the data folder, because nothing was configured.
    Generated,
}

/// The encryption key: arbitrary bytes, wiped when dropped, never printed.
#[derive(Clone)]
pub struct EncryptionKey {
    bytes: SecretSlice<u8>,
    origin: KeyOrigin,
}

impl EncryptionKey {
    /// The shortest key that is accepted.
    pub const MIN_BYTES: usize = 16;

    /// Takes the key's bytes as they are; a trailing line break is part of the key.
    pub fn new(bytes: Vec<u8>, origin: KeyOrigin) -> Self {
        Self {
            bytes: SecretSlice::from(bytes),
            origin,
        }
    }

    /// The bytes, for key derivation only.
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose_secret()
    }

    /// Who made the key.
    pub fn origin(&self) -> KeyOrigin {
        self.origin
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
