//! Answers that go to the client, and errors that are shown to the person.

use axum::response::Response;
use http::StatusCode;
use pocket_id_oidc::authorize::{self, PageError, RedirectError, Refusal, ResponseMode};
use pocket_id_oidc::error::ErrorCode;
use pocket_id_oidc::redirect_uri::{RedirectUri, RedirectUriError};

use crate::oidc::{form_post, response};
use crate::refused_authorizations::{self, Attempt, Reason};
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

/// Carries a refusal out, and writes down those an administrator may want to do something about. Strangers learn
/// nothing of what is registered: the page asks for it, and only administrators are answered.
pub async fn refuse(state: &AppState, attempt: &Attempt<'_>, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Redirect(error) => refuse_to_client(state, attempt, &error).await,
        Refusal::Page(error) => {
            let (code, text) = explain(&error);
            let reason = Reason { code, detail: text };
            let facts: Vec<(&str, String)> = refused_authorizations::note(state, attempt, &reason)
                .await
                .map(|id| ("refusal", id.to_string()))
                .into_iter()
                .collect();
            error_page(state, text, &facts)
        }
    }
}

/// Tells the client that its user does not want to; nobody did anything wrong. Without a client that is known to be
/// there the person stays here.
pub fn cancelled(state: &AppState, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Redirect(error) => error_to_client(state, &error),
        Refusal::Page(_) => response::redirect(StatusCode::FOUND, &state.config.app_url.join("/")),
    }
}

/// Code and text of an error that stays here.
fn explain(error: &PageError) -> (&'static str, &str) {
    match error {
        PageError::UnknownClient => (
            "unknown_client",
            "The app that sent you here is not known to this server (unknown client_id).",
        ),
        PageError::Malformed(text) => ("invalid_request", text),
        PageError::BeforeFirstUse(error) => (error.code.as_str(), &error.description),
        PageError::NotApproved => (
            "client_not_approved",
            "This app registered itself and waits for an administrator's approval.",
        ),
        PageError::NotAllowed => ("user_not_allowed", "You are not allowed to access this service."),
        PageError::RedirectUri(reason) => match reason {
            RedirectUriError::Missing => (
                "redirect_uri_missing",
                "The app did not say where to return to (redirect_uri is missing).",
            ),
            RedirectUriError::Malformed => (
                "redirect_uri_malformed",
                "The callback URL the app sent (redirect_uri) is not an absolute URL without fragment.",
            ),
            RedirectUriError::NotRegistered => (
                "redirect_uri_not_registered",
                "The callback URL the app sent (redirect_uri) is not registered for it.",
            ),
        },
    }
}

async fn refuse_to_client(state: &AppState, attempt: &Attempt<'_>, error: &RedirectError) -> Response {
    let code = error.error.code;
    let reason = Reason {
        code: code.as_str(),
        detail: &error.error.description,
    };
    // What a silent request is answered when there is something to show is no fault of anybody's.
    let expected = matches!(
        code,
        ErrorCode::LoginRequired | ErrorCode::ConsentRequired | ErrorCode::InteractionRequired
    );
    if !expected {
        refused_authorizations::note(state, attempt, &reason).await;
    }
    if code == ErrorCode::AccessDenied {
        return error_page(state, &error.error.description, &[]);
    }
    error_to_client(state, error)
}

fn error_to_client(state: &AppState, error: &RedirectError) -> Response {
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
