//! What custom claims have to be, wherever they come from.

use std::collections::BTreeMap;

use pocket_id_oidc::claims::RESERVED;

use crate::http::error::FieldError;
use crate::http::validation::{Rules, nfc};

/// Why some claims cannot be somebody's custom claims.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unfit {
    /// Name or value is missing.
    #[error("a claim has no name or no value")]
    Incomplete(Vec<FieldError>),
    /// The name means something else already.
    #[error("the claim {0} is reserved")]
    Reserved(String),
    /// The name is there twice.
    #[error("the claim {0} is there twice")]
    Duplicate(String),
}

/// Values by name, if all of it keeps the rules.
pub fn by_name<'c>(
    claims: impl IntoIterator<Item = (&'c str, &'c str)> + Clone,
) -> Result<BTreeMap<String, String>, Unfit> {
    for (key, value) in claims.clone() {
        let mut rules = Rules::new();
        rules.required("key", key);
        rules.required("value", value);
        rules.finish_with(Unfit::Incomplete)?;
    }
    let mut fit = BTreeMap::new();
    for (key, value) in claims {
        let key = nfc(key);
        if RESERVED.contains(&key.as_str()) {
            return Err(Unfit::Reserved(key));
        }
        if fit.insert(key.clone(), nfc(value)).is_some() {
            return Err(Unfit::Duplicate(key));
        }
    }
    Ok(fit)
}
