//! A registered redirect URI, which may hold wildcards.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::glob::Glob;

/// Why a text cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No scheme, or wildcards inside one.
    #[error("the URL needs a scheme")]
    Scheme,
    /// A scheme that runs script.
    #[error("the scheme is not allowed")]
    ForbiddenScheme,
    /// Not a URL.
    #[error("not a valid URL")]
    Malformed,
}

/// A pattern for redirect URIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectUriPattern {
    /// `*`: any URL without user info.
    Anything,
    /// Component by component.
    Components(Box<Components>),
}

/// See [`RedirectUriPattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    scheme: Glob,
    user_info: Option<Glob>,
    host: Glob,
    port: PortPattern,
    path: Glob,
    query: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortPattern {
    Default,
    Any,
    Like(Glob),
}

impl RedirectUriPattern {
    /// Reads a pattern as an administrator writes it; a fragment is dropped.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::Anything);
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(PatternError::Malformed);
        }
        let (scheme, rest) = text.split_once(':').ok_or(PatternError::Scheme)?;
        let wildcard_scheme = scheme == "*" && rest.starts_with("//");
        let scheme = scheme.to_ascii_lowercase();
        let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
        if !wildcard_scheme && !well_formed {
            return Err(PatternError::Scheme);
        }
        if matches!(scheme.as_str(), "javascript" | "data" | "vbscript" | "blob") {
            return Err(PatternError::ForbiddenScheme);
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(parse_query(query))),
            None => (rest, None),
        };
        let rest = rest.replace('\\', "/");
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => match rest.find('/') {
                Some(at) => rest.split_at_checked(at).ok_or(PatternError::Malformed)?,
                None => (rest, ""),
            },
            None => ("", rest.as_str()),
        };
        let special = wildcard_scheme || matches!(scheme.as_str(), "http" | "https" | "ws" | "wss" | "ftp");
        if special && authority.is_empty() {
            return Err(PatternError::Malformed);
        }
        let (user_info, host_port) = match authority.rsplit_once('@') {
            Some((user_info, host_port)) => (Some(Glob::flat(user_info)), host_port),
            None => (None, authority),
        };
        let (host, port) = split_port(host_port)?;
        Ok(Self::Components(Box::new(Components {
            user_info,
            host: Glob::flat(&normal_host(host, special)?),
            port: port_pattern(port, &scheme)?,
            path: Glob::path(&normal_path(path, &scheme, special)?),
            scheme: Glob::flat(&scheme),
            query,
        })))
    }

    /// Whether a URL matches.
    pub fn matches(&self, url: &Url) -> bool {
        match self {
            Self::Anything => !has_user_info(url),
            Self::Components(components) => components.matches(url),
        }
    }

    /// Whether it has no wildcard, also none that only shows once escapes are decoded.
    pub fn is_literal(&self) -> bool {
        match self {
            Self::Anything => false,
            Self::Components(components) => components.is_literal(),
        }
    }
}

impl Components {
    fn is_literal(&self) -> bool {
        let port = match &self.port {
            PortPattern::Default => true,
            PortPattern::Any => false,
            PortPattern::Like(glob) => glob.is_literal(),
        };
        let user_info = self.user_info.as_ref().is_none_or(Glob::is_literal);
        let query = self.query.iter().flat_map(BTreeMap::values).flatten();
        port && user_info
            && self.scheme.is_literal()
            && self.host.is_literal()
            && self.path.is_literal()
            && query
                .map(|value| Glob::shell(value))
                .all(|glob| glob.is_some_and(|glob| glob.is_literal()))
    }

    fn matches(&self, url: &Url) -> bool {
        let user_ok = match &self.user_info {
            None => !has_user_info(url),
            Some(pattern) => {
                let text = match url.password() {
                    Some(password) => format!("{}:{password}", url.username()),
                    None => url.username().to_owned(),
                };
                pattern.matches(&text)
            }
        };
        let port_ok = match (&self.port, url.port()) {
            (PortPattern::Any, _) | (PortPattern::Default, None) => true,
            (PortPattern::Default, Some(_)) | (PortPattern::Like(_), None) => false,
            (PortPattern::Like(pattern), Some(port)) => pattern.matches(&port.to_string()),
        };
        let query_ok = match (&self.query, url.query()) {
            (None, None) => true,
            (None, Some(_)) | (Some(_), None) => false,
            (Some(pattern), Some(query)) => query_matches(pattern, &parse_query(query)),
        };
        // An app's own scheme may come with or without the empty authority and root path.
        let path = if url.path().is_empty() { "/" } else { url.path() };
        user_ok
            && port_ok
            && query_ok
            && self.scheme.matches(url.scheme())
            && self.host.matches(url.host_str().unwrap_or(""))
            && self.path.matches(path)
    }
}

/// Whether a URL names a user before the host. `https://bank.example@evil.example/` looks like the first and goes to the
/// second.
pub(super) fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn parse_query(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        values
            .entry(key.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    values
}

fn query_matches(pattern: &BTreeMap<String, Vec<String>>, sent: &BTreeMap<String, Vec<String>>) -> bool {
    pattern.len() == sent.len()
        && pattern.iter().all(|(key, patterns)| {
            sent.get(key).is_some_and(|values| {
                values.len() == patterns.len()
                    && patterns
                        .iter()
                        .zip(values)
                        .all(|(pattern, value)| Glob::shell(pattern).is_some_and(|glob| glob.matches(value)))
            })
        })
}

/// Host and port of an authority; IPv6 addresses are in brackets.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), PatternError> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(PatternError::Malformed)?;
        let (host, rest) = authority
            .split_at_checked(end + 1)
            .ok_or(PatternError::Malformed)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(PatternError::Malformed),
        };
    }
    Ok(match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn port_pattern(port: Option<&str>, scheme: &str) -> Result<PortPattern, PatternError> {
    let Some(port) = port.filter(|port| !port.is_empty()) else {
        return Ok(PortPattern::Default);
    };
    if port == "*" {
        return Ok(PortPattern::Any);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*') {
        return Err(PatternError::Malformed);
    }
    if !port.contains('*') {
        let number: u16 = port.parse().map_err(|_| PatternError::Malformed)?;
        let default = match scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            "ftp" => Some(21),
            _ => None,
        };
        if Some(number) == default {
            return Ok(PortPattern::Default);
        }
        return Ok(PortPattern::Like(Glob::flat(&number.to_string())));
    }
    Ok(PortPattern::Like(Glob::flat(port)))
}

/// The host as a parsed URL has it: lower case, punycode, canonical addresses.
fn normal_host(host: &str, special: bool) -> Result<String, PatternError> {
    if !special {
        return Ok(host.to_owned());
    }
    if host.is_empty() {
        return Err(PatternError::Malformed);
    }
    if !host.contains('*') {
        let host = Host::parse(host)
            .map_err(|_| PatternError::Malformed)?
            .to_string();
        // `%2A` and the full-width asterisk become `*` here: a wildcard nobody sees.
        return if host.contains('*') {
            Err(PatternError::Malformed)
        } else {
            Ok(host)
        };
    }
    let labels: Result<Vec<String>, PatternError> = host
        .split('.')
        .map(|label| {
            if label.is_empty() || label.contains('*') {
                Ok(label.to_lowercase())
            } else {
                Host::parse(label)
                    .map(|host| host.to_string())
                    .map_err(|_| PatternError::Malformed)
            }
        })
        .collect();
    let host = labels?.join(".");
    if host.bytes().any(|byte| b"/?#@:[]<>^|%".contains(&byte)) {
        return Err(PatternError::Malformed);
    }
    Ok(host)
}

/// The path as a parsed URL has it: dot segments resolved, characters escaped, at least `/`.
fn normal_path(path: &str, scheme: &str, special: bool) -> Result<String, PatternError> {
    let base = if special {
        "https".to_owned()
    } else {
        scheme.to_owned()
    };
    if !path.is_empty() && !path.starts_with('/') {
        return Err(PatternError::Malformed);
    }
    let url = Url::parse(&format!("{base}://h{path}")).map_err(|_| PatternError::Malformed)?;
    Ok(if url.path().is_empty() {
        "/".to_owned()
    } else {
        url.path().to_owned()
    })
}
