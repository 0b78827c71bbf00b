//! Request objects by reference: the `request_uri` parameter (OIDC Core §6.2, RFC 9101 §5.2).
//!
//! Whoever opens the authorization endpoint chooses the parameter, and this server would ask whatever it names. So
//! only addresses a client has registered are asked.

use url::Url;

/// Most addresses of one client.
pub const MOST: usize = 10;
/// Longest address, in bytes (OIDC Core §6.2).
pub const LONGEST: usize = 512;

/// An address whose content may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The address without its fragment.
    pub url: Url,
    /// Its fragment. By OIDC Core §6.2.1 it is a hash of the content and says that what is known under another one is
    /// out of date. Whether it really is the hash is not looked at: it comes from the same hands as the parameter, so
    /// it proves nothing, and clients register it before there is any content.
    pub version: Option<String>,
}

/// Whether a client may register an address; else what is wrong with it.
///
/// # Errors
/// The fault, to be read after the name of the field.
pub fn check(uri: &str) -> Result<(), &'static str> {
    if uri.len() > LONGEST {
        return Err("must not be longer than 512 characters");
    }
    let fine = Url::parse(uri).is_ok_and(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    if fine { Ok(()) } else { Err("must be an https URL") }
}

/// What a parameter refers to, if the client has registered it: compared as text, but for the fragment.
pub fn registered(sent: &str, registered: &[String]) -> Option<Reference> {
    let (address, version) = split(sent);
    let known = registered.iter().any(|known| split(known).0 == address);
    if !known || check(sent).is_err() {
        return None;
    }
    Some(Reference {
        url: Url::parse(address).ok()?,
        version: version.map(str::to_owned),
    })
}

fn split(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (uri, None),
    }
}

/// Whether a `Content-Type` without parameters may be one of a request object; the empty one may.
pub fn is_object_type(media_type: &str) -> bool {
    matches!(
        media_type,
        "" | "application/oauth-authz-req+jwt" | "application/jwt"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_only_if_it_is_registered() {
        let known = [
            "https://app.example/r/1?x=1".to_owned(),
            "https://app.example/r/2#old".to_owned(),
            "http://app.example/plain".to_owned(),
        ];
        for (sent, expected) in [
            (
                "https://app.example/r/1?x=1",
                Some(("https://app.example/r/1?x=1", None)),
            ),
            (
                "https://app.example/r/1?x=1#v2",
                Some(("https://app.example/r/1?x=1", Some("v2"))),
            ),
            ("https://app.example/r/2", Some(("https://app.example/r/2", None))),
            (
                "https://app.example/r/2#new",
                Some(("https://app.example/r/2", Some("new"))),
            ),
            ("https://app.example/r/1", None),
            ("https://app.example/r/1?x=2", None),
            ("https://app.example/r/1?x=1&y=2", None),
            ("https://app.example/r/1/../1?x=1", None),
            ("https://APP.example/r/2", None),
            ("https://app.example/r/2/", None),
            ("https://evil.example/r/2", None),
            ("https://evil.example/#https://app.example/r/2", None),
            ("http://app.example/r/2", None),
            ("http://app.example/plain", None),
            ("", None),
            ("#", None),
        ] {
            let found = registered(sent, &known);
            let found = found
                .as_ref()
                .map(|found| (found.url.as_str(), found.version.as_deref()));
            assert_eq!(found, expected, "{sent}");
        }
        assert_eq!(registered("https://app.example/", &[]), None);
    }

    #[test]
    fn what_may_be_registered() {
        let long = format!("https://app.example/{}", "x".repeat(LONGEST));
        for (uri, fine) in [
            ("https://app.example/r", true),
            (
                "https://app.example:8443/r?x=1#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM",
                true,
            ),
            ("http://app.example/r", false),
            ("http://localhost/r", false),
            ("urn:ietf:params:oauth:request_uri:x", false),
            ("https://user@app.example/r", false),
            ("file:///etc/passwd", false),
            ("r", false),
            ("", false),
            (long.as_str(), false),
        ] {
            assert_eq!(check(uri).is_ok(), fine, "{uri}");
        }
    }

    #[test]
    fn media_types() {
        for (media_type, fine) in [
            ("", true),
            ("application/jwt", true),
            ("application/oauth-authz-req+jwt", true),
            ("text/html", false),
            ("application/json", false),
        ] {
            assert_eq!(is_object_type(media_type), fine, "{media_type}");
        }
    }
}
