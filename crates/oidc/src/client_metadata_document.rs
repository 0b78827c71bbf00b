//! Clients that describe themselves in a document whose URL is their `client_id`
//! (draft-ietf-oauth-client-id-metadata-document).

use serde_json::{Map, Value};
use url::Url;

use crate::http_caching::{CachingHeaders, Freshness, age, freshness};
use crate::jwk_set::reveals_secrets;

/// Longest `client_id` of this kind, in bytes.
const LONGEST_URL: usize = 2000;
/// Longest name kept, in characters.
const LONGEST_NAME: usize = 100;
/// Seconds a document is kept when its server does not say.
const DEFAULT_LIFETIME: i64 = 60 * 60;
/// Seconds a document is kept at most.
const LONGEST_LIFETIME: i64 = 24 * 60 * 60;
/// The grant types such a client may have.
const GRANT_TYPES: [&str; 3] = [
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
];

/// Why a text is not the URL of a metadata document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The client ID is not a valid metadata document URL.")]
pub struct NotADocumentUrl;

/// The URL a `client_id` is, if it is one of a metadata document. It must be written as a parser writes it, so that
/// one document has one `client_id` and nobody reads another host in it than we ask.
pub fn document_url(client_id: &str) -> Result<Url, NotADocumentUrl> {
    let ill_formed =
        client_id.len() > LONGEST_URL || client_id.contains(['?', '#', '\\']) || has_dot_segment(client_id);
    if ill_formed {
        return Err(NotADocumentUrl);
    }
    let url = Url::parse(client_id).map_err(|_| NotADocumentUrl)?;
    let good = url.scheme() == "https"
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str() == client_id;
    if good { Ok(url) } else { Err(NotADocumentUrl) }
}

/// Dot segments, plain or percent-encoded, which parsers take away.
fn has_dot_segment(text: &str) -> bool {
    text.split('/').skip(3).any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    })
}

/// What a document says, as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// `client_name`, or the URL's host.
    pub name: String,
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`.
    pub post_logout_redirect_uris: Vec<String>,
    /// Those of `grant_types` that such a client may have.
    pub grant_types: Vec<String>,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a JSON object.
    #[error("The metadata document is not a JSON object.")]
    NotAnObject,
    /// It describes another client.
    #[error("The client_id in the metadata document is not its URL.")]
    ClientId,
    /// It holds a secret, which then is none.
    #[error("The metadata document must not contain a client secret.")]
    Secret,
    /// Anything but `none`.
    #[error("The token_endpoint_auth_method in the metadata document must be none.")]
    AuthMethod,
    /// Keys twice, or private ones.
    #[error("The metadata document has invalid keys.")]
    Keys,
    /// No grant type such a client may have.
    #[error("The metadata document has no supported grant_types.")]
    GrantTypes,
    /// Anything but `code`.
    #[error("The metadata document has unsupported response_types.")]
    ResponseTypes,
    /// None, or one that is not a plain URL.
    #[error("The metadata document has missing or invalid redirect_uris.")]
    RedirectUris,
    /// One that is not a plain URL.
    #[error("The metadata document has invalid post_logout_redirect_uris.")]
    PostLogoutRedirectUris,
}

impl Document {
    /// Reads the document found at a URL.
    pub fn read(url: &Url, json: &[u8]) -> Result<Self, Fault> {
        let members: Map<String, Value> = serde_json::from_slice(json).map_err(|_| Fault::NotAnObject)?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let has = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
        if text("client_id") != Some(url.as_str()) {
            return Err(Fault::ClientId);
        }
        if members.contains_key("client_secret") || members.contains_key("client_secret_expires_at") {
            return Err(Fault::Secret);
        }
        if text("token_endpoint_auth_method") != Some("none") {
            return Err(Fault::AuthMethod);
        }
        let both_keys = has("jwks") && has("jwks_uri");
        if both_keys || members.get("jwks").is_some_and(reveals_secrets) {
            return Err(Fault::Keys);
        }
        let declared = strings(&members, "grant_types")
            .map_err(|_| Fault::GrantTypes)?
            .unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        let declares = |name: &str| declared.iter().any(|known| known == name);
        let grant_types: Vec<String> = GRANT_TYPES
            .into_iter()
            .filter(|name| declares(name))
            .map(str::to_owned)
            .collect();
        if !grant_types.iter().any(|name| name != "refresh_token") {
            return Err(Fault::GrantTypes);
        }
        let response_types = strings(&members, "response_types").map_err(|_| Fault::ResponseTypes)?;
        if response_types.is_some_and(|types| types.iter().any(|name| name != "code")) {
            return Err(Fault::ResponseTypes);
        }
        let redirect_uris = addresses(&members, "redirect_uris").ok_or(Fault::RedirectUris)?;
        let needs_redirect = declares("authorization_code") || declares("implicit");
        if needs_redirect && redirect_uris.is_empty() {
            return Err(Fault::RedirectUris);
        }
        Ok(Self {
            name: name(text("client_name"), url),
            redirect_uris,
            post_logout_redirect_uris: addresses(&members, "post_logout_redirect_uris")
                .ok_or(Fault::PostLogoutRedirectUris)?,
            grant_types,
        })
    }
}

/// A member that is not a list of texts.
struct NotStrings;

fn strings(members: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, NotStrings> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or(NotStrings))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(NotStrings),
    }
}

/// A list of URLs that mean themselves and nothing else.
fn addresses(members: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let addresses = strings(members, name).ok()?.unwrap_or_default();
    let plain = |text: &String| {
        !text.contains(['*', '#'])
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && Url::parse(text)
                .is_ok_and(|url| !matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob"))
    };
    addresses.iter().all(plain).then_some(addresses)
}

/// A name fit to be shown: one line, not too long; the host when there is none.
fn name(given: Option<&str>, url: &Url) -> String {
    let given: String = given
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    let given = given.trim();
    if given.is_empty() {
        url.host_str().unwrap_or_default().to_owned()
    } else {
        given.to_owned()
    }
}

/// Seconds a document may be used from now on; none if it may not be kept, and so not be used at all.
pub fn lifetime(headers: &CachingHeaders, now: i64) -> Option<i64> {
    let lifetime = match freshness(headers, now) {
        Freshness::NoStore => return None,
        Freshness::Lifetime(seconds) => seconds.min(LONGEST_LIFETIME),
        Freshness::Unstated => DEFAULT_LIFETIME,
    };
    Some((lifetime - age(headers, now)).max(0))
}

/// Whether a `Content-Type` without parameters may be one of a document; the empty one may.
pub fn is_document_type(media_type: &str) -> bool {
    let structured = media_type
        .strip_prefix("application/")
        .and_then(|kind| kind.strip_suffix("+json"));
    media_type.is_empty()
        || media_type == "application/json"
        || structured.is_some_and(|kind| !kind.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://app.example/client.json";

    #[test]
    fn urls() {
        for text in [
            URL,
            "https://app.example/",
            "https://app.example:8443/a/b",
            "https://app.example/@somebody/c",
            "https://app.example/a..b/.c/d.",
            "https://xn--bcher-kva.example/c",
            "https://[2001:db8::1]/c",
        ] {
            assert_eq!(document_url(text).unwrap().as_str(), text);
        }
        let long = format!("https://app.example/{}", "x".repeat(2000));
        for text in [
            "",
            "app",
            "http://app.example/c",
            "https://app.example",
            "https:/app.example/c",
            "https://",
            "https:///c",
            "https://user@app.example/c",
            "https://user:password@app.example/c",
            "https://@app.example/c",
            "https://app.example/c?",
            "https://app.example/c?x=1",
            "https://app.example/c#",
            "https://app.example/c#x",
            "https://app.example/./c",
            "https://app.example/a/../c",
            "https://app.example/a/..",
            "https://app.example/a/%2e%2E/c",
            "https://app.example/a/.%2e",
            "https://app.example/a\\b",
            "https://APP.example/c",
            "HTTPS://app.example/c",
            "https://app.example:443/c",
            "https://bücher.example/c",
            "https://app.example/ c",
            " https://app.example/c",
            "https://app.example/c\n",
            "https://127.1/c",
            long.as_str(),
        ] {
            assert_eq!(document_url(text), Err(NotADocumentUrl), "{text}");
        }
    }

    fn document() -> Value {
        json!({
            "client_id": URL,
            "client_name": "App",
            "token_endpoint_auth_method": "none",
            "redirect_uris": ["https://app.example/cb", "app.example:/cb", "http://127.0.0.1/cb"],
            "post_logout_redirect_uris": ["https://app.example/"],
            "grant_types": ["authorization_code", "refresh_token"],
            "logo_uri": "https://app.example/logo.png",
            "unknown": {"x": 1},
        })
    }

    fn read(document: &Value) -> Result<Document, Fault> {
        Document::read(&Url::parse(URL).unwrap(), document.to_string().as_bytes())
    }

    #[test]
    fn a_good_document() {
        assert_eq!(
            read(&document()).unwrap(),
            Document {
                name: "App".to_owned(),
                redirect_uris: vec![
                    "https://app.example/cb".to_owned(),
                    "app.example:/cb".to_owned(),
                    "http://127.0.0.1/cb".to_owned()
                ],
                post_logout_redirect_uris: vec!["https://app.example/".to_owned()],
                grant_types: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
            }
        );
    }

    #[test]
    fn each_rule() {
        const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
        let cases = [
            (json!({"client_id": null}), Err(Fault::ClientId)),
            (
                json!({"client_id": "https://app.example/other"}),
                Err(Fault::ClientId),
            ),
            (
                json!({"client_id": "https://app.example/client.json/"}),
                Err(Fault::ClientId),
            ),
            (json!({"client_secret": "x"}), Err(Fault::Secret)),
            (json!({"client_secret_expires_at": 0}), Err(Fault::Secret)),
            (
                json!({"token_endpoint_auth_method": null}),
                Err(Fault::AuthMethod),
            ),
            (
                json!({"token_endpoint_auth_method": "private_key_jwt"}),
                Err(Fault::AuthMethod),
            ),
            (json!({"jwks": {"keys": [ec]}}), Ok(())),
            (json!({"jwks_uri": "https://app.example/jwks"}), Ok(())),
            (
                json!({"jwks": {"keys": []}, "jwks_uri": "https://app.example/jwks"}),
                Err(Fault::Keys),
            ),
            (
                json!({"jwks": {"keys": [{"kty": "EC", "d": "AA"}]}}),
                Err(Fault::Keys),
            ),
            (json!({"grant_types": null}), Ok(())),
            (
                json!({"grant_types": "authorization_code"}),
                Err(Fault::GrantTypes),
            ),
            (json!({"grant_types": [1]}), Err(Fault::GrantTypes)),
            (json!({"grant_types": []}), Err(Fault::GrantTypes)),
            (json!({"grant_types": ["refresh_token"]}), Err(Fault::GrantTypes)),
            (
                json!({"grant_types": ["client_credentials"]}),
                Err(Fault::GrantTypes),
            ),
            (json!({"grant_types": ["implicit"]}), Err(Fault::GrantTypes)),
            (json!({"grant_types": [DEVICE], "redirect_uris": null}), Ok(())),
            (
                json!({"grant_types": [DEVICE, "implicit"], "redirect_uris": []}),
                Err(Fault::RedirectUris),
            ),
            (json!({"response_types": ["code"]}), Ok(())),
            (
                json!({"response_types": ["code", "token"]}),
                Err(Fault::ResponseTypes),
            ),
            (json!({"response_types": "code"}), Err(Fault::ResponseTypes)),
            (json!({"redirect_uris": null}), Err(Fault::RedirectUris)),
            (json!({"redirect_uris": []}), Err(Fault::RedirectUris)),
            (
                json!({"redirect_uris": "https://app.example/cb"}),
                Err(Fault::RedirectUris),
            ),
            (json!({"redirect_uris": ["/cb"]}), Err(Fault::RedirectUris)),
            (json!({"redirect_uris": ["*"]}), Err(Fault::RedirectUris)),
            (
                json!({"redirect_uris": ["https://app.example/*"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"redirect_uris": ["https://app.example/#x"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"redirect_uris": ["javascript:alert(1)"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"redirect_uris": ["JavaScript:alert(1)"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"redirect_uris": ["java\tscript:alert(1)"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"redirect_uris": ["data:text/html,x"]}),
                Err(Fault::RedirectUris),
            ),
            (
                json!({"post_logout_redirect_uris": ["data:,x"]}),
                Err(Fault::PostLogoutRedirectUris),
            ),
            (
                json!({"post_logout_redirect_uris": {}}),
                Err(Fault::PostLogoutRedirectUris),
            ),
        ];
        for (changes, expected) in cases {
            let mut document = document();
            for (name, value) in changes.as_object().unwrap() {
                if value.is_null() {
                    document.as_object_mut().unwrap().remove(name);
                } else {
                    document[name] = value.clone();
                }
            }
            assert_eq!(read(&document).map(|_| ()), expected, "{changes}");
        }
        for text in ["", "[]", "null", "<html>", "\"x\""] {
            let url = Url::parse(URL).unwrap();
            assert_eq!(
                Document::read(&url, text.as_bytes()),
                Err(Fault::NotAnObject),
                "{text}"
            );
        }
    }

    #[test]
    fn grant_types_are_the_declared_ones_we_have() {
        let mut document = document();
        document["grant_types"] = json!(["client_credentials", "refresh_token", "authorization_code", "x"]);
        assert_eq!(
            read(&document).unwrap().grant_types,
            ["authorization_code", "refresh_token"]
        );
        document.as_object_mut().unwrap().remove("grant_types");
        assert_eq!(read(&document).unwrap().grant_types, ["authorization_code"]);
    }

    #[test]
    fn names_are_fit_to_be_shown() {
        for (given, shown) in [
            (json!(null), "app.example"),
            (json!(""), "app.example"),
            (json!(" \u{0}\n"), "app.example"),
            (json!(7), "app.example"),
            (json!(" My\nApp "), "MyApp"),
            (json!("x".repeat(200)), &*"x".repeat(100)),
        ] {
            let mut document = document();
            document["client_name"] = given.clone();
            assert_eq!(read(&document).unwrap().name, shown, "{given}");
        }
    }

    #[test]
    fn lifetimes() {
        const HOUR: i64 = 3600;
        for (cache_control, age, expected) in [
            ("", None, Some(HOUR)),
            ("", Some(600), Some(HOUR - 600)),
            ("no-store", None, None),
            ("no-cache", None, Some(0)),
            ("max-age=60", None, Some(60)),
            ("max-age=60", Some(70), Some(0)),
            ("max-age=999999", None, Some(24 * HOUR)),
            ("max-age=999999", Some(HOUR), Some(23 * HOUR)),
        ] {
            let headers = CachingHeaders {
                cache_control: cache_control.to_owned(),
                age,
                ..CachingHeaders::default()
            };
            assert_eq!(lifetime(&headers, 1_000_000), expected, "{cache_control} {age:?}");
        }
    }

    #[test]
    fn content_types() {
        for (media_type, good) in [
            ("", true),
            ("application/json", true),
            ("application/oauth-client+json", true),
            ("application/+json", false),
            ("text/json", false),
            ("text/html", false),
            ("application/jsonp", false),
        ] {
            assert_eq!(is_document_type(media_type), good, "{media_type}");
        }
    }
}
