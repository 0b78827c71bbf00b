//! Security keys before CTAP 2, Apple devices, Android.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;

#[test]
fn fido_u2f() {
    let scene = Scene::new([0; 16]);
    let point = scene.credential.public_key().as_ref().to_vec();
    let message = [
        &[0][..],
        &scene.auth_data[..32],
        &CLIENT_DATA_HASH,
        &[0xc0, 0xde],
        &point,
    ]
    .concat();
    let certificate = bytes(&Certificate::new(&scene.attester).der());
    let statement =
        |signature: &[u8], chain: &[Vec<u8>]| map(&[("sig", bytes(signature)), ("x5c", array(chain))]);
    let signature = sign(&scene.attester, &message);
    let one = std::slice::from_ref(&certificate);
    assert_eq!(
        scene.verify("fido-u2f", statement(&signature, one)),
        Ok(AttestationType::BasicFull)
    );

    let two = [certificate.clone(), certificate.clone()];
    assert_eq!(
        scene.verify("fido-u2f", statement(&signature, &two)),
        refused("not exactly one certificate")
    );
    assert_eq!(
        scene.verify("fido-u2f", map(&[("sig", bytes(&signature))])),
        refused("not exactly one certificate")
    );
    let newer_message = sign(&scene.attester, &scene.signed());
    assert_eq!(
        scene.verify("fido-u2f", statement(&newer_message, one)),
        refused("bad signature")
    );
    let with_model = Scene::new(MODEL);
    assert_eq!(
        with_model.verify("fido-u2f", statement(&signature, one)),
        refused("U2F key with an AAGUID")
    );
}

const APPLE_NONCE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x08, 0x02];

#[test]
fn apple() {
    let scene = Scene::new(MODEL);
    let nonce = |nonce: &[u8]| sequence(&[der(&[0xa1], &der(&[0x04], nonce))]);
    let right = nonce(&sha256(&scene.signed()));
    let own = || Certificate::new(&scene.credential);
    let judge = |certificate: Certificate| {
        scene.verify("apple", map(&[("x5c", array(&[bytes(&certificate.der())]))]))
    };
    assert_eq!(
        judge(own().with(APPLE_NONCE, Critical::No, right.clone())),
        Ok(AttestationType::AnonCa)
    );
    assert_eq!(judge(own()), refused("nonce"));
    assert_eq!(
        judge(own().with(APPLE_NONCE, Critical::No, nonce(&[0; 32]))),
        refused("nonce")
    );
    assert_eq!(
        judge(own().with(APPLE_NONCE, Critical::No, sequence(&[]))),
        refused("nonce")
    );
    let foreign = Certificate::new(&scene.attester).with(APPLE_NONCE, Critical::No, right);
    assert_eq!(judge(foreign), refused("certificate is for another key"));
}

const KEY_DESCRIPTION: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11];

/// One of the two lists of an Android key: [1] purposes, [600] all applications, [702] origin.
fn authorizations(purpose: Option<u8>, origin: Option<u8>, all_applications: Option<()>) -> Vec<u8> {
    sequence(&[
        purpose.map_or_else(Vec::new, |purpose| {
            der(&[0xa1], &der(&[0x31], &[0x02, 0x01, purpose]))
        }),
        all_applications.map_or_else(Vec::new, |()| der(&[0xbf, 0x84, 0x58], &[0x05, 0x00])),
        origin.map_or_else(Vec::new, |origin| der(&[0xbf, 0x85, 0x3e], &[0x02, 0x01, origin])),
    ])
}

fn key_description(challenge: &[u8], software: Vec<u8>, hardware: Vec<u8>) -> Vec<u8> {
    let (number, level) = (vec![0x02, 0x01, 0x03], vec![0x0a, 0x01, 0x01]);
    let (challenge, unique_id) = (der(&[0x04], challenge), der(&[0x04], b""));
    sequence(&[
        number.clone(),
        level.clone(),
        number,
        level,
        challenge,
        unique_id,
        software,
        hardware,
    ])
}

#[test]
fn android_key() {
    let scene = Scene::new(MODEL);
    let none = || authorizations(None, None, None);
    let generated = || authorizations(Some(2), Some(0), None);
    let signature = sign(&scene.credential, &scene.signed());
    let judge = |certificate: Certificate, signature: &[u8]| {
        let chain = array(&[bytes(&certificate.der())]);
        let statement = map(&[("alg", int(-7)), ("sig", bytes(signature)), ("x5c", chain)]);
        scene.verify("android-key", statement)
    };
    let own = |description: Vec<u8>| {
        Certificate::new(&scene.credential).with(KEY_DESCRIPTION, Critical::No, description)
    };
    for (software, hardware) in [(none(), generated()), (generated(), none())] {
        let description = key_description(&CLIENT_DATA_HASH, software, hardware);
        assert_eq!(
            judge(own(description), &signature),
            Ok(AttestationType::BasicFull)
        );
    }

    let not_generated = "key was not generated on the device for signing";
    for (name, description, reason) in [
        (
            "challenge",
            key_description(&[0; 32], none(), generated()),
            "challenge",
        ),
        (
            "open to all",
            key_description(
                &CLIENT_DATA_HASH,
                authorizations(None, None, Some(())),
                generated(),
            ),
            "key is open to all applications",
        ),
        (
            "imported",
            key_description(&CLIENT_DATA_HASH, none(), authorizations(Some(2), Some(2), None)),
            not_generated,
        ),
        (
            "no origin",
            key_description(&CLIENT_DATA_HASH, none(), authorizations(Some(2), None, None)),
            not_generated,
        ),
        (
            "for decryption",
            key_description(&CLIENT_DATA_HASH, none(), authorizations(Some(1), Some(0), None)),
            not_generated,
        ),
        ("empty", sequence(&[]), "no key description"),
    ] {
        assert_eq!(judge(own(description), &signature), refused(reason), "{name}");
    }
    let description = key_description(&CLIENT_DATA_HASH, none(), generated());
    assert_eq!(
        judge(Certificate::new(&scene.credential), &signature),
        refused("no key description")
    );
    let other = sign(&scene.attester, &scene.signed());
    assert_eq!(judge(own(description.clone()), &other), refused("bad signature"));
    let foreign = Certificate::new(&scene.attester).with(KEY_DESCRIPTION, Critical::No, description);
    assert_eq!(judge(foreign, &other), refused("certificate is for another key"));
}

const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

#[test]
fn android_safetynet() {
    let scene = Scene::new(MODEL);
    let google = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public_key = [&[0][..], google.public_key().as_ref()].concat();
    let rsa_encryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let certificate = |host: &str| {
        let names = sequence(&[der(&[0x82], host.as_bytes())]);
        Certificate {
            public_key: sequence(&[
                sequence(&[der(&[0x06], &rsa_encryption), vec![0x05, 0x00]]),
                der(&[0x03], &public_key),
            ]),
            ..Certificate::new(&scene.attester)
        }
        .with(ALTERNATIVE_NAME, Critical::No, names)
        .der()
    };
    let response = |alg: &str, host: &str, nonce: &[u8], integrity: bool, signed_too: &str| {
        let header = json!({"alg": alg, "x5c": [STANDARD.encode(certificate(host))]});
        let payload = json!({"nonce": STANDARD.encode(nonce), "ctsProfileMatch": integrity});
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encode(&header), encode(&payload));
        let mut signature = vec![0; 256];
        let message = [input.as_bytes(), signed_too.as_bytes()].concat();
        google
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature)
            .unwrap();
        bytes(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)).as_bytes())
    };
    let judge = |alg: &str, host: &str, nonce: &[u8], integrity: bool, signed_too: &str| {
        let response = response(alg, host, nonce, integrity, signed_too);
        scene.verify(
            "android-safetynet",
            map(&[("ver", text("14799021")), ("response", response)]),
        )
    };
    let nonce = sha256(&scene.signed());
    let host = "attest.android.com";
    assert_eq!(
        judge("RS256", host, &nonce, true, ""),
        Ok(AttestationType::BasicFull)
    );
    assert_eq!(judge("RS256", host, &[0; 32], true, ""), refused("nonce"));
    assert_eq!(
        judge("RS256", host, &nonce, false, ""),
        refused("device integrity")
    );
    assert_eq!(
        judge("RS256", "evil.test", &nonce, true, ""),
        refused("certificate subject")
    );
    assert_eq!(judge("RS256", host, &nonce, true, "!"), refused("bad signature"));
    assert_eq!(
        judge("none", host, &nonce, true, ""),
        Err(Fault::Malformed("SafetyNet response"))
    );
    let no_version = map(&[("response", bytes(b"a.b.c"))]);
    assert_eq!(
        scene.verify("android-safetynet", no_version),
        refused("no SafetyNet version")
    );

    // Anybody has a maker's certificates. Beside a response they say nothing, alone or in a compound.
    let makers = array(&[bytes(&Certificate::new(&scene.attester).der())]);
    let pretending = map(&[
        ("ver", text("14799021")),
        ("response", response("RS256", host, &nonce, true, "")),
        ("x5c", makers),
    ]);
    let one = scene
        .attestation("android-safetynet", pretending.clone())
        .unwrap();
    assert_eq!(one.certificates, [certificate(host)]);
    let own = map(&[("fmt", text("packed")), ("attStmt", scene.self_signed())]);
    let first = map(&[("fmt", text("android-safetynet")), ("attStmt", pretending)]);
    let several = scene
        .attestation("compound", array(&[first.clone(), own.clone()]))
        .unwrap();
    assert_eq!(several.certificates, [certificate(host)]);
    let several = scene.attestation("compound", array(&[own, first])).unwrap();
    assert_eq!(several.certificates, Vec::<Vec<u8>>::new());
}
