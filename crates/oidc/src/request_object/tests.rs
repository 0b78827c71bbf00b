use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::{PrivateKey, base64url, sign};

const ISSUER: &str = "https://id.example";
const NOW: i64 = 1_700_000_000;

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::Es256, [1; 8]).unwrap()
}

fn outer() -> Parameters {
    Parameters::from_pairs([
        ("client_id", "app"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("redirect_uri", "https://app.example/cb"),
        ("state", "outer"),
        ("request", "x"),
    ])
}

fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        base64url(br#"{"alg":"none"}"#),
        base64url(claims.to_string().as_bytes())
    )
}

#[test]
fn what_the_object_says_counts() {
    let key = key();
    let claims = json!({
        "iss": "app", "aud": [ISSUER], "exp": NOW + 60, "client_id": "app", "state": "inner", "max_age": 60,
        "scope": "openid profile", "claims": {"userinfo": {"name": null}}, "request_uri": "ignored"
    });
    for (object, signature) in [
        (
            sign(&key, "oauth-authz-req+jwt", &claims).unwrap(),
            Signature::Present,
        ),
        (unsigned(&claims), Signature::Absent),
    ] {
        let keys = [key.public_jwk()];
        let unpacked = unpack(&outer(), &object, &Client::example(), &keys, ISSUER, NOW).unwrap();
        assert_eq!(unpacked.signature, signature);
        let get = |name: &str| unpacked.parameters.get(name).map(str::to_owned);
        assert_eq!(get("state").as_deref(), Some("inner"));
        assert_eq!(get("max_age").as_deref(), Some("60"));
        assert_eq!(get("redirect_uri").as_deref(), Some("https://app.example/cb"));
        let scopes = match signature {
            Signature::Present => "openid profile",
            Signature::Absent => "openid profile openid email",
        };
        assert_eq!(get("scope").as_deref(), Some(scopes));
        assert_eq!(get("claims").as_deref(), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(
            (get("request"), get("request_uri"), get("exp")),
            (None, None, None)
        );
    }
}

#[test]
fn who_must_sign_gets_only_what_was_signed() {
    let key = key();
    let client = Client {
        request_objects: Demand::Required,
        ..Client::example()
    };
    let object = sign(&key, "JWT", &json!({"client_id": "app", "response_type": "code"})).unwrap();
    let unpacked = unpack(&outer(), &object, &client, &[key.public_jwk()], ISSUER, NOW).unwrap();
    assert_eq!(
        unpacked.parameters.get("state"),
        None,
        "the query can be anybody's"
    );
    assert_eq!(unpacked.parameters.get("client_id"), Some("app"));
}

#[test]
fn each_fault_is_refused() {
    let key = key();
    let keys = [key.public_jwk()];
    let signed = |claims: Value| sign(&key, "JWT", &claims).unwrap();
    let plain = Client::example();
    let signing = Client {
        request_objects: Demand::Required,
        ..Client::example()
    };
    let with_alg = Client {
        request_object_alg: Some(ObjectAlgorithm::Signed(Algorithm::EdDsa)),
        ..Client::example()
    };
    let unsigned_only = Client {
        request_object_alg: Some(ObjectAlgorithm::Unsigned),
        ..Client::example()
    };
    let fapi = Client {
        profile: Profile::Fapi2,
        ..Client::example()
    };
    let stranger = sign(
        &PrivateKey::generate(Algorithm::Es256, [2; 8]).unwrap(),
        "JWT",
        &json!({}),
    )
    .unwrap();
    let stripped = {
        let object = signed(json!({"client_id": "app"}));
        format!("{}.", object.rsplit_once('.').unwrap().0)
    };
    for (object, client, why) in [
        (String::new(), &plain, "nothing"),
        ("a.b.c".to_owned(), &plain, "no JWT"),
        (stranger, &plain, "another's key"),
        (stripped, &plain, "signature taken off"),
        (unsigned(&json!({})), &signing, "unsigned although it must be"),
        (
            unsigned(&json!({})),
            &with_alg,
            "unsigned although an algorithm is registered",
        ),
        (signed(json!({})), &with_alg, "another algorithm than registered"),
        (
            signed(json!({})),
            &unsigned_only,
            "signed although none is registered",
        ),
        (
            signed(json!({"iss": "app", "sub": "app"})),
            &plain,
            "about the client itself",
        ),
        (
            signed(json!({"sub": "someone", "jti": "1"})),
            &plain,
            "like an assertion",
        ),
        (signed(json!({"exp": NOW - 61})), &plain, "expired"),
        (signed(json!({"exp": "soon"})), &plain, "no time"),
        (signed(json!({"nbf": NOW + 61})), &plain, "not yet valid"),
        (signed(json!({"iat": NOW + 61})), &plain, "from the future"),
        (signed(json!({"client_id": "other"})), &plain, "another client"),
        (signed(json!({"client_id": 5})), &plain, "client_id is no text"),
        (signed(json!({"iss": "other"})), &plain, "another issuer"),
        (
            signed(json!({"aud": "https://other.example"})),
            &plain,
            "for another provider",
        ),
        (
            signed(json!({"resource": ["a:b", "c:d"]})),
            &plain,
            "two resources",
        ),
        (signed(json!({"aud": ISSUER})), &fapi, "FAPI needs nbf and exp"),
        (
            signed(json!({"aud": ISSUER, "nbf": NOW, "exp": NOW + 3601})),
            &fapi,
            "FAPI: too long",
        ),
        (
            signed(json!({"nbf": NOW, "exp": NOW + 60})),
            &fapi,
            "FAPI needs aud",
        ),
        (unsigned(&json!({})), &fapi, "FAPI: unsigned"),
        (
            format!("{}.e30.c2ln", base64url(br#"{"alg":"none"}"#)),
            &plain,
            "none with a signature",
        ),
    ] {
        let answer = unpack(&outer(), &object, client, &keys, ISSUER, NOW);
        assert!(answer.is_err(), "{why}: {answer:?}");
    }
}

#[test]
fn a_client_assertion_is_no_request() {
    let key = key();
    let keys = [key.public_jwk()];
    // Whether the assertion says its type or not, and whatever else it holds.
    let assertion = json!({"iss": "app", "sub": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "one"});
    let mut with_request = assertion.clone();
    with_request["response_type"] = json!("code");
    for (typ, claims) in [
        ("JWT", &assertion),
        ("client-authentication+jwt", &assertion),
        ("oauth-authz-req+jwt", &with_request),
    ] {
        let object = sign(&key, typ, claims).unwrap();
        let answer = unpack(&outer(), &object, &Client::example(), &keys, ISSUER, NOW);
        let expected = BadObject("The request object is a token for another purpose.");
        assert_eq!(answer, Err(expected), "{typ} {claims}");
    }
}

#[test]
fn unsigned_objects_are_taken_where_nothing_else_was_registered() {
    let registered = Client {
        request_object_alg: Some(ObjectAlgorithm::Unsigned),
        ..Client::example()
    };
    for client in [Client::example(), registered] {
        let answer = unpack(
            &outer(),
            &unsigned(&json!({"state": "s"})),
            &client,
            &[],
            ISSUER,
            NOW,
        );
        assert_eq!(answer.unwrap().parameters.get("state"), Some("s"));
    }
}

#[test]
fn nothing_beside_a_signed_object_adds_scopes() {
    let key = key();
    let keys = [key.public_jwk()];
    let mut outer = outer();
    outer.set("scope", "openid email offline_access".to_owned());
    let said = json!({"scope": "openid profile"});
    for (object, scope) in [
        (sign(&key, "JWT", &said).unwrap(), "openid profile"),
        (unsigned(&said), "openid profile openid email offline_access"),
        (
            sign(&key, "JWT", &json!({})).unwrap(),
            "openid email offline_access",
        ),
    ] {
        let answer = unpack(&outer, &object, &Client::example(), &keys, ISSUER, NOW).unwrap();
        assert_eq!(answer.parameters.get("scope"), Some(scope));
    }
}

proptest! {
    #[test]
    fn taking_apart_never_fails_badly(object in ".*") {
        let _ = unpack(&outer(), &object, &Client::example(), &[], ISSUER, NOW);
    }
}
