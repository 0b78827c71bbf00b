//! Requests for tokens without a code (OIDC Core §3.2): one fault per row.

use super::*;

/// A client that may use every response type.
fn implicit_client() -> Client {
    Client {
        response_types: Some(ResponseType::ALL.to_vec()),
        ..client()
    }
}

fn request(changes: &[(&'static str, &'static str)]) -> Parameters {
    let mut pairs = good();
    pairs.retain(|(name, _)| !name.starts_with("code_challenge") && *name != "response_type");
    pairs.push(("response_type", "id_token token"));
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    Parameters::from_pairs(pairs)
}

#[test]
fn tokens_are_asked_for_in_any_order_and_come_in_the_fragment_or_a_form() {
    use ResponseMode::{FormPost, Fragment};
    use ResponseType::{IdToken, IdTokenToken};
    let demanding = Client {
        kind: ClientKind::Public,
        pkce: Demand::Required,
        ..implicit_client()
    };
    for (changes, response_type, mode) in [
        (&[][..], IdTokenToken, Fragment),
        (&[("response_type", "token id_token")], IdTokenToken, Fragment),
        (&[("response_type", "id_token")], IdToken, Fragment),
        (&[("response_mode", "fragment")], IdTokenToken, Fragment),
        (&[("response_mode", "form_post")], IdTokenToken, FormPost),
        (
            &[("response_type", "id_token"), ("dpop_jkt", CHALLENGE)],
            IdToken,
            Fragment,
        ),
        // A challenge is for a code; there is none.
        (&[("code_challenge", "nonsense")], IdTokenToken, Fragment),
        (&[("state", "")], IdTokenToken, Fragment),
        (&[("max_age", "5"), ("prompt", "login")], IdTokenToken, Fragment),
    ] {
        let read = valid(&request(changes), &demanding);
        assert_eq!(
            (read.response_type, read.response_mode),
            (response_type, mode),
            "{changes:?}"
        );
        assert_eq!(read.nonce.as_deref(), Some("n"), "{changes:?}");
        assert_eq!((read.challenge, read.dpop_jkt), (None, None), "{changes:?}");
    }
}

#[test]
fn nothing_is_promised_that_only_a_code_gives() {
    let read = valid(
        &request(&[("scope", "openid offline_access email")]),
        &implicit_client(),
    );
    assert_eq!(read.scopes.to_string(), "openid email");
}

#[test]
fn each_fault_of_a_request_for_tokens_goes_into_the_fragment() {
    use ErrorCode::*;
    let types = |types: &[ResponseType]| Client {
        response_types: Some(types.to_vec()),
        ..client()
    };
    let code_grant_only = Client {
        grant_types: Some(vec!["authorization_code".to_owned()]),
        ..implicit_client()
    };
    let bound = Client {
        dpop_tokens: Demand::Required,
        ..implicit_client()
    };
    let pushes = Client {
        pushed_requests: Demand::Required,
        ..implicit_client()
    };
    let plain_http = Client {
        redirect_uris: vec!["http://app.example/cb".to_owned()],
        ..implicit_client()
    };
    for (changes, client, code) in [
        (&[][..], client(), UnauthorizedClient),
        (&[], types(&[ResponseType::Code]), UnauthorizedClient),
        (&[], types(&[ResponseType::IdToken]), UnauthorizedClient),
        (
            &[("response_type", "id_token")],
            types(&[ResponseType::IdTokenToken]),
            UnauthorizedClient,
        ),
        (&[], code_grant_only, UnauthorizedClient),
        (&[], bound, UnauthorizedClient),
        (&[], pushes, InvalidRequest),
        (
            &[("redirect_uri", "http://app.example/cb")],
            plain_http,
            InvalidRequest,
        ),
        (
            &[("response_type", "token")],
            implicit_client(),
            UnsupportedResponseType,
        ),
        (
            &[("response_type", "code id_token")],
            implicit_client(),
            UnsupportedResponseType,
        ),
        (
            &[("response_type", "code id_token token")],
            implicit_client(),
            UnsupportedResponseType,
        ),
        (&[("response_mode", "query")], implicit_client(), InvalidRequest),
        (&[("nonce", "")], implicit_client(), InvalidRequest),
        (
            &[("nonce", ""), ("response_type", "id_token")],
            implicit_client(),
            InvalidRequest,
        ),
        (&[("scope", "profile")], implicit_client(), InvalidScope),
        (&[("scope", "")], implicit_client(), InvalidScope),
        (&[("dpop_jkt", CHALLENGE)], implicit_client(), InvalidRequest),
        (&[("prompt", "none login")], implicit_client(), InvalidRequest),
        (&[("max_age", "soon")], implicit_client(), InvalidRequest),
    ] {
        match validate(&request(changes), Some(&client), ALLOWED, BROWSER, &NONE) {
            Err(Refusal::Redirect(error)) => {
                assert_eq!(error.error.code, code, "{changes:?}");
                assert_eq!(error.response_mode, ResponseMode::Fragment, "{changes:?}");
                assert_eq!(error.state.as_deref(), Some("abc"), "{changes:?}");
            }
            other => panic!("{changes:?}: {other:?}"),
        }
    }
}

#[test]
fn a_client_of_tokens_alone_gets_no_code() {
    let tokens_only = Client {
        response_types: Some(vec![ResponseType::IdToken]),
        ..client()
    };
    match validate(
        &Parameters::from_pairs(good()),
        Some(&tokens_only),
        ALLOWED,
        BROWSER,
        &NONE,
    ) {
        Err(Refusal::Redirect(error)) => {
            assert_eq!(error.error.code, ErrorCode::UnauthorizedClient);
            assert_eq!(error.response_mode, ResponseMode::Query);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn fapi_knows_codes_alone_whatever_a_client_had_before() {
    let fapi = Client {
        profile: Profile::Fapi2,
        ..implicit_client()
    };
    for kind in ResponseType::ALL {
        assert_eq!(
            fapi.may_use_response_type(kind),
            kind == ResponseType::Code,
            "{kind}"
        );
    }
}

#[test]
fn tokens_go_to_no_address_that_could_be_anybodys() {
    // A code sent there is of no use without the secret; a token is.
    let unregistered = Client {
        redirect_uris: Vec::new(),
        learns_redirect_uri: true,
        ..implicit_client()
    };
    assert!(matches!(
        validate(&request(&[]), Some(&unregistered), ALLOWED, BROWSER, &NONE),
        Err(Refusal::Page(PageError::BeforeFirstUse(error))) if error.code == ErrorCode::UnauthorizedClient
    ));
    let pattern = Client {
        redirect_uris: vec!["https://*.example/cb".to_owned()],
        ..implicit_client()
    };
    assert!(
        validate(
            &Parameters::from_pairs(good()),
            Some(&pattern),
            ALLOWED,
            BROWSER,
            &NONE
        )
        .is_ok()
    );
    assert_eq!(
        validate(&request(&[]), Some(&pattern), ALLOWED, BROWSER, &NONE),
        Err(Refusal::Page(PageError::RedirectUri(
            RedirectUriError::NotRegistered
        )))
    );
    assert_eq!(
        validate(
            &request(&[("redirect_uri", "")]),
            Some(&implicit_client()),
            ALLOWED,
            BROWSER,
            &NONE
        ),
        Err(Refusal::Page(PageError::RedirectUri(RedirectUriError::Missing)))
    );
}

#[test]
fn the_answer_holds_what_was_asked_for_and_no_more() {
    let tokens = |access_token| FrontChannelTokens {
        id_token: "i.d.t".to_owned(),
        access_token,
    };
    let names = |parameters: Vec<(&'static str, String)>| -> Vec<&'static str> {
        parameters.into_iter().map(|(name, _)| name).collect()
    };
    let issuer = "https://id.example";
    let both = valid(&request(&[]), &implicit_client());
    let given = Some(("a.t".to_owned(), "bearer", 3600));
    assert_eq!(
        names(token_response(&both, tokens(given), issuer)),
        [
            "access_token",
            "token_type",
            "expires_in",
            "scope",
            "id_token",
            "state",
            "iss"
        ]
    );
    let alone = valid(
        &request(&[("response_type", "id_token"), ("state", "")]),
        &implicit_client(),
    );
    assert_eq!(
        names(token_response(&alone, tokens(None), issuer)),
        ["id_token", "iss"]
    );
}

#[test]
fn users_are_asked_the_same_as_for_a_code() {
    let read = valid(&request(&[]), &implicit_client());
    let silent = valid(&request(&[("prompt", "none")]), &implicit_client());
    assert!(matches!(
        decide(&read, &implicit_client(), Some(&user()), NOW),
        Decision::Issue { .. }
    ));
    assert!(matches!(
        decide(&read, &implicit_client(), None, NOW),
        Decision::Interact(_)
    ));
    match decide(&silent, &implicit_client(), None, NOW) {
        Decision::Refuse(Refusal::Redirect(error)) => {
            assert_eq!(error.error.code, ErrorCode::LoginRequired);
            assert_eq!(error.response_mode, ResponseMode::Fragment);
        }
        other => panic!("{other:?}"),
    }
}
