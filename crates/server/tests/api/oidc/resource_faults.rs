//! What requests for APIs are told when something is wrong, and when nobody is to learn what.

use super::*;
use crate::apis::{allow, create_api};
use crate::support::both_engines;

const ORDERS: &str = "https://orders.example";

both_engines!(
    strangers_learn_nothing_about_apis_from_authorize,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let client = register(&mut admin, |_| {}).await;
        let api = create_api(&mut admin, ORDERS, &["read"]).await;
        create_api(&mut admin, "https://secret.example", &["spy"]).await;
        allow(&mut admin, &api, &client.id, Some(&["read"]), None).await;
        let mut stranger = app.browser();
        let mut told = std::collections::BTreeSet::new();
        for (resource, scope) in [
            ("https://secret.example", "openid"),
            ("https://nothing.example", "openid"),
            ("https://secret.example", "openid spy"),
        ] {
            let answer = stranger
                .get(&authorize_path(
                    &client,
                    &[("resource", resource), ("scope", scope)],
                ))
                .await;
            assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"));
            told.insert(parameter(&answer, "error_description"));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        for (more, error) in [
            (&[("resource", "nonsense")][..], "invalid_target"),
            (&[("scope", "openid read")], "invalid_scope"),
        ] {
            let answer = stranger.get(&authorize_path(&client, more)).await;
            assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{more:?}");
        }
        let two = format!(
            "{}&resource=https://b.example",
            authorize_path(&client, &[("resource", ORDERS)])
        );
        let answer = stranger.get(&two).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_target"));
        // A key the client has nowhere is as good as one that does not exist.
        let answer = stranger
            .get(&authorize_path(&client, &[("scope", "openid spy")]))
            .await;
        assert_eq!(parameter(&answer, "error"), None, "{answer:?}");
    }
);

both_engines!(two_apis_at_once_are_one_too_many, |app: TestApp| async move {
    let mut admin = app.set_up().await;
    let client = register(&mut admin, |_| {}).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
        ("resource", ORDERS),
        ("resource", "https://other.example"),
    ];
    let answer = app.browser().post_form("/api/oidc/token", &form).await;
    assert_eq!(answer.json()["error"], "invalid_target");
});
