//! Uploaded files: `multipart/form-data` with the file in the field `file`.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use http::StatusCode;

use crate::http::error::{ApiError, FieldError};
use crate::state::AppState;

/// A file of at most so many mebibytes, and what it is called where it comes from.
pub struct Upload<const MEBIBYTES: usize> {
    /// The name, which is the sender's claim.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The answer to a file that is too large.
pub fn too_large(mebibytes: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "file_too_large",
        format!("The file must not be larger than {mebibytes} MB"),
    )
    .with("max_size", format!("{mebibytes}.00 MB"))
}

fn unreadable(error: &MultipartError) -> ApiError {
    ApiError::invalid_body(format!("The upload could not be read: {}", error.body_text()))
}

impl<const MEBIBYTES: usize> FromRequest<AppState> for Upload<MEBIBYTES> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|error| ApiError::invalid_body(error.body_text()))?;
        let mut left = MEBIBYTES * 1024 * 1024;
        while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            let name = field.file_name().unwrap_or_default().to_owned();
            // Without a name it is text somebody typed, and no file.
            let wanted = field.name() == Some("file") && !name.is_empty();
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
                left = left
                    .checked_sub(chunk.len())
                    .ok_or_else(|| too_large(MEBIBYTES))?;
                if wanted {
                    bytes.extend_from_slice(&chunk);
                }
            }
            if wanted {
                return Ok(Self { name, bytes });
            }
        }
        Err(ApiError::validation(vec![FieldError {
            field: "file".to_owned(),
            code: "required".to_owned(),
            message: "is required".to_owned(),
        }]))
    }
}
