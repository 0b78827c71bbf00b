//! `pocket-id` without a command: the server.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use pocket_id_server::config::{Config, FileBackendConfig, TelemetryConfig};
use pocket_id_server::random::Random;
use pocket_id_server::{App, StartError, start};
use tokio_util::sync::CancellationToken;

use crate::environment::{KeyFileError, KeyFileOutcome, obtain_encryption_key};
use crate::serve::{self, BindError, Tls, TlsError};

/// How long background threads may take to end after everything is closed.
const LAST_THREADS: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("no encryption key")]
    EncryptionKey(#[from] KeyFileError),
    #[error("cannot start the asynchronous runtime")]
    Runtime(#[source] io::Error),
    #[error("cannot handle signals")]
    Signals(#[source] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Runs the server until a signal or a fatal error.
pub fn run(config: Config) -> ExitCode {
    tracing::info!("Pocket ID is starting");
    match run_to_the_end(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = serve::chain(&error), "Failed to run pocket-id");
            ExitCode::FAILURE
        }
    }
}

fn run_to_the_end(mut config: Config) -> Result<(), RunError> {
    report_encryption_key(&obtain_encryption_key(&mut config, || Random.bytes())?);
    report_settings_without_effect(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let result = runtime.block_on(run_until_stopped(config));
    runtime.shutdown_timeout(LAST_THREADS);
    result
}

async fn run_until_stopped(config: Config) -> Result<(), RunError> {
    let stop = serve::stop_on_signal().map_err(RunError::Signals)?;
    let tls = config.tls.as_ref().map(Tls::load).transpose()?;
    let app = tokio::select! {
        app = start(config.clone()) => app?,
        // Whatever was under way is a transaction that never commits.
        () = stop.cancelled() => return Ok(()),
    };
    let result = serve_app(&config, &app, tls, stop).await;
    app.shutdown().await;
    if result.is_ok() {
        tracing::info!("Pocket ID has stopped");
    }
    result
}

async fn serve_app(
    config: &Config,
    app: &App,
    tls: Option<Tls>,
    stop: CancellationToken,
) -> Result<(), RunError> {
    let listener = serve::bind(&config.listen, &config.proxy_protocol).await?;
    tracing::info!(addr = listener.address(), tls = tls.is_some(), "Server listening");
    if app.setup_required {
        let url = config.app_url.join("/setup");
        tracing::info!(
            url,
            "Nobody has an account yet: create the first administrator at {url}"
        );
    }
    if let Some(tls) = &tls {
        tokio::spawn(tls.watch(stop.clone()));
    }
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(error = %error, "Cannot tell the service manager that the server is ready");
    }
    serve::serve(
        listener,
        app.router.clone(),
        tls,
        config.proxy_protocol.clone(),
        stop,
    )
    .await;
    Ok(())
}

fn report_encryption_key(outcome: &KeyFileOutcome) {
    match outcome {
        KeyFileOutcome::Configured | KeyFileOutcome::Found(_) => {}
        KeyFileOutcome::Created(path) => tracing::info!(
            file = %path.display(),
            "No ENCRYPTION_KEY is set: created one. Keep this file with your backups, it protects what is stored"
        ),
        KeyFileOutcome::FoundReadableByOthers(path) => tracing::warn!(
            file = %path.display(),
            "The encryption key can be read by other users of this machine: set its mode to 0600"
        ),
    }
}

/// Says aloud which settings are understood but change nothing yet, so that nobody relies on them.
fn report_settings_without_effect(config: &Config) {
    let settings = [
        (
            config.telemetry != TelemetryConfig::off(),
            "the OpenTelemetry exporters",
        ),
        (
            matches!(config.files, FileBackendConfig::S3(_)),
            "FILE_BACKEND=s3",
        ),
    ];
    for (_, setting) in settings.into_iter().filter(|(set, _)| *set) {
        tracing::warn!(setting, "A setting has no effect in this version yet");
    }
}
