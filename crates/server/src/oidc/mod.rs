//! The OpenID Connect provider over HTTP. Decisions are `pocket-id-oidc`'s; here facts are loaded, decisions carried
//! out in transactions, and answers given their wire form.

mod assertion_authentication;
mod authorize;
mod client_authentication;
pub mod client_keys;
mod device;
pub mod dpop;
mod end_session;
pub mod facts;
mod form;
mod form_post;
mod front_channel;
mod interactions;
mod introspect;
mod par;
mod presented_token;
mod preview;
pub mod replay;
pub mod response;
mod revoke;
mod token;
mod userinfo;
mod well_known;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(authorize::routes())
        .merge(device::routes())
        .merge(end_session::routes())
        .merge(interactions::routes())
        .merge(introspect::routes())
        .merge(par::routes())
        .merge(preview::routes())
        .merge(revoke::routes())
        .merge(token::routes())
        .merge(userinfo::routes())
        .merge(well_known::routes())
}
