//! What the server asks of others, and what it remembers of what they send.

use pocket_id_server::outbound::{Fetch, FetchError, Trust};
use pocket_id_store::types::{Timestamp, TokenHash};
use pocket_id_store::{commit, jtis};
use serde_json::json;

use crate::support::{Database, OtherServer, TestApp, both_engines};

#[tokio::test]
async fn tls_servers_must_prove_their_name() {
    let app = TestApp::start(Database::Sqlite).await;
    let server = OtherServer::start(&app, "app.example").await;
    server.page("/", 200, &[], "hello");
    server.json("/keys", &json!({"keys": []}));
    app.network.name("other.example", &[server.socket]);
    let get = |url: &str| {
        let fetch = Fetch::get(url.parse().unwrap(), Trust::Untrusted);
        app.app.state.outbound.fetch(fetch)
    };
    assert_eq!(
        &get(&format!("{}/", server.origin)).await.unwrap().body[..],
        b"hello"
    );
    assert_eq!(
        get("https://other.example/").await.unwrap_err(),
        FetchError::Unreachable
    );
    assert_eq!(server.hits("/"), 1);
    let url = format!("{}/keys", server.origin).parse().unwrap();
    let keys = app.app.state.outbound.jwks(&url, Trust::Untrusted).await.unwrap();
    assert!(keys.keys().is_empty());
}

both_engines!(a_jti_counts_once_in_its_namespace, |app: TestApp| async move {
    let state = app.app.state.clone();
    let expires_at = state.now().plus_seconds(60);
    let consume = |namespace: &'static str, jti: u8, expires_at: Timestamp| {
        let state = state.clone();
        tokio::spawn(async move {
            let tx = state.store.begin().await.unwrap();
            let hash = TokenHash(vec![jti; 32]);
            let first = jtis::consume(&tx, namespace, hash, expires_at).await.unwrap();
            commit(tx).await.unwrap();
            first
        })
    };
    let many: Vec<_> = (0..64).map(|_| consume("a", 1, expires_at)).collect();
    let mut winners = 0;
    for one in many {
        winners += usize::from(one.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert!(consume("a", 2, expires_at.plus_seconds(60)).await.unwrap());
    assert!(consume("b", 1, expires_at).await.unwrap());

    let removed = jtis::delete_expired(state.store.reader(), expires_at.plus_millis(1)).await;
    assert_eq!(removed.unwrap(), 2);
    assert!(!consume("a", 2, expires_at).await.unwrap());
});
