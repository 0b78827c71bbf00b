//! The page of the UI: the same for every address, with what the first screen needs already in it.

use std::collections::BTreeMap;

use axum::RequestPartsExt as _;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use pocket_id_store::types::InteractionId;
use pocket_id_store::{StoreResult, interactions};
use serde::Serialize;
use url::form_urlencoded;

use crate::app_config::{self, ConfigEntry};
use crate::http::access::MaybeUser;
use crate::http::assets;
use crate::http::error::ApiError;
use crate::http::headers::CspNonce;
use crate::state::AppState;
use crate::users::dto::UserDto;
use crate::{images, signup, users};

/// Where the bootstrap data goes in the built page.
const MARKER: &str = "<!--bootstrap-->";

/// How many of the languages a client names are looked at.
const MOST_LOCALES: usize = 10;

/// What the UI would otherwise have to ask for before it can draw anything.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bootstrap<'v> {
    config: Vec<ConfigEntry>,
    user: Option<UserDto>,
    setup_required: bool,
    version: &'v str,
    /// Images somebody uploaded, each with its version.
    images: BTreeMap<String, i64>,
    /// What the client that asks for a sign-in says of the person (OpenID Connect Core §3.1.2.1).
    #[serde(flatten)]
    hints: Hints,
}

/// Wishes of a client about the pages of its sign-in. Both are hints: nothing is decided by them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Hints {
    /// `ui_locales`: languages, the preferred one first.
    ui_locales: Vec<String>,
    /// `login_hint`: what the person may sign in with.
    login_hint: Option<String>,
}

/// The UI's page for a request.
pub async fn serve(state: &AppState, request: Request) -> Response {
    let Some(page) = assets::index_html() else {
        return (
            StatusCode::NOT_FOUND,
            "The web UI is not part of this build. Build it with `npm ci && npm run build` in web/.",
        )
            .into_response();
    };
    let (mut parts, _) = request.into_parts();
    let nonce = parts
        .extensions
        .get::<CspNonce>()
        .map(|nonce| nonce.0.clone())
        .unwrap_or_default();
    // A disabled user's cookie must not keep them from the page that says so.
    let user = parts
        .extract_with_state::<MaybeUser, _>(state)
        .await
        .ok()
        .and_then(|MaybeUser(signed_in)| signed_in)
        .map(|signed_in| signed_in.user);
    match render(state, &page, &nonce, user, &parts.uri).await {
        Ok(html) => {
            let mut response = html.into_response();
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            );
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn render(
    state: &AppState,
    page: &str,
    nonce: &str,
    user: Option<pocket_id_store::users::User>,
    uri: &Uri,
) -> Result<String, ApiError> {
    let user = match user {
        Some(user) => users::service::with_belongings(state.store.reader(), vec![user])
            .await?
            .pop(),
        None => None,
    };
    let data = Bootstrap {
        config: app_config::public_entries(state).await?,
        user,
        setup_required: signup::setup_available(state).await?,
        version: &state.config.version,
        images: images::versions(state).await?,
        hints: hints(state, uri).await?,
    };
    let json = serde_json::to_string(&data).map_err(ApiError::internal)?;
    let script = format!(
        r#"<script type="application/json" id="bootstrap">{}</script>"#,
        escape(&json)
    );
    Ok(page
        .replace("<script>", &format!(r#"<script nonce="{nonce}">"#))
        .replacen(MARKER, &script, 1))
}

/// What the client says whose request a page is for: the interaction's own, and those that lead back to it.
async fn hints(state: &AppState, uri: &Uri) -> StoreResult<Hints> {
    let parameter = |query: &str, name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    };
    let query = uri.query().unwrap_or_default();
    let interaction = match parameter(query, "redirect") {
        None if uri.path() == "/interaction" => parameter(query, "interaction"),
        None => None,
        Some(way_back) => way_back
            .strip_prefix("/interaction?")
            .and_then(|query| parameter(query, "interaction")),
    };
    let Some(id) = interaction.and_then(|id| id.parse::<InteractionId>().ok()) else {
        return Ok(Hints::default());
    };
    let Some(row) = interactions::find(state.store.reader(), id, state.now()).await? else {
        return Ok(Hints::default());
    };
    let said = |name: &str| row.parameters.0.get(name).map(String::as_str);
    Ok(Hints {
        ui_locales: said("ui_locales")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .take(MOST_LOCALES)
            .map(str::to_owned)
            .collect(),
        login_hint: said("login_hint").map(str::to_owned),
    })
}

/// JSON that cannot end the script element it stands in.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let escaped = escape(r#"{"name":"</script><script>alert(1)</script>&"}"#);
        assert!(!escaped.contains('<') && !escaped.contains('>') && !escaped.contains('&'));
        let back: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back["name"], "</script><script>alert(1)</script>&");
    }
}
