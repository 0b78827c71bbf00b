//! The side of the person who approves.

use http::HeaderMap;
use pocket_id_store::device_logins::{self, Decision, DeviceLogin};
use pocket_id_store::types::DeviceRequestStatus;
use pocket_id_store::users::User;
use pocket_id_store::{StoreError, commit};

use super::dto::{Verdict, WaitingDeviceDto};
use super::waiting;
use crate::audit::{self, Event};
use crate::guesses::{self, Guesses};
use crate::http::client_ip::RequestOrigin;
use crate::http::error::ApiError;
use crate::sessions::device;
use crate::sessions::service::take_fresh_proof;
use crate::state::AppState;

/// Seconds within which the approving passkey must have been used.
const PROOF_SECONDS: i64 = 60;

/// Wrong codes: who can try them all gets to choose whose sign-in to approve or to disturb.
const GUESSES: Guesses = Guesses {
    name: "device-login",
    per_address: 20,
    per_user: Some(10),
    in_total: None,
};

/// Why nothing is decided.
#[derive(Debug, thiserror::Error)]
pub enum DecidingError {
    /// There is no such request waiting.
    #[error("no such request")]
    Unknown,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    TooManyGuesses,
    /// No passkey was used just now.
    #[error("a passkey has to be used first")]
    NotFresh,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DecidingError> for ApiError {
    fn from(error: DecidingError) -> Self {
        match error {
            DecidingError::Unknown => waiting::expired(),
            DecidingError::TooManyGuesses => guesses::too_many(),
            DecidingError::NotFresh => Self::reauthentication_required(),
            DecidingError::Store(error) => error.into(),
        }
    }
}

/// A typed code as it was shown: letters that look like digits are those digits.
fn normalized(code: &str) -> String {
    code.trim()
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-'))
        .map(|letter| match letter.to_ascii_uppercase() {
            'I' => '1',
            'O' => '0',
            other => other,
        })
        .collect()
}

/// The pending request of a code.
async fn pending(
    state: &AppState,
    code: &str,
    user: &User,
    origin: &RequestOrigin,
) -> Result<DeviceLogin, DecidingError> {
    let guess = GUESSES.take(state, Some(user.id), origin).await?;
    let guess = guess.ok_or(DecidingError::TooManyGuesses)?;
    let hash = super::hash(&state.config, code);
    let found = device_logins::find(state.store.reader(), &hash, state.now()).await?;
    let found = found.filter(|request| request.status == DeviceRequestStatus::Pending);
    let request = found.ok_or(DecidingError::Unknown)?;
    guess.was_right(state).await;
    Ok(request)
}

/// Who waits.
pub async fn inspect(
    state: &AppState,
    code: &str,
    user: &User,
    origin: &RequestOrigin,
) -> Result<WaitingDeviceDto, DecidingError> {
    let user_code = normalized(code);
    let request = pending(state, &user_code, user, origin).await?;
    let place = audit::place(
        state,
        request.ip_address.as_deref().and_then(|ip| ip.parse().ok()),
    );
    Ok(WaitingDeviceDto {
        user_code,
        device: device::name(&request.user_agent),
        ip_address: request.ip_address.unwrap_or_default(),
        country: place.country,
        city: place.city,
        expires_at: request.expires_at,
    })
}

/// Decides about a request, once. Approval uses up the proof of a passkey just used, whatever comes of it.
pub async fn decide(
    state: &AppState,
    code: &str,
    verdict: Verdict,
    user: &User,
    origin: &RequestOrigin,
    headers: &HeaderMap,
) -> Result<(), DecidingError> {
    let now = state.now();
    if verdict == Verdict::Approve {
        let tx = state.store.begin().await?;
        let proof = take_fresh_proof(state, &tx, headers, user.id).await?;
        commit(tx).await?;
        if proof.is_none_or(|proof| now > proof.created_at.plus_seconds(PROOF_SECONDS)) {
            return Err(DecidingError::NotFresh);
        }
    }
    let request = pending(state, &normalized(code), user, origin).await?;
    let (status, approver) = match verdict {
        Verdict::Approve => (DeviceRequestStatus::Approved, Some(user.id)),
        Verdict::Deny => (DeviceRequestStatus::Denied, None),
    };
    let decision = Decision {
        status,
        user: approver,
        from: origin.ip.map(|ip| ip.to_string()),
    };
    let tx = state.store.begin().await?;
    if !device_logins::decide(&tx, &request.code_hash, decision, now).await? {
        return Err(DecidingError::Unknown);
    }
    let event = match verdict {
        Verdict::Approve => Event::RemoteSignInApproved,
        Verdict::Deny => Event::RemoteSignInDenied,
    };
    let data = [
        ("device", device::name(&request.user_agent)),
        ("requestedFrom", request.ip_address.unwrap_or_default()),
    ];
    audit::record(state, &tx, event, user, origin, data).await?;
    Ok(commit(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_people_type_them() {
        for (typed, code) in [
            (" p7k2mx9q ", "P7K2MX9Q"),
            ("P7K2 - MX9Q", "P7K2MX9Q"),
            ("poi2mx9q", "P012MX9Q"),
        ] {
            assert_eq!(normalized(typed), code, "{typed}");
        }
    }
}
