//! Chains and BLOBs with one fault each.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use serde_json::json;

use super::chain::leads_to;
use super::*;

const NOW: i64 = 1_767_225_600;
const MODEL: &str = "2fc0579f-8113-47ea-b116-bb5a8db9202a";

struct Certified {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
    key: Vec<u8>,
}

fn certify(name: &str, by: Option<&Certified>, change: impl FnOnce(&mut CertificateParams)) -> Certified {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = match by {
        Some(by) => params.signed_by(&key, &by.issuer),
        None => params.self_signed(&key),
    }
    .unwrap();
    Certified {
        der: certificate.der().to_vec(),
        key: key.serialize_der(),
        issuer: Issuer::new(params, key),
    }
}

fn leaf(by: &Certified) -> Certified {
    certify("leaf", Some(by), |params| params.is_ca = IsCa::ExplicitNoCa)
}

#[test]
fn a_chain_leads_to_its_root_and_each_fault_breaks_it() {
    let root = certify("root", None, |_| {});
    let other = certify("root", None, |_| {});
    let middle = certify("middle", Some(&root), |_| {});
    let leaf_ = leaf(&middle);
    let chain = |parts: &[&Certified]| parts.iter().map(|part| part.der.clone()).collect::<Vec<_>>();
    let judge = |parts: &[&Certified], anchor: &Certified| leads_to(&chain(parts), &chain(&[anchor]), NOW);

    assert_eq!(judge(&[&leaf_, &middle], &root), Ok(()));
    assert_eq!(judge(&[&leaf_, &middle, &root], &root), Ok(()));
    assert_eq!(judge(&[&leaf(&root)], &root), Ok(()));
    assert_eq!(
        judge(&[&leaf_], &leaf_),
        Ok(()),
        "the metadata may name the certificate itself"
    );
    assert_eq!(judge(&[&leaf_, &middle], &middle), Ok(()));

    let strict = certify("strict", Some(&root), |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let under_strict = certify("middle", Some(&strict), |_| {});
    let no_signer = certify("middle", Some(&root), |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    });
    let end_entity = leaf(&root);
    let expired = certify("middle", Some(&root), |params| {
        params.not_after = date_time_ymd(2025, 1, 1);
    });
    let future = certify("middle", Some(&root), |params| {
        params.not_before = date_time_ymd(2027, 1, 1);
    });
    let impostor = certify("middle", Some(&other), |_| {});
    for (what, parts, anchor, fault) in [
        ("nothing", vec![], &root, ChainFault::Empty),
        (
            "another root of the same name",
            vec![&leaf_, &middle],
            &other,
            ChainFault::Unanchored,
        ),
        ("no intermediate", vec![&leaf_], &root, ChainFault::Unanchored),
        ("upside down", vec![&middle, &leaf_], &other, ChainFault::Broken),
        (
            "an intermediate of the same name",
            vec![&leaf_, &impostor],
            &root,
            ChainFault::Broken,
        ),
        (
            "an end entity as issuer",
            vec![&leaf(&end_entity), &end_entity],
            &root,
            ChainFault::Broken,
        ),
        (
            "a key that may not sign certificates",
            vec![&leaf(&no_signer), &no_signer],
            &root,
            ChainFault::Broken,
        ),
        (
            "too long a path",
            vec![&leaf(&under_strict), &under_strict, &strict],
            &root,
            ChainFault::Broken,
        ),
        (
            "expired",
            vec![&leaf(&expired), &expired],
            &root,
            ChainFault::OutOfTime,
        ),
        (
            "not valid yet",
            vec![&leaf(&future), &future],
            &root,
            ChainFault::OutOfTime,
        ),
        ("too many", vec![&leaf_; 9], &root, ChainFault::TooLong),
    ] {
        assert_eq!(judge(&parts, anchor), Err(fault), "{what}");
    }
    assert_eq!(
        leads_to(&[b"no certificate".to_vec()], &chain(&[&root]), NOW),
        Err(ChainFault::Malformed)
    );
}

fn blob(signer: &Certified, certificates: &[&Certified], payload: &serde_json::Value) -> String {
    let x5c: Vec<_> = certificates.iter().map(|one| STANDARD.encode(&one.der)).collect();
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"alg": "ES256", "typ": "JWT", "x5c": x5c})),
        part(payload)
    );
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &signer.key).unwrap();
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_blob_is_read_if_its_signature_leads_to_the_root() {
    let root = certify("root", None, |_| {});
    let signer = leaf(&root);
    let maker = certify("maker", None, |_| {});
    let payload = json!({
        "legalHeader": "text", "no": 7, "nextUpdate": "2026-02-01",
        "entries": [
            {
                "aaguid": MODEL,
                "metadataStatement": {
                    "description": "Model S",
                    "attestationRootCertificates": [STANDARD.encode(&maker.der), "not base64"]
                },
                "statusReports": [{"status": "FIDO_CERTIFIED", "effectiveDate": "2020-01-01"}]
            },
            {"aaguid": "00000000-0000-4000-8000-000000000001", "statusReports": [{"status": "REVOKED"}]},
            {"attestationCertificateKeyIdentifiers": ["00"], "statusReports": []}
        ]
    });
    let good = blob(&signer, &[&signer], &payload);
    let metadata = Metadata::read(good.as_bytes(), &root.der, NOW).unwrap();
    assert_eq!(metadata.len(), 2);
    let model = metadata.model(MODEL.parse().unwrap()).unwrap();
    assert_eq!((model.name.as_str(), model.compromised), ("Model S", false));
    assert_eq!(model.vouches_for(&[leaf(&maker).der], NOW), Ok(()));
    assert_eq!(
        model.vouches_for(&[leaf(&root).der], NOW),
        Err(ChainFault::Unanchored)
    );
    let revoked = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    assert!(metadata.model(revoked).unwrap().compromised);
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(&root.der)
    );
    Metadata::read(format!("{good}\n").as_bytes(), pem.as_bytes(), NOW).unwrap();

    let refused = |blob: &str, root: &[u8]| Metadata::read(blob.as_bytes(), root, NOW).unwrap_err();
    let other = certify("root", None, |_| {});
    assert!(matches!(
        refused(&good, &other.der),
        MetadataError::Chain(ChainFault::Unanchored)
    ));
    assert!(matches!(refused(&good, b"nonsense"), MetadataError::Root));
    let stranger = certify("leaf", None, |_| {});
    assert!(matches!(
        refused(&blob(&stranger, &[&signer], &payload), &root.der),
        MetadataError::Signature
    ));
    // Somebody else's payload between a good header and signature.
    let parts: Vec<_> = good.split('.').collect();
    let forged = format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(r#"{"entries":[]}"#),
        parts[2]
    );
    assert!(matches!(refused(&forged, &root.der), MetadataError::Signature));
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","x5c":[]}"#),
        parts[1]
    );
    assert!(matches!(
        refused(&unsigned, &root.der),
        MetadataError::Chain(ChainFault::Empty)
    ));
    for text in ["", "a.b", "a.b.c", "....", "\u{0}"] {
        assert!(
            matches!(refused(text, &root.der), MetadataError::Form(_)),
            "{text:?}"
        );
    }
}

#[test]
fn a_blob_is_overdue_once_the_day_of_the_next_is_over() {
    let root = certify("root", None, |_| {});
    let signer = leaf(&root);
    // `NOW` is the first second of 2026.
    for (promised, overdue) in [
        (json!("2025-12-31"), true),
        (json!("2026-01-01"), false),
        (json!("2026-02-01"), false),
        (json!("2020-02-30"), false),
        (json!("soon"), false),
        (json!(""), false),
    ] {
        let payload = json!({"nextUpdate": promised, "entries": []});
        let blob = blob(&signer, &[&signer], &payload);
        let metadata = Metadata::read(blob.as_bytes(), &root.der, NOW).unwrap();
        let expected = overdue.then_some(promised.as_str().unwrap());
        assert_eq!(metadata.overdue_since(NOW), expected, "{promised}");
    }
    let undated = blob(&signer, &[&signer], &json!({"entries": []}));
    let undated = Metadata::read(undated.as_bytes(), &root.der, NOW).unwrap();
    assert_eq!(undated.overdue_since(NOW), None);
    let now = json!({"nextUpdate": "2026-01-01", "entries": []});
    let now = Metadata::read(blob(&signer, &[&signer], &now).as_bytes(), &root.der, NOW).unwrap();
    assert_eq!(now.overdue_since(NOW + DAY - 1), None);
    assert_eq!(now.overdue_since(NOW + DAY), Some("2026-01-01"));
}
