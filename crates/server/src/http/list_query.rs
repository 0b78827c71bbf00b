//! The query parameters of paginated lists, and their envelope.

use axum::extract::FromRequestParts;
use http::request::Parts;
use pocket_id_store::list::{Direction, ListRequest, Page};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use crate::state::AppState;

/// Rows on a page unless asked otherwise.
const DEFAULT_LIMIT: u64 = 20;
/// Most rows on a page.
const MAX_LIMIT: u64 = 100;

/// Columns that are counted for each row. Lists are sorted by them only when told in which direction.
const COUNTED: [&str; 2] = ["userCount", "allowedUserGroupsCount"];

/// Which page of a list a request asks for.
#[derive(Debug)]
pub struct ListQuery(pub ListRequest);

impl FromRequestParts<AppState> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(parse(parts.uri.query().unwrap_or_default())))
    }
}

fn parse(query: &str) -> ListRequest {
    let mut request = ListRequest {
        page: 1,
        limit: DEFAULT_LIMIT,
        ..ListRequest::default()
    };
    let mut column = String::new();
    let mut direction = None;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "pagination[page]" => request.page = value.trim().parse::<i64>().map_or(1, positive),
            "pagination[limit]" => {
                let limit = value.trim().parse::<i64>().unwrap_or(0);
                request.limit = if limit < 1 {
                    DEFAULT_LIMIT
                } else {
                    positive(limit).min(MAX_LIMIT)
                };
            }
            "sort[column]" => column = lower_first(value.trim()),
            "sort[direction]" if value.trim().eq_ignore_ascii_case("desc") => {
                direction = Some(Direction::Descending);
            }
            "sort[direction]" => {
                let ascending = value.trim().eq_ignore_ascii_case("asc");
                direction = ascending.then_some(Direction::Ascending);
            }
            // PostgreSQL cannot be asked for NUL; nothing contains it.
            "search" if !value.is_empty() => request.search = Some(value.replace('\0', "\u{fffd}")),
            other => {
                if let Some(name) = filter_name(other) {
                    let value = value.trim().replace('\0', "\u{fffd}");
                    match request.filters.iter_mut().find(|(known, _)| known == name) {
                        Some((_, values)) => values.push(value),
                        None => request.filters.push((name.to_owned(), vec![value])),
                    }
                }
            }
        }
    }
    if !column.is_empty() && (direction.is_some() || !COUNTED.contains(&column.as_str())) {
        request.sort = Some((column, direction.unwrap_or_default()));
    }
    request
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(1).max(1)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}

/// `key` of `filters[key]`, `filters[key][]` and `filters[key][0]`.
fn filter_name(parameter: &str) -> Option<&str> {
    let (name, rest) = parameter.strip_prefix("filters[")?.split_once(']')?;
    let indexed = rest
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()));
    (rest.is_empty() || indexed).then_some(name)
}

/// The list parameters, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that ListQuery reads by hand")]
pub struct ListParameters {
    /// Page, from 1; pages past the end mean the last one.
    #[param(rename = "pagination[page]", minimum = 1, required = false)]
    page: Option<i64>,
    /// Rows on a page.
    #[param(rename = "pagination[limit]", minimum = 1, maximum = 100, required = false)]
    limit: Option<i64>,
    /// Field to sort by; fields the list cannot sort by are ignored.
    #[param(rename = "sort[column]", required = false)]
    sort_column: Option<String>,
    /// `asc` or `desc`; `asc` when left out. Numbers that are counted are sorted by only when this is said.
    #[param(rename = "sort[direction]", required = false)]
    sort_direction: Option<String>,
    /// Substring to look for.
    #[param(required = false)]
    search: Option<String>,
}

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// At least 1.
    pub total_pages: u64,
    /// Rows on all pages.
    pub total_items: u64,
    /// This page, from 1.
    pub current_page: u64,
    /// Rows on a full page.
    pub items_per_page: u64,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Paginated<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where they stand in the list.
    pub pagination: Pagination,
}

impl<T> From<Page<T>> for Paginated<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            data: page.items,
            pagination: Pagination {
                total_pages: page.total_pages,
                total_items: page.total_items,
                current_page: page.current_page,
                items_per_page: page.per_page,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_clamped() {
        for (query, page, limit) in [
            ("", 1, 20),
            ("pagination[page]=3&pagination[limit]=50", 3, 50),
            ("pagination%5Bpage%5D=3", 3, 20),
            ("pagination[page]=-1&pagination[limit]=0", 1, 20),
            ("pagination[limit]=1000", 1, 100),
            ("pagination[page]=x&pagination[limit]=y", 1, 20),
        ] {
            let request = parse(query);
            assert_eq!((request.page, request.limit), (page, limit), "{query}");
        }
    }

    #[test]
    fn sort_search_and_filters_are_read() {
        let request = parse(
            "sort[column]=CreatedAt&sort[direction]=DESC&search=a%25b&filters[isAdmin]=true\
             &filters[x][0]=1&filters[x][]=2&filters[y][z]=3",
        );
        assert_eq!(
            request.sort,
            Some(("createdAt".to_owned(), Direction::Descending))
        );
        assert_eq!(request.search.as_deref(), Some("a%b"));
        assert_eq!(request.flag_filter("isAdmin"), Some(vec![true]));
        assert_eq!(
            request.filter("x"),
            Some(["1".to_owned(), "2".to_owned()].as_slice())
        );
        assert_eq!(request.filter("y"), None);
    }
}
