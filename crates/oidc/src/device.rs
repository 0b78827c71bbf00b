//! Signing in on a device without a browser (RFC 8628): codes for people, and what a polling device is told.

use crate::client::Client;
use crate::error::{ErrorCode, OAuthError};
use crate::token::{Denial, UserStanding, check_key};

/// The `grant_type`.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Seconds both codes are good for.
pub const LIFETIME: i64 = 15 * 60;
/// Seconds a device waits between polls, to begin with.
pub const INTERVAL: i32 = 5;
/// Seconds each poll that comes too early adds (RFC 8628 §3.5).
const SLOWER_BY: i32 = 5;
/// What user codes are made of: nothing that is read as something else.
pub const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ0123456789";
/// Random letters of a user code.
pub const RANDOM_LETTERS: usize = 7;
/// What user codes begin with, to tell them from other codes people enter on the same page.
const FIRST: char = 'E';

/// The user code with so many random letters of [`ALPHABET`].
pub fn user_code(random: &str) -> String {
    format!("{FIRST}{random}")
}

/// A user code as somebody typed it, as it was given out; none if it cannot be one.
pub fn normalize(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .map(|character| match character.to_ascii_uppercase() {
            'I' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    let fits =
        code.len() == 8 && code.starts_with(FIRST) && code.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then_some(code)
}

/// What a device sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The device code.
    pub device_code: String,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has answered it.
    Pending,
    /// Somebody agreed.
    Approved,
    /// Somebody refused.
    Denied,
    /// The device has its tokens.
    Redeemed,
}

/// What is known of a device code. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDeviceCode {
    /// Whose it is.
    pub client_id: String,
    /// Where the request stands.
    pub status: Status,
    /// End of life.
    pub expires_at: i64,
    /// Whether its grant was ended.
    pub revoked: bool,
    /// Seconds to wait between polls.
    pub interval: i32,
    /// When the device last asked.
    pub last_polled_at: Option<i64>,
}

/// What a poll comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The device gets its tokens.
    Redeem,
    /// It asks again later; the wait is noted.
    Wait {
        /// What it is told.
        error: OAuthError,
        /// Seconds to wait from now on.
        interval: i32,
    },
    /// It gets nothing.
    Deny(Denial),
}

/// What a polling device is told (RFC 8628 §3.5).
pub fn evaluate(
    client: &Client,
    code: Option<&StoredDeviceCode>,
    user: UserStanding,
    proven_key: Option<&str>,
    now: i64,
) -> Poll {
    let refuse = |error, text: &str| Poll::Deny(Denial::Refuse(OAuthError::new(error, text)));
    let Some(code) = code else {
        return refuse(ErrorCode::InvalidGrant, "The device code is unknown.");
    };
    if code.client_id != client.id {
        return refuse(
            ErrorCode::InvalidGrant,
            "The device code was issued to another client.",
        );
    }
    if code.status == Status::Redeemed {
        let error = OAuthError::new(ErrorCode::InvalidGrant, "The device code has been used before.");
        return Poll::Deny(Denial::RevokeGrant(error));
    }
    if now >= code.expires_at {
        return refuse(ErrorCode::ExpiredToken, "The device code has expired.");
    }
    match code.status {
        Status::Denied => return refuse(ErrorCode::AccessDenied, "The user refused."),
        Status::Pending => {
            // A network's own delays are not the device's haste.
            const TOLERANCE: i64 = 500;
            let wait = i64::from(code.interval)
                .saturating_mul(1000)
                .saturating_sub(TOLERANCE);
            let hasty = code
                .last_polled_at
                .is_some_and(|last| now < last.saturating_add(wait));
            return if hasty {
                Poll::Wait {
                    error: OAuthError::new(ErrorCode::SlowDown, "The device asks too often."),
                    interval: code.interval.saturating_add(SLOWER_BY),
                }
            } else {
                Poll::Wait {
                    error: OAuthError::new(ErrorCode::AuthorizationPending, "Nobody has answered yet."),
                    interval: code.interval,
                }
            };
        }
        Status::Approved | Status::Redeemed => {}
    }
    if code.revoked {
        return refuse(ErrorCode::InvalidGrant, "The authorization has been revoked.");
    }
    if let Err(error) = check_key(client, None, proven_key) {
        return Poll::Deny(Denial::Refuse(error));
    }
    match user.check() {
        Ok(()) => Poll::Redeem,
        Err(error) => Poll::Deny(Denial::Refuse(error)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::client::Demand;

    const NOW: i64 = 1_000_000_000;

    fn code() -> StoredDeviceCode {
        StoredDeviceCode {
            client_id: "app".to_owned(),
            status: Status::Approved,
            expires_at: NOW + 1,
            revoked: false,
            interval: INTERVAL,
            last_polled_at: Some(NOW - 5000),
        }
    }

    fn poll(code: Option<&StoredDeviceCode>, user: UserStanding) -> Poll {
        evaluate(&Client::example(), code, user, None, NOW)
    }

    #[test]
    fn an_approved_device_gets_its_tokens() {
        assert_eq!(poll(Some(&code()), UserStanding::Good), Poll::Redeem);
    }

    #[test]
    fn each_reason_to_wait_or_not_to_get_any() {
        use ErrorCode::*;
        let pending = |last| StoredDeviceCode {
            status: Status::Pending,
            last_polled_at: last,
            ..code()
        };
        let with = |change: fn(&mut StoredDeviceCode)| {
            let mut code = code();
            change(&mut code);
            Some(code)
        };
        for (code, user, expected) in [
            (None, UserStanding::Good, InvalidGrant),
            (
                with(|code| code.client_id = "other".to_owned()),
                UserStanding::Good,
                InvalidGrant,
            ),
            (
                with(|code| code.expires_at = NOW),
                UserStanding::Good,
                ExpiredToken,
            ),
            (with(|code| code.revoked = true), UserStanding::Good, InvalidGrant),
            (
                with(|code| code.status = Status::Denied),
                UserStanding::Good,
                AccessDenied,
            ),
            (Some(code()), UserStanding::Disabled, InvalidGrant),
            (Some(code()), UserStanding::NotAllowed, AccessDenied),
        ] {
            match poll(code.as_ref(), user) {
                Poll::Deny(Denial::Refuse(error)) => assert_eq!(error.code, expected, "{code:?}"),
                other => panic!("{code:?}: {other:?}"),
            }
        }
        for (last, expected, interval) in [
            (None, AuthorizationPending, 5),
            (Some(NOW - 5000), AuthorizationPending, 5),
            (Some(NOW - 4600), AuthorizationPending, 5),
            (Some(NOW - 1000), SlowDown, 10),
        ] {
            match poll(Some(&pending(last)), UserStanding::Good) {
                Poll::Wait {
                    error,
                    interval: told,
                } => {
                    assert_eq!((error.code, told), (expected, interval), "{last:?}");
                }
                other => panic!("{other:?}"),
            }
        }
        let used = with(|code| code.status = Status::Redeemed);
        assert!(matches!(
            poll(used.as_ref(), UserStanding::Good),
            Poll::Deny(Denial::RevokeGrant(_))
        ));
        let bound = Client {
            dpop_tokens: Demand::Required,
            ..Client::example()
        };
        assert!(matches!(
            evaluate(&bound, Some(&code()), UserStanding::Good, None, NOW),
            Poll::Deny(_)
        ));
    }

    #[test]
    fn a_code_is_understood_however_it_is_typed() {
        for typed in ["EABC1230", " eabc-1230 ", "eabc i23o", "EABCI23O"] {
            assert_eq!(normalize(typed).as_deref(), Some("EABC1230"), "{typed}");
        }
        for typed in ["", "EABC123", "EABC12300", "PABC1230", "EABC123L", "EABC123ü"] {
            assert_eq!(normalize(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn every_code_given_out_is_known_again(random in "[A-HJKMNP-Z0-9]{7}") {
            let code = user_code(&random);
            prop_assert_eq!(normalize(&code.to_lowercase()), Some(code));
        }
    }
}
