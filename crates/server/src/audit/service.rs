//! Writing audit entries.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pocket_id_store::audit_logs::{self, AuditLog};
use pocket_id_store::types::StringMap;
use pocket_id_store::types::UserId;
use pocket_id_store::users::User;
use pocket_id_store::{StoreResult, Tx};

use super::event::Event;
use super::ids::EntryIds;
use super::location::{self, Location};
use crate::clock::Clock;
use crate::http::access::ActingAdmin;
use crate::http::client_ip::RequestOrigin;
use crate::random::Random;
use crate::state::AppState;

/// The place of an address, as entries have it.
pub fn place(state: &AppState, ip: Option<IpAddr>) -> Location {
    location::of(ip, &state.config.local_ipv6_ranges, &state.places)
}

/// Adds an entry about a user's account.
pub async fn record(
    state: &AppState,
    tx: &Tx,
    event: Event,
    user: &User,
    origin: &RequestOrigin,
    data: impl IntoIterator<Item = (&'static str, String)>,
) -> StoreResult<()> {
    let data = data
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    insert(state, tx, event, Some((user.id, &user.username)), origin, data).await
}

/// Adds an entry about something an administrator changed: of an account, which it then is about, or of something else.
pub async fn record_change(
    state: &AppState,
    tx: &Tx,
    event: Event,
    by: &ActingAdmin,
    of: Option<&User>,
    data: impl IntoIterator<Item = (&'static str, String)>,
) -> StoreResult<()> {
    let about = of.unwrap_or(&by.user);
    let mut data: BTreeMap<String, String> = data
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    if about.id != by.user.id {
        data.insert("actorUserID".to_owned(), by.user.id.to_string());
        data.insert("actorUsername".to_owned(), by.user.username.clone());
    }
    insert(
        state,
        tx,
        event,
        Some((about.id, &about.username)),
        &by.origin,
        data,
    )
    .await
}

/// Adds an entry about what the command line did to an account, beside the server or without one.
pub async fn record_of_command(tx: &Tx, clock: &Clock, event: Event, user: &User) -> StoreResult<()> {
    let data = BTreeMap::from([("method".to_owned(), "command line".to_owned())]);
    let now = clock.now();
    let entry = AuditLog {
        id: EntryIds::default().next(Random, now),
        created_at: now,
        event: event.as_str().to_owned(),
        user_id: Some(user.id),
        username: user.username.clone(),
        client_name: None,
        ip_address: None,
        country: String::new(),
        city: String::new(),
        user_agent: String::new(),
        data: StringMap(data),
    };
    audit_logs::insert(tx, entry).await
}

/// Adds an entry.
pub(super) async fn insert(
    state: &AppState,
    tx: &Tx,
    event: Event,
    about: Option<(UserId, &str)>,
    origin: &RequestOrigin,
    mut data: BTreeMap<String, String>,
) -> StoreResult<()> {
    let (place, now) = (place(state, origin.ip), state.now());
    // PostgreSQL keeps no NUL in JSON, and nothing an entry is about has one.
    for value in data.values_mut() {
        if value.contains('\0') {
            *value = value.replace('\0', "\u{fffd}");
        }
    }
    audit_logs::insert(
        tx,
        AuditLog {
            id: state.entry_ids.next(state.random, now),
            created_at: now,
            event: event.as_str().to_owned(),
            user_id: about.map(|(id, _)| id),
            username: about.map_or_else(String::new, |(_, name)| name.to_owned()),
            client_name: data.get("clientName").cloned(),
            ip_address: origin.ip.map(|ip| ip.to_string()),
            country: place.country,
            city: place.city,
            user_agent: origin.user_agent.clone(),
            data: StringMap(data),
        },
    )
    .await
}
