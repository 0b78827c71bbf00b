//! Dynamic client registration (RFC 7591, RFC 7592): apps that register themselves, as far as administrators let them.
//!
//! Off by default. With `token` an app needs an initial access token an administrator made, and what it registers is
//! approved by that. With `open` anybody may register; such clients are unapproved until an administrator looks at
//! them: people are warned on the consent screen, or, if approval is demanded, cannot use them yet.

mod client_routes;
mod dto;
mod management;
mod policy;
mod registering;
mod routes;
mod tokens;
mod wire;

pub use policy::{Mode, requires_approval};

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(client_routes::routes())
        .merge(routes::routes())
}
