//! Sign-in on devices without a browser (RFC 8628): the device asks here, the person answers on the page `/device`,
//! the token endpoint gives the tokens.

mod answering;
mod guesses;
mod routes;
mod starting;

use aws_lc_rs::hmac;
use pocket_id_store::types::TokenHash;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(routes::routes())
        .merge(starting::routes())
}

/// What is stored of a user code: under a key, because codes short enough to type can be searched.
fn user_code_hash(state: &AppState, code: &str) -> TokenHash {
    let secret = state
        .config
        .encryption_key
        .as_ref()
        .map_or(&[] as &[u8], crate::config::EncryptionKey::expose);
    let key = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        b"pocketid/device-user-code",
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
    TokenHash(hmac::sign(&key, code.as_bytes()).as_ref().to_vec())
}
