//! The PostgreSQL connection string: libpq URLs and `key=value` strings, with the pool settings taken out.

use std::time::Duration;

use url::Url;

/// A PostgreSQL connection string, split into what the driver reads and what the pool reads.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// URL for the driver, pool parameters removed.
    pub url: String,
    /// `pool_max_conns`; default 4 or the number of cores, whichever is more.
    pub max_connections: u32,
    /// `pool_min_conns`.
    pub min_connections: u32,
    /// `pool_max_conn_lifetime`.
    pub max_lifetime: Duration,
    /// `pool_max_conn_idle_time`.
    pub idle_timeout: Duration,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

/// Why a PostgreSQL connection string was refused. Never holds the string: it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresOptionsError {
    /// Neither a URL nor `key=value` pairs.
    #[error("the PostgreSQL connection string is not a valid URL or list of key=value pairs")]
    Malformed,
    /// A pool parameter that does not parse.
    #[error("{0} in the PostgreSQL connection string has an invalid value")]
    Parameter(&'static str),
}

impl PostgresOptions {
    /// Reads a `postgres://` URL or a libpq `host=… dbname=…` string.
    pub fn parse(text: &str) -> Result<Self, PostgresOptionsError> {
        let mut url = if text.contains("://") {
            Url::parse(text).map_err(|_| PostgresOptionsError::Malformed)?
        } else {
            url_of_pairs(text)?
        };
        let cores = std::thread::available_parallelism().map_or(4, std::num::NonZero::get);
        let mut options = Self {
            url: String::new(),
            max_connections: u32::try_from(cores.max(4)).unwrap_or(4),
            min_connections: 0,
            max_lifetime: Duration::from_hours(1),
            idle_timeout: Duration::from_mins(30),
        };
        let mut rest: Vec<(String, String)> = Vec::new();
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "pool_max_conns" => {
                    options.max_connections = value
                        .parse()
                        .ok()
                        .filter(|number| *number > 0)
                        .ok_or(PostgresOptionsError::Parameter("pool_max_conns"))?;
                }
                "pool_min_conns" => {
                    options.min_connections = value
                        .parse()
                        .map_err(|_| PostgresOptionsError::Parameter("pool_min_conns"))?;
                }
                "pool_max_conn_lifetime" => {
                    options.max_lifetime =
                        duration(&value).ok_or(PostgresOptionsError::Parameter("pool_max_conn_lifetime"))?;
                }
                "pool_max_conn_idle_time" => {
                    options.idle_timeout =
                        duration(&value).ok_or(PostgresOptionsError::Parameter("pool_max_conn_idle_time"))?;
                }
                "pool_health_check_period" => {}
                _ => rest.push((key.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        options.url = url.into();
        Ok(options)
    }
}

/// `host=a port=5432 dbname='my db'` as a URL.
fn url_of_pairs(text: &str) -> Result<Url, PostgresOptionsError> {
    let mut url = Url::parse("postgres://localhost").map_err(|_| PostgresOptionsError::Malformed)?;
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut seen = false;
    for (key, value) in pairs(text)? {
        seen = true;
        let set = match key.as_str() {
            "host" if value.starts_with('/') => {
                parameters.push(("host".to_owned(), value));
                Ok(())
            }
            "host" => url.set_host(Some(&value)).map_err(|_| ()),
            "port" => value
                .parse()
                .map_err(|_| ())
                .and_then(|port| url.set_port(Some(port))),
            "user" => url.set_username(&value),
            "password" => url.set_password(Some(&value)),
            "dbname" => {
                url.set_path(&value);
                Ok(())
            }
            _ => {
                parameters.push((key, value));
                Ok(())
            }
        };
        set.map_err(|()| PostgresOptionsError::Malformed)?;
    }
    if !seen {
        return Err(PostgresOptionsError::Malformed);
    }
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    Ok(url)
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, PostgresOptionsError> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters
            .next_if(|character| character.is_whitespace())
            .is_some()
        {}
        if characters.peek().is_none() {
            return Ok(found);
        }
        let mut key = String::new();
        let mut assigned = false;
        for character in characters.by_ref() {
            if character == '=' {
                assigned = true;
                break;
            }
            key.push(character);
        }
        let quoted = characters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        let mut closed = !quoted;
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.push(characters.next().ok_or(PostgresOptionsError::Malformed)?),
                '\'' if quoted => {
                    closed = true;
                    break;
                }
                other if !quoted && other.is_whitespace() => break,
                other => value.push(other),
            }
        }
        let key = key.trim().to_ascii_lowercase();
        if !assigned || !closed || key.is_empty() || key.contains(char::is_whitespace) {
            return Err(PostgresOptionsError::Malformed);
        }
        found.push((key, value));
    }
}

/// `1h30m`, `90s`, `500ms`.
fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let number: u32 = number.parse().ok()?;
        let letters = tail
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return None,
        };
        total = total.checked_add(unit.checked_mul(number)?)?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_parameters_leave_the_url() {
        let options = PostgresOptions::parse(
            "postgresql://u:p@db:5433/pocket?sslmode=require&pool_max_conns=9&pool_max_conn_lifetime=1h30m",
        )
        .unwrap();
        assert_eq!(options.url, "postgresql://u:p@db:5433/pocket?sslmode=require");
        assert_eq!(options.max_connections, 9);
        assert_eq!(options.max_lifetime, Duration::from_mins(90));
    }

    #[test]
    fn key_value_strings_become_urls() {
        for (text, url) in [
            (
                "host=db port=5433 user=u password='a b' dbname=x",
                "postgres://u:a%20b@db:5433/x",
            ),
            (
                "dbname=x host=/run/postgresql",
                "postgres://localhost/x?host=%2Frun%2Fpostgresql",
            ),
            (r"host=db password=\'", "postgres://:'@db"),
        ] {
            assert_eq!(PostgresOptions::parse(text).unwrap().url, url, "{text}");
        }
    }

    #[test]
    fn each_fault_has_its_error_and_shows_no_secret() {
        for text in ["", "nonsense", "postgres://[", "host='open"] {
            assert_eq!(
                PostgresOptions::parse(text),
                Err(PostgresOptionsError::Malformed),
                "{text}"
            );
        }
        assert_eq!(
            PostgresOptions::parse("postgres://h/d?pool_max_conns=0"),
            Err(PostgresOptionsError::Parameter("pool_max_conns"))
        );
        let options = PostgresOptions::parse("postgres://u:hunter2@h/d").unwrap();
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
