//! How long an answer may be kept (RFC 9111), as far as documents and keys fetched from others need it.

/// What an answer's headers say about caching. Moments are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachingHeaders {
    /// All `Cache-Control` values, joined by commas.
    pub cache_control: String,
    /// `Expires`; `Some(None)` when it is there and means nothing, which counts as the past (RFC 9111 §5.3).
    pub expires: Option<Option<i64>>,
    /// `Date`.
    pub date: Option<i64>,
    /// `Age`, in seconds.
    pub age: Option<i64>,
}

/// Whether an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Not at all.
    NoStore,
    /// So many seconds after it was made; 0 means to ask again each time.
    Lifetime(i64),
    /// The headers do not say.
    Unstated,
}

/// What the headers allow a shared cache.
pub fn freshness(headers: &CachingHeaders, now: i64) -> Freshness {
    let mut no_cache = false;
    let mut shared_age = None;
    let mut max_age = None;
    for directive in headers.cache_control.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || {
            // A number too large is a long time; anything else unreadable means stale (RFC 9111 §4.2.1).
            let digits = value.trim().trim_matches('"');
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                digits.parse().unwrap_or(i64::MAX)
            } else {
                0
            }
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => return Freshness::NoStore,
            "no-cache" => no_cache = true,
            // Of several the first counts, as for the shorter one an attacker in between could not gain anything.
            "s-maxage" => shared_age = shared_age.or_else(|| Some(seconds())),
            "max-age" => max_age = max_age.or_else(|| Some(seconds())),
            _ => {}
        }
    }
    if no_cache {
        return Freshness::Lifetime(0);
    }
    let lifetime = shared_age.or(max_age).or_else(|| {
        headers
            .expires
            .map(|expires| expires.map_or(0, |end| end.saturating_sub(headers.date.unwrap_or(now))))
    });
    lifetime.map_or(Freshness::Unstated, |seconds| Freshness::Lifetime(seconds.max(0)))
}

/// How old an answer is already, in seconds.
pub fn age(headers: &CachingHeaders, now: i64) -> i64 {
    let apparent = headers.date.map_or(0, |date| now.saturating_sub(date));
    apparent.max(headers.age.unwrap_or(0)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header() {
        let now = 1_000_000;
        let cases = [
            ("", None, None, Freshness::Unstated),
            ("no-store", None, None, Freshness::NoStore),
            ("max-age=60, No-Store", None, None, Freshness::NoStore),
            ("no-cache, max-age=60", None, None, Freshness::Lifetime(0)),
            ("public, max-age=60", None, None, Freshness::Lifetime(60)),
            ("max-age=\"60\"", None, None, Freshness::Lifetime(60)),
            ("max-age=60, max-age=90", None, None, Freshness::Lifetime(60)),
            ("max-age=60, s-maxage=30", None, None, Freshness::Lifetime(30)),
            ("max-age=60", None, Some(now - 50), Freshness::Lifetime(60)),
            ("max-age=x", None, None, Freshness::Lifetime(0)),
            ("max-age", None, None, Freshness::Lifetime(0)),
            ("max-age=-1", None, None, Freshness::Lifetime(0)),
            (
                "max-age=99999999999999999999",
                None,
                None,
                Freshness::Lifetime(i64::MAX),
            ),
            ("max-age=60", Some(Some(now + 9)), None, Freshness::Lifetime(60)),
            ("", Some(Some(now + 9)), None, Freshness::Lifetime(9)),
            ("", Some(Some(now + 9)), Some(now - 1), Freshness::Lifetime(10)),
            ("", Some(Some(now - 9)), None, Freshness::Lifetime(0)),
            ("", Some(None), None, Freshness::Lifetime(0)),
        ];
        for (cache_control, expires, date, expected) in cases {
            let headers = CachingHeaders {
                cache_control: cache_control.to_owned(),
                expires,
                date,
                age: None,
            };
            assert_eq!(freshness(&headers, now), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_answer_is_as_old_as_the_worse_of_two_signs_says() {
        let now = 1_000_000;
        for (date, age_header, expected) in [
            (None, None, 0),
            (None, Some(20), 20),
            (None, Some(-5), 0),
            (Some(now - 50), Some(20), 50),
            (Some(now - 10), Some(20), 20),
            (Some(now + 50), None, 0),
        ] {
            let headers = CachingHeaders {
                date,
                age: age_header,
                ..CachingHeaders::default()
            };
            assert_eq!(age(&headers, now), expected, "{headers:?}");
        }
    }
}
