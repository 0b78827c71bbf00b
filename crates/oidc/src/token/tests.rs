//! Every single fault a token request can have, one row each.

use super::authorization_code::StoredCode;
use super::refresh_token::StoredRefreshToken;
use super::*;
use crate::client::{Client, ClientKind, Demand};
use crate::pkce::{Challenge, Method};
use crate::scope::Scopes;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: i64 = 1_000_000;

fn client() -> Client {
    Client::example()
}

fn form(pairs: &[(&str, &str)]) -> Parameters {
    Parameters::from_pairs(pairs.iter().copied())
}

#[test]
fn malformed_requests_by_code() {
    use ErrorCode::*;
    for (pairs, code) in [
        (&[][..], InvalidRequest),
        (&[("grant_type", "")], InvalidRequest),
        (&[("grant_type", "password")], UnsupportedGrantType),
        (&[("grant_type", "implicit"), ("code", "c")], UnsupportedGrantType),
        (&[("grant_type", "authorization_code")], InvalidRequest),
        (&[("grant_type", "refresh_token")], InvalidRequest),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "a\0")],
            InvalidRequest,
        ),
        (
            &[("grant_type", "authorization_code"), ("code", "a"), ("code", "b")],
            InvalidRequest,
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "r"),
            ],
            InvalidRequest,
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "r"),
                ("client_secret", "a"),
                ("client_secret", "a"),
            ],
            InvalidRequest,
        ),
    ] {
        assert_eq!(parse(&form(pairs)).unwrap_err().code, code, "{pairs:?}");
    }
    assert!(
        parse(&form(&[
            ("grant_type", "authorization_code"),
            ("code", "c"),
            ("audience", "x"),
            ("audience", "y")
        ]))
        .is_ok()
    );
}

fn code() -> StoredCode {
    StoredCode {
        client_id: "app".to_owned(),
        redirect_uri: Some("https://app.example/cb".to_owned()),
        challenge: Some(Challenge {
            value: CHALLENGE.to_owned(),
            method: Method::S256,
        }),
        expires_at: NOW + 1,
        used: false,
        revoked: false,
        key_thumbprint: None,
    }
}

fn request() -> authorization_code::Request {
    authorization_code::Request {
        code: "c".to_owned(),
        redirect_uri: Some("https://app.example/cb".to_owned()),
        code_verifier: Some(VERIFIER.to_owned()),
    }
}

#[test]
fn a_good_code_is_redeemed() {
    assert_eq!(
        authorization_code::evaluate(
            &request(),
            &client(),
            Some(&code()),
            UserStanding::Good,
            None,
            NOW
        ),
        Ok(())
    );
    let without = authorization_code::Request {
        code_verifier: None,
        ..request()
    };
    let plain = StoredCode {
        challenge: None,
        redirect_uri: None,
        ..code()
    };
    assert_eq!(
        authorization_code::evaluate(&without, &client(), Some(&plain), UserStanding::Good, None, NOW),
        Ok(())
    );
}

#[test]
fn each_fault_of_a_code_by_error() {
    use ErrorCode::*;
    let no_verifier = authorization_code::Request {
        code_verifier: None,
        ..request()
    };
    let wrong_verifier = authorization_code::Request {
        code_verifier: Some(CHALLENGE.to_owned()),
        ..request()
    };
    let other_uri = authorization_code::Request {
        redirect_uri: Some("https://app.example/CB".to_owned()),
        ..request()
    };
    let no_uri = authorization_code::Request {
        redirect_uri: None,
        ..request()
    };
    let strict = Client {
        pkce: Demand::Required,
        ..client()
    };
    let public = Client {
        kind: ClientKind::Public,
        ..client()
    };
    let unchallenged = StoredCode {
        challenge: None,
        ..code()
    };
    let good = UserStanding::Good;
    for (request, client, code, user, error) in [
        (request(), client(), None, good, InvalidGrant),
        (
            request(),
            client(),
            Some(StoredCode {
                client_id: "other".to_owned(),
                ..code()
            }),
            good,
            InvalidGrant,
        ),
        (
            request(),
            client(),
            Some(StoredCode {
                expires_at: NOW,
                ..code()
            }),
            good,
            InvalidGrant,
        ),
        (
            request(),
            client(),
            Some(StoredCode {
                revoked: true,
                ..code()
            }),
            good,
            InvalidGrant,
        ),
        (other_uri, client(), Some(code()), good, InvalidGrant),
        (no_uri, client(), Some(code()), good, InvalidGrant),
        (no_verifier.clone(), client(), Some(code()), good, InvalidGrant),
        (wrong_verifier, client(), Some(code()), good, InvalidGrant),
        (
            request(),
            client(),
            Some(unchallenged.clone()),
            good,
            InvalidGrant,
        ),
        (
            no_verifier.clone(),
            strict,
            Some(unchallenged.clone()),
            good,
            InvalidGrant,
        ),
        (no_verifier, public, Some(unchallenged), good, InvalidGrant),
        (
            request(),
            client(),
            Some(code()),
            UserStanding::Disabled,
            InvalidGrant,
        ),
        (
            request(),
            client(),
            Some(code()),
            UserStanding::NotAllowed,
            AccessDenied,
        ),
    ] {
        match authorization_code::evaluate(&request, &client, code.as_ref(), user, None, NOW) {
            Err(Denial::Refuse(denied)) => assert_eq!(denied.code, error, "{code:?}"),
            other => panic!("{code:?}: {other:?}"),
        }
    }
}

#[test]
fn what_was_used_before_ends_the_grant() {
    let used = StoredCode { used: true, ..code() };
    assert!(matches!(
        authorization_code::evaluate(&request(), &client(), Some(&used), UserStanding::Good, None, NOW),
        Err(Denial::RevokeGrant(error)) if error.code == ErrorCode::InvalidGrant
    ));
    // Nobody but the code's own client can end the grant with it.
    let foreign = StoredCode {
        used: true,
        client_id: "other".to_owned(),
        ..code()
    };
    assert!(matches!(
        authorization_code::evaluate(
            &request(),
            &client(),
            Some(&foreign),
            UserStanding::Good,
            None,
            NOW
        ),
        Err(Denial::Refuse(_))
    ));
}

#[test]
fn a_refresh_token_used_before_ends_the_grant_and_one_used_meanwhile_does_not() {
    let refuse = |code| Some((code, false));
    let end = Some((ErrorCode::InvalidGrant, true));
    for (used_at, revoked, client_id, expected) in [
        (Some(NOW - 1), false, "app", end),
        (Some(NOW), false, "app", refuse(ErrorCode::InvalidRequest)),
        (Some(NOW + 1), false, "app", refuse(ErrorCode::InvalidRequest)),
        // What has ended is not to be tried again.
        (Some(NOW + 1), true, "app", end),
        (None, true, "app", refuse(ErrorCode::InvalidGrant)),
        // Nobody but the token's own client can end the grant with it.
        (Some(NOW - 1), false, "other", refuse(ErrorCode::InvalidGrant)),
    ] {
        let token = StoredRefreshToken {
            used_at,
            revoked,
            client_id: client_id.to_owned(),
            ..refresh()
        };
        let answer = refresh_token::evaluate(&client(), Some(&token), UserStanding::Good, None, NOW);
        let denied = answer.err().map(|denial| {
            let ends = matches!(denial, Denial::RevokeGrant(_));
            (denial.error().code, ends)
        });
        assert_eq!(denied, expected, "{token:?}");
    }
    assert!(
        refresh_token::rotated_meanwhile()
            .error()
            .description
            .contains("Please retry")
    );
}

fn refresh() -> StoredRefreshToken {
    StoredRefreshToken {
        client_id: "app".to_owned(),
        expires_at: NOW + 1,
        used_at: None,
        revoked: false,
        key_thumbprint: None,
    }
}

#[test]
fn each_fault_of_a_refresh_token_by_error() {
    use ErrorCode::*;
    let good = UserStanding::Good;
    assert_eq!(
        refresh_token::evaluate(&client(), Some(&refresh()), good, None, NOW),
        Ok(())
    );
    for (token, user, error) in [
        (None, good, InvalidGrant),
        (
            Some(StoredRefreshToken {
                client_id: "other".to_owned(),
                ..refresh()
            }),
            good,
            InvalidGrant,
        ),
        (
            Some(StoredRefreshToken {
                expires_at: NOW,
                ..refresh()
            }),
            good,
            InvalidGrant,
        ),
        (
            Some(StoredRefreshToken {
                revoked: true,
                ..refresh()
            }),
            good,
            InvalidGrant,
        ),
        (Some(refresh()), UserStanding::Disabled, InvalidGrant),
        (Some(refresh()), UserStanding::NotAllowed, AccessDenied),
    ] {
        match refresh_token::evaluate(&client(), token.as_ref(), user, None, NOW) {
            Err(Denial::Refuse(denied)) => assert_eq!(denied.code, error, "{token:?}"),
            other => panic!("{token:?}: {other:?}"),
        }
    }
}

#[test]
fn printed_values_show_no_tokens() {
    let request = parse(&form(&[
        ("grant_type", "authorization_code"),
        ("code", "hunter2"),
    ]))
    .unwrap();
    assert!(!format!("{request:?}").contains("hunter2"));
    let response = TokenResponse {
        access_token: "hunter2".to_owned(),
        token_type: "bearer",
        expires_in: 1,
        scope: String::new(),
        refresh_token: Some("hunter2".to_owned()),
        issued_token_type: None,
        id_token: Some("hunter2".to_owned()),
    };
    assert!(!format!("{response:?}").contains("hunter2"));
}

/// RFC 9449 §5 and §10: one fault per row.
#[test]
fn a_bound_artefact_needs_its_key() {
    use ErrorCode::*;
    let bound_client = Client {
        dpop_tokens: Demand::Required,
        ..client()
    };
    for (client, bound_to, proven, expected) in [
        (client(), None, None, None),
        (client(), None, Some("k1"), None),
        (client(), Some("k1"), Some("k1"), None),
        (client(), Some("k1"), Some("k2"), Some(InvalidGrant)),
        (client(), Some("k1"), None, Some(InvalidRequest)),
        (bound_client.clone(), None, None, Some(InvalidRequest)),
        (bound_client, None, Some("k1"), None),
    ] {
        let answer = check_key(&client, bound_to, proven);
        assert_eq!(
            answer.err().map(|error| error.code),
            expected,
            "{bound_to:?} {proven:?}"
        );
    }
}

#[test]
fn a_client_uses_the_grants_it_has() {
    use crate::client::Permission;
    let only_code = Client {
        grant_types: Some(vec!["authorization_code".to_owned()]),
        ..client()
    };
    let public = Client {
        kind: ClientKind::Public,
        ..client()
    };
    let exchanging = Client {
        delegation: Permission::Granted,
        ..client()
    };
    let code = [("grant_type", "authorization_code"), ("code", "c")];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "r")];
    let own = [("grant_type", "client_credentials")];
    let exchange = [
        ("grant_type", exchange::GRANT_TYPE),
        ("subject_token", "s"),
        ("subject_token_type", exchange::ACCESS_TOKEN),
    ];
    for (pairs, client, allowed) in [
        (&code[..], &only_code, true),
        (&refresh, &only_code, false),
        (&own, &only_code, false),
        (&own, &client(), true),
        (&own, &public, false),
        (&exchange, &client(), false),
        (&exchange, &exchanging, true),
    ] {
        let request = parse(&form(pairs)).unwrap();
        assert_eq!(request.check_client(client).is_ok(), allowed, "{request:?}");
    }
}

#[test]
fn a_refresh_narrows_and_never_widens() {
    let refused = Err(ErrorCode::InvalidScope);
    for (granted, asked, names_api, told) in [
        ("openid email", None, false, Ok(None)),
        ("openid email", Some(""), false, Ok(None)),
        ("openid email", Some("openid email"), false, Ok(None)),
        ("openid email", Some("email openid email"), false, Ok(None)),
        ("openid email", Some("openid"), false, Ok(Some("openid"))),
        ("openid email", Some("email"), false, Ok(Some("email"))),
        ("openid email", Some("openid profile"), false, refused),
        (
            "openid email",
            Some("openid email offline_access"),
            false,
            refused,
        ),
        ("openid email", Some("openid email name"), false, Ok(None)),
        ("openid email", Some("name"), false, refused),
        ("", Some("name"), false, Ok(None)),
        ("", Some("openid"), false, refused),
        ("openid read", Some("read"), true, Ok(Some("read"))),
        ("openid read", Some("openid read"), true, Ok(None)),
        ("openid read", Some("openid read write"), true, refused),
    ] {
        let scopes = Scopes::from_granted(granted.split_whitespace().map(str::to_owned).collect());
        let narrowed = refresh_token::narrow(&scopes, asked, names_api);
        let narrowed = narrowed
            .map(|scopes| scopes.map(|scopes| scopes.to_string()))
            .map_err(|error| error.code);
        assert_eq!(
            narrowed,
            told.map(|scopes| scopes.map(str::to_owned)),
            "{granted} {asked:?}"
        );
    }
}
