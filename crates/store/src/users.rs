//! Queries over people.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel,
    Order, PaginatorTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::connect::Tx;
use crate::entity::user;
pub use crate::entity::user::Model as User;
use crate::error::StoreResult;
use crate::list::{ListRequest, Ordering, Page, contains_folded, long_page};
use crate::types::{Timestamp, UserId};

/// The synthetic administrator a static API key acts as; not a person.
pub const STATIC_API_USER: UserId = UserId(Uuid::nil());

/// One user.
pub async fn find(connection: &impl ConnectionTrait, id: UserId) -> StoreResult<Option<User>> {
    Ok(user::Entity::find_by_id(id).one(connection).await?)
}

/// The user with a name, ASCII case ignored.
pub async fn find_by_username(
    connection: &impl ConnectionTrait,
    username: &str,
) -> StoreResult<Option<User>> {
    Ok(user::Entity::find()
        .filter(Expr::expr(Func::lower(Expr::col(user::Column::Username))).eq(username.to_ascii_lowercase()))
        .one(connection)
        .await?)
}

/// The user with exactly this address.
pub async fn find_by_email(connection: &impl ConnectionTrait, email: &str) -> StoreResult<Option<User>> {
    Ok(user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .one(connection)
        .await?)
}

/// The user with an address as somebody typed it: exactly theirs, or theirs alone when upper and lower case (of ASCII
/// letters) make no difference.
pub async fn find_by_typed_email(
    connection: &impl ConnectionTrait,
    email: &str,
) -> StoreResult<Option<User>> {
    if let Some(user) = find_by_email(connection, email).await? {
        return Ok(Some(user));
    }
    let mut found = user::Entity::find()
        .filter(has_folded_email(email))
        .limit(2)
        .all(connection)
        .await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Whether anybody but one user has an address, upper and lower case (of ASCII letters) making no difference.
pub async fn somebody_else_has_email(
    connection: &impl ConnectionTrait,
    besides: Option<UserId>,
    email: &str,
) -> StoreResult<bool> {
    let mut others = user::Entity::find().filter(user::Column::Email.eq(email).or(has_folded_email(email)));
    if let Some(id) = besides {
        others = others.filter(user::Column::Id.ne(id));
    }
    Ok(others.limit(1).one(connection).await?.is_some())
}

fn has_folded_email(email: &str) -> SimpleExpr {
    Expr::expr(Func::lower(Expr::col(user::Column::Email))).eq(email.to_ascii_lowercase())
}

/// Notes that an address is a user's, unless they have another one by now; whether they still had it.
pub async fn verify_email(tx: &Tx, id: UserId, email: &str, now: Timestamp) -> StoreResult<bool> {
    let verified = user::Entity::update_many()
        .col_expr(user::Column::EmailVerified, Expr::value(true))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::Email.eq(email))
        .exec(tx)
        .await?;
    Ok(verified.rows_affected == 1)
}

/// Whether a person has an account; the static API user does not count.
pub async fn any_person(connection: &impl ConnectionTrait) -> StoreResult<bool> {
    Ok(user::Entity::find()
        .filter(user::Column::Id.ne(STATIC_API_USER))
        .one(connection)
        .await?
        .is_some())
}

/// How many enabled administrators there are besides one user.
pub async fn other_enabled_admins(tx: &Tx, besides: UserId) -> StoreResult<u64> {
    Ok(user::Entity::find()
        .filter(user::Column::Id.ne(besides))
        .filter(user::Column::Id.ne(STATIC_API_USER))
        .filter(user::Column::IsAdmin.eq(true))
        .filter(user::Column::Disabled.eq(false))
        .count(tx)
        .await?)
}

/// A user whom nobody else changes until the transaction ends.
pub async fn lock(tx: &Tx, id: UserId) -> StoreResult<Option<User>> {
    Ok(user::Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

/// Makes concurrent first-time setups, changes of people by administrators, and changes of who is in which group take
/// turns until the transaction ends. To be asked before any row is locked.
///
/// SQLite needs nothing: its write transactions already exclude each other.
pub async fn lock_table(tx: &Tx) -> StoreResult<()> {
    if tx.get_database_backend() == sea_orm::DbBackend::Postgres {
        tx.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
            .await?;
    }
    Ok(())
}

/// Adds a user.
///
/// # Errors
/// [`crate::StoreError::Duplicate`] when id, username, e-mail or LDAP id is taken.
pub async fn insert(tx: &Tx, user: User) -> StoreResult<User> {
    Ok(user.into_active_model().reset_all().insert(tx).await?)
}

/// Writes all columns of a user.
pub async fn update(tx: &Tx, user: User) -> StoreResult<User> {
    Ok(user.into_active_model().reset_all().update(tx).await?)
}

/// Removes a user and what belongs to them; whether there was one.
pub async fn delete(tx: &Tx, id: UserId) -> StoreResult<bool> {
    Ok(user::Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

/// Stands between the parts of `users.search_text`.
const BETWEEN_PARTS: char = '\u{1f}';

/// Who has a text in their name or address.
pub(crate) fn found_by(engine: DbBackend, text: &str) -> Condition {
    if text.contains(BETWEEN_PARTS) {
        // It would be found between the parts, and nobody can type it.
        return Condition::all().add(Expr::value(false));
    }
    Condition::all()
        // Always so. It has SQLite read the index that begins with the time and holds the text to search by.
        .add(user::Column::CreatedAt.gte(i64::MIN))
        .add(contains_folded(
            engine,
            Expr::col((user::Entity, "search_text")),
            text,
        ))
}

/// A page of users. Sort keys and filters are those of the REST API.
pub async fn list(connection: &impl ConnectionTrait, request: &ListRequest) -> StoreResult<Page<User>> {
    use user::Column;

    let mut select = user::Entity::find();
    if let Some(text) = &request.search {
        select = select.filter(found_by(connection.get_database_backend(), text));
    }
    for (key, column) in [
        ("emailVerified", Column::EmailVerified),
        ("isAdmin", Column::IsAdmin),
        ("disabled", Column::Disabled),
    ] {
        if let Some(values) = request.flag_filter(key) {
            select = select.filter(column.is_in(values));
        }
    }
    let column = request.sort_key().and_then(|(key, order)| {
        let column = match key {
            "username" => Column::Username,
            "email" => Column::Email,
            "emailVerified" => Column::EmailVerified,
            "firstName" => Column::FirstName,
            "lastName" => Column::LastName,
            "displayName" => Column::DisplayName,
            "isAdmin" => Column::IsAdmin,
            "disabled" => Column::Disabled,
            "createdAt" => Column::CreatedAt,
            _ => return None,
        };
        Some((column, order))
    });
    let (column, order) = column.unwrap_or((Column::CreatedAt, Order::Asc));
    // What is left to decide is decided by age, in the same direction: that is how the indices go.
    let mut ordering: Ordering = vec![(column.into_expr(), order.clone())];
    if !matches!(column, Column::CreatedAt) {
        ordering.push((Column::CreatedAt.into_expr(), order.clone()));
    }
    ordering.push((Column::Id.into_expr(), order));
    long_page(select, Column::Id, ordering, request, connection).await
}
