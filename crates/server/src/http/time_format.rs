//! Dates on the wire: RFC 3339 in UTC.

use pocket_id_store::types::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment as `2025-08-01T10:00:00Z`, with a fraction when it has one.
pub fn rfc3339(moment: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000_000)
        .ok()
        .and_then(|date| date.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The moment an RFC 3339 text means.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let date = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(date.unix_timestamp_nanos() / 1_000_000)
        .ok()
        .map(Timestamp)
}

/// Serializes a moment as RFC 3339.
pub mod serde_rfc3339 {
    use super::{Timestamp, rfc3339};

    /// See the module.
    pub fn serialize<S: serde::Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(*moment))
    }
}

/// Serializes a moment as RFC 3339, or null.
pub mod serde_rfc3339_option {
    use super::{Timestamp, rfc3339};

    /// See the module.
    pub fn serialize<S: serde::Serializer>(
        moment: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => serializer.serialize_str(&rfc3339(*moment)),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_754_042_400_250, "2025-08-01T10:00:00.25Z"),
        ] {
            assert_eq!(rfc3339(Timestamp(millis)), text);
            assert_eq!(parse_rfc3339(text), Some(Timestamp(millis)));
        }
        assert_eq!(
            parse_rfc3339("2025-08-01T12:00:00+02:00"),
            Some(Timestamp(1_754_042_400_000))
        );
        assert_eq!(parse_rfc3339("2025-08-01"), None);
    }
}
