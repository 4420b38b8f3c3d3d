//! Recovery codes, for whoever has lost his authenticator app: each is good once.

use std::{collections::HashSet, io};

use sha2::{Digest, Sha256};
use totp_rs::Secret;

use crate::random;

/// A user's recovery codes, as an application keeps them: nothing that anybody could log in by.
///
/// A plain hash is enough, as they are random and have more than 112 bits (ASVS 6.5.2); what is shorter, or made up by people, is
/// for argon2.
#[derive(Default)]
pub(crate) struct RecoveryCodes {
    hashes: HashSet<[u8; 32]>,
}

impl RecoveryCodes {
    /// New codes, and what is to be kept of them. Who gets the codes is shown them once.
    pub(crate) fn generate() -> io::Result<(Vec<String>, Self)> {
        let codes = (0..CODES).map(|_| new_code()).collect::<Result<Vec<_>, _>>()?;
        let hashes = codes.iter().map(|code| hash(code)).collect();
        Ok((codes, Self { hashes }))
    }

    /// Spends a code, and says how many are left; `None` if it is none of them, or no longer.
    ///
    /// Whoever calls this alone has them, so of two at once one succeeds. With a database, it is one statement:
    /// `DELETE FROM recovery_codes WHERE user_id = $user AND hash = $hash`, and one row gone.
    pub(crate) fn spend(&mut self, code: &str) -> Option<usize> {
        self.hashes.remove(&hash(code)).then(|| self.left())
    }

    pub(crate) fn left(&self) -> usize {
        self.hashes.len()
    }
}

/// As in `ABCD-EFGH-IJKL-MNOP-QRST-UVWX`: 120 bits in base32.
fn new_code() -> io::Result<String> {
    let text = Secret::from(random::bytes::<BYTES>()?.to_vec()).to_base32();
    let groups: Vec<String> = text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into()).collect();
    Ok(groups.join("-"))
}

/// Of what counts: people leave out the hyphens, and write small letters.
fn hash(code: &str) -> [u8; 32] {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::digest(code).into()
}

const CODES: usize = 8;
/// 120 bits.
const BYTES: usize = 15;
const _: () = assert!(BYTES * 8 >= 112, "shorter ones need a password hash");

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

    use super::*;

    #[test]
    fn there_are_eight_and_each_is_another_one_of_120_bits() {
        let (codes, kept) = RecoveryCodes::generate().unwrap();
        assert_eq!((codes.len(), kept.left()), (8, 8));
        for code in &codes {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 6], "{code}");
            assert!(code.chars().all(|c| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-".contains(c)), "{code}");
        }
    }

    #[test]
    fn each_is_good_once_however_it_is_written() {
        let (codes, mut kept) = RecoveryCodes::generate().unwrap();
        assert_eq!(kept.spend(&codes[0].to_lowercase().replace('-', " ")), Some(7));
        assert_eq!(kept.spend(&codes[0]), None);
        assert_eq!((kept.spend(""), kept.spend("ABCD")), (None, None));
        assert_eq!(kept.spend(&codes[1]), Some(6));
    }
}
