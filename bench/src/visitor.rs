//! The person and the application of the measurement: set-up by passkey, a client, codes and tokens.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use pocket_id_soft_passkey::SoftPasskey;
use serde_json::{Value, json};
use url::Url;

use crate::error::Error;
use crate::load::{self, Load, Outgoing};

const REDIRECT_URI: &str = "https://app.example.com/callback";
const VERIFIER: &str = "a-verifier-of-the-bench-with-more-than-43-characters";

/// A browser with a passkey.
pub struct Visitor {
    client: reqwest::Client,
    origin: String,
    cookies: BTreeMap<String, String>,
    passkey: SoftPasskey,
}

/// A registered confidential client.
pub struct Application {
    id: String,
    secret: String,
    host: String,
}

impl Visitor {
    pub fn new(origin: &str) -> Result<Self, Error> {
        Ok(Self {
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            origin: origin.to_owned(),
            cookies: BTreeMap::new(),
            passkey: SoftPasskey::new(origin, 1)?,
        })
    }

    /// The first administrator, with a passkey.
    pub async fn set_up(&mut self) -> Result<(), Error> {
        let person = json!({"username": "ada", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"});
        self.call(Method::POST, "/api/signup/setup", Some(&person))
            .await?;
        let options = self
            .call(Method::GET, "/api/webauthn/register/start", None)
            .await?;
        let response = self.passkey.register(&options)?;
        self.call(Method::POST, "/api/webauthn/register/finish", Some(&response))
            .await?;
        Ok(())
    }

    pub async fn sign_in(&mut self) -> Result<(), Error> {
        let response = self.assertion().await?;
        self.call(Method::POST, "/api/webauthn/login/finish", Some(&response))
            .await?;
        Ok(())
    }

    pub async fn create_client(&mut self) -> Result<Application, Error> {
        let client = json!({
            "name": "Bench",
            "callbackURLs": [REDIRECT_URI],
            "logoutCallbackURLs": [],
            "isPublic": false,
            "pkceEnabled": true,
            "requiresReauthentication": false,
            "requiresPushedAuthorizationRequests": false,
            "skipConsent": true,
            "isGroupRestricted": false,
            "credentials": {"federatedIdentities": []},
        });
        let created = self
            .call(Method::POST, "/api/oidc/clients", Some(&client))
            .await?;
        let id = text(&created, "id")?;
        let path = format!("/api/oidc/clients/{id}/secrets");
        let secret = self.call(Method::POST, &path, Some(&json!({}))).await?;
        let secret = text(&secret, "secret")?;
        Ok(Application {
            host: self.origin.trim_start_matches("http://").to_owned(),
            id,
            secret,
        })
    }

    /// So many codes, each from an authorization request of its own.
    pub async fn codes(
        &self,
        application: &Application,
        count: usize,
        connections: usize,
    ) -> Result<Vec<String>, Error> {
        let cookie = self.cookie_header();
        let request = Request::get(application.authorize_path())
            .header(header::HOST, &application.host)
            .header(header::COOKIE, cookie)
            .body(Full::new(Bytes::new()))?;
        let answers = load::run(self.address()?, vec![request; count], connections)
            .await?
            .answers;
        answers
            .into_iter()
            .map(|answer| {
                let location = answer
                    .headers
                    .get(header::LOCATION)
                    .and_then(|value| value.to_str().ok())
                    .ok_or(Error::Missing("a Location"))?;
                let url = Url::parse(location)?;
                url.query_pairs()
                    .find_map(|(name, value)| (name == "code").then(|| value.into_owned()))
                    .ok_or(Error::Missing("a code"))
            })
            .collect()
    }

    /// One access token.
    pub async fn access_token(&self, application: &Application) -> Result<String, Error> {
        let codes = self.codes(application, 1, 1).await?;
        let requests = codes.iter().map(|code| application.exchange(code)).collect();
        let load = load::run(self.address()?, requests, 1).await?;
        let body = load
            .answers
            .into_iter()
            .next()
            .ok_or(Error::Missing("a token answer"))?
            .body;
        text(&serde_json::from_slice(&body)?, "access_token")
    }

    /// A request for a part of the REST API.
    pub fn get(&self, path_and_query: &str) -> Result<Outgoing, Error> {
        Ok(Request::get(path_and_query)
            .header(header::HOST, self.origin.trim_start_matches("http://"))
            .header(header::COOKIE, self.cookie_header())
            .body(Full::new(Bytes::new()))?)
    }

    pub fn address(&self) -> Result<SocketAddr, Error> {
        let port = Url::parse(&self.origin)?.port().ok_or(Error::Missing("a port"))?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Changes settings of the installation.
    pub async fn configure(&mut self, settings: &Value) -> Result<(), Error> {
        self.call(Method::PATCH, "/api/application-configuration", Some(settings))
            .await?;
        Ok(())
    }

    /// What the passkey answers to a new request to sign in.
    pub async fn assertion(&mut self) -> Result<Value, Error> {
        let options = self.call(Method::GET, "/api/webauthn/login/start", None).await?;
        Ok(self.passkey.assert(&options)?)
    }

    /// How long a POST takes, and the status and the body it gets.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<(Duration, u16, String), Error> {
        self.exchange(Method::POST, path, Some(body)).await
    }

    async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let request = format!("{method} {path}");
        let (_, status, body) = self.exchange(method, path, body).await?;
        if !(200..300).contains(&status) {
            return Err(Error::Answer {
                request,
                status,
                body,
            });
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_str(&body)?)
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Duration, u16, String), Error> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.origin))
            .header(header::ORIGIN, &self.origin)
            .header(header::COOKIE, self.cookie_header());
        if let Some(body) = body {
            request = request.json(body);
        }
        let began = Instant::now();
        let response = request.send().await?;
        let status = response.status().as_u16();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = response.text().await?;
        Ok((began.elapsed(), status, body))
    }
}

impl Application {
    fn authorize_path(&self) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.id)
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("scope", "openid profile email groups")
            .append_pair("state", "state-of-the-bench")
            .append_pair("nonce", "nonce-of-the-bench")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("/authorize?{query}")
    }

    /// The token request for a code.
    pub fn exchange(&self, code: &str) -> Outgoing {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("code_verifier", VERIFIER)
            .append_pair("client_id", &self.id)
            .append_pair("client_secret", &self.secret)
            .finish();
        self.request(Method::POST, "/api/oidc/token", None, form)
    }

    /// One token request for the refresh token in each answer of a run of exchanges.
    pub fn rotations(&self, exchanges: &Load) -> Result<Vec<Outgoing>, Error> {
        exchanges
            .answers
            .iter()
            .map(|answer| {
                let token = text(&serde_json::from_slice(&answer.body)?, "refresh_token")?;
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", &token)
                    .append_pair("client_id", &self.id)
                    .append_pair("client_secret", &self.secret)
                    .finish();
                Ok(self.request(Method::POST, "/api/oidc/token", None, form))
            })
            .collect()
    }

    /// The userinfo request for an access token.
    pub fn userinfo(&self, access_token: &str) -> Outgoing {
        self.request(
            Method::GET,
            "/api/oidc/userinfo",
            Some(&format!("Bearer {access_token}")),
            String::new(),
        )
    }

    fn request(
        &self,
        method: Method,
        path: &'static str,
        authorization: Option<&str>,
        form: String,
    ) -> Outgoing {
        let mut request = Request::new(Full::new(Bytes::from(form)));
        *request.method_mut() = method;
        *request.uri_mut() = http::Uri::from_static(path);
        let headers = request.headers_mut();
        for (name, value) in [
            (header::HOST, Some(self.host.as_str())),
            (header::AUTHORIZATION, authorization),
            (header::CONTENT_TYPE, Some("application/x-www-form-urlencoded")),
        ] {
            // None of them holds a character a header cannot: base64, a port, a constant.
            if let Some(Ok(value)) = value.map(http::HeaderValue::from_str) {
                headers.insert(name, value);
            }
        }
        request
    }
}

fn text(value: &Value, name: &'static str) -> Result<String, Error> {
    value
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or(Error::Missing(name))
}
