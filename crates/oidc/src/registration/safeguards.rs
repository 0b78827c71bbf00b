//! What clients ask for to protect those who use them, and what administrators ask for beyond it.

use serde_json::{Map, Value};

/// What protects the people who use a client. An administrator may ask for more of it than the client does itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Safeguards {
    /// `require_pushed_authorization_requests`.
    pub pushed_requests: bool,
    /// `require_signed_request_object`.
    pub signed_requests: bool,
    /// `dpop_bound_access_tokens`.
    pub dpop_tokens: bool,
    /// `default_max_age`.
    pub default_max_age: Option<i32>,
}

impl Safeguards {
    const PUSHED_REQUESTS: &'static str = "require_pushed_authorization_requests";
    const SIGNED_REQUESTS: &'static str = "require_signed_request_object";
    const DPOP_TOKENS: &'static str = "dpop_bound_access_tokens";
    const DEFAULT_MAX_AGE: &'static str = "default_max_age";

    /// Those a client registered.
    pub fn registered(members: &Map<String, Value>) -> Self {
        let flag = |name: &str| members.get(name).and_then(Value::as_bool).unwrap_or_default();
        Self {
            pushed_requests: flag(Self::PUSHED_REQUESTS),
            signed_requests: flag(Self::SIGNED_REQUESTS),
            dpop_tokens: flag(Self::DPOP_TOKENS),
            default_max_age: members
                .get(Self::DEFAULT_MAX_AGE)
                .and_then(Value::as_i64)
                .and_then(|seconds| i32::try_from(seconds).ok()),
        }
    }

    /// What of these goes beyond what a client asked for: somebody else asked for it.
    #[must_use]
    pub fn beyond(self, asked: Self) -> Self {
        Self {
            pushed_requests: self.pushed_requests && !asked.pushed_requests,
            signed_requests: self.signed_requests && !asked.signed_requests,
            dpop_tokens: self.dpop_tokens && !asked.dpop_tokens,
            default_max_age: self
                .default_max_age
                .filter(|seconds| asked.default_max_age.is_none_or(|asked| *seconds < asked)),
        }
    }

    /// Writes them over those of a registration, so that it says what holds.
    pub fn write_into(self, members: &mut Map<String, Value>) {
        for (name, flag) in [
            (Self::PUSHED_REQUESTS, self.pushed_requests),
            (Self::SIGNED_REQUESTS, self.signed_requests),
            (Self::DPOP_TOKENS, self.dpop_tokens),
        ] {
            if flag {
                members.insert(name.to_owned(), true.into());
            } else {
                members.remove(name);
            }
        }
        match self.default_max_age {
            Some(seconds) => members.insert(Self::DEFAULT_MAX_AGE.to_owned(), seconds.into()),
            None => members.remove(Self::DEFAULT_MAX_AGE),
        };
    }
}
