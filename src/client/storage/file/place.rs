//! Where the file lies, and what the files beside it are called.

use std::{
    env, error,
    ffi::{OsStr, OsString},
    fmt,
    path::{self, Path, PathBuf},
};

use crate::client::storage::{StorageError, StorageErrorKind};

/// A folder, and a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) name: OsString,
}

impl Place {
    /// The place of this path, from now on independent of the working directory and the environment.
    pub(super) fn new(path: &Path) -> Result<Self, NoPlace> {
        let path = expand(path, env::var_os("HOME"))?;
        let path = path::absolute(path).map_err(|_| NoPlace::NoName)?;
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => Ok(Self { folder: folder.to_owned(), name: name.to_owned() }),
            _ => Err(NoPlace::NoName),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The name of a file that belongs to this one.
    pub(super) fn beside(&self, suffix: &str) -> OsString {
        with_suffix(&self.name, suffix)
    }
}

pub(super) fn with_suffix(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}

/// A leading `~` is the home folder.
fn expand(path: &Path, home: Option<OsString>) -> Result<PathBuf, NoPlace> {
    let Ok(rest) = path.strip_prefix("~") else { return Ok(path.to_owned()) };
    let home = home.map(PathBuf::from).filter(|home| home.is_absolute());
    home.map(|home| home.join(rest)).ok_or(NoPlace::NoHome)
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    NoHome,
    NoName,
}

impl NoPlace {
    pub(super) fn refused(self, place: &str) -> StorageError {
        StorageError::new(StorageErrorKind::Unavailable, place).because(self)
    }
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHome => "`~` stands for $HOME, which must be set to an absolute path",
            Self::NoName => "a path must end in the name of a file",
        })
    }
}

impl error::Error for NoPlace {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_tilde_is_the_home_folder() {
        let expand = |path: &str, home: Option<&str>| expand(Path::new(path), home.map(OsString::from));
        assert_eq!(
            expand("~/.config/app/t.json", Some("/home/ada")).unwrap(),
            Path::new("/home/ada/.config/app/t.json")
        );
        assert_eq!(expand("./~/t.json", None).unwrap(), Path::new("./~/t.json"));
        for home in [None, Some(""), Some("ada")] {
            assert_eq!(expand("~/t.json", home), Err(NoPlace::NoHome), "{home:?}");
        }
    }

    #[test]
    fn a_place_is_absolute_and_has_a_name() {
        let place = Place::new(Path::new("t.json")).unwrap();
        assert!(place.folder.is_absolute());
        assert_eq!(place.beside(".lock"), "t.json.lock");
        for path in ["", "/", "a/.."] {
            assert_eq!(Place::new(Path::new(path)), Err(NoPlace::NoName), "{path}");
        }
    }
}
