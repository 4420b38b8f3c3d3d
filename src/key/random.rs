//! The crate's only source of randomness: the operating system's generator, by ring.

use ring::rand::{SecureRandom, SystemRandom};

use super::RandomError;

/// `N` fresh random bytes. A generator that fails is an error, never a weaker generator
/// (ASVS 11.5.1).
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| RandomError(()))?;
    Ok(bytes)
}
