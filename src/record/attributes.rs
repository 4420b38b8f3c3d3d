use std::{collections::BTreeMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The attributes of a session: names with values that are opaque bytes to a store.
///
/// Packed into one allocation, ordered by name: a million sessions are kept in memory, and few of
/// them hold more than a handful of fields.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// For each field: one byte of name length, four of value length (big-endian), name, value.
    packed: Box<[u8]>,
}

impl Attributes {
    /// Bytes that a field takes beside its name and value.
    pub(super) const HEADER: usize = 5;

    /// The value of one attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(present, _)| *present == name).map(|(_, value)| value)
    }

    /// All attributes, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        Fields { rest: &self.packed }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// Bytes in memory.
    pub(super) fn footprint(&self) -> usize {
        self.packed.len()
    }

    /// Bytes of all names and values together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packed.len() - self.len() * Self::HEADER
    }
}

impl<'a> FromIterator<(&'a str, &'a [u8])> for Attributes {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a [u8])>>(fields: I) -> Self {
        let fields: BTreeMap<&str, &[u8]> = fields.into_iter().collect();
        let mut packer = Packer::default();
        fields.into_iter().for_each(|(name, value)| packer.push(name, value));
        packer.finish()
    }
}

/// Packs attributes that come ordered by name.
#[derive(Default)]
pub(super) struct Packer {
    packed: Vec<u8>,
}

impl Packer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { packed: Vec::with_capacity(bytes) }
    }

    /// A name of more than 255 bytes is refused by every [`Change`](super::Change), and left out here.
    pub(super) fn push(&mut self, name: &str, value: &[u8]) {
        if let (Ok(name_len), Ok(value_len)) = (u8::try_from(name.len()), u32::try_from(value.len())) {
            self.packed.push(name_len);
            self.packed.extend(value_len.to_be_bytes());
            self.packed.extend(name.as_bytes());
            self.packed.extend(value);
        }
    }

    pub(super) fn finish(self) -> Attributes {
        Attributes { packed: self.packed.into() }
    }
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name_len, rest) = self.rest.split_first()?;
        let (value_len, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(usize::from(*name_len))?;
        let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*value_len) as usize)?;
        self.rest = rest;
        Some((str::from_utf8(name).ok()?, value))
    }
}

/// Names and lengths only: a value may be a secret of the application.
impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, format!("{} bytes", value.len())))).finish()
    }
}

/// A map from name to base64.
impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter().map(|(name, value)| (name, BASE64_STANDARD.encode(value))))
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, String>::deserialize(from)?;
        let fields: Vec<(String, Vec<u8>)> = fields
            .into_iter()
            .map(|(name, value)| Ok((name, BASE64_STANDARD.decode(value).map_err(de::Error::custom)?)))
            .collect::<Result<_, D::Error>>()?;
        Ok(fields.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect())
    }
}
