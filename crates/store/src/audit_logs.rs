//! The audit log.

mod lists;

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Statement,
};

use crate::connect::Tx;
pub use crate::entity::audit_log::Model as AuditLog;
use crate::entity::{audit_log, user};
use crate::error::StoreResult;
use crate::list::{ListRequest, Page, contains};
use crate::types::{AuditLogId, Timestamp, UserId};

/// The country entries of private addresses have.
pub const INTERNAL_NETWORK: &str = "Internal Network";

/// Whose entries somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those about one user.
    Of(UserId),
    /// All.
    Everybody,
}

/// Characters kept of a User-Agent: what an index of PostgreSQL takes has an end.
const USER_AGENT_LENGTH: usize = 512;

/// What is kept of a User-Agent.
fn kept(user_agent: &str) -> &str {
    user_agent
        .char_indices()
        .nth(USER_AGENT_LENGTH)
        .and_then(|(end, _)| user_agent.get(..end))
        .unwrap_or(user_agent)
}

/// Adds an entry.
pub async fn insert(tx: &Tx, mut entry: AuditLog) -> StoreResult<()> {
    entry.user_agent.truncate(kept(&entry.user_agent).len());
    audit_log::Entity::insert(entry.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Whether one of some things happened to a user from an address with a program.
pub async fn seen_from<'a>(
    connection: &impl ConnectionTrait,
    user: UserId,
    ip_address: Option<&str>,
    user_agent: &str,
    events: impl IntoIterator<Item = &'a str>,
) -> StoreResult<bool> {
    use audit_log::Column;
    let same_address = match ip_address {
        Some(address) => Column::IpAddress.eq(address),
        None => Column::IpAddress.is_null(),
    };
    let found: Option<AuditLogId> = audit_log::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::UserId.eq(user))
        .filter(same_address)
        .filter(Column::UserAgent.eq(kept(user_agent)))
        .filter(Column::Event.is_in(events))
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Removes so many of the entries older than a moment, the oldest first; how many there were to remove.
pub async fn delete_older_than(
    connection: &impl ConnectionTrait,
    moment: Timestamp,
    most: u64,
) -> StoreResult<u64> {
    let oldest = audit_log::Entity::find()
        .select_only()
        .column(audit_log::Column::Id)
        .filter(audit_log::Column::CreatedAt.lt(moment))
        .order_by_asc(audit_log::Column::CreatedAt)
        .limit(most)
        .into_query();
    Ok(audit_log::Entity::delete_many()
        .filter(audit_log::Column::Id.in_subquery(oldest))
        .exec(connection)
        .await?
        .rows_affected)
}

/// What the filters of a request leave. Values are text: a client may be called `123` or `true`.
fn filtered(scope: Scope, request: &ListRequest) -> Select<audit_log::Entity> {
    use audit_log::Column;

    let mut select = audit_log::Entity::find();
    if let Scope::Of(user) = scope {
        select = select.filter(Column::UserId.eq(user));
    }
    if let Some(events) = request.filter("event") {
        select = select.filter(Column::Event.is_in(events));
    }
    if let Some(users) = whose(request) {
        let users: Vec<UserId> = users.iter().filter_map(|id| id.parse().ok()).collect();
        select = select.filter(Column::UserId.is_in(users));
    }
    if scope == Scope::Everybody {
        if let Some(names) = request.filter("clientName") {
            select = select.filter(Column::ClientName.is_in(names));
        }
        if let Some(places) = request.filter("location") {
            let mut any = Condition::any();
            for place in places {
                match place.as_str() {
                    "internal" => any = any.add(Column::Country.eq(INTERNAL_NETWORK)),
                    "external" => any = any.add(Column::Country.eq(INTERNAL_NETWORK).not()),
                    _ => {}
                }
            }
            select = select.filter(any);
        }
    }
    select
}

/// Adds up what the database noted about numbers of entries.
///
/// On PostgreSQL each change of the log leaves a row of differences, so that writers do not wait for each other.
pub async fn compact_counts(tx: &Tx) -> StoreResult<()> {
    for (table, key) in [
        ("audit_log_counts", "event, internal, bucket"),
        ("audit_log_people", "user_id"),
    ] {
        let statement = match tx.get_database_backend() {
            // Of two at a time each deletes what the other does not: every row is added up once.
            DbBackend::Postgres => format!(
                "WITH noted AS (
                     DELETE FROM {table} WHERE ({key}) IN (
                         SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1 OR sum(entries) = 0
                     )
                     RETURNING {key}, entries
                 )
                 INSERT INTO {table} ({key}, entries)
                 SELECT {key}, sum(entries) FROM noted GROUP BY {key} HAVING sum(entries) <> 0"
            ),
            _ => format!("DELETE FROM {table} WHERE entries = 0"),
        };
        tx.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// A page of entries, the newest first unless asked otherwise. Entries alike in what they are sorted by are sorted by
/// age, in the same direction.
pub async fn list(
    connection: &impl ConnectionTrait,
    scope: Scope,
    request: &ListRequest,
) -> StoreResult<Page<AuditLog>> {
    lists::page(connection, scope, request).await
}

/// Entries older than one already read, newest first: how all of them are read without keeping them.
pub async fn before(
    connection: &impl ConnectionTrait,
    scope: Scope,
    request: &ListRequest,
    last: Option<(Timestamp, AuditLogId)>,
    most: u64,
) -> StoreResult<Vec<AuditLog>> {
    use audit_log::Column;

    let mut select = filtered(scope, request);
    if let Some((moment, id)) = last {
        select = select.filter(
            Condition::any().add(Column::CreatedAt.lt(moment)).add(
                Condition::all()
                    .add(Column::CreatedAt.eq(moment))
                    .add(Column::Id.lt(id)),
            ),
        );
    }
    Ok(select
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(most)
        .all(connection)
        .await?)
}

/// The names of clients that have entries, in alphabetical order.
///
/// Each name is found by one step in the index: the entries of a client, of which there may be millions, are skipped.
pub async fn client_names(connection: &impl ConnectionTrait) -> StoreResult<Vec<String>> {
    let rows = connection
        .query_all_raw(Statement::from_string(
            connection.get_database_backend(),
            "WITH RECURSIVE names (name) AS (
                 SELECT min(client_name) FROM audit_logs
                 UNION ALL
                 SELECT (SELECT min(client_name) FROM audit_logs WHERE client_name > names.name)
                 FROM names WHERE name IS NOT NULL
             )
             SELECT name FROM names WHERE name IS NOT NULL",
        ))
        .await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?)
}

/// Which of the users that have entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// What they are found by: a text that lists of users are searched for, or the identifier of one. Of those deleted only
    /// the name is known.
    pub search: Option<String>,
    /// How many there may be, the first by name. All, if none is said.
    pub most: Option<u64>,
}

/// The users that have entries: those there are, by their name of now, and those deleted, by their last. Nobody is looked
/// for among the entries, of which there may be millions.
///
/// They come as one row: a hundred thousand rows take SQLite three times as long to hand over.
pub async fn users(
    connection: &impl ConnectionTrait,
    asked: &People,
) -> StoreResult<BTreeMap<UserId, String>> {
    use audit_log::Column;

    let engine = connection.get_database_backend();
    let have_entries = if engine == DbBackend::Postgres && asked.most.is_none() {
        // Of all it is known sooner by going through those who have some.
        "id IN (SELECT user_id FROM audit_log_people GROUP BY user_id HAVING sum(entries) > 0)"
    } else {
        "(SELECT sum(entries) FROM audit_log_people WHERE user_id = users.id) > 0"
    };
    let mut found = Query::select();
    found
        .columns([user::Column::Id, user::Column::Username])
        .from(user::Entity);
    let mut deleted = Query::select();
    deleted
        .expr_as(Column::UserId.into_expr(), "id")
        .column(Column::Username)
        .from(audit_log::Entity)
        .and_where(Column::Event.eq("USER_DELETED"))
        .and_where(Column::UserId.is_not_null())
        .and_where(Expr::cust(
            "NOT EXISTS (SELECT 1 FROM users WHERE users.id = audit_logs.user_id)",
        ));
    if let Some(text) = &asked.search {
        if let Ok(id) = text.parse::<UserId>() {
            found.and_where(user::Column::Id.eq(id));
            deleted.and_where(Column::UserId.eq(id));
        } else {
            found.cond_where(crate::users::found_by(engine, text));
            deleted.and_where(contains(engine, Column::Username, text));
        }
    }
    if engine == DbBackend::Postgres && asked.most.is_some() {
        // Found first, and then asked one by one whether they have entries, until there are enough.
        found.order_by(user::Column::Username, Order::Asc).offset(0);
    }
    let there_are = Query::select()
        .columns(["id", "username"])
        .from_subquery(found, "users")
        .and_where(Expr::cust(have_entries))
        .take();
    let mut people = first(there_are, asked.most);
    people.union(UnionType::All, first(deleted, asked.most));
    let people = first(people, asked.most);
    let mut all = Query::select();
    all.expr(Expr::cust(match engine {
        DbBackend::Postgres => "json_agg(json_build_array(id, username))::text",
        _ => "json_group_array(json_array(hex(id), username))",
    }))
    .from_subquery(people, "people");
    let row = connection.query_one(&all).await?;
    let found: Option<Option<String>> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let Some(found) = found.flatten() else {
        return Ok(BTreeMap::new());
    };
    let people: Vec<(uuid::Uuid, String)> =
        serde_json::from_str(&found).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(people.into_iter().map(|(id, name)| (UserId(id), name)).collect())
}

/// So many people of a selection, the first by name.
fn first(mut people: SelectStatement, most: Option<u64>) -> SelectStatement {
    let Some(most) = most else { return people };
    people.order_by("username", Order::Asc).limit(most);
    Query::select()
        .columns(["id", "username"])
        .from_subquery(people, "found")
        .take()
}

/// Whose entries are asked for; version 1 wrote the name differently.
fn whose(request: &ListRequest) -> Option<&[String]> {
    request.filter("userID").or_else(|| request.filter("userId"))
}
