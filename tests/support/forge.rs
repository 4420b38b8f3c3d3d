use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{digest, hkdf, hmac};

use super::KEY;

/// What somebody with the key can make: the token format, written down a second time.
pub fn sign(secret: &str, id: &str) -> String {
    let derive = |label: &[u8]| {
        let mut out = [0; 32];
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign v1").extract(KEY);
        prk.expand(&[label], hkdf::HKDF_SHA256).unwrap().fill(&mut out).unwrap();
        out
    };
    let name = derive(b"countersign v1 key name")[0];
    let mut message = [0; 32].to_vec();
    message[..20].copy_from_slice(b"countersign token v1");
    message[31] = name;
    message.extend(digest::digest(&digest::SHA256, b"").as_ref());
    for part in [secret, id] {
        message.extend(BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derive(b"countersign v1 session token"));
    let mut signature = vec![name];
    signature.extend(hmac::sign(&key, &message).as_ref());
    format!("{secret}.{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}
