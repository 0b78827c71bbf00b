//! TPM statements.

use aws_lc_rs::signature::KeyPair as _;

use super::*;

const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const IDENTITY_USAGE: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x03];

/// A statement's parts; each test spoils one.
#[derive(Clone)]
struct Parts {
    version: &'static str,
    alg: i64,
    public_area: Vec<u8>,
    magic: u32,
    kind: u16,
    extra_data: Vec<u8>,
    name: Vec<u8>,
    certificate: Certificate,
    tail: Vec<u8>,
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// TPMT_PUBLIC of a P-256 key.
fn public_area(point: &[u8]) -> Vec<u8> {
    let header = [0x00, 0x23, 0x00, 0x0b, 0x00, 0x06, 0x04, 0x72];
    let parameters = [0x00, 0x10, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10];
    [
        &header[..],
        &sized(&[7; 32]),
        &parameters,
        &sized(&point[1..33]),
        &sized(&point[33..]),
    ]
    .concat()
}

fn name(public_area: &[u8]) -> Vec<u8> {
    [&[0x00, 0x0b][..], &sha256(public_area)].concat()
}

impl Parts {
    fn honest(scene: &Scene) -> Self {
        let public_area = public_area(scene.credential.public_key().as_ref());
        let mut certificate = Certificate::new(&scene.attester);
        certificate.subject.clear();
        // directoryName with one attribute: the manufacturer.
        let manufacturer = sequence(&[der(
            &[0x31],
            &sequence(&[
                der(&[0x06], &[0x67, 0x81, 0x05, 0x02, 0x01]),
                der(&[0x0c], b"id:FFFFF1D0"),
            ]),
        )]);
        let certificate = certificate
            .with(
                ALTERNATIVE_NAME,
                Critical::Yes,
                sequence(&[der(&[0xa4], &manufacturer)]),
            )
            .with(
                EXTENDED_KEY_USAGE,
                Critical::No,
                sequence(&[der(&[0x06], IDENTITY_USAGE)]),
            );
        Self {
            version: "2.0",
            alg: -7,
            name: name(&public_area),
            public_area,
            magic: 0xff54_4347,
            kind: 0x8017,
            extra_data: sha256(&scene.signed()),
            certificate,
            tail: vec![],
        }
    }

    fn judge(&self, scene: &Scene) -> Result<AttestationType, Fault> {
        let info = [
            &self.magic.to_be_bytes()[..],
            &self.kind.to_be_bytes(),
            &sized(b"signer"),
            &sized(&self.extra_data),
            &[0; 25],
            &sized(&self.name),
            &sized(b"qualified"),
            &self.tail,
        ]
        .concat();
        let statement = map(&[
            ("ver", text(self.version)),
            ("alg", int(self.alg)),
            ("sig", bytes(&sign(&scene.attester, &info))),
            ("x5c", array(&[bytes(&self.certificate.der())])),
            ("certInfo", bytes(&info)),
            ("pubArea", bytes(&self.public_area)),
        ]);
        scene.verify("tpm", statement)
    }
}

#[test]
fn each_single_fault_is_noticed() {
    let scene = Scene::new(MODEL);
    let honest = Parts::honest(&scene);
    assert_eq!(honest.judge(&scene), Ok(AttestationType::AttCa));

    let foreign = public_area(scene.attester.public_key().as_ref());
    let with_subject = Parts::honest(&scene).certificate;
    let with_subject = Certificate {
        subject: vec![(&[0x55, 0x04, 0x03], "somebody")],
        ..with_subject
    };
    let without = |oid: &[u8]| {
        let mut certificate = Parts::honest(&scene).certificate;
        certificate.extensions.retain(|(other, _, _)| *other != oid);
        certificate
    };
    let model = der(&[0x04], &[0x33; 16]);
    let other_model = Parts::honest(&scene)
        .certificate
        .with(AAGUID, Critical::No, model);
    let not_identity = "not a TPM identity certificate";
    let info = Fault::Malformed("TPM certification");
    let refused = Fault::Attestation;
    let base = honest.clone();
    let rows: Vec<(&str, Parts, Fault)> = vec![
        (
            "version",
            Parts {
                version: "1.2",
                ..base.clone()
            },
            refused("TPM version"),
        ),
        (
            "magic",
            Parts {
                magic: 0,
                ..base.clone()
            },
            info.clone(),
        ),
        (
            "kind of attestation",
            Parts {
                kind: 0x8018,
                ..base.clone()
            },
            info.clone(),
        ),
        (
            "left over",
            Parts {
                tail: vec![0],
                ..base.clone()
            },
            info,
        ),
        (
            "extra data",
            Parts {
                extra_data: vec![0; 32],
                ..base.clone()
            },
            refused("extra data"),
        ),
        (
            "another key",
            Parts {
                name: name(&foreign),
                public_area: foreign.clone(),
                ..base.clone()
            },
            refused("the TPM certifies another key"),
        ),
        (
            "another object",
            Parts {
                name: name(&foreign),
                ..base.clone()
            },
            refused("the TPM certifies another object"),
        ),
        (
            "cut public area",
            Parts {
                public_area: base.public_area[..20].to_vec(),
                ..base.clone()
            },
            Fault::Malformed("TPM public area"),
        ),
        (
            "subject",
            Parts {
                certificate: with_subject,
                ..base.clone()
            },
            refused(not_identity),
        ),
        (
            "usage",
            Parts {
                certificate: without(EXTENDED_KEY_USAGE),
                ..base.clone()
            },
            refused(not_identity),
        ),
        (
            "name",
            Parts {
                certificate: without(ALTERNATIVE_NAME),
                ..base.clone()
            },
            refused(not_identity),
        ),
        (
            "model",
            Parts {
                certificate: other_model,
                ..base.clone()
            },
            refused("certificate is for another model"),
        ),
        (
            "another signer",
            Parts {
                certificate: Certificate {
                    public_key: Certificate::new(&ec_key()).public_key,
                    ..base.certificate.clone()
                },
                ..base.clone()
            },
            refused("bad signature"),
        ),
        (
            "unknown algorithm",
            Parts {
                alg: -999,
                ..base.clone()
            },
            refused("unknown algorithm"),
        ),
    ];
    for (name, parts, fault) in rows {
        assert_eq!(parts.judge(&scene), Err(fault), "{name}");
    }
}

#[test]
fn a_coordinate_may_lack_its_leading_zeros() {
    // A key whose x begins with a zero octet turns up once in 256 keys.
    let scene = loop {
        let scene = Scene::new(MODEL);
        if scene.credential.public_key().as_ref()[1] == 0 {
            break scene;
        }
    };
    let point = scene.credential.public_key().as_ref().to_vec();
    let mut parts = Parts::honest(&scene);
    let whole = sized(&point[1..33]);
    let short = sized(&point[2..33]);
    let position = parts
        .public_area
        .windows(whole.len())
        .position(|window| window == whole)
        .unwrap();
    parts.public_area.splice(position..position + whole.len(), short);
    parts.name = name(&parts.public_area);
    assert_eq!(parts.judge(&scene), Ok(AttestationType::AttCa));
}
