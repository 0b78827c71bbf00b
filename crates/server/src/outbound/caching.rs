//! The caching headers of an answer.

use http::{HeaderMap, header};
use pocket_id_oidc::http_caching::CachingHeaders;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Reads them.
pub fn caching_headers(headers: &HeaderMap) -> CachingHeaders {
    let texts: Vec<&str> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    CachingHeaders {
        cache_control: texts.join(","),
        expires: text(header::EXPIRES).map(http_date),
        date: text(header::DATE).and_then(http_date),
        age: text(header::AGE).and_then(|age| age.trim().parse().ok()),
    }
}

/// An `IMF-fixdate` (RFC 9110 §5.6.7) as Unix seconds.
pub fn http_date(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text.trim(), &Rfc2822)
        .ok()
        .map(OffsetDateTime::unix_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_leniently() {
        let mut headers = HeaderMap::new();
        assert_eq!(caching_headers(&headers), CachingHeaders::default());
        headers.append(header::CACHE_CONTROL, "public".parse().unwrap());
        headers.append(header::CACHE_CONTROL, "max-age=5".parse().unwrap());
        headers.insert(header::EXPIRES, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        headers.insert(header::DATE, "yesterday".parse().unwrap());
        headers.insert(header::AGE, " 7".parse().unwrap());
        assert_eq!(
            caching_headers(&headers),
            CachingHeaders {
                cache_control: "public,max-age=5".to_owned(),
                expires: Some(Some(784_111_777)),
                date: None,
                age: Some(7),
            }
        );
        headers.insert(header::EXPIRES, "0".parse().unwrap());
        assert_eq!(caching_headers(&headers).expires, Some(None));
    }
}
