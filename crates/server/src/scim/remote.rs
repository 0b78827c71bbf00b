//! Speaking with an app's SCIM API (RFC 7644): one request after the other, and no opinion about what to ask.

use std::collections::HashSet;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pocket_id_store::types::{ScimKind, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::plan::Resource;
use crate::app_config::HIDDEN;
use crate::outbound::{Fetch, FetchError, Fetched, Trust, http_date};
use crate::state::AppState;

const MEDIA_TYPE: &str = "application/scim+json";
/// How long one request may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How often a request is made that the app has no time for.
const MOST_ATTEMPTS: u32 = 3;
/// Longest pause between attempts, whatever the app asks for, in milliseconds.
const LONGEST_PAUSE_MILLIS: i64 = 30_000;
/// Redirects followed, all of them to the same server.
const MOST_REDIRECTS: usize = 3;
/// Resources asked for at once.
const PAGE: usize = 1000;
/// Largest answer read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;
/// Resources of a kind read at most.
const MOST_RESOURCES: usize = 200_000;
/// Characters of an app's explanation that are passed on.
const LONGEST_DETAIL: usize = 200;

/// Why the app did not do what it was asked. The texts are for administrators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It could not be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It refused.
    #[error("{method} answered {status}{detail}")]
    Status {
        /// What was asked.
        method: Method,
        /// What it answered.
        status: u16,
        /// Its explanation, after a separator, if there is one.
        detail: String,
    },
    /// It sent the request elsewhere.
    #[error("the app redirects to another server; enter that address as the endpoint")]
    Redirect,
    /// Its answer is not what SCIM prescribes; the text says what is wrong.
    #[error("{0}")]
    Content(&'static str),
    /// An identifier that cannot stand in an address.
    #[error("the app's identifier of it cannot be used in an address")]
    Id,
    /// The token cannot be sent.
    #[error("the token cannot be sent")]
    Token,
}

/// The base URL a text means.
pub fn endpoint(text: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(text).map_err(|_| "must be a valid URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be a valid URL with http or https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    url.set_fragment(None);
    Ok(url)
}

/// The address of a kind of resources below a base URL, or of one of them.
fn address(base: &Url, kind: ScimKind, id: Option<&str>) -> Result<Url, RemoteError> {
    let mut url = base.clone();
    {
        let mut segments = url
            .path_segments_mut()
            .map_err(|()| RemoteError::Fetch(FetchError::Url))?;
        segments.pop_if_empty().push(match kind {
            ScimKind::User => "Users",
            ScimKind::Group => "Groups",
        });
        if let Some(id) = id {
            // A dot segment would be taken out of the path: the request would be about all of them.
            if matches!(id, "" | "." | "..") {
                return Err(RemoteError::Id);
            }
            segments.push(id);
        }
    }
    Ok(url)
}

/// How long to wait before another attempt: as long as the app says, within reason, else longer each time.
fn pause(headers: &HeaderMap, failed_attempts: u32, now: Timestamp) -> Duration {
    let said = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| match text.trim().parse::<i64>() {
            Ok(seconds) => Some(seconds.saturating_mul(1000)),
            Err(_) => http_date(text).map(|moment| moment.saturating_mul(1000).saturating_sub(now.0)),
        });
    let millis = said.unwrap_or_else(|| 500 << failed_attempts.saturating_sub(1).min(4));
    Duration::from_millis(millis.clamp(0, LONGEST_PAUSE_MILLIS).unsigned_abs())
}

/// An app's SCIM API.
pub struct Remote<'a> {
    state: &'a AppState,
    base: Url,
    token: Option<SecretString>,
}

impl<'a> Remote<'a> {
    /// The API at a base URL.
    pub fn new(state: &'a AppState, base: Url, token: Option<SecretString>) -> Self {
        Self { state, base, token }
    }

    /// All resources of a kind.
    pub async fn list(&self, kind: ScimKind) -> Result<Vec<Resource>, RemoteError> {
        let first = address(&self.base, kind, None)?;
        let mut found = Vec::new();
        let mut known = HashSet::new();
        let mut received = 0_usize;
        loop {
            let mut url = first.clone();
            url.query_pairs_mut()
                .append_pair("startIndex", &(received + 1).to_string())
                .append_pair("count", &PAGE.to_string());
            let answer = self.ask(Method::GET, url, None).await?;
            if answer.status != StatusCode::OK {
                return Err(self.refused(Method::GET, &answer));
            }
            let page: Map<String, Value> = serde_json::from_slice(&answer.body).map_err(|_| {
                RemoteError::Content("the app answered a list with something that is no JSON object")
            })?;
            let total = page.get("totalResults").and_then(Value::as_u64);
            let resources = match page.get("Resources") {
                None | Some(Value::Null) => &[][..],
                Some(Value::Array(resources)) => resources,
                Some(_) => return Err(RemoteError::Content("the app's list has no array of resources")),
            };
            if page.get("Resources").is_none() && total.is_none() {
                return Err(RemoteError::Content(
                    "the app's answer is not a list of resources",
                ));
            }
            received += resources.len();
            let before = known.len();
            for resource in resources {
                let resource = Resource::read(kind, resource)
                    .ok_or(RemoteError::Content("the app lists something without an id"))?;
                if known.insert(resource.id.clone()) {
                    found.push(resource);
                }
            }
            let complete = total.is_some_and(|total| u64::try_from(received).is_ok_and(|got| got >= total));
            if complete || resources.is_empty() {
                return Ok(found);
            }
            if known.len() == before {
                // Whoever took this for everything would make the rest again.
                return match total {
                    Some(_) => Err(RemoteError::Content(
                        "the app sends the same page of its list again and again",
                    )),
                    None => Ok(found),
                };
            }
            if found.len() > MOST_RESOURCES {
                return Err(RemoteError::Content("the app lists more than can be looked at"));
            }
        }
    }

    /// Makes a resource; its identifier.
    pub async fn create(&self, kind: ScimKind, body: &Value) -> Result<String, RemoteError> {
        let url = address(&self.base, kind, None)?;
        let answer = self.ask(Method::POST, url, Some(body)).await?;
        if !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(self.refused(Method::POST, &answer));
        }
        serde_json::from_slice(&answer.body)
            .ok()
            .and_then(|resource| Resource::read(kind, &resource))
            .map(|resource| resource.id)
            .ok_or(RemoteError::Content(
                "POST was answered without the resource that was made",
            ))
    }

    /// Replaces a resource.
    pub async fn replace(&self, kind: ScimKind, id: &str, body: &Value) -> Result<(), RemoteError> {
        let url = address(&self.base, kind, Some(id))?;
        let answer = self.ask(Method::PUT, url, Some(body)).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            _ => Err(self.refused(Method::PUT, &answer)),
        }
    }

    /// Removes a resource, if it is still there.
    pub async fn delete(&self, kind: ScimKind, id: &str) -> Result<(), RemoteError> {
        let url = address(&self.base, kind, Some(id))?;
        let answer = self.ask(Method::DELETE, url, None).await?;
        match answer.status {
            StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(self.refused(Method::DELETE, &answer)),
        }
    }

    /// Makes a request, again if the app has no time for it.
    async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Fetched, RemoteError> {
        let mut attempt = 1;
        loop {
            let answer = self.follow(&method, url.clone(), body).await?;
            if answer.status != StatusCode::TOO_MANY_REQUESTS || attempt >= MOST_ATTEMPTS {
                return Ok(answer);
            }
            let pause = pause(&answer.headers, attempt, self.state.now());
            self.state.clock.pause(pause).await;
            attempt += 1;
        }
    }

    /// Follows redirects that stay on the server: the token and what we know of people are for nobody else.
    async fn follow(&self, method: &Method, url: Url, body: Option<&Value>) -> Result<Fetched, RemoteError> {
        let mut url = url;
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(method.clone(), url, body).await?;
            let follow = match answer.status.as_u16() {
                301..=303 => *method == Method::GET,
                307 | 308 => true,
                _ => false,
            };
            if !follow {
                return Ok(answer);
            }
            let location = answer.headers.get(header::LOCATION);
            let target = location
                .and_then(|location| location.to_str().ok())
                .and_then(|location| answer.url.join(location).ok())
                .ok_or(RemoteError::Content("the app redirects to nowhere"))?;
            if target.origin() != self.base.origin() {
                return Err(RemoteError::Redirect);
            }
            url = target;
        }
        Err(FetchError::Redirects.into())
    }

    async fn once(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Fetched, RemoteError> {
        let mut fetch = Fetch::get(url, Trust::Admin)
            .method(method)
            .header(header::ACCEPT, MEDIA_TYPE)
            .largest_body(LARGEST)
            .time_limit(TIME_LIMIT);
        if let Some(body) = body {
            fetch = fetch.content(MEDIA_TYPE, body.to_string().into());
        }
        if let Some(token) = &self.token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| RemoteError::Token)?;
            fetch = fetch.authorization(value);
        }
        Ok(self.state.outbound.fetch(fetch).await?)
    }

    /// What a refusal says: the `detail` of a SCIM error (RFC 7644 §3.12), else the beginning of the text.
    fn refused(&self, method: Method, answer: &Fetched) -> RemoteError {
        let text = String::from_utf8_lossy(&answer.body);
        let error: Option<Value> = serde_json::from_str(&text).ok();
        let text = error
            .as_ref()
            .and_then(|error| error.get("detail"))
            .and_then(Value::as_str)
            .unwrap_or(&text);
        let mut detail: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // It may have been sent back.
        if let Some(token) = &self.token {
            detail = detail.replace(token.expose_secret(), HIDDEN);
        }
        let mut detail: String = detail
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_DETAIL)
            .collect();
        if !detail.is_empty() {
            detail.insert_str(0, ": ");
        }
        RemoteError::Status {
            method,
            status: answer.status.as_u16(),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (text, expected) in [
            ("https://scim.example/v2", Some("https://scim.example/v2")),
            (
                "http://10.0.0.1:8080/scim/v2/?a=1#x",
                Some("http://10.0.0.1:8080/scim/v2/?a=1"),
            ),
            ("https://scim.example", Some("https://scim.example/")),
            ("ftp://scim.example", None),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
            ("scim.example/v2", None),
            ("https://tim:secret@scim.example", None),
            ("https://", None),
        ] {
            assert_eq!(
                endpoint(text).ok().map(String::from).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_keep_the_query_and_encode_once() {
        let at = |base: &str, id: Option<&str>| {
            address(&Url::parse(base).unwrap(), ScimKind::User, id).map(String::from)
        };
        for (base, id, expected) in [
            ("https://a.example", None, "https://a.example/Users"),
            ("https://a.example/v2/", None, "https://a.example/v2/Users"),
            (
                "https://a.example/v2?tenant=1",
                Some("7"),
                "https://a.example/v2/Users/7?tenant=1",
            ),
            (
                "https://a.example/v2",
                Some("a/b"),
                "https://a.example/v2/Users/a%2Fb",
            ),
            (
                "https://a.example/v2",
                Some("a b%2Fé?#"),
                "https://a.example/v2/Users/a%20b%252F%C3%A9%3F%23",
            ),
        ] {
            assert_eq!(at(base, id).unwrap(), expected, "{base} {id:?}");
        }
        // Never the address of all users, or of something else.
        for id in ["", ".", ".."] {
            assert_eq!(
                at("https://a.example/v2", Some(id)),
                Err(RemoteError::Id),
                "{id:?}"
            );
        }
        assert_eq!(
            at("https://a.example/v2", Some("../Groups/1")).unwrap(),
            "https://a.example/v2/Users/..%2FGroups%2F1"
        );
    }

    #[test]
    fn pauses_are_as_asked_for_and_bounded() {
        let now = Timestamp(784_111_777_000);
        for (said, failed, expected) in [
            (None, 1, 500),
            (None, 2, 1000),
            (Some("2"), 1, 2000),
            (Some("0"), 1, 0),
            (Some("86400"), 1, 30_000),
            (Some("-5"), 1, 0),
            (Some("soon"), 1, 500),
            (Some("Sun, 06 Nov 1994 08:49:41 GMT"), 1, 4000),
            (Some("Sun, 06 Nov 1994 08:49:30 GMT"), 1, 0),
            (Some("99999999999999999999"), 1, 500),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(header::RETRY_AFTER, said.parse().unwrap());
            }
            assert_eq!(
                pause(&headers, failed, now),
                Duration::from_millis(expected),
                "{said:?}"
            );
        }
    }
}
