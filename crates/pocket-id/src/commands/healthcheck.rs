//! `pocket-id healthcheck`: asks `/healthz` of the running server, so that no curl is needed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use pocket_id_server::config::Toggle;
use thiserror::Error;

use crate::environment::HealthTarget;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments of `healthcheck`.
#[derive(Args)]
pub struct HealthcheckArgs {
    /// Where the server answers [default: http://localhost:<PORT>, https if TLS is configured]
    #[arg(short, long, value_name = "URL")]
    endpoint: Option<String>,
    /// Ask through this Unix socket [default: UNIX_SOCKET, unless --endpoint is given]
    #[arg(long, value_name = "PATH")]
    unix_socket: Option<PathBuf>,
    /// Say something on success too
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Error)]
enum HealthcheckError {
    #[error("the server answered with status {0}")]
    Status(u16),
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Asks, and exits 0 if the server is well, 1 if not.
pub fn run(arguments: &HealthcheckArgs, target: HealthTarget) -> ExitCode {
    let request = Request::new(arguments, target);
    let start = Instant::now();
    let result = ask(&request);
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let socket = request
        .unix_socket
        .as_ref()
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    match result {
        Ok(status) => {
            if arguments.verbose {
                tracing::info!(
                    status,
                    url = request.url,
                    unixSocket = socket,
                    ms,
                    "Healthcheck succeeded"
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            let error = crate::serve::chain(&error);
            tracing::error!(
                error,
                url = request.url,
                unixSocket = socket,
                ms,
                "Healthcheck failed"
            );
            ExitCode::FAILURE
        }
    }
}

struct Request {
    url: String,
    unix_socket: Option<PathBuf>,
    tls: Toggle,
}

impl Request {
    fn new(arguments: &HealthcheckArgs, target: HealthTarget) -> Self {
        let unix_socket = match (&arguments.unix_socket, &arguments.endpoint) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(_)) => None,
            (None, None) => target.unix_socket,
        };
        let endpoint = arguments.endpoint.clone().unwrap_or_else(|| {
            let scheme = if target.tls.is_on() { "https" } else { "http" };
            format!("{scheme}://localhost:{}", target.port)
        });
        Self {
            url: format!("{}/healthz", endpoint.trim_end_matches('/')),
            unix_socket,
            tls: target.tls,
        }
    }
}

fn ask(request: &Request) -> Result<u16, HealthcheckError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Our own certificate need not be valid for "localhost"; this asks ourselves, nobody else.
        let mut client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .tls_danger_accept_invalid_certs(request.tls.is_on());
        if let Some(path) = &request.unix_socket {
            client = client.unix_socket(path.as_path());
        }
        let response = client.build()?.get(&request.url).send().await?;
        let status = response.status();
        if status.is_success() {
            Ok(status.as_u16())
        } else {
            Err(HealthcheckError::Status(status.as_u16()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_looked_for_where_it_listens_unless_told_otherwise() {
        let row = |endpoint: Option<&str>, flag: Option<&str>, socket: Option<&str>, tls| {
            let arguments = HealthcheckArgs {
                endpoint: endpoint.map(str::to_owned),
                unix_socket: flag.map(PathBuf::from),
                verbose: false,
            };
            let target = HealthTarget {
                unix_socket: socket.map(PathBuf::from),
                port: "81".to_owned(),
                tls,
            };
            let request = Request::new(&arguments, target);
            (
                request.url,
                request.unix_socket.map(|path| path.display().to_string()),
            )
        };
        let url = |text: &str| text.to_owned();
        let path = |text: &str| Some(text.to_owned());
        assert_eq!(
            row(None, None, None, Toggle::Off),
            (url("http://localhost:81/healthz"), None)
        );
        assert_eq!(
            row(None, None, None, Toggle::On),
            (url("https://localhost:81/healthz"), None)
        );
        assert_eq!(
            row(None, None, Some("/s"), Toggle::Off),
            (url("http://localhost:81/healthz"), path("/s"))
        );
        assert_eq!(
            row(Some("http://h/"), None, Some("/s"), Toggle::Off),
            (url("http://h/healthz"), None)
        );
        assert_eq!(
            row(Some("http://h"), Some("/f"), Some("/s"), Toggle::Off),
            (url("http://h/healthz"), path("/f"))
        );
    }
}
