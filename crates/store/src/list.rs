//! Pages of rows: what a list request asks for and how it is answered with two queries.

use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef, LikeExpr, SimpleExpr};
use sea_orm::{ConnectionTrait, EntityTrait, Order, PaginatorTrait, QuerySelect, Select};

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
                .filter_map(|value| value.trim().parse().ok())
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
    let per_page = Ord::max(request.limit, 1);
    let total_items = select.clone().count(connection).await?;
    let total_pages = Ord::max(total_items.div_ceil(per_page), 1);
    let current_page = Ord::clamp(request.page, 1, total_pages);
    let items = select
        .limit(per_page)
        .offset((current_page - 1) * per_page)
        .all(connection)
        .await?;
    Ok(Page {
        items,
        total_items,
        total_pages,
        current_page,
        per_page,
    })
}

/// `column` contains `text`, ASCII case ignored, `%` and `_` meaning themselves; alike on both engines.
pub fn contains(column: impl IntoColumnRef, text: &str) -> SimpleExpr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(pattern).escape('\\'))
}
