//! A server killed in the middle of writes loses nothing it has acknowledged, and the next start does not wait.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Home, Server};

const ANYWHERE: [(&str, &str); 2] = [("HOST", "127.0.0.1"), ("PORT", "0")];

/// Clients acknowledged before the server is killed.
const ENOUGH: usize = 40;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn set_up(server: &Server) -> String {
    let answer = client()
        .post(format!("http://{}/api/signup/setup", server.address))
        .header("content-type", "application/json")
        .body(json!({"username": "tim", "email": "tim@example.com"}).to_string())
        .send()
        .await
        .unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    cookie.split(';').next().unwrap().to_owned()
}

/// Adds clients until the server is gone.
async fn write(url: String, cookie: String, acknowledged: Arc<Mutex<BTreeSet<String>>>) {
    let client = client();
    loop {
        let request = client
            .post(&url)
            .header("cookie", &cookie)
            .header("content-type", "application/json")
            .body(json!({"name": "App"}).to_string());
        let Ok(answer) = request.send().await else { return };
        let Ok(text) = answer.text().await else { return };
        let body: Value = serde_json::from_str(&text).unwrap();
        acknowledged
            .lock()
            .unwrap()
            .insert(body["id"].as_str().unwrap().to_owned());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let home = Home::new();
    let server = home.start(&ANYWHERE);
    let cookie = set_up(&server).await;
    let url = format!("http://{}/api/oidc/clients", server.address);
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let writers: Vec<_> = (0..4)
        .map(|_| tokio::spawn(write(url.clone(), cookie.clone(), acknowledged.clone())))
        .collect();
    while acknowledged.lock().unwrap().len() < ENOUGH {
        tokio::task::yield_now().await;
    }
    server.signal(Signal::KILL);
    for writer in writers {
        writer.await.unwrap();
    }
    drop(server);

    let server = home.start(&ANYWHERE);
    let mut found = BTreeSet::new();
    let mut page = 1;
    loop {
        let url = format!(
            "http://{}/api/oidc/clients?pagination[limit]=100&pagination[page]={page}",
            server.address
        );
        let answer = client().get(url).header("cookie", &cookie).send().await.unwrap();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        found.extend(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|client| client["id"].as_str().unwrap().to_owned()),
        );
        if page >= body["pagination"]["totalPages"].as_i64().unwrap() {
            break;
        }
        page += 1;
    }
    let lost: Vec<_> = acknowledged.lock().unwrap().difference(&found).cloned().collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
