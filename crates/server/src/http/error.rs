//! How failures of JSON routes look on the wire, and where their causes are logged.
//!
//! Each feature has a typed error; its one `From` conversion to [`ApiError`] chooses status and code. The
//! outermost middleware turns an [`ApiError`] into the body, adds the request's id and logs the cause.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use pocket_id_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use super::access_log::RequestId;
use super::error_codes::{self, ErrorCode};

/// One failed rule of a request body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON name of the field.
    #[schema(example = "username")]
    pub field: String,
    /// Which rule failed.
    #[schema(example = "required")]
    pub code: String,
    /// Why, to follow the field's name.
    #[schema(example = "is required")]
    pub message: String,
}

/// Further facts about an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorDetails {
    /// The failed rules, for `validation_failed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub fields: Vec<FieldError>,
    /// Named facts, e.g. `property` or `resource`.
    #[serde(flatten)]
    pub facts: BTreeMap<&'static str, String>,
}

impl ErrorDetails {
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.facts.is_empty()
    }
}

/// The body of every failed JSON request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What happened, for people.
    #[schema(example = "Email is already in use")]
    pub error: String,
    /// What happened, for programs; stable.
    #[schema(value_type = ErrorCode)]
    pub code: &'static str,
    /// Further facts.
    #[serde(skip_serializing_if = "ErrorDetails::is_empty")]
    #[schema(required = false)]
    pub details: ErrorDetails,
    /// The `X-Request-ID` of the response.
    #[schema(example = "5b0c1c1e-3f7e-4b33-9a53-0d3b8f4a2f11")]
    pub request_id: String,
}

/// A failure on its way to the wire.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Box<ErrorDetails>,
    retry_after_seconds: Option<u64>,
    /// Logged, never sent.
    cause: Option<Arc<str>>,
}

impl ApiError {
    /// An error with a status, a stable code and a text for people.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(
            error_codes::meaning(code, status.as_u16()).is_some(),
            "{code} with {status} is not in the list of codes"
        );
        Self {
            status,
            code,
            message: message.into(),
            details: Box::default(),
            retry_after_seconds: None,
            cause: None,
        }
    }

    /// Adds a named fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.facts.insert(name, value.into());
        self
    }

    /// Adds failed rules.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.details.fields = fields;
        self
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// Something of ours failed; the cause goes to the log only.
    pub fn internal(cause: impl Display) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong",
        );
        error.cause = Some(Arc::from(cause.to_string()));
        error
    }

    /// 403 for what an API key must not do.
    pub fn api_key_not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "api_key_auth_not_allowed",
            "This cannot be done with an API key",
        )
    }

    /// 401 for what needs a passkey used just now.
    pub fn reauthentication_required() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "reauthentication_required",
            "Reauthentication is required",
        )
    }

    /// 404 for a thing of a kind named by the REST API.
    pub fn not_found(resource: &'static str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("{resource} not found"),
        )
        .with("resource", resource)
    }

    /// 409 for a value somebody else has.
    pub fn already_in_use(property: &'static str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "already_in_use",
            format!("{property} is already in use"),
        )
        .with("property", property)
    }

    /// 401 without a usable credential.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "You are not signed in")
    }

    /// 403 without the right to do it.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "You don't have permission to perform this action",
        )
    }

    /// 403 for a disabled account.
    pub fn user_disabled() -> Self {
        Self::new(StatusCode::FORBIDDEN, "user_disabled", "User account is disabled")
    }

    /// 409 for what needs mail where none can be sent.
    pub fn smtp_not_configured() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "smtp_not_configured",
            "No mail server is set up",
        )
    }

    /// 409 for mail to somebody without an address.
    pub fn user_email_not_set() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "user_email_not_set",
            "The user has no email address",
        )
    }

    /// 403 for a way in that is switched off.
    pub fn one_time_access_disabled() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "one_time_access_disabled",
            "One-time access is disabled",
        )
    }

    /// 400 for a body that is not what the route takes.
    pub fn invalid_body(reason: impl Display) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_body",
            format!("The request body is invalid: {reason}"),
        )
    }

    /// 400 for values that break rules.
    pub fn validation(fields: Vec<FieldError>) -> Self {
        let text: Vec<String> = fields
            .iter()
            .map(|field| format!("{} {}", field.field, field.message))
            .collect();
        Self::new(StatusCode::BAD_REQUEST, "validation_failed", text.join(", ")).with_fields(fields)
    }

    /// The status it will have.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What the wire says of it.
    pub fn body(&self, request_id: &str) -> ErrorBody {
        let mut characters = self.message.chars();
        let error = characters
            .next()
            .map(|first| first.to_uppercase().chain(characters).collect())
            .unwrap_or_default();
        ErrorBody {
            error,
            code: self.code,
            details: (*self.details).clone(),
            request_id: request_id.to_owned(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for ApiError {
    /// An empty response that carries the error; [`render`] writes the body.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A handler's result on a JSON route.
pub type ApiResult<T> = Result<T, ApiError>;

/// Middleware: writes the body of failed requests and logs what failed on our side.
pub async fn render(request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .copied()
        .unwrap_or_default();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let Some(error) = response.extensions().get::<ApiError>().cloned() else {
        return response;
    };
    if error.status.is_server_error() {
        tracing::error!(
            error_code = error.code,
            http_status = error.status.as_u16(),
            request_id = %id,
            http_method = %method,
            http_path = %path,
            error = error.cause.as_deref().unwrap_or(&error.message),
            "Request failed"
        );
    }
    let (mut parts, _) = response.into_parts();
    let body = serde_json::to_vec(&error.body(&id.to_string())).unwrap_or_default();
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, axum::body::Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_documented_one() {
        let error = ApiError::already_in_use("email");
        let body = serde_json::to_value(error.body("5b0c")).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "error": "Email is already in use",
                "code": "already_in_use",
                "details": {"property": "email"},
                "request_id": "5b0c"
            })
        );
    }

    #[test]
    fn a_cause_is_never_in_the_body() {
        let error = ApiError::internal("password=hunter2");
        let body = serde_json::to_string(&error.body("1")).unwrap();
        assert!(!body.contains("hunter2"));
        assert!(!body.contains("details"));
    }
}
