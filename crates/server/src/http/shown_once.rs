//! Secrets on the wire: the one answer that shows a new one to whom it is for.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;

/// Writes a secret out; for `#[serde(serialize_with = ...)]`.
///
/// # Errors
/// Those of the serializer.
pub fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
