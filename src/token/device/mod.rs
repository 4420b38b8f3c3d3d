//! The device token: by what a browser is known again at the next log-in. It authenticates nobody.
//!
//! | part | bytes | what it is |
//! |---|---|---|
//! | seal | 16 | HMAC-SHA256 over a context block, and all that follows |
//! | device id | 16 | random |
//! | tags | 16 each, 1 to 6 | HMAC-SHA256 over another context block, device id, and user id after its length; newest first |
//!
//! In base64url. A tag says that this user has logged in here before, and to nobody without a key who he is. Six, for a
//! family; then the one who has not been here for longest is forgotten. Both MACs are cut to 128 bits, and not below
//! (RFC 2104, section 5): whoever guesses at them has to ask the server each time.
//!
//! The seal makes sure that no id is taken over but one that was issued here. A genuine token of somebody else's browser
//! that is planted in this one gives both the same device id; it knows its own user and not this one, and what is revoked by
//! a device's id is revoked for one user.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::keys::{context, keyed};
use crate::key::{Key, KeyRing, Purpose, RandomError, random_bytes};

/// A key ring made ready for the devices of one audience.
pub(crate) struct DeviceKeys {
    /// The current key first.
    keys: Vec<DeviceKey>,
}

/// HMACs that have already read key and context.
struct DeviceKey {
    seal: Hmac<Sha256>,
    tag: Hmac<Sha256>,
}

/// A genuine device token: there is no other way to one than [`parse`](Self::parse) and a log-in.
#[derive(Clone)]
pub(crate) struct DeviceToken {
    seal: Block,
    id: Block,
    /// One to six, the newest first.
    tags: Vec<Block>,
}

impl DeviceToken {
    /// Reads a token and checks its seal: exact lengths, exact alphabet, canonical trailing bits. `None` for everything that
    /// no key of the ring has issued.
    pub(crate) fn parse(text: &[u8], keys: &DeviceKeys) -> Option<Self> {
        let mut bytes = [0; MOST_BLOCKS * BLOCK];
        let text = Some(text).filter(|text| text.len() <= MOST_CHARS)?;
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (blocks, []) = bytes[..length].as_chunks::<BLOCK>() else { return None };
        let [seal, id, tags @ ..] = blocks else { return None };
        let token = Self { seal: *seal, id: *id, tags: tags.to_vec() };
        (!tags.is_empty() && keys.have_sealed(&token)).then_some(token)
    }

    /// The token of a device on which this user has just logged in: the same device, if it was one already, and its other
    /// users stay known. Their tags are kept as they are, for who they are is not known here.
    ///
    /// # Errors
    /// If the system's random generator fails: a new device's id is never anything but random.
    pub(crate) fn with(before: Option<Self>, keys: &DeviceKeys, user: &str) -> Result<Self, RandomError> {
        let (id, mut tags) = match before {
            Some(device) => (device.id, device.tags),
            None => (random_bytes()?, Vec::new()),
        };
        let his = keys.tags_of(&id, user);
        tags.retain(|tag| !bool::from(is_one_of(tag, &his)));
        tags.insert(0, his[0]);
        tags.truncate(MOST_USERS);
        let seal = cut(keys.keys[0].seal_of(&id, &tags));
        Ok(Self { seal, id, tags })
    }

    /// Whether this user has logged in here before, and not so long ago that its key has left the ring. Constant time in who
    /// the others are.
    pub(crate) fn knows(&self, keys: &DeviceKeys, user: &str) -> bool {
        let his = keys.tags_of(&self.id, user);
        self.tags.iter().fold(Choice::from(0), |known, tag| known | is_one_of(tag, &his)).into()
    }

    /// The device's id as text: 22 characters, safe to list and to revoke by.
    pub(crate) fn id_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.id)
    }

    /// The token as it travels.
    pub(crate) fn reveal(&self) -> String {
        let blocks = [&[self.seal, self.id], &*self.tags].concat();
        BASE64_URL_SAFE_NO_PAD.encode(blocks.as_flattened())
    }
}

impl DeviceKeys {
    pub(crate) fn new(ring: &KeyRing, audience: &str) -> Self {
        Self { keys: ring.keys().iter().map(|key| DeviceKey::new(key, audience)).collect() }
    }

    /// Constant time: every key is tried.
    fn have_sealed(&self, token: &DeviceToken) -> bool {
        let DeviceToken { seal, id, tags } = token;
        self.keys.iter().fold(false, |genuine, key| genuine | key.seal_of(id, tags).verify_truncated_left(seal).is_ok())
    }

    /// The user's tag on this device by each key, the current one first.
    fn tags_of(&self, id: &Block, user: &str) -> Vec<Block> {
        self.keys.iter().map(|key| cut(key.tag_of(id, user))).collect()
    }
}

impl DeviceKey {
    fn new(key: &Key, audience: &str) -> Self {
        let key = key.derive(Purpose::Device);
        Self {
            seal: keyed(&key, &context(SEAL_LABEL, 0, audience)),
            tag: keyed(&key, &context(TAG_LABEL, 0, audience)),
        }
    }

    fn seal_of(&self, id: &Block, tags: &[Block]) -> Hmac<Sha256> {
        self.seal.clone().chain_update(id).chain_update(tags.as_flattened())
    }

    fn tag_of(&self, id: &Block, user: &str) -> Hmac<Sha256> {
        let length = (user.len() as u64).to_be_bytes();
        self.tag.clone().chain_update(id).chain_update(length).chain_update(user)
    }
}

fn cut(mac: Hmac<Sha256>) -> Block {
    let mut block = [0; BLOCK];
    block.copy_from_slice(&mac.finalize().into_bytes()[..BLOCK]);
    block
}

fn is_one_of(tag: &Block, all: &[Block]) -> Choice {
    all.iter().fold(Choice::from(0), |found, other| found | tag.ct_eq(other))
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKeys({} keys, redacted)", self.keys.len())
    }
}

/// Names the device, and nothing by which it would be known.
impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceToken({}, {} users, redacted)", self.id_text(), self.tags.len())
    }
}

type Block = [u8; BLOCK];

const SEAL_LABEL: &[u8] = b"countersign device v1";
const TAG_LABEL: &[u8] = b"countersign device user v1";
/// 128 bits.
const BLOCK: usize = 16;
const MOST_USERS: usize = 6;
const MOST_BLOCKS: usize = 2 + MOST_USERS;
const MOST_CHARS: usize = (MOST_BLOCKS * BLOCK * 4).div_ceil(3);
