//! What each list can be sorted and narrowed by. The queries are in `pocket-id-store`; the tests ask every list for each
//! of these.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

/// The values of a filter.
enum Values {
    Flag,
    OneOf(&'static [&'static str]),
    Text,
}

/// A filter: its key, its values, what it leaves.
type Filter = (&'static str, Values, &'static str);

/// A list, or what takes the filters of one.
struct List {
    path: &'static str,
    /// What it can be sorted by.
    sort: &'static [&'static str],
    /// How it is sorted unless asked otherwise.
    unsorted: &'static str,
    /// What is searched.
    search: Option<&'static str>,
    filters: &'static [Filter],
}

const LAUNCHABLE: Filter = (
    "hasLaunchURL",
    Values::Flag,
    "Whether the client has a launch URL; of several values the first counts",
);
const PKCE: Filter = ("pkceEnabled", Values::Flag, "Whether PKCE is mandatory");
const PKCE_SEEN: Filter = (
    "pkceSupported",
    Values::Flag,
    "Whether PKCE was seen without being mandatory",
);
const REAUTHENTICATION: Filter = (
    "requiresReauthentication",
    Values::Flag,
    "Whether each authorization needs a passkey just used",
);
const PUSHED: Filter = (
    "requiresPushedAuthorizationRequests",
    Values::Flag,
    "Whether requests must be pushed",
);
const CONSENT: Filter = ("skipConsent", Values::Flag, "Whether there is no consent screen");
const RESTRICTED: Filter = (
    "isGroupRestricted",
    Values::Flag,
    "Whether only members of allowed groups may use it",
);
const CLIENT_TYPE: Filter = (
    "clientType",
    Values::OneOf(&["standard", "cimd"]),
    "Entered here, or described by a document of its own",
);
const OF_CLIENTS: &[Filter] = &[
    PKCE,
    PKCE_SEEN,
    REAUTHENTICATION,
    PUSHED,
    CONSENT,
    RESTRICTED,
    CLIENT_TYPE,
];
const CLIENT_SORT: &[&str] = &[
    "name",
    "createdAt",
    "pkceEnabled",
    "pkceSupported",
    "requiresReauthentication",
    "requiresPushedAuthorizationRequests",
    "skipConsent",
    "isGroupRestricted",
    "clientType",
    "isPublic",
    "allowedUserGroupsCount",
];
const EVENT: Filter = ("event", Values::Text, "Events, such as `SIGN_IN`");
const WHOSE: Filter = ("userID", Values::Text, "Users, by ID");
const OF_THE_LOG: &[Filter] = &[
    EVENT,
    WHOSE,
    ("clientName", Values::Text, "Names of clients"),
    (
        "location",
        Values::OneOf(&["internal", "external"]),
        "Whether the address is one of an internal network",
    ),
];
const LOG_SORT: &[&str] = &["event", "ipAddress", "country", "city", "userAgent", "createdAt"];
const APIS_SORT: &[&str] = &["name", "resource", "createdAt"];

const LISTS: &[List] = &[
    List {
        path: "/api/users",
        sort: &[
            "username",
            "email",
            "emailVerified",
            "firstName",
            "lastName",
            "displayName",
            "isAdmin",
            "disabled",
            "createdAt",
        ],
        unsorted: "by `createdAt`",
        search: Some("the address, first name, last name and username"),
        filters: &[
            (
                "emailVerified",
                Values::Flag,
                "Whether the address is known to be theirs",
            ),
            (
                "isAdmin",
                Values::Flag,
                "Whether they administer this installation",
            ),
            ("disabled", Values::Flag, "Whether they are locked out"),
        ],
    },
    List {
        path: "/api/user-groups",
        sort: &["friendlyName", "name", "createdAt", "userCount"],
        unsorted: "by `createdAt`",
        search: Some("the name"),
        filters: &[],
    },
    List {
        path: "/api/oidc/clients",
        sort: CLIENT_SORT,
        unsorted: "by `createdAt`",
        search: Some("the name"),
        filters: OF_CLIENTS,
    },
    List {
        path: "/api/apis",
        sort: APIS_SORT,
        unsorted: "by `createdAt`",
        search: Some("the name and the resource"),
        filters: &[],
    },
    List {
        path: "/api/api-access/{clientId}/assignable-apis",
        sort: APIS_SORT,
        unsorted: "by `createdAt`",
        search: Some("the name and the resource"),
        filters: &[],
    },
    List {
        path: "/api/apis/{id}/clients",
        sort: CLIENT_SORT,
        unsorted: "by `name`",
        search: Some("the client's name"),
        filters: OF_CLIENTS,
    },
    List {
        path: "/api/apis/{id}/assignable-clients",
        sort: CLIENT_SORT,
        unsorted: "by `name`",
        search: Some("the client's name"),
        filters: OF_CLIENTS,
    },
    List {
        path: "/api/apis/{id}/serving-clients",
        sort: CLIENT_SORT,
        unsorted: "by `name`",
        search: Some("the client's name"),
        filters: OF_CLIENTS,
    },
    List {
        path: "/api/apis/{id}/assignable-serving-clients",
        sort: CLIENT_SORT,
        unsorted: "by `name`",
        search: Some("the client's name"),
        filters: OF_CLIENTS,
    },
    List {
        path: "/api/api-keys",
        sort: &["name", "expiresAt", "lastUsedAt", "createdAt"],
        unsorted: "by `createdAt`",
        search: None,
        filters: &[],
    },
    List {
        path: "/api/audit-logs",
        sort: LOG_SORT,
        unsorted: "by `createdAt`, the newest first",
        search: None,
        filters: &[EVENT, WHOSE],
    },
    List {
        path: "/api/audit-logs/all",
        sort: LOG_SORT,
        unsorted: "by `createdAt`, the newest first",
        search: None,
        filters: OF_THE_LOG,
    },
    List {
        path: "/api/audit-logs/export",
        sort: &[],
        unsorted: "",
        search: None,
        filters: &[EVENT, WHOSE],
    },
    List {
        path: "/api/audit-logs/all/export",
        sort: &[],
        unsorted: "",
        search: None,
        filters: OF_THE_LOG,
    },
    List {
        path: "/api/email-deliveries",
        sort: &["createdAt"],
        unsorted: "by `createdAt`, the newest first",
        search: None,
        filters: &[
            (
                "kind",
                Values::OneOf(&[
                    "login-with-new-device",
                    "one-time-access",
                    "email-verification",
                    "api-key-expiring-soon",
                    "account-changed",
                ]),
                "What the mail is about",
            ),
            (
                "state",
                Values::OneOf(&["pending", "delivered", "failed"]),
                "What became of it",
            ),
        ],
    },
    List {
        path: "/api/oidc/users/me/clients",
        sort: &[
            "name",
            "createdAt",
            "pkceEnabled",
            "pkceSupported",
            "requiresReauthentication",
            "requiresPushedAuthorizationRequests",
            "skipConsent",
            "isGroupRestricted",
            "clientType",
            "isPublic",
            "lastUsedAt",
        ],
        unsorted: "by `createdAt`",
        search: Some("the name"),
        filters: &[
            LAUNCHABLE,
            PKCE,
            PKCE_SEEN,
            REAUTHENTICATION,
            PUSHED,
            CONSENT,
            RESTRICTED,
            CLIENT_TYPE,
        ],
    },
    List {
        path: "/api/oidc/users/me/authorized-clients",
        sort: &["lastUsedAt"],
        unsorted: "by `lastUsedAt`, the last used first",
        search: None,
        filters: &[LAUNCHABLE],
    },
    List {
        path: "/api/oidc/users/{id}/authorized-clients",
        sort: &["lastUsedAt"],
        unsorted: "by `lastUsedAt`, the last used first",
        search: None,
        filters: &[LAUNCHABLE],
    },
    List {
        path: "/api/signup-tokens",
        sort: &["createdAt", "expiresAt", "usageLimit", "usageCount"],
        unsorted: "by `createdAt`",
        search: None,
        filters: &[],
    },
];

fn words(values: &'static [&'static str]) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.iter().copied()))
        .into()
}

fn query(name: impl Into<String>, description: String, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn filter((key, values, meaning): &Filter) -> Parameter {
    let each: Schema = match values {
        Values::Flag => ObjectBuilder::new().schema_type(Type::Boolean).into(),
        Values::OneOf(values) => words(values),
        Values::Text => ObjectBuilder::new().schema_type(Type::String).into(),
    };
    let several = match values {
        Values::Flag => "",
        _ => "; may be repeated, any of the values counts",
    };
    query(
        format!("filters[{key}]"),
        format!("{meaning}{several}."),
        Schema::Array(ArrayBuilder::new().items(RefOr::T(each)).build()),
    )
}

/// Replaces what every list says of its parameters by what this one takes.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    let Some(list) = LISTS.iter().find(|list| list.path == path) else {
        return;
    };
    let parameters = operation.parameters.get_or_insert_default();
    if list.search.is_none() {
        parameters
            .retain(|parameter| !matches!(parameter, RefOr::T(parameter) if parameter.name == "search"));
    }
    for parameter in parameters.iter_mut() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        match parameter.name.as_str() {
            "sort[column]" => {
                parameter.schema = Some(RefOr::T(words(list.sort)));
                parameter.description = Some(format!(
                    "What to sort by; anything else is ignored. Without it: {}.",
                    list.unsorted
                ));
            }
            "sort[direction]" => parameter.schema = Some(RefOr::T(words(&["asc", "desc"]))),
            "search" => {
                parameter.description = list
                    .search
                    .map(|fields| format!("Text to look for in {fields}, in any case."));
            }
            _ => {}
        }
    }
    parameters.extend(list.filters.iter().map(filter).map(RefOr::T));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_says_what_it_takes() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let mut lists = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let of_lists = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|one| {
                        let name = one["name"].as_str().unwrap();
                        name.starts_with("filters[") || name.starts_with("sort[")
                    });
                assert!(!of_lists || method == "get", "{method} {path}");
            }
            let Some(parameters) = item["get"]["parameters"].as_array() else {
                continue;
            };
            let Some(column) = parameters.iter().find(|one| one["name"] == "sort[column]") else {
                continue;
            };
            lists += 1;
            assert!(column["schema"]["enum"].is_array(), "{path}");
            for parameter in parameters {
                assert!(parameter["description"].is_string(), "{path} {parameter}");
            }
        }
        let sorted = LISTS.iter().filter(|list| !list.sort.is_empty()).count();
        assert_eq!(
            lists, sorted,
            "every list of the table is a route, and every list is in it"
        );
    }
}
