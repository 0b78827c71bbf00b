//! Request objects by reference (OIDC Core §6.2).

use http::StatusCode;
use pocket_id_oidc::jose::{Algorithm, PrivateKey, base64url, sign};
use serde_json::json;

use super::*;
use crate::support::{OtherServer, both_engines};

const HOST: &str = "app.example";
const REQUEST: &str = "https://app.example/request.jwt";

fn unsigned(claims: &Value) -> String {
    let header = base64url(br#"{"alg":"none"}"#);
    format!("{header}.{}.", base64url(claims.to_string().as_bytes()))
}

fn publish(site: &OtherServer, object: &str) {
    site.page(
        "/request.jwt",
        200,
        &[("content-type", "application/oauth-authz-req+jwt")],
        object,
    );
}

async fn with_request(admin: &mut Browser, protocol: Value) -> Client {
    register(admin, |body| {
        body["protocol"] = protocol;
        body["protocol"]["requestUris"] = json!([format!("{REQUEST}#first")]);
    })
    .await
}

/// An authorization request that says nothing itself.
fn by_reference(client: &Client, uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.id)
        .append_pair("request_uri", uri)
        .finish();
    format!("/authorize?{query}")
}

both_engines!(
    the_object_at_a_registered_address_is_the_request,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let site = OtherServer::start(&app, HOST).await;
        let key = PrivateKey::generate(Algorithm::Es256, [5; 8]).unwrap();
        let client = with_request(
            &mut admin,
            json!({"jwks": {"keys": [key.public_jwk()]}, "requireSignedRequestObject": true}),
        )
        .await;
        let stored = admin
            .get(&format!("/api/oidc/clients/{}", client.id))
            .await
            .json();
        assert_eq!(
            stored["protocol"]["requestUris"],
            json!(["https://app.example/request.jwt#first"])
        );
        let request = json!({
            "iss": client.id, "aud": app.url, "client_id": client.id, "response_type": "code",
            "redirect_uri": CALLBACK, "scope": "openid email", "state": "signed", "nonce": "from-object",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256"
        });
        publish(&site, &sign(&key, "oauth-authz-req+jwt", &request).unwrap());
        let answer = admin.get(&by_reference(&client, REQUEST)).await;
        let answer = interact(&mut admin, &answer).await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some("signed"));
        let code = parameter(&answer, "code").unwrap();
        let tokens = exchange(&app, &client, &code).await.json();
        assert_eq!(claims(text(&tokens["id_token"]))["nonce"], "from-object");

        // Everything a request object is held against holds here; a new version is told by its fragment.
        let other = PrivateKey::generate(Algorithm::Es256, [6; 8]).unwrap();
        let with = |name: &str, value: Value| {
            let mut changed = request.clone();
            changed[name] = value;
            changed
        };
        let by_client = |claims: &Value| sign(&key, "JWT", claims).unwrap();
        for (version, object) in [
            unsigned(&request),
            sign(&other, "JWT", &request).unwrap(),
            by_client(&with("aud", json!("https://other.example"))),
            by_client(&with("exp", json!(app.clock.now().seconds() - 3600))),
            by_client(&with("client_id", json!("another"))),
            "nonsense".to_owned(),
            String::new(),
        ]
        .into_iter()
        .enumerate()
        {
            app.pass_seconds(6);
            publish(&site, &object);
            let uri = format!("{REQUEST}#{version}");
            let outer = authorize_path(&client, &[("request_uri", &uri)]);
            let answer = admin.get(&outer).await;
            assert_eq!(
                parameter(&answer, "error").as_deref(),
                Some("invalid_request_object"),
                "{version}: {object} {answer:?}"
            );
        }
        app.pass_seconds(6);
        publish(
            &site,
            &by_client(&with("redirect_uri", json!("https://evil.example/cb"))),
        );
        let answer = admin
            .get(&by_reference(&client, &format!("{REQUEST}#evil")))
            .await;
        assert!(
            answer.header("location").contains("/interaction/error"),
            "{answer:?}"
        );
    }
);

both_engines!(
    nothing_is_asked_that_the_client_has_not_registered,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let site = OtherServer::start(&app, HOST).await;
        publish(&site, &unsigned(&json!({"state": "inner"})));
        site.page("/other", 200, &[], unsigned(&json!({})));
        let client = with_request(&mut admin, json!({})).await;
        let plain = register(&mut admin, |_| {}).await;
        let pushes = register(&mut admin, |body| {
            body["requiresPushedAuthorizationRequests"] = json!(true);
            body["protocol"] = json!({"requestUris": [REQUEST]});
        })
        .await;
        let object = unsigned(&json!({"state": "inner"}));
        for (client, more, error) in [
            (&plain, vec![("request_uri", REQUEST)], "invalid_request_uri"),
            (
                &client,
                vec![("request_uri", "https://app.example/other")],
                "invalid_request_uri",
            ),
            (
                &client,
                vec![("request_uri", "https://app.example/request.jwt?x=1")],
                "invalid_request_uri",
            ),
            (
                &client,
                vec![("request_uri", "urn:ietf:params:oauth:request_ur")],
                "invalid_request_uri",
            ),
            (
                &client,
                vec![("request_uri", "http://169.254.169.254/")],
                "invalid_request_uri",
            ),
            (
                &client,
                vec![("request_uri", REQUEST), ("request", &object)],
                "invalid_request",
            ),
            (&pushes, vec![("request_uri", REQUEST)], "invalid_request"),
        ] {
            let answer = admin.get(&authorize_path(client, &more)).await;
            assert_eq!(
                parameter(&answer, "error").as_deref(),
                Some(error),
                "{more:?}: {answer:?}"
            );
        }
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", &client.secret),
            ("request_uri", REQUEST),
        ];
        let pushed = app.browser().post_form("/api/oidc/par", &form).await;
        assert_eq!(pushed.json()["error"], "invalid_request", "{pushed:?}");
        assert_eq!((site.hits("/request.jwt"), site.hits("/other")), (0, 0));

        // Where nothing forbids them, unsigned objects and the query go together, as in the parameter itself.
        let answer = admin
            .get(&authorize_path(&client, &[("request_uri", REQUEST)]))
            .await;
        let answer = interact(&mut admin, &answer).await;
        assert_eq!(parameter(&answer, "state").as_deref(), Some("inner"));
    }
);

both_engines!(
    what_comes_back_is_small_and_of_the_right_kind,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let site = OtherServer::start(&app, HOST).await;
        let client = with_request(&mut admin, json!({})).await;
        let path = authorize_path(&client, &[("request_uri", REQUEST)]);
        let object = unsigned(&json!({"state": "inner"}));
        let large = unsigned(&json!({"state": "x".repeat(70_000)}));
        let jwt = ("content-type", "application/jwt");
        for (status, headers, body) in [
            (404, vec![jwt], &object),
            (302, vec![("location", "https://app.example/elsewhere")], &object),
            (200, vec![("content-type", "text/html")], &object),
            (200, vec![jwt], &large),
        ] {
            app.pass_seconds(60);
            site.page("/request.jwt", status, &headers, body);
            let answer = admin.get(&path).await;
            assert_eq!(
                parameter(&answer, "error").as_deref(),
                Some("invalid_request_uri"),
                "{status} {headers:?}: {answer:?}"
            );
        }
        for headers in [vec![], vec![jwt]] {
            app.pass_seconds(60);
            site.page("/request.jwt", 200, &headers, &object);
            let answer = admin.get(&path).await;
            assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
        }
    }
);

both_engines!(
    strangers_cannot_make_us_ask_again_and_again,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let site = OtherServer::start(&app, HOST).await;
        publish(&site, &unsigned(&json!({"state": "one"})));
        let client = with_request(&mut admin, json!({})).await;
        // Fragments are for anybody to make up.
        let attempts: Vec<_> = (0..64)
            .map(|number| {
                let mut stranger = app.browser();
                let uri = format!("{REQUEST}#{number}");
                let path = authorize_path(&client, &[("request_uri", &uri)]);
                tokio::spawn(async move { stranger.get(&path).await })
            })
            .collect();
        for attempt in attempts {
            let answer = attempt.await.unwrap();
            assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
        }
        assert_eq!(site.hits("/request.jwt"), 1);

        // A new version is asked for after a moment, the same one after a while, what failed a bit later.
        let path = |version: &str| {
            let uri = format!("{REQUEST}#{version}");
            authorize_path(&client, &[("request_uri", &uri)])
        };
        app.pass_seconds(6);
        admin.get(&path("v2")).await;
        app.pass_seconds(6);
        admin.get(&path("v2")).await;
        assert_eq!(site.hits("/request.jwt"), 2);
        app.pass_seconds(30);
        site.page("/request.jwt", 500, &[], "");
        admin.get(&path("v2")).await;
        admin.get(&path("v3")).await;
        assert_eq!(site.hits("/request.jwt"), 3);
        app.pass_seconds(11);
        publish(&site, &unsigned(&json!({"state": "two"})));
        let answer = admin.get(&path("v3")).await;
        assert!(parameter(&answer, "interaction").is_some(), "{answer:?}");
        assert_eq!(site.hits("/request.jwt"), 4);
    }
);

both_engines!(
    a_client_that_registered_itself_leads_nowhere_private,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let policy = json!({"mode": "open", "requiresApproval": false});
        admin.put("/api/oidc/registration-policy", &policy).await;
        let site = OtherServer::start(&app, HOST).await;
        publish(&site, &unsigned(&json!({"state": "inner"})));
        let private = format!("https://{}/request.jwt", site.socket);
        app.network
            .name("inside.example", &["10.0.0.1:443".parse().unwrap()]);
        let body = json!({
            "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none", "application_type": "web",
            "request_uris": [REQUEST, "https://inside.example/r", "https://169.254.169.254/r", "https://[::1]/r"]
        });
        let registered = app.browser().post("/api/oidc/register", &body).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        let registered = registered.json();
        assert_eq!(registered["request_uris"], body["request_uris"]);
        let client = Client {
            id: text(&registered["client_id"]).to_owned(),
            secret: String::new(),
        };
        for (uri, fine) in [
            (REQUEST, true),
            ("https://inside.example/r", false),
            ("https://169.254.169.254/r", false),
            ("https://[::1]/r", false),
            (private.as_str(), false),
        ] {
            let answer = admin.get(&authorize_path(&client, &[("request_uri", uri)])).await;
            let error = parameter(&answer, "error");
            assert_eq!(error.is_none(), fine, "{uri}: {answer:?}");
            assert_eq!(
                error.as_deref(),
                (!fine).then_some("invalid_request_uri"),
                "{uri}"
            );
        }

        // Nor anywhere at all while it waits for an approval that is asked for.
        let policy = json!({"mode": "open", "requiresApproval": true});
        admin.put("/api/oidc/registration-policy", &policy).await;
        app.pass_seconds(60);
        let before = site.hits("/request.jwt");
        let answer = admin
            .get(&authorize_path(&client, &[("request_uri", REQUEST)]))
            .await;
        assert!(
            answer.header("location").contains("/interaction/error?"),
            "{answer:?}"
        );
        assert_eq!(site.hits("/request.jwt"), before);
    }
);
