//! Every format: an honest statement, and the same with one fault.

mod forge;
mod platforms;
mod tpm;

use aws_lc_rs::signature::EcdsaKeyPair;

use super::*;
use crate::passkeys::authenticator_data::AuthenticatorData;
use forge::{
    AAGUID, BASIC_CONSTRAINTS, Certificate, Critical, array, auth_data, bytes, der, ec_key, int, map,
    sequence, sha256, sign, text,
};

const CLIENT_DATA_HASH: [u8; 32] = [0x11; 32];
const MODEL: [u8; 16] = [0x22; 16];

/// A credential about to be attested, and the key that attests it.
struct Scene {
    credential: EcdsaKeyPair,
    attester: EcdsaKeyPair,
    auth_data: Vec<u8>,
}

impl Scene {
    fn new(aaguid: [u8; 16]) -> Self {
        let credential = ec_key();
        let auth_data = auth_data(&credential, aaguid);
        Self {
            credential,
            attester: ec_key(),
            auth_data,
        }
    }

    /// What most statements sign.
    fn signed(&self) -> Vec<u8> {
        [&self.auth_data[..], &CLIENT_DATA_HASH].concat()
    }

    fn verify(&self, format: &str, statement: Vec<u8>) -> Result<AttestationType, Fault> {
        self.attestation(format, statement)
            .map(|attestation| attestation.kind)
    }

    fn attestation(&self, format: &str, statement: Vec<u8>) -> Result<Attestation, Fault> {
        let object = map(&[
            ("fmt", text(format)),
            ("attStmt", statement),
            ("authData", bytes(&self.auth_data)),
        ]);
        let object = AttestationObject::parse(&object)?;
        let data = AuthenticatorData::parse(object.auth_data)?;
        let credential = data.attested.as_ref().unwrap();
        let key = PublicKey::parse(credential.public_key).unwrap();
        verify(
            &object,
            &Attested {
                rp_id_hash: data.rp_id_hash,
                credential,
                key: &key,
                client_data_hash: CLIENT_DATA_HASH,
            },
        )
    }

    fn packed(&self, alg: i64, signature: &[u8], chain: &[Vec<u8>]) -> Result<AttestationType, Fault> {
        let chain: Vec<_> = chain.iter().map(|certificate| bytes(certificate)).collect();
        self.verify(
            "packed",
            map(&[
                ("alg", int(alg)),
                ("sig", bytes(signature)),
                ("x5c", array(&chain)),
            ]),
        )
    }

    fn self_signed(&self) -> Vec<u8> {
        map(&[
            ("alg", int(-7)),
            ("sig", bytes(&sign(&self.credential, &self.signed()))),
        ])
    }
}

fn refused(reason: &'static str) -> Result<AttestationType, Fault> {
    Err(Fault::Attestation(reason))
}

#[test]
fn packed_with_a_certificate() {
    let scene = Scene::new(MODEL);
    let signature = sign(&scene.attester, &scene.signed());
    let good = Certificate::new(&scene.attester);
    let model = |aaguid: &[u8]| der(&[0x04], aaguid);
    assert_eq!(
        scene.packed(-7, &signature, &[good.der()]),
        Ok(AttestationType::BasicFull)
    );
    assert_eq!(
        scene.packed(
            -7,
            &signature,
            &[good.clone().with(AAGUID, Critical::No, model(&MODEL)).der()]
        ),
        Ok(AttestationType::BasicFull)
    );

    let without = |index: usize| {
        let mut certificate = good.clone();
        certificate.subject.remove(index);
        certificate
    };
    let mut other_unit = good.clone();
    other_unit.subject[2].1 = "Something else";
    let version_1 = Certificate {
        version: None,
        ..good.clone()
    };
    let version_2 = Certificate {
        version: Some(1),
        ..good.clone()
    };
    let authority = good.clone().with(
        BASIC_CONSTRAINTS,
        Critical::Yes,
        sequence(&[vec![0x01, 0x01, 0xff]]),
    );
    let no_constraints = Certificate {
        extensions: vec![],
        ..good.clone()
    };
    for (name, certificate, reason) in [
        ("no country", without(0), "certificate subject"),
        ("no organisation", without(1), "certificate subject"),
        ("no unit", without(2), "certificate subject"),
        ("no name", without(3), "certificate subject"),
        ("another unit", other_unit, "certificate subject"),
        ("version 1", version_1, "certificate is not version 3"),
        ("version 2", version_2, "certificate is not version 3"),
        ("an authority", authority, "certificate is not an end entity's"),
        (
            "no constraints",
            no_constraints,
            "certificate is not an end entity's",
        ),
        (
            "another model",
            good.clone().with(AAGUID, Critical::No, model(&[0x33; 16])),
            "certificate is for another model",
        ),
        (
            "critical model",
            good.clone().with(AAGUID, Critical::Yes, model(&MODEL)),
            "critical AAGUID extension",
        ),
        ("another key", Certificate::new(&ec_key()), "bad signature"),
    ] {
        assert_eq!(
            scene.packed(-7, &signature, &[certificate.der()]),
            refused(reason),
            "{name}"
        );
    }
    let other_data = sign(&scene.attester, b"something else");
    assert_eq!(
        scene.packed(-7, &other_data, &[good.der()]),
        refused("bad signature")
    );
    let misfit = "algorithm does not fit the certificate";
    assert_eq!(scene.packed(-257, &signature, &[good.der()]), refused(misfit));
    assert_eq!(scene.packed(-35, &signature, &[good.der()]), refused(misfit));
    assert_eq!(scene.packed(-65535, &signature, &[good.der()]), refused(misfit));
    assert_eq!(scene.packed(-7, &signature, &[]), refused("no certificate"));
    let malformed = Err(Fault::Malformed("attestation certificate"));
    assert_eq!(
        scene.packed(-7, &signature, &[b"not a certificate".to_vec()]),
        malformed
    );
    assert_eq!(
        scene.packed(-7, &signature, &[[good.der(), vec![0]].concat()]),
        malformed
    );
}

#[test]
fn packed_by_the_credential_itself() {
    let scene = Scene::new(MODEL);
    assert_eq!(
        scene.verify("packed", scene.self_signed()),
        Ok(AttestationType::BasicSurrogate)
    );
    let signature = bytes(&sign(&scene.credential, &scene.signed()));
    let rows = [
        (map(&[("sig", signature.clone())]), "no `alg`"),
        (map(&[("alg", int(-7))]), "no `sig`"),
        (
            map(&[("alg", int(-8)), ("sig", signature.clone())]),
            "algorithm differs from the credential's",
        ),
        (
            map(&[
                ("alg", int(-7)),
                ("sig", bytes(&sign(&scene.attester, &scene.signed()))),
            ]),
            "bad signature",
        ),
    ];
    for (statement, reason) in rows {
        assert_eq!(scene.verify("packed", statement), refused(reason));
    }
    let ecdaa = map(&[
        ("alg", int(-7)),
        ("sig", signature.clone()),
        ("ecdaaKeyId", bytes(b"x")),
    ]);
    assert_eq!(scene.verify("packed", ecdaa), Err(Fault::AttestationFormat));
    let twice = map(&[("alg", int(-7)), ("sig", signature.clone()), ("sig", signature)]);
    assert_eq!(
        scene.verify("packed", twice),
        Err(Fault::Malformed("attestation statement"))
    );
}

#[test]
fn several_statements_must_all_hold() {
    let scene = Scene::new(MODEL);
    let part = |format: &str, statement: Vec<u8>| map(&[("fmt", text(format)), ("attStmt", statement)]);
    let good = part("packed", scene.self_signed());
    assert_eq!(
        scene.verify("compound", array(&[good.clone(), good.clone()])),
        Ok(AttestationType::BasicSurrogate)
    );
    let forged = map(&[
        ("alg", int(-7)),
        ("sig", bytes(&sign(&scene.attester, &scene.signed()))),
    ]);
    assert_eq!(
        scene.verify("compound", array(&[good.clone(), part("packed", forged)])),
        refused("bad signature")
    );
    let malformed = Err(Fault::Malformed("compound attestation statement"));
    assert_eq!(
        scene.verify("compound", array(std::slice::from_ref(&good))),
        malformed
    );
    assert_eq!(scene.verify("compound", array(&vec![good.clone(); 9])), malformed);
    assert_eq!(scene.verify("compound", map(&[])), malformed);
    let nested = part("compound", array(&[good.clone(), good.clone()]));
    for inner in [part("none", map(&[])), nested] {
        assert_eq!(
            scene.verify("compound", array(&[good.clone(), inner])),
            Err(Fault::AttestationFormat)
        );
    }
}

#[test]
fn an_attestation_object_is_a_whole_map_with_each_entry_once() {
    let scene = Scene::new(MODEL);
    let [fmt, stmt, data] = [
        ("fmt", text("none")),
        ("attStmt", map(&[])),
        ("authData", bytes(&scene.auth_data)),
    ];
    assert!(
        AttestationObject::parse(&map(&[data.clone(), fmt.clone(), stmt.clone()])).is_ok(),
        "any order"
    );
    let extra = ("epAtt", vec![0xf5]);
    assert!(
        AttestationObject::parse(&map(&[fmt.clone(), stmt.clone(), data.clone(), extra])).is_ok(),
        "unknown entries"
    );
    for (name, object) in [
        ("no format", map(&[stmt.clone(), data.clone()])),
        ("no statement", map(&[fmt.clone(), data.clone()])),
        ("no data", map(&[fmt.clone(), stmt.clone()])),
        (
            "format twice",
            map(&[fmt.clone(), fmt.clone(), stmt.clone(), data.clone()]),
        ),
        (
            "data twice",
            map(&[fmt.clone(), stmt.clone(), data.clone(), data.clone()]),
        ),
        (
            "left over",
            [map(&[fmt.clone(), stmt.clone(), data.clone()]), vec![0]].concat(),
        ),
        (
            "indefinite length",
            [&[0xbf][..], &map(&[fmt, stmt, data])[1..], &[0xff]].concat(),
        ),
    ] {
        assert!(AttestationObject::parse(&object).is_err(), "{name}");
    }
}

#[test]
fn a_bottomless_statement_is_refused_quickly() {
    // 100 000 nested arrays: a reader that recurses would overflow its stack.
    let nested = [vec![0x81; 100_000], vec![0x00]].concat();
    let scene = Scene::new(MODEL);
    for format in ["none", "packed", "compound", "tpm", "made-up"] {
        assert!(scene.verify(format, nested.clone()).is_err(), "{format}");
        assert!(
            scene.verify(format, map(&[("x", nested.clone())])).is_err(),
            "{format}"
        );
    }
}
