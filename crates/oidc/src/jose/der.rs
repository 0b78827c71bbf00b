//! As much DER as it takes to get the numbers of an RSA key out of PKCS #8 (RFC 5958, RFC 8017 A.1.2).

/// One element: its tag and contents, and what follows it.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.is_empty() || bytes.len() > 4 {
            return None;
        }
        (
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte)),
            rest,
        )
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

fn expect(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(input)?;
    (found == tag).then_some((contents, rest))
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// The private numbers of an RSA key: d, p, q, dP, dQ, qInv; big-endian without leading zeros.
pub fn rsa_private_numbers(pkcs8: &[u8]) -> Option<[&[u8]; 6]> {
    let (info, _) = expect(SEQUENCE, pkcs8)?;
    let (_, info) = expect(INTEGER, info)?;
    let (_, info) = expect(SEQUENCE, info)?;
    let (key, _) = expect(OCTET_STRING, info)?;
    let (mut numbers, _) = expect(SEQUENCE, key)?;
    // version, n and e come before the private ones.
    for _ in 0..3 {
        (_, numbers) = expect(INTEGER, numbers)?;
    }
    let mut found: [&[u8]; 6] = [&[]; 6];
    for slot in &mut found {
        let (number, rest) = expect(INTEGER, numbers)?;
        *slot = number.strip_prefix(&[0]).unwrap_or(number);
        numbers = rest;
    }
    Some(found)
}

/// The modulus and exponent of an `RSAPublicKey`; big-endian without leading zeros.
pub fn rsa_public_numbers(key: &[u8]) -> Option<[&[u8]; 2]> {
    let (numbers, _) = expect(SEQUENCE, key)?;
    let (n, numbers) = expect(INTEGER, numbers)?;
    let (e, _) = expect(INTEGER, numbers)?;
    Some([
        n.strip_prefix(&[0]).unwrap_or(n),
        e.strip_prefix(&[0]).unwrap_or(e),
    ])
}
