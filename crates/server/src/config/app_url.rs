//! `APP_URL` and `INTERNAL_APP_URL`: a URL that is nothing but an origin.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

/// An `http` or `https` URL without path, query, fragment, credentials or trailing slash.
#[derive(Clone, PartialEq, Eq)]
pub struct AppUrl {
    // Kept verbatim: the issuer must be, byte for byte, what the operator wrote and what clients
    // have stored, even where the URL standard would drop a default port.
    text: String,
    url: Url,
    host: String,
}

/// Why a string is not an application URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AppUrlError {
    /// It does not parse, or is no web address.
    #[error("is not a valid URL")]
    Invalid,
    /// It has a path (also a lone `/`), a query or a fragment.
    #[error("must not contain a path")]
    HasPath,
}

impl AppUrl {
    /// Parses `text`, which is kept as it is.
    pub fn parse(text: &str) -> Result<Self, AppUrlError> {
        // The URL parser removes blanks and line breaks silently; an issuer with them is a mistake.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AppUrlError::Invalid);
        }
        let url = Url::parse(text).map_err(|_| AppUrlError::Invalid)?;
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(AppUrlError::Invalid);
        };
        if !matches!(url.scheme(), "http" | "https") || !scheme.eq_ignore_ascii_case(url.scheme()) {
            return Err(AppUrlError::Invalid);
        }
        if !url.username().is_empty() || url.password().is_some() || rest.contains('@') {
            return Err(AppUrlError::Invalid);
        }
        if rest.contains(['/', '\\', '?', '#']) {
            return Err(AppUrlError::HasPath);
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => format!("[{address}]"),
            None => return Err(AppUrlError::Invalid),
        };
        Ok(Self {
            text: text.to_owned(),
            url,
            host,
        })
    }

    /// The URL as the operator wrote it: the issuer, and the prefix of every absolute link.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is `https`; cookie names carry their prefix only then.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host without port (the relying-party id of passkeys); IPv6 addresses in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, or the scheme's default one.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// The origin as a browser sends it: punycode host, no default port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The parsed URL (path `/`).
    pub fn to_url(&self) -> Url {
        self.url.clone()
    }

    /// This URL followed by `path`, which starts with `/`.
    pub fn join(&self, path: &str) -> String {
        let mut joined = String::with_capacity(self.text.len() + path.len() + 1);
        joined.push_str(&self.text);
        if !path.starts_with('/') {
            joined.push('/');
        }
        joined.push_str(path);
        joined
    }
}

impl fmt::Display for AppUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AppUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl std::str::FromStr for AppUrl {
    type Err = AppUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_are_application_urls() {
        use AppUrlError::{HasPath, Invalid};
        for (text, expected) in [
            ("http://localhost:1411", None),
            ("https://id.example.com", None),
            ("https://id.example.com:443", None),
            ("http://192.0.2.7:80", None),
            ("https://[2001:db8::1]:8443", None),
            ("", Some(Invalid)),
            ("id.example.com", Some(Invalid)),
            ("localhost:1411", Some(Invalid)),
            ("https://", Some(Invalid)),
            ("https:id.example.com", Some(Invalid)),
            ("ftp://id.example.com", Some(Invalid)),
            ("https://user@id.example.com", Some(Invalid)),
            ("https://@id.example.com", Some(Invalid)),
            ("https://id.example.com:99999", Some(Invalid)),
            ("https://id.exa mple.com", Some(Invalid)),
            ("https://id.example.com\n", Some(Invalid)),
            ("https://id.example.com/", Some(HasPath)),
            ("https://id.example.com/auth", Some(HasPath)),
            ("https://id.example.com?x=1", Some(HasPath)),
            ("https://id.example.com#x", Some(HasPath)),
            ("https://id.example.com\\x", Some(HasPath)),
        ] {
            assert_eq!(AppUrl::parse(text).err(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_text_stays_while_the_origin_is_normal() {
        let url = AppUrl::parse("https://id.example.com:443").unwrap();
        assert_eq!(url.as_str(), "https://id.example.com:443");
        assert_eq!(url.origin(), "https://id.example.com");
        assert_eq!(
            (url.host(), url.port(), url.is_https()),
            ("id.example.com", 443, true)
        );
        assert_eq!(url.join("/lc/abc"), "https://id.example.com:443/lc/abc");

        let url = AppUrl::parse("http://[2001:db8::1]:1411").unwrap();
        assert_eq!(url.origin(), "http://[2001:db8::1]:1411");
        assert_eq!(
            (url.host(), url.port(), url.is_https()),
            ("[2001:db8::1]", 1411, false)
        );
    }
}
