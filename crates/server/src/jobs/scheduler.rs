//! Runs each job when it is due and nobody else has it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use pocket_id_store::{StoreResult, commit, jobs};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cleanup;
use crate::sessions::deliveries;
use crate::state::AppState;
use crate::{api_keys, geolite, login_codes, mail, scim, version};

type Run = for<'s> fn(&'s AppState) -> Pin<Box<dyn Future<Output = StoreResult<()>> + Send + 's>>;

/// A job and how often it runs.
struct Job {
    name: &'static str,
    every: Duration,
    run: Run,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// How long a run may hold its lease before another replica takes over, in milliseconds.
const LEASE_MILLIS: i64 = 10 * 60 * 1000;
/// How often logout tokens to be delivered, mail to be sent and apps to be told are looked for.
const DELIVERY_TICK: Duration = Duration::from_secs(5);
/// What is looked for so often, after what the log says when it fails.
const DELIVERIES: [(&str, Run); 2] = [
    ("logout tokens could not be delivered", |state| {
        Box::pin(deliveries::run_due(state))
    }),
    ("apps could not be told of users and groups", |state| {
        Box::pin(scim::sync_due(state))
    }),
];
/// How often jobs are looked at.
const TICK: Duration = Duration::from_mins(1);

const JOBS: &[Job] = &[
    Job {
        name: "ClearOAuth2Sessions",
        every: DAY,
        run: |state| Box::pin(cleanup::tokens(state)),
    },
    Job {
        name: "ClearOAuth2JTIs",
        every: DAY,
        run: |state| Box::pin(cleanup::jtis(state)),
    },
    Job {
        name: "ClearInteractionSessions",
        every: DAY,
        run: |state| Box::pin(cleanup::interactions(state)),
    },
    Job {
        name: "ClearWebauthnSessions",
        every: DAY,
        run: |state| Box::pin(cleanup::challenges(state)),
    },
    Job {
        name: "ClearReauthenticationTokens",
        every: DAY,
        run: |state| Box::pin(cleanup::reauthentication_tokens(state)),
    },
    Job {
        name: "ClearSessions",
        every: DAY,
        run: |state| Box::pin(cleanup::sessions(state)),
    },
    Job {
        name: "ClearSigningKeys",
        every: DAY,
        run: |state| Box::pin(cleanup::signing_keys(state)),
    },
    Job {
        name: "ClearRegisteredClients",
        every: DAY,
        run: |state| Box::pin(cleanup::registered_clients(state)),
    },
    Job {
        name: "ClearAuditLogs",
        every: DAY,
        run: |state| Box::pin(cleanup::audit_logs(state)),
    },
    Job {
        name: "ExpiredApiKeyEmailJob",
        every: DAY,
        run: |state| Box::pin(api_keys::announce_ends(state)),
    },
    Job {
        name: "CheckVersion",
        every: HOUR,
        run: |state| Box::pin(version::check(state)),
    },
    Job {
        name: "CompactAuditLogCounts",
        every: HOUR,
        run: |state| Box::pin(cleanup::audit_log_counts(state)),
    },
];

/// The running scheduler.
pub struct Scheduler {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Scheduler {
    /// Stops after the job that is running, if any.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Starts the scheduler and this process's own housekeeping.
pub fn start(state: &AppState) -> Scheduler {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    if state.config.runs_schedules() {
        tasks.spawn(run_jobs(state.clone(), stop.clone()));
        for (what, due) in DELIVERIES {
            tasks.spawn(until(stop.clone(), do_what_is_due(what, due, state.clone())));
        }
        tasks.spawn(send_mail(state.clone(), stop.clone()));
        // The file is this process's own: no lease.
        tasks.spawn(until(stop.clone(), geolite::watch(state.clone())));
        tasks.spawn(until(stop.clone(), geolite::keep_fresh(state.clone())));
    }
    tasks.spawn(forget_idle_buckets(state.clone(), stop.clone()));
    Scheduler { stop, tasks }
}

async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => {}
    }
}

async fn run_jobs(state: AppState, stop: CancellationToken) {
    let owner = state.random.uuid().to_string();
    loop {
        for job in JOBS {
            if stop.is_cancelled() {
                return;
            }
            if let Err(error) = run_if_due(&state, job, &owner).await {
                tracing::error!(job = job.name, error = %error, "job failed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Does what is due, again and again. Whatever it is has leases of its own, so every replica may; what is not finished at
/// the end is begun again.
async fn do_what_is_due(what: &'static str, due: Run, state: AppState) {
    loop {
        tokio::time::sleep(DELIVERY_TICK).await;
        if let Err(error) = due(&state).await {
            tracing::error!(error = %error, "{what}");
        }
    }
}

/// Sends mail whose time has come, at once what this process wrote itself. Each has a lease of its own, so every
/// replica may.
async fn send_mail(state: AppState, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(DELIVERY_TICK) => {}
            () = state.mail.notified() => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            done = mail_due(&state) => match done {
                // New requests are answered in between.
                Ok(true) => state.mail.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::error!(error = %error, "mail could not be sent"),
            },
            () = stop.cancelled() => return,
        }
    }
}

/// Writes the mail that was asked for and sends some of what is due. Tells whether more may be due.
pub async fn mail_due(state: &AppState) -> StoreResult<bool> {
    login_codes::answer_requests(state).await?;
    mail::run_due(state).await
}

/// Leases a due job, runs it, and sets its next time. A run that fails or dies is due again when its lease ends.
async fn run_if_due(state: &AppState, job: &Job, owner: &str) -> StoreResult<()> {
    let now = state.now();
    match jobs::next_run(state.store.reader(), job.name).await? {
        Some(due) if now < due => return Ok(()),
        Some(_) => {}
        None => {
            let tx = state.store.begin().await?;
            jobs::register(&tx, job.name, now).await?;
            commit(tx).await?;
        }
    }
    let tx = state.store.begin().await?;
    let leased = jobs::lease(&tx, job.name, owner, now, now.plus_millis(LEASE_MILLIS)).await?;
    commit(tx).await?;
    if !leased {
        return Ok(());
    }
    (job.run)(state).await?;
    let now = state.now();
    let every = i64::try_from(job.every.as_millis()).unwrap_or(i64::MAX);
    let tx = state.store.begin().await?;
    jobs::complete(&tx, job.name, owner, now, now.plus_millis(every)).await?;
    commit(tx).await
}

async fn forget_idle_buckets(state: AppState, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_mins(5)) => state.rate_limits.forget_idle(),
            () = stop.cancelled() => return,
        }
    }
}
