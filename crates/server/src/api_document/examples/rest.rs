//! Examples of the REST API's schemas, by name.

use serde_json::{Value, json};

use super::with;
use crate::app_config::{HIDDEN, SETTINGS};

const USER: &str = "4f1d7bd6-8d2c-4a58-9a3e-2c1f0f6f7a11";
const GROUP: &str = "0b8f6c1e-55a1-4c0b-8f0b-7a0d8a3f2c22";
const CLIENT: &str = "0f6d2a51-8c1e-4b7a-9e60-7d1f5a2c4e33";
const API: &str = "7c9a1f3e-2b4d-4e8f-9a6b-1d3c5e7f9a44";
const PERMISSION: &str = "2e6c8a10-4d5f-4b3a-8c7d-9e1f3a5b7c55";
const KEY: &str = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c66";
const ENTRY: &str = "019b7a5c-0c00-7d3e-8f4a-5b6c7d8e9f77";
const SESSION: &str = "019b7a5c-1100-7a2b-9c3d-4e5f6a7b8cee";
const CREDENTIAL: &str = "uQ4hJ1rW8sKd0Zt5Xc2Vb9Nm4Lp7Ja3Hg6Fy1Ro8Ei";
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
        "renewedAt": null, "expirationEmailSent": false, "readOnly": true, "resources": ["users", "groups"],
    })
}

fn grant() -> Value {
    json!({
        "userDelegatedAccess": true, "clientAccess": false, "userDelegatedPermissionIds": [PERMISSION],
        "clientPermissionIds": [], "cimdGrantedAccess": false, "cimdGrantedPermissionIds": [],
    })
}

fn api_client() -> Value {
    json!({
        "id": CLIENT, "name": "Files", "clientType": "standard", "isPublic": false, "hasLogo": false,
        "hasDarkLogo": false,
    })
}

fn config_entry() -> Value {
    json!({"key": "appName", "type": "", "value": "Family"})
}

fn registration_token() -> Value {
    json!({
        "id": "b1a3c5e7-9f2d-4b6a-8c4e-0d1f2e3a4bdd", "name": "Home lab", "maxUses": 5, "usesLeft": 4,
        "expiresAt": "2030-01-01T00:00:00Z", "lastUsedAt": "2026-01-03T03:04:05Z", "createdAt": CREATED,
    })
}

fn refused() -> Value {
    json!({
        "id": ENTRY, "reason": "redirect_uri_not_registered", "redirectUri": "https://files.example.com/oauth",
        "detail": "The redirect_uri is not registered for this client.", "username": "craig", "count": 3,
        "createdAt": CREATED, "lastAt": "2026-01-02T03:30:00Z", "canBeAccepted": true,
    })
}

fn scope_info() -> Value {
    json!([{"key": "events:read", "name": "Read events", "description": "See all appointments"}])
}

fn interaction() -> Value {
    json!({
        "id": "q3Jd8Lk1Zp5Xw7Rt9Vn2Bm4Hc6Gf0SyA", "client": client_meta(), "clientIsApproved": true,
        "requiredSteps": ["consent"], "currentStep": "consent", "scopes": ["openid", "events:read"],
        "scopeInfo": scope_info(), "minimumPasskey": "any",
    })
}

/// The example of a schema.
pub(super) fn of(schema: &str) -> Option<Value> {
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
        "RenewInput" => json!({"expiresAt": "2030-01-01T00:00:00Z"}),
        "CimdAccessInput" => json!({"enabled": true, "permissionIds": [PERMISSION]}),
        "CustomClaimDto" => json!({"key": "department", "value": "it"}),
        "ConfigInput" => {
            let all = SETTINGS
                .iter()
                .map(|setting| (setting.key.to_owned(), setting.default.into()));
            with(
                Value::Object(all.collect()),
                &json!({"appName": "Family", "allowRecoveryCodes": "true"}),
            )
        }
        "ConfigChange" => json!({"appName": "Family", "sessionDuration": "120", "smtpPort": null}),
        "ConfigEntry" => config_entry(),
        "AdminConfigEntry" => with(config_entry(), &json!({"isPublic": true})),
        "CodeInput" => json!({"code": "P7K2MX9Q"}),
        "DecisionInput" => json!({"code": "P7K2MX9Q", "decision": "approve"}),
        "CompleteInput" => json!({"step": "consent"}),
        "PolicyDto" => json!({"mode": "token", "requiresApproval": true}),
        "RegistrationTokenInput" => json!({
            "name": "Home lab", "maxUses": 5, "expiresAt": "2030-01-01T00:00:00Z",
        }),
        "RegistrationTokenDto" => registration_token(),
        "CreatedRegistrationTokenDto" => with(
            registration_token(),
            &json!({"token": "Hc6Jd3Fg5Sy0AkT9qmZ2Lr8Vx4Nw7Pb1"}),
        ),
        "RequestInput" => json!({"email": "craig@example.com", "redirectPath": "/settings/apps"}),
        "RecoveryCodeInput" => json!({"code": "k7mq-x2wp-9rtd-b4hz"}),
        "RecoveryCodesDto" => json!({"remaining": 9, "createdAt": CREATED}),
        "NewRecoveryCodesDto" => json!({"codes": ["k7mq-x2wp-9rtd-b4hz", "b4hz-3nvc-8ysf-kw2m"]}),
        "ScimServiceProviderInput" => json!({
            "endpoint": "https://files.example.com/scim/v2", "token": "Zt5Xc2Vb9Nm4Lp1J", "oidcClientId": CLIENT,
        }),
        "ScimServiceProviderDto" => json!({
            "id": "c4e2a8f6-1d3b-4c5a-9e7f-8b6d4c2a0eaa", "endpoint": "https://files.example.com/scim/v2",
            "token": HIDDEN, "oidcClient": client_meta(), "createdAt": CREATED,
            "lastSyncedAt": "2026-01-02T04:00:00Z", "lastAttemptAt": "2026-01-02T04:00:00Z", "lastError": null,
        }),
        "SignUp" => json!({
            "username": "craig", "email": "craig@example.com", "firstName": "Craig", "lastName": "Federighi",
            "token": "m4QhT7vZ2kXc9LdR",
        }),
        "VerificationInput" => json!({"token": "Ht1zUmn2bEkyQdd6pWvFvEvPNHxVv0oy"}),
        "RenameInput" => json!({"name": "Blue key"}),
        "RelatedOrigins" => json!({"origins": ["https://id.example.net"]}),
        "ClientApiGrantDto" => with(grant(), &json!({"api": api()})),
        "ApiClientDto" => api_client(),
        "ApiClientAccessDto" => with(grant(), &json!({"client": api_client()})),
        "DeviceLoginDto" => json!({
            "id": "P7K2MX9Q", "userCode": "P7K2MX9Q", "verificationUri": "https://id.example.com/device",
            "verificationUriComplete": "https://id.example.com/device?user_code=P7K2MX9Q", "interval": 3,
            "expiresAt": "2026-01-02T03:19:05Z",
        }),
        "WaitingDeviceDto" => json!({
            "userCode": "P7K2MX9Q", "device": "Firefox on Linux", "ipAddress": "192.0.2.7", "country": "Germany",
            "city": "Berlin", "expiresAt": "2026-01-02T03:19:05Z",
        }),
        "MailDto" => json!({
            "id": ENTRY, "kind": "one-time-access", "recipient": "craig@example.com", "userID": USER,
            "state": "delivered", "attempts": 1, "createdAt": CREATED, "sentAt": "2026-01-02T03:04:06Z",
            "nextAttemptAt": null, "error": null,
        }),
        "LogoutDeliveryDto" => json!({
            "id": ENTRY, "subject": USER, "sid": SESSION, "state": "pending", "attempts": 1, "lastStatus": 503,
            "lastError": "status 503", "createdAt": CREATED, "nextAttemptAt": "2026-01-02T03:05:05Z",
            "deliveredAt": null,
        }),
        "PreviewDto" => json!({
            "idToken": {"sub": USER, "aud": [CLIENT], "name": "Craig Federighi"},
            "accessToken": {"sub": USER, "aud": ["https://id.example.com"], "scope": "openid profile"},
            "userInfo": {"sub": USER, "name": "Craig Federighi"},
            "reasons": {"sub": "protocol", "name": "user"},
            "reasonsOf": {
                "idToken": {"sub": "protocol", "aud": "protocol", "name": "user"},
                "accessToken": {"sub": "protocol", "aud": "protocol", "scope": "protocol"},
                "userInfo": {"sub": "protocol", "name": "user"},
            },
        }),
        "RefusedAuthorizationDto" => refused(),
        "MismatchDto" => with(
            refused(),
            &json!({"client": client_meta(), "callbackURLs": ["https://files.example.com/callback"]}),
        ),
        "ReplacedSecretDto" => json!({"secret": "kT9qmZ2Lr8Vx4Nw7Pb1Hc6Jd3Fg5Sy0A"}),
        "DeviceInfoDto" => json!({
            "client": client_meta(), "clientIsApproved": true, "scope": ["openid", "events:read"],
            "scopeInfo": scope_info(), "authorizationRequired": true, "reauthenticationRequired": false,
            "minimumPasskey": "any",
        }),
        "InteractionDto" => interaction(),
        "CompletedDto" => json!({"interaction": interaction()}),
        "AuthorizedClientDto" => json!({
            "client": client_meta(), "scope": r#"["openid","email"]"#, "lastUsedAt": CREATED,
        }),
        "AccessibleClientDto" => with(client_meta(), &json!({"lastUsedAt": CREATED})),
        "SessionDto" => json!({
            "id": SESSION, "method": "phr", "device": "Firefox on Linux",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "ipAddress": "192.0.2.7", "country": "Germany", "city": "Berlin", "createdAt": CREATED,
            "lastSeenAt": "2026-01-02T03:30:00Z", "expiresAt": "2026-01-02T04:04:05Z", "current": true,
            "clients": [{
                "id": "f2d4b6a8-0c1e-4a3b-8d5c-7e9f1b3a5cbb", "clientId": CLIENT, "name": "Files",
                "createdAt": CREATED, "lastUsedAt": "2026-01-02T03:30:00Z",
            }],
        }),
        "PasskeyDto" => json!({
            "id": "e8c6a4f2-9b7d-4e5c-8a3f-1d2b3c4d5ecc", "name": "Blue key", "credentialID": CREDENTIAL,
            "attestationType": "none", "transport": ["usb"], "backupEligible": false, "backupState": false,
            "aaguid": "ee882879-721c-4913-9775-3dfcce97072a", "modelVerified": false, "createdAt": CREATED,
            "lastUsedAt": "2026-01-02T03:30:00Z", "counterRegressedAt": null,
        }),
        "CurrentVersionDto" => json!({"currentVersion": "2.14.0", "release": "0.1.0"}),
        "LatestVersionDto" => json!({
            "latestVersion": "2.14.0", "releaseUrl": "https://example.com/releases/2.14.0",
        }),
        _ => return None,
    })
}
