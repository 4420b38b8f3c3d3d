//! Which parts of a record are sealed at rest, and what a record is whose parts do not open.

use std::{fmt, net::IpAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Attributes, Device, DeviceKind, Origin, Record};

/// A part of a record that is sealed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// The value of the attribute of this name.
    Attribute(&'a str),
    /// Where the session was started from: the device's description, and the address.
    Origin,
}

/// What is sealed of an origin. The id of the device stays out of it: stores find sessions by it.
#[derive(Serialize, Deserialize)]
struct Description {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Box<str>>,
    kind: DeviceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<u64>,
}

impl Record {
    /// The same with all its parts sealed. What is marked as withheld is not part of it.
    pub(crate) fn sealed<E>(&self, seal: impl Fn(Part<'_>, &[u8]) -> Result<Box<[u8]>, E>) -> Result<Self, E> {
        let attributes = self.attributes.iter().map(|(name, value)| Ok((name, seal(Part::Attribute(name), value)?)));
        let attributes: Vec<(&str, Box<[u8]>)> = attributes.collect::<Result<_, E>>()?;
        let origin = match &self.origin {
            Some(origin) => {
                let device = Device { id: origin.device.id.clone(), ..Device::default() };
                let description = origin.description();
                let sealed = description.map(|plain| seal(Part::Origin, &plain)).transpose()?.map(Blob);
                let (roles, authentication) = (origin.roles.clone(), origin.authentication.clone());
                Some(Box::new(Origin { roles, device, authentication, sealed, ..Origin::default() }))
            }
            None => None,
        };
        let attributes = attributes.iter().map(|(name, value)| (*name, &**value)).collect();
        Ok(Self { attributes, origin, ..self.bare() })
    }

    /// The same with all its parts opened. Those that `open` gives nothing for, and those that are
    /// not sealed at all, are withheld.
    pub(crate) fn opened(&self, open: impl Fn(Part<'_>, &[u8]) -> Option<Vec<u8>>) -> Self {
        let mut withheld: Vec<Box<str>> = Vec::new();
        let mut opened = Vec::new();
        for (name, value) in self.attributes.iter() {
            match open(Part::Attribute(name), value) {
                Some(plain) => opened.push((name, plain)),
                None => withheld.push(name.into()),
            }
        }
        let origin = self.origin.as_deref().map(|origin| {
            let sealed = origin.sealed.as_ref().map(|Blob(sealed)| open(Part::Origin, sealed));
            let description = match sealed {
                None if origin.description().is_none() => Some(Description::default()),
                None => None,
                Some(plain) => plain.and_then(|plain| serde_json::from_slice(&plain).ok()),
            };
            if description.is_none() {
                withheld.push(Self::ORIGIN.into());
            }
            let Description { name, kind, os, browser, address, agent } = description.unwrap_or_default();
            let device = Device { id: origin.device.id.clone(), name, kind, os, browser };
            let (roles, authentication) = (origin.roles.clone(), origin.authentication.clone());
            Origin { roles, device, address, agent, authentication, ..Origin::default() }
        });
        let mut record = Self {
            attributes: opened.iter().map(|(name, value)| (*name, &**value)).collect(),
            origin: origin.map(Box::new),
            ..self.bare()
        };
        if !withheld.is_empty() {
            record.origin.get_or_insert_default().withheld = withheld.into();
        }
        record
    }

    /// The sealed bytes of the origin, of a record as a store has it.
    pub(crate) fn sealed_origin(&self) -> Option<&[u8]> {
        self.origin.as_ref()?.sealed.as_ref().map(|Blob(sealed)| &**sealed)
    }

    pub(super) fn set_sealed_origin(&mut self, sealed: &[u8]) {
        self.origin.get_or_insert_default().sealed = Some(Blob(sealed.into()));
    }

    /// Names what of this session cannot be read, because it does not open or was never sealed; see
    /// [`Sealed`](crate::Sealed). The store has it still. Names of attributes, and
    /// [`Record::ORIGIN`] for the device's description together with the address.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        self.origin.iter().flat_map(|origin| origin.withheld.iter().map(|name| &**name))
    }

    /// What [`withheld`](Self::withheld) calls the device's description and the address.
    pub const ORIGIN: &str = "(device and address)";

    /// Whether the attribute of this name is withheld.
    pub(crate) fn withholds(&self, name: &str) -> bool {
        self.withheld().any(|withheld| withheld == name)
    }

    /// The same without attributes and origin.
    fn bare(&self) -> Self {
        Self {
            id: self.id,
            secret: self.secret,
            remembered: self.remembered,
            in_transit: self.in_transit,
            revision: self.revision,
            created_at: self.created_at,
            authenticated_at: self.authenticated_at,
            last_seen_at: self.last_seen_at,
            absolute_at: self.absolute_at,
            idle_millis: self.idle_millis,
            user: self.user.clone(),
            origin: None,
            attributes: Attributes::default(),
            succession: self.succession.clone(),
        }
    }
}

impl Origin {
    /// What of it is to be sealed, if there is anything.
    fn description(&self) -> Option<Vec<u8>> {
        let Device { id: _, name, kind, os, browser } = self.device.clone();
        let nothing = Device { id: self.device.id.clone(), ..Device::default() };
        if self.device == nothing && self.address.is_none() && self.agent.is_none() {
            return None;
        }
        let description = Description { name, kind, os, browser, address: self.address, agent: self.agent };
        // Strings, numbers and options: there is nothing in it that JSON could not say.
        serde_json::to_vec(&description).ok()
    }
}

impl Default for Description {
    fn default() -> Self {
        Self { name: None, kind: DeviceKind::Unknown, os: None, browser: None, address: None, agent: None }
    }
}

/// Sealed bytes. Base64 where a store keeps text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Blob(Box<[u8]>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD.decode(text).map(|sealed| Self(sealed.into())).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
