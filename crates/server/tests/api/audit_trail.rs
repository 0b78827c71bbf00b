//! Every change an administrator can make leaves its entry in the audit log.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::oidc::{register, text, tokens};
use crate::support::{Answer, Browser, SmtpSink, TestApp, both_engines};

/// Routes that change something for signed-in people and aren't walked here: each is about oneself and noted where its
/// own tests say so, or changes nothing.
const NOT_OF_ADMINISTRATORS: &[(&str, &str)] = &[
    ("delete", "/api/api-keys/{id}"),
    ("post", "/api/api-keys"),
    ("post", "/api/api-keys/{id}/renew"),
    ("post", "/api/device-login/verification"),
    ("post", "/api/device-login/verification/decision"),
    ("post", "/api/oidc/device/deny"),
    ("post", "/api/oidc/device/verify"),
    ("post", "/api/oidc/interactions/{id}/complete"),
    ("delete", "/api/oidc/users/me/authorized-clients/{clientId}"),
    ("delete", "/api/sessions"),
    ("delete", "/api/sessions/{id}"),
    ("delete", "/api/sessions/{id}/clients/{clientSessionId}"),
    ("put", "/api/users/me"),
    ("post", "/api/users/me/one-time-access-token"),
    ("put", "/api/users/me/profile-picture"),
    ("delete", "/api/users/me/profile-picture"),
    ("post", "/api/users/me/recovery-codes"),
    ("delete", "/api/users/me/recovery-codes"),
    ("post", "/api/users/me/send-email-verification"),
    ("post", "/api/users/me/verify-email"),
    ("delete", "/api/webauthn/credentials/{id}"),
    ("patch", "/api/webauthn/credentials/{id}"),
    ("post", "/api/webauthn/logout"),
    ("post", "/api/webauthn/reauthenticate"),
    ("post", "/api/webauthn/register/finish"),
    // A document of a client that describes itself; `oidc::metadata_documents` has such clients.
    ("post", "/api/oidc/clients/{id}/refresh"),
    // It carries out at an app what other entries say was changed here.
    ("post", "/api/scim/service-provider/{id}/sync"),
    // It says what became of a mail, and changes nothing.
    ("post", "/api/application-configuration/test-email"),
];

struct Walk<'a> {
    app: &'a TestApp,
    admin: Browser,
    walked: BTreeSet<(String, String)>,
}

/// What a request carries.
enum Body {
    None,
    Json(Value),
    Picture,
}

impl Walk<'_> {
    /// Makes a change and asks which events it left. `parts` fill the parameters of the path in order.
    async fn step(
        &mut self,
        method: &str,
        path: &str,
        parts: &[&str],
        body: Body,
        events: &[&str],
    ) -> Answer {
        self.app.pass_seconds(1);
        let seen = self.app.audit_log().await.len();
        let mut parts = parts.iter();
        let concrete: Vec<&str> = path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    parts.next().unwrap()
                } else {
                    part
                }
            })
            .collect();
        let verb: Method = method.to_uppercase().parse().unwrap();
        let address = concrete.join("/");
        let request = match body {
            Body::None => self.admin.request(verb, &address),
            Body::Json(value) => self.admin.request(verb, &address).json(&value),
            Body::Picture => {
                let picture = include_bytes!("../../src/files/samples/gps.png").as_slice();
                self.admin.upload(verb, &address, "a.png", picture)
            }
        };
        let answer = self.admin.send(request).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        let log = self.app.audit_log().await;
        let left: Vec<&str> = log[seen..].iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(left, events, "{method} {path}");
        self.walked.insert((method.to_owned(), path.to_owned()));
        answer
    }
}

fn id_of(answer: &Answer) -> String {
    text(&answer.json()["id"]).to_owned()
}

both_engines!(no_change_goes_unnoticed, |app: TestApp| async move {
    let admin = app.set_up().await;
    let mut walk = Walk {
        app: &app,
        admin,
        walked: BTreeSet::new(),
    };
    let json = Body::Json;
    let nothing = || Body::None;

    // Settings and pictures.
    let changed = &["CONFIGURATION_CHANGED"];
    let settings = json!({"appName": "Home"});
    walk.step(
        "patch",
        "/api/application-configuration",
        &[],
        json(settings),
        changed,
    )
    .await;
    let all = walk.admin.get("/api/application-configuration/all").await.json();
    let mut whole: serde_json::Map<String, Value> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["key"]).to_owned(), one["value"].clone()))
        .collect();
    whole.insert("sessionDuration".to_owned(), json!("120"));
    walk.step(
        "put",
        "/api/application-configuration",
        &[],
        json(Value::Object(whole)),
        changed,
    )
    .await;
    let of_before = "/api/application-configuration/{name}";
    walk.step("put", of_before, &["background-image"], Body::Picture, changed)
        .await;
    let images = "/api/application-images/{name}";
    walk.step("put", images, &["background"], Body::Picture, changed)
        .await;
    walk.step("delete", images, &["background"], nothing(), changed)
        .await;
    let faces = "/api/application-images/default-profile-picture";
    walk.step("put", faces, &[], Body::Picture, changed).await;
    walk.step("delete", faces, &[], nothing(), changed).await;
    let policy = json!({"mode": "open", "requiresApproval": true});
    walk.step("put", "/api/oidc/registration-policy", &[], json(policy), changed)
        .await;

    // People.
    let grace = json!({"username": "grace", "email": "grace@example.com"});
    let grace = id_of(
        &walk
            .step("post", "/api/users", &[], json(grace), &["USER_CREATED"])
            .await,
    );
    let mut account = walk.admin.get(&format!("/api/users/{grace}")).await.json();
    account["firstName"] = json!("Grace");
    let of_grace = &[grace.as_str()];
    walk.step(
        "put",
        "/api/users/{id}",
        of_grace,
        json(account),
        &["USER_UPDATED"],
    )
    .await;
    let face = "/api/users/{id}/profile-picture";
    walk.step("put", face, of_grace, Body::Picture, &["PROFILE_PICTURE_UPDATED"])
        .await;
    walk.step("delete", face, of_grace, nothing(), &["PROFILE_PICTURE_REMOVED"])
        .await;
    let claims = || json!([{"key": "shoe", "value": "43"}]);
    walk.step(
        "put",
        "/api/custom-claims/user/{id}",
        of_grace,
        json(claims()),
        &["CUSTOM_CLAIMS_UPDATED"],
    )
    .await;
    let code = walk
        .step(
            "post",
            "/api/users/{id}/one-time-access-token",
            of_grace,
            json(json!({})),
            &["LOGIN_CODE_CREATED"],
        )
        .await
        .json();
    let code = text(&code["token"]).to_owned();
    let sink = SmtpSink::start();
    sink.use_by(
        &mut walk.admin,
        json!({"emailOneTimeAccessAsAdminEnabled": "true"}),
    )
    .await;
    walk.step(
        "post",
        "/api/users/{id}/one-time-access-email",
        of_grace,
        json(json!({})),
        &["LOGIN_CODE_CREATED"],
    )
    .await;
    let mut her_browser = app.browser();
    let signed_in = her_browser
        .post_nothing(&format!("/api/one-time-access-token/{code}"))
        .await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let mut key = app.passkey(9);
    assert_eq!(her_browser.add_passkey(&mut key).await.status, 200);
    let setting = json!({"allowRecoveryCodes": "true"});
    walk.admin.patch("/api/application-configuration", &setting).await;
    let made = her_browser.post("/api/users/me/recovery-codes", &json!({})).await;
    assert!(made.status.is_success(), "{made:?}");

    // Clients.
    let files = json!({"name": "Files", "skipConsent": true, "callbackURLs": [crate::oidc::CALLBACK]});
    let files = id_of(
        &walk
            .step("post", "/api/oidc/clients", &[], json(files), &["CLIENT_CREATED"])
            .await,
    );
    let of_files = &[files.as_str()];
    let mut entered = walk.admin.get(&format!("/api/oidc/clients/{files}")).await.json();
    entered["name"] = json!("My files");
    walk.step(
        "put",
        "/api/oidc/clients/{id}",
        of_files,
        json(entered),
        &["CLIENT_UPDATED"],
    )
    .await;
    let logo = "/api/oidc/clients/{id}/logo";
    walk.step("post", logo, of_files, Body::Picture, &["CLIENT_UPDATED"])
        .await;
    walk.step("delete", logo, of_files, nothing(), &["CLIENT_UPDATED"])
        .await;
    let secrets = "/api/oidc/clients/{id}/secrets";
    let secret = id_of(
        &walk
            .step(
                "post",
                secrets,
                of_files,
                json(json!({})),
                &["CLIENT_SECRET_CREATED"],
            )
            .await,
    );
    walk.step(
        "delete",
        "/api/oidc/clients/{id}/secrets/{secretId}",
        &[&files, &secret],
        nothing(),
        &["CLIENT_SECRET_DELETED"],
    )
    .await;
    walk.step(
        "post",
        "/api/oidc/clients/{id}/secret",
        of_files,
        nothing(),
        &["CLIENT_SECRET_CREATED"],
    )
    .await;

    let provider = || json!({"endpoint": "https://scim.example/v2", "oidcClientId": files});
    let provider_id = id_of(
        &walk
            .step(
                "post",
                "/api/scim/service-provider",
                &[],
                json(provider()),
                &["SCIM_PROVIDER_CREATED"],
            )
            .await,
    );
    let of_provider = &[provider_id.as_str()];
    let providers = "/api/scim/service-provider/{id}";
    walk.step(
        "put",
        providers,
        of_provider,
        json(provider()),
        &["SCIM_PROVIDER_UPDATED"],
    )
    .await;
    walk.step(
        "delete",
        providers,
        of_provider,
        nothing(),
        &["SCIM_PROVIDER_DELETED"],
    )
    .await;

    // Groups.
    let crew = json!({"name": "crew", "friendlyName": "Crew"});
    let crew = id_of(
        &walk
            .step(
                "post",
                "/api/user-groups",
                &[],
                json(crew),
                &["USER_GROUP_CREATED"],
            )
            .await,
    );
    let of_crew = &[crew.as_str()];
    let renamed = json!({"name": "team", "friendlyName": "Team"});
    walk.step(
        "put",
        "/api/user-groups/{id}",
        of_crew,
        json(renamed),
        &["USER_GROUP_UPDATED"],
    )
    .await;
    walk.step(
        "put",
        "/api/user-groups/{id}/users",
        of_crew,
        json(json!({"userIds": [grace]})),
        &["USER_GROUP_MEMBERS_UPDATED"],
    )
    .await;
    walk.step(
        "put",
        "/api/users/{id}/user-groups",
        of_grace,
        json(json!({"userGroupIds": []})),
        &["USER_GROUPS_UPDATED"],
    )
    .await;
    walk.step(
        "put",
        "/api/user-groups/{id}/allowed-oidc-clients",
        of_crew,
        json(json!({"oidcClientIds": [files]})),
        &["USER_GROUP_CLIENTS_UPDATED"],
    )
    .await;
    walk.step(
        "put",
        "/api/oidc/clients/{id}/allowed-user-groups",
        of_files,
        json(json!({"userGroupIds": []})),
        &["CLIENT_GROUPS_UPDATED"],
    )
    .await;
    walk.step(
        "put",
        "/api/custom-claims/user-group/{id}",
        of_crew,
        json(claims()),
        &["CUSTOM_CLAIMS_UPDATED"],
    )
    .await;

    // APIs.
    let orders = json!({"name": "Orders", "resource": "https://orders.example"});
    let orders = id_of(
        &walk
            .step("post", "/api/apis", &[], json(orders), &["API_CREATED"])
            .await,
    );
    let of_orders = &[orders.as_str()];
    let api_changed = &["API_UPDATED"];
    let renamed = json!({"name": "All orders", "resource": "https://orders.example"});
    walk.step("put", "/api/apis/{id}", of_orders, json(renamed), api_changed)
        .await;
    let permissions = json!({"permissions": [{"name": "Read", "key": "read"}]});
    let changed = walk
        .step(
            "put",
            "/api/apis/{id}/permissions",
            of_orders,
            json(permissions),
            api_changed,
        )
        .await
        .json();
    let read = text(&changed["permissions"][0]["id"]).to_owned();
    let access_changed = &["API_ACCESS_UPDATED"];
    walk.step(
        "put",
        "/api/apis/{id}/cimd-access",
        of_orders,
        json(json!({"allowCimdClients": true, "permissionIds": [read]})),
        access_changed,
    )
    .await;
    let both = &[orders.as_str(), files.as_str()];
    let grant = json!({"userDelegatedAccess": true, "clientAccess": true,
        "userDelegatedPermissionIds": [read], "clientPermissionIds": []});
    walk.step(
        "put",
        "/api/apis/{id}/clients/{clientId}",
        both,
        json(grant),
        access_changed,
    )
    .await;
    walk.step(
        "delete",
        "/api/apis/{id}/clients/{clientId}",
        both,
        nothing(),
        access_changed,
    )
    .await;
    let serving = "/api/apis/{id}/serving-clients/{clientId}";
    walk.step("put", serving, both, nothing(), access_changed).await;
    walk.step("delete", serving, both, nothing(), access_changed)
        .await;
    walk.step("delete", "/api/apis/{id}", of_orders, nothing(), &["API_DELETED"])
        .await;

    // Clients that register themselves, and tokens for them and for people.
    let token = json!({"name": "CI", "maxUses": 1, "expiresAt": "2100-01-01T00:00:00Z"});
    let token = id_of(
        &walk
            .step(
                "post",
                "/api/oidc/registration-tokens",
                &[],
                json(token),
                &["REGISTRATION_TOKEN_CREATED"],
            )
            .await,
    );
    walk.step(
        "delete",
        "/api/oidc/registration-tokens/{id}",
        &[&token],
        nothing(),
        &["REGISTRATION_TOKEN_DELETED"],
    )
    .await;
    let metadata = json!({"redirect_uris": [crate::oidc::CALLBACK]});
    let registered = app.browser().post("/api/oidc/register", &metadata).await.json();
    walk.step(
        "post",
        "/api/oidc/clients/{id}/approve",
        &[text(&registered["client_id"])],
        nothing(),
        &["CLIENT_APPROVED"],
    )
    .await;
    let query =
        format!("client_id={files}&response_type=code&scope=openid&redirect_uri=https://other.example/cb");
    let refused = app.browser().get(&format!("/authorize?{query}")).await;
    let address = url::Url::parse(refused.header("location")).unwrap();
    let refusal = address.query_pairs().find(|(key, _)| key == "refusal").unwrap().1;
    walk.step(
        "post",
        "/api/oidc/refused-authorizations/{id}/accept",
        &[&refusal],
        nothing(),
        &["CLIENT_UPDATED"],
    )
    .await;
    let invitation = json!({"usageLimit": 1, "ttl": "1h"});
    let invitation = id_of(
        &walk
            .step(
                "post",
                "/api/signup-tokens",
                &[],
                json(invitation),
                &["SIGNUP_TOKEN_CREATED"],
            )
            .await,
    );
    walk.step(
        "delete",
        "/api/signup-tokens/{id}",
        &[&invitation],
        nothing(),
        &["SIGNUP_TOKEN_DELETED"],
    )
    .await;

    // What people hold: sessions, passkeys, recovery codes; and at last they themselves.
    let client = register(&mut walk.admin, |body| body["skipConsent"] = json!(true)).await;
    her_browser.sign_in(&mut key).await;
    tokens(&app, &mut her_browser, &client).await;
    let sessions = walk
        .admin
        .get(&format!("/api/users/{grace}/sessions"))
        .await
        .json();
    let session = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|one| !one["clients"].as_array().unwrap().is_empty())
        .unwrap();
    let (session, at_client) = (text(&session["id"]), text(&session["clients"][0]["id"]));
    let ended = &["SESSION_ENDED"];
    walk.step(
        "delete",
        "/api/users/{id}/sessions/{sessionId}/clients/{clientSessionId}",
        &[&grace, session, at_client],
        nothing(),
        ended,
    )
    .await;
    walk.step(
        "delete",
        "/api/users/{id}/sessions/{sessionId}",
        &[&grace, session],
        nothing(),
        ended,
    )
    .await;
    her_browser.sign_in(&mut key).await;
    walk.step("delete", "/api/users/{id}/sessions", of_grace, nothing(), ended)
        .await;
    let passkeys = walk
        .admin
        .get(&format!("/api/users/{grace}/webauthn-credentials"))
        .await
        .json();
    walk.step(
        "delete",
        "/api/users/{id}/webauthn-credentials/{credentialId}",
        &[&grace, text(&passkeys[0]["id"])],
        nothing(),
        &["PASSKEY_REMOVED"],
    )
    .await;
    walk.step(
        "delete",
        "/api/users/{id}/recovery-codes",
        of_grace,
        nothing(),
        &["RECOVERY_CODES_DELETED"],
    )
    .await;
    walk.step(
        "delete",
        "/api/user-groups/{id}",
        of_crew,
        nothing(),
        &["USER_GROUP_DELETED"],
    )
    .await;
    walk.step(
        "delete",
        "/api/oidc/clients/{id}",
        of_files,
        nothing(),
        &["CLIENT_DELETED"],
    )
    .await;
    walk.step(
        "delete",
        "/api/users/{id}",
        of_grace,
        nothing(),
        &["USER_DELETED"],
    )
    .await;

    // Nothing was forgotten.
    let document = app.browser().get("/api/openapi.json").await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let for_people = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|scheme| scheme.get("session").is_some());
            if method == "get" || !for_people {
                continue;
            }
            let known = NOT_OF_ADMINISTRATORS.contains(&(method.as_str(), path.as_str()))
                || walk.walked.contains(&(method.clone(), path.clone()));
            assert!(known, "{method} {path} is a change nobody looked at");
        }
    }
});
