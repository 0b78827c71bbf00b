//! `/api/users/me/send-email-verification` and `/api/users/me/verify-email`.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service;
use crate::http::access::CurrentUser;
use crate::http::body::JsonBody;
use crate::http::client_ip::RequestOrigin;
use crate::http::error::{ApiResult, ErrorBody};
use crate::http::rate_limit::{Limited, SendEmailVerification, VerifyEmail};
use crate::http::validation::Rules;
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(send)).routes(routes!(verify))
}

/// The token of a mailed link.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct VerificationInput {
    /// As it is in the link.
    #[schema(example = "Ht1zUmn2bEkyQdd6pWvFvEvPNHxVv0oy")]
    pub token: String,
}

/// Mails a link to the caller's address that proves it is theirs. It works for a day; a link mailed before works no
/// more.
#[utoipa::path(
    post, path = "/api/users/me/send-email-verification", tag = "Users",
    responses(
        (status = 204, description = "On its way"), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "`user_email_not_set`, or `smtp_not_configured`"),
        (status = 429, body = ErrorBody)
    )
)]
async fn send(
    State(state): State<AppState>,
    _: Limited<SendEmailVerification>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
) -> ApiResult<StatusCode> {
    service::send(&state, &user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proves the caller's address with the token of a mailed link.
#[utoipa::path(
    post, path = "/api/users/me/verify-email", tag = "Users", request_body = VerificationInput,
    responses(
        (status = 204, description = "Verified"),
        (status = 400, body = ErrorBody, description = "`invalid_email_verification_token`, or an invalid body"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)
    )
)]
async fn verify(
    State(state): State<AppState>,
    _: Limited<VerifyEmail>,
    CurrentUser(user): CurrentUser,
    origin: RequestOrigin,
    JsonBody(input): JsonBody<VerificationInput>,
) -> ApiResult<StatusCode> {
    let mut rules = Rules::new();
    rules.required("token", &input.token);
    rules.finish()?;
    service::verify(&state, &user, &input.token, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
