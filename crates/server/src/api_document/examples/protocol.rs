//! Examples of the protocol's schemas, by name, and of forms.

use pocket_id_oidc::discovery::{self, Features, Offered};
use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{Content, RefOr};

use super::with;
use crate::api_document::answers;

const CLIENT: &str = "0f6d2a51-8c1e-4b7a-9e60-7d1f5a2c4e33";
const USER: &str = "4f1d7bd6-8d2c-4a58-9a3e-2c1f0f6f7a11";
const HERE: &str = "https://id.example.com";
const CALLBACK: &str = "https://files.example.com/callback";
const CHALLENGE: &str = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
const CREDENTIAL: &str = "uQ4hJ1rW8sKd0Zt5Xc2Vb9Nm4Lp7Ja3Hg6Fy1Ro8Ei";
const CLIENT_DATA: &str = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn metadata() -> Value {
    json!({
        "client_name": "Files", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "application_type": "web", "token_endpoint_auth_method": "client_secret_basic",
    })
}

fn registered() -> Value {
    let given = json!({
        "subject_type": "public", "id_token_signed_response_alg": "RS256", "client_id": CLIENT,
        "client_id_issued_at": 1_767_323_045, "client_secret": "kT9qmZ2Lr8Vx4Nw7Pb1Hc6Jd3Fg5Sy0A",
        "client_secret_expires_at": 0, "registration_client_uri": format!("{HERE}/api/oidc/register/{CLIENT}"),
        "registration_access_token": "Xc2Vb9Nm4Lp1Ja8Hg3Fy6RWq7sKd0Zt5",
    });
    with(metadata(), &given)
}

/// What the discovery document says here, from where it is made.
fn discovery_document() -> Value {
    let features = Features {
        client_registration: Offered::Yes,
        metadata_documents: Offered::Yes,
    };
    json!(discovery::document(HERE, HERE, features))
}

/// The example of a schema.
pub(super) fn of(schema: &str) -> Option<Value> {
    Some(match schema {
        "DiscoveryDocument" => discovery_document(),
        "KeySet" => json!({"keys": [{
            "kty": "EC", "use": "sig", "alg": "ES256", "kid": "Vb9Nm4Lp1Ja8", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }]}),
        "TokenAnswer" => json!({
            "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl", "token_type": "bearer",
            "expires_in": 3600, "scope": "openid profile offline_access",
            "refresh_token": "Wq7sKd0Zt5Xc2Vb9Nm4Lp1Ja8Hg3Fy6R",
            "id_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
        }),
        "PushedRequestAnswer" => json!({
            "request_uri": "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c8KqZ5mXbO3hJ0vQs",
            "expires_in": 90,
        }),
        "DeviceAuthorizationAnswer" => json!({
            "device_code": "Nm4Lp1Ja8Hg3Fy6RWq7sKd0Zt5Xc2Vb9", "user_code": "P7K2MX9Q",
            "verification_uri": format!("{HERE}/device"),
            "verification_uri_complete": format!("{HERE}/device?user_code=P7K2MX9Q"), "expires_in": 900,
            "interval": 5,
        }),
        "IntrospectionAnswer" => json!({
            "active": true, "client_id": CLIENT, "scope": "openid profile", "sub": USER, "username": USER,
            "aud": [HERE], "iss": HERE, "exp": 1_767_326_645, "iat": 1_767_323_045, "token_type": "access_token",
            "jti": "019b7a5c-0c00-7d3e-8f4a-5b6c7d8e9f77", "auth_time": 1_767_323_040, "acr": "phr",
        }),
        "UserInfo" => json!({
            "sub": USER, "preferred_username": "craig", "name": "Craig Federighi", "display_name": "Craig Federighi",
            "given_name": "Craig", "family_name": "Federighi", "email": "craig@example.com", "email_verified": true,
            "picture": format!("{HERE}/api/users/{USER}/profile-picture.png"), "groups": ["family"],
        }),
        "ClientMetadata" => metadata(),
        "RegisteredClient" => registered(),
        "RequestOptions" => json!({
            "challenge": CHALLENGE, "timeout": 60_000, "rpId": "id.example.com", "userVerification": "required",
        }),
        "CreationOptions" => json!({
            "rp": {"id": "id.example.com", "name": "Pocket ID"},
            "user": {
                "id": "NGYxZDdiZDYtOGQyYy00YTU4LTlhM2UtMmMxZjBmNmY3YTEx", "name": "craig",
                "displayName": "Craig Federighi",
            },
            "challenge": CHALLENGE, "timeout": 60_000, "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "excludeCredentials": [{"type": "public-key", "id": CREDENTIAL, "transports": ["usb"]}],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "extensions": {"credProps": true},
        }),
        "RegistrationResponseJson" => json!({
            "id": CREDENTIAL, "rawId": CREDENTIAL, "type": "public-key", "authenticatorAttachment": "cross-platform",
            "response": {
                "clientDataJSON": CLIENT_DATA, "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA",
                "transports": ["usb"],
            },
        }),
        "AuthenticationResponseJson" => json!({
            "id": CREDENTIAL, "rawId": CREDENTIAL, "type": "public-key",
            "response": {
                "clientDataJSON": CLIENT_DATA, "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
                "signature": "MEUCIQDTGVxhrNB5a9kzLpXYzPmmGqjQ4cJ5OtvjjYp0XhZbGgIgK8",
                "userHandle": "NGYxZDdiZDYtOGQyYy00YTU4LTlhM2UtMmMxZjBmNmY3YTEx",
            },
        }),
        _ => return None,
    })
}

/// Examples of forms: `(path, name, fields)`.
fn forms(path: &str) -> Vec<(&'static str, Value)> {
    let request = json!({
        "client_id": CLIENT, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile",
        "state": "af0ifjsldkj", "nonce": "n-0S6_WzA2Mj", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    });
    match path {
        "/api/oidc/token" => vec![
            (
                "code",
                json!({
                    "grant_type": "authorization_code", "code": "SplxlOBeZQQYbYS6WxSbIA", "redirect_uri": CALLBACK,
                    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                }),
            ),
            (
                "refresh",
                json!({"grant_type": "refresh_token", "refresh_token": "Wq7sKd0Zt5Xc2Vb9Nm4Lp1Ja8Hg3Fy6R"}),
            ),
            (
                "client",
                json!({
                    "grant_type": "client_credentials", "scope": "events:read",
                    "resource": "https://calendar.example.com",
                }),
            ),
            (
                "device",
                json!({
                    "grant_type": DEVICE_CODE, "device_code": "Nm4Lp1Ja8Hg3Fy6RWq7sKd0Zt5Xc2Vb9",
                    "client_id": CLIENT,
                }),
            ),
            (
                "exchange",
                json!({
                    "grant_type": EXCHANGE, "subject_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
                    "subject_token_type": ACCESS_TOKEN, "resource": "https://calendar.example.com",
                }),
            ),
        ],
        "/api/oidc/par" | "/authorize" => vec![("code", request)],
        "/api/oidc/device/authorize" => {
            vec![("device", json!({"client_id": CLIENT, "scope": "openid profile"}))]
        }
        "/api/oidc/introspect" | "/api/oidc/revoke" => vec![(
            "token",
            json!({"token": "Wq7sKd0Zt5Xc2Vb9Nm4Lp1Ja8Hg3Fy6R", "token_type_hint": "refresh_token"}),
        )],
        "/api/oidc/userinfo" => {
            vec![(
                "token",
                json!({"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"}),
            )]
        }
        "/api/oidc/end-session" => vec![(
            "hint",
            json!({
                "id_token_hint": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
                "post_logout_redirect_uri": "https://files.example.com/", "state": "af0ifjsldkj",
            }),
        )],
        _ => Vec::new(),
    }
}

/// A file with a picture. Its bytes cannot be shown here.
fn upload() -> Value {
    json!({"file": "(the bytes of picture.png)"})
}

/// Gives the form of a route its examples.
pub(super) fn fill_form(path: &str, content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content {
        let named = |name: &str| matches!(&content.schema, Some(RefOr::Ref(to)) if answers::name(to) == name);
        let upload = named("UploadForm").then(|| ("picture", upload()));
        for (name, fields) in forms(path).into_iter().chain(upload) {
            let example = ExampleBuilder::new().value(Some(fields)).build();
            content.examples.insert(name.to_owned(), RefOr::T(example));
        }
    }
}
