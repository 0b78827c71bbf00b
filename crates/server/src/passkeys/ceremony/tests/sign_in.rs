//! Sign-ins.

use super::*;

#[test]
fn request_options_have_exactly_the_agreed_form() {
    let (options, _) = begin_authentication(
        &rp(),
        UserVerification::Preferred,
        Challenge::new(SIGN_IN_CHALLENGE),
    );
    assert_eq!(
        serde_json::to_value(options).unwrap(),
        json!({
            "challenge": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
            "timeout": 60000,
            "rpId": "id.example.com",
            "userVerification": "preferred",
        })
    );
}

#[test]
fn an_honest_sign_in_says_whose_it_is() {
    let (mut passkey, row) = registered();
    let (options, _) = begin_authentication(
        &rp(),
        UserVerification::Required,
        Challenge::new(SIGN_IN_CHALLENGE),
    );
    let body = passkey
        .assert(&serde_json::to_value(options).unwrap())
        .unwrap()
        .to_string();
    let response = AuthenticationResponse::parse(body.as_bytes()).unwrap();
    assert_eq!(response.credential_id(), row.credential_id);
    assert_eq!(response.user_handle(), Ok(USER));
    assert_eq!(
        sign_in(&mut passkey, &row),
        Ok(Assertion {
            sign_count: 2,
            counter: SignCounter::Advanced,
            backup_state: false,
            user_verified: true
        })
    );
}

#[test]
fn each_single_fault_fails_the_sign_in() {
    let rows: &[(&str, Lie, Fault)] = &[
        (
            "wrong origin",
            |b| b.origin = Some("https://evil.test".to_owned()),
            Fault::WrongOrigin,
        ),
        (
            "plain http",
            |b| b.origin = Some("http://id.example.com".to_owned()),
            Fault::WrongOrigin,
        ),
        (
            "wrong RP ID",
            |b| b.rp_id = Some("example.com".to_owned()),
            Fault::WrongRelyingParty,
        ),
        (
            "replayed challenge",
            |b| b.challenge = Some(vec![9; 32]),
            Fault::WrongChallenge,
        ),
        (
            "registration's challenge",
            |b| b.challenge = Some(vec![1; 32]),
            Fault::WrongChallenge,
        ),
        (
            "registration type",
            |b| b.client_data_type = Some("webauthn.create".to_owned()),
            Fault::WrongType,
        ),
        ("cross-origin", |b| b.cross_origin = Flag::Set, Fault::CrossOrigin),
        (
            "top origin",
            |b| b.top_origin = Some("https://evil.test".to_owned()),
            Fault::CrossOrigin,
        ),
        (
            "nobody present",
            |b| b.user_present = Flag::Clear,
            Fault::UserNotPresent,
        ),
        (
            "signature over other data",
            |b| b.signature = SignatureKind::OverOtherData,
            Fault::BadSignature,
        ),
        (
            "no signature",
            |b| b.signature = SignatureKind::Garbage,
            Fault::BadSignature,
        ),
        (
            "became eligible",
            |b| b.backup_eligible = Flag::Set,
            Fault::BackupEligibilityChanged,
        ),
        (
            "backed up, not eligible",
            |b| b.backup_state = Flag::Set,
            Fault::BackupStateWithoutEligibility,
        ),
        (
            "no user handle",
            |b| b.user_handle = Some(vec![]),
            Fault::UserHandle,
        ),
        (
            "raw UUID as user handle",
            |b| b.user_handle = Some(vec![7; 16]),
            Fault::UserHandle,
        ),
        (
            "another user's handle",
            |b| b.user_handle = Some(b"65a5f4b8-0c3e-4b0e-9d51-6e6f0d6b6a02".to_vec()),
            Fault::UserHandle,
        ),
        (
            "another credential",
            |b| b.credential_id = Some(vec![5; 32]),
            Fault::UnknownCredential,
        ),
    ];
    for (name, lie, fault) in rows {
        let (mut passkey, row) = registered();
        lie(&mut passkey.behaviour);
        assert_eq!(
            sign_in(&mut passkey, &row),
            Err(CeremonyError::AuthenticationFailed(fault.clone())),
            "{name}"
        );
    }
}

#[test]
fn a_foreign_key_does_not_sign_in() {
    let (_, row) = registered();
    let mut foreign = SoftPasskey::new(ORIGIN, 2).unwrap();
    register(&mut foreign).unwrap();
    foreign.behaviour.credential_id = Some(row.credential_id.clone());
    assert_eq!(
        sign_in(&mut foreign, &row),
        Err(CeremonyError::AuthenticationFailed(Fault::BadSignature))
    );
}

#[test]
fn losing_backup_eligibility_fails_too() {
    let mut passkey = passkey();
    passkey.behaviour.backup_eligible = Flag::Set;
    let row = register(&mut passkey).unwrap();
    passkey.behaviour.backup_state = Flag::Set;
    assert!(
        sign_in(&mut passkey, &row).unwrap().backup_state,
        "the state may change"
    );
    passkey.behaviour.backup_eligible = Flag::Clear;
    passkey.behaviour.backup_state = Flag::Clear;
    assert_eq!(
        sign_in(&mut passkey, &row),
        Err(CeremonyError::AuthenticationFailed(
            Fault::BackupEligibilityChanged
        ))
    );
}

#[test]
fn a_counter_that_does_not_rise_is_reported() {
    let (mut passkey, mut row) = registered();
    let mut counter = |stored, shown| {
        row.sign_count = stored;
        passkey.behaviour.counter = shown;
        sign_in(&mut passkey, &row).unwrap().counter
    };
    assert_eq!(counter(0, Counter::None), SignCounter::Unsupported);
    assert_eq!(counter(0, Counter::Fixed(1)), SignCounter::Advanced);
    assert_eq!(counter(4, Counter::Fixed(5)), SignCounter::Advanced);
    assert_eq!(
        counter(5, Counter::Fixed(5)),
        SignCounter::Regressed {
            stored: 5,
            received: 5
        }
    );
    assert_eq!(
        counter(5, Counter::Fixed(4)),
        SignCounter::Regressed {
            stored: 5,
            received: 4
        }
    );
    assert_eq!(
        counter(5, Counter::None),
        SignCounter::Regressed {
            stored: 5,
            received: 0
        }
    );
}

#[test]
fn a_sign_in_body_must_be_whole() {
    let (mut passkey, row) = registered();
    let edits: &[(&str, Edit)] = &[
        ("other type", |v| v["type"] = json!("password")),
        ("id is not rawId", |v| v["id"] = json!("AQ")),
        ("no signature", |v| {
            drop(v["response"].as_object_mut().unwrap().remove("signature"));
        }),
        ("client data is no JSON", |v| {
            v["response"]["clientDataJSON"] = json!("AAAA");
        }),
        ("short authenticator data", |v| {
            v["response"]["authenticatorData"] = json!("AAAA");
        }),
    ];
    for (name, edit) in edits {
        let outcome = sign_in_with(&row, UserVerification::Required, |options| {
            let mut body = passkey.assert(options).unwrap();
            edit(&mut body);
            body
        });
        assert!(
            matches!(outcome, Err(CeremonyError::InvalidResponse(_))),
            "{name}: {outcome:?}"
        );
    }
    for body in ["", "{}", "null", "[]", "\"\""] {
        assert!(AuthenticationResponse::parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_tampered_byte_anywhere_in_the_signed_data_is_noticed() {
    let (mut passkey, row) = registered();
    for member in ["authenticatorData", "clientDataJSON", "signature"] {
        let (options, pending) = begin_authentication(
            &rp(),
            UserVerification::Required,
            Challenge::new(SIGN_IN_CHALLENGE),
        );
        let good = passkey.assert(&serde_json::to_value(options).unwrap()).unwrap();
        let bytes = crate::passkeys::wire::Base64Url::parse(good["response"][member].as_str().unwrap())
            .unwrap()
            .0;
        for position in 0..bytes.len() {
            let mut tampered = bytes.clone();
            tampered[position] ^= 0x01;
            let mut body = good.clone();
            body["response"][member] = json!(crate::passkeys::wire::Base64Url(tampered).to_string());
            let accepted = AuthenticationResponse::parse(body.to_string().as_bytes())
                .and_then(|response| {
                    let stored = StoredPasskey {
                        credential_id: &row.credential_id,
                        owner: USER,
                        public_key: &row.public_key,
                        sign_count: 0,
                        backup_eligible: false,
                    };
                    finish_authentication(&rp(), &pending, &response, &stored)
                })
                .is_ok();
            assert!(!accepted, "{member} byte {position}");
        }
    }
}
