//! What stands in the file: the document as JSON, or sealed.
//!
//! A sealed file is a line of text that says so, and then, in binary, what [`SealKeys`] makes of the JSON. The
//! line is authenticated with it.

use std::{error, fmt};

use zeroize::Zeroizing;

use crate::{
    client::storage::{Document, MalformedDocument},
    key::{RandomError, SealKeys},
};

/// How a document becomes bytes.
#[derive(Debug)]
pub(super) enum Format {
    Plain,
    Sealed(SealKeys),
}

impl Format {
    /// # Errors
    /// If the system's random generator fails.
    pub(super) fn encode(&self, document: &Document) -> Result<Zeroizing<Vec<u8>>, RandomError> {
        let json = document.to_json();
        match self {
            Self::Plain => Ok(json),
            Self::Sealed(keys) => Ok(Zeroizing::new([HEADER, &*keys.seal(HEADER, &json)?].concat())),
        }
    }

    pub(super) fn decode(&self, bytes: &[u8]) -> Result<Document, Unreadable> {
        match self {
            Self::Plain if bytes.starts_with(HEADER) => Err(Unreadable::Sealed),
            Self::Plain => Document::from_json(bytes).map_err(Unreadable::Malformed),
            Self::Sealed(keys) => {
                let sealed = bytes.strip_prefix(HEADER).ok_or(Unreadable::NotSealed)?;
                let opened = keys.open(HEADER, sealed).ok_or(Unreadable::ForeignSeal)?;
                Document::from_json(&Zeroizing::new(opened.plain)).map_err(Unreadable::Malformed)
            }
        }
    }
}

/// Why bytes are not a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Malformed(MalformedDocument),
    Sealed,
    NotSealed,
    ForeignSeal,
    TooLong,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::Sealed => f.write_str("it is sealed, and no key was given"),
            Self::NotSealed => f.write_str("it is not sealed, and a sealed file was expected"),
            Self::ForeignSeal => {
                f.write_str("no key of the ring opens it: another key has sealed it, or it was altered")
            }
            Self::TooLong => f.write_str("it is longer than 1 MiB"),
        }
    }
}

impl error::Error for Unreadable {}

const HEADER: &[u8] = b"countersign client storage, sealed, v1\n";
