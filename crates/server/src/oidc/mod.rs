//! The OpenID Connect provider over HTTP. Decisions are `pocket-id-oidc`'s; here facts are loaded, decisions carried
//! out in transactions, and answers given their wire form.

mod authorize;
mod end_session;
mod facts;
mod form;
mod form_post;
mod interactions;
mod response;
mod token;
mod userinfo;
mod well_known;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(authorize::routes())
        .merge(end_session::routes())
        .merge(interactions::routes())
        .merge(token::routes())
        .merge(userinfo::routes())
        .merge(well_known::routes())
}
