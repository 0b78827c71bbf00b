//! The logout request of a client without an ID token: what the browser keeps of it while the person is asked.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;
use pocket_id_oidc::end_session::{self, Decision, Facts};
use pocket_id_oidc::parameters::Parameters;
use pocket_id_store::StoreResult;
use url::form_urlencoded;

use super::facts;
use crate::http::cookies::{Cookie, SetCookie};
use crate::state::AppState;

/// How long people may take to answer, in seconds.
const LIFETIME_SECONDS: i64 = 5 * 60;

/// The longest request a browser is asked to keep, in bytes; a cookie may have 4096.
const LIMIT: usize = 2048;

/// The parameters that matter later.
const KEPT: [&str; 3] = ["client_id", "post_logout_redirect_uri", "state"];

/// Where the cookie goes.
const PATH: &str = "/api/oidc/end-session";

/// A cookie that keeps the request; without one it forgets an earlier one.
pub fn remember(state: &AppState, parameters: Option<&Parameters>) -> SetCookie {
    let request = parameters.map(|parameters| {
        let pairs = KEPT
            .iter()
            .filter_map(|name| Some((*name, parameters.get(name)?)));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    });
    let app_url = &state.config.app_url;
    match request.filter(|request| request.len() <= LIMIT) {
        Some(request) => {
            let value = BASE64_URL_SAFE_NO_PAD.encode(request);
            Cookie::LogoutRequest.set_at(app_url, PATH, &value.into(), LIFETIME_SECONDS)
        }
        None => Cookie::LogoutRequest.clear_at(app_url, PATH),
    }
}

/// Where the request a browser kept leads, judged anew: anybody on a neighbouring site could have made the cookie.
pub async fn target(state: &AppState, headers: &HeaderMap) -> StoreResult<Option<String>> {
    let kept = Cookie::LogoutRequest.read(headers, &state.config.app_url);
    let Some(request) = kept.and_then(|kept| BASE64_URL_SAFE_NO_PAD.decode(kept).ok()) else {
        return Ok(None);
    };
    let parameters = Parameters::from_pairs(form_urlencoded::parse(&request));
    let row = facts::find_client(state.store.reader(), parameters.get("client_id")).await?;
    let client = row.as_ref().map(facts::client);
    let facts = Facts {
        hint: None,
        client: client.as_ref(),
        signed_in: None,
        known_to_client: false,
    };
    match end_session::evaluate(&parameters, &facts) {
        Decision::Confirm { target } => Ok(target),
        Decision::SignOut { .. } => Ok(None),
    }
}
