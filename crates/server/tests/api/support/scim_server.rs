//! An app with a SCIM 2.0 API that keeps what it is told in memory, and does what the test wants it to do wrong.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The answer to the next request that fits.
struct Fault {
    /// Beginning of method and path, `POST /v2/Users`.
    to: String,
    /// Part of what was sent.
    about: String,
    status: u16,
    header: Option<(&'static str, String)>,
    body: String,
}

#[derive(Default)]
struct App {
    users: Vec<Value>,
    groups: Vec<Value>,
    next_id: u64,
    token: Option<String>,
    page_size: Option<usize>,
    /// `PUT` says nothing back.
    terse: bool,
    log: Vec<String>,
    headers: Vec<HeaderMap>,
    faults: VecDeque<Fault>,
}

/// See the module.
#[derive(Clone)]
pub struct ScimServer {
    /// `http://127.0.0.1:<port>/v2`.
    pub endpoint: String,
    app: Arc<Mutex<App>>,
}

impl ScimServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Arc::new(Mutex::new(App::default()));
        let served = Arc::clone(&app);
        let router = Router::new().fallback(move |request: Request| {
            let served = Arc::clone(&served);
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let uri = parts.uri.to_string();
                served
                    .lock()
                    .unwrap()
                    .answer(&parts.method, &uri, parts.headers, body)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            endpoint: format!("http://127.0.0.1:{port}/v2"),
            app,
        }
    }

    /// Asks for a token from now on.
    pub fn require_token(&self, token: &str) {
        self.app.lock().unwrap().token = Some(token.to_owned());
    }

    /// Lists so many at once.
    pub fn page_size(&self, size: usize) {
        self.app.lock().unwrap().page_size = Some(size);
    }

    /// Answers a PUT with 204.
    pub fn be_terse(&self) {
        self.app.lock().unwrap().terse = true;
    }

    /// Puts something there that nobody provisioned.
    pub fn has(&self, kind: &str, resource: Value) {
        let mut app = self.app.lock().unwrap();
        app.resources(kind).push(resource);
    }

    /// Forgets everything.
    pub fn reset(&self) {
        let mut app = self.app.lock().unwrap();
        app.users.clear();
        app.groups.clear();
    }

    /// The next request that begins like this and contains that is answered so.
    pub fn fail(&self, to: &str, about: &str, status: u16, retry_after: Option<&str>, body: &str) {
        self.app.lock().unwrap().faults.push_back(Fault {
            to: to.to_owned(),
            about: about.to_owned(),
            status,
            header: retry_after.map(|after| ("retry-after", after.to_owned())),
            body: body.to_owned(),
        });
    }

    /// The next request that begins like this is sent elsewhere.
    pub fn redirect(&self, to: &str, status: u16, location: &str) {
        self.app.lock().unwrap().faults.push_back(Fault {
            to: to.to_owned(),
            about: String::new(),
            status,
            header: Some(("location", location.to_owned())),
            body: String::new(),
        });
    }

    /// What it has, by `userName`.
    pub fn users(&self) -> Vec<Value> {
        let mut users = self.app.lock().unwrap().users.clone();
        users.sort_by_key(|user| user["userName"].to_string());
        users
    }

    /// The one of a name.
    pub fn user(&self, name: &str) -> Value {
        let found = self.users().into_iter().find(|user| user["userName"] == name);
        found.unwrap_or_default()
    }

    /// What it has, by `displayName`.
    pub fn groups(&self) -> Vec<Value> {
        let mut groups = self.app.lock().unwrap().groups.clone();
        groups.sort_by_key(|group| group["displayName"].to_string());
        groups
    }

    /// What it was asked since this was asked last, in short.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.app.lock().unwrap().log)
    }

    /// Of these the ones that change something.
    pub fn mutations(&self) -> Vec<String> {
        let mut requests = self.requests();
        requests.retain(|request| !request.starts_with("GET"));
        requests
    }

    /// The headers of all requests so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.app.lock().unwrap().headers.clone()
    }
}

fn error(status: u16, detail: &str) -> Response {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(), "detail": detail
    });
    (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
}

impl App {
    fn resources(&mut self, kind: &str) -> &mut Vec<Value> {
        match kind {
            "Users" => &mut self.users,
            "Groups" => &mut self.groups,
            other => panic!("no such resources: {other}"),
        }
    }

    fn answer(&mut self, method: &Method, uri: &str, headers: HeaderMap, body: Value) -> Response {
        let uri = uri
            .strip_prefix("http://")
            .map_or(uri, |rest| rest.split_once('/').unwrap().1);
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        self.log.push(format!("{method} {path}"));
        let authorization = headers.get("authorization").cloned();
        self.headers.push(headers);
        let here = format!("{method} {path}");
        let text = body.to_string();
        let fault = self
            .faults
            .iter()
            .position(|fault| here.starts_with(&fault.to) && text.contains(&fault.about));
        if let Some(fault) = fault.and_then(|at| self.faults.remove(at)) {
            let status = StatusCode::from_u16(fault.status).unwrap();
            let mut response = (status, fault.body).into_response();
            if let Some((name, value)) = fault.header {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            return response;
        }
        if let Some(token) = &self.token {
            let expected = format!("Bearer {token}");
            if authorization.is_none_or(|value| value != expected.as_str()) {
                return error(401, "no valid token");
            }
        }
        let Some(rest) = path.strip_prefix("/v2/") else {
            return error(404, "no such path");
        };
        let (kind, id) = rest
            .split_once('/')
            .map_or((rest, None), |(kind, id)| (kind, Some(id)));
        match (method.as_str(), id) {
            ("GET", None) => self.list(kind, query),
            ("POST", None) => self.create(kind, body),
            ("PUT", Some(id)) => self.replace(kind, id, body),
            ("DELETE", Some(id)) => {
                let resources = self.resources(kind);
                let before = resources.len();
                let id = id.replace("%20", " ");
                resources.retain(|resource| resource["id"] != id.as_str());
                let there = resources.len() < before;
                if there {
                    StatusCode::NO_CONTENT.into_response()
                } else {
                    error(404, "gone")
                }
            }
            _ => error(405, "not possible"),
        }
    }

    fn list(&mut self, kind: &str, query: &str) -> Response {
        let number = |key: &str| -> usize {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.parse().unwrap())
                .unwrap()
        };
        let (start, count) = (number("startIndex"), number("count"));
        let most = self.page_size.unwrap_or(count).min(count);
        let all = self.resources(kind);
        let page: Vec<&Value> = all.iter().skip(start - 1).take(most).collect();
        // It does not say how many these are: not all do.
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": all.len(), "startIndex": start, "Resources": page
        });
        (StatusCode::OK, body.to_string()).into_response()
    }

    fn create(&mut self, kind: &str, mut body: Value) -> Response {
        let taken = |user: &Value| user["userName"] == body["userName"];
        if kind == "Users" && self.users.iter().any(taken) {
            return error(409, "userName is taken");
        }
        self.next_id += 1;
        // One that has to be encoded in an address.
        body["id"] = json!(format!("r {}", self.next_id));
        body["meta"] = json!({"lastModified": "2026-01-01T00:00:00Z"});
        self.resources(kind).push(body.clone());
        (StatusCode::CREATED, body.to_string()).into_response()
    }

    fn replace(&mut self, kind: &str, id: &str, mut body: Value) -> Response {
        let id = id.replace("%20", " ");
        let terse = self.terse;
        let Some(resource) = self
            .resources(kind)
            .iter_mut()
            .find(|one| one["id"] == id.as_str())
        else {
            return error(404, "gone");
        };
        body["id"] = json!(id);
        resource.clone_from(&body);
        if terse {
            return StatusCode::NO_CONTENT.into_response();
        }
        (StatusCode::OK, body.to_string()).into_response()
    }
}
