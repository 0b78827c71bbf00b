//! Request limits of routes that are worth trying often: who goes on too long waits, and nobody else does.

use http::{Method, StatusCode};
use pocket_id_server::config::{Config, TrustedPeers};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestApp, both_engines};

/// A route with a limit of its own: how many requests pass at once, and seconds until another does.
struct LimitedRoute {
    path: &'static str,
    body: Option<Value>,
    burst: usize,
    refill: u64,
}

/// Every route with such a limit. What is sent does nothing, so that nothing but the limit refuses the next.
fn routes() -> Vec<LimitedRoute> {
    let route = |path, body, burst, refill| LimitedRoute {
        path,
        body,
        burst,
        refill,
    };
    let nothing = || Some(json!({}));
    vec![
        route("/api/webauthn/login/finish", None, 10, 5),
        route("/api/webauthn/reauthenticate", None, 5, 10),
        route("/api/one-time-access-token/nonsense", None, 5, 10),
        route("/api/recovery-codes/exchange", nothing(), 5, 10),
        route("/api/one-time-access-email", nothing(), 5, 300),
        route("/api/device-login/requests", None, 5, 10),
        route("/api/device-login/requests/P0000000/exchange", None, 10, 2),
        route("/api/device-login/verification", nothing(), 5, 10),
        route("/api/device-login/verification/decision", nothing(), 5, 10),
        route("/api/signup", nothing(), 10, 30),
        route("/api/users/me/send-email-verification", None, 1, 300),
        route("/api/users/me/verify-email", nothing(), 5, 10),
        route("/api/oidc/register", nothing(), 20, 10),
    ]
}

fn limited(config: &mut Config) {
    config.rate_limiting = true.into();
    config.trust_proxy = TrustedPeers::Everybody;
}

async fn ask(browser: &mut Browser, route: &LimitedRoute, address: &str) -> Answer {
    let request = browser
        .request(Method::POST, route.path)
        .header("x-forwarded-for", address);
    let request = match &route.body {
        Some(body) => request.json(body),
        None => request,
    };
    browser.send(request).await
}

both_engines!(
    who_asks_too_often_waits_and_nobody_else_does,
    limited,
    |app: TestApp| async move {
        let mut browser = app.set_up().await;
        for (number, route) in routes().iter().enumerate() {
            let path = route.path;
            let address = format!("192.0.2.{number}");
            // On a slow machine some tokens come back meanwhile.
            let mut passed = 0;
            let refused = loop {
                let answer = ask(&mut browser, route, &address).await;
                if answer.status == StatusCode::TOO_MANY_REQUESTS {
                    break answer;
                }
                passed += 1;
                assert!(passed < 3 * route.burst + 3, "{path} has no limit: {answer:?}");
            };
            assert!(passed >= route.burst, "{path}: {passed} passed");
            assert_eq!(refused.code(), "rate_limited", "{path}");
            // Limits of guesses have another: a quarter of an hour.
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=route.refill).contains(&wait), "{path}: {wait}");
            assert!(
                route.refill < 60 || wait > 60,
                "{path} gives tokens back after {wait} seconds"
            );
            let other = ask(&mut browser, route, &format!("198.51.100.{number}")).await;
            assert_ne!(other.status, StatusCode::TOO_MANY_REQUESTS, "{path}: {other:?}");
        }
    }
);

both_engines!(
/// Looking and deciding are tries at the same codes, and so are codes of both kinds.
ways_to_try_the_same_share_a_limit, limited, |app: TestApp| async move {
    let mut browser = app.set_up().await;
    let routes = routes();
    let of = |path: &str| routes.iter().find(|route| route.path.contains(path)).unwrap();
    for (number, (one, other)) in [
        ("device-login/verification", "verification/decision"),
        ("one-time-access-token", "recovery-codes"),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("203.0.113.{number}");
        let (one, other) = (of(one), of(other));
        let mut asked = 0;
        while ask(&mut browser, one, &address).await.status != StatusCode::TOO_MANY_REQUESTS {
            asked += 1;
            assert!(asked < 3 * one.burst, "{} has no limit", one.path);
        }
        let answer = ask(&mut browser, other, &address).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", other.path);
    }
});

both_engines!(
    limits_can_be_switched_off,
    |config: &mut Config| config.trust_proxy = TrustedPeers::Everybody,
    |app: TestApp| async move {
        let mut browser = app.set_up().await;
        for (number, route) in routes().iter().enumerate() {
            let address = format!("192.0.2.{number}");
            // Wrong codes are counted all the same, but so many are allowed.
            for _ in 0..=route.burst {
                let answer = ask(&mut browser, route, &address).await;
                assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{answer:?}");
            }
        }
    }
);
