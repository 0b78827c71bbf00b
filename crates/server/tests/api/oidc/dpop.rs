//! Proofs of possession (RFC 9449) and the FAPI 2.0 profile.

use http::{Method, StatusCode};
use pocket_id_oidc::jose::{Algorithm, PrivateKey, Signer as _, base64url, sign};
use pocket_id_store::{commit, grants, refresh_tokens};
use serde_json::{Value, json};

use super::*;
use crate::support::both_engines;

/// The assertion type of RFC 7523.
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub struct Key(PrivateKey);

impl Key {
    pub fn new(seed: u8) -> Self {
        Self::with(Algorithm::Es256, seed)
    }

    pub fn with(algorithm: Algorithm, seed: u8) -> Self {
        Self(PrivateKey::generate(algorithm, [seed; 8]).unwrap())
    }

    pub fn thumbprint(&self) -> String {
        self.0.public_jwk().thumbprint().unwrap()
    }

    /// A proof for a request; `jti` tells proofs apart.
    pub fn proof(&self, app: &TestApp, method: &str, path: &str, jti: &str, more: &[(&str, &str)]) -> String {
        let header =
            json!({"typ": "dpop+jwt", "alg": self.0.algorithm().as_str(), "jwk": self.0.public_jwk()});
        let mut claims = json!({
            "htm": method, "htu": format!("{}{path}", app.url), "iat": app.app.state.now().seconds(), "jti": jti
        });
        for (name, value) in more {
            claims[*name] = json!(value);
        }
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        format!("{signed}.{}", base64url(&self.0.sign(signed.as_bytes()).unwrap()))
    }
}

pub fn ath(token: &str) -> String {
    base64url(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref())
}

pub async fn token(app: &TestApp, form: &[(&str, &str)], proof: &str) -> Answer {
    let mut browser = app.browser();
    let request = browser
        .request(Method::POST, "/api/oidc/token")
        .header("DPoP", proof)
        .form(form);
    browser.send(request).await
}

/// Asks for tokens as clients do: once to learn the nonce, once with it.
pub async fn token_with_nonce(app: &TestApp, key: &Key, form: &[(&str, &str)], jti: &str) -> Answer {
    let first = token(
        app,
        form,
        &key.proof(app, "POST", "/api/oidc/token", &format!("{jti}-0"), &[]),
    )
    .await;
    assert_eq!(first.json()["error"], "use_dpop_nonce", "{first:?}");
    let nonce = first.header("dpop-nonce").to_owned();
    token(
        app,
        form,
        &key.proof(app, "POST", "/api/oidc/token", jti, &[("nonce", &nonce)]),
    )
    .await
}

fn code_form<'f>(client: &'f Client, code: &'f str) -> Vec<(&'f str, &'f str)> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", client.id.as_str()),
    ];
    if !client.secret.is_empty() {
        form.push(("client_secret", client.secret.as_str()));
    }
    form
}

pub async fn ask_userinfo(app: &TestApp, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let mut browser = app.browser();
    let mut request = browser
        .request(Method::GET, "/api/oidc/userinfo")
        .header("authorization", format!("{scheme} {token}"));
    if let Some(proof) = proof {
        request = request.header("DPoP", proof);
    }
    browser.send(request).await
}

both_engines!(
    a_public_clients_tokens_work_only_with_its_key,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| body["isPublic"] = json!(true)).await;
        let (key, thief) = (Key::new(1), Key::new(2));
        let code = code(&mut admin, &client, &[("dpop_jkt", &key.thumbprint())]).await;
        let form = code_form(&client, &code);
        let stolen = token_with_nonce(&app, &thief, &form, "t1").await;
        assert_eq!(
            stolen.json()["error"],
            "invalid_grant",
            "the code is bound to another key"
        );
        let unproven = app.browser().post_form("/api/oidc/token", &form).await;
        assert_eq!(unproven.json()["error"], "invalid_request");
        let answer = token_with_nonce(&app, &key, &form, "k1").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(!answer.header("dpop-nonce").is_empty());
        let tokens = answer.json();
        assert_eq!(tokens["token_type"], "DPoP");
        let access_token = text(&tokens["access_token"]);
        assert_eq!(claims(access_token)["cnf"], json!({"jkt": key.thumbprint()}));

        let path = "/api/oidc/userinfo";
        let hash = ath(access_token);
        let good = key.proof(&app, "GET", path, "u1", &[("ath", &hash)]);
        let answer = ask_userinfo(&app, "DPoP", access_token, Some(&good)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        for (scheme, proof, why) in [
            ("Bearer", None, "as a bearer token"),
            ("DPoP", None, "without a proof"),
            ("DPoP", Some(good.clone()), "with a proof used before"),
            (
                "DPoP",
                Some(key.proof(&app, "GET", path, "u2", &[])),
                "with a proof for no token",
            ),
            (
                "DPoP",
                Some(key.proof(&app, "POST", path, "u3", &[("ath", &hash)])),
                "for another method",
            ),
            (
                "DPoP",
                Some(key.proof(&app, "GET", "/x", "u4", &[("ath", &hash)])),
                "for another address",
            ),
            (
                "DPoP",
                Some(thief.proof(&app, "GET", path, "u5", &[("ath", &hash)])),
                "with another key",
            ),
            (
                "DPoP",
                Some(key.proof(&app, "GET", path, "u6", &[("ath", &hash), ("nonce", "made-up")])),
                "with a made-up nonce",
            ),
        ] {
            let answer = ask_userinfo(&app, scheme, access_token, proof.as_deref()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{why} {answer:?}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with(scheme), "{why}: {challenge}");
        }

        // Strangers with keys and proofs of their own leave nothing behind.
        let rows = app.count("oidc_jtis").await;
        for (token, jti) in [(access_token, "s1"), ("a.b.c", "s2"), ("nonsense", "s3")] {
            let proof = thief.proof(&app, "GET", path, jti, &[("ath", &ath(token))]);
            let answer = ask_userinfo(&app, "DPoP", token, Some(&proof)).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{jti} {answer:?}");
        }
        assert_eq!(app.count("oidc_jtis").await, rows);

        let refresh_token = text(&tokens["refresh_token"]).to_owned();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.as_str()),
            ("client_id", client.id.as_str()),
        ];
        let stolen = token_with_nonce(&app, &thief, &form, "t2").await;
        assert_eq!(stolen.json()["error"], "invalid_grant");
        let unproven = app.browser().post_form("/api/oidc/token", &form).await;
        assert_eq!(unproven.json()["error"], "invalid_request");
        let renewed = token_with_nonce(&app, &key, &form, "k2").await;
        assert_eq!(renewed.json()["token_type"], "DPoP", "{renewed:?}");
    }
);

both_engines!(
    a_confidential_client_may_change_its_key,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |body| {
            body["protocol"] = json!({"dpopBoundAccessTokens": true});
        })
        .await;
        let code = code(&mut admin, &client, &[]).await;
        let form = code_form(&client, &code);
        let unproven = app.browser().post_form("/api/oidc/token", &form).await;
        assert_eq!(
            unproven.json()["error"],
            "invalid_request",
            "it must always prove a key"
        );
        let tokens = token_with_nonce(&app, &Key::new(1), &form, "a").await.json();
        let refresh_token = text(&tokens["refresh_token"]).to_owned();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.as_str()),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        let other = Key::new(2);
        let renewed = token_with_nonce(&app, &other, &form, "b").await.json();
        let jkt = &claims(text(&renewed["access_token"]))["cnf"]["jkt"];
        assert_eq!(*jkt, other.thumbprint());
    }
);

both_engines!(
    of_64_requests_with_one_proof_one_counts,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let key = Key::new(1);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.as_str()),
        ];
        let first = token(&app, &form, &key.proof(&app, "POST", "/api/oidc/token", "n", &[])).await;
        let nonce = first.header("dpop-nonce").to_owned();
        let proof = key.proof(&app, "POST", "/api/oidc/token", "same", &[("nonce", &nonce)]);
        let form: Vec<(String, String)> = form
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let url = format!("{}/api/oidc/token", app.url);
        let tries: Vec<_> = (0..64)
            .map(|_| {
                let (url, form, proof) = (url.clone(), form.clone(), proof.clone());
                tokio::spawn(async move {
                    let request = reqwest::Client::new().post(url).header("DPoP", proof).form(&form);
                    request.send().await.unwrap().status()
                })
            })
            .collect();
        let mut good = 0;
        for attempt in tries {
            match attempt.await.unwrap() {
                StatusCode::OK => good += 1,
                status => assert_eq!(status, StatusCode::BAD_REQUEST),
            }
        }
        assert_eq!(good, 1);
    }
);

/// FAPI 2.0 Security Profile: pushed, PKCE, private_key_jwt, DPoP, short codes, no rotation.
async fn fapi(app: TestApp) {
    let mut admin = app.set_up().await;
    let own = PrivateKey::generate(Algorithm::Es256, [9; 8]).unwrap();
    let rsa = Key::with(Algorithm::Rs256, 3);
    let client = register(&mut admin, |body| {
        body["protocol"] =
            json!({"securityProfile": "fapi2", "jwks": {"keys": [own.public_jwk(), rsa.0.public_jwk()]}});
    })
    .await;
    let assertion = |jti: &str| {
        let now = app.app.state.now().seconds();
        let claims = json!({
            "iss": client.id, "sub": client.id, "aud": app.url, "jti": jti, "iat": now, "exp": now + 60
        });
        sign(&own, "JWT", &claims).unwrap()
    };
    let push = |assertion: String| {
        let mut browser = app.browser();
        let id = client.id.clone();
        async move {
            let form = [
                ("client_id", id.as_str()),
                ("client_assertion_type", KIND),
                ("client_assertion", assertion.as_str()),
                ("response_type", "code"),
                ("redirect_uri", CALLBACK),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            browser.post_form("/api/oidc/par", &form).await
        }
    };
    let secret = [
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
    ];
    let by_secret = app.browser().post_form("/api/oidc/par", &secret).await;
    assert_eq!(
        by_secret.json()["error"],
        "invalid_client",
        "its secret is no way in"
    );
    let direct = admin.get(&authorize_path(&client, &[])).await;
    assert_eq!(parameter(&direct, "error").as_deref(), Some("invalid_request"));

    let pushed = push(assertion("p1")).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
    let replayed = push(assertion("p1")).await;
    assert_eq!(
        replayed.json()["error"],
        "invalid_client",
        "an assertion counts once"
    );
    let handle = text(&pushed.json()["request_uri"]).to_owned();
    let path = format!("/authorize?client_id={}&request_uri={handle}", client.id);
    let answer = admin.get(&path).await;
    let answer = interact(&mut admin, &answer).await;
    assert_eq!(parameter(&answer, "iss").as_deref(), Some(app.url.as_str()));
    let code = parameter(&answer, "code").unwrap();

    let key = Key::new(1);
    let form = |grant: &[(&'static str, String)], jti: &str| -> Vec<(&'static str, String)> {
        let mut form = grant.to_vec();
        form.extend([
            ("client_id", client.id.clone()),
            ("client_assertion_type", KIND.to_owned()),
            ("client_assertion", assertion(jti)),
        ]);
        form
    };
    let exchange = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    let borrowed = |form: &[(&'static str, String)]| -> Vec<(String, String)> {
        form.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    let send = |form: Vec<(String, String)>, proof: Option<String>| {
        let mut browser = app.browser();
        async move {
            let mut request = browser.request(Method::POST, "/api/oidc/token").form(&form);
            if let Some(proof) = proof {
                request = request.header("DPoP", proof);
            }
            browser.send(request).await
        }
    };
    let unbound = send(borrowed(&form(&exchange, "t1")), None).await;
    assert_eq!(unbound.json()["error"], "invalid_request", "{unbound:?}");
    let first = key.proof(&app, "POST", "/api/oidc/token", "d0", &[]);
    let nonce = send(borrowed(&form(&exchange, "t2")), Some(first))
        .await
        .header("dpop-nonce")
        .to_owned();
    let proof = |jti: &str| key.proof(&app, "POST", "/api/oidc/token", jti, &[("nonce", &nonce)]);
    let answer = send(borrowed(&form(&exchange, "t3")), Some(proof("d1"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tokens = answer.json();
    for name in ["id_token", "access_token"] {
        let header: Value = {
            use base64::Engine as _;
            let part = text(&tokens[name]).split('.').next().unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(header["alg"], "ES256", "no PKCS #1 v1.5 for the {name}");
    }
    // Nor is it taken, for a proof or for a request.
    let weak = rsa.proof(&app, "POST", "/api/oidc/token", "rsa", &[("nonce", &nonce)]);
    let answer = send(borrowed(&form(&exchange, "t5")), Some(weak)).await;
    assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{answer:?}");
    assert!(
        text(&answer.json()["error_description"]).contains("PS256"),
        "{answer:?}"
    );
    let now = app.app.state.now().seconds();
    let object = json!({
        "iss": client.id, "aud": app.url, "client_id": client.id, "nbf": now, "exp": now + 60,
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256"
    });
    let with_object = |jti: &str, object: String| {
        vec![
            ("client_id", client.id.clone()),
            ("client_assertion_type", KIND.to_owned()),
            ("client_assertion", assertion(jti)),
            ("request", object),
        ]
    };
    let unsigned = format!(
        "{}.{}.",
        base64url(br#"{"alg":"none"}"#),
        base64url(object.to_string().as_bytes())
    );
    for (jti, object, fine) in [
        ("q1", sign(&own, "JWT", &object).unwrap(), true),
        ("q2", sign(&rsa.0, "JWT", &object).unwrap(), false),
        ("q3", unsigned, false),
    ] {
        let form = with_object(jti, object);
        let mut browser = app.browser();
        let request = browser.request(Method::POST, "/api/oidc/par").form(&form);
        let answer = browser.send(request).await;
        assert_eq!(answer.status == StatusCode::CREATED, fine, "{jti} {answer:?}");
        if !fine {
            assert_eq!(answer.json()["error"], "invalid_request_object", "{jti}");
        }
    }

    let refresh = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", text(&tokens["refresh_token"]).to_owned()),
    ];
    for round in ["r1", "r2"] {
        let answer = send(borrowed(&form(&refresh, round)), Some(proof(round))).await;
        assert_eq!(answer.status, StatusCode::OK, "{round} {answer:?}");
        assert_eq!(answer.json()["refresh_token"], json!(null), "not rotated");
    }

    // Codes live a minute.
    let pushed = push(assertion("p2")).await.json();
    let path = format!(
        "/authorize?client_id={}&request_uri={}",
        client.id,
        text(&pushed["request_uri"])
    );
    let answer = admin.get(&path).await;
    let late = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", parameter(&answer, "code").unwrap()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    app.pass_seconds(61);
    let answer = send(borrowed(&form(&late, "t4")), Some(proof("d2"))).await;
    assert_eq!(answer.json()["error"], "invalid_grant", "{answer:?}");
}

both_engines!(the_fapi_profile_holds_end_to_end, fapi);

/// A FAPI 2.0 client and what it signs with.
struct FapiApp<'a> {
    app: &'a TestApp,
    client: Client,
    own: PrivateKey,
    key: Key,
    requests: std::sync::atomic::AtomicU32,
}

impl<'a> FapiApp<'a> {
    async fn register(app: &'a TestApp, admin: &mut Browser, change: impl FnOnce(&mut Value)) -> Self {
        let own = PrivateKey::generate(Algorithm::Es256, [9; 8]).unwrap();
        let client = register(admin, |body| {
            body["protocol"] = json!({"securityProfile": "fapi2", "jwks": {"keys": [own.public_jwk()]}});
            change(body);
        })
        .await;
        Self {
            app,
            client,
            own,
            key: Key::new(1),
            requests: std::sync::atomic::AtomicU32::new(0),
        }
    }

    /// A request with the client's assertion and a proof of its key, as it is sent.
    fn request(&self, path: &str, nonce: &str, more: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let number = self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = self.app.app.state.now().seconds();
        let claims = json!({
            "iss": self.client.id, "sub": self.client.id, "aud": self.app.url, "jti": format!("a{number}"),
            "iat": now, "exp": now + 60
        });
        let assertion = sign(&self.own, "JWT", &claims).unwrap();
        let mut form = vec![
            ("client_id", self.client.id.as_str()),
            ("client_assertion_type", KIND),
            ("client_assertion", assertion.as_str()),
        ];
        form.extend_from_slice(more);
        let mut request = self.app.browser().request(Method::POST, path).form(&form);
        if !nonce.is_empty() {
            let proof = self
                .key
                .proof(self.app, "POST", path, &format!("p{number}"), &[("nonce", nonce)]);
            request = request.header("DPoP", proof);
        }
        request
    }

    async fn post(&self, path: &str, nonce: &str, more: &[(&str, &str)]) -> Answer {
        self.app.browser().send(self.request(path, nonce, more)).await
    }

    fn nonce(&self) -> String {
        self.app
            .app
            .state
            .dpop_nonces
            .current(self.app.app.state.now().seconds())
    }

    /// A whole sign-in.
    async fn tokens(&self, browser: &mut Browser) -> Value {
        let request = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let pushed = self.post("/api/oidc/par", "", &request).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
        let path = format!(
            "/authorize?client_id={}&request_uri={}",
            self.client.id,
            text(&pushed.json()["request_uri"])
        );
        let mut answer = browser.get(&path).await;
        if answer.header("location").contains("/interaction?") {
            answer = interact(browser, &answer).await;
        }
        let code = parameter(&answer, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.post("/api/oidc/token", &self.nonce(), &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }
}

both_engines!(
    a_fapi_clients_refresh_token_lives_as_long_as_it_is_used,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let fapi = FapiApp::register(&app, &mut admin, |body| {
            body["accessTokenDurationMinutes"] = json!(1);
            body["refreshTokenDurationMinutes"] = json!(10);
        })
        .await;
        let tokens = fapi.tokens(&mut admin).await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&tokens["refresh_token"])),
        ];
        let refresh = async || fapi.post("/api/oidc/token", &fapi.nonce(), &form).await;
        for round in 1..=5 {
            app.pass_seconds(9 * 60);
            // What the daily job removes is not what is still used.
            let (tx, now) = (app.app.state.store.begin().await.unwrap(), app.app.state.now());
            refresh_tokens::delete_expired(&tx, now).await.unwrap();
            grants::delete_expired(&tx, now).await.unwrap();
            commit(tx).await.unwrap();
            let answer = refresh().await;
            assert_eq!(answer.status, StatusCode::OK, "{round}: {answer:?}");
        }
        app.pass_seconds(10 * 60);
        let late = refresh().await;
        assert_eq!(late.json()["error"], "invalid_grant", "{late:?}");
    }
);

both_engines!(
    a_fapi_clients_refresh_at_the_moment_of_a_revocation_brings_nothing_back,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let fapi = FapiApp::register(&app, &mut admin, |_| {}).await;
        let tokens = fapi.tokens(&mut admin).await;
        let renewal = text(&tokens["refresh_token"]);
        let form = [("grant_type", "refresh_token"), ("refresh_token", renewal)];
        let nonce = fapi.nonce();
        let renewals: Vec<_> = (0..32)
            .map(|_| {
                let request = fapi.request("/api/oidc/token", &nonce, &form);
                let mut browser = app.browser();
                tokio::spawn(async move { browser.send(request).await })
            })
            .collect();
        let revoked = fapi.post("/api/oidc/revoke", "", &[("token", renewal)]).await;
        assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
        for renewal in renewals {
            let answer = renewal.await.unwrap();
            let Some(token) = answer.json()["access_token"].as_str().map(str::to_owned) else {
                assert_eq!(answer.json()["error"], "invalid_grant", "{answer:?}");
                continue;
            };
            let proof = fapi.key.proof(
                &app,
                "GET",
                "/api/oidc/userinfo",
                &token,
                &[("ath", &ath(&token))],
            );
            let answer = ask_userinfo(&app, "DPoP", &token, Some(&proof)).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
        }
        let late = fapi.post("/api/oidc/token", &fapi.nonce(), &form).await;
        assert_eq!(late.json()["error"], "invalid_grant", "{late:?}");
    }
);

both_engines!(
    of_many_codes_with_one_proof_one_is_redeemed_and_the_others_stay_good,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let key = Key::new(1);
        let path = "/api/oidc/token";
        let nonce = app.app.state.dpop_nonces.current(app.app.state.now().seconds());
        let proof = |jti: &str| key.proof(&app, "POST", path, jti, &[("nonce", &nonce)]);
        let same = proof("same");
        let mut codes = Vec::new();
        for _ in 0..16 {
            codes.push(code(&mut admin, &client, &[]).await);
        }
        let tries: Vec<_> = codes
            .into_iter()
            .map(|code| {
                let mut browser = app.browser();
                let request = browser.request(Method::POST, path).header("DPoP", &same);
                let request = request.form(&code_form(&client, &code));
                tokio::spawn(async move { (code, browser.send(request).await) })
            })
            .collect();
        let mut left = Vec::new();
        for attempt in tries {
            let (code, answer) = attempt.await.unwrap();
            if answer.status != StatusCode::OK {
                assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{answer:?}");
                left.push(code);
            }
        }
        assert_eq!(left.len(), 15);
        assert_eq!(app.count("oidc_access_tokens").await, 1);
        // Nothing was lost with the proof: each code is good for tokens with one of its own.
        for (number, code) in left.iter().enumerate() {
            let answer = token(&app, &code_form(&client, code), &proof(&format!("own {number}"))).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        }
    }
);
