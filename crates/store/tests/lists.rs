//! Lists against a naive reading of the same rows: the right page in the right order with the exact total, whatever is
//! sorted, searched and filtered by; found in two queries, by an index.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pocket_id_store::audit_logs::{self, AuditLog, INTERNAL_NETWORK, Scope};
use pocket_id_store::clients::{self, Client, TokenDurations};
use pocket_id_store::entity::{audit_log, group_member, user, user_group};
use pocket_id_store::groups::UserGroup;
use pocket_id_store::list::{Direction, ListRequest, Page};
use pocket_id_store::types::{AuditLogId, ClientId, GroupId, StringMap, Timestamp, UserId};
use pocket_id_store::users::User;
use pocket_id_store::{Engine, Store, client_lists, commit, groups, users};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, IntoActiveModel, Statement,
};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

const USERS: u64 = 600;
const GROUPS: u64 = 150;
const ENTRIES: u64 = 3000;
/// For plans: of fewer rows PostgreSQL would rather read all.
const MANY: u64 = 12_000;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Some day: lists do not know today.
const BEGINNING: i64 = 1_700_000_000_000;

const EVENTS: [&str; 5] = [
    "SIGN_IN",
    "CLIENT_AUTHORIZATION",
    "SIGN_OUT",
    "USER_UPDATED",
    "TOKEN_EXCHANGE",
];
const RARE: &str = "PASSKEY_ADDED";

async fn open(engine: Engine) -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let address = match engine {
        Engine::Sqlite => folder.path().join("data/test.db").to_string_lossy().into_owned(),
        Engine::Postgres => new_postgres_database(folder.path()).await,
    };
    (Store::open(engine, &address).await.unwrap(), folder)
}

async fn new_postgres_database(unique: &std::path::Path) -> String {
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        unreachable!("TEST_POSTGRES_URL is not set: run the tests with `make test`");
    };
    let name: String = unique
        .to_string_lossy()
        .to_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let name = format!("lists_{name}_{}", std::process::id());
    let connection = Database::connect(&server).await.unwrap();
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    url.into()
}

/// Looks random and is always the same.
fn dice(number: u64, which: u64, sides: u64) -> u64 {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ which.wrapping_mul(0xd1b5_4a32_d192_ed03);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state ^ (state >> 31)) % sides
}

fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(dice(number, kind, u64::MAX), number)
}

fn person(number: u64) -> User {
    let first =
        ["Ada", "Grace", "Émile", "tim", "100%", "under_score"][usize::try_from(dice(number, 1, 6)).unwrap()];
    let last =
        ["Lovelace", "Hopper", "Zola", "", "Back\\slash"][usize::try_from(dice(number, 2, 5)).unwrap()];
    User {
        id: UserId(id(1, number)),
        username: format!("User{}.{number}", dice(number, 3, 50)),
        email: (dice(number, 4, 10) > 0)
            .then(|| format!("Mail{}@{}.example.com", number, dice(number, 5, 9))),
        email_verified: dice(number, 6, 2) == 0,
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        display_name: format!("{first} {last}"),
        is_admin: dice(number, 7, 100) == 0,
        disabled: dice(number, 8, 10) == 0,
        locale: None,
        ldap_id: None,
        phone_number: None,
        phone_number_verified: false,
        address: None,
        // Several of the same moment.
        created_at: Timestamp(BEGINNING + i64::try_from(dice(number, 9, 500)).unwrap()),
        updated_at: None,
    }
}

fn group(number: u64) -> UserGroup {
    UserGroup {
        id: GroupId(id(2, number)),
        friendly_name: format!("Team {}", dice(number, 1, 30)),
        name: format!("Team_{number}"),
        ldap_id: None,
        created_at: Timestamp(BEGINNING + i64::try_from(dice(number, 2, 100)).unwrap()),
        updated_at: None,
    }
}

fn entry(number: u64) -> AuditLog {
    let about = dice(number, 1, 40);
    let internal = dice(number, 2, 3) == 0;
    let client = match dice(number, 3, 8) {
        0..4 => None,
        4 => Some(String::new()),
        other => Some(format!("Application {other}")),
    };
    AuditLog {
        id: AuditLogId(id(3, number)),
        // Forty days, some moments twice.
        created_at: Timestamp(
            BEGINNING
                + i64::try_from(dice(number, 4, ENTRIES)).unwrap()
                    * (40 * DAY / i64::try_from(ENTRIES).unwrap()),
        ),
        event: if number % 701 == 5 {
            RARE.to_owned()
        } else {
            EVENTS[usize::try_from(dice(number, 5, 5)).unwrap()].to_owned()
        },
        user_id: (about > 0).then(|| UserId(id(1, about))),
        username: format!("user{about}"),
        client_name: client,
        ip_address: (dice(number, 6, 9) > 0).then(|| format!("192.0.2.{}", dice(number, 7, 200))),
        country: if internal {
            INTERNAL_NETWORK.to_owned()
        } else {
            format!("Country {}", dice(number, 8, 9))
        },
        city: format!("City {}", dice(number, 9, 60)),
        user_agent: format!("Firefox/{}", dice(number, 10, 20)),
        data: StringMap::default(),
    }
}

/// Inserts many rows of a table.
async fn insert<E>(store: &Store, rows: impl Iterator<Item = E::Model>)
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let rows: Vec<E::ActiveModel> = rows.map(|row| row.into_active_model().reset_all()).collect();
    let tx = store.begin().await.unwrap();
    for some in rows.chunks(500) {
        E::insert_many(some.to_vec())
            .exec_without_returning(&tx)
            .await
            .unwrap();
    }
    commit(tx).await.unwrap();
}

async fn settle(store: &Store) {
    if store.engine() == Engine::Postgres {
        store.reader().execute_unprepared("VACUUM ANALYZE").await.unwrap();
    }
}

/// A connection that notes its statements.
fn watched(store: &Store) -> (DatabaseConnection, Arc<Mutex<Vec<Statement>>>) {
    let mut connection = store.reader().clone();
    let statements = Arc::new(Mutex::new(Vec::new()));
    let noted = statements.clone();
    connection.set_metric_callback(move |info| noted.lock().unwrap().push(info.statement.clone()));
    (connection, statements)
}

fn request(page: u64, limit: u64, sort: Option<(&str, Direction)>) -> ListRequest {
    ListRequest {
        page,
        limit,
        sort: sort.map(|(key, direction)| (key.to_owned(), direction)),
        ..ListRequest::default()
    }
}

fn with_filters(mut request: ListRequest, filters: &[(&str, &[&str])]) -> ListRequest {
    request.filters = filters
        .iter()
        .map(|(key, values)| {
            (
                (*key).to_owned(),
                values.iter().map(|value| (*value).to_owned()).collect(),
            )
        })
        .collect();
    request
}

/// Pages worth a look: the first ones, around the middle, the last, and one past the end.
fn pages(total: usize, limit: usize) -> Vec<u64> {
    let last = total.div_ceil(limit).max(1);
    let mut pages = vec![1, last / 2, last, last + 7];
    pages.retain(|page| *page > 0);
    pages.dedup();
    pages.into_iter().map(|page| page as u64).collect()
}

/// Holds a page against all rows in order.
fn assert_page<T: PartialEq + std::fmt::Debug>(page: &Page<T>, all: &[T], request: &ListRequest) {
    let limit = usize::try_from(request.limit).unwrap();
    assert_eq!(page.total_items, all.len() as u64, "total of {request:?}");
    let last = all.len().div_ceil(limit).max(1) as u64;
    assert_eq!(page.total_pages, last, "{request:?}");
    assert_eq!(page.current_page, request.page.clamp(1, last), "{request:?}");
    let from = usize::try_from((page.current_page - 1) * request.limit).unwrap();
    let expected = &all[from.min(all.len())..(from + limit).min(all.len())];
    assert!(
        page.items == expected,
        "{request:?}\nexpected {expected:#?}\nbut found {:#?}",
        page.items
    );
}

/// Texts as an engine orders them where some are missing.
fn with_missing(engine: Engine, one: Option<&str>, other: Option<&str>) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) if engine == Engine::Sqlite => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => with_missing(engine, other, one).reverse(),
        (Some(one), Some(other)) => one.cmp(other),
    }
}

fn sorted<T: Clone>(rows: &[T], direction: Direction, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut rows = rows.to_vec();
    rows.sort_by(|one, other| match direction {
        Direction::Ascending => compare(one, other),
        Direction::Descending => compare(other, one),
    });
    rows
}

const BOTH_WAYS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

async fn the_audit_log_is_listed_right(engine: Engine) {
    let (store, _folder) = open(engine).await;
    let mut all: Vec<AuditLog> = (0..ENTRIES).map(entry).collect();
    insert::<audit_log::Entity>(&store, all.iter().cloned()).await;
    audit_log_agrees(&store, &all).await;

    // The same when old entries are gone, before and after the counts are added up.
    let oldest = Timestamp(BEGINNING + 9 * DAY);
    let tx = store.begin().await.unwrap();
    let mut deleted = 0;
    loop {
        let piece = audit_logs::delete_older_than(&tx, oldest, 700).await.unwrap();
        deleted += piece;
        if piece < 700 {
            break;
        }
    }
    commit(tx).await.unwrap();
    all.retain(|entry| entry.created_at >= oldest);
    assert_eq!(deleted + all.len() as u64, ENTRIES);
    audit_log_agrees(&store, &all).await;
    let tx = store.begin().await.unwrap();
    audit_logs::compact_counts(&tx).await.unwrap();
    commit(tx).await.unwrap();
    audit_log_agrees(&store, &all).await;
}

/// Keys and values.
type Filters<'a> = Vec<(&'a str, Vec<&'a str>)>;

async fn audit_log_agrees(store: &Store, all: &[AuditLog]) {
    let engine = store.engine();
    let user = UserId(id(1, 3));
    let (text, other) = (user.to_string(), UserId(id(1, 8)).to_string());
    let filters: Vec<(Scope, Filters<'_>)> = vec![
        (Scope::Everybody, vec![]),
        (Scope::Everybody, vec![("event", vec!["SIGN_IN"])]),
        (Scope::Everybody, vec![("event", vec![RARE])]),
        (
            Scope::Everybody,
            vec![("event", vec!["SIGN_IN", RARE, "SIGN_IN"])],
        ),
        (Scope::Everybody, vec![("event", vec!["NEVER"])]),
        (Scope::Everybody, vec![("event", vec![])]),
        (Scope::Everybody, vec![("userID", vec![&text])]),
        (Scope::Everybody, vec![("userID", vec![&text, &other])]),
        (Scope::Everybody, vec![("userID", vec!["not an id"])]),
        (Scope::Everybody, vec![("clientName", vec!["Application 5"])]),
        (Scope::Everybody, vec![("clientName", vec![""])]),
        (
            Scope::Everybody,
            vec![("clientName", vec!["Application 5", "Application 7"])],
        ),
        (Scope::Everybody, vec![("location", vec!["internal"])]),
        (Scope::Everybody, vec![("location", vec!["external"])]),
        (Scope::Everybody, vec![("location", vec!["external", "internal"])]),
        (Scope::Everybody, vec![("location", vec!["elsewhere"])]),
        (
            Scope::Everybody,
            vec![
                ("event", vec!["SIGN_IN", "SIGN_OUT"]),
                ("location", vec!["internal"]),
            ],
        ),
        (
            Scope::Everybody,
            vec![
                ("userID", vec![&text, &other]),
                ("clientName", vec!["", "Application 6"]),
            ],
        ),
        (
            Scope::Everybody,
            vec![
                ("clientName", vec!["Application 6"]),
                ("event", vec!["SIGN_IN"]),
                ("location", vec!["external"]),
            ],
        ),
        (Scope::Of(user), vec![]),
        (Scope::Of(user), vec![("event", vec!["SIGN_IN"])]),
        (Scope::Of(user), vec![("userID", vec![&other])]),
        // What only administrators filter by is not heard.
        (
            Scope::Of(user),
            vec![
                ("clientName", vec!["Application 6"]),
                ("location", vec!["internal"]),
            ],
        ),
    ];
    for (scope, filters) in &filters {
        let left: Vec<AuditLog> = all
            .iter()
            .filter(|entry| passes(entry, *scope, filters))
            .cloned()
            .collect();
        let borrowed: Vec<(&str, &[&str])> = filters
            .iter()
            .map(|(key, values)| (*key, values.as_slice()))
            .collect();
        let mut orders: Vec<Option<(&str, Direction)>> = vec![None];
        for key in ["event", "ipAddress", "country", "city", "userAgent", "createdAt"] {
            orders.extend(BOTH_WAYS.map(|direction| Some((key, direction))));
        }
        for sort in orders {
            let (key, direction) = sort.unwrap_or(("createdAt", Direction::Descending));
            let expected = sorted(&left, direction, |one, other| {
                let first = match key {
                    "event" => one.event.cmp(&other.event),
                    "ipAddress" => {
                        with_missing(engine, one.ip_address.as_deref(), other.ip_address.as_deref())
                    }
                    "country" => one.country.cmp(&other.country),
                    "city" => one.city.cmp(&other.city),
                    "userAgent" => one.user_agent.cmp(&other.user_agent),
                    _ => Ordering::Equal,
                };
                first.then((one.created_at, one.id.0).cmp(&(other.created_at, other.id.0)))
            });
            let mut numbers = pages(expected.len(), 20);
            if key == "event" {
                // Pages that end one event and begin the next.
                let changes = expected
                    .windows(2)
                    .enumerate()
                    .filter(|(_, pair)| pair[0].event != pair[1].event);
                numbers.extend(changes.map(|(index, _)| (index as u64 + 1) / 20 + 1));
            }
            for page in numbers {
                let request = with_filters(request(page, 20, sort), &borrowed);
                let (connection, statements) = watched(store);
                let found = audit_logs::list(&connection, *scope, &request).await.unwrap();
                assert_page(&found, &expected, &request);
                assert!(statements.lock().unwrap().len() <= 2, "{request:?}");
            }
        }
    }
}

fn passes(entry: &AuditLog, scope: Scope, filters: &[(&str, Vec<&str>)]) -> bool {
    let everybody = scope == Scope::Everybody;
    let id = entry.user_id.map(|id| id.to_string()).unwrap_or_default();
    let internal = entry.country == INTERNAL_NETWORK;
    let own = match scope {
        Scope::Everybody => true,
        Scope::Of(user) => entry.user_id == Some(user),
    };
    own && filters.iter().all(|(key, values)| match *key {
        "event" => values.contains(&entry.event.as_str()),
        "userID" => !id.is_empty() && values.contains(&id.as_str()),
        "clientName" if everybody => entry
            .client_name
            .as_deref()
            .is_some_and(|name| values.contains(&name)),
        "location" if everybody => values.contains(&if internal { "internal" } else { "external" }),
        _ => true,
    })
}

fn user_order(engine: Engine, key: &str, one: &User, other: &User) -> Ordering {
    let first = match key {
        "username" => one.username.cmp(&other.username),
        "email" => with_missing(engine, one.email.as_deref(), other.email.as_deref()),
        "emailVerified" => one.email_verified.cmp(&other.email_verified),
        "firstName" => one.first_name.cmp(&other.first_name),
        "lastName" => one.last_name.cmp(&other.last_name),
        "displayName" => one.display_name.cmp(&other.display_name),
        "isAdmin" => one.is_admin.cmp(&other.is_admin),
        "disabled" => one.disabled.cmp(&other.disabled),
        _ => Ordering::Equal,
    };
    first.then((one.created_at, one.id.0).cmp(&(other.created_at, other.id.0)))
}

const USER_SORTS: [&str; 9] = [
    "username",
    "email",
    "emailVerified",
    "firstName",
    "lastName",
    "displayName",
    "isAdmin",
    "disabled",
    "createdAt",
];

async fn users_are_listed_right(engine: Engine) {
    let (store, _folder) = open(engine).await;
    let all: Vec<User> = (0..USERS).map(person).collect();
    insert::<user::Entity>(&store, all.iter().cloned()).await;
    let contains = |user: &User, text: &str| {
        [
            user.email.as_deref().unwrap_or_default(),
            &user.first_name,
            &user.last_name,
            &user.username,
        ]
        .iter()
        .any(|part| part.to_ascii_lowercase().contains(text))
    };
    for search in [
        None,
        Some("GRACE"),
        Some("100%"),
        Some("_score"),
        Some("k\\s"),
        Some(".example.com"),
        Some("nobody"),
        Some("a\u{1f}l"),
    ] {
        for filters in [
            &[] as &[(&str, &[&str])],
            &[("isAdmin", &["true"])],
            &[("disabled", &["false"]), ("emailVerified", &["true"])],
            &[("disabled", &["false", "true"])],
            &[("isAdmin", &["perhaps"])],
        ] {
            let left: Vec<User> = all
                .iter()
                .filter(|user| search.is_none_or(|text: &str| contains(user, &text.to_ascii_lowercase())))
                .filter(|user| {
                    filters.iter().all(|(key, values)| {
                        let flag = match *key {
                            "isAdmin" => user.is_admin,
                            "disabled" => user.disabled,
                            _ => user.email_verified,
                        };
                        values.contains(&flag.to_string().as_str())
                    })
                })
                .cloned()
                .collect();
            let mut orders: Vec<Option<(&str, Direction)>> = vec![None];
            for key in USER_SORTS {
                orders.extend(BOTH_WAYS.map(|direction| Some((key, direction))));
            }
            for sort in orders {
                let (key, direction) = sort.unwrap_or(("createdAt", Direction::Ascending));
                let expected = sorted(&left, direction, |one, other| user_order(engine, key, one, other));
                for page in pages(expected.len(), 50) {
                    let mut request = with_filters(request(page, 50, sort), filters);
                    request.search = search.map(str::to_owned);
                    let (connection, statements) = watched(&store);
                    let found = users::list(&connection, &request).await.unwrap();
                    assert_page(&found, &expected, &request);
                    assert!(statements.lock().unwrap().len() <= 2, "{request:?}");
                }
            }
        }
    }
}

async fn with_members(store: &Store) -> BTreeMap<Uuid, usize> {
    insert::<user::Entity>(store, (0..200).map(person)).await;
    insert::<user_group::Entity>(store, (0..GROUPS).map(group)).await;
    let mut members: BTreeMap<Uuid, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for number in 0..GROUPS {
        // Some have none, several have the same number.
        for user in 0..dice(number, 5, 12) {
            rows.push(group_member::Model {
                user_id: UserId(id(1, user * 7)),
                user_group_id: GroupId(id(2, number)),
            });
            *members.entry(id(2, number)).or_default() += 1;
        }
    }
    insert::<group_member::Entity>(store, rows.into_iter()).await;
    members
}

async fn groups_are_listed_right(engine: Engine) {
    let (store, _folder) = open(engine).await;
    let all: Vec<UserGroup> = (0..GROUPS).map(group).collect();
    let members = with_members(&store).await;
    let count = |group: &UserGroup| members.get(&group.id.0).copied().unwrap_or_default();
    for search in [None, Some("team_3"), Some("nobody")] {
        let left: Vec<UserGroup> = all
            .iter()
            .filter(|group| search.is_none_or(|text| group.name.to_lowercase().contains(text)))
            .cloned()
            .collect();
        let mut orders: Vec<Option<(&str, Direction)>> = vec![None];
        for key in ["friendlyName", "name", "createdAt", "userCount"] {
            orders.extend(BOTH_WAYS.map(|direction| Some((key, direction))));
        }
        for sort in orders {
            let (key, direction) = sort.unwrap_or(("createdAt", Direction::Ascending));
            let expected = sorted(&left, direction, |one, other| {
                let first = match key {
                    "friendlyName" => one.friendly_name.cmp(&other.friendly_name),
                    "name" => one.name.cmp(&other.name),
                    "userCount" => count(one).cmp(&count(other)),
                    _ => Ordering::Equal,
                };
                first.then((one.created_at, one.id.0).cmp(&(other.created_at, other.id.0)))
            });
            for page in pages(expected.len(), 20) {
                let mut request = request(page, 20, sort);
                request.search = search.map(str::to_owned);
                let (connection, statements) = watched(&store);
                let found = groups::list(&connection, &request).await.unwrap();
                assert_page(&found, &expected, &request);
                assert!(statements.lock().unwrap().len() <= 2, "{request:?}");
            }
        }
    }
}

/// How the database carries out what a connection was asked.
///
/// Of so few rows PostgreSQL may rather read all than count or filter by an index. For such statements it is told that
/// this is dear, and then does so only if no index serves.
async fn plans(store: &Store, statements: &Mutex<Vec<Statement>>) -> Vec<(String, String)> {
    let statements: Vec<Statement> = statements.lock().unwrap().clone();
    let mut plans = Vec::new();
    for statement in statements {
        let sql = statement.sql.clone();
        let (explain, column) = match store.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Engine::Postgres => ("EXPLAIN", 0),
        };
        let tx = store.begin().await.unwrap();
        let close_call = ["COUNT(*)", "COALESCE(", "UNION ALL"]
            .iter()
            .any(|part| sql.contains(part));
        if store.engine() == Engine::Postgres && close_call {
            tx.execute_unprepared("SET LOCAL enable_seqscan = off")
                .await
                .unwrap();
        }
        let rows = tx
            .query_all_raw(Statement {
                sql: format!("{explain} {sql}"),
                ..statement
            })
            .await
            .unwrap();
        let lines: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(column).unwrap())
            .collect();
        plans.push((sql, lines.join("\n")));
    }
    plans
}

/// Whether a plan reads a table from one end to the other.
fn reads_all_of(engine: Engine, plan: &str, table: &str) -> bool {
    plan.lines().any(|line| match engine {
        Engine::Sqlite => line.trim() == format!("SCAN {table}"),
        Engine::Postgres => {
            line.contains(&format!("Seq Scan on {table} ")) || line.ends_with(&format!("Seq Scan on {table}"))
        }
    })
}

async fn pages_are_found_by_an_index(engine: Engine) {
    let (store, _folder) = open(engine).await;
    insert::<user::Entity>(&store, (0..MANY).map(person)).await;
    insert::<user_group::Entity>(&store, (0..GROUPS).map(group)).await;
    insert::<audit_log::Entity>(&store, (0..MANY).map(entry)).await;
    settle(&store).await;
    let user = UserId(id(1, 3));
    let text = user.to_string();
    let (connection, statements) = watched(&store);
    let sorts = |keys: &'static [&'static str]| {
        std::iter::once(None).chain(
            keys.iter()
                .flat_map(|key| BOTH_WAYS.map(|direction| Some((*key, direction)))),
        )
    };
    for sort in sorts(&["event", "ipAddress", "country", "city", "userAgent", "createdAt"]) {
        for page in [1, 5, MANY / 20] {
            audit_logs::list(&connection, Scope::Everybody, &request(page, 20, sort))
                .await
                .unwrap();
        }
    }
    for filters in [
        &[("event", &["SIGN_IN"] as &[&str])] as &[(&str, &[&str])],
        &[("event", &["SIGN_IN", RARE])],
        &[("event", &["SIGN_IN"]), ("location", &["internal"])],
        &[("userID", &[&text])],
        &[("userID", &[&text]), ("event", &["SIGN_IN"])],
        &[("clientName", &["Application 5"])],
        &[
            ("clientName", &["Application 5", "Application 6"]),
            ("event", &["SIGN_IN"]),
        ],
        &[("location", &["internal"])],
        &[("location", &["external"])],
    ] {
        let request = with_filters(request(3, 20, None), filters);
        audit_logs::list(&connection, Scope::Everybody, &request)
            .await
            .unwrap();
    }
    audit_logs::list(&connection, Scope::Of(user), &request(2, 20, None))
        .await
        .unwrap();
    for sort in sorts(&USER_SORTS) {
        for page in [1, 5, MANY / 20] {
            users::list(&connection, &request(page, 20, sort)).await.unwrap();
        }
    }
    if engine == Engine::Sqlite {
        // PostgreSQL has no index for parts of words: there a search reads the people, and nothing else.
        let mut search = request(1, 20, None);
        search.search = Some("grace".to_owned());
        users::list(&connection, &search).await.unwrap();
    }
    for sort in sorts(&["friendlyName", "name", "createdAt"]) {
        groups::list(&connection, &request(1, 20, sort)).await.unwrap();
    }
    for (sql, plan) in plans(&store, &statements).await {
        for table in ["audit_logs", "users"] {
            assert!(!reads_all_of(engine, &plan, table), "{sql}\n{plan}");
        }
        if engine == Engine::Sqlite {
            assert!(!reads_all_of(engine, &plan, "user_groups"), "{sql}\n{plan}");
            let sorts_all = sql.contains("OFFSET") && plan.lines().any(|line| line.contains("TEMP B-TREE"));
            let merged = sql.contains("UNION ALL");
            let of_the_page_only = plan.matches("TEMP B-TREE").count() <= 1;
            assert!(!sorts_all || merged || of_the_page_only, "{sql}\n{plan}");
        }
    }
}

async fn numbers_of_entries_stay_true(engine: Engine) {
    let (store, _folder) = open(engine).await;
    insert::<user::Entity>(&store, (0..50).map(person)).await;
    let store = Arc::new(store);
    let writers: Vec<_> = (0..8_u64)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..25 {
                    let tx = store.begin().await.unwrap();
                    for part in 0..4 {
                        audit_logs::insert(&tx, entry(writer * 1000 + number * 10 + part))
                            .await
                            .unwrap();
                    }
                    if number % 5 == 4 {
                        // Dropped: it never happened.
                        continue;
                    }
                    if number % 7 == 3 {
                        audit_logs::compact_counts(&tx).await.unwrap();
                    }
                    if number % 11 == 10 {
                        audit_logs::delete_older_than(&tx, Timestamp(BEGINNING + DAY), u64::MAX >> 1)
                            .await
                            .unwrap();
                    }
                    commit(tx).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let left = || async { audit_log::Entity::find().all(store.reader()).await.unwrap() };
    audit_log_totals_agree(&store, &left().await).await;
    let of_somebody = match engine {
        Engine::Sqlite => format!("X'{}'", id(1, 3).simple()),
        Engine::Postgres => format!("'{}'", id(1, 3)),
    };
    let somebody_loses = format!("UPDATE audit_logs SET user_id = NULL WHERE user_id = {of_somebody}");
    let somebody_gets =
        format!("UPDATE audit_logs SET user_id = {of_somebody} WHERE event = 'TOKEN_EXCHANGE'");
    for change in [
        "UPDATE audit_logs SET country = 'Atlantis' WHERE event = 'SIGN_IN'",
        &somebody_loses,
        &somebody_gets,
        "UPDATE audit_logs SET event = 'SIGN_OUT', created_at = created_at + 2000000000 WHERE event = 'USER_UPDATED'",
        "DELETE FROM audit_logs WHERE event = 'SIGN_OUT'",
        "DELETE FROM audit_logs",
    ] {
        store.reader().execute_unprepared(change).await.unwrap();
        audit_log_totals_agree(&store, &left().await).await;
        let tx = store.begin().await.unwrap();
        audit_logs::compact_counts(&tx).await.unwrap();
        commit(tx).await.unwrap();
        audit_log_totals_agree(&store, &left().await).await;
    }
    // Nothing is left of what is gone.
    for table in ["audit_log_counts", "audit_log_people"] {
        let kept = store
            .reader()
            .query_all_raw(Statement::from_string(
                store.reader().get_database_backend(),
                format!("SELECT entries FROM {table}"),
            ))
            .await
            .unwrap();
        assert_eq!(kept.len(), 0, "{table}");
    }
}

async fn audit_log_totals_agree(store: &Store, all: &[AuditLog]) {
    let (somebody, another) = (UserId(id(1, 3)).to_string(), UserId(id(1, 8)).to_string());
    for filters in [
        vec![],
        vec![("userID", vec![somebody.as_str()])],
        vec![("userID", vec![somebody.as_str(), another.as_str()])],
        vec![("event", vec!["SIGN_OUT"])],
        vec![("location", vec!["external"])],
        vec![("event", vec!["SIGN_IN"]), ("location", vec!["internal"])],
    ] {
        let borrowed: Vec<(&str, &[&str])> = filters
            .iter()
            .map(|(key, values)| (*key, values.as_slice()))
            .collect();
        let request = with_filters(request(1, 20, None), &borrowed);
        let found = audit_logs::list(store.reader(), Scope::Everybody, &request)
            .await
            .unwrap();
        let expected = all
            .iter()
            .filter(|entry| passes(entry, Scope::Everybody, &filters))
            .count();
        assert_eq!(found.total_items, expected as u64, "{filters:?}");
    }
    let mut everybody = users::list(store.reader(), &request(1, USERS, None))
        .await
        .unwrap()
        .items;
    everybody.retain(|user| all.iter().any(|entry| entry.user_id == Some(user.id)));
    let with_entries: BTreeMap<UserId, String> = everybody
        .into_iter()
        .map(|user| (user.id, user.username))
        .collect();
    let everybody = audit_logs::People::default();
    assert_eq!(
        audit_logs::users(store.reader(), &everybody).await.unwrap(),
        with_entries
    );
}

async fn entries_from_before_are_counted(engine: Engine) {
    use pocket_id_store::migrations::Migrator;

    let (store, _folder) = open(engine).await;
    let migrations = Migrator::migrations();
    let from_the_end = migrations
        .iter()
        .rev()
        .position(|migration| migration.name() == "m20261128_000018_list_speed")
        .unwrap();
    let steps = u32::try_from(from_the_end + 1).unwrap();
    Migrator::down(store.reader(), Some(steps)).await.unwrap();
    insert::<user::Entity>(&store, (0..50).map(person)).await;
    let mut old: Vec<AuditLog> = (0..300).map(entry).collect();
    old[7].user_agent = "é".repeat(600);
    insert::<audit_log::Entity>(&store, old.iter().cloned()).await;
    Migrator::up(store.reader(), None).await.unwrap();
    old[7].user_agent = "é".repeat(512);
    audit_log_totals_agree(&store, &old).await;
    let request = request(1, 20, Some(("userAgent", Direction::Descending)));
    let found = audit_logs::list(store.reader(), Scope::Everybody, &request)
        .await
        .unwrap();
    assert_eq!(found.items[0], old[7]);
    // What comes in is kept as short.
    let mut long = entry(301);
    long.user_agent = "ü".repeat(5000);
    let (user, address, agent) = (
        long.user_id.unwrap(),
        long.ip_address.clone(),
        long.user_agent.clone(),
    );
    let tx = store.begin().await.unwrap();
    audit_logs::insert(&tx, long).await.unwrap();
    commit(tx).await.unwrap();
    let found = audit_logs::list(store.reader(), Scope::Everybody, &request)
        .await
        .unwrap();
    assert_eq!(found.items[0].user_agent, "ü".repeat(512));
    // And known again by all of it.
    let seen = audit_logs::seen_from(
        store.reader(),
        user,
        address.as_deref(),
        &agent,
        [found.items[0].event.as_str()],
    )
    .await;
    assert!(seen.unwrap());
}

async fn clients_are_listed_right(engine: Engine) {
    let (store, _folder) = open(engine).await;
    let mut all = Vec::new();
    let tx = store.begin().await.unwrap();
    for number in 0..60 {
        let name = format!(
            "{} {number}",
            ["app", "App", "Other"][usize::try_from(number % 3).unwrap()]
        );
        let created = Timestamp(BEGINNING + i64::try_from(dice(number, 1, 20)).unwrap());
        let id = ClientId(format!("client-{number}"));
        let mut client = Client::new(id, name, TokenDurations::default(), created);
        client.pkce_enabled = dice(number, 2, 2) == 0;
        client.is_group_restricted = dice(number, 3, 4) == 0;
        all.push(clients::insert(&tx, client).await.unwrap());
    }
    commit(tx).await.unwrap();
    for search in [None, Some("APP"), Some("nothing")] {
        for filters in [&[] as &[(&str, &[&str])], &[("pkceEnabled", &["true"])]] {
            let left: Vec<Client> = all
                .iter()
                .filter(|client| {
                    search.is_none_or(|text| client.name.to_lowercase().contains(&text.to_lowercase()))
                })
                .filter(|client| filters.is_empty() || client.pkce_enabled)
                .cloned()
                .collect();
            for sort in [
                None,
                Some(("name", Direction::Ascending)),
                Some(("name", Direction::Descending)),
                Some(("createdAt", Direction::Ascending)),
                Some(("pkceEnabled", Direction::Descending)),
                Some(("isGroupRestricted", Direction::Ascending)),
            ] {
                let (key, direction) = sort.unwrap_or(("", Direction::Ascending));
                // Among equals the oldest come first in either direction.
                let oldest = sorted(&left, Direction::Ascending, |one, other| {
                    (one.created_at, &one.id.0).cmp(&(other.created_at, &other.id.0))
                });
                let expected = sorted(&oldest, direction, |one, other| match key {
                    "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                    "createdAt" => one.created_at.cmp(&other.created_at),
                    "pkceEnabled" => one.pkce_enabled.cmp(&other.pkce_enabled),
                    "isGroupRestricted" => one.is_group_restricted.cmp(&other.is_group_restricted),
                    _ => Ordering::Equal,
                });
                for page in pages(expected.len(), 20) {
                    let mut request = with_filters(request(page, 20, sort), filters);
                    request.search = search.map(str::to_owned);
                    let (connection, statements) = watched(&store);
                    let found = client_lists::list(&connection, &request).await.unwrap();
                    assert_page(&found, &expected, &request);
                    assert!(statements.lock().unwrap().len() <= 2, "{request:?}");
                }
            }
        }
    }
}

macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use super::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        })+
    };
}

both_engines!(
    the_audit_log_is_listed_right,
    users_are_listed_right,
    groups_are_listed_right,
    pages_are_found_by_an_index,
    numbers_of_entries_stay_true,
    entries_from_before_are_counted,
    clients_are_listed_right,
);
