//! Every single fault a request can have, one row each, and every reason to show a screen.

use proptest::prelude::*;

use super::*;
use crate::client::Approval;
use crate::interaction::Progress;
use crate::passkey::Standing;

mod implicit;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: i64 = 1_000_000_000;

fn client() -> Client {
    Client::example()
}

fn good() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", "app"),
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/cb"),
        ("scope", "openid profile email"),
        ("state", "abc"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The good request with one parameter set, or removed when empty.
fn with(name: &'static str, value: &'static str) -> Parameters {
    let mut pairs: Vec<_> = good().into_iter().filter(|(known, _)| *known != name).collect();
    if !value.is_empty() {
        pairs.push((name, value));
    }
    Parameters::from_pairs(pairs)
}

fn twice(name: &'static str, value: &'static str) -> Parameters {
    let mut pairs = good();
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value));
    pairs.push((name, value));
    Parameters::from_pairs(pairs)
}

const ALLOWED: Policy = Policy {
    insecure_redirects: InsecureRedirects::Allowed,
    pending_clients: PendingClients::Allowed,
};
const REFUSED: Policy = Policy {
    insecure_redirects: InsecureRedirects::Refused,
    pending_clients: PendingClients::Allowed,
};

const NONE: ApiFacts = ApiFacts {
    requested: None,
    held: std::collections::BTreeSet::new(),
};
const BROWSER: Channel = Channel::Browser(Signature::Absent);

fn valid(parameters: &Parameters, client: &Client) -> AuthorizationRequest {
    validate(parameters, Some(client), ALLOWED, BROWSER, &NONE).unwrap()
}

#[test]
fn a_good_request_is_read_whole() {
    let request = valid(&Parameters::from_pairs(good()), &client());
    assert_eq!(request.redirect_uri.as_str(), "https://app.example/cb");
    assert_eq!(request.scopes.to_string(), "openid profile email");
    assert_eq!(
        (request.state.as_deref(), request.nonce.as_deref()),
        (Some("abc"), Some("n"))
    );
    assert_eq!(
        request.challenge,
        Some(Challenge {
            value: CHALLENGE.to_owned(),
            method: Method::S256
        })
    );
    assert_eq!(request.response_mode, ResponseMode::Query);
}

#[test]
fn what_may_be_left_out_or_odd_is_accepted() {
    for parameters in [
        with("state", ""),
        with("state", "x"),
        with("nonce", ""),
        with("nonce", "x"),
        with("scope", "openid unknown_scope"),
        with("display", "popup"),
        with("ui_locales", "de"),
        with("login_hint", "tim"),
        with("unheard_of", "1"),
        twice("unheard_of", "1"),
        with("max_age", "0"),
        with("max_age", "99999999999999999999"),
        with("unheard_of", "\0"),
        with("response_mode", "fragment"),
        with("response_mode", "form_post"),
        with("prompt", "login consent"),
        with("claims", "{}"),
    ] {
        valid(&parameters, &client());
    }
    let mut no_pkce = good();
    no_pkce.retain(|(name, _)| !name.starts_with("code_challenge"));
    assert_eq!(valid(&Parameters::from_pairs(no_pkce), &client()).challenge, None);
}

#[test]
fn what_is_kept_of_a_request_means_the_same_and_no_more() {
    let api = "https://api.example";
    let facts = ApiFacts {
        requested: Some(crate::resource::RequestedApi {
            resource: api.to_owned(),
            permissions: Some(["read".to_owned()].into()),
        }),
        held: ["read".to_owned()].into(),
    };
    let mut pairs = good();
    pairs.retain(|(name, _)| *name != "scope");
    let used = [
        ("scope", "openid email read"),
        ("resource", api),
        ("response_mode", "form_post"),
        ("prompt", "login consent"),
        ("max_age", "5"),
        ("id_token_hint", "a.b.c"),
        ("acr_values", "phr"),
        ("claims", r#"{"userinfo":{"email":null}}"#),
        ("dpop_jkt", CHALLENGE),
        ("login_hint", "tim"),
    ];
    pairs.extend(used);
    let expected = pairs.len();
    let long = "de ".repeat(200);
    let unused = [
        ("client_secret", "s"),
        ("client_assertion", "a"),
        ("client_assertion_type", "t"),
        ("request", "r"),
        ("ui_locales", &long),
        ("unheard_of", "x"),
    ];
    pairs.extend(unused);
    let whole = Parameters::from_pairs(pairs);
    let kept = worth_keeping(&whole);
    assert_eq!(kept.len(), expected, "{kept:?}");
    let read =
        |parameters: &Parameters| validate(parameters, Some(&client()), ALLOWED, Channel::Kept, &facts);
    assert_eq!(
        read(&Parameters::from_pairs(kept)).unwrap(),
        read(&whole).unwrap()
    );
}

#[test]
fn faults_of_client_and_redirect_uri_stay_on_our_page() {
    for (parameters, expected) in [
        (
            with("redirect_uri", "https://evil.example/cb"),
            PageError::RedirectUri(RedirectUriError::NotRegistered),
        ),
        (
            with("redirect_uri", "https://app.example/cb#x"),
            PageError::RedirectUri(RedirectUriError::Malformed),
        ),
        (
            with("redirect_uri", "cb"),
            PageError::RedirectUri(RedirectUriError::Malformed),
        ),
        (
            with("redirect_uri", ""),
            PageError::RedirectUri(RedirectUriError::Missing),
        ),
        (
            twice("redirect_uri", "https://app.example/cb"),
            PageError::Malformed("The redirect_uri parameter was sent more than once."),
        ),
        (
            twice("client_id", "app"),
            PageError::Malformed("The client_id parameter was sent more than once."),
        ),
        (
            with("response_mode", "web_message"),
            PageError::Malformed("The response_mode parameter has an unsupported value."),
        ),
    ] {
        assert_eq!(
            validate(&parameters, Some(&client()), ALLOWED, BROWSER, &NONE),
            Err(Refusal::Page(expected)),
            "{parameters:?}"
        );
    }
    let unknown = validate(&Parameters::from_pairs(good()), None, ALLOWED, BROWSER, &NONE);
    assert_eq!(unknown, Err(Refusal::Page(PageError::UnknownClient)));
}

#[test]
fn other_faults_go_to_the_client_by_code() {
    use ErrorCode::*;
    let public = Client {
        kind: ClientKind::Public,
        ..client()
    };
    let pkce = Client {
        pkce: Demand::Required,
        ..client()
    };
    let par = Client {
        pushed_requests: Demand::Required,
        ..client()
    };
    let plain_http = Client {
        redirect_uris: vec!["http://app.example/cb".to_owned()],
        ..client()
    };
    for (parameters, client, policy, code) in [
        (with("response_type", ""), client(), ALLOWED, InvalidRequest),
        (
            with("response_type", "token"),
            client(),
            ALLOWED,
            UnsupportedResponseType,
        ),
        (
            with("response_type", "code id_token"),
            client(),
            ALLOWED,
            UnsupportedResponseType,
        ),
        (
            with("request_uri", "https://app.example/r"),
            client(),
            ALLOWED,
            InvalidRequestUri,
        ),
        (
            with("registration", "{}"),
            client(),
            ALLOWED,
            RegistrationNotSupported,
        ),
        (
            with("resource", "https://api.example"),
            client(),
            ALLOWED,
            InvalidRequest,
        ),
        (
            twice("resource", "https://api.example"),
            client(),
            ALLOWED,
            InvalidTarget,
        ),
        (with("resource", "orders"), client(), ALLOWED, InvalidTarget),
        (with("prompt", "sometimes"), client(), ALLOWED, InvalidRequest),
        (with("prompt", "Login"), client(), ALLOWED, InvalidRequest),
        (with("prompt", "none login"), client(), ALLOWED, InvalidRequest),
        (with("max_age", "-1"), client(), ALLOWED, InvalidRequest),
        (with("max_age", "soon"), client(), ALLOWED, InvalidRequest),
        (with("code_challenge", ""), client(), ALLOWED, InvalidRequest),
        (with("code_challenge", "short"), client(), ALLOWED, InvalidRequest),
        (
            with("code_challenge_method", "plain"),
            client(),
            ALLOWED,
            InvalidRequest,
        ),
        (
            with("code_challenge_method", ""),
            client(),
            ALLOWED,
            InvalidRequest,
        ),
        (
            with("code_challenge_method", "S512"),
            client(),
            ALLOWED,
            InvalidRequest,
        ),
        (twice("state", "abc"), client(), ALLOWED, InvalidRequest),
        (twice("scope", "openid"), client(), ALLOWED, InvalidRequest),
        (
            twice("code_challenge", CHALLENGE),
            client(),
            ALLOWED,
            InvalidRequest,
        ),
        (twice("nonce", "n"), client(), ALLOWED, InvalidRequest),
        (with("nonce", "a\0b"), client(), ALLOWED, InvalidRequest),
        (with("scope", "openid\0"), client(), ALLOWED, InvalidRequest),
        (with("max_age", "+5"), client(), ALLOWED, InvalidRequest),
        (with("claims", "[]"), client(), ALLOWED, InvalidRequest),
        (twice("claims", "{}"), client(), ALLOWED, InvalidRequest),
        (with("dpop_jkt", "short"), client(), ALLOWED, InvalidRequest),
        (
            with(
                "claims",
                r#"{"id_token":{"acr":{"essential":true,"values":["9"]}}}"#,
            ),
            client(),
            ALLOWED,
            UnmetAuthenticationRequirements,
        ),
        (
            Parameters::from_pairs(good()),
            Client {
                grant_types: Some(vec!["client_credentials".to_owned()]),
                ..client()
            },
            ALLOWED,
            UnauthorizedClient,
        ),
        (
            Parameters::from_pairs(good()),
            Client {
                request_objects: Demand::Required,
                ..client()
            },
            ALLOWED,
            InvalidRequest,
        ),
        (
            Parameters::from_pairs(good()),
            Client {
                profile: Profile::Fapi2,
                ..client()
            },
            ALLOWED,
            InvalidRequest,
        ),
        (Parameters::from_pairs(good()), par, ALLOWED, InvalidRequest),
        (
            with("redirect_uri", "http://app.example/cb"),
            plain_http,
            REFUSED,
            InvalidRequest,
        ),
        (without_pkce(), public, ALLOWED, InvalidRequest),
        (without_pkce(), pkce, ALLOWED, InvalidRequest),
    ] {
        match validate(&parameters, Some(&client), policy, BROWSER, &NONE) {
            Err(Refusal::Redirect(error)) => {
                assert_eq!(error.error.code, code, "{parameters:?}");
                let sent_twice = parameters.first_repeated(&["state"]).is_some();
                assert!(
                    sent_twice || error.state.as_deref() == Some("abc"),
                    "{parameters:?}"
                );
            }
            other => panic!("{parameters:?}: {other:?}"),
        }
    }
}

fn without_pkce() -> Parameters {
    let mut pairs = good();
    pairs.retain(|(name, _)| !name.starts_with("code_challenge"));
    Parameters::from_pairs(pairs)
}

#[test]
fn plain_pkce_is_for_clients_allowed_it() {
    let client = Client {
        pkce_methods: vec![Method::S256, Method::Plain],
        ..client()
    };
    let request = valid(&with("code_challenge_method", "plain"), &client);
    assert_eq!(request.challenge.unwrap().method, Method::Plain);
}

#[test]
fn a_confidential_client_without_callbacks_takes_any_well_formed_one() {
    let empty = Client {
        redirect_uris: Vec::new(),
        learns_redirect_uri: true,
        ..client()
    };
    assert!(
        validate(
            &Parameters::from_pairs(good()),
            Some(&empty),
            ALLOWED,
            BROWSER,
            &NONE
        )
        .is_ok()
    );
    assert!(
        validate(
            &with("redirect_uri", "javascript:alert(1)"),
            Some(&empty),
            ALLOWED,
            BROWSER,
            &NONE
        )
        .is_err()
    );
    let public = Client {
        kind: ClientKind::Public,
        ..empty
    };
    assert!(matches!(
        validate(
            &Parameters::from_pairs(good()),
            Some(&public),
            ALLOWED,
            BROWSER,
            &NONE
        ),
        Err(Refusal::Page(PageError::RedirectUri(_)))
    ));
}

fn fresh(at: i64) -> FreshProof {
    FreshProof {
        at,
        user_verified: true,
        passkey: Standing::Sufficient,
    }
}

fn user() -> SignedInUser {
    SignedInUser {
        authenticated_at: NOW - 60_000,
        by_passkey: true,
        user_verified: true,
        passkey: Standing::Sufficient,
        group_access: GroupAccess::Allowed,
        consented: Some(vec![
            "openid".to_owned(),
            "profile".to_owned(),
            "email".to_owned(),
        ]),
        fresh_proof: None,
        hint: Hint::Fits,
    }
}

#[test]
fn a_known_user_gets_the_client_its_code_at_once() {
    let request = valid(&Parameters::from_pairs(good()), &client());
    assert_eq!(
        decide(&request, &client(), Some(&user()), NOW),
        Decision::Issue {
            auth_time: NOW - 60_000,
            requested_at: NOW,
            acr: Acr::Remembered
        }
    );
}

#[test]
fn each_reason_to_show_a_screen() {
    use crate::interaction::Step::*;
    let stale = SignedInUser {
        consented: Some(vec!["openid".to_owned()]),
        ..user()
    };
    let never = SignedInUser {
        consented: None,
        ..user()
    };
    let other = SignedInUser {
        hint: Hint::OtherUser,
        ..user()
    };
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let relaxed = Client {
        consent: Demand::Optional,
        ..client()
    };
    let same = Parameters::from_pairs(good());
    for (parameters, client, user, steps) in [
        (same.clone(), client(), None, vec![Authenticate]),
        (
            with("prompt", "select_account"),
            client(),
            None,
            vec![Authenticate, SelectAccount],
        ),
        (same.clone(), client(), Some(stale.clone()), vec![Consent]),
        (same.clone(), client(), Some(never.clone()), vec![Consent]),
        (same.clone(), relaxed.clone(), Some(never), vec![]),
        (with("prompt", "consent"), relaxed, Some(user()), vec![Consent]),
        (with("prompt", "consent"), client(), Some(user()), vec![Consent]),
        (
            with("prompt", "login"),
            client(),
            Some(user()),
            vec![Reauthenticate],
        ),
        (
            with("prompt", "login consent"),
            client(),
            Some(user()),
            vec![Reauthenticate, Consent],
        ),
        (
            with("prompt", "select_account"),
            client(),
            Some(user()),
            vec![SelectAccount],
        ),
        (same.clone(), careful.clone(), Some(user()), vec![Reauthenticate]),
        (
            same.clone(),
            careful,
            Some(SignedInUser {
                fresh_proof: Some(fresh(NOW - 1)),
                ..user()
            }),
            vec![],
        ),
        (
            with("max_age", "60"),
            client(),
            Some(user()),
            vec![Reauthenticate],
        ),
        (with("max_age", "61"), client(), Some(user()), vec![]),
        (with("max_age", "0"), client(), Some(user()), vec![Reauthenticate]),
        (same, client(), Some(other), vec![SelectAccount]),
    ] {
        let request = valid(&parameters, &client);
        match decide(&request, &client, user.as_ref(), NOW) {
            Decision::Interact(progress) => assert_eq!(progress.required_steps(), steps, "{parameters:?}"),
            Decision::Issue { .. } => assert!(steps.is_empty(), "{parameters:?}"),
            other @ (Decision::Refuse(_) | Decision::Cancelled(_)) => panic!("{parameters:?}: {other:?}"),
        }
    }
}

#[test]
fn prompt_none_never_shows_a_screen() {
    use ErrorCode::*;
    let never = SignedInUser {
        consented: None,
        ..user()
    };
    let other = SignedInUser {
        hint: Hint::OtherUser,
        ..user()
    };
    let wrong = SignedInUser {
        hint: Hint::Invalid,
        ..user()
    };
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let strict = Client {
        minimum_acr: Some(Acr::FreshPasskey),
        ..client()
    };
    let both = Client {
        reauthentication: Demand::Required,
        ..strict.clone()
    };
    let insufficient = SignedInUser {
        passkey: Standing::Insufficient,
        ..user()
    };
    let insufficient_and_new = SignedInUser {
        consented: None,
        ..insufficient.clone()
    };
    for (client, user, code) in [
        (client(), None, LoginRequired),
        (client(), Some(never.clone()), ConsentRequired),
        (careful.clone(), Some(user()), LoginRequired),
        // Signed in, but not in the way the client asks for: not a sign-in is missing, but something else.
        (strict, Some(user()), InteractionRequired),
        (both, Some(user()), LoginRequired),
        (client(), Some(insufficient), InteractionRequired),
        // Consent comes first: it is asked for in any case, however they authenticate.
        (client(), Some(insufficient_and_new), ConsentRequired),
        (careful.clone(), Some(never.clone()), ConsentRequired),
        (careful, None, LoginRequired),
        (client(), Some(other), LoginRequired),
        (client(), Some(wrong), InvalidRequest),
    ] {
        let request = valid(&with("prompt", "none"), &client);
        match decide(&request, &client, user.as_ref(), NOW) {
            Decision::Refuse(Refusal::Redirect(error)) => assert_eq!(error.error.code, code),
            other => panic!("{other:?}"),
        }
    }
    let mut pairs = good();
    pairs.extend([("prompt", "none"), ("max_age", "60")]);
    let request = valid(&Parameters::from_pairs(pairs), &client());
    assert!(matches!(
        decide(&request, &client(), Some(&user()), NOW),
        Decision::Refuse(Refusal::Redirect(error)) if error.error.code == LoginRequired
    ));
}

#[test]
fn who_is_in_no_allowed_group_learns_it_here_and_not_the_client() {
    let request = valid(&with("prompt", "none"), &client());
    let outsider = SignedInUser {
        group_access: GroupAccess::Denied,
        ..user()
    };
    let refused = Decision::Refuse(Refusal::Page(PageError::NotAllowed));
    assert_eq!(decide(&request, &client(), Some(&outsider), NOW), refused);
}

#[test]
fn a_finished_interaction_yields_the_code_and_a_foreign_one_does_not() {
    let request = valid(&with("prompt", "login"), &client());
    let done = Progress {
        authenticate: false,
        select_account: false,
        reauthenticate: false,
        consent: false,
        requested_at: NOW - 5_000,
        reauthenticated_at: Some(NOW - 1_000),
        reauthentication_verified_user: true,
        reauthentication_passkey_suffices: true,
        cancelled: false,
        scopes: Vec::new(),
    };
    assert_eq!(
        resume(&request, &client(), Some(&user()), &done, SameUser::Yes, NOW),
        Decision::Issue {
            auth_time: NOW - 1_000,
            requested_at: NOW - 5_000,
            acr: Acr::FreshPasskey
        }
    );
    assert!(matches!(
        resume(&request, &client(), Some(&user()), &done, SameUser::No, NOW),
        Decision::Interact(progress) if progress.reauthenticate
    ));
    assert!(matches!(
        resume(&request, &client(), None, &done, SameUser::No, NOW),
        Decision::Interact(progress) if progress.authenticate
    ));
    let undone = Progress {
        consent: true,
        ..done.clone()
    };
    assert!(matches!(
        resume(&request, &client(), Some(&user()), &undone, SameUser::Yes, NOW),
        Decision::Interact(_)
    ));
    // Who cancelled, signed in or not, gives nothing, whatever they did before.
    let cancelled = Progress {
        cancelled: true,
        ..done
    };
    for user in [None, Some(&user())] {
        assert!(matches!(
            resume(&request, &client(), user, &cancelled, SameUser::Yes, NOW),
            Decision::Cancelled(Refusal::Redirect(error)) if error.error.code == ErrorCode::AccessDenied
        ));
    }
}

#[test]
fn answers_keep_the_redirect_uris_own_query() {
    let client = Client {
        redirect_uris: vec!["https://app.example/cb?a=1".to_owned()],
        ..client()
    };
    let request = valid(&with("redirect_uri", "https://app.example/cb?a=1"), &client);
    let parameters = code_response(&request, &client, "c&d", "https://id.example");
    assert_eq!(
        response_location(&request.redirect_uri, ResponseMode::Query, &parameters),
        "https://app.example/cb?a=1&code=c%26d&state=abc&scope=openid+profile+email&iss=https%3A%2F%2Fid.example"
    );
    assert_eq!(
        response_location(&request.redirect_uri, ResponseMode::Fragment, &parameters),
        "https://app.example/cb?a=1#code=c%26d&state=abc&scope=openid+profile+email&iss=https%3A%2F%2Fid.example"
    );
}

#[test]
fn errors_do_not_go_to_a_redirect_uri_that_is_not_registered_yet() {
    let empty = Client {
        redirect_uris: Vec::new(),
        learns_redirect_uri: true,
        ..client()
    };
    let request = valid(&Parameters::from_pairs(good()), &empty);
    assert_eq!(request.proof, Proof::FirstUse);
    // Nobody has agreed to it: not by a consent of before, and not where none is needed.
    let trusted = Client {
        consent: Demand::Optional,
        ..empty.clone()
    };
    for client in [&empty, &trusted] {
        assert!(matches!(
            decide(&request, client, Some(&user()), NOW),
            Decision::Interact(progress) if progress.consent
        ));
    }
    let robbed = Client {
        learns_redirect_uri: false,
        ..empty.clone()
    };
    assert!(matches!(
        validate(
            &Parameters::from_pairs(good()),
            Some(&robbed),
            ALLOWED,
            BROWSER,
            &NONE
        ),
        Err(Refusal::Page(PageError::RedirectUri(_)))
    ));
    for pattern in [
        "https://app.example/*",
        "https://*/cb",
        "https://app.example/cb?a=*",
        "https://bank.example@evil.example/cb",
    ] {
        let refused = validate(
            &with("redirect_uri", pattern),
            Some(&empty),
            ALLOWED,
            BROWSER,
            &NONE,
        );
        assert!(
            matches!(refused, Err(Refusal::Page(PageError::RedirectUri(_)))),
            "{pattern}"
        );
    }
    let fault = validate(
        &with("response_type", "token"),
        Some(&empty),
        ALLOWED,
        BROWSER,
        &NONE,
    );
    assert!(matches!(
        fault,
        Err(Refusal::Page(PageError::BeforeFirstUse(error)))
            if error.code == ErrorCode::UnsupportedResponseType
    ));
    let silent = valid(&with("prompt", "none"), &empty);
    assert!(matches!(
        decide(&silent, &empty, None, NOW),
        Decision::Refuse(Refusal::Page(PageError::BeforeFirstUse(error)))
            if error.code == ErrorCode::LoginRequired
    ));
}

#[test]
fn a_bad_hint_is_refused_before_anybody_is_bothered() {
    use crate::jose::{Algorithm, PrivateKey};
    let keys = [PrivateKey::generate(Algorithm::EdDsa, [1; 8])
        .unwrap()
        .public_jwk()];
    let plain = valid(&Parameters::from_pairs(good()), &client());
    assert_eq!(
        check_hint(&plain, &keys, "https://id.example", NOW / 1000),
        Ok(None)
    );
    let hinted = valid(&with("id_token_hint", "a.b.c"), &client());
    assert!(matches!(
        check_hint(&hinted, &keys, "https://id.example", NOW / 1000),
        Err(Refusal::Redirect(error)) if error.error.code == ErrorCode::InvalidRequest
    ));
}

/// What is asked of somebody who signed in, or used the passkey, at some moment around the request.
#[test]
fn what_proves_presence_and_for_how_long() {
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let requested = NOW - 10_000;
    let (before, after) = (requested - 120_000, requested + 5_000);
    let session = |at, by_passkey| SignedInUser {
        authenticated_at: at,
        by_passkey,
        ..user()
    };
    let proof = |at| SignedInUser {
        fresh_proof: Some(fresh(at)),
        ..session(before, true)
    };
    let same = Parameters::from_pairs(good());
    for (parameters, client, user, again) in [
        (with("prompt", "login"), client(), session(before, true), true),
        (with("prompt", "login"), client(), session(after, true), false),
        // Whoever just signed in with a one-time code may have no passkey to ask for.
        (with("prompt", "login"), client(), session(after, false), false),
        // A passkey used for something else before the request is no answer to it.
        (with("prompt", "login"), client(), proof(requested - 1_000), true),
        (with("prompt", "login"), client(), proof(after), false),
        (with("max_age", "60"), client(), session(before, true), true),
        (with("max_age", "60"), client(), proof(requested - 1_000), false),
        (with("max_age", "60"), client(), proof(requested - 60_000), true),
        (with("max_age", "0"), client(), proof(requested - 1), true),
        (with("max_age", "0"), client(), session(after, false), false),
        (same.clone(), careful.clone(), session(before, true), true),
        (same.clone(), careful.clone(), session(after, true), false),
        (same.clone(), careful.clone(), session(after, false), true),
        (same.clone(), careful, proof(requested - 1_000), false),
        (same, client(), session(before, false), false),
    ] {
        let request = valid(&parameters, &client);
        let asked = asked_of_user(&request, &client, &user, requested, NOW);
        assert_eq!(asked.reauthenticate, again, "{parameters:?} {user:?}");
    }
}

/// The passkey used in the step, or the silent proof of a sign-in before, at some moment around the request.
#[test]
fn the_step_takes_an_old_proof_only_where_nothing_newer_was_asked_for() {
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let impatient = Client {
        default_max_age: Some(1),
        ..client()
    };
    let strict = Client {
        minimum_acr: Some(Acr::FreshPasskey),
        ..client()
    };
    let requested = NOW - 10_000;
    let (before, after) = (requested - 30_000, requested + 5_000);
    let unverified = |at| FreshProof {
        user_verified: false,
        ..fresh(at)
    };
    let same = Parameters::from_pairs(good());
    for (parameters, client, proof, accepted) in [
        (with("max_age", "0"), client(), fresh(before), false),
        (with("max_age", "0"), client(), fresh(requested), false),
        (with("max_age", "0"), client(), fresh(after), true),
        (with("max_age", "1"), client(), fresh(before), false),
        (with("max_age", "1"), client(), fresh(requested - 500), false),
        (with("max_age", "1"), client(), fresh(after), true),
        (with("max_age", "60"), client(), fresh(before), true),
        // Young enough when the client asked, not any more when the step is done.
        (with("max_age", "35"), client(), fresh(before), false),
        (same.clone(), impatient.clone(), fresh(before), false),
        (same.clone(), impatient.clone(), fresh(after), true),
        (with("max_age", "60"), impatient, fresh(before), true),
        (with("prompt", "login"), client(), fresh(before), false),
        (with("prompt", "login"), client(), fresh(after), true),
        // The client's own demand is for a passkey at hand, not for a moment.
        (same.clone(), careful, fresh(before), true),
        // A passkey that verifies nobody is asked for once; what comes of it is decided afterwards.
        (same.clone(), strict.clone(), fresh(before), true),
        (same.clone(), strict.clone(), unverified(before), false),
        (same, strict, unverified(after), true),
    ] {
        let request = valid(&parameters, &client);
        assert_eq!(
            accepts_proof(&request, &client, &user(), proof, requested, NOW),
            accepted,
            "{parameters:?} {proof:?}"
        );
    }
}

/// The screen may have stayed open, or the client become stricter.
#[test]
fn a_finished_interaction_is_measured_by_max_age_again() {
    let impatient = Client {
        default_max_age: Some(300),
        ..client()
    };
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let done = |requested_at, reauthenticated_at| Progress {
        authenticate: false,
        select_account: false,
        reauthenticate: false,
        consent: false,
        requested_at,
        reauthenticated_at,
        reauthentication_verified_user: true,
        reauthentication_passkey_suffices: true,
        cancelled: false,
        scopes: Vec::new(),
    };
    // The session is of a minute before NOW.
    let requested = NOW - 50_000;
    let same = Parameters::from_pairs(good());
    for (parameters, client, progress, now, issued_for) in [
        (
            with("max_age", "300"),
            client(),
            done(requested, None),
            NOW,
            Some(NOW - 60_000),
        ),
        (
            with("max_age", "300"),
            client(),
            done(requested, None),
            NOW + 240_000,
            None,
        ),
        (
            same.clone(),
            impatient,
            done(requested, None),
            NOW + 240_000,
            None,
        ),
        // Authenticated for this very request: however long the consent took, that is what was asked for.
        (
            with("max_age", "0"),
            client(),
            done(requested, Some(requested + 1)),
            NOW + 900_000,
            Some(requested + 1),
        ),
        (
            with("max_age", "0"),
            client(),
            done(NOW - 70_000, None),
            NOW + 900_000,
            Some(NOW - 60_000),
        ),
        // A proof of before the request is as old as it is.
        (
            with("max_age", "60"),
            client(),
            done(requested, Some(requested - 1_000)),
            NOW,
            Some(NOW - 51_000),
        ),
        (
            with("max_age", "60"),
            client(),
            done(requested, Some(requested - 1_000)),
            NOW + 20_000,
            None,
        ),
        (
            with("prompt", "login"),
            client(),
            done(requested, Some(requested - 1_000)),
            NOW,
            None,
        ),
        (same.clone(), careful, done(requested, None), NOW, None),
        (
            same,
            client(),
            done(requested, None),
            NOW + 3_000_000,
            Some(NOW - 60_000),
        ),
    ] {
        let request = valid(&parameters, &client);
        match resume(&request, &client, Some(&user()), &progress, SameUser::Yes, now) {
            Decision::Issue { auth_time, .. } => assert_eq!(Some(auth_time), issued_for, "{parameters:?}"),
            Decision::Interact(again) => {
                assert_eq!(issued_for, None, "{parameters:?} {progress:?}");
                assert_eq!(again.required_steps(), [crate::interaction::Step::Reauthenticate]);
                assert_eq!(again.proof(), None);
                assert_eq!(again.requested_at, progress.requested_at);
            }
            Decision::Refuse(refusal) | Decision::Cancelled(refusal) => panic!("{parameters:?} {refusal:?}"),
        }
    }
}

#[test]
fn auth_time_is_the_proof_only_if_the_decision_needed_it() {
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let proven = SignedInUser {
        fresh_proof: Some(fresh(NOW - 500)),
        ..user()
    };
    let request = valid(&Parameters::from_pairs(good()), &client());
    for (client, auth_time, acr) in [
        (client(), NOW - 60_000, Acr::Remembered),
        (careful, NOW - 500, Acr::FreshPasskey),
    ] {
        assert_eq!(
            decide(&request, &client, Some(&proven), NOW),
            Decision::Issue {
                auth_time,
                requested_at: NOW,
                acr
            }
        );
    }
}

#[test]
fn state_comes_back_as_it_was_sent_and_only_then() {
    for (value, expected) in [(Some("abc"), Some("abc")), (Some(""), Some("")), (None, None)] {
        let mut pairs: Vec<_> = good().into_iter().filter(|(name, _)| *name != "state").collect();
        pairs.extend(value.map(|value| ("state", value)));
        let request = valid(&Parameters::from_pairs(pairs), &client());
        let answer = code_response(&request, &client(), "c", "https://id.example");
        let state = answer.iter().find(|(name, _)| *name == "state");
        assert_eq!(state.map(|(_, value)| value.as_str()), expected);
    }
}

proptest! {
    #[test]
    fn no_request_gets_an_answer_sent_anywhere_but_home(
        pairs in proptest::collection::vec(
            (
                prop_oneof![
                    Just("redirect_uri"), Just("response_type"), Just("scope"), Just("prompt"), Just("state"),
                    Just("response_mode"), Just("max_age"), Just("code_challenge"), Just("request")
                ],
                prop_oneof![
                    Just("https://app.example/cb".to_owned()), Just("code".to_owned()), Just("openid".to_owned()),
                    Just("none".to_owned()), Just("https://evil.example/cb".to_owned()), ".{0,12}"
                ],
            ),
            0..10,
        )
    ) {
        let parameters = Parameters::from_pairs(pairs);
        let home = match validate(&parameters, Some(&client()), ALLOWED, BROWSER, &NONE) {
            Ok(request) => Some(request.redirect_uri),
            Err(Refusal::Redirect(error)) => Some(error.redirect_uri),
            Err(Refusal::Page(_)) => None,
        };
        if let Some(uri) = home {
            prop_assert_eq!(uri.as_str(), "https://app.example/cb");
        }
    }
}

/// Pushing satisfies a client's demand for it, and so does having been pushed; a signature likewise.
#[test]
fn a_request_is_taken_through_the_channels_its_client_allows() {
    use Signature::{Absent, Present};
    let par = Client {
        pushed_requests: Demand::Required,
        ..client()
    };
    let signing = Client {
        request_objects: Demand::Required,
        ..client()
    };
    let fapi = Client {
        profile: Profile::Fapi2,
        ..client()
    };
    let request = Parameters::from_pairs(good());
    for (client, channel, taken) in [
        (&par, Channel::Browser(Absent), false),
        (&par, Channel::Browser(Present), false),
        (&par, Channel::Push(Absent), true),
        (&par, Channel::Kept, true),
        (&signing, Channel::Browser(Absent), false),
        (&signing, Channel::Push(Absent), false),
        (&signing, Channel::Browser(Present), true),
        (&signing, Channel::Push(Present), true),
        (&signing, Channel::Kept, true),
        (&fapi, Channel::Browser(Present), false),
        (&fapi, Channel::Push(Absent), true),
        (&fapi, Channel::Kept, true),
    ] {
        let answer = validate(&request, Some(client), ALLOWED, channel, &NONE);
        assert_eq!(answer.is_ok(), taken, "{channel:?} {answer:?}");
    }
    for (name, value) in [
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("redirect_uri", "https://app.example/CB"),
        ("redirect_uri", "https://app.example:443/cb"),
    ] {
        let fapi = Client {
            pkce_methods: vec![Method::S256, Method::Plain],
            ..fapi.clone()
        };
        let answer = validate(&with(name, value), Some(&fapi), ALLOWED, Channel::Kept, &NONE);
        assert!(answer.is_err(), "FAPI 2.0: {name}={value}");
    }
}

/// RFC 9470: who asks for more gets the passkey asked for, where somebody can be asked.
#[test]
fn a_stronger_acr_is_a_passkey_used_for_this_request() {
    let strict = Client {
        minimum_acr: Some(Acr::FreshPasskey),
        ..client()
    };
    let unverified = SignedInUser {
        fresh_proof: Some(FreshProof {
            at: NOW - 500,
            user_verified: false,
            passkey: Standing::Sufficient,
        }),
        ..user()
    };
    let proven = SignedInUser {
        fresh_proof: Some(fresh(NOW - 500)),
        ..user()
    };
    let essential = r#"{"id_token":{"acr":{"essential":true,"value":"phr"}}}"#;
    let voluntary = r#"{"id_token":{"acr":{"values":["phr","0"]}}}"#;
    for (parameters, client, user, expected) in [
        (with("acr_values", "phr"), client(), user(), None),
        (with("acr_values", "phr 0"), client(), user(), None),
        (
            with("acr_values", "0 phr"),
            client(),
            user(),
            Some(Acr::Remembered),
        ),
        (with("acr_values", "9 8"), client(), user(), Some(Acr::Remembered)),
        (with("acr_values", "phr"), client(), unverified.clone(), None),
        (
            with("acr_values", "phr"),
            client(),
            proven.clone(),
            Some(Acr::FreshPasskey),
        ),
        (with("claims", essential), client(), user(), None),
        (
            with("claims", essential),
            client(),
            proven.clone(),
            Some(Acr::FreshPasskey),
        ),
        (with("claims", voluntary), client(), user(), None),
        (with("acr_values", "0"), strict.clone(), user(), None),
        (with("acr_values", ""), strict, proven, Some(Acr::FreshPasskey)),
    ] {
        let request = valid(&parameters, &client);
        match decide(&request, &client, Some(&user), NOW) {
            Decision::Issue { acr, .. } => assert_eq!(Some(acr), expected, "{parameters:?}"),
            Decision::Interact(progress) => {
                assert_eq!(expected, None, "{parameters:?}");
                assert_eq!(
                    progress.required_steps(),
                    [crate::interaction::Step::Reauthenticate]
                );
            }
            Decision::Refuse(refusal) | Decision::Cancelled(refusal) => panic!("{parameters:?} {refusal:?}"),
        }
    }
}

#[test]
fn where_nobody_can_be_asked_only_an_essential_acr_is_insisted_on() {
    let with_none = |name: &'static str, value: &'static str| {
        let mut pairs = good();
        pairs.push(("prompt", "none"));
        pairs.push((name, value));
        Parameters::from_pairs(pairs)
    };
    let request = valid(&with_none("acr_values", "phr"), &client());
    assert!(matches!(
        decide(&request, &client(), Some(&user()), NOW),
        Decision::Issue {
            acr: Acr::Remembered,
            ..
        }
    ));
    let essential = r#"{"id_token":{"acr":{"essential":true,"value":"phr"}}}"#;
    let request = valid(&with_none("claims", essential), &client());
    let Decision::Refuse(Refusal::Redirect(error)) = decide(&request, &client(), Some(&user()), NOW) else {
        panic!("an essential acr must not be passed over");
    };
    assert_eq!(error.error.code, ErrorCode::InteractionRequired);
}

#[test]
fn a_passkey_that_verified_nobody_does_not_meet_a_required_acr() {
    let strict = Client {
        minimum_acr: Some(Acr::FreshPasskey),
        ..client()
    };
    let request = valid(&Parameters::from_pairs(good()), &strict);
    let Decision::Interact(mut progress) = decide(&request, &strict, Some(&user()), NOW) else {
        panic!("the passkey must be asked for");
    };
    let mut verified = progress.clone();
    progress.reauthenticated(FreshProof {
        at: NOW + 1,
        user_verified: false,
        passkey: Standing::Sufficient,
    });
    let answer = resume(
        &request,
        &strict,
        Some(&user()),
        &progress,
        SameUser::Yes,
        NOW + 2,
    );
    let Decision::Refuse(Refusal::Redirect(error)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(error.error.code, ErrorCode::UnmetAuthenticationRequirements);
    verified.reauthenticated(fresh(NOW + 1));
    assert_eq!(
        resume(
            &request,
            &strict,
            Some(&user()),
            &verified,
            SameUser::Yes,
            NOW + 2
        ),
        Decision::Issue {
            auth_time: NOW + 1,
            requested_at: NOW,
            acr: Acr::FreshPasskey
        }
    );
}

#[test]
fn claims_asked_for_one_by_one_are_consented_to_like_their_scopes() {
    let parameters = {
        let mut pairs = good();
        pairs.retain(|(name, _)| *name != "scope");
        pairs.push(("scope", "openid"));
        pairs.push(("claims", r#"{"userinfo":{"email":{"essential":true}}}"#));
        Parameters::from_pairs(pairs)
    };
    let request = valid(&parameters, &client());
    assert_eq!(request.consent_keys(), ["openid", "email"]);
    let stranger = SignedInUser {
        consented: Some(vec!["openid".to_owned()]),
        ..user()
    };
    let Decision::Interact(progress) = decide(&request, &client(), Some(&stranger), NOW) else {
        panic!("consent was not asked for");
    };
    assert_eq!(progress.scopes, ["openid", "email"]);
    assert!(matches!(
        decide(&request, &client(), Some(&user()), NOW),
        Decision::Issue { .. }
    ));
}

/// OIDC Core §5.5.1: a `sub` with a value is a demand for that user.
#[test]
fn a_demanded_subject_is_like_a_hint() {
    let request = valid(
        &with("claims", r#"{"id_token":{"sub":{"value":"u1"}}}"#),
        &client(),
    );
    assert_eq!(Hint::about(None, &request, "u1"), Hint::Fits);
    assert_eq!(Hint::about(None, &request, "u2"), Hint::OtherUser);
}

#[test]
fn a_client_nobody_approved_is_used_as_the_policy_says() {
    let pending = Client {
        approval: Approval::Pending,
        ..client()
    };
    let strict = Policy {
        pending_clients: PendingClients::Refused,
        ..ALLOWED
    };
    let request = Parameters::from_pairs(good());
    assert!(validate(&request, Some(&pending), ALLOWED, BROWSER, &NONE).is_ok());
    assert!(validate(&request, Some(&client()), strict, BROWSER, &NONE).is_ok());
    assert_eq!(
        validate(&request, Some(&pending), strict, BROWSER, &NONE),
        Err(Refusal::Page(PageError::NotApproved))
    );
}

#[test]
fn an_api_is_asked_for_and_consented_to_by_its_address() {
    let api = "https://api.example";
    let facts = ApiFacts {
        requested: Some(crate::resource::RequestedApi {
            resource: api.to_owned(),
            permissions: Some(["read".to_owned()].into()),
        }),
        held: ["read".to_owned(), "write".to_owned()].into(),
    };
    let asking = |scope: &'static str| {
        let mut pairs = good();
        pairs.retain(|(name, _)| *name != "scope");
        pairs.extend([("scope", scope), ("resource", api)]);
        Parameters::from_pairs(pairs)
    };
    let request = validate(&asking("openid read"), Some(&client()), ALLOWED, BROWSER, &facts).unwrap();
    assert_eq!(request.scopes.to_string(), "openid read");
    assert_eq!(request.shown_scopes(), ["openid", "read"]);
    let agreed = SignedInUser {
        consented: Some(vec!["openid".to_owned(), "read".to_owned()]),
        ..user()
    };
    assert!(
        matches!(
            decide(&request, &client(), Some(&agreed), NOW),
            Decision::Interact(_)
        ),
        "the bare key is another API's"
    );
    let agreed = SignedInUser {
        consented: Some(request.consent_keys()),
        ..user()
    };
    assert!(matches!(
        decide(&request, &client(), Some(&agreed), NOW),
        Decision::Issue { .. }
    ));
    let refused = validate(&asking("openid write"), Some(&client()), ALLOWED, BROWSER, &facts);
    let Err(Refusal::Redirect(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        error.error.code,
        ErrorCode::InvalidRequest,
        "one answer for every reason"
    );
}

#[test]
fn a_client_that_needs_another_passkey_asks_for_it() {
    use crate::interaction::Step::Reauthenticate;

    let request = valid(&Parameters::from_pairs(good()), &client());
    let insufficient = FreshProof {
        passkey: Standing::Insufficient,
        ..fresh(NOW - 1_000)
    };
    let with = |passkey, fresh_proof| SignedInUser {
        passkey,
        fresh_proof,
        ..user()
    };
    let steps = |user: &SignedInUser| match decide(&request, &client(), Some(user), NOW) {
        Decision::Interact(progress) => progress.required_steps(),
        Decision::Issue { auth_time, .. } if auth_time == NOW - 1_000 => Vec::new(),
        other => panic!("{other:?}"),
    };
    assert_eq!(steps(&with(Standing::Insufficient, None)), [Reauthenticate]);
    assert_eq!(
        steps(&with(Standing::Insufficient, Some(insufficient))),
        [Reauthenticate]
    );
    assert_eq!(
        steps(&with(Standing::Insufficient, Some(fresh(NOW - 1_000)))),
        [],
        "the proof counts, and is when they authenticated"
    );

    // Where nobody may be asked, it is an error.
    let silent = valid(&with_prompt_none(), &client());
    assert!(matches!(
        decide(&silent, &client(), Some(&with(Standing::Insufficient, None)), NOW),
        Decision::Refuse(Refusal::Redirect { .. })
    ));

    // A client that asks for the passkey each time is not content with one it does not take.
    let careful = Client {
        reauthentication: Demand::Required,
        ..client()
    };
    let asked = |proof| {
        let user = with(Standing::Sufficient, Some(proof));
        asked_of_user(&request, &careful, &user, NOW, NOW).reauthenticate
    };
    assert!(asked(insufficient));
    assert!(!asked(fresh(NOW - 1_000)));
}

fn with_prompt_none() -> Parameters {
    with("prompt", "none")
}

#[test]
fn a_finished_interaction_without_the_passkey_the_client_needs_yields_an_error() {
    let request = valid(&Parameters::from_pairs(good()), &client());
    let user = SignedInUser {
        passkey: Standing::Insufficient,
        ..user()
    };
    let mut progress = match decide(&request, &client(), Some(&user), NOW) {
        Decision::Interact(progress) => progress,
        other => panic!("{other:?}"),
    };
    let resumed = |progress: &crate::interaction::Progress| {
        resume(
            &request,
            &client(),
            Some(&user),
            progress,
            SameUser::Yes,
            NOW + 2_000,
        )
    };
    progress.reauthenticated(FreshProof {
        passkey: Standing::Insufficient,
        ..fresh(NOW + 1_000)
    });
    assert!(matches!(resumed(&progress), Decision::Refuse(_)));
    progress.reauthenticated(fresh(NOW + 1_000));
    assert!(matches!(
        resumed(&progress),
        Decision::Issue { auth_time, .. } if auth_time == NOW + 1_000
    ));
}
