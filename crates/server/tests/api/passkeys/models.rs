//! Which authenticator models may be registered: rules, the FIDO metadata, proofs by makers' certificates.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use pocket_id_server::config::{Config, FidoMetadataConfig, UiConfigSource};
use pocket_id_soft_passkey::{Attestation, SoftPasskey};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;

use super::{assert_refused, traces};
use crate::support::{Browser, Database, Log, TestApp, both_engines};

const GOOD: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";
const REVOKED: &str = "33333333-3333-4333-8333-333333333333";
const UNKNOWN: &str = "44444444-4444-4444-8444-444444444444";

const NOT_ALLOWED: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "authenticator_not_allowed");
const NOT_PROVEN: (StatusCode, &str) = (StatusCode::BAD_REQUEST, "attestation_required");

/// Somebody who makes authenticators, or signs metadata.
struct Maker {
    root: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Maker {
    fn new() -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.distinguished_name.push(DnType::CommonName, "Maker Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate().unwrap();
        let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
        let mut leaf = CertificateParams::new(Vec::new()).unwrap();
        for (kind, value) in [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Maker"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "Maker Attestation"),
        ] {
            leaf.distinguished_name.push(kind, value);
        }
        leaf.is_ca = IsCa::ExplicitNoCa;
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(root, root_key);
        let certificate = leaf.signed_by(&key, &issuer).unwrap().der().to_vec();
        Self {
            root: root_der,
            certificate,
            key: key.serialize_der(),
        }
    }

    fn attests(&self, passkey: &mut SoftPasskey, model: &str) {
        passkey.behaviour.aaguid = model.parse().unwrap();
        passkey.behaviour.attestation = Attestation::PackedByMaker {
            key: self.key.clone(),
            certificates: vec![self.certificate.clone()],
        };
    }

    /// Metadata this maker signs about another's models.
    fn metadata(&self, of: &Self) -> String {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

        let entry = |model: &str, name: &str, status: &str| {
            json!({
                "aaguid": model,
                "metadataStatement": {
                    "description": name, "attestationRootCertificates": [STANDARD.encode(&of.root)]
                },
                "statusReports": [{"status": status}]
            })
        };
        let entries = json!({"no": 1, "nextUpdate": "2025-12-31", "entries": [
            entry(GOOD, "Model One", "FIDO_CERTIFIED_L1"),
            entry(OTHER, "Model Two", "NOT_FIDO_CERTIFIED"),
            entry(REVOKED, "Model Three", "ATTESTATION_KEY_COMPROMISE"),
        ]});
        let header = json!({"alg": "ES256", "x5c": [STANDARD.encode(&self.certificate)]});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&entries));
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key).unwrap();
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature = key.sign(&random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// An installation with metadata about a maker, and rules.
async fn start(engine: Database, rules: &[(&'static str, String)]) -> (TestApp, Browser, Maker) {
    let (maker, service) = (Maker::new(), Maker::new());
    let blob = service.metadata(&maker);
    let app = TestApp::start_with(engine, |config: &mut Config| {
        let folder = PathBuf::from(&config.keys.path).parent().unwrap().to_owned();
        let files = FidoMetadataConfig {
            file: folder.join("blob.jwt"),
            root: folder.join("root.der"),
        };
        std::fs::write(&files.file, &blob).unwrap();
        std::fs::write(&files.root, &service.root).unwrap();
        config.fido_metadata = Some(files);
        let rules = rules
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        config.ui_config = UiConfigSource::Environment(rules.collect());
    })
    .await;
    let admin = app.set_up().await;
    (app, admin, maker)
}

fn list(models: &[&str]) -> String {
    json!(models).to_string()
}

#[tokio::test]
async fn a_makers_certificate_proves_a_model_and_names_it() {
    for engine in [Database::Sqlite, Database::Postgres] {
        let (app, mut admin, maker) = start(engine, &[]).await;
        let options = admin.get("/api/webauthn/register/start").await.json();
        assert_eq!(options["attestation"], "direct");
        let mut passkey = app.passkey(1);
        maker.attests(&mut passkey, GOOD);
        let added = admin.add_passkey(&mut passkey).await.json();
        assert_eq!(
            (&added["name"], &added["modelVerified"], &added["aaguid"]),
            (&json!("Model One Passkey"), &json!(true), &json!(GOOD))
        );
        assert_eq!(added["attestationType"], "basic_full");

        // What is only told proves nothing, and neither does somebody else's certificate.
        let mut told = app.passkey(2);
        told.behaviour.aaguid = GOOD.parse().unwrap();
        let added = admin.add_passkey(&mut told).await.json();
        assert_eq!(added["modelVerified"], json!(false), "{added}");
        let mut forged = app.passkey(3);
        Maker::new().attests(&mut forged, GOOD);
        let added = admin.add_passkey(&mut forged).await.json();
        assert_eq!(added["modelVerified"], json!(false), "{added}");
        let mut unknown = app.passkey(4);
        maker.attests(&mut unknown, UNKNOWN);
        let added = admin.add_passkey(&mut unknown).await.json();
        assert_eq!(
            (&added["name"], &added["modelVerified"]),
            (&json!("New Passkey"), &json!(false))
        );
        // A model known to be broken is refused without any rule.
        let mut revoked = app.passkey(5);
        maker.attests(&mut revoked, REVOKED);
        let before = traces(&app).await;
        assert_refused(&admin.add_passkey(&mut revoked).await, NOT_ALLOWED, "revoked");
        assert_eq!(traces(&app).await, before);

        // A client that insists on the model takes the proven one only.
        let client = json!({
            "name": "Vault", "callbackURLs": ["https://vault.example/cb"], "isPublic": true, "skipConsent": true,
            "protocol": {"minimumPasskey": "models", "allowedAuthenticatorModels": [GOOD]}
        });
        let client = admin.post("/api/oidc/clients", &client).await.json();
        let authorize = format!(
            "/authorize?client_id={}&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fvault.example%2Fcb\
             &prompt=none&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
            client["id"].as_str().unwrap()
        );
        for (passkey, outcome) in [(&mut told, "error=interaction_required"), (&mut passkey, "code=")] {
            assert_eq!(admin.sign_in(passkey).await.status, StatusCode::OK);
            let answer = admin.get(&authorize).await;
            let location = answer.header("location");
            assert!(location.contains(outcome), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_required_attestation_is_one_that_proves_the_model() {
    for engine in [Database::Sqlite, Database::Postgres] {
        let rules = [("WEBAUTHN_ATTESTATION", "required".to_owned())];
        let (app, mut admin, maker) = start(engine, &rules).await;
        let mut none = app.passkey(1);
        none.behaviour.aaguid = GOOD.parse().unwrap();
        assert_refused(&admin.add_passkey(&mut none).await, NOT_PROVEN, "none");
        let mut own = app.passkey(2);
        own.behaviour.aaguid = GOOD.parse().unwrap();
        own.behaviour.attestation = Attestation::PackedSelf;
        assert_refused(&admin.add_passkey(&mut own).await, NOT_PROVEN, "self attestation");
        let mut forged = app.passkey(3);
        Maker::new().attests(&mut forged, GOOD);
        assert_refused(&admin.add_passkey(&mut forged).await, NOT_PROVEN, "another maker");
        let mut unknown = app.passkey(4);
        maker.attests(&mut unknown, UNKNOWN);
        assert_refused(
            &admin.add_passkey(&mut unknown).await,
            NOT_PROVEN,
            "not in the metadata",
        );
        let mut good = app.passkey(5);
        maker.attests(&mut good, OTHER);
        assert_eq!(admin.add_passkey(&mut good).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn allowed_models_must_be_proven_and_denied_ones_are_refused_as_told() {
    for engine in [Database::Sqlite, Database::Postgres] {
        let rules = [
            ("WEBAUTHN_ALLOWED_AUTHENTICATORS", list(&[GOOD])),
            ("WEBAUTHN_DENIED_AUTHENTICATORS", list(&[])),
        ];
        let (app, mut admin, maker) = start(engine, &rules).await;
        let mut other = app.passkey(1);
        maker.attests(&mut other, OTHER);
        assert_refused(
            &admin.add_passkey(&mut other).await,
            NOT_ALLOWED,
            "not in the list",
        );
        let mut told = app.passkey(2);
        told.behaviour.aaguid = GOOD.parse().unwrap();
        assert_refused(
            &admin.add_passkey(&mut told).await,
            NOT_PROVEN,
            "in the list, not proven",
        );
        let mut good = app.passkey(3);
        maker.attests(&mut good, GOOD);
        assert_eq!(admin.add_passkey(&mut good).await.status, StatusCode::OK);
        assert_eq!(app.browser().sign_in(&mut good).await.status, StatusCode::OK);

        let rules = [("WEBAUTHN_DENIED_AUTHENTICATORS", list(&[OTHER]))];
        let (app, mut admin, maker) = start(engine, &rules).await;
        for seed in [1, 2] {
            let mut denied = app.passkey(seed);
            if seed == 1 {
                maker.attests(&mut denied, OTHER);
            } else {
                denied.behaviour.aaguid = OTHER.parse().unwrap();
            }
            assert_refused(&admin.add_passkey(&mut denied).await, NOT_ALLOWED, "denied");
        }
        let mut plain = app.passkey(3);
        assert_eq!(admin.add_passkey(&mut plain).await.status, StatusCode::OK);
    }
}

both_engines!(
    without_rules_and_metadata_nothing_is_asked_for,
    |app: TestApp| async move {
        let mut admin = app.set_up().await;
        let options = admin.get("/api/webauthn/register/start").await.json();
        assert_eq!(options.get("attestation"), None);
    }
);

/// On one thread, whose log is heard.
#[tokio::test]
async fn metadata_that_is_out_of_date_is_told_of_and_used() {
    let (log, _heard) = Log::start();
    let (app, mut admin, maker) = start(Database::Sqlite, &[]).await;
    let text = log.text();
    let warning = text
        .lines()
        .find(|line| line.contains("FIDO_METADATA_FILE is out of date"));
    assert!(
        warning.is_some_and(|line| line.starts_with("WARN") && line.contains("2025-12-31")),
        "{text}"
    );
    let mut passkey = app.passkey(1);
    maker.attests(&mut passkey, GOOD);
    let added = admin.add_passkey(&mut passkey).await.json();
    assert_eq!(added["modelVerified"], true, "{added}");
}
