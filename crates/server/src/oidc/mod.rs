//! The OpenID Connect provider over HTTP. Decisions are `pocket-id-oidc`'s; here facts are loaded, decisions carried
//! out in transactions, and answers given their wire form.

mod assertion_authentication;
mod authorize;
mod client_authentication;
pub mod client_keys;
mod device;
mod discovery_document;
pub mod dpop;
mod end_session;
pub mod facts;
mod form;
mod form_post;
mod front_channel;
mod interactions;
mod introspect;
mod logout_request;
mod par;
mod presented_token;
mod preview;
pub mod replay;
pub mod request_uri;
pub mod response;
mod revoke;
mod token;
mod userinfo;
mod well_known;
pub mod wire;

use http::StatusCode;
use pocket_id_store::types::MinimumPasskey;
use utoipa_axum::router::OpenApiRouter;

use crate::http::error::ApiError;
use crate::state::AppState;

/// The passkey somebody used is not one the client takes.
pub fn other_passkey(minimum: MinimumPasskey) -> ApiError {
    let text = match minimum {
        MinimumPasskey::Any => "This app needs another passkey",
        MinimumPasskey::DeviceBound => {
            "This app needs a passkey that stays on its device, for example on a security key"
        }
        MinimumPasskey::Models => "This app needs a passkey on an authenticator of a model it allows",
    };
    ApiError::new(StatusCode::FORBIDDEN, "passkey_not_sufficient", text)
        .with("minimumPasskey", minimum.as_str())
}

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
