//! Which redirect URIs a client may use: patterns, matched component by component on parsed URLs.

mod glob;
mod pattern;

use std::net::IpAddr;

use url::{Host, Url};

pub use pattern::{PatternError, RedirectUriPattern};

/// Why a sent redirect URI is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// None was sent and there is none to assume.
    #[error("the redirect_uri parameter is missing")]
    Missing,
    /// Not an absolute URL with a hierarchical path, or one with a fragment (RFC 6749 §3.1.2).
    #[error("the redirect_uri is not an absolute URL without fragment")]
    Malformed,
    /// Not registered for this client.
    #[error("the redirect_uri is not registered for this client")]
    NotRegistered,
}

/// A redirect URI a client has proven to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    raw: String,
    url: Url,
}

impl RedirectUri {
    /// Reads an absolute URL; opaque ones (`urn:…`, `app:cb`) and ones with a fragment are refused.
    pub fn parse(raw: &str) -> Result<Self, RedirectUriError> {
        let url = Url::parse(raw).map_err(|_| RedirectUriError::Malformed)?;
        let hierarchical = raw.split_once(':').is_some_and(|(_, rest)| rest.starts_with('/'));
        let script = matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob");
        if !hierarchical || script || url.cannot_be_a_base() || url.fragment().is_some() || raw.contains('#')
        {
            return Err(RedirectUriError::Malformed);
        }
        Ok(Self {
            raw: raw.to_owned(),
            url,
        })
    }

    /// The URI as it was sent, which the token endpoint compares (RFC 6749 §4.1.3).
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The parsed URI.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether a code sent there could be read on the way: plain http to anywhere but this machine.
    pub fn is_insecure(&self) -> bool {
        if self.url.scheme() != "http" {
            return false;
        }
        match self.url.host() {
            Some(Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => !ip.is_loopback(),
            Some(Host::Ipv6(ip)) => !ip.is_loopback(),
            None => true,
        }
    }
}

fn loopback(url: &Url) -> Option<IpAddr> {
    let ip = match url.host()? {
        Host::Ipv4(ip) => IpAddr::V4(ip),
        Host::Ipv6(ip) => IpAddr::V6(ip),
        Host::Domain(_) => return None,
    };
    ip.is_loopback().then_some(ip)
}

/// How sure it is that a redirect URI is the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A registered pattern admits it.
    Registered,
    /// Nothing is registered yet, and the first one a code goes to will be. It could still be anybody's.
    FirstUse,
}

/// Finds the redirect URI of a request among the registered patterns.
///
/// `sent` is the raw parameter. Without one, a client that has exactly one registered URL and asks for no
/// `openid` may mean that one (RFC 6749 §3.1.2.3; OIDC Core §3.1.2.1 demands the parameter).
pub fn resolve(
    sent: Option<&str>,
    registered: &[String],
    openid: OpenIdRequested,
) -> Result<RedirectUri, RedirectUriError> {
    let Some(sent) = sent else {
        return match (registered, openid) {
            ([only], OpenIdRequested::No) => RedirectUri::parse(only),
            _ => Err(RedirectUriError::Missing),
        };
    };
    let uri = RedirectUri::parse(sent)?;
    if registered.iter().any(|pattern| matches(pattern, &uri)) {
        Ok(uri)
    } else {
        Err(RedirectUriError::NotRegistered)
    }
}

/// Finds the redirect URI of a request among registered ones that are no patterns: compared as text.
pub fn resolve_exactly(sent: Option<&str>, registered: &[String]) -> Result<RedirectUri, RedirectUriError> {
    let sent = sent.ok_or(RedirectUriError::Missing)?;
    let uri = RedirectUri::parse(sent)?;
    if registered.iter().any(|known| known == sent) {
        Ok(uri)
    } else {
        Err(RedirectUriError::NotRegistered)
    }
}

/// Whether the request is an OpenID Connect one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenIdRequested {
    /// `openid` is among the scopes.
    Yes,
    /// Plain OAuth.
    No,
}

/// The redirect URI of a client that has none registered, which is to become its first. Nobody looked at it, so it
/// must be one that cannot be misread.
pub fn first_use(sent: &str) -> Result<RedirectUri, RedirectUriError> {
    let uri = RedirectUri::parse(sent)?;
    if pattern::has_user_info(&uri.url) {
        return Err(RedirectUriError::NotRegistered);
    }
    Ok(uri)
}

/// Whether a registered pattern admits a URI. One with user info is admitted only by a pattern that has a user part.
pub fn matches(registered: &str, uri: &RedirectUri) -> bool {
    if registered == uri.raw || is_same_loopback(registered, &uri.url) {
        return true;
    }
    let Ok(pattern) = RedirectUriPattern::parse(registered) else {
        return false;
    };
    if pattern.matches(&uri.url) {
        return true;
    }
    // Apps on the user's machine listen on whatever port is free (RFC 8252 §7.3).
    let local = loopback(&uri.url).is_some() || uri.url.host_str() == Some("localhost");
    if uri.url.scheme() != "http" || !local || uri.url.port().is_none() {
        return false;
    }
    let mut portless = uri.url.clone();
    portless.set_port(None).is_ok() && pattern.matches(&portless)
}

/// The same loopback address, path and query, on any port and by any registered scheme.
fn is_same_loopback(registered: &str, sent: &Url) -> bool {
    let Ok(registered) = Url::parse(registered) else {
        return false;
    };
    sent.scheme() == "http"
        && sent.username().is_empty()
        && sent.password().is_none()
        && loopback(sent).is_some()
        && loopback(sent) == loopback(&registered)
        && registered.path() == sent.path()
        && registered.query() == sent.query()
}

/// Whether a pattern admits more than one address.
pub fn has_wildcard(pattern: &str) -> bool {
    pattern.contains('*')
}

#[cfg(test)]
mod tests;
