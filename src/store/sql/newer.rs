use std::{error::Error, fmt};

/// The database was last used by a later version of this crate.
#[derive(Debug)]
pub(in crate::store) struct NewerSchema {
    pub(in crate::store) found: i64,
    pub(in crate::store) newest: i64,
}

impl fmt::Display for NewerSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, newest } = self;
        write!(
            f,
            "the session tables have version {found}, this countersign knows none after {newest}: use a later one"
        )
    }
}

impl Error for NewerSchema {}
