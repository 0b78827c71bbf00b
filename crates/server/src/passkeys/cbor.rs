//! The little CBOR that WebAuthn needs: maps with definite length, entries seen once, nothing left over.

use minicbor::decode::{Decoder, Error};

/// Why CBOR was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<Error> for Malformed {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Decodes one item that must fill `bytes`.
pub(super) fn whole<'b, T>(
    bytes: &'b [u8],
    read: impl FnOnce(&mut Decoder<'b>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder)?;
    if decoder.position() == bytes.len() {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// The next item's own bytes.
pub(super) fn raw<'b>(decoder: &mut Decoder<'b>) -> Result<&'b [u8], Malformed> {
    let start = decoder.position();
    decoder.skip()?;
    decoder.input().get(start..decoder.position()).ok_or(Malformed)
}

/// The number of entries of a map with definite length (CTAP's canonical form has no other).
pub(super) fn map_len(decoder: &mut Decoder<'_>) -> Result<u64, Malformed> {
    decoder.map()?.ok_or(Malformed)
}

/// The number of elements of an array with definite length.
pub(super) fn array_len(decoder: &mut Decoder<'_>) -> Result<u64, Malformed> {
    decoder.array()?.ok_or(Malformed)
}

/// Puts a value into its place, once: an entry given twice could be read differently by two readers.
pub(super) fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}
