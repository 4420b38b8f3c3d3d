use super::reserved::is_reserved;

/// What a session keeps of the one that it replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: what was there before log-in may have been planted (session puzzling).
    #[default]
    Nothing,
    /// The attributes whose names start with one of these.
    Prefixes(Vec<Box<str>>),
    /// All attributes.
    Everything,
}

impl Keep {
    /// Whether it covers the attribute of this name.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Prefixes(prefixes) => !is_reserved(name) && prefixes.iter().any(|prefix| name.starts_with(&**prefix)),
            Self::Everything => true,
        }
    }
}
