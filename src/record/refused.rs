use std::{error::Error, fmt};

/// Why a change was refused as a whole. The session is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// The field of this name was to be incremented, but is not a decimal integer of 64 bits.
    NotAnInteger(Box<str>),
    /// The sum would not fit into 64 bits.
    Overflow(Box<str>),
    /// This name has more than 255 bytes.
    NameTooLong(Box<str>),
    /// The session would hold more fields than allowed.
    TooManyFields {
        /// The greatest number allowed.
        most: usize,
    },
    /// The session would hold more bytes than allowed.
    TooLarge {
        /// What it would have held.
        bytes: usize,
        /// The greatest number allowed.
        most: usize,
    },
    /// The session is not at the revision any more that the change [expects](super::Change::expect).
    Outdated,
    /// The session is [on its way](super::Record::in_transit) from one store to another.
    InTransit,
    /// The field of this name [cannot be read](super::Record::withheld), and what was asked for needs
    /// its value.
    Withheld(Box<str>),
}

impl fmt::Display for ChangeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnInteger(name) => {
                write!(
                    f,
                    "attribute `{name}` is not an integer: only what increments or integers made can be incremented"
                )
            }
            Self::Overflow(name) => write!(f, "attribute `{name}` would exceed 64 bits: increment by less"),
            Self::NameTooLong(name) => {
                write!(f, "an attribute's name has at most 255 bytes, this one {}: shorten it", name.len())
            }
            Self::TooManyFields { most } => {
                write!(
                    f,
                    "a session holds at most {most} attributes (attributes.fields): remove some or raise the limit"
                )
            }
            Self::Outdated => f.write_str("somebody else has changed the session meanwhile: read it again"),
            Self::InTransit => f.write_str(
                "the session is on its way to another store: change it there (every node needs both stores)",
            ),
            Self::Withheld(name) => write!(
                f,
                "attribute `{name}` is withheld: it is not sealed by a key of the ring for this session; \
                 give the key back to the ring, or set or remove the attribute"
            ),
            Self::TooLarge { bytes, most } => {
                write!(f, "a session holds at most {most} bytes (attributes.bytes), this would be {bytes}: store less")
            }
        }
    }
}

impl Error for ChangeRefused {}
