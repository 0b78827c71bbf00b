//! Pages of rows: what a list request asks for and how it is answered with two queries.

use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, Func, IntoColumnRef, LikeExpr, SelectStatement, SimpleExpr,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use crate::error::StoreResult;

/// Which page of a list, in which order, narrowed how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// 1-based; pages past the end mean the last one.
    pub page: u64,
    /// Rows on a page, 1 to 100.
    pub limit: u64,
    /// Column key and direction, as the client named them.
    pub sort: Option<(String, Direction)>,
    /// Substring to look for.
    pub search: Option<String>,
    /// Filter key and the values it may have (any of them).
    pub filters: Vec<(String, Vec<String>)>,
}

impl ListRequest {
    /// The values of a filter, if the request has it.
    pub fn filter(&self, key: &str) -> Option<&[String]> {
        self.filters
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, values)| values.as_slice())
    }

    /// The values of a true/false filter, values that are neither left out.
    pub fn flag_filter(&self, key: &str) -> Option<Vec<bool>> {
        Some(
            self.filter(key)?
                .iter()
                .filter_map(|value| match value.trim() {
                    "true" | "1" => Some(true),
                    "false" | "0" => Some(false),
                    _ => None,
                })
                .collect(),
        )
    }

    /// The sort as `(column key, order)`.
    pub fn sort_key(&self) -> Option<(&str, Order)> {
        self.sort
            .as_ref()
            .map(|(key, direction)| (key.as_str(), (*direction).into()))
    }
}

/// Sort direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl From<Direction> for Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self::Asc,
            Direction::Descending => Self::Desc,
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Rows on all pages.
    pub total_items: u64,
    /// At least 1.
    pub total_pages: u64,
    /// The page these rows are from.
    pub current_page: u64,
    /// Rows asked for per page.
    pub per_page: u64,
}

impl<T> Page<T> {
    /// The same page of other items.
    pub fn with_items<U>(self, items: Vec<U>) -> Page<U> {
        Page {
            items,
            total_items: self.total_items,
            total_pages: self.total_pages,
            current_page: self.current_page,
            per_page: self.per_page,
        }
    }
}

/// Counts, clamps the page and reads it: two queries.
pub async fn page<E, C>(
    select: Select<E>,
    request: &ListRequest,
    connection: &C,
) -> StoreResult<Page<E::Model>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    C: ConnectionTrait,
{
    let place = Place::of(request, select.clone().count(connection).await?);
    let items = select
        .limit(place.per_page)
        .offset(place.offset())
        .all(connection)
        .await?;
    Ok(place.with(items))
}

/// What decides the order of a list, most important first.
pub(crate) type Ordering = Vec<(SimpleExpr, Order)>;

/// The other way round, as which a page of the second half is found sooner.
pub(crate) fn reversed(ordering: &Ordering) -> Ordering {
    let other = |order: &Order| match order {
        Order::Desc => Order::Asc,
        _ => Order::Desc,
    };
    ordering
        .iter()
        .map(|(expression, order)| (expression.clone(), other(order)))
        .collect()
}

/// Where a page lies among all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub total_items: u64,
    pub total_pages: u64,
    pub current_page: u64,
    pub per_page: u64,
}

impl Place {
    pub(crate) fn of(request: &ListRequest, total_items: u64) -> Self {
        let per_page = Ord::max(request.limit, 1);
        let total_pages = Ord::max(total_items.div_ceil(per_page), 1);
        Self {
            total_items,
            total_pages,
            current_page: Ord::clamp(request.page, 1, total_pages),
            per_page,
        }
    }

    /// Rows before the page.
    pub(crate) fn offset(self) -> u64 {
        (self.current_page - 1) * self.per_page
    }

    /// Rows on the page.
    pub(crate) fn rows(self) -> u64 {
        Ord::min(self.per_page, self.total_items.saturating_sub(self.offset()))
    }

    /// Rows after the page.
    pub(crate) fn rest(self) -> u64 {
        self.total_items.saturating_sub(self.offset() + self.rows())
    }

    /// The page with its rows.
    pub(crate) fn with<T>(self, items: Vec<T>) -> Page<T> {
        Page {
            items,
            total_items: self.total_items,
            total_pages: self.total_pages,
            current_page: self.current_page,
            per_page: self.per_page,
        }
    }
}

/// How many rows a selection has.
pub(crate) async fn count<E, C>(select: &Select<E>, connection: &C) -> StoreResult<u64>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    // Not a count of a selection of all columns: that one keeps SQLite from counting by an index.
    let total: Option<i64> = select
        .clone()
        .select_only()
        .expr(Expr::col(Asterisk).count())
        .into_tuple()
        .one(connection)
        .await?;
    Ok(total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0))
}

/// The rows whose identifiers a selection gives, in order.
pub(crate) async fn rows_of<E, C>(
    id: E::Column,
    identifiers: SelectStatement,
    ordering: &Ordering,
    connection: &C,
) -> StoreResult<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    C: ConnectionTrait,
{
    let mut rows = E::find().filter(id.in_subquery(identifiers));
    for (expression, order) in ordering {
        rows = rows.order_by(expression.clone(), order.clone());
    }
    Ok(rows.all(connection).await?)
}

/// [`page`] for lists with many rows. The identifiers of the page are found first, so that an index on `ordering` which
/// ends with the identifier is all that is read of the pages before, or of those after if they are fewer.
pub(crate) async fn long_page<E, C>(
    select: Select<E>,
    id: E::Column,
    ordering: Ordering,
    request: &ListRequest,
    connection: &C,
) -> StoreResult<Page<E::Model>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    C: ConnectionTrait,
{
    let place = Place::of(request, count(&select, connection).await?);
    Ok(place.with(rows_at(place, select, id, &ordering, &ordering, connection).await?))
}

/// The rows of a page whose place is known. They are found in one ordering and read in another that means the same, for
/// orders by something joined.
pub(crate) async fn rows_at<E, C>(
    place: Place,
    select: Select<E>,
    id: E::Column,
    found: &Ordering,
    read: &Ordering,
    connection: &C,
) -> StoreResult<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    C: ConnectionTrait,
{
    if place.rows() == 0 {
        return Ok(Vec::new());
    }
    let from_the_end = place.rest() < place.offset();
    let mut identifiers = select.select_only().column(id).limit(place.rows());
    let (walk, passed_over) = if from_the_end {
        (reversed(found), place.rest())
    } else {
        (found.clone(), place.offset())
    };
    for (expression, order) in walk {
        identifiers = identifiers.order_by(expression, order);
    }
    rows_of::<E, C>(id, identifiers.offset(passed_over).into_query(), read, connection).await
}

/// `column` contains `text`, case ignored, `%` and `_` meaning themselves.
pub fn contains(engine: DbBackend, column: impl IntoColumnRef, text: &str) -> SimpleExpr {
    let folded = Func::lower(Expr::col(column)).into();
    contains_folded(engine, folded, text)
}

/// The same of something the database has put into lower case already.
///
/// SQLite folds the letters of ASCII only: there, a text with others is looked for by a regular expression, which knows
/// the cases of all letters. PostgreSQL folds what the database's locale knows, with `C` those of ASCII only: what differs
/// then is looked for both ways, so that at least a name typed as it is written is found.
pub(crate) fn contains_folded(engine: DbBackend, folded: SimpleExpr, text: &str) -> SimpleExpr {
    if engine == DbBackend::Sqlite && !text.is_ascii() {
        return Expr::cust_with_exprs("? REGEXP ?", [folded, Expr::value(any_case(text))]);
    }
    let (every, ascii) = (text.to_lowercase(), text.to_ascii_lowercase());
    let found = folded.clone().like(pattern(&every));
    if every == ascii {
        return found;
    }
    found.or(folded.like(pattern(&ascii)))
}

/// A regular expression for a text in any case.
fn any_case(text: &str) -> String {
    let mut expression = "(?i)".to_owned();
    for character in text.chars() {
        // Every ASCII character that is no letter or digit may be written so.
        if character.is_ascii_punctuation() {
            expression.push('\\');
        }
        expression.push(character);
    }
    expression
}

fn pattern(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}
