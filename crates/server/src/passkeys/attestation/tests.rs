use super::*;
use crate::passkeys::authenticator_data::AuthenticatorData;
#[test]
fn scratch_real_devices() {
    let rows: Vec<(String, String, String)> =
        serde_json::from_str(&std::fs::read_to_string("/tmp/vectors.json").unwrap()).unwrap();
    for (name, object, client_data) in rows {
        let object = hex::decode(object).unwrap();
        let client_data = hex::decode(client_data).unwrap();
        let object = match AttestationObject::parse(&object) {
            Ok(o) => o,
            Err(e) => {
                println!("{name}: {e}");
                continue;
            }
        };
        let data = match AuthenticatorData::parse(object.auth_data) {
            Ok(d) => d,
            Err(e) => {
                println!("{name}: {e}");
                continue;
            }
        };
        let credential = data.attested.as_ref().unwrap();
        let key = match PublicKey::parse(credential.public_key) {
            Ok(k) => k,
            Err(e) => {
                println!("{name}: {e:?} {}", hex::encode(credential.public_key));
                continue;
            }
        };
        let mut hash = [0; 32];
        hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &client_data).as_ref());
        let result = verify(&object, &Attested { rp_id_hash: data.rp_id_hash, credential, key: &key, client_data_hash: hash });
        println!("{name} [{}]: {result:?}", object.format);
    }
}
