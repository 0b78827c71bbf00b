//! Examples of what is sent and answered, by the name of the schema: what people read first.

use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

const USER: &str = "4f1d7bd6-8d2c-4a58-9a3e-2c1f0f6f7a11";
const GROUP: &str = "0b8f6c1e-55a1-4c0b-8f0b-7a0d8a3f2c22";
const CLIENT: &str = "0f6d2a51-8c1e-4b7a-9e60-7d1f5a2c4e33";
const API: &str = "7c9a1f3e-2b4d-4e8f-9a6b-1d3c5e7f9a44";
const PERMISSION: &str = "2e6c8a10-4d5f-4b3a-8c7d-9e1f3a5b7c55";
const KEY: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c66";
const ENTRY: &str = "019b7a5c-0c00-7d3e-8f4a-5b6c7d8e9f77";
const CREATED: &str = "2026-01-02T03:04:05Z";

fn group_minimal() -> Value {
    json!({
        "id": GROUP, "friendlyName": "Family", "name": "family", "customClaims": [], "userCount": 4,
        "ldapId": null, "createdAt": CREATED,
    })
}

fn user() -> Value {
    json!({
        "id": USER, "username": "craig", "email": "craig@example.com", "emailVerified": true,
        "firstName": "Craig", "lastName": "Federighi", "displayName": "Craig Federighi", "isAdmin": false,
        "disabled": false, "locale": "en", "ldapId": null,
        "customClaims": [{"key": "department", "value": "it"}], "userGroups": [group_minimal()],
    })
}

fn client_meta() -> Value {
    json!({
        "id": CLIENT, "name": "Files", "description": "Documents of the family", "hasLogo": false,
        "hasDarkLogo": false, "launchURL": "https://files.example.com", "requiresReauthentication": false,
        "clientType": "standard",
    })
}

fn secret() -> Value {
    json!({
        "id": "9d0c7e5a-3b1f-4c2d-8e6f-5a4b3c2d1e88", "name": "Staging", "prefix": "kT9q", "createdAt": CREATED,
        "expiresAt": null, "isActive": true,
    })
}

/// `base` with more fields.
fn with(base: Value, more: &Value) -> Value {
    let mut all = base;
    if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    all
}

fn client() -> Value {
    with(
        client_meta(),
        &json!({
            "callbackURLs": ["https://files.example.com/callback"], "logoutCallbackURLs": [], "isPublic": false,
            "pkceEnabled": true, "requiresPushedAuthorizationRequests": false, "skipConsent": false,
            "credentials": {"federatedIdentities": [], "secrets": [secret()]}, "isGroupRestricted": true,
            "accessTokenDurationMinutes": 60, "refreshTokenDurationMinutes": 43200, "protocol": {},
            "isDynamic": false, "isApproved": true,
        }),
    )
}

fn api() -> Value {
    json!({
        "id": API, "name": "Calendar", "resource": "https://calendar.example.com", "createdAt": CREATED,
        "permissions": [{
            "id": PERMISSION, "key": "events:read", "name": "Read events", "description": "See all appointments",
            "allowedForCimdClients": false,
        }],
        "allowCimdClients": false,
    })
}

fn api_key() -> Value {
    json!({
        "id": KEY, "name": "Backup script", "description": "Reads users every night",
        "expiresAt": "2030-01-01T00:00:00Z", "lastUsedAt": null, "createdAt": CREATED,
        "expirationEmailSent": false, "readOnly": true, "resources": ["users", "groups"],
    })
}

/// The example of a schema.
fn of(schema: &str) -> Option<Value> {
    if let Some(row) = schema.strip_prefix("Paginated_") {
        return Some(json!({
            "data": [of(row)?],
            "pagination": {"totalPages": 1, "totalItems": 1, "currentPage": 1, "itemsPerPage": 20},
        }));
    }
    Some(match schema {
        "UserDto" => user(),
        "UserInput" => json!({
            "username": "craig", "email": "craig@example.com", "emailVerified": true, "firstName": "Craig",
            "lastName": "Federighi", "displayName": "Craig Federighi", "isAdmin": false, "disabled": false,
            "locale": "en",
        }),
        "UserGroupsInput" => json!({"userGroupIds": [GROUP]}),
        "UserGroupMinimalDto" => group_minimal(),
        "UserGroupDto" => json!({
            "id": GROUP, "friendlyName": "Family", "name": "family",
            "customClaims": [{"key": "department", "value": "it"}], "ldapId": null, "createdAt": CREATED,
            "users": [with(user(), &json!({"customClaims": [], "userGroups": []}))],
            "allowedOidcClients": [client_meta()],
        }),
        "UserGroupInput" => json!({"friendlyName": "Family", "name": "family"}),
        "MembersInput" => json!({"userIds": [USER]}),
        "AllowedClientsInput" => json!({"oidcClientIds": [CLIENT]}),
        "ClientMetaDto" => client_meta(),
        "ClientDto" => client(),
        "ClientWithGroupsDto" => with(client(), &json!({"allowedUserGroups": [group_minimal()]})),
        "ClientWithGroupCountDto" => with(client(), &json!({"allowedUserGroupsCount": 1})),
        "ClientInput" => json!({
            "name": "Files", "description": "Documents of the family",
            "callbackURLs": ["https://files.example.com/callback"], "launchURL": "https://files.example.com",
            "pkceEnabled": true, "isGroupRestricted": true, "accessTokenDurationMinutes": 60,
            "refreshTokenDurationMinutes": 43200,
        }),
        "SecretInput" => json!({"name": "Staging", "expiresAt": "2030-01-01T00:00:00Z"}),
        "ClientSecretDto" => secret(),
        "CreatedSecretDto" => with(secret(), &json!({"secret": "kT9qmZ2Lr8Vx4Nw7Pb1Hc6Jd3Fg5Sy0A"})),
        "ApiDto" => api(),
        "ApiInput" => json!({"name": "Calendar", "resource": "https://calendar.example.com"}),
        "ApiUpdateInput" => json!({"name": "Calendar"}),
        "PermissionsInput" => json!({
            "permissions": [
                {"key": "events:read", "name": "Read events", "description": "See all appointments"},
            ],
        }),
        "GrantDto" => json!({
            "userDelegatedAccess": true, "clientAccess": false, "userDelegatedPermissionIds": [PERMISSION],
            "clientPermissionIds": [],
        }),
        "ApiKeyDto" => api_key(),
        "ApiKeyInput" => json!({
            "name": "Backup script", "description": "Reads users every night",
            "expiresAt": "2030-01-01T00:00:00Z", "readOnly": true, "resources": ["users", "groups"],
        }),
        "CreatedApiKeyDto" => json!({"apiKey": api_key(), "token": "Wq7sKd0Zt5Xc2Vb9Nm4Lp1Ja8Hg3Fy6R"}),
        "AuditLogDto" => json!({
            "id": ENTRY, "createdAt": CREATED, "event": "USER_UPDATED", "ipAddress": "192.0.2.7",
            "country": "Germany", "city": "Berlin", "device": "Firefox on Linux x86_64", "userID": USER,
            "username": "craig", "actorUsername": "tim", "data": {"actorUsername": "tim", "changed": "email"},
        }),
        "SignupTokenInput" => json!({"ttl": "24h", "usageLimit": 5, "userGroupIds": [GROUP]}),
        "SignupTokenDto" => json!({
            "id": "5d3b1a9c-7e6f-4a2b-9c8d-3e5f7a1b2c99", "token": "m4QhT7vZ2kXc9LdR",
            "expiresAt": "2026-01-03T03:04:05Z", "usageLimit": 5, "usageCount": 1,
            "userGroups": [group_minimal()], "createdAt": CREATED,
        }),
        "LifetimeInput" => json!({"ttl": "1h"}),
        "LoginCodeDto" => json!({"token": "q7Rk2P"}),
        _ => return None,
    })
}

fn fill(content: &mut RefOr<Content>) {
    let RefOr::T(content) = content else {
        return;
    };
    if let Some(RefOr::Ref(to)) = &content.schema {
        let name = to.ref_location.rsplit('/').next().unwrap_or_default();
        content.example = of(name);
    }
}

/// Gives a route the examples there are.
pub(super) fn complete(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(fill);
    }
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer
            && status.starts_with('2')
        {
            answer.content.values_mut().for_each(fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of a value a schema does not allow; unknown fields are not allowed either.
    fn faults(
        document: &Value,
        schema: &Value,
        value: &Value,
        place: &str,
        known: &mut Vec<String>,
    ) -> Vec<String> {
        if let Some(to) = schema["$ref"].as_str() {
            return faults(document, document.pointer(&to[1..]).unwrap(), value, place, known);
        }
        let mut found = Vec::new();
        if let Some(all) = schema["allOf"].as_array() {
            for part in all {
                found.extend(faults(document, part, value, place, known));
            }
            return found;
        }
        if let Some(one) = schema["oneOf"].as_array() {
            let fits = |part: &&Value| faults(document, part, value, place, &mut Vec::new()).is_empty();
            return if one.iter().any(|part| fits(&part)) {
                found
            } else {
                vec![format!("{place}: {value}")]
            };
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds = &schema["type"];
        let fits = kinds.is_null()
            || kinds == kind
            || kinds.as_array().is_some_and(|all| all.contains(&kind.into()));
        if !fits {
            return vec![format!("{place}: {value} is no {kinds}")];
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
            found.push(format!("{place}: {value} is none of {words:?}"));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            found.extend(whole(
                document,
                &schema["items"],
                item,
                &format!("{place}[{index}]"),
            ));
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            if value.get(required.as_str().unwrap()).is_none() {
                found.push(format!("{place}: no {required}"));
            }
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            known.push(name.clone());
            if let Some(value) = value.get(name) {
                found.extend(whole(document, field, value, &format!("{place}.{name}")));
            }
        }
        found
    }

    fn whole(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut known = Vec::new();
        let mut found = faults(document, schema, value, place, &mut known);
        if !known.is_empty() {
            let unknown = value
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| !known.contains(name));
            found.extend(unknown.map(|(name, _)| format!("{place}.{name} is unknown")));
        }
        found
    }

    #[test]
    fn examples_are_of_the_shape_they_illustrate() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let mut seen = 0;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if let Some(example) = of(name) {
                seen += 1;
                assert_eq!(whole(&document, schema, &example, name), Vec::<String>::new());
            }
        }
        assert!(seen > 30, "{seen}");
    }
}
