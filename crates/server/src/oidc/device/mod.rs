//! Sign-in on devices without a browser (RFC 8628): the device asks here, the person answers on the page `/device`,
//! the token endpoint gives the tokens.

mod answering;
mod routes;
mod starting;

use pocket_id_store::types::TokenHash;
use utoipa_axum::router::OpenApiRouter;

use crate::short_codes;
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(routes::routes())
        .merge(starting::routes())
}

/// What is stored of a user code.
fn user_code_hash(state: &AppState, code: &str) -> TokenHash {
    short_codes::hash(&state.config, short_codes::Kind::Device, code)
}
