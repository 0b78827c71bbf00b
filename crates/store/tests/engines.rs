//! What every engine must do alike: migrate from nothing, back and again; refuse duplicates; agree on first values.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use pocket_id_store::entity::user_group;
use pocket_id_store::groups::UserGroup;
use pocket_id_store::types::{ClientId, GroupId, Timestamp, UserId};
use pocket_id_store::users::User;
use pocket_id_store::{ConnectError, Engine, Store, StoreError, clients, commit, groups, jobs, kv, users};
use sea_orm::{ActiveModelTrait, ConnectionTrait, Database, EntityTrait, IntoActiveModel, Statement};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

/// A store of its own; the folder lives as long as the test.
async fn open(engine: Engine) -> (Store, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let address = match engine {
        Engine::Sqlite => folder.path().join("data/test.db").to_string_lossy().into_owned(),
        Engine::Postgres => new_postgres_database(folder.path()).await,
    };
    (Store::open(engine, &address).await.unwrap(), address, folder)
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
    let name = format!("store_{name}_{}", std::process::id());
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

fn user(number: u128, username: &str, email: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(number)),
        username: username.to_owned(),
        email: Some(email.to_owned()),
        email_verified: false,
        first_name: String::new(),
        last_name: String::new(),
        display_name: String::new(),
        is_admin: false,
        disabled: false,
        locale: None,
        ldap_id: None,
        phone_number: None,
        phone_number_verified: false,
        address: None,
        created_at: Timestamp(1),
        updated_at: None,
    }
}

async fn tables(store: &Store) -> i64 {
    let sql = match store.engine() {
        Engine::Sqlite => "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'users'",
        Engine::Postgres => "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'users'",
    };
    let reader = store.reader();
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    reader
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "n")
        .unwrap()
}

async fn migrations_go_both_ways(engine: Engine) {
    use pocket_id_store::migrations::Migrator;

    let (store, address, _folder) = open(engine).await;
    assert_eq!(tables(&store).await, 1);
    Migrator::down(store.reader(), None).await.unwrap();
    assert_eq!(tables(&store).await, 0);
    Migrator::up(store.reader(), None).await.unwrap();
    assert_eq!(tables(&store).await, 1);
    store.close().await.unwrap();
    // Opening an up-to-date database changes nothing and works.
    Store::open(engine, &address).await.unwrap().ping().await.unwrap();
}

async fn uniqueness_is_the_databases(engine: Engine) {
    let (store, _, _folder) = open(engine).await;
    let tx = store.begin().await.unwrap();
    users::insert(&tx, user(1, "Tim", "tim@example.com"))
        .await
        .unwrap();
    commit(tx).await.unwrap();
    for (clash, what) in [
        (user(2, "tIM", "other@example.com"), "username"),
        (user(2, "other", "tim@example.com"), "email"),
        (user(1, "other", "other@example.com"), "id"),
    ] {
        let tx = store.begin().await.unwrap();
        let result = users::insert(&tx, clash).await;
        assert!(
            matches!(result, Err(StoreError::Duplicate(_))),
            "{what}: {result:?}"
        );
    }
    // An abandoned transaction leaves nothing.
    let tx = store.begin().await.unwrap();
    users::insert(&tx, user(3, "gone", "gone@example.com"))
        .await
        .unwrap();
    drop(tx);
    assert_eq!(
        users::find_by_username(store.reader(), "gone").await.unwrap(),
        None
    );
    assert_eq!(
        users::find_by_username(store.reader(), "TIM")
            .await
            .unwrap()
            .unwrap()
            .username,
        "Tim"
    );
    assert_eq!(
        clients::find(store.reader(), &ClientId("none".to_owned()))
            .await
            .unwrap(),
        None
    );
}

async fn everybody_agrees_on_a_first_value(engine: Engine) {
    let (store, _, _folder) = open(engine).await;
    let store = Arc::new(store);
    let attempts: Vec<_> = (0..32)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let tx = store.begin().await.unwrap();
                let value = kv::get_or_insert(&tx, "first", &number.to_string())
                    .await
                    .unwrap();
                commit(tx).await.unwrap();
                value
            })
        })
        .collect();
    let mut values = std::collections::BTreeSet::new();
    for attempt in attempts {
        values.insert(attempt.await.unwrap());
    }
    assert_eq!(values.len(), 1);
}

async fn one_replica_runs_a_job(engine: Engine) {
    let (store, _, _folder) = open(engine).await;
    let store = Arc::new(store);
    let tx = store.begin().await.unwrap();
    jobs::register(&tx, "job", Timestamp(10)).await.unwrap();
    commit(tx).await.unwrap();
    let lease = |owner: String, now: i64| {
        let store = store.clone();
        async move {
            let tx = store.begin().await.unwrap();
            let leased = jobs::lease(&tx, "job", &owner, Timestamp(now), Timestamp(now + 100))
                .await
                .unwrap();
            commit(tx).await.unwrap();
            leased
        }
    };
    assert!(!lease("early".to_owned(), 9).await, "not due yet");
    let attempts: Vec<_> = (0..32)
        .map(|number| tokio::spawn(lease(format!("replica {number}"), 10)))
        .collect();
    let mut leased = 0;
    for attempt in attempts {
        leased += usize::from(attempt.await.unwrap());
    }
    assert_eq!(leased, 1);
    assert!(!lease("other".to_owned(), 110).await, "the lease is still held");
    assert!(
        lease("other".to_owned(), 111).await,
        "a lease that lapsed is free"
    );
    let tx = store.begin().await.unwrap();
    assert!(
        !jobs::complete(&tx, "job", "early", Timestamp(112), Timestamp(500))
            .await
            .unwrap()
    );
    assert!(
        jobs::complete(&tx, "job", "other", Timestamp(112), Timestamp(500))
            .await
            .unwrap()
    );
    commit(tx).await.unwrap();
    assert_eq!(
        jobs::next_run(store.reader(), "job").await.unwrap(),
        Some(Timestamp(500))
    );
}

/// More rows than either engine takes parameters for in one statement.
async fn lists_are_longer_than_a_statement(engine: Engine) {
    let (store, _, _folder) = open(engine).await;
    let all: Vec<GroupId> = (1..=33_000)
        .map(|number| GroupId(Uuid::from_u128(number)))
        .collect();
    let tx = store.begin().await.unwrap();
    for some in all.chunks(1000) {
        let rows = some.iter().map(|id| {
            let group = UserGroup {
                id: *id,
                friendly_name: "Group".to_owned(),
                name: id.to_string(),
                ldap_id: None,
                created_at: Timestamp(0),
                updated_at: None,
            };
            group.into_active_model().reset_all()
        });
        user_group::Entity::insert_many(rows)
            .exec_without_returning(&tx)
            .await
            .unwrap();
    }
    let durations = clients::TokenDurations::default();
    let client = clients::Client::new(
        ClientId("files".to_owned()),
        "Files".to_owned(),
        durations,
        Timestamp(0),
    );
    let client = clients::insert(&tx, client).await.unwrap();
    let tim = users::insert(&tx, user(1, "tim", "tim@example.com"))
        .await
        .unwrap();
    assert!(
        clients::replace_allowed_groups(&tx, &client.id, &all)
            .await
            .unwrap()
    );
    assert!(
        !clients::replace_allowed_groups(&tx, &client.id, &all)
            .await
            .unwrap(),
        "nothing changed"
    );
    groups::replace_for_user(&tx, tim.id, &all).await.unwrap();
    commit(tx).await.unwrap();
    let allowed = clients::allowed_groups(store.reader(), &client.id).await.unwrap();
    assert_eq!(allowed.len(), all.len());
    let found = groups::find_existing(store.reader(), &all).await.unwrap();
    assert!(
        found.iter().map(|group| group.id).eq(all.iter().copied()),
        "by name"
    );
    assert_eq!(groups::of_user(store.reader(), tim.id).await.unwrap(), found);
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
    migrations_go_both_ways,
    uniqueness_is_the_databases,
    everybody_agrees_on_a_first_value,
    one_replica_runs_a_job,
    lists_are_longer_than_a_statement,
);

#[tokio::test]
async fn a_sqlite_file_has_one_process() {
    let (_store, address, _folder) = open(Engine::Sqlite).await;
    let second = Store::open(Engine::Sqlite, &address).await;
    assert!(matches!(second, Err(ConnectError::InstanceLock(_))), "{second:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_on_postgresql_migrate_in_turns() {
    let folder = tempfile::tempdir().unwrap();
    let address = new_postgres_database(folder.path()).await;
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let address = format!("{address}?pool_max_conns=2");
            tokio::spawn(async move { Store::open(Engine::Postgres, &address).await.map(drop) })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_command_works_beside_the_server_and_leaves_it_the_lock() {
    let (server, address, _folder) = open(Engine::Sqlite).await;
    assert!(matches!(
        Store::open(Engine::Sqlite, &address).await,
        Err(ConnectError::InstanceLock(_))
    ));
    let command = Store::open_beside(Engine::Sqlite, &address).await.unwrap();
    let tx = command.begin().await.unwrap();
    kv::set(&tx, "key", "value").await.unwrap();
    commit(tx).await.unwrap();
    assert_eq!(
        kv::get(server.reader(), "key").await.unwrap().as_deref(),
        Some("value")
    );
    server.close().await.unwrap();

    // Without a server it brings the schema up to date, and then does not stand in the server's way.
    drop(command);
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("new.db").to_string_lossy().into_owned();
    let command = Store::open_beside(Engine::Sqlite, &address).await.unwrap();
    assert_eq!(kv::get(command.reader(), "key").await.unwrap(), None);
    let server = Store::open(Engine::Sqlite, &address).await.unwrap();
    server.close().await.unwrap();
}
