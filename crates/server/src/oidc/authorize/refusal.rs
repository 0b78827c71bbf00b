//! Answers that go to the client, and errors that are shown to the person.

use axum::response::Response;
use http::StatusCode;
use pocket_id_oidc::authorize::{self, PageError, RedirectError, Refusal, ResponseMode};
use pocket_id_oidc::error::ErrorCode;
use pocket_id_oidc::redirect_uri::{RedirectUri, RedirectUriError};

use crate::oidc::{form_post, response};
use crate::state::AppState;

/// Takes an answer to the client.
pub fn to_client(redirect_uri: &RedirectUri, mode: ResponseMode, parameters: &[(&str, String)]) -> Response {
    if mode == ResponseMode::FormPost {
        return form_post::page(redirect_uri, parameters);
    }
    response::redirect(
        StatusCode::SEE_OTHER,
        &authorize::response_location(redirect_uri, mode, parameters),
    )
}

/// Carries a refusal out.
pub fn refuse(state: &AppState, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Redirect(error) => to_client_with_error(state, &error),
        Refusal::Page(PageError::UnknownClient) => error_page(
            state,
            "The app that sent you here is not known to this server (unknown client_id).",
            &[],
        ),
        Refusal::Page(PageError::Malformed(text)) => error_page(state, text, &[]),
        Refusal::Page(PageError::BeforeFirstUse(error)) => error_page(state, &error.description, &[]),
        Refusal::Page(PageError::NotApproved) => error_page(
            state,
            "This app registered itself and waits for an administrator's approval.",
            &[],
        ),
        Refusal::Page(PageError::NotAllowed) => {
            error_page(state, "You are not allowed to access this service.", &[])
        }
        Refusal::Page(PageError::RedirectUri {
            reason,
            sent,
            registered,
        }) => {
            let text = match reason {
                RedirectUriError::Missing => {
                    "The app did not say where to return to (redirect_uri is missing)."
                }
                RedirectUriError::Malformed => {
                    "The callback URL the app sent (redirect_uri) is not an absolute URL without fragment."
                }
                RedirectUriError::NotRegistered => {
                    "The callback URL the app sent (redirect_uri) is not registered for it."
                }
            };
            let mut facts: Vec<(&str, String)> = sent.into_iter().map(|sent| ("sent", sent)).collect();
            facts.extend(registered.into_iter().map(|pattern| ("registered", pattern)));
            error_page(state, text, &facts)
        }
    }
}

fn to_client_with_error(state: &AppState, error: &RedirectError) -> Response {
    if error.error.code == ErrorCode::AccessDenied {
        return error_page(state, &error.error.description, &[]);
    }
    let parameters = authorize::error_response(error, state.config.app_url.as_str());
    to_client(&error.redirect_uri, error.response_mode, &parameters)
}

/// Sends the browser to the page that explains what is wrong.
pub fn error_page(state: &AppState, text: &str, facts: &[(&str, String)]) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("error", text);
    query.extend_pairs(facts);
    let location = state
        .config
        .app_url
        .join(&format!("/interaction/error?{}", query.finish()));
    response::redirect(StatusCode::FOUND, &location)
}
