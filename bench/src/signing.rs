//! How fast this machine signs with nothing else to do: the upper bound of anything that issues tokens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Serialize;

use crate::error::Error;

/// Signatures per second on all cores together.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Signing {
    pub rsa_2048: f64,
    pub p256: f64,
}

/// As long as the signed part of an ID token.
const MESSAGE: [u8; 700] = [0x41; 700];

pub fn rates(threads: usize, duration: Duration) -> Result<Signing, Error> {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    Ok(Signing {
        rsa_2048: rate(threads, duration, |random| {
            let mut signature = [0; 256];
            rsa.sign(&RSA_PKCS1_SHA256, random, &MESSAGE, &mut signature)
                .is_ok()
        })?,
        p256: rate(threads, duration, |random| p256.sign(random, &MESSAGE).is_ok())?,
    })
}

fn rate(
    threads: usize,
    duration: Duration,
    sign: impl Fn(&SystemRandom) -> bool + Sync,
) -> Result<f64, Error> {
    let count = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let random = SystemRandom::new();
                let mut mine = 0;
                while began.elapsed() < duration {
                    if !sign(&random) {
                        failed.store(true, Ordering::Relaxed);
                        return;
                    }
                    mine += 1;
                }
                count.fetch_add(mine, Ordering::Relaxed);
            });
        }
    });
    if failed.load(Ordering::Relaxed) {
        return Err(Error::Crypto(aws_lc_rs::error::Unspecified));
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
}
