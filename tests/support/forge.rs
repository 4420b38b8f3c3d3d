use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{digest, hkdf, hmac};

use super::KEY;

/// What somebody with the key can make: the format of a session's token, written down a second time.
pub fn sign(secret: &str, id: &str) -> String {
    sign_as(b"countersign token v1", b"countersign v1 session token", secret, id)
}

/// The same of a service's.
pub fn sign_as_service(secret: &str, id: &str) -> String {
    sign_as(b"countersign service v1", b"countersign v1 service token", secret, id)
}

fn sign_as(label: &[u8], purpose: &[u8], secret: &str, id: &str) -> String {
    let derive = |label: &[u8]| {
        let mut out = [0; 32];
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign v1").extract(KEY);
        prk.expand(&[label], hkdf::HKDF_SHA256).unwrap().fill(&mut out).unwrap();
        out
    };
    let name = derive(b"countersign v1 key name")[0];
    let mut message = [0; 32].to_vec();
    message[..label.len()].copy_from_slice(label);
    message[31] = name;
    message.extend(digest::digest(&digest::SHA256, b"").as_ref());
    for part in [secret, id] {
        message.extend(BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derive(purpose));
    let mut signature = vec![name];
    signature.extend(hmac::sign(&key, &message).as_ref());
    format!("{secret}.{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}
