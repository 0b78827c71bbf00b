//! How long something is to live, as API clients say it: seconds, or text such as `1h30m`.

use serde_json::Value;
use utoipa::ToSchema;

/// The longest there is: 31 days.
const MOST_SECONDS: i64 = 31 * 24 * 60 * 60;

/// Seconds, or text such as `1h30m`.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Lifetime {
    /// Seconds.
    Seconds(i64),
    /// Hours, minutes and seconds.
    Text(String),
}

/// Why a lifetime cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlError {
    /// Neither a number nor a text that says one.
    Form,
    /// Too short or too long.
    Range,
}

/// Seconds of a lifetime; nothing and zero mean the default.
pub fn seconds(value: Option<&Value>, default_seconds: i64) -> Result<i64, TtlError> {
    let nanoseconds = match value {
        None => 0.0,
        Some(Value::Number(number)) => number.as_f64().ok_or(TtlError::Form)?.trunc() * 1e9,
        Some(Value::String(text)) if text.is_empty() => 0.0,
        Some(Value::String(text)) => duration(text).ok_or(TtlError::Form)?,
        Some(_) => return Err(TtlError::Form),
    };
    if nanoseconds == 0.0 {
        return Ok(default_seconds);
    }
    in_range(nanoseconds / 1e9)
}

/// Seconds from now until a moment; a moment too far away is brought closer.
pub fn until(now_millis: i64, moment_millis: i64) -> Result<i64, TtlError> {
    let seconds = moment_millis.saturating_sub(now_millis) / 1000;
    if seconds <= 1 {
        return Err(TtlError::Range);
    }
    Ok(seconds.min(MOST_SECONDS))
}

fn in_range(seconds: f64) -> Result<i64, TtlError> {
    #[expect(clippy::cast_precision_loss, reason = "the limit is a small number")]
    if !(seconds > 1.0 && seconds <= MOST_SECONDS as f64) {
        return Err(TtlError::Range);
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 1 and the limit")]
    Ok(seconds as i64)
}

/// Nanoseconds of a text such as `1h30m`, `90s` or `1.5h`.
fn duration(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let factor = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    total.is_finite().then_some(sign * total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lifetimes() {
        for (value, expected) in [
            (json!(0), Ok(900)),
            (json!(""), Ok(900)),
            (json!("0"), Ok(900)),
            (json!(60), Ok(60)),
            (json!(60.9), Ok(60)),
            (json!("90s"), Ok(90)),
            (json!("1h30m"), Ok(5400)),
            (json!("1.5h"), Ok(5400)),
            (json!("744h"), Ok(2_678_400)),
            (json!("1500ms"), Ok(1)),
            (json!(1), Err(TtlError::Range)),
            (json!("1s"), Err(TtlError::Range)),
            (json!(-5), Err(TtlError::Range)),
            (json!("745h"), Err(TtlError::Range)),
            (json!(1e300), Err(TtlError::Range)),
            (json!("-1h"), Err(TtlError::Range)),
            (json!("-0"), Ok(900)),
            (json!("-"), Err(TtlError::Form)),
            (json!("+"), Err(TtlError::Form)),
            (json!("1d"), Err(TtlError::Form)),
            (json!("h"), Err(TtlError::Form)),
            (json!("5"), Err(TtlError::Form)),
            (json!("1h 5m"), Err(TtlError::Form)),
            (json!(true), Err(TtlError::Form)),
            (json!([]), Err(TtlError::Form)),
        ] {
            assert_eq!(seconds(Some(&value), 900), expected, "{value}");
        }
        assert_eq!(seconds(None, 900), Ok(900));
        assert_eq!(seconds(None, 3600), Ok(3600));
    }

    #[test]
    fn moments() {
        assert_eq!(until(1_000, 61_000), Ok(60));
        assert_eq!(until(0, i64::MAX), Ok(MOST_SECONDS));
        assert_eq!(until(10_000, 11_500), Err(TtlError::Range));
        assert_eq!(until(10_000, 0), Err(TtlError::Range));
    }
}
