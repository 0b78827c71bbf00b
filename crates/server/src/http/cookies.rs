//! The product's cookies: names, flags and lifetimes.

use axum::http::HeaderMap;
use http::{HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

use crate::config::AppUrl;

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The sign-in session's token.
    AccessToken,
    /// The pending WebAuthn ceremony.
    Session,
    /// Proof of a passkey just used.
    Reauthentication,
    /// What only the browser has that waits to be signed in from another device.
    DeviceLogin,
    /// What only the browser has that asked for a login code by mail.
    LoginCodeDevice,
    /// The logout request of a client that waits for the person to agree.
    LogoutRequest,
}

impl Cookie {
    /// The name; prefixes that browsers enforce only over https are left out on http.
    pub fn name(self, app_url: &AppUrl) -> &'static str {
        match (self, app_url.is_https()) {
            (Self::AccessToken, true) => "__Host-access_token",
            (Self::AccessToken, false) => "access_token",
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Reauthentication, true) => "__Secure-reauthentication_token",
            (Self::Reauthentication, false) => "reauthentication_token",
            (Self::DeviceLogin, true) => "__Secure-device_login_token",
            (Self::DeviceLogin, false) => "device_login_token",
            (Self::LoginCodeDevice, true) => "__Secure-device_token",
            (Self::LoginCodeDevice, false) => "device_token",
            (Self::LogoutRequest, true) => "__Secure-logout_request",
            (Self::LogoutRequest, false) => "logout_request",
        }
    }

    /// The value a request sends, if any; the first of several.
    pub fn read<'h>(self, headers: &'h HeaderMap, app_url: &AppUrl) -> Option<&'h str> {
        let name = self.name(app_url);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// A `Set-Cookie` value that stores a value for `max_age_seconds`.
    pub fn set(self, app_url: &AppUrl, value: &SecretString, max_age_seconds: i64) -> SetCookie {
        self.header(app_url, value.expose_secret(), "/", max_age_seconds)
    }

    /// The same for one path and what is below it.
    pub fn set_at(
        self,
        app_url: &AppUrl,
        path: &str,
        value: &SecretString,
        max_age_seconds: i64,
    ) -> SetCookie {
        self.header(app_url, value.expose_secret(), path, max_age_seconds)
    }

    /// A `Set-Cookie` value that removes the cookie.
    pub fn clear(self, app_url: &AppUrl) -> SetCookie {
        self.header(app_url, "", "/", 0)
    }

    /// The same for a cookie of one path.
    pub fn clear_at(self, app_url: &AppUrl, path: &str) -> SetCookie {
        self.header(app_url, "", path, 0)
    }

    fn header(self, app_url: &AppUrl, value: &str, path: &str, max_age_seconds: i64) -> SetCookie {
        let name = self.name(app_url);
        let text =
            format!("{name}={value}; Path={path}; Max-Age={max_age_seconds}; HttpOnly; Secure; SameSite=Lax");
        // Names are ours and values base64url or hex, so the text is always a valid header.
        SetCookie(HeaderValue::from_str(&text).ok())
    }
}

/// A `Set-Cookie` header to be added to a response.
pub struct SetCookie(Option<HeaderValue>);

impl SetCookie {
    /// Adds the header.
    pub fn apply(self, headers: &mut HeaderMap) {
        if let Some(mut value) = self.0 {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    }
}

impl axum::response::IntoResponseParts for SetCookie {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut response: axum::response::ResponseParts,
    ) -> Result<axum::response::ResponseParts, Self::Error> {
        self.apply(response.headers_mut());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_flags_are_the_specified_ones() {
        let https = AppUrl::parse("https://id.example.com").unwrap();
        let http = AppUrl::parse("http://localhost:1411").unwrap();
        let mut headers = HeaderMap::new();
        Cookie::AccessToken
            .set(&https, &"v".into(), 3600)
            .apply(&mut headers);
        Cookie::AccessToken.clear(&http).apply(&mut headers);
        let values: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(
            values,
            [
                "__Host-access_token=v; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
                "access_token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
            ]
        );
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let http = AppUrl::parse("http://localhost:1411").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            "locale=de; access_token_x=1; access_token=abc".parse().unwrap(),
        );
        assert_eq!(Cookie::AccessToken.read(&headers, &http), Some("abc"));
        assert_eq!(Cookie::Session.read(&headers, &http), None);
    }
}
