//! The test mail, and what became of mail.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use pocket_id_store::mails;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::MailDto;
use super::queue::{self, QueueError, TestMail, TestMailError};
use crate::http::access::Admin;
use crate::http::error::{ApiError, ApiResult, ErrorBody};
use crate::http::list_query::{ListParameters, ListQuery, Paginated};
use crate::state::AppState;

/// The feature's routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(send_test))
        .routes(routes!(list))
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::NoAddress => Self::user_email_not_set(),
            QueueError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<TestMailError> for ApiError {
    fn from(error: TestMailError) -> Self {
        match error {
            TestMailError::Store(error) => error.into(),
            other @ TestMailError::Writing(_) => Self::internal(other),
        }
    }
}

/// Sends a test mail to the caller, at once. When the mail server does not take it, the answer says why and what was
/// said, in `details.dialogue`: our lines begin with `>`, the server's with `<`.
#[utoipa::path(
    post, path = "/api/application-configuration/test-email", tag = "Application configuration",
    responses(
        (status = 204, description = "The mail server took it"), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody, description = "The caller has no address"),
        (status = 502, body = ErrorBody, description = "The mail server did not take it: `smtp_failed`")
    )
)]
async fn send_test(State(state): State<AppState>, Admin(admin): Admin) -> ApiResult<StatusCode> {
    let address = admin.email.as_deref().ok_or_else(ApiError::user_email_not_set)?;
    match queue::send_test(&state, &admin, address).await? {
        TestMail::Sent => Ok(StatusCode::NO_CONTENT),
        TestMail::Failed { error, dialogue } => {
            tracing::warn!(%error, "the test mail was not sent");
            Err(ApiError::new(
                StatusCode::BAD_GATEWAY,
                "smtp_failed",
                format!("The mail could not be sent: {error}"),
            )
            .with("dialogue", dialogue.lines.join("\n")))
        }
    }
}

/// Mail of the last 30 days and what became of it, the newest first.
#[utoipa::path(
    get, path = "/api/email-deliveries", tag = "Application configuration", params(ListParameters),
    responses(
        (status = 200, body = Paginated<MailDto>), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
async fn list(
    State(state): State<AppState>,
    _: Admin,
    ListQuery(request): ListQuery,
) -> ApiResult<Json<Paginated<MailDto>>> {
    let mut page = mails::list(state.store.reader(), &request).await?;
    let items = std::mem::take(&mut page.items);
    let page = page.with_items(items.into_iter().map(MailDto::from).collect());
    Ok(Json(page.into()))
}
