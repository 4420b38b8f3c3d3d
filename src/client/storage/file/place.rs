//! Where the file lies, and what the files beside it are called.

use std::{
    env, error,
    ffi::{OsStr, OsString},
    fmt,
    path::{self, Path, PathBuf},
};

use crate::clock::Timestamp;

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
        let mut name = self.name.clone();
        name.push(suffix);
        name
    }
}

/// Under these names something can be set aside at this time: the first that is free.
pub(in crate::client::storage) fn aside(name: &OsStr, now: Timestamp) -> impl Iterator<Item = OsString> {
    // Without colons: not every system takes them in names.
    let first = format!(".corrupt-{}", now.to_string().replace(':', "-"));
    (1..).map(move |count| {
        let suffix = if count == 1 { first.clone() } else { format!("{first}-{count}") };
        let mut aside = name.to_owned();
        aside.push(suffix);
        aside
    })
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

    #[test]
    fn names_for_what_is_set_aside_never_end() {
        let mut names = aside(OsStr::new("t.json"), Timestamp::from_millis(1_800_000_000_000));
        assert_eq!(names.next().unwrap(), "t.json.corrupt-2027-01-15T08-00-00.000Z");
        assert_eq!(names.next().unwrap(), "t.json.corrupt-2027-01-15T08-00-00.000Z-2");
    }
}
