//! Request limits per client address: token buckets in this process.
//!
//! They blunt floods. Limits that protect a guessable secret are counted in the database by its feature.

use std::hash::Hash;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::StatusCode;
use http::request::Parts;

use super::client_ip::{self, RequestOrigin};
use super::error::ApiError;
use crate::state::AppState;

/// Which requests share a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyName {
    /// Everything under `/api`, `/authorize` and `/.well-known`.
    Api,
    /// Finishing a passkey sign-in.
    WebauthnLogin,
    /// Proving a passkey again.
    WebauthnReauthenticate,
    /// A client registering itself.
    ClientRegistration,
    /// Signing up.
    Signup,
    /// Asking to be signed in from another device.
    DeviceLoginCreate,
    /// Waiting for it.
    DeviceLoginExchange,
    /// Looking at such a request, and deciding about it.
    DeviceLoginVerification,
    /// Signing in with a login code.
    LoginCode,
    /// Asking for one by mail.
    LoginCodeMail,
    /// Asking for a link that proves an address.
    SendEmailVerification,
    /// Using it.
    VerifyEmail,
}

/// All buckets of this process.
#[derive(Debug)]
pub struct RateLimits {
    enabled: bool,
    api: DefaultKeyedRateLimiter<IpAddr>,
    webauthn_login: DefaultKeyedRateLimiter<IpAddr>,
    webauthn_reauthenticate: DefaultKeyedRateLimiter<IpAddr>,
    unknown_documents: DefaultKeyedRateLimiter<String>,
    client_registration: DefaultKeyedRateLimiter<IpAddr>,
    signup: DefaultKeyedRateLimiter<IpAddr>,
    device_login_create: DefaultKeyedRateLimiter<IpAddr>,
    device_login_exchange: DefaultKeyedRateLimiter<IpAddr>,
    device_login_verification: DefaultKeyedRateLimiter<IpAddr>,
    login_code: DefaultKeyedRateLimiter<IpAddr>,
    login_code_mail: DefaultKeyedRateLimiter<IpAddr>,
    send_email_verification: DefaultKeyedRateLimiter<IpAddr>,
    verify_email: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimits {
    /// Full buckets; with `enabled` false everything passes.
    pub fn new(enabled: bool) -> Self {
        Self {
            enabled,
            api: buckets(Duration::from_millis(10), 300),
            webauthn_login: buckets(Duration::from_secs(5), 10),
            webauthn_reauthenticate: buckets(Duration::from_secs(10), 5),
            unknown_documents: buckets(Duration::from_secs(2), 30),
            client_registration: buckets(Duration::from_secs(5), 60),
            signup: buckets(Duration::from_secs(30), 10),
            device_login_create: buckets(Duration::from_secs(10), 5),
            device_login_exchange: buckets(Duration::from_secs(2), 10),
            device_login_verification: buckets(Duration::from_secs(10), 5),
            login_code: buckets(Duration::from_secs(10), 5),
            login_code_mail: buckets(Duration::from_mins(5), 5),
            send_email_verification: buckets(Duration::from_mins(5), 1),
            verify_email: buckets(Duration::from_secs(10), 5),
        }
    }

    fn limiter(&self, policy: PolicyName) -> &DefaultKeyedRateLimiter<IpAddr> {
        match policy {
            PolicyName::Api => &self.api,
            PolicyName::WebauthnLogin => &self.webauthn_login,
            PolicyName::WebauthnReauthenticate => &self.webauthn_reauthenticate,
            PolicyName::ClientRegistration => &self.client_registration,
            PolicyName::Signup => &self.signup,
            PolicyName::DeviceLoginCreate => &self.device_login_create,
            PolicyName::DeviceLoginExchange => &self.device_login_exchange,
            PolicyName::DeviceLoginVerification => &self.device_login_verification,
            PolicyName::LoginCode => &self.login_code,
            PolicyName::LoginCodeMail => &self.login_code_mail,
            PolicyName::SendEmailVerification => &self.send_email_verification,
            PolicyName::VerifyEmail => &self.verify_email,
        }
    }

    /// Takes one token of a client's bucket. Requests without an address share one bucket.
    pub fn check(&self, policy: PolicyName, ip: Option<IpAddr>) -> Result<(), ApiError> {
        if !self.enabled {
            return Ok(());
        }
        let key = bucket_key(ip);
        self.limiter(policy).check_key(&key).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests")
                .retry_after(seconds)
        })
    }

    /// Whether a host may be asked for another document that is not known: a request of ours must not become one of
    /// many with which somebody floods another's server.
    pub fn allows_unknown_document(&self, host: &str) -> bool {
        !self.enabled || self.unknown_documents.check_key(&host.to_owned()).is_ok()
    }

    /// Forgets full buckets.
    pub fn forget_idle(&self) {
        for policy in [
            PolicyName::Api,
            PolicyName::WebauthnLogin,
            PolicyName::WebauthnReauthenticate,
            PolicyName::ClientRegistration,
            PolicyName::Signup,
            PolicyName::DeviceLoginCreate,
            PolicyName::DeviceLoginExchange,
            PolicyName::DeviceLoginVerification,
            PolicyName::LoginCode,
            PolicyName::LoginCodeMail,
            PolicyName::SendEmailVerification,
            PolicyName::VerifyEmail,
        ] {
            let limiter = self.limiter(policy);
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        self.unknown_documents.retain_recent();
        self.unknown_documents.shrink_to_fit();
    }
}

fn buckets<K: Clone + Eq + Hash>(refill: Duration, burst: u32) -> DefaultKeyedRateLimiter<K> {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(refill)
        .unwrap_or(Quota::per_second(NonZeroU32::MIN))
        .allow_burst(burst);
    RateLimiter::keyed(quota)
}

/// One bucket per customer.
fn bucket_key(ip: Option<IpAddr>) -> IpAddr {
    ip.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), client_ip::network)
}

/// Middleware: the general limit.
pub async fn general(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path == "/authorize" || path.starts_with("/.well-known/") {
        let ip = request
            .extensions()
            .get::<RequestOrigin>()
            .and_then(|origin| origin.ip);
        if let Err(refused) = state.rate_limits.check(PolicyName::Api, ip) {
            return refused.into_response();
        }
    }
    next.run(request).await
}

/// A policy as a type, so that a handler's signature says which limit it is under.
pub trait Policy: Send + Sync {
    /// Which buckets.
    const NAME: PolicyName;
}

macro_rules! policies {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        $($(#[$meta])* pub struct $name;
        impl Policy for $name {
            const NAME: PolicyName = PolicyName::$name;
        })+
    };
}

policies!(
    /// See [`PolicyName::WebauthnLogin`].
    WebauthnLogin,
    /// See [`PolicyName::WebauthnReauthenticate`].
    WebauthnReauthenticate,
    /// See [`PolicyName::ClientRegistration`].
    ClientRegistration,
    /// See [`PolicyName::Signup`].
    Signup,
    /// See [`PolicyName::DeviceLoginCreate`].
    DeviceLoginCreate,
    /// See [`PolicyName::DeviceLoginExchange`].
    DeviceLoginExchange,
    /// See [`PolicyName::DeviceLoginVerification`].
    DeviceLoginVerification,
    /// See [`PolicyName::LoginCode`].
    LoginCode,
    /// See [`PolicyName::LoginCodeMail`].
    LoginCodeMail,
    /// See [`PolicyName::SendEmailVerification`].
    SendEmailVerification,
    /// See [`PolicyName::VerifyEmail`].
    VerifyEmail,
);

/// Extractor: the request was within a policy's limit. Its place among the arguments is when it is checked.
pub struct Limited<P>(PhantomData<P>);

impl<P: Policy> FromRequestParts<AppState> for Limited<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let ip = parts
            .extensions
            .get::<RequestOrigin>()
            .and_then(|origin| origin.ip);
        state.rate_limits.check(P::NAME, ip)?;
        Ok(Self(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_says_when_to_come_back() {
        let limits = RateLimits::new(true);
        let ip = Some("203.0.113.9".parse().unwrap());
        for _ in 0..5 {
            limits.check(PolicyName::WebauthnReauthenticate, ip).unwrap();
        }
        let refused = limits.check(PolicyName::WebauthnReauthenticate, ip).unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::TOO_MANY_REQUESTS, "rate_limited")
        );
        let response = refused.into_response();
        let seconds: u64 = response.headers()[http::header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=10).contains(&seconds), "{seconds}");
        limits
            .check(
                PolicyName::WebauthnReauthenticate,
                Some("203.0.113.10".parse().unwrap()),
            )
            .unwrap();
        limits.check(PolicyName::WebauthnLogin, ip).unwrap();
    }

    #[test]
    fn an_ipv6_customer_has_one_bucket() {
        let key = |text: &str| bucket_key(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
    }

    #[test]
    fn switched_off_means_off() {
        let limits = RateLimits::new(false);
        for _ in 0..1000 {
            limits.check(PolicyName::WebauthnReauthenticate, None).unwrap();
        }
    }
}
