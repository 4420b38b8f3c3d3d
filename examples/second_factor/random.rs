//! What nobody can guess.

use std::io;

use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of the system's random generator (ASVS 6.5.3). If it fails, nothing is made up in their place.
pub(crate) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system's random generator failed"))?;
    Ok(bytes)
}
