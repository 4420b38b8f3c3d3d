use std::{error::Error, fmt};

/// The system's random generator gave nothing. Nothing was created.
#[derive(Clone, Copy, Debug)]
pub struct RandomError(pub(super) ());

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system's random generator failed")
    }
}

impl Error for RandomError {}

/// Why a key ring could not be made. Never contains a key.
#[derive(Clone)]
pub struct KeyError {
    kind: KeyErrorKind,
    subject: String,
}

impl KeyError {
    pub(super) const fn new(kind: KeyErrorKind, subject: String) -> Self {
        Self { kind, subject }
    }

    /// The same error, of a key in an environment variable.
    pub(super) fn in_variable(self, variable: &str) -> Self {
        Self { subject: format!("{} in {variable}", self.subject), ..self }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// There is none.
    Missing,
    /// It has fewer than 32 bytes.
    TooShort,
    /// Its bytes repeat so much that they cannot be random.
    LowVariety,
    /// It is not base64.
    NotBase64,
    /// The random generator failed while making one.
    Random,
}

impl From<RandomError> for KeyError {
    fn from(_: RandomError) -> Self {
        Self::new(KeyErrorKind::Random, "the operating system's random generator".to_owned())
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.kind {
            KeyErrorKind::Missing => "is not set",
            KeyErrorKind::TooShort => "is too short: a key needs at least 32 random bytes",
            KeyErrorKind::LowVariety => "is not random: too few different bytes",
            KeyErrorKind::NotBase64 => "is not base64",
            KeyErrorKind::Random => return write!(f, "{} failed: no key was made", self.subject),
        };
        write!(f, "{} {problem}; make one with `openssl rand -base64 32`", self.subject)
    }
}

impl Error for KeyError {}

/// The same text: this is what a `main` that returns the error prints.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
