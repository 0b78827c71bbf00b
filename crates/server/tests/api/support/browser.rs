//! What a browser does: keeps cookies, says where a request comes from, does not follow redirects unasked.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode};
use pocket_id_soft_passkey::SoftPasskey;
use serde_json::Value;

use super::documented;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The `code` of a failed request.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `(field, code)` of each failed rule.
    pub fn failed_rules(&self) -> Vec<(String, String)> {
        let fields = self.json()["details"]["fields"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        fields
            .iter()
            .map(|field| {
                (
                    field["field"].as_str().unwrap().to_owned(),
                    field["code"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    }
}

/// A browser profile.
#[derive(Clone)]
pub struct Browser {
    client: reqwest::Client,
    origin: String,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(origin: &str) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36")
            .build()
            .unwrap();
        Self {
            client,
            origin: origin.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&mut self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Registers a passkey for the signed-in user.
    pub async fn add_passkey(&mut self, passkey: &mut SoftPasskey) -> Answer {
        let options = self.get("/api/webauthn/register/start").await;
        assert_eq!(options.status, StatusCode::OK, "{options:?}");
        let response = passkey.register(&options.json()).unwrap();
        self.post("/api/webauthn/register/finish", &response).await
    }

    /// Signs in with a passkey.
    pub async fn sign_in(&mut self, passkey: &mut SoftPasskey) -> Answer {
        let response = self.assertion(passkey).await;
        self.post("/api/webauthn/login/finish", &response).await
    }

    /// What a passkey answers to fresh sign-in options.
    pub async fn assertion(&mut self, passkey: &mut SoftPasskey) -> Value {
        let options = self.get("/api/webauthn/login/start").await;
        assert_eq!(options.status, StatusCode::OK, "{options:?}");
        passkey.assert(&options.json()).unwrap()
    }

    /// A POST without a body.
    pub async fn post_nothing(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// A POST of form fields.
    pub async fn post_form(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    /// A request with a file, as a form sends it.
    pub fn upload(&self, method: Method, path: &str, name: &str, content: &[u8]) -> reqwest::RequestBuilder {
        let head =
            format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        self.request(method, path)
            .header("content-type", "multipart/form-data; boundary=x")
            .body([head.as_bytes(), content, b"\r\n--x--\r\n"].concat())
    }

    /// A request to be filled in by the test.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.origin))
    }

    /// Sends a request with this profile's cookies and keeps those of the answer.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies.join("; "))
        };
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = client.execute(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for value in headers.get_all("set-cookie") {
            let (name, rest) = value.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let answer = Answer {
            status,
            headers,
            text: response.text().await.unwrap(),
        };
        documented::check(&method, &path, &answer);
        answer
    }
}
