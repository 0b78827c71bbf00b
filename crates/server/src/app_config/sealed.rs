//! Secret settings at rest: encrypted with `ENCRYPTION_KEY`, recognised by a prefix.
//!
//! A value without the prefix is as older versions stored it; it is encrypted when it is next changed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use super::catalog::{Setting, Visibility};
use crate::config::Config;
use crate::encrypted_text::{EncryptedTextError, TextKey};
use crate::random::Random;

const PREFIX: &str = "sealed:";

/// A value as it is stored.
pub fn seal(config: &Config, random: Random, value: &str) -> Result<String, EncryptedTextError> {
    let blob = TextKey::of(config)?.seal(value, random)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(blob)))
}

fn unseal(config: &Config, stored: &str) -> Result<String, EncryptedTextError> {
    let Some(text) = stored.strip_prefix(PREFIX) else {
        return Ok(stored.to_owned());
    };
    let blob = STANDARD.decode(text).map_err(|_| EncryptedTextError::WrongKey)?;
    Ok(TextKey::of(config)?.open(&blob)?.expose_secret().to_owned())
}

/// Stored values as they are used. A secret that cannot be read counts as absent: nobody is locked out by it.
pub fn unseal_all(
    config: &Config,
    stored: impl IntoIterator<Item = (String, String)>,
) -> BTreeMap<String, String> {
    stored
        .into_iter()
        .filter_map(|(key, value)| {
            let secret = Setting::named(&key).is_some_and(|setting| setting.visibility == Visibility::Secret);
            if !secret {
                return Some((key, value));
            }
            match unseal(config, &value) {
                Ok(value) => Some((key, value)),
                Err(error) => {
                    tracing::error!(setting = key, %error, "a secret setting cannot be used");
                    None
                }
            }
        })
        .collect()
}
