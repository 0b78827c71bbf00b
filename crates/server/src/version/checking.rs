//! Looking up the newest release.

use http::header;
use pocket_id_store::{StoreResult, commit, kv};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Toggle;
use crate::outbound::{Fetch, FetchError, Trust};
use crate::state::AppState;

/// Where what was found is kept.
const KEY: &str = "latest_release";
/// Longest version that is believed.
const LONGEST: usize = 64;

/// A release, as found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its version, without a leading `v`.
    pub version: String,
    /// Its page for people.
    pub page: Option<String>,
    /// Where it was found: after a change of the address it counts no more.
    source: String,
}

/// What is read of an answer: GitHub, Forgejo and Gitea tell releases like this.
#[derive(Deserialize)]
struct Answer {
    tag_name: String,
    #[serde(default)]
    html_url: Option<String>,
}

/// Where to look, if anywhere.
fn source(state: &AppState) -> Option<&Url> {
    state
        .config
        .version_check_url
        .as_ref()
        .filter(|_| state.config.version_check == Toggle::On)
}

/// A version without `v`, if it is one: it ends up in pages.
fn version(tag: &str) -> Option<String> {
    let version = tag.strip_prefix('v').unwrap_or(tag);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    let believed = version.len() <= LONGEST
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(plain);
    believed.then(|| version.to_owned())
}

fn read(body: &[u8], source: &Url) -> Option<Release> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let page = answer
        .html_url
        .and_then(|page| Url::parse(&page).ok())
        .filter(|page| page.scheme() == "https")
        .map(String::from);
    Some(Release {
        version: version(&answer.tag_name)?,
        page,
        source: source.as_str().to_owned(),
    })
}

async fn ask(state: &AppState, source: &Url) -> Result<Release, FetchError> {
    let fetch = Fetch::get(source.clone(), Trust::Untrusted)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "pocket-id")
        .largest_body(512 * 1024)
        .time_limit(std::time::Duration::from_secs(5))
        .follow_redirects(3);
    let answer = state.outbound.fetch(fetch).await?.ok()?;
    read(&answer.body, source).ok_or_else(|| FetchError::Content("the answer names no release".to_owned()))
}

/// Looks the newest release up and puts it down. A failure is noted in the log; what was known stays.
pub async fn check(state: &AppState) -> StoreResult<()> {
    let Some(source) = source(state) else {
        return Ok(());
    };
    let release = match ask(state, source).await {
        Ok(release) => release,
        Err(error) => {
            tracing::info!(error = %error, "the newest release could not be looked up");
            return Ok(());
        }
    };
    let text = serde_json::to_string(&release).unwrap_or_default();
    let tx = state.store.begin().await?;
    kv::set(&tx, KEY, &text).await?;
    commit(tx).await
}

/// The newest release as far as it is known; none while nothing is looked up.
pub async fn latest(state: &AppState) -> StoreResult<Option<Release>> {
    let Some(source) = source(state) else {
        return Ok(None);
    };
    let known = kv::get(state.store.reader(), KEY).await?;
    let release: Option<Release> = known.and_then(|text| serde_json::from_str(&text).ok());
    Ok(release.filter(|release| release.source == source.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_believed() {
        for (tag, expected) in [
            ("v2.14.0", Some("2.14.0")),
            ("2.15.0-rc.1", Some("2.15.0-rc.1")),
            ("vv1", None),
            ("latest", None),
            ("1<script>", None),
            ("", None),
        ] {
            assert_eq!(version(tag).as_deref(), expected, "{tag}");
        }
        assert_eq!(version(&"1".repeat(65)), None);
    }
}
