//! Registrations.

use super::*;

#[test]
fn creation_options_have_exactly_the_agreed_form() {
    let policy = Policy {
        attachment: Attachment::Platform,
        ..Policy::default()
    };
    let existing = vec![
        ExistingCredential {
            credential_id: vec![0xfb, 0xff],
            transports: vec!["internal".to_owned()],
        },
        ExistingCredential {
            credential_id: vec![1],
            transports: vec![],
        },
    ];
    let (options, _) = begin_registration(
        &rp(),
        &user(),
        policy,
        existing,
        Challenge::new(REGISTRATION_CHALLENGE),
    );
    let algorithms = [-7, -35, -36, -257, -258, -259, -37, -38, -39, -8]
        .map(|alg| json!({"type": "public-key", "alg": alg}));
    assert_eq!(
        serde_json::to_value(options).unwrap(),
        json!({
            "rp": {"name": "Pocket ID", "id": "id.example.com"},
            "user": {
                "name": "tim",
                "displayName": "Tim Cook",
                "id": "NjVhNWY0YjgtMGMzZS00YjBlLTlkNTEtNmU2ZjBkNmI2YTAx",
            },
            "challenge": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
            "timeout": 60000,
            "pubKeyCredParams": algorithms,
            "excludeCredentials": [
                {"type": "public-key", "id": "-_8", "transports": ["internal"]},
                {"type": "public-key", "id": "AQ"},
            ],
            "authenticatorSelection": {
                "authenticatorAttachment": "platform",
                "requireResidentKey": true,
                "residentKey": "required",
                "userVerification": "required",
            },
            "extensions": {"credProps": true},
        })
    );

    let policy = Policy {
        user_verification: UserVerification::Preferred,
        ..Policy::default()
    };
    let (options, _) = begin(policy);
    assert_eq!(options.get("excludeCredentials"), None);
    assert_eq!(
        options["authenticatorSelection"],
        json!({"requireResidentKey": true, "residentKey": "required", "userVerification": "preferred"})
    );
}

#[test]
fn an_honest_registration_is_stored_as_it_came() {
    let mut passkey = passkey();
    passkey.behaviour.aaguid = uuid!("d548826e-79b4-db40-a3d8-11116f7e8349");
    passkey.behaviour.backup_eligible = Flag::Set;
    passkey.behaviour.backup_state = Flag::Set;
    passkey.behaviour.transports = Some(
        ["cable", "hybrid", "future", "internal"]
            .map(str::to_owned)
            .to_vec(),
    );
    let row = register(&mut passkey).unwrap();
    assert_eq!(
        row,
        NewPasskey {
            credential_id: passkey.credential_id().to_vec(),
            public_key: passkey.cose_public_key().unwrap(),
            attestation_type: "none",
            certificates: Vec::new(),
            transports: ["hybrid", "future", "internal"].map(str::to_owned).to_vec(),
            aaguid: uuid!("d548826e-79b4-db40-a3d8-11116f7e8349"),
            sign_count: 0,
            backup_eligible: true,
            backup_state: true,
            suggested_name: "Bitwarden Passkey".to_owned(),
        }
    );

    let mut attested = self::passkey();
    attested.behaviour.attestation = Attestation::PackedSelf;
    attested.behaviour.transports = None;
    let row = register(&mut attested).unwrap();
    assert_eq!(
        (row.attestation_type, row.transports),
        ("basic_surrogate", vec![])
    );
    assert_eq!(
        (row.aaguid, row.suggested_name.as_str()),
        (Uuid::nil(), "New Passkey")
    );
}

#[test]
fn each_single_fault_fails_the_registration() {
    let rows: &[(&str, Lie, Fault)] = &[
        (
            "wrong origin",
            |b| b.origin = Some("https://evil.test".to_owned()),
            Fault::WrongOrigin,
        ),
        (
            "subdomain",
            |b| b.origin = Some("https://a.id.example.com".to_owned()),
            Fault::WrongOrigin,
        ),
        (
            "wrong port",
            |b| b.origin = Some("https://id.example.com:444".to_owned()),
            Fault::WrongOrigin,
        ),
        (
            "wrong RP ID",
            |b| b.rp_id = Some("example.com".to_owned()),
            Fault::WrongRelyingParty,
        ),
        (
            "another challenge",
            |b| b.challenge = Some(vec![9; 32]),
            Fault::WrongChallenge,
        ),
        (
            "a sign-in's challenge",
            |b| b.challenge = Some(SIGN_IN_CHALLENGE.to_vec()),
            Fault::WrongChallenge,
        ),
        (
            "shorter challenge",
            |b| b.challenge = Some(vec![1; 31]),
            Fault::WrongChallenge,
        ),
        (
            "empty challenge",
            |b| b.challenge = Some(vec![]),
            Fault::WrongChallenge,
        ),
        (
            "sign-in type",
            |b| b.client_data_type = Some("webauthn.get".to_owned()),
            Fault::WrongType,
        ),
        ("cross-origin", |b| b.cross_origin = Flag::Set, Fault::CrossOrigin),
        (
            "top origin",
            |b| b.top_origin = Some(ORIGIN.to_owned()),
            Fault::CrossOrigin,
        ),
        (
            "nobody present",
            |b| b.user_present = Flag::Clear,
            Fault::UserNotPresent,
        ),
        (
            "backed up, not eligible",
            |b| b.backup_state = Flag::Set,
            Fault::BackupStateWithoutEligibility,
        ),
        (
            "unknown algorithm",
            |b| b.declared_algorithm = Some(-47),
            Fault::AlgorithmNotOffered(-47),
        ),
        (
            "key of another algorithm",
            |b| b.declared_algorithm = Some(-8),
            Fault::InvalidPublicKey,
        ),
        (
            "key of another curve",
            |b| b.declared_algorithm = Some(-35),
            Fault::InvalidPublicKey,
        ),
        (
            "other raw ID",
            |b| b.credential_id = Some(vec![5; 32]),
            Fault::CredentialIdMismatch,
        ),
        (
            "forged self attestation",
            |b| {
                b.attestation = Attestation::PackedSelf;
                b.signature = SignatureKind::OverOtherData;
            },
            Fault::Attestation("bad signature"),
        ),
        (
            "`none` with a statement",
            |b| {
                b.attestation = Attestation::Raw {
                    format: "none".to_owned(),
                    statement: vec![0xa1, 0x61, b'x', 0x01],
                };
            },
            Fault::Attestation("`none` with a statement"),
        ),
        (
            "unknown format",
            |b| {
                b.attestation = Attestation::Raw {
                    format: "made-up".to_owned(),
                    statement: vec![0xa0],
                }
            },
            Fault::AttestationFormat,
        ),
        (
            "empty packed statement",
            |b| {
                b.attestation = Attestation::Raw {
                    format: "packed".to_owned(),
                    statement: vec![0xa0],
                }
            },
            Fault::Attestation("no `alg`"),
        ),
    ];
    for (name, lie, fault) in rows {
        let mut passkey = passkey();
        lie(&mut passkey.behaviour);
        assert_eq!(
            register(&mut passkey),
            Err(CeremonyError::InvalidResponse(fault.clone())),
            "{name}"
        );
    }
}

#[test]
fn synced_passkeys_are_refused_when_the_administrator_says_so() {
    let (options, pending) = begin(Policy::default());
    let mut passkey = passkey();
    let device_bound = passkey.register(&options).unwrap().to_string();
    assert!(finish_registration(&rp(), &pending, device_bound.as_bytes(), SyncedPasskeys::Refused).is_ok());
    passkey.behaviour.backup_eligible = Flag::Set;
    let synced = passkey.register(&options).unwrap().to_string();
    assert_eq!(
        finish_registration(&rp(), &pending, synced.as_bytes(), SyncedPasskeys::Refused),
        Err(CeremonyError::SyncedPasskeyNotAllowed)
    );
    assert!(finish_registration(&rp(), &pending, synced.as_bytes(), SyncedPasskeys::Allowed).is_ok());
}

#[test]
fn the_reported_attachment_must_be_the_one_asked_for() {
    let accepted = |asked, reported: Option<&str>, transport: &str| {
        let (options, pending) = begin(Policy {
            attachment: asked,
            ..Policy::default()
        });
        let mut passkey = passkey();
        passkey.behaviour.attachment = reported.map(str::to_owned);
        passkey.behaviour.transports = Some(vec![transport.to_owned()]);
        finish(&pending, &passkey.register(&options).unwrap()).is_ok()
    };
    assert!(accepted(Attachment::Any, Some("cross-platform"), "usb"));
    assert!(accepted(Attachment::CrossPlatform, Some("cross-platform"), "usb"));
    assert!(!accepted(Attachment::CrossPlatform, Some("platform"), "internal"));
    assert!(!accepted(Attachment::Platform, Some("cross-platform"), "usb"));
    // Not every browser reports it; the transports then tell.
    assert!(accepted(Attachment::Platform, None, "internal"));
    assert!(!accepted(Attachment::Platform, None, "usb"));
}

#[test]
fn a_registration_body_must_be_whole() {
    let (options, pending) = begin(Policy::default());
    let good = passkey().register(&options).unwrap();
    let refused = |body: &str| {
        matches!(
            finish_registration(&rp(), &pending, body.as_bytes(), SyncedPasskeys::Allowed),
            Err(CeremonyError::InvalidResponse(_))
        )
    };
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"id\":\"AQ\"}",
        &format!("{good} x"),
        &format!("{good}{good}"),
    ] {
        assert!(refused(body), "{body}");
    }
    let edits: &[(&str, Edit)] = &[
        ("other type", |v| v["type"] = json!("password")),
        ("no type", |v| drop(v.as_object_mut().unwrap().remove("type"))),
        ("id is not rawId", |v| v["id"] = json!("AQ")),
        ("standard base64", |v| v["rawId"] = json!("+/+/")),
        ("number as ID", |v| v["id"] = json!(1)),
        ("no response", |v| v["response"] = json!({})),
        ("client data is no JSON", |v| {
            v["response"]["clientDataJSON"] = json!("AAAA");
        }),
        ("attestation is no CBOR", |v| {
            v["response"]["attestationObject"] = json!("____");
        }),
        ("empty attestation map", |v| {
            v["response"]["attestationObject"] = json!("oA");
        }),
        ("cut attestation", |v| {
            let text = v["response"]["attestationObject"].as_str().unwrap().to_owned();
            v["response"]["attestationObject"] = json!(text[..text.len() - 8]);
        }),
        ("longer attestation", |v| {
            let text = v["response"]["attestationObject"]
                .as_str()
                .unwrap()
                .trim_end_matches('=')
                .to_owned();
            let longer = [crate::passkeys::wire::Base64Url::parse(&text).unwrap().0, vec![0]].concat();
            v["response"]["attestationObject"] = json!(crate::passkeys::wire::Base64Url(longer).to_string());
        }),
    ];
    for (name, edit) in edits {
        let mut body = good.clone();
        edit(&mut body);
        assert!(refused(&body.to_string()), "{name}");
    }
    let padded = good.to_string().replace(
        good["rawId"].as_str().unwrap(),
        &format!("{}=", good["rawId"].as_str().unwrap()),
    );
    assert!(!refused(&padded), "trailing padding");
    assert!(!refused(&format!("  {good}\n")), "white space around");
}
