//! One fault per row.

use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::{Algorithm, PrivateKey, Signer, base64url, sign};

const NOW_SECONDS: i64 = 1_767_225_600;
const NOW: i64 = NOW_SECONDS * 1000;
const CLIENT: &str = "app";
const BASE: &str = "https://id.example";

fn key(id: u8) -> PrivateKey {
    PrivateKey::generate(Algorithm::Es256, [id; 8]).unwrap()
}

fn set(keys: &[&PrivateKey]) -> JwkSet {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    JwkSet::from_value(&json!({"keys": keys})).unwrap()
}

fn audiences() -> Audiences {
    Audiences {
        issuer: BASE.to_owned(),
        endpoints: vec![format!("{BASE}/api/oidc/token"), format!("{BASE}/api/oidc/par")],
    }
}

/// The claims with one of them changed; null takes it away.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else if !name.is_empty() {
        claims[name] = value;
    }
    claims
}

fn federated_claims() -> Value {
    json!({
        "iss": "https://cluster.example/",
        "sub": "system:serviceaccount:ns:app",
        "aud": ["other", "pocket-id"],
        "exp": NOW_SECONDS + 600,
        "nbf": NOW_SECONDS - 5,
        "iat": NOW_SECONDS - 5,
        "jti": "one",
    })
}

fn federated_issuer(reuse: Reuse) -> FederatedIssuer {
    FederatedIssuer::new(
        (
            "https://cluster.example/",
            "system:serviceaccount:ns:app",
            "pocket-id",
            "",
        ),
        reuse,
        CLIENT,
        BASE,
    )
}

#[test]
fn what_an_administrator_leaves_empty_has_a_default() {
    let issuer = FederatedIssuer::new(("https://a.example/", "", "", ""), Reuse::Allowed, CLIENT, BASE);
    assert_eq!(
        (&*issuer.subject, &*issuer.audience, &*issuer.jwks_url),
        (CLIENT, BASE, "https://a.example/.well-known/jwks.json")
    );
    let issuer = FederatedIssuer::new(
        ("https://a.example", "s", "a", "http://keys/"),
        Reuse::Allowed,
        CLIENT,
        BASE,
    );
    assert_eq!(
        (&*issuer.subject, &*issuer.audience, &*issuer.jwks_url),
        ("s", "a", "http://keys/")
    );
}

#[test]
fn federated_assertions() {
    let at = |offset: i64| json!(NOW_SECONDS + offset);
    let cases = [
        ("", Value::Null, Ok(())),
        ("iss", json!("https://cluster.example"), Err(Fault::Issuer)),
        ("iss", Value::Null, Err(Fault::Issuer)),
        ("iss", json!(["https://cluster.example/"]), Err(Fault::Issuer)),
        ("sub", json!(CLIENT), Err(Fault::Subject)),
        ("sub", json!("System:serviceaccount:ns:app"), Err(Fault::Subject)),
        ("sub", Value::Null, Err(Fault::Subject)),
        ("aud", json!("pocket-id"), Ok(())),
        ("aud", json!("pocket-id/"), Err(Fault::Audience)),
        ("aud", json!([]), Err(Fault::Audience)),
        ("aud", json!([["pocket-id"]]), Err(Fault::Audience)),
        ("aud", json!({"pocket-id": 1}), Err(Fault::Audience)),
        ("aud", Value::Null, Err(Fault::Audience)),
        ("exp", at(-29), Ok(())),
        ("exp", at(-30), Err(Fault::Expired)),
        ("exp", at(1_000_000_000), Ok(())),
        ("exp", json!(1.9e9), Ok(())),
        ("exp", json!("2000000000"), Err(Fault::Expired)),
        ("exp", json!(-1), Err(Fault::Expired)),
        ("exp", Value::Null, Err(Fault::Expired)),
        ("nbf", at(30), Ok(())),
        ("nbf", at(31), Err(Fault::NotYet)),
        ("nbf", json!("now"), Err(Fault::NotYet)),
        ("nbf", Value::Null, Ok(())),
        ("iat", at(30), Ok(())),
        ("iat", at(31), Err(Fault::NotYet)),
        ("iat", at(-1_000_000), Ok(())),
        ("iat", Value::Null, Ok(())),
        ("jti", Value::Null, Err(Fault::Jti)),
        ("jti", json!(""), Err(Fault::Jti)),
        ("jti", json!(7), Err(Fault::Jti)),
        ("jti", json!("x".repeat(1025)), Err(Fault::Jti)),
    ];
    let key = key(1);
    let keys = set(&[&key]);
    for (name, value, expected) in cases {
        let jwt = sign(&key, "JWT", &with(federated_claims(), name, value.clone())).unwrap();
        let assertion = ClientAssertion::read(&jwt).unwrap();
        let once = federated_issuer(Reuse::Refused);
        let found = assertion.verify_federated(&once, CLIENT, &keys, NOW);
        assert_eq!(
            found.as_ref().map(|_| ()),
            expected.as_ref().copied(),
            "{name} {value}"
        );
        // Without replay protection the jti does not matter, and nothing is remembered.
        let again = federated_issuer(Reuse::Allowed);
        let found = assertion.verify_federated(&again, CLIENT, &keys, NOW);
        if name == "jti" || expected.is_ok() {
            assert_eq!(found, Ok(Accepted { replay: None }), "{name} {value}");
        } else {
            assert_eq!(found.map(|_| ()), expected, "{name} {value}");
        }
    }
    let jwt = sign(&key, "JWT", &federated_claims()).unwrap();
    let assertion = ClientAssertion::read(&jwt).unwrap();
    let accepted = assertion
        .verify_federated(&federated_issuer(Reuse::Refused), CLIENT, &keys, NOW)
        .unwrap();
    assert_eq!(
        accepted.replay,
        Some(Replay {
            namespace: "federated https://cluster.example/ app".to_owned(),
            jti: "one".to_owned(),
            until: NOW + 630_000,
        })
    );
}

#[test]
fn federated_keys() {
    let (signer, other, third) = (key(1), key(2), key(3));
    let renamed = {
        let mut jwk = serde_json::to_value(signer.public_jwk()).unwrap();
        jwk["kid"] = json!("renamed");
        jwk
    };
    let rs256 = {
        let mut jwk = serde_json::to_value(signer.public_jwk()).unwrap();
        jwk["alg"] = json!("ES384");
        jwk
    };
    let other_json = serde_json::to_value(other.public_jwk()).unwrap();
    let of = |keys: Vec<Value>| JwkSet::from_value(&json!({ "keys": keys })).unwrap();
    for (keys, expected) in [
        (set(&[&signer]), Ok(())),
        (set(&[&other, &signer, &third]), Ok(())),
        // The only key counts whatever it is called; among several the name decides.
        (of(vec![renamed.clone()]), Ok(())),
        (of(vec![renamed, other_json]), Err(Fault::Signature)),
        (of(vec![rs256]), Err(Fault::Signature)),
        (set(&[&other]), Err(Fault::Signature)),
        (set(&[&other, &third]), Err(Fault::Signature)),
        (of(vec![]), Err(Fault::Signature)),
    ] {
        let jwt = sign(&signer, "JWT", &federated_claims()).unwrap();
        let found = ClientAssertion::read(&jwt).unwrap().verify_federated(
            &federated_issuer(Reuse::Allowed),
            CLIENT,
            &keys,
            NOW,
        );
        assert_eq!(found.map(|_| ()), expected, "{keys:?}");
    }
}

fn own_claims() -> Value {
    json!({
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": BASE,
        "exp": NOW_SECONDS + 60,
        "jti": "one",
    })
}

/// A claim changed, and the verdicts without and with FAPI.
type OwnCase = (&'static str, Value, Result<(), Fault>, Result<(), Fault>);

fn own_cases() -> Vec<OwnCase> {
    let at = |offset: i64| json!(NOW_SECONDS + offset);
    let both = |name, value, verdict: Result<(), Fault>| (name, value, verdict, verdict);
    let token = format!("{BASE}/api/oidc/token");
    vec![
        both("", Value::Null, Ok(())),
        both("iss", json!("other"), Err(Fault::Issuer)),
        both("iss", Value::Null, Err(Fault::Issuer)),
        both("sub", json!("other"), Err(Fault::Subject)),
        both("sub", Value::Null, Err(Fault::Subject)),
        ("aud", json!([BASE]), Ok(()), Err(Fault::Audience)),
        ("aud", json!(["other", BASE]), Ok(()), Err(Fault::Audience)),
        ("aud", json!(token), Ok(()), Err(Fault::Audience)),
        (
            "aud",
            json!(format!("{BASE}/api/oidc/par")),
            Ok(()),
            Err(Fault::Audience),
        ),
        both("aud", json!(format!("{BASE}/")), Err(Fault::Audience)),
        both("aud", json!(format!("{token}?x=1")), Err(Fault::Audience)),
        both("aud", json!("https://evil.example"), Err(Fault::Audience)),
        both("aud", json!(CLIENT), Err(Fault::Audience)),
        both("aud", Value::Null, Err(Fault::Audience)),
        both("exp", at(-29), Ok(())),
        both("exp", at(-30), Err(Fault::Expired)),
        both("exp", Value::Null, Err(Fault::Expired)),
        both("exp", at(3630), Ok(())),
        both("exp", at(3631), Err(Fault::TooLong)),
        both("exp", json!(1e300), Err(Fault::TooLong)),
        both("nbf", at(30), Ok(())),
        both("nbf", at(31), Err(Fault::NotYet)),
        both("iat", at(30), Ok(())),
        both("iat", at(31), Err(Fault::NotYet)),
        both("iat", at(-100_000), Ok(())),
        both("jti", Value::Null, Err(Fault::Jti)),
        both("jti", json!(""), Err(Fault::Jti)),
        // Signed with the same key for the same server: a request object is no proof of who sends it.
        both("response_type", json!("code"), Err(Fault::Type)),
        both("redirect_uri", json!("https://app.example/cb"), Err(Fault::Type)),
    ]
}

#[test]
fn assertions_by_private_key() {
    let key = key(1);
    let keys = set(&[&key]);
    let verify = |jwt: &str, strictness| {
        ClientAssertion::read(jwt)?.verify_private_key(CLIENT, &keys, &audiences(), strictness, NOW)
    };
    for (name, value, usual, fapi) in own_cases() {
        let jwt = sign(&key, "JWT", &with(own_claims(), name, value.clone())).unwrap();
        for (strictness, expected) in [(Strictness::Usual, usual), (Strictness::Fapi2, fapi)] {
            let found = verify(&jwt, strictness);
            assert_eq!(found.map(|_| ()), expected, "{strictness:?} {name} {value}");
        }
    }
    for (typ, expected) in [
        ("jwt", Ok(())),
        ("client-authentication+jwt", Ok(())),
        ("application/client-authentication+JWT", Ok(())),
        ("oauth-authz-req+jwt", Err(Fault::Type)),
        ("at+jwt", Err(Fault::Type)),
        ("dpop+jwt", Err(Fault::Type)),
    ] {
        let jwt = sign(&key, typ, &own_claims()).unwrap();
        assert_eq!(verify(&jwt, Strictness::Usual).map(|_| ()), expected, "{typ}");
    }
    let jwt = sign(&key, "JWT", &own_claims()).unwrap();
    assert_eq!(
        verify(&jwt, Strictness::Usual).unwrap().replay,
        Some(Replay {
            namespace: "client app".to_owned(),
            jti: "one".to_owned(),
            until: NOW + 90_000,
        })
    );
}

#[test]
fn algorithms_of_private_keys() {
    for (algorithm, usual, fapi) in [
        (Algorithm::Rs256, Ok(()), Err(Fault::Algorithm)),
        (Algorithm::Ps256, Ok(()), Ok(())),
        (Algorithm::Es256, Ok(()), Ok(())),
        (Algorithm::Es384, Ok(()), Err(Fault::Algorithm)),
        (Algorithm::EdDsa, Ok(()), Ok(())),
    ] {
        let key = PrivateKey::generate(algorithm, [1; 8]).unwrap();
        let jwt = sign(&key, "JWT", &own_claims()).unwrap();
        for (strictness, expected) in [(Strictness::Usual, usual), (Strictness::Fapi2, fapi)] {
            let assertion = ClientAssertion::read(&jwt).unwrap();
            assert!(!assertion.is_symmetric());
            let found = assertion.verify_private_key(CLIENT, &set(&[&key]), &audiences(), strictness, NOW);
            assert_eq!(found.map(|_| ()), expected, "{algorithm} {strictness:?}");
        }
    }
}

fn encoded(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(claims.to_string().as_bytes())
    )
}

fn with_secret(header: &Value, claims: &Value, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
    let message = encoded(header, claims);
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
    format!("{message}.{}", base64url(tag.as_ref()))
}

#[test]
fn assertions_by_secret() {
    let secret = &[b's'; 64][..];
    let another = &[b'a'; 64][..];
    let short = &[b's'; 31][..];
    let verify = |jwt: &str, secrets: &[&[u8]]| {
        ClientAssertion::read(jwt)?.verify_secret(CLIENT, secrets.iter().copied(), &audiences(), NOW)
    };
    for (name, algorithm) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ] {
        let jwt = with_secret(&json!({ "alg": name }), &own_claims(), algorithm, secret);
        assert!(ClientAssertion::read(&jwt).unwrap().is_symmetric());
        assert!(verify(&jwt, &[another, secret]).is_ok(), "{name}");
        assert_eq!(verify(&jwt, &[another]), Err(Fault::Signature), "{name}");
        assert_eq!(verify(&jwt, &[short]), Err(Fault::WeakSecret), "{name}");
        assert_eq!(verify(&jwt, &[]), Err(Fault::Signature), "{name}");
    }
    let hs256 = json!({"alg": "HS256"});
    for (name, value, usual, _) in own_cases() {
        let claims = with(own_claims(), name, value.clone());
        let jwt = with_secret(&hs256, &claims, hmac::HMAC_SHA256, secret);
        assert_eq!(verify(&jwt, &[secret]).map(|_| ()), usual, "{name} {value}");
    }
    let wrong_hash = with_secret(&json!({"alg": "HS512"}), &own_claims(), hmac::HMAC_SHA256, secret);
    assert_eq!(verify(&wrong_hash, &[secret]), Err(Fault::Signature));
    let critical = json!({"alg": "HS256", "crit": ["exp"]});
    let critical = with_secret(&critical, &own_claims(), hmac::HMAC_SHA256, secret);
    assert_eq!(verify(&critical, &[secret]), Err(Fault::Malformed));
    // Whoever has no secret has not the empty one.
    let empty = with_secret(&hs256, &own_claims(), hmac::HMAC_SHA256, b"");
    assert_eq!(verify(&empty, &[b""]), Err(Fault::WeakSecret));
}

/// A public key used as a shared secret, and tokens without any signature.
#[test]
fn who_registered_an_algorithm_uses_that_one() {
    let read = |algorithm: &str| {
        let header = base64url(json!({"alg": algorithm}).to_string().as_bytes());
        ClientAssertion::read(&format!("{header}.e30.c2ln")).unwrap()
    };
    for (registered, used, verdict) in [
        (None, "RS256", Ok(())),
        (Some("ES256"), "ES256", Ok(())),
        (Some("ES256"), "PS256", Err(Fault::Algorithm)),
        (Some("ES256"), "HS256", Err(Fault::Algorithm)),
        (Some("HS512"), "HS512", Ok(())),
        (Some("HS512"), "HS256", Err(Fault::Algorithm)),
    ] {
        let registered = registered.map(|name| name.parse().unwrap());
        assert_eq!(
            read(used).check_algorithm(registered),
            verdict,
            "{registered:?} {used}"
        );
    }
    for unknown in ["none", "XX", "", "es256"] {
        assert!(unknown.parse::<AssertionAlgorithm>().is_err(), "{unknown}");
    }
}

#[test]
fn algorithms_are_not_confused() {
    let key = key(1);
    let keys = set(&[&key]);
    let public = serde_json::to_vec(&key.public_jwk()).unwrap();
    let jwt = with_secret(
        &json!({"alg": "HS256"}),
        &own_claims(),
        hmac::HMAC_SHA256,
        &public,
    );
    let assertion = ClientAssertion::read(&jwt).unwrap();
    let by_key = |assertion: &ClientAssertion| {
        assertion.verify_private_key(CLIENT, &keys, &audiences(), Strictness::Usual, NOW)
    };
    assert_eq!(by_key(&assertion), Err(Fault::Algorithm));
    assert_eq!(
        assertion.verify_federated(&federated_issuer(Reuse::Allowed), CLIENT, &keys, NOW),
        Err(Fault::Algorithm)
    );
    for name in ["none", "None", "ES256K", ""] {
        let jwt = format!("{}.", encoded(&json!({ "alg": name }), &own_claims()));
        let assertion = ClientAssertion::read(&jwt).unwrap();
        assert_eq!(by_key(&assertion), Err(Fault::Algorithm), "{name}");
        assert_eq!(
            assertion.verify_secret(CLIENT, [&[b's'; 64][..]], &audiences(), NOW),
            Err(Fault::Algorithm),
            "{name}"
        );
    }
    let signed = sign(&key, "JWT", &own_claims()).unwrap();
    assert_eq!(
        ClientAssertion::read(&signed)
            .unwrap()
            .verify_secret(CLIENT, [&[b's'; 64][..]], &audiences(), NOW),
        Err(Fault::Algorithm)
    );
}

#[test]
fn what_is_no_assertion_is_refused() {
    let key = key(1);
    let list = {
        let message = format!("{}.{}", base64url(br#"{"alg":"ES256"}"#), base64url(b"[]"));
        format!("{message}.{}", base64url(&key.sign(message.as_bytes()).unwrap()))
    };
    for (text, fault) in [
        ("", Fault::Malformed),
        ("a.b.c", Fault::Malformed),
        ("e30.e30", Fault::Malformed),
        ("e30.e30.", Fault::Algorithm),
        (list.as_str(), Fault::Malformed),
    ] {
        assert_eq!(ClientAssertion::read(text).unwrap_err(), fault, "{text}");
    }
    let jwt = sign(&key, "JWT", &own_claims()).unwrap();
    let printed = format!("{:?}", ClientAssertion::read(&jwt).unwrap());
    assert!(!printed.contains("one") && printed.contains(CLIENT), "{printed}");
}

proptest! {
    #[test]
    fn reading_never_fails_badly(text in ".*") {
        let _ = ClientAssertion::read(&text);
    }

    #[test]
    fn any_claims_are_judged(exp in any::<f64>(), nbf in any::<i64>(), aud in ".*") {
        let key = PrivateKey::generate(Algorithm::EdDsa, [1; 8]).unwrap();
        let claims = json!({"iss": CLIENT, "sub": CLIENT, "aud": aud, "exp": exp, "nbf": nbf, "jti": "x"});
        let jwt = sign(&key, "JWT", &claims).unwrap();
        let found = ClientAssertion::read(&jwt)
            .unwrap()
            .verify_private_key(CLIENT, &set(&[&key]), &audiences(), Strictness::Usual, NOW);
        prop_assert!(found.is_err());
    }
}
