//! Each row is an honest ceremony with one fault, and the answer it must get.

mod registration;
mod sign_in;

use pocket_id_soft_passkey::{Algorithm, Attestation, Behaviour, Counter, Flag, SignatureKind, SoftPasskey};
use serde_json::{Value, json};
use url::Url;
use uuid::{Uuid, uuid};

use super::*;
use crate::passkeys::policy::{Attachment, Policy, SyncedPasskeys, UserVerification};
use crate::passkeys::wire::{Challenge, UserHandle};

const ORIGIN: &str = "https://id.example.com";

const USER: UserHandle = UserHandle(uuid!("65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a01"));

const REGISTRATION_CHALLENGE: [u8; 32] = [1; 32];

const SIGN_IN_CHALLENGE: [u8; 32] = [2; 32];

fn rp() -> RelyingParty {
    RelyingParty::from_app_url(&Url::parse(ORIGIN).unwrap()).unwrap()
}

fn user() -> RegisteringUser<'static> {
    RegisteringUser {
        application_name: "Pocket ID",
        handle: USER,
        username: "tim",
        display_name: "Tim Cook",
    }
}

fn begin(policy: Policy) -> (Value, PendingRegistration) {
    let (options, pending) = begin_registration(
        &rp(),
        &user(),
        policy,
        Vec::new(),
        Challenge::new(REGISTRATION_CHALLENGE),
    );
    (serde_json::to_value(options).unwrap(), stored(&pending))
}

/// Through the database's JSON and back.
fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(pending: &T) -> T {
    serde_json::from_str(&serde_json::to_string(pending).unwrap()).unwrap()
}

fn finish(pending: &PendingRegistration, response: &Value) -> Result<NewPasskey, CeremonyError> {
    finish_registration(
        &rp(),
        pending,
        response.to_string().as_bytes(),
        SyncedPasskeys::Allowed,
    )
}

fn register(passkey: &mut SoftPasskey) -> Result<NewPasskey, CeremonyError> {
    let (options, pending) = begin(Policy::default());
    finish(&pending, &passkey.register(&options).unwrap())
}

fn passkey() -> SoftPasskey {
    SoftPasskey::new(ORIGIN, 1).unwrap()
}

/// A passkey registered honestly, and what the database holds of it.
fn registered() -> (SoftPasskey, NewPasskey) {
    let mut passkey = passkey();
    let row = register(&mut passkey).unwrap();
    (passkey, row)
}

fn sign_in_with(
    row: &NewPasskey,
    verification: UserVerification,
    answer: impl FnOnce(&Value) -> Value,
) -> Result<Assertion, CeremonyError> {
    let (options, pending) = begin_authentication(&rp(), verification, Challenge::new(SIGN_IN_CHALLENGE));
    let response = answer(&serde_json::to_value(options).unwrap());
    let response = AuthenticationResponse::parse(response.to_string().as_bytes())?;
    finish_authentication(
        &rp(),
        &stored(&pending),
        &response,
        &StoredPasskey {
            credential_id: &row.credential_id,
            owner: USER,
            public_key: &row.public_key,
            sign_count: row.sign_count,
            backup_eligible: row.backup_eligible,
        },
    )
}

fn sign_in(passkey: &mut SoftPasskey, row: &NewPasskey) -> Result<Assertion, CeremonyError> {
    sign_in_with(row, UserVerification::Required, |options| {
        passkey.assert(options).unwrap()
    })
}

#[test]
fn the_relying_party_comes_from_the_applications_url() {
    for (url, id) in [
        ("https://ID.Example.com/path", "id.example.com"),
        ("http://localhost:1411", "localhost"),
        ("http://127.0.0.1:1411", "127.0.0.1"),
        ("http://[::1]:1411", "::1"),
    ] {
        assert_eq!(
            RelyingParty::from_app_url(&Url::parse(url).unwrap())
                .unwrap()
                .id(),
            id
        );
    }
    let refused = |url: &str| RelyingParty::from_app_url(&Url::parse(url).unwrap()).unwrap_err();
    assert_eq!(refused("http://intranet"), RelyingPartyError::SingleLabel);
    assert_eq!(refused("unix:/run/pocket-id.sock"), RelyingPartyError::NoHost);
}

#[test]
fn an_origin_is_scheme_host_and_port_and_nothing_else() {
    let ours = |app_url: &str, origin: &str| {
        RelyingParty::from_app_url(&Url::parse(app_url).unwrap())
            .unwrap()
            .has_origin(origin)
    };
    for same in [
        "https://id.example.com",
        "https://id.example.com:443",
        "HTTPS://ID.Example.COM",
    ] {
        assert!(ours(ORIGIN, same), "{same}");
    }
    for other in [
        "http://id.example.com",
        "http://id.example.com:443",
        "https://id.example.com:8443",
        "https://example.com",
        "https://a.id.example.com",
        "https://id.example.com.evil.test",
        "https://id.example.com/",
        "https://id.example.com/path",
        "https://user@id.example.com",
        " https://id.example.com",
        "android:apk-key-hash:abc",
        "null",
        "",
    ] {
        assert!(!ours(ORIGIN, other), "{other}");
    }
    assert!(ours("http://localhost:1411/sub/", "http://localhost:1411"));
    assert!(!ours("http://localhost:1411", "http://localhost"));
    assert!(!ours("http://localhost:1411", "http://localhost:1411:80"));
}

#[test]
fn every_offered_algorithm_registers_and_signs_in() {
    for algorithm in Algorithm::ALL {
        for attestation in [Attestation::None, Attestation::PackedSelf] {
            let mut passkey = SoftPasskey::with_algorithm(ORIGIN, 7, algorithm).unwrap();
            passkey.behaviour.attestation = attestation;
            let row = register(&mut passkey).unwrap();
            assert!(sign_in(&mut passkey, &row).is_ok(), "{algorithm:?}");
            passkey.behaviour.signature = SignatureKind::OverOtherData;
            assert_eq!(
                sign_in(&mut passkey, &row),
                Err(CeremonyError::AuthenticationFailed(Fault::BadSignature)),
                "{algorithm:?}"
            );
        }
    }
}

type Lie = fn(&mut Behaviour);

type Edit = fn(&mut Value);

#[test]
fn user_verification_is_judged_by_what_was_asked() {
    let mut passkey = passkey();
    passkey.behaviour.user_verified = Flag::Clear;
    assert_eq!(
        register(&mut passkey),
        Err(CeremonyError::UserVerificationRequired)
    );

    let (options, pending) = begin(Policy {
        user_verification: UserVerification::Preferred,
        ..Policy::default()
    });
    let row = finish(&pending, &passkey.register(&options).unwrap()).unwrap();

    assert_eq!(
        sign_in(&mut passkey, &row),
        Err(CeremonyError::UserVerificationRequired)
    );
    let lenient = sign_in_with(&row, UserVerification::Preferred, |options| {
        passkey.assert(options).unwrap()
    })
    .unwrap();
    assert!(!lenient.user_verified);
    passkey.behaviour.user_verified = Flag::Set;
    assert!(sign_in(&mut passkey, &row).unwrap().user_verified);
}

#[test]
fn failures_carry_the_codes_of_the_api() {
    for (error, code) in [
        (
            CeremonyError::InvalidResponse(Fault::WrongType),
            "invalid_webauthn_response",
        ),
        (
            CeremonyError::AuthenticationFailed(Fault::WrongType),
            "webauthn_authentication_failed",
        ),
        (
            CeremonyError::UserVerificationRequired,
            "passkey_user_verification_required",
        ),
        (
            CeremonyError::SyncedPasskeyNotAllowed,
            "synced_passkey_not_allowed",
        ),
    ] {
        assert_eq!(error.code(), code);
    }
}
